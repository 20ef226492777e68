"""A cohort in blocks gives each person the rows of a run alone, whatever the blocks, processes and shards."""

from __future__ import annotations

import inspect
import json
import shutil
import subprocess
import sys
from datetime import date

import polars as pl
import pytest

import pgx
from pgx.cli import cohort
from pgx.clinical.dates import on_day
from pgx.cohort.genotype_rows import rows_of
from pgx.cohort.plan import BLOCK, USUAL
from pgx.cohort.starters import TEMPLATES
from pgx.errors import InputError, UsageError
from pgx.inputs import phenotyped
from pgx.knowledge import load
from tests.cohort import conftest
from tests.cohort.cohorts import PEOPLE, content, table


def test_the_command_takes_blocks_of_the_same_size_as_the_call():
    assert inspect.signature(cohort.run).parameters["block_size"].default == BLOCK


def test_each_persons_rows_are_those_of_one_run_of_all(whole, batch):
    for name in USUAL:
        if name not in ("features", "genotypes"):
            frame = getattr(batch, name).filter(pl.col("sample").is_not_null())
            by_person = frame.sort("sample", maintain_order=True)
            assert table(whole, name).sort("sample", maintain_order=True).equals(by_person), name


def test_each_persons_rows_are_those_of_a_run_alone(whole, inputs):
    alone = pgx.report(inputs / "all.vcf", clinical=inputs / "ward.csv", options=pgx.Options(samples=["Q5"]))
    features = pgx.features(inputs / "all.vcf", clinical=inputs / "ward.csv", options=pgx.Options(samples=["Q5"]))
    read = phenotyped(
        [inputs / "all.vcf"], clinical=[inputs / "ward.csv"], options=pgx.Options(samples=["Q5"]), kb=load()
    )
    for name in USUAL:
        own = {"features": features, "genotypes": rows_of(read.genotypes)}.get(name)
        own = getattr(alone, name).filter(sample="Q5") if own is None else own
        assert table(whole, name).filter(sample="Q5").equals(own), name


@pytest.mark.usefixtures("one_process")
def test_documents_say_what_would_change_the_advice(inputs, tmp_path):
    given = {"clinical": inputs / "ward.csv", "options": pgx.Options(samples=["Q5"])}
    pgx.cohort.run(inputs / "all.vcf", tmp_path, reports="json", threads=1, tables="calls", **given)
    (document,) = (tmp_path / "reports").rglob("*.json")
    assert "advice_then" in document.read_text()


@pytest.mark.usefixtures("one_process")
def test_names_and_bytes_of_parts_do_not_depend_on_processes_or_shards(whole, inputs, tmp_path):
    given = {"clinical": inputs / "ward.csv", "block_size": 2}
    for shard in (1, 2, 3):
        pgx.cohort.run(inputs / "all.vcf", tmp_path / f"{shard}", shard=(shard, 3), threads=1, **given)
    with pytest.raises(InputError, match=r"1 of 4 blocks are not done: 2"):
        pgx.cohort.merge([tmp_path / "1", tmp_path / "2"], tmp_path / "lacking")
    done = pgx.cohort.merge([tmp_path / f"{shard}" for shard in (1, 2, 3)], tmp_path / "merged", verify=True)
    assert done["state"].to_list() == ["done"] * 4
    assert content(tmp_path / "merged") == content(whole)


@pytest.mark.usefixtures("one_process")
def test_no_table_depends_on_the_size_of_the_blocks(whole, inputs, tmp_path):
    for size in (1, 3, 100):
        out = tmp_path / f"{size}"
        pgx.cohort.run(inputs / "all.vcf", out, clinical=inputs / "ward.csv", block_size=size, threads=1)
        for name in USUAL:
            assert table(out, name).equals(table(whole, name)), (size, name)


def test_the_parts_are_one_table_for_polars_and_duckdb(whole):
    duckdb = pytest.importorskip("duckdb")
    for name in USUAL:
        scanned = pl.scan_parquet(whole / name / "*.parquet").select(pl.len()).collect().item()
        with duckdb.connect() as database:
            counted = database.execute(f"select count(*) from '{whole / name}/*.parquet'").fetchone()
        assert counted == (scanned,)
        assert pl.scan_parquet(whole / name).select(pl.len()).collect().item() == scanned


def test_a_finished_run_is_not_done_again(whole, inputs):
    before = {path: path.stat().st_mtime_ns for path in whole.rglob("*.parquet")}
    done = pgx.cohort.run(inputs / "all.vcf", whole, clinical=inputs / "ward.csv", block_size=2, threads=2)
    assert (done.done, done.resumed) == (len(PEOPLE), len(PEOPLE))
    assert before == {path: path.stat().st_mtime_ns for path in whole.rglob("*.parquet")}


@pytest.mark.usefixtures("one_process")
def test_the_clinical_file_is_read_once_for_all_blocks(whole, inputs, tmp_path, monkeypatch):
    monkeypatch.setattr("pgx.clinical.record_blocks.MANY", 2)
    do_block = conftest.do_block

    def without_the_file(*block):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(sys.modules["pgx.clinical.read"], "read_events", lambda *_, **__: pytest.fail("it is cut"))
            return do_block(*block)

    monkeypatch.setattr(conftest, "do_block", without_the_file)
    out = tmp_path / "cohort"
    pgx.cohort.run(inputs / "all.vcf", out, clinical=inputs / "ward.csv", block_size=2, threads=1)
    assert content(out) == content(whole)
    assert not (out / ".pgx" / "records-1-of-1").exists()


def test_a_run_does_not_load_what_its_workers_do():
    code = "import sys, pgx.cohort.runs; sys.exit('pgx.cohort.block' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_the_templates_leave_the_size_of_blocks_to_the_program():
    templates = [path for path in TEMPLATES.rglob("*") if path.is_file()]
    assert templates and not [path for path in templates if "--block-size" in path.read_text()]


@pytest.mark.parametrize("damage", ["cut", "changed", "lost"])
def test_a_part_that_is_not_whole_is_made_again(whole, inputs, tmp_path, damage):
    shutil.copytree(whole, tmp_path / "copy")
    part = tmp_path / "copy" / "calls" / "part-00001.parquet"
    bytes_of = part.read_bytes()
    if damage == "lost":
        part.unlink()
    else:
        part.write_bytes(bytes_of[:-9] if damage == "cut" else bytes_of[:-9] + b"x" * 9)
    pgx.cohort.run(inputs / "all.vcf", tmp_path / "copy", clinical=inputs / "ward.csv", block_size=2, threads=1,
                   verify=damage == "changed")  # fmt: skip
    assert content(tmp_path / "copy") == content(whole)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"options": pgx.Options(min_gq=20)}, "min gq was not given and is 20"),
        ({"drugs": "codeine"}, "drugs was not given and is codeine"),
        ({"block_size": 3}, "block size was 2 and is 3"),
        ({"clinical": ()}, r"input ward\.csv is no more"),
        ({"tables": "calls"}, "tables was calls, "),
    ],
)
def test_another_run_is_refused_in_words(whole, inputs, change, told):
    given = {"clinical": inputs / "ward.csv", "block_size": 2} | change
    with pytest.raises(InputError, match=rf"this run is another than the one in the folder: .*{told}"):
        pgx.cohort.run(inputs / "all.vcf", whole, **given)


@pytest.mark.usefixtures("one_process")
def test_a_run_that_goes_on_another_day_is_of_the_day_on_which_it_began(inputs, tmp_path):
    rows = "".join(f"{name},paroxetine until 2027-02-01\n" for name in PEOPLE)
    (tmp_path / "ward.csv").write_text(f"sample,medications\n{rows}")
    given = {"clinical": tmp_path / "ward.csv", "block_size": 4, "threads": 1, "tables": "phenotypes,notes"}
    with on_day(date(2027, 1, 1)):
        pgx.cohort.run(inputs / "all.vcf", tmp_path / "once", **given)
        pgx.cohort.run(inputs / "all.vcf", tmp_path / "later", shard=(1, 2), **given)
    with on_day(date(2027, 6, 1)):
        pgx.cohort.run(inputs / "all.vcf", tmp_path / "later", **given)
        pgx.cohort.run(inputs / "all.vcf", tmp_path / "other", **given)
    assert json.loads((tmp_path / "later" / "manifest.json").read_text())["day"] == "2027-01-01"
    assert content(tmp_path / "later") == content(tmp_path / "once")
    assert not table(tmp_path / "other", "notes").equals(table(tmp_path / "once", "notes"))


def test_an_input_that_changed_is_told_by_name(whole, inputs, tmp_path):
    changed = tmp_path / "ward.csv"
    changed.write_text((inputs / "ward.csv").read_text().replace("warfarin", "codeine"))
    with pytest.raises(InputError, match=r"input ward\.csv has changed"):
        pgx.cohort.run(inputs / "all.vcf", whole, clinical=changed, block_size=2)


def test_an_input_that_was_touched_or_moved_is_the_same(whole, inputs, tmp_path):
    moved = tmp_path / "ward.csv"
    moved.write_text((inputs / "ward.csv").read_text())
    done = pgx.cohort.run(inputs / "all.vcf", whole, clinical=moved, block_size=2)
    assert done.resumed == len(PEOPLE)


@pytest.mark.usefixtures("one_process")
def test_shards_of_different_runs_are_not_merged(whole, inputs, tmp_path):
    pgx.cohort.run(inputs / "all.vcf", tmp_path / "other", block_size=2, threads=1, tables="calls")
    with pytest.raises(InputError, match="this run is another"):
        pgx.cohort.merge([whole, tmp_path / "other"], tmp_path / "merged")


def test_shards_that_differ_in_a_block_are_not_merged(whole, tmp_path):
    shutil.copytree(whole, tmp_path / "copy")
    state = tmp_path / "copy" / ".pgx" / "blocks" / "00001.json"
    told = json.loads(state.read_text())
    told["files"]["calls/part-00001.parquet"]["sha256"] = "0" * 64
    state.write_text(json.dumps(told))
    with pytest.raises(InputError, match="block 1 is another than in"):
        pgx.cohort.merge([whole, tmp_path / "copy"], tmp_path / "merged")


def test_the_manifest_says_what_was_run_on_what(whole):
    told = json.loads((whole / "manifest.json").read_text())
    assert [one["name"] for one in told["inputs"]] == ["all.vcf", "ward.csv"]
    assert all(len(one["sha256"]) == 64 for one in told["inputs"])
    assert told["persons"]["count"] == len(PEOPLE)
    assert [block["persons"] for block in told["blocks"]] == [2, 2, 2, 1]
    assert told["versions"]["pgx"] == pgx.__version__


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"shard": (3, 2)}, "shard 3/2"),
        ({"tables": "call"}, "'call' is not one of"),
        ({"reports": "html,page"}, "'page' is not one of"),
        ({"block_size": 0}, "at least 1"),
        ({"options": pgx.Options(samples="Q1,nobody")}, "no sample is called 'nobody'"),
    ],
)
def test_wrong_use_is_refused_before_anything_is_written(inputs, tmp_path, given, told):
    with pytest.raises(UsageError, match=told):
        pgx.cohort.run(inputs / "all.vcf", tmp_path / "out", **given)
    assert not (tmp_path / "out" / "calls").exists()


def test_a_folder_with_other_tables_is_not_written_to(inputs, tmp_path):
    (tmp_path / "calls").mkdir()
    with pytest.raises(InputError, match="holds tables of something else"):
        pgx.cohort.run(inputs / "all.vcf", tmp_path)
