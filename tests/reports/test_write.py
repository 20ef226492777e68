"""Files: named after the samples, inside the folder, whole or absent."""

import os
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgx import cells, io, schema
from pgx.errors import InputError, UsageError
from pgx.reports import FORMATS, file_names
from pgx.reports.formats.tables import TABLES, to_tsv
from tests.reports import example
from tests.reports.rendered import write

GOLDEN = Path(__file__).resolve().parents[1] / "golden"


def test_the_ordinary_report(tmp_path):
    written = write(example.build(), tmp_path / "new" / "out", ["text", "html", "json", "tsv"])
    assert [path.name for path in written[:3]] == ["NA00001.report.txt", "NA00001.report.html", "NA00001.report.json"]
    assert {path.name for path in written[3:]} == {f"{name}.tsv" for name in (*TABLES, "failures")}
    assert sorted(written) == sorted((tmp_path / "new" / "out").iterdir()), "nothing else is left behind"
    assert written[2].read_bytes() == (GOLDEN / "report.json").read_bytes()


def test_two_runs_give_the_same_bytes(tmp_path):
    formats = [name for name in FORMATS if name not in ("pdf", "parquet")]
    one, two = (write(example.build(), tmp_path / name, formats) for name in "ab")
    assert [path.read_bytes() for path in one] == [path.read_bytes() for path in two]


def test_tables_read_back_as_the_frames(tmp_path):
    result = example.build()
    write(result, tmp_path, ["tsv", "parquet"])
    for name, which in (("calls", schema.CALLS), ("guidance", schema.GUIDANCE), ("scores", schema.SCORES)):
        types = schema.polars_schema(which)
        text = {column: pl.String if cells.is_list(dtype) else dtype for column, dtype in types.items()}
        read = pl.read_csv(tmp_path / f"{name}.tsv", separator="\t", quote_char=None, schema=text)
        read = schema.conform(cells.with_lists(read, types), which)
        assert read.equals(getattr(result, name))
        assert pl.read_parquet(tmp_path / f"{name}.parquet").equals(getattr(result, name))


def test_tabs_and_line_breaks_cannot_start_a_cell_or_a_row():
    frame = pl.DataFrame({"a": ["x\ty\nz\r\n", None, '"q"'], "b": [1, 2, 3]})
    assert to_tsv(frame).decode() == 'a\tb\nx y z \t1\n\t2\n"q"\t3\n'


def test_all_samples_in_one_document_for_cohorts(tmp_path):
    written = write(example.build(), tmp_path, ["html", "json", "tsv"], per_sample=False)
    assert {path.name for path in written} >= {"report.json", "calls.tsv"}
    assert not list(tmp_path.glob("*.html"))


@pytest.mark.parametrize("later", [["json"], ["tsv"], ["text", "leaflet"]], ids=",".join)
def test_pages_of_an_earlier_run_are_renewed_and_never_stay_beside_the_new_ones(tmp_path, later):
    everything = [name for name in FORMATS if name not in ("pdf", "tsv", "parquet", "multiqc")]
    old, other = example.build(), example.build("other")
    write(old, tmp_path / "out", everything)
    write(other, tmp_path / "out", ["html"])
    before = (tmp_path / "out" / "other.report.html").read_bytes()
    new = replace(old, medications=old.medications.clear(), scores=old.scores.clear())
    write(new, tmp_path / "out", later)
    write(new, tmp_path / "anew", everything)
    for path in (tmp_path / "anew").iterdir():
        assert (tmp_path / "out" / path.name).read_bytes() == path.read_bytes(), path.name
    assert not (tmp_path / "out" / "NA00001.plan.ics").exists(), "without medicines there is no calendar"
    assert (tmp_path / "out" / "other.report.html").read_bytes() == before, "another person's page is not touched"


def test_an_unknown_format_writes_nothing(tmp_path):
    with pytest.raises(UsageError, match=r"unknown format 'docx'; there are: text"):
        write(example.build(), tmp_path / "out", ["text", "docx"])
    assert not (tmp_path / "out").exists()


def test_a_file_in_the_folders_place_is_named(tmp_path):
    (tmp_path / "out").write_text("mine")
    with pytest.raises(InputError, match="is a file"):
        write(example.build(), tmp_path / "out", ["text"])
    assert (tmp_path / "out").read_text() == "mine"


@pytest.mark.parametrize(
    "name",
    [
        "../../etc/passwd",
        "/etc/passwd",
        "..",
        ".",
        "",
        "a/b",
        "a\\b",
        "con",
        "x\x00y",
        "é" * 300,
        "-rf",
        ".hidden",
        "a b",
    ],
)
def test_no_sample_name_leaves_the_folder(tmp_path, name):
    written = write(replace(example.empty(), samples=(name,)), tmp_path / "out", ["text", "json"])
    assert all(path.resolve().parent == (tmp_path / "out").resolve() for path in written)
    assert all(path.is_file() and not path.name.startswith((".", "-")) for path in written)
    assert not [path for path in tmp_path.iterdir() if path.name != "out"]


@given(st.lists(st.text(max_size=12), unique=True, max_size=8))
def test_file_names_never_collide_even_without_case(samples):
    stems = file_names.stems(samples)
    assert len({stem.casefold() for stem in stems.values()}) == len(samples)
    assert not [
        stem for stem in stems.values() if "/" in stem or "\\" in stem or stem.startswith((".", "-")) or not stem
    ]


def test_names_that_need_no_change_are_kept():
    assert file_names.stems(["NA12878", "HG00118.v2", "A_b-1"]) == {n: n for n in ("NA12878", "HG00118.v2", "A_b-1")}
    assert file_names.stems(["na1", "NA1"])["na1"].startswith("na1-")


def test_an_error_leaves_the_old_file_alone(tmp_path):
    target = tmp_path / "a.txt"
    target.write_text("old")
    with pytest.raises(RuntimeError), io.atomic_write(target) as handle:
        handle.write("half")
        raise RuntimeError
    assert target.read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["a.txt"]


def test_files_are_their_owners_alone_whatever_the_mask(tmp_path):
    old = os.umask(0o027)
    try:
        io.write_bytes(tmp_path / "a.bin", b"x")
    finally:
        os.umask(old)
    assert (tmp_path / "a.bin").stat().st_mode & 0o777 == 0o600


def test_a_folder_in_the_way_and_a_folder_that_cannot_be_made_are_input_errors(tmp_path):
    (tmp_path / "a.txt").mkdir()
    with pytest.raises(InputError, match="folder is in the way"):
        io.write_bytes(tmp_path / "a.txt", b"x")
    (tmp_path / "file").write_text("x")
    with pytest.raises(InputError, match="cannot write"):
        io.write_bytes(tmp_path / "file" / "b.txt", b"x")
