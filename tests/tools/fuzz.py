"""A mutation fuzzer over every reader: ``python -m tests.tools.fuzz --minutes 10 --keep FOLDER``.

Real inputs are changed by bytes, lines, cells and values, and read in this process. What is not an answer or one of
the product's own one-line errors is a finding: an exception, a crash of the process, or a wait of more than `WAIT`
seconds. Each finding is kept as a file; put it into ``tests/data/crashes`` when it is mended.
"""

from __future__ import annotations

import argparse
import gzip
import io
import json
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl

import pgx.variants
from pgx import clinical
from pgx.cohort.samplesheet import read_sheet
from pgx.errors import PgxError
from pgx.knowledge import KnowledgeBase, configured, load
from pgx.models.evidence import endpoints
from pgx.models.store import folder as model_folder
from pgx.paths import data_dir
from pgx.phenotypes.outside import merge
from pgx.protect import verify
from pgx.reports import from_json
from pgx.variants.check import check as check_genotypes
from tests.clinical.fit_file import fit_file, moment
from tests.clinical.test_same_person import CSV, as_files
from tests.phenotypes.test_outside_calls import FILES as OUTSIDE
from tests.variants.test_fuzz import SEED as VCF

ROOT = Path(__file__).resolve().parents[1]
CRASHES = ROOT / "data" / "crashes"
WAIT = 10
"""Seconds of the processor; of the clock it is `_BUSY` times as long, for what waits and does nothing."""
_BUSY = 60
MOST = 200_000
"""Bytes of a seed: larger ones are cut, or reading takes the time that changes need."""
ARRAY = b"# rsid\tchromosome\tposition\tgenotype\n" + b"".join(
    f"rs{4244285 + i}\t10\t{94781859 + i}\tGA\n".encode() for i in range(30)
)
SNPS = b"sample,rs4244285,rs9923231\nA,G/A,C/T\nB,G/G,\n"
ODD = (
    b"", b"\0", b"\xff", b"\xc2\xb2", b"9" * 30, b"9" * 5000, b"-1", b"1e999", b"NaN", b".", b"*", b"<DEL>", b"{}", b"[]",
    b"[" * 3000, b'{"a":' * 3000, b"null", b"true", b'""', b"\t", b"\n", b"\r", b",", b";", b"|", b"/", b"=", b":", b"0",
    b"\xe2\x80\xae", b"\xed\xa0\x80", b"\\ud800", b"END=1", b"2020-13-45", b"0001-01-01", b"x" * 3000, b'"', b"\x1f\x8b",
)  # fmt: skip
Read = Callable[[Path], object]


@dataclass(frozen=True)
class Reader:
    """One way into the product: how a file is called, seeds, and what reads it."""

    name: str
    file: str
    seeds: list[bytes]
    read: Read


def readers(kb: KnowledgeBase, folder: Path) -> list[Reader]:
    """Return every reader with its seeds; `folder` is for those that need files beside the one that is changed."""

    def genotypes(path: Path) -> None:
        for read in (lambda: check_genotypes(path), lambda: pgx.variants.read(path, kb, min_gq=5)):
            _attempt(read)

    def history(path: Path) -> None:
        for read in (lambda: clinical.check(path, kb), lambda: clinical.read([path], kb, as_of=date(2024, 6, 1))):
            _attempt(read)

    def overlay(path: Path) -> object:
        laid = load([path.parent])
        return endpoints.load(laid) if path.suffix == ".toml" else laid

    def endpoint(path: Path) -> object:
        place = path.parent / "ward" / "endpoints"
        place.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, place / "a.b.toml")
        return endpoints.load(load([place.parent]))

    def model(path: Path) -> object:
        shipped = data_dir() / "models" / "warfarin.dose"
        beside = path.parent / (model_folder.JSON if path.name == model_folder.TREES else model_folder.TREES)
        facts = json.loads((shipped / model_folder.JSON).read_bytes())
        if path.name == model_folder.TREES:  # with a checksum that fits, as whoever crafts one would write it
            beside.write_text(json.dumps(model_folder.document(facts, path.read_bytes())), encoding="utf-8")
            return model_folder.read(path.parent)
        shutil.copy(shipped / model_folder.TREES, beside)
        try:
            facts = json.loads(path.read_bytes())
            sealed = model_folder.document(facts, beside.read_bytes())
            path.write_text(json.dumps(sealed), encoding="utf-8")
        except Exception:  # not JSON by now: read as it is
            pass
        return model_folder.read(path.parent)

    def sheet(path: Path) -> object:
        (path.parent / "a.vcf").write_bytes(VCF)
        return read_sheet(path, kb)

    return [
        Reader("vcf", "in.vcf", [VCF], genotypes),
        Reader("vcf.gz", "in.vcf.gz", [gzip.compress(VCF)], genotypes),
        Reader("bcf", "in.bcf", [_bcf(folder)], genotypes),
        Reader("array", "in.txt", [ARRAY, SNPS], genotypes),
        Reader("targeted", "in.json", [b'{"SMN": 1, "cyp2d6": {"genotype": "*1/*4x2"}, "sample": "A"}'], genotypes),
        Reader("table", "in.csv", [CSV.encode()], history),
        Reader("record", "in.json", [path.read_bytes() for path in sorted((ROOT / "data/records").glob("*.json"))], history),
        Reader("ndjson", "in.ndjson", [_lines(folder)], history),
        Reader("apple", "in.xml", [(ROOT / "data/records/apple_export.xml").read_bytes()], history),
        Reader("fit", "in.fit", [_fit()], history),
        Reader("parquet", "in.parquet", [_parquet()], history),
        Reader("sqlite", "in.sqlite", [as_files("sqlite", _made(folder / "s")).read_bytes()], history),
        Reader("outside", "in.tsv", [*(text.encode() for _, text in OUTSIDE.values()), _archive()],
               lambda path: merge.read(path, kb)),
        Reader("overlay", "drug_names.tsv", [(data_dir() / "knowledge/drug_names.tsv").read_bytes()[:3000]], overlay),
        Reader("sentences", "templates.en.toml", [(data_dir() / "knowledge/templates.en.toml").read_bytes()], overlay),
        Reader("endpoint", "a.b.toml", [one.read_bytes() for one in
                                        sorted((data_dir() / "knowledge/endpoints").glob("*.toml"))[:6]], endpoint),
        Reader("settings", "pgx.toml", [b'knowledge = ["ward7", "~/x"]\n'], lambda path: configured(path.parent)),
        Reader("trees", model_folder.TREES, [(data_dir() / "models/warfarin.dose/trees.json").read_bytes()], model),
        Reader("model", model_folder.JSON, [(data_dir() / "models/warfarin.dose/model.json").read_bytes()], model),
        Reader("result", "A.report.json", [(ROOT / "golden/report.json").read_bytes()],
               lambda path: from_json(path.read_bytes(), file=path)),
        Reader("samplesheet", "sheet.csv", [b"sample,vcf,sex,medications\nA,a.vcf,male,warfarin\n"], sheet),
        Reader("audit", "a.audit.jsonl", [b'{"number": 0, "previous": "0", "digest": "1"}\n'],
               lambda path: verify(path.parent)),
    ]  # fmt: skip


def change(content: bytes, rng: random.Random) -> bytes:
    """Change content in one to four places."""
    for _ in range(rng.randint(1, 4)):
        content = rng.choice((_bytes, _bytes, _lines_changed, _cells, _values))(content, rng)
    return content


def _bytes(content: bytes, rng: random.Random) -> bytes:
    at = rng.randrange(len(content) + 1)
    end = min(len(content), at + rng.choice((0, 1, 2, 8, 64, len(content))))
    new = rng.choice((*ODD, rng.randbytes(rng.randint(1, 4)), content[at:end] * 2))
    return content[:at] + new + content[end:]


def _lines_changed(content: bytes, rng: random.Random) -> bytes:
    lines = content.split(b"\n")
    at, other = rng.randrange(len(lines)), rng.randrange(len(lines))
    lines[at : at + rng.randint(0, 1)] = rng.choice(([], [lines[other]], [lines[other], lines[at]], [lines[at]] * 3))
    return b"\n".join(lines)


def _cells(content: bytes, rng: random.Random) -> bytes:
    lines = content.split(b"\n")
    at = rng.randrange(len(lines))
    mark = rng.choice((b"\t", b",", b";", b":", b'"', b"="))
    cells = lines[at].split(mark)
    cells[rng.randrange(len(cells))] = rng.choice((*ODD, rng.choice(cells)))
    lines[at] = mark.join(cells)
    return b"\n".join(lines)


def _values(content: bytes, rng: random.Random) -> bytes:
    """Change a value of JSON, if it is that."""
    try:
        document = json.loads(content)
    except (ValueError, RecursionError):
        return _bytes(content, rng)
    places = list(_places(document))
    if not places:
        return _bytes(content, rng)
    inside, key = rng.choice(places)
    odd: tuple[Any, ...] = (None, True, 0, -1, 10**30, 1e308, "", "\0", "²", [], {}, [[]], [None], {"a": 1}, "x" * 2000)
    inside[key] = rng.choice((*odd, rng.choice(places)[0]))
    try:
        return json.dumps(document).encode()
    except (ValueError, RecursionError):  # it holds itself by now
        return _bytes(content, rng)


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield value, key
        yield from _places(inner)


class StuckError(Exception):
    """A reader took longer than `WAIT` seconds of the processor, or waited for nothing."""


def attempt(reader: Reader, content: bytes, folder: Path) -> str:
    """Read changed content; return the trace of what should not have happened, empty if all is well."""
    place = Path(tempfile.mkdtemp(dir=folder))
    path = place / reader.file
    path.write_bytes(content)
    previous = {one: signal.signal(one, _stuck) for one in (signal.SIGPROF, signal.SIGALRM)}
    signal.setitimer(signal.ITIMER_PROF, WAIT)
    signal.alarm(WAIT * _BUSY)
    try:
        _attempt(lambda: reader.read(path))
    except BaseException:  # polars panics with BaseException
        return traceback.format_exc()
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.alarm(0)
        for one, handler in previous.items():
            signal.signal(one, handler)
        shutil.rmtree(place, ignore_errors=True)
    return ""


def _attempt(read: Callable[[], object]) -> None:
    try:
        read()
    except PgxError as error:
        if "\n" in str(error) or len(str(error)) > 4000:
            raise AssertionError(f"more than a line: {str(error)[:200]!r}") from error


def _stuck(*_: object) -> None:
    raise StuckError


def run(
    seconds: float, seed: int, keep: Path | None = None, only: str = ""
) -> tuple[Counter[str], list[tuple[str, bytes, str]]]:
    """Change and read until the time is over; return how often each reader ran, and the findings.

    The time is of the processor: a busy machine does not shorten the run. Findings are kept as they come.
    """
    rng, count, found, seen = random.Random(seed), Counter[str](), [], set[str]()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        every = [one for one in readers(load(), folder) if only in one.name]
        end = time.process_time() + seconds
        while time.process_time() < end:
            reader = every[sum(count.values()) % len(every)]
            count[reader.name] += 1
            content = change(rng.choice(reader.seeds)[:MOST], rng)
            if keep is not None:  # should the process crash, this file is what did it
                (keep / "last").write_bytes(f"{reader.name}\n".encode() + content)
            told = attempt(reader, content, folder)
            mark = reader.name + "".join(line for line in told.splitlines()[-6:] if line.startswith("  File"))
            if told and mark not in seen:
                seen.add(mark)
                if keep is not None:
                    (keep / f"{reader.name}-{seed}-{len(found)}").write_bytes(content)
                    print(f"\n{reader.name}-{seed}-{len(found)}\n{told}", file=sys.stderr, flush=True)
                found.append((reader.name, content, told))
    return count, found


def main() -> int:
    """Run from the command line; 1 if anything was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=5, help="minutes of the processor")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default="", help="readers whose name holds this")
    parser.add_argument("--keep", type=Path, default=Path("fuzz-findings"), help="folder for the findings")
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    given.keep.mkdir(parents=True, exist_ok=True)
    if given.inside:
        count, found = run(given.minutes * 60, given.seed, given.keep, given.only)
        print(
            f"{sum(count.values())} inputs, {time.process_time():.0f} s of the processor, {len(found)} findings: {dict(count)}",
            file=sys.stderr,
        )
        return int(bool(found))
    code = subprocess.call([sys.executable, "-m", "tests.tools.fuzz", "--inside", *sys.argv[1:]])
    if code < 0:
        print(f"the process crashed (signal {-code}) on {given.keep / 'last'}", file=sys.stderr)
    return int(code != 0)


def _bcf(folder: Path) -> bytes:
    import pysam

    meta = '##contig=<ID=chr10,length=133797422>\n##FORMAT=<ID=GT,Number=1,Type=String,Description="Genotype">\n'
    columns = "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\tA\n"
    record = "chr10\t94781859\t.\tG\tA\t50\t.\t.\tGT\t0/1\n"
    plain, packed = folder / "seed.vcf", folder / "seed.bcf"
    plain.write_text(f"##fileformat=VCFv4.2\n{meta}{columns}{record}", encoding="utf-8")
    with pysam.VariantFile(str(plain)) as source, pysam.VariantFile(str(packed), "wb", header=source.header) as target:
        for one in source:
            target.write(one)
    return packed.read_bytes()


def _lines(folder: Path) -> bytes:
    found = as_files("ndjson", _made(folder / "n"))
    files = [found] if found.is_file() else sorted(found.glob("*.ndjson"))
    return b"".join(path.read_bytes() for path in files)


def _fit() -> bytes:
    day = moment("2024-05-01 10:00:00")
    return fit_file(("file_id", {"type": 4, "manufacturer": 1, "time_created": day}),
                     ("weight_scale", {"timestamp": day, "weight": 70.0, "percent_fat": 20.0}))  # fmt: skip


def _parquet() -> bytes:
    out = io.BytesIO()
    pl.DataFrame({"sample": ["A", "B"], "weight": [70.0, None], "medications": [["warfarin"], []]}).write_parquet(out)
    return out.getvalue()


def _archive() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("results/metadata.txt", "Gene=CYP2D6\nSemanticType=SampleTable[Results]\n")
        archive.writestr("results/data.tsv", "\tGenotype\tPhenotype\nA\t*1/*4\tIntermediate Metabolizer\n")
    return out.getvalue()


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


if __name__ == "__main__":
    sys.exit(main())
