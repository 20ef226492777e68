"""The main job from the shell: what is printed, what is written, and how bad input ends."""

from __future__ import annotations

import gzip
import json
import re
from pathlib import Path

import polars as pl
import pytest

from tests.conftest import EXAMPLES

PERSON = EXAMPLES / "HG00652.GRCh38.vcf.gz"
HISTORY = EXAMPLES / "HG00652.clinical.json"


def refused(run, code: int = 3) -> str:
    """Assert one clear line on standard error, nothing on standard output, and return the line."""
    assert run.returncode == code, run.stderr
    assert run.stdout == ""
    assert "Traceback" not in run.stderr
    lines = [line for line in run.stderr.splitlines() if line]
    assert len(lines) == 1, run.stderr
    return lines[0]


def test_report_writes_every_format_and_prints_the_text(pgx_command, tmp_path):
    run = pgx_command("report", PERSON, "--clinical", HISTORY, "-o", "out")
    assert run.returncode == 0, run.stderr
    assert "clopidogrel" in run.stdout
    assert "CYP2C19" in run.stdout
    written = {path.name for path in (tmp_path / "out").iterdir()}
    assert {
        "HG00652.report.html",
        "HG00652.report.json",
        "HG00652.report.txt",
        "calls.tsv",
        "guidance.tsv",
        "scores.tsv",
    } <= written
    page = (tmp_path / "out" / "HG00652.report.html").read_text(encoding="utf-8")
    assert not re.search(r"""(?:src|href)=["']https?://[^"']+\.(?:js|css|png|woff)""", page), (
        "the page needs the network"
    )
    assert not list((tmp_path / "out").glob(".*")), "temporary files are left"


def test_the_example_person_must_not_get_clopidogrel(pgx_command, tmp_path):
    assert pgx_command("report", PERSON, "-c", HISTORY, "-o", "out", "--format", "json,tsv").returncode == 0
    guidance = pl.read_csv(tmp_path / "out" / "guidance.tsv", separator="\t", quote_char=None)
    cpic = guidance.filter(
        (pl.col("drug") == "clopidogrel")
        & (pl.col("source") == "CPIC")
        & (pl.col("population") == "cardiovascular_ACS_PCI")
    )
    assert cpic["action"].to_list() == ["avoid"]
    assert cpic["urgency"].to_list() == ["avoid"]
    document = json.loads((tmp_path / "out" / "HG00652.report.json").read_text(encoding="utf-8"))
    assert document["provenance"]["build"] == "GRCh38"


def test_warfarin_dose_comes_with_an_interval_and_says_what_it_rests_on(pgx_command, tmp_path):
    assert pgx_command("report", PERSON, "-c", HISTORY, "-o", "out", "--format", "tsv").returncode == 0
    scores = pl.read_csv(tmp_path / "out" / "scores.tsv", separator="\t", quote_char=None)
    dose = scores.row(by_predicate=pl.col("endpoint") == "warfarin.dose", named=True)
    assert dose["low"] < dose["estimate"] < dose["high"]
    assert dose["unit"] == "mg/week"
    assert dose["estimate"] < dose["reference"], "VKORC1 AA and amiodarone: she needs less than the average person"
    assert dose["evidence"].startswith("patients:n=")


def test_the_same_person_on_every_way_in_gives_the_same_calls(pgx_command, tmp_path):
    bgzipped = tmp_path / "no_index.vcf.gz"
    bgzipped.write_bytes(PERSON.read_bytes())
    plain = tmp_path / "plain.vcf"
    plain.write_bytes(gzip.decompress(PERSON.read_bytes()))
    expected = pgx_command("call", PERSON, "-o", "-")
    assert expected.returncode == 0, expected.stderr
    assert expected.stdout.startswith("sample\tgene\tdiplotype\tprobability\tphenotype\t")
    for source in (bgzipped, plain):
        assert pgx_command("call", source).stdout == expected.stdout
    assert pgx_command("call", "-", stdin=plain.read_bytes()).stdout == expected.stdout
    assert pgx_command("call", "-", stdin=PERSON.read_bytes()).stdout == expected.stdout


def test_output_is_the_same_to_the_byte_twice(pgx_process, tmp_path):
    for folder in ("one", "two"):
        assert pgx_process("report", PERSON, "-c", HISTORY, "-o", folder).returncode == 0
    for path in sorted((tmp_path / "one").iterdir()):
        assert path.read_bytes() == (tmp_path / "two" / path.name).read_bytes(), path.name


def test_grch37_is_found_out_and_said(pgx_command):
    run = pgx_command("call", EXAMPLES / "HG00118.GRCh37.vcf.gz", "-v", "--genes", "DPYD")
    assert run.returncode == 0
    assert "GRCh37" in run.stderr
    row = dict(zip(*(line.split("\t") for line in run.stdout.splitlines()[:2]), strict=True))
    assert {"HapB3", "c.2846A>T"} <= set(re.findall(r"HapB3|c\.2846A>T", row["diplotype"]))
    assert row["phenotype"] != "Normal Metabolizer"


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("empty.vcf", b"", "empty"),
        ("page.vcf", b"<!DOCTYPE html><html><body>404</body></html>", "web page"),
        ("notes.vcf", b"these are my notes\n", "VCF"),
        (
            "sites_only.vcf",
            b"##fileformat=VCFv4.2\n##reference=GRCh38\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n"
            b"chr10\t94781859\t.\tG\tA\t.\tPASS\t.\n",
            "sample",
        ),
        (
            "elsewhere.vcf",
            b"##fileformat=VCFv4.2\n##reference=GRCh38\n##FORMAT=<ID=GT,Number=1,Type=String,Description=g>\n"
            b"#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\tS1\nchr1\t1000\t.\tG\tA\t.\tPASS\t.\tGT\t0/1\n",
            "pharmacogene",
        ),
    ],
)
def test_a_file_that_cannot_be_used_ends_in_one_line(pgx_command, tmp_path, name, content, says):
    (tmp_path / name).write_bytes(content)
    line = refused(pgx_command("report", name, "-o", "out"))
    assert name in line
    assert says.lower() in line.lower()
    assert not (tmp_path / "out").exists(), "something was half-written"


def test_a_missing_file_is_named(pgx_command):
    assert "nowhere.vcf.gz" in refused(pgx_command("report", "nowhere.vcf.gz", "-o", "out"))


def test_the_wrong_build_is_refused(pgx_command):
    assert "GRCh38" in refused(pgx_command("report", PERSON, "--build", "GRCh37"))


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"hieght_cm": 175}, "hieght_cm"),
        ({"sex": "perhaps"}, "key sex"),
        ({"age": "ancient"}, "key age"),
    ],
)
def test_clinical_values_that_cannot_be_are_named_and_not_quoted(pgx_command, tmp_path, change, says):
    history = json.loads(HISTORY.read_text(encoding="utf-8"))
    if "hieght_cm" in change:
        del history["height_cm"]
    (tmp_path / "history.json").write_text(json.dumps({**history, **change}), encoding="utf-8")
    run = pgx_command("report", PERSON, "--clinical", "history.json", "-o", "out")
    assert run.returncode == 0, run.stderr
    assert any("history.json" in line and says in line for line in run.stderr.splitlines())
    assert says in (tmp_path / "out" / "notes.tsv").read_text(encoding="utf-8")
    line = refused(pgx_command("report", PERSON, "--clinical", "history.json", "-o", "strict", "--strict"))
    assert "history.json" in line
    assert says in line
    assert not any(str(value) in run.stderr + line for value in change.values())
    assert not (tmp_path / "strict").exists()


@pytest.mark.parametrize(("key", "value"), [("age", 1000), ("weight_kg", 0), ("height_cm", 1.75)])
def test_an_impossible_person_has_a_report_that_names_the_value_and_no_dose(pgx_command, tmp_path, key, value):
    history = {**json.loads(HISTORY.read_text(encoding="utf-8")), key: value}
    history.pop("birth_date", None)
    (tmp_path / "history.json").write_text(json.dumps(history), encoding="utf-8")
    run = pgx_command("report", PERSON, "--clinical", "history.json", "-o", "out", "--format", "text,tsv")
    assert run.returncode == 0
    line = next(line for line in run.stderr.splitlines() if line.startswith("pgx: error"))
    assert f"history.json: key {key}" in line and "no person can have" in line and f" {value}" not in line
    scores = [line.split("\t") for line in (tmp_path / "out" / "scores.tsv").read_text(encoding="utf-8").splitlines()]
    rows = [dict(zip(scores[0], cells, strict=True)) for cells in scores[1:]]
    dose = next(row for row in rows if row["endpoint"] == "warfarin.dose")
    assert dose["estimate"] == "" and f"implausible:clinical.{key.partition('_')[0]}" in dose["flags"]


def test_a_drug_that_is_almost_known_is_suggested_not_guessed(pgx_command):
    line = refused(pgx_command("report", PERSON, "--drugs", "warfarim"), code=2)
    assert "warfarin" in line


@pytest.mark.parametrize(
    "arguments", [["report"], ["report", PERSON, "--format", "docx"], ["call", PERSON, "-o", "x.xlsx"], ["nothing"]]
)
def test_wrong_usage_is_exit_2(pgx_command, arguments):
    run = pgx_command(*arguments)
    assert run.returncode == 2
    assert "Traceback" not in run.stderr


def test_pages_without_a_folder_are_refused_before_anything_is_read(pgx_command):
    line = refused(pgx_command("report", "missing.vcf", "--format", "text,html"), code=2)
    assert "-o FOLDER" in line
    assert pgx_command("report", PERSON, "--format", "text").returncode == 0


def test_version_names_program_knowledge_and_models(pgx_command):
    lines = dict(line.split(" ", 1) for line in pgx_command("--version").stdout.splitlines())
    assert set(lines) == {"pgx", "knowledge", "models", "knowledge_sha256"}
    assert re.fullmatch("[0-9a-f]{64}", lines["knowledge_sha256"])
    numbers = {name: value for name, value in lines.items() if name != "knowledge_sha256"}
    assert all(re.fullmatch(r"[0-9][0-9a-z.+-]*", value) for value in numbers.values()), lines


def test_help_needs_no_heavy_import():
    import subprocess
    import sys

    code = (
        "import sys; sys.argv = ['pgx', '--help']\n"
        "from pgx.cli.main import main\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "heavy = {'polars', 'pysam', 'xgboost', 'jinja2', 'allel', 'numpy'} & set(sys.modules)\n"
        "print('HEAVY', sorted(heavy))"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert "HEAVY []" in shown


def test_a_folder_that_cannot_be_made_is_refused_before_anything_is_printed(pgx_command, tmp_path):
    (tmp_path / "taken").write_text("a file", encoding="utf-8")
    line = refused(pgx_command("report", PERSON, "-o", "taken"))
    assert "taken" in line


def test_closing_the_pipe_is_no_error(tmp_path):
    import subprocess
    import sys

    shell = f"{sys.executable} -m pgx.cli.main call {PERSON} -o - | head -1"
    done = subprocess.run(["bash", "-c", shell], capture_output=True, text=True, cwd=tmp_path, check=True)
    assert done.stdout.count("\n") == 1
    assert "Traceback" not in done.stderr
    assert "BrokenPipe" not in done.stderr


@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize("command", [("--version",), ("--help",), ("schema", "calls"), ("call", PERSON, "-o", "-")])
def test_a_full_disk_behind_standard_output_is_one_line(tmp_path, command, unbuffered):
    import os
    import subprocess
    import sys

    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [sys.executable, "-m", "pgx.cli.main", *map(str, command)], stdout=full, stderr=subprocess.PIPE, text=True,
            cwd=tmp_path, env={**os.environ, "PYTHONUNBUFFERED": unbuffered}, check=False,
        )  # fmt: skip
    assert (done.returncode, done.stderr) == (3, "pgx: standard output: No space left on device\n")


def test_a_pipe_that_nobody_reads_is_no_error_of_ours(tmp_path):
    import subprocess
    import sys

    shell = f"{sys.executable} -m pgx.cli.main kb positions | true; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", shell], capture_output=True, text=True, cwd=tmp_path, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_what_is_said_to_nobody_is_not_among_the_data(tmp_path):
    import subprocess
    import sys

    shell = f"{sys.executable} -m pgx.cli.main call {PERSON} none.vcf 2>&-"
    done = subprocess.run(["bash", "-c", shell], capture_output=True, text=True, cwd=tmp_path, check=False)
    assert (done.returncode, done.stdout) == (3, "")


def test_tables_of_another_person_are_not_written_over_in_any_format(pgx_command, tmp_path):
    other = EXAMPLES / "HG01593.GRCh38.vcf.gz"
    for ending in ("tsv", "parquet"):
        given = ("-o", ending, "--format", ending, "--no-print", "-q", "--genes", "TPMT")
        assert pgx_command("report", PERSON, *given).returncode == 0
        line = refused(pgx_command("report", other, *given))
        assert f"calls.{ending}: the folder has the tables of 1 other person" in line


def test_a_clinical_file_from_a_pipe_is_refused_as_a_pipe(pgx_command, tmp_path):
    import os
    import threading

    os.mkfifo(tmp_path / "pipe")
    writer = threading.Thread(target=(tmp_path / "pipe").write_text, args=('{"sample": "A", "age": 41}',))
    writer.start()
    assert "this is a pipe" in refused(pgx_command("check", "pipe"))
    writer.join()


def test_example_files_say_that_the_histories_are_made_up():
    for path in sorted(EXAMPLES.glob("*.clinical.json")):
        assert "Made-up" in json.loads(path.read_text(encoding="utf-8"))["notes"], path
        assert Path(str(path).replace(".clinical.json", "")).name == json.loads(path.read_text())["sample"]


def test_every_output_names_the_versions_it_rests_on(pgx_command, tmp_path):
    assert pgx_command("report", PERSON, "-c", HISTORY, "-o", "out", "--format", "text,html,json,tsv").returncode == 0
    assert pgx_command("call", PERSON, "-o", "calls.tsv", "-q").returncode == 0
    assert pgx_command("call", PERSON, "-o", "calls.parquet", "-q").returncode == 0
    told = json.loads((tmp_path / "out" / "provenance.json").read_text(encoding="utf-8"))
    assert all(told[key] for key in ("pgx", "knowledge", "models", "knowledge_sha256", "build"))
    assert {one["name"] for one in told["inputs"]} == {PERSON.name, HISTORY.name}
    assert all(re.fullmatch(r"[0-9a-f]{64}", one["sha256"]) for one in told["inputs"])
    for name in ("HG00652.report.txt", "HG00652.report.html", "HG00652.report.json"):
        assert told["knowledge_sha256"] in (tmp_path / "out" / name).read_text(encoding="utf-8")
    beside = json.loads((tmp_path / "calls.tsv.provenance.json").read_text(encoding="utf-8"))
    inside = json.loads(pl.read_parquet_metadata(tmp_path / "calls.parquet")["pgx"])
    assert beside == inside
    assert beside["knowledge_sha256"] == told["knowledge_sha256"]
