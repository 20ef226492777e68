"""Every output of a person says of a drug what was judged, and none says more."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

import polars as pl
import pytest

import pgx
from pgx.judgement import Judgement
from pgx.reports import FORMATS
from pgx.reports.page.remarks import marks_of, shared_remarks
from pgx.types import Result
from tests.judgement.outputs import OUTPUTS, READER_OF, disagreements, judged_of, told_by_text, urgencies
from tests.reports import rendered
from tests.sizes import size

PEOPLE = size(10, long=20)
DRUGS = (
    "abacavir", "allopurinol", "amitriptyline", "aripiprazole", "atazanavir", "atomoxetine", "atorvastatin",
    "azathioprine", "capecitabine", "carbamazepine", "celecoxib", "citalopram", "clopidogrel", "codeine", "efavirenz",
    "escitalopram", "flecainide", "fluorouracil", "fluvastatin", "haloperidol", "irinotecan", "lansoprazole",
    "mercaptopurine", "metoprolol", "omeprazole", "ondansetron", "pantoprazole", "paroxetine", "phenytoin", "piroxicam",
    "pravastatin", "rasburicase", "risperidone", "rosuvastatin", "sertraline", "simvastatin", "tacrolimus", "tamoxifen",
    "tramadol", "voriconazole", "warfarin",
)  # fmt: skip
LISTS = ("", "paroxetine", "voriconazole", "carbamazepine", "clopidogrel;omeprazole")
"""Lists of medicines that change what the genes say, one after the other."""
VCF = "tests/data/1kgp.GRCh38.vcf.gz"


def _people() -> list[str]:
    table = pl.read_csv("tests/data/1kgp_samples.tsv", separator="\t").sort("sample")
    return [row for n, row in enumerate(table["sample"]) if n % (table.height // PEOPLE) == 0][:PEOPLE]


@pytest.fixture(scope="module", params=LISTS, ids=lambda drugs: drugs or "no other medicine")
def result(request) -> Result:
    people = tuple(name for n, name in enumerate(_people()) if n % len(LISTS) == LISTS.index(request.param))
    taken = [drug for drug in request.param.split(";") if drug]
    return pgx.report(VCF, drugs=DRUGS, medications=taken or None, options=pgx.Options(samples=people))


def test_no_output_of_a_person_says_anything_else_than_what_was_judged(result):
    assert not list(disagreements(result))


@pytest.fixture(scope="module")
def small() -> Result:
    """One person and few drugs, one of them taken."""
    return pgx.report(VCF, drugs=DRUGS[:6], medications=["codeine"], options=pgx.Options(samples=_people()[:1]))


@pytest.mark.parametrize("output", OUTPUTS)
def test_an_output_that_says_something_else_is_found(small, output):
    """Each reader sees a judgement that was made graver, or milder, behind its back."""
    (sample, judged), *_ = judged_of(small).items()
    found = []
    for urgency, action in (("avoid", "avoid"), ("standard", "standard"), ("monitor", "monitor")):
        turned = {
            drug: replace(one, urgency=urgency, action=action, status="not_judged" if output == "plan" else "advised")
            for drug, one in judged.items()
        }
        found += OUTPUTS[output](small, sample, turned)
    assert found or (output == "plan" and not rendered.follow_up(small, sample))


def test_a_name_of_several_words_is_read_from_the_text_as_a_whole():
    result = pgx.report(VCF, medications=["codeine", "st. john's wort", "folic acid"],
                        options=pgx.Options(samples=_people()[:1]))  # fmt: skip
    ((sample, judged),) = judged_of(result).items()
    told = told_by_text(rendered.render_text(result, sample, width=118), list(judged))
    assert told == urgencies(judged) and any(" " in drug for drug in told)


def test_every_format_that_is_about_a_person_is_looked_at_here():
    assert set(FORMATS) == set(READER_OF)
    assert set(READER_OF.values()) <= set(OUTPUTS)


def wordings(result: Result) -> Iterator[tuple[Judgement, str]]:
    for sample in result.samples:
        shown = rendered.view(result, sample)
        yield from ((drug.judgement, drug.headline) for drug in shown.drugs)


def test_a_later_change_is_said_in_the_line(result):
    for judgement, headline in wordings(result):
        for flag in judgement.flags:
            if flag.startswith("then:reduce_dose:-50:chronic") and judgement.urgency == "standard":
                assert "beyond 12 weeks" in headline and "halve the dose" in headline


def test_the_medicine_that_is_the_cause_is_named_first_and_is_not_fine_itself(result):
    for judgement, headline in wordings(result):
        causes = [flag.split(":")[1] for flag in judgement.flags if flag.startswith("cause:")]
        # Who asks about a drug that is not taken is told not to start it, and which medicine is why.
        idle = f"not_started:{judgement.drug}" in judgement.flags
        lead = f"do not start this one as long as {causes[0]} is taken" if idle and causes else "change "
        assert all(headline.startswith(lead) and cause in headline.partition("(")[0] for cause in causes)
        if any(flag.startswith("causes:") for flag in judgement.flags):
            assert judgement.urgency != "standard"
            assert headline.startswith(("change this one first", "change this one or the other"))


def test_a_remark_on_several_drugs_is_written_once_and_marked_beside_each(result):
    for sample in result.samples:
        drugs = rendered.view(result, sample).drugs
        shared = shared_remarks(drugs)
        page = re.split(r"(?m)^ (?:Model scores|Genes) ", rendered.render_text(result, sample, width=118))[0]
        page = " ".join(page.split())
        every = {" ".join(text.split()) for drug in drugs for text in (*drug.interactions, *drug.cautions)}
        for text in (" ".join(remark.text.split()) for remark in shared.values()):
            longer = sum(page.count(other) for other in every if other.startswith(text) and text != other)
            assert page.count(text) - longer == 1, text
        assert all(sum(remark.mark in marks_of(drug, shared) for drug in drugs) > 1 for remark in shared.values())
