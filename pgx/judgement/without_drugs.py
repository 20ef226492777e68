"""What would be said of a person's drugs if some of the others were not taken: the list is judged anew without them.

What is only planned counts as started, unless it is taken away (`pgx.judgement.planned`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import date

import polars as pl

from pgx import schema
from pgx.guidance import recommend
from pgx.judgement.judgements import judgements
from pgx.judgement.relief import Case, Without
from pgx.judgement.together import Lists, lists_of
from pgx.knowledge.acting import PLANNED
from pgx.knowledge.base import KnowledgeBase
from pgx.knowledge.drug_names import drug_names
from pgx.phenotypes import phenoconversion
from pgx.phenotypes.exposures import exposures, present_days
from pgx.types import ClinicalData


def without_drugs(
    phenotypes: pl.DataFrame,
    calls: pl.DataFrame,
    clinical: ClinicalData,
    kb: KnowledgeBase,
    *,
    as_of: date | None = None,
) -> Without:
    """Return who tells what is said of a drug without some of the other medicines (`pgx.judgement.relief`).

    Parameters
    ----------
    phenotypes, calls, clinical, kb, as_of
        What the guidance was made of (`pgx.guidance.recommend`).
    """

    begun = started(clinical, lists_of(clinical.medications, exposures(clinical, kb, as_of=as_of)))

    def judged(cases: Collection[Case]) -> Mapping[Case, tuple[str, str]]:
        lists = list(dict.fromkeys((sample, agents) for sample, _, agents in cases))
        name_of = {one: f"{number}:{one[0]}" for number, one in enumerate(lists)}
        people = {name: sample for (sample, _), name in name_of.items()}
        theirs = _without(begun, {name: one for one, name in name_of.items()}, kb, as_of)
        own_calls, own = copies_of(calls, people), copies_of(phenotypes, people)
        own = phenoconversion.convert(own, theirs, kb, as_of=as_of)
        drugs: defaultdict[str, list[str]] = defaultdict(list)
        for sample, drug, agents in cases:
            drugs[drug].append(name_of[sample, agents])
        guidance = recommend(own, own_calls, theirs, kb, drugs=drugs, as_of=as_of, fitting=False, alone=False)
        # What the drug does to others is not the question: nothing is told of causes here.
        rows = judgements(guidance, own_calls, schema.empty(schema.SCORES), kb)
        urgencies = dict(kb.table("actions").select("action", "urgency").iter_rows())
        said = {(row["sample"], row["drug"]): row for row in rows.iter_rows(named=True)}
        found = {}
        for sample, drug, agents in cases:
            row = said.get((name_of[sample, agents], drug))
            if row is not None:
                # "Use as usual" that something stands against is no more than its urgency says.
                quiet = urgencies.get(row["action"], row["urgency"]) != row["urgency"]
                said_then = row["urgency"] if quiet else row["action"] or row["urgency"]
                found[sample, drug, agents] = (str(said_then), str(row["urgency"]))
        return found

    return judged


def started(clinical: ClinicalData, lists: Lists) -> ClinicalData:
    """Return the records as if all that is only planned was taken; the day that is now stays."""
    planned = [key in lists.planned for key in clinical.medications.select("sample", "drug").iter_rows()]
    new = pl.lit(pl.Series(planned, dtype=pl.Boolean)) & (pl.col("status") == PLANNED)
    begun = {name: pl.when(~new).then(name) for name in ("start", "end")}
    status = pl.when(new).then(pl.lit("current")).otherwise("status")
    return replace(clinical, medications=clinical.medications.with_columns(status=status, **begun))


def copies_of(frame: pl.DataFrame, origin: Mapping[str, str]) -> pl.DataFrame:
    """Return the rows of persons under other names; `origin` tells of whom each name has them."""
    names = pl.DataFrame({"name": list(origin), "sample": list(origin.values())})
    joined = frame.join(names, on="sample", how="inner", maintain_order="left")
    return joined.with_columns(sample="name").select(frame.columns)


def copied_record(clinical: ClinicalData, origin: Mapping[str, str]) -> ClinicalData:
    """Return the records of persons under other names, without the notes on them."""
    return replace(
        clinical,
        observations=copies_of(clinical.observations, origin),
        medications=copies_of(clinical.medications, origin),
        notes=clinical.notes.clear(),
        kept_out=copies_of(clinical.kept_out, origin),
    )


def _without(
    clinical: ClinicalData,
    lists: Mapping[str, tuple[str, frozenset[str]]],
    kb: KnowledgeBase,
    as_of: date | None,
) -> ClinicalData:
    """Return the records under the names of the lists, each without its medicines; the day that is now stays."""
    origin = {name: sample for name, (sample, _) in lists.items()}
    known = copied_record(clinical, origin)
    days = copies_of(present_days(clinical, as_of).filter(pl.col("day").is_not_null()), origin)
    now = [
        {"sample": name, "concept": "as_of", "code": day.isoformat(), "source": "list", "origin": "given"}
        for name, day in days.iter_rows()
    ]
    rows = known.medications.with_row_index("_row")
    dropped: list[int] = []
    for (name,), part in rows.partition_by("sample", as_dict=True).items():
        agents = lists[str(name)][1]
        taken = list(part.select("_row", "drug", "as_written").iter_rows())
        dropped += _rows_of(taken, agents, drug_names(kb).made_of)
    return replace(
        known,
        medications=rows.filter(~pl.col("_row").is_in(dropped)).drop("_row"),
        observations=pl.concat([known.observations, schema.from_rows(now, schema.CLINICAL)]),
    )


def _rows_of(
    taken: Collection[tuple[int, str, str | None]], agents: Collection[str], made_of: Mapping[str, tuple[str, ...]]
) -> list[int]:
    """Return the rows of a list that go with some medicines: who leaves out a part leaves out its product, whole.

    A product that is not listed is there part by part (`pgx.phenotypes.combinations`).
    """
    listed = {drug for _, drug, _ in taken}
    gone = {one.lower() for agent in agents for one in ((agent,) if agent in listed else made_of.get(agent, (agent,)))}
    products = {
        (drug, written)
        for _, drug, written in taken
        if drug in made_of and (drug.lower() in gone or gone.intersection(part.lower() for part in made_of[drug]))
    }
    with_product = {(part.lower(), written) for drug, written in products for part in (drug, *made_of[drug])}
    return [row for row, drug, written in taken if drug.lower() in gone or (drug.lower(), written) in with_product]
