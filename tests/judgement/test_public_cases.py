"""Small cases from public questions about records and laboratory results, each with the right answer.

``tests/data/public_cases.jsonl`` has one case a line: the calls of a laboratory, the record of one person, the drugs that are
asked about, and what must be so. An ``@`` in a file of a record stands for the person's name.
"""

from __future__ import annotations

import json
from collections import Counter
from operator import itemgetter
from pathlib import Path
from typing import Any

import polars as pl
import pytest

import pgx
from pgx import knowledge
from pgx.clinical import read
from pgx.types import ClinicalData, Result
from tests.clinical.reading import codes, values
from tests.judgement.test_patients import first_page, lines_of, variants

KB = knowledge.load()
LINES = Path("tests/data/public_cases.jsonl").read_text(encoding="utf-8").splitlines()
CASES: list[dict[str, Any]] = [json.loads(line) for line in LINES]
_SEEN: Counter[str] = Counter()
for _case in CASES:
    _SEEN[_case["id"]] += 1
    _case["sample"] = f"{_case['id']}n{_SEEN[_case['id']]}"
ADVISED = [case for case in CASES if case["drugs"]]
READ = [case for case in CASES if not case["drugs"]]
AT_ONCE = 28
"""Cases in one run: more ask each other's drugs about, fewer read the knowledge too often."""


def name_of(case: dict[str, Any]) -> str:
    return f"{case['id']} {case['case']}"[:70]


def write_record(folder: Path, case: dict[str, Any]) -> Path:
    """Write the record of a case; return the file, or the folder of its tables."""
    sample, record = case["sample"], case["record"]
    if "files" in record:
        tables = folder / sample
        tables.mkdir()
        for name, text in record["files"].items():
            (tables / name).write_text(text.replace("@", sample), encoding="utf-8")
        return tables
    if "apple" in record:
        path = folder / f"{sample}.xml"
        path.write_text(record["apple"], encoding="utf-8")
        return path
    content: dict[str, Any] = {"sample": sample} | record
    if "packet" in record:
        created = {"created": "2026-10-01T00:00:00Z", "phenopacketSchemaVersion": "2.0"}
        content = {"id": sample, "subject": {"id": sample, "sex": "FEMALE"}, "metaData": created} | record["packet"]
    elif "resources" in record:
        person = {"resourceType": "Patient", "id": sample, "gender": "female", "birthDate": "1986-04-02"}
        about = {"subject": {"reference": f"Patient/{sample}"}, "patient": {"reference": f"Patient/{sample}"}}
        named = {"MedicationRequest": "subject", "AllergyIntolerance": "patient", "Medication": ""}
        entries = [{"resource": person | record.get("patient", {})}]
        for number, resource in enumerate(record["resources"]):
            key = named.get(resource["resourceType"], "subject")
            whose = {key: about[key]} if key else {}
            entries.append({"resource": {"id": f"{sample}-{number}"} | whose | resource})
        content = {"resourceType": "Bundle", "type": record.get("kind", "collection"), "entry": entries}
    path = folder / f"{sample}.json"
    path.write_text(json.dumps(content).replace("@", sample), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def advised(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Result]:
    """Read the cases that ask about drugs, some of much the same drugs at once: sample -> the result that it is in."""
    found: dict[str, Result] = {}
    ordered = sorted(ADVISED, key=itemgetter("drugs"))
    for cases in (ordered[at : at + AT_ONCE] for at in range(0, len(ordered), AT_ONCE)):
        folder = tmp_path_factory.mktemp("cases")
        calls = folder / "calls.tsv"
        rows = [f"{case['sample']}\t{line}" for case in cases for line in case["calls"]]
        heading = "sample\tgene\tdiplotype\tphenotype\tactivity_score"
        calls.write_text("\n".join([heading, *rows]) + "\n", encoding="utf-8")
        result = pgx.report(
            variants(folder, [case["sample"] for case in cases]),
            clinical=[write_record(folder, case) for case in cases if case["record"]],
            outside_calls=[calls] if rows else [],
            drugs=sorted({drug for case in cases for drug in case["drugs"]}),
            endpoints=[],
        )
        found |= dict.fromkeys((case["sample"] for case in cases), result)
    return found


def advice_of(result: Result, sample: str, drug: str) -> dict[str, str]:
    """Return the urgency of a drug, and what each source says that speaks of this person: action and change of dose."""
    mine = (pl.col("sample") == sample) & (pl.col("drug") == drug)
    row = result.judgements.row(by_predicate=mine, named=True)
    said: dict[str, set[str]] = {"urgency": {row["urgency"]}}
    for one in result.guidance.filter(mine, pl.col("applies").is_in(["yes", "if_population", "possible"])).to_dicts():
        text = " ".join(filter(None, (one["action"], one["dose_change"], "" if one["applies"] == "yes" else "?")))
        said.setdefault(one["source"], set()).add(text)
    return {source: "; ".join(sorted(texts)) for source, texts in said.items()}


def clinical_of(result: Result, sample: str) -> ClinicalData:
    frames = (result.clinical, result.medications, result.notes)
    return ClinicalData(*(frame.filter(pl.col("sample") == sample) for frame in frames))


def taken(data: ClinicalData) -> dict[str, str]:
    return dict(data.medications.select("drug", "status").iter_rows())


BESIDE = {"age", "age_margin", "as_of", "birth_date", "medication_list"}
"""Concepts that nearly every record tells; a case of them says so."""


def known(data: ClinicalData, also: set[str]) -> dict[str, Any]:
    return {name: value for name, value in values(data).items() if name in also or name not in BESIDE}


def check_record(data: ClinicalData, case: dict[str, Any]) -> None:
    """Hold what was read of a record against the case: drugs and values exactly, notes at the least."""
    assert taken(data) == case["taken"]
    held = known(data, set(case["values"]))
    assert set(held) == set(case["values"])
    for concept, value in case["values"].items():
        assert held[concept] == (value if isinstance(value, str) else pytest.approx(value, rel=1e-3)), concept
    assert set(case["notes"]) <= set(codes(data))


@pytest.mark.parametrize("case", ADVISED, ids=name_of)
def test_a_case_is_advised_on_as_the_sources_want(advised, case):
    result = advised[case["sample"]]
    check_record(clinical_of(result, case["sample"]), case)
    page = first_page(result, case["sample"]) if case["says"] else ""
    for drug in case["drugs"]:
        told = advice_of(result, case["sample"], drug)
        assert {source: told.get(source) for source in case["advice"][drug]} == case["advice"][drug], drug
        for phrase in case["says"].get(drug, ()):
            assert phrase in lines_of(page, drug)


@pytest.mark.parametrize("case", READ, ids=name_of)
def test_a_case_is_read_as_it_is_meant(tmp_path, case):
    check_record(read([write_record(tmp_path, case)], KB, samples=[case["sample"]]), case)


def test_no_case_is_missing():
    ids = set(_SEEN)
    assert len(ids) >= 75 and len(CASES) > 200
