"""Measures of performance, with plain numpy."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from pgx.models.boost import Floats


def dose(truth: Floats, predicted: Floats) -> dict[str, float]:
    """Return MAE (mg/week), percentage within 20 % of the true dose, and R2."""
    error = np.abs(predicted - truth)
    total = float(((truth - truth.mean()) ** 2).sum())
    return {
        "mae": float(error.mean()),
        "within_20_percent": float((error <= 0.2 * truth).mean() * 100.0),
        "r2": 1.0 - float((error**2).sum()) / total if total > 0 else float("nan"),
    }


def risk(y: Floats, margin: Floats) -> dict[str, float]:
    """Return AUC, Brier score, log-loss, and calibration slope and intercept of log odds `margin`."""
    p = 1.0 / (1.0 + np.exp(-margin))
    intercept, slope = calibration(y, margin)
    return {
        "auc": auc(y, margin),
        "brier": float(((p - y) ** 2).mean()),
        "log_loss": float(np.logaddexp(0.0, np.where(y > 0.5, -margin, margin)).mean()),
        "calibration_intercept": intercept,
        "calibration_slope": slope,
    }


def auc(y: Floats, value: Floats) -> float:
    """Return the area under the ROC curve, ties counted half; NaN if there is one class only."""
    positive, negative = np.sort(value[y > 0.5]), np.sort(value[y <= 0.5])
    if not len(positive) or not len(negative):
        return float("nan")
    below = np.searchsorted(negative, positive, "left")
    upto = np.searchsorted(negative, positive, "right")
    return float((below + upto).sum() / 2.0 / len(positive) / len(negative))


def calibration(y: Floats, margin: Floats) -> tuple[float, float]:
    """Return the intercept (calibration in the large, slope 1) and the slope of a logistic regression on the margin.

    Both are NaN where all outcomes are the same, the slope also where all margins are.
    """
    if y.min() == y.max():
        return float("nan"), float("nan")
    intercept = 0.0
    for _ in range(60):
        p = 1.0 / (1.0 + np.exp(-np.clip(margin + intercept, -35, 35)))
        step = (y - p).sum() / max(float((p * (1 - p)).sum()), 1e-9)
        intercept += float(np.clip(step, -2, 2))
        if abs(step) < 1e-9:
            break
    if np.std(margin) < 1e-9:
        return intercept, float("nan")
    design = np.column_stack([np.ones_like(margin), margin])
    beta = np.array([0.0, 1.0])
    for _ in range(60):
        p = 1.0 / (1.0 + np.exp(-np.clip(design @ beta, -35, 35)))
        hessian = (design * (p * (1 - p))[:, None]).T @ design + 1e-9 * np.eye(2)
        step2 = np.clip(np.linalg.solve(hessian, design.T @ (y - p)), -2, 2)
        beta = beta + step2
        if np.abs(step2).max() < 1e-9:
            break
    return intercept, float(beta[1])


def net_benefit(y: Floats, acts: Floats, threshold: float) -> float:
    """Return the net benefit of acting on the persons where `acts` is true (Vickers and Elkin 2006)."""
    n = len(y)
    true, false = float((acts * y).sum()), float((acts * (1 - y)).sum())
    return true / n - false / n * threshold / (1.0 - threshold)


def corrected_interval(
    differences: Sequence[float], test_share: float, level: float = 0.95
) -> tuple[float, float, float]:
    """Return mean and interval of paired differences over resampled folds.

    Parameters
    ----------
    differences
        One difference a fold.
    test_share
        n_test / n_train of a fold.
    level
        Coverage.

    Notes
    -----
    The folds share training persons; the variance is inflated as Nadeau and Bengio (Machine Learning 2003;52:239) do.
    """
    values = np.asarray(differences, dtype=np.float64)
    mean = float(values.mean())
    if len(values) < 2:
        return mean, float("nan"), float("nan")
    se = math.sqrt(float(values.var(ddof=1)) * (1.0 / len(values) + test_share))
    half = _t_quantile(0.5 + level / 2.0, len(values) - 1) * se
    return mean, mean - half, mean + half


def _t_quantile(share: float, degrees: int) -> float:
    """Student's t quantile by Hill's expansion of the normal one; error below 0.01 from 3 degrees on."""
    z = _normal_quantile(share)
    d = float(degrees)
    return (
        z
        + (z**3 + z) / (4 * d)
        + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * d**2)
        + (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / (384 * d**3)
    )


def _normal_quantile(share: float) -> float:
    from statistics import NormalDist

    return NormalDist().inv_cdf(share)
