"""Questions asked of every cohort: does what is *missing* tell the outcome, do the features tell the site, and is
one person there under several names?

A model can look good by learning which clinic a person comes from, or by meeting the persons who taught it again. The
probes look for that before any model is fitted.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pgx.models.fitting import metrics
from pgx.models.fitting.boost import Floats, Matrix

_PERMUTATIONS = 999
_ALPHA = 0.01
CERTAIN = 0.98
"""AUC, or rank correlation, from which on a column is the outcome in other words."""
_CASES = 10
_HARDLY = 1e-6
"""Chance below which it is no accident that all persons with a value have the same outcome."""
_TOTAL = "how many values are missing"
_BODY = ("sex", "gender", "age", "birth_year", "height", "height_cm", "weight", "weight_kg", "bmi")
"""Last parts of names of columns that together nearly tell a person."""
_LEAST_BODY = 3
_PAIRS = 5.0
"""Pairs of persons alike from which on it is said, and how many times as many as chance makes."""
_RARELY, _TOGETHER = 0.1, 0.9
"""Share of pairs that agree in a feature by which persons are known, and rank correlation of two that are one."""
_ENOUGH = 8
"""Such features that are enough to say what chance makes."""
_AT_ONCE = 1000
"""Rows that are digested at a time."""


@dataclass(frozen=True, slots=True)
class Probe:
    """What a probe found.

    Parameters
    ----------
    code
        ``missingness_predicts_outcome``, ``missingness_predicts_site``, ``features_predict_site``,
        ``persons_alike``.
    found
        Whether to warn.
    statistic
        Largest standardised difference, or accuracy beyond that of the largest site.
    p_value
        From permutations; NaN where none were made.
    where
        The columns concerned, most telling first.
    message
        One sentence.
    """

    code: str
    found: bool
    statistic: float
    p_value: float
    where: tuple[str, ...]
    message: str


def gives_away(value: Floats, y: Floats, link: str, certain: float = CERTAIN) -> bool:
    """Whether one column orders the outcome nearly without error: `ordered` says `certain` or more."""
    return ordered(value, y, link) >= certain


def ordered(value: Floats, y: Floats, link: str) -> float:
    """Return how well a column orders the outcome, whichever way: AUC (risks) or rank correlation; NaN of few rows."""
    known = np.isfinite(value)
    value, y = value[known], y[known]
    if link == "logit":
        if min(y.sum(), len(y) - y.sum()) < _CASES:
            return float("nan")
        return 0.5 + abs(metrics.auc(y, value) - 0.5)
    if len(y) < 2 * _CASES or np.ptp(value) == 0 or np.ptp(y) == 0:
        return float("nan")
    # Ties share the mean of their ranks: a rounded copy of the outcome has many.
    ranks = [pl.Series(one).rank("average").to_numpy() for one in (value, y)]
    return float(abs(np.corrcoef(ranks[0], ranks[1])[0, 1]))


def one_sided(known: NDArray[np.bool_], y: Floats, groups: NDArray[np.int64] | None) -> bool:
    """Whether a column is known only in rows of one outcome (0 or 1), which chance would hardly make.

    Parameters
    ----------
    known
        bool (n,): where the column has a value.
    y
        Outcome, 0 or 1.
    groups
        int64 (n,): person of each row, who is one witness; None = every row is one.
    """
    share = float(y[known].mean()) if known.any() else float("nan")
    if share not in (0.0, 1.0) or known.all():
        return False
    witnesses = int(known.sum()) if groups is None else len(np.unique(groups[known]))
    of_all = float(y.mean()) if share else 1.0 - float(y.mean())
    return witnesses >= _CASES and of_all**witnesses <= _HARDLY


def told_too_well(y: Floats, margin: Floats, link: str) -> str:
    """Return a sentence if persons whom the fit has not seen are ordered nearly without error; else nothing."""
    known = np.isfinite(margin)
    best = ordered(margin[known], y[known], link)
    if not best >= CERTAIN:
        return ""
    measure = "AUC" if link == "logit" else "rank correlation"
    return (
        f"persons who were left out are ordered nearly without error ({measure} {best:.3f}): look whether columns say "
        "together what was known only after the outcome, and leave them out with --ignore"
    )


def by_value(values: Floats, y: Floats) -> Floats:
    """Return the mean outcome of the rows with the same values, which says what they tell in whatever order.

    Of values that fewer than `_CASES` rows share, the mean of all is returned: they would tell their own outcome.

    Parameters
    ----------
    values
        float64 (n, k): the levels of one column, or its numbers; NaN = not known.
    y
        Outcome.

    Returns
    -------
    numpy.ndarray
        float64 (n,), NaN where a value is not known.
    """
    told = np.full(len(y), np.nan)
    known = np.isfinite(values).all(axis=1)
    if not known.any():
        return told
    _, level, rows = np.unique(values[known], axis=0, return_inverse=True, return_counts=True)
    level = level.ravel()
    mean = np.bincount(level, y[known]) / rows
    told[known] = np.where(rows >= _CASES, mean, y[known].mean())[level]
    return told


def missingness(
    frame: pl.DataFrame, columns: list[str], y: Floats, seed: int, groups: NDArray[np.int64] | None = None
) -> Probe:
    """Test whether the pattern of missing values goes along with the outcome (largest of all columns, permuted).

    Rows of one person are no independent witnesses: persons are permuted, by their means.

    Parameters
    ----------
    frame
        The cohort.
    columns
        Columns that may become features.
    y
        Outcome.
    seed
        Seed of the permutations.
    groups
        int64 (n,): person of each row; None = every row is one.
    """
    code = "missingness_predicts_outcome"
    names, gaps = _gaps(frame, columns)
    if groups is not None and len(np.unique(groups)) < len(groups):
        y, gaps = _means(y[:, None], groups)[:, 0], _means(gaps, groups)
        varied = np.ptp(gaps, axis=0) > 0 if gaps.size else np.zeros(gaps.shape[1], dtype=np.bool_)
        names, gaps = [name for name, one in zip(names, varied, strict=True) if one], gaps[:, varied]
    if not names or np.ptp(y) == 0:
        return Probe(code, False, 0.0, float("nan"), (), "no column has gaps worth looking at")
    # Many small leaks add up: how much is missing is asked too.
    total = gaps.sum(axis=1, keepdims=True)
    if len(names) > 1 and np.ptp(total) > 0:
        names, gaps = [*names, _TOTAL], np.column_stack([gaps, total])
    gaps = (gaps - gaps.mean(axis=0)) / gaps.std(axis=0)
    centred = (y - y.mean()) / y.std()
    observed = np.abs(gaps.T @ centred) / np.sqrt(len(y))
    rng = np.random.default_rng(seed)
    largest = np.array([np.abs(gaps.T @ rng.permutation(centred)).max() for _ in range(_PERMUTATIONS)]) / np.sqrt(
        len(y)
    )
    p = float((1 + (largest >= observed.max()).sum()) / (1 + _PERMUTATIONS))
    limit = np.quantile(largest, 1.0 - _ALPHA)
    order = np.argsort(-observed, kind="stable")
    telling = tuple(names[i] for i in order if observed[i] >= limit)
    found = p <= _ALPHA
    telling = tuple(name for name in telling if name != _TOTAL) or telling
    what = f"whether {', '.join(telling[:3])} is recorded" if telling != (_TOTAL,) else _TOTAL
    text = (
        f"{what} goes along with the outcome (p = {p:.3f}): "
        "the gaps say something that the values do not, often how or where the data were collected"
        if found
        else f"gaps in {len(set(names) - {_TOTAL})} columns do not go along with the outcome (p = {p:.2f})"
    )
    return Probe(code, found, float(observed.max()), p, telling, text)


def site(
    frame: pl.DataFrame,
    columns: list[str],
    x: Matrix,
    sites: NDArray[np.int64],
    seed: int,
    groups: NDArray[np.int64] | None = None,
) -> list[Probe]:
    """Measure how well the site can be told from missingness alone and from the features (3-fold accuracy of trees).

    Rows of one person (`groups`, as for `missingness`) are never divided between folds: trees that know the person's
    other rows would tell the site of any cohort.
    """
    found = []
    names, gaps = _gaps(frame, columns)
    share = np.bincount(sites).max() / len(sites)
    sources = (("missingness_predicts_site", gaps.astype(np.float32), "what is missing"),
               ("features_predict_site", x, "the features"))  # fmt: skip
    for code, matrix, what in sources:
        if matrix.shape[1] == 0 or len(np.unique(sites)) < 2:
            continue
        accuracy = _accuracy(matrix, sites, seed, groups)
        beyond = accuracy - share
        warn = beyond > 0.5 * (1.0 - share) if code.startswith("features") else beyond > 0.1
        text = f"the site is told from {what} in {accuracy:.0%} of persons (always the largest site: {share:.0%})"
        found.append(Probe(code, bool(warn), float(beyond), float("nan"), tuple(names) if what[0] == "w" else (), text))
    return found


def persons_alike(frame: pl.DataFrame, groups: NDArray[np.int64], x: Matrix | None = None) -> Probe:
    """Count the pairs of persons who are alike to the last digit in sex, age and body, or in all features.

    What chance makes is counted beside: each column's share of pairs that agree, multiplied.

    Parameters
    ----------
    frame
        The cohort.
    groups
        int64 (n,): person of each row.
    x
        float32 (n, p): features, NaN = not known; None = only the body is asked about.
    """
    names = [name for name in frame.columns if name.lower().rpartition(".")[2] in _BODY]
    pairs, chance = _alike_in_body(frame.select(names), groups) if len(names) >= _LEAST_BODY else (0.0, 0.0)
    what = ", ".join(names[:-1]) + f" and {names[-1]}" if names else ""
    if not _too_many(pairs, chance) and x is not None:
        pairs, chance, names = *_alike_in_all(x, groups), []
        what = f"values in all {x.shape[1]} features"
    found = _too_many(pairs, chance)
    text = (
        f"{pairs:.0f} pairs of persons have the same {what} (by chance: about {chance:.0f}): if one person has rows "
        "of several names, the figures are those of persons seen before; name the person's column with --person"
        if found
        else "persons are no more alike than chance makes them"
    )
    return Probe("persons_alike", found, pairs, float("nan"), tuple(names) if found else (), text)


def _too_many(pairs: float, chance: float) -> bool:
    return pairs >= _PAIRS and pairs >= _PAIRS * chance


def _alike_in_body(body: pl.DataFrame, groups: NDArray[np.int64]) -> tuple[float, float]:
    """Return the pairs of persons who are alike in all columns, of those with all known, and what chance makes."""
    names = body.columns
    known = body.with_columns(pl.Series("person", groups)).drop_nulls().unique("person", keep="first")
    chance = known.height * (known.height - 1) / 2
    if not known.height:
        return 0.0, 0.0
    for name in names:
        chance *= float(((known[name].value_counts()["count"] / known.height) ** 2).sum())
    return _pairs(known.group_by(names).len()["len"].to_numpy().astype(np.float64)), chance


def _alike_in_all(x: Matrix, groups: NDArray[np.int64]) -> tuple[float, float]:
    """Return the pairs of persons whose first rows are alike in all features, and what chance makes.

    Chance is that of the features in which few persons agree, one of those that go along with each other. Where less
    than `_LEAST_BODY` are left, there are too few to know a person by, and no pairs are counted.
    """
    rows = np.unique(groups, return_index=True)[1]
    chance, kept = len(rows) * (len(rows) - 1) / 2, list[Floats]()
    for j in range(x.shape[1]):
        if len(kept) == _ENOUGH:
            break
        column = _comparable(x[rows, j])
        count = np.unique(column, return_counts=True)[1]
        agree = float(((count / len(rows)) ** 2).sum())
        if agree > _RARELY:
            continue
        ranks = pl.Series(column).rank("average").to_numpy()
        if all(abs(np.corrcoef(ranks, other)[0, 1]) < _TOGETHER for other in kept):
            kept.append(ranks)
            chance *= agree
    if len(kept) < _LEAST_BODY:
        return 0.0, 0.0
    # A digest a row, made of some rows at a time: sorting whole rows would copy the cohort several times.
    parts = (rows[start : start + _AT_ONCE] for start in range(0, len(rows), _AT_ONCE))
    digests = np.concatenate([pl.from_numpy(_comparable(x[part])).hash_rows(seed=1).to_numpy() for part in parts])
    return _pairs(np.unique(digests, return_counts=True)[1].astype(np.float64)), chance


def _comparable(values: Matrix) -> Matrix:
    """Return values of which unknown ones are alike, and the two zeros too."""
    known: Matrix = np.nan_to_num(values + np.float32(0.0), nan=float(np.finfo(np.float32).min))
    return known


def _pairs(sizes: Floats) -> float:
    return float((sizes * (sizes - 1)).sum() / 2)


def _means(values: Floats, groups: NDArray[np.int64]) -> Floats:
    """Return each person's mean, float64 (persons, k)."""
    _, inverse, count = np.unique(groups, return_inverse=True, return_counts=True)
    total = np.zeros((len(count), values.shape[1]))
    np.add.at(total, inverse, values)
    return np.asarray(total / count[:, None], dtype=np.float64)


def _gaps(frame: pl.DataFrame, columns: list[str]) -> tuple[list[str], Floats]:
    """Return the columns whose gaps vary, one of each distinct pattern, and their 0/1 pattern (n, k)."""
    names, patterns, seen = [], [], set()
    for name in columns:
        if name in frame.columns:
            gap = frame[name].is_null().to_numpy()
            if 5 <= gap.sum() <= len(gap) - 5 and gap.tobytes() not in seen:
                seen.add(gap.tobytes())
                names.append(name)
                patterns.append(gap.astype(np.float64))
    return names, np.column_stack(patterns) if patterns else np.zeros((frame.height, 0))


def _accuracy(x: Matrix, sites: NDArray[np.int64], seed: int, groups: NDArray[np.int64] | None = None) -> float:
    import xgboost as xgb

    _, codes = np.unique(sites, return_inverse=True)
    people = np.arange(len(codes))
    if groups is not None and len(np.unique(groups)) < len(groups):
        people = np.unique(groups, return_inverse=True)[1]
    folds = np.random.default_rng(seed).integers(3, size=int(people.max()) + 1)[people]
    parameters = {"objective": "multi:softmax", "num_class": int(codes.max()) + 1, "max_depth": 4, "eta": 0.3,
                  "seed": seed, "nthread": 1, "tree_method": "hist", "verbosity": 0}  # fmt: skip
    right = 0
    for fold in range(3):
        test = folds == fold
        if test.all() or not test.any():
            continue
        booster = xgb.train(parameters, xgb.DMatrix(x[~test], codes[~test]), 15)
        right += int((booster.predict(xgb.DMatrix(x[test])) == codes[test]).sum())
    return right / len(codes)
