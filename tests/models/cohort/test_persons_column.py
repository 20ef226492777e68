"""Whose row it is: columns that are called as persons are, and what is said of their values."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from pgx.knowledge import KnowledgeBase
from pgx.models.cohort import cohort, persons_column
from pgx.models.cohort.cohort import Roles
from pgx.models.evidence import endpoints

NAME = "clopidogrel.mace"


def load(people: list[str | None], name: str, kb: KnowledgeBase, roles: Roles | None = None) -> cohort.Cohort:
    n = len(people)
    table = pl.DataFrame(
        {
            "gene.cyp2c19.phenotype": ["Normal Metabolizer", "Poor Metabolizer"] * (n // 2),
            name: people,
            "outcome": np.random.default_rng(1).integers(0, 2, n),
        }
    )
    return cohort.load(table, endpoints.get(kb, NAME), roles or Roles(), kb=kb)


@pytest.mark.parametrize("name", ["patient_id", "Patient ID", "subject", "USUBJID", "id", "participant.no", "SampleID"])
def test_rows_of_a_person_stay_together_whatever_the_column_is_called(name: str, kb: KnowledgeBase) -> None:
    taken = load([f"p{i // 4}" for i in range(80)], name, kb)
    assert len(np.unique(taken.data.groups)) == 20
    assert [code for code, _ in taken.remarks] == ["person_by_name"]
    assert name not in {feature.reading.column for feature in taken.features}


def test_numbers_of_persons_are_that_though_they_are_held_as_fractions() -> None:
    table = pl.DataFrame({"patient_id": [float(i // 4) if i else None for i in range(80)], "outcome": [0, 1] * 40})
    assert persons_column.of(table, "outcome") == "patient_id"
    assert persons_column.of(table.rename({"patient_id": "patient"}), "outcome") is None


@pytest.mark.parametrize("name", ["patients_seen", "idea", "score", "hospital_id"])
def test_other_columns_are_no_persons(name: str, kb: KnowledgeBase) -> None:
    taken = load([f"p{i // 4}" for i in range(80)], name, kb)
    assert len(np.unique(taken.data.groups)) == 80


def test_a_flag_that_is_called_patient_is_no_person() -> None:
    table = pl.DataFrame({"patient": [0, 1, 1], "outcome": [0, 1, 0]})
    assert persons_column.of(table, "outcome") is None
    assert persons_column.of(table.rename({"patient": "patient_id"}), "outcome") == "patient_id"
    assert persons_column.of(table.rename({"patient": "patient_id"}), "patient_id") is None


def test_names_that_differ_in_capitals_are_one_person_and_said(kb: KnowledgeBase) -> None:
    people: list[str | None] = [f"{'pP'[i % 2]}{i // 4}" for i in range(80)]
    taken = load(people, "person", kb)
    assert len(np.unique(taken.data.groups)) == 20
    assert dict(taken.remarks)["person_spellings"].startswith("20 names of person differ")


def test_rows_without_a_person_are_said_where_others_have_several(kb: KnowledgeBase) -> None:
    people = [None if i % 10 == 0 else f"p{i // 4}" for i in range(80)]
    assert dict(load(people, "person", kb).remarks)["person_not_known"].startswith("8 rows have no person")
    assert not load([None if i % 10 == 0 else f"p{i}" for i in range(80)], "person", kb).remarks
