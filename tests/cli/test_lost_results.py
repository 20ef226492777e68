"""A laboratory's result that cannot be used: on the first page of everything, in the flags of its gene, exit code 4."""

from __future__ import annotations

import json
import re

import polars as pl
import pytest

from tests.conftest import EXAMPLES

PERSON = EXAMPLES / "HG01593.GRCh38.vcf.gz"
DRUGS = "codeine,abacavir"
TOLD = "lab.tsv: line 1: CYP2D6: a laboratory's or another tool's result could not be used"
SAID = "a laboratory's result of CYP2D6 could not be used (lab.tsv: line 1: '1' in '1/4'"


@pytest.fixture
def lab(tmp_path):
    path = tmp_path / "lab.tsv"
    path.write_text("CYP2D6\t1/4\nHLAB\t*57:01/*08:01\n")
    return path


def test_the_report_is_written_in_full_and_says_first_what_was_lost(pgx_command, tmp_path, lab):
    formats = "text,html,json,fhir,card,leaflet,tsv"
    run = pgx_command("report", PERSON, "--outside-calls", lab, "--drugs", DRUGS, "-o", "out", "--format", formats)
    assert run.returncode == 4, run.stderr
    assert f"pgx: error: HG01593 {TOLD}" in run.stderr and "1/4" not in run.stderr
    first_page = " ".join(run.stdout.partition("Model scores")[0].split())
    assert f"! {SAID}" in first_page
    assert "a laboratory's result of HLA-B could not be used (lab.tsv: line 2: the gene 'HLAB'" in first_page
    assert "abacavir a laboratory's result of HLA-B could not be used or not be understood" in first_page
    assert "abacavir HLA-B not tested" not in first_page
    out = {path.name: path.read_text(encoding="utf-8") for path in (tmp_path / "out").iterdir()}
    assert SAID.replace("'", "&#39;") in out["HG01593.report.html"].partition('id="scores"')[0]
    assert "CYP2D6: a laboratory's result could not be used" in out["HG01593.card.html"]
    assert "Ask about the gene HLA-B" in out["HG01593.leaflet.html"]
    assert SAID in out["HG01593.fhir.json"]
    person = json.loads(out["HG01593.report.json"])["samples"][0]
    flags = {call["gene"]: call["flags"] for call in person["calls"]}
    assert {gene for gene, codes in flags.items() if "outside_refused" in codes} == {"CYP2D6", "HLA-B"}
    assert "outside_refused" in out["calls.tsv"]


def test_as_usual_does_not_rest_on_the_files_own_call_where_a_laboratory_said_something(pgx_command, tmp_path, lab):
    def line(*more: object) -> dict[str, object]:
        pgx_command("report", PERSON, *more, "--drugs", DRUGS, "-o", "out", "--format", "json")
        found = json.loads((tmp_path / "out" / "HG01593.report.json").read_text(encoding="utf-8"))["samples"][0]
        return next(one for one in found["summary"] if one["drug"] == "codeine")

    assert line()["urgency"] == "standard"
    doubted = line("--outside-calls", lab)
    assert doubted["urgency"] == "no_data"
    assert re.match("cannot be judged: a laboratory's result of CYP2D6 could not be used", str(doubted["headline"]))


@pytest.mark.parametrize("command", ["call", "features", "score"])
def test_every_command_that_reads_such_results_writes_its_table_and_ends_with_4(pgx_command, tmp_path, lab, command):
    more = ["-e", "tamoxifen.recurrence"] if command == "score" else []
    run = pgx_command(command, PERSON, "--outside-calls", lab, "-o", "out.tsv", *more)
    assert run.returncode == 4, run.stderr
    assert TOLD in run.stderr and "1/4" not in run.stderr
    assert pl.read_csv(tmp_path / "out.tsv", separator="\t", quote_char=None).height


def test_a_result_that_is_used_is_no_loss(pgx_command, tmp_path):
    (tmp_path / "lab.tsv").write_text("CYP2D6\t*1/*2\n")
    run = pgx_command("call", PERSON, "--outside-calls", "lab.tsv")
    assert run.returncode == 0
    assert "laboratory" not in run.stderr


TABLE = "sample,rsid,genotype,gene,copy_number\nA,rs4244285,QQ,,\nA,rs12248560,C/C,,\nB,rs4244285,G/G,,\nB,rs12248560,C/C,,\n"
TOLD_OF_QQ = "snps.csv: line 2: CYP2C19: a laboratory's or another tool's result could not be used"
QQ = "a laboratory's result of CYP2C19 could not be used (snps.csv: line 2: 'QQ' of rs4244285: it fits no allele"


def test_a_genotype_that_cannot_be_read_is_on_the_first_page_of_that_person_alone(pgx_command, tmp_path):
    (tmp_path / "snps.csv").write_text(TABLE)
    run = pgx_command("report", "snps.csv", "--drugs", "clopidogrel", "-o", "out", "--format", "html,json")
    assert run.returncode == 4, run.stderr
    assert f"pgx: error: A {TOLD_OF_QQ}" in run.stderr and "QQ" not in run.stderr
    out = {path.name: path.read_text(encoding="utf-8") for path in (tmp_path / "out").iterdir()}
    assert QQ.replace("'", "&#39;") in out["A.report.html"].partition('id="scores"')[0]
    flags = {
        name: {call["gene"]: call["flags"] for call in json.loads(out[f"{name}.report.json"])["samples"][0]["calls"]}
        for name in "AB"
    }
    assert "outside_refused" in flags["A"]["CYP2C19"] and "outside_refused" not in flags["B"]["CYP2C19"]
    assert "could not be used" not in out["B.report.html"]


def test_a_good_genotype_in_another_file_is_in_doubt_beside_one_that_is_lost(pgx_command, tmp_path):
    (tmp_path / "snps.csv").write_text("sample,rsid,genotype\nHG01593,rs4244285,QQ\nHG01593,rs12248560,C/C\n")
    run = pgx_command("call", PERSON, "snps.csv", "--genes", "CYP2C19", "-o", "out.tsv")
    assert run.returncode == 4, run.stderr
    (row,) = pl.read_csv(tmp_path / "out.tsv", separator="\t", quote_char=None).iter_rows(named=True)
    assert row["status"] == "ambiguous" and "outside_refused" in row["flags"]


@pytest.mark.parametrize("command", ["features", "score"])
def test_such_a_table_ends_every_command_with_4(pgx_command, tmp_path, command):
    (tmp_path / "snps.csv").write_text(TABLE)
    more = ["-e", "clopidogrel.mace"] if command == "score" else []
    run = pgx_command(command, "snps.csv", "-o", "out.tsv", *more)
    assert run.returncode == 4, run.stderr
    assert TOLD_OF_QQ in run.stderr and "QQ" not in run.stderr


def test_a_sample_that_there_is_not_is_counted_against_and_no_other_proposed(pgx_command):
    run = pgx_command("call", PERSON, "--samples", "HG01594")
    assert run.returncode == 2
    assert "no sample is called 'HG01594'; the input has 1 sample" in run.stderr
    assert "HG01593" not in run.stderr.replace(PERSON.name, "")


def test_a_record_of_almost_the_same_name_is_lost_on_page_one_and_ends_with_4(pgx_command, tmp_path):
    (tmp_path / "own.csv").write_text("sample,age\nHG01593,40\n")
    (tmp_path / "ward.csv").write_text("sample,weight_kg\nHG01593,70\nhg-1593,5\nHG00118,60\n")
    run = pgx_command("report", PERSON, "-c", "own.csv", "-c", "ward.csv", "--drugs", "codeine")
    assert run.returncode == 4, run.stderr
    first_page = " ".join(run.stdout.partition("Model scores")[0].split())
    assert "! a record may be lost (ward.csv: somebody in it is named almost as this sample" in first_page
    assert "hg-1593" not in run.stdout + run.stderr and "HG00118" not in run.stdout + run.stderr


def test_what_a_person_has_stands_in_the_report_and_in_no_message(pgx_command, tmp_path):
    (tmp_path / "p.csv").write_text(
        "sample,age,weight_kg,creatinine_mg_dl,sex,birth_date\nHG01593,41,712,<0.515,blueish,1971-13-45\n"
    )
    run = pgx_command("report", PERSON, "-c", "p.csv", "--drugs", "warfarin", "-v")
    assert run.returncode == 0, run.stderr
    assert "weight of 712 kg is impossible" in " ".join(run.stdout.split())
    strict = pgx_command("report", PERSON, "-c", "p.csv", "--strict")
    assert strict.returncode == 3 and "p.csv: line 2" in strict.stderr
    for value in ("712", "0.515", "blueish", "1971"):
        assert value not in run.stderr + strict.stderr
    for field in ("weight", "creatinine", "sex", "birth_date"):
        assert f"HG01593 p.csv: line 2, column {field}" in run.stderr.replace(
            "line 2: birth_date", "line 2, column birth_date"
        )
    assert "weight: a value that no person can have is not used; correct the value or its unit" in run.stderr
    shown = pgx_command("check", "p.csv")
    assert (
        all(value in shown.stdout for value in ("712", "<0.515", "blueish", "1971-13-45")) and "712" not in shown.stderr
    )
