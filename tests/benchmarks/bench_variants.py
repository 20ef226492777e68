"""Reading genotypes, as ratios to what htslib takes for the same bytes in the same run.

Run as a script: ``python -m tests.benchmarks.bench_variants [--records N] [--no-wgs]``. The panel comes from
``../shared/genomes``; a 30x whole genome of one person is written for the occasion (deterministic, about 5 million
records, most of them of no interest).
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pysam
import pysam.bcftools

import pgx
import pgx.calling
import pgx.knowledge
import pgx.variants
from pgx.knowledge import KnowledgeBase
from pgx.variants.vcf.contigs import LENGTHS
from tests.outside import OUTSIDE

SHARED = OUTSIDE / "genomes"
WGS_RECORDS = 4_500_000
UNINDEXED = 1.5
PERSONS_STEP = 16
"""Every so many persons of the panel get likelihoods."""
SAID = 1 << 16
CHANGES = (("A", "G"), ("C", "T"), ("G", "A"), ("T", "C"), ("A", "C"), ("G", "T"))


Times = tuple[float, float]
"""Seconds of processor, all threads together, and of waiting. The former is judged: other work changes it least."""


def best(action: Callable[[], object], repeats: int = 3) -> Times:
    """Return the best times of `repeats` runs."""
    times = []
    for _ in range(repeats):
        waited, worked = time.perf_counter(), time.process_time()
        action()
        times.append((time.process_time() - worked, time.perf_counter() - waited))
    return min(worked for worked, _ in times), min(waited for _, waited in times)


class Verdicts:
    """Prints one line a figure and remembers whether all budgets were kept."""

    def __init__(self) -> None:
        self.kept = True

    def line(self, name: str, times: Times, said: str, within: bool | None = None) -> None:
        """Print a figure, what it is compared with, and whether it is within the budget (None = it has none)."""
        verdict = {None: "", True: "  within", False: "  OVER"}[within]
        self.kept &= within is not False
        print(f"{name:52s} {times[0]:7.2f} s of processor, {times[1]:6.2f} s waited  {said}{verdict}", flush=True)


def panel(kb: KnowledgeBase, folder: Path, verdicts: Verdicts) -> None:
    """3,202 persons: the regions file against `bcftools view -R`, the positions file in persons a second."""
    wanted = folder / "positions.tsv"
    rows = kb.sites.select("chrom", "pos_grch38").iter_rows()
    wanted.write_text("".join(f"{chrom}\t{pos}\n" for chrom, pos in rows))
    regions, positions = SHARED / "1kgp.GRCh38.regions.vcf.gz", SHARED / "1kgp.GRCh38.positions.vcf.gz"
    out = str(folder / "out.bcf")

    def htslib() -> None:
        pysam.bcftools.view("-R", str(wanted), "-Ob", "-o", out, str(regions), catch_stdout=False)

    base = best(htslib, 2)
    verdicts.line("bcftools view -R positions -Ob", base, "")
    read = best(lambda: pgx.variants.read(regions, kb), 2)
    verdicts.line("read 3,202 genomes, 80,000 records", read, f"{read[0] / base[0]:.2f} x bcftools")
    called = best(lambda: pgx.calling.call(pgx.variants.read(regions, kb), kb), 2)
    ratio = called[0] / base[0]
    verdicts.line("read and call them, all genes", called, f"{ratio:.2f} x bcftools, budget 3 x", ratio < 3)
    whole = best(lambda: pgx.call(positions), 3)
    speed = 3202 / whole[0]
    verdicts.line("positions file to the table of calls", whole, f"{speed:.0f} persons/s, budget 2,000", speed >= 2000)


def likelihoods(folder: Path, verdicts: Verdicts) -> None:
    """The same genotypes with DP, GQ and PL beside each, as reads at 32x give them, and without."""
    plain, full = (folder / name for name in ("plain.vcf.gz", "likelihoods.vcf.gz"))
    random, pools = np.random.default_rng(1), dict[tuple[bytes, int], list[bytes]]()
    with pysam.BGZFile(str(plain), "wb", None) as one, pysam.BGZFile(str(full), "wb", None) as two:
        for line in pysam.BGZFile(str(SHARED / "1kgp.GRCh38.regions.vcf.gz"), "rb", None):
            columns = line.split(b"\t")
            kept = columns[9::PERSONS_STEP]
            if len(columns) < 10 or line.startswith(b"#CHROM"):
                for out in (one, two):
                    out.write((b"\t".join(columns[:9] + kept) if kept else line) + b"\n")
                continue
            genotypes = [cell.split(b":", 1)[0] for cell in kept]
            alleles = columns[4].count(b",") + 2
            for gt in set(genotypes):
                if (gt, alleles) not in pools:
                    pools[gt, alleles] = _cells(gt, alleles, random)
            cells = [
                pools[gt, alleles][k] for gt, k in zip(genotypes, random.integers(0, 256, len(genotypes)), strict=True)
            ]
            one.write(b"\t".join([*columns[:8], b"GT", *genotypes]) + b"\n")
            two.write(b"\t".join([*columns[:8], b"GT:DP:GQ:PL", *cells]) + b"\n")
    for path in (plain, full):
        pysam.tabix_index(str(path), preset="vcf", force=True)
    base, times = best(lambda: pgx.call(plain), 2), best(lambda: pgx.call(full), 2)
    verdicts.line(f"every {PERSONS_STEP}th person, GT alone", base, "")
    ratio = times[0] / base[0]
    verdicts.line("... with PL in every genotype", times, f"{ratio:.2f} x without, budget 2 x", ratio <= 2)


def _cells(gt: bytes, alleles: int, random: np.random.Generator) -> list[bytes]:
    """Return 256 ways to write a genotype with its numbers: one base differs by 3, two by 30 tenths a read."""
    own = sorted(int(part) for part in gt.replace(b"|", b"/").split(b"/") if part != b".")
    if len(own) != 2:
        return [gt + b":0:0:."] * 256
    found = []
    for depth in np.maximum(random.normal(32, 6, 256), 4).astype(int).tolist():
        near, far = (3, 30) if own[0] == own[1] else (15, 22)
        pairs = [(a, b) for b in range(alleles) for a in range(b + 1)]
        tenths = [
            0 if [a, b] == own else depth * (near if {a, b} <= set(own) or own[0] == own[1] in (a, b) else far)
            for a, b in pairs
        ]
        quality = min([99, *(tenth for tenth in tenths if tenth)])
        found.append(gt + f":{depth}:{quality}:{','.join(map(str, tenths))}".encode())
    return found


def whole_genome(kb: KnowledgeBase, folder: Path, records: int, verdicts: Verdicts) -> None:
    """One person's 30x VCF, with its index and without."""
    packed = write_genome(kb, folder / "wgs.vcf", records)
    indexed = best(lambda: pgx.variants.read(packed, kb))
    verdicts.line(f"one person, {records:,} records, indexed", indexed, "budget 1 s", indexed[0] < 1)
    bare = folder / "unindexed.vcf.gz"
    packed.rename(bare)

    def decompress() -> None:
        with pysam.BGZFile(str(bare), "rb", None) as stream:
            while stream.read(1 << 22):
                pass

    base, read = best(decompress), best(lambda: pgx.variants.read(bare, kb))
    verdicts.line("decompression of it by htslib", base, "")
    ratio, waited = read[0] / base[0], read[1] / base[1]
    said = f"{ratio:.2f} x decompression ({waited:.2f} x waited), budget {UNINDEXED} x"
    verdicts.line("the same without its index", read, said, ratio <= UNINDEXED)


def write_genome(kb: KnowledgeBase, path: Path, records: int) -> Path:
    """Write a genome with random variants and every third site of the knowledge; return it bgzipped and indexed."""
    random = np.random.default_rng(1)
    lengths = LENGTHS["GRCh38"]
    known: dict[str, dict[int, tuple[str, str]]] = {name: {} for name in lengths}
    spans: dict[str, list[tuple[int, int]]] = {name: [] for name in lengths}
    for i, (chrom, pos, ref, alleles) in enumerate(
        kb.sites.select("chrom", "pos_grch38", "ref", "alleles").iter_rows()
    ):
        if chrom in known:
            spans[chrom].append((pos - 1, pos + len(ref)))
            if i % 3 == 0:
                known[chrom][pos] = (ref, alleles[1])
    said = [annotations(random) for _ in range(SAID)]
    with path.open("w") as out:
        out.write("##fileformat=VCFv4.2\n" + "".join(f"##contig=<ID={c},length={n}>\n" for c, n in lengths.items()))
        out.write('##FORMAT=<ID=GT,Number=1,Type=String,Description="Genotype">\n')
        out.write("#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\tNA1\n")
        for chrom, length in lengths.items():
            drawn = np.unique(random.integers(1, length, int(records * length / sum(lengths.values()))))
            for first, last in spans[chrom]:
                drawn = drawn[(drawn < first) | (drawn > last)]
            places = np.union1d(drawn, np.array(list(known[chrom]), dtype=drawn.dtype)).tolist()
            which = random.integers(0, SAID, len(places)).tolist()
            for pos, one in zip(places, which, strict=True):
                ref, alt = known[chrom].get(pos, CHANGES[one % len(CHANGES)])
                out.write(f"{chrom}\t{pos}\t.\t{ref}\t{alt}\t{said[one]}\n")
    packed = path.with_name(path.name + ".gz")
    pysam.tabix_compress(str(path), str(packed), force=True)
    pysam.tabix_index(str(packed), preset="vcf", force=True)
    path.unlink()
    return packed


def annotations(random: np.random.Generator) -> str:
    """Return QUAL to the last column of one record, as different from record to record as a caller's are."""
    a, b, quality, mapping = (int(n) for n in random.integers((8, 8, 20, 4500), (25, 25, 1200, 6001)))
    rank, strand, odds, by_depth = random.normal(size=4).round(3)
    info = (
        f"AC=1;AF=0.500;AN=2;BaseQRankSum={rank};DP={a + b};ExcessHet=3.0103;FS={abs(strand) * 4:.3f};MLEAC=1;"
        f"MLEAF=0.500;MQ={mapping / 100:.2f};MQRankSum={-rank / 2:.3f};QD={abs(by_depth) * 9:.2f};"
        f"ReadPosRankSum={odds};SOR={abs(odds):.3f}"
    )
    sample = f"0/1:{a},{b}:{a + b}:99:{quality * 30},0,{quality * 27 + a}"
    return f"{quality}.{a + b}\tPASS\t{info}\tGT:AD:DP:GQ:PL\t{sample}"


def main() -> None:
    """Print one line a figure; end with 1 if a budget is not kept."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--records", type=int, default=WGS_RECORDS, help="records of the written genome")
    parser.add_argument(
        "--no-wgs", action="store_true", help="leave out the whole genome, which takes a minute to write"
    )
    options = parser.parse_args()
    kb = pgx.knowledge.load()
    kb.sites  # noqa: B018 (the knowledge base is loaded once a process)
    verdicts = Verdicts()
    with tempfile.TemporaryDirectory() as folder:
        if SHARED.is_dir():
            panel(kb, Path(folder), verdicts)
            likelihoods(Path(folder), verdicts)
        else:
            print("../shared/genomes is absent: the panel is left out")
        if not options.no_wgs:
            whole_genome(kb, Path(folder), options.records, verdicts)
    sys.exit(not verdicts.kept)


if __name__ == "__main__":
    main()
