"""The traps of the fact tables, one test each: the test fails when the trap is fallen into."""

import numpy as np
import polars as pl
import pytest

from pgx.knowledge import GeneDefinition, load
from pgx.knowledge.rules.outcomes import Outcome, meets, outcomes
from pgx.knowledge.rules.phenotypes import phenotype_of, rules_for
from pgx.knowledge.sources import read_sources

KB = load()
VARIANTS = KB.table("variants")
RECOMMENDATIONS = KB.table("recommendations")
CONDITIONS = KB.table("recommendation_conditions")


def phenotype(gene: str, first: str, second: str | None, scheme: str = "CPIC") -> str | None:
    return phenotype_of(KB, gene, scheme, (first,), None if second is None else (second,)).phenotype


def carried_by(definition: GeneDefinition, column: str) -> list[str]:
    """Alleles that a reference sequence carries: every position accepts its base."""
    rows = KB.sites.select("alleles", "ref", "ref_grch37").rows()
    codes = []
    for site in definition.sites:
        alleles, ref38, ref37 = rows[site]
        base = ref38 if column == "grch38" else ref37
        codes.append(alleles.index(base) if base in alleles else -1)
    fits = definition.accepts[:, np.arange(len(codes)), codes].all(axis=1) & (np.array(codes) >= 0).all()
    return [name for name, fit in zip(definition.alleles, fits, strict=True) if fit]


@pytest.mark.parametrize(
    "rsid",
    ["rs3758581", "rs1135840", "rs16947", "rs1058164", "rs776746", "rs1801265", "rs6025", "rs2230037"],
)
def test_1_reference_bases_differ_between_the_builds(rsid: str) -> None:
    rows = VARIANTS.filter(pl.col("rsid") == rsid)
    assert rows.height
    for row in rows.iter_rows(named=True):
        assert row["ref_differs"] == "y"
        assert row["ref_grch37"] != row["ref"]
    site = KB.sites.filter(pl.col("rsids").list.contains(rsid)).row(0, named=True)
    assert site["ref_grch37"] != site["ref"]
    assert site["ref_grch37"] in site["alleles"]


@pytest.mark.parametrize(
    ("gene", "grch38", "grch37"),
    [
        ("CYP3A5", "*1", "*3"),
        ("F5", "Reference", "Leiden"),
        ("CYP2C19", "*38", "*1"),
        ("DPYD", "Reference", "c.85T>C (*9A)"),
        ("SULT1A1", "*3", "*3"),
    ],
)
def test_1_each_reference_sequence_carries_its_own_allele(gene: str, grch38: str, grch37: str) -> None:
    definition = KB.gene(gene)
    assert grch38 in carried_by(definition, "grch38")
    assert grch37 in carried_by(definition, "grch37")
    assert (definition.row["grch38_allele"], definition.row["grch37_allele"]) == (grch38, grch37)


def test_2_all_reference_on_grch38_is_star_38_of_cyp2c19() -> None:
    assert carried_by(KB.gene("CYP2C19"), "grch38") == ["*38"]
    star1 = KB.gene("CYP2C19").alleles.index("*1")
    required = KB.sites["rsids"].gather(KB.gene("CYP2C19").sites[KB.gene("CYP2C19").defining[star1]])
    assert [one for ids in required for one in ids] == ["rs3758581"]


def test_3_functions_are_the_newest_and_the_older_release_is_kept_apart() -> None:
    functions = KB.table("functions").pivot("scheme", index=["gene", "allele"], values="function")
    changed = functions.filter((pl.col("CPIC") != pl.col("PharmCAT-3.1.1")) & pl.col("PharmCAT-3.1.1").is_not_null())
    counts = dict(changed.group_by("gene").len().iter_rows())
    assert (counts["TPMT"], counts["NUDT15"]) == (23, 5)
    assert phenotype("NUDT15", "*3", "*5") == "Poor Metabolizer"
    assert phenotype("TPMT", "*3A", "*8") == "Intermediate Metabolizer"


def test_3_an_older_release_can_still_be_asked_for() -> None:
    old = rules_for(KB, "NUDT15", "CPIC", function_scheme="PharmCAT-3.1.1")
    new = rules_for(KB, "NUDT15", "CPIC")
    assert any(old.functions[name] != new.functions[name] for name in old.functions)


def test_4_schemes_differ_and_are_never_mixed() -> None:
    assert phenotype("CYP2C19", "*1", "*17", "CPIC") == "Rapid Metabolizer"
    assert phenotype("CYP2C19", "*1", "*17", "DPWG") == "Normal Metabolizer"
    assert rules_for(KB, "CYP2D6", "DPWG").by_score(2.5) == "Ultrarapid Metabolizer"
    assert rules_for(KB, "CYP2D6", "DPWG").by_score(2.25) == "Normal Metabolizer"
    ultrarapid = CONDITIONS.filter(
        pl.col("rec_id").str.starts_with("DPWG")
        & (pl.col("gene") == "CYP2D6")
        & (pl.col("value") == "Ultrarapid Metabolizer")
    )
    assert ultrarapid["score_min"].unique().to_list() == [2.5]


def test_5_scores_are_numbers_and_source_defects_are_not_carried_over() -> None:
    for column in ("score_min", "score_max"):
        assert CONDITIONS[column].dtype == pl.Float64
    assert CONDITIONS.filter(
        pl.col("value").is_in(["n/a", "No Result"]) & (pl.col("match_on") != "no_result")
    ).is_empty()
    for name in ("drugs", "pairs", "functions", "phenotype_rules", "recommendations"):
        frame = KB.table(name)
        for column in frame.select(pl.col(pl.String)).columns:
            assert not frame[column].is_in(["n/a", "NA", "No Result"]).any(), (name, column)
    atomoxetine = RECOMMENDATIONS.filter(pl.col("drug") == "atomoxetine")["rec_id"].to_list()
    ultrarapid = CONDITIONS.filter(pl.col("rec_id").is_in(atomoxetine) & (pl.col("value") == "Ultrarapid Metabolizer"))
    assert ultrarapid.height == 3
    assert all("_down" in code and "_up" not in code for code in ultrarapid["implication"])


def test_6_recommendations_are_looked_up_by_the_right_key() -> None:
    lookups = dict(KB.table("genes").select("gene", "lookup").iter_rows())
    for gene, key in {"CYP2D6": "activity_score", "CYP2C9": "activity_score", "DPYD": "activity_score",
                      "HLA-A": "allele_status", "HLA-B": "allele_status", "CYP2C19": "phenotype"}.items():  # fmt: skip
        assert lookups[gene] == key
    cpic = CONDITIONS.filter(pl.col("rec_id").str.starts_with("CPIC"))
    for gene in ("CYP2D6", "DPYD"):
        kinds = set(cpic.filter(pl.col("gene") == gene)["match_on"])
        assert kinds <= {"activity_score", "phenotype", "no_result"}
        named = cpic.filter((pl.col("gene") == gene) & (pl.col("match_on") == "phenotype"))["value"]
        assert set(named) <= {"Indeterminate"}
    low, high = ("*41", "*10"), ("*1", "*10")
    intermediate, normal = (phenotype_of(KB, "CYP2D6", "CPIC", (one[0],), (one[1],)) for one in (low, high))
    assert (intermediate.activity_score, normal.activity_score) == (0.5, 1.25)


def test_6_one_score_of_two_phenotypes_is_told_apart() -> None:
    capecitabine = RECOMMENDATIONS.filter((pl.col("drug") == "capecitabine") & (pl.col("source") == "DPWG"))["rec_id"]
    rows = CONDITIONS.filter(pl.col("rec_id").is_in(capecitabine.to_list()) & (pl.col("score_min") == 1.0))
    assert set(rows["value"]) == {"Intermediate Metabolizer", "Phenotyping required"}
    for alleles, expected in (
        (("Reference", "c.1905+1G>A (*2A)"), "Intermediate Metabolizer"),
        (("c.2846A>T", "c.2846A>T"), "Phenotyping required"),
    ):
        result = phenotype_of(KB, "DPYD", "DPWG", alleles[:1], alleles[1:])
        outcome = Outcome(alleles, result)
        assert [row["value"] for row in rows.iter_rows(named=True) if meets(KB, "DPWG", row, outcome)] == [expected]


def test_7_dpyd_and_ryr1_are_lists_of_variants_of_which_the_worst_count() -> None:
    for gene in ("DPYD", "RYR1"):
        assert KB.gene(gene).row["caller"] == "variant_list"
    strand = ("c.85T>C (*9A)", "c.1905+1G>A (*2A)")
    assert phenotype_of(KB, "DPYD", "CPIC", strand, ("Reference",)).activity_score == 1.0
    assert phenotype_of(KB, "RYR1", "CPIC", ("c.418G>A", "c.103T>C"), ("Reference",)).phenotype == (
        "Malignant Hyperthermia Susceptibility"
    )


def test_7_the_intronic_variant_decides_hapb3() -> None:
    definition = KB.gene("DPYD")
    rsids = KB.sites["rsids"].gather(definition.sites).to_list()
    needs = {
        name: {one for p in np.flatnonzero(definition.defining[a]) for one in rsids[p]}
        for a, name in enumerate(definition.alleles)
    }
    assert needs["c.1129-5923C>G"] == {"rs75017182"}
    assert not [name for name, ids in needs.items() if ids == {"rs56038477"}]


def test_8_ugt1a1_repeats_are_split_trimmed_and_named_by_the_new_count() -> None:
    repeats = VARIANTS.filter((pl.col("gene") == "UGT1A1") & (pl.col("rsid") == "rs3064744"))
    assert repeats.height == 3
    for row in repeats.iter_rows(named=True):
        assert min(len(row["ref"]), len(row["alt"])) == 1
    definition = KB.gene("UGT1A1")
    site = next(i for i in definition.sites if "rs3064744" in KB.sites["rsids"][int(i)])
    p = list(definition.sites).index(site)
    alleles = KB.sites["alleles"][int(site)].to_list()
    reference = len(alleles[0])
    extra = {
        name: len(alleles[int(np.flatnonzero(definition.accepts[definition.alleles.index(name), p])[0])]) - reference
        for name in ("*1", "*28", "*36", "*37")
    }
    assert extra == {"*1": 0, "*28": 2, "*36": -2, "*37": 4}


def test_8_indels_are_left_aligned_and_trimmed() -> None:
    indels = VARIANTS.filter(pl.col("type").is_in(["ins", "del"]))
    assert indels.height > 50
    for row in indels.iter_rows(named=True):
        assert row["ref"][0] == row["alt"][0]
        shorter = min(len(row["ref"]), len(row["alt"]))
        assert shorter == 1 or (row["ref"][-1] != row["alt"][-1] and row["ref"][1] != row["alt"][1])


def test_9_nat2_has_the_new_numbering_five_required_positions_and_increased_function() -> None:
    row = KB.gene("NAT2").row
    assert len(str(row["required_positions"]).split(";")) == 5
    star4 = KB.table("definitions").filter((pl.col("gene") == "NAT2") & (pl.col("allele") == "*4"))
    assert star4["bases"].to_list() == ["A"]
    site = KB.sites.filter(pl.col("pos_grch38") == star4["pos_grch38"][0]).row(0, named=True)
    assert ("rs1208" in site["rsids"], site["ref"]) == (True, "G")
    assert rules_for(KB, "NAT2").allele("*1").function == "Increased function"
    assert phenotype("NAT2", "*1", "*1") == "Rapid Metabolizer"


def test_10_the_cyp3a5_normal_metabolizer_needs_more_tacrolimus() -> None:
    rows = RECOMMENDATIONS.join(CONDITIONS, on="rec_id").filter(
        (pl.col("drug") == "tacrolimus") & (pl.col("gene") == "CYP3A5") & (pl.col("source") == "CPIC")
    )
    actions = dict(rows.select("value", "action").iter_rows())
    assert actions["Normal Metabolizer"] == "higher_start"
    assert actions["Poor Metabolizer"] == "standard"
    assert phenotype("CYP3A5", "*1", "*1") == "Normal Metabolizer"


def test_11_g6pd_men_are_haploid_and_heterozygous_women_variable() -> None:
    row = KB.gene("G6PD").row
    assert row["inheritance"] == "x_linked"
    assert phenotype("G6PD", "A- 202A_376G", None) == "Deficient"
    assert phenotype("G6PD", "A- 202A_376G", "B (reference)") == "Variable"
    variable = CONDITIONS.filter((pl.col("gene") == "G6PD") & (pl.col("value") == "Variable"))["rec_id"]
    decided = RECOMMENDATIONS.filter(pl.col("rec_id").is_in(variable.to_list()) & (pl.col("action") == "insufficient"))
    assert decided.height
    assert set(decided["monitoring"]) == {"G6PD_ACTIVITY"}


def test_11_a_slash_in_a_name_is_not_a_separator() -> None:
    functions = {str(one.function) for one in rules_for(KB, "G6PD").functions.values()}
    assert {"IV/Normal", "III/Deficient"} <= functions
    pairs = {row["input1"] for row in KB.table("phenotype_rules").iter_rows(named=True) if row["gene"] == "G6PD"}
    assert pairs == functions
    assert phenotype("G6PD", "Mediterranean, Dallas, Panama, Sassari, Cagliari, Birmingham", None) == "Deficient"
    names = KB.table("alleles").filter(pl.col("gene") == "G6PD")["allele"].to_list()
    assert {one.name for one in outcomes(KB, "G6PD", "CPIC") if len(one.alleles) == 1} == set(names)


def test_11_two_g6pd_alleles_cannot_be_called() -> None:
    flagged = KB.table("alleles").filter(pl.col("flags").str.contains("ignored_by_pharmcat"))
    assert set(flagged["gene"]) == {"G6PD"}
    assert flagged["callable"].to_list() == ["n", "n"]
    names = KB.gene("G6PD").alleles
    assert not set(flagged["allele"]) & set(names)


def test_12_mt_rnr1_is_haploid_and_on_the_revised_cambridge_sequence() -> None:
    assert KB.gene("MT-RNR1").row["inheritance"] == "mitochondrial"
    rows = VARIANTS.filter(pl.col("gene") == "MT-RNR1")
    assert set(rows["chrom"]) == {"chrM"}
    assert rows.filter(pl.col("pos_grch38") != pl.col("pos_grch37")).is_empty()
    assert phenotype("MT-RNR1", "Reference", None) == "normal risk of aminoglycoside-induced hearing loss"


def test_13_either_rows_form_one_set_of_accepted_bases() -> None:
    several = KB.table("definitions").filter(pl.col("bases").str.contains("|", literal=True))
    assert several.height == 49
    for gene, allele, position, bases in several.select("gene", "allele", "pos_grch38", "bases").iter_rows():
        definition = KB.gene(gene)
        if allele not in definition.alleles:
            continue
        p = KB.sites["pos_grch38"].gather(definition.sites).to_list().index(position)
        accepted = definition.accepts[definition.alleles.index(allele), p].sum()
        assert accepted == len(bases.split("|")) > 1


def test_14_one_drug_and_phenotype_is_not_one_row() -> None:
    rows = RECOMMENDATIONS.join(CONDITIONS, on="rec_id").filter(
        (pl.col("drug") == "clopidogrel")
        & (pl.col("value") == "Intermediate Metabolizer")
        & (pl.col("source") == "CPIC")
    )
    assert set(rows["population"]) == {"cardiovascular_ACS_PCI", "cardiovascular_non_ACS_non_PCI", "neurovascular"}
    assert RECOMMENDATIONS["population"].null_count() == 0
    known = set(KB.table("populations")["population"]) | {"general"}
    assert set(RECOMMENDATIONS["population"]) <= known


def test_15_attribution_stays_with_each_row() -> None:
    assert RECOMMENDATIONS["source_version"].null_count() == 0
    dpwg = RECOMMENDATIONS.filter(pl.col("source") == "DPWG")
    assert dpwg["guideline_id"].null_count() == 0
    sources = read_sources(KB.folders[0]).sources
    assert "CC-BY-SA-4.0" in sources["clinpgx_2026"].licence
    assert sources["cpic_api_2026_08"].licence.startswith("CC0")


def test_16_cpic_tables_lack_recent_alleles_and_the_panel_lacks_positions() -> None:
    rows = KB.table("frequencies")
    star38 = rows.filter((pl.col("gene") == "CYP2C19") & (pl.col("allele") == "*38"))
    assert set(star38["scheme"]) == {"1KGP superpopulation"}
    panel = rows.filter(
        (pl.col("gene") == "CYP2B6") & pl.col("scheme").str.contains("1KGP") & (pl.col("population") == "EUR")
    )
    counted = dict(panel.select("allele", "frequency").iter_rows())
    assert counted.get("*9", 0) > counted.get("*6", 0)
    priors = {(g, h): f for g, h, f in KB.table("priors").select("gene", "haplotype", "eur").iter_rows()}
    assert priors["CYP2C19", "*38"] == pytest.approx(0.065, abs=0.02)
    assert priors["CYP2B6", "*6"] > 0.15


def test_17_effects_that_rest_on_memory_are_marked() -> None:
    effects = KB.table("effects")
    assert effects["confidence"].null_count() == 0
    recalled = effects.filter(pl.col("confidence").str.contains("recall"))
    assert recalled.height >= 26
    assert effects.filter(pl.col("confidence") == "recall").height >= 18
    checked = effects.filter(
        pl.col("pmid").is_not_null() & ~pl.col("pmid").str.contains(r"^((PMC)?[0-9]+$|doi:10\.|https://|preprint: )")
    )
    assert checked.is_empty()


def test_every_diplotype_of_every_gene_with_rules_has_a_phenotype() -> None:
    pairs = KB.table("phenotype_rules").select("gene", "scheme").unique().sort("gene", "scheme").rows()
    count = 0
    for gene, scheme in pairs:
        for outcome in outcomes(KB, gene, scheme):
            assert outcome.result.phenotype, (gene, scheme, outcome.name)
            count += 1
    assert count > 150_000


def test_a_merged_number_is_one_more_number_of_its_position():
    site = KB.sites.filter(pl.col("rsids").list.contains("rs8175347")).row(0, named=True)
    assert site["rsids"] == ["rs3064744", "rs8175347"]
    assert site["genes"] == ["UGT1A1"]
