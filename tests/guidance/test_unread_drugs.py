"""A drug whose entry could not be read may be taken: no number of the genes stands against what it would do."""

from __future__ import annotations

import json

import polars as pl
import pytest

from pgx import knowledge, schema
from pgx.clinical.read import read
from pgx.guidance import recommend
from pgx.judgement import judgements
from pgx.knowledge.acting import DECIDES
from pgx.knowledge.dose_forms import dose_forms
from pgx.knowledge.drug_names import drug_names
from pgx.phenotypes import assign
from pgx.types import Result
from tests.phenotypes.builders import callset, pattern
from tests.reports.rendered import render_html, render_text, view

KB = knowledge.load()


def result(folder, *taken, genes="*1/*1"):
    path = folder / "s.json"
    coded = [{"text": name} for name in ("tacrolimus oral", *taken)]
    entries = [
        {
            "resource": {
                "resourceType": "MedicationAdministration",
                "status": "completed",
                "subject": {"reference": "Patient/s"},
                "effectiveDateTime": "2026-11-01",
                "medicationCodeableConcept": one,
            }
        }
        for one in coded
    ]
    patient = {"resource": {"resourceType": "Patient", "id": "s"}}
    bundle = {"resourceType": "Bundle", "type": "collection", "entry": [patient, *entries]}
    path.write_text(json.dumps(bundle), encoding="utf-8")
    history = read([path], KB, samples=["s"])
    calls, phenotypes = assign(callset({"s": {"CYP3A5": pattern(genes)}}), KB, history)
    said = recommend(phenotypes, calls, history, KB, drugs=["tacrolimus"])
    scores = schema.empty(schema.SCORES)
    judged = judgements(said, calls, scores, KB)
    return Result(
        ("s",), calls, phenotypes, said, scores, history.observations, history.medications, history.notes,
        judgements=judged,
    )  # fmt: skip


def first_page(found):
    return render_text(found, "s", color=False, width=4000).split("What each source says")[0]


@pytest.mark.parametrize(
    "written",
    ["Voriconazol i.v.", "voriconazole (i.v.)", "i.v. voriconazole", "Voriconazol p.o.", "Voriconazol per os",
     "Voriconazol intraven\u00f6s", "Voriconazol s.c.", "voriconazole i.m.", "Voriconazol i.v. 200 mg"],
)  # fmt: skip
def test_a_route_beside_a_name_is_read_past(written, tmp_path):
    assert drug_names(KB).find(written).drugs == ("voriconazole",) and drug_names(KB).beside(written) is None
    assert dose_forms(KB).acts(written) == "whole_body"
    found = result(tmp_path, written)
    assert set(found.medications["drug"]) == {"tacrolimus", "voriconazole"}
    assert "voriconazole (strong CYP3A4 inhibitor) raises tacrolimus" in first_page(found)


def test_a_route_alone_names_no_drug():
    for text in ("i.v.", "per os", "s.c."):
        assert drug_names(KB).find(text).drugs == ()


def test_a_drug_that_could_not_be_read_withholds_the_number_that_it_would_turn_around(tmp_path):
    found = result(tmp_path, "HIV: Kaletra")
    rows = found.guidance.filter(drug="tacrolimus", source="CPIC")
    assert rows["action"].to_list() == [DECIDES] and rows["dose_change"].to_list() == [None]
    shown = first_page(found)
    assert "50" not in next(one for one in view(found, "s").drugs if one.name == "tacrolimus").headline
    assert "lopinavir/ritonavir (strong CYP3A4 inhibitor, perhaps taken: its entry could not be read)" in shown
    assert not rows["flags"].list.contains("label_limit").any()
    plain = result(tmp_path).guidance.filter(source="CPIC")
    assert plain["dose_change"].to_list() == ["50..100"]


def test_a_known_drug_is_never_said_to_be_unknown(tmp_path):
    found = result(tmp_path, "HIV: Kaletra", "Zzyzxine")
    shown = view(found, "s")
    assert shown.unread_medicines == ["lopinavir/ritonavir"] and shown.unknown_medicines == ["zzyzxine"]
    for page in (first_page(found), render_html(found, "s")):
        assert "hiv: kaletra" not in page.split("nothing is known of it")[0].lower()
    rows = found.observations if hasattr(found, "observations") else found.clinical
    assert "hiv: kaletra" not in rows.filter(pl.col("concept") == "medication_unknown")["code"].to_list()
