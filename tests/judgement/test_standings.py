"""Which of two medicines gives way: nobody is sent from what is kept for the sake of what can be replaced."""

from __future__ import annotations

import re

import pytest

from pgx import knowledge
from pgx.judgement.read_back import gives_way_of, not_started_of, ruled_out_themselves
from pgx.judgement.standings import giving_way, standing, standings_of
from pgx.knowledge.drug_names import drug_names
from tests.guidance.test_interactions import everything, line, result
from tests.judgement.test_together import NORMAL, planned
from tests.phenotypes.builders import pattern

KB = knowledge.load()
STANDINGS = standings_of(KB)

KEPT = [
    # what can be replaced, what is kept, and what says so
    ("simvastatin", "cyclosporine"),  # Zortress, section 5: no simvastatin with cyclosporine after a transplant
    ("levonorgestrel", "rifampin"),  # another method of contraception during treatment of tuberculosis
    ("estrogen-containing contraceptives", "efavirenz"),  # Sustiva, section 7
    ("estrogen-containing contraceptives", "carbamazepine"),  # Tegretol, interactions
]


@pytest.mark.parametrize(("drug", "kept"), KEPT)
def test_nobody_is_told_to_change_what_is_kept(drug, kept):
    found = result(NORMAL, [drug, kept])
    own, other = line(found, drug), line(found, kept)
    assert own.urgency == "avoid" and own.headline.startswith(f"change this one, not {kept}; otherwise ")
    assert not own.next_test and f"gives_way:{drug}" in own.judgement.flags
    assert other.headline.startswith(f"not together with {drug} (")
    assert "): it is that one that is changed" in other.headline
    leaflet = " ".join(re.sub(r"<[^>]+>", " ", everything(found, drug)["leaflet"]).split())
    assert f"ask for another medicine in its place, and go on with {kept}" in leaflet
    for text in everything(found, drug).values():
        assert f"change {kept}" not in text and f"whether {kept} can be changed" not in text


RULED_OUT = [
    # what the genes rule out, the genes, and what does not go together with it
    ("carbamazepine", {"HLA-B": "*15:02/*08:01"}, "apixaban"),
    ("carbamazepine", {"HLA-B": "*15:02/*08:01"}, "levonorgestrel"),
    ("voriconazole", {"CYP2C19": "*17/*17"}, "simvastatin"),
    ("paroxetine", {"CYP2D6": "*1x3/*1"}, "tamoxifen"),
]


@pytest.mark.parametrize(("agent", "genes", "drug"), RULED_OUT)
def test_what_the_genes_rule_out_is_changed_and_not_what_stands_beside_it(agent, genes, drug):
    calls = NORMAL | {gene: pattern(diplotype) for gene, diplotype in genes.items()}
    found = result(calls, [drug, agent], observations=[{"concept": "age", "value": 60.0, "unit": "a"}])
    own, other = line(found, agent), line(found, drug)
    assert own.headline.startswith("change this one: ") and own.judgement.urgency == "avoid"
    assert other.headline.startswith(f"change {agent} first, which is not for this person anyway (without it: ")
    assert {f"gives_way:{agent}", f"ruled_out_itself:{agent}"} <= set(other.judgement.flags)
    assert "recall:gives_way" not in (*own.judgement.flags, *other.judgement.flags)
    outputs = everything(found, drug)
    for text in outputs.values():
        assert "change this one or" not in text and f"whether this one or {agent} can be changed" not in text
    assert f"ask whether {agent} can be changed" in " ".join(outputs["leaflet"].split())


BOOSTED = {"UGT1A1": "*28/*28"}, ["atazanavir", "ritonavir", "simvastatin"], ()
ALLERGIC = {}, ["clarithromycin", "cyclosporine", "simvastatin"], [{"concept": "allergy", "code": "clarithromycin"}]


@pytest.mark.parametrize(("genes", "listed", "record"), [BOOSTED, ALLERGIC])
def test_what_is_ruled_out_itself_is_told_to_stay_in_no_line(genes, listed, record):
    found = result(NORMAL | {gene: pattern(one) for gene, one in genes.items()}, listed, observations=record)
    agent, kept, drug = listed
    told = {name: line(found, name) for name in listed}
    anyway = f"change this one, not {kept} ({agent} is not for this person anyway); otherwise "
    assert told[drug].headline.startswith(anyway)
    assert gives_way_of(told[kept].judgement) == (drug,) and "it is that one that is changed" in told[kept].headline
    for name in (agent, drug):
        assert set(gives_way_of(told[name].judgement)) == {agent, drug}
        assert ruled_out_themselves(told[name].judgement) == (agent,)
    assert "both are changed, this one is not for this person anyway; for itself: avoid" in told[agent].headline
    pages = {form: " ".join(re.sub(r"<[^>]+>", " ", page).split()) for form, page in everything(found, drug).items()}
    assert f"go on with {kept}." in pages["leaflet"] and f"{agent} and" not in pages["leaflet"].split("go on with")[1]
    assert f"not together with {drug}: change this one and {drug}" in pages["card"]


NEITHER = [
    ({"UGT1A1": "*28/*28", "SLCO1B1": "*5/*5"}, "atazanavir", "simvastatin", ""),
    ({"HLA-B": "*15:02/*08:01"}, "carbamazepine", "apixaban", "apixaban"),
    ({}, "clarithromycin", "simvastatin", "simvastatin"),
]


@pytest.mark.parametrize(("genes", "agent", "drug", "allergy"), NEITHER)
def test_a_drug_that_is_ruled_out_all_the_same_says_so_beside_another_reason(genes, agent, drug, allergy):
    calls = NORMAL | {gene: pattern(one) for gene, one in genes.items()}
    found = result(calls, [agent, drug], observations=[{"concept": "allergy", "code": allergy}] if allergy else [])
    own, other = line(found, drug), line(found, agent)
    assert drug in gives_way_of(own.judgement) and drug in ruled_out_themselves(own.judgement)
    assert gives_way_of(own.judgement) == gives_way_of(other.judgement)
    both = "both are changed, neither is for this person anyway" if genes else "it is that one that is changed"
    assert both in other.headline
    assert not allergy or f"; without {agent} as well: avoid: an allergy to {drug} is recorded" in own.headline
    leaflet = " ".join(re.sub(r"<[^>]+>", " ", everything(found, drug)["leaflet"]).split())
    assert not allergy or f"it should be avoided: an allergy to {drug} is on record" in leaflet


DOSED = [
    # what is ruled out, by the genes or the record, and the drug whose dose goes by it
    ("allopurinol", {"HLA-B": "*58:01/*07:02"}, "azathioprine"),
    ("voriconazole", {"CYP2C19": "*17/*17"}, "tacrolimus"),
    ("valproic acid", {}, "lamotrigine"),
]


@pytest.mark.parametrize(("agent", "genes", "drug"), DOSED)
def test_a_dose_beside_what_is_ruled_out_says_that_it_is(agent, genes, drug):
    record = [{"concept": "pregnancy", "code": "yes"}, {"concept": "age", "value": 30.0, "unit": "a"}]
    calls = NORMAL | {gene: pattern(one) for gene, one in genes.items()}
    found = result(calls, [agent, drug], observations=record)
    own, pages = line(found, drug), everything(found, drug)
    assert own.urgency == "change_dose" and ruled_out_themselves(own.judgement) == (agent,)
    assert f"{agent} is not for this person anyway: the dose is looked at again without it" in own.headline
    assert f"look at the dose again without {agent}" in " ".join(pages["card"].split())
    leaflet = " ".join(re.sub(r"<[^>]+>", " ", pages["leaflet"]).split())
    assert f"{agent} is not recommended for you: ask about the dose of this one without it" in leaflet
    assert not gives_way_of(own.judgement)


def test_what_is_not_begun_beside_what_is_ruled_out_says_that_it_is():
    found = result(NORMAL | {"CYP2C19": pattern("*2/*2")}, ["clopidogrel", planned("omeprazole")])
    told = line(found, "omeprazole").headline
    assert "together with clopidogrel (avoid, FDA label), which is not for this person anyway; " in told


def test_a_drug_beside_two_that_are_planned_says_what_the_other_one_does_where_one_is_ruled_out():
    calls = NORMAL | {"UGT1A1": pattern("*28/*28")}
    found = result(calls, ["simvastatin", planned("atazanavir"), planned("ritonavir")])
    assert "once ritonavir is started: contraindicated; until then: " in line(found, "simvastatin").headline
    assert "it is that one that is changed" in line(found, "ritonavir").headline


def test_what_an_allergy_rules_out_gives_way_even_where_it_is_usually_kept():
    allergy = [{"concept": "allergy", "code": "carbamazepine"}]
    found = result(NORMAL, ["carbamazepine", "estrogen-containing contraceptives"], observations=allergy)
    told = line(found, "estrogen-containing contraceptives").judgement
    assert gives_way_of(told) == ruled_out_themselves(told) == ("carbamazepine",)


def test_what_the_genes_rule_out_is_not_started_for_the_sake_of_its_being_kept_usually():
    calls = NORMAL | {"HLA-B": pattern("*15:02/*08:01")}
    found = result(calls, ["levonorgestrel", planned("carbamazepine")])
    assert not_started_of(line(found, "levonorgestrel").judgement) == ("carbamazepine",)


@pytest.mark.parametrize(("drug", "kept"), [pair for pair in KEPT if pair[1] in ("efavirenz", "carbamazepine")])
def test_what_is_kept_is_started_though_what_can_be_replaced_is_taken(drug, kept):
    found = result(NORMAL, [drug, planned(kept)])
    own, other = line(found, drug), line(found, kept)
    assert f"not_started:{kept}" not in (*own.judgement.flags, *other.judgement.flags)
    assert other.action != "not_started" and "do not start" not in other.headline
    assert f"once {kept} is started: avoid" in own.headline or own.urgency == "avoid"


@pytest.mark.parametrize(
    ("drug", "causes", "way"),
    [
        ("tamoxifen", [["paroxetine"]], ("paroxetine",)),
        ("simvastatin", [["cyclosporine"]], ("simvastatin",)),
        ("simvastatin", [["cyclosporine", "clarithromycin"]], ("simvastatin",)),
        ("simvastatin", [["cyclosporine"], ["clarithromycin"]], ()),
        ("simvastatin", [["cyclosporine"], []], ()),
        ("clopidogrel", [["rifampin"]], ()),
        ("something", [["else"]], ()),
        ("simvastatin", [], ()),
    ],
)
def test_the_set_that_is_easiest_to_change_goes_first(drug, causes, way):
    assert giving_way(drug, causes, STANDINGS) == way


@pytest.mark.parametrize(
    ("drug", "how"),
    [("aspirin", 1), ("Rifampin", 1), ("mercaptopurine", 1), ("clarithromycin", -1), ("haloperidol", 0)],
)
def test_what_is_kept_in_one_of_its_groups_is_kept(drug, how):
    assert standing(drug, STANDINGS) == how


def test_every_drug_that_is_named_is_known():
    look_up = drug_names(KB)
    for drugs in KB.table("standings")["drugs"].drop_nulls():
        for drug in drugs.split(";"):
            assert look_up.find(drug).drugs, drug


def test_a_standing_that_is_recalled_for_any_of_its_group_is_marked_so():
    rows = knowledge.load().table("standings").select("source", "confidence").rows()
    assert {confidence for _, confidence in rows} <= {"read", "recall"}
    assert all(("recall" in source) == (confidence == "recall") for source, confidence in rows)


RECALLED = "recall:gives_way"
SAID = "which of the medicines gives way is common practice from memory (unverified)"


@pytest.mark.parametrize(
    ("drug", "kept", "recalled"),
    [
        ("simvastatin", "cyclosporine", True),
        ("levonorgestrel", "rifampin", True),
        ("estrogen-containing contraceptives", "carbamazepine", False),  # both rows were read
    ],
)
def test_an_order_from_memory_is_marked_where_it_decides(drug, kept, recalled):
    found = result(NORMAL, [drug, kept])
    for name in (drug, kept):
        assert (RECALLED in line(found, name).judgement.flags) == recalled
        assert any(SAID in remark for remark in line(found, name).interactions) == recalled
    pages = everything(found, drug)
    assert all((SAID in " ".join(pages[form].split())) == recalled for form in ("text", "html"))
    # The tests are whole: an order from memory makes the answer of none of them uncertain.
    assert "the test is incomplete" not in pages["leaflet"]


def test_no_order_is_marked_where_none_was_needed():
    found = result(NORMAL, ["simvastatin", "amlodipine"])
    assert not any(RECALLED in line(found, name).judgement.flags for name in ("simvastatin",))


def test_a_medicine_with_a_dose_of_its_own_to_change_gives_way_on_every_page():
    found = result({"CYP2D6": pattern("*4/*4"), "CYP2C19": pattern("*1/*1")}, ["fluvoxamine", "clopidogrel"])
    assert line(found, "fluvoxamine").urgency == "change_dose"
    pages = {form: " ".join(re.sub(r"<[^>]+>", " ", page).split()) for form, page in everything(found, "x").items()}
    assert "change this one first, if that is possible: it acts on clopidogrel" in pages["text"]
    assert "not together with clopidogrel: change this one first, if that is possible" in pages["card"]
    assert (
        "ask whether this one can be changed: it acts on another medicine of yours; if not, a lower" in pages["leaflet"]
    )


def test_what_is_planned_and_ruled_out_itself_says_so_where_it_would_change_another_one():
    calls = NORMAL | {"HLA-A": pattern("*31:01/*02:01"), "HLA-B": pattern("*07:02/*08:01")}
    found = result(calls, ["lamotrigine", planned("carbamazepine")])
    own = line(found, "lamotrigine")
    assert own.headline.startswith("once carbamazepine is started, which is not for this person anyway: ")
    assert own.headline.count("not for this person anyway") == 1
    assert ruled_out_themselves(own.judgement) == ("carbamazepine",)
