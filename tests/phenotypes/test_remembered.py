"""Phenotypes of drawn persons with made-up histories are those that they were when last looked at."""

from __future__ import annotations

from pgx.phenotypes import assign, interaction_notes
from tests.phenotypes.drawn import KB, drawn_calls, drawn_history
from tests.remembered import check


def test_phenotypes_of_drawn_persons():
    calls, phenotypes = assign(drawn_calls(12, 1), KB, drawn_history(12, 1))
    check("phenotypes_calls", calls)
    check("phenotypes", phenotypes.sort("sample", "gene", "scheme", "phenotype", maintain_order=True))


def test_phenotypes_without_a_history():
    calls, phenotypes = assign(drawn_calls(4, 2), KB, None)
    check("phenotypes_plain_calls", calls)
    check("phenotypes_plain", phenotypes)


def test_notes_on_interactions():
    history = drawn_history(12, 1)
    _, phenotypes = assign(drawn_calls(12, 1), KB, history)
    found = interaction_notes.notes(phenotypes, history, KB)
    check("phenotypes_notes", found.select("code", "severity", "sample", "where"))
