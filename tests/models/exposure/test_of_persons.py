"""Exposure of drugs without a recommendation: by what is known of the person alone, and only far from page 1."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest

import pgx
from pgx import knowledge
from pgx.models.exposure.prediction import exposure
from pgx.reports.formats.html import paper_of
from pgx.types import Result
from tests.judgement.test_patients import first_page, variants
from tests.reports import rendered

KB = knowledge.load()
DRUG = "dextromethorphan"
LISTS: dict[str, dict[str, Any]] = {
    "POOR": {"medications": [DRUG, "atomoxetine"]},
    "NORMAL": {"medications": [DRUG]},
    "BLOCKED": {"medications": [DRUG, "paroxetine"]},
    "LATER": {"medications": [DRUG], "planned_medications": ["paroxetine"]},
    "BOTH": {"medications": [DRUG], "planned_medications": ["paroxetine"]},
    "UNKNOWN": {"medications": [DRUG, "paroxetine"]},
    "MANY": {"medications": [DRUG]},
    "NO_NUMBER": {"medications": [DRUG]},
    "OTHER": {"medications": ["midazolam", "clarithromycin"]},
    "STOPPED": {"medications": ["midazolam", {"drug": "clarithromycin", "end": "2026-10-11", "status": "stopped"}]},
    "LABELLED": {"medications": ["duloxetine", "fluvoxamine"]},
    "SMOKER": {"medications": ["duloxetine"], "smoking_status": "current"},
    "PLANNED_UNMEASURED": {"medications": ["duloxetine"], "planned_medications": ["ciprofloxacin"]},
}
GENES = {
    "POOR": "*4/*4",
    "NORMAL": "*1/*1",
    "BLOCKED": "*1/*1",
    "LATER": "*1/*1",
    "BOTH": "*1/*4",
    "MANY": "*1/*1x≥3",
    "NO_NUMBER": "*1/*22",
    "LABELLED": "*4/*4",
    "SMOKER": "*4/*4",
    "PLANNED_UNMEASURED": "*4/*4",
}


def run(folder: Path, people: list[str], **more: Any) -> Result:
    record, genes = folder / "record.json", folder / "genes.tsv"
    record.write_text(json.dumps([{"sample": one, "date": "2026-10-12", **LISTS[one]} for one in people]))
    rows = [f"{one}\tCYP2D6\t{GENES[one]}" for one in people if one in GENES]
    genes.write_text("\n".join(["sample\tgene\tdiplotype", *rows, ""]))
    return pgx.report(variants(folder, people), clinical=[record], outside_calls=[genes], **more)


@pytest.fixture(scope="module")
def everybody(tmp_path_factory) -> Result:
    return run(tmp_path_factory.mktemp("everybody"), list(LISTS))


def rows(result: Result, sample: str, drug: str = DRUG) -> list[dict[str, Any]]:
    return result.exposure_ratios.filter(sample=sample, drug=drug).to_dicts()


def test_a_poor_metabolizer_has_the_ratio_of_the_command(everybody):
    (row,) = rows(everybody, "POOR")
    told = exposure(DRUG, KB, scores={"CYP2D6": 0.0}).row(0, named=True)
    names = ("genotype", "with", "ratio", "low", "high", "level", "basis")
    assert {name: row[name] for name in names} == {name: told[name] for name in names}
    assert row["ratio"] > 5 and row["low"] < row["ratio"] < row["high"]
    assert row["sources"] == ["CYP2D6: 99 ratios of 28 studies (SRuedesh DDGI-CYP2D6 e670d11)"]
    assert not row["planned"] and not row["flags"]


def test_a_drug_with_guidance_has_no_row(everybody):
    assert everybody.judgements.filter(sample="POOR", drug="atomoxetine")["status"].item() == "advised"
    assert everybody.exposure_ratios.filter(sample="POOR")["drug"].to_list() == [DRUG]
    assert not everybody.exposure_ratios["drug"].is_in(["atomoxetine", "paroxetine", "fluvoxamine"]).any()


def test_a_drug_of_which_a_label_says_what_to_do_has_no_row(everybody):
    assert everybody.judgements.filter(sample="LABELLED", drug="duloxetine")["status"].item() == "ruled_out"
    assert rows(everybody, "LABELLED", "duloxetine") == []


def test_the_reference_itself_is_not_told(everybody):
    assert rows(everybody, "NORMAL") == []


def test_an_inhibitor_of_the_list_counts(everybody):
    (row,) = rows(everybody, "BLOCKED")
    told = exposure(DRUG, KB, scores={"CYP2D6": 2.0}, agents=["paroxetine"]).row(0, named=True)
    assert (row["ratio"], row["with"], row["planned"]) == (told["ratio"], ["paroxetine"], [])


def test_what_is_planned_counts_in_a_row_of_its_own_that_says_so(everybody):
    (row,) = rows(everybody, "LATER")
    assert row["with"] == row["planned"] == ["paroxetine"]
    now, then = rows(everybody, "BOTH")
    assert (now["with"], now["planned"], then["planned"]) == ([], [], ["paroxetine"])
    assert 1 < now["ratio"] < then["ratio"]
    assert "with paroxetine (planned)" in " ".join(rendered.render_text(everybody, "BOTH").split())


def test_a_gene_that_is_not_called_is_not_taken_for_a_normal_one(everybody):
    """Paroxetine would do nothing in a poor metabolizer, and much in a normal one."""
    (row,) = rows(everybody, "UNKNOWN")
    assert row["ratio"] is row["low"] is row["high"] is None
    assert not row["genotype"] and not row["with"]
    assert row["flags"] == ["gene_not_called:CYP2D6"]
    assert f"{DRUG}: no number: CYP2D6 not tested" in rendered.render_text(everybody, "UNKNOWN")


@pytest.mark.parametrize("sample", ["MANY", "NO_NUMBER"])
def test_a_gene_without_one_score_has_no_number(everybody, sample):
    (row,) = rows(everybody, sample)
    assert row["ratio"] is None and row["flags"] == ["phenotype_unplaced:CYP2D6"]


def test_an_enzyme_whose_genotypes_are_not_predicted_is_named(everybody):
    (row,) = rows(everybody, "OTHER", "midazolam")
    assert row["ratio"] > 2 and not row["genotype"] and row["not_counted"] == ["CYP3A4"]
    text = " ".join(rendered.render_text(everybody, "OTHER").split())
    assert "of the same person without it" in text and "the genotype of CYP3A4 is not counted" in text


@pytest.mark.parametrize(
    ("sample", "drug", "flag"),
    [
        ("STOPPED", "midazolam", "interaction:clarithromycin:CYP3A4:strong:inhibitor:washout:raises"),
        ("SMOKER", "duloxetine", "refused:smoking"),
    ],
)
def test_what_acts_and_is_not_predicted_leaves_no_number(everybody, sample, drug, flag):
    (row,) = rows(everybody, sample, drug)
    assert row["ratio"] is None and row["flags"] == [flag]


def test_what_is_planned_and_not_predicted_leaves_the_number_of_today(everybody):
    now, then = rows(everybody, "PLANNED_UNMEASURED", "duloxetine")
    assert now["ratio"] > 1 and now["not_counted"] == ["CYP1A2"]
    assert then["ratio"] is None and then["flags"] == [
        "interaction:ciprofloxacin:CYP1A2:moderate:inhibitor:planned:raises"
    ]


def test_without_a_list_the_number_says_that_none_is_on_record(tmp_path):
    genes = tmp_path / "genes.tsv"
    genes.write_text("sample\tgene\tdiplotype\nX\tCYP2D6\t*4/*4\n")
    (row,) = rows(pgx.report(variants(tmp_path, ["X"]), outside_calls=[genes], drugs=[DRUG]), "X")
    assert row["ratio"] > 5 and row["flags"] == ["not_recorded:medication_list"]


def test_an_ambiguous_gene_has_a_number_only_where_its_genotypes_agree():
    samples = pl.read_csv("tests/data/1kgp_samples.tsv", separator="\t")["sample"][::6].to_list()
    found = pgx.report(
        "tests/data/1kgp.GRCh38.vcf.gz", drugs=[DRUG], endpoints=[], options=pgx.Options(samples=samples)
    )
    calls = {row["sample"]: row for row in found.calls.filter(gene="CYP2D6").to_dicts()}
    likely = found.phenotypes.filter(pl.col("probability") >= 0.01, gene="CYP2D6", scheme="CPIC")
    open_ones = 0
    for row in found.exposure_ratios.to_dicts():
        call = calls[row["sample"]]
        scores = likely.filter(sample=row["sample"])["activity_score"].unique()
        if call["status"] == "ambiguous" and len(scores) > 1:
            open_ones += 1
            assert row["ratio"] is None
        elif row["ratio"] is not None:
            assert row["genotype"] == [f"CYP2D6={call['activity_score']:g}"]
    assert open_ones > 5


def test_it_stands_in_the_details_and_says_that_it_is_a_model(everybody):
    shown = rendered.view(everybody, "POOR")
    for page in (rendered.render_text(everybody, "POOR"), rendered.render_html(everybody, "POOR"), paper_of(shown)):
        said = " ".join(page.split())
        assert "CYP2D6 activity score 0: about" in said and "times the exposure" in said
        assert "90 % interval" in said and "(model, not guideline advice)" in said
        assert "99 ratios of 28 studies" in said
        assert said.index("What to do") < said.index("What each ") < said.index("times the exposure")


@pytest.mark.parametrize("sample", ["POOR", "BLOCKED", "UNKNOWN"])
def test_page_1_the_card_and_the_leaflet_do_not_have_it(everybody, sample):
    html = rendered.render_html(everybody, sample)
    todo = html[html.index('<section id="todo"') : html.index("</section>", html.index('<section id="todo"'))]
    pages = (
        first_page(everybody, sample),
        todo,
        rendered.render_card(everybody, sample),
        rendered.render_leaflet(everybody, sample),
        rendered.render_plan(everybody, sample),
    )
    for page in pages:
        assert not any(word in page for word in ("xposure of", "no number", "times the exposure", "ratios of"))


@pytest.mark.parametrize("sample", ["POOR", "BLOCKED", "UNKNOWN", "BOTH"])
def test_each_has_the_same_alone_and_among_others(everybody, tmp_path, sample):
    alone = run(tmp_path, [sample])
    assert alone.exposure_ratios.equals(everybody.exposure_ratios.filter(sample=sample))
    text = rendered.render_text(everybody, sample)
    assert not any(other in text for other in LISTS if other != sample)


def test_it_is_stored_and_read_back(everybody, tmp_path):
    text = rendered.to_json(everybody)
    assert pgx.reports.formats.result_json.from_json(text).exposure_ratios.equals(everybody.exposure_ratios)
    run(tmp_path, ["POOR", "BOTH"], out=tmp_path / "out", formats=["tsv", "parquet"])
    table = pl.read_csv(tmp_path / "out" / "exposure_ratios.tsv", separator="\t")
    stored = pl.read_parquet(tmp_path / "out" / "exposure_ratios.parquet")
    assert table["sample"].to_list() == stored["sample"].to_list() == ["POOR", "BOTH", "BOTH"]
    assert stored["genotype"].to_list() == [["CYP2D6=0"], ["CYP2D6=1"], ["CYP2D6=1"]]
