"""FHIR: valid R4, the profiles' rules that can be checked here, and no unknown thing shown as known."""

import json
import re
from dataclasses import replace

import polars as pl
import pytest

from pgx.reports.formats import fhir
from tests.outside import OUTSIDE
from tests.reports import example
from tests.reports.rendered import render_fhir, to_fhir

STRUCTURE = "http://hl7.org/fhir/uv/genomics-reporting/StructureDefinition/"


@pytest.fixture(scope="module")
def bundle():
    return to_fhir(example.build(), example.SAMPLE)


def resources(bundle, kind, profile=None):
    found = [entry["resource"] for entry in bundle["entry"] if entry["resource"]["resourceType"] == kind]
    return [r for r in found if profile is None or r.get("meta", {}).get("profile") == [STRUCTURE + profile]]


def references(node):
    if isinstance(node, dict):
        if isinstance(node.get("reference"), str):
            yield node["reference"]
        for inner in node.values():
            yield from references(inner)
    elif isinstance(node, list):
        for inner in node:
            yield from references(inner)


def codes(node):
    return {coding["code"] for coding in node.get("coding", [])}


@pytest.mark.parametrize("name", ["full", "empty"])
def test_the_bundle_is_valid(name):
    module = pytest.importorskip("fhir.resources.R4B.bundle")
    result = example.empty() if name == "empty" else example.build()
    found = to_fhir(result, example.SAMPLE)
    module.Bundle.model_validate(found)


def test_the_validator_would_notice():
    module = pytest.importorskip("fhir.resources.R4B.bundle")
    found = to_fhir(example.build(), example.SAMPLE)
    del found["entry"][0]["resource"]["code"]
    with pytest.raises(ValueError, match="code"):
        module.Bundle.model_validate(found)


def test_every_reference_resolves_and_every_id_is_unique(bundle):
    urls = [entry["fullUrl"] for entry in bundle["entry"]]
    assert len(urls) == len(set(urls))
    assert set(references(bundle)) <= set(urls)
    assert all(re.fullmatch(r"[A-Za-z0-9\-.]{1,64}", entry["resource"]["id"]) for entry in bundle["entry"])


def test_every_part_hangs_on_the_report(bundle):
    (report,) = resources(bundle, "DiagnosticReport", "genomic-report")
    held = set(references(report))
    for entry in bundle["entry"]:
        if entry["resource"]["resourceType"] in ("Observation", "Task", "RiskAssessment"):
            assert entry["fullUrl"] in held
    assert "GE" in set().union(*(codes(category) for category in report["category"]))
    assert codes(report["code"]) == {"51969-4"}
    assert "not a medical device" in report["conclusion"]


def test_genotypes_follow_the_profile(bundle):
    found = resources(bundle, "Observation", "genotype")
    told = [o for o in resources(bundle, "Observation") if "84413-4" in codes(o["code"])]
    assert len(told) == len(example.CALLS)
    assert found == [one for one in told if "valueCodeableConcept" in one], "the profile asks for a value"
    for one in told:
        assert codes(one["code"]) == {"84413-4"}
        assert {"laboratory", "GE"} <= set().union(*(codes(category) for category in one["category"]))
        assert ("valueCodeableConcept" in one) != ("dataAbsentReason" in one)
        (gene,) = [c for c in one["component"] if "48018-6" in codes(c["code"])]
        assert gene["valueCodeableConcept"]["coding"][0]["code"].startswith("HGNC:")


def test_a_gene_that_was_not_called_has_a_reason_and_no_value(bundle):
    absent = [o for o in resources(bundle, "Observation") if "dataAbsentReason" in o]
    assert {o["component"][0]["valueCodeableConcept"]["text"] for o in absent} == {"HLA-B", "G6PD"}


def test_implications_follow_the_profile(bundle):
    found = resources(bundle, "Observation", "therapeutic-implication")
    assert len(found) >= len(example.GUIDANCE)
    for one in found:
        assert codes(one["code"]) == {"therapeutic-implication"}
        assert one["derivedFrom"], "an implication says from which genotype it follows"
        kinds = [next(iter(codes(c["code"]))) for c in one["component"]]
        assert kinds.count("51963-7") == 1
        assert kinds.count("conclusion-string") == 1
    (clopidogrel, *_) = [o for o in found if "32968" in json.dumps(o)]
    assert "LA9657-3" in json.dumps(clopidogrel), "poor metabolizer as a LOINC answer"


@pytest.mark.parametrize(
    ("result", "answer"),
    [
        ("Poor Metabolizer", "LA9657-3"),
        ("Poor Metabolizer (score 0)", "LA9657-3"),
        ("Intermediate Metabolizer (score 0.25)", "LA10317-8"),
        ("Poor Metabolizer (genetic Normal Metabolizer score 2)", None),
        ("*3/*3", None),
    ],
)
def test_a_metaboliser_status_has_its_code_with_and_without_a_score(result, answer):
    shown = example.build()
    pair = [{"gene": "CYP2C19", "value": result}]
    only = shown.guidance.filter(pl.col("drug") == "clopidogrel").with_columns(
        phenotypes=pl.lit(pair, dtype=shown.guidance.schema["phenotypes"])
    )
    found = resources(to_fhir(replace(shown, guidance=only), example.SAMPLE), "Observation", "therapeutic-implication")
    given = {code for one in found for part in one["component"][:1] for code in codes(part["valueCodeableConcept"])}
    assert given == ({answer} if answer else set())


def test_what_is_only_possible_or_conditional_says_so(bundle):
    said = [
        c["valueString"]
        for o in resources(bundle, "Observation", "therapeutic-implication")
        for c in o["component"]
        if "valueString" in c
    ]
    assert any(text.startswith("Only possible: the genotype fits with probability 38 %.") for text in said)
    assert any(text.startswith("Applies only ") for text in said)


def test_tasks_follow_the_profile(bundle):
    found = resources(bundle, "Task", "medication-recommendation")
    implications = {
        e["fullUrl"]
        for e in bundle["entry"]
        if e["resource"] in resources(bundle, "Observation", "therapeutic-implication")
    }
    assert {task["description"].split(":")[0] for task in found} == {
        "clopidogrel",
        "codeine",
        "simvastatin",
        "warfarin",
        "azathioprine",
    }
    for task in found:
        assert (task["status"], task["intent"]) == ("requested", "proposal")
        assert task["reasonReference"]["reference"] in implications
        assert codes(task.get("code", {})) <= {"LA26421-0", "LA26422-8", "LA26423-6"}
    assert next(t for t in found if t["description"].startswith("warfarin"))["focus"]


def test_scores_are_risk_assessments(bundle):
    found = {r["code"]["text"]: r for r in resources(bundle, "RiskAssessment")}
    assert set(found) == {row["endpoint"] for row in example.SCORES}
    risk = found["simvastatin.myopathy"]["prediction"][0]
    assert risk["probabilityDecimal"] == 0.027
    assert 0 <= risk["probabilityDecimal"] <= 1
    assert risk["relativeRisk"] == 3.0
    assert "prediction" not in found["clopidogrel.response"], "a refused score predicts nothing"
    assert "not usable" in found["clopidogrel.response"]["note"][0]["text"]
    (dose,) = [o for o in resources(bundle, "Observation") if o["code"].get("text", "").startswith("warfarin.dose")]
    assert dose["valueQuantity"] == {"value": 16.4, "unit": "mg/week"}
    assert [c["valueQuantity"]["value"] for c in dose["component"]] == [11.2, 23.9]


def test_nothing_carries_a_date_so_that_the_bundle_is_the_same_every_day(bundle):
    assert not re.search(r'"(issued|effectiveDateTime|occurrenceDateTime)"', json.dumps(bundle))


def test_the_bundle_is_the_same_every_time_and_other_people_have_other_ids(bundle):
    assert render_fhir(example.build(), example.SAMPLE) == fhir.to_text(bundle)
    other = to_fhir(example.build("B"), "B")
    assert not {e["fullUrl"] for e in other["entry"]} & {e["fullUrl"] for e in bundle["entry"]}


def test_missing_numbers_leave_the_element_out():
    result = example.build()
    scores = result.scores.with_columns(low=None, high=None, reference=None, level=None, unit=None, factors=[])
    found = to_fhir(replace(result, scores=scores), example.SAMPLE)
    assert "null" not in fhir.to_text(found)
    module = pytest.importorskip("fhir.resources.R4B.bundle")
    module.Bundle.model_validate(found)


REPORTING = "http://hl7.org/fhir/uv/genomics-reporting/CodeSystem/tbd-codes-cs"
# HL7 Genomics Reporting (STU 3): status, where the code comes from, and the components that its example has.
PROFILES = {
    ("DiagnosticReport", "genomic-report"): ("final", "http://loinc.org", set()),
    ("Observation", "genotype"): ("final", "http://loinc.org", {"48018-6"}),
    ("Observation", "therapeutic-implication"): ("final", REPORTING, {"51963-7", "therapeutic-implication"}),
    ("Task", "medication-recommendation"): ("requested", "http://loinc.org", set()),
}


@pytest.mark.parametrize(("kind", "profile"), PROFILES)
def test_shapes_are_those_of_the_profiles(bundle, kind, profile):
    status, system, components = PROFILES[kind, profile]
    for resource in resources(bundle, kind, profile):
        assert resource["status"] == status
        assert {coding["system"] for coding in resource.get("code", {}).get("coding", [])} <= {system}
        held = {code for component in resource.get("component", []) for code in codes(component["code"])}
        assert components <= held


@pytest.mark.panel("clinical/records")
def test_shapes_agree_with_hl7s_own_example(bundle):
    theirs = json.loads((OUTSIDE / "clinical/records/hl7_pgx_bundle.json").read_text())
    for kind, profile in (
        ("DiagnosticReport", "genomic-report"),
        ("Observation", "genotype"),
        ("Observation", "therapeutic-implication"),
        ("Task", "medication-recommendation"),
    ):
        (their,) = resources(theirs, kind, profile)
        ours = resources(bundle, kind, profile)[0]
        assert ours["status"] == their["status"]
        for key in ("intent", "category", "code"):
            if key in their and key != "category":
                systems = {c["system"] for c in their[key]["coding"]} if isinstance(their[key], dict) else {their[key]}
                mine = {c["system"] for c in ours[key]["coding"]} if isinstance(ours[key], dict) else {ours[key]}
                assert mine == systems, (profile, key)
        their_codes = {next(iter(codes(c["code"]))) for c in their.get("component", [])}
        our_codes = {
            next(iter(codes(c["code"]))) for r in resources(bundle, kind, profile) for c in r.get("component", [])
        }
        assert their_codes <= our_codes, profile


def test_a_limit_of_the_label_is_an_issue_of_its_own_and_no_genomic_finding():
    result = example.build()
    rows = result.guidance.head(1).with_columns(
        drug=pl.lit("codeine"), source=pl.lit("FDA label"), guideline=pl.lit("LABEL-001"), genes=pl.lit(["none"]),
        phenotypes=pl.lit(None, result.guidance.schema["phenotypes"]),
        population=pl.lit("child_lt_12"), action=pl.lit("contraindicated"), applies=pl.lit("yes"),
        urgency=pl.lit("avoid"), flags=pl.lit(["label_limit"]), recommendation=pl.lit("Not below 12."),
    )  # fmt: skip
    bundle = to_fhir(replace(result, guidance=pl.concat([result.guidance, rows])), example.SAMPLE)
    (issue,) = resources(bundle, "DetectedIssue")
    assert issue["status"] == "final"
    assert issue["code"]["text"] == "contraindicated below 12 years of age, whatever the genes"
    assert "Not below 12." in issue["detail"]
    assert not any("Not below 12." in json.dumps(one) for one in resources(bundle, "Observation"))
    assert any("Not below 12." in one.get("description", "") for one in resources(bundle, "Task"))
