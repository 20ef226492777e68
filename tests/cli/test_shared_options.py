"""The options on reading: one list, on every command that reads genotypes."""

from __future__ import annotations

import inspect
import json

import polars as pl
import pytest

from pgx.cli import call, features, options, report, score
from pgx.errors import UsageError
from pgx.inputs import Options
from tests.conftest import EXAMPLES

PERSON = EXAMPLES / "HG00652.GRCh38.vcf.gz"
HISTORY = EXAMPLES / "HG00652.clinical.json"
SHARED = list(inspect.signature(options.gather).parameters)


@pytest.mark.parametrize("command", [report.report, call.call, features.features, score.score])
def test_every_command_has_all_of_them_in_one_order(command):
    own = [name for name in inspect.signature(command).parameters if name in SHARED]
    assert own == [name for name in SHARED if name != "genes" or command is not score.score]


def test_they_are_the_librarys_options_and_its_defaults():
    assert options.gather() == Options()
    assert set(SHARED) - {"person"} == set(Options.__slots__) - {"persons", "configured"}


@pytest.mark.parametrize(
    ("name", "build"),
    [("hg38", "GRCh38"), ("B38", "GRCh38"), ("grch38", "GRCh38"), ("hg19", "GRCh37"), ("b37", "GRCh37"), (None, None)],
)
def test_a_reference_genome_goes_by_its_other_names_too(name, build):
    assert options.gather(build=name).build == Options(build=name).build == build


@pytest.mark.parametrize("name", ["mm10", "hg18", "hg37", "GRCh19", "", "GRCh38,GRCh37"])
def test_one_that_is_none_of_them_is_wrong_usage(name):
    with pytest.raises(UsageError, match="--build"):
        options.gather(build=name)


def test_a_command_declares_only_what_is_its_own():
    @options.reading(without=("genes",))
    def command(vcf: options.MaybeVcfs, *, how: options.How, quiet: options.Quiet = False) -> None:
        seen.append((vcf, how, quiet))

    seen: list[object] = []
    given = {name: p.default for name, p in inspect.signature(command).parameters.items() if name in SHARED}
    command(vcf="x", quiet=True, **{**given, "min_gq": 20})
    assert seen == [("x", Options(min_gq=20), True)]


@pytest.mark.parametrize("day", ["12.10.2026", "2026-13-01", "20261012", "tomorrow", "1066-10-14"])
def test_a_day_that_is_none_is_wrong_usage(pgx_command, day):
    run = pgx_command("report", PERSON, "-c", HISTORY, "--as-of", day)
    assert run.returncode == 2 and run.stdout == ""
    assert run.stderr == f"pgx: --as-of: {day!r} is not a day; write YYYY-MM-DD\n"


def test_the_chosen_day_is_in_the_answer_and_in_where_it_is_from(pgx_command, tmp_path):
    run = pgx_command("report", PERSON, "-c", HISTORY, "--as-of", "2030-01-31", "-o", "out", "--format", "json")
    assert run.returncode == 0, run.stderr
    document = json.loads((tmp_path / "out" / "HG00652.report.json").read_text(encoding="utf-8"))
    assert document["provenance"]["options"] == {"as_of": "2030-01-31", "outside_mode": "override"}
    assert pgx_command("features", PERSON, "-c", HISTORY, "--as-of", "2030-01-31", "-o", "f.tsv").returncode == 0
    beside = json.loads((tmp_path / "f.tsv.provenance.json").read_text(encoding="utf-8"))
    assert beside["options"]["as_of"] == "2030-01-31"


def test_a_record_under_another_name_is_joined_as_said_and_nobody_is_named(pgx_command, tmp_path):
    (tmp_path / "p.json").write_text('{"sample": "hospital-7", "age": 41}', encoding="utf-8")
    told = pgx_command("features", PERSON, "-c", "p.json").stderr
    assert "p.json: its only person has not the name of the only sample" in told
    assert "hospital-7" not in told
    said = ("--person", "hospital-7=HG00652", "--columns", "clinical.age", "-o", "f.tsv")
    run = pgx_command("features", PERSON, "-c", "p.json", *said)
    assert run.returncode == 0, run.stderr
    assert pl.read_csv(tmp_path / "f.tsv", separator="\t")["clinical.age"].to_list() == [41]
    assert "hospital-7" not in (tmp_path / "f.tsv.provenance.json").read_text(encoding="utf-8")
    run = pgx_command("features", PERSON, "-c", "p.json", "--person", "hospital-8=HG00652")
    assert run.returncode == 2 and "no record has a person 'hospital-8'" in run.stderr


@pytest.mark.parametrize("option", ["--sex", "--ancestry"])
@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("A=male,A=female", "two values are given for A"),
        ("A=male,B=male,A = female", "two values are given for A"),
        ("A=male,B", "'B' is not SAMPLE=value; give one value, or one for each sample"),
        ("male,B=female", "'male' is not SAMPLE=value; give one value, or one for each sample"),
        ("A=,B=male", "'A=' is not SAMPLE=value; give one value, or one for each sample"),
        ("=male", "'=male' is not SAMPLE=value; give one value, or one for each sample"),
    ],
)
def test_a_value_for_each_sample_is_one_value_and_has_its_sample(option, text, problem):
    with pytest.raises(UsageError) as refused:
        options.gather(**{option.removeprefix("--"): text})
    assert str(refused.value) == f"{option}: {problem}"


def test_values_for_each_sample_are_read_as_written():
    assert options.gather(sex="male").sex == "male"
    assert options.gather(sex="A=male, B=female ,A=male,").sex == {"A": "male", "B": "female"}
    # A sample may have any name that a header allows; no value has an equals sign.
    assert options.gather(ancestry="id=7=European").ancestry == {"id=7": "European"}


@pytest.mark.parametrize("option", ["samples", "genes"])
@pytest.mark.parametrize("given", ["", ",", " , "])
def test_an_option_that_names_nothing_is_refused_and_not_taken_for_nobody(pgx_command, tmp_path, option, given):
    with pytest.raises(UsageError, match=f"{option} are asked for, and none is named"):
        Options(**{option: given})
    for command in (["call"], ["cohort", "run", "-o", tmp_path / "cohort"]):
        done = pgx_command(*command, PERSON, f"--{option}={given}")
        assert (done.returncode, done.stdout) == (2, "")
    assert not (tmp_path / "cohort").exists()
