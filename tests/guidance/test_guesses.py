"""A guess is never advice: what the population says, or what is less likely than not, leads to nothing."""

from __future__ import annotations

import polars as pl

from pgx import guidance, schema
from pgx.knowledge import load

KB = load()


def frames(shares: dict[str, float], flags: str | None) -> tuple[pl.DataFrame, pl.DataFrame]:
    """One person with a posterior over CYP2C19 phenotypes."""
    call = {"sample": "S", "gene": "CYP2C19", "diplotype": "*1/*1", "probability": 0.4, "allele1": "*1",
            "allele2": "*1", "status": "ambiguous", "flags": flags.split(";") if flags else [], "source": "genotypes"}  # fmt: skip
    rows = [
        {"sample": "S", "gene": "CYP2C19", "scheme": scheme, "phenotype": phenotype, "probability": share,
         "clinical_phenotype": phenotype}
        for scheme in ("CPIC", "DPWG") for phenotype, share in shares.items()
    ]  # fmt: skip
    return schema.from_rows(rows, schema.PHENOTYPES), schema.from_rows([call], schema.CALLS)


def applies(shares: dict[str, float], flags: str | None) -> set[str]:
    phenotypes, calls = frames(shares, flags)
    return set(guidance.recommend(phenotypes, calls, None, KB, drugs=["clopidogrel"])["applies"])


def test_a_call_that_rests_on_the_population_counts_as_not_tested():
    shares = {"Poor Metabolizer": 0.9, "Normal Metabolizer": 0.1}
    assert applies(shares, None) & {"yes", "if_population"}
    assert applies(shares, "positions_missing;prior_driven") == {"not_tested"}


def test_advice_less_likely_than_not_is_only_possible():
    split = {"Poor Metabolizer": 0.34, "Normal Metabolizer": 0.33, "Ultrarapid Metabolizer": 0.33}
    advised = frames(split, None)
    found = guidance.recommend(*advised, None, KB, drugs=["clopidogrel"])
    leading = found.filter(pl.col("applies").is_in(["yes", "if_population"]))
    assert set(leading["action"].drop_nulls()) <= {"standard", "no_recommendation"}, "NM and UM agree on the usual dose"
    assert "avoid" in set(found.filter(applies="possible")["action"])
    three_ways = {"Poor Metabolizer": 0.34, "Intermediate Metabolizer": 0.2, "Normal Metabolizer": 0.46}
    assert not applies(three_ways, None) & {"yes"}
