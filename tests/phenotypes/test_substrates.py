"""What acts on the enzymes of many persons: found a few persons at a time, the same whoever else is asked for."""

from __future__ import annotations

import polars as pl
import pytest

from pgx import knowledge, schema
from pgx.phenotypes import substrates
from pgx.types import ClinicalData

KB = knowledge.load()
LISTS = (["fluoxetine", "codeine"], ["rifampin"], ["voriconazole", "warfarin", "phenytoin"], [], ["paroxetine"])


@pytest.fixture
def clinical():
    rows = [
        {"sample": f"p{at}", "drug": drug, "status": "current", "as_written": drug, "source": "test"}
        for at, drugs in enumerate(LISTS)
        for drug in drugs
    ]
    return ClinicalData(
        schema.empty(schema.CLINICAL), schema.from_rows(rows, schema.MEDICATIONS), schema.empty(schema.NOTES)
    )


@pytest.mark.parametrize("persons", [1, 2, 3])
def test_the_persons_are_looked_at_few_at_a_time(clinical, persons, monkeypatch):
    """A block of 1,500 persons has 170,000 rows, and sorting and joining them needs a copy each time."""
    together = substrates.acting_of_list(clinical, KB)
    sizes = []
    look = substrates._through_enzymes

    def watched(exposed, kb):
        sizes.append(exposed["sample"].n_unique())
        return look(exposed, kb)

    monkeypatch.setattr(substrates, "PERSONS", persons)
    monkeypatch.setattr(substrates, "_through_enzymes", watched)
    apart = substrates.acting_of_list(clinical, KB)
    assert apart.equals(together)
    assert together["sample"].n_unique() == sum(bool(drugs) for drugs in LISTS)
    assert max(sizes) == persons


def test_nobody_with_an_inhibitor_gives_no_rows(clinical):
    nobody = ClinicalData(clinical.observations, clinical.medications.clear(), clinical.notes)
    assert substrates.acting_of_list(nobody, KB).equals(pl.DataFrame(schema=substrates.COLUMNS))
