"""The headline of a drug is made whatever shape the flags of a stored result have."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgx.judgement import Judgement
from pgx.reports.page import details
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
    told = headline("cause:x", "still_acting:x", "cause:paroxetine:CYP2D6:standard")
    assert told == "change paroxetine first, if that is possible (without it: use as usual); otherwise avoid"


@given(st.lists(FLAGS, max_size=4), st.sampled_from(["avoid", "change_dose", "standard"]))
def test_a_headline_is_made_of_any_flags(flags, urgency):
    told = headline(*flags, urgency=urgency)
    assert "avoid" in told and "\x1b" not in told
