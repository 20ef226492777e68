"""Names that are almost alike: the answers of `difflib`, without its time."""

from __future__ import annotations

import difflib
import random

import pytest

from pgx.knowledge.near_names import NearNames

NAMES = [
    "heart_failure",
    "heart_rate",
    "liver_disease",
    "liver_failure",
    "kidney_disease",
    "weight",
    "weight_kg",
    "größe",
    "a",
    "",
]


@pytest.mark.parametrize("cutoff", [0.6, 0.75, 0.9])
def test_the_answers_are_those_of_difflib(cutoff):
    draw = random.Random(11)
    names = NearNames(NAMES)
    for _ in range(600):
        name = list(draw.choice(NAMES))
        for _ in range(draw.randint(0, 5)):
            name.insert(draw.randint(0, len(name)), draw.choice("abcdefghijklmnopqrstuvwxyz_ö"))
        text = "".join(name)
        assert names.close(text, cutoff=cutoff) == (
            difflib.get_close_matches(text, NAMES, n=2, cutoff=cutoff) if text else []
        )


def test_only_names_that_share_letters_are_compared(monkeypatch):
    compared = []
    monkeypatch.setattr(difflib, "get_close_matches", lambda name, names, **_: compared.extend(names) or [])
    NearNames(["heart_failure", "xyz", "qqqqqqqqqqqqq"]).close("haert_failure")
    assert compared == ["heart_failure"]


def test_no_name_is_like_none():
    assert NearNames([]).close("weight") == []
