"""Answers are kept as long as somebody asks for them, and memory stays bounded."""

from __future__ import annotations

from pgx.knowledge.recent import Recent


def test_what_is_asked_for_stays_and_the_rest_is_forgotten():
    recent = Recent(most=10)
    recent.keep("often", "kept")
    recent.keep("once", "forgotten")
    for number in range(100):
        recent.keep(number, number)
        assert recent.find("often") == "kept"
    assert recent.find("once") is None


def test_no_more_than_two_generations_are_held():
    recent = Recent(most=10)
    for number in range(1000):
        recent.keep(number, number, weight=2)
    assert sum(recent.find(number) is not None for number in range(1000)) <= 10


def test_a_heavy_answer_fills_a_generation_alone():
    recent = Recent(most=10)
    recent.keep("light", 1)
    recent.keep("heavy", 2, weight=50)
    recent.keep("next", 3)
    recent.keep("another heavy", 4, weight=50)
    recent.keep("last", 5)
    assert recent.find("light") is None and recent.find("last") == 5
