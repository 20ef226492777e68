"""Advice that a known interaction turns around: the interaction is said first, and no number points against it."""

from __future__ import annotations

import json
import re
from datetime import date, timedelta
from functools import cache

import polars as pl
import pytest

from pgx import knowledge, schema
from pgx.guidance import recommend
from pgx.judgement import judgements
from pgx.judgement.planned import settled
from pgx.judgement.without_drugs import without_drugs
from pgx.knowledge.acting import DECIDES, Acting, parse, phrase
from pgx.phenotypes import assign
from pgx.phenotypes import notes as remarks
from pgx.phenotypes.exposures import exposures
from pgx.phenotypes.substrates import MARKED, acting_drugs
from pgx.reports.formats.tables import to_tsv
from pgx.serve.cards import cards
from pgx.types import Result
from tests.guidance import test_every_row as every_row
from tests.phenotypes.builders import callset, clinical, pattern
from tests.reports.rendered import (
    render_card,
    render_html,
    render_ics,
    render_leaflet,
    render_plan,
    render_text,
    to_dict,
    to_fhir,
    to_json,
    to_multiqc,
    view,
)

KB = knowledge.load()
EXPRESSER = {"CYP3A5": pattern("*1/*1")}
NON_EXPRESSER = {"CYP3A5": pattern("*3/*3")}


def result(calls, medications, drugs=None, kb=KB, observations=()):
    listed = [one if isinstance(one, dict) else {"drug": one} for one in medications]
    history = clinical(listed, observations)
    frame, phenotypes = assign(callset({"s": calls}), kb, history)
    said = recommend(phenotypes, frame, history, kb, drugs=drugs)
    found = remarks(phenotypes, history, kb)
    scores = schema.empty(schema.SCORES)
    again = without_drugs(phenotypes, frame, history, kb)
    taken, told = history.medications, settled(said, phenotypes, frame, history, kb)
    acting, advice = exposures(history, kb), told.guidance
    judged = judgements(advice, frame, scores, kb, acting, without=again, medications=taken, later=told.later)
    return Result(
        ("s",), frame, phenotypes, advice, scores, history.observations, history.medications, found, judgements=judged
    )


def rows(calls, medications, drug, **more):
    return result(calls, medications, [drug], **more).guidance


def flags(row):
    return list(row["flags"])


def line(found, drug):
    return next(one for one in view(found, "s").drugs if one.name == drug)


def itself(headline):
    """Return a headline without what is done about the other medicine first."""
    return re.sub(r"^(?:change|do not start) [^(;]*(?:\([^)]*\))?; otherwise ", "", headline)


INHIBITORS = ("voriconazole", "posaconazole", "itraconazole", "ketoconazole", "fluconazole", "clarithromycin",
              "ritonavir", "cobicistat", "nirmatrelvir/ritonavir", "lopinavir/ritonavir", "telithromycin",
              "nefazodone")  # fmt: skip
BOOSTED = ("indinavir", "saquinavir", "lopinavir", "tipranavir", "elvitegravir", "nirmatrelvir", "paritaprevir",
           "danoprevir")  # fmt: skip
"""Drugs that are given with a booster only: named alone, they are still taken with it."""
OTHERS = ("amprenavir", "fosamprenavir", "atazanavir", "darunavir", "troleandomycin", "mifepristone", "lonafarnib",
          "ensitrelvir")  # fmt: skip
PROTEASE_INHIBITORS = ("indinavir", "saquinavir", "lopinavir", "tipranavir", "amprenavir", "fosamprenavir",
                       "atazanavir", "darunavir", "ritonavir", "nelfinavir")  # fmt: skip
INDUCERS = ("rifampin", "carbamazepine", "phenytoin", "phenobarbital", "apalutamide", "efavirenz", "St. John's wort")


@pytest.mark.parametrize("status", ["current", "planned"])
@pytest.mark.parametrize("agent", (*INHIBITORS, *BOOSTED, *OTHERS))
def test_an_expresser_of_cyp3a5_gets_no_higher_dose_of_tacrolimus_with_an_inhibitor_of_cyp3a4(agent, status):
    listed = [{"drug": drug, "status": status} for drug in ("tacrolimus", agent)]
    found = result(EXPRESSER, listed, ["tacrolimus"])
    advice = found.guidance.filter(pl.col("flags").list.join(";").str.contains("interaction_reverses:"))
    assert set(advice["source"]) == {"CPIC", "DPWG"}  # the FDA asks for blood levels, whatever else is taken
    assert set(advice["action"]) == {DECIDES}
    assert advice["dose_change"].null_count() == advice.height
    for row in advice.iter_rows(named=True):
        assert f"interaction_reverses:{agent}:CYP3A4" in flags(row)
        assert "the genes would ask for a higher dose, but" in row["recommendation"].replace("The genes", "the genes")
        assert re.search(rf"{agent} \((strong|moderate) CYP3A4 inhibitor", row["recommendation"])
        assert "dose by the label and the drug concentration" in row["recommendation"]
        assert "%" not in row["recommendation"]
    headline = line(found, "tacrolimus").headline
    said = itself(headline)
    if said != headline:  # a label rules it out beside this one, which is what gives way
        assert headline.startswith(f"change {agent} first")
    assert said.startswith(f"{agent} (")
    assert "CYP3A4 inhibitor" in said.split(")")[0]
    assert "raises tacrolimus" in headline
    # Where both are planned, what converts the gene itself is counted as if it was started.
    converted = "genetic" in line(found, "tacrolimus").reason
    assert ("planned" in headline) == (status == "planned" and not converted)


@pytest.mark.parametrize("agent", ["voriconazole", "ritonavir", "clarithromycin", "nefazodone"])
def test_the_higher_dose_of_who_takes_tacrolimus_is_no_number_beside_a_planned_inhibitor(agent):
    """Nobody starts the higher dose days before a drug that turns it around."""
    found = result(EXPRESSER, ["tacrolimus", {"drug": agent, "status": "planned"}])
    own = line(found, "tacrolimus")
    assert own.headline.startswith(f"{agent} (strong CYP3A4 inhibitor, planned) raises tacrolimus: ")
    assert own.urgency == "change_dose" and own.judgement.dose_change is None
    assert not [name for name, text in everything(found, "tacrolimus").items() if "50 to" in text]


def test_whatever_inhibits_as_a_pair_with_a_booster_inhibits_when_it_is_named_alone():
    acts = {
        (drug, enzyme): role for drug, enzyme, role in KB.table("interactions").select("drug", "enzyme", "role").rows()
    }
    pairs = [
        (part, enzyme)
        for (drug, enzyme), role in acts.items()
        for part in drug.replace(" ", "").split("/")
        if role == "inhibitor" and enzyme.startswith("CYP") and {"ritonavir", "cobicistat"} & set(drug.split("/"))
        if part not in ("ritonavir", "cobicistat")
    ]
    assert len(pairs) > 6
    assert [pair for pair in pairs if acts.get(pair) != "inhibitor"] == []


@pytest.mark.parametrize("drug", ["simvastatin", "lovastatin"])
@pytest.mark.parametrize("agent", PROTEASE_INHIBITORS)
def test_no_protease_inhibitor_stands_beside_a_statin_that_its_label_forbids(drug, agent):
    found = result({"SLCO1B1": pattern("*1/*1")}, [drug, agent], [drug])
    shown = line(found, drug)
    assert shown.judgement.action == "contraindicated", shown.headline
    assert agent in shown.headline + shown.reason


@pytest.mark.parametrize("medications", [["tipranavir"], ["tipranavir/ritonavir"], ["tipranavir", "ritonavir"]])
def test_a_boosted_drug_is_never_said_to_lower_what_the_pair_raises(medications):
    found = result(EXPRESSER, medications, ["tacrolimus"])
    told = line(found, "tacrolimus").headline
    assert re.search("raises? tacrolimus", told) and "lower" not in told


@pytest.mark.parametrize("agent", INDUCERS)
def test_an_inducer_points_the_same_way_as_the_genes_and_is_said_first(agent):
    found = result(EXPRESSER, ["tacrolimus", agent], ["tacrolimus"])
    cpic = found.guidance.filter(source="CPIC").row(0, named=True)
    assert cpic["dose_change"] == "50..100"
    assert not any(flag.startswith("interaction_reverses") for flag in flags(cpic))
    assert cpic["recommendation"].startswith(f"{agent[0].upper()}{agent[1:]} (")
    drug = line(found, "tacrolimus")
    # A label that names the pair asks for a higher dose as well.
    assert re.search("lowers tacrolimus(: increase the dose|; by the genes: start with a higher dose)", drug.headline)
    assert drug.urgency == "change_dose"


def test_a_standard_dose_is_not_fine_as_usual_beside_a_strong_inhibitor():
    for agent in ("idelalisib", "ceritinib", "enzalutamide"):
        drug = line(result(NON_EXPRESSER, ["tacrolimus", agent], ["tacrolimus"]), "tacrolimus")
        assert drug.urgency == "monitor"
        assert drug.headline.startswith(f"{agent} (")
        assert drug.headline.endswith(
            "tacrolimus: dose by the label and the drug concentration; by the genes: use as usual; "
            "check drug level in blood"
        )


@pytest.mark.parametrize(
    ("calls", "drug", "agent", "enzyme"),
    [
        ({"CYP2C9": pattern("*3/*3")}, "warfarin", "rifampin", "CYP3A4"),
        ({"CYP2C9": pattern("*1/*3")}, "siponimod", "carbamazepine", "CYP3A4"),
        ({"CYP2D6": pattern("*4/*4")}, "aripiprazole", "carbamazepine", "CYP3A4"),
        ({"CYP2D6": pattern("*4/*4")}, "haloperidol", "rifampin", "CYP3A4"),
        ({"CYP2D6": pattern("*4/*4")}, "vortioxetine", "rifampin", "CYP3A4"),
        ({"CYP2C19": pattern("*2/*2")}, "clobazam", "phenytoin", "CYP3A4"),
        ({"CYP2C19": pattern("*2/*2")}, "omeprazole", "St. John's wort", "CYP3A4"),
    ],
)
def test_a_lower_dose_is_withheld_beside_an_inducer_of_another_enzyme(calls, drug, agent, enzyme):
    found = rows(calls, [drug, agent], drug)
    plain = rows(calls, [], drug)
    lower = plain.filter(
        pl.col("dose_change").str.starts_with("-") | pl.col("action").is_in(["reduce_dose", "lower_start"])
    )
    assert lower.height
    turned = found.filter(guideline=lower["guideline"][0]).row(0, named=True)
    assert turned["dose_change"] is None
    assert turned["action"] not in ("reduce_dose", "lower_start")
    assert f"interaction_reverses:{agent}:{enzyme}" in flags(turned)


def test_an_inducer_of_the_gene_itself_is_said_before_a_lower_dose_of_a_poor_metabolizer():
    for agent in ("rifampin", "carbamazepine"):
        found = result({"CYP2B6": pattern("*6/*6")}, ["efavirenz", agent], ["efavirenz"])
        headline = line(found, "efavirenz").headline
        said = itself(headline)  # the label rules it out beside carbamazepine
        assert said.startswith(f"{agent} (") and "CYP2B6 inducer" in said and "lowers efavirenz" in said
        assert not re.search(r"\d+ ?%|\d+ ?mg", headline), headline
        lower = found.guidance.filter(pl.col("source") == "CPIC", pl.col("guideline") == "CPIC-0362")
        assert lower["action"].to_list() == [DECIDES] and lower["dose_change"].to_list() == [None]
    alone = line(result({"CYP2B6": pattern("*6/*6")}, ["efavirenz"], ["efavirenz"]), "efavirenz")
    assert "start with a lower dose" in alone.headline


def test_an_inhibitor_of_the_gene_itself_is_converted_and_leaves_a_rise_until_it_is_started():
    ultrarapid = {"CYP2D6": pattern(status="outside", stated_phenotype="Ultrarapid Metabolizer", stated_score=3.0)}
    assert "150" in set(rows(ultrarapid, ["metoprolol"], "metoprolol")["dose_change"])
    planned = line(result(ultrarapid, ["metoprolol", {"drug": "paroxetine", "status": "planned"}]), "metoprolol")
    started = "once paroxetine is started, which is not for this person anyway: "
    assert planned.headline.startswith(started) and "150" in planned.headline
    assert "150" not in planned.once and "higher" not in planned.once
    current = rows(ultrarapid, ["metoprolol", "paroxetine"], "metoprolol")
    assert not current["flags"].list.join(";").str.contains("interaction").any(), "the phenotype counts it"


@pytest.mark.parametrize(("days", "acts"), [(3, True), (60, False)])
def test_an_inhibitor_acts_on_until_it_is_washed_out(days, acts):
    stopped = {"drug": "voriconazole", "status": "stopped", "end": date(2026, 3, 1)}
    seen = [{"concept": "as_of", "code": date(2026, 3, 1 + days).isoformat() if days < 30 else "2026-04-30"}]
    history = clinical([{"drug": "tacrolimus"}, stopped], seen)
    calls, phenotypes = assign(callset({"s": EXPRESSER}), KB, history)
    cpic = recommend(phenotypes, calls, history, KB, drugs=["tacrolimus"]).filter(source="CPIC").row(0, named=True)
    assert (cpic["action"] == DECIDES) == acts
    assert ("stopped but still acting" in cpic["recommendation"]) == acts


@pytest.mark.parametrize(("days", "acts"), [(27, True), (29, False)])
@pytest.mark.parametrize("drug", ["capecitabine", "fluorouracil", "tegafur"])
def test_brivudine_rules_fluoropyrimidines_out_for_four_weeks_after_its_end(drug, days, acts):
    stopped = {"drug": "brivudine", "status": "stopped", "end": date(2026, 3, 1)}
    as_of = [{"concept": "as_of", "code": (date(2026, 3, 1) + timedelta(days=days)).isoformat()}]
    history = clinical([{"drug": drug}, stopped], as_of)
    calls, phenotypes = assign(callset({"s": {"CYP2C9": pattern("*1/*1")}}), KB, history)
    labels = recommend(phenotypes, calls, history, KB, drugs=[drug]).filter(source="EU label")
    assert ("contraindicated" in labels["action"].to_list()) == acts


@pytest.mark.parametrize(
    ("calls", "drug", "agent", "says"),
    [
        (EXPRESSER, "tacrolimus", "voriconazole", "voriconazole (strong CYP3A4 inhibitor) raises tacrolimus"),
        ({"CYP2D6": pattern("*1/*1")}, "codeine", "paroxetine", "paroxetine (strong CYP2D6 inhibitor) lowers"),
        (
            {"CYP2C9": pattern("*1/*1")},
            "warfarin",
            "metronidazole",
            "metronidazole (weak CYP2C9 inhibitor, unverified)",
        ),
    ],
)
def test_what_was_stopped_nobody_knows_when_is_said_beside_the_drug_that_it_acts_on(calls, drug, agent, says):
    found = result(calls, [drug, {"drug": agent, "status": "stopped"}], [drug])
    beside = [one for one in line(found, drug).interactions if "perhaps still acting" in one]
    assert len(beside) == 1 and says in beside[0] and beside[0].endswith("where it would turn a change of dose around")
    first_page = re.sub(r"\s+", " ", render_text(found, "s", color=False, width=4000).split("What each source says")[0])
    assert "perhaps still acting" in first_page
    for history in (
        [drug, agent, {"drug": agent, "status": "stopped"}],
        ["ibuprofen", {"drug": agent, "status": "stopped"}],
    ):
        other = result(calls, history, [drug])
        assert not other.notes["message"].str.contains("perhaps still acting").any()


def test_no_number_stands_where_two_drugs_act_in_both_directions():
    for calls in (EXPRESSER, NON_EXPRESSER):
        found = rows(calls, ["tacrolimus", "voriconazole", "rifampin"], "tacrolimus")
        assert found["dose_change"].null_count() == found.height
        assert not found["recommendation"].str.contains("one third").any()
        first = found.filter(source="CPIC")["recommendation"][0]
        assert "voriconazole (strong CYP3A4 inhibitor) raises tacrolimus, rifampin" in first.replace("Vori", "vori")


def test_a_drug_that_is_asked_for_and_not_on_the_list_is_judged_with_the_list():
    assert set(rows(EXPRESSER, ["voriconazole"], "tacrolimus").filter(applies="yes", source="CPIC")["action"]) == {
        DECIDES
    }


def test_a_drug_is_no_interaction_of_its_own():
    ultrarapid = {"CYP2C19": pattern("*17/*17")}
    found = rows(ultrarapid, ["voriconazole"], "voriconazole")
    assert not found["flags"].list.join(";").str.contains("interaction").any()


def test_another_person_s_drugs_do_not_act():
    history = clinical([{"drug": "voriconazole", "sample": "other"}, {"drug": "tacrolimus"}])
    calls, phenotypes = assign(callset({"s": EXPRESSER, "other": EXPRESSER}), KB, history)
    found = recommend(phenotypes, calls, history, KB, drugs=["tacrolimus"]).filter(source="CPIC", applies="yes")
    assert dict(found.select("sample", "dose_change").iter_rows()) == {"s": "50..100", "other": None}


# What labels say of two drugs together


@pytest.mark.parametrize("statin", ["simvastatin", "lovastatin"])
@pytest.mark.parametrize("agent", ["clarithromycin", "itraconazole", "erythromycin", "ritonavir", "cobicistat"])
def test_the_label_s_contraindication_names_the_enzyme_that_it_rests_on(statin, agent):
    found = result({"SLCO1B1": pattern("*1/*1")}, [statin, agent], [statin])
    label = found.guidance.filter(pl.col("flags").list.contains("label_limit")).row(0, named=True)
    assert label["action"] == "contraindicated"
    assert re.match(rf"With {agent} \((strong|moderate) CYP3A4 inhibitor\): {statin} is", label["recommendation"])
    assert "SLCO1B1" not in label["recommendation"] + ";".join(label["flags"])
    drug = line(found, statin)
    assert drug.urgency == "avoid"
    alike = agent in ("clarithromycin", "erythromycin")  # a statin gives way to what cures, or cannot be replaced
    lead = f"change this one or {agent} (without {agent}: use as usual)" if alike else f"change this one, not {agent}"
    assert drug.headline.startswith(f"{lead}; otherwise ")
    said = itself(drug.headline)
    assert re.match(rf"{agent} \(\w+ CYP3A4 inhibitor\) raises {statin}: contraindicated", said)
    assert "SLCO1B1" not in drug.headline


def agent_of(row):
    """A drug that a label's row is about."""
    if row["agent"]:
        return row["agent"]
    acting = KB.table("interactions").filter(enzyme=row["enzyme"], role=row["role"])
    meant = acting.filter(pl.col("strength").is_in((row["strengths"] or "").split(";")))
    either = set(KB.table("interactions").filter(pl.col("role") != row["role"])["drug"])
    return min(meant["drug"], key=lambda drug: drug in either)  # the first that does not act the other way as well


ON_ONE_ENZYME = KB.table("label_interactions").filter(pl.col("beside").is_null()).rows(named=True)


def result_of(row):
    """Return a result for which a row holds, where it asks for one."""
    names = (row["phenotypes"] or "no_result").split(";")
    return {} if "no_result" in names else {row["gene"]: pattern(status="outside", stated_phenotype=names[0])}


@pytest.fixture(scope="module")
def advice_of_labels():
    """A person for each label's row, who takes its two drugs."""
    table = ON_ONE_ENZYME
    history = clinical(
        [{"sample": row["limit_id"], "drug": drug} for row in table for drug in (row["drug"], agent_of(row))]
    )
    calls = {row["limit_id"]: {"CYP2C9": pattern("*1/*1"), **result_of(row)} for row in table}
    frame, phenotypes = assign(callset(calls), KB, history)
    said = recommend(phenotypes, frame, history, KB)
    own = said.filter(guideline=pl.col("sample"))
    assert own["guideline"].is_unique().all()
    return {one["guideline"]: one for one in own.rows(named=True)}


@pytest.mark.parametrize("row", ON_ONE_ENZYME, ids=lambda row: row["limit_id"])
def test_every_label_row_names_its_own_enzyme_and_no_other(row, advice_of_labels):
    agent, label = agent_of(row), advice_of_labels[row["limit_id"]]
    assert label["drug"] == row["drug"]
    (acting,) = (one for flag in flags(label) if (one := parse(flag)))
    assert (acting.agent, acting.enzyme, acting.role) == (agent, row["enzyme"] or "", row["role"] or "")
    assert row["section"] in label["recommendation"]
    said = label["recommendation"].replace(row["section"], "")  # a section may be about metabolizers of another enzyme
    named = re.findall(r"\b(?:CYP\w+|SLCO1B1|ABCG2|XDH|DPYD|UGT1A1)\b", said)
    assert set(named) - {row["gene"]} == {row["enzyme"]} - {None, row["gene"]}


def test_the_label_s_number_is_text_with_its_source():
    found = result(EXPRESSER, ["tacrolimus", "voriconazole"], ["tacrolimus"])
    (label,) = found.guidance.filter(source="FDA label").rows(named=True)
    assert label["dose_change"] is None
    assert label["recommendation"] == (
        "With voriconazole (strong CYP3A4 inhibitor): reduce the dose of tacrolimus to one third of the dose before. "
        "This is from the label (voriconazole, section 7) and holds whatever the genes."
    )
    drug = line(found, "tacrolimus")
    assert drug.urgency == "change_dose"
    assert drug.reason.startswith("the genes alone would ask for a higher dose")


def test_a_label_s_lower_dose_does_not_hide_graver_advice_of_the_genes():
    poor = {"TPMT": pattern("*3A/*3A"), "NUDT15": pattern("*1/*1")}
    drug = line(result(poor, ["azathioprine", "allopurinol"], ["azathioprine"]), "azathioprine")
    assert drug.urgency == "avoid"
    assert drug.headline.startswith(
        "choose another drug; besides, allopurinol (strong XDH inhibitor) raises azathioprine"
    )


def test_brivudine_stands_before_a_normal_dpyd():
    drug = line(result({"DPYD": pattern("Reference/Reference")}, ["fluorouracil", "brivudine"]), "fluorouracil")
    assert drug.urgency == "avoid"
    assert "brivudine (strong DPYD inhibitor) raises fluorouracil: contraindicated" in drug.headline


# Notes


def test_notes_name_the_enzyme_that_carries_the_drug():
    found = result(EXPRESSER, ["tacrolimus", "voriconazole"]).notes
    said = found.filter(code="drug_level", subject="tacrolimus")["message"].to_list()
    assert said[0] == "voriconazole inhibits CYP3A4 (strong), on which tacrolimus depends: it raises tacrolimus"
    mine = found.filter(code="acts_on_others", subject="voriconazole")["message"].to_list()
    assert "voriconazole inhibits CYP3A4 (strong), on which tacrolimus depends" in mine


def test_what_acts_on_what_is_said_once():
    one = Acting("fluvoxamine", "CYP1A2", "strong", "inhibitor", "current", "raises")
    assert parse(str(one.flag)) == one
    two = Acting("fluvoxamine", "CYP2C19", "strong", "inhibitor", "current", "raises")
    assert phrase([one, two], "x") == "fluvoxamine (strong CYP1A2 inhibitor, strong CYP2C19 inhibitor) raises x"
    three = Acting("a", "CYP2C19", "strong", "inducer", "planned", "raises_active_form")
    assert phrase([three], "x") == "a (strong CYP2C19 inducer, planned) raises the active form of x"
    assert parse("interaction_reverses:a:CYP3A4") is None


# Every drug with a change of dose, with every drug that acts on it


ASKS = {"increase_dose": "higher", "higher_start": "higher", "reduce_dose": "lower", "lower_start": "lower"}


def asked(row):
    """Which doses a row of the recommendations asks for."""
    numbers = {"higher" if one > 0 else "lower" for one in (row["dose_min_pct"], row["dose_max_pct"]) if one}
    return numbers | {ASKS[one] for one in (row["action"], row["secondary_action"]) if one in ASKS}


@cache
def turned_by(drug, asks, genes):
    """Agents that turn a row around by an enzyme that it does not look at, read from the tables without the code."""
    carried = {
        r["enzyme"]: r
        for r in KB.table("substrates").filter(drug=drug).iter_rows(named=True)
        if r["enzyme"] not in genes
    }
    found = {}
    for one in KB.table("interactions").iter_rows(named=True):
        by = carried.get(one["enzyme"])
        if by is None or one["drug"] == drug or by["by"] not in (None, one["role"]):
            continue
        raises = (one["role"] == "inhibitor") == (by["role"] == "clears")
        if (one["strength"], by["strength"]) in MARKED and ("lower" if raises else "higher") not in asks:
            found[one["drug"]] = one["enzyme"]
    return found


@pytest.fixture(scope="module")
def turned_around():
    """One person for each recommendation with a change of dose and each drug that turns it around."""
    people, listed, expected = {}, [], {}
    comedication = set(KB.table("populations").filter(pl.col("test").str.starts_with("takes_"))["population"])
    for row in every_row.ROWS.iter_rows(named=True):
        asks = asked(row)
        if len(asks) != 1 or row["population"] in comedication:
            continue
        genes = frozenset(every_row.TESTS.filter(rec_id=row["rec_id"])["gene"])
        agents = turned_by(row["drug"], frozenset(asks), genes)
        calls = every_row.person_for(row) if agents else {}
        if not calls or None in calls.values():
            continue
        for agent, enzyme in agents.items():
            name = f"{row['rec_id']} {agent}"
            people[name] = calls
            listed += [{"sample": name, "drug": row["drug"]}, {"sample": name, "drug": agent}]
            expected[name] = (row, agent, enzyme, asks)
    known = clinical(listed)
    calls, phenotypes = assign(callset(people), KB, known)
    said = recommend(phenotypes, calls, known, KB)
    return expected, known, calls, phenotypes, said


def without_limits(row):
    """Return a text without what is kept to with the drugs that it names instead."""
    text = row["recommendation"] or ""
    for flag in row["flags"]:
        if flag.startswith("alternative_limited:"):
            text = text.replace(f" ({flag.split(':', 2)[2]})", "")
    return text


def test_every_pair_of_a_change_of_dose_and_a_drug_that_turns_it_around_withholds_the_number(turned_around):
    expected, _, _, _, said = turned_around
    assert len(expected) > 1000
    assert {agent for _, agent, _, _ in expected.values()} >= {"voriconazole", "clarithromycin", "rifampin"}
    by_row = {(r["sample"], r["guideline"]): r for r in said.iter_rows(named=True)}
    seen = 0
    for name, (recommendation, agent, enzyme, _) in expected.items():
        row = by_row.get((name, recommendation["rec_id"]))
        if row is None:  # the agent changes the phenotype, and another row answers
            continue
        seen += 1
        assert row["dose_change"] is None, row
        assert row["action"] not in ASKS, row
        assert f"interaction_reverses:{agent}:{enzyme}" in flags(row), row
        assert f"{enzyme} in" in row["recommendation"], row
        assert not re.search(r"\d+ ?%|mg|maximum", without_limits(row)), row
    assert seen > 1000


def test_no_row_of_any_of_them_points_against_what_acts(turned_around):
    _, known, _, _, said = turned_around
    acting = acting_drugs(known, KB).filter("marked")
    converted = pl.col("flags").list.contains("phenoconverted")
    for row in said.filter(~converted, ~pl.col("genes").list.contains("none")).iter_rows(named=True):
        for one in (found for flag in flags(row) if (found := parse(flag))):
            against = "-" if one.asks_for == "higher" else ""
            change = row["dose_change"] or ""
            assert not change or change.startswith("-") != (against == "-"), row
            assert ASKS.get(row["action"]) in (None, one.asks_for), row
    assert acting.height


def everything(found, drug):
    """Return every output of a result as text, by name."""
    shown = view(found, "s")
    return {
        "guidance.tsv": to_tsv(found.guidance).decode(),
        "notes.tsv": to_tsv(found.notes).decode(),
        "json": to_json(found),
        "text": render_text(found, "s", color=False, width=118),
        "html": re.sub(r"<style>.*?</style>", "", render_html(found, "s"), flags=re.S),
        "card": re.sub(r"<style>.*?</style>", "", render_card(found, "s"), flags=re.S),
        "leaflet": re.sub(r"<style>.*?</style>", "", render_leaflet(found, "s"), flags=re.S),
        "plan": re.sub(r"<style>.*?</style>", "", render_plan(found, "s"), flags=re.S),
        "calendar": render_ics(found, "s") or "",
        "fhir": json.dumps(to_fhir(found, "s"), ensure_ascii=False),
        "cds": json.dumps(cards(shown, [drug]), ensure_ascii=False),
        "multiqc": json.dumps(to_multiqc(found)),
    }


def test_no_output_shows_a_number_that_points_the_other_way(turned_around):
    expected, *_ = turned_around
    kinds = {}
    for row, agent, enzyme, asks in expected.values():
        if row["source"] in ("CPIC", "DPWG") and row["dose_min_pct"]:
            kinds.setdefault((row["drug"], row["source"], enzyme, tuple(asks)), (row, agent, asks))
    assert len(kinds) > 15
    for row, agent, asks in kinds.values():
        found = result(every_row.person_for(row), [row["drug"], agent], [row["drug"]])
        if found.guidance.filter(guideline=row["rec_id"]).is_empty():
            continue
        wrong = ("Increase dose", "a higher dose is advised", "increase the dose", "start with a higher dose")
        if asks == {"lower"}:
            wrong = ("Decrease dose", "a lower dose is advised", "reduce the dose", "start with a lower dose")
        sizes = {f"{abs(one):g}" for one in (row["dose_min_pct"], row["dose_max_pct"]) if one}
        own = found.guidance.filter(guideline=row["rec_id"])
        assert own["dose_change"].null_count() == own.height
        for name, whole in everything(found, row["drug"]).items():
            text = re.sub(r"\(without [^)]*\)", "", whole)  # what would be said of another list
            if "phenoconverted" not in text:
                for size in sizes:
                    assert not re.search(rf"[+\N{{MINUS SIGN}}-]{size} %|\b{size}(\.0)? % (above|below)", text), (
                        name,
                        row,
                    )
            others = found.guidance.filter(pl.col("action").is_in(list(ASKS)))
            if others.is_empty():
                assert not [word for word in wrong if word in text], (name, row["rec_id"], agent)
        shown = line(found, row["drug"])
        assert shown.acting
        assert any(one.agent == agent for one in shown.acting)
        summary = next(one for one in to_dict(found)["samples"][0]["summary"] if one["drug"] == row["drug"])
        assert agent in summary["headline"]


def test_fhir_proposes_no_change_that_points_the_other_way():
    found = result(EXPRESSER, ["tacrolimus", "idelalisib"], ["tacrolimus"])
    tasks = [one["resource"] for one in to_fhir(found, "s")["entry"] if one["resource"]["resourceType"] == "Task"]
    assert len(tasks) == 1
    assert "code" not in tasks[0]
    assert "idelalisib (strong CYP3A4 inhibitor) raises tacrolimus" in tasks[0]["description"]
    lowered = result(EXPRESSER, ["tacrolimus", "voriconazole"], ["tacrolimus"])
    tasks = [one["resource"] for one in to_fhir(lowered, "s")["entry"] if one["resource"]["resourceType"] == "Task"]
    assert tasks[0]["code"]["coding"][0]["display"] == "Decrease dose"


def test_a_card_of_clinical_decision_support_speaks_where_the_genes_are_silent():
    shown = view(result(NON_EXPRESSER, ["idelalisib"], ["tacrolimus"]), "s")
    (card,) = cards(shown, ["tacrolimus"])
    assert card["summary"].startswith("tacrolimus: idelalisib (strong CYP3A4 inhibitor) raises tacrolimus")


def test_the_leaflet_and_the_card_name_the_other_medicine():
    found = result(EXPRESSER, ["tacrolimus", "idelalisib"], ["tacrolimus"])
    leaflet = render_leaflet(found, "s")
    assert "idelalisib changes how much of it is in your body; your doctor sets the dose by that" in leaflet
    assert "lower amount" not in leaflet
    assert "<strong>tacrolimus</strong> (idelalisib raises it, CYP3A4: dose by the label" in render_card(found, "s")


def test_a_site_s_own_substrate_row_turns_advice_around_and_is_marked(tmp_path):
    folder = tmp_path / "ward7"
    folder.mkdir()
    (folder / "substrates.tsv").write_text(
        "drug\tenzyme\trole\tstrength\tby\tsource\tconfidence\nhydralazine\tCYP3A4\tclears\tsensitive\t\tward\tread\n",
        encoding="utf-8",
    )
    rapid = {"NAT2": pattern(status="outside", stated_phenotype="Rapid Metabolizer")}
    kb = knowledge.load([folder])
    before = rows(rapid, ["itraconazole"], "hydralazine").filter(pl.col("dose_change").is_not_null())
    after = rows(rapid, ["itraconazole"], "hydralazine", kb=kb).filter(guideline=before["guideline"][0])
    assert after["dose_change"].to_list() == [None]
    assert {"local", "interaction_reverses:itraconazole:CYP3A4"} <= set(flags(after.row(0, named=True)))


def test_genes_that_forbid_a_drug_come_before_what_another_one_does_to_its_level():
    found = result({"CYP2C9": pattern("*3/*3")}, ["siponimod", "clarithromycin"], ["siponimod"])
    said = itself(line(found, "siponimod").headline)
    assert said.startswith("contraindicated; besides, clarithromycin (strong CYP3A4 inhibitor) raises siponimod")


def test_a_drug_that_alone_makes_a_gene_speak_is_named_first():
    """Nothing is advised for CYP3A4 *1/*1: that quetiapine is to be replaced is clarithromycin's doing."""
    found = result({"CYP3A4": pattern("*1/*1")}, ["quetiapine", "clarithromycin"], ["quetiapine"])
    assert line(found, "quetiapine").headline.startswith(
        "change clarithromycin first, if that is possible (without it: "
    )
