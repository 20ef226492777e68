"""A tool's own words are compared with ours, and HISAT-genotype's second allele counts from a tenth on."""

from __future__ import annotations

from pathlib import Path

import pytest

from pgx.knowledge import load
from pgx.phenotypes.outside import merge, reconcile
from tests.phenotypes.builders import pattern

KB = load()


@pytest.mark.parametrize(
    ("gene", "diplotype", "phenotype", "score", "remarks"),
    [
        ("CYP2D6", "*4/*4", "Poor Metabolizer", 0.0, 0),
        ("CYP2D6", "*4/*4", "Normal Metabolizer", 0.0, 1),
        ("CYP2D6", "*4/*4", "Poor Metabolizer", 1.0, 1),
        ("CYP2D6", "*4/*4", "Normal Metabolizer", 2.0, 2),
        ("CYP2D6", "*4/*4", None, None, 0),
        ("CYP2D6", "*1/*999", "Normal Metabolizer", None, 1),
        ("HLA-B", "*57:01/*08:01", "anything", None, 0),
        ("NOGENE", "*1/*2", "anything", None, 0),
    ],
)
def test_a_difference_is_said(gene, diplotype, phenotype, score, remarks):
    assert len(reconcile.compare(KB, gene, pattern(diplotype), phenotype, score)) == remarks


@pytest.mark.parametrize(
    ("second", "alleles"),
    [("9.99", "*15:02/*15:02"), ("10.00", "*15:02/*13:01"), ("10.01", "*15:02/*13:01")],
)
def test_a_second_allele_counts_from_a_tenth_on(tmp_path: Path, second, alleles):
    path = tmp_path / "hisat.report"
    path.write_text(
        "\tAbundance\n"
        "\t\t1 ranked B*15:02 (abundance: 60.00%)\n"
        f"\t\t2 ranked B*13:01 (abundance: {second}%)\n"
        "\t\t3 ranked B*40:01 (abundance: 20.00%)\n",
        encoding="utf-8",
    )
    calls, _ = merge.read(path, KB)
    assert [(one.gene, one.pattern.diplotypes[0].name) for one in calls] == [("HLA-B", alleles)]
