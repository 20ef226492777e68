"""What a person's record says against a drug, or against the record itself, stands before everything else."""

from __future__ import annotations

import json

from tests.conftest import EXAMPLES

PERSON = EXAMPLES / "HG00652.GRCh38.vcf.gz"


def test_an_allergy_leads_the_report_on_every_page(pgx_command, tmp_path):
    history = {"sample": "HG00652", "planned_medications": ["clopidogrel"], "allergies": ["Plavix", "ticagrelor"]}
    (tmp_path / "p.json").write_text(json.dumps(history), encoding="utf-8")
    run = pgx_command("report", PERSON, "-c", "p.json", "-o", "out", "--format", "html,leaflet,json", "-q")
    assert run.returncode == 0, run.stderr
    text = run.stdout
    plain = " ".join(text.split())
    assert "Avoid or replace (1) clopidogrel (planned) avoid: an allergy to clopidogrel is recorded" in plain
    page = plain.partition("Model scores")[0]
    assert page.count("an allergy to clopidogrel is recorded") == 1, "its own line says so, and no alert once more"
    for other in ("prasugrel", "ticagrelor"):
        assert f"{other} (an allergy is recorded)" in plain, "named as ruled out, not offered"
    for page, said in (
        ("report", "an allergy to clopidogrel is recorded"),
        ("leaflet", "allergy to clopidogrel is on record"),
    ):
        assert said in (tmp_path / "out" / f"HG00652.{page}.html").read_text("utf-8")
    document = json.loads((tmp_path / "out" / "HG00652.report.json").read_text(encoding="utf-8"))
    said = [note["message"] for note in document["samples"][0]["notes"] if note["code"] == "allergy"]
    assert len(said) == 1, "no alternative is left that an allergy speaks against"
    judged = document["samples"][0]["judgements"][0]
    assert not {"prasugrel", "ticagrelor"} & set(judged["alternatives"])


def test_the_report_says_on_what_medication_list_it_rests(pgx_command, tmp_path):
    record = {
        "resourceType": "Bundle",
        "entry": [
            {"resource": {"resourceType": "Patient", "id": "HG00652"}},
            {
                "resource": {
                    "resourceType": "MedicationStatement",
                    "status": "active",
                    "subject": {"reference": "Patient/HG00652"},
                    "medicationCodeableConcept": {"text": "warfarin"},
                }
            },
        ],
    }
    (tmp_path / "b.json").write_text(json.dumps(record), encoding="utf-8")
    incomplete = pgx_command("report", PERSON, "-c", "b.json", "--drugs", "warfarin")
    assert "medications: on which medication list the clinical phenotypes rest" in incomplete.stderr
    assert "the record does not say that these are all" in " ".join(incomplete.stdout.split())
    assert "clinical phenotypes rest on 1 drug (warfarin)" in " ".join(incomplete.stdout.split())
    stated = pgx_command("report", PERSON, "--medications", "warfarin")
    assert "rest on 1 drug (warfarin) listed as taken" in " ".join(stated.stdout.split())
    assert "does not say" not in stated.stdout
    none = pgx_command("report", PERSON, "--drugs", "warfarin")
    assert "no medication list is given: phenotypes are not adjusted for other drugs" in " ".join(none.stdout.split())
    assert "medication list" not in none.stderr
