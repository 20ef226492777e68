"""Values that were left out: which concepts of whom are unknown for it, and what would have used them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl

from pgx.clinical import bounds
from pgx.clinical.derive import FORMULAS
from pgx.clinical.people import note
from pgx.clinical.statements import Events
from pgx.clinical.status_words import Said, begins_denied, condition_status, of_family
from pgx.clinical.vocabulary import Vocabulary, column_name, vocabulary
from pgx.codes import QUOTES_NO_RECORD, Flag, FlagCode, NoteCode, Severity
from pgx.errors import InputError
from pgx.knowledge import KnowledgeBase
from pgx.notes import Note, without_value
from pgx.types import ClinicalData

REASONS = (
    NoteCode.IMPOSSIBLE_VALUE,
    NoteCode.NOT_A_NUMBER,
    NoteCode.BOUND,
    NoteCode.UNIT_MISSING,
    NoteCode.UNIT_UNKNOWN,
    NoteCode.UNIT_DIFFERS,
    NoteCode.ANSWER_UNKNOWN,
    NoteCode.BAD_DATE,
    NoteCode.DOUBTFUL_VALUE,
    NoteCode.CONTRADICTION,
    NoteCode.CONDITION_UNKNOWN,
)
"""Codes of problems that cost one value, where they are errors."""
KEPT_OUT = {"sample": pl.String, "concept": pl.String, "code": pl.String, "message": pl.String, "where": pl.String}
"""Columns of what `newest` returns."""
ON_PAGE_ONE = NoteCode.VALUE_LEFT_OUT
"""Code of the note on a value that something of the person's result would have used."""

_LONGEST = 6
"""Words of the longest name that is looked for within an entry."""
_SHORTEST = 3
"""Letters of the shortest: two are a word of some language."""
_WORDS = 60
"""Words of an entry that are looked at: what is longer is a letter, and no entry."""


def meant_perhaps(text: str, vocabulary: Vocabulary) -> tuple[str, ...]:
    """Return the conditions that an entry may be about; none where it says that the person does not have it.

    Parameters
    ----------
    text
        The entry as the record has it.
    vocabulary
        The look-ups.
    """
    if condition_status(text) in (Said.ABSENT, Said.ERROR) or begins_denied(text) or of_family(text):
        return ()
    words = column_name(text).split("_")[:_WORDS]
    names = [
        "_".join(words[at : at + size])
        for size in range(min(_LONGEST, len(words)), 0, -1)
        for at in range(len(words) - size + 1)
    ]
    # Names that stand in the entry say what it is about; another name may be spelled like it (heart and liver failure).
    return _conditions_of([name for name in names if len(name) >= _SHORTEST], vocabulary) or _conditions_of(
        vocabulary.suggest(text), vocabulary
    )


def _conditions_of(names: Sequence[str], vocabulary: Vocabulary) -> tuple[str, ...]:
    found = [heading.concept for name in names if (heading := vocabulary.headings.get(name))]
    return tuple(dict.fromkeys(concept for concept in found if concept in vocabulary.conditions))


def open_conditions(problems: pl.DataFrame, observations: pl.DataFrame, vocabulary: Vocabulary) -> pl.DataFrame:
    """Return the problems of entries that could not be read, once for each condition that one may be.

    A condition that the person is known to have is not open, whatever else is said of it.

    Parameters
    ----------
    problems
        `pgx.clinical.statements.PROBLEM`, with ``sample`` for the person.
    observations
        What was understood: ``sample concept code date``.
    vocabulary
        The look-ups.
    """
    entries = problems.filter(
        pl.col("code") == NoteCode.CONDITION_UNKNOWN, pl.col("concept").is_not_null(), pl.col("sample").is_not_null()
    )
    near = [(text, concept) for text in entries["concept"].unique() for concept in meant_perhaps(text, vocabulary)]
    table = pl.DataFrame(near, schema={"concept": pl.String, "near": pl.String}, orient="row")
    found = entries.join(table, on="concept", how="inner", maintain_order="left").with_columns(
        concept="near", severity=pl.lit(Severity.ERROR.value)
    )
    known = observations.filter(code="yes").select("sample", "concept").unique()
    return found.select(problems.columns).join(known, on=["sample", "concept"], how="anti", maintain_order="left")


def newest(problems: pl.DataFrame, observations: pl.DataFrame, vocabulary: Vocabulary) -> pl.DataFrame:
    """Return every concept whose newest value was left out (`KEPT_OUT`): an older one must not stand in silently.

    What does not change with time (sex, race) is known as long as any statement of it is understood.

    Parameters
    ----------
    problems
        `pgx.clinical.statements.PROBLEM`, with ``sample`` for the person.
    observations
        What was understood: ``sample concept date``.
    vocabulary
        The look-ups.
    """
    constant = [name for name, concept in vocabulary.concepts.items() if concept.summary == "constant"]
    good = observations.group_by("sample", "concept").agg(newest=pl.col("date").max(), some=pl.lit(True).first())
    lost = problems.filter(
        (pl.col("severity") == Severity.ERROR)
        & pl.col("code").is_in(REASONS)
        & pl.col("sample").is_not_null()
        & pl.col("concept").is_not_null()
    ).join(good, on=["sample", "concept"], how="left", maintain_order="left")
    undated = pl.col("date").is_null() | pl.col("newest").is_null()
    last = undated | (pl.col("date") >= pl.col("newest"))
    stands = pl.col("some").fill_null(False) & pl.col("concept").is_in(constant)
    place = pl.concat_str("file", "where", separator=": ", ignore_nulls=True)
    return (
        lost.filter(last & ~stands)
        .with_columns(where=place)
        .select(list(KEPT_OUT))
        .unique(["sample", "concept"], keep="last", maintain_order=True)
    )


def with_derived(kept_out: pl.DataFrame, observations: pl.DataFrame) -> pl.DataFrame:
    """Add what cannot be computed because an input was left out, unless it is given: no creatinine, no eGFR.

    A bound beside a value that was computed costs nothing.
    """
    computed = observations.filter(pl.col("origin") != "given", pl.col("value").is_not_null())
    kept_out = kept_out.join(
        computed.select("sample", "concept", code=pl.lit(NoteCode.BOUND.value)).unique(),
        on=["sample", "concept", "code"],
        how="anti",
        maintain_order="left",
    )
    inputs = [("birth_date", "age"), *((one, formula.concept) for formula in FORMULAS for one in formula.inputs)]
    table = pl.DataFrame(inputs, schema={"concept": pl.String, "made": pl.String}, orient="row")
    found = kept_out
    for _ in range(2):  # birth date -> age -> eGFR
        more = found.join(table, on="concept", how="inner", maintain_order="left").with_columns(concept="made")
        more = more.select(list(KEPT_OUT)).join(observations, on=["sample", "concept"], how="anti")
        found = pl.concat([found, more]).unique(list(KEPT_OUT), keep="first", maintain_order=True)
    return found


def refuse(problems: pl.DataFrame, kb: KnowledgeBase) -> None:
    """Refuse the input if anything of it was left out: what ``--strict`` asks for. The error quotes no value.

    Raises
    ------
    InputError
        With the first such place, and how many there are.
    """
    unused = pl.col("code").is_in([NoteCode.UNKNOWN_COLUMN, NoteCode.GENE_IN_HISTORY])
    lost = problems.filter((pl.col("severity") == Severity.ERROR) | unused)
    if lost.is_empty():
        return
    row = lost.row(0, named=True)
    person = f"sample {row['sample']}" if row["sample"] else None
    where = ", ".join(part for part in (row["where"], person) if part) or None
    more = f" (and {lost.height - 1} more)" if lost.height > 1 else ""
    message = row["message"]
    if row["code"] not in QUOTES_NO_RECORD or (row["code"] == NoteCode.UNKNOWN_COLUMN and row["where"] != "heading"):
        message = without_value(row["code"], row["concept"], kb.table)
    raise InputError(message + more, file=row["file"], where=where, fix="correct it, or leave it empty")


def notes(clinical: ClinicalData, advice: pl.DataFrame, scores: pl.DataFrame, kb: KnowledgeBase) -> list[Note]:
    """Return a note (`ON_PAGE_ONE`) on each left-out value that the advice or a score of its person would have used.

    Parameters
    ----------
    clinical
        What was read, and what was left out of it.
    advice, scores
        `pgx.schema.GUIDANCE` and `pgx.schema.SCORES` of the run.
    kb
        Knowledge base.
    """
    kept_out = clinical.kept_out
    if kept_out.is_empty():
        return []
    features = {str(name): concept for concept, name in kb.table("concepts").select("concept", "feature").iter_rows()}
    used: dict[tuple[str, str], dict[str, None]] = {}
    for sample, endpoint, flags in scores.select("sample", "endpoint", "flags").iter_rows():
        for flag in map(Flag.parse, flags):
            if flag.code == FlagCode.IMPLAUSIBLE and (concept := features.get(flag.about)):
                used.setdefault((sample, concept), {})[f"the score {endpoint}"] = None
    open_for = by_drug(clinical, kb)
    for sample, drug in advice.select("sample", "drug").unique(maintain_order=True).iter_rows():
        for concept in open_for.get((sample, drug), ()):
            used.setdefault((sample, concept), {})[f"the advice on {drug}"] = None
    on_x = _on_x(kb)
    for sample, drug, genes in advice.select("sample", "drug", "genes").iter_rows():
        if on_x.intersection(genes):
            used.setdefault((sample, "sex"), {})[f"the advice on {drug}"] = None
    rows: dict[tuple[str, str], tuple[dict[str, str], dict[str, None]]] = {}
    for one in kept_out.iter_rows(named=True):
        if by := used.get((one["sample"], one["concept"])):
            key = (one["sample"], f"{one['message']} ({one['where']})")
            rows.setdefault(key, (one, {}))[1].update(by)
    return [
        note(
            sample,
            Severity.WARNING,
            ON_PAGE_ONE,
            f"a value was left out: {said}; {_listed(list(by))} would have used it",
            one["concept"],
            one["where"],
        )
        for (sample, said), (one, by) in rows.items()
    ]


def undated_classes(clinical: ClinicalData, advice: pl.DataFrame, kb: KnowledgeBase) -> list[Note]:
    """Return a note on each class without a date (Child-Pugh, NYHA, severity) that decides advice of its person.

    A class that has a date is used for a time only; of one that has none nobody can tell whether it still holds.

    Parameters
    ----------
    clinical
        What was read.
    advice
        `pgx.schema.GUIDANCE` of the run.
    kb
        Knowledge base.
    """
    words = vocabulary(kb)
    passing = [name for name in sorted(words.grades.severities) if words.concepts[name].window_days is not None]
    undated = clinical.observations.filter(
        pl.col("concept").is_in(passing), pl.col("code").is_not_null(), pl.col("date").is_null(),
        pl.col("end_date").is_null(),
    ).unique(["sample", "concept"], keep="last", maintain_order=True)  # fmt: skip
    if undated.is_empty():
        return []
    asked_by = _read_by_drug(kb)
    drugs: dict[str, list[str]] = {}
    for sample, drug in advice.select("sample", "drug").unique(maintain_order=True).iter_rows():
        drugs.setdefault(sample, []).append(drug)
    told = []
    for row in undated.iter_rows(named=True):
        resting = [drug for drug in drugs.get(row["sample"], ()) if row["concept"] in asked_by.get(drug, ())]
        if resting:
            told.append(_undated(row, resting))
    return told


def _undated(row: dict[str, str], drugs: list[str]) -> Note:
    message = (
        f"{row['concept'].replace('_', ' ')} {row['code']} has no date and counts as of now: the advice on "
        f"{_listed(drugs)} rests on it; write the day beside it"
    )
    return note(row["sample"], Severity.WARNING, NoteCode.DAY_ASSUMED, message, row["concept"], row["source"])


def by_drug(clinical: ClinicalData, kb: KnowledgeBase) -> dict[tuple[str, str], tuple[str, ...]]:
    """Return (sample, drug) -> concepts whose value was left out and that decide whether advice on the drug holds."""
    found: dict[tuple[str, str], list[str]] = {}
    told = bounds.newest(clinical.observations)
    drugs = _read_by_drug(kb) if clinical.kept_out.height else {}
    for sample, concept in clinical.kept_out.select("sample", "concept").iter_rows():
        bound = told.get((sample, concept))
        for drug, tests in drugs.items():
            if concept in tests and not (bound and all(_decides(bound, *test) for test in tests[concept])):
                found.setdefault((sample, drug), []).append(concept)
    return {key: tuple(dict.fromkeys(concepts)) for key, concepts in found.items()}


def _decides(bound: tuple[float, float], test: str, limit: float) -> bool:
    least, greatest = (np.array([number]) for number in bound)
    return bool(bounds.compare(test, least, greatest, limit)[0])


_SHOWN = 4


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(names[:_SHOWN])
    return shown + (f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else "")


def _read_by_drug(kb: KnowledgeBase) -> dict[str, dict[str, set[tuple[str, float]]]]:
    """Drug -> the concepts that decide whether a recommendation or a label's limit on it holds -> limits of numbers."""
    concepts = set(kb.table("concepts")["concept"])
    tests = kb.table("populations").filter(pl.col("subject").is_in(sorted(concepts)))
    rows = pl.concat(
        [
            *(kb.table(name).select("drug", "population") for name in ("recommendations", "label_limits")),
            kb.table("label_interactions").select("drug", population="condition").drop_nulls(),
        ]
    )
    read = rows.unique().join(tests, on="population").select("drug", "subject", "test", "value").unique()
    found: dict[str, dict[str, set[tuple[str, float]]]] = {}
    for drug, concept, test, value in read.iter_rows():
        limits = found.setdefault(drug, {}).setdefault(concept, set())
        if (plain := test.removeprefix("recorded_")) in bounds.COMPARISONS:
            limits.add((plain, float(value)))
    return found


def _on_x(kb: KnowledgeBase) -> set[str]:
    return set(kb.table("genes").filter(pl.col("inheritance") == "x_linked")["gene"])


def remark_genes(events: Events) -> None:
    """Note that a history says something of genes."""
    if events.genes:
        said = f"what it says of {', '.join(sorted(events.genes))} is not read from a clinical history"
        message = f"{said}: give results of genes as outside calls (--outside-calls)"
        events.problem(None, "warning", NoteCode.GENE_IN_HISTORY, message, None)
