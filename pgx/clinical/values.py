"""From statements as written to values in the concepts' own units; what cannot be right is named, not used."""

from __future__ import annotations

import re

import polars as pl

from pgx.clinical import bounds, numerals
from pgx.clinical.statements import PROBLEM
from pgx.clinical.vocabulary import Concept, Vocabulary
from pgx.codes import NoteCode

_FEET = re.compile(
    r"""^\s*([0-9])\s*(?:'|′|ft|feet)\s*([0-9]{1,2}(?:\.[0-9]+)?)\s*(?:"|″|''|in|inch|inches)?\s*$""", re.IGNORECASE
)
_AMOUNT = re.compile(r"^\s*([-+]?[0-9]+(?:\.[0-9]+)?)\s*([^0-9\s.,eE+-].*)$")
UNITLESS = {"{INR}", "{Tscore}", "{PackYears}", "/d", "a"}
"""Units of concepts whose bare number can only mean this unit."""


def interpret(raw: pl.DataFrame, vocabulary: Vocabulary) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Convert and check statements.

    Parameters
    ----------
    raw
        Columns of `pgx.clinical.statements.RAW`.
    vocabulary
        The look-ups.

    Returns
    -------
    tuple
        Observations (``person concept value code unit reaction date end_date file where``), and problems
        (`pgx.clinical.statements.PROBLEM`), each with the value that was left out.
    """
    kinds = {name: concept.kind for name, concept in vocabulary.concepts.items()}
    raw = raw.with_columns(kind=pl.col("concept").replace_strict(kinds, return_dtype=pl.String))
    numbers, bad_numbers = _numbers(raw.filter(pl.col("kind") == "numeric"), vocabulary)
    answers, bad_answers = _answers(raw.filter(pl.col("kind") != "numeric"), vocabulary)
    keep = ["person", "concept", "value", "code", "unit", "reaction", "date", "end_date", "file", "where", "bare"]
    return pl.concat([numbers.select(keep), answers.select(keep)]), pl.concat([bad_numbers, bad_answers])


def _numbers(raw: pl.DataFrame, vocabulary: Vocabulary) -> tuple[pl.DataFrame, pl.DataFrame]:
    unknown = {
        code
        for (concept, system, code), answer in vocabulary.answers.items()
        if concept == "*" and system == "text" and not answer
    }
    text = pl.col("text").str.strip_chars()
    marks = {
        one: bare
        for one in raw.select(text).to_series().drop_nulls().unique()
        if (bare := numerals.without_mark(one)) != one
    }
    unmarked = text.replace(marks) if marks else text
    raw = raw.with_columns(
        text=pl.when(text != "").then(text), bound=bounds.sign(unmarked), marked=(unmarked != text).fill_null(False)
    )
    written = bounds.without_sign(unmarked)
    raw = raw.with_columns(
        number=pl.coalesce("number", written.cast(pl.Float64, strict=False)), written=written
    ).filter(pl.col("number").is_not_null() | ~written.str.to_lowercase().is_in(list(unknown)).fill_null(True))
    raw = _cells_with_units(_numerals(raw), vocabulary)
    raw = raw.with_columns(as_numeral=pl.col("as_numeral") | pl.col("marked")).drop("marked")
    rules = pl.DataFrame(
        [_rule(vocabulary, concept, unit) for concept, unit in raw.select("concept", "unit").unique().iter_rows()],
        schema={
            "concept": pl.String,
            "unit": pl.String,
            "ucum": pl.String,
            "own": pl.String,
            "factor": pl.Float64,
            "offset": pl.Float64,
            "low": pl.Float64,
            "high": pl.Float64,
        },
        orient="row",
    )
    value = pl.col("number") * pl.col("factor") + pl.col("offset")
    raw = raw.join(rules, on=["concept", "unit"], how="left", nulls_equal=True, maintain_order="left").with_columns(
        value=value
    )
    reason = (
        pl.when(pl.col("number").is_null() | ~pl.col("number").is_finite())
        .then(pl.lit("not_a_number"))
        .when(pl.col("factor").is_null() & pl.col("unit").is_null())
        .then(pl.lit("unit_missing"))
        .when(pl.col("factor").is_null())
        .then(pl.lit("unit_unknown"))
        .when((pl.col("value") < pl.col("low")) | (pl.col("value") > pl.col("high")))
        .then(pl.lit("impossible_value"))
    )
    raw = raw.with_columns(reason=reason)
    good = raw.filter(pl.col("reason").is_null()).with_columns(code=pl.lit(None, dtype=pl.String))
    bound = good.filter(pl.col("bound").is_not_null()).with_columns(reason=pl.lit(NoteCode.BOUND.value))
    good = _below_one_year(bounds.as_codes(good)).with_columns(unit="own")
    told = good.filter(pl.col("as_numeral")).with_columns(reason=pl.lit(NoteCode.NUMERAL_READ.value))
    bad = pl.concat([raw.filter(pl.col("reason").is_not_null()), bound.select(raw.columns)])
    return good, pl.concat([_problems(bad), _problems(told, "info")])


def _below_one_year(good: pl.DataFrame) -> pl.DataFrame:
    """Take an age of no completed year for any below one year: it is no age of a new-born."""
    none = (pl.col("concept") == "age") & (pl.col("value") == 0) & (pl.col("ucum") == "a")
    infants = good.filter(none).with_columns(concept=pl.lit("age_margin"), value=0.5)
    return pl.concat([good.with_columns(value=pl.when(none).then(0.5).otherwise("value")), infants])


def _numerals(raw: pl.DataFrame) -> pl.DataFrame:
    """Read numbers with a decimal comma or separated thousands (`pgx.clinical.numerals`), marked ``as_numeral``."""
    texts = raw.filter(pl.col("number").is_null())["written"].drop_nulls().unique(maintain_order=True).to_list()
    meant = {text: value for text in texts if (value := numerals.number(text)) is not None}
    read = pl.col("written").replace_strict(meant, default=None, return_dtype=pl.Float64)
    read = pl.when(pl.col("number").is_null()).then(read) if meant else pl.lit(None, dtype=pl.Float64)
    return raw.with_columns(_read=read).with_columns(
        number=pl.coalesce("number", "_read"), as_numeral=pl.col("_read").is_not_null()
    )


def _cells_with_units(raw: pl.DataFrame, vocabulary: Vocabulary) -> pl.DataFrame:
    """Read cells that hold number and unit, ``70 kg``; the unit must be one of the concept's."""
    cells = raw.filter(pl.col("number").is_null(), pl.col("written").is_not_null())
    rows = []
    for concept, text in cells.select("concept", "written").unique(maintain_order=True).iter_rows():
        number, unit = number_and_unit(text)
        if unit and (ucum := vocabulary.unit(unit)) and vocabulary.factor(concept, ucum):
            rows.append((concept, text, number, ucum, numerals.with_point(text) != text))
    if not rows:
        return raw
    schema = {"concept": pl.String, "written": pl.String, "_number": pl.Float64, "_unit": pl.String, "_as": pl.Boolean}
    found = pl.DataFrame(rows, schema=schema, orient="row")
    raw = raw.join(found, on=["concept", "written"], how="left", maintain_order="left")
    return raw.with_columns(
        number=pl.coalesce("number", "_number"),
        as_numeral=pl.any_horizontal("as_numeral", "_as", pl.col("_unit") != pl.col("unit")).fill_null(False),
        unit=pl.coalesce("_unit", "unit"),
        bare=pl.col("bare") & pl.col("_unit").is_null(),
    ).drop("_number", "_unit", "_as")


def number_and_unit(text: str) -> tuple[float | None, str | None]:
    """Take ``70 kg``, ``72,5 kg`` or ``5 ft 11 in`` apart; feet and inches become inches."""
    text = numerals.with_point(text)
    if feet := _FEET.match(text):
        return int(feet[1]) * 12 + float(feet[2]), "[in_i]"
    if two := numerals.of_two_units(text):
        return two
    found = _AMOUNT.match(text)
    return (float(found[1]), found[2].strip()) if found else (None, None)


def _rule(vocabulary: Vocabulary, name: str, unit: str | None) -> tuple[object, ...]:
    concept: Concept = vocabulary.concepts[name]
    ucum = concept.unit if unit is None and concept.unit in UNITLESS else vocabulary.unit(unit) if unit else None
    factor = vocabulary.factor(name, ucum) if ucum else None
    return name, unit, ucum, concept.unit, *(factor or (None, None)), concept.low, concept.high


def _answers(raw: pl.DataFrame, vocabulary: Vocabulary) -> tuple[pl.DataFrame, pl.DataFrame]:
    raw = raw.with_columns(
        text=pl.coalesce(
            "text",
            pl.when(pl.col("number") == pl.col("number").round())
            .then(pl.col("number").cast(pl.Int64, strict=False))
            .cast(pl.String),
            pl.col("number").cast(pl.String),
        )
    )
    rules = pl.DataFrame(
        [
            (*key, *_understand(vocabulary, *key))
            for key in raw.select("concept", "system", "text", "answer").unique().iter_rows()
        ],
        schema={
            "concept": pl.String,
            "system": pl.String,
            "text": pl.String,
            "answer": pl.String,
            "known": pl.Boolean,
            "code": pl.String,
            "meant": pl.String,
        },
        orient="row",
    )
    raw = raw.join(
        rules, on=["concept", "system", "text", "answer"], how="left", nulls_equal=True, maintain_order="left"
    )
    moved = raw.filter(pl.col("meant") != pl.col("concept")).with_columns(reason=pl.lit("other_question"))
    told = _problems(moved.with_columns(own="meant", written="code"), "info")
    raw = raw.with_columns(concept="meant").with_columns(
        value=pl.lit(None, dtype=pl.Float64), unit=pl.lit(None, dtype=pl.String)
    )
    bad = raw.filter(~pl.col("known")).with_columns(
        reason=pl.lit("answer_unknown"), own=pl.lit(None, dtype=pl.String), written="text"
    )
    return raw.filter(pl.col("known") & pl.col("code").is_not_null()), pl.concat([_problems(bad), told])


_BESIDE = {"race": "ethnicity", "ethnicity": "race"}
"""Questions whose answers records put in each other's place."""


def _understand(
    vocabulary: Vocabulary, concept: str, system: str, text: str | None, answer: str | None
) -> tuple[bool, str | None, str]:
    """Return whether it is understood, the answer, and the concept that it is an answer of."""
    if answer is not None:
        return True, answer, concept
    if text is None or not text.strip():
        return True, None, concept
    if concept in FREE:
        return True, text.strip(), concept
    known, code = vocabulary.answer(concept, system, text)
    if not known and system == "text" and (beside := numerals.without_amount(text)) != text:
        known, code = vocabulary.answer(concept, system, beside)
    if not known and (other := _BESIDE.get(concept)):
        moved, meant = vocabulary.answer(other, system, text)
        if moved and meant:
            return True, meant, other
    return known, code, concept


FREE = {"birth_date", "as_of", "allergy", "medication_unread", "medication_unknown", "medication_local"}
"""Coded concepts whose answer is a checked value of its own (a date, a drug), not one of a list."""


def _problems(bad: pl.DataFrame, severity: str = "error") -> pl.DataFrame:
    rows = []
    for r in bad.iter_rows(named=True):
        written = r["text"] if r.get("bound") or (severity == "info" and r["text"]) else r["written"]
        shown = written if written is not None else f"{r['number']:g}" if r["number"] is not None else ""
        rows.append(
            (
                r["person"],
                severity,
                r["reason"],
                _message(r, str(shown)[:60]),
                r["concept"],
                r["date"],
                r["file"],
                r["where"],
            )
        )
    return pl.DataFrame(rows, schema=PROBLEM, orient="row")


def _message(r: dict[str, object], shown: str) -> str:
    name = r["concept"]
    said = {
        "not_a_number": f"{name} {_not_a_number(shown)}",
        "bound": f"{name} {shown!r} is a bound: it decides only limits that all of it lies on one side of",
        "unit_missing": f"{name} {shown} has no unit: not used",
        "unit_unknown": f"{name} {shown} {r['unit']}: the unit cannot be converted to {r['own']}",
        "answer_unknown": f"{name}: {shown!r} is not an answer that can be used; {name} counts as unknown",
        "numeral_read": f"{name} {shown!r} is read as {_amount(r)}",
        "other_question": f"{name} is given as {r['own']} {shown}: it is read as that, and {name} is unknown",
    }
    if r["reason"] in said:
        return said[str(r["reason"])]
    possible = f"possible: {r['low']:g} to {r['high']:g} {r['own']}"
    return f"{name} of {_as_own(r, shown)} is impossible ({possible}) and not used: correct it, or its unit"


def _amount(r: dict[str, object]) -> str:
    number, unit = r.get("number"), r.get("ucum")
    return "" if number is None else f"{number:.15g}" + (f" {unit}" if unit and unit != r["own"] else "")


def _not_a_number(shown: str) -> str:
    if re.fullmatch(r"[-+]?\d+,\d+", shown):
        return f"{shown!r} is two numbers, by whether the comma is the decimal sign: write a decimal point"
    return f"{shown!r} is not a number"


def _as_own(r: dict[str, object], shown: str) -> str:
    if r["ucum"] == r["own"]:
        return f"{shown} {r['own']}"
    return f"{shown} {r['ucum']} ({r['value']:.4g} {r['own']})"
