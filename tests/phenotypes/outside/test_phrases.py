"""Results in the words of laboratories' reports, judged before they were read: none is read as another result."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from pgx import knowledge
from pgx.phenotypes.outside import merge
from pgx.phenotypes.outside.changes import numbers_of
from pgx.phenotypes.outside.laboratory import laboratory_of
from pgx.phenotypes.outside.names import diplotype_of

KB = knowledge.load()
WRITTEN = pl.read_csv(Path(__file__).parents[2] / "data/laboratory_phrases.tsv", separator="\t", quote_char=None)


def meaning(tmp_path, gene, written):
    path = tmp_path / "said.tsv"
    path.write_text(f"{gene}\t{written}\n", encoding="utf-8")
    calls, notes = merge.read(path, KB)
    if not calls or any("could not be judged" in note.message for note in notes):
        assert len(notes) == 1 and "\n" not in notes[0].message
        return "refused"
    pattern = calls[0].pattern
    if not pattern.diplotypes:
        return pattern.stated_phenotype
    return "|".join(sorted((pattern.diplotypes[0].allele1, pattern.diplotypes[0].allele2 or "")))


@pytest.mark.parametrize(("gene", "written", "expected", "may_be_refused"), WRITTEN.rows())
def test_a_phrase_means_what_was_judged_before(tmp_path, gene, written, expected, may_be_refused):
    allowed = {"|".join(sorted(expected.split("|")))} | ({"refused"} if may_be_refused == "y" else set())
    assert meaning(tmp_path, gene, written) in allowed


@pytest.mark.parametrize(
    ("gene", "written", "says"),
    [
        ("MT-RNR1", "m.1555A", "only that m.1555A>G was not found.*Reference if all of the gene was read"),
        ("MT-RNR1", "m.1555A>G not detected", "only that m.1555A>G was not found.*Reference if all"),
        ("MT-RNR1", "m.1555C", "none of the bases A and G"),
        ("VKORC1", "rs9923231 C/A", "not of one strand"),
        ("VKORC1", "rs2359612 AG", "not the name of a change of VKORC1"),
        ("DPYD", "c.2846A>T het, HapB3 het", "one strand or two; if on two, write c.2846A>T/HapB3"),
        ("RYR1", "c.7300G>A het, c.1840C>T het", "one strand or two"),
        ("CYP2C19", "one copy of *1", "the other allele is not named"),
        ("G6PD", "one copy of A-", "not the name"),
        ("TPMT", "rs1142345 T/G", "."),
    ],
)
def test_what_has_no_one_meaning_is_refused_with_what_to_write(gene, written, says):
    with pytest.raises(ValueError, match=says):
        diplotype_of(KB, gene, written, 1.0)


def test_an_rsid_of_two_changes_is_the_one_that_the_allele_has():
    assert laboratory_of(KB, "TPMT").changes["rs1142345"] == ("*3C", "T", "C", True)


@pytest.mark.parametrize(
    ("gene", "written", "allele1", "allele2"),
    [
        ("CYP2C19", "rs28399504 A/G", "*1", "*4"),
        ("CYP2C19", "rs56337013 heterozygous", "*1", "*5"),
        ("RYR1", "rs118192172 C/T", "Reference", "c.1840C>T"),
        ("DPYD", "rs72549310 C/T", "Reference", "c.61C>T"),
        ("TPMT", "rs1800584 C/T", "*1", "*4"),
    ],
)
def test_an_rsid_that_one_allele_alone_has_is_read_without_a_name_of_its_own(gene, written, allele1, allele2):
    diplotype, unknown = diplotype_of(KB, gene, written, 1.0)
    assert ((diplotype.allele1, diplotype.allele2), unknown) == ((allele1, allele2), [])


@pytest.mark.parametrize(
    ("gene", "written", "says"),
    [
        ("CYP2C19", "rs28399504 A/A", "says only that"),
        ("CYP2C19", "rs58973490 G/A", "not the name of a change"),
        ("CYP2C19", "rs3758581 A/G", "not the name of a change"),
        ("CYP2D6", "rs5030865 C/A", "not the name of a change"),
    ],
)
def test_an_rsid_that_several_alleles_may_have_is_refused(gene, written, says):
    with pytest.raises(ValueError, match=says):
        diplotype_of(KB, gene, written, 1.0)


def test_rsids_tell_an_allele_only_where_no_other_may_have_the_change():
    genes = KB.table("genes").filter(tier="guideline", caller="named_allele")["gene"]
    may_have = KB.table("definitions").group_by("variants").agg("allele")
    bases = {
        (gene, rsid): name for gene, rsid, name in KB.table("variants").select("gene", "rsid", "variant_id").rows()
    }
    for gene in genes:
        for rsid, allele in numbers_of(KB, gene):
            assert may_have.filter(variants=bases[gene, rsid])["allele"].to_list() == [[allele]], (gene, rsid)


@pytest.mark.parametrize(
    ("gene", "written", "allele"),
    [
        ("DPYD", "c.1905+1G>A (IVS14+1G>A; *2A) het", "c.1905+1G>A (*2A)"),
        ("NUDT15", "c.415C>T (p.(Arg139Cys); rs116855232) het", "*3"),
        ("TPMT", "TPMT*3C (c.719A>G; p.Tyr240Cys) het", "*3C"),
        ("RYR1", "p.(Arg2454His) het", "c.7361G>A"),
    ],
)
def test_an_allele_may_be_named_several_times_in_brackets(gene, written, allele):
    diplotype, unknown = diplotype_of(KB, gene, written, 1.0)
    assert (diplotype.allele2, unknown) == (allele, [])


@pytest.mark.parametrize("written", ["c.1905+1G>A (*13; rs3918290) het", "c.1905+1G>A (*2A; banana) het"])
def test_names_in_brackets_that_do_not_agree_are_refused(written):
    with pytest.raises(ValueError, match="not the name"):
        diplotype_of(KB, "DPYD", written, 1.0)


@pytest.mark.parametrize(
    ("gene", "written", "expected"),
    [
        ("F5", "Factor V Leiden heterozygous", "Leiden|Reference"),
        ("F5", "Factor V Leiden homozygous", "Leiden|Leiden"),
        ("F5", "heterozygous", "Leiden|Reference"),
        ("BCHE", "Poor Metabolizer", "Poor Metabolizer"),
    ],
)
def test_a_phenotype_that_tells_both_alleles_is_read_as_alleles(tmp_path, gene, written, expected):
    assert meaning(tmp_path, gene, written) == expected


@pytest.mark.parametrize(
    ("gene", "written", "expected"),
    [
        ("DPYD", "c.557A>G heterozygous (p.Tyr186Cys)", "Reference|c.557A>G"),
        ("DPYD", "Y186C het", "Reference|c.557A>G"),
        ("DPYD", "c.496A>G het (M166V)", "Reference|c.496A>G"),
        ("DPYD", "V732I het (*6)", "Reference|c.2194G>A (*6)"),
        ("RYR1", "c.742G>A (p.Gly248Arg), heterozygot", "Reference|c.742G>A"),
        ("RYR1", "c.742G>A (p.Gly249Arg), heterozygot", "refused"),
        ("DPYD", "c.557A>G heterozygous (p.Tyr186His)", "refused"),
    ],
)
def test_a_change_of_the_protein_that_the_base_can_make_is_its_second_name(tmp_path, gene, written, expected):
    assert meaning(tmp_path, gene, written) == expected


@pytest.mark.parametrize(
    ("written", "allele"),
    [
        ("c.1003G>A hemizygous (Chatham)", "Chatham"),
        ("Harilaou (c.648T>G) hemizygous", "Harilaou"),
        ("c.844G>C hemizygous", "Seattle, Lodi, Modena, Ferrara II, Athens-like"),
        ("c.1160G>A hemizygous", "Beverly Hills, Genova, Iwate, Niigata, Yamaguchi"),
    ],
)
def test_alleles_of_g6pd_are_known_by_their_change(tmp_path, written, allele):
    assert meaning(tmp_path, "G6PD", written).strip("|") == allele


@pytest.mark.parametrize("written", ["total activity score 2.5", "overall AS: 2.5", "activity score total 2.5"])
def test_a_total_activity_score_is_the_activity_score(tmp_path, written):
    path = tmp_path / "said.tsv"
    path.write_text(f"CYP2D6\t{written}\n", encoding="utf-8")
    (call,), notes = merge.read(path, KB)
    assert call.pattern.stated_score == 2.5 and not notes
