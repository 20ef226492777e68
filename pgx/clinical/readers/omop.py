"""OMOP CDM 5.4 tables, from anything that gives a table by name."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from datetime import date, timedelta

import polars as pl

from pgx.clinical.readers.omop_rows import Codes, add, column, dates, keyed, resolve
from pgx.clinical.statements import Events
from pgx.clinical.status_words import condition_status, entry_answer
from pgx.clinical.vocabulary import system_name
from pgx.errors import InputError

TABLES = ("person", "condition_occurrence", "drug_exposure", "measurement", "observation", "death")
_DAYS = re.compile(r"^\d{1,3}(?:\.0*)?$")
_LONGEST_SUPPLY = 400
_ID = re.compile(r"^[0-9]{1,18}$")
VISIT_ID = "visit_occurrence_id"
VISIT_COLUMNS = (VISIT_ID, "visit_end_date", "visit_end_datetime")
_WAYS = ((10, "%Y-%m-%d"), (8, "%Y%m%d"))


Source = Callable[[str, "Collection[int] | None"], "pl.DataFrame | None"]


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
    codes = Codes(standard)
    _persons(events, people, codes)
    for name, reader in (
        ("death", _deaths),
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
                rows = _with_visit_ends(rows, table)
            reader(events, name, rows, codes)


def _deaths(events: Events, table: str, frame: pl.DataFrame, _codes: Codes) -> None:
    days = column(frame, "death_date")
    for row, person, day in frame.select("row", "person_id", day=days).iter_rows():
        events.deceased(person, day, f"{table} row {row}")


def _of_somebody(events: Events, table: str, frame: pl.DataFrame) -> pl.DataFrame:
    """Note the rows that do not say whom they are about, and leave them out."""
    nobody = pl.col("person_id").is_null()
    for row in frame.filter(nobody)["row"]:
        events.problem(None, "error", "no_person", "a row without person_id is not used", f"{table} row {row}")
    return frame.filter(~nobody)


def _persons(events: Events, people: pl.DataFrame, codes: Codes) -> None:
    columns = (
        *("person_id", "person_source_value", "gender_concept_id", "gender_source_value", "birth_datetime"),
        *("year_of_birth", "month_of_birth", "day_of_birth", "race_concept_id", "race_source_value"),
        "ethnicity_concept_id",
    )
    rows = people.select(column(people, name).alias(name) for name in columns)
    for index, row in enumerate(rows.iter_rows(named=True), start=2):
        person, where = row["person_id"], f"person row {index}"
        if person is None:
            events.problem(None, "error", "no_person", "a person without person_id", where)
            continue
        events.person(person, [row["person_source_value"]] if row["person_source_value"] else [])
        for concept, key, source in (
            ("sex", "gender_concept_id", "gender_source_value"),
            ("race", "race_concept_id", "race_source_value"),
            ("ethnicity", "ethnicity_concept_id", None),
        ):
            code, written = row[key], row[source] if source else None
            if code and code != "0":
                events.observe(person, concept, text=code, system="OMOP", where=where, written=f"person.{key}")
            elif written:
                events.observe(person, concept, text=written, where=where, written=f"person.{source}")
        events.born(person, _born(row), where, "person.birth_datetime")


def _born(row: dict[str, str | None]) -> str | None:
    """Return the birth date as precisely as the table has it."""
    year, month, day = (row[f"{name}_of_birth"] for name in ("year", "month", "day"))
    if row["birth_datetime"] or not year:
        return row["birth_datetime"]
    return "-".join([year, *(part.zfill(2) for part in (month, day if month else None) if part)])


def _conditions(events: Events, table: str, frame: pl.DataFrame, codes: Codes) -> None:
    frame, keys = keyed(frame, "condition")
    known = resolve(events, frame, table, "condition", codes)
    frame = frame.with_columns(
        date=dates(events, frame, "condition_start_date", "condition_start_datetime", label=table),
        end_date=dates(events, frame, "condition_end_date", "condition_end_datetime", label=table, last=True),
    )
    frame = frame.with_columns(end_date=pl.when(_ITS_OWN).then("end_date"))
    rows = frame.join(known, on=keys, how="inner", nulls_equal=True, maintain_order="left")
    rows = _of_its_status(events, rows, table, codes)
    add(
        events,
        rows.select("row", "concept", "answer", "date", "end_date", person="person_id", system=pl.lit("text")),
        table,
    )


_STATUS = {"32899": "preliminary diagnosis", "32906": "resolved condition"}
"""Status of a diagnosis -> its name, where the data do not hold it."""


def _of_its_status(events: Events, rows: pl.DataFrame, table: str, codes: Codes) -> pl.DataFrame:
    """Give each condition its answer by its status; note and leave out those that nobody has confirmed."""
    status = column(rows, "condition_status_concept_id")
    names = {
        one: codes.name(one) or _STATUS.get(one, "")
        for one in rows.select(status.alias("id"))["id"].drop_nulls().unique()
    }
    named = status.replace_strict(names, default="", return_dtype=pl.String) if names else pl.lit("")
    said = pl.concat_str(named, column(rows, "condition_status_source_value").fill_null(""), separator="; ")
    rows = rows.with_columns(said=said, ends=(pl.col("end_date") > pl.col("date")).fill_null(False))
    keys = ["concept", "answer", "said", "ends"]
    meant = []
    for concept, answer, words, ends in rows.select(keys).unique(maintain_order=True).iter_rows():
        stated = entry_answer(events.vocabulary.concepts[concept], condition_status(words), ends=ends)
        meant.append((concept, answer, words, ends, stated if not answer else answer if stated == "yes" else None))
    table_of = pl.DataFrame(
        meant, schema={**{key: rows.schema[key] for key in keys}, "_stated": pl.String}, orient="row"
    )
    rows = rows.join(table_of, on=keys, how="left", nulls_equal=True, maintain_order="left")
    for row, concept, words in rows.filter(pl.col("_stated").is_null()).select("row", "concept", "said").iter_rows():
        events.not_understood("condition", "", "", f"{concept} ({words.strip('; ')})", f"{table} row {row}")
    return rows.filter(pl.col("_stated").is_not_null()).with_columns(answer="_stated")


def _with_visit_ends(rows: pl.DataFrame, table: Source) -> pl.DataFrame:
    """Add the last day of each row's visit, where it is known, as ``_left``."""
    rows = rows.with_columns(column(rows, VISIT_ID).alias(VISIT_ID))
    visits = table("visit_occurrence", None) if rows[VISIT_ID].null_count() < rows.height else None
    if visits is None or VISIT_ID not in visits.columns:
        visits = pl.DataFrame(schema={VISIT_ID: pl.String})
    written = pl.coalesce(column(visits, "visit_end_date"), column(visits, "visit_end_datetime"))
    day = pl.coalesce(written.str.slice(0, size).str.to_date(way, strict=False) for size, way in _WAYS)
    days = visits.select(VISIT_ID, _left=day).unique(VISIT_ID, keep="first", maintain_order=True)
    return rows.join(days, on=VISIT_ID, how="left", maintain_order="left")


_ITS_OWN = pl.col(VISIT_ID).is_null() | ((pl.col("end_date") - pl.col("_left")).dt.total_days().abs() > 1)
"""Whether the last day of a condition is its own: claims and wards end every diagnosis with the visit, or a day beside.

A disease that is read as gone is the worse mistake: of a visit whose end is not known, any end may be its own.
"""


def _values(events: Events, table: str, frame: pl.DataFrame, codes: Codes) -> None:
    frame, keys = keyed(frame, table)
    known = resolve(events, frame, table, table, codes)
    kinds = {name: concept.kind for name, concept in events.vocabulary.concepts.items()}
    day = dates(events, frame, f"{table}_date", f"{table}_datetime", label=table)
    units = [
        u
        for c in ("unit_concept_id", "unit_source_value")
        if c in frame.columns
        for u in frame[c].drop_nulls().unique()
    ]
    named = {u: unit for u in units if (unit := _unit(events, u))}
    written = pl.coalesce([column(frame, "unit_concept_id").replace("0", None), column(frame, "unit_source_value")])
    frame = frame.with_columns(
        date=day,
        unit=pl.coalesce(
            column(frame, "unit_concept_id").replace_strict(named, default=None, return_dtype=pl.String),
            column(frame, "unit_source_value").replace_strict(named, default=None, return_dtype=pl.String),
            written,
        ),
        coded=column(frame, "value_as_concept_id").replace("0", None),
    )
    rows = frame.join(known, on=keys, how="inner", nulls_equal=True, maintain_order="left")
    rows = _of_one_unit(events, rows, named)
    numeric = pl.col("concept").replace_strict(kinds, return_dtype=pl.String) == "numeric"
    bound = column(rows, "operator_concept_id").replace_strict(
        {"4171756": "<", "4171754": "<=", "4172704": ">", "4171755": ">="}, default=None, return_dtype=pl.String
    )
    text = pl.coalesce(
        column(rows, "value_as_number"), column(rows, "value_as_string"), column(rows, "value_source_value")
    )
    text = pl.when(bound.is_not_null()).then(bound + text).otherwise(text)
    rows = rows.with_columns(
        text=pl.when(numeric)
        .then(text)
        .otherwise(pl.coalesce("coded", column(rows, "value_as_string"), column(rows, "value_source_value"), text)),
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
    dated = pl.coalesce(column(rows, f"{table}_date"), column(rows, f"{table}_datetime")).is_not_null()
    usable = pl.col("date").is_not_null() | ~dated  # a value of an unreadable day must not pass for a present one
    for row, person, concept in rows.filter(~usable).select("row", "person_id", "concept").iter_rows():
        message = f"{concept} is not used: nobody can tell of which day it is"
        events.problem(person, "error", "bad_date", message, f"{table} row {row}", concept)
    rows = rows.filter(usable)
    add(events, rows.select("row", "concept", "answer", "text", "system", "unit", "date", person="person_id"), table)


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


def _allergies(events: Events, rows: pl.DataFrame, table: str, codes: Codes) -> pl.DataFrame:
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


def _coded(rows: pl.DataFrame, codes: Codes) -> pl.DataFrame:
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


def _drugs(events: Events, table: str, frame: pl.DataFrame, codes: Codes) -> None:
    start = dates(events, frame, "drug_exposure_start_date", "drug_exposure_start_datetime", label=table)
    end = dates(
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
    rows = frame.select("row", *(column(frame, c).alias(c) for c in columns)).with_columns(start=start, end=end)
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
