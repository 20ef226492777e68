"""Accessions of genes are their own."""

from __future__ import annotations

import polars as pl
import pytest

import pgx.knowledge

# NCBI RefSeq, by gene: transcript and protein of one pair, without versions.
PAIRS = {
    "ABCG2": ("NM_004827", "NP_004818"), "CACNA1S": ("NM_000069", "NP_000060"), "CFTR": ("NM_000492", "NP_000483"),
    "CYP2B6": ("NM_000767", "NP_000758"), "CYP2C19": ("NM_000769", "NP_000760"), "CYP2C9": ("NM_000771", "NP_000762"),
    "CYP2D6": ("NM_000106", "NP_000097"), "CYP3A5": ("NM_000777", "NP_000768"), "CYP4F2": ("NM_001082", "NP_001073"),
    "DPYD": ("NM_000110", "NP_000101"), "G6PD": ("NM_001042351", "NP_001035810"), "IFNL3": ("NM_172139", "NP_742151"),
    "NAT2": ("NM_000015", "NP_000006"), "NUDT15": ("NM_018283", "NP_060753"), "RYR1": ("NM_000540", "NP_000531"),
    "SLCO1B1": ("NM_006446", "NP_006437"), "TPMT": ("NM_000367", "NP_000358"), "UGT1A1": ("NM_000463", "NP_000454"),
    "VKORC1": ("NM_024006", "NP_076869"),
}  # fmt: skip


@pytest.mark.parametrize(
    "column",
    ["refseq_gene", "refseq_transcript", "refseq_protein", "hgnc_id", "ncbi_gene_id", "ensembl_id", "clinpgx_id"],
)
def test_no_two_genes_share_an_accession(column: str) -> None:
    told = pgx.knowledge.load().table("genes").select("gene", pl.col(column).cast(pl.String).str.replace(r"\.\d+$", ""))
    shared = told.drop_nulls().filter(pl.col(column).is_duplicated())
    # The genes of UGT1A share their first exons' locus, and one RefSeqGene.
    assert [row for row in shared.rows() if not str(row[0]).startswith("UGT1A")] == []


def test_transcript_and_protein_belong_to_the_gene() -> None:
    rows = pgx.knowledge.load().table("genes").drop_nulls("refseq_transcript")
    told = {
        gene: (transcript.split(".")[0], protein.split(".")[0])
        for gene, transcript, protein in rows.select("gene", "refseq_transcript", "refseq_protein").iter_rows()
    }
    assert told == PAIRS
