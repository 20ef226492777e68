"""What the first page says of a drug, and in which order."""

from dataclasses import replace

import polars as pl
import pytest

from pgx import schema
from pgx.errors import UsageError
from pgx.reports.page.wording import URGENCIES
from tests.listed import from_text
from tests.reports import example
from tests.reports.rendered import render_html, render_leaflet, render_text, view, views


def shown(**changes):
    return view(replace(example.build(), **changes), example.SAMPLE)


def guidance(*rows):
    base = {
        "sample": example.SAMPLE,
        "drug": "drug",
        "source": "CPIC",
        "genes": "G",
        "action": "avoid",
        "applies": "yes",
        "urgency": "avoid",
    }
    return from_text([base | row for row in rows], schema.GUIDANCE)


def test_drugs_are_sorted_by_urgency_then_the_persons_own_medicines():
    drugs = shown().drugs
    ranks = [URGENCIES.index(drug.urgency) for drug in drugs]
    assert ranks == sorted(ranks)
    assert [drug.name for drug in drugs][:2] == ["clopidogrel", "codeine"], (
        "planned medicine before one that nobody takes"
    )
    assert next(d for d in drugs if d.urgency == "change_dose").name == "warfarin"


def test_the_most_urgent_row_that_applies_decides():
    drug = shown(guidance=guidance({"urgency": "standard", "action": "standard"}, {"source": "DPWG"})).drugs[0]
    assert (drug.urgency, drug.headline, drug.sources) == ("avoid", "avoid", ("DPWG",))


def test_a_row_that_is_only_possible_never_decides_but_is_said_with_its_probability():
    drug = shown(
        guidance=guidance({"urgency": "standard", "action": "standard"}, {"applies": "possible", "probability": 0.2})
    ).drugs[0]
    assert drug.urgency == "standard"
    assert "20 %" in drug.cautions[0]
    assert "avoid" in drug.cautions[0]


@pytest.mark.parametrize("applies", ["not_tested", "no_match", "possible"])
def test_a_drug_without_a_row_that_applies_is_no_data_and_never_fine(applies):
    drug = shown(guidance=guidance({"applies": applies, "urgency": "standard", "action": "standard"})).drugs[0]
    assert drug.urgency == "no_data"
    assert drug.headline
    assert "usual" not in drug.headline


def test_a_conditional_row_names_its_condition():
    drug = shown(guidance=guidance({"applies": "if_population", "population": "cardiovascular_ACS_PCI"})).drugs[0]
    assert "in acute coronary syndrome" in drug.headline


def test_sources_that_differ_are_said_side_by_side():
    drug = shown(guidance=guidance({}, {"source": "FDA", "action": "standard", "urgency": "standard"})).drugs[0]
    assert drug.differences == "CPIC: avoid; FDA: use as usual"
    assert not shown(guidance=guidance({}, {"source": "FDA"})).drugs[0].differences


def test_a_dose_change_keeps_its_sign():
    row = {"action": "reduce_dose", "urgency": "change_dose", "dose_change": "-50..-25"}
    assert shown(guidance=guidance(row)).drugs[0].headline == "reduce the dose (−50 to −25 %)"
    row = {"action": "higher_start", "urgency": "change_dose", "dose_change": "40"}
    assert shown(guidance=guidance(row)).drugs[0].headline == "start with a higher dose (+40 %)"


def test_a_dose_beside_avoid_is_left_to_the_sentence():
    assert shown(guidance=guidance({"dose_change": "-50"})).drugs[0].headline == "avoid"


def test_what_holds_otherwise_stands_beside_a_condition():
    rows = ({"applies": "if_population", "population": "adult"}, {"action": "reduce_dose", "urgency": "change_dose"})
    assert shown(guidance=guidance(*rows)).drugs[0].headline == "avoid (for adults); otherwise: reduce the dose"


def test_advice_for_an_improbable_genotype_is_said_only_if_it_is_graver():
    fine = {"urgency": "standard", "action": "standard"}
    possible = {"applies": "possible", "probability": 0.02}
    assert shown(guidance=guidance(fine, possible)).drugs[0].cautions
    assert not shown(guidance=guidance({}, possible | fine)).drugs[0].cautions
    assert shown(guidance=guidance({}, possible | fine | {"probability": 0.3})).drugs[0].cautions


def test_another_dose_of_the_same_urgency_is_said_when_it_is_probable():
    less = {"action": "reduce_dose", "urgency": "change_dose", "dose_change": "-30"}
    possible = less | {"applies": "possible", "probability": 0.3}
    assert "−90 %" in shown(guidance=guidance(less, possible | {"dose_change": "-90"})).drugs[0].cautions[0]
    assert not shown(guidance=guidance(less, possible)).drugs[0].cautions


def test_avoid_outranks_an_alternative_in_the_headline():
    rows = ({"action": "alternative", "strength": "strong"}, {"source": "FDA", "action": "avoid"})
    assert shown(guidance=guidance(*rows)).drugs[0].headline == "avoid"


def test_a_part_of_the_genes_is_no_answer():
    rows = (
        {"genes": "G;H", "action": "standard", "urgency": "no_data", "phenotypes": "G=Normal;H=not tested"},
        {"genes": "H", "action": None, "applies": "not_tested", "urgency": "no_data"},
    )
    drug = shown(guidance=guidance(*rows)).drugs[0]
    assert (drug.urgency, drug.headline) == ("no_data", "cannot be judged: H not tested")
    assert drug.reason == "G Normal, H not tested"


def test_a_gene_that_a_source_would_look_at_too_is_named_beside_the_answer():
    dose = {"action": "increase_dose", "urgency": "change_dose"}
    absent = {"source": "DPWG", "genes": "H", "action": None, "applies": "not_tested", "urgency": "no_data"}
    drug = shown(guidance=guidance(dose, absent)).drugs[0]
    assert drug.cautions == ("H was not tested, and DPWG would look at it too",)


def test_sources_that_differ_for_this_person_are_not_hidden_by_a_condition():
    rows = (
        {"applies": "if_population", "population": "adult"},
        {"action": "standard_with_caution", "urgency": "monitor"},
        {"source": "FDA"},
    )
    differences = shown(guidance=guidance(*rows)).drugs[0].differences
    assert differences == "CPIC: avoid (for adults); otherwise standard dose, with caution; FDA: avoid"


def test_notes_and_states_cannot_steer_a_terminal():
    result = example.build()
    notes = result.notes.with_columns(message=pl.lit("\x1b[2J"), severity=pl.lit("warning"))
    medications = result.medications.with_columns(status=pl.lit("\x1b[2J"))
    assert "\x1b" not in render_text(replace(result, notes=notes, medications=medications), example.SAMPLE)


def test_a_drug_that_no_source_names_says_so():
    rows = {"source": "none", "applies": "no_match", "action": None, "urgency": "no_data"}
    assert shown(guidance=guidance(rows)).drugs[0].headline == "no source has a recommendation for this drug"


def test_medicines_without_any_guideline_row_are_named():
    assert shown().without_guidance == ["fluconazole"]


def test_genes_not_called_are_listed_and_have_no_phenotype():
    genes = shown().not_called
    assert {gene.name for gene in genes} == {"G6PD", "HLA-B"}
    assert not any(gene.phenotype or gene.diplotype for gene in genes)


def test_the_phenotypes_probability_is_that_of_the_class_and_not_of_the_diplotype():
    gene = next(g for g in shown().genes if g.name == "CYP2D6")
    assert (gene.probability, gene.phenotype_probability) == (0.91, 0.96)


def test_links_that_are_not_web_pages_are_dropped():
    assert not shown(guidance=guidance({"url": "javascript:alert(1)"})).drugs[0].advice[0].url


def test_views_of_all_samples_equal_the_single_ones():
    one, other = example.build("A"), example.build("B")
    both = replace(one, samples=("A", "B"), **{
        name: pl.concat([getattr(one, name), getattr(other, name)])
        for name in ("calls", "phenotypes", "guidance", "scores", "clinical", "medications", "notes")
    })  # fmt: skip
    for found, sample in zip(views(both), both.samples, strict=True):
        assert found == view(both, sample)


def test_an_unknown_sample_is_a_usage_error():
    with pytest.raises(UsageError, match="no sample"):
        view(example.build(), "nobody")


def test_what_the_label_rules_out_leads_and_the_genes_follow():
    limit = {
        "source": "FDA label", "genes": "none", "action": "contraindicated", "population": "child_lt_12",
        "recommendation": "Not below 12.", "flags": "label_limit",
    }  # fmt: skip
    fine = {"action": "standard", "urgency": "standard", "phenotypes": "G=Normal"}
    drug = shown(guidance=guidance(fine, limit)).drugs[0]
    assert (drug.urgency, drug.sources) == ("avoid", ("FDA label",))
    assert drug.headline == "contraindicated below 12 years of age, whatever the genes"
    assert drug.reason == "by the genes: use as usual, G Normal"
    assert [one.source for one in drug.advice] == ["CPIC"], "never among the recommendations"
    undecided = shown(guidance=guidance(fine, limit | {"applies": "if_population"})).drugs[0]
    assert (undecided.urgency, undecided.headline) == ("standard", "use as usual")
    assert len(undecided.limits) == len(undecided.open_limits) == 1
    assert drug.open_limits == ()
    local = shown(guidance=guidance(fine, limit | {"flags": "label_limit;local"})).drugs[0]
    assert local.sources == ("FDA label (local)",)


def test_a_graver_limit_that_the_data_do_not_decide_is_not_hidden_by_a_milder_one_that_holds():
    limit = {"source": "FDA label", "genes": "none", "flags": "label_limit"}
    watched = limit | {"action": "monitor", "urgency": "monitor", "recommendation": "Watch it."}
    forbidden = limit | {"action": "contraindicated", "population": "pregnancy", "applies": "if_population"}
    asked = limit | {"action": "monitor", "urgency": "monitor", "population": "older", "applies": "if_population"}
    drug = shown(guidance=guidance(watched, forbidden, asked)).drugs[0]
    assert (drug.urgency, drug.ruled_out.action_code) == ("monitor", "monitor")
    assert [one.row["population"] for one in drug.open_limits] == ["pregnancy"]


def test_a_limit_that_the_data_do_not_decide_stands_beside_use_as_usual_everywhere():
    limit = {
        "source": "FDA label", "genes": "none", "action": "contraindicated", "population": "pregnant",
        "recommendation": "Not in pregnancy.", "flags": "label_limit", "applies": "if_population",
    }  # fmt: skip
    fine = {"action": "standard", "urgency": "standard", "phenotypes": "G=Normal"}
    result = replace(example.build(), guidance=guidance(fine, limit))
    said = "contraindicated in pregnancy, whatever the genes; the data do not say whether that applies"
    text = " ".join(render_text(result, example.SAMPLE).split())
    first_page, _, _ = text.partition("What each source says")
    assert f"label: {said}" in first_page
    assert said in render_html(result, example.SAMPLE)
    leaflet = render_leaflet(result, example.SAMPLE)
    assert "Say so before you take it" in leaflet
    assert "must not be used in pregnancy" in leaflet


def test_untested_genes_that_could_mean_the_same_are_named_in_one_remark():
    dose = {"action": "increase_dose", "urgency": "change_dose"}
    absent = {"action": None, "applies": "not_tested", "urgency": "no_data"}
    of_two = absent | {"source": "FDA", "genes": "H;I", "flags": "could_mean:change_dose:H;could_mean:change_dose:I"}
    assert shown(guidance=guidance(dose, of_two)).drugs[0].cautions == (
        "H, I were not tested, and FDA would look at them too; some results would mean: change the dose",
    )
    of_one = absent | {"source": "DPWG", "genes": "I"}
    assert shown(guidance=guidance(dose, of_two, of_one)).drugs[0].cautions == (
        "I (DPWG, FDA), H (FDA) were not tested, and the sources in brackets would look at them too; "
        "some results would mean: change the dose",
    )
    graver = of_two | {"flags": "could_mean:avoid:H;could_mean:change_dose:I"}
    assert len(shown(guidance=guidance(dose, graver)).drugs[0].cautions) == 2


def test_as_usual_is_no_answer_where_an_untested_gene_could_rule_the_drug_out():
    fine = {"action": "standard", "urgency": "standard", "phenotypes": "G=Normal"}
    absent = {"source": "DPWG", "genes": "H", "action": None, "applies": "not_tested", "urgency": "no_data"}
    grave = shown(guidance=guidance(fine, absent | {"flags": "could_mean:avoid:H"})).drugs[0]
    assert grave.urgency == "no_data"
    assert grave.headline == "cannot be judged: H not tested; some results would mean: avoid or replace"
    less = shown(guidance=guidance(fine, absent | {"flags": "could_mean:change_dose:H"})).drugs[0]
    assert (less.urgency, less.headline) == ("standard", "use as usual, as far as tested (H was not)")
    assert less.cautions == (
        "H was not tested, and DPWG would look at it too; some results would mean: change the dose",
    )


def test_a_persons_own_medicine_with_a_grave_untested_gene_stands_on_top():
    row = {"drug": "warfarin", "genes": "H", "action": None, "applies": "not_tested", "urgency": "no_data"}
    found = shown(guidance=guidance(row | {"flags": "could_mean:avoid:H"}))
    assert found.tests_needed == [("H", "avoid", ("warfarin",))]
    assert not shown(guidance=guidance(row | {"flags": "could_mean:change_dose:H"})).tests_needed


def test_advice_that_differs_under_other_conditions_is_announced():
    rows = (
        {"applies": "if_population", "population": "cardiovascular_ACS_PCI"},
        {"applies": "if_population", "population": "neurovascular", "action": "alternative"},
    )
    drug = shown(guidance=guidance(*rows)).drugs[0]
    assert drug.headline.endswith("; in neurovascular indications: choose another drug")
    same = shown(guidance=guidance(rows[0], rows[1] | {"action": "avoid"})).drugs[0]
    assert "other advice" not in same.headline


def test_the_advice_of_the_genes_alone_stands_beside_the_converted_one():
    row = {"action": "standard", "urgency": "standard", "flags": "phenoconverted;genes_alone:alternative"}
    said = shown(guidance=guidance(row)).drugs[0].interactions
    assert said == ("by the genes alone, without the interacting drugs: choose another drug (CPIC)",)


ACTING = "interaction:itraconazole:CYP3A4:strong:inhibitor:current:raises"


@pytest.mark.parametrize(
    ("flags", "remarks"),
    [
        ("alternative_limited:pravastatin:at most 40 mg", ()),
        ("interaction_reverses:itraconazole:CYP3A4", ()),
        (f"label_limit;{ACTING}", ()),
        (ACTING, ("not counted in the advice on the genes: itraconazole (strong CYP3A4 inhibitor)",)),
        (
            "alternative_ruled_out:ticagrelor:allergy",
            ("ticagrelor, which a source names instead, does not fit: an allergy is recorded",),
        ),
    ],
)
def test_what_the_sentence_of_a_source_says_is_no_remark_beside_it(flags, remarks):
    drug = shown(guidance=guidance({"flags": flags, "recommendation": "Do this."})).drugs[0]
    assert [row.flags for row in (*drug.advice, *drug.limits)] == [remarks]


def test_without_a_sentence_the_remarks_say_what_is_kept_to():
    row = {"flags": "alternative_limited:pravastatin:at most 40 mg", "recommendation": None}
    assert shown(guidance=guidance(row)).drugs[0].advice[0].flags == ("kept to with pravastatin: at most 40 mg",)


def test_a_test_that_decides_is_named_in_the_headline():
    row = {"action": "insufficient", "urgency": "monitor", "monitoring": "G6PD_ACTIVITY"}
    headline = shown(guidance=guidance(row)).drugs[0].headline
    assert headline == "genotype alone does not decide: check G6PD enzyme activity, before the first dose"


def test_interactions_are_said_beside_the_drug_and_not_again_among_the_remarks():
    result = example.build()
    note = {"sample": example.SAMPLE, "stage": "phenotypes", "severity": "warning", "code": "drug_drug_gene"}
    note |= {
        "message": "x inhibits G (strong), on which codeine depends: A acts as B (rule PC-1)",
        "subject": "codeine",
    }
    found = shown(notes=pl.concat([result.notes, schema.from_rows([note], schema.NOTES)]))
    drug = next(one for one in found.drugs if one.name == "codeine")
    assert drug.interactions == (note["message"],)
    assert note["message"] not in [one["message"] for one in found.remarks]


def test_a_copy_number_that_nobody_saw_stands_beside_as_usual():
    result = example.build()
    calls = result.calls.filter(gene="CYP2D6").with_columns(
        flags=pl.lit(["no_copy_number", "copy_number_range:Intermediate Metabolizer|Ultrarapid Metabolizer"])
    )
    row = {"genes": "CYP2D6", "action": "standard", "urgency": "standard", "flags": "no_copy_number"}
    drug = shown(guidance=guidance(row), calls=calls).drugs[0]
    assert drug.cautions == (
        "the copies of CYP2D6 cannot be seen in this data; counting a deletion or duplication it is "
        "Intermediate Metabolizer or Ultrarapid Metabolizer",
    )


@pytest.mark.parametrize("wrong", [{"urgency": "critical"}, {"applies": "certainly"}, {"urgency": ""}])
@pytest.mark.parametrize("urgency", ["standard", "no_data", "monitor"])
def test_a_code_that_is_not_known_counts_as_the_most_urgent_and_the_page_says_so(wrong, urgency):
    rows = {"action": "avoid", "urgency": urgency} | wrong
    drug = shown(guidance=guidance(rows, {"source": "DPWG", "action": "standard", "urgency": "standard"})).drugs[0]
    assert (drug.urgency, drug.sources) == ("avoid", ("CPIC",))
    assert any("this program does not know" in caution and "most urgent" in caution for caution in drug.cautions)


@pytest.mark.parametrize("flag", ["could_mean", "effect_unknown"])
def test_what_a_gene_could_mean_is_the_gravest_if_its_urgency_is_not_known(flag):
    applies = {"could_mean": "not_tested", "effect_unknown": "yes"}[flag]
    standard = {"source": "DPWG", "action": "standard", "urgency": "standard", "genes": "H"}
    row = {"applies": applies, "urgency": "standard", "action": "standard", "flags": f"{flag}:critical:G"}
    drug = shown(guidance=guidance(row, standard)).drugs[0]
    assert drug.urgency == "no_data"
    assert "some results would mean: avoid" in drug.headline.lower()


def test_genes_that_were_not_tested_are_in_the_order_of_what_they_could_mean_for_the_persons_drugs():
    stakes = [("taken", "B", "monitor"), ("first", "D", "avoid"), ("second", "C", "avoid"), ("third", "C", "avoid")]
    rows = [
        {
            "drug": drug,
            "genes": gene,
            "applies": "not_tested",
            "urgency": "no_data",
            "flags": f"could_mean:{could}:{gene}",
        }
        for drug, gene, could in stakes
    ]
    genes = [{"sample": example.SAMPLE, "gene": gene, "status": "not_called", "source": "genotypes"} for gene in "ABCD"]
    taken = {"sample": example.SAMPLE, "drug": "taken", "status": "current", "source": "list"}
    page = shown(
        guidance=guidance(*rows),
        calls=schema.from_rows(genes, schema.CALLS),
        medications=schema.from_rows([taken], schema.MEDICATIONS),
    )
    assert page.genes_needed == ["B", "C", "D"], "the person's own drug first, then what more drugs need"
    assert [gene.name for gene in page.not_called] == ["B", "C", "D", "A"]


def test_the_gene_that_could_rule_a_drug_out_is_named_first():
    flags = "could_mean:monitor:A;could_mean:avoid:Z"
    row = {"genes": "A;Z", "applies": "not_tested", "urgency": "no_data", "flags": flags}
    (drug,) = shown(guidance=guidance(row)).drugs
    assert drug.headline.startswith("Z, A not tested")
