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
from pgx.inputs import Phenotyped, phenotyped
from pgx.judgement.judgements import of_row
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
    "CYP2B6": ("efavirenz",),
    "CYP2D6": ("codeine", "tamoxifen"),
}
"""Genes that are masked, each with drugs of which it alone decides."""
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
    options = pgx.Options(samples=people, ancestry={one: superpopulations[one] for one in people})
    whole = phenotyped(vcf, options=options)
    drugs = [drug for named in pairs.values() for drug in named]
    seen = conclude(whole, drugs, (), options).judgements
    judged = map(of_row, seen.iter_rows(named=True))
    truth = {(one.sample, one.drug): advice_of(one) for one in judged if one.urgency != "no_data"}
    rows = []
    for gene, named in pairs.items():
        told = conclude(without(whole, gene), list(named), (), options).next_tests.filter(kind="gene", what=gene)
        stated = {
            (s, d, a): p for s, d, a, p in told.select("sample", "drug", "advice_then", "probability").iter_rows()
        }
        for drug in named:
            for group in sorted({superpopulations[one] for one in people}):
                inside = [one for one in people if superpopulations[one] == group]
                had = {truth[one, drug] for one in inside if (one, drug) in truth}
                advice = had | {a for s, d, a in stated if d == drug and s in inside}
                for then in sorted(advice):
                    mean = float(np.mean([stated.get((one, drug, then), 0.0) for one in inside]))
                    share = float(np.mean([truth.get((one, drug)) == then for one in inside]))
                    rows.append((gene, drug, group, then, len(inside), mean, share, abs(mean - share)))
    columns = ["gene", "drug", "superpopulation", "advice", "n", "stated", "seen", "error"]
    return pl.DataFrame(rows, schema=columns, orient="row")
