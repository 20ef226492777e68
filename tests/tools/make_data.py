"""Write the small cuts that the tests need: ``python -m tests.tools.make_data SHARED tests/data`` (``make test-data``).

``SHARED`` holds the curated fact tables (``facts/``) and the panels of the 1000 Genomes Project (``genomes/``). Written are

- ``facts/``: every fact table, with the rows of a few genes and of what the importer's corrections speak of;
- ``1kgp.GRCh38.vcf.gz``, ``1kgp.GRCh37.vcf.gz``, ``1kgp_samples.tsv``: some public reference individuals of every
  superpopulation at the allele-defining positions, the same in both builds;
- ``pharmcat_phenotypes.tsv``: each different result that PharmCAT 3.1.1 gave for the panel, and how often.
"""

from __future__ import annotations

import csv
import gzip
import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import pysam

from pgx.paths import data_dir

GENES = {"CYP2D6", "CYP4F2", "DPYD", "HLA-A", "HLA-B", "NUDT15", "SULT1A1", "TPMT"}
BUILDS = ("GRCh38", "GRCh37")
A_GROUP = 60
ODD_ONE = "HG02648"  # three alleles of the UGT1A1 repeat on separate lines

Row = dict[str, str]


def read_rows(path: Path) -> tuple[list[str], list[Row]]:
    """Return the columns and rows of a table."""
    with path.open(encoding="utf-8", newline="") as handle:
        reader = csv.DictReader(handle, delimiter="\t", quoting=csv.QUOTE_NONE)
        return list(reader.fieldnames or ()), list(reader)


def write_rows(path: Path, columns: Iterable[str], rows: Iterable[Iterable[object]]) -> None:
    """Write a table."""
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = ["\t".join(columns), *("\t".join(map(str, row)) for row in rows)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def cut_facts(facts: Path, out: Path) -> None:
    """Keep the rows of a few genes, their drugs, and each row that a correction of the importer needs."""
    corrections = read_rows(data_dir() / "knowledge" / "corrections.tsv")[1]
    recommendations = [row for row in read_rows(facts / "recommendations.tsv")[1] if _of_genes(row, corrections)]
    drugs = {row["drug"] for row in recommendations}
    for path in sorted(facts.glob("*.tsv")):
        columns, rows = read_rows(path)
        if path.stem == "recommendations":
            rows = recommendations
        elif path.stem not in ("phenoconversion_rules", "warfarin_algorithm"):  # few rows, numbered in their order
            rows = [row for row in rows if _kept(row, drugs) or _corrected(row, path.stem, corrections)]
        write_rows(out / path.name, columns, (row.values() for row in rows))


def _kept(row: Row, drugs: set[str]) -> bool:
    if "enzyme" in row:
        return row["enzyme"] in GENES
    return row.get("gene", next(iter(GENES))) in GENES and ("drug" not in row or row["drug"] in drugs)


_FACTS_BEHIND = {"functions": "alleles", "interactions": "inhibitors", "recommendation_conditions": "recommendations"}
_NAMES = ("gene", "allele", "drug", "enzyme", "role", "rec_id", "genotype")


def _corrected(row: Row, stem: str, corrections: list[Row]) -> bool:
    """Whether a correction speaks of the row; columns that name things hold the same in the facts and in the tables."""
    for one in corrections:
        where = dict(part.split("=", 1) for part in one["where"].split("&"))
        named = [value for column, value in where.items() if column in _NAMES]
        if _FACTS_BEHIND.get(one["table"], one["table"]) == stem and named and set(named) <= set(row.values()):
            return True
    return False


def _of_genes(row: Row, corrections: list[Row]) -> bool:
    genes = {row[f"gene{i}"] for i in (1, 2, 3)} - {""}
    return _corrected(row, "recommendations", corrections) or (bool(genes) and genes <= GENES)


def cut_panel(genomes: Path, out: Path) -> None:
    """Keep the first persons of every superpopulation who are in both builds."""
    _, people = read_rows(genomes / "1kgp_samples.tsv")
    both = [row for row in people if row["in_GRCh38_panel"] == row["in_GRCh37_panel"] == "1"]
    seen: Counter[str] = Counter()
    chosen = []
    for row in both:
        seen[row["superpopulation"]] += 1
        if seen[row["superpopulation"]] <= A_GROUP or row["sample"] == ODD_ONE:
            chosen.append(row)
    columns = ("sample", "population", "superpopulation", "sex")
    write_rows(out / "1kgp_samples.tsv", columns, ([row[name] for name in columns] for row in chosen))
    names = [row["sample"] for row in chosen]
    for build in BUILDS:
        _write_panel(genomes / f"1kgp.{build}.positions.vcf.gz", names, build, out / f"1kgp.{build}.vcf.gz")


def _write_panel(source: Path, names: list[str], build: str, out: Path) -> None:
    lines = ["##fileformat=VCFv4.3", f"##reference={build}", "##source=1000 Genomes Project, cut by pgx make_data"]
    body = []
    with pysam.VariantFile(str(source)) as panel:
        panel.subset_samples(names)
        order = list(panel.header.samples)
        contigs = dict.fromkeys(record.chrom for record in panel)
        lines += [f"##contig=<ID={name}>" for name in contigs]
    with pysam.VariantFile(str(source)) as panel:
        panel.subset_samples(names)
        for record in panel:
            cells = [
                record.chrom,
                str(record.pos),
                ".",
                record.ref,
                ",".join(record.alts or ["."]),
                ".",
                "PASS",
                ".",
                "GT",
            ]
            for name in order:
                call = record.samples[name]
                cells.append("|".join("." if code is None else str(code) for code in call["GT"]))
            body.append("\t".join(cells))
    lines += [
        '##FILTER=<ID=PASS,Description="All filters passed">',
        '##FORMAT=<ID=GT,Number=1,Type=String,Description="Phased genotype">',
        "\t".join(["#CHROM", "POS", "ID", "REF", "ALT", "QUAL", "FILTER", "INFO", "FORMAT", *order]),
    ]
    with pysam.BGZFile(str(out), "wb") as target:
        target.write("\n".join([*lines, *body, ""]).encode())


def count_pharmcat(genomes: Path, out: Path) -> None:
    """Write each different (gene, diplotype, phenotype, activity score) once, with its count."""
    columns = ("gene", "diplotype", "phenotype", "activity_score")
    seen: Counter[tuple[str, ...]] = Counter()
    with gzip.open(genomes / "pharmcat_calls.tsv.gz", "rt", encoding="utf-8") as handle:
        for row in csv.DictReader(handle, delimiter="\t"):
            if row["phenotype"] not in ("", "n/a", "No Result"):
                seen[tuple(row[name] for name in columns)] += 1
    write_rows(out / "pharmcat_phenotypes.tsv", (*columns, "persons"), ((*key, n) for key, n in sorted(seen.items())))


def main(shared: Path, out: Path) -> None:
    """Write everything."""
    cut_facts(shared / "facts", out / "facts")
    cut_panel(shared / "genomes", out)
    count_pharmcat(shared / "genomes", out)
    for path in sorted(out.rglob("*")):
        if path.is_file():
            print(f"{path.stat().st_size:>9}  {path.relative_to(out)}")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
