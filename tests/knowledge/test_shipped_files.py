"""What the product ships is what is read: no changed, missing or added file of the knowledge goes unnoticed."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from pgx.errors import InputError
from pgx.knowledge import load, loading, manifest
from pgx.paths import data_dir

OWN = data_dir() / "knowledge"
FILES = [path.relative_to(OWN).as_posix() for path in sorted(OWN.rglob("*")) if path.is_file()]
EXPLAINING = {"README.md", "manifest.toml"}


@pytest.fixture(scope="module")
def copied(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("data")
    shutil.copytree(OWN, place / "knowledge")
    return place


@pytest.fixture
def shipped(copied: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy that is taken for the product's own folder, not looked at so far."""
    monkeypatch.setattr(loading, "data_dir", lambda: copied)
    monkeypatch.setattr(manifest, "_verified", set())
    return copied / "knowledge"


@pytest.mark.parametrize("name", sorted(set(FILES) - EXPLAINING))
def test_a_changed_byte_of_any_file_stops_whatever_opens_the_knowledge(shipped: Path, name: str) -> None:
    path = shipped / name
    content = path.read_bytes()
    path.write_bytes(content[:-2] + bytes([content[-2] ^ 1]) + content[-1:])
    try:
        with pytest.raises(InputError, match="has another checksum") as refused:
            load()
    finally:
        path.write_bytes(content)
    assert str(refused.value).startswith(f"{path}: ")
    load()


def test_a_file_that_is_gone_or_was_added_is_refused(shipped: Path) -> None:
    added = shipped / "endpoints" / "warfarin.other.toml"
    added.write_text('name = "warfarin.other"\n')
    with pytest.raises(InputError, match="it is none"):
        load()
    added.unlink()
    (shipped / "washout.tsv").rename(shipped / ".washout.tsv.swp")
    with pytest.raises(InputError, match=r"washout\.tsv: .*it is missing"):
        load()
    (shipped / ".washout.tsv.swp").rename(shipped / "washout.tsv")
    load()


def test_without_its_manifest_nothing_is_believed(shipped: Path) -> None:
    (shipped / "manifest.toml").rename(shipped / "manifest")
    with pytest.raises(InputError, match="not the file that this version"):
        load()
    (shipped / "manifest").rename(shipped / "manifest.toml")


def test_sealing_takes_what_was_changed_by_hand_and_nothing_that_was_imported(tmp_path: Path) -> None:
    folder = tmp_path / "knowledge"
    shutil.copytree(OWN, folder)
    before = manifest.read_manifest(folder)
    (folder / "washout.tsv").write_text((folder / "washout.tsv").read_text() + "\n")
    (folder / "genes.tsv").write_text((folder / "genes.tsv").read_text() + "\n")
    manifest.seal(folder)
    after = manifest.read_manifest(folder)
    assert after["tables"] == before["tables"] and after["inputs"] == before["inputs"]
    assert {name for name in after["kept"] if after["kept"][name] != before["kept"][name]} == {"washout.tsv"}
    with pytest.raises(InputError, match=r"genes\.tsv"):
        manifest.verify(folder)
