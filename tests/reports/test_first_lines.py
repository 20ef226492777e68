"""What the first lines of a page say of a person: what was sent and not used, what cannot be true, names as known."""

from __future__ import annotations

import re

import pytest

import pgx
from pgx.codes import NoteCode
from pgx.reports.page.notice import is_doubt_of_person
from tests.judgement.test_patients import first_page, plain, variants
from tests.reports import rendered

RECORDS = """[
{"sample": "A", "age": 60, "sex": "male", "medications": ["clopidogrel", "codeine", "warfarin"]},
{"sample": "B", "age": 75, "sex": "female", "pregnancy": "yes", "medications": ["codeine"]},
{"sample": "C", "age": 30, "sex": "male", "pregnancy": "yes", "medications": ["codeine"]},
{"sample": "D", "age": 30, "sex": "female", "pregnancy": "yes", "medications": ["codeine"]}
]"""
GENES = "sample\tgene\tdiplotype\nA\tCYP2C19\t*2/*99\nA\tCYP2D6\t1/4\nA\tCYP2C9\t*1/*3\n"


@pytest.fixture(scope="module")
def result(tmp_path_factory):
    folder = tmp_path_factory.mktemp("first_lines")
    (folder / "records.json").write_text(RECORDS, encoding="utf-8")
    (folder / "genes.tsv").write_text(GENES, encoding="utf-8")
    people = variants(folder, ["A", "B", "C", "D"])
    return pgx.report(people, clinical=[folder / "records.json"], outside_calls=[folder / "genes.tsv"])


def text(result, sample: str) -> str:
    return rendered.render_text(result, sample, width=118)


def test_a_gene_of_which_a_laboratorys_result_was_refused_is_not_among_those_tested(result):
    lines = dict(re.findall(r"(?m)^(tested|not tested|result sent, not usable): (.*)$", text(result, "A")))
    assert lines["tested"] == "CYP2C9"
    assert lines["result sent, not usable"] == "CYP2C19, CYP2D6"
    assert not {"CYP2C19", "CYP2D6"} & set(lines["not tested"].split(", "))


@pytest.mark.parametrize("sample", ["B", "C"])
def test_what_contradicts_the_first_lines_stands_below_them(result, sample):
    doubted = [note["message"] for note in result.notes.iter_rows(named=True) if note["code"] == "contradiction"]
    assert doubted
    here = rendered.view(result, sample)
    assert [note["message"] for note in here.first_alerts] == [
        {"B": "the record contradicts itself: pregnancy and age", "C": "the record contradicts itself: pregnant man"}[
            sample
        ]
    ]
    for page in (text(result, sample), plain(rendered.render_html(result, sample))):
        assert page.count("the record contradicts itself") == 1


def test_who_is_pregnant_and_can_be_is_not_doubted(result):
    assert "contradicts itself" not in text(result, "D")


def test_a_contradiction_of_what_no_first_line_tells_is_no_alert():
    about = {"code": NoteCode.CONTRADICTION, "subject": "smoking_status, cigarettes"}
    assert not is_doubt_of_person(about) and is_doubt_of_person(about | {"subject": "pregnancy, age"})
    assert not is_doubt_of_person({"code": NoteCode.UNLIKELY_VALUE, "subject": "age"})


def test_no_name_that_only_the_product_knows_is_shown_to_a_reader(result):
    leaflet, card = (plain(render(result, "A")) for render in (rendered.render_leaflet, rendered.render_card))
    assert "a place near the gene CYP2C9" in leaflet and "rs12777823 near CYP2C9" in card
    assert "rs12777823 near CYP2C9" in text(result, "A")
    for page in (leaflet, card, first_page(result, "A")):
        assert not re.findall(r"\b[A-Z][A-Z0-9]+_[A-Z]+\b", page)
