"""A run of several persons: an index, the most urgent first, a mark that it ended, and no table written over another's."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import polars as pl
import pytest

import pgx
from pgx.errors import InputError
from pgx.reports.formats import index
from tests.judgement.test_patients import FOLDER, variants
from tests.reports import rendered

PEOPLE = ["P01", "P25", "P30", "P35"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    out = tmp_path_factory.mktemp("batch")
    pgx.report(
        variants(out, PEOPLE),
        clinical=[FOLDER / "records.json"],
        outside_calls=[FOLDER / "genes.tsv"],
        out=out / "out",
        formats=["html", "tsv", "json"],
    )
    return out / "out"


def test_the_index_lists_everybody_the_most_urgent_first_and_leads_to_their_pages(folder):
    table = pl.read_csv(folder / index.TABLE, separator="\t", infer_schema=False, quote_char=None)
    assert table["sample"].to_list() == ["P25", "P01", "P30", "P35"]
    assert table["urgency"].to_list() == ["avoid", "change_dose", "no_data", "standard"]
    assert table.filter(sample="P25")["drugs_avoid"][0] == "tamoxifen"
    assert "DPYD" in table.filter(sample="P30")["genes_needed"][0]
    page = (folder / index.PAGE).read_text(encoding="utf-8")
    links = re.findall(r'<a href="([^"]+)">(\w+)</a>', page)
    assert [name for _, name in links] == table["sample"].to_list()
    assert all((folder / target).is_file() for target, _ in links)


def test_the_mark_of_a_run_that_ended_is_there_and_counts(folder):
    told = json.loads((folder / "complete.json").read_text(encoding="utf-8"))
    assert told["persons"] == len(PEOPLE) and told["files"] == len(list(folder.iterdir())) - 2


def test_a_later_run_that_did_not_end_leaves_the_earlier_one_whole(folder, tmp_path, monkeypatch):
    before = {path.name: path.read_bytes() for path in folder.iterdir()}

    def fail(*_: object, **__: object) -> None:
        raise InputError("the disk is full")

    monkeypatch.setattr("pgx.reports.write", fail)
    with pytest.raises(InputError):
        pgx.report(variants(tmp_path, PEOPLE), out=folder, formats=["html"], drugs=["codeine"])
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_one_person_has_no_index(tmp_path):
    pgx.report(variants(tmp_path, ["P01"]), out=tmp_path / "out", formats=["html"], drugs=["codeine"])
    assert not [name for name in (*index.FILES, "complete.json") if (tmp_path / "out" / name).exists()]


def test_the_tables_of_one_person_are_not_written_over_those_of_another(tmp_path):
    for person in ("P01", "P01"):
        pgx.report(variants(tmp_path, [person]), out=tmp_path / "out", formats=["tsv"], drugs=["codeine"])
    with pytest.raises(InputError, match="name another folder") as refused:
        pgx.report(variants(tmp_path, ["P02"]), out=tmp_path / "out", formats=["tsv"], drugs=["codeine"])
    assert "P01" not in str(refused.value), "nobody else is named"
    pgx.report(variants(tmp_path, ["P02"]), out=tmp_path / "out", formats=["html"], drugs=["codeine"])


def test_names_in_the_index_cannot_break_it(tmp_path):
    result = pgx.report(variants(tmp_path, ["P01"]), drugs=["codeine"])
    shown = rendered.view(result, "P01")
    entries = [index.entry_of(replace(shown, sample="<b>x</b>"), 'a"b.html'), index.entry_of(shown, "")]
    assert "<b>x</b>" not in index.to_html(entries)


def test_who_takes_what_is_spoken_against_comes_before_who_might():
    """A person without a list is told of every drug that the results speak against: that is nobody's medicine."""
    none = dict.fromkeys(index.URGENCIES, ())
    many = index.Entry("A", "avoid", {**none, "avoid": ("x", "y")}, (), 0, "", (0, 0, 0), unlisted=True)
    mild = index.Entry("B", "monitor", {**none, "monitor": ("z",)}, (), 0, "", (0, 0, 1))
    grave = index.Entry("C", "avoid", {**none, "avoid": ("x",)}, (), 0, "", (1, 0, 0))
    assert [one.sample for one in index.by_urgency([many, mild, grave])] == ["C", "B", "A"]
    page = index.to_html([many, mild])
    assert "A*</th>" in page and "B</th>" in page and "whether they are taken or not" in page
    assert "whether they are taken or not" not in index.to_html([mild, grave])


def test_nothing_is_printed_where_that_is_asked_for(pgx_command, tmp_path):
    vcf = variants(tmp_path, ["P01", "P02"])
    run = pgx_command("report", vcf, "--drugs", "codeine", "--no-print", "-o", "out", "--format", "html")
    assert run.returncode == 0 and not run.stdout, run.stderr
    assert pgx_command("report", vcf, "--drugs", "codeine", "--no-print").returncode == 2


def test_several_reports_are_printed_as_each_one_alone_is(pgx_command, tmp_path):
    vcf = variants(tmp_path, ["P01", "P25"])
    both, first, second = (
        pgx_command("report", vcf, "--drugs", "codeine", *more).stdout
        for more in ((), ("--samples", "P01"), ("--samples", "P25"))
    )
    assert first and second and both == first + second


def test_codes_are_explained():
    assert pgx.kb.flags("could_mean:avoid:DPYD")["flags"].height == 1
    assert pgx.kb.flags()["flags"].height > 100


def test_a_place_that_is_no_gene_is_named_in_words_in_the_index():
    none = dict.fromkeys(index.URGENCIES, ())
    entry = index.Entry("A", "monitor", {**none, "monitor": ("warfarin",)}, ("CYP2C_CLUSTER",), 0, "", (0, 0, 1))
    assert "rs12777823 near CYP2C9" in index.to_html([entry]) and "CYP2C_CLUSTER" in index.to_tsv([entry])
