"""No input makes a run grow or wait without end: what is too large, too deep or endless is refused with one line."""

from __future__ import annotations

import gzip
import json
import os
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

import pgx
from pgx import clinical
from pgx.cli import options
from pgx.cli.serve import read_token
from pgx.clinical import person_map as person_map_module
from pgx.clinical.person_map import person_map
from pgx.clinical.readers import flat, lists
from pgx.cohort import samplesheet
from pgx.errors import InputError, PgxError
from pgx.guard import limits
from pgx.guard.limits import LIMITS, Limit, read_file, read_json, read_packed, read_toml
from pgx.knowledge import KnowledgeBase, load
from pgx.knowledge.drug_names import drug_names
from pgx.knowledge.overlays import configured
from pgx.phenotypes.outside.merge import read as read_outside
from pgx.polygenic.weights import read_weights
from pgx.protect import crypt4gh_files
from pgx.variants.vcf.check_header import split_fields
from pgx.variants.vcf.source import open_source

HEADER = "##fileformat=VCFv4.2\n##contig=<ID=chr10,length=133797422>\n"
COLUMNS = "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\t"
GENOME = "data/examples/HG00652.GRCh38.vcf.gz"
SMALL = Limit("a test", 1000, "bytes", "give less")


@pytest.fixture(scope="module")
def kb() -> KnowledgeBase:
    return load()


def packed(path: Path, *parts: bytes) -> Path:
    with gzip.open(path, "wb", compresslevel=1) as stream:
        for part in parts:
            stream.write(part)
    return path


def test_every_limit_is_a_row_of_the_page() -> None:
    page = (Path(pgx.__file__).parent / "README.md").read_text(encoding="utf-8")
    table = page.partition("## Limits on inputs")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| (.+) \| (.+) \|$", table, re.MULTILINE)[1:]
    assert rows == [(one.what, str(one)) for one in LIMITS]


@pytest.mark.parametrize("size", [1000, 1001])
def test_a_file_is_read_up_to_its_limit_and_no_further(tmp_path: Path, size: int) -> None:
    plain = tmp_path / "plain"
    plain.write_bytes(b"a" * size)
    for path, read in ((plain, read_file), (packed(tmp_path / "packed", b"a" * size), read_packed)):
        if size <= SMALL.most:
            assert read(path, SMALL) == b"a" * size
        else:
            with pytest.raises(InputError, match=r"a test of more than .*give less"):
                read(path, SMALL)


def test_packed_data_of_several_members_are_read_whole_and_cut_ones_are_not(tmp_path: Path) -> None:
    path = tmp_path / "several.gz"
    path.write_bytes(gzip.compress(b"one ") + gzip.compress(b"two"))
    assert read_packed(path, SMALL) == b"one two"
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(EOFError):
        read_packed(path, SMALL)


@pytest.mark.parametrize("device", ["/dev/zero", "/dev/urandom"])
def test_a_device_is_no_input_of_any_reader(device: str, kb: KnowledgeBase) -> None:
    one = "data/examples/HG00652.GRCh38.vcf.gz"
    for call in (
        lambda: pgx.check(device),
        lambda: pgx.compare(device, device),
        lambda: pgx.call(one, outside_calls=[device]),
        lambda: pgx.call(one, clinical=[device]),
        lambda: pgx.call(sheet=device),
    ):
        started = time.monotonic()
        with pytest.raises(PgxError):
            call()
        assert time.monotonic() - started < 30, "it is read on and on"


@pytest.mark.parametrize(
    ("given", "problem"),
    [("/dev/zero", "this is a device, not a file"), ("data", "this is a folder, not a file"), ("none", "no such file")],
)
def test_what_is_no_file_is_named_as_what_it_is(given: str, problem: str) -> None:
    for call in (
        lambda: pgx.train("warfarin.dose", given),
        lambda: pgx.call(GENOME, options=pgx.Options(fasta=given)),
    ):
        with pytest.raises(InputError, match=rf"^{given}: {problem}"):
            call()


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[" * 100_000, "nested too deeply"),
        ('{"a":' + "9" * 5000 + "}", "digits"),
        ('{"a": 1, "b": 2, "a": 3}', "'a' is there twice"),
        ('{"x": [{"k": 1, "k": 1}]}', "'k' is there twice"),
        ("\ufeff{", "Expecting|expected"),
    ],
)
def test_json_that_says_two_things_or_has_no_bottom_is_refused(text: str, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        read_json(text.encode())


@pytest.mark.parametrize(
    "text",
    [
        "x = " + "[" * 5000,
        "x = " + "9" * 5000,
        "a." * 100_000 + "b = 1",
        "x = " + "{a=" * 5000,
        "x = 1\nx = 2",
        "\ud800".encode("utf-8", "surrogatepass").decode("latin-1"),
        "[" * 100 + "a" + "]" * 100,
    ],
    ids=["brackets", "digits", "dots", "braces", "twice", "not utf-8", "heads"],
)
def test_toml_of_any_kind_of_nonsense_is_one_line(tmp_path: Path, text: str) -> None:
    path = tmp_path / "pgx.toml"
    path.write_text(text, encoding="latin-1")
    started = time.monotonic()
    with pytest.raises(InputError, match="not a TOML file") as refused:
        read_toml(path)
    assert len(str(refused.value)) < 500 and time.monotonic() - started < 1


@pytest.mark.parametrize("name", ["~nosuchuser/x", "a\\u0000b"])
def test_a_folder_that_cannot_be_one_is_named(tmp_path: Path, name: str) -> None:
    (tmp_path / "pgx.toml").write_text(f'knowledge = ["{name}"]', encoding="utf-8")
    with pytest.raises(InputError, match="is not the name of a folder"):
        configured(tmp_path)


def bombs() -> Iterator[tuple[str, list[bytes]]]:
    """Files that are small when packed, and one line when they are not."""
    mib = b"1" * (1 << 20)
    yield "record.vcf.gz", [(HEADER + COLUMNS + "A\nchr10\t").encode(), *[mib] * 6]
    yield "header.vcf.gz", [b"##fileformat=VCFv4.2\n##x=", *[mib] * 6]
    yield "array.txt.gz", [b"# rsid\tchromosome\tposition\tgenotype\nrs1\t10\t", *[mib] * 6]
    yield "table.csv.gz", [b"sample,weight\nA,", *[mib] * 6]
    yield "brackets.json.gz", [b"[" * (1 << 20)] * 6


@pytest.mark.parametrize(("name", "parts"), [*bombs()], ids=[name for name, _ in bombs()])
def test_a_line_without_an_end_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, parts: list[bytes]
) -> None:
    small = replace(limits.LINE, most=5 << 20)
    monkeypatch.setattr("pgx.variants.vcf.source.LINE", small)
    monkeypatch.setattr("pgx.clinical.readers.sniff.RECORD", replace(limits.RECORD, most=5 << 20))
    path = packed(tmp_path / name, *parts)
    try:
        refused = "; ".join(pgx.check(path).filter(kind="error")["meaning"])
    except InputError as error:
        refused = str(error)
    assert "more than 5 MiB" in refused


def test_a_header_without_an_end_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pgx.variants.vcf.source.HEADER_LINES", replace(limits.HEADER_LINES, most=100))
    path = tmp_path / "long.vcf"
    path.write_text(HEADER + "##x=1\n" * 200, encoding="utf-8")
    source = open_source(path)
    with pytest.raises(InputError, match="a header of more than 100 lines"):
        source.header()
    source.close()


def test_more_samples_than_memory_holds_are_not_read_at_once(tmp_path: Path) -> None:
    path = tmp_path / "many.vcf"
    names = [f"s{i}" for i in range(limits.SAMPLES.most + 1)]
    record = "chr10\t94781859\t.\tG\tA\t.\tPASS\t.\tGT\t" + "\t".join(["0/1"] * len(names))
    path.write_text(f"{HEADER}{COLUMNS}" + "\t".join(names) + f"\n{record}\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"a run of more than 100,000 samples.*pgx cohort run"):
        pgx.call(path)
    assert pgx.call(path, options=pgx.Options(samples="s7", genes="CYP2C19"))["sample"].to_list() == ["s7"]


@pytest.mark.parametrize("much", [20_000, 200_000])
def test_a_header_line_is_read_in_a_time_that_grows_with_its_length(much: int) -> None:
    started = time.process_time()
    assert len(split_fields("<" + ",".join(f"A{i}=1" for i in range(much)) + ">")) == much
    assert time.process_time() - started < 1.5


def test_a_table_of_more_columns_than_anybody_has_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "wide.csv"
    path.write_text("sample," + ",".join(f"c{i}" for i in range(limits.COLUMNS.most)) + "\n", encoding="utf-8")
    with pytest.raises(InputError, match="more than 20,000 columns"):
        pgx.check(path)


@pytest.mark.parametrize("row", ["A,M", "A,M,1"])
def test_rows_are_read_up_to_their_limit_whatever_is_in_them(
    tmp_path: Path, kb: KnowledgeBase, monkeypatch: pytest.MonkeyPatch, row: str
) -> None:
    few = Limit("a table", 3, "rows", "split it")
    for module in (flat, samplesheet, person_map_module):
        monkeypatch.setattr(module, "ROWS", few)
    (tmp_path / "in.csv").write_text("sample,sex\nA,M\n" + f"{row}\n" * 3)
    (tmp_path / "map.csv").write_text("person,sample\n" + "A,B\n" * 4)
    for read in (
        lambda: clinical.read([tmp_path / "in.csv"], kb),
        lambda: samplesheet.count_rows(tmp_path / "in.csv"),
        lambda: person_map([tmp_path / "map.csv"]),
    ):
        with pytest.raises(InputError, match=r"line 5: a table of more than 3 rows, the most that is read; split it"):
            read()


def test_json_of_many_empty_objects_is_refused_before_it_is_parsed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "OBJECTS", Limit("a test", 3, "objects and lists", "split it"))
    assert read_json("[{}, []]") == [{}, []]
    with pytest.raises(ValueError, match="more than 3 objects and lists, the most that is read; split it"):
        read_json("[{}, [], []]")


def test_a_sheet_of_more_columns_than_anybody_names_is_refused(tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text(",".join(["sample", *(f"c{number}" for number in range(20_000))]))
    with pytest.raises(InputError, match=r"line 1: a samplesheet of more than 20,000 columns"):
        samplesheet.count_rows(tmp_path / "in.csv")


def test_names_are_not_searched_for_in_books(kb: KnowledgeBase, tmp_path: Path) -> None:
    started = time.process_time()
    assert not drug_names(kb).find("warfarin " * 500_000).drugs
    calls = tmp_path / "calls.tsv"
    calls.write_text("CYP2D6\t" + "*1+" * 2000 + "*2/*1\nCYP2C19\t*1/*2\n", encoding="utf-8")
    used, notes = read_outside(calls, kb)
    assert [one.gene for one in used] == ["CYP2C19"]
    assert "at most 1000 are read" in notes[0].message and notes[0].subject == "CYP2D6"
    calls.write_text("CYP2D6\t" + "*1+" * 200_000 + "*2/*1\n", encoding="utf-8")
    with pytest.raises(InputError, match="a line of outside calls of more than"):
        read_outside(calls, kb)
    xml = tmp_path / "export.xml"
    xml.write_text(f'<HealthData><Record type="{"a" * 5_000_000}"/></HealthData>', encoding="utf-8")
    pgx.check(xml)
    assert time.process_time() - started < 3


_GENOME = Path("data/examples/HG00652.GRCh38.vcf.gz")


@pytest.mark.parametrize(
    "reads",
    [
        lambda: read_weights(Path("/dev/zero"), "GRCh38"),
        lambda: crypt4gh_files.encrypt(_GENOME, Path("/dev/null"), "/dev/zero"),
        lambda: crypt4gh_files._private_key("/dev/zero"),
        lambda: read_token(Path("/dev/zero")),
    ],
    ids=["scoring file", "public key", "private key", "token"],
)
def test_what_has_no_end_is_refused_before_memory_is_spent_on_it(reads: Callable[[], object]) -> None:
    with pytest.raises(InputError, match="a device, not a file"):
        reads()


def test_a_small_packed_scoring_file_may_not_hold_gigabytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.txt.gz"
    path.write_bytes(gzip.compress(b"#pgs_id=PGS1\n" + b"a" * 2_000_000))
    monkeypatch.setattr("pgx.polygenic.file_header.SCORE", Limit("a scoring file", 1 << 20, "bytes", "it is none"))
    with pytest.raises(InputError, match="a scoring file of more than 1 MiB"):
        read_weights(path, "GRCh38")


@pytest.mark.parametrize("reads", ["samples", "persons", "fasta", "features", "cohort", "array"])
def test_a_pipe_at_a_door_for_files_is_named_as_one(tmp_path: Path, reads: str) -> None:
    pipe = tmp_path / "pipe.tsv"
    os.mkfifo(pipe)
    calls = {
        "samples": lambda: options.listed(str(pipe)),
        "persons": lambda: person_map([pipe]),
        "fasta": lambda: pgx.call(_GENOME, options=pgx.Options(fasta=pipe)),
        "features": lambda: pgx.score(features=pipe),
        "cohort": lambda: pgx.train("warfarin.dose", cohort=pipe, out=tmp_path / "m"),
        "array": lambda: pgx.cohort.simulate(2, tmp_path / "a.vcf", array=str(pipe)),
    }
    with pytest.raises(InputError, match="a pipe, which can be read only once"):
        calls[reads]()


_TWICE = ("check a record", "clinical", "sheet", "cohort", "records of a cohort", "outside calls of a cohort")


@pytest.mark.parametrize("reads", _TWICE)
def test_a_pipe_is_refused_at_once_where_it_would_be_read_twice(tmp_path: Path, reads: str) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    genome = "data/examples/HG00652.GRCh38.vcf.gz"
    calls = {
        "check a record": lambda: clinical.check(pipe, load()),
        "clinical": lambda: pgx.call(genome, clinical=[pipe]),
        "sheet": lambda: pgx.call(sheet=pipe),
        "cohort": lambda: pgx.cohort.run(pipe, tmp_path / "out", threads=1),
        "records of a cohort": lambda: pgx.cohort.run(genome, tmp_path / "out", clinical=pipe, threads=1),
        "outside calls of a cohort": lambda: pgx.cohort.run(genome, tmp_path / "out", outside_calls=pipe, threads=1),
    }
    with pytest.raises(InputError, match="a pipe, which can be read only once"):
        calls[reads]()


@pytest.mark.parametrize(
    "call",
    [
        lambda: pgx.call(GENOME, clinical=["-"]),
        lambda: pgx.call(GENOME, outside_calls=["-"]),
        lambda: pgx.report(sheet="-"),
        lambda: pgx.compare("-", "-"),
        lambda: pgx.call(GENOME, options=pgx.Options(fasta="-")),
        lambda: pgx.call(GENOME, options=pgx.Options(persons="-")),
    ],
)
def test_what_cannot_come_from_standard_input_says_so_at_once(call) -> None:
    with pytest.raises(PgxError, match="only genotypes are read from standard input; save this input as a file"):
        call()


@pytest.mark.parametrize("column", ["medications", "conditions", "allergies", "planned_medications"])
@pytest.mark.parametrize("form", ["csv", "json", "parquet"])
def test_a_list_of_a_person_is_bounded_in_every_form(
    tmp_path: Path, kb: KnowledgeBase, monkeypatch: pytest.MonkeyPatch, form: str, column: str
) -> None:
    monkeypatch.setattr(lists, "LIST", replace(limits.LIST, most=20))
    path = tmp_path / f"a.{form}"

    def write(count: int) -> None:
        row = {"sample": "A", column: ["codeine"] * count}
        if form == "csv":
            path.write_text(f"sample,{column}\nA,{';'.join(row[column])}\n")
        elif form == "json":
            path.write_text(json.dumps([row]))
        else:
            pl.DataFrame([row]).write_parquet(path)

    write(20)
    clinical.read([path], kb)
    write(21)
    with pytest.raises(InputError, match="a list of drugs, conditions or allergies of more than 20 names"):
        clinical.read([path], kb)
