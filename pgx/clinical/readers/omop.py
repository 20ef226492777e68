"""OMOP CDM 5.4 tables, from anything that gives a table by name."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import date, timedelta

import polars as pl

from pgx.clinical.dates import BadDateError, is_open, read_date
from pgx.clinical.statements import RAW, Events
from pgx.clinical.status_words import ENTRY_OVER
from pgx.clinical.vocabulary import SYSTEMS, system_name
from pgx.errors import InputError

TABLES = ("person", "condition_occurrence", "drug_exposure", "measurement", "observation")
_DAYS = re.compile(r"^\d{1,3}(?:\.0*)?$")
_LONGEST_SUPPLY = 400
_ID = re.compile(r"^[0-9]{1,18}$")
_VALUE_COLUMNS = ("value_as_number", "value_as_string", "value_as_concept_id", "value_source_value")


Source = Callable[[str, "Collection[int] | None"], "pl.DataFrame | None"]


@dataclass(frozen=True)
class _Codes:
    """What the concept ids of the data stand for, as far as the data's own ``concept`` table says."""

    standard: dict[str, tuple[str, str, str]]

    def candidates(self, ids: Iterable[str | None], sources: Iterable[str | None]) -> list[tuple[str, str]]:
        """Return (vocabulary, code) to look up, best first."""
        found = []
        for one in ids:
            if one and one != "0":
                if one in self.standard:
                    found.append(self.standard[one][:2])
                found.append(("OMOP", one))
        for text in sources:
            if text:
                prefix, _, rest = text.partition(":")
                if rest and prefix.strip().lower() in SYSTEMS:
                    found.append((system_name(prefix), rest.strip()))
                found += [(system, text) for system in ("LOINC", "SNOMED", "ICD10", "RxNorm")]
        return found

    def name(self, concept_id: str | None) -> str:
        """Return the name that the data give a concept."""
        return self.standard.get(concept_id or "", ("", "", ""))[2]


def read_tables(events: Events, table: Source) -> None:
    """Read all tables from a source that gives one by name (the concept table for some ids only)."""
    frames = {name: frame for name in TABLES if (frame := table(name, None)) is not None}
    people = frames.get("person")
    if people is None or "person_id" not in people.columns:
        raise InputError("no OMOP person table in it", file=events.file)
    ids = {
        int(v)
        for frame in frames.values()
        for c in frame.columns
        if c.endswith("concept_id")
        for v in frame[c].drop_nulls().unique()
        if _ID.match(v)
    }
    concepts = table("concept", ids)
    standard = {}
    if concepts is not None and {"concept_id", "vocabulary_id", "concept_code", "concept_name"} <= set(
        concepts.columns
    ):
        for key, vocabulary, code, name in concepts.select(
            "concept_id", "vocabulary_id", "concept_code", "concept_name"
        ).iter_rows():
            standard[str(key)] = (system_name(vocabulary or ""), code or "", name or "")
    codes = _Codes(standard)
    _persons(events, people, codes)
    for name, reader in (
        ("condition_occurrence", _conditions),
        ("measurement", _values),
        ("observation", _values),
        ("drug_exposure", _drugs),
    ):
        if name in frames:
            missing = {"person_id"} - set(frames[name].columns)
            if missing:
                raise InputError(f"table {name} has no column person_id", file=events.file)
            rows = _of_somebody(events, name, frames[name].with_row_index("row", offset=2))
            if name == "condition_occurrence":
                rows = _without_visit_ends(rows, table)
            reader(events, name, rows, codes)


def _of_somebody(events: Events, table: str, frame: pl.DataFrame) -> pl.DataFrame:
    """Note the rows that do not say whom they are about, and leave them out."""
    nobody = pl.col("person_id").is_null()
    for row in frame.filter(nobody)["row"]:
        events.problem(None, "error", "no_person", "a row without person_id is not used", f"{table} row {row}")
    return frame.filter(~nobody)


def _column(frame: pl.DataFrame, name: str) -> pl.Expr:
    return pl.col(name) if name in frame.columns else pl.lit(None, dtype=pl.String)


def _persons(events: Events, people: pl.DataFrame, codes: _Codes) -> None:
    columns = (
        *("person_id", "person_source_value", "gender_concept_id", "gender_source_value", "birth_datetime"),
        *("year_of_birth", "month_of_birth", "day_of_birth", "race_concept_id", "race_source_value"),
        "ethnicity_concept_id",
    )
    rows = people.select(_column(people, name).alias(name) for name in columns)
    for index, row in enumerate(rows.iter_rows(named=True), start=2):
        person, where = row["person_id"], f"person row {index}"
        if person is None:
            events.problem(None, "error", "no_person", "a person without person_id", where)
            continue
        events.person(person, [row["person_source_value"]] if row["person_source_value"] else [])
        for concept, column, source in (
            ("sex", "gender_concept_id", "gender_source_value"),
            ("race", "race_concept_id", "race_source_value"),
            ("ethnicity", "ethnicity_concept_id", None),
        ):
            code, written = row[column], row[source] if source else None
            if code and code != "0":
                events.observe(person, concept, text=code, system="OMOP", where=where, written=f"person.{column}")
            elif written:
                events.observe(person, concept, text=written, where=where, written=f"person.{source}")
        events.born(person, _born(row), where, "person.birth_datetime")


def _born(row: dict[str, str | None]) -> str | None:
    """Return the birth date as precisely as the table has it."""
    year, month, day = (row[f"{name}_of_birth"] for name in ("year", "month", "day"))
    if row["birth_datetime"] or not year:
        return row["birth_datetime"]
    return "-".join([year, *(part.zfill(2) for part in (month, day if month else None) if part)])


def _dates(events: Events, frame: pl.DataFrame, *names: str, label: str, last: bool = False) -> pl.Series:
    """Read the first date column that is there, each distinct text once; a `last` day may say that there is none."""
    texts = frame.select(pl.coalesce([_column(frame, name) for name in names]).alias("text"))
    known: dict[str, date | None] = {}
    for text in texts["text"].drop_nulls().unique(maintain_order=True):
        try:
            known[text] = None if last and is_open(text) else read_date(text)
        except BadDateError as error:
            known[text] = None
            row = frame.filter(texts["text"] == text).row(0, named=True)
            events.problem(row["person_id"], "error", "bad_date", str(error), f"{label} row {row['row']}")
    if not known:
        return pl.Series([None] * frame.height, dtype=pl.Date)
    return texts["text"].replace_strict(known, default=None, return_dtype=pl.Date)


def _resolve(events: Events, frame: pl.DataFrame, table: str, stem: str, codes: _Codes) -> pl.DataFrame:
    """Return (keys..., concept, answer) for the distinct codes of a table; those not known are counted."""
    keys = [f"{stem}_concept_id", f"{stem}_source_concept_id", f"{stem}_source_value"]
    frame = frame.select("row", *(_column(frame, key).alias(key) for key in keys))
    rows = []
    for values in frame.group_by(keys, maintain_order=True).agg(pl.len(), pl.col("row").first()).iter_rows():
        *key, count, first = values
        pairs = next((p for s, c in codes.candidates(key[:2], key[2:]) if (p := events.vocabulary.code(s, c))), ())
        name = codes.name(key[0]) or key[2] or ""
        if not pairs:
            heading = events.vocabulary.column(name)
            pairs = ((heading.concept, None),) if heading else ()
        for concept, answer in pairs:
            rows.append((*key, concept, answer))
            events.understood[f"{table} {name or key[0]}", concept] = [count, f"{table} row {first}"]
        if not pairs:
            events.unknown[table, f"OMOP {key[0]}" + (f' "{name}"' if name else ""), ""] = [
                count,
                f"{table} row {first}",
            ]
    return pl.DataFrame(
        rows, schema={**dict.fromkeys(keys, pl.String), "concept": pl.String, "answer": pl.String}, orient="row"
    )


def _add(events: Events, rows: pl.DataFrame, table: str) -> None:
    rows = rows.with_columns(file=pl.lit(events.file), where=pl.format(f"{table} row {{}}", "row"))
    missing = [pl.lit(None, dtype=dtype).alias(name) for name, dtype in RAW.items() if name not in rows.columns]
    events.frames.append(rows.with_columns(missing).select(pl.col(name).cast(dtype) for name, dtype in RAW.items()))
    newest = rows.group_by("person").agg(pl.max_horizontal(pl.col("date").max(), pl.col("date").max()))
    for person, day in newest.iter_rows():
        if person in events.people:
            events.seen(person, day)


def _keyed(frame: pl.DataFrame, stem: str) -> tuple[pl.DataFrame, list[str]]:
    keys = [f"{stem}_concept_id", f"{stem}_source_concept_id", f"{stem}_source_value"]
    return frame.with_columns(_column(frame, key).alias(key) for key in keys), keys


def _conditions(events: Events, table: str, frame: pl.DataFrame, codes: _Codes) -> None:
    frame, keys = _keyed(frame, "condition")
    known = _resolve(events, frame, table, "condition", codes)
    frame = frame.with_columns(
        date=_dates(events, frame, "condition_start_date", "condition_start_datetime", label=table),
        end_date=_dates(events, frame, "condition_end_date", "condition_end_datetime", label=table, last=True),
    )
    rows = frame.join(known, on=keys, how="inner", nulls_equal=True, maintain_order="left")
    rows = _of_its_status(events, rows, table, codes)
    ends = [c.name for c in events.vocabulary.concepts.values() if c.window_days is None and c.when_over != "history"]
    over = pl.col("concept").is_in(ends) & (pl.col("over") | (pl.col("end_date") > pl.col("date")).fill_null(False))
    rows = rows.select(
        "row",
        "concept",
        answer=pl.when(over).then(pl.lit(ENTRY_OVER)).otherwise(pl.col("answer").fill_null("yes")),
        date=pl.when(over).then(pl.coalesce("end_date", "date")).otherwise("date"),
        end_date=pl.when(over).then(None).otherwise("end_date"),
        person="person_id",
        system=pl.lit("text"),
    )
    _add(events, rows, table)


_UNSURE = ["32899", "preliminary", "possible", "suspected", "provisional", "differential", "rule out", "unconfirmed"]
_OVER = ["resolved", "inactive"]


def _of_its_status(events: Events, rows: pl.DataFrame, table: str, codes: _Codes) -> pl.DataFrame:
    """Mark the conditions that are ``over`` by their status; note and leave out those that nobody has confirmed."""
    status = _column(rows, "condition_status_concept_id")
    names = {one: codes.name(one) for one in rows.select(status.alias("id"))["id"].drop_nulls().unique()}
    said = pl.concat_str(
        status.fill_null(""),
        status.replace_strict(names, default="", return_dtype=pl.String),
        _column(rows, "condition_status_source_value").fill_null(""),
        separator=" ",
    ).str.to_lowercase()
    rows = rows.with_columns(over=said.str.contains_any(_OVER), unsure=said.str.contains_any(_UNSURE), said=said)
    for row, concept, words in rows.filter("unsure").select("row", "concept", "said").iter_rows():
        events.not_understood("condition", "", "", f"{concept} ({words.strip()})", f"{table} row {row}")
    return rows.filter(~pl.col("unsure"))


def _without_visit_ends(rows: pl.DataFrame, table: Source) -> pl.DataFrame:
    """Leave out ends of conditions that are the visit's, or may be: claims and wards end every diagnosis with it."""
    ends = [name for name in ("condition_end_date", "condition_end_datetime") if name in rows.columns]
    visit = "visit_occurrence_id"
    if not ends or visit not in rows.columns:
        return rows
    visits = table("visit_occurrence", None) if rows.filter(pl.col(visit).is_not_null()).height else None
    if visits is None or visit not in visits.columns:
        visits = pl.DataFrame(schema={visit: rows.schema[visit]})
    left = pl.coalesce(_column(visits, "visit_end_date"), _column(visits, "visit_end_datetime")).str.slice(0, 10)
    days = visits.select(visit, _left=left).unique(visit, keep="first")
    rows = rows.join(days, on=visit, how="left", maintain_order="left")
    # A disease that is read as gone is the worse mistake: of a visit whose end is not known, any end may be its own.
    apart = [pl.col(visit).is_null() | (pl.col(one).str.slice(0, 10) != pl.col("_left")) for one in ends]
    kept = [pl.when(its_own).then(one).alias(one) for one, its_own in zip(ends, apart, strict=True)]
    return rows.with_columns(kept).drop("_left")


def _values(events: Events, table: str, frame: pl.DataFrame, codes: _Codes) -> None:
    frame, keys = _keyed(frame, table)
    known = _resolve(events, frame, table, table, codes)
    kinds = {name: concept.kind for name, concept in events.vocabulary.concepts.items()}
    day = _dates(events, frame, f"{table}_date", f"{table}_datetime", label=table)
    units = [
        u
        for c in ("unit_concept_id", "unit_source_value")
        if c in frame.columns
        for u in frame[c].drop_nulls().unique()
    ]
    named = {u: unit for u in units if (unit := _unit(events, u))}
    written = pl.coalesce([_column(frame, "unit_concept_id").replace("0", None), _column(frame, "unit_source_value")])
    frame = frame.with_columns(
        date=day,
        unit=pl.coalesce(
            _column(frame, "unit_concept_id").replace_strict(named, default=None, return_dtype=pl.String),
            _column(frame, "unit_source_value").replace_strict(named, default=None, return_dtype=pl.String),
            written,
        ),
        coded=_column(frame, "value_as_concept_id").replace("0", None),
    )
    rows = frame.join(known, on=keys, how="inner", nulls_equal=True, maintain_order="left")
    rows = _of_one_unit(events, rows, named)
    numeric = pl.col("concept").replace_strict(kinds, return_dtype=pl.String) == "numeric"
    bound = _column(rows, "operator_concept_id").replace_strict(
        {"4171756": "<", "4171754": "<=", "4172704": ">", "4171755": ">="}, default=None, return_dtype=pl.String
    )
    text = pl.coalesce(
        _column(rows, "value_as_number"), _column(rows, "value_as_string"), _column(rows, "value_source_value")
    )
    text = pl.when(bound.is_not_null()).then(bound + text).otherwise(text)
    rows = rows.with_columns(
        text=pl.when(numeric)
        .then(text)
        .otherwise(pl.coalesce("coded", _column(rows, "value_as_string"), _column(rows, "value_source_value"), text)),
        system=pl.when(~numeric & pl.col("coded").is_not_null()).then(pl.lit("OMOP")).otherwise(pl.lit("text")),
    )
    rows = _coded(rows, codes)
    rows = _allergies(events, rows, table, codes)
    # A code that is a statement in itself (a condition put in the observation table) needs no value.
    boolean = pl.col("concept").replace_strict(kinds, return_dtype=pl.String) == "boolean"
    rows = rows.with_columns(
        answer=pl.when(pl.col("answer").is_null() & pl.col("text").is_null() & boolean)
        .then(pl.lit("yes"))
        .otherwise("answer")
    )
    rows = rows.filter(pl.col("text").is_not_null() | pl.col("answer").is_not_null())
    dated = pl.coalesce(_column(rows, f"{table}_date"), _column(rows, f"{table}_datetime")).is_not_null()
    usable = pl.col("date").is_not_null() | ~dated  # a value of an unreadable day must not pass for a present one
    for row, person, concept in rows.filter(~usable).select("row", "person_id", "concept").iter_rows():
        message = f"{concept} is not used: nobody can tell of which day it is"
        events.problem(person, "error", "bad_date", message, f"{table} row {row}", concept)
    rows = rows.filter(usable)
    _add(events, rows.select("row", "concept", "answer", "text", "system", "unit", "date", person="person_id"), table)


def _of_one_unit(events: Events, rows: pl.DataFrame, named: dict[str, str]) -> pl.DataFrame:
    """Give values whose unit's id and words are two units no unit: which of the two, nobody can tell."""
    pair = ("unit_concept_id", "unit_source_value")
    if not set(pair) <= set(rows.columns):
        return rows
    differ = {
        (concept, one, other): f"{named[one]} or {other}"
        for concept, one, other in rows.select("concept", *pair).drop_nulls().unique().iter_rows()
        if one in named and other in named and not events.vocabulary.same_unit(concept, named[one], named[other])
    }
    if not differ:
        return rows
    table = pl.DataFrame(
        [(*key, both) for key, both in differ.items()], schema=["concept", *pair, "_both"], orient="row"
    )
    rows = rows.join(table, on=["concept", *pair], how="left", maintain_order="left")
    return rows.with_columns(unit=pl.coalesce("_both", "unit")).drop("_both")


def _allergies(events: Events, rows: pl.DataFrame, table: str, codes: _Codes) -> pl.DataFrame:
    """Take the allergies whose value names the drug; return the other rows."""
    unnamed = (pl.col("concept") == "allergy") & pl.col("answer").is_null()
    for row, person, value, written, day in (
        rows.filter(unnamed).select("row", "person_id", "coded", "text", "date").iter_rows()
    ):
        name = codes.name(value) or written
        if name:
            own = codes.candidates((value,), ())
            events.allergic(person, name, codes=own, day=day, where=f"{table} row {row}")
    return rows.filter(~unnamed)


def _coded(rows: pl.DataFrame, codes: _Codes) -> pl.DataFrame:
    """Name coded answers by their own vocabulary where the data's concept table says it."""
    own = {key: f"{system}|{code}" for key, (system, code, _) in codes.standard.items()}
    if not own:
        return rows
    named = pl.when(pl.col("system") == "OMOP").then(
        pl.col("text").replace_strict(own, default=None, return_dtype=pl.String)
    )
    split = named.str.splitn("|", 2)
    return rows.with_columns(_system=split.struct.field("field_0"), _code=split.struct.field("field_1")).with_columns(
        system=pl.coalesce("_system", "system"), text=pl.coalesce("_code", "text")
    )


def _unit(events: Events, written: str) -> str | None:
    return events.vocabulary.unit(f"OMOP:{written}") if _ID.match(written) else events.vocabulary.unit(written)


def _drugs(events: Events, table: str, frame: pl.DataFrame, codes: _Codes) -> None:
    start = _dates(events, frame, "drug_exposure_start_date", "drug_exposure_start_datetime", label=table)
    end = _dates(
        events,
        frame,
        "drug_exposure_end_date",
        "verbatim_end_date",
        "drug_exposure_end_datetime",
        label=table,
        last=True,
    )
    names = ("drug_concept_id", "drug_source_concept_id", "drug_source_value", "route_source_value")
    columns = ("person_id", *names, "stop_reason", "days_supply", "refills")
    rows = frame.select("row", *(_column(frame, c).alias(c) for c in columns)).with_columns(start=start, end=end)
    for row, person, concept, source, written, route, reason, days, refills, first, last in rows.iter_rows():
        if person is None:
            continue
        name = codes.name(concept) or codes.name(source) or written or ""
        events.medicate(
            person,
            name or f"OMOP:{concept}",
            codes=codes.candidates((concept, source), (written,)),
            status="stopped" if reason and last is None else "current",
            start=first,
            end=last or _used_up(first, days, refills),
            where=f"{table} row {row}",
            route=route or "",
        )
        events.seen(person, first)


def _used_up(start: date | None, days: str | None, refills: str | None) -> date | None:
    """Return the day until which a supply lasts where the table has no end of it; None if it does not say how long."""
    supply, more = (float(one) if one and _DAYS.match(one) else 0 for one in (days, refills))
    return start + timedelta(days=supply * (more + 1)) if start and 0 < supply <= _LONGEST_SUPPLY else None
