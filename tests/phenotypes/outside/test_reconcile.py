"""A call of a gene on X is read as the person's sex has it: a man has one allele, and a woman's other one may be unknown."""

from __future__ import annotations

import pytest

from pgx.knowledge import load
from pgx.phenotypes.outside import reconcile
from pgx.types import Diplotype, PatternCall

KB = load()
REFERENCE, DEFICIENT = "B (reference)", "Canton, Taiwan-Hakka, Gifu-like, Agrigento-like"


def called(first, second=None):
    """A call of one diplotype, as an outside tool gives it."""
    return PatternCall((Diplotype(first, second, (first,), () if second is None else (second,), 1.0),), "outside", 0, 0)


def names(pattern):
    return [diplotype.name for diplotype in pattern.diplotypes]


@pytest.mark.parametrize(
    ("alleles", "sex", "expected", "remark"),
    [
        ((REFERENCE,), "female", f"{REFERENCE}/?", "a woman has two"),
        ((DEFICIENT,), "female", f"{DEFICIENT}/?", "a woman has two"),
        ((REFERENCE,), None, f"{REFERENCE}/?", "a woman has two, and the sex is not known"),
        # One deficient allele is told as it is: whoever it belongs to, the other one makes nothing worse of it.
        ((DEFICIENT,), None, DEFICIENT, None),
        ((REFERENCE,), "male", REFERENCE, None),
        ((DEFICIENT, DEFICIENT), "male", DEFICIENT, None),
        ((REFERENCE, DEFICIENT), "female", f"{REFERENCE}/{DEFICIENT}", None),
        ((REFERENCE, DEFICIENT), None, f"{REFERENCE}/{DEFICIENT}", None),
    ],
)
def test_a_gene_on_x_is_read_by_the_sex(alleles, sex, expected, remark):
    pattern, told = reconcile.with_sex(KB, "G6PD", called(*alleles), sex)
    assert names(pattern) == [expected]
    if remark is None:
        assert told is None
    else:
        assert told == (f"G6PD {alleles[0]}: the second allele not known, so its function is not either; {remark}")


def test_two_different_alleles_on_x_are_refused_of_a_man():
    with pytest.raises(ValueError, match="two different alleles of a gene on X are given for a man"):
        reconcile.with_sex(KB, "G6PD", called(REFERENCE, DEFICIENT), "male")


@pytest.mark.parametrize(("gene", "sex"), [("CYP2C19", "male"), ("CYP2C19", "female"), ("NOGENE", "male")])
def test_the_sex_changes_nothing_of_other_genes(gene, sex):
    pattern = called("*1", "*2")
    assert reconcile.with_sex(KB, gene, pattern, sex) == (pattern, None)


def test_a_stated_phenotype_without_alleles_stays_as_it_is():
    pattern = PatternCall((), "outside", 0, 0, stated_phenotype="Deficient")
    assert reconcile.with_sex(KB, "G6PD", pattern, "male") == (pattern, None)
