"""Every output of a person says of a drug what was judged, and none says more."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator
from html.parser import HTMLParser

import polars as pl
import pytest

import pgx
from pgx.judgement import Judgement, of_row
from pgx.reports import FORMATS
from pgx.reports.formats import multiqc, tables
from pgx.reports.formats.fhir import TASKS
from pgx.reports.page.wording import URGENCIES, words
from pgx.serve import cards
from pgx.types import Result
from tests.reports import rendered

PEOPLE = 20
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

Told = dict[str, str]
"""Drug -> urgency that an output says."""


def _people() -> list[str]:
    table = pl.read_csv("tests/data/1kgp_samples.tsv", separator="\t").sort("sample")
    return [row for n, row in enumerate(table["sample"]) if n % (table.height // PEOPLE) == 0][:PEOPLE]


@pytest.fixture(scope="module", params=LISTS, ids=lambda drugs: drugs or "no other medicine")
def result(request) -> Result:
    people = tuple(name for n, name in enumerate(_people()) if n % len(LISTS) == LISTS.index(request.param))
    taken = [drug for drug in request.param.split(";") if drug]
    return pgx.report(VCF, drugs=DRUGS, medications=taken or None, options=pgx.Options(samples=people))


@pytest.fixture(scope="module")
def judged(result) -> dict[str, dict[str, Judgement]]:
    found: dict[str, dict[str, Judgement]] = {}
    for row in result.judgements.iter_rows(named=True):
        found.setdefault(row["sample"], {})[row["drug"]] = of_row(row)
    return found


def urgencies(of_person: dict[str, Judgement], among: tuple[str, ...] = URGENCIES) -> Told:
    return {name: one.urgency for name, one in of_person.items() if one.urgency in among}


class Sections(HTMLParser):
    """Collects the drugs that a page lists under each urgency."""

    def __init__(self) -> None:
        super().__init__()
        self.told: Told = {}
        self._urgency, self._inside = "", False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        kinds = (dict(attrs).get("class") or "").split()
        if tag == "section":
            self._urgency = kinds[1] if kinds[:1] == ["urgency"] else ""
        self._inside = bool(self._urgency) and (kinds[:1] == ["name"] or (tag == "li" and not kinds))

    def handle_data(self, data: str) -> None:
        if self._inside and data.strip():
            self.told.setdefault(data.strip(), self._urgency)
            self._inside = False


def told_by_page(page: str) -> Told:
    parser = Sections()
    parser.feed(page)
    return {drug: urgency for drug, urgency in parser.told.items() if drug in DRUGS}


def told_by_text(text: str) -> Told:
    found: Told = {}
    urgency = ""
    heads = {words("urgency", code): code for code in URGENCIES}
    for line in text.split("─ Model scores", maxsplit=1)[0].split("─ Genes", maxsplit=1)[0].splitlines():
        head = re.fullmatch(r"\S (.+) \(\d+\)", line)
        urgency = heads.get(head[1], urgency) if head else urgency
        named = re.match(r"  (\S+)", line)
        if urgency and named:
            listed = re.split(r", ", line.strip()) if urgency in ("standard", "no_data") else []
            found |= {drug: urgency for drug in (named[1], *listed) if drug in DRUGS and drug not in found}
    return found


def test_the_pages_list_each_drug_under_the_urgency_that_was_judged(result, judged):
    for sample, of_person in judged.items():
        assert told_by_page(rendered.render_html(result, sample)) == urgencies(of_person), sample
        leaflet = told_by_page(rendered.render_leaflet(result, sample))
        assert leaflet == urgencies(of_person, URGENCIES[:3]), sample


def test_the_text_lists_each_drug_under_the_urgency_that_was_judged(result, judged):
    for sample, of_person in judged.items():
        told = told_by_text(rendered.render_text(result, sample, width=118))
        expected = urgencies(of_person)
        assert told.items() <= expected.items(), sample
        assert {drug for drug in expected if drug not in told} <= {
            drug for drug, urgency in expected.items() if urgency in ("standard", "no_data")
        }


def test_the_card_lists_what_needs_something_and_never_comforts_over_a_later_change(result, judged):
    for sample, of_person in judged.items():
        page = rendered.render_card(result, sample)
        front = page[: page.index('id="c-back"')]
        for urgency in URGENCIES[:3]:
            drugs = [name for name, one in of_person.items() if one.urgency == urgency]
            listed = re.search(rf"</?h2>[^<]*{words('urgency', urgency)}</h2>\s*<p>(.*?)</p>", front, re.DOTALL)
            named = re.findall(r"<strong>(.*?)</strong>", listed[1]) if listed else []
            assert set(named) <= set(drugs) and len(named) == min(len(drugs), 14), (sample, urgency)
        if any(flag.startswith("then:") for one in of_person.values() for flag in one.flags):
            assert "No medicine of the report needs a change" not in page


def test_json_and_tables_hold_the_judgements_themselves(result, judged):
    document = rendered.to_dict(result)
    for entry in document["samples"]:
        own = judged[entry["sample"]]
        assert {one["drug"]: one["urgency"] for one in entry["summary"]} == urgencies(own)
        rows = [of_row(row | {"sample": entry["sample"]}) for row in entry["judgements"]]
        assert {one.drug: one for one in rows} == own
    text = tables.to_tsv(result.judgements).decode()
    read = pl.read_csv(io.StringIO(text), separator="\t", infer_schema=False, quote_char=None)
    assert [of_row(row) for row in read.iter_rows(named=True)] == [
        of_row(row) for row in result.judgements.iter_rows(named=True)
    ]


def test_fhir_proposes_what_was_judged_and_nothing_else(result, judged):
    for sample, of_person in judged.items():
        bundle = json.loads(rendered.render_fhir(result, sample))
        resources = [entry["resource"] for entry in bundle["entry"]]
        proposed = {}
        for task in (one for one in resources if one["resourceType"] == "Task"):
            coding = task.get("code", {}).get("coding", [{}])[0]
            proposed[task["description"].partition(":")[0]] = coding.get("code")
        expected = {
            name: TASKS[one.action or ""][0] if one.action in TASKS else None
            for name, one in of_person.items()
            if one.urgency in URGENCIES[:3]
        }
        assert proposed == expected, sample
        for one in resources:
            if one.get("id") and "therapeutic-implication" in str(one.get("meta")):
                assert _is_no_final_answer(one) == (of_person[_assessed(one)].status == "not_judged")


def _assessed(observation: dict) -> str:
    return next(
        part["valueCodeableConcept"]["text"]
        for part in observation["component"]
        if part["code"].get("coding", [{}])[0].get("code") == "51963-7"
    )


def _is_no_final_answer(observation: dict) -> bool:
    return bool(observation["status"] == "preliminary")


def test_a_prescriber_s_card_is_as_loud_as_what_was_judged(result, judged):
    for sample, of_person in judged.items():
        shown = rendered.view(result, sample)
        found = {card["summary"].partition(":")[0]: card for card in cards.cards(shown, DRUGS)}
        for name, one in of_person.items():
            later = any(flag.startswith("then:") for flag in one.flags)
            if one.urgency == "standard" and not later:
                assert name not in found
            else:
                assert found[name]["indicator"] == cards.INDICATORS.get(one.urgency, "info")
                named = re.search(r"\*\*Instead:\*\* (.*)", found[name]["detail"])
                assert (tuple(named[1].split(", ")) if named else ()) == one.alternatives


def test_the_plan_checks_nothing_of_which_nothing_may_be_said(result, judged):
    for sample, of_person in judged.items():
        for check in rendered.follow_up(result, sample):
            assert of_person[check.drug].status != "not_judged"


def test_a_run_s_summary_counts_what_was_judged(result, judged):
    rows = json.loads(multiqc.to_multiqc(result, rendered.LEXICON)["pgx_mqc.json"])["data"]
    for sample, of_person in judged.items():
        for urgency in URGENCIES[:3]:
            assert rows[sample][f"drugs_{urgency}"] == len(urgencies(of_person, (urgency,)))


def test_every_format_that_is_about_a_person_is_looked_at_here():
    seen = {"text", "html", "json", "fhir", "leaflet", "card", "plan", "tsv", "parquet", "multiqc", "pdf"}
    assert set(FORMATS) == seen, "pdf is the html, printed; parquet is the tsv, with lists"
    assert pgx.__name__


def wordings(result: Result) -> Iterator[tuple[Judgement, str]]:
    for sample in result.samples:
        shown = rendered.view(result, sample)
        yield from ((drug.judgement, drug.headline) for drug in shown.drugs)


def test_a_later_change_is_said_in_the_line(result):
    for judgement, headline in wordings(result):
        for flag in judgement.flags:
            if flag.startswith("then:reduce_dose:-50:chronic"):
                assert "beyond 12 weeks" in headline and "halve the dose" in headline


def test_the_medicine_that_is_the_cause_is_named_first_and_is_not_fine_itself(result):
    for judgement, headline in wordings(result):
        causes = [flag.split(":")[1] for flag in judgement.flags if flag.startswith("cause:")]
        assert all(headline.startswith("change ") and cause in headline.partition("(")[0] for cause in causes)
        if any(flag.startswith("causes:") for flag in judgement.flags):
            assert judgement.urgency != "standard"
            assert headline.startswith("change this one first")
