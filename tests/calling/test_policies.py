"""Each gene's policy, by hand: what a person with these bases is called."""

from __future__ import annotations

import polars as pl
import pytest

from pgx.calling import call
from pgx.types import NOT_CALLED, SPANNED, UNREAD, State
from tests.calling.build import genotypes

RS3758581, STAR2, STAR17, STAR3 = 94842866, 94781859, 94761900, 94780653
"""CYP2C19: *1 carries G at rs3758581 while GRCh38 carries A (= *38)."""
ON_STAR1 = {RS3758581: ("G", "G")}


def names(called):
    return [diplotype.name for diplotype in called.diplotypes]


def test_the_grch38_sequence_of_cyp2c19_is_star38(one):
    assert names(one("CYP2C19", {})) == ["*38/*38"]


def test_cyp2c19_star1_carries_g_at_rs3758581(one):
    called = one("CYP2C19", ON_STAR1)
    assert names(called) == ["*1/*1"]
    assert called.status == "called"
    assert called.positions_called == called.positions_total


def test_untyped_rs3758581_is_not_read_as_star38(one):
    called = one("CYP2C19", {RS3758581: (None, None)})
    assert names(called)[0] == "*1/*1"
    assert "*1/*38" in names(called)
    assert "positions_missing" in called.flags


def test_cyp2c19_alleles_in_the_reference_alleles_order(one):
    called = one("CYP2C19", ON_STAR1 | {STAR2: ("G", "A"), 94775367: ("A", "G"), STAR17: ("C", "T")})
    assert names(called)[0] == "*2/*17"


def test_tpmt_3a_on_one_strand_is_more_probable_than_3b_and_3c(one):
    called = one("TPMT", {18138997: ("C", "T"), 18130687: ("T", "C")})
    assert names(called)[0] == "*1/*3A"
    assert called.diplotypes[0].probability > 0.99
    assert "phase_unknown" in called.flags


def test_tpmt_3b_and_3c_on_two_strands_when_the_phase_says_so(one):
    called = one("TPMT", {18138997: ("C", "T"), 18130687: ("C", "T")}, phased=True)
    assert names(called) == ["*3B/*3C"]


def test_phase_sets_hold_within_themselves_only(one):
    bases = {18138997: ("C", "T"), 18130687: ("C", "T")}
    same = one("TPMT", bases, phased=True, phase_sets={18138997: 7, 18130687: 7})
    different = one("TPMT", bases, phased=True, phase_sets={18138997: 7, 18130687: 9})
    assert names(same) == ["*3B/*3C"]
    assert names(different)[0] == "*1/*3A"


def test_one_heterozygous_position_needs_no_phase(one):
    called = one("TPMT", {18130687: ("T", "C")})
    assert names(called) == ["*1/*3C"]
    assert "phase_unknown" not in called.flags


def test_nothing_known_is_not_called(one):
    called = one("CYP2C9", {}, filled=False)
    assert (called.status, called.diplotypes, called.flags) == ("not_called", (), ("no_data",))


def test_a_call_that_rests_on_frequencies_is_not_a_call(one):
    called = one("CYP2C9", {94938683: ("A", "A")}, filled=False)
    assert called.status == "ambiguous"
    assert "prior_driven" in called.flags


def test_cyp2b6_without_rs2279343_is_star6_not_star9(one):
    called = one("CYP2B6", {41006936: ("G", "T"), 41009358: (None, None)})
    assert names(called)[0] == "*1/*6"
    assert "*1/*9" in names(called)


def test_cyp2b6_with_rs2279343_is_what_it_is(one):
    assert names(one("CYP2B6", {41006936: ("G", "T")})) == ["*1/*9"]


def test_dpyd_lists_its_variants_per_strand(one):
    apart = one("DPYD", {97450058: ("C", "T"), 97883329: ("G", "A")}, phased=True)
    together = one("DPYD", {97450058: ("C", "T"), 97883329: ("A", "G")}, phased=True)
    assert names(apart) == ["c.85T>C (*9A)/c.1905+1G>A (*2A)"]
    assert names(together) == ["Reference/[c.85T>C (*9A) + c.1905+1G>A (*2A)]"]


def test_dpyd_without_phase_keeps_both_arrangements(one):
    called = one("DPYD", {97450058: ("C", "T"), 97883329: ("A", "G")}, phased=False)
    together = [d for d in called.diplotypes if len(d.parts1) > 1 or len(d.parts2) > 1]
    assert "Reference/[c.85T>C (*9A) + c.1905+1G>A (*2A)]" in [d.name for d in together]
    assert sum(d.probability for d in called.diplotypes) == pytest.approx(1)


def test_hapb3_is_decided_by_the_intron(one):
    intron, exon = 97579893, 97573863
    hapb3 = "c.1129-5923C>G, c.1236G>A (HapB3)"
    assert names(one("DPYD", {intron: ("G", "C"), exon: ("C", "T")}, phased=True)) == [f"Reference/{hapb3}"]
    assert names(one("DPYD", {intron: ("G", "C")})) == ["Reference/c.1129-5923C>G"]
    assert names(one("DPYD", {exon: ("C", "T")})) == ["Reference/Reference"]


def test_hapb3_by_its_exon_where_the_intron_is_not_tested(one):
    called = one("DPYD", {97579893: (None, None), 97573863: ("C", "T")})
    assert names(called)[0] == "Reference/c.1129-5923C>G, c.1236G>A (HapB3)"
    assert "proxy_position" in called.flags


@pytest.mark.parametrize(
    ("gene", "known"),
    [("RYR1", {38494464: ("C", "T")}), ("RYR1", {38499696: ("C", "A")}), ("DPYD", {97450058: ("C", "A")})],
    ids=["RYR1", "RYR1 beside a common base", "DPYD"],
)
def test_lists_of_variants_pass_over_bases_that_are_not_listed_but_never_without_doubt(one, gene, known):
    called = one(gene, known)
    assert names(called) == ["Reference/Reference"]
    assert "undocumented_passed_over" in called.flags
    assert called.status == "ambiguous"


def test_a_common_base_is_passed_over_without_doubt(one):
    called = one("RYR1", {38499696: ("C", "T")})
    assert names(called) == ["Reference/Reference"]
    assert (called.status, called.flags) == ("called", ())


def test_a_star_gene_does_not_pass_over_them(one):
    called = one("CYP2C19", ON_STAR1 | {STAR2: ("G", "T")})
    assert names(called) == ["*1/*1 + g.94781859G>T"]
    assert {"partial", "undocumented_base"} <= set(called.flags)
    assert called.diplotypes[0].novel2


def test_two_alleles_on_one_strand_are_a_combination(one):
    called = one("CYP2C9", {94942290: ("C", "T"), 94981296: ("A", "C")}, phased=True)
    assert names(called) == ["*1/[*2 + *3]"]
    assert called.diplotypes[0].parts2 == ("*2", "*3")
    assert "combination" in called.flags


def test_nat2_needs_its_five_positions(one):
    called = one("NAT2", {18400593: (None, None)})
    assert called.status == "not_called"
    assert "required_positions_missing" in called.flags
    assert names(one("NAT2", {})) == ["*1/*1"]
    assert names(one("NAT2", {18400806: ("A", "A")})) == ["*4/*4"]


def test_ugt1a1_repeats(one):
    repeat = 233760233
    assert names(one("UGT1A1", {repeat: ("CAT", "CATAT")})) == ["*1/*28"]
    assert names(one("UGT1A1", {repeat: ("CAT", "C")})) == ["*1/*36"]
    both = one("UGT1A1", {repeat: ("CAT", "CATAT"), 233759924: ("C", "T")})
    assert names(both)[0] == "*1/*80+*28"


def test_g6pd_of_a_man_is_one_allele(one):
    called = one("G6PD", {154536002: ("T",), 154535277: ("C",)}, haploid=["G6PD"])
    assert called.diplotypes[0].allele2 is None
    assert called.diplotypes[0].allele1.startswith("A- 202A_376G")


def test_g6pd_of_a_woman_is_two(one):
    called = one("G6PD", {154535277: ("T", "C")})
    assert names(called) == ["B (reference)/A"]


def test_a_heterozygous_position_in_a_man_is_put_aside(one):
    called = one("G6PD", {154535277: ("T", "C")}, haploid=["G6PD"])
    assert "ploidy_conflict" in called.flags
    assert called.diplotypes[0].allele2 is None


def test_mt_rnr1_is_haploid(one):
    called = one("MT-RNR1", {1555: ("G", "G")})
    assert names(called) == ["m.1555A>G"]


def test_heteroplasmy_is_never_a_call(one):
    called = one("MT-RNR1", {1555: ("A", "G")})
    assert called.status == "ambiguous"
    assert "heteroplasmy" in called.flags


def test_a_half_call_keeps_what_it_knows(one):
    called = one("CYP2C9", {94942290: ("T", None)})
    assert "*1/*2" in names(called)
    assert all("*2" in name for name in names(called))


@pytest.mark.parametrize("half", [("C", None), ("C",)])
def test_half_a_genotype_that_shows_a_change_is_no_call(one, half):
    called = one("TPMT", {18130687: half})
    assert called.diplotypes[0].probability > 0.9
    assert called.status == "ambiguous"
    assert "unread_genotype" in called.flags


def test_assumed_reference_is_stamped(one):
    called = one("CYP2C9", {}, state=State.ASSUMED_REFERENCE)
    assert names(called) == ["*1/*1"]
    assert "reference_assumed" in called.flags


@pytest.mark.parametrize("state", ["NO_CALL", "ABSENT", "FILTERED", "UNSUPPORTED"])
def test_unusable_states_are_no_data(one, state):
    assert one("CYP2C9", {}, state=State[state]).flags == ("no_data",)


def test_slco1b1_suballeles_go_by_their_core(one, kb):
    rows = kb.table("definitions")
    of_001 = rows.filter((pl.col("gene") == "SLCO1B1") & (pl.col("allele") == "*45.001"))
    bases = {pos: (b, b) for pos, b in of_001.select("pos_grch38", "bases").iter_rows()}
    assert names(one("SLCO1B1", bases)) == ["*45/*45"]


def test_genes_of_other_methods_are_not_called(one):
    assert one("HLA-B", {}, filled=False).flags == ("other_method_needed",)


def test_the_group_changes_what_is_probable(one):
    unclear = {41006936: ("G", "T"), 41009358: (None, None)}
    african = one("CYP2B6", unclear, group="Sub-Saharan African").diplotypes[0]
    latino = one("CYP2B6", unclear, group="AMR").diplotypes[0]
    assert african.name == latino.name == "*1/*6"
    assert african.probability != latino.probability


def test_a_change_that_is_seen_and_not_told_is_not_read_as_reference(kb):
    found = genotypes(kb, [{}], fill=["TPMT"])
    site = kb.sites["pos_grch38"].to_list().index(18130687)
    found.alleles[site, 0] = (0, UNREAD)
    found.state[site, 0] = State.UNSUPPORTED
    called = call(found, kb, genes=["TPMT"]).genes[0].patterns[0]
    assert called.status == "ambiguous"
    assert called.diplotypes[0].novel2
    assert {"unread_genotype", "undocumented_base"} <= set(called.flags)


@pytest.mark.parametrize("strands", [(0, UNREAD), (UNREAD, 0)])
def test_the_strand_that_is_read_beside_one_that_is_not_is_a_copy_of_the_reference(kb, strands):
    found = genotypes(kb, [ON_STAR1], fill=["CYP2C19"])
    site = kb.sites["pos_grch38"].to_list().index(STAR3)
    found.alleles[site, 0] = strands
    found.state[site, 0] = State.UNSUPPORTED
    called = call(found, kb, genes=["CYP2C19"]).genes[0].patterns[0]
    assert called.status == "ambiguous"
    assert [(one.allele1, one.novel2) for one in called.diplotypes] == [("*1", True)]


def test_a_variant_that_is_read_beside_a_strand_that_is_not_is_not_lost(kb):
    found = genotypes(kb, [ON_STAR1], fill=["CYP2C19"])
    site = kb.sites["pos_grch38"].to_list().index(STAR3)
    found.alleles[site, 0] = (1, UNREAD)
    found.state[site, 0] = State.UNSUPPORTED
    called = call(found, kb, genes=["CYP2C19"]).genes[0].patterns[0]
    assert called.status == "ambiguous"
    assert all("*3" in (one.allele1, one.allele2) for one in called.diplotypes)


def test_two_strands_that_are_not_read_tell_nothing_of_a_copy(kb):
    found = genotypes(kb, [ON_STAR1], fill=["CYP2C19"])
    site = kb.sites["pos_grch38"].to_list().index(STAR3)
    found.alleles[site, 0] = (UNREAD, UNREAD)
    found.state[site, 0] = State.UNSUPPORTED
    assert all(one.novel1 and one.novel2 for one in call(found, kb, genes=["CYP2C19"]).genes[0].patterns[0].diplotypes)


def test_a_variant_that_failed_a_filter_leaves_doubt(kb):
    found = genotypes(kb, [{}], fill=["TPMT"])
    site = kb.sites["pos_grch38"].to_list().index(18130687)
    found.alleles[site, 0] = (NOT_CALLED, UNREAD)
    found.state[site, 0] = State.FILTERED
    called = call(found, kb, genes=["TPMT"]).genes[0].patterns[0]
    assert called.status == "ambiguous"
    assert "filtered_variant" in called.flags


@pytest.mark.parametrize("deleted", [True, False])
def test_a_deletion_across_a_position_must_be_one_that_the_gene_knows(kb, deleted):
    found = genotypes(kb, [{}], fill=["CYP2D6"])
    places = kb.sites["pos_grch38"].to_list()
    found.alleles[places.index(42128198), 0] = (0, int(deleted))
    found.alleles[places.index(42128200), 0] = (0, SPANNED)
    called = call(found, kb, genes=["CYP2D6"]).genes[0].patterns[0]
    assert ("unread_genotype" in called.flags) == (not deleted)


def test_a_deletion_of_a_whole_copy_explains_the_deletion_across_its_positions(kb):
    found = genotypes(kb, [{}], fill=["CYP2D6"])
    at = kb.sites["pos_grch38"].to_list().index(42128945)
    found.alleles[at, 0] = (1, SPANNED)
    called = call(found, kb, genes=["CYP2D6"], copy_number={(None, "CYP2D6"): 1}).genes[0].patterns[0]
    assert "unread_genotype" not in called.flags
    assert called.diplotypes[0].allele2 == "*5"
