"""The numbers that calling decides by, each at its boundary."""

from __future__ import annotations

import numpy as np
import pytest

from pgx.calling import call, calls_frame, context, copy_number, diplotypes, frames, mosaic, priors, solve
from pgx.calling.copy_number import Copies, known_copies
from pgx.calling.model import Fallback
from pgx.calling.mosaic import Donors
from pgx.calling.priors import Counted
from pgx.calling.strands import Strand
from pgx.errors import UsageError
from pgx.types import CallSet, Diplotype, GeneCalls, PatternCall
from tests.calling.build import genotypes

LIMITS = {
    (solve, "MAX_BLOCKS"): 8,
    (solve, "FEW_BLOCKS"): 3,
    (solve, "COMMON"): 60,
    (solve, "KEPT_MASS"): 0.9995,
    (solve, "MOST_PAIRS"): 200,
    (solve, "PARTNERS"): 16,
    (solve, "NEGLIGIBLE"): 1e-4,
    (context, "UNSEEN_HAPLOTYPE"): 2e-4,
    (context, "COMBINED"): 1e-2,
    (context, "UNEXPLAINED"): 1e-3,
    (mosaic, "JOINED"): 0.0026,
    (mosaic, "CHANGED"): 0.003,
    (mosaic, "DONOR"): 1e-3,
    (mosaic, "MOST_POSITIONS"): 52,
    (priors, "FLOOR"): 1e-5,
    (priors, "FLOOR_OF_ALL"): 1e-3,
    (priors, "UNCOUNTED_FLOOR"): 1e-3,
    (copy_number, "MOST_COPIES"): 12,
    (copy_number, "RARE"): 1e-4,
    (copy_number, "FURTHER"): 0.3,
    (frames, "SHOWN"): 10,
    (frames, "SHOWN_FROM"): 0.001,
}


@pytest.mark.parametrize(("module", "name"), LIMITS, ids=lambda one: getattr(one, "__name__", one))
def test_a_limit_is_what_the_documentation_says(module, name):
    assert getattr(module, name) == LIMITS[module, name]


@pytest.mark.parametrize(
    ("weights", "kept"),
    [
        ([1.0], 1),
        ([0.9994, 0.0006], 2),
        ([0.9996, 0.0004], 1),
        ([0.5, 0.4996, 0.0004], 2),
        ([0.5, 0.4994, 0.0003, 0.0003], 3),
        ([], 0),
    ],
)
def test_diplotypes_are_kept_until_they_hold_the_mass(weights, kept):
    assert solve.enough(weights) == kept


@pytest.mark.parametrize(
    "weights", [[0.9, 0.0994, 0.0003, 0.0003], [0.5, 0.4, 0.0999, 0.00005, 0.00005], [1.0, 1.0, 1.0]]
)
def test_as_many_are_kept_where_the_smallest_are_only_a_sum(weights):
    kept = solve.enough(weights)
    assert solve.enough(weights[:kept], left_out=sum(weights[kept:])) == kept
    within = [one for one in weights if one >= solve._least(weights)]
    assert within[:kept] == weights[:kept]


@pytest.mark.parametrize(("n", "kept"), [(199, 199), (200, 200), (201, 200), (5000, 200)])
def test_never_more_than_two_hundred_diplotypes(n, kept):
    assert solve.enough(np.full(n, 1.0)) == kept


def test_equal_weights_stay_in_order_whatever_they_were_summed_in():
    assert (solve._rounded(np.array([0.1 + 0.2, 0.3])) == 0.3).all()
    assert solve._rounded(np.array([1.23456789012e-7]))[0] == pytest.approx(1.23456789e-7, rel=1e-12)


def _pattern(*probabilities, **more):
    diplotypes = tuple(Diplotype("*1", f"*{n + 2}", ("*1",), (f"*{n + 2}",), p) for n, p in enumerate(probabilities))
    return PatternCall(diplotypes, "ambiguous", 1, 1, **more)


@pytest.mark.parametrize(("share", "listed"), [(0.00099, False), (0.001, True), (0.0011, True)])
def test_an_alternative_is_listed_from_one_in_a_thousand_on(kb, share, listed):
    calls = CallSet(("P1",), (GeneCalls("TPMT", (_pattern(1 - share, share),), np.zeros(1, dtype=np.int32)),))
    assert (len(calls_frame(calls, kb)["alternatives"][0]) > 0) == listed


@pytest.mark.parametrize(("others", "listed"), [(9, 9), (10, 10), (11, 10)])
def test_at_most_ten_alternatives_are_listed(kb, others, listed):
    pattern = _pattern(0.5, *[0.5 / others] * others)
    calls = CallSet(("P1",), (GeneCalls("TPMT", (pattern,), np.zeros(1, dtype=np.int32)),))
    assert len(calls_frame(calls, kb)["alternatives"][0]) == listed


@pytest.mark.parametrize("copies", [0, 1, 12])
def test_copies_that_a_person_can_have(kb, copies):
    people = genotypes(kb, [{}, {}])
    assert known_copies(people, {("P1", "CYP2D6"): copies}, "CYP2D6").tolist() == [copies, -1]
    assert known_copies(people, {(None, "CYP2D6"): copies}, "CYP2D6").tolist() == [copies, copies]


@pytest.mark.parametrize("copies", [-1, 13, 200])
def test_copies_that_nobody_has(kb, copies):
    with pytest.raises(UsageError, match=f"{copies} copies of CYP2D6"):
        known_copies(genotypes(kb, [{}]), {("P1", "CYP2D6"): copies}, "CYP2D6")


def test_what_is_given_for_one_person_goes_before_what_is_given_for_all(kb):
    people = genotypes(kb, [{}, {}])
    assert known_copies(people, {(None, "CYP2D6"): 3, ("P2", "CYP2D6"): 1}, "CYP2D6").tolist() == [3, 1]
    assert known_copies(people, {("P2", "CYP2A6"): 1}, "CYP2D6").tolist() == [-1, -1]


@pytest.mark.parametrize(
    ("parts", "copies", "share"),
    [
        (("*1",), 1, 1.0),
        (("*1",), 2, 0.02),
        (("*1",), 3, 0.004),
        (("*1",), 4, 0.004 * 0.3),
        (("*1",), 5, 0.004 * 0.09),
        (("*9",), 2, 1e-4),
        (("*9",), 3, 3e-5),
        (("*9",), 4, 9e-6),
        (("*1", "*9"), 2, 1e-4),
    ],
)
def test_further_copies_are_rarer(parts, copies, share):
    assert Copies("*5", None, {"*1": (0.02, 0.004)}).share(parts, copies) == pytest.approx(share)


def _counted(*values: float) -> Counted:
    return Counted(tuple(f"h{n}" for n in range(len(values))), (None,) * len(values), np.array(values)[:, None])


def test_an_uncounted_allele_has_the_floor_and_all_of_them_no_more_than_the_floor_of_all():
    few = priors.frequencies(_counted(0.6, 0.4), ["h0", "h1", "new"], "h0")
    assert few[2, 0] == pytest.approx(1e-5 / (1 + 1e-5))
    names = ["h0", "h1", *(f"new{n}" for n in range(998))]
    many = priors.frequencies(_counted(0.6, 0.4), names, "h0")
    assert many[2:].sum() == pytest.approx(998e-6 / (1 + 998e-6))
    assert (few[:, 0].sum(), many[:, 0].sum()) == pytest.approx((1.0, 1.0))


@pytest.mark.parametrize(("n", "floor"), [(99, 1e-5), (100, 1e-5), (101, 1e-3 / 101), (400, 2.5e-6)])
def test_the_floor_falls_from_a_hundred_alleles_on(n, floor):
    names = ["h0", *(f"new{i}" for i in range(n - 1))]
    found = priors.frequencies(_counted(1.0), names, "h0")
    assert found[1, 0] == pytest.approx(floor / (1 + floor * (n - 1)))


def test_where_nothing_is_counted_little_is_presumed():
    found = priors.frequencies(Counted((), (), np.zeros((0, 2))), ["a", "b"], "a")
    assert found[1] == pytest.approx([1e-3, 1e-3])
    assert found[0] == pytest.approx([0.999, 0.999])


def test_the_reference_takes_what_the_others_leave_and_shared_names_share():
    found = priors.frequencies(_counted(0.3), ["ref", "h0", "h0"], "ref")
    assert found[:, 0] == pytest.approx([0.7, 0.15, 0.15])


@pytest.mark.parametrize(("frequency", "is_donor"), [(0.00099, False), (0.001, True)])
def test_a_donor_is_seen_once_in_a_thousand_in_some_group(frequency, is_donor):
    accepts = np.eye(2, dtype=bool)[:, None, :]
    found = Donors.of(accepts, np.array([[0.9, 0.9], [0.0, frequency]]), np.array([1000]))
    assert (found is not None) == is_donor


@pytest.mark.parametrize(("positions", "possible"), [(51, True), (52, True), (53, False)])
def test_donors_are_compared_at_no_more_positions_than_a_float_holds(positions, possible):
    accepts = np.zeros((2, positions, 2), dtype=bool)
    accepts[0, :, 0] = accepts[1, :, 1] = True
    found = Donors.of(accepts, np.full((2, 1), 0.5), np.arange(positions) * 1000)
    assert (found is not None) == possible


def test_the_frequency_of_a_mosaic_by_hand():
    """Two donors, 00 and 11, a kilobase apart: a strand 01 is a join, or one changed base of either."""
    accepts = np.zeros((2, 2, 2), dtype=bool)
    accepts[0, :, 0] = accepts[1, :, 1] = True
    donors = Donors.of(accepts, np.array([[0.7], [0.3]]), np.array([5000, 6000]))
    assert donors is not None
    columns = np.array([[0, 1], [0, 1]])  # first strand 00, second 11
    turned = np.array([[True, False], [False, True], [True, True]])
    found = donors.frequencies(columns, turned, np.array([0]))[:, 0]
    changed = 0.003 / 2 * (0.7 + 0.3)
    assert found[0] == pytest.approx(0.0026 * 1.0 * 0.7 * 0.3 + changed)
    assert found[1] == pytest.approx(0.0026 * 1.0 * 0.3 * 0.7 + changed)
    assert found[2] == 0.0  # the strand of a donor is no new one


@pytest.mark.parametrize(("gene", "flag"), [("CYP2D6", "no_copy_number"), ("CYP2C9", None)])
def test_a_gene_whose_copies_vary_says_so_until_they_are_known(kb, one, gene, flag):
    plain = one(gene, {})
    assert ("no_copy_number" in plain.flags) == (flag is not None)
    if flag:
        known = one(gene, {}, copies=2)
        assert flag not in known.flags and "copy_number_given" in known.flags


def test_genes_are_called_in_order_of_their_names(kb):
    found = call(genotypes(kb, [{}]), kb, genes=["TPMT", "CYP2C9", "TPMT"])
    assert [gene.gene for gene in found.genes] == ["CYP2C9", "TPMT"]


def test_what_rare_pairs_weigh_is_bounded_by_what_they_are():
    rng = np.random.default_rng(3)
    frequency, mixture = rng.random((5, 2)) / 100, np.array([0.6, 0.4])
    first = rng.random((5, 3)) < 0.6
    second = rng.random((5, 3)) < 0.6
    found = solve._rare_pairs(frequency, mixture, first, second)
    weight = solve._weigh(frequency, mixture, first, second, 5)
    assert weight.sum() <= found
    every = np.ones((5, 1), dtype=bool)
    whole = float((frequency.sum(axis=0) ** 2) @ mixture)
    assert solve._rare_pairs(frequency, mixture, every, every) == pytest.approx(whole)
    assert solve._rare_pairs(frequency, mixture, every[:, :0], every[:, :0]) == pytest.approx(whole)
    apart = np.array([[True], [True], [False], [False], [False]])
    one, two = frequency[:2].sum(axis=0), frequency[2:].sum(axis=0)
    assert solve._rare_pairs(frequency, mixture, apart, ~apart) == pytest.approx(float(2 * (one * two) @ mixture))


@pytest.mark.parametrize(
    ("parts", "count", "read"),
    [
        ((("a",), ("b",)), 0, ["ref", "ref"]),
        ((("a",), ("b",)), 1, ["fall", "ref"]),
        ((("a",), ("carrier",)), 1, ["ref", "fall"]),
        ((("carrier",), ("a",)), 1, ["fall", "ref"]),
        ((("a",), ("b",)), 2, ["fall", "fall"]),
    ],
)
def test_the_strand_that_must_carry_the_fallback_variant_is_read_as_it_first(parts, count, read):
    fallback = Fallback(0, 1, "fall", "ref", frozenset(["carrier"]), frozenset(["lossy"]), "rs1")
    strands = tuple(Strand("+".join(one), one, False) for one in parts)
    assert diplotypes._read_as(strands, fallback, count) == read
