"""What is planned is judged again only with the drugs on which it may bear, and nothing that is said changes by that."""

from __future__ import annotations

import random

import polars as pl
import pytest

from pgx import knowledge
from pgx.guidance import recommend
from pgx.judgement import planned
from pgx.judgement.planned import settled
from pgx.phenotypes import assign
from tests.phenotypes.builders import callset, clinical, pattern
from tests.sizes import size

KB = knowledge.load()
CALLS = {gene: pattern("*1/*2") for gene in ("CYP2C19", "CYP2D6", "CYP2C9")}


def material(lists):
    """Return guidance, phenotypes, calls and record of persons who take and plan medicines (``drug status``)."""
    history = clinical(
        [{"sample": name, "drug": drug, "status": status} for name, own in lists.items() for drug, status in own]
    )
    calls, phenotypes = assign(callset(dict.fromkeys(lists, CALLS)), KB, history)
    return recommend(phenotypes, calls, history, KB), phenotypes, calls, history


def test_a_planned_medicine_that_bears_on_nothing_of_the_list_is_not_judged_again(monkeypatch):
    found = material({"S1": [("allopurinol", "current"), ("amoxicillin", "planned")]})
    monkeypatch.setattr(planned, "recommend", lambda *_, **__: pytest.fail("judged again"))
    told = settled(*found, KB)
    assert told.guidance.equals(found[0])
    assert told.later.is_empty()


@pytest.mark.parametrize(
    ("taken", "new"),
    [("clopidogrel", "omeprazole"), ("citalopram", "linezolid"), ("hydrocodone", "paroxetine")],
    ids=["by an enzyme", "by a label alone", "by a gene of the guideline alone"],
)
def test_only_the_drugs_it_bears_on_are_judged_again(monkeypatch, taken, new):
    asked: set[str] = set()

    def noted(*given, drugs, **rest):
        asked.update(drugs)
        return recommend(*given, drugs=drugs, **rest)

    found = material({"S1": [(taken, "current"), ("allopurinol", "current"), (new, "planned")]})
    monkeypatch.setattr(planned, "recommend", noted)
    told = settled(*found, KB)
    assert asked == {taken}
    assert set(told.later["drug"]) == {taken}


def test_nothing_else_would_be_said_if_every_drug_was_judged_again(monkeypatch):
    draw = random.Random(17)
    agents = sorted({row for row in KB.table("interactions")["drug"] if row})
    drugs = sorted(set(KB.table("recommendations")["drug"]))
    lists = {
        f"S{number}": [
            (drug, draw.choice(("current", "planned", "stopped")))
            for drug in {*draw.sample(agents, 3), *draw.sample(drugs, 3)}
        ]
        for number in range(size(60, 600))
    }
    found = material(lists)
    told = settled(*found, KB)
    monkeypatch.setattr(planned, "_reached", lambda asked, *_: iter(asked))
    whole = settled(*found, KB)
    assert told.guidance.equals(whole.guidance)
    keys = [name for name in told.later.columns if told.later.schema[name] == pl.String]
    assert told.later.sort(keys, maintain_order=True).equals(whole.later.sort(keys, maintain_order=True))
