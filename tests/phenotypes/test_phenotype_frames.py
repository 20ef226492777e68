"""Calls become phenotypes: posterior per scheme, missing stays missing, schemes stay apart."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pgx import knowledge
from pgx.phenotypes import assign
from tests.listed import with_text
from tests.phenotypes.builders import NOT_CALLED, callset, diplotype, pattern

KB = knowledge.load()


def phenotypes_of(gene, *diplotypes, **more):
    _, phenotypes = assign(callset({"s": {gene: pattern(*diplotypes, **more)}}), KB)
    return {
        (scheme, phenotype): probability
        for scheme, phenotype, probability in phenotypes.select("scheme", "phenotype", "probability").iter_rows()
    }


def call_of(gene, *diplotypes, **more):
    calls = with_text(assign(callset({"s": {gene: pattern(*diplotypes, **more)}}), KB)[0])
    return calls.row(0, named=True)


@pytest.mark.parametrize(
    ("gene", "name", "scheme", "phenotype"),
    [
        ("CYP2C19", "*1/*17", "CPIC", "Rapid Metabolizer"),
        ("CYP2C19", "*1/*17", "DPWG", "Normal Metabolizer"),
        ("CYP2C19", "*2/*17", "CPIC", "Intermediate Metabolizer"),
        ("CYP2D6", "*1/*4", "CPIC", "Intermediate Metabolizer"),
        ("CYP2D6", "*5/*4", "CPIC", "Poor Metabolizer"),
        ("CYP2D6", "*1/*2x2", "CPIC", "Ultrarapid Metabolizer"),
        ("CYP2D6", "*10/*36+*10", "CPIC", "Intermediate Metabolizer"),
        ("CYP2C9", "*1/*2", "CPIC", "Intermediate Metabolizer"),
        ("CYP2C9", "*3/*3", "CPIC", "Poor Metabolizer"),
        ("NUDT15", "*1/*3", "CPIC", "Intermediate Metabolizer"),
        ("TPMT", "*3A/*3C", "CPIC", "Poor Metabolizer"),
        ("DPYD", "c.1905+1G>A (*2A)/Reference", "CPIC", "Intermediate Metabolizer"),
        ("DPYD", "c.2846A>T/c.2846A>T", "CPIC", "Intermediate Metabolizer"),
        ("UGT1A1", "*28/*28", "CPIC", "Poor Metabolizer"),
        ("SLCO1B1", "*1/*5", "CPIC", "Decreased Function"),
        ("VKORC1", "rs9923231 variant (T)/rs9923231 reference (C)", "CPIC", "-1639 AG"),
    ],
)
def test_a_diplotype_has_the_phenotype_of_its_scheme(gene, name, scheme, phenotype):
    assert phenotypes_of(gene, name)[scheme, phenotype] == pytest.approx(1)


def test_a_cyp3a5_expresser_is_called_normal():
    assert phenotypes_of("CYP3A5", "*1/*1")["CPIC", "Normal Metabolizer"] == 1
    assert phenotypes_of("CYP3A5", "*3/*3")["CPIC", "Poor Metabolizer"] == 1


def test_g6pd_men_have_one_copy_and_heterozygous_women_are_variable():
    deficient = diplotype("A- 202A_376G|")
    assert deficient.allele2 is None
    assert phenotypes_of("G6PD", deficient) == {("CPIC", "Deficient"): 1}
    woman = diplotype("B (reference)|A- 202A_376G")
    assert phenotypes_of("G6PD", woman) == {("CPIC", "Variable"): 1}


def test_dpyd_decreased_twice_is_intermediate_for_cpic_and_needs_a_phenotype_test_for_dpwg():
    found = phenotypes_of("DPYD", "c.2846A>T/c.2846A>T")
    assert found["CPIC", "Intermediate Metabolizer"] == 1
    assert next(p for scheme, p in found if scheme == "DPWG").startswith("Phenotyping")


def test_an_allele_that_dpwg_does_not_name_is_normal_for_it_only_where_cpic_says_so():
    assert phenotypes_of("SLCO1B1", "*1/*37")["DPWG", "Normal Function"] == 1
    assert call_of("SLCO1B1", "*1/*37")["flags"] is None, "DPWG names it since 2026"
    assert phenotypes_of("CYP2D6", "*1/*27")["DPWG", "Normal Metabolizer"] == 1
    assert call_of("CYP2D6", "*1/*27")["flags"] == "normal_by_cpic"
    assert phenotypes_of("SLCO1B1", "*14/*5")["DPWG", "Decreased Function"] == 1
    assert phenotypes_of("CYP2B6", "*4/*6")["DPWG", "Intermediate Metabolizer"] == 1
    assert phenotypes_of("DPYD", "c.1905+1G>A (*2A)/c.85T>C (*9A)")["DPWG", "Intermediate Metabolizer"] == 1
    assert phenotypes_of("CYP2C19", "*1/*35")["DPWG", "Intermediate Metabolizer"] == 1
    assert phenotypes_of("CYP2C9", "*1/*14")["DPWG", "Indeterminate"] == 1


def test_phenotypes_add_up_over_diplotypes():
    found = phenotypes_of("CYP2C19", diplotype("*1/*2", 0.6), diplotype("*2/*17", 0.3), diplotype("*17/*17", 0.1))
    assert found["CPIC", "Intermediate Metabolizer"] == pytest.approx(0.9)
    assert found["CPIC", "Ultrarapid Metabolizer"] == pytest.approx(0.1)


def test_the_most_probable_class_is_shown_even_when_its_diplotypes_are_not():
    row = call_of("CYP2C19", diplotype("*17/*17", 0.4), diplotype("*1/*2", 0.3), diplotype("*1/*3", 0.3))
    assert (row["diplotype"], row["phenotype"]) == ("*17/*17", "Intermediate Metabolizer")
    assert row["alternatives"] == "*1/*2=0.3;*1/*3=0.3"


def test_what_a_truncated_posterior_leaves_out_is_indeterminate():
    found = phenotypes_of("CYP2C19", diplotype("*1/*1", 0.7))
    assert found["CPIC", "Indeterminate"] == pytest.approx(0.3)


def test_an_allele_without_function_is_indeterminate_and_has_no_score():
    row = call_of("CYP2D6", "*1/*999")
    assert (row["phenotype"], row["activity_score"], row["function2"]) == ("Indeterminate", None, None)


def test_a_lower_bound_of_the_score_is_no_number_in_the_calls():
    row = call_of("CYP2D6", "*1/*1x≥3")
    assert row["phenotype"] == "Ultrarapid Metabolizer"
    assert row["activity_score"] is None
    assert row["flags"] == "activity_score_at_least:4"


@pytest.mark.parametrize(
    ("name", "phenotypes"),
    [
        ("*1/*1", "Intermediate Metabolizer|Normal Metabolizer|Ultrarapid Metabolizer"),
        ("*1/*4", "Intermediate Metabolizer|Normal Metabolizer"),
        ("*4/*4", None),
    ],
)
def test_without_copy_number_the_range_that_it_would_allow_is_told(name, phenotypes):
    expected = f"no_copy_number;copy_number_range:{phenotypes}" if phenotypes else "no_copy_number"
    assert call_of("CYP2D6", name, flags=("no_copy_number",))["flags"] == expected


def test_a_gene_that_is_not_called_has_no_phenotype_at_all():
    calls, phenotypes = assign(callset({"s": {"TPMT": NOT_CALLED}}), KB)
    assert phenotypes.is_empty()
    assert calls.row(0, named=True)["phenotype"] is None


def test_a_prior_alone_is_not_a_phenotype():
    calls, phenotypes = assign(callset({"s": {"TPMT": pattern("*1/*1", status="not_called")}}), KB)
    assert phenotypes.is_empty()
    assert calls["phenotype"].to_list() == [None]


def test_hla_genes_have_one_status_per_allele():
    found = phenotypes_of("HLA-B", "*57:01/*08:01", status="outside")
    assert found["CPIC", "*57:01 positive"] == 1
    assert found["CPIC", "*58:01 negative"] == 1
    assert ("CPIC", "*57:01 negative") not in found
    assert found["DPWG", "*57:01 positive"] == 1


def test_an_hla_allele_typed_to_one_field_is_neither_present_nor_absent():
    found = phenotypes_of("HLA-B", "*15/*08:01", status="outside")
    assert not any("15:02" in phenotype for _, phenotype in found)
    assert found["CPIC", "*57:01 negative"] == 1


def test_a_phenotype_stated_by_another_tool_is_cpics_and_of_others_where_it_means_one_thing_there():
    found = phenotypes_of("CYP2C19", status="outside", stated_phenotype="Poor Metabolizer")
    assert found == {("CPIC", "Poor Metabolizer"): 1, ("DPWG", "Poor Metabolizer"): 1}
    found = phenotypes_of("CYP2C19", status="outside", stated_phenotype="Likely Poor Metabolizer")
    assert found == {("CPIC", "Likely Poor Metabolizer"): 1}


def test_a_score_stated_by_another_tool_is_read_in_both_schemes():
    found = phenotypes_of("CYP2D6", status="outside", stated_score=0.5)
    assert found == {("CPIC", "Intermediate Metabolizer"): 1, ("DPWG", "Intermediate Metabolizer"): 1}


def test_frames_are_sample_by_sample_in_the_order_of_the_calls():
    calls, _ = assign(callset({"b": {"TPMT": pattern("*1/*1")}, "a": {"CYP2C9": pattern("*1/*1")}}), KB)
    assert calls.select("sample", "gene").rows() == [("b", "TPMT"), ("b", "CYP2C9"), ("a", "TPMT"), ("a", "CYP2C9")]


SCORED = ["CYP2C19", "CYP2D6", "CYP2C9", "DPYD", "TPMT", "NUDT15", "UGT1A1", "SLCO1B1", "CYP3A5", "CYP2B6"]


@st.composite
def posteriors(draw):
    gene = draw(st.sampled_from(SCORED))
    alleles = KB.table("functions").filter(pl.col("gene") == gene)["allele"].unique().sort().to_list()
    weights = draw(st.lists(st.floats(0.01, 1), min_size=1, max_size=6))
    made = []
    for weight in weights:
        a, b = draw(st.sampled_from(alleles)), draw(st.sampled_from(alleles))
        made.append(diplotype(f"{a}|{b}", weight / sum(weights)))
    return gene, sorted(made, key=lambda one: -one.probability)


@given(posteriors())
@settings(max_examples=60, deadline=None)
def test_probabilities_add_up_to_one_in_each_scheme(case):
    gene, diplotypes = case
    _, phenotypes = assign(callset({"s": {gene: pattern(*diplotypes)}}), KB)
    sums = phenotypes.group_by("scheme").agg(pl.col("probability").sum())
    assert sums["probability"].to_list() == pytest.approx([1.0] * sums.height)


@given(posteriors())
@settings(max_examples=40, deadline=None)
def test_the_order_of_the_strands_does_not_matter(case):
    gene, diplotypes = case
    turned = [diplotype(f"{d.allele2}|{d.allele1}", d.probability) for d in diplotypes]
    assert phenotypes_of(gene, *diplotypes) == pytest.approx(phenotypes_of(gene, *turned))
