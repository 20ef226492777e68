"""One structural event, told in any number of ways, is counted once."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgx.variants.sites.structural_events import Absent, Carried, DisagreementError, Stretch, change

LENGTH = 10_000


def stretch(first: int = 1000, length: int = LENGTH, gain: bool = False, file: str = "a", where: str = "1") -> Stretch:
    return Stretch(first, first + length - 1, gain, file, where)


@st.composite
def tellings(draw: st.DrawFn) -> tuple[list[tuple[int, int]], list[Carried]]:
    """Draw the true events of a person, far apart, and records that tell each of them in their own way."""
    truth = draw(st.lists(st.sampled_from([(-1, 0), (0, -1), (-1, -1), (1, 0), (0, 2), (1, 1)]), max_size=3))
    told = []
    for number, strands in enumerate(truth):
        for copy in range(draw(st.integers(1, 4))):
            shift, longer = draw(st.integers(-1500, 1500)), draw(st.integers(-1500, 1500))
            file = draw(st.sampled_from("abc"))
            where = stretch(number * 10 * LENGTH + shift, LENGTH + longer, sum(strands) > 0, file, f"{number}.{copy}")
            turned = strands if draw(st.booleans()) else strands[::-1]
            told.append(Carried(where, turned))
    return truth, draw(st.permutations(told))


@given(tellings())
def test_the_change_is_that_of_the_events_however_often_they_are_told(
    drawn: tuple[list[tuple[int, int]], list[Carried]],
) -> None:
    truth, told = drawn
    assert change(told) == sum(sum(strands) for strands in truth)


@given(st.lists(st.tuples(st.integers(0, 30_000), st.integers(1, 20_000)), min_size=1, max_size=5))
def test_the_order_of_the_records_makes_no_difference(drawn: list[tuple[int, int]]) -> None:
    told = [Carried(stretch(first, length, where=str(n)), (-1, 0)) for n, (first, length) in enumerate(drawn)]
    assert len({change(order) for order in itertools.islice(itertools.permutations(told), 24)}) == 1


@pytest.mark.parametrize(("length", "events"), [(LENGTH, 1), (2 * LENGTH, 1), (2 * LENGTH + 1, 2), (LENGTH // 2, 1)])
def test_half_of_each_other_makes_one_event(length: int, events: int) -> None:
    assert change([Carried(stretch(), (-1, 0)), Carried(stretch(length=length, where="2"), (-1, 0))]) == -events


def test_phase_keeps_two_events_apart_whatever_else_is_told() -> None:
    phased = [Carried(stretch(where="1"), (-1, 0), 0), Carried(stretch(where="2"), (0, -1), 0)]
    unphased = Carried(stretch(where="3"), (0, -1))
    for order in itertools.permutations([*phased, unphased]):
        assert change(order) == -2


@pytest.mark.parametrize(
    "others",
    [
        [Carried(stretch(where="2"), (-1, -1))],
        [Carried(stretch(where="2", gain=True), (1, 0))],
        [Carried(stretch(where="2", file="b", gain=True), (0, 1))],
    ],
)
def test_records_that_contradict_each_other_have_no_answer(others: list[Carried]) -> None:
    with pytest.raises(DisagreementError, match="tell"):
        change([Carried(stretch(), (-1, 0)), *others])


def test_a_record_that_denies_the_event() -> None:
    carried = [Carried(stretch(), (-1, 0))]
    everyone = np.array([True])
    assert change(carried, [Absent(stretch(first=1200, where="2"), everyone)]) == -1  # another allele of the cohort
    assert change(carried, [Absent(stretch(file="b", gain=True), everyone)]) == -1
    for denial in (stretch(where="2"), stretch(first=1200, file="b")):
        with pytest.raises(DisagreementError, match="different genotypes"):
            change(carried, [Absent(denial, everyone)])
