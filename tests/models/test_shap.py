"""Contributions of the trees: xgboost's own to its single precision, and the same whatever else is in the table."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pgx.models.fitting import boost
from pgx.models.scoring import shap


def _data(n: int, seed: int) -> tuple[boost.Matrix, boost.Floats]:
    rng = np.random.default_rng(seed)
    x = np.round(rng.normal(size=(n, 5)), 1).astype(np.float32)
    x[rng.random(x.shape) < 0.2] = np.nan
    return x, np.nan_to_num(x[:, 0]) * np.nan_to_num(x[:, 1]) + rng.normal(size=n)


@pytest.mark.parametrize("depth", [1, 2, 3, 5])
@pytest.mark.parametrize("link", ["sqrt", "logit"])
def test_they_are_xgboosts(depth: int, link: str) -> None:
    import xgboost as xgb

    x, y = _data(500, depth)
    y = y if link == "sqrt" else (y > 0).astype(np.float64)
    grown = boost.grow(x, y, np.zeros(500), link, [0] * 5, 15, boost.Settings(depth=depth, leaf_weight=1.0))
    trees = shap.read(grown)
    sides = [np.unique(tree.edges[feature]) for tree in trees for feature in tree.edges]
    x[: len(sides[0]), 0] = sides[0]  # values right on a split
    theirs = boost.open_booster(grown).predict(xgb.DMatrix(x, base_margin=np.zeros(500)), pred_contribs=True)
    np.testing.assert_allclose(shap.contributions(trees, x), theirs, atol=2e-6)


@pytest.mark.parametrize("link", ["sqrt", "logit"])
def test_json_keeps_every_bit_of_the_trees(link: str) -> None:
    """As grown, as JSON and as UBJSON: the same predictions and contributions; our own take the covers as float32."""
    import xgboost as xgb

    x, y = _data(800, 21)
    y = y if link == "sqrt" else (y > 0).astype(np.float64)
    rows = xgb.DMatrix(x, base_margin=np.zeros(800))
    grown = boost.open_booster(boost.grow(x, y, np.zeros(800), link, [0] * 5, 30, boost.Settings()))
    for kind in ("json", "ubj"):
        again = boost.open_booster(bytes(grown.save_raw(kind)))
        for how in ({"output_margin": True}, {"pred_contribs": True}):
            assert again.predict(rows, **how).tobytes() == grown.predict(rows, **how).tobytes(), (kind, how)
        assert boost.saved(again) == boost.saved(grown)
    whole = json.loads(boost.saved(grown))
    for tree in whole["learner"]["gradient_booster"]["model"]["trees"]:
        tree["sum_hessian"] = np.array(tree["sum_hessian"], dtype=np.float32).astype(float).tolist()
    ours = [shap.contributions(shap.read(one), x) for one in (boost.saved(grown), json.dumps(whole).encode())]
    assert ours[0].tobytes() == ours[1].tobytes()


@settings(max_examples=20, deadline=None)
@given(st.lists(st.integers(0, 299), min_size=1, max_size=30))
def test_company_does_not_matter_to_the_last_bit(rows: list[int]) -> None:
    whole = shap.contributions(_TREES, _X)
    assert shap.contributions(_TREES, _X[rows]).tobytes() == whole[rows].tobytes()


def test_large_trees_are_solved_without_a_table(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = shap.contributions(_TREES, _X)
    monkeypatch.setattr(shap, "_LARGEST_TABLE", 1)
    assert shap.contributions(_TREES, _X).tobytes() == whole.tobytes()


def test_no_rows_give_no_rows() -> None:
    assert shap.contributions(_TREES, _X[:0]).shape == (0, 6)


_X, _Y = _data(300, 9)
_TREES = shap.read(boost.grow(_X, _Y, np.zeros(300), "sqrt", [1, 0, 0, 0, 0], 20, boost.Settings()))
