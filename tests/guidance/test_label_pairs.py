"""What labels say of two drugs together reaches the judgement and the first page, whatever the genes are."""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest

from pgx import knowledge, schema
from pgx.guidance import recommend
from pgx.judgement import judgements
from pgx.phenotypes import assign
from pgx.types import Result
from tests.phenotypes.builders import callset, clinical, pattern
from tests.reports.rendered import render_html, render_text, view

KB = knowledge.load()
URGENCY = dict(KB.table("actions").select("action", "urgency").iter_rows())
ORDER = ("avoid", "change_dose", "monitor", "standard", "no_data")
NORMAL = {"CYP2C19": pattern("*1/*1"), "CYP2D6": pattern("*1/*1"), "CYP2C9": pattern("*1/*1")}


def result(people, genes=NORMAL):
    """Return the result of persons, each with a list of drugs."""
    history = clinical([{"sample": name, "drug": drug} for name, drugs in people.items() for drug in drugs])
    calls, phenotypes = assign(callset(dict.fromkeys(people, genes)), KB, history)
    said = recommend(phenotypes, calls, history, KB)
    scores = schema.empty(schema.SCORES)
    judged = judgements(said, calls, scores, KB)
    return Result(
        tuple(people), calls, phenotypes, said, scores, history.observations, history.medications,
        schema.empty(schema.NOTES), judgements=judged,
    )  # fmt: skip


@pytest.fixture(scope="module")
def by_row():
    """One person for each row that names its other drug."""
    named = pl.col("agent").is_not_null() & pl.col("condition").is_null() & pl.col("gene").is_null()
    rows = KB.table("label_interactions").filter(named).rows(named=True)
    return rows, result({row["limit_id"]: [row["drug"], row["agent"]] for row in rows})


def test_every_pair_reaches_the_judgement_and_the_first_page(by_row):
    rows, found = by_row
    assert len(rows) > 150
    judged = {(row["sample"], row["drug"]): row for row in found.judgements.iter_rows(named=True)}
    for row in rows:
        own = judged[row["limit_id"], row["drug"]]
        assert ORDER.index(own["urgency"]) <= ORDER.index(URGENCY[row["action"]]), (row, own)
        drug = next(one for one in view(found, row["limit_id"]).drugs if one.name == row["drug"])
        shown = [drug.ruled_out, *drug.beside]
        stricter = drug.ruled_out and row["action"] != "avoid" and row["agent"] in drug.headline
        assert stricter or row["limit_id"] in [one.rule for one in shown if one], row
        if drug.ruled_out and drug.ruled_out.rule == row["limit_id"]:
            assert row["agent"] in drug.headline
            for words in filter(None, (row["dose"], row["limit"])):
                assert words.removeprefix("text:") in drug.headline


@pytest.mark.parametrize(
    ("drugs", "urgency", "says"),
    [
        (("clopidogrel", "omeprazole"), "avoid", ": avoid, whatever the genes"),
        (("clopidogrel", "esomeprazole"), "avoid", "lowers the active form of clopidogrel: avoid"),
        (("citalopram", "omeprazole"), "change_dose", "at most 20 mg a day"),
        (("azathioprine", "allopurinol"), "change_dose", "one quarter to one third of the usual dose"),
        (("mercaptopurine", "allopurinol"), "change_dose", "of the usual dose, or of the lower one"),
        (("mercaptopurine", "febuxostat"), "avoid", "contraindicated, whatever the genes"),
        (("naltrexone", "methadone"), "avoid", "contraindicated, whatever the genes"),
        (("everolimus", "ramipril"), "avoid", ": avoid, whatever the genes"),
        (("eplerenone", "ramipril"), "monitor", "monitor, whatever the genes"),
        (("fluorouracil", "allopurinol"), "monitor", "monitor, whatever the genes"),
        (("fluorouracil", "metronidazole"), "avoid", "raises fluorouracil: avoid"),
        (("itraconazole", "carbamazepine"), "avoid", "lowers itraconazole: avoid"),
        (("tacrolimus", "voriconazole"), "change_dose", "to one third of the dose before"),
        (("tacrolimus", "clarithromycin"), "change_dose", "set by whole blood levels"),
        (("tacrolimus", "rifampin"), "change_dose", "set by whole blood levels"),
        (("simvastatin", "clarithromycin"), "avoid", "contraindicated, whatever the genes"),
        (("simvastatin", "amlodipine"), "change_dose", "at most 20 mg a day"),
        (("citalopram", "pimozide"), "avoid", "pimozide is taken with citalopram: contraindicated"),
    ],
)
def test_the_headline_says_what_the_label_says(drugs, urgency, says):
    found = result({"s": drugs}, {**NORMAL, "CYP3A5": pattern("*3/*3"), "SLCO1B1": pattern("*1/*1")})
    drug = next(one for one in view(found, "s").drugs if one.name == drugs[0])
    assert drug.urgency == urgency
    assert says in drug.headline
    assert drugs[1] in drug.headline


def test_what_the_label_says_stands_beside_graver_advice_of_the_genes():
    found = result({"s": ("citalopram", "omeprazole")}, {"CYP2C19": pattern("*2/*2")})
    drug = next(one for one in view(found, "s").drugs if one.name == "citalopram")
    assert drug.urgency == "avoid"
    assert [one.rule for one in drug.beside]
    for page in (render_text(found, "s", color=False, width=400), render_html(found, "s")):
        assert "reduce the dose of citalopram to at most 20 mg a day" in page


def test_a_pair_without_an_enzyme_counts_while_both_are_taken():
    pair = [{"drug": "citalopram"}, {"drug": "pimozide", "status": "planned"}]
    for drugs, expected in ((pair, 1), ([pair[0], {"drug": "pimozide", "status": "stopped"}], 0), (pair[:1], 0)):
        history = clinical(drugs)
        calls, phenotypes = assign(callset({"s": NORMAL}), KB, history)
        said = recommend(phenotypes, calls, history, KB, drugs=["citalopram"])
        named = said.filter(pl.col("recommendation").str.contains("With pimozide"))
        assert named.height == expected
        assert named["recommendation"].str.contains("planned").all()


ELIGLUSTAT = {
    "*1/*1": {
        "paroxetine": "reduce_dose", "ketoconazole": "reduce_dose", "erythromycin": "reduce_dose", "cimetidine": None,
        "paroxetine+erythromycin": "contraindicated",
    },
    "*4/*41": {
        "paroxetine": "reduce_dose", "ketoconazole": "contraindicated", "erythromycin": "avoid", "cimetidine": None,
        "paroxetine+erythromycin": "contraindicated",
    },
    "*4/*4": {
        "paroxetine": None, "ketoconazole": "contraindicated", "erythromycin": "avoid", "cimetidine": "avoid",
        "paroxetine+erythromycin": "avoid",
    },
    "*4/*22": {"ketoconazole": "avoid", "erythromycin": "avoid"},  # nobody can place it: as without a result
    None: {
        "paroxetine": "reduce_dose", "ketoconazole": "avoid", "erythromycin": "avoid", "cimetidine": None,
        "paroxetine+erythromycin": "contraindicated",
    },
}  # fmt: skip
"""Result of CYP2D6 -> what else is taken -> the gravest that the label of eliglustat says (tables 2 and 5)."""


@pytest.mark.parametrize("diplotype", ELIGLUSTAT)
def test_a_label_that_tells_results_apart_speaks_of_the_own_one(diplotype):
    genes = {"CYP2D6": pattern(diplotype)} if diplotype else {"CYP2C9": pattern("*1/*1")}
    gravest = ("contraindicated", "avoid", "reduce_dose")
    for taken, action in ELIGLUSTAT[diplotype].items():
        found = result({"s": ("eliglustat", *taken.split("+"))}, genes)
        rows = found.guidance.filter(pl.col("flags").list.contains("label_limit"), drug="eliglustat")
        assert min(rows["action"].to_list(), key=gravest.index, default=None) == action, taken
        headline = next(one for one in view(found, "s").drugs if one.name == "eliglustat").headline
        assert "whatever the genes" not in headline, headline


INHIBITORS_OF_MAO = ("phenelzine", "tranylcypromine", "isocarboxazid", "linezolid", "methylene blue")
BESIDE_THEM = {
    "opioids": "meperidine tramadol methadone fentanyl codeine oxycodone morphine tapentadol dextromethorphan",
    "antidepressants": "citalopram escitalopram fluoxetine paroxetine sertraline fluvoxamine vilazodone venlafaxine "
    "desvenlafaxine duloxetine milnacipran levomilnacipran vortioxetine amitriptyline clomipramine imipramine "
    "desipramine nortriptyline protriptyline trimipramine doxepin mirtazapine bupropion trazodone",
    "stimulants": "amphetamine lisdexamfetamine dexamfetamine methylphenidate atomoxetine viloxazine pseudoephedrine",
    "triptans": "sumatriptan rizatriptan zolmitriptan",
    "others": "tetrabenazine deutetrabenazine valbenazine carbamazepine buspirone cyclobenzaprine",
}
WARNED = {
    "rilpivirine": "omeprazole esomeprazole lansoprazole pantoprazole rabeprazole dexlansoprazole rifampin phenytoin",
    "atazanavir": "omeprazole esomeprazole lansoprazole pantoprazole rabeprazole dexlansoprazole",
    "ticagrelor": "ketoconazole clarithromycin ritonavir rifampin",
    "sirolimus": "ketoconazole clarithromycin rifampin carbamazepine",
    "everolimus": "ketoconazole itraconazole rifampin",
    "sildenafil": "nitroglycerin riociguat",
    "riociguat": "tadalafil nitroglycerin",
    "apixaban": "rifampin carbamazepine",
    "rivaroxaban": "rifampin ketoconazole",
    "dabigatran": "rifampin",
    "ivabradine": "clarithromycin diltiazem",
    "ranolazine": "clarithromycin rifampin",
    "lomitapide": "fluconazole clarithromycin",
    "ergotamine": "clarithromycin ritonavir",
    "tizanidine": "fluvoxamine ciprofloxacin",
    "valproic acid": "meropenem",
    "dofetilide": "hydrochlorothiazide trimethoprim dolutegravir",
}


@pytest.mark.parametrize("agent", INHIBITORS_OF_MAO)
def test_an_inhibitor_of_monoamine_oxidase_warns_of_every_drug_whose_label_does(agent):
    named = " ".join(BESIDE_THEM.values()).split()
    found = result({drug: (drug, agent) for drug in named})
    judged = {row["sample"]: row["urgency"] for row in found.judgements.iter_rows(named=True) if row["drug"] != agent}
    assert {drug for drug in named if judged[drug] != "avoid"} == set()


@pytest.mark.parametrize("drug", WARNED)
def test_a_pair_that_a_label_forbids_is_to_be_avoided(drug):
    found = result({other: (drug, other) for other in WARNED[drug].split()})
    assert set(found.judgements.filter(drug=drug)["urgency"]) == {"avoid"}


@pytest.mark.parametrize("thiopurine", ["azathioprine", "mercaptopurine"])
def test_no_more_is_told_of_a_drug_beside_one_that_it_raises(thiopurine):
    poor = {"ABCG2": pattern("rs2231142 variant (T)/rs2231142 variant (T)"), "HLA-B": pattern("*07:02/*08:01")}
    alone = result({"s": ("allopurinol",)}, poor)
    assert alone.judgements.row(0, named=True)["dose_change"] == "40"
    found = result({"s": ("allopurinol", thiopurine)}, {**poor, "TPMT": pattern("*1/*1"), "NUDT15": pattern("*1/*1")})
    assert found.judgements["dose_change"].drop_nulls().to_list() == []
    page = render_text(found, "s", color=False, width=4000)
    assert f"{thiopurine} is raised by allopurinol" in page and "40 %" not in page
    assert "one quarter to one third of the usual dose" in page


CONDITIONAL = KB.table("label_interactions").filter(pl.col("agent").is_not_null(), pl.col("condition").is_not_null())


def test_a_condition_that_nobody_recorded_is_said_and_rules_nothing_out():
    rows = CONDITIONAL.filter(~pl.col("condition").is_in(["first_3_months"])).rows(named=True)
    found = result({row["limit_id"]: [row["drug"], row["agent"]] for row in rows})
    own = {(row["sample"], row["guideline"]): row for row in found.guidance.iter_rows(named=True)}
    judged = {(row["sample"], row["drug"]): row["urgency"] for row in found.judgements.iter_rows(named=True)}
    for row in rows:
        said = own[row["limit_id"], row["limit_id"]]
        assert (said["applies"], said["population"]) == ("if_population", row["condition"])
        assert judged[row["limit_id"], row["drug"]] not in ("standard", "no_data"), row
        shown = next(one for one in view(found, row["limit_id"]).drugs if one.name == row["drug"])
        assert shown.ruled_out is None or shown.ruled_out.rule != row["limit_id"]
    assert "within 24 hours of each other" in own[_of("sumatriptan", "rizatriptan")]["recommendation"]


def _of(drug, agent):
    name = CONDITIONAL.filter(drug=drug, agent=agent)["limit_id"].item()
    return name, name


def headline(drug, medications, observations=(), genes=NORMAL):
    history = clinical(medications, list(observations))
    calls, phenotypes = assign(callset({"s": genes}), KB, history)
    said = recommend(phenotypes, calls, history, KB)
    scores = schema.empty(schema.SCORES)
    found = Result(
        ("s",), calls, phenotypes, said, scores, history.observations, history.medications,
        schema.empty(schema.NOTES), judgements=judgements(said, calls, scores, KB),
    )  # fmt: skip
    return next(one for one in view(found, "s").drugs if one.name == drug)


@pytest.mark.parametrize(
    ("tpmt", "says"),
    [
        ("*1/*1", "to one quarter to one third of the usual dose"),
        ("*1/*3A", "to less than one quarter of the usual dose, as both ways to clear it are slow"),
    ],
)
def test_allopurinol_beside_a_slow_tpmt_asks_for_both_reductions(tpmt, says):
    genes = {**NORMAL, "TPMT": pattern(tpmt), "NUDT15": pattern("*1/*1")}
    listed = [{"sample": "s", "drug": drug} for drug in ("azathioprine", "allopurinol")]
    said = headline("azathioprine", listed, genes=genes)
    assert says in said.headline
    assert not any("one third" in (one.text or "") for one in said.beside if "*3A" in tpmt)


@pytest.mark.parametrize(("egfr", "urgency"), [(25.0, "avoid"), (95.0, "change_dose")])
def test_colchicine_beside_ciclosporin_is_ruled_out_by_kidneys_that_do_not_work(egfr, urgency):
    listed = [{"sample": "s", "drug": drug} for drug in ("colchicine", "cyclosporine")]
    state = [{"concept": "egfr", "value": egfr}, {"concept": "liver_disease", "code": "no"}]
    state.append({"concept": "kidney_disease", "code": "no"})
    assert headline("colchicine", listed, state).urgency == urgency


def test_an_inducer_that_was_stopped_raises_no_dose():
    taken = {"sample": "s", "drug": "tacrolimus"}
    inducer = {"sample": "s", "drug": "rifampin", "start": date(2026, 8, 1)}
    stopped = {**inducer, "status": "stopped", "end": date(2026, 11, 14)}
    today = [{"concept": "as_of", "code": "2026-11-20"}]
    genes = {**NORMAL, "CYP3A5": pattern("*3/*3")}
    assert headline("tacrolimus", [taken, {**inducer, "status": "current"}], today, genes).urgency == "change_dose"
    fading = headline("tacrolimus", [taken, stopped], today, genes)
    assert fading.urgency == "monitor"
    assert "increase" not in fading.headline


@pytest.mark.parametrize("drug", ["dolutegravir", "raltegravir"])
def test_the_higher_dose_of_an_integrase_inhibitor_is_kept_until_rifampin_has_worn_off(drug):
    taken = {"sample": "s", "drug": drug}
    stopped = {"sample": "s", "drug": "rifampin", "status": "stopped", "end": date(2026, 11, 14)}
    soon, late = ([{"concept": "as_of", "code": day}] for day in ("2026-11-20", "2026-12-10"))
    assert headline(drug, [taken, stopped], soon, NORMAL).urgency == "change_dose"
    assert headline(drug, [taken, stopped], late, NORMAL).urgency != "change_dose"


@pytest.mark.parametrize(
    ("allergy", "urgency"), [("codeine", "monitor"), ("hydrocodone", "avoid"), ("penicillins", "standard")]
)
def test_a_drug_to_which_a_recorded_allergy_may_extend_is_not_fine_as_usual(allergy, urgency):
    said = headline("hydrocodone", [{"sample": "s", "drug": "hydrocodone"}], [{"concept": "allergy", "code": allergy}])
    assert said.urgency == urgency
    assert ("which may extend to" in said.headline) == (urgency == "monitor")


def test_warfarin_of_a_person_of_african_ancestry_is_judged_where_the_genes_of_the_calculated_dose_are_known():
    genes = {"CYP2C9": pattern("*1/*5"), "VKORC1": pattern("rs9923231 reference (C)/rs9923231 reference (C)")}
    person = [{"concept": "ancestry", "code": "African American/Afro-Caribbean"}, {"concept": "age", "value": 50.0}]
    listed = [{"sample": "s", "drug": "warfarin"}]
    said = headline("warfarin", listed, person, genes)
    assert said.headline == "reduce the dose (−15 to −30 % of the calculated one)"
    del genes["VKORC1"]
    assert headline("warfarin", listed, person, genes).urgency == "no_data"


@pytest.mark.parametrize(("weight", "urgency"), [(60.0, "change_dose"), (45.0, "monitor")])
def test_efavirenz_beside_rifampin_is_raised_from_50_kg_and_watched_below(weight, urgency):
    listed = [{"sample": "s", "drug": drug} for drug in ("efavirenz", "rifampin")]
    genes = {**NORMAL, "CYP2B6": pattern("*1/*1")}
    assert headline("efavirenz", listed, [{"concept": "weight", "value": weight}], genes).urgency == urgency


@pytest.mark.parametrize(
    ("age", "others", "says"),
    [(70.0, (), "at most 15 mg/day"), (70.0, ("omeprazole",), "at most 15 mg/day"), (62.0, (), "at most 20 mg a day")],
)
def test_of_the_doses_of_the_label_and_of_the_genes_the_lowest_is_the_highest(age, others, says):
    listed = [{"sample": "s", "drug": drug} for drug in ("citalopram", *others)]
    genes = {**NORMAL, "CYP2C19": pattern("*1/*2")}
    said = headline("citalopram", listed, [{"concept": "age", "value": age}], genes)
    assert said.urgency == "change_dose"
    assert says in said.headline
