"""Phenotypes of the diplotypes that PharmCAT 3.1.1 called on real genomes: the same, or other for a stated reason."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import polars as pl
import pytest

from pgx import knowledge
from pgx.knowledge.rules.phenotypes import rules_for
from pgx.phenotypes.outside.names import diplotype_of

RESULTS = Path(__file__).resolve().parents[1] / "data" / "pharmcat_phenotypes.tsv"
"""Each different result on the 1000 Genomes panel, and how many persons have it."""

KB = knowledge.load()
ITS_OWN = set(KB.table("functions").filter(pl.col("scheme") == "PharmCAT-3.1.1")["gene"])
FUNCTIONS_MOVED = {"TPMT", "NUDT15"}
"""Genes in which CPIC assigned functions after PharmCAT 3.1.1."""


def interpreted(gene, written, functions):
    single = re.fullmatch(r"(.*) \((heterozygous|homozygous)\)", written)
    if single:
        other = KB.gene(gene).row["reference_allele"] if single[2] == "heterozygous" else single[1]
        written = f"{other}/{single[1]}"
    one, _ = diplotype_of(KB, gene, written, 1.0)
    rules = rules_for(KB, gene, "CPIC", function_scheme=functions)
    if not rules.has_rules:
        rules = rules_for(KB, gene, "DPWG")
    return rules.phenotype(one.parts1, None if one.allele2 is None else one.parts2)


@pytest.fixture(scope="module")
def compared():
    with RESULTS.open(encoding="utf-8", newline="") as handle:
        seen = [tuple(row.values()) for row in csv.DictReader(handle, delimiter="\t", quoting=csv.QUOTE_NONE)]
    rows = []
    for gene, written, phenotype, score, persons in seen:
        then = interpreted(gene, written, "PharmCAT-3.1.1" if gene in ITS_OWN else None)
        now = interpreted(gene, written, None)
        rows.append((gene, written, phenotype, score, then, now, int(persons)))
    return rows


def is_list_of_several(gene, written):
    """PharmCAT gives no phenotype to several variants on one strand; the guideline counts the two worst."""
    return KB.gene(gene).row["caller"] == "variant_list" and " + " in written


def test_with_pharmcats_functions_every_phenotype_is_pharmcats(compared):
    different = [
        (gene, written, phenotype, then.phenotype)
        for gene, written, phenotype, _, then, _, _ in compared
        if then.phenotype != phenotype and not is_list_of_several(gene, written)
    ]
    assert sum(n for *_, n in compared) > 20_000
    assert different == []


def test_activity_scores_are_the_same(compared):
    different = [
        (gene, written, score, then.activity_score)
        for gene, written, _, score, then, _, _ in compared
        if score not in ("", "n/a") and float(score) != then.activity_score and not is_list_of_several(gene, written)
    ]
    assert different == []


def test_several_dpyd_variants_on_one_strand_have_a_phenotype_here(compared):
    several = [(then, n) for gene, written, _, _, then, _, n in compared if is_list_of_several(gene, written)]
    assert several
    assert all(then.phenotype != "Indeterminate" for then, _ in several)


def test_newer_functions_change_only_the_genes_that_were_reclassified(compared):
    changed = {
        gene
        for gene, written, phenotype, _, _, now, _ in compared
        if now.phenotype != phenotype and not is_list_of_several(gene, written)
    }
    assert changed == FUNCTIONS_MOVED
