"""The judgements of everybody in a run, as a frame, and one of them read back from a row."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, fields

import polars as pl

from pgx import schema
from pgx.assertion import NOT_CALLED, asserted
from pgx.judgement.decide import decide
from pgx.judgement.judgement import Judgement, Known, judge
from pgx.judgement.listed import names_of
from pgx.judgement.rule_details import details_of
from pgx.judgement.statement import URGENCIES, Row, Statement
from pgx.knowledge.base import KnowledgeBase

REFUSED = "outside_refused"
"""Flag of a gene of which a laboratory's result could not be used."""
_COPIES = "copy_number_range"
_LISTS = ("alternatives", "reason", "sources", "evidence", "could_change", "flags")


@dataclass(frozen=True, slots=True)
class _Person:
    """What is known of one person, whatever the drug."""

    genes: dict[str, str]
    copies: dict[str, tuple[str, ...]]


def judgements(
    guidance: pl.DataFrame,
    calls: pl.DataFrame,
    scores: pl.DataFrame,
    kb: KnowledgeBase,
) -> pl.DataFrame:
    """Return one row a person and drug (`pgx.schema.JUDGEMENTS`), in the order of the guidance.

    Parameters
    ----------
    guidance, calls, scores
        `pgx.schema.GUIDANCE`, `pgx.schema.CALLS`, `pgx.schema.SCORES` of the same samples.
    kb
        Knowledge base.
    """
    people = _people(calls)
    usable: defaultdict[tuple[str, str], dict[str, bool]] = defaultdict(dict)
    for sample, drug, endpoint, good in scores.select("sample", "drug", "endpoint", "usable").iter_rows():
        usable[sample, drug][endpoint] = good
    details = details_of(kb)
    nobody = _Person({}, {})
    found = [
        judge(
            sample,
            drug,
            decide(map(Statement, rows)),
            Known(
                genes=people.get(sample, nobody).genes,
                copies=people.get(sample, nobody).copies,
                scores=usable.get((sample, drug), {}),
                details=details,
            ),
        )
        for (sample, drug), rows in _by_drug(guidance)
    ]
    return schema.from_rows([_row(one) for one in found], schema.JUDGEMENTS)


def of_row(row: Mapping[str, object]) -> Judgement:
    """Return the judgement that a row of `pgx.schema.JUDGEMENTS` holds.

    Raises
    ------
    ValueError
        If its urgency is none that this program knows: how urgent it is must not be guessed.
    """
    if row["urgency"] not in URGENCIES:
        raise ValueError(f"unknown urgency {row['urgency']!r} of {row['drug']}")
    cells = {one.name: row[one.name] for one in fields(Judgement)}
    return Judgement(**cells | {name: tuple(names_of(row[name])) for name in _LISTS})  # type: ignore[arg-type]


def _row(judgement: Judgement) -> dict[str, object]:
    return {name: list(cell) if isinstance(cell, tuple) else cell for name, cell in asdict(judgement).items()}


def _by_drug(guidance: pl.DataFrame) -> Iterator[tuple[tuple[str, str], list[Row]]]:
    grouped: dict[tuple[str, str], list[Row]] = {}
    for row in guidance.iter_rows(named=True):
        grouped.setdefault((row["sample"], row["drug"]), []).append(row)
    return iter(grouped.items())


def _people(calls: pl.DataFrame) -> dict[str, _Person]:
    people: dict[str, _Person] = {}
    for sample, gene, status, flags in calls.select("sample", "gene", "status", "flags").iter_rows():
        person = people.setdefault(sample, _Person({}, {}))
        codes = names_of(flags)
        state = status if asserted(status, flags) else NOT_CALLED
        person.genes[gene] = REFUSED if REFUSED in codes and state == NOT_CALLED else state
        for code in codes:
            head, _, named = code.partition(":")
            if head == _COPIES and len(phenotypes := tuple(named.split("|"))) > 1:
                person.copies[gene] = phenotypes
    return people
