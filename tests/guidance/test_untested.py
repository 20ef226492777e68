"""What a gene that was not tested could mean: only what the genes that were tested leave possible."""

from __future__ import annotations

import pytest

from pgx.codes import Flag, FlagCode
from pgx.guidance import recommend
from pgx.phenotypes import assign
from tests.guidance.test_interactions import KB, line, result
from tests.phenotypes.builders import callset, clinical, pattern

ORDER = ("avoid", "change_dose", "monitor", "standard", "no_data")
WORTH_SAYING = ORDER[:2]
RESULTS = {
    "CYP2B6": ("*1/*1", "*1/*6", "*6/*6", "*4/*4"),
    "CYP2C19": ("*1/*1", "*1/*2", "*2/*2", "*17/*17"),
    "CYP2C9": ("*1/*1", "*1/*3", "*3/*3"),
    "CYP2D6": ("*1/*1", "*1/*4", "*4/*4", "*1x2/*1"),
    "SLCO1B1": ("*1/*1", "*1/*5", "*5/*5"),
}
PAIRS = [
    ("sertraline", "CYP2C19", "CYP2B6"),
    ("sertraline", "CYP2B6", "CYP2C19"),
    ("fluvastatin", "SLCO1B1", "CYP2C9"),
    ("fluvastatin", "CYP2C9", "SLCO1B1"),
    ("amitriptyline", "CYP2C19", "CYP2D6"),
    ("amitriptyline", "CYP2D6", "CYP2C19"),
]
CASES = [(drug, tested, one, other) for drug, tested, other in PAIRS for one in RESULTS[tested]]


def of_cpic(calls, drug, history=None):
    frame, phenotypes = assign(callset({"s": {gene: pattern(one) for gene, one in calls.items()}}), KB, history)
    return recommend(phenotypes, frame, history, KB, drugs=[drug]).filter(source="CPIC")


def could_mean(rows, gene):
    flags = [Flag.parse(one) for listed in rows["flags"] for one in listed]
    told = {flag.arguments[0] for flag in flags if flag.code == FlagCode.COULD_MEAN and flag.arguments[1:] == (gene,)}
    assert len(told) <= 1
    return next(iter(told), "no_data")


@pytest.mark.parametrize(("drug", "tested", "diplotype", "untested"), CASES)
def test_an_untested_gene_could_mean_the_gravest_that_its_results_would_bring(drug, tested, diplotype, untested):
    known = {tested: diplotype}
    told = could_mean(of_cpic(known, drug), untested)
    outcomes = [of_cpic(known | {untested: one}, drug) for one in RESULTS[untested]]
    urgencies = [rows.filter(applies="yes")["urgency"].to_list() for rows in outcomes]
    gravest = min((one for listed in urgencies for one in listed), key=ORDER.index)
    assert told == (gravest if gravest in WORTH_SAYING else "no_data")


def test_with_the_other_gene_normal_nobody_is_told_to_replace_sertraline():
    normal = result({"CYP2C19": pattern("*1/*1")}, ["sertraline"])
    poor = result({"CYP2C19": pattern("*2/*2")}, ["sertraline"])
    assert "gene:CYP2B6=avoid" not in line(normal, "sertraline").judgement.could_change
    assert "gene:CYP2B6=avoid" in line(poor, "sertraline").judgement.could_change


def test_without_the_other_gene_everything_is_possible():
    assert could_mean(of_cpic({"CYP2C9": "*1/*1"}, "sertraline"), "CYP2B6") == "avoid"


def test_a_history_that_rules_a_row_out_rules_out_what_the_gene_could_mean():
    def stake(history):
        frame, phenotypes = assign(callset({"s": {"CYP2C9": pattern("*1/*1")}}), KB, history)
        said = recommend(phenotypes, frame, history, KB, drugs=["mavacamten"]).filter(source="DPWG")
        return could_mean(said, "CYP2C19")

    strong, alone = [{"drug": "mavacamten"}, {"drug": "itraconazole"}], [{"drug": "mavacamten"}]
    assert (stake(clinical(strong, [])), stake(clinical(alone, []))) == ("avoid", "change_dose")
