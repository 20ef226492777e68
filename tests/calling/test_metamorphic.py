"""Real persons are called the same however their file is written: order, strands, packing, company, machine."""

from __future__ import annotations

import gzip
import os
import random
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import polars as pl
import pysam
import pytest
from polars.testing import assert_frame_equal

import pgx
from tests.variants.build import compress

PANEL = Path(__file__).resolve().parents[1] / "data" / "1kgp.GRCh38.vcf.gz"
PERSONS = 16
GENES = "CYP2B6,CYP2C19,CYP2C9,CYP2D6,CYP3A5,DPYD,NUDT15,SLCO1B1,TPMT,UGT1A1,VKORC1"
Rows = list[list[str]]
FIXED = 9


def lines() -> tuple[list[str], Rows]:
    """Return the header and the rows of the panel, cut to some persons; the first row is that of the names."""
    with gzip.open(PANEL, "rt") as stream:
        every = stream.read().splitlines()
    meta = [line for line in every if line.startswith("##")]
    meta.append('##FORMAT=<ID=GT,Number=1,Type=String,Description="Genotype">')
    return meta, [line.split("\t")[: FIXED + PERSONS] for line in every[len(meta) - 1 :] if not line.startswith("##")]


META, ROWS = lines()


def written(rows: Rows, path: Path) -> Path:
    path.write_text("\n".join([*META, *("\t".join(row) for row in rows)]) + "\n", encoding="utf-8")
    return path


def called(path: Path) -> pl.DataFrame:
    return pgx.call(path, options=pgx.Options(genes=GENES)).sort("sample", "gene")


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written(ROWS, tmp_path_factory.mktemp("plain") / "in.vcf")


@pytest.fixture(scope="module")
def truth(plain: Path) -> pl.DataFrame:
    found = called(plain)
    assert found["sample"].n_unique() == PERSONS and found["diplotype"].n_unique() > 30
    return found


def persons_in_another_order(rows: Rows) -> Rows:
    order = [*range(FIXED), *random.Random(1).sample(range(FIXED, FIXED + PERSONS), PERSONS)]
    return [[row[at] for at in order] for row in rows]


def records_in_another_order(rows: Rows) -> Rows:
    return [rows[0], *random.Random(2).sample(rows[1:], len(rows) - 1)]


def strands_swapped(rows: Rows) -> Rows:
    return [rows[0], *([*row[:FIXED], *("|".join(reversed(gt.split("|"))) for gt in row[FIXED:])] for row in rows[1:])]


def alternates_on_one_line(rows: Rows) -> Rows:
    """Join the lines of one position and REF into one with several ALT."""
    groups: dict[tuple[str, ...], Rows] = {}
    for row in rows[1:]:
        groups.setdefault((row[0], row[1], row[3]), []).append(row)
    joined = [rows[0]]
    for listed in groups.values():
        columns = []
        for genotypes in zip(*(row[FIXED:] for row in listed), strict=True):
            strands = zip(*(gt.split("|") for gt in genotypes), strict=True)
            columns.append("|".join(str(max((n + 1) * (one == "1") for n, one in enumerate(s))) for s in strands))
        one = listed[0]
        joined.append([*one[:4], ",".join(row[4] for row in listed), *one[5:FIXED], *columns])
    assert len(joined) < len(rows)
    return joined


def among_others(rows: Rows) -> Rows:
    """Add records that no gene needs, and fields that nothing reads."""
    other = ["G", "T", "50", "PASS", "XX=1;YY=a,b", "GT", *["0|1"] * PERSONS]
    strange = [["chr10", str(at), f"rs{at}", *other] for at in range(5_000_000, 5_000_400, 7)]
    more = [[*row[:7], "XX=2", "GT:ZZ", *(f"{gt}:x" for gt in row[FIXED:])] for row in rows[1:]]
    return [rows[0], *more, *strange]


@pytest.mark.parametrize(
    "change",
    [persons_in_another_order, records_in_another_order, strands_swapped, alternates_on_one_line, among_others],
)
def test_another_way_to_write_it_changes_no_call(
    truth: pl.DataFrame, tmp_path: Path, change: Callable[[Rows], Rows]
) -> None:
    assert_frame_equal(called(written(change(ROWS), tmp_path / "in.vcf")), truth)


def bcf(path: Path, folder: Path) -> Path:
    target = folder / "in.bcf"
    with pysam.VariantFile(str(path)) as source, pysam.VariantFile(str(target), "wb", header=source.header) as out:
        for record in source:
            out.write(record)
    return target


def gzipped(path: Path, folder: Path) -> Path:
    (folder / "in.vcf.gz").write_bytes(gzip.compress(path.read_bytes()))
    return folder / "in.vcf.gz"


def packed(path: Path, folder: Path, *, index: bool) -> Path:
    (folder / "in.vcf").write_bytes(path.read_bytes())
    return compress(folder / "in.vcf", index=index)


def piped(path: Path, folder: Path) -> Path:
    pipe = folder / "pipe"
    os.mkfifo(pipe)
    threading.Thread(target=lambda: pipe.write_bytes(path.read_bytes()), daemon=True).start()
    return pipe


@pytest.mark.parametrize(
    "pack",
    [
        gzipped,
        bcf,
        piped,
        lambda path, folder: packed(path, folder, index=True),
        lambda path, folder: packed(path, folder, index=False),
    ],
    ids=["gzip", "bcf", "pipe", "bgzip with index", "bgzip without"],
)
def test_another_packing_changes_no_call(
    truth: pl.DataFrame, plain: Path, tmp_path: Path, pack: Callable[[Path, Path], Path]
) -> None:
    assert_frame_equal(called(pack(plain, tmp_path)), truth)


EVERY_FORMAT = "json,tsv,text,fhir,html,leaflet,card,plan,parquet,multiqc"


def environments() -> Iterator[dict[str, str]]:
    yield {"PYTHONHASHSEED": "1", "TZ": "UTC", "LC_ALL": "C.UTF-8", "POLARS_MAX_THREADS": "1", "OMP_NUM_THREADS": "1"}
    yield {"PYTHONHASHSEED": "77", "TZ": "Pacific/Kiritimati", "LC_ALL": "C", "POLARS_MAX_THREADS": "2",
           "OMP_NUM_THREADS": "2", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "COLUMNS": "57"}  # fmt: skip


def test_threads_place_time_and_hash_seed_change_no_byte(tmp_path: Path) -> None:
    """A report with scores, in every format but PDF: for programs everything that is computed, for people its words."""
    said = []
    for number, environment in enumerate(environments()):
        out = tmp_path / str(number)
        command = ["report", "data/examples/HG00652.GRCh38.vcf.gz", "--clinical", "data/examples/HG00652.clinical.json",
                   "--format", EVERY_FORMAT, "--no-print", "-o", str(out)]  # fmt: skip
        subprocess.run([sys.executable, "-m", "pgx.cli.main", *command], env={**os.environ, **environment},
                       check=True, capture_output=True, timeout=120)  # fmt: skip
        said.append({path.name: path.read_bytes() for path in sorted(out.iterdir())})
    assert said[0].keys() == said[1].keys()
    assert [name for name in said[0] if said[0][name] != said[1][name]] == []


def test_less_evidence_is_never_surer_of_what_is_wrong(truth: pl.DataFrame, tmp_path: Path) -> None:
    """With records left out, a call is the same, is one that the data leave open, or is none."""
    rng = random.Random(5)
    rows = [ROWS[0], *(row for row in ROWS[1:] if rng.random() < 0.7)]
    fewer = called(written(rows, tmp_path / "in.vcf"))
    both = truth.join(fewer, on=["sample", "gene"], suffix="_fewer", how="left").filter(pl.col("status") == "called")
    wrong = both.filter(pl.col("diplotype") != pl.col("diplotype_fewer"), pl.col("status_fewer") == "called")
    assert wrong.height < 0.02 * both.height
    assert both["probability_fewer"].mean() <= both["probability"].mean()
