"""Every name that the knowledge has for an allele, a phenotype or a score is read when a laboratory writes it."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from pgx import knowledge
from pgx.phenotypes.outside import merge

KB = knowledge.load()
OWN_WORDS = {"IFNL4"}
"""Its alleles are told by another gene's names."""


@pytest.fixture
def said(tmp_path: Path):
    """Read one line of a laboratory's file: what is called, and the codes of the notes."""

    def read(line: str):
        path = tmp_path / "s.tsv"
        path.write_text(f"{line}\n", encoding="utf-8")
        calls, notes = merge.read(path, KB)
        return [call.pattern for call in calls], [note.code for note in notes]

    return read


def test_every_allele_of_every_gene_is_read_by_its_name(said):
    lost = []
    for gene, allele in KB.table("alleles").select("gene", "allele").iter_rows():
        if KB.gene(gene).row["caller"] == "hla" or gene in OWN_WORDS:
            continue
        once = KB.gene(gene).row["inheritance"] == "mitochondrial"
        written = allele if once else f"{allele}/{allele}"
        patterns, codes = said(f"{gene}\t{written}")
        if codes or [one.name for pattern in patterns for one in pattern.diplotypes] != [written]:
            lost.append((gene, written, codes))
    assert lost == []


@pytest.mark.parametrize("written", ["No name/B (reference)", "B (reference)/No name", "No name/No name", "No name"])
def test_the_g6pd_allele_called_no_name_is_no_word_for_a_function(said, written):
    patterns, codes = said(f"G6PD\t{written}")
    assert codes == []
    assert set(patterns[0].diplotypes[0].name.split("/")) == set(written.split("/"))


def test_every_phenotype_and_score_of_a_rule_is_read(said):
    rules = KB.table("phenotype_rules").select("gene", "phenotype").drop_nulls().unique().sort("gene", "phenotype")
    lost = []
    for gene, phenotype in rules.iter_rows():
        patterns, codes = said(f"{gene}\t\t{phenotype}")
        if phenotype == "Indeterminate":
            assert codes == ["outside_no_call"], gene
        elif codes or not patterns:
            lost.append((gene, phenotype, codes))
    for gene in KB.table("functions").filter(pl.col("activity_value").is_not_null())["gene"].unique().sort():
        for score in ("0.0", "1.0", "1.5", "2.0"):
            patterns, codes = said(f"{gene}\t\t\t{score}")
            if codes or not patterns:
                lost.append((gene, score, codes))
    assert lost == []
