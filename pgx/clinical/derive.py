"""Values computed from others (age, BMI, BSA, eGFR, ...), and values that contradict each other."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from pgx.clinical import bounds
from pgx.clinical.current import current_values
from pgx.clinical.people import contradiction
from pgx.clinical.vocabulary import Concept, Vocabulary
from pgx.codes import NoteCode, Severity
from pgx.notes import Note

_v = pl.col


def ckd_epi_2021(creatinine: pl.Expr, age: pl.Expr, female: pl.Expr) -> pl.Expr:
    """Return eGFR in mL/min/1.73 m2 by the race-free CKD-EPI creatinine equation (Inker 2021, PMID 34554658).

    Parameters
    ----------
    creatinine
        Serum creatinine, mg/dL.
    age
        Years; the equation holds from 18.
    female
        Whether the person is female.
    """
    kappa = pl.when(female).then(0.7).otherwise(0.9)
    alpha = pl.when(female).then(-0.241).otherwise(-0.302)
    ratio = creatinine / kappa
    low = pl.min_horizontal(ratio, pl.lit(1.0)).pow(alpha)
    high = pl.max_horizontal(ratio, pl.lit(1.0)).pow(-1.200)
    return 142.0 * low * high * pl.lit(0.9938).pow(age) * pl.when(female).then(1.012).otherwise(1.0)


@dataclass(frozen=True, slots=True)
class Formula:
    """One derived concept.

    Parameters
    ----------
    concept
        What it gives.
    name
        Name of the formula, for ``origin``.
    inputs
        Concepts that it needs.
    value
        The expression over columns named like the inputs.
    when
        Where it holds.
    tolerance
        Relative difference from a given value beyond which the two contradict, and the absolute difference that is
        needed as well; None = not compared.
    """

    concept: str
    name: str
    inputs: tuple[str, ...]
    value: Callable[[], pl.Expr]
    when: Callable[[], pl.Expr]
    tolerance: tuple[float, float] | None = None


def _always() -> pl.Expr:
    return pl.lit(True)


FORMULAS = (
    Formula(
        "bmi",
        "weight/height^2",
        ("weight", "height"),
        lambda: _v("weight") / (_v("height") / 100).pow(2),
        _always,
        (0.1, 1.5),
    ),
    Formula(
        "bsa",
        "Mosteller",
        ("weight", "height"),
        lambda: (_v("weight") * _v("height") / 3600).pow(0.5),
        _always,
        (0.15, 0.2),
    ),
    Formula(
        "egfr",
        "CKD-EPI 2021",
        ("creatinine", "age", "sex"),
        lambda: ckd_epi_2021(_v("creatinine"), _v("age"), _v("sex") == "female"),
        lambda: _v("age") >= 18,
        (0.3, 15.0),
    ),
    Formula(
        "creatinine_clearance",
        "Cockcroft-Gault",
        ("creatinine", "age", "sex", "weight"),
        lambda: (
            (140 - _v("age"))
            * _v("weight")
            / (72 * _v("creatinine"))
            * pl.when(_v("sex") == "female").then(0.85).otherwise(1.0)
        ),
        lambda: (_v("age") >= 18) & (_v("age") < 140),
    ),
    Formula(
        "pack_years",
        "packs a day x years",
        ("cigarettes", "smoking_years"),
        lambda: _v("cigarettes") / 20 * _v("smoking_years"),
        _always,
        (0.5, 10.0),
    ),
    Formula(
        "urea_nitrogen",
        "urea x 28.0134/60.0553",  # the nitrogen in a mole of urea, over its molar mass
        ("urea",),
        lambda: _v("urea") * (28.0134 / 60.0553),
        _always,
        (0.3, 5.0),
    ),
)

SAME_VISIT_DAYS = 30
"""Values are compared with each other when they are at most this far apart."""


def ages(observations: pl.DataFrame, now: pl.DataFrame) -> pl.DataFrame:
    """Return ``sample value as_of`` from birth date and now, in completed fractions of a year (days / 365.25)."""
    births = observations.filter(_v("concept") == "birth_date").unique("sample", keep="last").select("sample", "code")
    frame = births.join(now, on="sample", how="inner").with_columns(born=_v("code").str.to_date(strict=False))
    years = (_v("as_of") - _v("born")).dt.total_days() / 365.25
    return frame.with_columns(value=years).filter(_v("value").is_between(0, 125)).select("sample", "value", "as_of")


def implied(observations: pl.DataFrame, vocabulary: Vocabulary) -> pl.DataFrame:
    """Return the wider conditions that stated ones imply where nothing is said of those: as their codes do.

    Parameters
    ----------
    observations
        Columns of `pgx.schema.CLINICAL`.
    vocabulary
        The look-ups.
    """
    pairs = [(one, wider) for one, several in vocabulary.implied.items() for wider in several]
    table = pl.DataFrame(pairs, schema={"concept": pl.String, "wider": pl.String}, orient="row")
    classes = [name for name, concept in vocabulary.concepts.items() if concept.kind == "coded"]
    stated = (_v("code") == "yes") | (_v("concept").is_in(classes) & _v("code").is_not_null())
    rows = observations.filter(stated).join(table, on="concept", how="inner", maintain_order="left")
    origin = pl.lit("derived:") + _v("concept")
    rows = rows.with_columns(concept="wider", code=pl.lit("yes"), origin=origin).select(observations.columns)
    rows = rows.unique(["sample", "concept", "date", "end_date"], maintain_order=True)
    return rows.join(observations, on=["sample", "concept"], how="anti", maintain_order="left")


def derive(observations: pl.DataFrame, now: pl.DataFrame, vocabulary: Vocabulary) -> tuple[pl.DataFrame, list[Note]]:
    """Compute what the inputs allow and the data do not give.

    Parameters
    ----------
    observations
        Columns of `pgx.schema.CLINICAL`.
    now
        ``sample as_of``.
    vocabulary
        The look-ups.

    Returns
    -------
    tuple
        Further rows (origin ``derived:<formula>``), and notes on contradictions
        (``sample severity code message where``).
    """
    added: list[pl.DataFrame] = []
    notes: list[Note] = []
    given_ages = observations.filter(_v("concept") == "age", _v("value").is_not_null())
    born = ages(observations, now)
    notes += _old_ages(given_ages.join(born, on="sample", how="anti"), now)
    both = given_ages.join(born, on="sample", how="inner", suffix="_born")
    holds = both.filter(((_v("as_of") - _v("date")).dt.total_days() <= AGE_HOLDS_DAYS).fill_null(True))
    new = born.join(holds.select("sample"), on="sample", how="anti")
    added.append(_rows(new, "age", "birth date", vocabulary))
    wide = _wide(pl.concat([observations, *added], rechunk=False), now, vocabulary)
    calculated = [
        (formula, _calculate(wide, formula)) for formula in FORMULAS if set(formula.inputs) <= {*wide.columns}
    ]
    doubtful = pl.DataFrame(schema={"sample": pl.String, "input": pl.String})
    for formula, frame in calculated:
        beyond = frame.filter(~_possible(vocabulary.concepts[formula.concept]))
        notes += _impossible(beyond, formula, vocabulary)
        inputs = pl.DataFrame({"input": [name for name in formula.inputs if name not in _WHO]})
        doubtful = pl.concat([doubtful, beyond.select("sample").join(inputs, how="cross")])
    told = bounds.newest(observations)
    for formula, frame in calculated:
        usable = frame.filter(_possible(vocabulary.concepts[formula.concept]))
        if formula.concept in usable.columns:
            if formula.tolerance:
                notes += _compare(usable, formula)
            usable = usable.filter(_v(formula.concept).is_null())
            usable, apart = _within(usable, formula, told)
            notes += apart
        unsafe = doubtful.filter(_v("input").is_in(formula.inputs))
        oldest = pl.min_horizontal(f"{name}@" for name in formula.inputs)
        new = usable.join(unsafe, on="sample", how="anti", maintain_order="left").select(
            "sample", value=_v("calculated"), as_of=pl.coalesce(oldest, "as_of")
        )
        added.append(_rows(new, formula.concept, formula.name, vocabulary))
    return pl.concat(added), notes


def _within(
    usable: pl.DataFrame, formula: Formula, told: Mapping[tuple[str, str], tuple[float, float]]
) -> tuple[pl.DataFrame, list[Note]]:
    """Leave out what was calculated beyond a bound that was given: the bound counts, and is said to contradict it."""
    keep: list[bool] = []
    notes: list[Note] = []
    for sample, calculated in usable.select("sample", "calculated").iter_rows():
        least, greatest = told.get((sample, formula.concept), (calculated, calculated))
        margin = formula.tolerance[0] * calculated if formula.tolerance else 0.0
        keep.append(least - margin <= calculated <= greatest + margin)
        if not keep[-1]:
            message = f"{formula.concept} would be {calculated:.4g} by {formula.name}, beyond the bound that is given"
            notes.append(contradiction(sample, message, formula.concept))
    return usable.filter(pl.Series(keep, dtype=pl.Boolean)), notes


AGE_HOLDS_DAYS = 365
"""An age that was given longer ago than this is no longer the person's, and is said to be old."""


def _old_ages(given: pl.DataFrame, now: pl.DataFrame) -> list[Note]:
    """Say which ages without a birth date are of years ago: they are used as given, and not carried forward."""
    days = given.join(now, on="sample").filter(_v("date") <= _v("as_of"))
    newest = days.sort("date", maintain_order=True).unique("sample", keep="last", maintain_order=True)
    old = newest.filter((_v("as_of") - _v("date")).dt.total_days() > AGE_HOLDS_DAYS).sort("sample")
    return [
        Note(
            sample=row["sample"],
            stage="clinical",
            severity=Severity.WARNING,
            code=NoteCode.OLD_AGE,
            message=f"age {row['value']:g} is of {row['date']}, {(row['as_of'] - row['date']).days / 365.25:.1f} "
            f"years before the day that counts as now ({row['as_of']}), and is used as it is: give the birth date",
            subject="age",
            where="age",
        )
        for row in old.iter_rows(named=True)
    ]


_WHO = ("sex", "age")
"""Inputs that say who it is: a value that cannot be does not cast doubt on them."""


def _calculate(wide: pl.DataFrame, formula: Formula) -> pl.DataFrame:
    given = (_v(name).is_not_null() for name in formula.inputs)
    frame = wide.filter(formula.when(), *given).with_columns(calculated=formula.value())
    return frame.filter(_v("calculated").is_finite())


def _possible(concept: Concept) -> pl.Expr:
    return _v("calculated").is_between(concept.low or 0.0, 1e9 if concept.high is None else concept.high)


def _impossible(beyond: pl.DataFrame, formula: Formula, vocabulary: Vocabulary) -> list[Note]:
    """Say which inputs give what no human has: one of them, or its unit, is wrong, and nobody can tell which."""
    concept = vocabulary.concepts[formula.concept]
    return [
        contradiction(
            row["sample"],
            f"{_inputs(row, formula, vocabulary)} cannot all be right: {formula.concept} would be "
            f"{row['calculated']:.4g} {concept.unit} (possible: {concept.low:g} to {concept.high:g}); check the values "
            "and their units. Nothing is derived from them",
            formula.concept,
        )
        for row in beyond.iter_rows(named=True)
    ]


def _inputs(row: dict[str, Any], formula: Formula, vocabulary: Vocabulary) -> str:
    return ", ".join(
        f"{name} {row[name]:.4g} {vocabulary.concepts[name].unit}"
        if isinstance(row[name], float)
        else f"{name} {row[name]}"
        for name in formula.inputs
    )


def _current(observations: pl.DataFrame, concepts: set[str], now: pl.DataFrame, vocabulary: Vocabulary) -> pl.DataFrame:
    rows = observations.lazy().filter(_v("concept").is_in(sorted(concepts)))
    rows = rows.select("sample", "concept", "value", "code", "date", "end_date")
    return current_values(rows.collect(), now, vocabulary)


def _wide(observations: pl.DataFrame, now: pl.DataFrame, vocabulary: Vocabulary) -> pl.DataFrame:
    needed = {name for formula in FORMULAS for name in (*formula.inputs, formula.concept)}
    current = _current(observations, needed, now, vocabulary)
    wide = current.select("sample", "as_of").unique("sample", maintain_order=True)
    for concept in sorted(set(current["concept"])):
        column = "value" if vocabulary.concepts[concept].kind == "numeric" else "code"
        part = current.filter(_v("concept") == concept).select(
            "sample", _v(column).alias(concept), _v("date").alias(f"{concept}@")
        )
        wide = wide.join(part, on="sample", how="left", maintain_order="left")
    return wide


def _rows(frame: pl.DataFrame, concept: str, formula: str, vocabulary: Vocabulary) -> pl.DataFrame:
    return frame.select(
        "sample",
        concept=pl.lit(concept),
        value=_v("value"),
        code=pl.lit(None, dtype=pl.String),
        unit=pl.lit(vocabulary.concepts[concept].unit, dtype=pl.String),
        reaction=pl.lit(None, dtype=pl.String),
        date=_v("as_of"),
        end_date=pl.lit(None, dtype=pl.Date),
        source=pl.lit(f"from {formula}"),
        origin=pl.lit(f"derived:{formula}"),
    )


def _compare(usable: pl.DataFrame, formula: Formula) -> list[Note]:
    assert formula.tolerance is not None
    relative, absolute = formula.tolerance
    given, calculated = _v(formula.concept), _v("calculated")
    apart = pl.max_horizontal(
        (_v(f"{name}@") - _v(f"{formula.concept}@")).dt.total_days().abs().fill_null(0)
        for name in formula.inputs
        if name not in ("sex", "age")
    )
    difference = (given - calculated).abs()
    bad = usable.filter(
        given.is_not_null()
        & (difference > absolute)
        & (difference > relative * calculated)
        & (apart <= SAME_VISIT_DAYS)
    )
    return [
        contradiction(
            row["sample"],
            f"{formula.concept} {row[formula.concept]:.4g} as given, "
            f"but {row['calculated']:.4g} by {formula.name} from "
            + ", ".join(
                f"{name} {row[name]:.4g}" if isinstance(row[name], float) else f"{name} {row[name]}"
                for name in formula.inputs
            ),
            formula.concept,
        )
        for row in bad.iter_rows(named=True)
    ]


def conflicts(observations: pl.DataFrame, now: pl.DataFrame, vocabulary: Vocabulary, table: pl.DataFrame) -> list[Note]:
    """Return notes on statements of ``concept_conflicts.tsv`` that cannot both be true."""
    named = set(table["concept_a"]) | set(table["concept_b"])
    current = _current(observations, named, now, vocabulary)
    notes = []
    for rule in table.iter_rows(named=True):
        a = current.filter((_v("concept") == rule["concept_a"]) & (_v("code") == rule["answer_a"]))
        hit = (_v("code") == rule["answer_b"]) if rule["answer_b"] else _v("value") >= rule["min_b"]
        b = current.filter((_v("concept") == rule["concept_b"]) & hit)
        for sample in a.join(b, on="sample", how="semi")["sample"]:
            notes.append(
                contradiction(
                    sample,
                    f"the record contradicts itself: {rule['conflict']}",
                    f"{rule['concept_a']}, {rule['concept_b']}",
                )
            )
    return notes
