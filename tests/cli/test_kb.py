"""``pgx kb`` as a user meets it: tables when piped, files when asked, one line when wrong."""

from __future__ import annotations

import csv
import io
import json
import re
import shutil
import subprocess
from pathlib import Path

import polars as pl
import pytest

from pgx.cli.shown.sections import to_terminal
from pgx.knowledge import load, show
from tests import command
from tests.knowledge.overlay import NEW_GENE, write_overlay


def pgx(*arguments: str | Path, code: int = 0) -> subprocess.CompletedProcess[str]:
    run = command.run("kb", *arguments)
    assert run.returncode == code, run.stderr
    assert "Traceback" not in run.stderr
    return run


def sections(text: str) -> dict[str, list[dict[str, str]]]:
    found = {}
    for block in text.removeprefix("# ").split("\n# "):
        title, _, table = block.partition("\n")
        found[title] = list(csv.DictReader(io.StringIO(table.strip("\n")), delimiter="\t", quoting=csv.QUOTE_NONE))
    return found


def test_gene_shows_alleles_positions_rules_and_drugs() -> None:
    found = sections(pgx("gene", "cyp2c19").stdout)
    assert list(found) == ["gene", "alleles", "positions", "phenotype rules", "drugs"]
    star2 = next(row for row in found["alleles"] if row["allele"] == "*2")
    assert (star2["function"], star2["dpwg_function"]) == ("No function", "No function")
    site = next(row for row in found["positions"] if row["rsid"] == "rs4244285")
    assert (site["pos_grch38"], site["pos_grch37"]) == ("94781859", "96541616")


@pytest.mark.parametrize("name", ["clopidogrel", "Plavix", "32968", "B01AC04"])
def test_drug_is_found_by_generic_brand_rxnorm_or_atc(name: str) -> None:
    found = show.drug(load(), name)
    assert found["drug"].filter(pl.col("what") == "drug")["value"].to_list() == ["clopidogrel"]
    assert found["recommendations"].height > 20
    assert found["recommendations"]["recommendation"].null_count() == 0


@pytest.mark.parametrize("words", [["CYP2D6*21"], ["CYP2D6", "*21"], ["cyp2d6", "21"], ["CYP2D6 *21"]])
def test_an_allele_is_found_by_its_full_name_or_by_gene_and_allele(words: list[str]) -> None:
    told = {row["what"]: row["value"] for row in sections(pgx("allele", *words).stdout)["allele"]}
    assert (told["gene"], told["allele"]) == ("CYP2D6", "*21")


@pytest.mark.parametrize(
    ("words", "allele"),
    [
        (["DPYD*2A"], "c.1905+1G>A (*2A)"),
        (["DPYD", "c.1905+1G>A"], "c.1905+1G>A (*2A)"),
        (["SLCO1B1", "*1b"], "*37"),
        (["TPMT*3a"], "*3A"),
        (["NUDT15", "R139C"], "*3"),
        (["VKORC1", "-1639G>A"], "rs9923231 variant (T)"),
        (["HLA-B*5701"], "*57:01"),
        (["HLA-B *5701"], "*57:01"),
        (["CYP2D6*4.001"], "*4"),
        (["cyp2c19", "2.012"], "*2"),
    ],
)
def test_an_allele_is_found_by_the_other_names_that_people_use(words: list[str], allele: str) -> None:
    told = {row["what"]: row["value"] for row in sections(pgx("allele", *words).stdout)["allele"]}
    assert told["allele"] == allele


def test_a_variant_that_is_asked_for_as_an_allele_is_looked_up_elsewhere() -> None:
    assert "pgx kb variant rs4244285" in pgx("allele", "rs4244285", code=2).stderr


def test_a_change_of_several_alleles_names_none() -> None:
    assert "differ in function" in pgx("allele", "SLCO1B1", "rs2306283", code=2).stderr


def test_allele_and_variant() -> None:
    kb = load()
    assert show.allele(kb, "CYP2C19*2")["functions"]["function"].unique().to_list() == ["No function"]
    assert show.allele(kb, "DPYD c.1905+1G>A (*2A)")["bases"].height == 1
    assert show.allele(kb, "HLA-B*57:01")["allele"].height
    for name in ("rs4244285", "chr10:94781859", "10:96541616", "CYP2C19:94781859:G:A"):
        assert show.variant(kb, name)["alleles"]["allele"].to_list() == ["*2"]


def test_json_when_asked() -> None:
    found = json.loads(pgx("drug", "abacavir", "--format", "json").stdout)
    assert {row["source"] for row in found["recommendations"]} == {"CPIC", "DPWG", "FDA"}
    rows = json.loads(pgx("genes", "--format", "json").stdout)
    assert len(rows) == 91


def test_info_names_version_sources_and_licences() -> None:
    found = sections(pgx("info").stdout)
    assert {row["what"]: row["value"] for row in found["knowledge"]}["version"] == load().version
    assert all(row["licence"] for row in found["sources"])
    assert {row["table"]: int(row["rows"]) for row in found["tables"]}["recommendations"] == 1767


def test_overlay_shows_in_every_command(tmp_path: Path) -> None:
    folder = write_overlay(tmp_path / "ward7", NEW_GENE)
    alleles = sections(pgx("gene", "ZZG1", "--knowledge", folder).stdout)["alleles"]
    assert {row["local"] for row in alleles} == {"ward7"}
    assert "+ward7" in pgx("info", "--knowledge", folder).stdout


def test_export_is_complete_and_explained(tmp_path: Path) -> None:
    pgx("export", tmp_path / "out")
    frame = pl.read_parquet(tmp_path / "out" / "recommendations.parquet")
    assert frame.equals(load().table("recommendations"))
    text = (tmp_path / "out" / "SCHEMA.md").read_text(encoding="utf-8")
    assert "## recommendations" in text
    assert load().checksum in text


def test_diff_writes_its_tables(tmp_path: Path) -> None:
    shutil.copytree(load().folders[0], tmp_path / "old")
    path = tmp_path / "old" / "functions.tsv"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("TPMT\t*8\tCPIC\tDecreased", "TPMT\t*8\tCPIC\tNo"), encoding="utf-8")
    run = pgx("diff", tmp_path / "old", "-o", tmp_path / "out")
    assert run.stdout == ""
    assert run.stderr == f"{load().version} to {load().version}\n"
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "changes.tsv", "interactions.tsv", "phenotypes.tsv", "recommendations.tsv", "summary.tsv",
    ]  # fmt: skip


def test_diff_counts_on_standard_output_and_lists_the_rows_on_request(tmp_path: Path) -> None:
    shutil.copytree(load().folders[0], tmp_path / "old")
    path = tmp_path / "old" / "washout.tsv"
    path.write_text(re.sub(r"\namiodarone\t.*", "", path.read_text(encoding="utf-8"), count=1), encoding="utf-8")
    counted = pgx("diff", tmp_path / "old").stdout
    assert counted == "table\tadded\tremoved\tchanged\nwashout\t1\t0\t0\n"
    listed = pgx("diff", tmp_path / "old", "-o", "-").stdout
    assert listed.startswith(f"# summary\n{counted}")
    assert "washout\tamiodarone inhibitor\tadded\t" in listed


def test_validate_ends_with_3_on_an_error(tmp_path: Path) -> None:
    shutil.copytree(load().folders[0], tmp_path / "kb")
    path = tmp_path / "kb" / "alleles.tsv"
    path.write_text(
        path.read_text(encoding="utf-8").replace("ABCB1\t*2\tn\ty", "ABCB1\t*2\tperhaps\ty"), encoding="utf-8"
    )
    run = pgx("validate", tmp_path / "kb", code=3)
    assert "'perhaps' is not an allowed code" in run.stdout
    assert run.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["gene", "NOSUCH"], 2, "no gene 'NOSUCH'"),
        (["drug", "clopidogral"], 2, "did you mean clopidogrel"),
        (["allele", "CYP2C19*999"], 2, "no allele '*999'"),
        (["allele", "*2"], 2, "does not start with a gene"),
        (["variant", "rs1"], 2, "no variant 'rs1'"),
        (["info", "--knowledge", "/nowhere"], 3, "no such knowledge folder"),
        (["diff", "/nowhere"], 3, "no such knowledge folder"),
        (["build", "/nowhere", "-o", "/tmp/never"], 3, "no such folder of fact tables"),
        (["gene", "CYP2C19", "-o", "x.parquet"], 2, "has several tables"),
    ],
)
def test_what_is_wrong_fits_one_line(arguments: list[str], code: int, says: str, tmp_path: Path) -> None:
    run = pgx(*arguments, code=code)
    assert says in run.stderr
    assert run.stderr.count("\n") == 1
    assert run.stdout == ""


def test_terminal_tables_hide_nothing(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    to_terminal(
        {"long": pl.DataFrame({"name": ["a"], "text": ["word " * 40], "empty": [None]}), "none": pl.DataFrame()}
    )
    shown = capsys.readouterr().out
    assert shown.count("word") == 40
    assert "empty" not in shown
    assert "…" not in shown
