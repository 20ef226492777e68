"""Two reports compared: every difference is found, with the reason that is nearest."""

from dataclasses import replace
from datetime import date

import polars as pl
import pytest

from pgx.reports.compare import REASONS, render_comparison
from tests.reports import example
from tests.reports.rendered import compare

OLD = example.build()


def changed(frame, when, **values):
    return frame.with_columns(
        pl.when(when).then(pl.lit(value)).otherwise(pl.col(name)).alias(name) for name, value in values.items()
    )


def found(new, area):
    return {change.name: change for change in compare(OLD, new).changes if change.area == area}


def test_the_same_result_has_no_changes():
    comparison = compare(OLD, example.build())
    assert comparison.changes == ()
    assert comparison.inputs == ()
    assert "Nothing changed" in render_comparison(comparison)


def test_a_new_knowledge_version_that_changes_advice_is_the_reason():
    guidance = changed(OLD.guidance, pl.col("drug") == "tacrolimus", action="increase_dose", urgency="change_dose")
    knowledge = {"version": "2027.1.1", "sha256": "aa" * 32}
    new = replace(OLD, guidance=guidance, provenance={**OLD.provenance, "knowledge": knowledge})
    drugs = found(new, "drug")
    assert set(drugs) == {"tacrolimus"}
    assert drugs["tacrolimus"].before == "Fine as usual: use as usual [CPIC]"
    assert drugs["tacrolimus"].after == "Change the dose: increase the dose [CPIC]"
    assert drugs["tacrolimus"].why == ("knowledge",)
    assert ("knowledge version", "2026.11.1", "2027.1.1") in compare(OLD, new).inputs


def test_a_new_medicine_that_changes_the_phenotype_is_the_reason():
    medicines = pl.concat(
        [OLD.medications, OLD.medications.head(1).with_columns(drug=pl.lit("fluoxetine"), status=pl.lit("current"))]
    )
    calls = changed(OLD.calls, pl.col("gene") == "TPMT", clinical_phenotype="Poor Metabolizer")
    guidance = changed(
        OLD.guidance, (pl.col("drug") == "azathioprine") & (pl.col("applies") == "yes"), action="avoid", urgency="avoid"
    )
    new = replace(OLD, medications=medicines, calls=calls, guidance=guidance)
    assert found(new, "medication")["fluoxetine"].after.startswith("current")
    assert found(new, "gene")["TPMT"].why == ("phenoconversion", "medication")
    assert found(new, "drug")["azathioprine"].why == ("phenoconversion",)


def test_new_data_that_change_a_call_are_the_reason():
    calls = changed(OLD.calls, pl.col("gene") == "CYP2D6", diplotype="*1/*4", phenotype="Intermediate Metabolizer")
    guidance = changed(OLD.guidance, pl.col("drug") == "codeine", action="standard", urgency="standard")
    inputs = [{"name": "better.vcf.gz", "sha256": "cc" * 32, "samples": "1", "role": "variants"}]
    new = replace(OLD, calls=calls, guidance=guidance, provenance={**OLD.provenance, "inputs": inputs})
    assert found(new, "gene")["CYP2D6"].why == ("data",)
    assert found(new, "drug")["codeine"].why == ("gene", "data")


@pytest.mark.parametrize(
    ("role", "why"), [("clinical", "clinical"), ("outside_calls", "outside"), ("variants", "data")]
)
def test_another_file_is_the_reason_by_what_it_holds(role: str, why: str):
    guidance = changed(OLD.guidance, pl.col("drug") == "codeine", action="standard", urgency="standard")
    files = [{"name": "a", "sha256": "11" * 32, "role": one} for one in ("variants", "clinical", "outside_calls")]
    old = replace(OLD, provenance={**OLD.provenance, "inputs": files})
    other = [{**one, "sha256": "22" * 32} if one["role"] == role else {**one, "name": "renamed"} for one in files]
    new = replace(OLD, guidance=guidance, provenance={**OLD.provenance, "inputs": other})
    changes = {change.name: change for change in compare(old, new).changes}
    assert changes["codeine"].why == (why,)


def test_a_score_moves_with_clinical_data_or_with_the_model():
    scores = changed(OLD.scores, pl.col("endpoint") == "warfarin.dose", estimate=20.0)
    clinical = changed(OLD.clinical, pl.col("concept") == "weight", value=95.0)
    new = replace(OLD, scores=scores, clinical=clinical)
    assert found(new, "score")["warfarin.dose"].why == ("clinical",)
    assert found(new, "clinical")["weight"].before == "71 kg (2026-03-02)"
    newer = replace(OLD, scores=changed(scores, pl.lit(True), model="warfarin.dose 2.0.0 00000000"))
    assert found(newer, "score")["warfarin.dose"].why == ("models",)


def test_a_score_moves_with_a_gene_that_it_uses():
    scores = changed(OLD.scores, pl.col("endpoint") == "warfarin.dose", estimate=20.0)
    for gene, why in (("CYP2C9", ("gene",)), ("TPMT", ("unexplained",))):
        calls = changed(OLD.calls, pl.col("gene") == gene, diplotype="*1/*1")
        assert found(replace(OLD, scores=scores, calls=calls), "score")["warfarin.dose"].why == why


def test_a_change_without_any_changed_input_is_said_to_be_unexplained():
    new = replace(
        OLD, guidance=changed(OLD.guidance, pl.col("drug") == "codeine", urgency="standard", action="standard")
    )
    assert found(new, "drug")["codeine"].why == ("unexplained",)


def test_drugs_that_come_and_go_are_listed():
    gone = replace(OLD, guidance=OLD.guidance.filter(pl.col("drug") != "codeine"))
    assert found(gone, "drug")["codeine"].after == ""
    (back,) = compare(gone, OLD).changes
    assert (back.name, back.before) == ("codeine", "")


def test_one_person_each_is_compared_whatever_the_names_and_others_are_listed():
    (change,) = compare(OLD, example.build("other name")).changes
    assert (change.area, change.before, change.after) == ("sample", example.SAMPLE, "other name")
    assert "Persons" in render_comparison(compare(OLD, example.build("other name")))
    both = replace(OLD, samples=(example.SAMPLE, "B"))
    (change,) = compare(OLD, both).changes
    assert (change.area, change.name, change.after) == ("sample", "B", "in the result")


def test_dates_and_doses_count_as_changes():
    new = replace(
        OLD,
        medications=changed(OLD.medications, pl.col("drug") == "warfarin", dose_mg_per_day=2.5, start=date(2026, 4, 1)),
    )
    assert found(new, "medication")["warfarin"].after == "current, 2.5 mg a day"


def test_the_text_names_reasons_in_words_and_json_as_codes():
    guidance = changed(OLD.guidance, pl.col("drug") == "codeine", urgency="standard", action="standard")
    comparison = compare(OLD, replace(OLD, guidance=guidance, provenance={**OLD.provenance, "program": "0.2.0"}))
    text = render_comparison(comparison)
    assert "codeine: Avoid or replace: avoid [CPIC] -> Fine as usual: use as usual [CPIC]" in text
    assert f"because {REASONS['program']}" in text
    assert comparison.to_dict()["changes"][0]["why"] == ["program"]


@pytest.mark.parametrize("pair", [(example.empty(), OLD), (OLD, example.empty()), (example.empty(), example.empty())])
def test_empty_results_compare(pair):
    assert render_comparison(compare(*pair))
