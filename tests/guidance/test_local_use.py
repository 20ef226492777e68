"""Drugs that are used on skin, eye or ear alone: guidance on such use holds, that for the whole body does not."""

from __future__ import annotations

import pytest

import pgx
from pgx import knowledge, schema
from pgx.clinical import read
from pgx.clinical.medications import add_medications
from pgx.guidance import recommend
from pgx.judgement import judgements
from pgx.phenotypes import assign
from tests.judgement.test_patients import variants
from tests.phenotypes.builders import NOT_CALLED, callset, clinical, pattern
from tests.reports import rendered

KB = knowledge.load()
POOR = pattern("c.1905+1G>A (*2A)/c.1905+1G>A (*2A)")
NORMAL = pattern("Reference/Reference")


def guidance(calls, drug, taken=(), drugs=None, **record):
    seen = [{"concept": "medication_local", "code": drug}]
    seen += [{"concept": concept, "code": code} for concept, code in record.items()]
    history = clinical([{"drug": one} for one in taken], seen)
    frame, phenotypes = assign(callset({"s": calls}), KB, history)
    return recommend(phenotypes, frame, history, KB, drugs=drugs), frame


def judged(*args, **record):
    said, calls = guidance(*args, **record)
    return judgements(said, calls, schema.empty(schema.SCORES), KB).row(0, named=True)


def test_the_row_on_use_on_the_skin_holds_and_no_other():
    said, _ = guidance({"DPYD": POOR}, "fluorouracil")
    rows = [row for row in said.iter_rows(named=True) if row["source"] != "none"]
    assert [(row["guideline"], row["applies"]) for row in rows] == [("DPWG-1278", "yes")]
    found = judged({"DPYD": POOR}, "fluorouracil")
    assert (found["action"], found["urgency"], found["sources"]) == ("avoid", "avoid", ["DPWG"])


@pytest.mark.parametrize(("drug", "calls"), [("fluorouracil", {"DPYD": NORMAL}), ("timolol", {"CYP2D6": NOT_CALLED})])
def test_a_drug_on_whose_local_use_nothing_is_said_has_a_row_and_no_advice(drug, calls):
    said, _ = guidance(calls, drug)
    assert said.filter(source="none")["recommendation"].to_list() == [
        f"{drug} acts on skin, eye or ear alone: guidance for the whole body does not hold."
    ]
    found = judged(calls, drug)
    assert (found["action"], found["urgency"]) == (None, "no_data") and "local_form" in found["flags"]


def test_an_untested_gene_could_rule_out_the_use_on_the_skin():
    found = judged({"DPYD": NOT_CALLED}, "fluorouracil")
    assert (found["urgency"], found["could_change"]) == ("no_data", ["gene:DPYD=avoid"])


def test_a_drug_that_is_also_taken_or_is_named_has_guidance_for_the_whole_body():
    for more in ({"taken": ["fluorouracil"]}, {"drugs": ["fluorouracil"]}):
        said, _ = guidance({"DPYD": NORMAL}, "fluorouracil", **more)
        assert said.filter(source="CPIC")["action"].to_list() == ["standard"]
        assert said.filter(source="none").is_empty()


def test_the_record_rules_out_what_is_used_on_the_skin():
    deficient = judged({"DPYD": NOT_CALLED}, "fluorouracil", dpd_deficiency="yes")
    assert (deficient["action"], deficient["evidence"][0]) == ("contraindicated", "rule:LABEL-091")
    allergic = judged({"DPYD": NORMAL}, "fluorouracil", allergy="fluorouracil")
    assert allergic["action"] == "avoid"


def test_a_cream_of_a_record_or_a_typed_list_is_read_as_local_use(tmp_path):
    path = tmp_path / "record.csv"
    path.write_text("sample,drug,route\nA,fluorouracil 5% cream,topical\n")
    typed = add_medications(clinical(), ["fluorouracil 5% cream"], KB, samples=["A"])
    for found in (read([path], KB), typed):
        local = found.observations.filter(concept="medication_local")
        assert local.select("sample", "code").rows() == [("A", "fluorouracil")]
        assert found.medications.is_empty()
        note = found.notes.filter(code="local_form").row(0, named=True)
        assert "guidance for the whole body does not hold" in note["message"] and note["subject"] == "fluorouracil"


def test_what_acts_locally_is_said_once_on_a_page(tmp_path):
    record = tmp_path / "record.json"
    record.write_text('{"sample": "X", "medications": ["timolol eye drops", "zzdrops eye drops"]}', encoding="utf-8")
    found = pgx.report(variants(tmp_path, ["X"]), clinical=[record])
    page = " ".join(rendered.render_text(found, "X").split(" Genes ")[0].split())
    assert page.count("acts on skin, eye or ear alone") == 2 and "timolol (local use) acts on skin" in page
    assert "Zzdrops eye drops" in page, "what has no line of its own keeps its remark"
