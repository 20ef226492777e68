"""The comparison of two versions lists exactly the edits and what they do to people."""

import re
import shutil
from pathlib import Path

import polars as pl
import pytest

from pgx.build_data.knowledge import build_folder
from pgx.errors import InputError, UsageError
from pgx.knowledge import KnowledgeBase, load
from pgx.knowledge.diff import diff
from tests.knowledge.overlay import NEW_GENE, write_overlay
from tests.outside import OUTSIDE


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
    assert found.interactions.is_empty()


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
    counts = {name: (added, removed, changed) for name, added, removed, changed in found.summary().iter_rows()}
    assert counts == {
        "functions": (0, 0, 1),
        "phenotypes of diplotypes": (0, 0, found.phenotypes.height),
        "advice for diplotypes": (3, 0, found.recommendations.height - 3),
    }
    drugs = set(found.recommendations["drug"])
    assert drugs == {"azathioprine", "mercaptopurine", "thioguanine"}
    assert set(found.recommendations["gene"]) == {"TPMT"}


def test_a_row_counts_once_however_many_cells_change(tmp_path: Path) -> None:
    edit = ("washout.tsv", "amiodarone\tinhibitor\t290\t\t", "amiodarone\tinhibitor\t300\t\tchanged, ")
    gone = ("other_drugs.tsv", "abatacept\trecall\n", "")
    new = edited(tmp_path / "kb", edit, gone)
    assert diff(load(), new).summary().rows() == [("other_drugs", 0, 1, 0), ("washout", 0, 0, 1)]
    assert diff(new, load()).summary().rows() == [("other_drugs", 1, 0, 0), ("washout", 0, 0, 1)]


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


FACTS = Path(__file__).resolve().parents[1] / "data" / "facts"


def rebuilt(folder: Path, *edits: tuple[str, str, str]) -> KnowledgeBase:
    """Return the knowledge built from a copy of the facts with these edits."""
    facts = folder / "facts"
    shutil.copytree(FACTS, facts)
    for name, before, after in edits:
        path = facts / name
        text = path.read_text(encoding="utf-8")
        assert text.count(before) == 1, (name, before, text.count(before))
        path.write_text(text.replace(before, after), encoding="utf-8")
    build_folder(facts, folder / "kb")
    return load(folder=folder / "kb")


def _line(name: str, start: str) -> str:
    text = (FACTS / name).read_text(encoding="utf-8")
    return next(line for line in text.splitlines() if line.startswith(start))


def test_rebuilding_from_the_same_facts_is_the_same_version(tmp_path: Path) -> None:
    one, two = rebuilt(tmp_path / "1"), rebuilt(tmp_path / "2")
    assert one.version == two.version
    assert diff(one, two).changes.is_empty()


@pytest.mark.panel("facts")
def test_rebuilding_from_all_facts_is_the_shipped_version(tmp_path: Path) -> None:
    build_folder(OUTSIDE / "facts", tmp_path)
    new = load(folder=tmp_path)
    assert new.version == load().version
    assert diff(load(), new).changes.is_empty()


def test_edited_facts_are_another_version_and_the_difference_is_the_edits(tmp_path: Path) -> None:
    hla = _line("recommendations.tsv", "CPIC-0002\t")
    agent = _line("inhibitors.tsv", "paroxetine\tCYP2D6\t")
    old = rebuilt(tmp_path / "old")
    new = rebuilt(
        tmp_path / "new",
        ("recommendations.tsv", hla, hla.replace("\tavoid\t", "\tcontraindicated\t", 1)),
        ("inhibitors.tsv", agent, agent.replace("\tstrong\t", "\tweak\t", 1)),
    )
    assert re.fullmatch(re.escape(load().version) + r"\+[0-9a-f]{8}", new.version)
    assert new.version != old.version
    found = diff(old, new)
    paroxetine = found.changes.filter(table="interactions")
    assert set(paroxetine["key"]) == {"paroxetine CYP2D6 inhibitor"}
    # A confirmed fact that is edited is confirmed no longer: that shows, too.
    assert dict(paroxetine.select("column", "new").iter_rows()) == {
        "strength": "weak", "confidence": "recall", "source": agent.split("\t")[4], "evidence": "unverified"
    }  # fmt: skip
    others = found.changes.filter(pl.col("table") != "interactions").select("table", "key", "column", "old", "new")
    assert others.rows() == [("recommendations", "CPIC-0002", "action", "avoid", "contraindicated")]
    assert found.phenotypes.is_empty()
    assert set(found.recommendations["drug"]) == {"abacavir"}
    assert found.interactions.select("agent", "role", "gene", "old", "new").rows() == [
        ("paroxetine", "inhibitor", "CYP2D6", "strong", "weak")
    ]
    assert {"codeine", "tamoxifen"} <= set(found.interactions["drugs"][0].split(";"))
    assert "paroxetine" not in found.interactions["drugs"][0].split(";")


def test_a_version_is_never_the_name_of_two_contents(tmp_path: Path) -> None:
    agent = _line("inhibitors.tsv", "paroxetine\tCYP2D6\t")
    one = rebuilt(tmp_path / "1", ("inhibitors.tsv", agent, agent.replace("\tstrong\t", "\tweak\t", 1)))
    two = rebuilt(tmp_path / "2", ("inhibitors.tsv", agent, agent.replace("\tstrong\t", "\tmoderate\t", 1)))
    assert len({load().version, one.version, two.version}) == 3
    with pytest.raises(InputError, match="is the name of other tables"):
        build_folder(tmp_path / "1" / "facts", tmp_path / "3", version=load().version)
    build_folder(tmp_path / "1" / "facts", tmp_path / "4", version="2027.1")
    assert load(folder=tmp_path / "4").version == "2027.1"
    with pytest.raises(UsageError, match="is no version"):
        build_folder(tmp_path / "1" / "facts", tmp_path / "5", version="two words")


def test_a_version_beside_the_facts_names_the_result(tmp_path: Path) -> None:
    facts = tmp_path / "facts"
    shutil.copytree(FACTS, facts)
    (facts / "VERSION").write_text("2027.3\n", encoding="utf-8")
    build_folder(facts, tmp_path / "kb")
    assert load(folder=tmp_path / "kb").version.startswith("2027.3+")
