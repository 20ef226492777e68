"""Whether records that are joined to one sample can be about one person: their sex, birth date and age."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

import polars as pl

from pgx.clinical.people import Notes, contradiction
from pgx.clinical.statements import Events
from pgx.clinical.values import interpret
from pgx.clinical.vocabulary import Vocabulary
from pgx.codes import NoteCode, Severity
from pgx.errors import InputError
from pgx.notes import Note

SAME_DAY_RATIO = 5.0
"""Values of one thing on one day that are further apart than this are hardly both true."""
AGE_YEARS, AGE_YEARS_UNDATED = 2.0, 10.0
"""An age and a birth date that are further apart than this are of two persons; the latter for an age without a date."""


@dataclass(frozen=True, slots=True)
class Record:
    """What one file says of who one of its persons is."""

    file: str
    person: str | None
    sample: str
    guessed: bool
    sexes: frozenset[str]
    births: frozenset[date]
    ages: tuple[tuple[float, date | None], ...]
    newest: date | None


def compare(
    files: Sequence[Events],
    frames: Sequence[pl.DataFrame],
    joined: Sequence[dict[str | None, str]],
    vocabulary: Vocabulary,
) -> Notes:
    """Return notes on records of one sample that cannot be about one person.

    Parameters
    ----------
    files, frames
        The files and their statements (`pgx.clinical.statements.RAW`).
    joined
        Person -> sample of each file.
    vocabulary
        The look-ups.

    Raises
    ------
    InputError
        If one of the two records was joined only because it is of one person and there is one sample: then nothing
        else shows whose it is.
    """
    records: dict[str, list[Record]] = {}
    for one in _records(files, frames, joined, vocabulary):
        records.setdefault(one.sample, []).append(one)
    notes: Notes = []
    for sample, theirs in records.items():
        for a, b in itertools.combinations(theirs, 2):
            found = list(_differences(a, b))
            if not found:
                continue
            apart = f"{_name(a)} and {_name(b)} are not one person"
            message = f"{apart}: {'; '.join(said for _, said in found)}"
            if a.guessed or b.guessed:  # an error quotes no value
                message = f"{apart}: {' and '.join(dict.fromkeys(what for what, _ in found))} differ"
                fix = f"give the records of {sample} only, with the sample's name as an identifier of the person"
                raise InputError(message, file=(b if b.guessed else a).file, fix=fix)
            notes.append(
                Note(
                    sample=sample,
                    stage="clinical",
                    severity=Severity.WARNING,
                    code=NoteCode.CONTRADICTION,
                    message=message,
                    where=b.file,
                )
            )
    return notes


def contradictions(given: pl.DataFrame) -> Notes:
    """Return notes on statements that cannot all be true of one person.

    Two sexes or birth dates in one file (`compare` sees those of several), or values of one day more than
    `SAME_DAY_RATIO` apart, of which the last counts.

    Parameters
    ----------
    given
        ``sample concept value code unit date file``.
    """
    notes: Notes = []
    who = given.filter(pl.col("concept").is_in(["sex", "birth_date"]), pl.col("code").is_not_null())
    several = (
        who.group_by("sample", "concept", "file")
        .agg(pl.col("code").unique().sort())
        .filter(pl.col("code").list.len() > 1)
    )
    for sample, concept, file, codes in several.sort("sample", "concept", "file").iter_rows():
        if concept == "birth_date" and all(
            _same_day(date.fromisoformat(codes[0]), date.fromisoformat(other)) for other in codes
        ):
            continue
        what = "born " if concept == "birth_date" else "sex "
        message = f"{file} says {what}{' and '.join(codes)}: it may be of two persons"
        notes.append(contradiction(sample, message, concept))
    days = given.filter(pl.col("value") > 0, pl.col("date").is_not_null(), pl.col("unit").is_not_null())
    spread = (
        days.group_by("sample", "concept", "unit", "date")
        .agg(low=pl.col("value").min(), high=pl.col("value").max())
        .filter(pl.col("high") > SAME_DAY_RATIO * pl.col("low"))
    )
    for sample, concept, unit, day, low, high in spread.sort("sample", "concept", "date").iter_rows():
        message = f"{concept} is {low:.4g} and {high:.4g} {unit} on {day}: the one that is read last counts"
        notes.append(contradiction(sample, message, concept))
    return notes


def _records(
    files: Sequence[Events],
    frames: Sequence[pl.DataFrame],
    joined: Sequence[dict[str | None, str]],
    vocabulary: Vocabulary,
) -> Iterator[Record]:
    shared = {sample for sample, n in _counts(joined).items() if n > 1}
    for file, frame, names in zip(files, frames, joined, strict=True):
        wanted = {person: sample for person, sample in names.items() if sample in shared}
        if not wanted:
            continue
        about, _ = interpret(frame.filter(pl.col("concept").is_in(["sex", "birth_date", "age"])), vocabulary)
        rows = about.partition_by("person", as_dict=True)
        for person, sample in wanted.items():
            own = rows.get((person,), about.clear())
            born = own.filter(pl.col("concept") == "birth_date")["code"].str.to_date(strict=False).drop_nulls()
            ages = own.filter(pl.col("concept") == "age", pl.col("value").is_not_null()).select("value", "date")
            yield Record(
                file.file,
                person,
                sample,
                person is None or (person != sample and sample not in file.people[person]),
                frozenset(own.filter(pl.col("concept") == "sex")["code"].drop_nulls()),
                frozenset(born),
                tuple(ages.iter_rows()),
                file.dates.get(person),
            )


def _counts(joined: Sequence[dict[str | None, str]]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for sample in itertools.chain.from_iterable(names.values() for names in joined):
        counts[sample] = counts.get(sample, 0) + 1
    return counts


def _name(record: Record) -> str:
    return f"{record.person!r} of {record.file}" if record.person else f"the person of {record.file}"


def _differences(a: Record, b: Record) -> Iterator[tuple[str, str]]:
    """Yield what differs, and how."""
    if a.sexes and b.sexes and not a.sexes & b.sexes:
        yield "sex", f"sex {_any(a.sexes)} and {_any(b.sexes)}"
    if a.births and b.births and not any(_same_day(one, two) for one in a.births for two in b.births):
        yield "birth date", f"born {_any(a.births)} and {_any(b.births)}"
    for older, younger in ((a, b), (b, a)):
        for age, day in older.ages:
            at, limit = (day, AGE_YEARS) if day else (older.newest or younger.newest, AGE_YEARS_UNDATED)
            if at and younger.births and all(abs(_years(born, at) - age) > limit for born in younger.births):
                yield "age", f"age {age:g} and born {_any(younger.births)}"
    together = [abs(x - y) for (x, at), (y, on) in itertools.product(a.ages, b.ages) if at is None or at == on]
    if together and min(together) > AGE_YEARS_UNDATED:
        yield "age", f"age {a.ages[0][0]:g} and {b.ages[0][0]:g}"


def _any(values: frozenset[str] | frozenset[date]) -> str:
    return " or ".join(sorted(str(value) for value in values))


def _years(born: date, at: date) -> float:
    return (at - born).days / 365.25


def _same_day(a: date, b: date) -> bool:
    """Whether two birth dates can be one; the first of a year or its middle may stand for the year."""
    if a.year != b.year:
        return False
    year_only = bool({(1, 1), (7, 1)} & {(a.month, a.day), (b.month, b.day)})
    return year_only or (a.month == b.month and (a.day == b.day or bool({1, 15} & {a.day, b.day})))
