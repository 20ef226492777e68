"""Counts of the advice: by drug and by person, what could be found out, and whose sex does not fit."""

from __future__ import annotations

import polars as pl

from pgx import schema
from pgx.codes import NoteCode, Urgency
from pgx.cohort.summary.intervals import with_share
from pgx.cohort.summary.parts import Parts
from pgx.output_tables.own_columns import COHORT_DRUGS, COHORT_NEXT_TESTS, COHORT_PERSONS, COHORT_SEX

ACTIONABLE = (Urgency.AVOID, Urgency.CHANGE_DOSE)
_SEX_CODES = (NoteCode.SEX_MISMATCH, NoteCode.MALE_HETEROZYGOUS_X, NoteCode.FEMALE_HAPLOID_X)


def _by_urgency(frame: pl.LazyFrame, key: str) -> pl.DataFrame:
    """Count the rows of each urgency."""
    counts = [(pl.col("urgency") == str(one)).sum().cast(pl.Int64).alias(str(one)) for one in Urgency]
    return frame.group_by(key).agg(counts).collect(engine="streaming")


def drugs(parts: Parts) -> pl.DataFrame:
    """Return `own_columns.COHORT_DRUGS`, the drugs with most to act on first."""
    rows = _by_urgency(parts.scan("judgements").select("drug", "urgency"), "drug")
    rows = rows.with_columns(
        persons=pl.sum_horizontal([str(one) for one in Urgency]),
        act=pl.sum_horizontal([str(one) for one in ACTIONABLE]),
        # Of those who take nothing that is known only what is to be acted on is judged: they are no denominator.
        everybody=pl.lit(parts.people.height),
    )
    rows = with_share(rows, "act", "everybody", "actionable").sort(pl.col("act"), "drug", descending=[True, False])
    return schema.conform(rows.select(column.name for column in COHORT_DRUGS), COHORT_DRUGS)


def persons(parts: Parts) -> pl.DataFrame:
    """Return `own_columns.COHORT_PERSONS`: everybody with a drug to act on, the most urgent first."""
    found = []
    for rows in parts.blocks("judgements"):
        counts = _by_urgency(rows.lazy().select("sample", "urgency"), "sample")
        listed = (
            rows.filter(pl.col("urgency").is_in([str(one) for one in ACTIONABLE]))
            .group_by("sample")
            .agg(act_on=pl.col("drug").unique().sort())
        )
        found.append(counts.join(listed, on="sample"))
    if not found:
        return schema.empty(COHORT_PERSONS)
    order = [*(-pl.col(str(one)) for one in Urgency), "sample"]
    return schema.conform(pl.concat(found).select(column.name for column in COHORT_PERSONS).sort(order), COHORT_PERSONS)


def next_tests(parts: Parts) -> pl.DataFrame:
    """Return `own_columns.COHORT_NEXT_TESTS`: what would pay most to find out comes first.

    What a test may show of one drug of one person adds up; of a person's drugs the one with the highest probability
    counts, as the test changes them together.
    """
    advices = (
        parts.scan("next_tests")
        .group_by("what", "kind", "sample", "drug")
        .agg(chance=pl.when(pl.col("probability").is_not_null().any()).then(pl.col("probability").sum().clip(0, 1)))
    )
    by_person = advices.group_by("what", "kind", "sample").agg(
        best=pl.col("chance").max(), changes=pl.col("chance").sum(), unknown=pl.col("chance").is_null().sum()
    )
    many = advices.group_by("what", "kind").agg(drugs=pl.col("drug").n_unique())
    some = pl.col("best").is_not_null().any()
    rows = (
        by_person.group_by("what", "kind")
        .agg(
            persons=pl.len(),
            expected_persons=pl.when(some).then(pl.col("best").sum()),
            expected_changes=pl.when(some).then(pl.col("changes").sum()),
            unknown=pl.col("unknown").sum(),
        )
        .join(many, on=["what", "kind"])
        .collect(engine="streaming")
    )
    # Blocks come in no order, and the last digits of a sum depend on it.
    rows = rows.with_columns(pl.col("expected_persons", "expected_changes").round_sig_figs(9)).sort(
        "expected_persons", "persons", "what", descending=[True, True, False], nulls_last=True, maintain_order=True
    )
    return schema.conform(rows.select(column.name for column in COHORT_NEXT_TESTS), COHORT_NEXT_TESTS)


def sex_findings(parts: Parts) -> pl.DataFrame:
    """Return `own_columns.COHORT_SEX`: whose chrX does not fit the sex on record or inferred."""
    rows = (
        parts.scan("notes")
        .filter(pl.col("code").is_in([str(one) for one in _SEX_CODES]), pl.col("sample").is_not_null())
        .group_by("sample", finding="code")
        .agg(count=pl.len())
        .join(parts.people.lazy().select("sample", given="sex"), on="sample", how="left")
        .collect(engine="streaming")
    )
    rows = rows.select(column.name for column in COHORT_SEX).sort("sample", "finding")
    return schema.conform(rows, COHORT_SEX)
