"""Rows of OMOP tables: their dates, what their concept ids stand for, and the statements that they become."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

import polars as pl

from pgx.clinical.dates import BadDateError, is_open, read_date
from pgx.clinical.readers.lists import graded, named_condition
from pgx.clinical.statements import RAW, Events
from pgx.clinical.vocabulary import SYSTEMS, system_name


@dataclass(frozen=True)
class Codes:
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


def column(frame: pl.DataFrame, name: str) -> pl.Expr:
    """Return a column of text, empty if the table does not have it."""
    return pl.col(name) if name in frame.columns else pl.lit(None, dtype=pl.String)


def dates(events: Events, frame: pl.DataFrame, *names: str, label: str, last: bool = False) -> pl.Series:
    """Read the first date column that is there, each distinct text once; a `last` day may say that there is none."""
    texts = frame.select(pl.coalesce([column(frame, name) for name in names]).alias("text"))
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


def resolve(events: Events, frame: pl.DataFrame, table: str, stem: str, codes: Codes) -> pl.DataFrame:
    """Return (keys..., concept, answer) for the distinct codes of a table; those not known are counted."""
    keys = [f"{stem}_concept_id", f"{stem}_source_concept_id", f"{stem}_source_value"]
    frame = frame.select("row", *(column(frame, key).alias(key) for key in keys))
    rows = []
    for values in frame.group_by(keys, maintain_order=True).agg(pl.len(), pl.col("row").first()).iter_rows():
        *key, count, first = values
        pairs = next((p for s, c in codes.candidates(key[:2], key[2:]) if (p := events.vocabulary.code(s, c))), ())
        name = codes.name(key[0]) or key[2] or ""
        if not pairs and (heading := events.vocabulary.column(name)):
            pairs = ((heading.concept, None),)
        if stem == "condition":
            pairs = _in_words(events, name, key[2], pairs, f"{table} row {first}")
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


def _in_words(
    events: Events, name: str, source: str | None, pairs: tuple[tuple[str, str | None], ...], where: str
) -> tuple[tuple[str, str | None], ...]:
    """Return what a diagnosis says, with the grade that its words tell; its words alone where no code is known."""
    for words in dict.fromkeys(one for one in (name, source) if one):
        named = named_condition(events, words)
        condition = named if not pairs or named in {concept for concept, _ in pairs} else None
        found, unused = graded(events, words, condition)
        for word, _ in unused:
            events.not_understood(
                "condition", "", "", f"{word} beside {condition or 'words that are not understood'}", where
            )
        pairs = tuple(dict.fromkeys((*pairs, *(((condition, None),) if condition else ()), *found)))
    return pairs


def add(events: Events, rows: pl.DataFrame, table: str) -> None:
    """Hand the rows on as statements, and their days as days of the record."""
    rows = rows.with_columns(file=pl.lit(events.file), where=pl.format(f"{table} row {{}}", "row"))
    missing = [pl.lit(None, dtype=dtype).alias(name) for name, dtype in RAW.items() if name not in rows.columns]
    events.frames.append(rows.with_columns(missing).select(pl.col(name).cast(dtype) for name, dtype in RAW.items()))
    # The start of what has an end tells no day of the record by itself.
    dated = rows.filter(column(rows, "end_date").is_null())
    newest = dated.group_by("person").agg(pl.col("date").max())
    for person, day in newest.iter_rows():
        if person in events.people:
            events.seen(person, day)


def keyed(frame: pl.DataFrame, stem: str) -> tuple[pl.DataFrame, list[str]]:
    """Return the table with all columns that hold its codes, and their names."""
    keys = [f"{stem}_concept_id", f"{stem}_source_concept_id", f"{stem}_source_value"]
    return frame.with_columns(column(frame, key).alias(key) for key in keys), keys
