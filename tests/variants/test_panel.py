"""Real genomes: against htslib's own reading, through bcftools' rewriting, and in both builds.

Each test runs on some hundred persons of the 1000 Genomes panel, and on all of them where the whole panel is at hand.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import polars as pl
import pysam
import pysam.bcftools
import pytest
from numpy.typing import NDArray

import pgx.variants
from pgx.types import Genotypes, State
from tests.outside import OUTSIDE
from tests.variants.build import knowledge

DATA = Path(__file__).resolve().parents[1] / "data"
WHOLE = ("genomes/1kgp.GRCh38.positions.vcf.gz", "genomes/1kgp.GRCh37.positions.vcf.gz", "genomes/1kgp_samples.tsv")


@dataclass(frozen=True)
class Panel:
    grch38: Path
    grch37: Path
    people: Path


SOME = Panel(DATA / "1kgp.GRCh38.vcf.gz", DATA / "1kgp.GRCh37.vcf.gz", DATA / "1kgp_samples.tsv")
ALL = Panel(*(OUTSIDE / name for name in WHOLE))


@pytest.fixture(params=[pytest.param(SOME, id="some"), pytest.param(ALL, id="all", marks=pytest.mark.panel(*WHOLE))])
def panel(request: pytest.FixtureRequest) -> Panel:
    return request.param


@cache
def genotypes_of(path: Path) -> Genotypes:
    return pgx.variants.read(path, knowledge())


def strings(genotypes: Genotypes) -> NDArray[np.object_]:
    """Allele strings instead of codes: undocumented codes depend on the order in which a file shows them."""
    found = np.empty(genotypes.alleles.shape, dtype=object)
    for site, alleles in enumerate(genotypes.sites["alleles"]):
        found[site] = np.array([*alleles, "*", "-", "."], dtype=object)[genotypes.alleles[site]]
    return found


def test_single_base_records_are_read_as_htslib_reads_them(panel: Panel) -> None:
    found = genotypes_of(panel.grch38)
    rows = {(c, p): (s, a) for s, c, p, a in found.sites.select("site", "chrom", "pos_grch38", "alleles").iter_rows()}
    records = [r for r in pysam.VariantFile(str(panel.grch38)) if (r.contig, r.pos) in rows]
    places = [(r.contig, r.pos) for r in records]
    compared = 0
    for record in records:
        site, alleles = rows[(record.contig, record.pos)]
        if places.count((record.contig, record.pos)) > 1 or any(
            len(a) != 1 for a in (*alleles, record.ref, *record.alts)
        ):
            continue
        for sample in range(0, len(found.samples), len(found.samples) // 7):
            expected = [alleles.index(base) for base in record.samples[sample].alleles]
            assert [int(c) for c in found.alleles[site, sample] if c != -2] == expected
            compared += 1
    assert compared > 3000


@pytest.mark.parametrize("steps", [("+any",), ("+any", "-any")], ids=["joined", "joined and split"])
def test_bcftools_norm_changes_nothing(panel: Panel, tmp_path: Path, steps: tuple[str, ...]) -> None:
    path = panel.grch38
    for i, step in enumerate(steps):
        target = tmp_path / f"{i}.vcf.gz"
        pysam.bcftools.norm("-m", step, "-Oz", "-o", str(target), str(path), catch_stdout=False)
        path = target
    before, after = genotypes_of(panel.grch38), pgx.variants.read(path, knowledge())
    differ = (strings(before) != strings(after)).any(axis=2)
    # One person has three alleles of the UGT1A1 repeat on the panel's separate lines; joining them hides that.
    assert {(int(before.sites["pos_grch38"][int(v)]), before.samples[int(s)]) for v, s in np.argwhere(differ)} == {
        (233760233, "HG02648")
    }


def test_both_builds_of_the_same_persons_agree(panel: Panel) -> None:
    """Apart from chrX, whose males the older release writes as diploid, and UGT1A1's repeat, of which it has one allele."""
    new, old = genotypes_of(panel.grch38), genotypes_of(panel.grch37)
    shared = [name for name in old.samples if name in set(new.samples)]
    place = [{name: i for i, name in enumerate(g.samples)} for g in (new, old)]
    columns = [np.array([p[name] for name in shared]) for p in place]
    rows = [
        s for s, c, p in new.sites.select("site", "chrom", "pos_grch38").iter_rows() if c != "chrX" and p != 233760233
    ]  # fmt: skip
    called = [(g.state == State.CALLED)[np.ix_(rows, c)] for g, c in zip((new, old), columns, strict=True)]
    both = called[0] & called[1]
    alleles = [np.sort(g.alleles[rows][:, c], axis=2) for g, c in zip((new, old), columns, strict=True)]
    same = (alleles[0] == alleles[1]).all(axis=2)
    assert both.mean() > 0.15
    assert same[both].mean() > 0.999


def test_males_are_haploid_and_nobody_is_reference_without_data(panel: Panel) -> None:
    found = genotypes_of(panel.grch38)
    x = (found.sites["chrom"] == "chrX").to_numpy()
    haploid = (found.alleles[x][:, :, 1] == -2).any(axis=0)
    people = pl.read_csv(panel.people, separator="\t", infer_schema=False)
    males = set(people.filter(pl.col("sex") == "male")["sample"]) & set(found.samples)
    single = {name for name, one in zip(found.samples, haploid, strict=True) if one}
    # The panel writes one man's chrX as diploid.
    assert single <= males and males - single <= {"HG02300"}
    absent = found.state == State.ABSENT
    assert (found.alleles[absent][:, 0] == -1).all()
    cyp2b6 = int(found.sites.filter(found.sites["pos_grch38"] == 41009358)["site"][0])
    assert (found.state[cyp2b6] == State.ABSENT).all()
