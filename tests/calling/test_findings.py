"""A finding counts though many alleles of one function are open; that a few positions show none does not."""

from __future__ import annotations

import numpy as np
import pytest

from pgx.calling import caller
from pgx.calling.context import Pair
from pgx.calling.findings import Findings
from pgx.calling.model import model
from pgx.knowledge.rules.phenotypes import rules_for
from pgx.phenotypes.assign import interpret

REFERENCE = {97450058: ("C", "C"), 97515787: ("A", "A"), 97082391: ("T", "T"), 97579893: ("G", "G")}
"""The four positions of DPYD that laboratories type, without a change."""
STAR_2A = {97450058: ("C", "T")}


@pytest.mark.parametrize(
    ("shown", "asserted"),
    [
        (REFERENCE | STAR_2A, True),
        (STAR_2A, True),
        (REFERENCE | {97082391: ("T", "A")}, True),
        (REFERENCE, False),
        ({97579893: ("G", "G")}, False),
    ],
)
def test_a_loss_of_function_that_is_shown_counts_and_its_absence_at_four_positions_does_not(one, shown, asserted):
    found = one("DPYD", shown, filled=False)
    assert found.diplotypes[0].probability < caller.MIN_EVIDENCE
    assert (found.status, "prior_driven" not in found.flags) == ("ambiguous", asserted)


C521T, V433M = {21178615: ("T", "C")}, {15879621: ("C", "T")}


def _phenotypes(kb, gene, called):
    return interpret(kb, gene, called).shares[0]


def test_what_two_strands_mean_is_sure_though_what_each_does_is_not(kb, one):
    """The second strand of rs4149056 may be of increased function: with one that has none, that is the same."""
    called = one("SLCO1B1", C521T, filled=False)
    assert (called.status, "prior_driven" not in called.flags) == ("ambiguous", True)
    found = _phenotypes(kb, "SLCO1B1", called)
    assert found.phenotype == "Decreased Function"
    assert 0.97 < found.probability < 0.99


@pytest.mark.parametrize(
    ("gene", "shown", "group", "phenotype"),
    [
        ("CYP4F2", {15879621: ("C", "C")}, None, "*3 non-carrier"),
        ("CYP4F2", V433M, None, "*3 carrier"),
        ("CYP4F2", {15879621: ("T", "T")}, None, "*3 carrier"),
        ("SLCO1B1", {21178615: ("T", "T")}, "European", "Normal Function"),
        ("SLCO1B1", {21178615: ("T", "T")}, "East Asian", "Normal Function"),
        ("SLCO1B1", {21178615: ("T", "T")}, "Sub-Saharan African", None),
        ("SLCO1B1", {21178615: ("T", "T")}, None, None),
        ("DPYD", {97579893: ("G", "G")}, "European", None),
        ("DPYD", {97579893: ("G", "G")}, None, None),
        ("DPYD", REFERENCE, "European", None),
        ("CYP2C9", {94942290: ("C", "C")}, "East Asian", None),
        ("CYP2D6", {42128945: ("C", "C")}, "East Asian", None),
    ],
)
def test_nothing_found_counts_only_at_the_position_that_decides_the_gene(kb, one, gene, shown, group, phenotype):
    called = one(gene, shown, filled=False, group=group)
    asserted = "prior_driven" not in called.flags
    assert (_phenotypes(kb, gene, called).phenotype if asserted else None) == phenotype


@pytest.mark.parametrize("half", [("T", None), (None, None)])
def test_a_half_missing_genotype_decides_nothing(one, half):
    called = one("SLCO1B1", {21178615: half}, filled=False, group="European")
    assert called.status == "not_called" or "prior_driven" in called.flags


@pytest.fixture(scope="module")
def dpyd(kb):
    return model(kb, "DPYD")


def _pair(dpyd, names, weight):
    place = {strand.name: strand for strand in dpyd.haplotypes}
    return Pair(place[names[0]], place[names[1]], weight, counted=True)


def test_the_lines_are_at_the_probability_and_the_share_of_doubt(kb, dpyd):
    known = np.zeros(len(dpyd.definition.sites), dtype=bool)
    findings, mixture = Findings(dpyd), np.full(dpyd.frequency.shape[1], 1 / dpyd.frequency.shape[1])
    star_2a = next(name for name in dpyd.definition.alleles if "*2A" in name)
    star_5 = next(name for name in dpyd.definition.alleles if "*5" in name)
    pairs = [_pair(dpyd, ("Reference", star_2a), 0.5), _pair(dpyd, (star_5, star_2a), 0.4),
             _pair(dpyd, ("Reference", "Reference"), 0.1)]  # fmt: skip
    # What the two strands mean before anything is read: every pair of haplotypes of which the rules say the same.
    rules = rules_for(kb, "DPYD")
    before = sum(
        float((dpyd.frequency[i] * dpyd.frequency[j]) @ mixture)
        for i, one in enumerate(dpyd.haplotypes)
        for j, two in enumerate(dpyd.haplotypes)
        if rules.phenotype(one.parts, two.parts, novel1=one.novel, novel2=two.novel).activity_score == 1.0
    )
    share = (0.9 - before) / (1 - before)
    assert 0 < before < 0.2
    assert findings.shown(pairs, 1.0, mixture, known, sure=0.9 - 1e-9, evidence=share - 1e-9)
    assert not findings.shown(pairs, 1.0, mixture, known, sure=0.9 + 1e-9, evidence=share - 1e-9)
    assert not findings.shown(pairs, 1.0, mixture, known, sure=0.9 - 1e-9, evidence=share + 1e-9)


def test_alleles_of_which_nobody_knows_the_function_are_not_alike(dpyd):
    findings = Findings(dpyd)
    untold = [strand for strand in dpyd.haplotypes[: len(dpyd.definition.alleles)] if strand.name not in dpyd.functions]
    assert len({findings._kind(strand) for strand in untold}) == len(untold)
    star_5, reference = (next(s for s in dpyd.haplotypes if word in s.name) for word in ("*5", "Reference"))
    assert findings._kind(star_5) == findings._kind(reference)


def test_what_a_pair_means_is_worked_out_once_however_many_patterns_hold_it(dpyd, monkeypatch):
    """Where positions are missing at random every person is a pattern, and thousands hold the same pairs."""
    findings, mixture = Findings(dpyd), np.full(dpyd.frequency.shape[1], 1 / dpyd.frequency.shape[1])
    known = np.zeros(len(dpyd.definition.sites), dtype=bool)
    names = dpyd.definition.alleles
    pairs = [_pair(dpyd, ("Reference", "Reference"), 0.5), *(_pair(dpyd, ("Reference", n), 0.1) for n in names[1:6])]
    asked: list[object] = []
    kind = findings._kind
    monkeypatch.setattr(findings, "_kind", lambda strand: asked.append(strand) or kind(strand))
    answers = [
        (findings.shown(pairs, 1.0, mixture, known, sure=0.9, evidence=0.5), findings.may_be_other(pairs, 1.0))
        for _ in range(3)
    ]
    assert (len(asked), len(set(answers))) == (2 * len(pairs), 1)
