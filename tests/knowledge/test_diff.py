"""The comparison of two versions lists exactly the edits and what they do to people."""

import shutil
from pathlib import Path

import polars as pl

from pgx.knowledge import KnowledgeBase, load
from pgx.knowledge.diff import diff
from tests.knowledge.overlay import NEW_GENE, write_overlay


def edited(folder: Path, *edits: tuple[str, str, str]) -> KnowledgeBase:
    shutil.copytree(load().folders[0], folder)
    for name, before, after in edits:
        path = folder / name
        text = path.read_text(encoding="utf-8")
        assert text.count(before) == 1, (name, before, text.count(before))
        path.write_text(text.replace(before, after), encoding="utf-8")
    return load(folder=folder)


def test_no_edit_no_difference() -> None:
    found = diff(load(), load())
    assert (found.changes.height, found.phenotypes.height, found.recommendations.height) == (0, 0, 0)


def test_a_changed_function_lists_its_diplotypes_and_their_recommendations(tmp_path: Path) -> None:
    new = edited(
        tmp_path / "kb", ("functions.tsv", "TPMT\t*8\tCPIC\tDecreased function", "TPMT\t*8\tCPIC\tNo function")
    )
    found = diff(load(), new)
    assert found.changes.rows() == [
        ("functions", "TPMT *8 CPIC", "changed", "function", "Decreased function", "No function")
    ]
    assert set(found.phenotypes["scheme"]) == {"CPIC"}
    assert all("*8" in name.split("/") for name in found.phenotypes["diplotype"])
    changed = {row["diplotype"]: (row["old_phenotype"], row["new_phenotype"]) for row in found.phenotypes.to_dicts()}
    assert changed["*1/*8"] == ("Normal Metabolizer", "Intermediate Metabolizer")
    assert changed["*8/*8"] == ("Intermediate Metabolizer", "Poor Metabolizer")
    assert changed["*3A/*8"] == ("Intermediate Metabolizer", "Poor Metabolizer")
    drugs = set(found.recommendations["drug"])
    assert drugs == {"azathioprine", "mercaptopurine", "thioguanine"}
    assert set(found.recommendations["gene"]) == {"TPMT"}


def test_an_edited_recommendation_names_the_people_it_is_for(tmp_path: Path) -> None:
    edit = (
        "recommendations.tsv",
        "CPIC-0002\tCPIC\tCPIC API 2026-08\tPA166251444\tabacavir\tgeneral\tavoid",
        "CPIC-0002\tCPIC\tCPIC API 2026-08\tPA166251444\tabacavir\tgeneral\tcontraindicated",
    )
    found = diff(load(), edited(tmp_path / "kb", edit))
    assert found.changes.rows() == [("recommendations", "CPIC-0002", "changed", "action", "avoid", "contraindicated")]
    assert found.phenotypes.is_empty()
    rows = found.recommendations.to_dicts()
    assert {row["drug"] for row in rows} == {"abacavir"}
    assert all("*57:01" in row["diplotype"] for row in rows)
    assert {row["new"] for row in rows} == {"Abacavir is contraindicated. (strong)"}


def test_a_change_of_provenance_alone_changes_nobody(tmp_path: Path) -> None:
    edit = (
        "recommendations.tsv",
        "CPIC-0002\tCPIC\tCPIC API 2026-08",
        "CPIC-0002\tCPIC\tCPIC API 2026-09",
    )
    found = diff(load(), edited(tmp_path / "kb", edit))
    assert found.changes.height == 1
    assert found.phenotypes.is_empty()
    assert found.recommendations.is_empty()


def test_two_edits_have_the_consequences_of_both_and_no_others(tmp_path: Path) -> None:
    new = edited(
        tmp_path / "kb",
        ("functions.tsv", "CYP2C19\t*17\tCPIC\tIncreased function", "CYP2C19\t*17\tCPIC\tNormal function"),
        (
            "phenotype_rules.tsv",
            "VKORC1\tCPIC\tgenotype\trs9923231 T\trs9923231 T\t\t\t\t\t-1639 AA",
            "VKORC1\tCPIC\tgenotype\trs9923231 T\trs9923231 T\t\t\t\t\t-1639 AG",
        ),
    )
    found = diff(load(), new)
    assert found.changes.height == 2
    assert set(found.phenotypes["gene"]) == {"CYP2C19", "VKORC1"}
    cpic = found.phenotypes.filter(pl.col("gene") == "CYP2C19")
    assert all("*17" in name for name in cpic["diplotype"])
    vkorc1 = found.phenotypes.filter(pl.col("gene") == "VKORC1")
    assert set(vkorc1["scheme"]) == {"CPIC", "DPWG"}
    assert set(found.recommendations["gene"]) == {"CYP2C19", "VKORC1"}


def test_a_new_gene_shows_as_new_diplotypes(tmp_path: Path) -> None:
    found = diff(load(), load([write_overlay(tmp_path / "ward7", NEW_GENE)]))
    assert set(found.changes["change"]) == {"added"}
    assert found.phenotypes.filter(pl.col("scheme") == "CPIC").height == 6
    assert found.phenotypes["old_phenotype"].null_count() == found.phenotypes.height
    assert found.recommendations.select("drug", "gene").unique().rows() == [("newdrugine", "ZZG1")]
