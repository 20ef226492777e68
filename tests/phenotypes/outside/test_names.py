"""Names of alleles, diplotypes, phenotypes and scores as other tools write them."""

from __future__ import annotations

import pytest

from pgx.knowledge import load
from pgx.phenotypes.outside.names import diplotype_of, names_of, split_strands
from pgx.phenotypes.outside.stated import is_no_call, phenotype_of, score_of

KB = load()


@pytest.mark.parametrize("text", [None, "", " ", ".", "-", "N/A", "No Call", "./.", "Unknown", "indeterminate", "[]"])
def test_words_for_no_call(text):
    assert is_no_call(text)


@pytest.mark.parametrize("text", ["*1", "*1/*2", "0", "none of them"])
def test_what_is_a_call(text):
    assert not is_no_call(text)


@pytest.mark.parametrize(
    ("gene", "text", "name", "more"),
    [
        ("CYP2D6", "*4", "*4", False),
        ("CYP2D6", " *4 ", "*4", False),
        ("CYP2D6", "CYP2D6*4", "*4", False),
        ("CYP2D6", "cyp2d6 *4", "*4", False),
        ("CYP2D6", "CYP2D6:*4", "*4", False),
        ("CYP2D6", "*4.001", "*4.001", False),
        ("CYP2D6", "*4.ALDY", "*4", False),
        ("CYP2D6", "*4.001.ALDY_2", "*4", False),
        ("CYP2D6", "*4:1", "*4", False),
        ("CYP2D6", "*2x2", "*2x2", False),
        ("CYP2D6", "*2 x 3", "*2x3", False),
        ("CYP2D6", "*2×2", "*2x2", False),
        ("CYP2D6", "*2xn", "*2xN", False),
        ("CYP2D6", "*2x>=3", "*2x≥3", False),
        ("CYP2D6", "*2≥3", "*2x≥3", False),
        ("CYP2D6", "*10+*36", "*36+*10", False),
        ("CYP2D6", "*36+*10", "*36+*10", False),
        ("CYP2D6", "*2+*2", "*2x2", False),
        ("CYP2D6", "*2+*2+*2", "*2x3", False),
        ("CYP2D6", "*4-like", "*4", True),
        ("CYP2D6", "*4+rs1234", "*4", True),
        ("CYP2D6", "*4 + 42126611C>G", "*4", True),
        ("CYP2D6", "*999", "*999", False),
        ("CYP2D6", "wt", "*1", False),
        ("CYP2D6", "Reference", "*1", False),
        ("DPYD", "c.1905+1G>A", "c.1905+1G>A (*2A)", False),
        ("DPYD", "*2A", "c.1905+1G>A (*2A)", False),
        ("DPYD", "C.1905+1G>A (*2a)", "c.1905+1G>A (*2A)", False),
        ("DPYD", "ref", "Reference", False),
        ("HLA-B", "HLA-B*57:01", "*57:01", False),
        ("HLA-B", "B*57:01:01G", "*57:01:01", False),
        ("HLA-B", "*57:01:01:02N", "*57:01:01:02N", False),
        ("HLA-B", "57:01", "*57:01", False),
        ("HLA-B", "B57", "*57", False),
    ],
)
def test_one_allele(gene, text, name, more):
    assert names_of(KB, gene).place(text) == (name, more)


@pytest.mark.parametrize(
    ("gene", "text", "strands"),
    [
        ("CYP2D6", "*1/*4", ["*1", "*4"]),
        ("CYP2D6", "*1", ["*1"]),
        ("CYP2D6", "*1/*4/*5", ["*1", "*4", "*5"]),
        ("CYP2D6", "*2x2/*36+*10", ["*2x2", "*36+*10"]),
    ],
)
def test_strands(gene, text, strands):
    assert split_strands(text, names_of(KB, gene)) == strands


@pytest.mark.parametrize(
    ("gene", "text", "name", "novel", "unknown"),
    [
        ("CYP2D6", "*1/*4", "*1/*4", (False, False), []),
        ("CYP2D6", "*1/*4+rs1234", "*1/*4 + novel", (False, True), []),
        ("CYP2D6", "*4", "*4/?", (False, False), ["the second allele"]),
        ("CYP2D6", "*1/*999", "*1/*999", (False, False), ["*999"]),
        ("CYP2D6", "*1/*2x7", "*1/*2x7", (False, False), []),
        ("CYP2D6", "*1/*4.001", "*1/*4.001", (False, False), []),
        ("G6PD", "B (reference)", "B (reference)", (False, False), []),
        ("DPYD", "Reference/[*2A + *9A]", "Reference/[c.1905+1G>A (*2A) + c.85T>C (*9A)]", (False, False), []),
        ("HLA-B", "*57:01/*08:01", "*57:01/*08:01", (False, False), []),
    ],
)
def test_a_diplotype(gene, text, name, novel, unknown):
    found, said = diplotype_of(KB, gene, text, 0.5)
    assert (found.name, (found.novel1, found.novel2), said) == (name, novel, unknown)
    assert found.probability == 0.5


@pytest.mark.parametrize(
    ("gene", "text"),
    [
        ("CYP2D6", "*1/*2/*3"), ("CYP2D6", "banana/*1"), ("CYP2D6", "*2?/*1"), ("CYP2D6", "*1/"),
        ("CYP2D6", "*1/."), ("HLA-B", "*57:1/*08:01"),
    ],
)  # fmt: skip
def test_what_is_no_diplotype(gene, text):
    with pytest.raises(ValueError):
        diplotype_of(KB, gene, text, 1.0)


@pytest.mark.parametrize(
    ("text", "phenotype"),
    [
        ("Poor Metabolizer", "Poor Metabolizer"),
        ("poor metaboliser", "Poor Metabolizer"),
        ("Poor metabolizers", "Poor Metabolizer"),
        ("Intermediate metaboliser (IM)", "Intermediate Metabolizer"),
        ("Normal Metabolizer (AS 2.0)", "Normal Metabolizer"),
        ("Something else", "Something else"),
        ("n/a", None),
        (None, None),
    ],
)
def test_phenotypes(text, phenotype):
    assert phenotype_of(KB, text) == phenotype


@pytest.mark.parametrize(
    ("text", "score"),
    [("0", 0.0), ("1.25", 1.25), ("≥3", 3.0), (">= 2.5", 2.5), (None, None), (".", None)],
)
def test_scores(text, score):
    assert score_of(text) == score


@pytest.mark.parametrize("text", ["-0.5", "100", "high", "nan1"])
def test_what_is_no_score(text):
    with pytest.raises(ValueError, match="activity score"):
        score_of(text)


@pytest.mark.parametrize(
    ("gene", "text", "change"),
    [
        ("SLCO1B1", "rs4149056 C", "rs4149056"),
        ("VKORC1", "rs9923231 (A)", "rs9923231"),
        ("ABCG2", "rs2231142 T allele", "rs2231142"),
        ("DPYD", "c.1905+1A", "c.1905+1"),
        ("TPMT", "460A", "460"),
        ("G6PD", "rs1050828 T", "rs1050828"),
    ],
)
def test_one_base_of_a_change_is_refused_in_one_line_that_says_what_to_write(gene, text, change):
    with pytest.raises(ValueError, match="gives one base of") as found:
        diplotype_of(KB, gene, text, 1.0)
    said = str(found.value)
    assert f"gives one base of {change}; write " in said and "\n" not in said
    assert ("the name of the allele" in said) == (gene == "G6PD")


@pytest.mark.parametrize("text", ["rs4149056 C/C", "rs4149056 C/T"])
def test_two_bases_as_the_refusal_asks_for_them_are_read(text):
    found, unknown = diplotype_of(KB, "SLCO1B1", text, 1.0)
    assert found.allele2 and not unknown


@pytest.mark.parametrize("strands", [["*3B", "*3C"], ["c.460G>A", "c.719A>G"]])
def test_two_changes_that_one_allele_has_together_are_refused_by_its_name(strands):
    with pytest.raises(ValueError, match=r"may be \*3A on one strand, or two strands"):
        names_of(KB, "TPMT").refuse_one_or_two_strands(", ".join(strands), strands)


@pytest.mark.parametrize(
    ("gene", "strands"), [("TPMT", ["*2", "*3C"]), ("TPMT", ["*1", "*3C"]), ("CYP2D6", ["*5", "*4"])]
)
def test_alleles_that_no_allele_has_together_lie_on_two_strands(gene, strands):
    names_of(KB, gene).refuse_one_or_two_strands(", ".join(strands), strands)


def test_a_tandem_of_equal_alleles_is_a_copy_number_up_to_four():
    assert names_of(KB, "CYP2D6").place("*2+*2+*2+*2") == ("*2x4", False)
    assert names_of(KB, "CYP2D6").place("+".join(["*2"] * 5)) == ("+".join(["*2"] * 5), False), (
        "it is looked up as it is"
    )
