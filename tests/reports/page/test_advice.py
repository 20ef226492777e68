"""One row of guidance in words, and whether it leads."""

from __future__ import annotations

import pytest

from tests.guidance.test_interactions import everything, line, result
from tests.phenotypes.builders import pattern

INTERMEDIATE = {"CYP2C19": pattern("*1/*2")}


def aside(drug):
    """Return source -> what stands beside those of its rows that do not lead."""
    return {(row.source, row.row["population"]): row.leading for row in drug.advice if row.leading}


def test_a_dose_that_one_source_allows_stands_with_what_leads_where_that_rules_the_drug_out():
    told = aside(line(result(INTERMEDIATE, ["clopidogrel"]), "clopidogrel"))
    assert told == {
        ("DPWG", "indication:PCI|stroke|TIA"): "FDA says: choose another drug",
        ("DPWG", "indication:other"): "FDA says: choose another drug",
    }


@pytest.mark.parametrize("form", ["text", "html"])
def test_it_stands_so_on_every_page_that_has_the_rows(form):
    page = " ".join(everything(result(INTERMEDIATE, ["clopidogrel"]), "clopidogrel")[form].split())
    assert "150 mg" in page and "does not lead here: FDA says: choose another drug" in page


def test_the_usual_dose_by_the_genes_does_not_lead_where_a_label_rules_the_drug_out():
    normal = {"SLCO1B1": pattern("*1/*1")}
    told = aside(line(result(normal, ["simvastatin", "cyclosporine"]), "simvastatin"))
    assert told == {("CPIC", "general"): "FDA label says: contraindicated"}
    assert not aside(line(result(normal, ["simvastatin"]), "simvastatin"))


def test_a_label_under_an_open_condition_says_it_once():
    told = result(
        {"CYP2C9": pattern("*1/*1")}, ["celecoxib"], observations=[{"concept": "heart_failure", "code": "yes"}]
    )
    (limit,) = [row for row in line(told, "celecoxib").limits if "severe heart failure" in row.text]
    assert not limit.flags
