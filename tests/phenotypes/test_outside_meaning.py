"""What laboratories state without a diplotype, twice, or against the person's sex."""

from __future__ import annotations

import polars as pl
import pytest

import pgx

VCF = """##fileformat=VCFv4.2
##contig=<ID=chr6,length=170805979>
##FORMAT=<ID=GT,Number=1,Type=String,Description="Genotype">
#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\tP1
chr6\t18130918\trs1142345\tT\tC\t.\tPASS\t.\tGT\t0/0
"""


@pytest.fixture
def told(tmp_path):
    """Run the advice on some drugs for one person with what a laboratory says."""

    def run(lines, drugs, *, sex=None, medications=None):
        (tmp_path / "a.vcf").write_text(VCF)
        (tmp_path / "lab.tsv").write_text(lines)
        return pgx.report(
            tmp_path / "a.vcf",
            outside_calls=[tmp_path / "lab.tsv"],
            drugs=drugs,
            medications=medications,
            endpoints=[],
            options=pgx.Options(sex=sex),
        )

    return run


def advice(result, source):
    rows = result.guidance.filter(source=source, applies="yes")
    return {(row["drug"], row["action"], row["dose_change"]) for row in rows.iter_rows(named=True)}


def call(result, gene):
    return result.calls.filter(gene=gene).row(0, named=True)


def test_a_poor_metabolizer_has_score_0_in_every_scheme(told):
    stated = told("CYP2D6\t\tPoor Metabolizer\n", ["flecainide", "haloperidol", "zuclopenthixol"])
    typed = told("CYP2D6\t*4/*4\n", ["flecainide", "haloperidol", "zuclopenthixol"])
    assert advice(stated, "DPWG") == advice(typed, "DPWG")
    assert advice(stated, "DPWG") == {
        ("flecainide", "reduce_dose", "-50"),
        ("haloperidol", "reduce_dose", "-40"),
        ("zuclopenthixol", "reduce_dose", "-50"),
    }


def test_an_intermediate_metabolizer_of_cyp2d6_is_one_in_every_scheme(told):
    """Only copies of alleles that next to nobody has (*9x2/*41) are Intermediate by CPIC and Normal by DPWG."""
    drugs = ["flecainide", "venlafaxine", "metoprolol"]
    stated, typed = told("CYP2D6\t\tIntermediate Metabolizer\n", drugs), told("CYP2D6\t*1/*4\n", drugs)
    assert advice(stated, "DPWG") == advice(typed, "DPWG")
    assert ("flecainide", "reduce_dose", "-25") in {
        (row["drug"], row["action"], row["dose_change"])
        for row in stated.guidance.filter(source="DPWG").iter_rows(named=True)
    }


@pytest.mark.parametrize(
    ("sex", "lines", "phenotype"),
    [(None, "G6PD\tB\n", "Indeterminate"), ("female", "G6PD\tB\n", "Indeterminate"), ("male", "G6PD\tB\n", "Normal"),
     (None, "G6PD\tB/B\n", "Normal"), (None, "G6PD\tA-\n", "Deficient"), ("female", "G6PD\tA-\n", "Indeterminate")],
)  # fmt: skip
def test_one_normal_allele_is_all_that_there_is_only_in_a_man(told, sex, lines, phenotype):
    assert call(told(lines, ["rasburicase"], sex=sex), "G6PD")["phenotype"] == phenotype


def test_a_phenotype_that_another_scheme_divides_says_nothing_there(told):
    result = told("DPYD\t\tPoor Metabolizer\n", ["capecitabine"])
    assert result.guidance.filter(source="DPWG")["applies"].to_list() == ["no_match"]


def test_half_of_an_intermediate_score_is_intermediate(told):
    result = told("CYP2D6\t\tIntermediate Metabolizer\n", ["codeine"], medications=["duloxetine"])
    assert call(result, "CYP2D6")["clinical_phenotype"] == "Intermediate Metabolizer"
    result = told("CYP2D6\t\tNormal Metabolizer\n", ["codeine"], medications=["duloxetine"])
    assert call(result, "CYP2D6")["clinical_phenotype"] == "Intermediate Metabolizer"
    result = told("CYP2D6\t\tIntermediate Metabolizer\n", ["codeine"], medications=["paroxetine"])
    assert call(result, "CYP2D6")["clinical_phenotype"] == "Poor Metabolizer"


@pytest.mark.parametrize(
    ("said", "sex", "phenotype"),
    [
        ("B (reference)", "female", "Indeterminate"),
        ("B (reference)", "male", "Normal"),
        ("B (reference)/B (reference)", "female", "Normal"),
        ("B (wildtype)/B (wildtype)", "male", "Normal"),
        ("B (wildtype)/A- 202A_376G", "female", "Variable"),
    ],
)
def test_a_gene_on_x_is_read_with_the_sex(told, said, sex, phenotype):
    result = told(f"G6PD\t{said}\n", ["rasburicase"], sex=sex)
    assert call(result, "G6PD")["phenotype"] == phenotype


def test_two_alleles_on_x_of_a_man_are_refused(told):
    result = told("G6PD\tB (reference)/A- 202A_376G\n", ["rasburicase"], sex="male")
    assert call(result, "G6PD")["phenotype"] is None
    assert "for a man" in result.notes.filter(code="outside_refused")["message"][0]


def test_a_mitochondrial_gene_written_twice_is_one(told):
    result = told("MT-RNR1\t1555A>G/1555A>G\n", ["gentamicin"])
    assert advice(result, "CPIC") == {("gentamicin", "avoid", None)}
    result = told("MT-RNR1\tReference/1555A>G\n", ["gentamicin"])
    assert "outside_refused" in result.notes["code"]


def test_lines_on_different_alleles_are_one_result_and_contradictions_none(told):
    result = told("HLA-B\t\t*57:01 negative\nHLA-B\t\t*15:02 positive\n", ["carbamazepine", "abacavir"])
    assert ("carbamazepine", "avoid", None) in advice(result, "DPWG")
    assert ("abacavir", "standard", None) in advice(result, "CPIC")
    result = told("HLA-B\t\t*15:02 negative\nHLA-B\t\t*15:02 positive\n", ["carbamazepine"])
    assert "outside_refused" in result.notes["code"] and call(result, "HLA-B")["phenotype"] is None


@pytest.mark.parametrize(("slip", "meant"), [("HLAB", "HLA-B"), ("CYP 2D6", "CYP2D6"), ("CYP2C91", "CYP2C9")])
def test_an_unknown_gene_comes_with_a_question(told, slip, meant):
    result = told(f"{slip}\t*1/*1\nTPMT\t*1/*1\n", ["abacavir"])
    note = result.notes.filter(code="outside_refused")["message"][0]
    assert f"did you mean {meant}" in note


@pytest.mark.parametrize(
    ("gene", "written", "diplotype", "phenotype"),
    [
        ("CYP2C19", "*2A/*2A", "*2/*2", "Poor Metabolizer"),
        ("CYP2C19", "*1A/*2B", "*1/*2", "Intermediate Metabolizer"),
        ("TPMT", "*3A/*3C", "*3A/*3C", "Poor Metabolizer"),
        ("CYP2D6", "*1x>=3/*4", "*1x≥3/*4", "Ultrarapid Metabolizer"),
        ("CYP2D6", "*1≥3/*4", "*1x≥3/*4", "Ultrarapid Metabolizer"),
    ],
)
def test_older_and_plainer_names_of_alleles(told, gene, written, diplotype, phenotype):
    row = call(told(f"{gene}\t{written}\n", ["codeine"]), gene)
    assert (row["diplotype"], row["phenotype"]) == (diplotype, phenotype)


def test_a_name_with_a_meaning_of_its_own_is_not_shortened(told):
    row = call(told("CYP1A2\t*1F/*1F\n", ["codeine"]), "CYP1A2")
    assert row["diplotype"] == "*1F/*1F"


def test_a_tandem_of_alleles_that_do_nothing_does_nothing_in_any_scheme(told):
    result = told("CYP2D6\t*68+*4/*1\n", ["metoprolol"])
    rows = result.phenotypes.filter(gene="CYP2D6", scheme="DPWG")
    assert rows["phenotype"].to_list() == ["Intermediate Metabolizer"]


def test_no_dose_is_given_that_its_source_has_for_a_genotype_only(told):
    lines = "CYP2C9\t*1/*2\nVKORC1\trs9923231 reference (C)/rs9923231 reference (C)\n"
    alone = told(lines, ["warfarin"]).guidance.filter(source="DPWG")
    assert alone["dose_change"].to_list() == [None, None]
    rows = told(lines, ["warfarin"], medications=["amiodarone"]).guidance.filter(source="DPWG", action="lower_start")
    assert rows["dose_change"].to_list() == [None] and "80 %" not in rows["recommendation"][0]
    born = told(lines.replace("*1/*2", "*3/*3"), ["warfarin"]).guidance.filter(source="DPWG", action="lower_start")
    assert born["dose_change"].null_count() == 0


@pytest.mark.parametrize(
    ("lines", "drug", "medications", "expected"),
    [
        ("CYP2D6\t\t\t0.25\n", "codeine", ["duloxetine"], ("standard", None)),
        ("CYP2D6\t*1.001/*4.001\n", "codeine", None, ("standard", None)),
        ("CYP2D6\t*1x≥3/*2\n", "codeine", None, ("avoid", None)),
        ("CYP2D6\t*4x≥3/*4\n", "codeine", None, ("avoid", None)),
        ("CYP2D6\t*1/*1x2\n", "codeine", ["paroxetine"], ("avoid", None)),
        ("MT-RNR1\t1555A>G\n", "gentamicin", None, ("avoid", None)),
        ("HLA-B\t\t*57:01 negative;*15:02 positive\n", "carbamazepine", None, ("avoid", None)),
        ("DPYD\t\tIntermediate Metabolizer\t1.5\n", "capecitabine", None, ("lower_start", "-50")),
        ("DPYD\tReference/[c.85T>C (*9A) + c.496A>G]\n", "capecitabine", None, ("standard", None)),
        ("CFTR\tReference/Reference\n", "ivacaftor", None, ("avoid", None)),
        ("CYP2C9\t*2/*3\n", "phenytoin", None, ("reduce_dose", "-50")),
        ("CYP2C19\t*38/*38\n", "clopidogrel", None, ("standard", None)),
        ("CYP2C19\t*17/*17\n", "omeprazole", None, ("increase_dose", "100")),
        ("TPMT\t*1/*3A\nNUDT15\t*1/*3\n", "azathioprine", None, ("lower_start", "-50..-80")),
        ("CYP2C19\t*2/*2\nCYP2B6\t*6/*6\n", "sertraline", None, ("alternative", None)),
        ("RYR1\tReference/c.7300G>A\n", "succinylcholine", None, ("contraindicated", None)),
    ],
)
def test_what_laboratories_report_leads_to_the_published_advice(told, lines, drug, medications, expected):
    rows = told(lines, [drug], medications=medications).guidance.filter(source="CPIC")
    rows = rows.filter(pl.col("applies").is_in(["yes", "if_population"]))
    assert expected in set(rows.select("action", "dose_change").iter_rows())
