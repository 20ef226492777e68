"""Reading genotypes, as ratios to what htslib takes for the same bytes in the same run.

Run as a script: ``python -m tests.benchmarks.bench_variants [--records N] [--no-wgs]``. The panel comes from
``../shared/genomes``; a 30x whole genome of one person is written for the occasion (deterministic, about 5 million
records, most of them of no interest).
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pysam
import pysam.bcftools

import pgx.knowledge
import pgx.variants
from pgx.knowledge import KnowledgeBase
from pgx.types import Genotypes
from pgx.variants.contigs import LENGTHS

SHARED = Path(__file__).resolve().parents[2].parent / "shared" / "genomes"
WGS_RECORDS = 4_500_000


def best(action: Callable[[], object], repeats: int = 3) -> float:
    """Return the best wall time of `repeats` runs, in seconds."""
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        action()
        times.append(time.perf_counter() - start)
    return min(times)


def line(name: str, seconds: float, base: float, base_name: str, limit: str) -> None:
    """Print one figure and its ratio."""
    print(f"{name:58s} {seconds:7.2f} s  {seconds / base:5.2f} x {base_name} ({base:.2f} s)  {limit}")


def call_all(genotypes: Genotypes, kb: KnowledgeBase) -> object:
    """Call all genes."""
    import pgx.calling

    return pgx.calling.call(genotypes, kb)


def panel(kb: KnowledgeBase, folder: Path) -> None:
    """3,202 persons: the regions file against `bcftools view -R`, the positions file in persons a second."""
    wanted = folder / "positions.tsv"
    rows = kb.sites.select("chrom", "pos_grch38").iter_rows()
    wanted.write_text("".join(f"{chrom}\t{pos}\n" for chrom, pos in rows))
    regions, positions = SHARED / "1kgp.GRCh38.regions.vcf.gz", SHARED / "1kgp.GRCh38.positions.vcf.gz"
    out = str(folder / "out.bcf")

    def htslib() -> None:
        pysam.bcftools.view("-R", str(wanted), "-Ob", "-o", out, str(regions), catch_stdout=False)

    base = best(htslib, 2)
    name = "bcftools view -R positions -Ob"
    line("read 3,202 genomes, 80,000 records", best(lambda: pgx.variants.read(regions, kb)), base, name, "")
    everything = best(lambda: call_all(pgx.variants.read(regions, kb), kb), 2)
    line("read and call them, all genes", everything, base, name, "budget 3 x")
    seconds = best(lambda: call_all(pgx.variants.read(positions, kb), kb), 2)
    print(f"{'positions file, read and call':58s} {seconds:7.2f} s  {3202 / seconds:7.0f} persons/s  budget 2,000")


def whole_genome(kb: KnowledgeBase, folder: Path, records: int) -> None:
    """One person's 30x VCF, with its index and without."""
    packed = write_genome(kb, folder / "wgs.vcf", records)
    seconds = best(lambda: pgx.variants.read(packed, kb))
    print(f"{f'one person, {records:,} records, indexed':58s} {seconds:7.2f} s  budget 1 s")
    bare = folder / "unindexed.vcf.gz"
    packed.rename(bare)

    def decompress() -> None:
        with pysam.BGZFile(str(bare), "rb", None) as stream:
            while stream.read(1 << 22):
                pass

    line("the same without its index", best(lambda: pgx.variants.read(bare, kb)), best(decompress), "decompression", "")


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
    info = "AC=1;AF=0.500;AN=2;BaseQRankSum=0.310;DP=31;ExcessHet=3.0103;FS=0.000;MLEAC=1;MQ=60.00;QD=15.2;SOR=0.7"
    with path.open("w") as out:
        out.write("##fileformat=VCFv4.2\n" + "".join(f"##contig=<ID={c},length={n}>\n" for c, n in lengths.items()))
        out.write('##FORMAT=<ID=GT,Number=1,Type=String,Description="Genotype">\n')
        out.write("#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\tNA1\n")
        for chrom, length in lengths.items():
            drawn = np.unique(random.integers(1, length, int(records * length / sum(lengths.values()))))
            for first, last in spans[chrom]:
                drawn = drawn[(drawn < first) | (drawn > last)]
            for pos in np.union1d(drawn, np.array(list(known[chrom]), dtype=drawn.dtype)).tolist():
                ref, alt = known[chrom].get(pos, ("A", "G"))
                depth = pos % 20 + 10
                out.write(
                    f"{chrom}\t{pos}\t.\t{ref}\t{alt}\t{pos % 3000}.77\tPASS\t{info}\tGT:AD:DP:GQ:PL\t"
                    f"0/1:{depth},{31 - depth}:31:99:460,0,420\n"
                )
    packed = path.with_name(path.name + ".gz")
    pysam.tabix_compress(str(path), str(packed), force=True)
    pysam.tabix_index(str(packed), preset="vcf", force=True)
    path.unlink()
    return packed


def main() -> None:
    """Print one line a figure."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--records", type=int, default=WGS_RECORDS, help="records of the written genome")
    parser.add_argument(
        "--no-wgs", action="store_true", help="leave out the whole genome, which takes a minute to write"
    )
    options = parser.parse_args()
    kb = pgx.knowledge.load()
    kb.sites  # noqa: B018 (the knowledge base is loaded once a process)
    with tempfile.TemporaryDirectory() as folder:
        if SHARED.is_dir():
            panel(kb, Path(folder))
        else:
            print("../shared/genomes is absent: the panel is left out")
        if not options.no_wgs:
            whole_genome(kb, Path(folder), options.records)


if __name__ == "__main__":
    main()
