"""What is said of drugs where other medicines of the list are only planned.

What is taken is judged as the list is today: a medicine that nobody takes yet rules nothing out that is taken, and
changes no dose of it. What would be said once all is started is kept apart. A drug that is planned itself is judged as
if all was started, so that what is planned beside it changes the phenotypes too by which its advice is looked up.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from functools import partial

import polars as pl

from pgx.codes import FlagCode
from pgx.guidance import recommend
from pgx.guidance.conditions import compiled
from pgx.guidance.guidance_frame import replaced
from pgx.guidance.populations import THIS_DRUG
from pgx.judgement.decide import Decision, decide
from pgx.judgement.statement import URGENCIES, Statement
from pgx.judgement.together import Key, Lists, lists_of
from pgx.judgement.without_drugs import copied_record, started
from pgx.knowledge.acting import PLANNED, parse
from pgx.knowledge.base import KnowledgeBase
from pgx.phenotypes import phenoconversion
from pgx.phenotypes.exposures import exposures, known_medication
from pgx.phenotypes.substrates import acting_drugs
from pgx.types import ClinicalData


@dataclass(frozen=True, slots=True)
class Settled:
    """Guidance (`pgx.schema.GUIDANCE`) as it is told.

    Parameters
    ----------
    guidance
        What holds of each drug: of one that is taken, today.
    later
        What would hold of drugs that are taken once all is started, where that is something else.
    """

    guidance: pl.DataFrame
    later: pl.DataFrame


def settled(
    guidance: pl.DataFrame,
    phenotypes: pl.DataFrame,
    calls: pl.DataFrame,
    clinical: ClinicalData,
    kb: KnowledgeBase,
    *,
    as_of: date | None = None,
    fitting: bool = True,
) -> Settled:
    """Return the guidance with what is only planned in its place.

    Parameters
    ----------
    guidance
        What `pgx.guidance.recommend` made of the others.
    phenotypes, calls, clinical, kb, as_of, fitting
        As for `pgx.guidance.recommend`.
    """
    lists = lists_of(clinical.medications, exposures(clinical, kb, as_of=as_of))
    people = sorted({sample for sample, _ in lists.planned})
    if not people:
        return Settled(guidance, guidance.clear())
    record = copied_record(clinical, {sample: sample for sample in people})
    asked = set(guidance.filter(pl.col("sample").is_in(people)).select("sample", "drug").iter_rows())
    begun, without = started(record, lists), _today(record, lists)
    # Who plans one medicine starts nothing beside it.
    number = Counter(sample for sample, _ in lists.planned)
    several = {key for key in asked & lists.planned if number[key[0]] > 1}
    several, taken = _reached((several, asked & lists.taken), lists, record, begun, without, kb, as_of)
    if not several and not taken:
        return Settled(guidance, guidance.clear())
    here = pl.col("sample").is_in(sorted({sample for sample, _ in several | taken}))
    own, own_calls = phenotypes.filter(here), calls.filter(here)
    converted = phenoconversion.convert(own, begun, kb, as_of=as_of)
    then = recommend(converted, own_calls, begun, kb, drugs=_by_drug(several | taken), as_of=as_of, fitting=fitting)
    today = recommend(own, own_calls, without, kb, drugs=_by_drug(taken), as_of=as_of, fitting=fitting)
    said, of_then, of_today = (_decisions(one) for one in (_of(guidance, several | taken), then, today))
    new = [key for key in of_then.keys() & several if _gives_way(said[key], of_then[key], _answer)]
    moved = [key for key, one in of_today.items() if any(_gives_way(of[key], one, _told) for of in (said, of_then))]
    # Where today's advice stands in the place of what is planned, that is told as what comes later.
    later = _of(then, [key for key in moved if _told(of_then[key]) != _told(of_today[key])])
    return Settled(_instead(_instead(guidance, _as_planned(then, lists), new), today, moved), later)


def _as_planned(then: pl.DataFrame, lists: Lists) -> pl.DataFrame:
    """Return what is said once all is started; what acts there and is not started yet is told as planned."""
    planned = {(sample, drug.lower()) for sample, drug in lists.planned - lists.taken}
    rows = then.select("sample", "flags").iter_rows()
    flags = [[_phased(flag, sample, planned) for flag in of_row or ()] for sample, of_row in rows]
    return then.with_columns(pl.Series("flags", flags, dtype=then.schema["flags"]))


def _phased(flag: str, sample: str, planned: Collection[Key]) -> str:
    acting = parse(flag)
    return str(replace(acting, phase=PLANNED).flag) if acting and (sample, acting.agent.lower()) in planned else flag


def _today(record: ClinicalData, lists: Lists) -> ClinicalData:
    planned = [key in lists.planned for key in record.medications.select("sample", "drug").iter_rows()]
    return replace(record, medications=record.medications.filter(~pl.Series(planned, dtype=pl.Boolean)))


def _reached(
    asked: Iterable[set[Key]],
    lists: Lists,
    record: ClinicalData,
    begun: ClinicalData,
    without: ClinicalData,
    kb: KnowledgeBase,
    as_of: date | None,
) -> Iterator[set[Key]]:
    """Yield of each set of persons and drugs those that what is planned may bear on: all else stays as it is said.

    That is by an enzyme of theirs, by a label that names the two, or by a population of who takes such a drug. Who has
    no list but the plan is looked at whole, and so is who took before what is planned: the day that is now may move.
    """
    planned: defaultdict[str, set[str]] = defaultdict(set)
    for sample, drug in lists.planned:
        planned[sample].add(drug.lower())
    acts = {
        sample: set(genes)
        for sample, genes in _in_one(exposures(without, kb, as_of=as_of), exposures(begun, kb, as_of=as_of))
        .group_by("sample")
        .agg("gene")
        .iter_rows()
    }
    acting = _in_one(acting_drugs(without, kb, as_of=as_of), acting_drugs(begun, kb, as_of=as_of))
    paired = set(acting.select("sample", "drug").iter_rows())
    earlier = record.medications.filter(pl.col("status") != PLANNED).select("sample", "drug").iter_rows()
    whole = {sample for sample, drug in earlier if (sample, drug) in lists.planned}
    whole |= known_medication(begun) ^ known_medication(record)
    for keys in asked:
        found = keys & paired
        for sample, drug in keys - found:
            genes, names = kb.remember(("what advice rests on", drug), partial(_rests_on, drug, kb))
            if sample in whole or genes & acts.get(sample, set()) or names & planned[sample]:
                found.add((sample, drug))
        yield found


def _in_one(these: pl.DataFrame, those: pl.DataFrame) -> pl.DataFrame:
    """Return the rows that only one of two frames has."""
    both = pl.concat([these.unique(), those.unique()])
    return both.filter(both.is_unique())


def _rests_on(drug: str, kb: KnowledgeBase) -> tuple[set[str], set[str]]:
    """Return the genes, and the other drugs in lower case, by which it is decided what is said of a drug."""
    rows = compiled(kb).of(drug)
    of_label = kb.table("label_limits").filter(drug=drug)["population"]
    pairs = kb.table("label_interactions").filter(drug=drug)
    populations = {*of_label, *kb.table("set_aside")["population"], *pairs["condition"].drop_nulls()}
    populations |= {name for row in rows for name in (row.population, row.when)}
    tested = kb.table("populations").filter(pl.col("population").is_in(sorted(populations)))["subject"].drop_nulls()
    named = {drug if name == THIS_DRUG else name for subject in tested for name in subject.split("|")}
    enzymes = pairs.select("enzyme", "beside")
    genes = {gene for row in rows for gene in row.genes} | {gene for row in enzymes.iter_rows() for gene in row if gene}
    return genes | named, {name.lower() for name in named}


def _by_drug(keys: Iterable[Key]) -> dict[str, list[str]]:
    found: defaultdict[str, list[str]] = defaultdict(list)
    for sample, drug in sorted(keys):
        found[drug].append(sample)
    return dict(found)


def _gives_way(
    whole: Decision[Statement], part: Decision[Statement], answer: Callable[[Decision[Statement]], object]
) -> bool:
    """Whether the other decision is told in the place of the first one: they differ, and that one does not stay."""
    return answer(whole) != answer(part) and not _stays(whole, part)


def _stays(whole: Decision[Statement], part: Decision[Statement]) -> bool:
    """Whether what is said with all that is planned stays as it is.

    It does where a label rules the drug out without what is planned as well: then all are named beside which it does.
    And it does where what is planned turns a dose the other way, or takes away that a label asks for more: no page
    shows the number that would then be wrong.
    """
    turned = any(row.has(FlagCode.INTERACTION_REVERSES) for row in whole.statements)
    turned |= whole.urgency != URGENCIES[0] and _label_asks_for_more(part) and not _label_asks_for_more(whole)
    return turned or (part.urgency == URGENCIES[0] == whole.urgency and part.ruled_out is not None)


def _label_asks_for_more(decision: Decision[Statement]) -> bool:
    return decision.ruled_out is not None and "higher" in decision.ruled_out.asks_for


def _answer(decision: Decision[Statement]) -> object:
    said = decision.ruled_out or decision.deciding
    return decision.urgency, *([said.action_code, said.row["dose_change"], said.results] if said else [])


def _told(decision: Decision[Statement]) -> object:
    rows = ((row.rule, row.applies, row.action_code, row.row["dose_change"]) for row in decision.valid)
    return _answer(decision), *rows


def _decisions(guidance: pl.DataFrame) -> dict[Key, Decision[Statement]]:
    rows: defaultdict[Key, list[Statement]] = defaultdict(list)
    for row in guidance.iter_rows(named=True):
        rows[row["sample"], row["drug"]].append(Statement(row))
    return {key: decide(statements) for key, statements in rows.items()}


def _keys(keys: Collection[Key]) -> pl.DataFrame:
    return pl.DataFrame(list(keys), schema={"sample": pl.String, "drug": pl.String}, orient="row")


def _of(guidance: pl.DataFrame, keys: Collection[Key]) -> pl.DataFrame:
    return guidance.join(_keys(keys), on=["sample", "drug"], how="semi", maintain_order="left")


def _instead(guidance: pl.DataFrame, other: pl.DataFrame, keys: Collection[Key]) -> pl.DataFrame:
    """Return the guidance with what another one says of some persons and drugs, in its own order."""
    return replaced(guidance, other, _keys(keys)) if keys else guidance
