"""A cohort's folder from anywhere is read, or refused with one line; nothing in it leads out of it or is left open."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest

import pgx
from pgx.clinical import record_blocks
from pgx.cohort import runs
from pgx.errors import InputError

STATE = ".pgx/blocks/00000.json"


@pytest.fixture
def folder(whole: Path, tmp_path: Path) -> Path:
    return shutil.copytree(whole, tmp_path / "foreign")


def change(path: Path, **values: Any) -> None:
    path.write_text(json.dumps({**json.loads(path.read_text()), **values}))


@pytest.mark.parametrize("name", ["../outside", "/tmp/outside", "calls/../../outside", "calls//outside", ".pgx", ""])
def test_a_part_outside_the_folder_is_refused_and_not_written(folder: Path, tmp_path: Path, name: str) -> None:
    content = b"mine"
    (tmp_path / "outside").write_bytes(content)
    change(folder / STATE, files={name: {"bytes": len(content), "sha256": ""}})
    with pytest.raises(InputError, match=r"names a part .* outside the cohort's folder"):
        pgx.cohort.merge(folder, tmp_path / "a" / "merged")
    assert (tmp_path / "outside").read_bytes() == content


@pytest.mark.parametrize("name", ["calls/part-00000.parquet", ".pgx/persons.txt", "calls"])
def test_a_link_to_a_file_outside_the_folder_is_refused(folder: Path, tmp_path: Path, name: str) -> None:
    (folder / name).rename(tmp_path / "elsewhere")
    (folder / name).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(InputError, match="a link to a file outside the shard"):
        pgx.cohort.merge(folder, tmp_path / "merged")
    assert not (tmp_path / "merged" / "manifest.json").exists()


@pytest.mark.parametrize(
    "values",
    [
        {"persons": None},
        {"persons": {"count": "9"}},
        {"persons": {"count": 10**30}},
        {"parameters": {}},
        {"parameters": {"block_size": 0, "tables": []}},
        {"parameters": {"block_size": 2, "tables": ["../calls"]}},
        {"versions": {}},
        {"inputs": [1]},
        {"options": []},
    ],
)
def test_a_damaged_manifest_is_one_line(folder: Path, tmp_path: Path, values: dict[str, Any]) -> None:
    change(folder / "manifest.json", **values)
    for read in (pgx.cohort.status, pgx.cohort.summarise, lambda place: pgx.cohort.merge(place, tmp_path / "merged")):
        with pytest.raises(InputError, match=r"manifest\.json: a damaged manifest"):
            read(folder)


@pytest.mark.parametrize(
    "values", [{"files": []}, {"files": {"a": 1}}, {"failures": [1]}, {"notes": None}, {"pages": []}, {"lost": "no"}]
)
def test_a_block_of_a_damaged_state_is_not_done(folder: Path, values: dict[str, Any]) -> None:
    change(folder / STATE, **values)
    assert pgx.cohort.status(folder)["state"].to_list()[:2] == ["waiting", "done"]


def test_a_state_that_nests_without_end_is_not_done(folder: Path) -> None:
    (folder / STATE).write_text("[" * 100_000)
    assert pgx.cohort.status(folder)["state"][0] == "waiting"


def test_what_a_run_keeps_for_itself_is_its_owners(
    inputs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: dict[str, int] = {}

    def looks(*given: Any, **named: Any) -> None:
        cut(*given, **named)
        files = (path for path in (tmp_path / "out" / ".pgx").rglob("*") if path.is_file())
        seen.update({path.name: path.stat().st_mode & 0o077 for path in files})

    cut = record_blocks.cut
    monkeypatch.setattr(runs.record_blocks, "cut", looks)
    monkeypatch.setattr(record_blocks, "MANY", 1)
    before = os.umask(0)
    try:
        pgx.cohort.run(inputs / "all.vcf", tmp_path / "out", clinical=inputs / "ward.csv", tables="calls", threads=1)
    finally:
        os.umask(before)
    assert {"0.gz", "files.json", "0.statements.arrow", "0.json", "persons.txt"} <= seen.keys()
    assert not any(seen.values())
