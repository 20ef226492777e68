"""Bounds that laboratories print in the place of a value: ``<15``, ``> 90``, ``less than 0.3``.

A bound is kept as an answer (``code``) in its concept's own unit, without a value: it decides a limit that all of it
lies on one side of, and nothing is computed from it.
"""

from __future__ import annotations

import math
import re

import numpy as np
import polars as pl
from numpy.typing import NDArray

_SIGNS = {
    **dict.fromkeys(("<", "less than", "below", "under", "unter", "kleiner als"), "<"),
    **dict.fromkeys(("<=", "=<", "≤", "up to", "bis"), "<="),
    **dict.fromkeys((">", "greater than", "more than", "above", "over", "über", "größer als"), ">"),
    **dict.fromkeys((">=", "=>", "≥", "at least", "mindestens"), ">="),
}
"""How a bound is written (lower case) -> its sign."""
COMPARISONS = ("at_least", "above", "at_most", "below")
"""Tests of a number against a limit."""
_FORM = rf"(?i)^\s*({'|'.join(sorted(_SIGNS, key=len, reverse=True))})\s*[-+]?[0-9.,]"
_SIGN = rf"(?i)^\s*({'|'.join(sorted(_SIGNS, key=len, reverse=True))})\s*"


def sign(text: pl.Expr) -> pl.Expr:
    """Return the sign of a bound; null where a text is none."""
    return text.str.extract(_FORM).str.to_lowercase().replace_strict(_SIGNS, default=None, return_dtype=pl.String)


def is_bound(text: str) -> bool:
    """Return whether a text is a bound.

    Examples
    --------
    >>> is_bound("> 8"), is_bound("8")
    (True, False)
    """
    return re.match(_FORM, text) is not None


def without_sign(text: pl.Expr) -> pl.Expr:
    """Return the number and unit of a bound; another text stays as it is."""
    return pl.when(sign(text).is_not_null()).then(text.str.replace(_SIGN, "")).otherwise(text)


def as_codes(good: pl.DataFrame) -> pl.DataFrame:
    """Turn the values of rows with a ``bound`` into answers: ``value`` 15 and ``bound`` < become the ``code`` <15."""
    is_bound = pl.col("bound").is_not_null()
    number = pl.col("value").round_sig_figs(12).cast(pl.String).str.strip_suffix(".0")
    return good.with_columns(
        code=pl.when(is_bound).then(pl.col("bound") + number).otherwise("code"),
        value=pl.when(~is_bound).then("value"),
    )


def newest(observations: pl.DataFrame) -> dict[tuple[str, str], tuple[float, float]]:
    """Return (sample, concept) -> what a bound leaves open, where a person's newest value is one."""
    rows = observations.filter(pl.col("value").is_null(), pl.col("code").str.contains(r"^[<>]=?[-\d]"))
    return {
        (who, concept): interval(code) for who, concept, code in rows.select("sample", "concept", "code").iter_rows()
    }


def interval(code: str) -> tuple[float, float]:
    """Return the least and the greatest number that a bound leaves open.

    Examples
    --------
    >>> interval("<=15"), interval(">90")[0] > 90
    ((-inf, 15.0), True)
    """
    sign, number = code[:1], float(code.lstrip("<>="))
    if sign == "<":
        return -math.inf, number if code[1:2] == "=" else math.nextafter(number, -math.inf)
    return number if code[1:2] == "=" else math.nextafter(number, math.inf), math.inf


def compare(test: str, least: NDArray[np.float64], greatest: NDArray[np.float64], limit: float) -> NDArray[np.int8]:
    """Return 1 where every number from `least` to `greatest` passes a test, -1 where none does, and else 0.

    Parameters
    ----------
    test
        ``at_least``, ``above``, ``at_most`` or ``below`` the `limit`.
    least, greatest
        What may be; NaN = nothing is known.
    """
    low, high = _exactly(test, least, limit), _exactly(test, greatest, limit)
    return np.where(low == high, low, 0).astype(np.int8)


def _exactly(test: str, numbers: NDArray[np.float64], limit: float) -> NDArray[np.int8]:
    truth = {
        "at_least": numbers >= limit,
        "above": numbers > limit,
        "at_most": numbers <= limit,
        "below": numbers < limit,
    }[test]
    return np.where(np.isnan(numbers), 0, np.where(truth, 1, -1)).astype(np.int8)
