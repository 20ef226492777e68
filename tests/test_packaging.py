"""What builds packages and containers says the same as pyproject.toml, and names only files that there are."""

from __future__ import annotations

import re
import tomllib
from types import SimpleNamespace

import jinja2
import pytest
import yaml
from packaging.requirements import Requirement

from pgx.version import __version__
from tests.conftest import ROOT

PACKAGING = ROOT / ".packaging"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
NEEDED = [Requirement(line) for line in PROJECT["dependencies"]]
LOCK = (ROOT / "requirements.lock").read_text(encoding="utf-8")
DOCKERFILE = (PACKAGING / "Dockerfile").read_text(encoding="utf-8")
DEFINITION = (PACKAGING / "pgx.def").read_text(encoding="utf-8")


def test_every_locked_version_has_hashes_and_no_address() -> None:
    entries = re.split(r"\n(?=\S)", LOCK.strip())
    assert len(entries) > 20
    for entry in entries:
        assert re.match(r"[a-z0-9-]+==\S+", entry), entry
        assert re.findall(r"--hash=sha256:[0-9a-f]{64}", entry), entry
    assert "://" not in LOCK and "index" not in LOCK


def test_the_lock_holds_what_the_project_needs() -> None:
    locked: dict[str, list[str]] = {}
    for name, version in re.findall(r"^([a-z0-9-]+)==(\S+)", LOCK, re.MULTILINE):
        locked.setdefault(name, []).append(version)
    for need in [*NEEDED, Requirement("hatchling>=1.27")]:
        assert need.name in locked, need.name
        assert all(need.specifier.contains(version) for version in locked[need.name]), need


def test_the_dockerfile_builds_from_the_tree_and_runs_as_nobody_special() -> None:
    steps = [line.split(" ", 1) for line in re.sub(r"\\\n", " ", DOCKERFILE).splitlines() if line and line[0] != "#"]
    known = {"FROM", "WORKDIR", "RUN", "COPY", "ENV", "USER", "ENTRYPOINT", "CMD"}
    assert {word for word, _ in steps} <= known
    for word, rest in steps:
        if word == "FROM":
            assert re.match(r"\S+:[\w.-]+", rest) and "latest" not in rest
        if word == "COPY" and "--from" not in rest:
            assert all((ROOT / source).exists() for source in rest.split()[:-1]), rest
    assert [rest for word, rest in steps if word == "USER"][-1] != "root"
    assert ("ENTRYPOINT", '["pgx"]') in [tuple(step) for step in steps]
    assert "--require-hashes" in DOCKERFILE


def test_the_apptainer_definition_has_its_sections_and_files() -> None:
    sections = re.findall(r"^%(\w+)", DEFINITION, re.MULTILINE)
    assert sections == ["files", "post", "environment", "test", "runscript", "labels"]
    header = dict(re.findall(r"^(Bootstrap|From): (\S+)$", DEFINITION, re.MULTILINE))
    assert header["Bootstrap"] == "docker" and header["From"] in DOCKERFILE
    files = DEFINITION.partition("%files")[2].partition("%post")[0].split("\n")
    sources = [line.split()[0] for line in files if line.strip()]
    assert sources and all((ROOT / source).exists() for source in sources)
    assert "--require-hashes" in DEFINITION


@pytest.fixture(scope="module")
def recipe() -> dict:
    def load_file_regex(load_file: str, regex_pattern: str, from_recipe_dir: bool) -> SimpleNamespace:
        assert from_recipe_dir
        found = re.search(regex_pattern, (PACKAGING / "conda" / load_file).resolve().read_text(encoding="utf-8"))
        assert found
        return SimpleNamespace(group=found.group)

    text = (PACKAGING / "conda" / "meta.yaml").read_text(encoding="utf-8")
    return yaml.safe_load(jinja2.Template(text).render(load_file_regex=load_file_regex, PYTHON="python"))


def test_the_conda_recipe_needs_what_the_project_needs(recipe: dict) -> None:
    names = {"isal": "python-isal", "xgboost-cpu": "py-xgboost", "xgboost": "py-xgboost"}
    wanted = {names.get(need.name, need.name): need.specifier for need in NEEDED}
    found = {one.name: one.specifier for line in recipe["requirements"]["run"]
             if (one := Requirement(line.replace(" ", "", 1))).name != "python"}  # fmt: skip
    assert found == wanted
    assert f"python {PROJECT['requires-python']}" in recipe["requirements"]["run"]


def test_the_conda_recipe_is_of_this_tree(recipe: dict) -> None:
    assert recipe["package"] == {"name": PROJECT["name"], "version": __version__}
    assert (PACKAGING / "conda" / recipe["source"]["path"]).resolve() == ROOT
    scripts = [f"{name} = {target}" for name, target in PROJECT["scripts"].items()]
    assert recipe["build"]["entry_points"] == scripts and recipe["about"]["license"] == PROJECT["license"]
