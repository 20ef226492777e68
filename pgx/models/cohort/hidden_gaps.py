"""Missing values that must say nothing: drawn from the known ones for training, at the mean for scores."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from pgx.models.cohort.cohort import Cohort
from pgx.models.fitting.boost import Floats, Matrix


def fill(x: Matrix, center: Floats) -> Matrix:
    """Return the matrix with missing values at the feature's mean: how persons are scored by a blinded model."""
    return np.where(np.isnan(x), center.astype(np.float32), x)


def hide_gaps(x: Matrix, seed: int) -> Matrix:
    """Return the matrix with missing values drawn from the known ones: how a blinded model is trained.

    A constant would not hide the gaps: trees can cut out the spike that it makes.
    """
    rng = np.random.default_rng(seed)
    filled = x.copy()
    for j in range(x.shape[1]):
        gap = np.isnan(x[:, j])
        if gap.any():
            known = x[~gap, j]
            filled[gap, j] = rng.choice(known, size=int(gap.sum())) if len(known) else 0.0
    return filled


def blind(cohort: Cohort, seed: int) -> Cohort:
    """Return the cohort with its gaps hidden (see `hide_gaps`)."""
    return replace(cohort, data=replace(cohort.data, x=hide_gaps(cohort.data.x, seed)))
