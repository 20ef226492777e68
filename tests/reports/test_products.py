"""A line names the product that brings a substance: nobody finds cobicistat on a box of Symtuza."""

from __future__ import annotations

import pytest

from pgx import knowledge, schema
from pgx.clinical.medications import add_medications
from pgx.guidance import recommend
from pgx.judgement import judgements
from pgx.judgement.without_drugs import without_drugs
from pgx.phenotypes import assign
from pgx.phenotypes import notes as remarks
from pgx.phenotypes.exposures import exposures
from pgx.reports.page.products import products_of
from pgx.types import Result
from tests.phenotypes.builders import callset, clinical, pattern
from tests.reports.rendered import view

KB = knowledge.load()
GENES = {
    "CYP3A5": pattern("*1/*1"),
    "CYP2C19": pattern("*1/*1"),
    "CYP2D6": pattern("*1/*1"),
    "HLA-B": pattern("*57:01/*08:01"),
}


def lines(*written: str):
    history = add_medications(clinical(), list(written), KB, samples=["s"])
    calls, phenotypes = assign(callset({"s": GENES}), KB, history)
    said = recommend(phenotypes, calls, history, KB)
    scores = schema.empty(schema.SCORES)
    again = without_drugs(phenotypes, calls, history, KB)
    judged = judgements(said, calls, scores, KB, exposures(history, KB), without=again)
    notes = remarks(phenotypes, history, KB)
    found = Result(("s",), calls, phenotypes, said, scores, history.observations, history.medications, notes,
                   judgements=judged)  # fmt: skip
    return {drug.name: drug.headline for drug in view(found, "s").drugs}


@pytest.mark.parametrize(
    ("product", "victim", "says"),
    [
        ("Symtuza", "tacrolimus", "cobicistat in Symtuza (strong CYP3A4 inhibitor)"),
        ("Paxlovid", "tacrolimus", "nirmatrelvir/ritonavir in Paxlovid (strong CYP3A4 inhibitor"),
        ("Paxlovid", "clopidogrel", "ritonavir in Paxlovid lowers the active form of clopidogrel"),
        ("Orkambi", "tacrolimus", "ivacaftor / lumacaftor in Orkambi (strong CYP3A4 inducer)"),
        ("Symbyax", "codeine", "change this one or fluoxetine (in Symbyax) (without fluoxetine (in Symbyax)"),
    ],
)
def test_what_acts_is_named_with_its_product(product, victim, says):
    assert says in lines(product, victim)[victim]


def test_what_is_acted_on_is_named_with_its_product():
    assert lines("Trikafta", "fluconazole")["ivacaftor"].startswith("(in Trikafta) fluconazole (moderate CYP3A4 inh")


def test_a_substance_that_is_taken_by_itself_too_is_of_no_product():
    assert lines("Symtuza", "cobicistat", "tacrolimus")["tacrolimus"].startswith("cobicistat (strong CYP3A4 inhibitor)")


def row(drug: str, written: str | None, status: str = "current") -> dict[str, object]:
    return {"drug": drug, "as_written": written, "status": status}


def test_two_drugs_of_one_entry_are_no_product():
    assert not products_of([row("codeine", "codeine and aspirin"), row("aspirin", "codeine and aspirin")])
    assert not products_of([row("a / b", None), row("a", None)])
    assert products_of([row("a / b", "X"), row("a", "X"), row("c", "X")]) == {"a / b": "X", "a": "X"}
    assert not products_of([row("a / b", "X", "stopped"), row("a", "X", "stopped")])


def test_a_part_of_a_product_is_not_told_without_the_one_that_rules_the_product_out():
    said = lines("Epzicom")
    assert said["abacavir"] == "(in Epzicom) contraindicated"
    assert said["lamivudine"].startswith("(in Epzicom) not as this product, for abacavir in it; by itself, ")
