"""Indels written further right along their repeat are told without a reference genome."""

from __future__ import annotations

from pathlib import Path

import pytest

from pgx.variants.sites.indel_reach import distance, reach_of, same_change
from pgx.variants.sites.targets import Target, Targets
from tests.variants.build import at, knowledge, read

KB = knowledge()
MOVABLE = [
    (target, code) for target in Targets.of(KB.sites, "GRCh38", reach_of(KB)).all for code in target.movable
    if target.chrom not in ("chrX", "chrM")
]  # fmt: skip


@pytest.mark.parametrize(
    ("pos", "ref", "alt", "name", "bases"),
    [
        (42128211, "C", "CG", "NC_000022.11:g.42128218dup", 7),
        (94949161, "AT", "A", "NC_000010.11:g.94949163del", 1),
        (97740410, "GATGA", "G", "NC_000001.11:g.97740411ATGA[1]", 4),
        (233760233, "C", "CAT", "NC_000002.12:g.233760235TA[8]", 15),
        (233760233, "C", "CATAT", "NC_000002.12:g.233760235TA[9]", 15),
        (233760233, "CAT", "C", "NC_000002.12:g.233760235TA[6]", 13),
        (48037825, "C", "CGCGG", "NC_000013.11:g.48037826_48037827insCGGG", 1),
        (42128242, "CT", "C", "NC_000022.11:g.42128243del", 0),
        (100, "A", "G", "NC_000022.11:g.100A>G", 0),
        (40848263, "TGC", "TA", "NC_000019.10:g.40848263_40848265delinsTA", 0),
    ],
)
def test_the_distance_between_the_spellings_of_vcf_and_hgvs(
    pos: int, ref: str, alt: str, name: str, bases: int
) -> None:
    assert distance(pos, ref, alt, name) == bases


def spelled(target: Target, code: int, moved: int) -> tuple[int, str, str]:
    """Write an indel `moved` bases to the right, with the base before it: a repeat is its own flank."""
    (start, old, new), _ = target.movable[code]
    unit = old or new
    flank = unit * (moved // len(unit) + 2)
    anchor = flank[moved - 1] if moved else target.ref[0]
    bases = flank[moved : moved + len(unit)]
    return start + moved - 1, anchor + bases * bool(old), anchor + bases * bool(new)


def blocks(target: Target, record: tuple[int, str, str]) -> list[str]:
    pos, ref, alt = record
    first, last = target.pos - 500, target.pos + 500
    return [
        f"{target.chrom} {first} . N <NON_REF> . PASS END={pos - 1} GT 0/0",
        f"{target.chrom} {pos} . {ref} {alt} . PASS . GT 0/1",
        f"{target.chrom} {pos + len(ref)} . N <NON_REF> . PASS END={last} GT 0/0",
    ]


@pytest.mark.parametrize(("target", "code"), MOVABLE, ids=[f"{t.chrom}:{t.pos}:{t.alleles[c]}" for t, c in MOVABLE])
def test_every_spelling_of_an_indel_is_the_same_call(tmp_path: Path, target: Target, code: int) -> None:
    reach = target.movable[code][1]
    for moved in sorted({0, 1, reach // 2, reach}):
        found = read(tmp_path, *blocks(target, spelled(target, code, moved)))
        assert at(found, target.chrom, target.pos) == ("CALLED", tuple(sorted((0, code)))), moved


@pytest.mark.parametrize(("target", "code"), MOVABLE[::4], ids=[f"{t.chrom}:{t.pos}" for t, _ in MOVABLE[::4]])
def test_the_same_bases_beyond_the_repeat_are_another_change(tmp_path: Path, target: Target, code: int) -> None:
    reach = target.movable[code][1]
    found = read(tmp_path, *blocks(target, spelled(target, code, reach + len(target.ref) + 40)))
    assert at(found, target.chrom, target.pos)[1] in ((0, 0), (-4, 0), (0, -4))


def test_only_a_turn_of_the_same_bases_is_the_same() -> None:
    known = (100, "", "GAT")
    assert same_change(101, "", "ATG", known, 4) and same_change(103, "", "GAT", known, 4)
    assert not same_change(101, "", "GAT", known, 4)
    assert not same_change(105, "", "TGA", known, 4)
    assert not same_change(99, "", "TGA", known, 4)
    assert not same_change(101, "ATG", "", known, 4)
