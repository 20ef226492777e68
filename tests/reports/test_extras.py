"""PDF and MultiQC."""

import importlib.util
import json
import re
import subprocess
import sys
import zlib
from dataclasses import replace
from importlib.util import find_spec

import polars as pl
import pytest

import pgx
from pgx import schema
from pgx.errors import UsageError
from pgx.reports.formats import pdf
from pgx.reports.formats.html import paper_of
from pgx.reports.formats.patient import card_of, leaflet_of
from tests.conftest import EXAMPLES
from tests.listed import from_text
from tests.reports import example, rendered
from tests.reports.rendered import to_multiqc, write

FRAMES = ("calls", "phenotypes", "guidance", "scores", "judgements", "clinical", "medications", "notes")


def test_without_the_extra_the_error_says_what_to_install_and_nothing_is_written(tmp_path, monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(UsageError, match=r"pip install 'pgx-cli\[pdf\]'"):
        write(example.build(), tmp_path / "out", ["text", "pdf"])
    assert not (tmp_path / "out").exists()


@pytest.fixture
def to_pdf():
    """The converter, where the extra and what it needs of the system are installed."""
    try:
        pdf.to_pdf("<p>A</p>")
    except UsageError as error:
        pytest.skip(str(error))
    return pdf.to_pdf


@pytest.mark.pdf
def test_a_page_becomes_the_same_pdf_every_time(to_pdf):
    page = "<!DOCTYPE html><html lang=en><title>t</title><p>A</p></html>"
    found = to_pdf(page)
    assert found.startswith(b"%PDF-")
    assert found == to_pdf(page)


@pytest.mark.pdf
def test_a_pdf_fetches_nothing(to_pdf, tmp_path):
    secret = tmp_path / "secret.txt"
    secret.write_text("x")
    found = to_pdf(f'<p>A</p><img src="file://{secret}"><link rel=attachment href="file://{secret}">')
    assert b"EmbeddedFile" not in found


@pytest.mark.pdf
def test_a_report_is_written_as_pdf_with_its_fonts_inside(to_pdf, tmp_path):
    write(example.build(), tmp_path, ["pdf"])
    (path,) = tmp_path.glob("*.pdf")
    content = path.read_bytes()
    assert content.startswith(b"%PDF-") and content.rstrip().endswith(b"%%EOF")
    streams = [_inflated(part) for part in re.findall(rb"stream\r?\n(.*?)endstream", content, re.S)]
    assert any(b"/FontFile" in stream for stream in streams), "without its fonts a reader's machine chooses others"


@pytest.mark.pdf
def test_on_paper_five_drugs_take_four_pages_and_card_and_leaflet_one_each(to_pdf):
    shown = rendered.view(example.build(), example.SAMPLE)
    assert sum(1 for drug in shown.drugs if drug.urgency != "no_data") >= 5
    assert pages(to_pdf(paper_of(shown))) <= 4
    assert pages(to_pdf(leaflet_of(shown))) == pages(to_pdf(card_of(shown))) == 1


@pytest.mark.pdf
def test_the_example_person_has_a_leaflet_of_one_sheet(to_pdf):
    found = pgx.report(EXAMPLES / "HG00652.GRCh38.vcf.gz", clinical=EXAMPLES / "HG00652.clinical.json")
    shown = rendered.view(found, "HG00652")
    assert pages(to_pdf(leaflet_of(shown))) == 1 and pages(to_pdf(paper_of(shown))) <= 4


def pages(document: bytes) -> int:
    streams = [_inflated(part) for part in re.findall(rb"stream\r?\n(.*?)endstream", document, re.S)]
    return sum(len(re.findall(rb"/Type /Page\b", part)) for part in (document, *streams))


def _inflated(stream):
    try:
        return zlib.decompressobj().decompress(stream)
    except zlib.error:
        return b""


def tables_of(result):
    return {name: json.loads(text) for name, text in to_multiqc(result).items() if name.endswith(".json")}


def test_multiqc_counts_genes_and_drugs_per_sample():
    one, other = example.build("A"), example.build("B")
    frames = {name: pl.concat([getattr(one, name), getattr(other, name)]) for name in FRAMES}
    files = tables_of(replace(one, samples=("A", "B"), **frames))
    table = files["pgx_mqc.json"]
    assert table["data"]["A"] == table["data"]["B"]
    row = table["data"]["A"]
    assert {status: row[f"genes_{status}"] for status in ("called", "ambiguous", "not_called", "outside")} == {
        "called": 6,
        "ambiguous": 1,
        "not_called": 2,
        "outside": 1,
    }
    assert (row["drugs_avoid"], row["drugs_change_dose"], row["drugs_monitor"]) == (3, 2, 0)
    assert 0 < row["positions_percent"] < 100
    assert set(table["data"]["A"]) <= set(table["headers"])
    phenotypes = files["pgx_phenotypes_mqc.json"]["data"]
    assert {phenotypes[sample]["CYP2C19"] for sample in "AB"} == {"Poor Metabolizer"}
    assert "HLA-B" not in phenotypes["A"], "nobody has a phenotype of it, and no drug of the report needs it"
    assert set(phenotypes["A"]) == set(files["pgx_phenotypes_mqc.json"]["headers"])


def test_multiqc_names_what_is_needed_but_not_tested_gravest_first():
    result = example.build()
    stakes = {"abacavir": "could_mean:change_dose:HLA-B", "rasburicase": "could_mean:avoid:G6PD"}
    rows = [
        row | ({"flags": stakes[row["drug"]]} if row["drug"] in stakes else {}) for row in result.guidance.to_dicts()
    ]
    files = tables_of(replace(result, guidance=from_text(rows, schema.GUIDANCE)))
    row = files["pgx_mqc.json"]["data"][example.SAMPLE]
    assert (row["genes_needed"], row["genes_needed_which"]) == (2, "G6PD, HLA-B")
    assert files["pgx_phenotypes_mqc.json"]["data"][example.SAMPLE]["G6PD"] == "not called"


@pytest.mark.skipif(find_spec("multiqc") is None, reason="multiqc is not installed")
@pytest.mark.parametrize("together", [True, False], ids=["one run", "a run each"])
def test_multiqc_itself_shows_every_sample_in_every_table(tmp_path, together):
    one, other = example.build("A"), example.build("B")
    if together:
        frames = {name: pl.concat([getattr(one, name), getattr(other, name)]) for name in FRAMES}
        write(replace(one, samples=("A", "B"), **frames), tmp_path / "runs", ["multiqc"])
    else:
        for result in (one, other):
            write(result, tmp_path / "runs" / result.samples[0], ["multiqc"])
    command = [sys.executable, "-m", "multiqc", "runs", "--no-ansi", "--strict", "-o", "out"]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)
    data = tmp_path / "out" / "multiqc_data"
    tables = [*data.glob("multiqc_pgx_*.txt"), *data.glob("pgx_*_table.txt")]
    assert len(tables) >= 2
    for table in tables:
        names = [line.split("\t")[0] for line in table.read_text(encoding="utf-8").splitlines()[1:]]
        assert sorted(names) == ["A", "B"], table.name
    assert "knowledge" in (data / "multiqc_software_versions.txt").read_text(encoding="utf-8")


def test_multiqc_of_nothing_is_still_readable():
    found = json.loads(to_multiqc(example.empty())["pgx_mqc.json"])
    assert found["data"][example.SAMPLE]["genes_called"] == 0
