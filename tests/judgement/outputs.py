"""Reads every output of a person back, and compares what it says of each drug with what was judged."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from html.parser import HTMLParser

import polars as pl

from pgx.judgement import Judgement, of_row
from pgx.reports.formats import index, multiqc, tables
from pgx.reports.formats.fhir import TASKS
from pgx.reports.page.wording import URGENCIES, words
from pgx.serve import cards
from pgx.types import Result
from tests.reports import rendered

Told = dict[str, str]
"""Drug -> urgency that an output says."""
Judged = Mapping[str, Mapping[str, Judgement]]
"""Sample -> drug -> what was judged."""
ASKING = URGENCIES[:3]
"""Urgencies of drugs that something must be done about."""
QUIET = ("standard", "no_data")


def judged_of(result: Result) -> dict[str, dict[str, Judgement]]:
    """Return what was judged of each drug of each person."""
    found: dict[str, dict[str, Judgement]] = {}
    for row in result.judgements.iter_rows(named=True):
        found.setdefault(row["sample"], {})[row["drug"]] = of_row(row)
    return found


def urgencies(of_person: Mapping[str, Judgement], among: Sequence[str] = URGENCIES) -> Told:
    """Return drug -> urgency of the drugs that have one of these."""
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


def told_by_page(page: str, drugs: Sequence[str]) -> Told:
    """Return what a page says of the drugs."""
    parser = Sections()
    parser.feed(page)
    return {drug: urgency for drug, urgency in parser.told.items() if drug in drugs}


def told_by_text(text: str, drugs: Sequence[str]) -> Told:
    """Return what the text report says of the drugs."""
    found: Told = {}
    urgency = ""
    heads = {words("urgency", code): code for code in URGENCIES}
    for line in re.split(r"(?m)^ (?:Model scores|Genes) ", text)[0].splitlines():
        head = re.fullmatch(r"\S (.+) \(\d+\)", line)
        urgency = heads.get(head[1], urgency) if head else urgency
        named = [drug for drug in drugs if re.match(rf"  {re.escape(drug)}(?=  |\s?\(|$)", line)]
        if urgency:
            listed = re.split(r", ", line.strip()) if urgency in QUIET else []
            found |= {drug: urgency for drug in (*named, *listed) if drug in drugs and drug not in found}
    return found


def _pages(result: Result, sample: str, of_person: Mapping[str, Judgement]) -> Iterator[str]:
    drugs = list(of_person)
    if told_by_page(rendered.render_html(result, sample), drugs) != urgencies(of_person):
        yield "html"
    if told_by_page(rendered.render_leaflet(result, sample), drugs) != urgencies(of_person, ASKING):
        yield "leaflet"
    told, expected = told_by_text(rendered.render_text(result, sample, width=118), drugs), urgencies(of_person)
    left_out = {expected[drug] for drug in expected if drug not in told}
    if not (told.items() <= expected.items() and left_out <= set(QUIET)):
        yield "text"


def _card(result: Result, sample: str, of_person: Mapping[str, Judgement]) -> Iterator[str]:
    page = rendered.render_card(result, sample)
    front = page[: page.index('id="c-back"')]
    for urgency in ASKING:
        drugs = [name for name, one in of_person.items() if one.urgency == urgency]
        listed = re.search(rf"</?h2>[^<]*{words('urgency', urgency)}</h2>\s*<p>(.*?)</p>", front, re.DOTALL)
        named = re.findall(r"<strong>(.*?)</strong>", listed[1]) if listed else []
        if not set(named) <= set(drugs) or len(named) != min(len(drugs), 14):
            yield f"card {urgency}"
    later = any(flag.startswith("then:") for one in of_person.values() for flag in one.flags)
    if later and "No medicine of the report needs a change" in page:
        yield "card comfort"


def _json(result: Result, sample: str, of_person: Mapping[str, Judgement]) -> Iterator[str]:
    entry = next(one for one in rendered.to_dict(result)["samples"] if one["sample"] == sample)
    if {one["drug"]: one["urgency"] for one in entry["summary"]} != urgencies(of_person):
        yield "json summary"
    rows = [of_row(row | {"sample": sample}) for row in entry["judgements"]]
    if {one.drug: one for one in rows} != of_person:
        yield "json judgements"


def _table(result: Result, sample: str, of_person: Mapping[str, Judgement]) -> Iterator[str]:
    text = tables.to_tsv(result.judgements.filter(sample=sample)).decode()
    read = pl.read_csv(io.StringIO(text), separator="\t", infer_schema=False, quote_char=None)
    if {row["drug"]: of_row(row) for row in read.iter_rows(named=True)} != of_person:
        yield "tsv"


def _fhir(result: Result, sample: str, of_person: Mapping[str, Judgement]) -> Iterator[str]:
    resources = [entry["resource"] for entry in json.loads(rendered.render_fhir(result, sample))["entry"]]
    proposed = {}
    for task in (one for one in resources if one["resourceType"] == "Task"):
        coding = task.get("code", {}).get("coding", [{}])[0]
        proposed[task["description"].partition(":")[0]] = coding.get("code")
    expected = {
        name: TASKS[one.action or ""][0] if one.action in TASKS else None
        for name, one in of_person.items()
        if one.urgency in ASKING
    }
    if proposed != expected:
        yield "fhir tasks"
    for one in resources:
        if one.get("id") and "therapeutic-implication" in str(one.get("meta")):
            drug = _assessed(one)
            if drug in of_person and (one["status"] == "preliminary") != (of_person[drug].status == "not_judged"):
                yield f"fhir status of {drug}"


def _assessed(observation: Mapping[str, list[dict]]) -> str:
    parts = (part for part in observation["component"] if part["code"].get("coding", [{}])[0].get("code") == "51963-7")
    return str(next(parts)["valueCodeableConcept"]["text"])


def _prescriber(result: Result, sample: str, of_person: Mapping[str, Judgement]) -> Iterator[str]:
    shown = rendered.view(result, sample)
    found = {card["summary"].partition(":")[0]: card for card in cards.cards(shown, list(of_person))}
    for name, one in of_person.items():
        later = any(flag.startswith("then:") for flag in one.flags)
        if one.urgency == "standard" and not later:
            wrong = name in found
        elif name not in found:
            wrong = True
        else:
            named = re.search(r"\*\*Instead:\*\* (.*)", found[name]["detail"])
            # Behind a drug stands what is kept to with it, behind all of them what does not fit.
            fitting = re.split(r"(?:; not|^no drug that a source names) ", named[1])[0] if named else ""
            instead = tuple(filter(None, re.sub(r" \([^()]*\)", "", fitting).split(", ")))
            wrong = found[name]["indicator"] != cards.INDICATORS.get(one.urgency, "info") or instead != one.alternatives
        if wrong:
            yield f"prescriber's card on {name}"


def _plan(result: Result, sample: str, of_person: Mapping[str, Judgement]) -> Iterator[str]:
    for check in rendered.follow_up(result, sample):
        if of_person[check.drug].status == "not_judged" or of_person[check.drug].urgency == "avoid":
            yield f"plan checks {check.drug}"


def _summaries(result: Result, sample: str, of_person: Mapping[str, Judgement]) -> Iterator[str]:
    rows = json.loads(multiqc.to_multiqc(result, rendered.LEXICON)["pgx_mqc.json"])["data"]
    entry = index.entry_of(rendered.view(result, sample), "")
    for urgency in ASKING:
        drugs = urgencies(of_person, (urgency,))
        if rows[sample][f"drugs_{urgency}"] != len(drugs):
            yield f"multiqc {urgency}"
        if set(entry.drugs[urgency]) != set(drugs):
            yield f"index {urgency}"


OUTPUTS: dict[str, Callable[[Result, str, Mapping[str, Judgement]], Iterator[str]]] = {
    "pages": _pages,
    "card": _card,
    "json": _json,
    "table": _table,
    "fhir": _fhir,
    "prescriber": _prescriber,
    "plan": _plan,
    "summaries": _summaries,
}
"""What reads which outputs back."""
READER_OF = {
    "text": "pages",
    "html": "pages",
    "pdf": "pages",  # the html, printed
    "leaflet": "pages",
    "card": "card",
    "plan": "plan",
    "json": "json",
    "fhir": "fhir",
    "tsv": "table",
    "parquet": "table",  # the tsv, with lists
    "multiqc": "summaries",
}
"""Format of a report -> its entry in `OUTPUTS`."""


def disagreements(result: Result, judged: Judged | None = None) -> Iterator[tuple[str, str]]:
    """Yield (sample, output) wherever an output says something else than what was judged."""
    for sample, of_person in (judged_of(result) if judged is None else judged).items():
        for check in OUTPUTS.values():
            yield from ((sample, wrong) for wrong in check(result, sample, of_person))
