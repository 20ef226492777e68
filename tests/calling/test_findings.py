"""A finding counts though many alleles of one function are open; that a few positions show none does not."""

from __future__ import annotations

import numpy as np
import pytest

from pgx.calling import caller
from pgx.calling.context import Pair
from pgx.calling.findings import Findings
from pgx.calling.model import model

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


def test_a_finding_whose_function_is_not_sure_stays_with_the_prior(one):
    """The second strand of rs4149056 may be of increased function."""
    assert "prior_driven" in one("SLCO1B1", {21178615: ("T", "C")}, filled=False).flags


@pytest.fixture(scope="module")
def dpyd(kb):
    return model(kb, "DPYD")


def _pair(dpyd, names, weight):
    place = {strand.name: strand for strand in dpyd.haplotypes}
    return Pair(place[names[0]], place[names[1]], weight, counted=True)


def test_the_lines_are_at_the_probability_and_the_share_of_doubt(dpyd):
    findings, mixture = Findings(dpyd), np.full(dpyd.frequency.shape[1], 1 / dpyd.frequency.shape[1])
    star_2a = next(name for name in dpyd.definition.alleles if "*2A" in name)
    star_5 = next(name for name in dpyd.definition.alleles if "*5" in name)
    pairs = [_pair(dpyd, ("Reference", star_2a), 0.5), _pair(dpyd, (star_5, star_2a), 0.4),
             _pair(dpyd, ("Reference", "Reference"), 0.1)]  # fmt: skip
    # What the two strands do before anything is read: every pair of haplotypes that do the same.
    alike = [findings._kind(strand) for strand in dpyd.haplotypes]
    kinds = findings._kinds(pairs[0])
    before = sum(
        float((dpyd.frequency[i] * dpyd.frequency[j]) @ mixture)
        for i in range(len(alike))
        for j in range(len(alike))
        if sorted([alike[i], alike[j]], key=sorted) == list(kinds)
    )
    share = (0.9 - before) / (1 - before)
    assert 0 < before < 0.2
    assert findings.shown(pairs, 1.0, mixture, sure=0.9 - 1e-9, evidence=share - 1e-9)
    assert not findings.shown(pairs, 1.0, mixture, sure=0.9 + 1e-9, evidence=share - 1e-9)
    assert not findings.shown(pairs, 1.0, mixture, sure=0.9 - 1e-9, evidence=share + 1e-9)


def test_alleles_of_which_nobody_knows_the_function_are_not_alike(dpyd):
    findings = Findings(dpyd)
    untold = [strand for strand in dpyd.haplotypes[: len(dpyd.definition.alleles)] if strand.name not in dpyd.functions]
    assert len({findings._kind(strand) for strand in untold}) == len(untold)
    star_5, reference = (next(s for s in dpyd.haplotypes if word in s.name) for word in ("*5", "Reference"))
    assert findings._kind(star_5) == findings._kind(reference)
