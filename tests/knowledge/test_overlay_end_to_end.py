"""A gene that only an overlay knows is called, phenotyped and recommended for, without touching code."""

from pathlib import Path

import polars as pl

import pgx
from pgx.pipeline import Options
from tests.knowledge.overlay import NEW_GENE, write_overlay

EXAMPLES = Path(__file__).resolve().parents[2] / "data" / "examples"

VCF = """##fileformat=VCFv4.2
##contig=<ID=chr1,length=248956422>
##FORMAT=<ID=GT,Number=1,Type=String,Description="Genotype">
#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\tpoor\tnormal
chr1\t1000100\t.\tA\tG\t.\tPASS\t.\tGT\t1/1\t0/0
chr1\t1000200\t.\tC\tT\t.\tPASS\t.\tGT\t0/0\t0/1
"""


def test_a_local_gene_goes_all_the_way(tmp_path: Path) -> None:
    vcf = tmp_path / "two.vcf"
    vcf.write_text(VCF, encoding="utf-8")
    overlay = write_overlay(tmp_path / "ward7", NEW_GENE)
    result = pgx.report(vcf, drugs=["newdrugine"], options=Options(knowledge=[overlay], build="GRCh38"))
    calls = result.calls.filter(pl.col("gene") == "ZZG1").select("sample", "diplotype", "phenotype")
    assert sorted(calls.rows()) == [("normal", "*1/*3", "Normal Metabolizer"), ("poor", "*2/*2", "Poor Metabolizer")]
    rows = result.guidance.filter((pl.col("drug") == "newdrugine") & (pl.col("sample") == "poor"))
    assert rows["guideline"].to_list() == ["WARD7-1"]
    assert rows["recommendation"].to_list() == [
        "Avoid newdrugine. Possible alternatives: warfarin (not in pregnancy, except with a mechanical heart valve). Ask the ward pharmacist."
    ]
    assert "local" in rows["flags"][0]
    assert "ward7" in str(result.provenance)


def test_what_a_replaced_function_changes_is_marked(tmp_path: Path) -> None:
    vcf = tmp_path / "two.vcf"
    vcf.write_text(VCF, encoding="utf-8")
    both = write_overlay(tmp_path / "ward7", NEW_GENE)
    change = "gene allele scheme function activity_is_minimum\nZZG1 *3 CPIC No_function n"
    later = write_overlay(tmp_path / "ward8", {"functions": change})
    options = Options(knowledge=[both, later], build="GRCh38")
    result = pgx.report(vcf, drugs=["newdrugine", "clopidogrel"], options=options)
    calls = {(one["sample"], one["gene"]): one for one in result.calls.iter_rows(named=True)}
    assert calls["poor", "ZZG1"]["source"] == "local:ward7+ward8"
    assert "local" in calls["poor", "ZZG1"]["flags"]
    assert calls["poor", "CYP2C19"]["source"] == "genotypes"
    assert "local" not in calls["poor", "CYP2C19"]["flags"]


def test_advice_of_the_product_that_rests_on_a_local_function_is_marked(tmp_path: Path) -> None:
    change = "gene allele scheme function activity_is_minimum\nCYP2C19 *2 CPIC Normal_function n"
    overlay = write_overlay(tmp_path / "ward8", {"functions": change})
    vcf = EXAMPLES / "HG00652.GRCh38.vcf.gz"
    local = pgx.report(vcf, drugs=["clopidogrel", "simvastatin"], options=Options(knowledge=[overlay]))
    rows = local.guidance.filter(pl.col("guideline").is_not_null())
    marked = {drug: "local" in flags for drug, flags in rows.select("drug", "flags").iter_rows()}
    assert marked == {"clopidogrel": True, "simvastatin": False}
    assert local.calls.filter(pl.col("gene") == "CYP2C19")["source"].to_list() == ["local:ward8"]
