"""What stands beside a diplotype in its cell is compared with it; a part of the truth is never read as the whole."""

from __future__ import annotations

import re

import pytest

from pgx import knowledge
from pgx.phenotypes.outside import merge
from pgx.phenotypes.outside.beside import tidy

KB = knowledge.load()


def said(tmp_path, gene, *cells, **others):
    """Read lines of one gene and return what is called, and the notes."""
    path = tmp_path / "lab.tsv"
    rows = [f"P1\t{gene}\t{cell}\t{others.get('phenotype', '')}\t{others.get('score', '')}" for cell in cells]
    path.write_text("\n".join(["sample\tgene\tdiplotype\tphenotype\tactivity score", *rows, ""]), encoding="utf-8")
    calls, notes = merge.read(path, KB)
    return [one.pattern for one in calls], notes


@pytest.mark.parametrize(
    ("gene", "cell", "diplotype"),
    [
        ("CYP2D6", "*4/*4 PM", "*4/*4"),
        ("CYP2D6", "PM (*4/*4)", "*4/*4"),
        ("CYP2C19", "Poor metaboliser (*2/*2)", "*2/*2"),
        ("CYP2C19", "*2/*3 langsamer Metabolisierer", "*2/*3"),
        ("CYP2C9", "*1/*3 intermediate metaboliser", "*1/*3"),
        ("CYP2C9", "*1/*1 wild-type", "*1/*1"),
        ("DPYD", "wild type (*1/*1)", "Reference/Reference"),
        ("CYP2C9", "*1/*2 (AS 1,5)", "*1/*2"),
        ("CYP3A5", "*1/*3 expresser", "*1/*3"),
        ("CYP3A5", "*3/*3 (Nicht-Expresser)", "*3/*3"),
        ("SLCO1B1", "*1/*5 (decreased function)", "*1/*5"),
        ("CYP2D6", "*1/*5 (gene deletion)", "*1/*5"),
        ("CYP2C19", "\N{ASTERISK OPERATOR}2/\N{FULLWIDTH ASTERISK}3", "*2/*3"),
        ("CYP2C19", "* 1\N{NO-BREAK SPACE}/ * 2", "*1/*2"),
        ("CYP2C19", "*1*2", "*1/*2"),
        ("CYP2D6", "(*1x2)/*41", "*1x2/*41"),
        ("CYP2D6", "*1/*1 dup", "*1/*1xN"),
        ("CYP2D6", "(*1/*1)x3", "*1/*1x2"),
        ("CYP2C19", "*2/*2 \N{EN DASH} Poor Metabolizer", "*2/*2"),
        ("TPMT", "*1/*3A (intermediate activity)", "*1/*3A"),
        ("CYP2C9", "A/C (c.1075A>C)", "*1/*3"),
        ("VKORC1", "AA (-1639G>A)", "rs9923231 variant (T)/rs9923231 variant (T)"),
        ("DPYD", "rs67376798 T/A", "Reference/c.2846A>T"),
        ("CYP2D6", "CYP2D6 (*4|*4)", "*4/*4"),
        ("CYP2D6", "allele 1: *4, allele 2: *41", "*4/*41"),
        ("CYP2C19", "*2/*2 (homozygous, no function)", "*2/*2"),
        ("CYP2C19", "CYP2C19*2 heterozygous carrier", "*1/*2"),
        ("CYP2C19", "681G>A: G/A; 636G>A: G/G", "*1/*2"),
        ("TPMT", "719A>G: AG, 460G>A: GG", "*1/*3C"),
        ("TPMT", "c.[460G>A];[719A>G]", "*3B/*3C"),
        ("DPYD", "c.1905+1G>A G/A; c.1679T>G T/T; c.2846A>T A/A", "Reference/c.1905+1G>A (*2A)"),
        ("DPYD", "*2A heterozygous, AS 1", "Reference/c.1905+1G>A (*2A)"),
        ("DPYD", "c.[1905+1G>A];[2846A>T]", "c.1905+1G>A (*2A)/c.2846A>T"),
        ("DPYD", "c.[1905+1G>A];[=]", "c.1905+1G>A (*2A)/Reference"),
        ("UGT1A1", "rs8175347 (TA)7/(TA)7", "*28/*28"),
        ("UGT1A1", "rs3064744: 6/7", "*1/*28"),
        ("CYP4F2", "rs2108622 CC", "*1/*1"),
        ("UGT1A1", "TA 7/7", "*28/*28"),
        ("UGT1A1", "[TA]6/[TA]7", "*1/*28"),
        ("NUDT15", "Arg139Cys heterozygous", "*1/*3"),
        ("CFTR", "p.Gly551Asp/p.Phe508del", "G551D/ivacaftor non-responsive CFTR sequence"),
        ("CFTR", "\N{GREEK CAPITAL LETTER DELTA}F508/G551D", "ivacaftor non-responsive CFTR sequence/G551D"),
        ("G6PD", "A- (202A/376G)", "A- 202A_376G"),
        ("G6PD", "Viangchan (c.871G>A) hemizygous", "Viangchan, Jammu"),
        ("MT-RNR1", "m.1555A>G positive", "m.1555A>G"),
        ("MT-RNR1", "m.1555 A>G (heteroplasmic 40%)", "m.1555A>G"),
        ("IFNL3", "IL28B CC", "rs12979860 reference (C)/rs12979860 reference (C)"),
        ("CYP2C19", "c.681G>A homozygot mutiert", "*2/*2"),
        ("F5", "FVL het", "Reference/Leiden"),
        ("NAT2", "slow acetylator (*5/*6)", "*5/*6"),
        ("CYP2D6", "*4/*4, poor metabolizer", "*4/*4"),
        ("CYP2D6", "CYP2D6*4/*4: PM", "*4/*4"),
        ("CYP2D6", "*4/*4 (poor metaboliser, AS 0)", "*4/*4"),
        ("CYP2C19", "het. *2", "*1/*2"),
        ("CYP2C19", "*2 heterozigoto", "*1/*2"),
        ("UGT1A1", "TA6/TA7 (*1/*28)", "*1/*28"),
        ("UGT1A1", "*1/*28 (TA6/TA7)", "*1/*28"),
        ("UGT1A1", "(TA)7TAA/(TA)7TAA", "*28/*28"),
        ("MT-RNR1", "1555A>G detected (homoplasmic)", "m.1555A>G"),
        ("DPYD", "c.1905+1G>A detected, heterozygous", "Reference/c.1905+1G>A (*2A)"),
        ("CYP3A5", "*3/*3 non expresser", "*3/*3"),
    ],
)
def test_a_cell_of_more_than_a_diplotype(tmp_path, gene, cell, diplotype):
    (one,), notes = said(tmp_path, gene, cell)
    assert one.diplotypes[0].name == diplotype
    assert notes == []


@pytest.mark.parametrize(
    ("cell", "diplotypes"),
    [
        ("*1/*2 dup", {"*1/*2xN", "*1xN/*2"}),
        ("(*1/*2)xN", {"*1/*2xN", "*1xN/*2"}),
        ("(*1/*2)x3", {"*1/*2x2", "*1x2/*2"}),
        ("(*1/*2)x4", {"*1/*2x3", "*1x2/*2x2", "*1x3/*2"}),
        ("(*1/*1)x4", {"*1/*1x3", "*1x2/*1x2"}),
        ("*1/*2 dup (UM)", {"*1/*2xN", "*1xN/*2"}),
    ],
)
def test_where_the_cell_does_not_say_which_allele_is_duplicated_each_of_them_may_be(tmp_path, cell, diplotypes):
    (one,), notes = said(tmp_path, "CYP2D6", cell)
    assert {each.name for each in one.diplotypes} == diplotypes
    assert {each.probability for each in one.diplotypes} == {1 / len(diplotypes)}
    assert "several_genotypes" in one.flags
    assert notes == []


def test_of_several_that_one_cell_may_mean_one_line_asks_for_the_number_of_copies(tmp_path):
    _, (note,) = said(tmp_path, "CYP2D6", "*9/*10 dup")
    assert "write the number, as in *10x2 or *10x3" in note.message


@pytest.mark.parametrize(
    ("gene", "cell", "phenotype", "score"),
    [
        ("CYP2D6", "activity score 0.5", None, 0.5),
        ("CYP2D6", "CYP2D6 activity score: 3.0", None, 3.0),
        ("DPYD", "AS=1", None, 1.0),
        ("CYP2D6", "m\N{LATIN SMALL LETTER E WITH ACUTE}taboliseur lent", "Poor Metabolizer", None),
        ("CYP3A5", "non-expresser", "Poor Metabolizer", None),
        ("NAT2", "slow acetylator", "Poor Metabolizer", None),
        ("HLA-B", "HLA-B*57:01 negative, HLA-B*58:01 positive", "*57:01 negative; *58:01 positive", None),
        ("HLA-B", "HLA-B*57:01 negative; *15:02 nicht nachgewiesen", "*57:01 negative; *15:02 negative", None),
        ("HLA-B", "non-carrier of HLA-B*58:01", "*58:01 negative", None),
        ("HLA-B", "*57:01:01 positive", "*57:01 positive", None),
        ("HLA-B", "Presencia de HLA-B*57:01", "*57:01 positive", None),
        ("HLA-B", "absence of HLA-B*57:01", "*57:01 negative", None),
        ("CYP2D6", "metabolizzatore lento", "Poor Metabolizer", None),
        ("CYP2D6", "trage metaboliseerder", "Poor Metabolizer", None),
        ("HLA-B", "*57:01 Positive (heterozygous)", "*57:01 positive", None),
        ("HLA-B", "HLA-B*57:01-positive", "*57:01 positive", None),
        ("HLA-B", "HLA-B*57:01- negative", "*57:01 negative", None),
        ("DPYD", "intermediate metaboliser, activity score 1.0", "Intermediate Metabolizer", 1.0),
    ],
)
def test_a_cell_without_a_diplotype(tmp_path, gene, cell, phenotype, score):
    (one,), notes = said(tmp_path, gene, cell)
    assert (one.diplotypes, one.stated_phenotype, one.stated_score) == ((), phenotype, score)
    assert notes == []


@pytest.mark.parametrize(
    ("gene", "cell", "says"),
    [
        ("CYP2D6", "*1/*1 (PM)", "the laboratory says Poor Metabolizer"),
        ("CYP2D6", "*4/*4 NM", "the laboratory says Normal Metabolizer"),
        ("CYP2D6", "*4/*4 (AS 2)", "the laboratory says 2"),
        ("SLCO1B1", "*5/*5 (normal function)", "the laboratory says Normal Function"),
        ("CYP3A5", "*3/*3 (expresser)", "say that it is not"),
        ("CYP2C19", "*2/*2 wild type", "is not the wild type"),
        ("CYP2D6", "*1/*4 duplication", "does not say which allele"),
        ("CYP2D6", "(*2/*41)xN", "does not say which allele"),
        ("CYP2D6", "(*1/*2)x2", "are no duplication"),
        ("CYP2D6", "(*1/*2)x13", "are more than the 12 that can be"),
        ("CYP2D6", "*4/*5 dup", "is a deletion, which has no copies"),
        ("CYP2D6", "*5/*5 dup", "is a deletion, which has no copies"),
        ("CYP2D6", "(*5/*4)x3", "is a deletion, which has no copies"),
        ("CYP2D6", "*1/*2 dup (PM)", "the laboratory says Poor Metabolizer"),
        ("DPYD", "c.[1905+1=];[1905+1=]", "not the name"),
        ("DPYD", "rs67376798 T/T", "on which strand"),
        ("CYP2C9", "CC (rs1799853)", "other changes"),
        ("CYP2C19", "*1/*2 \N{EM DASH} Poor Metabolizer", "the laboratory says Poor Metabolizer"),
        ("TPMT", "*3A/*3A (reduced activity)", "the laboratory says Intermediate Metabolizer"),
        ("CYP2D6", "*1x0/*4", "1 to 12"),
        ("CYP2D6", "*1x100/*1", "1 to 12"),
        ("TPMT", "deficient", "no phenotype of TPMT"),
        ("DPYD", "Decreased Function", "no phenotype of DPYD"),
        ("SLCO1B1", "Poor Metabolizer", "no phenotype of SLCO1B1"),
        ("CYP2C19", "normal", "no phenotype of CYP2C19"),
        ("CYP3A5", "expresser", "not the name"),
        ("HLA-B", "*57:01 positive; *57:01 negative", "positive and negative"),
        ("HLA-B", "*57:01:01 negative", "leaves open"),
        ("HLA-A", "*57:01 positive", "not the name of an allele of HLA-A"),
        ("DPYD", "*2A not detected", "not which alleles were"),
        ("DPYD", "*2A detected", "one copy or both"),
        ("DPYD", "no DPYD*2A detected", "which alleles were found"),
        ("CYP2C19", "*2 carrier", "one copy or both"),
        ("SLCO1B1", "c.388A>G homozygous", "differ in function"),
        ("SLCO1B1", "rs2306283 G/G", "differ in function"),
        ("CYP2B6", "c.785A>G A/G", "differ in function"),
        ("CYP2D6", "rs1065852 C/T", "differ in function"),
        ("G6PD", "c.376A>G hemizygous", "differ in function"),
        ("CYP2D6", "1846 G/G", "other changes"),
        ("CYP2C19", "rs4244285 GG", "other changes"),
        ("DPYD", "rs3918290 C/C", "other changes"),
        ("UGT1A1", "*28/*28 (TA6/TA7)", "not the same alleles"),
        ("DPYD", "Poor metabolizer (AS 2)", "activity score 2 is Normal"),
        ("CYP2C19", "1/2", r"did you mean \*1"),
        ("CYP2C9", "rs1799853 C/T, rs1057910 A/C", "on one strand or two"),
        ("DPYD", "c.1905+1G>A G/G; c.2846A>T A/A", "other changes"),
        ("DPYD", "c.1905+1G>A G/A; c.1905+1G>A G/G", "contradicts itself"),
        ("DPYD", "*2A heterozygous, AS 2", "the laboratory says 2"),
        ("TPMT", "460G>A/719A>G", r"may be \*3A on one strand"),
        ("TPMT", "A154T/Y240C heterozygous", r"may be \*3A on one strand"),
        ("CYP2C19", "*2/*3 (homozygous)", "not homozygous or heterozygous as"),
        ("CYP2C19", "*2/*2 (heterozygous, no function)", "not homozygous or heterozygous as"),
    ],
)
def test_what_contradicts_itself_or_tells_a_part_is_refused(tmp_path, gene, cell, says):
    calls, notes = said(tmp_path, gene, cell)
    assert calls == []
    (one,) = notes
    assert one.code == "outside_refused"
    assert "lab.tsv: line 2: " in one.message
    assert "\n" not in one.message
    assert re.search(says, one.message)


@pytest.mark.parametrize(
    ("gene", "cell"),
    [("SLCO1B1", "rs4149056 T/T"), ("NUDT15", "415CC"), ("CYP3A5", "6986 A/A"), ("VKORC1", "GG"), ("ABCG2", "421 C/C")],
)
def test_two_reference_bases_where_one_position_decides(tmp_path, gene, cell):
    (one,), _ = said(tmp_path, gene, cell)
    reference = KB.table("alleles").filter(gene=gene, reference="y")["allele"][0]
    assert one.diplotypes[0].name == f"{reference}/{reference}"


def test_a_cell_and_a_column_that_differ(tmp_path):
    calls, notes = said(tmp_path, "CYP2D6", "*4/*4 (PM)", phenotype="NM")
    assert calls == []
    assert "another cell of the line" in notes[0].message
    (one,), notes = said(tmp_path, "CYP2D6", "*4/*4 (PM)", phenotype="Poor metaboliser", score="0")
    assert (one.diplotypes[0].name, notes) == ("*4/*4", [])


@pytest.mark.parametrize("word", ["failed", "QNS", "n.d.", "not tested", ""])
def test_a_test_that_gave_nothing_is_no_call(tmp_path, word):
    calls, notes = said(tmp_path, "CYP2C19", word)
    assert calls == []
    assert [one.code for one in notes] == ["outside_no_call"]


def test_copies_that_nobody_counted_matter_only_where_their_number_decides(tmp_path):
    (one,), notes = said(tmp_path, "CYP2D6", "*2xN/*4")
    assert [note.code for note in notes] == ["outside_refused"]
    assert "as in *2x2 or *2x3" in notes[0].message
    assert "outside_refused" in one.flags
    assert said(tmp_path, "CYP2D6", "*1/*2xN")[1] == []
    assert said(tmp_path, "CYP2D6", "*4xN/*4")[1] == []


def test_plain_letters():
    assert tidy("\N{ZERO WIDTH SPACE}*1\N{NARROW NO-BREAK SPACE}/\N{HEAVY ASTERISK}17") == "*1 /*17"
    assert tidy("(TA)6/7") == "TA6/TA7"


@pytest.mark.parametrize(
    ("gene", "cell", "why"),
    [
        ("CYP2D6", "*1/*1 (gene deletion)", "no deleted copy"),
        ("CYP2D6", "*1/*4, gene deletion", "no deleted copy"),
        ("CYP2D6", "*1/*4 deletion", "no deleted copy"),
        ("CYP2C19", "*1/*2 (deletion)", "no deleted copy"),
        ("HLA-B", "*57:01 negative (heterozygous)", "contradicts itself"),
        ("HLA-B", "*57:01 not detected (homozygous)", "contradicts itself"),
        ("CYP2D6", "*36*10", "one strand or two"),
        ("CYP2D6", "*13*2", "one strand or two"),
        ("CYP2D6", "*4*68", "one strand or two"),
    ],
)
def test_a_deletion_a_status_or_a_tandem_that_may_be_otherwise_is_refused(tmp_path, gene, cell, why):
    called, notes = said(tmp_path, gene, cell)
    assert not any(one.diplotypes or one.stated_phenotype for one in called)
    assert len(notes) == 1 and why in notes[0].message


@pytest.mark.parametrize(
    ("gene", "cell", "diplotype"),
    [("CYP2D6", "*5/*5 deletion", "*5/*5"), ("CYP2D6", "*4/*5, gene deletion", "*4/*5"), ("CYP2D6", "*1*4", "*1/*4"),
     ("CYP2C19", "*1*2", "*1/*2")],
)  # fmt: skip
def test_a_deletion_that_the_alleles_say_and_plain_alleles_without_a_slash_are_read(tmp_path, gene, cell, diplotype):
    called, notes = said(tmp_path, gene, cell)
    assert [one.diplotypes[0].name for one in called] == [diplotype] and not notes


def test_one_copy_that_an_hla_allele_has_is_read(tmp_path):
    called, notes = said(tmp_path, "HLA-B", "*57:01 positive (heterozygous)")
    assert [one.stated_phenotype for one in called] == ["*57:01 positive"] and not notes
