"""The public calls: one verb a command, documented, with examples that run."""

from __future__ import annotations

import doctest
import inspect
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import pgx
import pgx.pipeline
from pgx.errors import UsageError
from pgx.io import reading, write_bytes
from tests.conftest import EXAMPLES, ROOT

PERSON, HISTORY = EXAMPLES / "HG00652.GRCh38.vcf.gz", EXAMPLES / "HG00652.clinical.json"
VERBS = [name for name in pgx.__all__ if inspect.isfunction(getattr(pgx, name))]
CALLS = (
    {name: getattr(pgx, name) for name in VERBS}
    | {f"cohort.{name}": getattr(pgx.cohort, name) for name in pgx.cohort.__all__}
    | {f"kb.{name}": getattr(pgx.kb, name) for name in pgx.kb.__all__ if inspect.isfunction(getattr(pgx.kb, name))}
)


def test_there_is_one_verb_a_command():
    assert set(pgx.__all__) - set(VERBS) == {"Options", "Result", "__version__", "cohort", "kb", "schema"}
    assert VERBS == ["call", "check", "compare", "evaluate", "explain", "exposure", "features", "monitor", "report", "score",
                     "score_polygenic", "simulate", "train"]  # fmt: skip


def test_everything_public_is_found_by_name_and_nothing_else():
    assert set(pgx.__all__) <= set(dir(pgx))
    with pytest.raises(AttributeError, match="no attribute 'analyse'"):
        _ = pgx.analyse


@pytest.mark.parametrize("name", CALLS)
def test_a_public_call_says_what_it_takes_gives_and_refuses(name):
    text = inspect.getdoc(CALLS[name])
    assert text and ">>> import pgx" in text
    named = set(re.findall(r"\w+", text.partition("Returns\n")[0]))
    if not name.startswith("kb.") or len(inspect.signature(CALLS[name]).parameters) > 3:
        assert set(inspect.signature(CALLS[name]).parameters) <= named, "a parameter without a word"
        assert "Returns\n-------" in text
    if not name.startswith("kb."):
        assert "Raises\n------" in text


@pytest.mark.parametrize("name", [*CALLS, "Options"])
def test_its_example_runs(name, monkeypatch):
    monkeypatch.chdir(ROOT)
    found = doctest.DocTestFinder(recurse=False).find(CALLS.get(name, pgx.Options), name, globs={})
    assert found and all(one.examples for one in found)
    for one in found:
        failed = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(one)
        assert failed.failed == 0


def test_importing_the_package_imports_no_stage():
    program = "import sys, pgx; print(sorted({'polars', 'numpy', 'typer'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_features_stays_a_call_when_its_room_is_imported():
    from pgx.features import build  # the room

    assert inspect.isfunction(build) and inspect.isfunction(pgx.features)


def test_one_path_or_name_is_as_good_as_a_list(tmp_path):
    one = pgx.report(PERSON, clinical=str(HISTORY), drugs="clopidogrel", options=pgx.Options(genes="CYP2C19"))
    several = pgx.report([PERSON], clinical=[HISTORY], drugs=["clopidogrel"], options=pgx.Options(genes=["CYP2C19"]))
    assert one.guidance.equals(several.guidance) and one.scores.equals(several.scores)
    assert one.provenance == several.provenance
    joined = pgx.report(PERSON, drugs="clopidogrel, codeine", medications="codeine", endpoints=[])
    assert set(joined.guidance["drug"]) == {"clopidogrel", "codeine"}
    outside = tmp_path / "outside.tsv"
    outside.write_text("HLA-B\t*57:01/*15:02\n", encoding="utf-8")
    calls = pgx.call(PERSON, outside_calls=outside, options=pgx.Options(genes="HLA-B", samples="HG00652"))
    assert calls["diplotype"].to_list() == ["*57:01/*15:02"]
    site = tmp_path / "site" / "drug_names.tsv"
    site.parent.mkdir()
    shutil.copy(ROOT / "data" / "knowledge" / site.name, site)
    assert pgx.call(PERSON, options=pgx.Options(genes="CYP2C19", knowledge=site.parent)).height == 1
    persons = pgx.Options(persons="HG00652=HG00652")
    assert pgx.features(PERSON, clinical=HISTORY, columns="clinical.age", options=persons).height == 1


def test_a_call_writes_what_the_command_writes(pgx_command, tmp_path):
    mine, theirs = tmp_path / "mine.tsv", tmp_path / "theirs.tsv"
    notes = []
    frame = pgx.call(PERSON, clinical=HISTORY, out=mine, on_notes=notes.append)
    assert pgx_command("call", PERSON, "-c", HISTORY, "-o", theirs).returncode == 0
    assert mine.read_bytes() == theirs.read_bytes()
    assert Path(f"{mine}.provenance.json").read_bytes() == Path(f"{theirs}.provenance.json").read_bytes()
    assert frame.height > 80 and [one.columns for one in notes] == [[one.name for one in pgx.schema.NOTES]]


@pytest.mark.parametrize(
    "call",
    [
        lambda path: pgx.call(path, out=path),
        lambda path: pgx.call(PERSON, clinical=path, out=path),
        lambda path: pgx.call(PERSON, outside_calls=path, log=path),
        lambda path: pgx.call(PERSON, out="new.tsv", log="new.tsv"),
        lambda path: pgx.explain(PERSON, "CYP2C19", outside_calls=[path], out=path),
        lambda path: pgx.features(PERSON, clinical=path, missing=path),
        lambda path: pgx.features(PERSON, out=path.parent / "new.tsv", options=pgx.Options(knowledge=path.parent)),
        lambda path: pgx.score(features=path, out=path),
        lambda path: pgx.check(path, out=path),
        lambda path: pgx.monitor(path, path, out=path),
    ],
)
def test_no_call_writes_over_what_it_reads(call, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "table.tsv"
    path.write_text("sample\tdate\tdose\tinr\n", encoding="utf-8")
    before = path.read_bytes()
    with pytest.raises(UsageError, match="would be written"):
        call(path)
    assert [one.name for one in tmp_path.iterdir()] == ["table.tsv"] and path.read_bytes() == before


def test_what_a_command_reads_stays_an_input_within_the_call_that_it_makes(tmp_path):
    outer, inner = tmp_path / "outer", tmp_path / "inner"
    outer.touch()
    inner.touch()
    with reading([outer]):
        with reading([inner]), pytest.raises(UsageError, match="would be written"):
            write_bytes(outer, b"")
        write_bytes(inner, b"no input any more")


def test_a_result_is_shown_in_short(tmp_path):
    result = pgx.report(PERSON, clinical=HISTORY, drugs="clopidogrel")
    text = repr(result)
    assert text.startswith("<Result of HG00652: calls 91x19, ") and len(text) < 400
    assert f"pgx {pgx.__version__}, knowledge " in text
    page = result._repr_html_()
    assert page.startswith("<p>&lt;Result of HG00652") and "<iframe srcdoc=" in page and "clopidogrel" in page
    assert "<script" not in page


def test_python_m_pgx_is_the_command_line(tmp_path):
    done = subprocess.run([sys.executable, "-m", "pgx", "--help"], capture_output=True, text=True, check=True, cwd=ROOT)
    assert "report" in done.stdout and "Start with" in done.stdout


def test_every_line_of_the_list_of_commands_fits_a_terminal(pgx_command):
    for group in ((), ("kb",), ("models",)):
        lines = pgx_command(*group, "--help").stdout.partition("Commands:\n")[2].splitlines()
        assert len(lines) >= 2 and not [line for line in lines if line.endswith("...")]


def test_the_command_line_has_the_formats_of_the_reports():
    from pgx import reports
    from pgx.cli import report

    assert sorted(report.FORMATS) == sorted(reports.FORMATS)
