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


def measured(link: str) -> bool:
    """Whether what is predicted is measured (a dose, a level, an exposure) and not a risk."""
    return link != "logit"


def linked(value: Floats, link: str) -> Floats:
    """Return what was measured on the link scale: its square root or logarithm; outcomes of risks stay 0 or 1."""
    if link == "sqrt":
        return np.sqrt(value)
    return np.log(value) if link == "log" else value


def natural(margin: Floats, link: str) -> Floats:
    """Return doses, levels or risks from margins; the square root of a dose is not below 0."""
    if link == "log":
        return np.exp(np.clip(margin, -700, 700))
    return np.maximum(margin, 0.0) ** 2 if link == "sqrt" else sigmoid(np.clip(margin, -700, 700))
