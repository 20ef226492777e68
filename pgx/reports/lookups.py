"""Identifiers for other systems: HGNC ids and RxNorm codes, from the knowledge's tables."""

from __future__ import annotations

from functools import lru_cache

from pgx import knowledge


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
