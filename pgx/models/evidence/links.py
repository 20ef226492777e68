"""The two scales of an estimate: the natural one (a risk, mg a week) and that of the link, where effects add up."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def logit(p: float) -> float:
    """Return the log odds of a probability."""
    return math.log(p) - math.log1p(-p)


def sigmoid(margin: Floats) -> Floats:
    """Return the risk at each log odds."""
    return np.asarray(1.0 / (1.0 + np.exp(-margin)), dtype=np.float64)


def natural(margin: Floats, link: str) -> Floats:
    """Return doses (mg a week) or risks from margins; a margin below 0 is no dose."""
    return np.maximum(margin, 0.0) ** 2 if link == "sqrt" else sigmoid(margin)
