"""A person's own part of a run's notes and provenance."""

from __future__ import annotations

import pytest

from pgx.errors import UsageError
from pgx.reports.page.person import notes_for, own_provenance
from tests.reports import example
from tests.reports.rendered import view

RUN = {
    "pgx": "1",
    "inputs": [{"name": "a.vcf"}, {"name": "b.vcf"}],
    "options": {
        "samples": ["A", "B"],
        "min_gq": 10,
        "sex": {"A": "male", "B": "female"},
        "ancestry": "European",
        "copy_number": {"A:CYP2D6": 3, "B:CYP2D6": 1, "CYP2A6": 2},
    },
}


def test_options_and_inputs_of_others_are_left_out():
    assert own_provenance(RUN, "B", [1]) == {
        "pgx": "1",
        "inputs": [{"name": "b.vcf"}],
        "options": {
            "min_gq": 10, "sex": "female", "ancestry": "European", "copy_number": {"B:CYP2D6": 1, "CYP2A6": 2}
        },
    }  # fmt: skip
    nobody = own_provenance(RUN, "C", None)
    assert nobody["inputs"] == []
    assert nobody["options"] == {"min_gq": 10, "ancestry": "European", "copy_number": {"CYP2A6": 2}}


def note(stage, code, where):
    return {
        "sample": None,
        "stage": stage,
        "severity": "info",
        "code": code,
        "message": "",
        "subject": where,
        "where": where,
    }


def test_of_the_runs_notes_only_those_that_hold_whoever_was_in_it_are_a_persons():
    model = note("models", "simple_as_good", "warfarin.dose")
    local = note("phenotypes", "local_knowledge", "genes")
    others = [
        note("models", "simple_as_good", "other.endpoint"),
        note("models", "score_refused", "warfarin.dose"),
        note("clinical", "no_genotypes", None),
        note("variants", "anything_new", "b.vcf"),
    ]
    assert notes_for([model, *others, local], [{"endpoint": "warfarin.dose"}]) == [model, local]


def test_a_sample_that_the_result_does_not_have_is_refused_without_naming_those_that_it_has():
    with pytest.raises(UsageError, match=r"no sample of the result is called 'NA00002'; it has 1 sample$"):
        view(example.build(), "NA00002")
