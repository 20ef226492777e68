"""Copy number that the data cannot show is summed over at its published frequency."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from pgx.calling import call, priors
from pgx.calling.model import model
from pgx.calling.unseen_copies import unseen_copies
from pgx.types import UNREAD, State
from tests.calling.build import genotypes

STAR4 = {42128945: ("T", "T"), 42126611: ("G", "G"), 42130692: ("A", "A"), 42129130: ("G", "G")}
EUROPEAN = 2


def posterior(called):
    return {diplotype.name: diplotype.probability for diplotype in called.diplotypes}


def expected(kb, observed: str) -> dict[str, float]:
    """Work out by hand what a European may be who shows one allele on both strands, of those with *5 and with x2."""
    gene, column = model(kb, "CYP2D6"), priors.groups(kb).index("EUR")
    place = gene.definition.alleles.index(observed)
    rows = kb.table("frequencies").filter((pl.col("gene") == "CYP2D6") & (pl.col("population") == "European"))
    counted = dict(rows.select("allele", "frequency").iter_rows())
    shown, deleted = gene.frequency[place, column], counted["*5"]
    there = (1 - deleted) ** 2 * shown**2
    one = 2 * deleted * (1 - deleted) * shown
    twice, thrice = counted[f"{observed}x2"] / shown, counted[f"{observed}x≥3"] / shown
    plain = 1 - twice - thrice
    return {
        f"{observed}/{observed}": there * plain**2,
        f"{observed}/*5": one * plain,
        f"{observed}/{observed}x2": there * 2 * plain * twice,
    }


def test_the_reference_twice_may_be_a_deletion_or_a_duplication(kb, one):
    found = posterior(one("CYP2D6", {}, group="European"))
    by_hand = expected(kb, "*1")
    for name, weight in by_hand.items():
        ratio = found[name] / found["*1/*1"]
        assert ratio == pytest.approx(weight / by_hand["*1/*1"], rel=1e-6)
    assert 0.1 < found["*1/*5"] < 0.2
    assert sum(found.values()) == pytest.approx(1)


def test_nothing_is_certain_that_a_deletion_would_show_just_so(one):
    for known in ({}, STAR4):
        best = one("CYP2D6", known).diplotypes[0]
        assert best.allele1 == best.allele2 and best.probability < 0.9


def test_two_different_bases_are_two_copies(one):
    called = one("CYP2D6", {42128945: ("C", "T"), 42126611: ("C", "G"), 42130692: ("G", "A"), 42129130: ("C", "G")})
    assert not any("*5" in (d.allele1, d.allele2) for d in called.diplotypes)
    assert "*1/*68+*4" in posterior(called)


def test_a_strand_without_data_may_be_no_strand(kb, one):
    site = kb.sites.row(int(kb.gene("GSTM1").sites[0]), named=True)
    known = {site["pos_grch38"]: (site["alleles"][0], None)}
    found = one("GSTM1", known, filled=False)
    assert any(d.allele2 == "*0" for d in found.diplotypes)


def test_a_tandem_is_as_probable_as_in_the_persons_group(one):
    known = {42126611: ("C", "G"), 42129130: ("C", "G"), 42130692: ("G", "A")}
    asian, european = (posterior(one("CYP2D6", known, group=group)) for group in ("East Asian", "European"))
    assert asian["*1/*36+*10"] > asian["*1/*10"]
    assert european.get("*1/*36+*10", 0.0) == 0.0


def test_a_known_number_leaves_nothing_to_sum_over(one):
    assert posterior(one("CYP2D6", {}, copies=2)) == {"*1/*1": 1.0}


def test_a_duplication_carries_its_copies(one):
    by_name = {d.name: d for d in one("CYP2D6", {}).diplotypes}
    assert (by_name["*1/*1x2"].copies1, by_name["*1/*1x2"].copies2) == (1, 2)
    assert by_name["*1/*1x2"].parts2 == ("*1",)
    assert by_name["*1/*5"].parts2 == ("*5",)


def test_unseen_copies_do_not_make_a_call_rest_on_frequencies(one):
    known = {42126611: ("C", "G"), 42129130: ("C", "G"), 42130692: ("G", "A"), 42128945: (None, None)}
    assert "prior_driven" not in one("CYP2D6", known, group="East Asian").flags


@pytest.mark.parametrize("gene", ["GSTM1", "UGT2B17", "CYP2A6"])
def test_the_deletion_of_each_gene_is_a_possibility(kb, one, gene):
    unseen = unseen_copies(kb, gene)
    assert unseen is not None and unseen.deletion is not None
    if not len(model(kb, gene).definition.sites):
        return
    called = one(gene, {})
    assert called.diplotypes[0].probability < 1
    assert any(unseen.deletion.name in (d.allele1, d.allele2) for d in called.diplotypes)


def test_doubtful_genotypes_are_weighed_with_the_deletion_too(kb):
    person = genotypes(kb, [{}], fill=["CYP2D6"])
    plain = call(person, kb, genes=["CYP2D6"]).genes[0].patterns[0]
    assert "*1/*5" in posterior(plain)


def test_every_row_names_an_allele_and_what_it_shows(kb):
    groups = list(priors.groups(kb).codes)
    for row in kb.table("unseen_copies").iter_rows(named=True):
        unseen = unseen_copies(kb, row["gene"])
        assert unseen is not None
        if row["shows"] is None:
            assert unseen.deletion.name == row["allele"] and 0 < unseen.deleted.max() < 1
        elif len(model(kb, row["gene"]).definition.sites):
            assert row["shows"] in model(kb, row["gene"]).definition.alleles
            shares = np.sum([share for _, share in unseen.hidden[row["shows"]]], axis=0)
            assert (shares >= 0).all() and (shares <= 0.9 + 1e-9).all()
        assert all(row[group] is None or 0 <= row[group] < 1 for group in groups)


def test_what_cannot_be_read_does_not_speak_for_the_deletion(kb):
    """A record that cannot be used on both strands is as strange on two copies as on one."""
    found = genotypes(kb, [{}], fill=["CYP2D6"])
    site = int(np.flatnonzero(found.sites["pos_grch38"].to_numpy() == 42128945)[0])
    found.alleles[site], found.state[site] = UNREAD, State.UNSUPPORTED
    called = call(found, kb, genes=["CYP2D6"]).genes[0].patterns[0]
    deleted = sum(d.probability for d in called.diplotypes if "*5" in (d.allele1, d.allele2))
    assert called.status == "ambiguous"
    assert "unread_genotype" in called.flags
    assert 0.1 < deleted < 0.2  # as of *1 on both strands
