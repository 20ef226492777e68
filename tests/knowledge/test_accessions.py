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


# RefSeqGene and protein by gene, without versions: CPIC's gene table (cpicpgx/cpic-data, 2018), which gives those of a
# cluster for CYP2B6, CYP2D6 and CYP3A5; theirs are PharmVar's (6.2) and dbSNP's (rs776746). G6PD's protein is isoform b.
OWN = {
    "ABCB1": ("NG_011513", "NP_000918"), "ADRB2": ("NG_016421", "NP_000015"), "ANKK1": ("NG_012976", "NP_848605"),
    "APOE": ("NG_007084", "NP_000032"), "BCHE": ("NG_009031", "NP_000046"), "CACNA1S": ("NG_009816", "NP_000060"),
    "CFTR": ("NG_016465", "NP_000483"), "COMT": ("NG_011526", "NP_000745"), "CYP2B6": ("NG_007929", "NP_000758"),
    "CYP2C19": ("NG_008384", "NP_000760"), "CYP2C8": ("NG_007972", "NP_000761"), "CYP2C9": ("NG_008385", "NP_000762"),
    "CYP2D6": ("NG_008376", "NP_000097"), "CYP3A4": ("NG_000004", "NP_059488"), "CYP3A5": ("NG_007938", "NP_000768"),
    "CYP4F2": ("NG_007971", "NP_001073"), "DPYD": ("NG_008807", "NP_000101"), "DRD2": ("NG_008841", "NP_000786"),
    "F5": ("NG_011806", "NP_000121"), "G6PD": ("NG_009015", "NP_001035810"), "GSTM1": ("NG_009246", "NP_000552"),
    "GSTP1": ("NG_012075", "NP_000843"), "HLA-A": ("NG_002398", "NP_002107"), "HLA-B": ("NG_002397", "NP_005505"),
    "HTR2A": ("NG_013011", "NP_000612"), "ITPA": ("NG_012093", "NP_258412"), "MTHFR": ("NG_013351", "NP_005948"),
    "NAT1": ("NG_012245", "NP_000653"), "NAT2": ("NG_012246", "NP_000006"), "OPRM1": ("NG_021208", "NP_000905"),
    "RYR1": ("NG_008866", "NP_000531"), "SLC6A4": ("NG_011747", "NP_001036"), "SLCO1B1": ("NG_011745", "NP_006437"),
    "TPMT": ("NG_012137", "NP_000358"), "UGT1A1": ("NG_002601", "NP_000454"), "UGT1A4": ("NG_002601", "NP_009051"),
    "VKORC1": ("NG_011564", "NP_076869"), "XPC": ("NG_011763", "NP_004619"),
}  # fmt: skip
UNCONFIRMED = {"ABCG2", "IFNL3", "NUDT15"}
"""Genes for whose RefSeqGene no second source was found; their transcripts and proteins are in `PAIRS`."""


def test_the_refseq_gene_and_protein_belong_to_the_gene() -> None:
    rows = pgx.knowledge.load().table("genes").drop_nulls("refseq_gene")
    told = {
        gene: (refseq.split(".")[0], protein.split(".")[0])
        for gene, refseq, protein in rows.select("gene", "refseq_gene", "refseq_protein").iter_rows()
        if gene not in UNCONFIRMED
    }
    assert told == OWN
