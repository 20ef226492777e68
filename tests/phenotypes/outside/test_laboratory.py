"""Genotypes in the words of laboratories: read exactly, or refused in one clear line; nothing is guessed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgx import knowledge
from pgx.knowledge.rules.phenotypes import rules_for
from pgx.phenotypes.outside import merge
from pgx.phenotypes.outside.changes import key_of
from pgx.phenotypes.outside.laboratory import laboratory_of
from pgx.phenotypes.outside.names import diplotype_of, names_of
from pgx.phenotypes.outside.stated import status_or_phenotype

KB = knowledge.load()
MEDITERRANEAN = "Mediterranean, Dallas, Panama, Sassari, Cagliari, Birmingham"
HAPB3 = "c.1129-5923C>G, c.1236G>A (HapB3)"
T, C = "rs9923231 variant (T)", "rs9923231 reference (C)"


def read(gene, text):
    one, unknown = diplotype_of(KB, gene, text, 1.0)
    return one.allele1, one.allele2, unknown


@pytest.mark.parametrize(
    ("gene", "written", "first", "second"),
    [
        ("SLCO1B1", "*1A/*1B", "*1", "*37"),
        ("SLCO1B1", "*1a/*15A", "*1", "*15"),
        ("CYP2D6", "*4A/*2A", "*4", "*2"),
        ("CYP3A5", "*1/*3A", "*1", "*3"),
        ("G6PD", "Mediterranean (hemizygous)", MEDITERRANEAN, None),
        ("G6PD", "hemizygous A-", "A- 202A_376G", None),
        ("G6PD", "A- (202A)/B (wildtype)", "A- 202A_376G", "B (reference)"),
        ("G6PD", "Canton heterozygous", "B (reference)", "Canton, Taiwan-Hakka, Gifu-like, Agrigento-like"),
        ("G6PD", "B (wildtype)", "B (reference)", None),
        ("VKORC1", "rs9923231 A/A", T, T),
        ("VKORC1", "rs9923231 T/T", T, T),
        ("VKORC1", "rs9923231: CT", C, T),
        ("VKORC1", "-1639 G/A", C, T),
        ("VKORC1", "-1639AA", T, T),
        ("VKORC1", "c.-1639G>A homozygous", T, T),
        ("VKORC1", "\N{MINUS SIGN}1639G>A (heterozygous)", C, T),
        ("VKORC1", "GA", C, T),
        ("DPYD", "*2A/*2A", "c.1905+1G>A (*2A)", "c.1905+1G>A (*2A)"),
        ("DPYD", "HapB3 het", "Reference", HAPB3),
        ("DPYD", "c.1236G>A/HapB3 heterozygous", "Reference", HAPB3),
        ("DPYD", "wild type", "Reference", "Reference"),
        ("DPYD", "wild-type/c.2846A>T", "Reference", "c.2846A>T"),
        ("DPYD", "2846 A/T", "Reference", "c.2846A>T"),
        ("TPMT", "WT/WT", "*1", "*1"),
        ("TPMT", "*1/*3A (IM)", "*1", "*3A"),
        ("TPMT", "*3A/*3C [poor metaboliser]", "*3A", "*3C"),
        ("CYP2D6", "*1/*5 (deletion)", "*1", "*5"),
        ("CYP2D6", "CYP2D6*4/CYP2D6*41", "*4", "*41"),
        ("CYP2D6", "*4 | *10", "*4", "*10"),
        ("CYP2D6", "*1/*2x>=3", "*1", "*2x\N{GREATER-THAN OR EQUAL TO}3"),
        ("CYP2C19", "*17 heterozygous", "*1", "*17"),
        ("CYP2C19", "homozygous for *2", "*2", "*2"),
        ("CYP2C9", "c.1075A>C (A/C)", "*1", "*3"),
        ("UGT1A1", "TA6/TA7", "*1", "*28"),
        ("UGT1A1", "(TA)7/(TA)7", "*28", "*28"),
        ("UGT1A1", "6/7", "*1", "*28"),
        ("MT-RNR1", "A1555G", "m.1555A>G", None),
        ("MT-RNR1", "m.1555A>G (homoplasmic)", "m.1555A>G", None),
        ("F5", "Factor V Leiden heterozygous", "Reference", "Leiden"),
        ("NUDT15", "p.Arg139Cys homozygous", "*3", "*3"),
        ("CYP2B6", "516 G/T", "*1", "*9"),
        ("RYR1", "c.7300G>A hétérozygote", "Reference", "c.7300G>A"),
        ("CFTR", "G551D/F508del", "G551D", "ivacaftor non-responsive CFTR sequence"),
        ("CYP2C19", "*2;*2", "*2", "*2"),
        ("TPMT", "c.[460G>A;719A>G] heterozygous", "*1", "*3A"),
        ("TPMT", "c.[460G>A;719A>G];[=]", "*3A", "*1"),
        ("TPMT", "c.[460G>A];[719A>G]", "*3B", "*3C"),
        ("CYP2D6", "*4; *5", "*4", "*5"),
        ("NUDT15", "Arg139Cys C/T", "*1", "*3"),
        ("NUDT15", "R139C T/T", "*3", "*3"),
        ("NUDT15", "139 Cys/Cys", "*3", "*3"),
        ("CYP4F2", "433 Val/Met", "*1", "*3"),
        ("CYP4F2", "V433M Val/Val", "*1", "*1"),
        ("ABCG2", "141 Q/K", "rs2231142 reference (G)", "rs2231142 variant (T)"),
        ("SLCO1B1", "rs4149056 T>C heterozygous", "*1", "*5"),
        ("SLCO1B1", "rs4149056 A>G: A/G", "*1", "*5"),
    ],
)
def test_what_laboratories_write(gene, written, first, second):
    assert read(gene, written) == (first, second, [])


@pytest.mark.parametrize(
    ("gene", "written", "says"),
    [
        ("CYP2C9", "*3/*3 heterozygous", "contradicts itself"),
        ("CYP2C9", "*1/*3 homozygous", "contradicts itself"),
        ("TPMT", "*3A hemizygous", "two copies"),
        ("CYP2C19", "*2 negative, *2 heterozygous", "contradicts itself"),
        ("DPYD", "c.1905+1G>A not detected, *2A heterozygous", "contradicts itself"),
        ("CYP2C19", "*2 not detected, *2/*3", "contradicts itself"),
        ("SLCO1B1", "c.521T>C A/G", "none of the bases"),
        ("VKORC1", "-1639 C/T", "none of the bases"),
        ("CYP2D6", "*4?", "not the name"),
        ("CYP2D6", "*4 or *10 heterozygous", "not the name"),
        ("CYP2D6", "(*1/*4)x3", "does not say which allele"),
        ("DPYD", "normal", "not the name"),
        ("G6PD", "Atlantis (hemizygous)", "not the name"),
        ("CYP2C19", "rs1 A/A", "not the name"),
        ("NUDT15", "R139C C/C", "a base or an amino acid"),
        ("NUDT15", "Arg139Cys C/C", "a base or an amino acid"),
        ("CYP2C9", "R144C C/C", "a base or an amino acid"),
        ("CYP2C9", "144 Arg/Arg", "says only"),
        ("CYP4F2", "433 Val/Leu", "not the name"),
        ("CYP2D6", "*36;*10", "one strand or two"),
        ("ABCG2", "Q141K (rs2231142): CT", "not of one strand"),
        ("ABCG2", "Q141K (rs4149056): GG", "not the name"),
        ("CYP2C19", "*17 (rs4244285): GA", "not the name"),
        ("VKORC1", "-1639G>A (1173C>A): GG", "not the name"),
        ("TPMT", "A719G (rs1800460): AG", "names two changes"),
        ("DPYD", "banana heterozygous", "not the name"),
    ],
)
def test_what_cannot_be_read_is_refused_in_one_line(gene, written, says):
    with pytest.raises(ValueError, match=says) as caught:
        read(gene, written)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("gene", ["HLA-B", "HLA-A"])
@pytest.mark.parametrize(
    ("word", "status"),
    [("positive", "positive"), ("pos", "positive"), ("detected", "positive"), ("heterozygous", "positive"), ("+", "positive"),
     ("negative", "negative"), ("neg.", "negative"), ("not detected", "negative"), ("absent", "negative"),
     ("nicht", None)],
)  # fmt: skip
@pytest.mark.parametrize("allele", ["{gene}*{a}:01", "*{a}:01", "{letter}*{a}01", "{letter}*{a}:01:", "{a}:01"])
def test_the_status_of_an_allele(gene, allele, word, status):
    group = {"HLA-A": "31", "HLA-B": "57"}[gene]
    written = f"{allele.format(gene=gene, letter=gene[-1], a=group)} {word}"
    assert status_or_phenotype(KB, gene, written) == (f"*{group}:01 {status}" if status else None)


def test_one_cell_holds_gene_and_result(tmp_path):
    path = tmp_path / "s.tsv"
    path.write_text(
        "HLA-B*57:01 positive\nHLA-B*15:02\tnegative\nG6PD Mediterranean (hemizygous)\nCYP2D6*4/*4\nTPMT\tPM\n"
        "CYP2C19 banana\n",
        encoding="utf-8",
    )
    calls, notes = merge.read(path, KB)
    found = {one.gene: one.pattern for one in calls}
    assert found["HLA-B"].stated_phenotype == "*57:01 positive; *15:02 negative"
    assert found["TPMT"].stated_phenotype == "Poor Metabolizer"
    assert found["CYP2D6"].diplotypes[0].allele1 == "*4"
    assert found["G6PD"].diplotypes[0].allele1 == MEDITERRANEAN
    assert [(one.code, one.subject) for one in notes] == [("outside_refused", "CYP2C19")]


def test_every_name_of_the_table_is_read_as_its_allele():
    for gene, name, allele, also in KB.table("allele_names").select("gene", "name", "allele", "also_in").iter_rows():
        if also:
            with pytest.raises(ValueError, match="differ in function"):
                names_of(KB, gene).place(name)
            assert also in set(KB.table("alleles").filter(gene=gene)["allele"])
        else:
            assert names_of(KB, gene).place(name) == (allele, False), (gene, name)
        assert allele in set(KB.table("alleles").filter(gene=gene)["allele"])


def test_no_other_name_hides_the_name_of_an_allele():
    for gene in KB.table("allele_names")["gene"].unique():
        names = names_of(KB, gene)
        for allele in KB.table("alleles").filter(gene=gene)["allele"]:
            assert names.place(allele)[0] == allele, (gene, allele)


@given(st.text(max_size=30), st.sampled_from(["CYP2D6", "HLA-B", "G6PD", "DPYD", "VKORC1", "MT-RNR1"]))
def test_any_text_is_read_or_refused_with_a_reason(text, gene):
    try:
        laboratory_of(KB, gene).read(text)
        status_or_phenotype(KB, gene, text)
        diplotype_of(KB, gene, text, 1.0)
    except ValueError as error:
        assert str(error)


def test_one_form_of_a_change():
    assert {key_of(one) for one in ("c.521T>C", "521T>C", "521 T>C", "T521C", "C.521t>c")} == {"521t>c"}


@pytest.mark.parametrize(
    ("written", "phenotype"),
    [("atypical homozygous", "Poor Metabolizer"), ("D70G heterozygous", "Intermediate Metabolizer")],
)
def test_the_atypical_gene_of_plasma_cholinesterase_tells_the_phenotype_of_the_label(written, phenotype):
    one, two, _ = read("BCHE", written)
    assert rules_for(KB, "BCHE", "CPIC").phenotype((one,), (two,)).phenotype == phenotype
