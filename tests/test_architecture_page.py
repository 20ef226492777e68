"""``pgx/README.md`` and its pages are true: commands, calls, rooms and files are those of the code."""

from __future__ import annotations

import inspect
import re
from functools import reduce

import pytest

import pgx
from pgx.calling import THRESHOLD, caller
from pgx.clinical.readers import lists
from pgx.clinical.statements import Events
from pgx.models.fitting import fit
from tests.cli.test_outputs import COMMANDS
from tests.conftest import ROOT
from tests.tools import check_house

PACKAGE = ROOT / "pgx"
TEXT = (PACKAGE / "README.md").read_text(encoding="utf-8")
TABLE = dict(re.findall(r"^\| `pgx ([^`]+)` \| (?:`pgx\.([\w.]+)`|none.*) \|$", TEXT, re.MULTILINE))
PAGES = [
    "pgx/README.md",
    "pgx/HANDMADE.md",
    "pgx/calling/README.md",
    "pgx/models/README.md",
    "pgx/polygenic/README.md",
    ".github/CONTRIBUTING.md",
]


def test_every_command_is_in_the_table_and_nothing_else():
    assert {name.partition(" --")[0] for name in TABLE} == set(COMMANDS)
    options = [name.split(" --") for name in TABLE if " --" in name]
    assert options and all(option in inspect.signature(COMMANDS[name]).parameters for name, option in options)


def test_every_call_of_the_table_exists_and_every_public_call_is_in_it():
    calls = {name for name in TABLE.values() if name}
    assert all(inspect.isfunction(reduce(getattr, name.split("."), pgx)) for name in calls)
    verbs = {name for name in pgx.__all__ if inspect.isfunction(getattr(pgx, name))}
    looked_up = {f"kb.{name}" for name in pgx.kb.__all__ if inspect.isfunction(getattr(pgx.kb, name))}
    assert calls == verbs | looked_up | {f"cohort.{name}" for name in pgx.cohort.__all__}
    assert [name for name, call in TABLE.items() if not call] == ["serve", "audit verify"]


def test_the_rooms_and_modules_are_those_that_there_are():
    rooms = set(re.findall(r"^\| `(\w+)` \| ", TEXT.partition("## The rooms")[2].partition("\n## ")[0], re.MULTILINE))
    assert rooms == {path.parent.name for path in PACKAGE.glob("*/__init__.py")}
    beside = TEXT.partition("Modules beside the rooms:")[2].partition("\n## ")[0]
    modules = {path.stem for path in PACKAGE.glob("*.py")} - {"__init__", "__main__", "paths", "version"}
    assert modules <= set(re.findall(r"`(\w+)`", beside))


def test_contributing_names_what_a_reader_of_a_format_can_call():
    text = (ROOT / ".github" / "CONTRIBUTING.md").read_text(encoding="utf-8")
    calls = set(re.findall(r"`events\.(\w+)`", text))
    assert {"person", "observe", "medicate", "day", "not_understood"} <= calls
    assert not [name for name in calls if not callable(getattr(Events, name, None))]
    assert "`add_condition`" in text and callable(lists.add_condition)


@pytest.mark.parametrize("page", PAGES)
def test_what_a_page_points_to_is_there(page):
    path = ROOT / page
    text = path.read_text(encoding="utf-8")
    for target in re.findall(r"\]\((?!http)([^)#]+)\)", text):
        assert (path.parent / target).exists(), target
    for name in re.findall(r"`([\w./]+\.(?:py|md|tsv|toml|j2))`", text):
        if "NAME" in name or "DRUG" in name:  # the reader's own
            continue
        inside = any(next(ROOT.glob(f"{folder}/**/{name}"), None) for folder in ("pgx", "tests", "data"))
        assert inside or (ROOT / name).exists(), name


def test_numbers_on_the_pages_are_those_of_the_code():
    assert f"files of at most {check_house.MOST_LINES} lines" in TEXT
    assert f"packages of at most {check_house.MOST_MODULES} modules" in TEXT
    calling = (PACKAGE / "calling" / "README.md").read_text(encoding="utf-8")
    assert f"a probability of at least {THRESHOLD}" in calling
    assert caller.MIN_EVIDENCE == 0.5 and "less than half of the doubt" in calling
    models = (PACKAGE / "models" / "README.md").read_text(encoding="utf-8")
    assert f"fewer than {fit.MIN_EVENTS} events" in models and f"from {fit.BOOSTER_EVENTS} events on" in models
    assert f"From {fit.MIN_SITES} sites on" in models
