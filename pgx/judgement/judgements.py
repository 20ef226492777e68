"""The judgements of everybody in a run, as a frame, and one of them read back from a row."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace

import polars as pl

from pgx import schema
from pgx.assertion import NOT_CALLED, asserted
from pgx.codes import NoteCode, Severity
from pgx.judgement.decide import decide
from pgx.judgement.judgement import Judgement, Known, agents_of, change_first, judge
from pgx.judgement.listed import names_of
from pgx.judgement.rule_details import details_of
from pgx.judgement.statement import URGENCIES, Row, Statement
from pgx.knowledge.base import KnowledgeBase
from pgx.notes import Note
from pgx.types import Result

REFUSED = "outside_refused"
"""Flag of a gene of which a laboratory's result could not be used."""
ACTIONABLE = ("avoid", "change_dose", "monitor")
"""Urgencies of a drug that something must be done about."""
SCOPE = NoteCode.ACTIONABLE_ONLY
"""Code of the note that says that no more than the actionable drugs is shown."""
_COPIES = "copy_number_range"
_COLUMNS = tuple(one.name for one in fields(Judgement))
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
    exposures: pl.DataFrame | None = None,
    left_out: Mapping[tuple[str, str], tuple[str, ...]] | None = None,
) -> pl.DataFrame:
    """Return one row a person and drug (`pgx.schema.JUDGEMENTS`), in the order of the guidance.

    Parameters
    ----------
    guidance, calls, scores
        `pgx.schema.GUIDANCE`, `pgx.schema.CALLS`, `pgx.schema.SCORES` of the same samples.
    kb
        Knowledge base.
    exposures
        What acts on each person's enzymes (`pgx.phenotypes.exposures`); None = nothing is known to.
    left_out
        (sample, drug) -> concepts that the sources ask for and whose value was left out.
    """
    people = _people(calls)
    usable: defaultdict[tuple[str, str], dict[str, bool]] = defaultdict(dict)
    for sample, drug, endpoint, good in scores.select("sample", "drug", "endpoint", "usable").iter_rows():
        usable[sample, drug][endpoint] = good
    details, agents = details_of(kb), _agents(exposures)
    urgencies = dict(kb.table("actions").select("action", "urgency").iter_rows())
    nobody = _Person({}, {})
    # Many persons share all that is said of a drug and known of its genes: each case is judged once.
    cases: dict[str, Judgement] = {}
    found = []
    for (sample, drug), rows in _by_drug(guidance):
        person, acting = people.get(sample, nobody), agents.get(sample, {})
        genes = {gene for row in rows for gene in names_of(row["genes"])}
        known = Known(
            genes={gene: state for gene, state in person.genes.items() if gene in genes},
            copies={gene: phenotypes for gene, phenotypes in person.copies.items() if gene in genes},
            scores=usable.get((sample, drug), {}),
            details=details,
            agents={gene: names for gene, names in acting.items() if gene in genes},
            urgencies=urgencies,
            left_out=(left_out or {}).get((sample, drug), ()),
        )
        said = [[cell for name, cell in row.items() if name != "sample"] for row in rows]
        case = repr((said, known.genes, known.copies, known.scores, known.agents, known.left_out))
        if case not in cases:
            cases[case] = judge(sample, drug, decide(map(Statement, rows)), known)
        found.append(replace(cases[case], sample=sample))
    return schema.from_rows([_row(one) for one in _with_causes(found)], schema.JUDGEMENTS)


def _with_causes(found: Sequence[Judgement]) -> Iterator[Judgement]:
    """Yield the judgements; a medicine that is the cause of what is said of another says so."""
    harmed: defaultdict[tuple[str, str], list[Judgement]] = defaultdict(list)
    for one in found:
        for agent in agents_of(one):
            harmed[one.sample, agent].append(one)
    for one in found:
        through_it = harmed.get((one.sample, one.drug))
        yield change_first(one, through_it) if through_it else one


def _agents(exposures: pl.DataFrame | None) -> dict[str, dict[str, tuple[str, ...]]]:
    """Return sample -> gene -> the medicines that act on it strongly enough to count, now."""
    found: dict[str, dict[str, tuple[str, ...]]] = {}
    if exposures is None:
        return found
    counted = exposures.filter(
        pl.col("trigger").is_in(["inhibitor", "inducer"]),
        pl.col("strength").is_in(["strong", "moderate"]),
        pl.col("phase") != "planned",
    )
    for sample, gene, agent in counted.select("sample", "gene", "agent").unique(maintain_order=True).iter_rows():
        genes = found.setdefault(sample, {})
        genes[gene] = (*genes.get(gene, ()), agent)
    return found


def only_actionable(guidance: pl.DataFrame, samples: Collection[str]) -> pl.DataFrame:
    """Return the guidance with no more of these samples than the drugs that their results speak against or change."""
    open_list = guidance.filter(pl.col("sample").is_in(list(samples)))
    quiet = [key for key, rows in _by_drug(open_list) if decide(map(Statement, rows)).urgency not in ACTIONABLE]
    keys = pl.DataFrame(quiet, schema={"sample": pl.String, "drug": pl.String}, orient="row")
    return guidance.join(keys, on=["sample", "drug"], how="anti", maintain_order="left")


def scope(samples: Sequence[str], open_list: Collection[str]) -> Iterator[Note]:
    """Yield the note (`pgx.schema.NOTES`) on those of the samples of whom only what is actionable is told."""
    told = tuple(sample for sample in samples if sample in open_list)
    if told:
        message = "no list of medicines is given: shown are only the drugs that these results speak against or change"
        yield Note(
            stage="guidance",
            severity=Severity.INFO,
            code=SCOPE,
            message=message,
            sample=told,
            subject="medications",
            where="medications",
        )


def of_result(result: Result) -> pl.DataFrame:
    """Return the judgements of a result; one of an earlier version is judged by its guidance alone."""
    if result.judgements.height or result.guidance.is_empty():
        return result.judgements
    found = [judge(sample, drug, decide(map(Statement, rows))) for (sample, drug), rows in _by_drug(result.guidance)]
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
    cells = ((name, getattr(judgement, name)) for name in _COLUMNS)
    return {name: list(cell) if isinstance(cell, tuple) else cell for name, cell in cells}


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
