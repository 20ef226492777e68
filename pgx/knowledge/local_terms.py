"""Codes and words of a site's own tables that a report needs: they travel inside the result.

A report renders a stored result on a machine that may not have the site's folder. What it looks up beyond the result
itself (identifiers of genes and drugs, days of follow-up, words of codes, what a score is about) is therefore written
into the result's provenance, overlay rows only.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from pgx.guard.limits import read_toml
from pgx.knowledge.overlays import LOCAL
from pgx.knowledge.sentences import FILE

if TYPE_CHECKING:
    from pgx.knowledge.base import KnowledgeBase

KEY = "local_terms"
"""Name of the entry in the provenance of a result."""

_PAIRS = {
    "hgnc": ("genes", "gene", "hgnc_id"),
    "rxnorm": ("drugs", "drug", "rxnorm"),
    "flags": ("flags", "code", "meaning"),
    "features": ("concepts", "feature", "meaning"),
    "dosed_by": ("dosed_by", "drug", "code"),
}
_SECTIONS = ("population", "monitoring")
DOSE_NEED = "dose_need"
"""Kind of a score that is the chance that a person needs a dose."""


def local_terms(kb: KnowledgeBase) -> dict[str, dict[str, Any]]:
    """Return what overlays add to the words and codes of reports, empty without overlays.

    Returns
    -------
    dict
        ``hgnc`` gene -> HGNC id; ``rxnorm`` drug -> RxNorm id; ``flags`` and ``features`` code -> meaning;
        ``dosed_by`` drug -> monitoring code of what is measured of it;
        ``follow_up`` monitoring code -> [before, days, note]; ``population`` and ``monitoring`` code -> words;
        ``verbs`` monitoring code -> what is done (``measure``, ``watch``, ...);
        ``endpoints`` name -> what its score is about; ``overlays`` what each overlay was used for, see `used`.
    """
    found: dict[str, dict[str, Any]] = {}
    for name, (table, key, value) in _PAIRS.items():
        own = _local(kb, table)
        own = own.filter(pl.col("kind") == "flag") if table == "flags" else own
        rows = own.select(key, value).drop_nulls().unique(maintain_order=True)
        found[name] = {str(one): str(two) for one, two in rows.iter_rows()}
    rows = _local(kb, "follow_up").select("code", "before", "days", "note")
    found["follow_up"] = {code: [before, days or "", note or ""] for code, before, days, note in rows.iter_rows()}
    for folder in kb.folders[1:]:
        words = _toml(folder / FILE)
        for section in _SECTIONS:
            for code, said in words.get(section, {}).items():
                text = said.get("what") if isinstance(said, dict) else said
                if isinstance(text, str):
                    found.setdefault(section, {})[code] = text
        for code, said in words.get("monitoring", {}).items():
            if isinstance(said, dict) and isinstance(said.get("verb"), str):
                found.setdefault("verbs", {})[code] = said["verb"]
        found.setdefault("endpoints", {}).update(_endpoints(folder))
    found["overlays"] = used(kb)
    return {name: content for name, content in found.items() if content}


def used(kb: KnowledgeBase) -> dict[str, str]:
    """Return what overlays touch: ``gene ZZG1`` or ``drug newdrugine`` -> the overlays' names."""
    return {
        **{f"gene {name}": overlay for name, overlay in kb.local_genes.items()},
        **{f"drug {name}": overlay for name, overlay in kb.local_drugs.items()},
    }


def _local(kb: KnowledgeBase, table: str) -> pl.DataFrame:
    has_own = any((folder / f"{table}.tsv").is_file() for folder in kb.folders[1:])
    rows = kb.table(table)
    return rows.filter(pl.col(LOCAL).is_not_null()) if has_own else rows.clear()


def _toml(path: Path) -> dict[str, Any]:
    if not path.is_file():
        return {}
    return read_toml(path)


def about(content: dict[str, Any]) -> dict[str, str]:
    """Return what an endpoint's score is about, from its file: ``outcome``, ``horizon``, ``population``.

    A chance that a dose is needed also has the ``kind`` `DOSE_NEED`: that is no harm by itself.
    """
    population = content.get("population")
    told = {
        "outcome": content.get("outcome"),
        "horizon": content.get("horizon"),
        "population": population.get("about") if isinstance(population, dict) else None,
    }
    threshold = content.get("threshold")
    if isinstance(threshold, dict) and "dose" in threshold:
        told["kind"] = DOSE_NEED
    return {key: value for key, value in told.items() if isinstance(value, str)}


def _endpoints(folder: Path) -> Iterator[tuple[str, dict[str, str]]]:
    for path in sorted(folder.glob("endpoints/*.toml")):
        yield path.stem, about(_toml(path))


def endpoint_terms(kb: KnowledgeBase, name: str) -> dict[str, str]:
    """Return what the score of one endpoint is about, empty if the knowledge base does not have the endpoint."""

    def read() -> dict[str, str]:
        if not re.fullmatch(
            r"[a-z0-9_.-]+", name
        ):  # the name may come from a stored result: it must not lead elsewhere
            return {}
        paths = [folder / "endpoints" / f"{name}.toml" for folder in reversed(kb.folders)]
        return next((about(_toml(path)) for path in paths if path.is_file()), {})

    return kb.remember(("endpoint terms", name), read)
