"""Labels name another dose where two enzymes that clear a drug are lost: neither number for one of them is shown."""

from __future__ import annotations

import pytest

from pgx import knowledge
from tests.guidance.test_label_pairs import result
from tests.phenotypes.builders import pattern
from tests.reports.rendered import render_text, view

KB = knowledge.load()
NORMAL, POOR = {"CYP2D6": pattern("*1/*1")}, {"CYP2D6": pattern("*4/*4")}
UNTESTED = {"CYP2C19": pattern("*1/*1")}


def shown(genes, drug, *taken):
    found = result({"s": [drug, *taken]}, genes)
    said = [row["recommendation"] for row in found.guidance.filter(drug=drug, source="FDA label").iter_rows(named=True)]
    return next(one for one in view(found, "s").drugs if one.name == drug).headline, said, found


@pytest.mark.parametrize("drug", ["aripiprazole", "brexpiprazole"])
@pytest.mark.parametrize(
    ("genes", "taken"),
    [
        (POOR, ["clarithromycin"]),
        (POOR, ["itraconazole"]),
        (NORMAL, ["paroxetine", "clarithromycin"]),
        (UNTESTED, ["paroxetine", "ketoconazole"]),
        (POOR, ["paroxetine", "ketoconazole"]),
    ],
)
def test_a_quarter_where_both_enzymes_are_lost(drug, genes, taken):
    headline, said, found = shown(genes, drug, *taken)
    assert len(said) == 1 and "a quarter of the usual dose" in said[0]
    assert "for persons whose CYP2D6 does not work either" in said[0] and "whatever the genes" not in said[0]
    assert "a quarter of the usual dose" in headline and "half" not in headline
    first_page = render_text(found, "s", color=False, width=4000).split("What each source says")[0]
    assert "half of the usual dose" not in first_page


@pytest.mark.parametrize(
    ("genes", "taken"),
    [(NORMAL, ["clarithromycin"]), (NORMAL, ["paroxetine"]), (UNTESTED, ["clarithromycin"])],
)
def test_half_where_one_is(genes, taken):
    headline, said, _ = shown(genes, "aripiprazole", *taken)
    assert len(said) == 1 and "half of the usual dose" in said[0] and "quarter" not in headline


def test_a_moderate_inhibitor_counts_where_the_label_says_so():
    assert any("quarter" in one for one in shown(POOR, "brexpiprazole", "erythromycin")[1])
    assert shown(NORMAL, "brexpiprazole", "erythromycin")[1] == []
    assert shown(POOR, "aripiprazole", "erythromycin")[1] == []


def test_two_moderate_inhibitors_rule_eliglustat_out():
    headline, said, _ = shown(NORMAL, "eliglustat", "duloxetine", "fluconazole")
    assert any("contraindicated" in one.lower() or "do not" in one.lower() for one in said), said
    assert "84 mg" not in headline
    assert not any("84 mg" in one for one in said)


def test_every_drug_whose_label_halves_it_on_either_enzyme_has_a_row_on_both():
    table = KB.table("label_interactions").filter(KB.table("label_interactions")["role"] == "inhibitor")
    enzymes: dict[str, set[str]] = {}
    for row in table.iter_rows(named=True):
        if row["action"] == "reduce_dose" and not row["agent"] and not row["beside"]:
            enzymes.setdefault(row["drug"], set()).add(row["enzyme"])
    both = {drug for drug, found in enzymes.items() if len(found) > 1}
    assert both and both <= set(table.filter(table["beside"].is_not_null())["drug"])


@pytest.mark.parametrize("drug", ["oxycodone", "fentanyl"])
@pytest.mark.parametrize("agent", ["clarithromycin", "itraconazole", "ketoconazole", "erythromycin"])
def test_an_opioid_of_cyp3a4_is_less_beside_its_inhibitors(drug, agent):
    headline, said, _ = shown(NORMAL, drug, agent)
    assert headline.startswith(f"{agent} (") and f"raises {drug}: reduce the dose" in headline
    of_the_two = [text for text in said if text.startswith(f"With {agent} ")]
    assert len(of_the_two) == 1 and "boxed warning" in of_the_two[0]


@pytest.mark.parametrize("drug", ["oxycodone", "fentanyl"])
def test_an_opioid_of_cyp3a4_is_watched_beside_an_inducer(drug):
    headline, said, _ = shown(NORMAL, drug, "rifampin")
    assert f"lowers {drug}" in headline and sum(text.startswith("With rifampin ") for text in said) == 1


def test_an_alternative_whose_dose_another_drug_turns_is_not_named():
    def instead(*taken):
        _, _, found = shown(POOR, "codeine", *taken)
        rows = found.guidance.filter(found.guidance["drug"] == "codeine")
        return {other for row in rows["alternatives"].drop_nulls() for other in row}, rows

    named, _ = instead("ibuprofen")
    assert "oxycodone" in named
    fewer, rows = instead("clarithromycin")
    assert "oxycodone" not in fewer and fewer < named
    assert "alternative_ruled_out:oxycodone:level" in {flag for flags in rows["flags"] for flag in flags}
