"""What is said of differences follows from their intervals, at zero and beside it too."""

from __future__ import annotations

import pytest

from pgx.models.store import card


def _row(low: float, high: float, against: str = "base_rate", design: str = "person") -> dict[str, object]:
    middle = (low + high) / 2
    return {"design": design, "against": against, "measure": "log_loss", "difference": middle, "low": low, "high": high}


def test_a_model_that_loses_as_much_as_another_is_said_to_be_as_good() -> None:
    rows = [_row(0.0, 0.0), _row(0.0, 0.0, "prior"), _row(-0.1, 0.1, "linear")]
    lines = card.as_good(rows)
    assert [line for line in lines if "exactly as good" in line] == [
        "the model is exactly as good as the base rate and the published prior: their losses are the same"
    ]
    assert [line for line in lines if "not shown to be better" in line and "base rate" not in line]
    assert not card.better(rows)


@pytest.mark.parametrize(
    ("low", "high", "says"),
    [
        (2e-5, 4e-5, "does worse than the base rate (difference in log_loss +3.0e-05, 95 % +2.0e-05 to +4.0e-05)"),
        (-1e-5, 3e-5, "is not shown to be better than the base rate (difference in log_loss +1.0e-05, 95 % -1.0e-05"),
        (0.0, 0.2, "is not shown to be better than the base rate (difference in log_loss +0.1000, 95 % +0.0000 to"),
        (-0.02, 0.4, "is not shown to be better than the base rate (difference in log_loss +0.1900, 95 % -0.0200 to"),
    ],
)
def test_small_differences_show_the_side_that_they_are_on(low: float, high: float, says: str) -> None:
    (line,) = card.as_good([_row(low, high)])
    assert line.startswith(f"the model {says}")


def test_an_interval_below_zero_is_better_alone() -> None:
    assert card.as_good([_row(-4e-5, -2e-5)]) == []
    assert len(card.better([_row(-4e-5, -2e-5)])) == 1


def test_columns_that_are_not_used_are_named_with_the_reason_and_many_are_counted() -> None:
    assert card.columns_not_used({}) == []
    training = {"columns_not_used": {"visit": "a date", "ward": "constant", "born": "a date"}}
    assert card.columns_not_used(training) == ["visit, born (a date)", "ward (constant)"]
    many = {"columns_not_used": {f"c{j:02d}": "constant" for j in range(14)}}
    (line,) = card.columns_not_used(many)
    assert line.endswith("c11 and 2 more (constant)")
