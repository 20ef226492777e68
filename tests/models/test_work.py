"""The work folder of a training: what is not ours stays, whatever happens."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest

from pgx.errors import InputError, UsageError
from pgx.models.fitting import blocks, work


def done(place: Path, *, resume: bool = False, error: type[BaseException] | None = None) -> None:
    with work.kept(place, resume=resume), blocks.scratch(place) as rows:
        (rows / "table").write_text("rows")
        work.step(lambda: b"x", "a")
        if error is not None:
            raise error("stopped")


def test_a_folder_of_ours_comes_and_goes(tmp_path: Path) -> None:
    place = tmp_path / "model" / work.FOLDER
    with pytest.raises(KeyboardInterrupt):
        done(place, error=KeyboardInterrupt)
    assert {path.suffix for path in place.iterdir()} == {"", ".bin"}
    done(place, resume=True)
    assert not place.exists() and place.parent.exists()


def test_a_failure_before_the_first_step_leaves_nothing(tmp_path: Path) -> None:
    place = tmp_path / "model" / work.FOLDER
    with pytest.raises(InputError), work.kept(place, resume=False), blocks.scratch(place):
        raise InputError("no such cohort")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("error", [None, InputError, KeyboardInterrupt])
@pytest.mark.parametrize("resume", [False, True])
def test_folders_of_others_stay(tmp_path: Path, error: type[BaseException] | None, resume: bool) -> None:
    kept = {tmp_path / "work" / "thesis.txt", tmp_path / "work" / "rows-x" / "a", tmp_path / "rows-abcdefgh" / "b"}
    for path in kept:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("mine")
    with suppress(InputError, KeyboardInterrupt):
        done(tmp_path / work.FOLDER, resume=resume, error=error)
    assert all(path.read_text() == "mine" for path in kept)


def test_what_others_put_into_our_folder_stays(tmp_path: Path) -> None:
    place = tmp_path / work.FOLDER
    with pytest.raises(KeyboardInterrupt):
        done(place, error=KeyboardInterrupt)
    mine = [place / "rows-of-mine.txt", place / "notes.bin", place / "rows-of-mine-too" / "a"]
    mine[2].parent.mkdir()
    (place / "rows-abcdefgh").symlink_to(tmp_path)
    for path in mine:
        path.write_text("mine")
    done(place)
    assert all(path.read_text() == "mine" for path in mine) and not list(place.glob("?" * 40 + ".bin"))


@pytest.mark.parametrize("kind", ["folder", "empty folder", "file", "link"])
@pytest.mark.parametrize("resume", [False, True])
def test_a_folder_of_our_name_that_is_not_ours_is_left_alone(tmp_path: Path, kind: str, resume: bool) -> None:
    place, other = tmp_path / "model" / work.FOLDER, tmp_path / "other"
    for folder in (place.parent, other):
        folder.mkdir()
    (other / "thesis.txt").write_text("mine")
    (other / work.MARKER).write_text("")
    if kind == "link":
        place.symlink_to(other)
    elif kind == "file":
        place.write_text("mine")
    else:
        place.mkdir()
        if kind == "folder":
            (place / "thesis.txt").write_text("mine")
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(UsageError, match=r"\.pgx-work: in the way, and not made by pgx"):
        done(place, resume=resume)
    assert sorted(tmp_path.rglob("*")) == before
