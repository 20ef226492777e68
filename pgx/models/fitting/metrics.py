"""Measures of performance."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from pgx.models.evidence.links import sigmoid
from pgx.models.fitting.boost import Floats


def dose(truth: Floats, predicted: Floats, log: bool = False) -> dict[str, float]:
    """Return MAE (in the unit), percentage within 20 % of the truth, and R2; with `log`, both of logarithms too."""
    if log:
        apart = dose(np.log(truth), np.log(predicted))
        return dose(truth, predicted) | {"mae_log": apart["mae"], "r2_log": apart["r2"]}
    error = np.abs(predicted - truth)
    total = float(((truth - truth.mean()) ** 2).sum())
    return {
        "mae": float(error.mean()),
        "within_20_percent": float((error <= 0.2 * truth).mean() * 100.0),
        "r2": 1.0 - float((error**2).sum()) / total if total > 0 else float("nan"),
    }


def risk(y: Floats, margin: Floats, weight: Floats | None = None) -> dict[str, float]:
    """Return AUC, Brier score, log-loss, and calibration slope and intercept of log odds `margin`.

    Parameters
    ----------
    y, margin
        Outcome (0 or 1) and log odds, float64 (n,).
    weight
        float64 (n,): how many persons of the population a row stands for; None = one each. The AUC needs none.
    """
    w = np.ones(len(y)) if weight is None else weight
    p = sigmoid(margin)
    intercept, slope = calibration(y, margin, w)
    return {
        "auc": auc(y, margin),
        "brier": float(np.average((p - y) ** 2, weights=w)),
        "log_loss": float(np.average(np.logaddexp(0.0, np.where(y > 0.5, -margin, margin)), weights=w)),
        "calibration_intercept": intercept,
        "calibration_slope": slope,
    }


def weights_to(y: Floats, population_risk: float) -> Floats | None:
    """Return what cases and controls of a case-control cohort stand for; None if all rows have the same outcome."""
    share = float(y.mean())
    if not 0.0 < share < 1.0:
        return None
    return np.where(y > 0.5, population_risk / share, (1.0 - population_risk) / (1.0 - share))


def auc(y: Floats, value: Floats) -> float:
    """Return the area under the ROC curve, ties counted half; NaN if there is one class only."""
    positive, negative = np.sort(value[y > 0.5]), np.sort(value[y <= 0.5])
    if not len(positive) or not len(negative):
        return float("nan")
    below = np.searchsorted(negative, positive, "left")
    upto = np.searchsorted(negative, positive, "right")
    return float((below + upto).sum() / 2.0 / len(positive) / len(negative))


def calibration(y: Floats, margin: Floats, weight: Floats | None = None) -> tuple[float, float]:
    """Return the intercept (calibration in the large, slope 1) and the slope of a logistic regression on the margin.

    Both are NaN where all outcomes are the same, the slope also where all margins are.
    """
    if y.min() == y.max():
        return float("nan"), float("nan")
    w = np.ones(len(y)) if weight is None else weight
    intercept = 0.0
    for _ in range(60):
        p = sigmoid(np.clip(margin + intercept, -35, 35))
        step = (w * (y - p)).sum() / max(float((w * p * (1 - p)).sum()), 1e-9)
        intercept += float(np.clip(step, -2, 2))
        if abs(step) < 1e-9:
            break
    if np.std(margin) < 1e-9:
        return intercept, float("nan")
    design = np.column_stack([np.ones_like(margin), margin])
    beta = np.array([0.0, 1.0])
    for _ in range(60):
        p = sigmoid(np.clip(design @ beta, -35, 35))
        hessian = (design * (w * p * (1 - p))[:, None]).T @ design + 1e-9 * np.eye(2)
        step2 = np.clip(np.linalg.solve(hessian, design.T @ (w * (y - p))), -2, 2)
        beta = beta + step2
        if np.abs(step2).max() < 1e-9:
            break
    return intercept, float(beta[1])


def net_benefit(y: Floats, acts: Floats, threshold: float, weight: Floats | None = None) -> float:
    """Return the net benefit of acting on the persons where `acts` is true (Vickers and Elkin 2006)."""
    w = np.ones(len(y)) if weight is None else weight
    n = float(w.sum())
    true, false = float((w * acts * y).sum()), float((w * acts * (1 - y)).sum())
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
    half = t_quantile(0.5 + level / 2.0, len(values) - 1) * se
    return mean, mean - half, mean + half


def t_quantile(share: float, degrees: int) -> float:
    """Return Student's t quantile."""
    from scipy import stats

    return float(stats.t.ppf(share, degrees))
