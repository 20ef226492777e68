"""One overlay with everything of a site's own at once reaches every output, and is marked local wherever it was used."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest

import pgx
from pgx.pipeline import Options
from pgx.reports import FORMATS, read
from tests.knowledge.overlay import NEW_GENE, write_overlay
from tests.reports.rendered import render_html, render_text

VCF = """##fileformat=VCFv4.2
##contig=<ID=chr1,length=248956422>
##contig=<ID=chr22,length=50818468>
##FORMAT=<ID=GT,Number=1,Type=String,Description="Genotype">
#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\tpoor
chr1\t1000100\t.\tA\tG\t.\tPASS\t.\tGT\t1/1
chr1\t1000200\t.\tC\tT\t.\tPASS\t.\tGT\t0/0
"""

EVERYTHING = NEW_GENE | {
    "genes": """
gene chrom tier caller inheritance phenotype_method lookup copy_number_varies reference_allele grch38_allele source hgnc_id
ZZG1 chr1 guideline named_allele autosomal function_pair phenotype n *1 *1 ward_7 HGNC:99901
""",
    "drugs": """
drug rxnorm synonyms source
newdrugine 9900077 Newdrug ward_7
""",
    "recommendations": """
rec_id source source_version drug population action alternatives strength notes monitoring
WARD7-1 CPIC ward_7 newdrugine ward7_patients lower_start . strong . WARD7_LEVEL
""",
    "follow_up": """
code before days note source
WARD7_LEVEL y 5;10 weekly_later ward_7
""",
    "label_limits": """
limit_id drug population action label source confidence
WARD7-L1 newdrugine child_lt_12 avoid Ward_7_list ward_7 read
""",
    "populations": """
population alternative test subject value source
ward7_patients 1 at_least age 1 ward_7
""",
}
TEMPLATES = """
[population]
ward7_patients = "for patients of ward seven"
[monitoring.WARD7_LEVEL]
verb = "measure"
what = "the ward's own level"
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """The result and its files, with codeine beside the local drug, which inhibits CYP2D6 by the overlay alone."""
    folder = tmp_path_factory.mktemp("everywhere")
    overlay = write_overlay(folder / "ward7", EVERYTHING)
    (overlay / "templates.en.toml").write_text(TEMPLATES, encoding="utf-8")
    (folder / "one.vcf").write_text(VCF, encoding="utf-8")
    (folder / "calls.tsv").write_text("CYP2D6\t*1/*1\n", encoding="utf-8")
    history = {
        "sample": "poor", "date": "2026-10-12", "age": 50,
        "medications": [{"drug": "newdrugine", "start": "2026-10-10"}, {"drug": "codeine", "start": "2026-10-01"}],
    }  # fmt: skip
    (folder / "history.json").write_text(json.dumps(history), encoding="utf-8")
    result = pgx.report(
        folder / "one.vcf",
        clinical=[folder / "history.json"],
        outside_calls=[folder / "calls.tsv"],
        out=folder / "out",
        formats=[one for one in FORMATS if one != "pdf"],
        options=Options(knowledge=[overlay], build="GRCh38"),
    )
    return result, folder / "out"


def flags(frame: pl.DataFrame, **where: str) -> set[str]:
    rows = frame.filter(**where)["flags"]
    rows = rows.str.split(";") if rows.dtype == pl.String else rows
    return {flag for cell in rows for flag in cell if cell is not None}


def test_calls_and_phenotypes_are_marked(made):
    result, _ = made
    assert result.calls.filter(gene="ZZG1")["source"].to_list() == ["local:ward7"]
    assert "local" in flags(result.calls, gene="ZZG1")
    # CYP2D6 itself is the product's; that it is a poor metaboliser now is the overlay's interaction.
    assert "local" in flags(result.calls, gene="CYP2D6")
    converted = result.phenotypes.filter(gene="CYP2D6", scheme="CPIC")
    assert converted["clinical_phenotype"].to_list() == ["Poor Metabolizer"]
    assert converted["conversion"].to_list()[0][-1] == "local:ward7"
    (said,) = result.notes.filter(code="phenoconverted", where="CYP2D6")["message"]
    assert said.endswith("local ward7); rule PC-009")


def test_advice_that_rests_on_a_local_interaction_is_marked(made):
    result, _ = made
    codeine = result.guidance.filter(drug="codeine", source="CPIC")
    assert codeine["action"].to_list() == ["avoid"]
    assert {"local", "phenoconverted", "genes_alone:standard"} <= flags(codeine)
    assert "local" in flags(result.guidance, drug="newdrugine", guideline="WARD7-1")


def test_notes_name_the_overlay(made):
    result, _ = made
    said = dict(result.notes.select("code", "message").iter_rows())
    assert "ZZG1 (ward7)" in "".join(result.notes.filter(code="local_knowledge")["message"])
    assert "newdrugine" in "".join(result.notes.filter(code="local_knowledge")["message"])
    assert "local ward7" in said["drug_drug_gene"]


def test_text_and_html_say_it_in_the_sites_own_words(made):
    result, folder = made
    for page in ((folder / "poor.report.txt").read_text(), (folder / "poor.report.html").read_text()):
        flat = " ".join(page.split())
        assert "For patients of ward seven" in flat
        assert "from a local knowledge overlay" in flat
        assert "local ward7" in flat
        assert "CPIC (local)" in flat
        assert "drug newdrugine" in flat
    assert "child" not in render_text(result, "poor").split("What to do")[1].split("Genes")[0]


def test_leaflet_card_plan_and_calendar(made):
    _, folder = made
    leaflet = (folder / "poor.leaflet.html").read_text()
    assert "A part of this advice is your hospital&#39;s own" in leaflet or "hospital's own" in leaflet
    assert "the ward&#39;s own level" in leaflet
    assert "(local)" in (folder / "poor.card.html").read_text()
    assert "the ward&#39;s own level" in (folder / "poor.plan.html").read_text()
    assert "CPIC (local)" in (folder / "poor.plan.html").read_text()
    calendar = (folder / "poor.plan.ics").read_text().replace("\r\n ", "")
    assert "SUMMARY:newdrugine: the ward's own level" in calendar
    assert "(local)" in calendar
    assert "20261015" in calendar, "five days after the start, by the site's own follow-up"


def test_fhir_has_the_sites_identifiers(made):
    _, folder = made
    text = (folder / "poor.fhir.json").read_text()
    assert '"HGNC:99901"' in text
    assert '"9900077"' in text
    assert "from a local knowledge overlay" in text


def test_tables_and_documents_carry_the_flag(made):
    _, folder = made
    for kind in ("tsv", "parquet"):
        path = folder / f"guidance.{kind}"
        frame = pl.read_parquet(path) if kind == "parquet" else pl.read_csv(path, separator="\t", quote_char=None)
        assert "local" in flags(frame, drug="newdrugine")
    document = json.loads((folder / "poor.report.json").read_text())
    summary = {one["drug"]: one for one in document["samples"][0]["summary"]}
    assert summary["newdrugine"]["local"] is True
    assert summary["codeine"]["local"] is True
    assert "gene ZZG1 from ward7" in (folder / "pgx_mqc.json").read_text()


def test_a_stored_result_reads_the_same_without_the_overlay(made):
    result, folder = made
    again = read(folder / "poor.report.json")
    assert render_html(again, "poor") == render_html(result, "poor")


def test_the_configuration_file_does_the_same(made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    result, folder = made
    work = tmp_path / "work"
    work.mkdir()
    (work / "pgx.toml").write_text(f'knowledge = ["{folder.parent / "ward7"}"]', encoding="utf-8")
    monkeypatch.chdir(work)
    files = folder.parent
    other = pgx.report(
        files / "one.vcf",
        clinical=[files / "history.json"],
        outside_calls=[files / "calls.tsv"],
        options=Options(build="GRCh38"),
    )
    assert render_text(other, "poor") == render_text(result, "poor")
