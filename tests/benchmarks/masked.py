"""How right the stated probabilities of the next tests are: what the whole data advise is looked up for masked ones.

Two ways of masking. A gene is taken away from everybody; what `next_tests` then says of each advice is compared with
how many of the persons have that advice once the gene is back (`errors`). Or one position is taken out of the file; then
persons differ, and what is said of each is compared with what that person has (`position_calls`).

Whom the whole data themselves leave open (CYP2B6 without rs2279343) counts for each advice by its probability.
Persons are told apart by the group that their population belongs to, as where the frequencies were counted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pysam

import pgx
from pgx import schema
from pgx.build_data.priors import ADMIXED
from pgx.guidance import recommend
from pgx.inputs import Phenotyped, phenotyped
from pgx.judgement.judgements import judgements, of_row
from pgx.judgement.next_tests import advice_of, next_tests
from pgx.phenotypes import assign
from pgx.types import GeneCalls, PatternCall

PAIRS = {
    "CYP2B6": ("efavirenz",),
    "CYP2C19": ("clopidogrel", "voriconazole"),
    "SLCO1B1": ("simvastatin",),
    "CYP2C9": ("siponimod", "piroxicam"),
    "CYP3A5": ("tacrolimus",),
    "UGT1A1": ("atazanavir",),
    "CYP2D6": ("codeine", "tamoxifen"),
}
"""Genes that are masked, each with drugs of which it alone decides."""
POSITIONS = {
    ("chr10", 94781859): ("clopidogrel", "CYP2C19 *2"),
    ("chr10", 94942290): ("siponimod", "CYP2C9 *2"),
    ("chr10", 94981296): ("siponimod", "CYP2C9 *3"),
    ("chr12", 21178615): ("simvastatin", "SLCO1B1 *5"),
    ("chr22", 42128945): ("codeine", "CYP2D6 *4"),
}
"""Positions that are masked, each with a drug and the allele that it defines."""
NOT_MODELLED = ("CYP2D6 *4",)
"""Positions that are shown and not held to `ERROR`: *4 allows either base at twenty other positions, and no table says
how often it has which, so that a strand without its own position fits *4 as often as *4 is frequent."""
ERROR = 0.03
"""What the stated probabilities may be off the share of the persons who have the advice, on average."""
_BINS = 20
NO_ADVICE = "no advice"

Told = dict[str, float]


def group_of(people: pl.DataFrame) -> dict[str, str]:
    """Return sample -> biogeographic group, by population where that belongs elsewhere than its superpopulation."""
    rows = people.select("sample", "population", "superpopulation").iter_rows()
    return {sample: ADMIXED.get(population, superpopulation) for sample, population, superpopulation in rows}


def without(found: Phenotyped, gene: str) -> Phenotyped:
    """Return the same persons, of whom nothing is known of a gene."""
    nothing = PatternCall((), "not_called", 0, 0, ("no_data",))
    places = np.zeros(len(found.callset.samples), dtype=np.int32)
    genes = tuple(GeneCalls(gene, (nothing,), places) if one.gene == gene else one for one in found.callset.genes)
    callset = replace(found.callset, genes=genes)
    calls, phenotypes = assign(callset, found.kb, found.clinical)
    return replace(found, callset=callset, calls=calls, phenotypes=phenotypes)


def errors(
    vcf: str | Path,
    superpopulations: Mapping[str, str],
    pairs: Mapping[str, Sequence[str]] = PAIRS,
    *,
    groups: Mapping[str, str] | None = None,
) -> pl.DataFrame:
    """Return ``gene drug superpopulation advice n stated seen error chance``, one row an advice that anybody may have.

    ``chance`` is the standard error of what is seen if the stated probability is right.

    Parameters
    ----------
    vcf
        Genotypes of the persons.
    superpopulations
        Sample -> superpopulation; its keys are the persons.
    pairs
        Genes to mask, with drugs.
    groups
        Sample -> group whose frequencies are used; None = the superpopulation.
    """
    groups = superpopulations if groups is None else groups
    whole = _read(vcf, groups, tuple(superpopulations))
    # Where one gene decides, and nothing else is known, everybody of a group is told the same.
    first = {groups[one]: one for one in reversed(superpopulations)}
    few = _read(vcf, groups, tuple(first.values()))
    rows = []
    for gene, named in pairs.items():
        masked = without(few, gene)
        for drug in named:
            stated = _told(masked, drug)
            truth = _of_whole(whole, drug, gene, groups)
            for superpopulation in sorted(set(superpopulations.values())):
                inside = [one for one, where in superpopulations.items() if where == superpopulation]
                said = [stated[first[groups[one]]] for one in inside]
                for advice in sorted(
                    {a for told in (*said, *(truth[one] for one in inside)) for a in told} - {NO_ADVICE}
                ):
                    chance = float(np.mean([told.get(advice, 0.0) for told in said]))
                    share = float(np.mean([truth[one].get(advice, 0.0) for one in inside]))
                    spread = (chance * (1 - chance) / len(inside)) ** 0.5
                    rows.append(
                        (gene, drug, superpopulation, advice, len(inside), chance, share, abs(chance - share), spread)
                    )
    columns = ["gene", "drug", "superpopulation", "advice", "n", "stated", "seen", "error", "chance"]
    return pl.DataFrame(rows, schema=columns, orient="row")


def position_calls(
    vcf: str | Path,
    superpopulations: Mapping[str, str],
    folder: Path,
    positions: Mapping[tuple[str, int], tuple[str, str]] = POSITIONS,
    *,
    groups: Mapping[str, str] | None = None,
) -> pl.DataFrame:
    """Return ``position superpopulation advice stated seen``, one row a person and an advice, with a position masked."""
    groups = superpopulations if groups is None else groups
    whole = _read(vcf, groups, tuple(superpopulations))
    rows = []
    for place, (drug, allele) in positions.items():
        gene = allele.split()[0]
        truth = _of_whole(whole, drug, gene, groups)
        told = _of_whole(_read(_cut(vcf, place, folder), groups, tuple(superpopulations)), drug, gene, groups)
        for one, where in superpopulations.items():
            rows += [
                (allele, where, advice, told[one].get(advice, 0.0), truth[one].get(advice, 0.0))
                for advice in sorted({*told[one], *truth[one]} - {NO_ADVICE})
            ]
    return pl.DataFrame(rows, schema=["position", "superpopulation", "advice", "stated", "seen"], orient="row")


def calibration(found: pl.DataFrame) -> pl.DataFrame:
    """Return ``superpopulation error``: the expected calibration error, over bins of the stated probability.

    Rows of `errors` count by their persons, those of `position_calls` once.
    """
    weight = pl.col("n") if "n" in found.columns else pl.lit(1)
    number = (pl.col("stated") * _BINS).floor().clip(0, _BINS - 1)
    bins = found.with_columns(weight=weight, bin=number).group_by("superpopulation", "bin")
    off = bins.agg(
        apart=((pl.col("stated") - pl.col("seen")) * pl.col("weight")).sum().abs(), weight=pl.col("weight").sum()
    )
    return (
        off.group_by("superpopulation")
        .agg(error=pl.col("apart").sum() / pl.col("weight").sum())
        .sort("superpopulation")
    )


def _read(vcf: str | Path, groups: Mapping[str, str], people: tuple[str, ...]) -> Phenotyped:
    return phenotyped(vcf, options=pgx.Options(samples=people, ancestry={one: groups[one] for one in people}))


def _cut(vcf: str | Path, place: tuple[str, int], folder: Path) -> Path:
    """Write the file without the records of a position, and return its path."""
    path = folder / f"without_{place[1]}.vcf.gz"
    with pysam.BGZFile(str(vcf)) as source, pysam.BGZFile(str(path), "w") as target:
        for line in source:
            if tuple(line[:60].split(b"\t")[:2]) != (place[0].encode(), str(place[1]).encode()):
                target.write(line + b"\n")
    return path


def _of_whole(found: Phenotyped, drug: str, gene: str, groups: Mapping[str, str]) -> dict[str, Told]:
    """Return what is told of a drug to each person; persons of the same data and group are asked about once."""
    calls = next(one for one in found.callset.genes if one.gene == gene)
    alike: dict[tuple[int, str], list[str]] = {}
    for sample, pattern in zip(found.callset.samples, calls.pattern_of, strict=True):
        alike.setdefault((int(pattern), groups[sample]), []).append(sample)
    told = _told(_only(found, [members[0] for members in alike.values()]), drug)
    return {one: told[members[0]] for members in alike.values() for one in members}


def _only(found: Phenotyped, people: Sequence[str]) -> Phenotyped:
    """Return some of the persons, called as they were."""
    place = {sample: n for n, sample in enumerate(found.callset.samples)}
    kept = np.array([place[one] for one in people])
    genes = tuple(GeneCalls(one.gene, one.patterns, one.pattern_of[kept]) for one in found.callset.genes)
    callset = replace(found.callset, samples=tuple(people), genes=genes)
    calls, phenotypes = assign(callset, found.kb, found.clinical)
    return replace(found, callset=callset, calls=calls, phenotypes=phenotypes)


def _told(found: Phenotyped, drug: str) -> dict[str, Told]:
    """Return the probability of each advice on a drug that a person is told; they add up to 1."""
    advice = recommend(found.phenotypes, found.calls, found.clinical, found.kb, drugs=[drug])
    judged = judgements(advice, found.calls, schema.empty(schema.SCORES), found.kb)
    tests = next_tests(judged, advice, found.callset, found.clinical, found.kb, found.groups)
    rows: dict[str, Told] = {}
    for sample, then, probability in tests.select("sample", "advice_then", "probability").drop_nulls().iter_rows():
        own = rows.setdefault(sample, {})
        own[then] = own.get(then, 0.0) + probability
    for one in map(of_row, judged.iter_rows(named=True)):
        own = rows.setdefault(one.sample, {})
        now = NO_ADVICE if one.urgency == "no_data" else advice_of(one)
        own[now] = max(1.0 - sum(own.values()), 0.0)
    return rows
