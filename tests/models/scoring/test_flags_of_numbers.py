"""What is said of a number stands beside a number: over all endpoints, refused persons have none of these flags."""

from __future__ import annotations

import polars as pl

from pgx import models
from pgx.codes import OF_A_NUMBER, Flag, FlagCode
from pgx.features.names import gene_of
from pgx.knowledge import KnowledgeBase
from pgx.models.cohort import simulation
from pgx.models.evidence import endpoints

CHILD = 3.0
REASONS = {FlagCode.REFUSED, FlagCode.IMPLAUSIBLE, FlagCode.GENE_NOT_CALLED, FlagCode.PHENOTYPE_UNPLACED}


def _persons(kb: KnowledgeBase, name: str) -> pl.DataFrame:
    """Draw persons, and make gaps: of everything, of genes alone, of the rest alone; and a child."""
    endpoint = endpoints.get(kb, name)
    drawn = simulation.simulate(endpoint, 10, seed=4).drop("person", "site", "outcome", "lab.marker", "lab.leaky")
    genes = [column for column in drawn.columns if gene_of(column)]
    rest = [column for column in drawn.columns if not gene_of(column)]
    parts = []
    for number, gone in enumerate(([], genes, rest, genes + rest, genes[:1], rest[:1])):
        empty = drawn.with_columns(pl.lit(None, dtype=drawn.schema[column]).alias(column) for column in gone)
        parts.append(empty.with_columns(sample=pl.format("{}.{}", pl.lit(number), pl.int_range(drawn.height))))
    child = drawn.head(1).with_columns(sample=pl.lit("child"), **{"clinical.age": pl.lit(CHILD)})
    return pl.concat([*parts, child.select(parts[0].columns).cast(dict(parts[0].schema))])


def test_no_flag_of_a_number_without_a_number(kb: KnowledgeBase) -> None:
    refused, given = set[str](), set[str]()
    for name in endpoints.load(kb):
        scores, _ = models.score(_persons(kb, name), kb, endpoints=[name])
        for row in scores.iter_rows(named=True):
            codes = {Flag.parse(text).code for text in row["flags"]}
            if row["estimate"] is None:
                assert not codes & OF_A_NUMBER, (name, row["sample"], codes & OF_A_NUMBER)
                assert codes & REASONS, (name, row["sample"])
                refused.add(name)
            else:
                given |= codes
    assert len(refused) > 0.5 * len(endpoints.load(kb))
    assert {FlagCode.MISSING, FlagCode.NOT_RECORDED, FlagCode.PRIOR_ONLY} <= given


def test_averaged_persons_without_a_number_are_not_called_uncertain(kb: KnowledgeBase) -> None:
    shares = pl.DataFrame({"weight": [0.6, 0.4], "gene.cyp2c9.diplotype": ["*1/*1", "*1/*3"]})
    plain = {
        "sample": "s",
        "clinical.age": CHILD,
        "gene.vkorc1.diplotype": "rs9923231 reference (C)/rs9923231 variant (T)",
    }
    frame = pl.DataFrame([plain]).join(shares, how="cross")
    child = models.score(frame, kb, endpoints=["warfarin.dose"])[0].row(0, named=True)
    adult = models.score(frame.with_columns(pl.lit(60.0).alias("clinical.age")), kb, endpoints=["warfarin.dose"])[0]
    assert child["flags"] == ["refused:age_below_18"]
    assert FlagCode.GENOTYPE_UNCERTAIN in adult["flags"].item().to_list()
