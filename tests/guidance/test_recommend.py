"""What a person is told about a drug: the right row of each source, and what is not known."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pgx import knowledge, schema
from pgx.errors import UsageError
from pgx.guidance import recommend
from pgx.guidance.conditions import compiled
from pgx.knowledge.resolver import drugs_of
from pgx.phenotypes import assign
from tests.listed import with_lists, with_text
from tests.phenotypes.builders import NOT_CALLED, callset, clinical, diplotype, pattern

KB = knowledge.load()


def guidance(calls, drugs, history=None, samples=("s",)):
    frame, phenotypes = assign(callset(dict.fromkeys(samples, calls)), KB, history)
    return with_text(recommend(phenotypes, frame, history, KB, drugs=drugs))


def said(calls, drug, source=None, history=None):
    rows = guidance(calls, [drug], history)
    if source:
        rows = rows.filter(source=source)
    return [(row["applies"], row["action"], row["phenotypes"]) for row in rows.iter_rows(named=True)]


def test_the_three_sources_stand_side_by_side():
    rows = guidance({"HLA-B": pattern("*57:01/*08:01", status="outside")}, ["abacavir"])
    assert dict(rows.select("source", "action").iter_rows()) == {
        "CPIC": "avoid",
        "DPWG": "contraindicated",
        "FDA": "contraindicated",
    }
    assert set(rows["urgency"]) == {"avoid"}
    assert set(rows["flags"]) == {None}
    assert all(text for text in rows["recommendation"])


def test_sources_that_differ_say_so():
    rows = guidance({"CYP2C19": pattern("*1/*17")}, ["omeprazole"])
    told = rows.filter(pl.col("applies") == "yes", pl.col("urgency") != "no_data")
    if told["urgency"].n_unique() > 1:
        assert told["flags"].str.contains("sources_differ").all()
    rows = guidance({"CYP2D6": pattern("*4/*4")}, ["codeine"])
    assert rows.filter(source="CPIC")["flags"].to_list() == ["sources_differ"]


@pytest.mark.parametrize(
    ("name", "phenotypes"),
    [
        ("*1/*1", "CYP2D6=Normal Metabolizer (score 2)"),
        ("*1/*10", "CYP2D6=Normal Metabolizer (score 1.25)"),
        ("*1/*2x2", "CYP2D6=Ultrarapid Metabolizer (score 3)"),
        ("*4/*4", "CYP2D6=Poor Metabolizer (score 0)"),
    ],
)
def test_cyp2d6_is_matched_by_activity_score(name, phenotypes):
    assert said({"CYP2D6": pattern(name)}, "codeine", "CPIC")[0][2] == phenotypes


def test_one_phenotype_can_get_two_recommendations_by_its_score():
    low = said({"CYP2D6": pattern("*4/*10")}, "tamoxifen", "CPIC")
    high = said({"CYP2D6": pattern("*1/*4")}, "tamoxifen", "CPIC")
    assert low[0][2].startswith("CYP2D6=Intermediate")
    assert high[0][2].startswith("CYP2D6=Intermediate")
    rows = [guidance({"CYP2D6": pattern(name)}, ["atomoxetine"]).filter(source="CPIC") for name in ("*4/*10", "*1/*4")]
    assert rows[0]["guideline"].to_list() != rows[1]["guideline"].to_list()


def test_dpyd_decreased_twice_needs_a_test_for_dpwg_and_a_lower_dose_for_cpic():
    calls = {"DPYD": pattern("c.2846A>T/c.2846A>T")}
    assert said(calls, "capecitabine", "DPWG")[0][2] == "DPYD=Phenotyping required (score 1)"
    one = {"DPYD": pattern("c.1905+1G>A (*2A)/Reference")}
    assert said(one, "capecitabine", "DPWG")[0][2] == "DPYD=Intermediate Metabolizer (score 1)"


def test_schemes_are_not_mixed():
    rows = guidance({"CYP2C19": pattern("*1/*17")}, ["clopidogrel"])
    of = {source: set(rows.filter(source=source)["phenotypes"].drop_nulls()) for source in ("CPIC", "DPWG")}
    assert of["CPIC"] == {"CYP2C19=Rapid Metabolizer"}
    assert of["DPWG"] <= {"CYP2C19=Normal Metabolizer"}


def test_a_row_on_the_diplotype_goes_before_the_row_on_the_phenotype():
    rows = guidance({"CYP2C9": pattern("*1/*3"), "VKORC1": NOT_CALLED}, ["warfarin"]).filter(source="DPWG")
    told = rows.filter(pl.col("applies") == "yes")
    assert told["phenotypes"].to_list() == ["CYP2C9=*1/*3"]
    other = guidance({"CYP2C9": pattern("*1/*5")}, ["warfarin"]).filter(source="DPWG", applies="yes")
    assert other["phenotypes"].to_list() == ["CYP2C9=Intermediate Metabolizer"]


def test_genes_are_combined_as_the_guideline_does():
    both = {"CYP2D6": pattern("*4/*4"), "CYP2C19": pattern("*1/*17")}
    rows = guidance(both, ["amitriptyline"]).filter(source="CPIC")
    assert set(rows["phenotypes"]) == {"CYP2C19=Rapid Metabolizer;CYP2D6=Poor Metabolizer (score 0)"}
    one = guidance({"CYP2D6": pattern("*4/*4"), "CYP2C19": NOT_CALLED}, ["amitriptyline"]).filter(source="CPIC")
    assert one["genes"].to_list()[0] == "CYP2C19;CYP2D6"
    assert "CYP2C19=not tested" in one["phenotypes"].to_list()[0]
    assert "gene_not_tested" in one["flags"].to_list()[0]


def test_a_gene_that_is_not_called_is_never_standard():
    rows = guidance({"TPMT": NOT_CALLED, "NUDT15": NOT_CALLED}, ["mercaptopurine"])
    assert set(rows["applies"]) == {"not_tested"}
    assert set(rows["urgency"]) == {"no_data"}
    assert rows["action"].null_count() == rows.height
    assert "NUDT15" in rows["recommendation"].to_list()[0]


def test_as_usual_never_rests_on_a_gene_that_is_not_tested():
    rows = guidance({"TPMT": pattern("*1/*1"), "NUDT15": NOT_CALLED}, ["azathioprine"]).filter(source="CPIC")
    assert rows.select("applies", "action", "urgency", "flags").rows() == [
        ("yes", "standard", "no_data", "gene_not_tested;could_mean:avoid:NUDT15"),
        ("not_tested", None, "no_data", "could_mean:avoid:NUDT15"),
    ]
    poor = guidance({"TPMT": pattern("*3A/*3C"), "NUDT15": NOT_CALLED}, ["azathioprine"]).filter(source="CPIC")
    assert poor["urgency"].to_list()[0] in ("avoid", "change_dose")


def test_a_gene_missing_from_the_calls_altogether_is_not_tested_either():
    rows = guidance({"TPMT": pattern("*1/*1")}, ["abacavir"])
    assert set(rows["applies"]) == {"not_tested"}


def test_a_source_without_a_row_for_the_result_says_so():
    rows = guidance({"HLA-B": pattern("*08:01/*07:02", status="outside")}, ["abacavir"])
    assert dict(rows.select("source", "applies").iter_rows()) == {"CPIC": "yes", "DPWG": "no_match", "FDA": "no_match"}


def test_a_result_that_the_source_cannot_place_is_named():
    row = guidance({"CYP2C9": pattern("*1/*14")}, ["siponimod"]).filter(source="DPWG").row(0, named=True)
    assert row["applies"] == "no_match"
    assert row["phenotypes"] == "CYP2C9=Indeterminate"
    assert row["recommendation"] == "DPWG has no recommendation on siponimod for CYP2C9 Indeterminate."


def test_genes_of_a_population_that_the_person_is_not_in_are_not_missed():
    calls = {"CYP2C9": pattern("*1/*1"), "VKORC1": pattern("rs9923231 reference (C)/rs9923231 reference (C)")}
    european = clinical((), [
        {"concept": "age", "value": 50.0}, {"concept": "ancestry", "code": "European"},
    ])  # fmt: skip
    rows = guidance(calls, ["warfarin"], european).filter(source="CPIC", applies="not_tested")
    assert rows["genes"].to_list() == ["CYP4F2"]


def test_a_phenotype_stated_without_a_diplotype_is_used_by_every_source_in_whose_scheme_it_means_one_thing():
    rows = guidance({"CYP2C19": pattern(status="outside", stated_phenotype="Poor Metabolizer")}, ["clopidogrel"])
    assert set(rows.filter(source="CPIC")["phenotypes"]) == {"CYP2C19=Poor Metabolizer"}
    assert set(rows.filter(source="DPWG")["phenotypes"]) == {"CYP2C19=Poor Metabolizer"}
    rows = guidance({"CYP2C19": pattern(status="outside", stated_phenotype="Rapid Metabolizer")}, ["clopidogrel"])
    assert rows.filter(source="DPWG").select("applies", "genes").rows() == [("no_match", "CYP2C19")]


def test_a_drug_without_any_guidance_has_one_row():
    rows = guidance({"CYP2D6": pattern("*1/*1")}, ["amoxicillin"])
    assert rows.select("source", "applies", "urgency").rows() == [("none", "no_match", "no_data")]


def test_an_uncertain_diplotype_shows_what_else_may_be_right():
    calls = {"CYP2C19": pattern(diplotype("*1/*1", 0.8), diplotype("*2/*2", 0.2))}
    rows = guidance(calls, ["clopidogrel"]).filter(source="CPIC", population="cardiovascular_ACS_PCI")
    assert rows.select("applies", "probability", "action").rows() == [
        ("if_population", 0.8, "standard"),
        ("possible", 0.2, "avoid"),
    ]
    assert rows["flags"].str.contains("genotype_uncertain").all()


def test_doubt_that_does_not_change_the_advice_is_not_raised():
    calls = {"HLA-B": pattern("*57:01/*08:01", status="outside"), "CYP2C19": pattern("*1/*1")}
    rows = guidance(calls, ["abacavir"])
    assert not rows["flags"].fill_null("").str.contains("genotype_uncertain").any()
    doubt = {"CYP2D6": pattern(diplotype("*1/*1", 0.7), diplotype("*1/*2", 0.3))}
    rows = guidance(doubt, ["codeine"]).filter(pl.col("genes") == "CYP2D6")
    assert set(rows["applies"]) <= {"yes", "no_match"}
    assert rows.filter(source="CPIC")["probability"].to_list() == [1.0]


def test_the_clinical_phenotype_decides_and_the_genetic_one_is_shown():
    history = clinical([{"drug": "paroxetine"}, {"drug": "codeine"}])
    rows = guidance({"CYP2D6": pattern("*1/*1")}, ["codeine"], history).filter(source="CPIC")
    row = rows.row(0, named=True)
    assert row["action"] == "avoid"
    assert row["phenotypes"] == "CYP2D6=Poor Metabolizer (score 0, genetic Normal Metabolizer score 2)"
    assert "phenoconverted" in row["flags"]


def test_a_drug_does_not_convert_the_phenotype_for_its_own_guideline():
    history = clinical([{"drug": "paroxetine"}])
    row = guidance({"CYP2D6": pattern("*1/*1")}, ["paroxetine"], history).filter(source="CPIC").row(0, named=True)
    assert row["phenotypes"] == "CYP2D6=Normal Metabolizer (score 2)"
    two = clinical([{"drug": "paroxetine"}, {"drug": "fluoxetine"}])
    row = guidance({"CYP2D6": pattern("*1/*1")}, ["paroxetine"], two).filter(source="CPIC").row(0, named=True)
    assert row["phenotypes"].startswith("CYP2D6=Poor Metabolizer")


def test_who_takes_several_drugs_that_act_on_their_own_enzyme_is_told_of_each_as_alone_among_others():
    lists = {"a": ["paroxetine"], "b": ["fluvoxamine", "omeprazole", "paroxetine"], "c": ["omeprazole", "fluoxetine"]}
    calls = {"CYP2D6": pattern("*1/*1"), "CYP2C19": pattern("*1/*17")}

    def told(people):
        history = clinical([{"sample": one, "drug": drug} for one in people for drug in lists[one]])
        return guidance(calls, None, history, samples=people)

    together = told(("a", "b", "c"))
    assert set(together.filter(sample="b")["drug"]) == set(lists["b"])
    assert pl.concat([told((one,)) for one in lists]).equals(together)
    own = together.filter(sample="a", source="CPIC").row(0, named=True)
    other = together.filter(sample="b", drug="fluvoxamine", source="CPIC").row(0, named=True)
    assert own["phenotypes"] == "CYP2D6=Normal Metabolizer (score 2)"
    assert other["phenotypes"].startswith("CYP2D6=Poor Metabolizer"), "paroxetine is left out of its own advice alone"


def test_what_is_said_of_a_drug_itself_is_the_same_without_the_look_at_others_and_at_the_genes_alone():
    history = clinical([{"drug": "paroxetine"}, {"drug": "codeine"}, {"drug": "clopidogrel"}])
    frame, phenotypes = assign(callset({"s": {"CYP2D6": pattern("*1/*1"), "CYP2C19": pattern("*2/*2")}}), KB, history)
    whole = recommend(phenotypes, frame, history, KB)
    bare = recommend(phenotypes, frame, history, KB, fitting=False, alone=False)
    of_others = ("genes_alone", "alternative_ruled_out", "alternative_limited", "alternative_use")
    kept = pl.col("flags").list.eval(pl.element().filter(~pl.element().str.contains("|".join(of_others))))
    assert whole["flags"].list.join(";").str.contains("genes_alone").any()
    shared = [name for name in whole.columns if name not in ("alternatives", "recommendation", "flags")]
    assert whole.select(*shared, kept).equals(bare.select(*shared, "flags"))


def test_a_guideline_that_speaks_of_the_inhibitor_itself_is_matched_on_it():
    history = clinical([{"drug": "ketoconazole"}, {"drug": "eliglustat"}])
    told = guidance({"CYP2D6": pattern("*4/*4")}, ["eliglustat"], history).filter(source="DPWG", applies="yes")
    assert told["population"].to_list() == ["comed:CYP3A_inhibitor_strong"]
    assert told["action"].to_list() == ["contraindicated"]


def test_an_intermediate_metabolizer_with_a_strong_inhibitor_gets_the_dose_of_a_poor_one():
    history = clinical([{"drug": "paroxetine"}, {"drug": "eliglustat"}])
    rows = guidance({"CYP2D6": pattern("*1/*4")}, ["eliglustat"], history).filter(source="DPWG")
    assert set(rows["action"]) == {"reduce_dose", "avoid"}
    assert rows["recommendation"].str.contains("84 mg once daily").any()


def test_a_halved_score_between_the_rows_goes_to_the_nearest_row_of_its_phenotype():
    history = clinical([{"drug": "duloxetine"}])
    rows = guidance({"CYP2D6": pattern("*4/*10")}, ["codeine"], history).filter(source="CPIC")
    assert rows["phenotypes"].to_list()[0].startswith("CYP2D6=Intermediate Metabolizer (score 0.125")


def test_the_medication_list_is_what_is_asked_when_no_drug_is_named():
    history = clinical([
        {"drug": "codeine"}, {"drug": "warfarin", "status": "planned"}, {"drug": "simvastatin", "status": "stopped"},
    ])  # fmt: skip
    rows = guidance({"CYP2D6": pattern("*1/*1")}, None, history)
    assert set(rows["drug"]) == {"codeine", "warfarin"}
    everything = set(guidance({"CYP2D6": pattern("*1/*1")}, None)["drug"])
    assert everything == set(compiled(KB).drugs) - {"ivacaftor"}, "nobody is told of it whose disease nobody recorded"
    assert guidance({"CYP2D6": pattern("*1/*1")}, []).is_empty()


def test_drugs_asked_for_some_persons_are_answered_for_those_alone_and_as_if_for_all():
    calls = {"CYP2C19": pattern("*2/*2"), "CYP2D6": pattern("*4/*4")}
    some = guidance(calls, {"clopidogrel": ["a", "c"], "codeine": ["b"]}, samples=("a", "b", "c"))
    everybody = guidance(calls, ["clopidogrel", "codeine"], samples=("a", "b", "c"))
    asked = (pl.col("drug") == "codeine") == (pl.col("sample") == "b")
    assert some.select("sample", "drug").unique().height == 3
    assert some.equals(everybody.filter(asked))


def test_each_person_has_their_own_list():
    history = clinical([{"sample": "a", "drug": "codeine"}, {"sample": "b", "drug": "warfarin"}])
    rows = guidance({"CYP2D6": pattern("*1/*1")}, None, history, samples=("a", "b"))
    assert set(rows.select("sample", "drug").unique().rows()) == {("a", "codeine"), ("b", "warfarin")}


@pytest.mark.parametrize(
    ("text", "drug"),
    [("Plavix", "clopidogrel"), ("32968", "clopidogrel"), ("B01AC04", "clopidogrel"), ("ZIAGEN", "abacavir")],
)
def test_drugs_go_by_brand_and_code(text, drug):
    assert set(guidance({"CYP2C19": pattern("*1/*1")}, [text])["drug"]) == {drug}


def test_an_unknown_drug_is_refused_with_a_suggestion():
    with pytest.raises(UsageError, match="clopidogrel"):
        guidance({"CYP2C19": pattern("*1/*1")}, ["clopidogrell"])


def test_what_limits_a_call_is_seen_in_the_guidance_too():
    rows = guidance({"CYP2D6": pattern("*1/*1", flags=("no_copy_number", "phase_unknown"))}, ["tamoxifen"])
    assert rows.filter(source="CPIC")["flags"].to_list() == ["no_copy_number"]


def test_fda_terms_cover_likely_phenotypes():
    likely = {"CYP2C19": pattern("*2/*9")}
    assert (
        guidance(likely, ["clopidogrel"]).filter(source="FDA")["phenotypes"].to_list()[0].startswith("CYP2C19=Likely")
    )


def test_carriers_of_hla_alleles_typed_too_coarsely_are_not_tested():
    rows = guidance({"HLA-B": pattern("*57/*08:01", status="outside")}, ["abacavir"])
    assert set(rows["applies"]) == {"not_tested"}


GENES = ["CYP2D6", "CYP2C19", "CYP2C9", "VKORC1", "DPYD", "TPMT", "NUDT15", "SLCO1B1", "CYP2B6", "UGT1A1", "CYP3A5"]
ALLELES = {gene: KB.table("functions").filter(gene=gene, scheme="CPIC")["allele"].to_list() for gene in GENES}


@st.composite
def people(draw):
    calls = {}
    for gene in draw(st.lists(st.sampled_from(GENES), unique=True, max_size=5)):
        first = draw(st.floats(0.5, 1.0))
        names = [f"{draw(st.sampled_from(ALLELES[gene]))}|{draw(st.sampled_from(ALLELES[gene]))}" for _ in range(2)]
        calls[gene] = pattern(diplotype(names[0], first), diplotype(names[1], 1 - first))
    return calls or {"CYP2D6": NOT_CALLED}


@given(people(), st.lists(st.sampled_from(compiled(KB).drugs), min_size=1, max_size=6, unique=True))
@settings(max_examples=60, deadline=None)
def test_every_drug_asked_for_is_answered_and_every_probability_makes_sense(calls, drugs):
    rows = guidance(calls, drugs)
    lists = with_lists(rows, schema.polars_schema(schema.GUIDANCE))
    assert with_text(schema.conform(lists, schema.GUIDANCE)).equals(rows)
    assert set(rows["drug"]) == set(drugs_of(KB, drugs)) >= set(drugs)  # a combination is answered by its parts, too
    told = rows.filter(pl.col("applies").is_in(["yes", "if_population", "possible"]))
    assert told["probability"].is_between(0, 1).all()
    assert told["guideline"].null_count() == 0
    sums = told.filter(~pl.col("genes").str.contains("CYP4F2")).group_by("drug", "source", "genes", "population")
    assert (sums.agg(pl.col("probability").sum())["probability"] <= 1 + 1e-6).all() or "CYP2C9" in calls
    silent = rows.filter(pl.col("applies").is_in(["not_tested", "no_match"]))
    assert set(silent["urgency"]) <= {"no_data"}
