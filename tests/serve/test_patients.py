"""The right patient: a request that does not say for certain whom it is about gets no card of anybody."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("fastapi")

from hypothesis import given
from hypothesis import strategies as st

from pgx.serve.app import create_app
from pgx.serve.patients import TwoPatientsError, patient_of
from tests.reports import example
from tests.reports.rendered import LEXICON, write
from tests.serve.client import Client

SERVER = "https://ehr.example/fhir"
MRN = "urn:oid:1.2.3"


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Client:
    folder = tmp_path_factory.mktemp("results")
    for name in ("anna", "berta"):
        write(example.build(name), folder, ["json"])
    return Client(create_app(folder, LEXICON, tell_untested=False))


def order(subject: object = None, **more: object) -> dict[str, Any]:
    resource = {"resourceType": "MedicationRequest", "id": "1", "medicationCodeableConcept": {"text": "codeine"}}
    return {"resource": resource | ({} if subject is None else {"subject": subject}) | more}


def request(
    patient: str = "anna", *, prefetched: object = None, orders: list[Any] | None = None, **more: object
) -> dict[str, Any]:
    entries = [order()] if orders is None else orders
    context = {"userId": "Practitioner/1", "patientId": patient, "draftOrders": {"entry": entries}}
    return {"hook": "order-sign", "hookInstance": "7", "context": context, "prefetch": {"patient": prefetched}} | more


def person(own: str | None = None, *identifiers: str | dict[str, str]) -> dict[str, Any]:
    listed = [{"value": one} if isinstance(one, str) else one for one in identifiers]
    return {"resourceType": "Patient", "identifier": listed} | ({} if own is None else {"id": own})


def bundle(*resources: object) -> dict[str, Any]:
    return {"resourceType": "Bundle", "entry": [{"resource": one} for one in resources]}


def nested(resource: object, depth: int) -> object:
    return nested(bundle(resource), depth - 1) if depth else resource


def reference(text: str, **more: object) -> dict[str, object]:
    return {"reference": text, **more}


def answer(client: Client, asked: dict[str, Any]) -> list[dict[str, Any]]:
    given = client.post("/cds-services/pgx-order-sign", json=asked)
    assert given.status_code == 200, given.text
    found: list[dict[str, Any]] = given.json()["cards"]
    return found


AGREEING = {
    "nothing but the id": request(),
    "the id as a reference": request("Patient/anna"),
    "the id as an address": request(f"{SERVER}/Patient/anna"),
    "the id with its version": request("Patient/anna/_history/3"),
    "the same Patient": request(prefetched=person("anna", "anna", "other")),
    "an identifier alone": request("17", prefetched=person("17", "berta")),
    "an empty Bundle": request(prefetched=bundle()),
    "the same Patient in a list": request(prefetched=[person("anna")]),
    "a Patient in a Bundle": request("17", prefetched=bundle(person("17", "berta"))),
    "no access to the Patient": request(prefetched={"resourceType": "OperationOutcome", "id": "berta"}),
    "an identifier of former times": request(prefetched=person("anna", {"value": "berta", "use": "old"})),
    "an order of the patient": request(orders=[order(reference("Patient/anna"))]),
    "an order by address": request(orders=[order(reference(f"{SERVER}/Patient/anna"))], fhirServer=f"{SERVER}/"),
    "an order by version": request(orders=[order(reference("Patient/anna/_history/2"))]),
    "an order with a name alone": request(orders=[order({"display": "Anna"})]),
    "an order by identifier": request(
        prefetched=person("anna", {"system": MRN, "value": "5"}),
        orders=[order({"identifier": {"system": MRN, "value": "5"}})],
    ),
    "an order for a contained Patient": request(
        orders=[order(reference("#p"), contained=[person("p", {"system": MRN, "value": "5"})])]
    ),
    "a Patient among the orders": request(
        orders=[order(reference("urn:uuid:1")), {"fullUrl": "urn:uuid:1", "resource": person("anna")}]
    ),
    "a test of a device": request(
        orders=[order(), {"resource": {"resourceType": "ServiceRequest", "subject": reference("Device/1")}}]
    ),
}


def parameters(*resources: object) -> dict[str, Any]:
    return {"resourceType": "Parameters", "parameter": [{"name": "p", "resource": one} for one in resources]}


def finding(target: str, **more: object) -> dict[str, Any]:
    return {"resourceType": "Observation", "subject": reference(target), **more}


AGREEING |= {
    "the same Patient in Parameters": request(prefetched=parameters(person("anna"))),
    "a Patient of Parameters by identifier": request("17", prefetched=parameters(person("17", "berta"))),
    "findings of the patient": request(prefetch={"seen": bundle(finding("Patient/anna"))}),
    "a finding with a contained Patient": request(
        prefetched=person("anna", {"system": MRN, "value": "5"}),
        prefetch={
            "patient": person("anna", {"system": MRN, "value": "5"}),
            "seen": bundle(finding("#p", contained=[person("p", {"system": MRN, "value": "5"})])),
        },
    ),
    "a finding of a Patient in the same Bundle": request(
        prefetch={
            "seen": {
                "resourceType": "Bundle",
                "entry": [
                    {"fullUrl": "urn:uuid:1", "resource": person("anna")},
                    {"fullUrl": "urn:uuid:2", "resource": finding("urn:uuid:1")},
                ],
            }
        }
    ),
    "a finding of a device": request(prefetch={"seen": bundle(finding("Device/1"))}),
}
DISAGREEING = {
    "another Patient in Parameters": request(prefetched=parameters(person("berta"))),
    "another Patient in a part of Parameters": request(
        prefetched={"resourceType": "Parameters", "parameter": [{"part": [{"resource": person("berta")}]}]}
    ),
    "another Patient in Parameters by another name": request(prefetch={"who": parameters(person("berta"))}),
    "another contained Patient": request(prefetched={"resourceType": "List", "contained": [person("berta")]}),
    "a Patient that contains another": request(prefetched=person("anna") | {"contained": [person("berta")]}),
    "a finding of another": request(prefetch={"seen": bundle(finding("Patient/berta"))}),
    "a finding of another in Parameters": request(prefetch={"seen": parameters(finding("Patient/berta"))}),
    "a finding with another contained Patient": request(
        prefetch={"seen": bundle(finding("#p", contained=[person("p", "berta")]))}
    ),
    "a task for another": request(prefetch={"todo": {"resourceType": "Task", "for": reference("Patient/berta")}}),
    "an allergy of another": request(
        prefetch={"allergies": bundle({"resourceType": "AllergyIntolerance", "patient": reference("Patient/berta")})}
    ),
    "a document about two": request(
        prefetch={"all": {"resourceType": "Basic", "subject": [reference("Patient/anna"), reference("Patient/berta")]}}
    ),
    "an order that contains another Patient": request(orders=[order(contained=[person("p", "berta")])]),
    "another Patient": request(prefetched=person("berta")),
    "another Patient, nobody stored": request(prefetched=person("18")),
    "another Patient, by number": request("17", prefetched=person("anna") | {"id": 18}),
    "another Patient, known by identifier": request("17", prefetched=person("18", "anna")),
    "two Patients": request(prefetched=bundle(person("anna"), person("berta"))),
    "another Patient in a list": request(prefetched=[person("berta")]),
    "another Patient with its answer": request(prefetched={"response": {"status": "200"}, "resource": person("berta")}),
    "another Patient in a Bundle in a Bundle": request(prefetched=bundle(bundle(person("berta")))),
    "another Patient by another name": request(prefetched=None, prefetch={"who": person("berta")}),
    "a Patient without end": request(prefetched=nested(person("berta"), 50)),
    "a Patient that is a text": request(prefetched="berta"),
    "a Patient of no kind": request(prefetched={"id": "berta"}),
    "the identifier of another": request(prefetched=person("anna", "berta")),
    "identifiers of two": request("17", prefetched=person("17", "anna", "berta")),
    "an order of another": request(orders=[order(reference("Patient/berta"))]),
    "one order of another": request(orders=[order(reference("Patient/anna")), order(reference("Patient/berta"))]),
    "an order elsewhere": request(orders=[order(reference("https://other.example/Patient/anna"))], fhirServer=SERVER),
    "an order of a group": request(orders=[order(reference("Group/anna"))]),
    "an order of nobody here": request(orders=[order(reference("urn:uuid:1"))]),
    "an order of another among them": request(
        orders=[order(reference("urn:uuid:1")), {"fullUrl": "urn:uuid:1", "resource": person("berta")}]
    ),
    "another order's patient": request(
        orders=[order(), {"resource": {"resourceType": "NutritionOrder", "patient": reference("Patient/berta")}}]
    ),
    "an order by the identifier of another": request(orders=[order({"identifier": {"value": "berta"}})]),
    "only the order knows the identifier": request("17", orders=[order({"identifier": {"value": "berta"}})]),
    "two numbers of one system": request(
        prefetched=person("anna", {"system": MRN, "value": "5"}),
        orders=[order({"identifier": {"system": MRN, "value": "6"}})],
    ),
    "an order for another contained Patient": request(
        orders=[order(reference("#p"), contained=[person("p", "berta")])]
    ),
    "an old style of order": request(
        orders=[order(), {"resource": {"resourceType": "MedicationOrder", "patient": reference("Patient/berta")}}]
    ),
}


@pytest.mark.parametrize("case", AGREEING)
def test_what_agrees_gets_the_advice(client: Client, case: str) -> None:
    (card,) = answer(client, AGREEING[case])
    assert card["summary"].startswith("codeine:")


@pytest.mark.parametrize("case", DISAGREEING)
def test_what_disagrees_gets_one_card_that_advises_and_names_nobody(client: Client, case: str) -> None:
    (card,) = answer(client, DISAGREEING[case])
    assert card["summary"] == "No pharmacogenomic advice: it is not certain which patient is meant"
    assert card["indicator"] == "warning" and "Check the patient" in card["detail"]
    assert not {"links", "suggestions", "overrideReasons"} & set(card)
    said = json.dumps(card | {"uuid": ""}).lower()
    assert not any(word in said for word in ("anna", "berta", "codeine", "cyp2d6", "17", "18"))


def test_no_drug_no_card_whoever_it_is(client: Client) -> None:
    assert answer(client, request(prefetched=person("berta"), orders=[])) == []


def test_a_path_is_not_cut_down_to_somebodys_name(client: Client) -> None:
    for text in ("x/anna", "Practitioner/anna", "Patient/anna/_history/berta/anna", "../anna"):
        assert answer(client, request(text)) == []


def test_a_result_with_two_persons_of_one_name_answers_for_neither(tmp_path: Path) -> None:
    (path,) = write(example.build("anna"), tmp_path, ["json"])
    content = json.loads(path.read_text(encoding="utf-8"))
    content["samples"] *= 2
    path.write_text(json.dumps(content), encoding="utf-8")
    client = Client(create_app(tmp_path, LEXICON, tell_untested=False))
    for reply in (
        client.post("/cds-services/pgx-order-sign", json=request()),
        client.get("/fhir/Patient/anna/$pgx"),
        client.get("/fhir/Patient/anna/$pgx?drug=codeine"),
    ):
        assert reply.status_code == 500
        assert "two persons have the same name" in reply.json()["issue"][0]["diagnostics"]


def test_the_look_up_answers_with_that_person_alone(client: Client) -> None:
    found = client.get("/fhir/Patient/anna/$pgx")
    assert found.status_code == 200 and "anna" in found.text and "berta" not in found.text
    assert client.get("/fhir/Patient/carla/$pgx").status_code == 404


ANY = st.recursive(
    st.none() | st.integers() | st.sampled_from(["anna", "Patient/anna", "Patient/berta", "#p", "Patient"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["entry", "resource", "resourceType", "subject", "reference", "identifier", "value", "id", "contained"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=15,
)


@given(ANY, ANY)
def test_no_request_breaks_it(orders: Any, prefetched: Any) -> None:
    asked = {"context": {"patientId": "anna", "draftOrders": orders}, "prefetch": {"patient": prefetched}}
    try:
        assert patient_of(asked).names[0] == "anna"
    except TwoPatientsError as error:
        assert "anna" not in str(error)


@pytest.mark.parametrize("system", ["", MRN])
def test_a_patient_without_an_id_may_be_anybody_and_chooses_nobody(system: str) -> None:
    given = request("17", prefetched=person(None, {"system": MRN, "value": "berta"}))
    found = patient_of(given, system)
    assert "berta" not in found.names and found.from_orders == ["berta"]
