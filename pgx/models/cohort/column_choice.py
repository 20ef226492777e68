"""Which columns of a cohort become features: the endpoint's own, or every column that can tell something."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pgx.features import posterior, refused
from pgx.features.names import FeatureName, gene_of
from pgx.models.cohort import leakage, spending, told_by_two
from pgx.models.evidence import design
from pgx.models.evidence.endpoint import Endpoint, Feature, Reading
from pgx.models.evidence.links import measured
from pgx.models.fitting.boost import Floats

_MAX_LEVELS = 8
_RARE = 10
_MANY = 100
Levels = NDArray[np.int64]
_DAY = r"^\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:.*)?$|^\d{1,2}([./-])\d{1,2}[./-](?:\d{2}|\d{4})(?: \d{2}:.*)?$"
"""How text tables write days: which day of the past it was says nothing of a patient to come."""
_NUMBER = r"^[<>~≤≥=]*\s*[+-]?\d+(?:[.,]\d+)*\s*\D{0,8}$"
_TOO_RARE = "no value is frequent enough"
_MOST_NAMED = 8
"""Columns that a sentence names before it counts the rest."""
_WORDS = (pl.String, pl.Categorical, pl.Enum)
_SLIPS = 0.1
"""Share of a column's values that may be words, for it to be one of numbers."""
_NEARLY = 0.95
"""AUC, or rank correlation, from which on a column that is used is said: a copy of the outcome with slips has it."""
_MOST_SLIPS = 0.5
"""The same where more different numbers stand in it than words have levels: ``<0.5`` among laboratory values."""


def choose(
    frame: pl.DataFrame,
    endpoint: Endpoint,
    taken: set[str],
    y: Floats,
    *,
    others: bool,
    people: NDArray[np.int64] | None = None,
) -> tuple[list[Feature], dict[str, str], list[tuple[str, str]]]:
    """Choose features: the endpoint's, or, where it names none, the prior's readings and every usable column.

    Parameters
    ----------
    frame, y
        The rows used and their outcome.
    endpoint
        What is predicted.
    taken
        Columns that are no features: outcome, person and the like.
    others
        Add every usable column to the features that the endpoint names.
    people
        int64 (n,): person of each row, who is counted once however many rows say the same; None = a row is a person.

    Returns
    -------
    tuple of list, dict and list
        The features, the columns not used with the reason, and code and sentence of what the user must know.
    """
    features, unused = _candidates(frame, endpoint, taken, others, people)
    answers = _answers(frame, endpoint, features, y, people)
    unused |= (away := answers.unused())
    features = [feature for feature in features if feature.reading.column not in away]
    said = [("text_among_numbers", text) for text in words_among_numbers(frame, features)]
    said += [("text_not_used", text) for text in _numbers_not_read(frame, unused)]
    said += [("column_gives_outcome_away", text) for text in _said(answers)]
    nearly = {column: best for column, best in answers.nearly.items() if column not in away}
    return features, unused, said + [("column_nearly_gives_outcome_away", text) for text in _asked(nearly, endpoint)]


def _candidates(
    frame: pl.DataFrame, endpoint: Endpoint, taken: set[str], others: bool, people: NDArray[np.int64] | None
) -> tuple[list[Feature], dict[str, str]]:
    unused: dict[str, str] = {}
    chosen = list(endpoint.features)
    if chosen:
        if not others:
            return chosen, unused
        taken = taken | set(design.columns(endpoint))
    for term in () if chosen else endpoint.terms:
        if term.reading.column in frame.columns or term.reading.column in endpoint.derived:
            sign = int(np.sign(term.coefficient)) if abs(term.coefficient) > 2 * term.se else 0
            chosen.append(Feature(term.name, term.reading, sign, "direction of the published effect" if sign else ""))
    for name in frame.columns:
        if name not in taken:
            added, why = ([], "for scores only") if kept_for_scores(name) else _auto(frame[name], people)
            chosen += added
            if why:
                unused[name] = why
    return chosen, unused


def kept_for_scores(name: str) -> bool:
    """Whether a column is for scores alone, and no feature: the refused values, and what is averaged over."""
    return name in (refused.NAME, refused.GENES) or averaged_over(name)


def averaged_over(name: str) -> bool:
    """Whether a column holds the diplotypes over which scores are averaged."""
    return bool(gene_of(name)) and FeatureName.parse(name).last == posterior.NAME


def _said_once(column: pl.Series, people: NDArray[np.int64]) -> tuple[pl.Series, int]:
    """Return the known values, each once a person, and the number of persons of whom any is known."""
    rows = pl.DataFrame([column.alias("value"), pl.Series("person", people)]).drop_nulls()
    return rows.unique(maintain_order=True)["value"].alias(column.name), rows["person"].n_unique()


def _auto(  # noqa: PLR0911 (one line a kind of column)
    column: pl.Series, people: NDArray[np.int64] | None = None
) -> tuple[list[Feature], str]:
    """Features of one column, and why there are none."""
    known = column.drop_nulls()
    persons = len(known)
    # What can be no feature has no need to be compared, and may not be comparable.
    if people is not None and (column.dtype.is_numeric() or column.dtype in (pl.Boolean, *_WORDS)):
        known, persons = _said_once(column, people)
    if persons < _RARE:
        return [], "hardly ever known"
    if column.dtype == pl.Boolean:
        minority = int(min(known.sum(), len(known) - known.sum()))
        reading = Reading(column.name)
        return ([Feature(column.name, reading)], "") if minority >= _RARE // 2 else ([], "hardly varies")
    if column.dtype.is_numeric():
        if known.n_unique() < 2:
            return [], "constant"
        if len(known) >= _MANY and known.n_unique() == len(known) and _whole(known):
            return [], "a number of its own for every row"
        return [Feature(column.name, Reading(column.name))], ""
    if column.dtype.is_temporal():
        return [], "a date"
    if column.dtype not in _WORDS:
        return [], "neither number nor text"
    number = known.cast(pl.String).cast(pl.Float64, strict=False)
    slips, different = number.null_count(), number.drop_nulls().n_unique()
    many = different > _MAX_LEVELS and slips <= _MOST_SLIPS * len(known)
    if many or (slips <= _SLIPS * len(known) and different > (_MAX_LEVELS if slips else 1)):
        return [Feature(column.name, Reading(column.name))], ""
    if _mostly(known, _DAY):
        return [], "a date"
    counts = known.cast(pl.String).value_counts(sort=True, name="rows")
    levels = [(str(level), int(rows)) for level, rows in counts.iter_rows()]
    if len(levels) < 2:
        return [], "constant"
    frequent = sorted((-rows, level) for level, rows in levels if _RARE <= rows <= len(known) - _RARE)[:_MAX_LEVELS]
    if not frequent:
        return [], _TOO_RARE
    return [
        Feature(f"{column.name} = {level}", Reading(column.name, kind="level", levels=(level,)))
        for _, level in frequent
    ], ""


def _whole(known: pl.Series) -> bool:
    """Whether all numbers are whole, though a table with gaps may hold them as fractions."""
    return bool(known.dtype.is_integer() or (known == known.floor()).all())


@dataclass(slots=True)
class _Answers:
    """Columns that tell the outcome: alone, by whether they are known, in pairs; and nearly, which are used."""

    alone: list[str] = field(default_factory=list)
    one_sided: dict[str, int] = field(default_factory=dict)
    pairs: list[tuple[str, str]] = field(default_factory=list)
    nearly: dict[str, float] = field(default_factory=dict)

    def unused(self) -> dict[str, str]:
        """Return why columns are left out."""
        found = dict.fromkeys(self.alone, "it gives the outcome away")
        found |= {name: f"known only where the outcome is {side}" for name, side in self.one_sided.items()}
        together = _others(self.pairs).items()
        return found | {name: f"with {' or '.join(others)} it gives the outcome away" for name, others in together}


def _answers(
    frame: pl.DataFrame,
    endpoint: Endpoint,
    features: Sequence[Feature],
    y: Floats,
    people: NDArray[np.int64] | None,
) -> _Answers:
    """Find the columns that are the outcome in other words; genes and what the evidence names are never that."""
    known = {column for column in design.columns(endpoint) if column in frame.columns}
    apart = set(spending.read_as_they_stand(endpoint, features)) & set(frame.columns)
    others = [feature for feature in features if feature.reading.column not in apart]
    # Of a large table there must not be two (`select` would copy one in pieces); one column at least keeps the rows.
    needed = [name for name in frame.columns if name in design.columns(endpoint, others)] or frame.columns[:1]
    prepared = design.prepare(frame[needed], endpoint, others)
    asked: dict[str, list[Feature]] = {}
    for feature in features:
        column = feature.reading.column
        if column not in known and not gene_of(column):
            asked.setdefault(column, []).append(feature)
    found, link = _Answers(), endpoint.link
    some, numbers, levels = told_by_two.rows_asked(y, link), dict[str, Floats](), dict[str, Levels]()
    for column, read in asked.items():
        values = design.matrix(frame if column in apart else prepared, read).astype(np.float64)
        told = [values[:, j] for j in range(values.shape[1])]
        # What no level tells alone, all may tell together, and numbers that are codes tell it in no order.
        few = len(read) > 1 or pl.Series(told[0]).n_unique() <= _MAX_LEVELS
        if few:
            told.append(leakage.by_value(values, y))
        best = float(np.max(np.nan_to_num([leakage.ordered(value, y, link) for value in told])))
        given = np.asarray(np.isfinite(values).all(axis=1))
        if best >= leakage.CERTAIN:
            found.alone.append(column)
        elif link == "logit" and leakage.one_sided(given, y, people):
            found.one_sided[column] = int(y[given][0])
        else:
            if best >= _NEARLY:
                found.nearly[column] = best
            if len(read) == 1 and read[0].reading.kind == "number":
                numbers[column] = told[0][some]
            if few:
                levels[column] = _levels(values[some])
    found.pairs = told_by_two.pairs(numbers, y[some], link)
    found.pairs += [two for two in told_by_two.pairs_of_levels(levels, y[some], link) if two not in found.pairs]
    return found


def _levels(values: Floats) -> Levels:
    """Number the levels of a column that its features (n, k) tell apart; -1 = not known."""
    known = np.isfinite(values).all(axis=1)
    found = np.full(len(values), -1)
    found[known] = np.unique(values[known], axis=0, return_inverse=True)[1].ravel()
    return found


def _others(pairs: Sequence[tuple[str, str]]) -> dict[str, list[str]]:
    """Return, for each column of a pair, those that it tells the outcome with."""
    found: dict[str, list[str]] = {}
    for a, b in pairs:
        found.setdefault(a, []).append(b)
        found.setdefault(b, []).append(a)
    return found


def words_among_numbers(frame: pl.DataFrame, features: Sequence[Feature]) -> list[str]:
    """Say which words stand in columns that are read as numbers: one slip makes text of a whole column."""
    said = []
    for name in sorted({one.reading.column for one in features if one.reading.kind == "number"}):
        if name not in frame.columns or frame[name].dtype != pl.String:
            continue
        column = frame[name].drop_nulls()
        if words := column.cast(pl.Float64, strict=False).null_count():
            said.append(f"{name} is taken as unknown where it is no number ({words} rows): leave such cells empty")
    return said


def _mostly(known: pl.Series, pattern: str) -> bool:
    """Whether nearly all known values of a column are written like a pattern."""
    return int(known.cast(pl.String).str.contains(pattern).sum()) >= (1.0 - _SLIPS) * len(known)


def _numbers_not_read(frame: pl.DataFrame, unused: Mapping[str, str]) -> list[str]:
    """Say which columns of text were left out though most of their cells begin with a number: ``7,4`` or ``12 %``."""
    names = [name for name, why in unused.items() if why == _TOO_RARE and _mostly(frame[name].drop_nulls(), _NUMBER)]
    if not names:
        return []
    verb = "is" if len(names) == 1 else "are"
    return [f"{_named(names)} {verb} not used: the numbers are written as text; write 7.4, "
            "without a comma, sign or unit"]  # fmt: skip


def _said(answers: _Answers) -> list[str]:
    said, giving, pairs = list[str](), answers.alone, answers.pairs
    if answers.one_sided:
        sides = [f"{name} ({side})" for name, side in answers.one_sided.items()]
        verb = "is known only where the outcome is that, and was" if len(sides) == 1 else (
            "are known only where the outcome is that, and were")  # fmt: skip
        said.append(f"{_named(sides)} {verb} left out: what is recorded because of the outcome cannot foretell it")
    if len(giving) == 1:
        said.append(f"{giving[0]} tells the outcome nearly without error and was left out: it is the outcome in other "
                    "words, or was recorded after it")  # fmt: skip
    elif giving:
        said.append(f"{_named(giving)} each tell the outcome nearly without error and were left out: they are the "
                    "outcome in other words, or were recorded after it")  # fmt: skip
    if pairs:
        named = _named([" and ".join(pair) for pair in pairs], "; ")
        said.append(f"{named} together tell the outcome nearly without error, which neither does alone, and were left "
                    "out: what lies between them was known after the outcome")  # fmt: skip
    return said


def _asked(nearly: Mapping[str, float], endpoint: Endpoint) -> list[str]:
    """Ask about columns that tell the outcome better than what is known beforehand does, but not without error."""
    if not nearly:
        return []
    measure = "a rank correlation of" if measured(endpoint.link) else "an AUC of"
    named = _named([f"{column} ({best:.3f})" for column, best in nearly.items()])
    what = "tells the outcome alone and is used" if len(nearly) == 1 else "each tell the outcome alone and are used"
    return [f"{named} {what}, with {measure} {_NEARLY} or more: leave out with --ignore what is the outcome in other "
            "words, or was recorded after it"]  # fmt: skip


def _named(columns: Sequence[str], between: str = ", ") -> str:
    more = f" and {len(columns) - _MOST_NAMED} more" if len(columns) > _MOST_NAMED else ""
    return f"{between.join(columns[:_MOST_NAMED])}{more}"
