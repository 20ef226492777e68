"""What a table of features says, as scores read it: words and spellings understood, and what cannot be kept out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import polars as pl

from pgx.models.cohort import missing_codes
from pgx.models.cohort.tables import absent
from pgx.models.evidence import design, gene_columns, gene_meanings, plausible, table_values
from pgx.models.evidence.endpoint import Endpoint
from pgx.models.store.folder import Model

if TYPE_CHECKING:
    from pgx.knowledge import KnowledgeBase


def understood(
    features: pl.DataFrame, chosen: Sequence[Endpoint], kb: KnowledgeBase, models: Mapping[str, Model]
) -> tuple[pl.DataFrame, list[tuple[str, str]]]:
    """Read the columns of a table as training does, and keep out what no person can have or nobody understands.

    The genes of scenarios are in the product's own words and stay. `models` are those of the endpoints, by name.
    """
    told: dict[tuple[str, str], None] = {}
    scenarios = "weight" in features.columns
    features = plausible.refused_before(features)
    features = features if scenarios else absent(design.flat(features))
    used = {endpoint.name: models[endpoint.name] for endpoint in chosen if endpoint.name in models}
    read = [(endpoint, used[endpoint.name].features if endpoint.name in used else ()) for endpoint in chosen]
    features, said = table_values.read(features, read, kb, mark=True)
    told |= dict.fromkeys((code, text) for code, _, text in said)
    for endpoint in chosen:
        if scenarios:
            features = gene_meanings.complete(features, endpoint, kb, gene_meanings.given(features), mark=True)
        else:
            features, remarks = gene_columns.understood(features, endpoint, kb, mark=True)
            told |= dict.fromkeys(("genotype_spelling", text) for text in remarks)
    for model in used.values():
        coded = missing_codes.counted(features, model.unknown_at)
        features = missing_codes.clean(features, coded)
        told |= dict.fromkeys(missing_codes.said(coded, "so it was where the model was taught"))
    allowed = plausible.limits(features.columns, kb)
    odd = plausible.found(features, allowed)
    told |= dict.fromkeys(plausible.said(odd, allowed, scored=True))
    outside = {name: allowed[name] for name in odd}
    features = plausible.keep_out(features, outside, derived=plausible.derived_columns(kb), mark=True)
    features, unlikely = plausible.keep_unlikely_out(features, kb)
    told |= dict.fromkeys(unlikely)
    return features, list(told)
