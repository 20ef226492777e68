"""A word of another scheme in a guideline is asked only of persons whom the guideline's own scheme cannot place."""

from __future__ import annotations

import polars as pl
import pytest

from pgx import knowledge, schema
from pgx.guidance import recommend
from pgx.phenotypes import assign
from tests.listed import with_text
from tests.phenotypes.builders import callset, clinical, day, diplotype, pattern

KB = knowledge.load()
DECREASED, POSSIBLE, NORMAL = "Decreased Function", "Possible Decreased Function", "Normal Function"


def told(cpic: dict[str, float], dpwg: dict[str, float], drug: str) -> list[tuple[str, str, float]]:
    """Return DPWG's rows for a person with these phenotypes of SLCO1B1 in the two schemes."""
    calls, phenotypes = assign(callset({"s": {"SLCO1B1": pattern("*1/*1")}}), KB, None)
    rows = [
        phenotypes.row(0, named=True)
        | {"scheme": scheme, "phenotype": name, "clinical_phenotype": name, "probability": share}
        for scheme, shares in (("CPIC", cpic), ("DPWG", dpwg))
        for name, share in shares.items()
    ]
    found = recommend(schema.from_rows(rows, schema.PHENOTYPES), calls, None, KB, drugs=[drug])
    of_dpwg = found.filter(pl.col("source") == "DPWG", pl.col("action").is_not_null())
    return [
        (row["applies"], row["phenotypes"].removeprefix("SLCO1B1="), row["probability"])
        for row in with_text(of_dpwg).rows(named=True)
    ]


def test_a_possible_phenotype_is_a_word_of_dpwg_too_since_2026() -> None:
    assert told({POSSIBLE: 1.0}, {POSSIBLE: 1.0}, "simvastatin") == [("yes", POSSIBLE, 1.0)]


@pytest.mark.parametrize("placed", [NORMAL, DECREASED])
def test_whom_dpwg_places_is_not_asked_in_cpics_words(placed: str) -> None:
    assert told({POSSIBLE: 1.0}, {placed: 1.0}, "simvastatin") == [("yes", placed, 1.0)]


def test_the_word_counts_for_the_share_that_dpwg_cannot_place() -> None:
    found = told({POSSIBLE: 1.0}, {DECREASED: 0.7, "Indeterminate": 0.3}, "simvastatin")
    assert [(name, share) for _, name, share in found if name == DECREASED] == [(DECREASED, pytest.approx(0.7))]
    assert [share for _, name, share in found if name == POSSIBLE] in ([], [pytest.approx(0.3)])


def test_increased_function_is_what_dpwg_reads_too_since_2026() -> None:
    calls, phenotypes = assign(callset({"s": {"SLCO1B1": pattern(diplotype("*14/*14"))}}), KB, None)
    of_scheme = dict(phenotypes.select("scheme", "phenotype").iter_rows())
    assert of_scheme == {"CPIC": "Increased Function", "DPWG": "Increased Function"}
    found = recommend(phenotypes, calls, None, KB, drugs=["rosuvastatin"]).filter(source="DPWG")
    assert set(with_text(found)["phenotypes"]) == {"SLCO1B1=Increased Function"}


def test_a_row_on_the_diplotype_gives_way_where_a_drug_has_changed_what_the_enzyme_does() -> None:
    calls, phenotypes = assign(callset({"s": {"CYP2C9": pattern("*1/*3")}}), KB, None)
    plain = recommend(phenotypes, calls, None, KB, drugs=["warfarin"]).filter(source="DPWG", applies="yes")
    assert with_text(plain)["phenotypes"].to_list() == ["CYP2C9=*1/*3"]
    taken = clinical([{"drug": "fluconazole", "start": day("2026-01-01")}])
    calls, phenotypes = assign(callset({"s": {"CYP2C9": pattern("*1/*3")}}), KB, taken)
    changed = recommend(phenotypes, calls, taken, KB, drugs=["warfarin"]).filter(source="DPWG", applies="yes")
    assert with_text(changed)["phenotypes"].to_list() == ["CYP2C9=Poor Metabolizer (genetic Intermediate Metabolizer)"]
