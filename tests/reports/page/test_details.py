"""The headline of a drug is made whatever shape the flags of a stored result have."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgx.judgement import Judgement
from pgx.reports.page import details
from pgx.reports.page.drug_line import drug_of
from tests.reports.rendered import LEXICON

CODES = ["cause", "causes", "still_acting", "then", "dose", "at_most", "condition_met", "set_aside",
         "alternative_ruled_out"]  # fmt: skip
ARGUMENT = st.sampled_from(["", "+", "a", "a+b", "-50", "2026-12-25", "indication", "\x1b[2J"]) | st.text(max_size=4)
FLAGS = st.builds(lambda code, about: ":".join((code, *about)), st.sampled_from(CODES), st.lists(ARGUMENT, max_size=5))


def headline(*flags: str, urgency: str = "avoid") -> str:
    found = Judgement("P", "d", "advised", urgency, action="avoid", flags=flags)
    return details.headline_of("avoid", found, LEXICON, {})


@pytest.mark.parametrize("code", CODES)
def test_a_flag_with_too_few_arguments_changes_nothing(code):
    assert headline(code) == headline(f"{code}:") == "avoid"
    found = Judgement("P", "d", "advised", "avoid", flags=(code, f"{code}:"))
    assert details.later(found, LEXICON) == details.doses(found, LEXICON) == details.not_fitting(found) == ""
    assert details.set_aside(found, ()) == ""


def test_those_that_say_enough_are_told_beside_those_that_do_not():
    told = headline("causes:codeine", "causes:codeine:CYP2D6:bupropion", "causes", urgency="monitor")
    assert "it acts on codeine (through CYP2D6, together with bupropion); for itself: avoid" in told
    assert "together" not in headline("causes:codeine:CYP2D6:+", urgency="monitor")
    told = headline("cause:x", "still_acting:x", "cause:paroxetine:CYP2D6:standard", "gives_way:paroxetine")
    assert told == "change paroxetine first, if that is possible (without it: use as usual); otherwise avoid"


def test_what_is_measured_beside_a_dose_stands_behind_it():
    found = Judgement(
        "P", "atomoxetine", "advised", "monitor", action="standard_with_caution", flags=("dose:40:mg/day",)
    )
    told = details.headline_of("standard dose, with caution", found, LEXICON, {}, checks="; check drug level in blood")
    assert told == "standard dose, with caution, 40 mg/day; check drug level in blood"


def test_that_a_medicine_is_not_to_be_started_is_said_once():
    idle = "not_started:d"
    both = headline(idle, "causes:simvastatin:CYP3A4::contraindicated:FDA label", "cause:rifampin::standard")
    assert both == (
        "do not start this one; choose another medicine: it acts on simvastatin (through CYP3A4: contraindicated, FDA "
        "label); for itself: not as long as rifampin is taken (without it: use as usual); otherwise avoid"
    )
    beside = headline(idle, "causes:simvastatin:CYP3A4", "not_together:clopidogrel:avoid:FDA label")
    assert beside.count("start") == 1 and "; not together with clopidogrel (avoid, FDA label)" in beside
    alone = headline(idle, "not_together:clopidogrel:avoid:FDA label", "cause:rifampin::standard")
    assert alone.count("start") == 1 and "; for itself: not as long as rifampin is taken" in alone


@pytest.mark.parametrize(
    ("alternatives", "flags", "said"),
    [
        (("febuxostat",), (), "febuxostat"),
        (("a",), ("alternative_ruled_out:b:allergy",), "a; not b (an allergy is recorded)"),
        (
            (),
            ("alternative_ruled_out:b:allergy",),
            "no drug that a source names fits this person: b (an allergy is recorded)",
        ),
        ((), (), ""),
    ],
)
def test_where_no_alternative_fits_that_is_said(alternatives, flags, said):
    judged = Judgement("P", "d", "advised", "avoid", action="avoid", alternatives=alternatives, flags=flags)
    assert drug_of("d", [], "current", judgement=judged, lexicon=LEXICON).instead_said == said


@given(st.lists(FLAGS, max_size=4), st.sampled_from(["avoid", "change_dose", "standard"]))
def test_a_headline_is_made_of_any_flags(flags, urgency):
    told = headline(*flags, urgency=urgency)
    assert "avoid" in told and "\x1b" not in told


def test_that_a_dose_is_looked_at_again_is_said_once():
    anyway = "ruled_out_itself:valproic acid"
    told = headline(anyway, urgency="change_dose")
    assert told == "avoid; valproic acid is not for this person anyway: the dose is looked at again without it"
    counted = headline(anyway, "undated:valproic acid", urgency="change_dose")
    assert counted == "avoid; valproic acid is not for this person anyway"
    later = headline(anyway, "once:valproic acid:reduce_dose:-50", urgency="change_dose")
    assert later.count("not for this person anyway") == 1
