"""The ratio of exposure of the drugs on which no source advises a person, by the person's genes and medicines.

What the model does not count may matter as much as what it does: then there is no number, and the flags say why.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import polars as pl

from pgx import schema
from pgx.assertion import is_asserted
from pgx.codes import Flag, FlagCode, Status, Urgency
from pgx.knowledge import KnowledgeBase
from pgx.knowledge.acting import PLANNED, Acting
from pgx.models.exposure.estimation import FULL_SCORE, RESIDUAL, SHARE
from pgx.models.exposure.prediction import checked_enzymes, exposure
from pgx.models.exposure.static_model import one_direction
from pgx.phenotypes.exposures import exposures, known_medication
from pgx.types import ClinicalData

Row = dict[str, Any]

_WITHOUT_ADVICE = ("no_source", "no_recommendation")
"""Statuses of a judgement where the sources are silent; what could still change it must be nothing."""
_DRUGS = ("inhibitor", "inducer")
_PHASES = ("current", PLANNED)
"""Phases of an agent whose whole effect counts; of one that wears off nobody knows how much is left."""
_LEAST = 0.01
"""Probability from which on another activity score speaks against the one of an ambiguous gene."""
_NUMBERS = ("ratio", "low", "high", "level")


def exposure_ratios(
    judged: pl.DataFrame, calls: pl.DataFrame, phenotypes: pl.DataFrame, clinical: ClinicalData, kb: KnowledgeBase
) -> pl.DataFrame:
    """Predict the exposure of every judged drug that the sources leave open and the model covers.

    Parameters
    ----------
    judged
        `pgx.schema.JUDGEMENTS`.
    calls, phenotypes
        Of these persons, as they were called: which may be asserted is asked here.
    clinical
        What they take and will take.
    kb
        Knowledge base.

    Returns
    -------
    polars.DataFrame
        `pgx.schema.EXPOSURE_RATIOS`: a row a person and drug, and a second one where a planned medicine acts on it.
        There is no row of whom the model says nothing but that this is the reference.
    """
    covered: dict[str, tuple[str, ...]] = kb.remember("drugs of the exposure model", lambda: _covered(kb))
    left_open = judged.filter(
        pl.col("status").is_in(_WITHOUT_ADVICE),
        pl.col("drug").str.to_lowercase().is_in(list(covered)),
        pl.col("could_change").list.len() == 0,
        urgency=Urgency.NO_DATA,
    )
    people = _People(calls, phenotypes, clinical, kb)
    rows = [
        {"sample": sample, "drug": drug, **row}
        for sample, drug in left_open.select("sample", "drug").iter_rows()
        for row in _rows(people, sample, drug, covered[drug.lower()])
    ]
    return schema.from_rows(rows, schema.EXPOSURE_RATIOS) if rows else schema.empty(schema.EXPOSURE_RATIOS)


def _covered(kb: KnowledgeBase) -> dict[str, tuple[str, ...]]:
    """Return drug -> the enzymes that carry it, where the model predicts something of one of them.

    A drug that an enzyme makes active is left out: its own level is not what acts.
    """
    substrates = kb.table("substrates")
    measured = kb.table("exposure_estimates").filter(kind=SHARE).select("drug", "enzyme")
    carried = pl.concat([measured, substrates.filter(role="clears").select("drug", "enzyme")])
    activated = set(substrates.filter(role="activates")["drug"])
    predicted = {*checked_enzymes(kb, "genotypes"), *checked_enzymes(kb, "interactions")}
    found: dict[str, set[str]] = {}
    for drug, enzyme in carried.iter_rows():
        found.setdefault(str(drug).lower(), set()).add(str(enzyme))
    return {
        drug: tuple(sorted(enzymes))
        for drug, enzymes in found.items()
        if drug not in activated and not predicted.isdisjoint(enzymes)
    }


@dataclass(frozen=True)
class _People:
    """What the model needs to know of persons; each part is looked up when the first drug asks for it."""

    calls: pl.DataFrame
    phenotypes: pl.DataFrame
    clinical: ClinicalData
    kb: KnowledgeBase

    @cached_property
    def by_genotype(self) -> frozenset[str]:
        """Enzymes whose genotypes the model predicts."""
        return frozenset(checked_enzymes(self.kb, "genotypes"))

    @cached_property
    def by_agent(self) -> frozenset[str]:
        """Enzymes whose inhibitors and inducers it predicts."""
        return frozenset(checked_enzymes(self.kb, "interactions"))

    @cached_property
    def genes(self) -> dict[tuple[str, str], Row]:
        """The asserted calls of these enzymes, by person and gene."""
        asserted = self.calls.filter(is_asserted(), pl.col("gene").is_in(sorted(self.by_genotype)))
        return {(row["sample"], row["gene"]): row for row in asserted.iter_rows(named=True)}

    @cached_property
    def scores(self) -> dict[tuple[str, str], set[float | None]]:
        """The activity scores that the data allow, by person and gene."""
        likely = self.phenotypes.filter(
            pl.col("gene").is_in(sorted(self.by_genotype)), pl.col("probability") >= _LEAST, scheme="CPIC"
        )
        found: dict[tuple[str, str], set[float | None]] = {}
        for sample, gene, score in likely.select("sample", "gene", "activity_score").iter_rows():
            found.setdefault((sample, gene), set()).add(score)
        return found

    @cached_property
    def acting(self) -> dict[str, list[Row]]:
        """What acts on each person's enzymes (`pgx.phenotypes.exposures`)."""
        found: dict[str, list[Row]] = {}
        for row in exposures(self.clinical, self.kb).iter_rows(named=True):
            found.setdefault(row["sample"], []).append(row)
        return found

    @cached_property
    def with_list(self) -> set[str]:
        """Persons of whom it is known what they take."""
        return known_medication(self.clinical)


def _rows(people: _People, sample: str, drug: str, enzymes: Sequence[str]) -> Iterator[Row]:
    """Yield what is predicted of a drug for a person: as things are, and with what is planned."""
    found = {gene: _score(people, sample, gene) for gene in enzymes if gene in people.by_genotype}
    genotype = {gene: score for gene, score in found.items() if not isinstance(score, Flag)}
    unknown = [str(flag) for flag in found.values() if isinstance(flag, Flag)]
    not_counted = [enzyme for enzyme in enzymes if enzyme not in people.by_genotype]
    one_way = one_direction(people.kb)
    acting = [
        row
        for row in people.acting.get(sample, ())
        if row["gene"] in enzymes
        and row["agent"].lower() != drug.lower()
        and one_way.get((drug.lower(), row["gene"]), row["trigger"]) == row["trigger"]
    ]
    now = [row for row in acting if row["phase"] != PLANNED]
    cautions = _cautions(people, sample, list(genotype))
    for counted in (now, acting) if len(now) < len(acting) and not unknown else (now,):
        row = _row(people, drug.lower(), genotype, counted, unknown)
        if row is not None and "ratio" not in row:
            yield {**row, "not_counted": not_counted}
            return
        if row is not None:
            yield {**row, "not_counted": not_counted, "flags": [*cautions, *row["flags"]]}


def _row(
    people: _People, drug: str, genotype: Mapping[str, float], acting: Sequence[Row], unknown: Sequence[str]
) -> Row | None:
    """Return what is predicted beside these agents, or why nothing is; None where this is the reference."""
    refused = [*unknown, *(str(flag) for row in acting if (flag := _not_predicted(people, drug, row)))]
    if refused:
        return {"flags": list(dict.fromkeys(refused))}
    agents = list(dict.fromkeys(row["agent"].lower() for row in acting))
    if not agents and all(score == FULL_SCORE for score in genotype.values()):
        return None
    taken = {row["agent"].lower() for row in acting if row["phase"] == "current"}
    recalled = {row["agent"].lower() for row in acting if row["confidence"] == FlagCode.RECALL}
    return {
        **_predicted(drug, genotype, agents, people.kb),
        "planned": [agent for agent in agents if agent not in taken],
        "flags": [str(Flag(FlagCode.UNVERIFIED, agent)) for agent in agents if agent in recalled],
    }


def _cautions(people: _People, sample: str, genes: Sequence[str]) -> list[str]:
    """Return what a number takes for granted: copies that the data do not show, and that nothing else is taken."""
    flags = [flag for gene in genes for flag in people.genes[sample, gene]["flags"]]
    cautions = [flag for flag in flags if Flag.parse(flag).code == FlagCode.COPY_NUMBER_RANGE]
    return cautions if sample in people.with_list else [*cautions, str(Flag(FlagCode.NOT_RECORDED, "medication_list"))]


def _score(people: _People, sample: str, gene: str) -> float | Flag:
    """Return a person's activity score, or why none may be used: it is never taken for a normal one."""
    call = people.genes.get((sample, gene))
    if call is None:
        return Flag(FlagCode.GENE_NOT_CALLED, gene)
    score = call["activity_score"]
    if score is None or any(Flag.parse(flag).code == FlagCode.ACTIVITY_SCORE_AT_LEAST for flag in call["flags"]):
        return Flag(FlagCode.PHENOTYPE_UNPLACED, gene)
    if call["status"] == Status.AMBIGUOUS and people.scores.get((sample, gene)) != {score}:
        return Flag(FlagCode.REFUSED, FlagCode.GENOTYPE_UNCERTAIN)
    return float(score)


def _not_predicted(people: _People, drug: str, row: Row) -> Flag | None:
    """Return the flag of what acts on an enzyme and is not in the model; left out, it would read as no effect."""
    if row["trigger"] not in _DRUGS:
        return Flag(FlagCode.REFUSED, row["trigger"])
    predicted = row["gene"] in people.by_agent and (drug, row["gene"]) not in one_direction(people.kb)
    if predicted and row["phase"] in _PHASES:
        return None
    effect = "raises" if row["trigger"] == "inhibitor" else "lowers"
    unverified = row["confidence"] == FlagCode.RECALL
    said = (row["agent"], row["gene"], row["strength"], row["trigger"], row["phase"], effect)
    return Acting(*said, unverified=unverified).flag


def _predicted(drug: str, genotype: Mapping[str, float], agents: Sequence[str], kb: KnowledgeBase) -> Row:
    """Return what the model says; persons of a cohort who are alike ask once."""
    known: dict[object, Row] = kb.remember("predicted exposures", dict)
    key = (drug, tuple(genotype.items()), tuple(agents))
    if key not in known:
        row = exposure(drug, kb, scores=genotype, agents=agents).row(0, named=True)
        found = {name: row[name] for name in ("genotype", "with", *_NUMBERS, "basis")}
        known[key] = found | {"sources": _sources(kb, [part.partition("=")[0] for part in row["shares"]])}
    return known[key]


def _sources(kb: KnowledgeBase, enzymes: Sequence[str]) -> list[str]:
    """Return of each enzyme how many published ratios the model was estimated from, and who collected them."""
    counts = kb.table("exposure_estimates").filter(kind=RESIDUAL).select("enzyme", "ratios", "studies").rows()
    found = []
    for enzyme, ratios, studies in counts:
        if enzyme in enzymes:
            names = kb.table("exposure_ratios").filter(enzyme=enzyme)["source"].unique().sort().to_list()
            found.append(f"{enzyme}: {ratios} ratios of {studies} studies ({', '.join(names)})")
    return found
