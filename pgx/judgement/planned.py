"""What is said of drugs where other medicines of the list are only planned.

What is taken is judged as the list is today: a medicine that nobody takes yet rules nothing out that is taken, and
changes no dose of it. What would be said once all is started is kept apart. A drug that is planned itself is judged as
if all was started, so that what is planned beside it changes the phenotypes too by which its advice is looked up.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, replace
from datetime import date

import polars as pl

from pgx.codes import FlagCode
from pgx.guidance import recommend
from pgx.judgement.decide import Decision, decide
from pgx.judgement.statement import URGENCIES, Statement
from pgx.judgement.together import Key, Lists, lists_of
from pgx.judgement.without_drugs import copied_record, started
from pgx.knowledge.base import KnowledgeBase
from pgx.phenotypes import phenoconversion
from pgx.phenotypes.exposures import exposures
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
) -> Settled:
    """Return the guidance with what is only planned in its place.

    Parameters
    ----------
    guidance
        What `pgx.guidance.recommend` made of the others.
    phenotypes, calls, clinical, kb, as_of
        As for `pgx.guidance.recommend`.
    """
    lists = lists_of(clinical.medications, exposures(clinical, kb, as_of=as_of))
    people = sorted({sample for sample, _ in lists.planned})
    if not people:
        return Settled(guidance, guidance.clear())
    record = copied_record(clinical, {sample: sample for sample in people})
    here = pl.col("sample").is_in(people)
    asked = set(guidance.filter(here).select("sample", "drug").iter_rows())
    own, own_calls = phenotypes.filter(here), calls.filter(here)
    # Who plans one medicine starts nothing beside it.
    several = {key for key in asked & lists.planned if sum(key[0] == sample for sample, _ in lists.planned) > 1}
    taken = asked & lists.taken
    begun = started(record, lists)
    converted = phenoconversion.convert(own, begun, kb, as_of=as_of)
    then = recommend(converted, own_calls, begun, kb, drugs=_by_drug(several | taken), as_of=as_of)
    today = recommend(own, own_calls, _today(record, lists), kb, drugs=_by_drug(taken), as_of=as_of)
    later = _of(then, _differing(then, today, _told))
    now = {*later.select("sample", "drug").iter_rows(), *_differing(guidance, today, _told)}
    new = _differing(guidance, _of(then, several), _answer)
    return Settled(_instead(_instead(guidance, then, new), today, now), later)


def _today(record: ClinicalData, lists: Lists) -> ClinicalData:
    planned = [key in lists.planned for key in record.medications.select("sample", "drug").iter_rows()]
    return replace(record, medications=record.medications.filter(~pl.Series(planned, dtype=pl.Boolean)))


def _by_drug(keys: Iterable[Key]) -> dict[str, list[str]]:
    found: defaultdict[str, list[str]] = defaultdict(list)
    for sample, drug in sorted(keys):
        found[drug].append(sample)
    return dict(found)


def _differing(
    guidance: pl.DataFrame, other: pl.DataFrame, answer: Callable[[Decision[Statement]], object]
) -> list[Key]:
    """Return the persons and drugs of which two guidances do not say the same."""
    ours = _decisions(_of(guidance, other.select("sample", "drug").unique().rows()))
    return [
        key
        for key, decision in _decisions(other).items()
        if answer(ours[key]) != answer(decision) and not _stays(ours[key], decision)
    ]


def _stays(whole: Decision[Statement], part: Decision[Statement]) -> bool:
    """Whether what is said with all that is planned stays as it is.

    It does where a label rules the drug out without what is planned as well: then all are named beside which it does.
    And it does where what is planned turns a dose the other way: no page shows the number that would then be wrong.
    """
    turned = any(row.has(FlagCode.INTERACTION_REVERSES) for row in whole.statements)
    return turned or (part.urgency == URGENCIES[0] == whole.urgency and part.ruled_out is not None)


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
    if not keys:
        return guidance
    order = guidance.select("sample", "drug").unique(maintain_order=True).with_row_index("_place")
    kept = guidance.join(_keys(keys), on=["sample", "drug"], how="anti", maintain_order="left")
    both = pl.concat([kept, _of(other, keys)]).join(order, on=["sample", "drug"], maintain_order="left")
    return both.sort("_place", maintain_order=True).drop("_place")
