"""How right the stated probabilities of the next tests are: genes are masked, and the advice of the whole data is looked up.

Each gene of a drug is taken away from everybody; what `next_tests` then says of each advice is compared with how many
of the persons have that advice once the gene is back, superpopulation by superpopulation.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl

import pgx
from pgx import schema
from pgx.guidance import recommend
from pgx.inputs import Phenotyped, phenotyped
from pgx.judgement.judgements import judgements, of_row
from pgx.judgement.next_tests import advice_of
from pgx.phenotypes import assign
from pgx.pipeline import conclude
from pgx.types import GeneCalls, PatternCall

PAIRS = {
    "CYP2C19": ("clopidogrel", "voriconazole"),
    "SLCO1B1": ("simvastatin",),
    "CYP2C9": ("siponimod", "piroxicam"),
    "CYP3A5": ("tacrolimus",),
    "UGT1A1": ("atazanavir",),
    "CYP2D6": ("codeine", "tamoxifen"),
}
"""Genes that are masked, each with drugs of which it alone decides. CYP2B6 is none of them: without the copies, and with
undocumented combinations, the panel itself leaves it open in a quarter of the persons, and mostly in carriers."""
ERROR = 0.03
"""What the mean probability of an advice may be off the share of the persons who have it."""


def without(found: Phenotyped, gene: str) -> Phenotyped:
    """Return the same persons, of whom nothing is known of a gene."""
    nothing = PatternCall((), "not_called", 0, 0, ("no_data",))
    places = np.zeros(len(found.callset.samples), dtype=np.int32)
    genes = tuple(GeneCalls(gene, (nothing,), places) if one.gene == gene else one for one in found.callset.genes)
    callset = replace(found.callset, genes=genes)
    calls, phenotypes = assign(callset, found.kb, found.clinical)
    return replace(found, callset=callset, calls=calls, phenotypes=phenotypes)


def _read(vcf: str | Path, people: Sequence[str], groups: Mapping[str, str]) -> Phenotyped:
    return phenotyped(vcf, options=pgx.Options(samples=tuple(people), ancestry={one: groups[one] for one in people}))


def errors(
    vcf: str | Path,
    superpopulations: Mapping[str, str],
    pairs: Mapping[str, Sequence[str]] = PAIRS,
    *,
    samples: Sequence[str] | None = None,
) -> pl.DataFrame:
    """Return ``gene drug superpopulation advice n stated seen error``, one row an advice that anybody has or might have.

    Parameters
    ----------
    vcf
        Genotypes of the persons.
    superpopulations
        Sample -> superpopulation, which is also the group whose frequencies are used.
    pairs
        Genes to mask, with drugs.
    samples
        The persons; None = all of `superpopulations`.
    """
    people = tuple(samples or superpopulations)
    groups = sorted({superpopulations[one] for one in people})
    whole = _read(vcf, people, superpopulations)
    drugs = [drug for named in pairs.values() for drug in named]
    advice = recommend(whole.phenotypes, whole.calls, whole.clinical, whole.kb, drugs=drugs)
    judged = map(of_row, judgements(advice, whole.calls, schema.empty(schema.SCORES), whole.kb).iter_rows(named=True))
    truth = {(one.sample, one.drug): advice_of(one) for one in judged if one.urgency != "no_data"}
    # Where one gene decides, and nothing else is known, everybody of a group is told the same.
    first = {group: next(one for one in people if superpopulations[one] == group) for group in groups}
    few = _read(vcf, tuple(first.values()), superpopulations)
    rows = []
    for gene, named in pairs.items():
        told = conclude(without(few, gene), list(named), (), pgx.Options()).next_tests.filter(kind="gene", what=gene)
        stated = {
            (s, d, a): p for s, d, a, p in told.select("sample", "drug", "advice_then", "probability").iter_rows()
        }
        for drug in named:
            for group, one in first.items():
                inside = [other for other in people if superpopulations[other] == group]
                had = {truth[other, drug] for other in inside if (other, drug) in truth}
                for then in sorted(had | {a for s, d, a in stated if (s, d) == (one, drug)}):
                    chance = stated.get((one, drug, then), 0.0)
                    share = float(np.mean([truth.get((other, drug)) == then for other in inside]))
                    rows.append((gene, drug, group, then, len(inside), chance, share, abs(chance - share)))
    columns = ["gene", "drug", "superpopulation", "advice", "n", "stated", "seen", "error"]
    return pl.DataFrame(rows, schema=columns, orient="row")
