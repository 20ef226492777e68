"""What a reader hands on: statements about persons, not yet converted or checked, in columns."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime

import polars as pl

from pgx.clinical.allergies import DENIED, NONE, Allergens
from pgx.clinical.dates import BadDateError, as_iso, is_open, read_birth, read_date
from pgx.clinical.drugs import DrugNames, dose_per_day, of_entry
from pgx.clinical.parts.part import Counts, Part
from pgx.clinical.vocabulary import Vocabulary
from pgx.knowledge.acting import PLANNED
from pgx.knowledge.dose_forms import ACTS_LOCALLY, LOCAL, DoseForms
from pgx.knowledge.drug_entries import ALLERGY, REACTION, UNSURE, UNTIL, Entry

RAW: dict[str, type[pl.DataType]] = {
    "person": pl.String,
    **dict.fromkeys(("concept", "answer"), pl.String),
    "number": pl.Float64,
    **dict.fromkeys(("text", "system", "unit"), pl.String),
    **dict.fromkeys(("date", "end_date"), pl.Date),
    **dict.fromkeys(("file", "where"), pl.String),
    "bare": pl.Boolean,
    "reaction": pl.String,
}
"""One row a statement: `answer` where a code settled it, `number` or `text` (in vocabulary `system`) otherwise.
`bare` says that the number stands without a unit of its own, `reaction` what a substance did to who is allergic."""

MEDICATION: dict[str, type[pl.DataType]] = {
    **dict.fromkeys(("person", "drug", "status"), pl.String),
    **dict.fromkeys(("start", "end"), pl.Date),
    "dose_mg_per_day": pl.Float64,
    **dict.fromkeys(("as_written", "file", "where"), pl.String),
}

PROBLEM: dict[str, type[pl.DataType]] = {
    **dict.fromkeys(("person", "severity", "code", "message", "concept"), pl.String),
    "date": pl.Date,
    **dict.fromkeys(("file", "where"), pl.String),
}
"""What was wrong or is worth saying, with the place."""


@dataclass
class Events:
    """The statements of one file.

    Parameters
    ----------
    file
        Name of the file, for messages.
    vocabulary, drugs, allergens, forms
        The look-ups.
    explicit_ids
        Whether the person ids are meant to be sample names (a ``sample`` column), not a hospital system's own.
    flat
        Whether a person typed the file: then a date that cannot be read is an error, not a note.
    as_of
        The day that somebody chose as now; a list of drugs of a later day is not that of the day.
    date_format
        How the file writes its dates, if not as ISO 8601 does: ``DD.MM.YYYY``.
    elsewhere, strangers, almost
        Persons of the file that these statements leave out: those who are samples, and those who are none;
        `almost` are names of the latter that are almost a sample's.
    part
        Part of a large table that these are of.
    """

    file: str
    vocabulary: Vocabulary
    drugs: DrugNames
    allergens: Allergens
    forms: DoseForms
    explicit_ids: bool = False
    flat: bool = False
    as_of: date | None = None
    date_format: str | None = None
    people: dict[str | None, set[str]] = field(default_factory=dict)
    raw: list[tuple[object, ...]] = field(default_factory=list)
    frames: list[pl.DataFrame] = field(default_factory=list)
    medications: list[tuple[object, ...]] = field(default_factory=list)
    problems: list[tuple[object, ...]] = field(default_factory=list)
    unknown: Counts = field(default_factory=dict)
    understood: Counts = field(default_factory=dict)
    dates: dict[str | None, date] = field(default_factory=dict)
    listed: set[str | None] = field(default_factory=set)
    chosen: dict[str | None, date] = field(default_factory=dict)
    genes: set[str] = field(default_factory=set)
    elsewhere: int = 0
    strangers: int = 0
    almost: set[str] = field(default_factory=set)
    part: Part = field(default_factory=Part)

    def person(self, person: str | None, aliases: Iterable[str] = ()) -> None:
        """Say that the file has this person, and under which other identifiers."""
        self.people.setdefault(person, set()).update(aliases)

    def problem(
        self, person: str | None, severity: str, code: str, message: str, where: str | None, concept: str | None = None
    ) -> None:
        """Note something about one record."""
        self.problems.append((person, severity, code, message, concept, None, self.file, where))

    def plain_date(self, text: str) -> str:
        """Return a date as ISO 8601 has it."""
        return as_iso(text, self.date_format)

    def day(self, person: str | None, text: object, where: str | None, concept: str | None = None) -> date | None:
        """Read a date of a record (of the value of `concept`); a bad one is noted and None."""
        if not isinstance(text, str) or not text:
            if isinstance(text, datetime):
                return text.date()
            return text if isinstance(text, date) else None
        try:
            return read_date(self.plain_date(text))
        except BadDateError as error:
            self.problem(person, "error", "bad_date", str(error), where, concept)
            return None

    def until(self, person: str | None, text: object, where: str | None) -> date | None:
        """Read the last day of something as `day` does; None as well where it says that there is none yet."""
        written = self.plain_date(text) if isinstance(text, str) else str(text or "")
        return None if is_open(written) else self.day(person, text, where)

    def born(self, person: str | None, text: object, where: str | None, written: str) -> None:
        """Add a birth date; a year or month alone leaves the age uncertain by so much."""
        if not isinstance(text, str) or not text:
            text = day.isoformat() if (day := self.day(person, text, where, "birth_date")) else ""
        try:
            born, margin = read_birth(self.plain_date(text)) if text else (None, 0.0)
        except BadDateError as error:
            self.problem(person, "error", "bad_date", str(error), where, "birth_date")
            return
        if born:
            self.observe(person, "birth_date", text=born.isoformat(), where=where, written=written)
        if margin:
            self.uncertain_age(person, margin, where)

    def uncertain_age(self, person: str | None, margin: float, where: str | None) -> None:
        """Say by how many years the age may be wrong."""
        self.raw.append(
            (person, "age_margin", None, margin, None, "text", "a", None, None, self.file, where, None, None)
        )

    def deceased(self, person: str | None, on: object, where: str | None) -> None:
        """Say that the person has died."""
        day = self.day(person, on, where)
        message = f"the record says that the person has died{f' ({day})' if day else ''}"
        self.problem(person, "warning", "deceased", message, where)

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
        bare: bool = False,
    ) -> None:
        """Add one statement; `written` is what the file calls the concept, `meaning` how `check` shows it."""
        self.people.setdefault(person, set())
        self.raw.append((person, concept, answer, number, text, system, unit, day, end, self.file, where, bare, None))
        self.count(self.understood, written or concept, meaning or concept, where)

    def count(self, table: Counts, key: str, meaning: str, where: str | None) -> None:
        """Count one more use of a column or code."""
        self.part.count(table, (key, meaning), where)

    def not_understood(self, kind: str, system: str, code: str, text: str, where: str | None, beside: str = "") -> None:
        """Count something that is not used, so that it can be listed; the genes that it or its value names as well."""
        self.genes.update(map(str.upper, self.vocabulary.genes.findall(f"{text} {beside}")))
        parts = (f"{system} {code}".strip(), f'"{text}"' if text and text != code else "")
        name = " ".join(part for part in parts if part)
        self.part.count(self.unknown, (kind, name or "(nothing)", ""), where)

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
        form: Iterable[tuple[str, str]] = (),
        route: str = "",
    ) -> bool:
        """Add a drug by its codes, or else by its name; say whether it is known.

        An unknown one is noted, with suggestions. One that is not `named` (a reference to nothing) may be any drug.
        `form` (codes) and `route` (words) may say that it acts on skin, eye or ear alone: then it acts on no enzyme.
        """
        self.people.setdefault(person, set())
        if status == "current":
            self.listed.add(person)
        codes, written = self.drugs.worded(written, codes)
        entry = self.drugs.entry(written)
        start = start or entry.begins
        if entry.meaning is not None:
            said = self._beside(person, entry, status, start or self.dates.get(person), where, written)
            if said is None:
                return False
            status, end = said[0], end or said[1]
        result, apart = of_entry(self.drugs, codes, entry.name)
        found, rest = result.drugs, result.unknown
        if apart:
            message = f"its code is that of {', '.join(apart)}, its words name {', '.join(found)}: the words count"
            self.problem(person, "warning", "contradiction", message, where)
            self._unread(person, apart, where)
        acts = self.forms.acts(f"{written} {route}", form)
        alone = ("current", start, None) if status == UNTIL else (status, start, end)
        if acts == LOCAL:
            self._local(person, found, written, *alone, where)
            return True
        taken = bool(found) and not rest and entry.meaning is None
        if taken and (remark := self.drugs.beside(entry.name, coded=bool(codes))):
            message = f"{', '.join(found)}: {remark!r} beside the name is not understood; it counts as {status}"
            self.problem(person, "warning", "remark_beside_drug", message, where)
        if acts is None and status != "stopped" and (unclear := self.forms.unclear(f"{written} {route}", found)):
            message = f"the form of {', '.join(sorted(unclear))} is not said: it counts as acting on the whole body"
            self.problem(person, "warning", "form_unknown", message, where)
        amount = dose_per_day(written) if dose is None else dose
        for drug in self.drugs.substances(found):
            self.medications.append((person, drug, status, start, end, amount, written, self.file, where))
            self.count(self.understood, written, f"drug {drug}", where)
        bare = not found and self.drugs.is_bare(written, codes)
        for part in rest:
            self._unknown_drug(person, part, *alone, where, named=named, code=" ".join(codes[0]) if bare else None)
        return bool(found)

    def _unknown_drug(
        self, person: str | None, part: str, status: str, start: date | None, end: date | None, where: str | None,
        *, named: bool, code: str | None,
    ) -> None:  # fmt: skip
        """Note a drug that is not known; one of which no more than a `code` is known may be any drug."""
        inside = self.drugs.inside(part)
        close = self.drugs.suggest(part) if not inside else list(inside)
        hint = f"; did you mean {' or '.join(close)}?" if close else ""
        message = f"drug {part!r} is not in the knowledge base and not considered{hint}"
        if inside:
            message = f"{part!r} names {', '.join(inside)}, but not whether it is taken: it is not considered"
        elif code:
            message = f"the code {code} is not known here and no name stands beside it: it may be any drug; look it up"
        self.problem(person, "info" if status == "stopped" else "warning", "drug_unknown", message, where)
        self.not_understood("drug", "", "", part, where)
        if status == "current" or (inside and status != "stopped"):
            self._unread(person, close if named and not code else ("any",), where)
        if status != "stopped" and named and not inside:
            names = (f"a medicine with the code {code}",) if code else self.allergens.taken(part)
            for name in names or (self.drugs.ingredient(part),):
                self._code(person, "medication_unknown", name, start, end, where)

    def _local(
        self, person: str | None, drugs: tuple[str, ...], written: str, status: str, start: date | None,
        end: date | None, where: str | None,
    ) -> None:  # fmt: skip
        """Note a drug for skin, eye or ear: it acts on no enzyme, but an allergy to it is one."""
        shown = ", ".join(drugs) or written
        message = f"{shown} ({written[:60]!r}) {ACTS_LOCALLY}"
        self.problem(person, "info", "local_form", message, where, drugs[0] if len(drugs) == 1 else None)
        self.count(self.understood, written, f"{shown}, local form", where)
        for drug in drugs if status != "stopped" else ():
            self._code(person, "medication_local", drug, start, end, where)

    def _beside(
        self, person: str | None, entry: Entry, status: str, now: date | None, where: str | None, written: str
    ) -> tuple[str, date | None] | None:
        """Return the status and the end that the remark beside a drug's name tells; None = it is not on the list."""
        drugs = self.drugs.find(entry.name)
        shown = ", ".join(drugs.drugs) or entry.name
        if entry.meaning in (ALLERGY, REACTION, UNSURE):
            kept = "nobody can tell whether it is taken" if entry.meaning == UNSURE else "it counts as an allergy"
            message = f"{shown} ({entry.remark}) stands in a list of drugs: {kept}, and not as taken"
            self.problem(person, "warning", "remark_beside_drug", message, where)
            if entry.meaning in (ALLERGY, REACTION):
                self.allergic(person, entry.name, where=where, reaction=entry.reaction)
            if entry.meaning in (REACTION, UNSURE) and status == "current":
                self._unread(person, self.drugs.inside(written) or drugs.drugs or ("any",), where)
            return None
        if status != "current":
            return status, None if entry.meaning == UNTIL and status == "stopped" else entry.day(now)
        status = entry.meaning if entry.meaning in (PLANNED, UNTIL) else "stopped"
        counts = f"taken until {entry.on}" if status == UNTIL else status
        self.problem(person, "info", "remark_beside_drug", f"{shown} ({entry.remark}) counts as {counts}", where)
        return status, None if status == PLANNED else entry.day(now)

    def allergic(
        self, person: str | None, written: str, *, codes: Iterable[tuple[str, str]] = (), day: date | None = None,
        where: str | None = None, drug: bool = True, reaction: str = "",
    ) -> bool:  # fmt: skip
        """Add an allergy by its codes, or else by its name, with the `reaction`; say whether it is known.

        An unknown one is kept by its name and noted, unless it is said to be to something else than a `drug`.
        """
        self.people.setdefault(person, set())
        if written.lower().strip(" .") in NONE:
            self.count(self.understood, written, "no known allergy", where)
            return True
        if DENIED.search(written):
            self.problem(person, "info", "allergy_denied", f"{written[:60]!r} says that there is no allergy", where)
            self.count(self.understood, written, "no allergy", where)
            return True
        found: tuple[str, ...] = ()
        coded, written = self.drugs.worded(written, codes)
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
        did = self.allergens.reaction(written, reaction)
        for one in found:
            self._code(person, "allergy", one, day, None, where, did)
            self.count(self.understood, written, f"allergy {self.allergens.words(one)}", where)
        if not found:
            self.not_understood("allergy", *next(iter(coded), ("", "")), written, where)
        if drug and not found:
            self._code(person, "allergy", self.allergens.named(written), day, None, where, did)
            close = self.drugs.suggest(written)
            hint = f"; did you mean {' or '.join(close)}?" if close else ""
            message = (
                f"allergy {written!r} is to no known drug or class: other drugs are compared with its name only{hint}"
            )
            self.problem(person, "warning", "allergy_unknown", message, where)
        return bool(found)

    def _code(
        self, person: str | None, concept: str, code: str, day: date | None, end: date | None, where: str | None,
        reaction: str | None = None,
    ) -> None:  # fmt: skip
        self.raw.append((person, concept, None, None, code, "text", None, day, end, self.file, where, None, reaction))

    def _unread(self, person: str | None, drugs: Iterable[str], where: str | None) -> None:
        """Say what a drug that could not be read may be: nobody may conclude that it is not taken."""
        for drug in drugs:
            self._code(person, "medication_unread", drug, None, None, where)

    def unread(self, person: str | None, where: str | None, name: str | None = None) -> None:
        """Say that an entry of the person's list of drugs could not be read: the drug of this name, or any drug."""
        self.listed.add(person)
        self._unread(person, (self.drugs.find(name).drugs if name else ()) or ("any",), where)

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
