"""What each feature adds to a sum of trees: exact Shapley values of path-dependent trees, as xgboost gives them.

xgboost's own ``pred_contribs`` walks every tree for every row. But a tree cannot tell rows apart that lie on the
same side of each of its splits, and small trees have few such patterns: here each pattern is solved once, in double
precision and in a fixed order, so that a row's answer does not depend on the rows beside it, the number of
threads or the machine. The values are those of Lundberg, Erion and Lee (2018), arXiv:1802.03888, leaf by leaf.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import factorial, prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Matrix = NDArray[np.float32]
_LARGEST_TABLE = 1 << 16
_FEW = 8
"""Rows up to which each is solved: looking for equal ones would take longer."""


@dataclass(frozen=True, slots=True)
class Tree:
    """One tree, by leaves.

    Parameters
    ----------
    edges
        Feature -> sorted values that it is split at, float32.
    value
        float64 (leaves,).
    feature, low, high, missing, share
        (leaves, slots): features on the way to the leaf, the values that lead there (low <= x < high, or missing), and
        the share of the training rows that go there at those splits. Slots beyond a leaf's way have feature -1.
    """

    edges: dict[int, Matrix]
    value: Floats
    feature: NDArray[np.int64]
    low: Matrix
    high: Matrix
    missing: NDArray[np.bool_]
    share: Floats


def contributions(trees: list[Tree], x: Matrix) -> Floats:
    """Return contributions per feature and the bias (last), float64 (n, p + 1); rows sum to the trees' margin."""
    out = np.zeros((len(x), x.shape[1] + 1))
    if not len(x):
        return out
    few = len(x) <= _FEW
    sides = _Sides(x, [] if few else trees)
    for tree in trees:
        size = prod(len(edges) + 2 for edges in tree.edges.values())
        if few or size > _LARGEST_TABLE:
            for feature, values in _solve(tree, x).items():
                out[:, feature] += values
        else:
            code = sides.codes(tree)
            example = np.full(size, -1, dtype=np.int64)
            example[code] = np.arange(len(x))
            met = np.flatnonzero(example >= 0)
            table = np.zeros(size)
            for feature, values in _solve(tree, x[example[met]]).items():
                table[met] = values
                out[:, feature] += table[code]
        out[:, -1] += (tree.value * tree.share.prod(axis=1)).sum()
    return out


def read(content: bytes) -> list[Tree]:
    """Return the trees of an xgboost booster from its JSON bytes."""
    model = json.loads(content)["learner"]["gradient_booster"]["model"]
    return [_tree(tree) for tree in model["trees"]]


_Way = dict[int, tuple[float, float, bool, float]]


def _tree(raw: Mapping[str, Any]) -> Tree:
    # xgboost counts in single precision; JSON has the shortest decimals that lead back to it.
    cover = np.array(raw["sum_hessian"], dtype=np.float32).tolist()
    leaves = list(_leaves(raw, cover, 0, {}))
    slots = max((len(way) for _, way in leaves), default=0)
    shape = (len(leaves), slots)
    feature = np.full(shape, -1, dtype=np.int64)
    low, high = np.full(shape, -np.inf, dtype=np.float32), np.full(shape, np.inf, dtype=np.float32)
    missing, share = np.ones(shape, dtype=np.bool_), np.ones(shape)
    values: dict[int, set[float]] = {}
    for i, (_, way) in enumerate(leaves):
        for j, (one, (start, end, gap, part)) in enumerate(way.items()):
            feature[i, j], low[i, j], high[i, j], missing[i, j], share[i, j] = one, start, end, gap, part
            values.setdefault(one, set()).update(v for v in (start, end) if np.isfinite(v))
    edges = {one: np.array(sorted(values[one]), dtype=np.float32) for one in sorted(values)}
    return Tree(edges, np.array([value for value, _ in leaves]), feature, low, high, missing, share)


def _leaves(raw: Mapping[str, Any], cover: list[float], node: int, way: _Way) -> Iterator[tuple[float, _Way]]:
    """Yield each leaf's value and the splits on the way to it, those of one feature put together."""
    left, right = raw["left_children"][node], raw["right_children"][node]
    value = float(np.float32(raw["split_conditions"][node]))
    if left < 0:
        yield value, way
        return
    feature, leftward = raw["split_indices"][node], bool(raw["default_left"][node])
    low, high, gap, part = way.get(feature, (-np.inf, np.inf, True, 1.0))
    below = (low, min(high, value), gap and leftward, part * cover[left] / cover[node])
    above = (max(low, value), high, gap and not leftward, part * cover[right] / cover[node])
    yield from _leaves(raw, cover, left, way | {feature: below})
    yield from _leaves(raw, cover, right, way | {feature: above})


def _solve(tree: Tree, x: Matrix) -> dict[int, Floats]:
    """Return feature -> Shapley values of the rows, float64 (n,), for the features of one tree."""
    found = {feature: np.zeros(len(x)) for feature in tree.edges}
    leaves, slots = tree.feature.shape
    if not slots:
        return found
    at = x[:, np.maximum(tree.feature, 0)]
    goes = np.where(np.isnan(at), tree.missing, (at >= tree.low) & (at < tree.high)).astype(np.float64)
    goes = np.where(tree.feature < 0, 1.0, goes)
    weights = [factorial(s) * factorial(slots - 1 - s) / factorial(slots) for s in range(slots)]
    for slot in range(slots):
        # Coefficient s: sum over the sets of s other features that are known, the rest being averaged over.
        sets = [np.ones((len(x), leaves))]
        for other in range(slots):
            if other != slot:
                grown = [part * tree.share[:, other] for part in sets] + [np.zeros((len(x), leaves))]
                for s, part in enumerate(sets):
                    grown[s + 1] = grown[s + 1] + part * goes[:, :, other]
                sets = grown
        total = np.zeros((len(x), leaves))
        for weight, part in zip(weights, sets, strict=True):
            total += weight * part
        total *= (goes[:, :, slot] - tree.share[:, slot]) * tree.value
        for leaf in range(leaves):
            if tree.feature[leaf, slot] >= 0:
                found[int(tree.feature[leaf, slot])] += total[:, leaf]
    return found


class _Sides:
    """On which side of every split value each row lies, feature by feature; missing is a side of its own."""

    def __init__(self, x: Matrix, trees: list[Tree]) -> None:
        self.edges, self.sides = {}, {}
        for feature in sorted({feature for tree in trees for feature in tree.edges}):
            edges = np.unique(np.concatenate([tree.edges[feature] for tree in trees if feature in tree.edges]))
            side = np.searchsorted(edges, x[:, feature], side="right")
            self.edges[feature] = edges
            self.sides[feature] = np.where(np.isnan(x[:, feature]), len(edges) + 1, side)
        self.rows = len(x)

    def codes(self, tree: Tree) -> NDArray[np.int64]:
        """Return each row's pattern in one tree, int64 (n,)."""
        code = np.zeros(self.rows, dtype=np.int64)
        for feature, values in tree.edges.items():
            inner = np.searchsorted(values, self.edges[feature], side="right")
            side = np.r_[0, inner, len(values) + 1]
            code = code * (len(values) + 2) + side[self.sides[feature]]
        return code
