"""Identifiers for other systems: HGNC ids and RxNorm codes, from the knowledge's tables."""

from __future__ import annotations

import re
import tomllib
from functools import lru_cache

from pgx import knowledge
from pgx.paths import data_dir


@lru_cache(maxsize=1)
def hgnc() -> dict[str, str]:
    """Return gene symbol -> HGNC id."""
    table = knowledge.load().table("genes").select("gene", "hgnc_id").drop_nulls()
    return dict(table.iter_rows())


@lru_cache(maxsize=1)
def rxnorm() -> dict[str, str]:
    """Return drug -> RxNorm concept id."""
    table = knowledge.load().table("drugs").select("drug", "rxnorm").drop_nulls()
    return {str(drug): str(code) for drug, code in table.iter_rows()}


@lru_cache(maxsize=1)
def drug_names() -> dict[str, str]:
    """Return RxNorm id, generic name, brand name or ATC code (all lower case) -> drug."""
    table = knowledge.load().table("drugs").select("drug", "rxnorm", "atc", "synonyms")
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


@lru_cache(maxsize=1)
def guided_drugs() -> frozenset[str]:
    """Return the drugs that any source has a recommendation for."""
    return frozenset(map(str, knowledge.load().table("recommendations")["drug"].unique()))


@lru_cache(maxsize=256)
def endpoint(name: str) -> dict[str, str]:
    """Return what an endpoint's score is about: ``outcome``, ``horizon`` and ``population``; empty if it is unknown."""
    path = data_dir() / "knowledge" / "endpoints" / f"{name}.toml"
    if not re.fullmatch(r"[a-z0-9_.-]+", name) or not path.is_file():
        return {}
    found = tomllib.loads(path.read_text(encoding="utf-8"))
    about = {
        "outcome": found.get("outcome"),
        "horizon": found.get("horizon"),
        "population": found.get("population", {}).get("about"),
    }
    return {key: value for key, value in about.items() if isinstance(value, str)}
