"""The numbers that phenotypes are decided by, each at its boundary: probabilities, washout days, windows."""

from __future__ import annotations

import sys
from datetime import date, timedelta

import polars as pl
import pytest

from pgx import knowledge, schema
from pgx.guard.limits import OUTSIDE
from pgx.phenotypes import allele_status, assign
from pgx.phenotypes.exposures import agents, exposures
from pgx.types import ClinicalData
from tests.listed import with_text
from tests.phenotypes.builders import callset, clinical, diplotype, pattern

KB = knowledge.load()
TODAY = date(2026, 6, 1)


def _calls(*diplotypes, gene: str = "CYP2C19"):
    calls, phenotypes = assign(callset({"s": {gene: pattern(*diplotypes, status="ambiguous")}}), KB, None)
    return with_text(calls).row(0, named=True), phenotypes


@pytest.mark.parametrize(("share", "listed"), [(0.00099, None), (0.001, "*1/*2=0.001"), (0.0011, "*1/*2=0.0011")])
def test_an_alternative_is_listed_from_one_in_a_thousand_on(share, listed):
    row, phenotypes = _calls(diplotype("*1/*1", 1 - share), diplotype("*1/*2", share))
    assert row["alternatives"] == listed
    # Its phenotype counts all the same.
    assert phenotypes.filter(scheme="CPIC", phenotype="Intermediate Metabolizer")["probability"].to_list() == [
        pytest.approx(share)
    ]


@pytest.mark.parametrize(("others", "listed"), [(9, 9), (10, 10), (11, 10)])
def test_at_most_ten_alternatives_are_listed(others, listed):
    names = ["*2", "*3", "*4", "*5", "*6", "*7", "*8", "*9", "*17", "*10", "*22"][:others]
    row, _ = _calls(diplotype("*1/*1", 0.5), *(diplotype(f"*1/{name}", 0.5 / others) for name in names))
    assert len(row["alternatives"].split(";")) == listed


@pytest.mark.parametrize(("missing", "indeterminate"), [(0.0005, False), (0.002, True)])
def test_what_the_posterior_has_lost_counts_as_indeterminate_from_one_in_a_thousand_on(missing, indeterminate):
    _, phenotypes = _calls(diplotype("*1/*1", 1 - missing))
    of_cpic = dict(phenotypes.filter(scheme="CPIC").select("phenotype", "probability").iter_rows())
    assert ("Indeterminate" in of_cpic) == indeterminate
    assert sum(of_cpic.values()) == pytest.approx(1.0)


@pytest.mark.parametrize(("coarse", "told"), [(0.0, True), (0.0009, True), (0.0011, False), (1.0, False)])
def test_an_allele_is_told_unless_more_than_one_in_a_thousand_is_typed_too_coarsely(coarse, told):
    typed = pattern(diplotype("*57:01/*08:01", 1 - coarse), diplotype("*57/*08:01", coarse), status="outside")
    assert bool(list(allele_status.statuses(KB, "HLA-B", typed, ["*57:01"]))) == told


@pytest.mark.parametrize(("share", "words"), [(0.0, 1), (1e-10, 1), (1e-8, 2), (0.4, 2)])
def test_a_status_that_only_rounding_makes_is_none(share, words):
    typed = pattern(diplotype("*08:01/*08:01", 1 - share), diplotype("*57:01/*08:01", share), status="outside")
    found = dict(allele_status.statuses(KB, "HLA-B", typed, ["*57:01"]))
    assert len(found) == words
    assert found["*57:01 negative"] == pytest.approx(1 - share)


@pytest.mark.parametrize(("share", "phenotype"), [(0.49, False), (0.5, False), (0.51, True)])
def test_a_carried_allele_is_shown_from_more_than_half_on(share, phenotype):
    typed = (diplotype("*57:01/*08:01", share), diplotype("*08:01/*08:01", 1 - share))
    row, _ = _calls(*typed, gene="HLA-B")
    assert ("*57:01 positive" in (row["phenotype"] or "")) == phenotype


WASHOUTS = sorted(
    agents(KB).filter(pl.col("days").is_not_null()).select("drug", "trigger", "days").unique().iter_rows()
)


def test_every_agent_has_a_washout():
    assert agents(KB)["days"].null_count() == 0
    usual = dict(KB.table("washout").filter(drug="*").select("role", "days").iter_rows())
    assert usual == {"inhibitor": 7, "inducer": 14}


@pytest.mark.parametrize(("ago", "acts"), [(-1, True), (0, True), (1, False)])
def test_a_stopped_drug_acts_for_its_washout_and_not_a_day_longer(ago, acts):
    """All agents of the knowledge at once, each a person of its own."""
    rows = [
        {"sample": f"{drug}|{trigger}", "drug": drug, "status": "stopped", "as_written": drug, "source": "test",
         "end": TODAY - timedelta(days=int(days) + ago)}
        for drug, trigger, days in WASHOUTS
    ]  # fmt: skip
    data = ClinicalData(
        schema.empty(schema.CLINICAL), schema.from_rows(rows, schema.MEDICATIONS), schema.empty(schema.NOTES)
    )
    found = exposures(data, KB, as_of=TODAY).filter((pl.col("agent") + "|" + pl.col("trigger")) == pl.col("sample"))
    assert set(found["phase"]) == ({"washout"} if acts else set())
    assert set(found["sample"]) == ({row["sample"] for row in rows} if acts else set())


def _shown(row, value, day):
    seen = {"concept": row["concept"], "date": day}
    seen |= {"code": row["answer"]} if row["answer"] else {"value": value}
    return exposures(clinical((), [seen]), KB, as_of=TODAY).filter(
        pl.col("strength") == row["strength"], pl.col("gene").is_in(row["genes"].split(";"))
    )


@pytest.mark.parametrize("row", KB.table("exposures").rows(named=True), ids=lambda row: row["concept"])
def test_exposures_hold_from_their_value_on_and_within_their_window(row):
    least, window = row["min_value"] or 0.0, row["window_days"]
    assert not _shown(row, least, TODAY).is_empty()
    if not row["answer"]:
        assert _shown(row, least * 0.999, TODAY).is_empty()
    if window is not None:
        assert not _shown(row, least, TODAY - timedelta(days=window)).is_empty()
        assert _shown(row, least, TODAY - timedelta(days=window + 1)).is_empty()
    assert _shown(row, least, TODAY + timedelta(days=1)).is_empty()


def test_the_limits_are_those_that_are_documented():
    module = sys.modules["pgx.phenotypes.assign"]
    assert (module.MIN_ALTERNATIVE, module.MAX_ALTERNATIVES, module._LOST) == (0.001, 10, 1e-3)
    assert allele_status.UNDECIDED == 1e-9
    assert OUTSIDE.most == 16 * 1024 * 1024
