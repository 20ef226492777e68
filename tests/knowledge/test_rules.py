"""Functions, scores and genotypes become phenotypes by the rules of the tables."""

from collections import Counter
from pathlib import Path

import polars as pl
import pytest

from pgx.knowledge import load
from pgx.knowledge.rules.outcomes import outcomes
from pgx.knowledge.rules.phenotypes import INDETERMINATE, phenotype_of, rules_for

KB = load()


def phenotype(gene: str, *strands: tuple[str, ...] | str, scheme: str = "CPIC", **options: object) -> str | None:
    parts = [(one,) if isinstance(one, str) else one for one in strands]
    return phenotype_of(KB, gene, scheme, parts[0], parts[1] if len(parts) > 1 else None, **options).phenotype  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("gene", "first", "second", "expected"),
    [
        ("CYP2C19", "*1", "*1", "Normal Metabolizer"),
        ("CYP2C19", "*2", "*17", "Intermediate Metabolizer"),
        ("CYP2C19", "*17", "*17", "Ultrarapid Metabolizer"),
        ("CYP2C19", "*38", "*2", "Intermediate Metabolizer"),
        ("CYP2C19", "*9", "*2", "Likely Poor Metabolizer"),
        ("CYP2B6", "*6", "*6", "Poor Metabolizer"),
        ("CYP3A5", "*3", "*3", "Poor Metabolizer"),
        ("CYP3A5", "*1", "*3", "Intermediate Metabolizer"),
        ("SLCO1B1", "*1", "*5", "Decreased Function"),
        ("UGT1A1", "*28", "*28", "Poor Metabolizer"),
        ("TPMT", "*3A", "*3C", "Poor Metabolizer"),
        ("NAT2", "*5", "*6", "Poor Metabolizer"),
        ("NAT2", "*1", "*4", "Rapid Metabolizer"),
        ("CFTR", "G551D", "ivacaftor non-responsive CFTR sequence", "ivacaftor responsive in CF patients"),
    ],
)
def test_pairs_of_functions_are_unordered(gene: str, first: str, second: str, expected: str) -> None:
    assert phenotype(gene, first, second) == expected
    assert phenotype(gene, second, first) == expected


def test_what_the_rules_do_not_list_is_indeterminate_and_never_normal() -> None:
    assert phenotype("CYP2C19", "*40", "*1") == INDETERMINATE
    assert phenotype("CYP2C19", "*1", "no such allele") == INDETERMINATE
    assert phenotype("CYP2C19", ("*2", "*17"), "*1") == INDETERMINATE
    assert phenotype("CYP2C19", "*2", "*1", novel1=True) == INDETERMINATE
    assert phenotype("CYP2C19", (), "*1") == INDETERMINATE


@pytest.mark.parametrize(
    ("gene", "reference"),
    [
        ("VKORC1", "rs9923231 reference (C)"),
        ("IFNL3", "rs12979860 reference (C)"),
        ("CYP2C_CLUSTER", "rs12777823 reference (G)"),
    ],
)
def test_a_base_that_is_not_told_is_not_the_one_that_names_the_genotype(gene: str, reference: str) -> None:
    assert phenotype(gene, reference, reference) not in (INDETERMINATE, None)
    assert phenotype(gene, reference, reference, novel2=True) == INDETERMINATE
    assert phenotype(gene, reference, reference, novel1=True) == INDETERMINATE


def test_a_base_elsewhere_leaves_the_genotype_of_a_gene_of_several_positions() -> None:
    assert phenotype("CYP4F2", "*1", "*1", novel2=True) == "*3 non-carrier"


def test_gene_without_rules_has_no_phenotype() -> None:
    assert phenotype("ABCB1", "*1", "*2") is None


@pytest.mark.parametrize(
    ("first", "second", "score", "expected"),
    [
        ("*1", "*1", 2.0, "Normal Metabolizer"),
        ("*1", "*4", 1.0, "Intermediate Metabolizer"),
        ("*4", "*5", 0.0, "Poor Metabolizer"),
        ("*10", "*10", 0.5, "Intermediate Metabolizer"),
        ("*1", "*10", 1.25, "Normal Metabolizer"),
        ("*1x2", "*1", 3.0, "Ultrarapid Metabolizer"),
        ("*36+*10", "*1", 1.25, "Normal Metabolizer"),
        ("*2x4", "*41", 4.25, "Ultrarapid Metabolizer"),
        ("*1", "*22", None, INDETERMINATE),
    ],
)
def test_activity_scores_of_cyp2d6(first: str, second: str, score: float | None, expected: str) -> None:
    result = phenotype_of(KB, "CYP2D6", "CPIC", (first,), (second,))
    assert (result.phenotype, result.activity_score) == (expected, score)


def test_score_that_is_a_lower_bound_decides_only_if_every_larger_one_agrees() -> None:
    at_least_three = phenotype_of(KB, "CYP2D6", "CPIC", ("*1x≥3",), ("*4",))
    assert (at_least_three.phenotype, at_least_three.score_is_minimum) == ("Ultrarapid Metabolizer", True)
    open_ended = phenotype_of(KB, "CYP2D6", "CPIC", ("*10x≥3",), ("*4",))
    assert (open_ended.phenotype, open_ended.activity_score) == (INDETERMINATE, 0.75)
    assert phenotype("CYP2D6", "*4x≥3", "*4") == "Poor Metabolizer"


def test_copies_multiply_the_activity_value() -> None:
    assert phenotype("CYP2D6", "*1", "*2", copies1=2) == "Ultrarapid Metabolizer"
    assert phenotype_of(KB, "CYP2D6", "CPIC", ("*41",), ("*1",), copies1=3).activity_score == 1.75
    assert phenotype("CYP2D6", "*4", "*4", copies1=2) == "Poor Metabolizer"


def test_two_lowest_variants_decide_for_dpyd() -> None:
    both_strands = phenotype_of(KB, "DPYD", "CPIC", ("c.85T>C (*9A)", "c.1905+1G>A (*2A)"), ("c.2846A>T",))
    assert (both_strands.phenotype, both_strands.activity_score) == ("Poor Metabolizer", 0.5)
    same_strand = phenotype_of(KB, "DPYD", "CPIC", ("c.1905+1G>A (*2A)", "c.2846A>T"), ("Reference",))
    assert (same_strand.phenotype, same_strand.activity_score) == ("Intermediate Metabolizer", 1.0)
    unphased = phenotype_of(KB, "DPYD", "CPIC", ("c.1905+1G>A (*2A)", "c.2846A>T"), ("Reference",), phased=False)
    assert (unphased.phenotype, unphased.activity_score) == ("Poor Metabolizer", 0.5)


def test_one_risk_allele_is_enough_for_malignant_hyperthermia() -> None:
    risk = "Malignant Hyperthermia Susceptibility"
    assert phenotype("RYR1", "c.103T>C", "Reference") == risk
    assert phenotype("RYR1", "c.103T>C", "not documented") == risk
    assert phenotype("RYR1", ("c.51_53del", "c.103T>C"), "c.119G>C") == risk
    assert phenotype("RYR1", "Reference", "Reference") == "Uncertain Susceptibility"


def test_g6pd_of_men_and_women() -> None:
    assert phenotype("G6PD", "B (reference)") == "Normal"
    assert phenotype("G6PD", "A- 202A_376G") == "Deficient"
    assert phenotype("G6PD", "A- 202A_376G", "B (reference)") == "Variable"
    assert phenotype("G6PD", "A- 202A_376G", "A- 202A_376G") == "Deficient"


def test_mt_rnr1_is_haploid() -> None:
    assert phenotype("MT-RNR1", "Reference") == "normal risk of aminoglycoside-induced hearing loss"
    assert phenotype("MT-RNR1", "m.1555A>G") == "increased risk of aminoglycoside-induced hearing loss"


@pytest.mark.parametrize("scheme", ["CPIC", "DPWG"])
def test_genotype_rules_hold_in_every_scheme(scheme: str) -> None:
    variant, reference = "rs9923231 variant (T)", "rs9923231 reference (C)"
    assert phenotype("VKORC1", variant, reference, scheme=scheme) == "-1639 AG"
    assert phenotype("VKORC1", variant, variant, scheme=scheme) == "-1639 AA"
    assert phenotype("F5", "Leiden", "Reference", scheme=scheme) == "Factor V Leiden heterozygous"


def test_carriers_of_a_base_are_found_through_every_allele_that_has_it() -> None:
    assert phenotype("CYP4F2", "*3", "*1") == "*3 carrier"
    assert phenotype("CYP4F2", "*4", "*1") == "*3 carrier"
    assert phenotype("CYP4F2", "*1", "*2") == "*3 non-carrier"


def test_hla_statuses_stand_side_by_side() -> None:
    result = phenotype_of(KB, "HLA-B", "CPIC", ("*57:01:01",), ("*07:02",))
    assert set(result.statuses) == {"*57:01 positive", "*58:01 negative", "*15:02 negative", "*15:11 negative"}


def test_hla_name_too_coarse_to_tell_gives_no_status() -> None:
    result = phenotype_of(KB, "HLA-B", "CPIC", ("*57",), ("*07:02",))
    assert "*57:01 negative" not in result.statuses
    assert "*58:01 negative" in result.statuses
    assert phenotype("HLA-B", (), ()) == INDETERMINATE


def test_schemes_are_not_mixed() -> None:
    assert phenotype("CYP2C19", "*1", "*17") == "Rapid Metabolizer"
    assert phenotype("CYP2C19", "*1", "*17", scheme="DPWG") == "Normal Metabolizer"
    assert phenotype("TPMT", "*8", "*1") == "Normal Metabolizer"
    assert phenotype("TPMT", "*8", "*1", scheme="DPWG") == "Intermediate Metabolizer"


def test_suballeles_have_the_function_of_their_core() -> None:
    assert rules_for(KB, "CYP2C19").allele("*2.003") == rules_for(KB, "CYP2C19").allele("*2")


def test_every_cpic_diplotype_has_cpics_phenotype_and_score() -> None:
    """Counts by gene, phenotype and score of all 111,042 diplotypes that CPIC publishes (database of 2026-10-11)."""
    golden = Path(__file__).resolve().parents[1] / "golden" / "cpic_phenotype_counts.tsv"
    expected: Counter[tuple[str, ...]] = Counter()
    for line in golden.read_text(encoding="utf-8").splitlines()[1:]:
        *key, count = line.split("\t")
        expected[tuple(key)] = int(count)
    assert sum(expected.values()) == 111_042
    # CPIC leaves out the mitochondrial reference sequence itself.
    expected["MT-RNR1", "normal risk of aminoglycoside-induced hearing loss", ""] += 1
    is_cpics = pl.col("source").str.starts_with("CPIC") & ~pl.col("source").str.contains("core", literal=True)
    published = KB.table("functions").filter((pl.col("scheme") == "CPIC") & is_cpics)
    found: Counter[tuple[str, ...]] = Counter()
    for gene in sorted({key[0] for key in expected}):
        alleles = set(published.filter(pl.col("gene") == gene)["allele"])
        for outcome in outcomes(KB, gene, "CPIC"):
            if alleles.issuperset(outcome.alleles):
                score = outcome.result.activity_score
                found[gene, str(outcome.result.phenotype), "" if score is None else f"{score:g}"] += 1
    assert found == expected
