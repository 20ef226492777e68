"""From judged patterns to rows of scores: averaged over a person's scenarios, with intervals, factors and evidence."""

from __future__ import annotations

import hashlib
import json
import math

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pgx import schema
from pgx.cells import FACTORS, NAMES
from pgx.codes import Category, FlagCode
from pgx.models.evidence import population
from pgx.models.evidence.endpoint import Endpoint
from pgx.models.evidence.links import natural
from pgx.models.fitting.boost import Floats
from pgx.models.scoring.patterns import Bools, Judged, Z, judge
from pgx.models.store.folder import Model

LEVEL = 0.9
_DIGITS = 10
"""Significant digits of a score: the same on every machine whose libm agrees to 1e-11."""
_FACTORS = 6
_CERTAIN = 0.95


def answer(
    frame: pl.DataFrame,
    starts: NDArray[np.int64],
    names: list[str],
    endpoint: Endpoint,
    model: Model | None,
    kb_version: str,
    *,
    local: bool = False,
) -> pl.DataFrame:
    """Score one endpoint: rows of `pgx.schema.SCORES` with the person's number in ``_person``.

    Parameters
    ----------
    frame
        Rows of features with ``weight``, a person's rows beside each other.
    starts, names
        int64 (persons,): each person's first row, and their names.
    endpoint, model
        The endpoint as the knowledge base has it, and the model trained on top of it, if any.
    kb_version
        For the identity of a score that rests on the prior alone.
    local
        The endpoint or the model is a site's own: flagged in every row.
    """
    if not names:
        return schema.empty(schema.SCORES).with_columns(_person=pl.lit(0))
    judged, index, active = judge(frame, endpoint, model)
    weight = frame["weight"].cast(pl.Float64).to_numpy()
    patterns = len(judged.margin)
    if len(starts) == len(index) and patterns < len(index):
        # One row a person: write each pattern's answer once and hand it out.
        each = np.arange(patterns)
        one = _answers(
            judged, each, each, np.ones(patterns), [""] * patterns, active, endpoint, model, kb_version, local
        )
        return one.select(pl.all().gather(index)).with_columns(
            sample=pl.Series(names), _person=pl.Series(np.arange(len(names)))
        )
    first, alike = _alike(index, starts, weight) if patterns < len(index) else (starts, None)
    if alike is None or len(first) == len(names):
        return _answers(judged, index, starts, weight, names, active, endpoint, model, kb_version, local)
    # Persons of the same patterns with the same weights have the same answer.
    lengths = np.diff(np.r_[starts, len(index)])[first]
    rows = np.concatenate([np.arange(starts[at], starts[at] + n) for at, n in zip(first, lengths, strict=True)])
    begin = np.r_[0, np.cumsum(lengths)[:-1]].astype(np.int64)
    one = _answers(
        judged, index[rows], begin, weight[rows], [""] * len(first), active, endpoint, model, kb_version, local
    )
    return one.select(pl.all().gather(alike)).with_columns(
        sample=pl.Series(names), _person=pl.Series(np.arange(len(names)))
    )


def _alike(
    index: NDArray[np.int64], starts: NDArray[np.int64], weight: Floats
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the first of the persons of each kind, and the number of each person's kind."""
    kinds: dict[tuple[bytes, bytes], int] = {}
    first: list[int] = []
    numbers = np.zeros(len(starts), dtype=np.int64)
    for person, (begin, stop) in enumerate(zip(starts, np.r_[starts[1:], len(index)], strict=True)):
        key = (index[begin:stop].tobytes(), weight[begin:stop].tobytes())
        if key not in kinds:
            kinds[key] = len(first)
            first.append(person)
        numbers[person] = kinds[key]
    return np.array(first, dtype=np.int64), numbers


def _answers(
    judged: Judged,
    index: NDArray[np.int64],
    starts: NDArray[np.int64],
    weight: Floats,
    names: list[str],
    active: Endpoint,
    endpoint: Endpoint,
    model: Model | None,
    kb_version: str,
    local: bool,
) -> pl.DataFrame:
    """Turn judged patterns into rows of `schema.SCORES` (and ``_person``)."""
    labels, parts, estimate = combined(judged, index, starts, weight, active.link)
    tail = (1.0 - LEVEL) / 2.0
    low = _inverse(_mixture(judged, index, starts, weight, tail, False), active.link)
    high = _inverse(_mixture(judged, index, starts, weight, 1.0 - tail, True), active.link)
    leading = _leading(weight, starts)
    refused, flags = judged.refused[index][leading], judged.flags[index][leading]
    unsure = (weight[leading] < _CERTAIN) & (
        np.abs(estimate - _inverse(judged.margin, active.link)[index][leading]) > 1e-12
    )
    reference = model.reference if model else population.mean_of(endpoint)
    shown = reference if model or endpoint.absolute else None
    prior_only = judged.prior_only[index][leading]
    applies = np.array([not codes for codes in refused], dtype=np.bool_)
    ratio = estimate / reference
    category = np.select(
        [~applies, ratio > active.ratio, ratio < 1.0 / active.ratio],
        [Category.REFUSED, Category.HIGH, Category.LOW],
        Category.AVERAGE,
    )
    blank = np.where(applies, 1.0, np.nan)
    told = {
        "drug": active.drug,
        "endpoint": active.name,
        "kind": active.kind,
        "horizon": endpoint.horizon,
        "population": endpoint.population,
        "level": model.level if model else LEVEL,
        "unit": active.unit,
        "reference": shown,
        "model": model.identity if model else prior_identity(endpoint, kb_version),
    }
    return pl.DataFrame(
        {
            "sample": names,
            **{name: [value] * len(names) for name, value in told.items()},
            "setting": pl.Series([endpoint.setting] * len(names), dtype=pl.String),
            "estimate": pl.Series(estimate * blank, nan_to_null=True),
            "low": pl.Series(np.minimum(low, estimate) * blank, nan_to_null=True),
            "high": pl.Series(np.maximum(high, estimate) * blank, nan_to_null=True),
            "category": category.astype(str),
            "evidence": np.where(prior_only | (model is None), endpoint.evidence, _evidence(model)),
            "factors": _factors(labels, parts, applies),
            "usable": applies,
            "flags": _joined(refused, flags, unsure & applies, local),
            "_person": np.arange(len(names)),
        },
        schema_overrides={"flags": NAMES, "reference": pl.Float64},
    ).with_columns(pl.col("estimate", "low", "high", "reference").round_sig_figs(_DIGITS))


def prior_identity(endpoint: Endpoint, kb_version: str) -> str:
    """Return the id of an endpoint's prior: name, knowledge version, short checksum of its document."""
    digest = hashlib.sha256(json.dumps(endpoint.raw, sort_keys=True, default=str).encode()).hexdigest()
    return f"{endpoint.name} prior {kb_version} {digest[:8]}"


def _evidence(model: Model | None) -> str:
    return "" if model is None else f"patients:n={model.n}"


def combined(
    judged: Judged, index: NDArray[np.int64], starts: NDArray[np.int64], weight: Floats, link: str
) -> tuple[list[str], Floats, Floats]:
    """Average over a person's rows; return labels, parts (persons, labels) and the estimate."""
    single = len(starts) == len(index)
    estimate = _inverse(judged.margin, link)[index]
    parts = judged.parts[index]
    if single:
        return judged.labels, parts, estimate
    estimate = np.add.reduceat(weight * estimate, starts)
    parts = np.add.reduceat(weight[:, None] * parts, starts, axis=0)
    rest = _link(estimate, link) - parts.sum(axis=1)
    several = np.diff(np.r_[starts, len(index)]) > 1
    return [*judged.labels, "diplotype uncertainty"], np.column_stack([parts, np.where(several, rest, 0.0)]), estimate


def _mixture(
    judged: Judged, index: NDArray[np.int64], starts: NDArray[np.int64], weight: Floats, share: float, upper: bool
) -> Floats:
    """Return a quantile on the link scale of each person's mixture of normal curves, one a row, by bisection."""
    centre, spread = judged.margin[index], (judged.up if upper else judged.down)[index]
    if len(starts) == len(index):
        return centre + spread if upper else centre - spread
    low = np.minimum.reduceat(centre - 4 * spread, starts)
    high = np.maximum.reduceat(centre + 4 * spread, starts)
    person = np.repeat(np.arange(len(starts)), np.diff(np.r_[starts, len(index)]))
    sd = np.maximum(spread / Z, 1e-9)
    for _ in range(45):
        middle = 0.5 * (low + high)
        below = np.add.reduceat(weight * _normal((middle[person] - centre) / sd), starts) < share
        low, high = np.where(below, middle, low), np.where(below, high, middle)
    return 0.5 * (low + high)


def _normal(z: Floats) -> Floats:
    """Return the normal distribution function."""
    # scipy would take longer to import than to score a person.
    return np.array([0.5 * math.erfc(v) for v in (z * -math.sqrt(0.5)).tolist()], dtype=np.float64)


def _inverse(margin: Floats, link: str) -> Floats:
    return natural(margin, link)


def _link(value: Floats, link: str) -> Floats:
    if link == "log":
        return np.log(value)
    return np.sqrt(value) if link == "sqrt" else np.log(value) - np.log1p(-value)


def _leading(weight: Floats, starts: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return each person's most probable row."""
    if len(starts) == len(weight):
        return np.arange(len(weight))
    best = np.maximum.reduceat(weight, starts)
    person = np.repeat(np.arange(len(starts)), np.diff(np.r_[starts, len(weight)]))
    rows = np.flatnonzero(weight >= best[person])
    _, first = np.unique(person[rows], return_index=True)
    return np.asarray(rows[first], dtype=np.int64)


def _factors(labels: list[str], parts: Floats, applies: Bools) -> pl.Series:
    """The largest contributions against the average person, in hundredths."""
    shown = [j for j, label in enumerate(labels) if label not in ("average person", "calibration")]
    if not shown:
        return pl.Series([[]] * len(parts), dtype=FACTORS)
    values = parts[:, shown]
    order = np.argsort(-np.abs(values), axis=1, kind="stable")[:, :_FACTORS]
    top = np.take_along_axis(values, order, axis=1)
    rounded = np.clip(np.rint(top * 100.0), -(2**31), 2**31 - 1) / 100.0
    rows = np.repeat(np.arange(len(parts)), order.shape[1])
    names = pl.Series([labels[j] for j in shown], dtype=pl.String)[order.ravel()]
    flat = pl.DataFrame({"row": rows, "feature": names, "contribution": rounded.ravel()})
    told = flat.filter((pl.col("contribution") != 0) & pl.Series(applies[rows]))
    listed = told.group_by("row", maintain_order=True).agg(factors=pl.struct("feature", "contribution"))
    every = pl.DataFrame({"row": np.arange(len(parts))}).join(listed, on="row", how="left", maintain_order="left")
    return every["factors"].cast(FACTORS).fill_null(pl.Series([[]], dtype=FACTORS))


def _joined(
    refused: NDArray[np.object_], flags: NDArray[np.object_], unsure: Bools, local: bool
) -> list[tuple[str, ...]]:
    last = (FlagCode.LOCAL.value,) if local else ()
    doubt = (FlagCode.GENOTYPE_UNCERTAIN.value,)
    rows = zip(refused, flags, unsure.tolist(), strict=True)
    return [(*why, *said, *(doubt if doubtful else ()), *last) for why, said, doubtful in rows]
