"""Inputs and readers that the tests of cohorts share."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from pgx.cohort.plan import TABLES
from tests.test_persons_apart import vcf

PEOPLE = tuple(f"Q{number}" for number in range(1, 8))
SHOWN = ("manifest.json", "failures.tsv", "run_notes.tsv")


def write_inputs(folder: Path) -> Path:
    (folder / "all.vcf").write_text(vcf(PEOPLE, ("chr1", "chr10", "chr12", "chr22", "chrX"), 3))
    rows = [
        f"{name},{'male' if n % 2 else 'female'},{40 + n},{60 + n},clopidogrel;warfarin"
        for n, name in enumerate(PEOPLE)
    ]
    (folder / "ward.csv").write_text("\n".join(["sample,sex,age,weight_kg,medications", *rows]) + "\n")
    return folder


def table(folder: Path, name: str) -> pl.DataFrame:
    return pl.concat([pl.read_parquet(path) for path in sorted((folder / name).glob("part-*.parquet"))])


def content(folder: Path) -> dict[str, bytes]:
    """Every result of a cohort: name and bytes; what a run keeps for itself is no result."""
    files = [folder / name for name in SHOWN]
    files += [path for name in (*TABLES, "reports") for path in (folder / name).rglob("*") if path.is_file()]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}
