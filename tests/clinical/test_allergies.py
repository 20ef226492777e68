"""Recorded allergies speak against drugs that are taken, planned, or named by guidance instead of another."""

from __future__ import annotations

import polars as pl
import pytest

from pgx import schema
from pgx.clinical import alerts, check, read
from pgx.clinical.allergies import allergens
from pgx.clinical.medications import add_medications
from pgx.clinical.readers.rows import LISTS
from tests.clinical.reading import codes, values
from tests.listed import from_text

PATIENT = {"resourceType": "Patient", "id": "P1", "gender": "female"}
VERIFICATION = "http://terminology.hl7.org/CodeSystem/allergyintolerance-verification"
CLINICAL = "http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical"


def allergy(
    name: str | None, clinical: str | None = "active", verified: str | None = "confirmed", **more: object
) -> dict:
    found: dict[str, object] = {"resourceType": "AllergyIntolerance", "patient": {"reference": "Patient/P1"}, **more}
    if name:
        found["code"] = {"text": name}
    if clinical:
        found["clinicalStatus"] = {"coding": [{"system": CLINICAL, "code": clinical}]}
    if verified:
        found["verificationStatus"] = {"coding": [{"system": VERIFICATION, "code": verified}]}
    return found


def taking(name: str, status: str = "active") -> dict:
    return {
        "resourceType": "MedicationStatement",
        "status": status,
        "subject": {"reference": "Patient/P1"},
        "medicationCodeableConcept": {"text": name},
    }


@pytest.fixture
def said(kb, write):
    """Messages of the alerts of a bundle."""

    def build(*resources: dict) -> list[str]:
        entries = [{"resource": one} for one in (PATIENT, *resources)]
        data = read([write("b.json", {"resourceType": "Bundle", "entry": entries})], kb)
        return [note.message.split(" (b.json")[0] for note in alerts(data, None, kb)]

    return build


def flat(kb, write, allergies: str, medications: str) -> list[str]:
    data = read([write("a.json", {"sample": "A", "allergies": allergies, "medications": medications})], kb)
    return [note.message for note in alerts(data, None, kb)]


@pytest.mark.parametrize(
    ("allergies", "medications", "starts"),
    [
        ("codeine", "Codeine 30 mg", "codeine (current): an allergy to codeine is recorded"),
        ("Plavix", "clopidogrel", "clopidogrel (current): an allergy to clopidogrel is recorded"),
        ("clopidogrel", "prasugrel", "prasugrel (current): an allergy to clopidogrel is recorded, and both are thieno"),
        (
            "NSAIDs",
            "ibuprofen",
            "ibuprofen (current): an allergy to non-steroidal anti-inflammatory drugs is recorded, and",
        ),
        (
            "Allergy to penicillin",
            "flucloxacillin",
            "flucloxacillin (current): an allergy to penicillins is recorded, and",
        ),
        (
            "penicillin allergy",
            "amoxicillin 500 mg",
            "amoxicillin (current): an allergy to penicillins is recorded, and",
        ),
        (
            "penicillin",
            "amoxicillin-clavulanate 875-125 mg",
            "amoxicillin (current): an allergy to penicillins is recorded, and",
        ),
        (
            "penicillin",
            "amoxicillin clavulanate",
            "amoxicillin (listed): an allergy to penicillins is recorded, and",
        ),
        (
            "sulfa",
            "trimethoprim-sulfamethoxazole",
            "sulfamethoxazole (current): an allergy to sulfonamide",
        ),
        (
            "amoxicillin",
            "Amoxicillin 250 MG Oral Tablet",
            "amoxicillin (current): an allergy to amoxicillin is recorded",
        ),
        ("amoxicillin", "ceftriaxone", "ceftriaxone (current): an allergy to amoxicillin, one of the penicillins, is"),
        (
            "carbamazepine",
            "phenytoin",
            "phenytoin (current): an allergy to carbamazepine is recorded, and both are aromatic",
        ),
        (
            "sulfamethoxazole",
            "sulfamethoxazole / trimethoprim",
            "sulfamethoxazole (current): an allergy to",
        ),
        (
            "aspirin",
            "acetylsalicylic acid/dipyridamole",
            "acetylsalicylic acid/dipyridamole (current): an allergy to aspirin",
        ),
        ("zzyzxol", "Zzyzxol 5 mg", "zzyzxol (listed): an allergy to zzyzxol is recorded"),
        ("statins", "simvastatin", "simvastatin (current): an allergy to statins is recorded, and simvastatin is one"),
        (
            "sulfamethoxazole",
            "celecoxib",
            "celecoxib (current): an allergy to sulfamethoxazole, one of the sulfonamide antibiotics, is recorded, and "
            "the label of celecoxib excludes persons",
        ),
        ("aspirin", "etoricoxib", "etoricoxib (current): an allergy to aspirin, one of the non-steroidal anti-inflam"),
    ],
)
def test_the_drug_itself_its_class_and_what_the_tables_say_of_other_classes(kb, write, allergies, medications, starts):
    message, *_ = flat(kb, write, allergies, medications)
    assert message.startswith(starts)
    assert "a.json" not in message  # it is read by the person too; the clinical table says where it was recorded


@pytest.mark.parametrize(
    ("allergies", "medications"),
    [
        ("none", "codeine"),
        ("NKDA", "codeine"),
        ("simvastatin", "pravastatin"),  # a reaction to one statin is no reason against the others
        ("fentanyl", "codeine"),
        ("latex", "codeine"),
        ("amitriptyline", "citalopram"),
        ("penicillin", "ciprofloxacin"),
    ],
)
def test_nothing_is_said_without_a_reason(kb, write, allergies, medications):
    assert flat(kb, write, allergies, medications) == []


@pytest.mark.parametrize(
    ("clinical", "verified", "alerted"),
    [
        ("active", "confirmed", True),
        ("active", "unconfirmed", True),
        (None, None, True),
        ("inactive", "confirmed", False),
        ("resolved", "confirmed", False),
        ("active", "refuted", False),
        (None, "entered-in-error", False),
    ],
)
def test_only_an_allergy_that_still_stands_counts(said, clinical, verified, alerted):
    assert bool(said(allergy("codeine", clinical, verified), taking("codeine"))) is alerted


@pytest.mark.parametrize("criticality", ["low", "high", "unable-to-assess", None])
def test_it_counts_whatever_the_criticality(said, criticality):
    more = {"criticality": criticality} if criticality else {}
    assert said(allergy("codeine", type="intolerance", **more), taking("codeine"))


def test_the_substance_may_stand_in_the_reaction_only(said):
    resource = allergy(None, reaction=[{"substance": {"text": "Abacavir"}, "manifestation": [{"text": "rash"}]}])
    assert said(resource, taking("abacavir")) == ["abacavir (current): an allergy to abacavir is recorded"]


def test_planned_drugs_count_and_stopped_ones_do_not(said):
    assert said(allergy("codeine"), taking("codeine", "intended"))
    assert not said(allergy("codeine"), taking("codeine", "stopped"))


@pytest.mark.parametrize("code", ["Z88.0", "Z880"])
def test_a_condition_can_be_an_allergy(said, code):
    condition = {
        "resourceType": "Condition",
        "subject": {"reference": "Patient/P1"},
        "code": {
            "coding": [{"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": code, "display": "Allergy status"}]
        },
    }
    assert said(condition, taking("flucloxacillin"))
    refuted = {**condition, "verificationStatus": {"coding": [{"code": "refuted"}]}}
    assert not said(refuted, taking("flucloxacillin"))


def test_no_known_allergies_is_no_allergy(kb, write):
    absent = "http://hl7.org/fhir/uv/ips/CodeSystem/absent-unknown-uv-ips"
    resource = allergy(None) | {"code": {"coding": [{"system": absent, "code": "no-known-medication-allergies"}]}}
    coded = allergy(None) | {"code": {"coding": [{"system": "http://snomed.info/sct", "code": "716186003"}]}}
    entries = [{"resource": one} for one in (PATIENT, resource, coded)]
    data = read([write("b.json", {"resourceType": "Bundle", "entry": entries})], kb)
    assert values(data) == {"sex": "female"} and codes(data, "warning") == []


def test_what_is_no_known_drug_is_said_unless_it_is_food(kb, write):
    entries = [{"resource": one} for one in (PATIENT, allergy("quixotin"), allergy("peanut", category=["food"]))]
    data = read([write("b.json", {"resourceType": "Bundle", "entry": entries})], kb)
    (message,) = data.notes.filter(pl.col("severity") == "warning")["message"]
    assert message.startswith("allergy 'quixotin' is to no known drug or class")


def test_a_list_typed_on_the_command_line_counts_too(kb, write):
    record = read([write("a.json", {"sample": "A", "allergies": ["penicillin"]})], kb, samples=["A"])
    data = add_medications(record, ["amoxicillin", "flucloxacillin"], kb, samples=["A"])
    assert [note.message.split(":")[0] for note in alerts(data, None, kb)] == [
        "amoxicillin (current)",
        "flucloxacillin (current)",
    ]


def test_an_alternative_that_guidance_names_is_looked_at(kb, write):
    data = read([write("a.json", {"sample": "A", "allergies": ["ticagrelor"]})], kb)
    row = {
        "sample": "A",
        "drug": "clopidogrel",
        "source": "CPIC",
        "genes": "CYP2C19",
        "alternatives": "prasugrel;ticagrelor",
    }
    advice = from_text([{**row, "applies": "yes"}, {**row, "sample": "B"}], schema.GUIDANCE)
    (note,) = alerts(data, advice, kb)
    assert note.message.startswith("ticagrelor, which guidance names instead of clopidogrel: an allergy to")
    assert (note.subject, note.where) == ("clopidogrel", "ticagrelor")


def test_omop_says_it_by_condition_source_code_and_by_observation_value(kb, tmp_path):
    folder = tmp_path / "cdm"
    folder.mkdir()
    tables = {
        "person": "person_id,gender_concept_id,year_of_birth\n1,8507,1950\n2,8532,1960\n",
        "condition_occurrence": "person_id,condition_concept_id,condition_start_date,condition_source_value\n1,0,2020-01-01,Z88.0\n",
        "observation": "person_id,observation_concept_id,observation_date,value_as_concept_id,value_as_string\n"
        "2,439224,2020-01-01,0,codeine\n2,439224,2020-01-01,1112807,\n2,439224,2020-01-01,0,quixotin\n",
        "drug_exposure": "person_id,drug_concept_id,drug_exposure_start_date,drug_source_value\n"
        "1,0,2020-01-01,flucloxacillin\n2,0,2020-01-01,Codeine 30 MG\n2,0,2020-01-01,ibuprofen\n",
        "concept": "concept_id,concept_name,vocabulary_id,concept_code\n1112807,aspirin,RxNorm,1191\n",
    }
    for name, text in tables.items():
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    data = read([folder], kb)
    found = {(note.sample, note.message.split(" (")[0]) for note in alerts(data, None, kb)}
    assert found == {("1", "flucloxacillin"), ("2", "codeine"), ("2", "ibuprofen")}
    assert codes(data, "warning") == ["allergy_unknown"]


def test_the_tables_name_drugs_that_there_are(kb):
    drugs = set(kb.table("drugs")["drug"])
    members = kb.table("allergy_members")
    assert set(members.filter(pl.col("kind") == "drug")["member"]) <= drugs
    assert not set(members.filter(pl.col("kind") == "substance")["member"]) & drugs
    assert not set(kb.table("allergy_groups")["group"]) & drugs
    names = members.filter(pl.col("kind") == "name")["member"]
    assert names.is_unique().all()
    assert (members["member"] == members["member"].str.to_lowercase()).all()
    known = allergens(kb)
    coded = kb.table("concept_codes").filter(pl.col("concept") == "allergy")["answer"]
    assert all(known.find(code) or code in known.groups for code in coded if code in known.groups or code in drugs)


def test_none_beside_an_allergy_is_not_used_and_said(kb, write):
    data = read([write("a.csv", "sample,allergies\nA,penicillin; none\n")], kb)
    (note,) = data.notes.filter(code="none_and_others")["message"]
    assert note == "'none' stands beside others in a list and is not used: penicillin; none"
    assert data.observations.filter(concept="allergy")["code"].to_list() == ["penicillins"]


def test_check_shows_that_there_is_no_known_allergy(kb, write):
    for number, said in enumerate(("No known drug allergies", "NKDA", "none")):
        rows = check(write(f"{number}.csv", f"sample,allergies\nA,{said}\n"), kb)
        assert rows.filter(kind="understood", meaning="no known allergy")["name"].to_list() == [said]
    record = {"resourceType": "Bundle", "entry": [{"resource": {"resourceType": "Patient", "id": "P1"}}]}
    record["entry"].append({"resource": allergy("No known drug allergies")})
    assert check(write("f.json", record), kb).filter(kind="understood", meaning="no known allergy").height == 1


@pytest.mark.parametrize("written", ["Penicillina", "Pénicilline", "Penizillin", "penicilinas", "Penicillinallergie"])
def test_a_class_in_other_languages(kb, write, written):
    data = read([write("a.json", {"sample": "s", "allergies": [written]})], kb)
    assert data.observations.filter(concept="allergy")["code"].to_list() == ["penicillins"]
    assert "allergy_unknown" not in codes(data, "warning")


HEADINGS = [name for name, kind in LISTS.items() if kind == "allergy"]


@pytest.mark.parametrize("heading", [*HEADINGS, "Allergy", "ALLERGY"])
@pytest.mark.parametrize(
    "written", ["CODEINE", "codeine: rash", "Tylenol with codeine", "penicillin;codeine phosphate"]
)
def test_every_heading_of_a_list_of_allergies_is_read_as_one(kb, write, heading, written):
    table = write("a.csv", f"sample,planned_medications,{heading}\nA,codeine,{written}\n")
    one = write("a.json", {"sample": "A", "planned_medications": ["codeine"], heading: written.split(";")})
    item = write("long.csv", f"person,item,value\nA,planned_medications,codeine\nA,{heading},{written}\n")
    for path in (table, one, item):
        assert [note.subject for note in alerts(read([path], kb), None, kb)] == ["codeine"], path.name


def test_an_allergy_to_a_combination_counts_for_its_parts_and_a_reaction_is_no_name(kb, write):
    taken = {"sample": "A", "planned_medications": ["oxycodone", "paracetamol"], "allergies": ["Percocet"]}
    told = list(alerts(read([write("a.json", taken)], kb), None, kb))
    assert sorted(note.subject for note in told) == ["acetaminophen", "oxycodone"]
    assert "either part may be the cause" in told[0].message
    for written in ("anastrozole: arthralgia", "anastrozole (rash)", "anastrozole - arthralgia", "anastrozole"):
        other = {"sample": "A", "planned_medications": ["anastrozole"], "allergies": [written]}
        assert len(list(alerts(read([write("a.json", other)], kb), None, kb))) == 1, written


def reactions(data) -> dict[str, str | None]:
    rows = data.observations.filter(pl.col("concept") == "allergy")
    return dict(rows.select("code", "reaction").iter_rows())


@pytest.mark.parametrize(
    ("written", "code", "reaction"),
    [
        ("carbamazepine: SJS 2019", "carbamazepine", "SJS 2019"),
        ("carbamazepine (Stevens-Johnson)", "carbamazepine", "Stevens-Johnson"),
        ("carbamazepine - rash", "carbamazepine", "rash"),
        ("carbamazepine -> DRESS", "carbamazepine", "DRESS"),
        ("carbamazepine causes hives", "carbamazepine", "hives"),
        ("snake oil: fainting", "snake oil", "fainting"),
        ("carbamazepine", "carbamazepine", None),
        ("carbamazepine (drug)", "carbamazepine", None),
        ("carbamazepine (Tegretol)", "carbamazepine", None),
        ("carbamazepine (2019)", "carbamazepine", None),
    ],
)
def test_the_reaction_behind_a_substance_is_kept(kb, write, written, code, reaction):
    assert reactions(read([write("a.json", {"sample": "A", "allergies": [written]})], kb)) == {code: reaction}


@pytest.mark.parametrize("told", [{"reaction": "SJS"}, {"reactions": ["SJS"]}, {"manifestation": "SJS"}])
def test_the_reaction_of_an_entry_is_kept(kb, write, told):
    entry = {"substance": "carbamazepine", **told}
    assert reactions(read([write("a.json", {"sample": "A", "allergies": [entry]})], kb)) == {"carbamazepine": "SJS"}


def test_the_reaction_of_a_table_of_fhir_and_of_a_list_of_drugs_is_kept(kb, write):
    table = write("t.csv", "sample,allergen,reaction,severity\nA,carbamazepine,SJS,severe\nA,aspirin,,\n")
    assert reactions(read([table], kb)) == {"carbamazepine": "SJS", "aspirin": None}
    did = [
        {
            "manifestation": [
                {"text": "SJS"},
                {"coding": [{"system": "http://snomed.info/sct", "code": "386661006", "display": "fever"}]},
            ]
        }
    ]
    bundle = {"resourceType": "Bundle", "entry": [{"resource": allergy("carbamazepine", reaction=did)}]}
    assert reactions(read([write("b.json", bundle)], kb)) == {"carbamazepine": "SJS, fever"}
    listed = {"sample": "A", "medications": ["carbamazepine (rash)", "aspirin"]}
    assert reactions(read([write("m.json", listed)], kb)) == {"carbamazepine": "rash"}


def test_a_reason_is_one_fact_in_two_wordings(kb):
    known = allergens(kb)
    for own, drug in (
        ("carbamazepine", "oxcarbazepine"),
        ("morphine", "oxycodone"),
        ("amitriptyline", "carbamazepine"),
    ):
        why = known.against(own, drug)
        assert own in why.plain and drug in why.plain and own in why.message
        assert not any(word in why.plain for word in ("ring", "histamine", "aromatic", "morphine kind", "label", ";"))
    assert (
        not known.against("morphine", "oxycodone").certain and known.against("carbamazepine", "oxcarbazepine").certain
    )
