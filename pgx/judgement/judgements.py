"""The judgements of everybody in a run, as a frame, and one of them read back from a row."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace

import polars as pl

from pgx import schema
from pgx.assertion import NOT_CALLED, asserted
from pgx.cells import distinct
from pgx.codes import NoteCode, Severity
from pgx.judgement.decide import CHANGES, Decision, decide
from pgx.judgement.decided import Decided, decided
from pgx.judgement.judgement import Judgement, Known, judge
from pgx.judgement.listed import names_of
from pgx.judgement.recalled import marked
from pgx.judgement.relief import Relief, Suspects, Without, reliefs, suspects
from pgx.judgement.rule_details import details_of
from pgx.judgement.standings import Standings, giving_way, recalled_of, standings_of
from pgx.judgement.statement import URGENCIES, Row, Statement
from pgx.judgement.together import Lists, Told, gives_way_flags, lists_of, ruled_out_flags, with_causes
from pgx.knowledge.acting import PLANNED
from pgx.knowledge.base import KnowledgeBase
from pgx.knowledge.drug_names import drug_names
from pgx.notes import Note
from pgx.phenotypes.exposures import WITH, pair_days
from pgx.types import Result

REFUSED = "outside_refused"
"""Flag of a gene of which a laboratory's result could not be used."""
ACTIONABLE = ("avoid", "change_dose", "monitor")
"""Urgencies of a drug that something must be done about."""
SCOPE = NoteCode.ACTIONABLE_ONLY
"""Code of the note that says that no more than the actionable drugs is shown."""
_COPIES = "copy_number_range"
_COLUMNS = tuple(one.name for one in fields(Judgement))
Key = tuple[str, str]
"""A person and a drug."""
_DOSED = ("change_dose", "monitor")
"""Urgencies of a drug that stays, and whose dose goes by what acts on it."""
_ACTS_ON = ("current", PLANNED)
"""Phases of what acts on a drug and is still to be decided about."""
_LISTS = ("alternatives", "reason", "sources", "evidence", "could_change", "flags")


@dataclass(frozen=True, slots=True)
class _Evidence:
    """What is known of one gene of one person: its state, and the phenotypes that an unknown copy number could make."""

    state: str
    copies: tuple[str, ...]


def judgements(
    guidance: pl.DataFrame,
    calls: pl.DataFrame,
    scores: pl.DataFrame,
    kb: KnowledgeBase,
    exposures: pl.DataFrame | None = None,
    left_out: Mapping[tuple[str, str], tuple[str, ...]] | None = None,
    without: Without | None = None,
    medications: pl.DataFrame | None = None,
    later: pl.DataFrame | None = None,
    long_taken: Collection[Key] = (),
    undated: Collection[Key] = (),
) -> pl.DataFrame:
    """Return one row a person and drug (`pgx.schema.JUDGEMENTS`), in the order of the guidance.

    Parameters
    ----------
    guidance, calls, scores
        `pgx.schema.GUIDANCE`, `pgx.schema.CALLS`, `pgx.schema.SCORES` of the same samples.
    kb
        Knowledge base.
    exposures
        What acts on each person's enzymes (`pgx.phenotypes.exposures`); None = nothing is known to, and each drug is
        judged by itself: none is told to be the cause of what is said of another one.
    left_out
        (sample, drug) -> concepts that the sources ask for and whose value was left out.
    without
        Judges a drug anew without some of the other medicines (`pgx.judgement.without_drugs`); None = nobody can, and
        all that act on a drug stand against what the genes alone ask for.
    medications
        Each person's list (`pgx.schema.MEDICATIONS`), which says what is only planned; None = all of it is taken.
    later
        The guidance on drugs that are taken once all is started that is only planned (`pgx.judgement.planned`), where
        that is something else.
    long_taken
        (sample, drug) of what has been taken for long (`pgx.phenotypes.exposures.long_taken`).
    undated
        (sample, drug) of what is taken since nobody knows when (`pgx.phenotypes.exposures.undated`).
    """
    standings = standings_of(kb)
    decisions, lists = decided(guidance), None
    if medications is not None:
        lists = replace(lists_of(medications, exposures, standings), ruled_out=decisions.ruled_out())
    inputs, made_of = (calls, scores, kb, exposures, left_out or {}, long_taken, undated), drug_names(kb).made_of
    if later is None or later.is_empty() or lists is None:
        rejudge_all = lists.whatever_is_started(without) if without and lists else without
        judged = with_causes(_judged_alone(decisions, *inputs, rejudge_all, lists), lists, made_of, standings)
        return _frame(marked(judged, standings, recalled_of(kb)))
    of_later = _judged_alone(decided(later), *inputs, without, lists)
    once_started = {(drug.sample, drug.judgement.drug): drug for drug in of_later}
    rejudge_today = lists.without_planned(lists.whatever_is_started(without), once_started) if without else None
    found = [
        replace(drug, later=once_started.get((drug.sample, drug.judgement.drug)))
        for drug in _judged_alone(decisions, *inputs, rejudge_today, lists)
    ]
    return _frame(marked(with_causes(found, lists, made_of, standings), standings, recalled_of(kb)))


def _judged_alone(
    decided: Decided,
    calls: pl.DataFrame,
    scores: pl.DataFrame,
    kb: KnowledgeBase,
    exposures: pl.DataFrame | None,
    left_out: Mapping[tuple[str, str], tuple[str, ...]],
    long_taken: Collection[Key],
    undated: Collection[Key],
    without: Without | None,
    lists: Lists | None,
) -> list[Told]:
    """Return what is judged of each person and drug by itself, as for `judgements`."""
    genes_of = [one.genes for one in decided.statements]
    people = _people(calls, {gene for genes in genes_of for gene in genes})
    usable: defaultdict[Key, dict[str, bool]] = defaultdict(dict)
    for sample, drug, endpoint, good in scores.select("sample", "drug", "endpoint", "usable").iter_rows():
        usable[sample, drug][endpoint] = good
    details, until, of_pairs = details_of(kb), _until(exposures), _until(exposures, pairs=True)
    after, standings = pair_days(kb), standings_of(kb)
    helping = reliefs(_suspects(decided, exposures, kb), without)
    # Many persons share all that is said of a drug and known of its genes: each case is judged once.
    cases: dict[object, Judgement] = {}
    judged: list[Told] = []
    for (sample, drug), numbers in decided.by_drug.items():
        person = people.get(sample, {})
        genes = list(dict.fromkeys(gene for number in numbers for gene in genes_of[number]))
        evidence, scored = {gene: person[gene] for gene in genes if gene in person}, usable.get((sample, drug), {})
        lacking, relief = left_out.get((sample, drug), ()), helping.get((sample, drug), ())
        decision = decided.decisions[numbers]
        pairs, days_of_pairs = _of_pairs(decision), of_pairs.get(sample, {})
        ended = until.get(sample, {}) | {one: days_of_pairs[one] for one in pairs if one in days_of_pairs}
        idle = _not_started(sample, drug, decision, relief, lists)
        ranks = standings if lists is None else lists.standings_for(sample)
        gives_way = () if exposures is None else tuple(_way_flags(drug, decision, relief, idle, ranks))
        running = (sample, drug) in long_taken
        changing = _changed_beside(decision)
        further = _changed_besides(decision, changing)
        pair = {drug, *changing}
        both = changing if all((sample, name) in long_taken for name in pair) else ()
        # None is known to be new: which was begun first, and whether a dose was found since, nobody can say.
        not_new = {
            one for one in (*pair, *further) if (sample, one) in long_taken or (sample, one) in undated or one in ended
        }
        either = changing if not both and pair <= not_new else ()
        new = tuple(agent for agent in further if agent not in not_new) if both or either else ()
        known_of = tuple(evidence.items()), tuple(ended.items()), tuple(scored.items())
        case = (*numbers, *known_of, relief, idle, gives_way, lacking, running, both, either, new)
        if case not in cases:
            known = Known(
                genes={gene: one.state for gene, one in evidence.items()},
                copies={gene: one.copies for gene, one in evidence.items() if one.copies},
                scores=scored,
                details=details,
                until=ended,
                waits={one: after[one, drug] for one in pairs if (one, drug) in after},
                reliefs=relief,
                not_started=idle,
                gives_way=gives_way,
                left_out=lacking,
                running=running,
                beside=both,
                undated=either,
                uncounted=new,
            )
            cases[case] = judge(sample, drug, decision, known)
        beside = dict.fromkeys(acting.agent for acting in decision.forbidden_beside)
        acting = dict.fromkeys((*beside, *(acting.agent for acting in decision.acting)))
        forbidden = () if exposures is None else tuple(beside)
        limiting = (one.agent for row in decision.limits if row.applies == "yes" for one in row.acting)
        judged.append(Told(sample, cases[case], forbidden, tuple(acting), tuple(dict.fromkeys(limiting))))
    return judged


def _way_flags(
    drug: str, decision: Decision[Statement], reliefs: Sequence[Relief], idle: Collection[str], standings: Standings
) -> Iterator[str]:
    """Yield the flags of those that are to be changed: a drug, those that do not go with it, and what acts on it.

    Whichever gives way, all lines name what the genes or the record rule out by themselves.
    """
    agents = {agent for one in reliefs for agent in one.agents}
    agents |= {one.agent for one in decision.forbidden_beside}
    pair = [one for one in (drug, *sorted(agents)) if one not in idle] if agents else []
    way = _giving_way(drug, reliefs, idle, standings)
    if agents and not reliefs:
        way = (drug,)  # which is ruled out all the same, whatever is done about the others
    yield from gives_way_flags(way, standings, pair)
    if decision.urgency in _DOSED:
        acting = dict.fromkeys(one.agent for one in decision.acting if one.phase in _ACTS_ON)
        yield from ruled_out_flags((agent for agent in acting if agent not in pair), standings)


def _giving_way(drug: str, reliefs: Sequence[Relief], idle: Collection[str], standings: Standings) -> tuple[str, ...]:
    """Return which of a drug and of the medicines without which less is said of it are to be changed."""
    sets = [[agent for agent in relief.agents if agent not in idle] for relief in reliefs]
    changed = giving_way(drug, sets, standings)
    # What is not begun waits for what is taken, unless that is the easier one to change.
    return changed or ((drug,) if drug in idle and reliefs else ())


def _changed_beside(decision: Decision[Statement]) -> tuple[str, ...]:
    """Return the medicines beside which a label changes the dose of a drug."""
    limit = decision.ruled_out
    acting = limit.acting if limit is not None and limit.urgency == CHANGES[1] else ()
    return tuple(dict.fromkeys(effect.agent for effect in acting))


def _changed_besides(decision: Decision[Statement], leading: Collection[str]) -> tuple[str, ...]:
    """Return the medicines beside which further rows of a label change the dose of a drug."""
    rows = (row for row in decision.limits if row.applies == "yes" and row.urgency == CHANGES[1])
    agents = (effect.agent for row in rows for effect in row.acting)
    return tuple(dict.fromkeys(agent for agent in agents if agent not in leading))


def _not_started(
    sample: str, drug: str, decision: Decision[Statement], reliefs: Sequence[Relief], lists: Lists | None
) -> tuple[str, ...]:
    """Return which of a drug and of those beside which it is ruled out are not to be started."""
    if lists is None or decision.urgency != URGENCIES[0]:
        return ()
    helping = (agent for relief in reliefs for agent in relief.agents)
    beside = (acting.agent for acting in decision.forbidden_beside)
    return lists.not_started(sample, drug, tuple(dict.fromkeys((*helping, *beside))))


def _frame(judged: Iterable[tuple[str, Judgement]]) -> pl.DataFrame:
    """Return the judgements of persons as a frame: a judgement that many share is made a row once."""
    number_of: dict[int, int] = {}
    shared: list[Judgement] = []
    samples: list[str] = []
    numbers: list[int] = []
    for sample, judgement in judged:
        number = number_of.setdefault(id(judgement), len(shared))
        if number == len(shared):
            shared.append(judgement)  # which keeps its id from being given to another
        samples.append(sample)
        numbers.append(number)
    rows = schema.from_rows([_row(judgement) for judgement in shared], schema.JUDGEMENTS)
    picked: pl.DataFrame = rows[numbers] if numbers else rows
    return picked.with_columns(sample=pl.Series(samples, dtype=pl.String))


def _suspects(decided: Decided, exposures: pl.DataFrame | None, kb: KnowledgeBase) -> dict[Key, Suspects]:
    """Return the medicines that may be why a drug of a person is not fine as usual."""
    if exposures is None:
        return {}
    agents = _agents(exposures)
    urgencies = dict(kb.table("actions").select("action", "urgency").iter_rows())
    suspected = {}
    for (sample, drug), numbers in decided.by_drug.items():
        suspect = suspects(decided.decisions[numbers], agents.get(sample, {}), urgencies, drug)
        if suspect is not None:
            suspected[sample, drug] = suspect
    return suspected


def _until(exposures: pl.DataFrame | None, *, pairs: bool = False) -> dict[str, dict[str, str]]:
    """Return sample -> medicine that was stopped, still acts, and is not to be taken again -> until when.

    On enzymes, or beside a drug that a label names with it (`pairs`).
    """
    days: dict[str, dict[str, str]] = {}
    if exposures is None:
        return days
    # Who takes it as well, or plans to take it again, does not get rid of it by waiting.
    still_taken = exposures.filter(pl.col("phase") != "washout").select("sample", "agent").unique()
    washing_out = exposures.filter(pl.col("phase") == "washout", (pl.col("trigger") == WITH) == pairs).join(
        still_taken, on=["sample", "agent"], how="anti"
    )
    latest = washing_out.group_by("sample", "agent").agg(pl.col("until").max()).sort("sample", "agent")
    for sample, agent, day in latest.drop_nulls().iter_rows():
        days.setdefault(sample, {})[agent] = day.isoformat()
    return days


def _of_pairs(decision: Decision[Statement]) -> tuple[str, ...]:
    """Return the drugs that labels name with the drug, and no enzyme."""
    named = (acting for row in decision.limits for acting in row.acting if not acting.enzyme)
    return tuple(dict.fromkeys(acting.agent for acting in named))


def _agents(exposures: pl.DataFrame) -> dict[str, dict[str, tuple[str, ...]]]:
    """Return sample -> gene -> the medicines that act on it strongly enough to count."""
    agents: dict[str, dict[str, tuple[str, ...]]] = {}
    counted = exposures.filter(
        pl.col("trigger").is_in(["inhibitor", "inducer"]),
        pl.col("strength").is_in(["strong", "moderate"]),
    )
    for sample, gene, agent in counted.select("sample", "gene", "agent").unique(maintain_order=True).iter_rows():
        genes = agents.setdefault(sample, {})
        genes[gene] = (*genes.get(gene, ()), agent)
    return agents


def only_actionable(guidance: pl.DataFrame, samples: Collection[str]) -> pl.DataFrame:
    """Return the guidance with no more of these samples than the drugs that their results speak against or change."""
    if not samples:
        return guidance
    said = decided(guidance.filter(pl.col("sample").is_in(list(samples))))
    quiet = [key for key in said.by_drug if said.of(key).urgency not in ACTIONABLE]
    keys = pl.DataFrame(quiet, schema={"sample": pl.String, "drug": pl.String}, orient="row")
    return guidance.join(keys, on=["sample", "drug"], how="anti", maintain_order="left")


def scope(samples: Sequence[str], open_list: Collection[str]) -> Iterator[Note]:
    """Yield the note (`pgx.schema.NOTES`) on those of the samples of whom only what is actionable is told."""
    limited_to = tuple(sample for sample in samples if sample in open_list)
    if limited_to:
        message = "no list of medicines is given: shown are only the drugs that these results speak against or change"
        yield Note(
            stage="guidance",
            severity=Severity.INFO,
            code=SCOPE,
            message=message,
            sample=limited_to,
            subject="medications",
            where="medications",
        )


def of_result(result: Result) -> pl.DataFrame:
    """Return the judgements of a result; one of an earlier version is judged by its guidance alone."""
    if result.judgements.height or result.guidance.is_empty():
        return result.judgements
    by_drug = _rows_by_drug(result.guidance)
    judged = [judge(sample, drug, decide(map(Statement, rows))) for (sample, drug), rows in by_drug]
    return schema.from_rows([_row(judgement) for judgement in judged], schema.JUDGEMENTS)


def of_row(row: Mapping[str, object]) -> Judgement:
    """Return the judgement that a row of `pgx.schema.JUDGEMENTS` holds.

    Raises
    ------
    ValueError
        If its urgency is none that this program knows: how urgent it is must not be guessed.
    """
    if row["urgency"] not in URGENCIES:
        raise ValueError(f"unknown urgency {row['urgency']!r} of {row['drug']}")
    cells = {column.name: row[column.name] for column in fields(Judgement)}
    return Judgement(**cells | {name: tuple(names_of(row[name])) for name in _LISTS})  # type: ignore[arg-type]


def _row(judgement: Judgement) -> dict[str, object]:
    cells = ((name, getattr(judgement, name)) for name in _COLUMNS)
    return {name: list(cell) if isinstance(cell, tuple) else cell for name, cell in cells}


def _rows_by_drug(guidance: pl.DataFrame) -> Iterator[tuple[Key, list[Row]]]:
    grouped: dict[Key, list[Row]] = {}
    for row in guidance.iter_rows(named=True):
        grouped.setdefault((row["sample"], row["drug"]), []).append(row)
    return iter(grouped.items())


def _people(calls: pl.DataFrame, genes: Collection[str]) -> dict[str, dict[str, _Evidence]]:
    """Return sample -> gene -> what is known of it, of these genes."""
    rows = calls.filter(pl.col("gene").is_in(list(genes)))
    cases, numbers = distinct(rows, ["status", "flags"])
    evidence = [_evidence(status, flags) for status, flags in cases.iter_rows()]
    people: defaultdict[str, dict[str, _Evidence]] = defaultdict(dict)
    for sample, gene, number in zip(rows["sample"].to_list(), rows["gene"].to_list(), numbers, strict=True):
        people[sample][gene] = evidence[number]
    return people


def _evidence(status: str, flags: Sequence[str] | None) -> _Evidence:
    codes = names_of(flags)
    state = status if asserted(status, flags or ()) else NOT_CALLED
    copies: tuple[str, ...] = ()
    for code in codes:
        head, _, listed = code.partition(":")
        if head == _COPIES and len(phenotypes := tuple(listed.split("|"))) > 1:
            copies = phenotypes
    return _Evidence(REFUSED if REFUSED in codes and state == NOT_CALLED else state, copies)
