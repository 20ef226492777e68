"""Write the example VCFs of ``data/examples`` from the genotype facts of the 1000 Genomes panels.

Run: ``python -m tests.tools.make_examples PANEL_DIR OUT_DIR`` where PANEL_DIR holds the panels' allele-defining positions
(``1kgp.GRCh38.positions.vcf.gz`` and ``1kgp.GRCh37.positions.vcf.gz``). One public reference individual a file.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pysam

EXAMPLES = (("HG00652", "GRCh38"), ("HG01593", "GRCh38"), ("HG00118", "GRCh37"))

_CONTIG_LENGTH = {
    ("GRCh38", "chr1"): 248956422,
    ("GRCh38", "chr2"): 242193529,
    ("GRCh38", "chr10"): 133797422,
    ("GRCh38", "chr22"): 50818468,
    ("GRCh38", "chrX"): 156040895,
    ("GRCh37", "1"): 249250621,
    ("GRCh37", "2"): 243199373,
    ("GRCh37", "10"): 135534747,
    ("GRCh37", "22"): 51304566,
    ("GRCh37", "X"): 155270560,
}


def header(sample: str, build: str, contigs: list[str]) -> str:
    """Return the header of one example file."""
    lines = ["##fileformat=VCFv4.3", f"##reference={build}", "##source=pgx make_examples"]
    lines.append(
        '##pgxData=<ID=1kgp,Description="Public reference individual of the 1000 Genomes Project; '
        'open data, International Genome Sample Resource and New York Genome Center">'
    )
    for contig in contigs:
        length = _CONTIG_LENGTH.get((build, contig))
        lines.append(f"##contig=<ID={contig},length={length}>" if length else f"##contig=<ID={contig}>")
    lines.append('##FILTER=<ID=PASS,Description="All filters passed">')
    lines.append('##FORMAT=<ID=GT,Number=1,Type=String,Description="Phased genotype">')
    lines.append("\t".join(["#CHROM", "POS", "ID", "REF", "ALT", "QUAL", "FILTER", "INFO", "FORMAT", sample]))
    return "\n".join(lines) + "\n"


def write_example(panel: Path, sample: str, build: str, out: Path) -> int:
    """Write one person's genotypes at the panel's positions, bgzipped and indexed; return the number of records."""
    rows, contigs = [], []
    with pysam.VariantFile(str(panel)) as source:
        source.subset_samples([sample])
        for record in source:
            call = record.samples[sample]
            strands = ["." if code is None else str(code) for code in call["GT"]]
            genotype = ("|" if call.phased else "/").join(strands)
            if record.chrom not in contigs:
                contigs.append(record.chrom)
            rows.append(
                [
                    record.chrom,
                    record.pos,
                    ".",
                    record.ref,
                    ",".join(record.alts or ["."]),
                    ".",
                    "PASS",
                    ".",
                    "GT",
                    genotype,
                ]
            )
    text = header(sample, build, contigs) + "".join("\t".join(map(str, row)) + "\n" for row in rows)
    with pysam.BGZFile(str(out), "wb") as target:
        target.write(text.encode())
    pysam.tabix_index(str(out), preset="vcf", force=True)
    return len(rows)


def main(panels: Path, out: Path) -> None:
    """Write every example."""
    for sample, build in EXAMPLES:
        target = out / f"{sample}.{build}.vcf.gz"
        count = write_example(panels / f"1kgp.{build}.positions.vcf.gz", sample, build, target)
        print(f"{target}: {count} records")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
