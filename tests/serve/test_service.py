"""The service: cards that say what the report says, to those who may ask."""

import json
from dataclasses import replace

import polars as pl
import pytest

pytest.importorskip("fastapi")

from pgx import schema
from pgx.errors import InputError
from pgx.serve.app import create_app
from pgx.serve.cards import HOOKS
from tests.reports import example
from tests.reports.rendered import LEXICON, write
from tests.serve.client import Client

TOKEN = "a-token-of-length-24-----"
SHARED_KEYS = {"uuid", "summary", "indicator", "detail", "source"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    where = tmp_path_factory.mktemp("results")
    write(example.build(), where, ["json"])
    write(example.build("a b/c"), where, ["json"])
    return where


@pytest.fixture(scope="module")
def client(folder):
    return Client(create_app(folder, LEXICON, tell_untested=False))


@pytest.fixture(scope="module")
def telling(folder):
    return Client(create_app(folder, LEXICON))


def order(*drugs, patient=example.SAMPLE, hook="order-sign", **more):
    entries = [
        {"resource": {"resourceType": "MedicationRequest", "id": str(i), "medicationCodeableConcept": {"text": drug}}}
        for i, drug in enumerate(drugs)
    ]
    context = {
        "userId": "Practitioner/1",
        "patientId": patient,
        "draftOrders": {"resourceType": "Bundle", "entry": entries},
    }
    return {"hook": hook, "hookInstance": "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea", "context": context | more}


def cards(client, **request):
    answer = client.post(f"/cds-services/pgx-{request['hook']}", json=request)
    assert answer.status_code == 200, answer.text
    return answer.json()["cards"]


def test_discovery_lists_both_hooks(client):
    found = client.get("/cds-services").json()["services"]
    assert {(s["hook"], s["id"]) for s in found} == {(hook, f"pgx-{hook}") for hook in HOOKS}
    assert all(s["description"] for s in found)


def test_a_drug_to_avoid_gives_a_critical_card(client):
    (card,) = cards(client, **order("clopidogrel 75 mg"))
    assert card["indicator"] == "critical"
    assert card["summary"] == "clopidogrel: avoid"
    assert len(card["summary"]) < 140
    assert "CYP2C19 Poor Metabolizer" in card["detail"]
    assert "not a medical device" in card["detail"]
    assert set(card) >= SHARED_KEYS
    assert card["source"]["url"].startswith("https://")
    assert {link["label"] for link in card["links"]} == {
        "CPIC on clopidogrel",
        "DPWG on clopidogrel",
        "FDA on clopidogrel",
    }


def test_urgency_decides_how_loud_and_in_which_order(client):
    found = cards(client, **order("abacavir", "azathioprine", "tacrolimus", "codeine"))
    assert [(c["summary"].split(":")[0], c["indicator"]) for c in found] == [
        ("codeine", "critical"),
        ("azathioprine", "warning"),
        ("abacavir", "info"),
    ], "a drug that is fine as usual stays silent; a gene that was not called is said"


def test_a_drug_that_the_stored_result_does_not_cover_is_not_silent(client):
    (card,) = cards(client, **order("flucloxacillin", "paracetamol"))
    assert card["indicator"] == "info"
    assert "flucloxacillin: the stored result does not cover this drug" in card["summary"]
    assert "nothing is known" in card["detail"]
    assert cards(client, **order("siponimod", patient="nobody")) == []


def test_uncertainty_is_on_the_card(client):
    (card,) = cards(client, **order("azathioprine"))
    assert "38 %" in card["detail"]


def test_what_another_drug_does_to_the_ordered_one_is_on_the_card(tmp_path):
    result = example.build()
    note = {
        "severity": "warning",
        "stage": "phenotypes",
        "code": "drug_drug_gene",
        "subject": "codeine",
        "message": "paroxetine inhibits CYP2D6",
    }
    notes = schema.from_rows([*result.notes.to_dicts(), note | {"sample": example.SAMPLE}], schema.NOTES)
    parts = {name: getattr(result, name) for name in result.__slots__} | {"notes": notes}
    write(type(result)(**parts), tmp_path, ["json"])
    (card,) = cards(Client(create_app(tmp_path, LEXICON)), **order("codeine"))
    assert "**Interaction:** paroxetine inhibits CYP2D6" in card["detail"].replace("\\_", "_")


def test_an_urgency_that_is_not_known_never_makes_a_critical_card_quiet(tmp_path):
    result = example.build()
    rows = [row | ({"urgency": "forbidden"} if row["drug"] == "codeine" else {}) for row in result.guidance.to_dicts()]
    parts = {name: getattr(result, name) for name in result.__slots__}
    write(type(result)(**parts | {"guidance": schema.from_rows(rows, schema.GUIDANCE)}), tmp_path, ["json"])
    (card,) = cards(Client(create_app(tmp_path, LEXICON)), **order("codeine"))
    assert card["indicator"] == "critical"
    assert "does not know the urgency 'forbidden'" in card["detail"]


def test_order_select_answers_only_the_selection(client):
    request = order("codeine", "clopidogrel", hook="order-select", selections=["MedicationRequest/1"])
    assert [c["summary"] for c in cards(client, **request)] == ["clopidogrel: avoid"]


def test_patients_are_found_by_id_reference_or_prefetched_identifier(client):
    assert cards(client, **order("codeine", patient=f"Patient/{example.SAMPLE}"))
    request = order("codeine", patient="123")
    assert cards(client, **request) == []
    patient = {"resourceType": "Patient", "identifier": [{"value": "other"}, {"value": example.SAMPLE}]}
    assert cards(client, **request, prefetch={"patient": patient})


def test_a_sample_name_that_is_no_file_name_is_found(client):
    answer = client.post(
        "/cds-services/pgx-order-sign",
        json=order("codeine", patient="none")
        | {"prefetch": {"patient": {"resourceType": "Patient", "identifier": [{"value": "a b/c"}]}}},
    )
    assert answer.json()["cards"]


@pytest.mark.parametrize(
    "patient", ["../secret", "..", "/etc/passwd", "na00001", "NA00001.report", "", "\x00", "a_b_c"]
)
def test_no_patient_id_reads_anything_else(client, patient, folder):
    (folder.parent / "secret.report.json").write_text((folder / "NA00001.report.json").read_text())
    assert cards(client, **order("codeine", patient=patient)) == []


@pytest.mark.parametrize(
    ("body", "status", "said"),
    [
        (b"{", 400, "not JSON"),
        (b"[" * 50000, 400, "not JSON"),
        (b"[]", 400, "patientId"),
        (b'{"hook": "order-sign", "context": {"patientId": 1}}', 400, "patientId"),
        (b'{"hook": "patient-view", "context": {"patientId": "1", "draftOrders": {}}}', 400, "answers order-sign"),
        (b'{"hook": "order-sign", "context": {"patientId": "1"}}', 400, "draftOrders"),
        (b" " * 1_100_000, 413, "bytes"),
    ],
)
def test_a_bad_request_is_told_what_is_wrong(client, body, status, said):
    answer = client.post("/cds-services/pgx-order-sign", content=body)
    assert answer.status_code == status
    assert said in answer.json()["issue"][0]["diagnostics"]


@pytest.mark.parametrize("service", ["order-sign", "pgx-patient-view", "pgx-"])
def test_an_unknown_service_is_not_found(client, service):
    assert client.post(f"/cds-services/{service}", json=order("codeine")).status_code == 404


def test_the_fhir_lookup_returns_the_bundle_or_one_drug(client):
    whole = client.get(f"/fhir/Patient/{example.SAMPLE}/$pgx")
    assert whole.headers["content-type"] == "application/fhir+json"
    one = client.get(f"/fhir/Patient/{example.SAMPLE}/$pgx", params={"drug": "32968"}).json()
    assert len(one["entry"]) < len(whole.json()["entry"])
    assert "clopidogrel" in json.dumps(one)
    assert "warfarin" not in json.dumps(one)
    module = pytest.importorskip("fhir.resources.R4B.bundle")
    module.Bundle.model_validate(one)


def test_fhir_problems_are_operation_outcomes(client):
    for path in ("/fhir/Patient/nobody/$pgx", f"/fhir/Patient/{example.SAMPLE}/$pgx?drug=water"):
        answer = client.get(path)
        assert answer.status_code == 404
        assert answer.json()["resourceType"] == "OperationOutcome"
    module = pytest.importorskip("fhir.resources.R4B.capabilitystatement")
    module.CapabilityStatement.model_validate(client.get("/fhir/metadata").json())


def test_a_token_is_asked_for_and_compared_whole(folder):
    guarded = Client(create_app(folder, LEXICON, token=TOKEN))
    assert guarded.get("/health").status_code == 200
    for headers in ({}, {"Authorization": TOKEN}, {"Authorization": f"Bearer {TOKEN}x"}, {"Authorization": "Bearer "}):
        answer = guarded.get("/cds-services", headers=headers)
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"] == "Bearer"
    assert guarded.get("/cds-services", headers={"Authorization": f"Bearer {TOKEN}"}).status_code == 200


def test_other_host_names_are_refused(folder):
    foreign = Client(create_app(folder, LEXICON), "evil.example")
    assert foreign.get("/cds-services").status_code == 400


def test_answers_about_patients_are_not_cached(client):
    assert client.get(f"/fhir/Patient/{example.SAMPLE}/$pgx").headers["cache-control"] == "no-store"


def test_a_changed_file_is_read_again_and_a_broken_one_is_an_error(tmp_path):
    write(example.build(), tmp_path, ["json"])
    client = Client(create_app(tmp_path, LEXICON))
    assert cards(client, **order("codeine"))
    (tmp_path / "NA00001.report.json").write_text("{}")
    answer = client.post("/cds-services/pgx-order-sign", json=order("codeine"))
    assert answer.status_code == 500
    assert "stored result" in answer.json()["issue"][0]["diagnostics"]
    (tmp_path / "NA00001.report.json").unlink()
    write(example.empty(), tmp_path, ["json"])
    assert "does not cover" in cards(client, **order("codeine"))[0]["summary"]


def test_a_missing_folder_is_an_input_error(tmp_path):
    with pytest.raises(InputError, match="no such folder"):
        create_app(tmp_path / "none", LEXICON)


def test_hostile_values_do_not_become_markup(tmp_path):
    import polars as pl

    result = example.build()
    guidance = result.guidance.with_columns(recommendation=pl.lit("<b>x</b> [y](javascript:1) **z**"))
    write(
        type(result)(**{name: getattr(result, name) for name in result.__slots__} | {"guidance": guidance}),
        tmp_path,
        ["json"],
    )
    (card,) = cards(Client(create_app(tmp_path, LEXICON)), **order("codeine"))
    assert "<b>" not in card["detail"].replace("\\<b", "")
    assert "\\[y\\]" in card["detail"]


def test_order_select_without_selections_is_a_bad_request(client):
    request = order("codeine", hook="order-select")
    assert client.post("/cds-services/pgx-order-select", json=request).status_code == 400
    assert client.post(
        "/cds-services/pgx-order-select", json=order("codeine", hook="order-select", selections=[])
    ).json() == {"cards": []}


def test_an_order_that_names_no_drug_gives_a_card_that_says_so(client):
    request = order("codeine")
    request["context"]["draftOrders"]["entry"][0]["resource"] = {
        "resourceType": "MedicationRequest",
        "id": "1",
        "medicationReference": {"reference": "Medication/none"},
    }
    (card,) = cards(client, **request)
    assert "not recognised" in card["summary"] and card["indicator"] == "info"
    assert "(no code and no name)" in card["detail"]
    assert cards(client, **order("a drug of another base")) == []


def test_only_the_origins_that_were_named_may_ask(folder):
    asked = {"Origin": "https://ehr.example", "Access-Control-Request-Method": "POST"}
    client = Client(create_app(folder, LEXICON, token=TOKEN, origins=("https://ehr.example",)))
    answer = client.request("OPTIONS", "/cds-services/pgx-order-sign", headers=asked)
    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] == "https://ehr.example"
    assert client.post("/cds-services/pgx-order-sign", json=order("codeine"), headers=asked).status_code == 401
    strange = client.request("OPTIONS", "/cds-services/pgx-order-sign", headers=asked | {"Origin": "https://x.example"})
    assert "access-control-allow-origin" not in strange.headers


def test_a_patient_without_a_stored_result_gets_one_card_where_a_result_could_matter(telling, client):
    (card,) = cards(telling, **order("clopidogrel", "paracetamol", "codeine", patient="nobody"))
    assert card["indicator"] == "info"
    assert card["summary"] == "No pharmacogenomic result is stored; it could speak against clopidogrel, codeine"
    assert "no normal result" in card["detail"]
    assert cards(telling, **order("paracetamol", patient="nobody")) == []
    assert cards(client, **order("clopidogrel", patient="nobody")) == [], "switched off"


def allergy(text, *, patient=example.SAMPLE, **more):
    resource = {
        "resourceType": "AllergyIntolerance",
        "patient": {"reference": f"Patient/{patient}"},
        "code": {"text": text},
    }
    return {"resourceType": "Bundle", "entry": [{"resource": resource | more}]}


@pytest.mark.parametrize(
    ("drug", "sent", "loud"),
    [
        ("codeine", allergy("codeine"), "critical"),
        ("codeine", allergy("allergy to codeine phosphate"), "critical"),
        ("amoxicillin", allergy("penicillin"), "critical"),
        ("codeine", allergy("codeine", verificationStatus={"coding": [{"code": "refuted"}]}), None),
        ("codeine", {"resourceType": "Parameters", "parameter": [{"resource": allergy("codeine")}]}, "critical"),
        ("codeine", allergy("codeine", clinicalStatus={"coding": [{"code": "resolved"}]}), None),
        ("codeine", allergy("codeine", patient="another"), None),
        ("codeine", allergy("no allergy to codeine"), None),
        ("warfarin", allergy("codeine"), None),
        (
            "codeine",
            allergy("", code={"coding": [{"system": "http://www.nlm.nih.gov/research/umls/rxnorm", "code": "993770"}]}),
            "critical",
        ),
        ("anastrozole", allergy("anastrozole: arthralgia"), "critical"),
        ("anastrozole", allergy("No known allergies"), None),
        ("codeine", {"resourceType": "OperationOutcome"}, None),
        ("codeine", None, None),
        ("codeine", [1, "x"], None),
    ],
)
def test_an_allergy_that_is_sent_along_gives_a_card(client, drug, sent, loud):
    found = cards(client, **order(drug), prefetch={"allergies": sent})
    about = [card for card in found if "allergy" in card["summary"]]
    assert [card["indicator"] for card in about] == ([loud] if loud else [])
    assert not about or found[0] == about[0], "it comes first"


def test_a_stored_allergy_gives_a_card(tmp_path):
    result = example.build()
    row = {"sample": example.SAMPLE, "concept": "allergy", "code": "warfarin", "source": "record", "origin": "given"}
    held = replace(result, clinical=pl.concat([result.clinical, schema.from_rows([row], schema.CLINICAL)]))
    write(held, tmp_path, ["json"])
    found = cards(Client(create_app(tmp_path, LEXICON)), **order("warfarin"))
    assert found[0]["summary"] == "warfarin: a recorded allergy speaks against it"
    assert found[0]["indicator"] == "critical"
