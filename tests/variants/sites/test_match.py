"""Whether an indel spelled further right may be a site's own: the same bases taken or added, from any start."""

from __future__ import annotations

import pytest

from pgx.variants.sites import targets
from pgx.variants.sites.match import SILENT, UNPLACED, trim, undecided
from pgx.variants.sites.targets import Target
from tests.variants.build import knowledge


def _target(alleles: tuple[str, ...] | list[str]) -> Target:
    return targets._target(0, "chr1", 1000, alleles[0], list(alleles))


@pytest.mark.parametrize(
    ("site", "ref", "alt", "opens"),
    [
        (("ACT", "A"), "CT", "", True),  # the deletion of CT, its bases from the same start
        (("ACT", "A"), "TC", "", True),  # from the other start, as a repeat may carry it
        (("ACT", "A"), "CC", "", False),  # as long, other bases
        (("ACT", "A"), "GA", "", False),
        (("ACT", "A"), "C", "", False),  # shorter
        (("ACT", "A"), "CTCT", "", False),  # longer
        (("ACT", "A"), "", "CT", False),  # added, not taken
        (("A", "ATTG"), "", "TTG", True),
        (("A", "ATTG"), "", "GTT", True),
        (("A", "ATTG"), "", "TGT", True),
        (("A", "ATTG"), "", "TGG", False),
        (("A", "ATTG"), "TTG", "", False),
    ],
)
def test_only_an_indel_of_the_same_bases_opens_the_site(site: tuple[str, ...], ref: str, alt: str, opens: bool) -> None:
    # The base after the indel is written too, as callers do at the right end of a repeat.
    found = undecided(1010, f"{ref}G", [f"{alt}G"], _target(site))
    assert (found is not None) == opens
    if found is not None:
        assert found.table[:2].tolist() == [SILENT, UNPLACED]
        assert found.weak and not found.covers


def test_each_allele_of_a_record_is_asked_for_itself() -> None:
    found = undecided(1010, "CTG", ["G", "CCTG"], _target(("ACT", "A")))
    assert found is not None and found.table[:3].tolist() == [SILENT, UNPLACED, SILENT]
    assert undecided(1010, "CTG", ["<DEL>"], _target(("ACT", "A"))) is None


def test_sites_of_the_knowledge_are_not_opened_by_any_indel_of_their_length() -> None:
    opened = 0
    for ref, alleles in knowledge().sites.select("ref", "alleles").iter_rows():
        for alt in alleles[1:]:
            _, old, new = trim(1000, ref, alt)
            if bool(old) == bool(new) or len(alleles) > 2:
                continue
            other = "".join({"A": "C", "C": "G", "G": "T", "T": "A"}[base] for base in old or new)
            if sorted(other) == sorted(old or new):
                continue
            spelled = (f"{other}N", ["N"]) if old else ("N", [f"{other}N"])
            opened += 1
            assert undecided(1010, *spelled, _target([ref, alt])) is None
    assert opened > 20
