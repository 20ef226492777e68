"""A list of medicines means those medicines; no list means what the results speak against or change, and says so."""

from __future__ import annotations

from pathlib import Path

import pytest

import pgx
from pgx.types import Result
from tests.reports import rendered

VCF = "tests/data/1kgp.GRCh38.vcf.gz"
ALONE, UNREAD, MIXED = "HG00096", "HG00097", "HG00099"
SCOPE = "No list of medicines is given"
UNKNOWN = "Not in the knowledge base"


def run(folder: Path, *people: str) -> Result:
    history = folder / "ward.csv"
    history.write_text(f"sample,medications\n{UNREAD},zanubrutixol\n{MIXED},codeine;zanubrutixol\n", encoding="utf-8")
    return pgx.report(VCF, clinical=[history], options=pgx.Options(samples=people))


@pytest.fixture(scope="module")
def batch(tmp_path_factory) -> Result:
    return run(tmp_path_factory.mktemp("batch"), ALONE, UNREAD, MIXED)


def drugs(result: Result, sample: str) -> set[str]:
    return set(result.judgements.filter(sample=sample)["drug"])


def test_without_a_list_only_what_is_actionable_is_told_and_page_one_says_so(batch):
    own = batch.judgements.filter(sample=ALONE)
    assert own.height
    assert set(own["urgency"]) <= {"avoid", "change_dose", "monitor"}
    assert SCOPE in rendered.render_text(batch, ALONE).replace("\n", " ")
    assert SCOPE in rendered.render_html(batch, ALONE)


def test_a_list_with_no_known_medicine_means_none_and_names_it_first(batch):
    assert not drugs(batch, UNREAD)
    for page in (rendered.render_text, rendered.render_html, rendered.render_card):
        said = page(batch, UNREAD)
        assert UNKNOWN in said and "zanubrutixol" in said and SCOPE not in said
        assert "no drug was asked for" not in said
    for page in (rendered.render_text, rendered.render_html):
        assert "none of the medicines on the list (zanubrutixol) is in the knowledge base" in page(batch, UNREAD)
    assert "zanubrutixol" in rendered.render_leaflet(batch, UNREAD)


def test_a_medicine_that_is_not_known_stays_beside_those_that_are(batch):
    assert drugs(batch, MIXED) == {"codeine"}
    assert "zanubrutixol" in rendered.render_text(batch, MIXED)


@pytest.mark.parametrize("sample", [ALONE, UNREAD, MIXED])
def test_a_person_is_told_the_same_alone_and_among_others(batch, sample, tmp_path):
    single = run(tmp_path, sample)
    assert single.judgements.equals(batch.judgements.filter(sample=sample))
    assert single.scores.equals(batch.scores.filter(sample=sample))


def test_without_any_clinical_file_the_same_holds():
    bare = pgx.report(VCF, options=pgx.Options(samples=(ALONE,)))
    assert SCOPE in rendered.render_text(bare, ALONE).replace("\n", " ")
    everything = pgx.report(VCF, drugs=["all"], options=pgx.Options(samples=(ALONE,)))
    assert drugs(bare, ALONE) < drugs(everything, ALONE)
    assert SCOPE not in rendered.render_text(everything, ALONE).replace("\n", " ")
