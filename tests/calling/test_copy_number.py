"""Known copy number: deletions, duplications, and what they leave open."""

from __future__ import annotations

import pytest

from pgx.errors import UsageError

STAR4 = {42128945: ("C", "T"), 42126611: ("C", "G"), 42130692: ("G", "A")}
HOMOZYGOUS_4 = {position: (bases[1], bases[1]) for position, bases in STAR4.items()}


def names(called):
    return [diplotype.name for diplotype in called.diplotypes]


def test_without_copy_number_the_call_says_so(one):
    called = one("CYP2D6", STAR4)
    assert names(called)[0] == "*1/*4"
    assert "no_copy_number" in called.flags


def test_one_copy_is_a_deletion(one):
    called = one("CYP2D6", HOMOZYGOUS_4, copies=1)
    assert names(called)[0] == "*4/*5"
    assert "copy_number_given" in called.flags
    assert "no_copy_number" not in called.flags


def test_no_copy_needs_no_genotype(one):
    assert names(one("CYP2D6", {}, filled=False, copies=0)) == ["*5/*5"]


def test_one_copy_and_two_bases_contradict(one):
    called = one("CYP2D6", STAR4, copies=1)
    assert called.status == "ambiguous"
    assert "copy_number_conflict" in called.flags


def test_which_copy_is_doubled_stays_open(one):
    called = one("CYP2D6", STAR4, copies=3)
    assert set(names(called)[:2]) == {"*1x2/*4", "*1/*4x2"}
    assert {"which_copy_unknown"} <= set(called.flags)
    assert called.status == "ambiguous"
    assert sum(d.probability for d in called.diplotypes) == pytest.approx(1)
    assert {(d.copies1, d.copies2) for d in called.diplotypes[:2]} == {(1, 2), (2, 1)}


def test_a_doubled_allele_of_a_homozygote_is_no_question(one):
    called = one("CYP2D6", HOMOZYGOUS_4, copies=3)
    assert names(called)[0] == "*4/*4x2"
    assert "which_copy_unknown" not in called.flags


def test_two_copies_end_the_doubt(one):
    called = one("CYP2D6", STAR4, copies=2)
    assert "no_copy_number" not in called.flags


def test_genes_that_only_copy_number_tells(one):
    assert names(one("GSTT1", {}, filled=False, copies=1)) == ["*A/*0"]
    assert one("GSTT1", {}, filled=False).status == "not_called"


def test_impossible_copies_are_refused(one):
    with pytest.raises(UsageError, match="copies of CYP2D6"):
        one("CYP2D6", STAR4, copies=-1)
