"""A change that the call could not use takes "as usual" its comfort, and nothing else."""

from __future__ import annotations

import polars as pl
import pytest

from pgx import knowledge
from pgx.codes import Flag
from pgx.guidance import recommend
from pgx.guidance.matching import CAVEATS, EFFECT_UNKNOWN
from pgx.guidance.untested import unclear_flags
from pgx.phenotypes import assign
from tests.listed import with_text
from tests.phenotypes.builders import callset, pattern

KB = knowledge.load()
FLAG = "undocumented_passed_over"
HAPB3 = "Reference/c.1129-5923C>G, c.1236G>A (HapB3)"


def advice(people, drugs):
    calls, phenotypes = assign(callset(people), KB, None)
    rows = with_text(recommend(phenotypes, calls, None, KB, drugs=drugs))
    return rows.filter(pl.col("applies").is_in(["yes", "if_population"]))


def doubtful(name):
    return pattern(name, status="ambiguous", flags=(FLAG,))


def flags(rows):
    return [set((cell or "").split(";")) for cell in rows["flags"]]


def test_such_flags_are_documented_and_carried_to_the_guidance():
    assert set(EFFECT_UNKNOWN) <= set(CAVEATS)
    assert set(CAVEATS) <= set(KB.table("flags")["code"])


def test_as_usual_does_not_rest_on_a_gene_with_a_base_that_no_definition_has():
    rows = advice({"s": {"DPYD": doubtful("Reference/Reference")}}, ["fluorouracil"])
    assert "standard" in set(rows["action"])
    assert set(rows["urgency"]) == {"no_data"}
    assert all({FLAG, "effect_unknown:avoid:DPYD"} <= found for found in flags(rows))


def test_advice_that_rests_on_other_variants_stays_and_carries_the_flag():
    sure = advice({"s": {"DPYD": pattern(HAPB3)}}, ["fluorouracil"])
    unsure = advice({"s": {"DPYD": doubtful(HAPB3)}}, ["fluorouracil"])
    told = ["source", "action", "dose_change", "urgency", "recommendation"]
    assert unsure.select(told).equals(sure.select(told))
    assert "change_dose" in set(sure["urgency"])
    assert all(FLAG in found for found in flags(unsure))


def test_one_person_s_doubt_is_not_another_s():
    sure, unsure = {"DPYD": pattern("Reference/Reference")}, {"DPYD": doubtful("Reference/Reference")}
    rows = advice({"a": sure, "b": unsure, "c": sure}, ["capecitabine"])
    for sample, urgency in (("a", "standard"), ("b", "no_data"), ("c", "standard")):
        of_one = rows.filter(sample=sample, source="CPIC")
        assert set(of_one["urgency"]) == {urgency}
        assert (FLAG in flags(of_one)[0]) == (sample == "b")


@pytest.mark.parametrize("unsure", ["RYR1", "CACNA1S"])
def test_of_two_genes_the_one_with_the_base_is_named(unsure):
    genes = {gene: pattern("Reference/Reference") for gene in ("RYR1", "CACNA1S")}
    rows = advice({"s": genes | {unsure: doubtful("Reference/Reference")}}, ["sevoflurane"]).filter(source="CPIC")
    named = {flag for found in flags(rows) for flag in found if flag.startswith("effect_unknown:")}
    assert named == {f"effect_unknown:avoid:{unsure}"}


def test_what_has_no_graver_advice_could_still_ask_for_a_check():
    known = {"G": 1}
    said = unclear_flags(known, [Flag.parse("effect_unknown:G"), Flag.parse("outside_unknown:H")])
    assert said == ["effect_unknown:change_dose:G", "outside_unknown:monitor:H"]
