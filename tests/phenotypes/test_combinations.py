"""What a label says of a combination holds where its parts are listed one by one."""

from __future__ import annotations

from datetime import date

import pytest

from pgx import knowledge
from pgx.phenotypes.combinations import of_parts
from pgx.phenotypes.substrates import acting_drugs
from tests.guidance.test_interactions import line, result
from tests.phenotypes.builders import clinical, pattern

KB = knowledge.load()
NORMAL = {
    "SLCO1B1": pattern("*1/*1"),
    "CYP3A5": pattern("*3/*3"),
    "ABCG2": pattern("rs2231142 reference (G)/rs2231142 reference (G)"),
}
CASES = [
    ("rosuvastatin", "lopinavir/ritonavir", ["lopinavir", "ritonavir"], "at most 10 mg a day"),
    ("rosuvastatin", "atazanavir/ritonavir", ["atazanavir", "ritonavir"], "at most 10 mg a day"),
    ("atorvastatin", "tipranavir/ritonavir", ["tipranavir", "ritonavir"], "avoid"),
    ("atorvastatin", "saquinavir/ritonavir", ["saquinavir", "ritonavir"], "at most 20 mg a day"),
    ("rosuvastatin", "sofosbuvir / velpatasvir / voxilaprevir", ["sofosbuvir", "velpatasvir", "voxilaprevir"], "avoid"),
    ("tacrolimus", "nirmatrelvir/ritonavir", ["nirmatrelvir", "ritonavir"], "avoid"),
]


@pytest.mark.parametrize(("drug", "whole", "parts", "says"), CASES)
def test_the_parts_say_what_the_whole_says(drug, whole, parts, says):
    as_parts, as_whole = (line(result(NORMAL, [drug, *listed]), drug) for listed in (parts, [whole]))
    assert as_parts.urgency == as_whole.urgency and as_parts.judgement.action == as_whole.judgement.action
    assert says in as_parts.headline and says in as_whole.headline, as_parts.headline
    assert whole in as_parts.headline


@pytest.mark.parametrize(("drug", "whole", "parts", "says"), CASES)
def test_some_of_the_parts_are_no_combination(drug, whole, parts, says):
    for number in range(len(parts)):
        fewer = clinical([{"drug": one} for one in (drug, *parts[:number], *parts[number + 1 :])])
        assert whole not in acting_drugs(fewer, KB)["agent"].to_list()
    stopped = clinical([{"drug": drug}, *({"drug": one} for one in parts[1:]), {"drug": parts[0], "status": "stopped"}])
    assert whole not in acting_drugs(stopped, KB)["agent"].to_list()
    apart = clinical([{"sample": str(number), "drug": one} for number, one in enumerate(parts)])
    assert of_parts(apart.medications, KB).is_empty()


def test_a_combination_is_planned_with_its_parts_and_lasts_as_long_as_all_of_them():
    rows = [
        {"drug": "lopinavir", "start": date(2026, 1, 1)},
        {"drug": "ritonavir", "status": "planned", "start": date(2026, 3, 1)},
    ]
    found = of_parts(clinical(rows).medications, KB).row(0, named=True)
    assert (found["drug"], found["status"], found["start"]) == ("lopinavir/ritonavir", "planned", date(2026, 3, 1))
    both = clinical([{"drug": one} for one in ("lopinavir", "ritonavir", "lopinavir/ritonavir")])
    assert of_parts(both.medications, KB).is_empty()


def test_a_combination_says_what_labels_say_of_its_parts():
    genes = {"CYP2C19": pattern("*1/*1")}
    shown = line(result(genes, ["clopidogrel", "lopinavir/ritonavir", "ritonavir"]), "clopidogrel")
    assert shown.urgency == "avoid" and "ritonavir" in shown.headline


def test_without_the_parts_the_drug_is_judged_anew():
    shown = line(result(NORMAL, ["tacrolimus", "nirmatrelvir", "ritonavir"]), "tacrolimus")
    assert "change nirmatrelvir/ritonavir first, if that is possible (without it: use as usual)" in shown.headline
