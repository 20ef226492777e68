"""Values that no person can have: kept out of every score and every fit, and said.

The limits are those of ``concepts.tsv``, and for genes what two alleles can add up to. A value outside them says that
something went wrong where it was written down (another unit, a slip, a code), so a score that would read it gives no
number rather than one for an average person.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pgx.clinical.derive import FORMULAS, Formula
from pgx.clinical.doubt import ADULT
from pgx.features import refused
from pgx.features.names import FeatureName
from pgx.knowledge.rules.activity_sums import possible_scores

if TYPE_CHECKING:
    from pgx.knowledge import KnowledgeBase

_OF_THE_BODY = ("weight", "height")
MARK = "_implausible."
"""Prefix of the columns that say of whom a value was kept out."""
_NOT_GIVEN = "no score that reads it is given"

Limits = Mapping[str, tuple[float, float]]
"""Column -> lowest and highest value that a person can have."""
Derived = Mapping[str, Sequence[str]]
"""Column -> the columns that it is computed from."""
Found = Mapping[str, Mapping[float, int]]
"""Column -> value outside the limits -> number of rows."""


def limits(columns: Sequence[str], kb: KnowledgeBase) -> Limits:
    """Return the limits of those of `columns` that hold a person's number."""
    known: Limits = kb.remember("limits of numbers", lambda: _concepts(kb))
    found: dict[str, tuple[float, float]] = {}
    for name in columns:
        limit = known.get(name) or kb.remember(("limit of a gene's number", name), partial(_of_gene, name, kb))
        if limit:
            found[name] = limit
    return found


def found(frame: pl.DataFrame, allowed: Limits) -> dict[str, dict[float, int]]:
    """Count the values outside the limits."""
    counted: dict[str, dict[float, int]] = {}
    present = set(frame.columns)
    limited = {name: limit for name, limit in allowed.items() if name in present}
    # One question for all columns: a table of features has hundreds, and hardly ever is a value outside.
    any_outside = frame.select(_outside(_number(name), limit).any().alias(name) for name, limit in limited.items())
    for name in [column.name for column in any_outside if column.item()]:
        number = _number(name)
        outside = frame.select(number.filter(_outside(number, limited[name])).alias("value"))["value"]
        counted[name] = {float(value): int(rows) for value, rows in outside.value_counts().iter_rows()}
    return counted


def keep_out(
    frame: pl.DataFrame, allowed: Limits, *, derived: Derived | None = None, mark: bool = False
) -> pl.DataFrame:
    """Make the values outside the limits unknown, and with them what was computed from them.

    Parameters
    ----------
    frame
        Any table with columns named as `pgx features` names them.
    allowed
        See `limits`.
    derived
        See `derived_columns`: a table's body surface area is worth no more than the weight beside it.
    mark
        Add a column `MARK` + name where something was kept out, or extend the one that is there.
    """
    outside = {name: _outside(_number(name), allowed[name]).fill_null(False) for name in found(frame, allowed)}
    return _without(frame, outside, derived, mark=mark)


def keep_unlikely_out(frame: pl.DataFrame, kb: KnowledgeBase) -> tuple[pl.DataFrame, list[tuple[str, str]]]:
    """Make values unknown that no person of that age, or with the other values beside them, is likely to have.

    A table says no units: a height or weight about which the reader of records asks where its unit is missing
    (``usual_ranges.tsv``) drives no score here either, unless that one says that it is used (`refused.USED`).
    Both drive none where they give an impossible body mass index, whoever looked at them: somebody changed one since.
    A value that contradicts those that it follows from (`FORMULAS`) drives none either.
    Return the frame, marked as by `keep_out`, and the code and sentence of each column.
    """
    features = _features(kb)
    outside: dict[str, pl.Expr] = {}
    age = features["age"]
    unseen = pl.lit(pl.Series(~looked_at(frame)))
    for row in kb.table("usual_ranges").filter(pl.col("concept").is_in(_OF_THE_BODY)).iter_rows(named=True):
        name = features[row["concept"]]
        if name in frame.columns:
            years = _number(age).fill_null(ADULT) if age in frame.columns else pl.lit(ADULT)
            aged = years.is_between(row["age_from"], row["age_to"])
            unusual = (
                _not_confirmed(frame, name) & aged & ~_number(name).is_between(row["low"], row["high"])
            ).fill_null(False)
            outside[name] = outside[name] | unusual if name in outside else unusual
    together, allowed = _together(frame, features), limits(list(features.values()), kb)
    for formula, value in together.items():
        if limit := allowed.get(features.get(formula.concept, "")):
            beyond = _outside(value, limit).fill_null(False)
            for name in (features[concept] for concept in formula.inputs):
                outside[name] = outside[name] | beyond if name in outside else beyond
    for name, apart in _contradicting(frame, features, unseen).items():
        outside[name] = outside[name] | apart if name in outside else apart
    whose = pl.col("sample") if "sample" in frame.columns else pl.int_range(pl.len())  # a person may have several rows
    rows = frame.select(whose.filter(where).n_unique().alias(name) for name, where in outside.items())
    counts = {column.name: int(column.item() or 0) for column in rows} if outside else {}
    said = [
        ("implausible_value", f"{name} does not fit the age or the values beside it "
                              f"({count} row{'s' * (count != 1)}), and {_NOT_GIVEN}; correct the value or its unit")
        for name, count in counts.items() if count
    ]  # fmt: skip
    seen = {name: outside[name] for name, count in counts.items() if count}
    return _without(frame, seen, derived_columns(kb), mark=True), said


def _contradicting(frame: pl.DataFrame, features: Mapping[str, str], unseen: pl.Expr) -> dict[str, pl.Expr]:
    """Return where a value is not what follows from those beside it: column -> where.

    Of a row that the reader of records looked at, the measures of the body alone are compared: the others may be of
    another day, and that one compares those of one visit.
    """
    found = {}
    for formula in FORMULAS:
        names = {concept: features.get(concept, "") for concept in (formula.concept, *formula.inputs)}
        if formula.tolerance is None or not set(names.values()) <= set(frame.columns):
            continue
        values = frame.select(
            (pl.col(name).cast(pl.String) if concept == "sex" else _number(name)).alias(concept)
            for concept, name in names.items()
        )
        share, least = formula.tolerance
        given, follows = pl.col(formula.concept), formula.value()
        apart = (given - follows).abs() > pl.max_horizontal(share * follows.abs(), pl.lit(least))
        where = pl.lit(values.select(apart=(apart & formula.when()).fill_null(False))["apart"])
        found[names[formula.concept]] = where if set(formula.inputs) == set(_OF_THE_BODY) else where & unseen
    return found


def _together(frame: pl.DataFrame, features: Mapping[str, str]) -> dict[Formula, pl.Expr]:
    """Return what follows from the measures of the body: formula -> its value, by the columns of `frame`."""
    found = {}
    for formula in FORMULAS:
        names = {concept: features[concept] for concept in formula.inputs if concept in features}
        if set(formula.inputs) == set(_OF_THE_BODY) and set(names.values()) <= set(frame.columns):
            values = frame.select(_number(name).alias(concept) for concept, name in names.items())
            found[formula] = pl.lit(values.select(value=formula.value())["value"])
    return found


def _without(frame: pl.DataFrame, outside: dict[str, pl.Expr], derived: Derived | None, *, mark: bool) -> pl.DataFrame:
    absent = {}
    for name, inputs in (derived or {}).items():
        if not (wrong := [outside[column] for column in inputs if column in outside]):
            continue
        if name in frame.columns:
            outside[name] = pl.any_horizontal(*wrong, *([outside[name]] if name in outside else []))
        else:  # what would be computed from an impossible value is not merely missing
            absent[name] = pl.any_horizontal(*wrong)
    new = [pl.when(~where).then(pl.col(name)).alias(name) for name, where in outside.items() if name in frame.columns]
    for name, where in {**outside, **absent}.items() if mark else ():
        before = pl.col(MARK + name) if MARK + name in frame.columns else pl.lit(False)
        new.append((before | where).alias(MARK + name))
    return frame.with_columns(new)


def without(frame: pl.DataFrame, outside: Mapping[str, pl.Expr], kb: KnowledgeBase, *, mark: bool) -> pl.DataFrame:
    """Make values unknown, and with them what was computed from them: column -> where; as `keep_out` marks them."""
    return _without(frame, dict(outside), derived_columns(kb), mark=mark)


def derived_columns(kb: KnowledgeBase) -> Derived:
    """Return the feature columns that are computed from others, each with those columns."""
    features = _features(kb)
    return {
        features[formula.concept]: tuple(features[concept] for concept in formula.inputs if concept in features)
        for formula in FORMULAS
        if formula.concept in features
    }


def refused_before(frame: pl.DataFrame, *, mark: bool = True) -> pl.DataFrame:
    """Mark what the reader of the records refused (`pgx.features.refused`), so that a score ends as from the records.

    What a table holds all the same of such a feature is not used.
    """
    if refused.NAME not in frame.columns:
        return frame
    listed = refused.lists(frame[refused.NAME])
    names = sorted(name for name in set(listed.explode().drop_nulls()) if _is_refused(name))
    outside = {name: pl.lit(listed.list.contains(name).fill_null(False)) for name in names}
    return _without(frame, outside, None, mark=mark)


def said_before(frame: pl.DataFrame) -> list[tuple[str, str, str]]:
    """Return code, column and sentence of each feature of which the reader of the records refused a value."""
    if refused.NAME not in frame.columns:
        return []
    counts = refused.lists(frame[refused.NAME]).explode().drop_nulls().value_counts().sort(refused.NAME)
    return [
        ("implausible_value", name, f"{name} is not used where {refused.NAME} names it "
                                    f"({rows} row{'s' * (rows != 1)}): it was told and could not be used")
        for name, rows in counts.iter_rows() if _is_refused(name)
    ]  # fmt: skip


def _is_refused(name: str) -> bool:
    return name not in ("", refused.NOTHING) and not name.startswith(refused.USED)


def _not_confirmed(frame: pl.DataFrame, name: str) -> pl.Expr:
    """Return of which rows the reader of records does not say that an unlikely value of a feature is used."""
    if refused.NAME not in frame.columns:
        return pl.lit(True)
    return pl.lit(~refused.lists(frame[refused.NAME]).list.contains(refused.USED + name).fill_null(False))


def looked_at(frame: pl.DataFrame) -> NDArray[np.bool_]:
    """Return of which rows a reader of clinical records has looked at the values, whose units it knows: bool (n,)."""
    if refused.NAME not in frame.columns:
        return np.zeros(frame.height, dtype=np.bool_)
    return frame[refused.NAME].is_not_null().to_numpy()


def said(counted: Found, allowed: Limits, *, scored: bool = False) -> list[tuple[str, str]]:
    """Return code and sentence of each column, without the values; who is `scored` is given no score of such a one."""
    how = f"is not used, and {_NOT_GIVEN}," if scored else "is taken as unknown"
    sentences = []
    for name, values in counted.items():
        low, high = allowed[name]
        rows = sum(values.values())
        possible = f"possible: {low:g} to {high:g}" if math.isfinite(high) else f"possible: {low:g} and more"
        sentences.append(("implausible_value", f"{name} {how} where no person can have it "
                          f"({rows} row{'s' * (rows != 1)}; {possible}); correct the value or its unit"))  # fmt: skip
    return sentences


def merged(first: Found, second: Found) -> dict[str, dict[float, int]]:
    """Add up the counts of two blocks of a table."""
    total = {name: dict(values) for name, values in first.items()}
    for name, values in second.items():
        mine = total.setdefault(name, {})
        for value, rows in values.items():
            mine[value] = mine.get(value, 0) + rows
    return total


def _number(name: str) -> pl.Expr:
    return pl.col(name).cast(pl.Float64, strict=False).fill_nan(None)


def _outside(number: pl.Expr, limit: tuple[float, float]) -> pl.Expr:
    return number.is_infinite() | (number < limit[0]) | (number > limit[1])


def _features(kb: KnowledgeBase) -> dict[str, str]:
    """Return the feature column of each concept that has one."""
    rows = kb.table("concepts").select("concept", "feature").drop_nulls()
    return dict(rows.iter_rows())


def concept_of(kb: KnowledgeBase) -> dict[str, str]:
    """Return the concept of each feature that has one."""
    return {feature: concept for concept, feature in _features(kb).items()}


def _concepts(kb: KnowledgeBase) -> dict[str, tuple[float, float]]:
    rows = kb.table("concepts").filter(pl.col("kind") == "numeric", pl.col("feature").is_not_null())
    return {
        str(row["feature"]): (float(row["low"]), float(row["high"]))
        for row in rows.iter_rows(named=True)
        if row["low"] is not None and row["high"] is not None
    }


def _of_gene(name: str, kb: KnowledgeBase) -> tuple[float, float] | None:
    """What two alleles of a gene can add up to; more where its copy number varies."""
    parts = FeatureName.parse(name)
    kind = parts.what.partition(".")[0]
    if not parts.gene or kind not in (*SCORES, "allele_count"):
        return None
    genes: dict[str, dict[str, object]] = kb.remember("genes by feature name", lambda: _genes(kb))
    row = genes.get(parts.gene)
    if row is None:
        return None
    if row["copy_number_varies"] == "y":
        return 0.0, math.inf
    if kind == "allele_count":
        return 0.0, 2.0
    return 0.0, max(possible_scores(kb, str(row["gene"]), WRITTEN), default=math.inf)


SCORES = ("activity_score", "clinical_activity_score")
"""Numbers of a gene that are sums of allele activity values."""
WRITTEN = ("CPIC",)
"""Scheme whose values the features of a gene are sums of."""


def _genes(kb: KnowledgeBase) -> dict[str, dict[str, object]]:
    return {str(row["gene"]).lower(): row for row in kb.table("genes").iter_rows(named=True)}
