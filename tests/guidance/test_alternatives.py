"""No drug is named instead that the person is allergic to, or that its label rules out for them."""

from __future__ import annotations

import polars as pl
import pytest

from pgx import knowledge
from pgx.guidance import recommend
from pgx.phenotypes import assign
from tests.listed import with_text
from tests.phenotypes.builders import callset, clinical, pattern

KB = knowledge.load()
POOR = {"CYP2C19": pattern("*2/*2"), "CYP2D6": pattern("*4/*4")}


def rows(drug: str, *observations: dict[str, object]) -> pl.DataFrame:
    history = clinical(observations=list(observations)) if observations else None
    calls, phenotypes = assign(callset({"s": POOR}), KB, history)
    return with_text(recommend(phenotypes, calls, history, KB, drugs=[drug])).filter(pl.col("applies") != "possible")


def advice(found: pl.DataFrame) -> pl.DataFrame:
    """Return what rests on the genes: a record of the allergy is named beside it."""
    return found.filter(~pl.col("flags").fill_null("").str.contains("label_limit"))


def named(found: pl.DataFrame) -> set[str]:
    return {name for cell in found["alternatives"].drop_nulls() for name in cell.split(";")}


@pytest.mark.parametrize(
    ("drug", "allergen", "kept"),
    [("clopidogrel", "ticagrelor", "prasugrel"), ("clopidogrel", "prasugrel", "ticagrelor")],
)
def test_a_recorded_allergy_takes_the_drug_off_the_list_and_out_of_the_sentence(drug, allergen, kept):
    assert allergen in named(rows(drug)), "without the allergy it is named"
    found = rows(drug, {"concept": "allergy", "code": allergen})
    assert allergen not in named(found)
    assert not [text for text in advice(found)["recommendation"] if allergen in text]
    assert kept in named(found)
    told = ";".join(found["flags"].drop_nulls())
    assert f"alternative_ruled_out:{allergen}:allergy" in told


def test_what_may_only_cross_react_stays_and_another_s_allergy_changes_nothing():
    assert named(rows("codeine", {"concept": "allergy", "code": "penicillins"})) == named(rows("codeine"))


def test_after_a_stroke_or_tia_prasugrel_is_not_named_instead_of_clopidogrel():
    found = rows("clopidogrel", {"concept": "stroke", "code": "yes"})
    assert "prasugrel" not in named(found)
    assert "ticagrelor" in named(found)
    assert "alternative_ruled_out:prasugrel:label" in ";".join(found["flags"].drop_nulls())
    assert "prasugrel" in named(rows("clopidogrel", {"concept": "stroke", "code": "no"}))


def test_what_a_label_limits_for_the_person_is_named_with_its_dose():
    no_stroke = {"concept": "stroke", "code": "no"}
    light = rows("clopidogrel", {"concept": "age", "value": 60.0}, {"concept": "weight", "value": 52.0}, no_stroke)
    assert "alternative_limited:prasugrel:5 mg a day" in ";".join(light["flags"].drop_nulls())
    assert any("prasugrel (5 mg a day)" in text for text in advice(light)["recommendation"])
    old = rows("clopidogrel", {"concept": "age", "value": 79.0}, {"concept": "weight", "value": 52.0})
    assert "prasugrel" not in named(old)


def test_a_contraindication_that_the_record_says_nothing_of_is_named_unless_the_replaced_drug_has_it_too():
    told = ";".join(rows("clopidogrel")["flags"].drop_nulls())
    assert "alternative_limited:prasugrel:not after a stroke or a transient ischaemic attack" in told
    denied = ";".join(rows("clopidogrel", {"concept": "stroke", "code": "no"})["flags"].drop_nulls())
    assert "alternative_limited:prasugrel" not in denied
    assert "cirrhosis" not in ";".join(rows("simvastatin")["flags"].drop_nulls())


@pytest.mark.parametrize(
    ("egfr", "limited"), [(22.0, True), (80.0, False)], ids=["the value leaves it open", "the value decides it"]
)
def test_a_limit_that_a_measured_value_leaves_open_is_named(egfr, limited):
    slow = {"SLCO1B1": pattern("*5/*5")}
    history = clinical(observations=[{"concept": "egfr", "value": egfr, "unit": "mL/min/{1.73_m2}"}])
    calls, phenotypes = assign(callset({"s": slow}), KB, history)
    found = with_text(recommend(phenotypes, calls, history, KB, drugs=["simvastatin"]))
    told = ";".join(found["flags"].drop_nulls())
    assert ("10 mg a day with a creatinine clearance below 30 mL/min" in told) == limited


def test_where_nothing_fits_the_sentence_names_nothing():
    found = rows("codeine", *({"concept": "allergy", "code": code} for code in ("morphine", "oxycodone")))
    assert not named(found)
    assert not [text for text in advice(found)["recommendation"] if "morphine" in text or "oxycodone" in text]


def test_what_the_genes_speak_against_is_not_named_instead():
    """Fluvoxamine and paroxetine are named instead of escitalopram; paroxetine needs CYP2D6."""
    ultrarapid = {"CYP2C19": pattern("*17/*17"), "CYP2D6": pattern("*1/*1")}

    def instead(genes):
        calls, phenotypes = assign(callset({"s": genes}), KB, None)
        return with_text(recommend(phenotypes, calls, None, KB, drugs=["escitalopram"]))

    assert "paroxetine" in named(instead(ultrarapid))
    found = instead(ultrarapid | {"CYP2D6": pattern("*1/*2x3")})
    flags = ";".join(found["flags"].drop_nulls())
    assert ("paroxetine" in named(found)) is ("alternative_ruled_out:paroxetine:genes" not in flags)


def test_an_allergy_speaks_against_the_drug_itself_whatever_the_genes():
    history = clinical(observations=[{"concept": "allergy", "code": "codeine"}])
    calls, phenotypes = assign(callset({"s": {"CYP2D6": pattern("*1/*1")}}), KB, history)
    found = with_text(recommend(phenotypes, calls, history, KB, drugs=["codeine", "warfarin"]))
    limit = found.filter(source="record")
    assert limit["drug"].to_list() == ["codeine"]
    assert limit.select("action", "urgency", "applies").row(0) == ("avoid", "avoid", "yes")
    assert "An allergy to codeine is recorded" in limit["recommendation"][0]


def test_what_a_label_may_rule_out_by_what_the_record_tells_in_part_is_named():
    slow = {"SLCO1B1": pattern("*1/*5")}
    history = clinical(observations=[{"concept": one, "code": "yes"} for one in ("cirrhosis", "liver_disease")])
    calls, phenotypes = assign(callset({"s": slow}), KB, history)
    found = with_text(recommend(phenotypes, calls, history, KB, drugs=["simvastatin"]))
    told = ";".join(found["flags"].drop_nulls())
    assert "not with decompensated cirrhosis" in told
    bare = with_text(recommend(phenotypes, calls, clinical(), KB, drugs=["simvastatin"]))
    assert "not with decompensated cirrhosis" not in ";".join(bare["flags"].drop_nulls())
