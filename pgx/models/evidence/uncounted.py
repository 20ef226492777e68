"""Alleles that guidance answers by ruling the drug out and that no term of an endpoint knows: their carriers have no
number, for one that passes over such an allele would be a false comfort."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from pgx.codes import Urgency
from pgx.features.names import gene_of
from pgx.models.evidence.endpoint import Reading, Refusal

if TYPE_CHECKING:
    from pgx.knowledge import KnowledgeBase
    from pgx.models.evidence.endpoint import Endpoint

NOT_COUNTED = "allele_not_counted"
"""Why a score has no number: ``refused:allele_not_counted:<gene><allele>``."""
_POSITIVE = " positive"


def of(endpoint: Endpoint, kb: KnowledgeBase) -> tuple[Refusal, ...]:
    """Return a refusal for each such allele of the genes that the endpoint reads by their alleles' presence.

    Examples
    --------
    >>> import pgx.knowledge
    >>> from pgx.models.evidence import endpoints, uncounted
    >>> kb = pgx.knowledge.load()
    >>> [one.code for one in uncounted.of(endpoints.get(kb, "carbamazepine.sjs_ten"), kb)]
    ['allele_not_counted:HLA-B*15:11']
    """
    known: dict[str, set[str]] = {}
    for term in endpoint.terms:
        if term.reading.kind == "status":
            known.setdefault(term.reading.column, set()).add(term.reading.text)
    if not known:
        return ()
    asked = kb.table("actions").filter(urgency=Urgency.AVOID.value)["action"].to_list()
    rows = kb.table("recommendations").filter(pl.col("action").is_in(asked), drug=endpoint.drug)
    carriers = (
        kb.table("recommendation_conditions")
        .join(rows.select("rec_id"), on="rec_id", how="semi")
        .filter(pl.col("value").str.ends_with(_POSITIVE), match_on="allele_status")
    )
    found = sorted(carriers.select("gene", pl.col("value").str.strip_suffix(_POSITIVE)).unique().iter_rows())
    return tuple(
        Refusal(f"{NOT_COUNTED}:{gene}{allele}", Reading(column, "status", text=allele))
        for column, alleles in known.items()
        for gene, allele in found
        if gene_of(column) == gene.lower() and allele not in alleles
    )
