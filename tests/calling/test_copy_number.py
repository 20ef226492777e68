"""Known copy number: deletions, duplications, and what they leave open."""

from __future__ import annotations

from dataclasses import replace

import polars as pl
import pytest

from pgx.calling import call
from pgx.errors import UsageError
from pgx.variants.sites.copy_number import SCHEMA
from tests.calling.build import genotypes

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


def test_no_copy_and_a_change_contradict(one):
    called = one("CYP2D6", STAR4, copies=0)
    assert called.status == "ambiguous"
    assert "copy_number_conflict" in called.flags
    assert "*5/*5" not in names(called)


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


def of_file(
    kb, copies: int | None, *, filled: bool = True, given: int | None = None, gene: str = "CYP2D6", quality=None
):
    """Call a gene with what a file tells of its copies."""
    found = genotypes(kb, [{}], fill=[gene] if filled else [])
    rows = [("P1", gene, copies, "unclear" if copies is None else "deletion", "x", quality)]
    found = replace(found, copy_number=pl.DataFrame(rows, schema=SCHEMA, orient="row"))
    known = None if given is None else {("P1", gene): given}
    return call(found, kb, genes=[gene], copy_number=known).genes[0].patterns[0]


@pytest.mark.parametrize("gene", ["CYP2D6", "TPMT", "GSTT1"])
def test_a_copy_number_that_cannot_be_counted_leaves_the_gene_unjudged(kb, gene):
    called = of_file(kb, None, gene=gene)
    assert (called.status, called.diplotypes) == ("not_called", ())
    assert "copy_number_unclear" in called.flags
    assert "no_copy_number" not in called.flags


def test_a_given_copy_number_ends_the_doubt(kb):
    called = of_file(kb, None, given=2)
    assert (called.status, names(called)) == ("called", ["*1/*1"])
    assert "copy_number_unclear" not in called.flags


@pytest.mark.parametrize(
    ("copies", "quality", "status", "expected"),
    [
        (1, None, "called", {"*1/*5": 1.0}),
        (1, 8, "ambiguous", {"*1/*5": 0.8415, "*1/*1": 0.1585}),
        (1, 20, "called", {"*1/*5": 0.99, "*1/*1": 0.01}),
        (1, 60, "called", {"*1/*5": 1.0}),
        (3, 13, "called", {"*1/*1x2": 0.9499, "*1/*1": 0.0501}),
    ],
)
def test_a_copy_number_that_the_file_is_not_sure_of_is_weighed(kb, copies, quality, status, expected):
    called = of_file(kb, copies, quality=quality)
    assert called.status == status
    assert {d.name: d.probability for d in called.diplotypes} == pytest.approx(expected, abs=1e-4)
    assert of_file(kb, copies, quality=quality, given=2).diplotypes[0].probability == 1.0


def test_a_deletion_without_any_base_is_known_and_the_other_strand_is_not(kb):
    called = of_file(kb, 1, filled=False)
    assert called.status == "ambiguous"
    assert "prior_driven" in called.flags
    assert len(called.diplotypes) > 5
    assert all(diplotype.allele2 == "*5" for diplotype in called.diplotypes)
    assert of_file(kb, 1, filled=False, gene="TPMT").status == "not_called"
