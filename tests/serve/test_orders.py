"""Which drugs an order is about."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgx.serve.orders import OrderNames, drugs_of, named, read
from tests.reports.rendered import LEXICON

NAMES = OrderNames.of(LEXICON.drug_names, LEXICON.resolver)
RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"


def request(concept, i="1", **more):
    return {"resource": {"resourceType": "MedicationRequest", "id": i, "medicationCodeableConcept": concept} | more}


@pytest.mark.parametrize(
    ("concept", "drugs"),
    [
        ({"coding": [{"system": RXNORM, "code": "32968"}]}, ["clopidogrel"]),
        ({"coding": [{"system": "http://www.whocc.no/atc", "code": "B01AC04"}]}, ["clopidogrel"]),
        (
            {"coding": [{"system": RXNORM, "code": "309362", "display": "Clopidogrel 75 MG Oral Tablet"}]},
            ["clopidogrel"],
        ),
        ({"coding": [{"system": RXNORM, "code": "309362"}]}, ["clopidogrel"]),
        ({"coding": [{"system": RXNORM, "code": "992528"}]}, []),
        ({"coding": [{"system": RXNORM, "code": "309362"}], "text": "warfarin 5 mg"}, ["clopidogrel", "warfarin"]),
        ({"text": "PLAVIX 75 mg"}, ["clopidogrel"]),
        ({"text": "warfarin sodium 5 MG Oral Tablet [Coumadin]"}, ["warfarin"]),
        ({"coding": [{"system": "http://example.org/local", "code": "32968"}]}, []),
        ({"coding": [{"system": RXNORM, "code": "000"}]}, []),
        ({"text": "something else"}, []),
        ({}, []),
    ],
)
def test_codes_first_then_the_names_in_the_text(concept, drugs):
    assert drugs_of(concept, NAMES) == drugs


def test_only_whole_words_name_a_drug():
    assert named("isocodeinex", NAMES) == []
    assert named("codeine/acetaminophen", NAMES)[:1] == ["codeine"]


def test_order_select_looks_at_the_selection_and_order_sign_at_all():
    context = {
        "draftOrders": {"entry": [request({"text": "codeine"}), request({"text": "warfarin"}, "2")]},
        "selections": ["MedicationRequest/2"],
    }
    assert read(context, NAMES, only_selected=True).drugs == ["warfarin"]
    assert read(context, NAMES, only_selected=False).drugs == ["codeine", "warfarin"]


@pytest.mark.parametrize(
    ("selected", "unnamed"),
    [
        ("MedicationRequest/1", []),
        ("MedicationRequest/9", ["MedicationRequest/9 is not among the draft orders"]),
        ("https://ehr.example/fhir/MedicationRequest/9", ["MedicationRequest/9 is not among the draft orders"]),
        ("urn:uuid:99", ["urn:uuid:99 is not among the draft orders"]),
        ("ServiceRequest/9", []),
    ],
)
def test_a_selected_order_that_was_not_sent_is_said(selected, unnamed):
    context = {"draftOrders": {"entry": [request({"text": "codeine"})]}, "selections": [selected]}
    assert read(context, NAMES, only_selected=True).unnamed == unnamed
    assert read(context, NAMES, only_selected=False).unnamed == []


def test_references_are_followed_inside_the_order_and_the_bundle():
    inside = {
        "resource": {
            "resourceType": "MedicationRequest",
            "id": "1",
            "contained": [
                {"resourceType": "Medication", "id": "m", "code": {"coding": [{"system": RXNORM, "code": "2670"}]}}
            ],
            "medicationReference": {"reference": "#m"},
        }
    }
    outside = {
        "resource": {
            "resourceType": "MedicationRequest",
            "id": "2",
            "medicationReference": {"reference": "Medication/x"},
        }
    }
    medication = {"resource": {"resourceType": "Medication", "id": "x", "code": {"text": "warfarin"}}}
    shown = {
        "resource": {
            "resourceType": "MedicationRequest",
            "id": "3",
            "medicationReference": {"display": "Simvastatin 20 mg"},
        }
    }
    context = {"draftOrders": {"entry": [inside, outside, medication, shown]}}
    assert read(context, NAMES, only_selected=False).drugs == ["codeine", "warfarin", "simvastatin"]


KEYS = ["entry", "resource", "resourceType", "coding", "medicationCodeableConcept", "draftOrders", "text"]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=3),
    max_leaves=12,
)


@given(st.dictionaries(st.sampled_from(["draftOrders", "selections"]), JSON))
def test_no_context_breaks_it(context):
    assert read(context, NAMES, only_selected=False).drugs == []


def referred(reference, full_url, **more):
    medication = {"resourceType": "Medication", "id": "aa", "code": {"text": "clopidogrel"}} | more
    order = {"resourceType": "MedicationRequest", "id": "m1", "medicationReference": {"reference": reference}}
    return {"draftOrders": {"entry": [{"fullUrl": full_url, "resource": medication}, {"resource": order}]}}


@pytest.mark.parametrize(
    ("reference", "full_url"),
    [
        ("urn:uuid:aa", "urn:uuid:aa"),
        ("http://x.example/fhir/Medication/aa", "http://x.example/fhir/Medication/aa"),
        ("http://x.example/fhir/Medication/aa/_history/2", "http://x.example/fhir/Medication/aa"),
        ("Medication/aa", "urn:uuid:bb"),
    ],
)
def test_a_medication_is_found_by_every_kind_of_reference(reference, full_url):
    assert read(referred(reference, full_url), NAMES, only_selected=False).drugs == ["clopidogrel"]


def test_a_medication_of_ingredients_is_its_ingredients():
    more = {"code": {}, "ingredient": [{"itemCodeableConcept": {"text": "Codeine"}}]}
    assert read(referred("Medication/aa", "urn:uuid:aa", **more), NAMES, only_selected=False).drugs == ["codeine"]


def test_a_snomed_code_alone_names_a_drug():
    assert drugs_of({"coding": [{"system": "http://snomed.info/sct", "code": "108979001"}]}, NAMES) == ["clopidogrel"]


@pytest.mark.parametrize(
    ("concept", "said"),
    [
        ({"coding": [{"system": RXNORM, "code": "9999999"}]}, ["RxNorm 9999999"]),
        ({"coding": [{"system": RXNORM, "code": "314076"}]}, []),
        ({"coding": [{"system": RXNORM, "code": "992528"}]}, []),
        ({"coding": [{"system": "http://snomed.info/sct", "code": "32968"}]}, ["SNOMED 32968"]),
        ({}, ["no code and no name"]),
        ({"text": "a drug of another base"}, []),
        ({"text": "codeine"}, []),
        ({"text": "Timolol 0.5 % eye drops"}, []),
    ],
)
def test_an_order_without_any_name_of_a_drug_is_told_by_what_it_says(concept, said):
    assert read({"draftOrders": {"entry": [request(concept)]}}, NAMES, only_selected=False).unnamed == said


def test_a_selection_by_its_whole_address_is_the_selection():
    context = {"draftOrders": {"entry": [request({"text": "codeine"})]}, "selections": ["http://x/MedicationRequest/1"]}
    assert read(context, NAMES, only_selected=True).drugs == ["codeine"]


CLOPIDOGREL = {"text": "clopidogrel"}
MEDICATION = {"resourceType": "Medication", "id": "m"}
SUBSTANCE = {"resourceType": "Substance", "id": "s", "code": CLOPIDOGREL}


@pytest.mark.parametrize(
    ("order", "beside"),
    [
        ({"medication": {"concept": CLOPIDOGREL}}, []),  # as R5 has it
        ({"medication": {"reference": {"reference": "Medication/m"}}}, [MEDICATION | {"code": CLOPIDOGREL}]),
        (
            {"medicationReference": {"reference": "Medication/m"}},
            [MEDICATION | {"ingredient": [{"itemReference": {"reference": "Substance/s"}}]}, SUBSTANCE],
        ),
        (
            {"medicationReference": {"reference": "Medication/m"}},
            [MEDICATION | {"ingredient": [{"item": {"concept": CLOPIDOGREL}}]}],
        ),
        (
            {
                "contained": [MEDICATION | {"ingredient": [{"itemReference": {"reference": "#s"}}]}, SUBSTANCE],
                "medicationReference": {"reference": "#m"},
            },
            [],
        ),
        (
            {"medicationCodeableConcept": {"coding": [{"system": "urn:oid:2.16.840.1.113883.6.88", "code": "32968"}]}},
            [],
        ),
    ],
)
def test_orders_of_each_version_and_by_ingredient_alone_name_their_drug(order, beside):
    entries = [{"resource": {"resourceType": "MedicationRequest", "id": "1"} | order}]
    context = {"draftOrders": {"entry": entries + [{"resource": one} for one in beside]}}
    assert read(context, NAMES, only_selected=False).drugs == ["clopidogrel"]


def test_an_order_that_forbids_a_drug_and_one_for_the_eye_alone_get_no_advice():
    context = {"draftOrders": {"entry": [request(CLOPIDOGREL, doNotPerform=True)]}}
    assert (
        read(context, NAMES, only_selected=False).drugs == []
        and read(context, NAMES, only_selected=False).unnamed == []
    )
    assert drugs_of({"text": "ciprofloxacin 0.3 % eye drops"}, NAMES) == []
    assert drugs_of({"text": "fluorouracil 5 % topical cream"}, NAMES) == []
    assert drugs_of({"text": "fluorouracil 50 mg/ml infusion"}, NAMES) == ["fluorouracil"]


@pytest.mark.parametrize("status", ["entered-in-error", "cancelled"])
def test_an_order_that_was_withdrawn_is_none(status):
    entries = [request({"text": "codeine"}, status=status), request({"text": "warfarin"}, "2", status="draft")]
    assert read({"draftOrders": {"entry": entries}}, NAMES, only_selected=False).drugs == ["warfarin"]


@pytest.mark.parametrize(("text", "count"), [("clopidogrell", 1), ("prednisolone", 0), ("something else", 0), ("", 1)])
def test_a_slip_in_a_drug_s_name_is_said_not_to_be_recognised(text, count):
    context = {"draftOrders": {"entry": [request({"text": text})]}}
    assert len(read(context, NAMES, only_selected=False).unnamed) == count


UNREADABLE = [
    None,
    7,
    {},
    {"resource": None},
    {"resource": [1]},
    {"resource": {"id": "1"}},
    request({"coding": [1]}),
    request(["codeine"]),
]


@pytest.mark.parametrize("entry", UNREADABLE)
@pytest.mark.parametrize("only_selected", [True, False])
def test_an_order_that_cannot_be_read_is_told_and_not_passed_over(entry, only_selected):
    context = {"draftOrders": {"entry": [entry]}, "selections": ["MedicationRequest/1"]}
    found = read(context, NAMES, only_selected=only_selected)
    typed = isinstance(entry, dict) and "resourceType" in (entry.get("resource") or [])
    missing = only_selected and not typed
    said = "MedicationRequest/1 is not among the draft orders" if missing else "no code and no name"
    assert (found.drugs, found.unnamed) == ([], [said])


def test_a_selected_address_of_something_that_cannot_be_read_is_told():
    context = {"draftOrders": {"entry": [{"fullUrl": "urn:uuid:1", "resource": [1]}]}, "selections": ["urn:uuid:1"]}
    assert read(context, NAMES, only_selected=True).unnamed == ["no code and no name"]


def test_a_selection_of_nothing_that_was_sent_is_told_beside_one_that_was():
    context = {"draftOrders": {"entry": [request({"text": "codeine"}, "2"), None]}}
    selections = ["MedicationRequest/2", "MedicationRequest/1"]
    found = read({**context, "selections": selections}, NAMES, only_selected=True)
    assert (found.drugs, len(found.unnamed)) == (["codeine"], 1)
    assert not read({**context, "selections": []}, NAMES, only_selected=True)
