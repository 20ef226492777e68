"""What a reader hands on: statements about persons, not yet converted or checked, in columns."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import lru_cache

import polars as pl

from pgx.clinical.allergies import NONE, Allergens
from pgx.clinical.drugs import DrugNames, dose_per_day
from pgx.clinical.vocabulary import Vocabulary

RAW: dict[str, type[pl.DataType]] = {
    "person": pl.String,
    "concept": pl.String,
    "answer": pl.String,
    "number": pl.Float64,
    "text": pl.String,
    "system": pl.String,
    "unit": pl.String,
    "date": pl.Date,
    "end_date": pl.Date,
    "file": pl.String,
    "where": pl.String,
}
"""One row a statement: `answer` where a code settled it, `number` or `text` (in vocabulary `system`) otherwise."""

MEDICATION: dict[str, type[pl.DataType]] = {
    "person": pl.String,
    "drug": pl.String,
    "status": pl.String,
    "start": pl.Date,
    "end": pl.Date,
    "dose_mg_per_day": pl.Float64,
    "as_written": pl.String,
    "file": pl.String,
    "where": pl.String,
}

PROBLEM: dict[str, type[pl.DataType]] = {
    "person": pl.String,
    "severity": pl.String,
    "code": pl.String,
    "message": pl.String,
    "concept": pl.String,
    "date": pl.Date,
    "file": pl.String,
    "where": pl.String,
}
"""What was wrong or is worth saying, with the place."""

FIRST_YEAR, LAST_YEAR = 1850, 2200


class BadDateError(ValueError):
    """A date that is not one, or that cannot be read in one way only."""


_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_NAMED = re.compile(r"^\s*(\d{1,2})[ .-]{1,2}([A-Za-z]{3,9})[ .,-]{1,2}(\d{4})\s*$")
_SLASHES = re.compile(r"^\s*(\d{4})/(\d{1,2})/(\d{1,2})(?: .*)?\s*$")
_FULL_MONTHS = (
    *_MONTHS,
    *("january", "february", "march", "april", "june", "july", "august"),
    *("september", "october", "november", "december", "sept"),
)


def _iso(text: str) -> str:
    """Write a date that names its month, or begins with the year, as ISO 8601; leave any other text alone."""
    if (found := _NAMED.match(text)) and found[2].lower() in _FULL_MONTHS:
        return f"{found[3]}-{_MONTHS.index(found[2][:3].lower()) + 1:02d}-{int(found[1]):02d}"
    if found := _SLASHES.match(text):
        return f"{found[1]}-{int(found[2]):02d}-{int(found[3]):02d}"
    return text


@lru_cache(maxsize=100_000)
def read_date(text: str) -> date:
    """Read an ISO 8601 date, at any precision, with or without time; also what can be read in one way only.

    That is ``YYYYMMDD``, ``YYYY/MM/DD``, and a day, the name of a month and a year: ``12 Oct 2026``, ``12-OCT-2026``.

    Raises
    ------
    BadDateError
        If it is anything else; day and month are never guessed.
    """
    text = _iso(text)
    found = re.match(r"^\s*(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?(?:[T ].*)?\s*$", text) or re.match(
        r"^\s*(\d{4})(\d{2})(\d{2})\s*$", text
    )
    if not found:
        raise BadDateError(f"{text[:40]!r} is not a date; write YYYY-MM-DD")
    try:
        day = date(int(found[1]), int(found[2] or 1), int(found[3] or 1))
    except ValueError:
        raise BadDateError(f"{text[:40]!r} is not a day of the calendar") from None
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise BadDateError(f"{text[:40]!r} is outside {FIRST_YEAR} to {LAST_YEAR}")
    return day


@dataclass
class Events:
    """Collects the statements of one file.

    Parameters
    ----------
    file
        Name of the file, for messages.
    vocabulary, drugs, allergens
        The look-ups.
    explicit_ids
        Whether the person ids are meant to be sample names (a ``sample`` column), not a hospital system's own.
    flat
        Whether a person typed the file: then a date that cannot be read is an error, not a note.
    as_of
        The day that somebody chose as now; a list of drugs of a later day is not that of the day.
    """

    file: str
    vocabulary: Vocabulary
    drugs: DrugNames
    allergens: Allergens
    explicit_ids: bool = False
    flat: bool = False
    as_of: date | None = None
    people: dict[str | None, set[str]] = field(default_factory=dict)
    raw: list[tuple[object, ...]] = field(default_factory=list)
    frames: list[pl.DataFrame] = field(default_factory=list)
    medications: list[tuple[object, ...]] = field(default_factory=list)
    problems: list[tuple[object, ...]] = field(default_factory=list)
    unknown: dict[tuple[str, ...], list[object]] = field(default_factory=dict)
    understood: dict[tuple[str, ...], list[object]] = field(default_factory=dict)
    dates: dict[str | None, date] = field(default_factory=dict)
    listed: set[str | None] = field(default_factory=set)
    chosen: dict[str | None, date] = field(default_factory=dict)

    def person(self, person: str | None, aliases: Iterable[str] = ()) -> None:
        """Say that the file has this person, and under which other identifiers."""
        self.people.setdefault(person, set()).update(aliases)

    def problem(
        self, person: str | None, severity: str, code: str, message: str, where: str | None, concept: str | None = None
    ) -> None:
        """Note something about one record."""
        self.problems.append((person, severity, code, message, concept, None, self.file, where))

    def day(self, person: str | None, text: object, where: str | None, concept: str | None = None) -> date | None:
        """Read a date of a record (of the value of `concept`); a bad one is noted and None."""
        if not isinstance(text, str) or not text:
            if isinstance(text, datetime):
                return text.date()
            return text if isinstance(text, date) else None
        try:
            return read_date(text)
        except BadDateError as error:
            self.problem(person, "error", "bad_date", str(error), where, concept)
            return None

    def seen(self, person: str | None, day: date | None) -> None:
        """Take a date of the record into account for the person's "now"."""
        if day and (person not in self.dates or self.dates[person] < day):
            self.dates[person] = day

    def choose(self, person: str | None, day: date) -> None:
        """Take the day that the file itself says counts as the person's "now"; of several the newest."""
        self.chosen[person] = max(day, self.chosen.get(person, day))

    def later(self, person: str | None, what: str, day: date | None, where: str | None) -> bool:
        """Say whether a list is of a day after the one that counts as now, and note that it is not used."""
        now = self.as_of or self.chosen.get(person)
        if now is None or day is None or day <= now:
            return False
        message = f"{what} of {day} is not used: {now} counts as now"
        self.problem(person, "warning", "list_after_as_of", message, where)
        return True

    def observe(
        self,
        person: str | None,
        concept: str,
        *,
        answer: str | None = None,
        number: float | None = None,
        text: str | None = None,
        system: str = "text",
        unit: str | None = None,
        day: date | None = None,
        end: date | None = None,
        where: str | None = None,
        written: str | None = None,
        meaning: str | None = None,
    ) -> None:
        """Add one statement; `written` is what the file calls the concept, `meaning` how `check` shows it."""
        self.people.setdefault(person, set())
        self.raw.append((person, concept, answer, number, text, system, unit, day, end, self.file, where))
        self.count(self.understood, written or concept, meaning or concept, where)

    def count(self, table: dict[tuple[str, ...], list[object]], key: str, meaning: str, where: str | None) -> None:
        """Count one more use of a column or code."""
        entry = table.setdefault((key, meaning), [0, where])
        entry[0] = int(str(entry[0])) + 1

    def not_understood(self, kind: str, system: str, code: str, text: str, where: str | None) -> None:
        """Count something that is not used, so that it can be listed."""
        name = " ".join(
            part for part in (f"{system} {code}".strip(), f'"{text}"' if text and text != code else "") if part
        )
        entry = self.unknown.setdefault((kind, name or "(nothing)", ""), [0, where])
        entry[0] = int(str(entry[0])) + 1

    def medicate(
        self,
        person: str | None,
        written: str,
        *,
        codes: Iterable[tuple[str, str]] = (),
        status: str = "current",
        start: date | None = None,
        end: date | None = None,
        dose: float | None = None,
        where: str | None = None,
        named: bool = True,
    ) -> bool:
        """Add a drug by its codes, or else by its name; say whether it is known.

        An unknown one is noted, with suggestions. One that is not `named` (a reference to nothing) may be any drug.
        """
        self.people.setdefault(person, set())
        if status == "current":
            self.listed.add(person)
        found: tuple[str, ...] = ()
        for system, code in codes:
            found = self.drugs.by_code(system, code)
            if found:
                break
        rest: tuple[str, ...] = ()
        if not found:
            result = self.drugs.find(written)
            found, rest = result.drugs, result.unknown
        for drug in self.drugs.substances(found):
            amount = dose_per_day(written) if dose is None else dose
            self.medications.append((person, drug, status, start, end, amount, written, self.file, where))
            self.count(self.understood, written, f"drug {drug}", where)
        for part in rest:
            close = self.drugs.suggest(part)
            hint = f"; did you mean {' or '.join(close)}?" if close else ""
            self.problem(
                person,
                "info" if status == "stopped" else "warning",
                "drug_unknown",
                f"drug {part!r} is not in the knowledge base and not considered{hint}",
                where,
            )
            self.not_understood("drug", "", "", part, where)
            if status == "current":
                self._unread(person, close if named else ("any",), where)
            if status != "stopped" and named:
                for code in self.allergens.taken(part) or (self.drugs.ingredient(part),):
                    self._code(person, "medication_unknown", code, start, end, where)
        return bool(found)

    def allergic(
        self,
        person: str | None,
        written: str,
        *,
        codes: Iterable[tuple[str, str]] = (),
        day: date | None = None,
        where: str | None = None,
        drug: bool = True,
    ) -> bool:
        """Add an allergy by its codes, or else by its name; say whether it is known.

        An unknown one is kept by its name and noted, unless it is said to be to something else than a `drug`.
        """
        self.people.setdefault(person, set())
        if written.lower().strip(" .") in NONE:
            self.count(self.understood, written, "no known allergy", where)
            return True
        found: tuple[str, ...] = ()
        coded = list(codes)
        for system, code in coded:
            stated = tuple(a for c, a in self.vocabulary.code(system, code) if c == "allergy" and a)
            found = stated or self.allergens.by_code(system, code)
            if found:
                break
        found = found or self.allergens.find(written)
        if set(found) & {"none", "unknown"}:
            self.count(
                self.understood, written, "no known allergy" if "none" in found else "allergies are not known", where
            )
            return True
        for one in found:
            self._code(person, "allergy", one, day, None, where)
            self.count(self.understood, written, f"allergy {self.allergens.words(one)}", where)
        if found:
            return True
        self.not_understood("allergy", *next(iter(coded), ("", "")), written, where)
        if drug:
            self._code(person, "allergy", self.drugs.ingredient(written), day, None, where)
            close = self.drugs.suggest(written)
            hint = f"; did you mean {' or '.join(close)}?" if close else ""
            message = (
                f"allergy {written!r} is to no known drug or class: other drugs are compared with its name only{hint}"
            )
            self.problem(person, "warning", "allergy_unknown", message, where)
        return False

    def _code(
        self, person: str | None, concept: str, code: str, day: date | None, end: date | None, where: str | None
    ) -> None:
        self.raw.append((person, concept, None, None, code, "text", None, day, end, self.file, where))

    def _unread(self, person: str | None, drugs: Iterable[str], where: str | None) -> None:
        """Say what a drug that could not be read may be: nobody may conclude that it is not taken."""
        for drug in drugs:
            self._code(person, "medication_unread", drug, None, None, where)

    def unread(self, person: str | None, where: str | None) -> None:
        """Say that something of the person's list of drugs could not be read: it may be any drug."""
        self.listed.add(person)
        self._unread(person, ("any",), where)

    def frame(self) -> pl.DataFrame:
        """Return all statements, columns of `RAW`."""
        return pl.concat([pl.DataFrame(self.raw, schema=RAW, orient="row"), *self.frames])

    def medication_frame(self) -> pl.DataFrame:
        """Return all drugs, columns of `MEDICATION`."""
        return pl.DataFrame(self.medications, schema=MEDICATION, orient="row")

    def release(self) -> None:
        """Let go of the statements once their frames are made: a cohort's are large."""
        self.raw.clear()
        self.frames.clear()
        self.medications.clear()

    def problem_frame(self) -> pl.DataFrame:
        """Return the problems, columns of `PROBLEM`."""
        return pl.DataFrame(self.problems, schema=PROBLEM, orient="row")


Reader = Callable[[Events, bytes], None]
