"""What the record says against a drug by its label: a diagnosis, or an allergy, whatever was tested of the genes."""

from __future__ import annotations

import polars as pl
import pytest

from pgx import knowledge, schema
from pgx.clinical import read
from pgx.guidance import recommend
from pgx.judgement import judgements
from pgx.phenotypes import assign
from tests.phenotypes.builders import NOT_CALLED, callset, clinical, pattern

KB = knowledge.load()
ANAESTHETICS = (
    "desflurane", "enflurane", "halothane", "isoflurane", "methoxyflurane", "sevoflurane", "succinylcholine",
)  # fmt: skip


def judged(calls, drug, **record):
    history = clinical([{"drug": drug}], [{"concept": concept, "code": code} for concept, code in record.items()])
    frame, phenotypes = assign(callset({"s": calls}), KB, history)
    said = recommend(phenotypes, frame, history, KB, drugs=[drug])
    return judgements(said, frame, schema.empty(schema.SCORES), KB).row(0, named=True)


@pytest.mark.parametrize("drug", ANAESTHETICS)
def test_malignant_hyperthermia_on_record_rules_out_what_triggers_it(drug):
    found = judged({"RYR1": NOT_CALLED, "CACNA1S": NOT_CALLED}, drug, malignant_hyperthermia="yes")
    assert (found["action"], found["urgency"]) == ("contraindicated", "avoid")


@pytest.mark.parametrize(
    ("drug", "action", "urgency"),
    [
        ("rasburicase", "contraindicated", "avoid"),
        ("pegloticase", "contraindicated", "avoid"),
        ("primaquine", "avoid", "avoid"),
        ("tafenoquine", "contraindicated", "avoid"),
        ("methylene blue", "contraindicated", "avoid"),
        ("dapsone", "avoid", "avoid"),
        ("glimepiride", "alternative", "avoid"),
        ("nitrofurantoin", "monitor", "monitor"),
        ("hydroxychloroquine", "standard_with_caution", "monitor"),
    ],
)
@pytest.mark.parametrize("calls", [NOT_CALLED, pattern("B (reference)/B (reference)")])
def test_a_deficiency_of_g6pd_on_record_holds_whatever_the_genes(calls, drug, action, urgency):
    found = judged({"G6PD": calls}, drug, g6pd_deficiency="yes")
    assert (found["action"], found["urgency"]) == (action, urgency)


@pytest.mark.parametrize(
    ("grade", "label", "action"),
    [
        ({"severe_g6pd_deficiency": "yes"}, {"contraindicated": "yes", "monitor": "no"}, "contraindicated"),
        ({"severe_g6pd_deficiency": "no"}, {"contraindicated": "no", "monitor": "yes"}, "avoid"),
        ({}, {"contraindicated": "if_population", "monitor": "if_population"}, "avoid"),
    ],
)
def test_the_label_of_primaquine_rules_out_a_severe_deficiency_and_cpic_avoids_it_in_any(grade, label, action):
    history = clinical(
        [{"drug": "primaquine"}],
        [{"concept": concept, "code": code} for concept, code in {"g6pd_deficiency": "yes", **grade}.items()],
    )
    frame, phenotypes = assign(callset({"s": {"G6PD": NOT_CALLED}}), KB, history)
    said = recommend(phenotypes, frame, history, KB, drugs=["primaquine"])
    rows = said.filter(pl.col("population").str.contains("severe_g6pd|moderate_g6pd"))
    applied = dict(rows.select("action", "applies").iter_rows())
    assert {one: applied.get(one, "no") for one in label} == label
    of_cpic = said.filter(population="g6pd_deficiency", source="CPIC")["recommendation"].to_list()
    assert ["doses of malaria guidelines" in one for one in of_cpic] == [True] * (action == "avoid")
    assert judgements(said, frame, schema.empty(schema.SCORES), KB).row(0, named=True)["action"] == action


@pytest.mark.parametrize(
    ("record", "drug", "action"),
    [
        ("dpd_deficiency", "capecitabine", "avoid"),
        ("dpd_deficiency", "fluorouracil", "avoid"),
        ("dpd_deficiency_partial", "capecitabine", "lower_start"),
        ("polg_disease", "valproic acid", "contraindicated"),
        ("polg_disease", "divalproex sodium", "contraindicated"),
    ],
)
def test_other_deficiencies_on_record_hold_where_nothing_was_tested(record, drug, action):
    assert judged({"DPYD": NOT_CALLED}, drug, **{record: "yes"})["action"] == action


def test_a_diagnosis_that_is_denied_or_not_recorded_says_nothing():
    for record in ({}, {"g6pd_deficiency": "no"}):
        found = judged({"G6PD": pattern("B (reference)/B (reference)")}, "rasburicase", **record)
        assert (found["action"], found["urgency"]) == ("standard", "standard")


def test_the_poor_metabolizer_by_genes_stays_beside_a_milder_diagnosis():
    found = judged({"DPYD": pattern("c.1905+1G>A (*2A)/c.1905+1G>A (*2A)")}, "capecitabine",
                   dpd_deficiency_partial="yes")  # fmt: skip
    assert (found["action"], found["urgency"]) == ("avoid", "avoid")


@pytest.mark.parametrize(
    ("words", "concept"),
    [
        ("malignant hyperthermia susceptibility", "malignant_hyperthermia"),
        ("T88.3", "malignant_hyperthermia"),
        ("G6PD deficient", "g6pd_deficiency"),
        ("glucose-6-phosphate dehydrogenase deficiency", "g6pd_deficiency"),
        ("D75.A", "g6pd_deficiency"),
        ("DPD deficiency", "dpd_deficiency"),
        ("dihydropyrimidine dehydrogenase deficiency", "dpd_deficiency"),
        ("partial DPD deficiency", "dpd_deficiency_partial"),
        ("Alpers-Huttenlocher syndrome", "polg_disease"),
    ],
)
def test_a_diagnosis_is_read_by_its_words_and_codes(tmp_path, words, concept):
    path = tmp_path / "record.csv"
    path.write_text(f"sample,conditions\nA,{words}\n")
    found = read([path], KB).observations.filter(pl.col("concept") == concept)
    assert found.select("sample", "code").rows() == [("A", "yes")]


@pytest.mark.parametrize(
    ("allergy", "drug", "calls"),
    [
        ("sulfamethoxazole", "celecoxib", {"CYP2C9": pattern("*1/*1")}),
        ("sulfonamide_antibiotics", "celecoxib", {"CYP2C9": pattern("*1/*1")}),
        ("aspirin", "celecoxib", {"CYP2C9": pattern("*1/*1")}),
        ("nsaids", "celecoxib", {"CYP2C9": pattern("*1/*1")}),
        ("sulfamethoxazole", "glimepiride", {"G6PD": pattern("B (reference)/B (reference)")}),
        ("imipramine", "carbamazepine", {"HLA-B": NOT_CALLED}),
    ],
)
def test_an_allergy_that_the_label_of_another_drug_excludes_rules_it_out(allergy, drug, calls):
    found = judged(calls, drug, allergy=allergy)
    assert (found["action"], found["urgency"]) == ("avoid", "avoid")


def test_an_allergy_that_may_extend_to_a_drug_asks_for_caution():
    found = judged({"CYP2C9": pattern("*1/*1")}, "ibuprofen", allergy="celecoxib")
    assert (found["action"], found["urgency"]) == ("standard_with_caution", "monitor")


@pytest.mark.parametrize(
    ("calls", "drug", "record", "population"),
    [
        ({"HLA-B": pattern("other/other")}, "abacavir", {"liver_disease": "yes"}, "liver_disease_moderate_or_severe"),
        (
            {"G6PD": pattern("B (reference)/B (reference)")},
            "tafenoquine",
            {"sex": "female", "lactation": "yes"},
            "breastfeeding_infant_G6PD_unknown_or_deficient",
        ),
        ({"CYP2C9": pattern("*1/*1")}, "siponimod", {"stroke": "yes"}, "stroke_or_infarction_last_6_months"),
    ],
)
def test_a_contraindication_of_which_the_record_tells_a_part_is_no_fine_as_usual(calls, drug, record, population):
    found = judged(calls, drug, **record)
    assert found["urgency"] == "monitor"
    assert f"under:contraindicated::{population}" in found["flags"]
    silent = judged(calls, drug)
    assert silent["urgency"] in ("standard", "no_data") and not [one for one in silent["flags"] if "under" in one]
