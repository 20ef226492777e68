"""What reports look up beyond the result: identifiers for other systems, days of follow-up, words of codes.

The product's own come from its knowledge base; what a site's tables add travels inside the result's provenance
(`pgx.knowledge.local_terms`), so that a stored result reads the same anywhere.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from pgx import knowledge
from pgx.knowledge.drug_names import DrugNames
from pgx.knowledge.drug_names import drug_names as names_of
from pgx.knowledge.local_terms import KEY, about
from pgx.paths import data_dir

Schedule = tuple[bool, tuple[int, ...], str]


@dataclass(frozen=True, slots=True)
class Terms:
    """What a site's own tables add; empty for a result that rests on the product's knowledge alone.

    Parameters
    ----------
    local
        The ``local_terms`` of the result's provenance.
    """

    local: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def hgnc(self, gene: str) -> str | None:
        """Return the HGNC id of a gene."""
        return self._text("hgnc", gene) or hgnc().get(gene)

    def rxnorm(self, drug: str) -> str | None:
        """Return the RxNorm id of a drug."""
        return self._text("rxnorm", drug) or rxnorm().get(drug)

    def schedule(self, code: str) -> Schedule:
        """Return when a test is done: before the first dose, on which days after it, and a remark."""
        own = self._section("follow_up").get(code)
        if isinstance(own, list) and len(own) == 3:
            return _scheduled(*map(str, own))
        return schedule().get(code, (False, (), ""))

    def endpoint(self, name: str) -> dict[str, str]:
        """Return what an endpoint's score is about."""
        own = self._section("endpoints").get(name)
        if isinstance(own, Mapping):
            return {str(key): value for key, value in own.items() if isinstance(value, str)}
        return endpoint(name)

    def words(self, kind: str, code: str) -> str:
        """Return a site's own words for a code of ``population``, ``monitoring``, ``flags`` or ``features``, or ''."""
        return self._text(kind, code)

    @property
    def overlays(self) -> dict[str, str]:
        """What of the knowledge is local: ``gene ZZG1`` or ``drug newdrugine`` -> the overlays' names."""
        return {str(what): str(name) for what, name in self._section("overlays").items()}

    def _section(self, kind: str) -> Mapping[str, Any]:
        found = self.local.get(kind)
        return found if isinstance(found, Mapping) else {}

    def _text(self, kind: str, code: str) -> str:
        found = self._section(kind).get(code)
        return found if isinstance(found, str) else ""


def terms_of(provenance: Mapping[str, object]) -> Terms:
    """Return what the site's own tables add to a result with this provenance."""
    found = provenance.get(KEY)
    return Terms(found) if isinstance(found, Mapping) else Terms()


_overlays: list[Path] = []


def use(overlays: Sequence[Path]) -> None:
    """Look up under these overlays from now on: for a service, which reads orders beside stored results."""
    _overlays[:] = overlays
    for cached in (hgnc, rxnorm, schedule, drug_names, guided_drugs):
        cached.cache_clear()


@lru_cache(maxsize=1)
def hgnc() -> dict[str, str]:
    """Return gene symbol -> HGNC id."""
    table = knowledge.load(_overlays).table("genes").select("gene", "hgnc_id").drop_nulls()
    return dict(table.iter_rows())


@lru_cache(maxsize=1)
def rxnorm() -> dict[str, str]:
    """Return drug -> RxNorm concept id."""
    table = knowledge.load(_overlays).table("drugs").select("drug", "rxnorm").drop_nulls()
    return {str(drug): str(code) for drug, code in table.iter_rows()}


@lru_cache(maxsize=1)
def schedule() -> dict[str, Schedule]:
    """Return monitoring code -> when the test is done."""
    rows = knowledge.load(_overlays).table("follow_up").select("code", "before", "days", "note").iter_rows()
    return {code: _scheduled(before, days or "", note or "") for code, before, days, note in rows}


def _scheduled(before: str, days: str, note: str) -> Schedule:
    return before == "y", tuple(int(day) for day in days.split(";") if day.strip().isdecimal()), note


@lru_cache(maxsize=1)
def drug_names() -> dict[str, str]:
    """Return RxNorm id, generic name, brand name or ATC code (all lower case) -> drug."""
    table = knowledge.load(_overlays).table("drugs").select("drug", "rxnorm", "atc", "synonyms")
    found: dict[str, str] = {}
    rows = list(table.iter_rows())
    for drug, code, atc, synonyms in rows:
        # An ATC code of a combination or a brand that two drugs share names neither of them.
        for name in (code, *(atc or "").split(";"), *(synonyms or "").split(";")):
            if name:
                key = str(name).casefold().strip()
                found[key] = drug if found.get(key, drug) == drug else ""
    found |= {str(drug).casefold(): drug for drug, *_ in rows}
    return {name: drug for name, drug in found.items() if drug}


def resolver() -> DrugNames:
    """Return the look-up of drugs by name, description or code: the one that reads records and options too."""
    return names_of(knowledge.load(_overlays))


@lru_cache(maxsize=1)
def guided_drugs() -> frozenset[str]:
    """Return the drugs that any source has a recommendation for."""
    return frozenset(map(str, knowledge.load(_overlays).table("recommendations")["drug"].unique()))


@lru_cache(maxsize=256)
def endpoint(name: str) -> dict[str, str]:
    """Return what an endpoint's score is about: ``outcome``, ``horizon`` and ``population``; empty if it is unknown."""
    path = data_dir() / "knowledge" / "endpoints" / f"{name}.toml"
    if not re.fullmatch(r"[a-z0-9_.-]+", name) or not path.is_file():
        return {}
    return about(tomllib.loads(path.read_text(encoding="utf-8")))
