"""``make mutants``: which tests a change is tried on, what counts as caught, and that it goes on where it was stopped."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.tools.mutants import TREE, Record, Result, attempt, choose
from tests.tools.mutations import Mutation, mutations
from tests.tools.related import MOST_FILES, TestFiles

SOURCE = "LIMIT = 3\n\n\ndef low(value: int) -> bool:\n    return value < LIMIT\n"


def _tree(folder: Path, **files: str) -> Path:
    for name, text in {"pgx/__init__": "", "pgx/dosing/__init__": "", "pgx/dosing/bounds": SOURCE, **files}.items():
        path = (folder / name).with_suffix(".py")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    (folder / "pyproject.toml").write_text("[tool.pytest.ini_options]\n", encoding="utf-8")
    return folder


@pytest.fixture(autouse=True)
def _plugin(monkeypatch: pytest.MonkeyPatch) -> None:
    """The made-up trees hold no copy of the plugin that bounds a run."""
    monkeypatch.setattr("tests.tools.mutants.PLUGIN", ())


def _change(old: str, new: str) -> Mutation:
    return next(one for one in mutations("pgx/dosing/bounds.py", SOURCE) if one.old == old and new in one.new)


def test_the_nearest_tests_come_first(tmp_path: Path) -> None:
    tree = _tree(
        tmp_path,
        **{
            "tests/dosing/test_bounds": "",
            "tests/dosing/test_words": "LIMIT = 1",
            "tests/dosing/test_import": "from pgx.dosing import bounds",
            "tests/dosing/help": "import pgx.dosing.bounds",
            "tests/dosing/more/test_helped": "from tests.dosing.help import x",
            "tests/other/test_package": "from pgx.dosing.doses import y",
            "tests/other/test_bounds": "",
            "tests/other/test_else": "",
        },
    )
    files = TestFiles(tree, ("dosing", "other"))
    names = [Path(path).stem for path in files.of("pgx/dosing/bounds.py", ["LIMIT"])]
    assert names == ["test_bounds", "test_words", "test_import", "test_helped", "test_package"]
    assert [Path(path).stem for path in files.of("pgx/dosing/bounds.py")][:2] == ["test_bounds", "test_import"]


def test_a_module_of_the_product_has_a_bounded_number_of_tests() -> None:
    files = TestFiles(TREE, ("models",))
    related = files.of("pgx/models/fitting/conformal.py")
    assert related[0] == "tests/models/fitting/test_conformal.py"
    assert len(related) == MOST_FILES


TEST = "from pgx.dosing.bounds import low\n\n\ndef test_low():\n    assert low(2) and not low({})\n"


@pytest.mark.parametrize(("value", "fate"), [(3, "caught"), (9, "survived")])
def test_a_change_is_caught_by_a_test_that_fails(tmp_path: Path, value: int, fate: str) -> None:
    tree = _tree(tmp_path, **{"tests/test_low": TEST.format(value)})
    result = attempt(tree, _change("value < LIMIT", "<="), ["tests/test_low.py"], set())
    assert (result.fate, result.test) == (fate, "tests/test_low.py::test_low" if fate == "caught" else "")
    assert (tree / "pgx/dosing/bounds.py").read_text() == SOURCE


def test_a_test_that_fails_anyway_has_caught_nothing(tmp_path: Path) -> None:
    broken = "def test_broken():\n    assert False\n"
    tree = _tree(tmp_path, **{"tests/test_broken": broken, "tests/test_low": TEST.format(3)})
    change, files = _change("value < LIMIT", "<="), ["tests/test_broken.py", "tests/test_low.py"]
    assert attempt(tree, change, files[:1], set()).fate == "survived"
    assert attempt(tree, change, files, set()).test == "tests/test_low.py::test_low"


def test_tests_that_cannot_be_read_stop_the_run(tmp_path: Path) -> None:
    tree = _tree(tmp_path, **{"tests/test_low": "import nothing_of_this_name"})
    with pytest.raises(RuntimeError, match="cannot be read"):
        attempt(tree, _change("value < LIMIT", "<="), ["tests/test_low.py"], set())


def test_a_stopped_run_goes_on_and_tries_survivors_again(tmp_path: Path) -> None:
    path, [first, second, *_] = tmp_path / "record.jsonl", mutations("pgx/dosing/bounds.py", SOURCE)
    record = Record(path)
    record.add(first, Result("survived"))
    record.add(second, Result("hung", "tests/test_low.py::test_low", 60))
    record = Record(path)
    assert not record.caught(first)
    assert record.caught(second)
    record.add(first, Result("caught"))
    assert Record(path).caught(first)


def test_a_seed_chooses_the_same_changes_each_time() -> None:
    first, number = choose(3, 20, "calling/mosaic")
    again, _ = choose(3, 20, "calling/mosaic")
    other, _ = choose(4, 20, "calling/mosaic")
    assert first == again != other
    assert len(set(first)) == 20 < number


LOOP = "def test_first():\n    while True:\n        pass\n\n\ndef test_second():\n    pass\n"


@pytest.mark.parametrize(("limits", "expected"), [("0.3,90", "1 failed, 1 passed"), ("0.3,0.01", "2 skipped")])
def test_a_test_and_a_run_end_at_their_limits(tmp_path: Path, limits: str, expected: str) -> None:
    (tmp_path / "test_loop.py").write_text(LOOP, encoding="utf-8")
    environment = os.environ | {"PGX_RUN_LIMITS": limits, "PYTHONPATH": str(TREE)}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "tests.tools.run_limits"]
    done = subprocess.run(
        [*command, "test_loop.py"], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert expected in done.stdout
