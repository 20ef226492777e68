"""The booster: xgboost started from a margin, deterministic."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Matrix = NDArray[np.float32]
_BLOCK = 16_384
"""Rows that trees are asked of at a time."""


@dataclass(frozen=True, slots=True)
class Settings:
    """How trees are grown; the defaults are strongly regularised, as befits a correction to published evidence.

    Parameters
    ----------
    max_trees, step
        Largest number of trees tried, and the grid's step (0 trees is always tried).
    depth, rate, subsample, columns, leaf_weight, l2, bins
        xgboost's ``max_depth``, ``eta``, ``subsample``, ``colsample_bytree``, ``min_child_weight``, ``lambda``,
        ``max_bin``.
    seed, threads
        Seed, and number of threads for growing; one gives the same trees on every machine.
    """

    max_trees: int = 160
    step: int = 20
    depth: int = 3
    rate: float = 0.05
    subsample: float = 0.8
    columns: float = 0.5
    leaf_weight: float = 5.0
    l2: float = 3.0
    bins: int = 64
    seed: int = 20261101
    threads: int = 1


def binned(x: Matrix, settings: Settings, weight: Floats | None = None) -> Any:
    """Return the matrix as trees are grown from it: in bins, an eighth to a quarter of its size.

    Parameters
    ----------
    x
        float32 (n, p), NaN = missing; it is not kept.
    settings
        How many bins, and threads.
    weight
        float64 (n,): what a row counts; None = 1 each.
    """
    import xgboost as xgb

    return xgb.QuantileDMatrix(x, weight=weight, max_bin=settings.bins, nthread=settings.threads)


def grow(
    x: Matrix | Any,
    y: Floats,
    margin: Floats | None,
    link: str,
    monotone: Sequence[int],
    trees: int,
    settings: Settings,
    weight: Floats | None = None,
) -> bytes:
    """Grow trees on top of a margin and return them as JSON.

    Parameters
    ----------
    x
        float32 (n, p), NaN = missing; it is binned, not copied. Or the bins, made with the same weights (`binned`).
    y
        float64 (n,): outcome on the link scale (square root of the dose, logarithm of a level), or 0/1.
    margin
        float64 (n,) that the trees correct; None starts from the outcome's mean.
    link
        ``sqrt`` or ``log`` (pseudo-Huber loss), or ``logit`` (log-loss).
    monotone
        -1, 0 or 1 per column.
    trees
        Number of trees.
    settings
        How to grow them.
    weight
        float64 (n,): what a row counts; None = 1 each.
    """
    import xgboost as xgb

    risk = link == "logit"
    parameters: dict[str, Any] = {
        "objective": "binary:logistic" if risk else "reg:pseudohubererror",
        "tree_method": "hist",
        "max_bin": settings.bins,
        "max_depth": settings.depth,
        "eta": settings.rate,
        "subsample": settings.subsample,
        "colsample_bytree": settings.columns,
        "min_child_weight": settings.leaf_weight,
        "lambda": settings.l2,
        "seed": settings.seed,
        "nthread": settings.threads,
        "monotone_constraints": "(" + ",".join(str(m) for m in monotone) + ")",
        "verbosity": 0,
    }
    if margin is not None:
        parameters["base_score"] = 0.5 if risk else 0.0

    data = binned(x, settings, weight) if isinstance(x, np.ndarray) else x
    data.set_info(label=y, base_margin=margin)
    return saved(xgb.train(parameters, data, num_boost_round=trees))


def path(content: bytes, x: Matrix, counts: Sequence[int]) -> Floats:
    """Return what the first trees add to a margin of 0, for each of these rising numbers of trees, float64 (k, n)."""
    import xgboost as xgb

    booster, found = open_booster(content, 1), np.zeros((len(counts), len(x)))
    for rows in _blocks(len(x)):
        part, first = x[rows], 0
        data = xgb.DMatrix(part, base_margin=np.zeros(len(part)))
        for i, last in enumerate(counts):
            if i:
                found[i, rows] = found[i - 1, rows]
            found[i, rows] += booster.predict(data, output_margin=True, iteration_range=(first, last))
            first = last
    return found


def _blocks(n: int) -> Iterator[slice]:
    """Yield slices of rows: what trees are asked of is copied in a form of twice its size."""
    for first in range(0, n, _BLOCK):
        yield slice(first, min(first + _BLOCK, n))


def open_booster(content: bytes, threads: int = 2) -> Any:
    """Return an xgboost booster from its JSON bytes."""
    import xgboost as xgb

    booster = xgb.Booster({"nthread": threads})
    booster.load_model(bytearray(content))
    return booster


def saved(booster: Any) -> bytes:
    """Return a booster as JSON."""
    return bytes(booster.save_raw("json"))


def margins(booster: Any, x: Matrix, trees: int = 0, start: Floats | None = None) -> Floats:
    """Return what the first `trees` trees (0 = all) add to a margin of 0 (or to `start`), float64 (n,)."""
    import xgboost as xgb

    found = np.empty(len(x))
    for rows in _blocks(len(x)):
        part = x[rows]
        data = xgb.DMatrix(part, base_margin=np.zeros(len(part)) if start is None else start[rows])
        found[rows] = booster.predict(data, output_margin=True, iteration_range=(0, trees))
    return found
