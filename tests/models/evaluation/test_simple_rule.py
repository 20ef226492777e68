"""The simple rule that a model is compared with: which endpoints have one, and what it predicts."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from pgx.knowledge import KnowledgeBase
from pgx.models.evaluation import baselines
from pgx.models.evidence import endpoints


@pytest.mark.parametrize(
    ("name", "divided"),
    [
        ("clopidogrel.mace", True),
        ("warfarin.high_dose_need", True),
        ("warfarin.dose", False),
        ("isoniazid.exposure", True),
    ],
)
def test_a_reading_or_a_threshold_divides_persons_in_two(kb: KnowledgeBase, name: str, divided: bool) -> None:
    one = endpoints.get(kb, name)
    assert baselines.has_rule(one) == divided
    assert not baselines.has_rule(replace(one, rule=None, threshold=None))


def test_each_side_has_its_own_average_and_a_person_and_a_half_of_the_whole(kb: KnowledgeBase) -> None:
    here = np.array([True, True, False, False, False])
    y = np.array([1.0, 1.0, 0.0, 0.0, 1.0])
    risk = baselines.rule(endpoints.get(kb, "clopidogrel.mace"), y, here, np.array([True, False]))
    pointed, others = (2 + 1.5 * 0.6) / 3.5, (1 + 1.5 * 0.6) / 4.5
    assert risk == pytest.approx([np.log(p / (1 - p)) for p in (pointed, others)])
    dose = baselines.rule(endpoints.get(kb, "warfarin.dose"), y, here, np.array([True, False]))
    assert dose == pytest.approx([pointed, others])
