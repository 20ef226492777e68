"""Sums over a person's rows are taken in the order of the rows: the last digit does not depend on who else is there."""

from __future__ import annotations

import random

import polars as pl
import pytest

from pgx import knowledge, schema
from pgx.codes import Status
from pgx.features.genes import gene_columns

PEOPLE = [f"S{number}" for number in range(2000)]
SUMS = ("phenotype_probability", "expected_activity", "activity_sd", "expected_clinical_activity")
PHENOTYPE = "Poor Metabolizer"


@pytest.fixture(scope="module")
def shares():
    """Five rows a person of one gene, as `pgx.schema.PHENOTYPES` has them, with chances of every size."""
    drawn = random.Random(1)
    return [
        (person, PHENOTYPE if is_poor else "Normal Metabolizer", drawn.randint(0, 8) / 4,
         drawn.random() / 10 ** drawn.randint(0, 4))
        for person in PEOPLE
        for is_poor in (True, False, True, True, False)
    ]  # fmt: skip


def columns(shares):
    """Return the gene's columns that are sums, by person."""
    names = ("sample", "phenotype", "activity_score", "probability")
    rows = pl.DataFrame(shares, schema=dict(zip(names, (pl.String, pl.String, pl.Float64, pl.Float64), strict=True)),
                        orient="row")  # fmt: skip
    people = rows.select("sample").unique(maintain_order=True)
    told = {"gene": "CYP2D6", "scheme": "CPIC", "clinical_phenotype": PHENOTYPE}
    phenotypes = rows.with_columns(**{name: pl.lit(value) for name, value in told.items()},
                                   clinical_activity_score="activity_score")  # fmt: skip
    state = {"gene": "CYP2D6", "phenotype": PHENOTYPE, "status": Status.CALLED.value}
    called = people.with_columns(**{name: pl.lit(value) for name, value in state.items()})
    whole = [schema.conform(_filled(frame, declared), declared)
             for frame, declared in ((called, schema.CALLS), (phenotypes, schema.PHENOTYPES))]  # fmt: skip
    found = {one.name.rpartition(".")[2]: one for one in gene_columns(*whole, knowledge.load(), people, None)}
    return dict(zip(people["sample"], pl.DataFrame([found[name] for name in SUMS]).rows(), strict=True))


def _filled(frame, declared):
    missing = [pl.lit(None, dtype=one.dtype).alias(one.name) for one in declared if one.name not in frame.columns]
    return frame.with_columns(missing)


def test_a_persons_sums_are_the_same_alone_and_among_others(shares):
    together = columns(shares)
    assert all(None not in together[person] for person in PEOPLE)
    for person in PEOPLE[::100]:
        assert columns([row for row in shares if row[0] == person])[person] == together[person]


def test_the_rows_of_a_person_are_added_one_after_the_other(shares):
    poor, weighed, known = (dict.fromkeys(PEOPLE, 0.0) for _ in range(3))
    for person, phenotype, score, probability in shares:
        poor[person] += probability if phenotype == PHENOTYPE else 0.0
        weighed[person] += score * probability
        known[person] += probability
    found = columns(shares)
    assert [found[person][0] for person in PEOPLE] == list(poor.values())
    assert [found[person][1] for person in PEOPLE] == [weighed[person] / known[person] for person in PEOPLE]
