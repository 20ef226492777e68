"""Two medicines that do not go together: which gives way, and what stands in the line of each, in every output."""

from __future__ import annotations

import json
import random
import re

import polars as pl
import pytest

from pgx import knowledge, schema
from pgx.guidance import recommend
from pgx.judgement import Judgement, judgements, of_row
from pgx.judgement.planned import settled
from pgx.judgement.read_back import arguments_of, causes_of, not_started_of
from pgx.judgement.standings import kept_before, standings_of
from pgx.judgement.statement import URGENCIES
from pgx.judgement.together import Lists, Told, with_causes
from pgx.judgement.without_drugs import without_drugs
from pgx.phenotypes import assign
from pgx.phenotypes.exposures import exposures
from pgx.reports.page.wording import words
from pgx.types import Result
from tests.guidance.test_interactions import everything, line, result
from tests.judgement.outputs import disagreements, told_by_text
from tests.phenotypes.builders import callset, clinical, pattern
from tests.reports.rendered import render_text, view
from tests.sizes import size

KB = knowledge.load()
STANDINGS = standings_of(KB)
NORMAL = {gene: pattern("*1/*1") for gene in ("CYP2C19", "CYP2D6", "CYP2C9", "SLCO1B1", "TPMT", "NUDT15")}
PLANNED = "planned"
COMFORTS = ("standard", "no_data")
SOURCE = re.compile(r" \((?:avoid|contraindicated)[^)]*\)")


def planned(drug):
    return {"drug": drug, "status": PLANNED}


def run(lists: dict[str, list[dict[str, str]]], calls=NORMAL, drugs=None) -> Result:
    """Return the result of persons, each with a list; whatever `drugs` asks about beside it."""
    history = clinical([{"sample": name, **one} for name, listed in lists.items() for one in listed])
    frame, phenotypes = assign(callset(dict.fromkeys(lists, calls)), KB, history)
    said = recommend(phenotypes, frame, history, KB, drugs=drugs)
    scores, acting = schema.empty(schema.SCORES), exposures(history, KB)
    again, taken = without_drugs(phenotypes, frame, history, KB), history.medications
    told = settled(said, phenotypes, frame, history, KB)
    advice = told.guidance
    judged = judgements(advice, frame, scores, KB, acting, without=again, medications=taken, later=told.later)
    return Result(
        tuple(lists), frame, phenotypes, advice, scores, history.observations, taken, schema.empty(schema.NOTES),
        judgements=judged,
    )  # fmt: skip


def judged(found: Result) -> dict[tuple[str, str], Judgement]:
    return {(row["sample"], row["drug"]): of_row(row) for row in found.judgements.iter_rows(named=True)}


PAIRS = [
    # drug, the one beside which a label rules it out, and what is said of the drug without that one
    ("clopidogrel", "omeprazole", "use as usual"),
    ("clopidogrel", "ritonavir", "use as usual"),
    ("tamoxifen", "paroxetine", "use as usual"),
    ("voriconazole", "rifampin", "use as usual"),
    ("simvastatin", "clarithromycin", "use as usual"),
    ("azathioprine", "febuxostat", "use as usual"),
    ("citalopram", "linezolid", "use as usual"),
    ("posaconazole", "rifampin", "nothing is known by the genes"),
    ("methotrexate", "trimethoprim", "nothing is known by the genes"),
]


NO_ENZYME = [
    ("citalopram", "linezolid"),
    ("methotrexate", "trimethoprim"),
    ("clopidogrel", "ritonavir"),
    ("posaconazole", "rifampin"),
]


STAND_ALIKE = [
    ("clopidogrel", "ritonavir"),
    ("voriconazole", "rifampin"),
    ("simvastatin", "clarithromycin"),
    ("citalopram", "linezolid"),
    ("posaconazole", "rifampin"),
]


def does(drug, agent):
    """What the line of an agent says that it does: where no enzyme is named, that the two do not go together."""
    return f"{'it does not go together with' if (drug, agent) in NO_ENZYME else 'it acts on'} {drug}"


def when(agent):
    """When that is said: labels of SSRIs wait a day after the last dose of linezolid."""
    return "1 day after the last dose of it" if agent == "linezolid" else "without it"


@pytest.mark.parametrize(("drug", "agent", "without"), PAIRS)
def test_of_two_that_are_taken_the_one_that_can_be_replaced_is_changed_first(drug, agent, without):
    found = result(NORMAL, [drug, agent])
    own, other = line(found, drug), line(found, agent)
    assert own.urgency == "avoid"
    if (drug, agent) in STAND_ALIKE:
        which, this, action = f"this one or {agent}", "this one or the other", "change_one"
        named = when(agent).replace(" it", f" {agent}")
    else:
        which, this, action = (
            f"{agent} first, if that is possible",
            "this one first, if that is possible",
            "change_first",
        )
        named = when(agent)
    assert own.headline.startswith(f"change {which} ({named}: {without}); otherwise ")
    assert (other.urgency, other.action) == ("monitor", action)
    assert other.headline.startswith(f"change {this}: {does(drug, agent)}")


@pytest.mark.parametrize(("drug", "agent", "without"), PAIRS)
def test_the_one_that_acts_is_not_started_where_the_other_one_is_taken(drug, agent, without):
    found = result(NORMAL, [drug, planned(agent)])
    own, other = line(found, drug), line(found, agent)
    lead = f"{agent}, which is not taken yet, is not to be started beside it; for itself: "
    said = SOURCE.sub("", own.headline, count=1)
    assert own.headline != said  # who says so stands in brackets
    itself = "no source has a recommendation for this drug" if "nothing" in without else without
    assert (own.urgency, own.action) == ("monitor", "not_together")
    assert said.startswith(lead + itself) and not own.causes and "interaction:" not in str(own.judgement.flags)
    assert (other.urgency, other.action) == ("avoid", "not_started")
    assert other.headline.startswith(f"do not start this one; choose another medicine: {does(drug, agent)}")
    assert "change " not in own.headline.partition(";")[0]


@pytest.mark.parametrize(("drug", "agent", "without"), PAIRS)
def test_the_drug_is_not_started_where_the_one_that_acts_is_taken_already(drug, agent, without):
    found = result(NORMAL, [planned(drug), agent])
    own, other = line(found, drug), line(found, agent)
    assert own.urgency == "avoid"
    if (
        drug,
        agent,
    ) not in STAND_ALIKE:  # what cures, or holds a grave disease, is not withheld for what can be replaced
        lead = f"change {agent} first, if that is possible ({when(agent)}: {without}); otherwise "
        assert own.headline.startswith(lead) and (other.urgency, other.action) == ("monitor", "change_first")
        return
    lead = f"do not start this one as long as {agent} is taken ({when(agent)}: {without}); otherwise "
    assert own.headline.startswith(lead)
    assert (other.urgency, other.action) == ("monitor", "not_together")
    said = SOURCE.sub("", other.headline, count=1)
    assert said.startswith(f"{drug}, which is not taken yet, is not to be started beside it; for itself: ")
    assert "change " not in said


@pytest.mark.parametrize(
    ("drug", "agents"),
    [
        ("voriconazole", ("fluoxetine", "rifampin")),
        ("voriconazole", ("fluoxetine", "carbamazepine")),
        ("mavacamten", ("fluoxetine", "rifampin")),
        ("siponimod", ("fluconazole", "rifampin")),
        ("citalopram", ("fluconazole", "rifampin")),
        ("vortioxetine", ("paroxetine", "rifampin")),
    ],
)
def test_two_planned_drugs_that_pull_apart_take_no_warning_of_one_of_them_away(drug, agents):
    for listed in (agents, agents[:1], agents[1:]):
        own = line(result(NORMAL, [drug, *map(planned, listed)]), drug)
        told = [flag for flag in own.judgement.flags if flag.startswith(("once:", "not_together:"))]
        if listed == agents:
            both = (bool(told), own.urgency)
        elif told:
            assert both[0] and both[1] not in COMFORTS, (drug, listed, both)


@pytest.mark.parametrize("statuses", [("current", "current"), ("current", PLANNED), (PLANNED, "current")])
@pytest.mark.parametrize(("drug", "agent", "without"), PAIRS)
def test_every_output_says_it(drug, agent, without, statuses):
    listed = [{"drug": drug, "status": statuses[0]}, {"drug": agent, "status": statuses[1]}]
    found = result(NORMAL, listed)
    assert not list(disagreements(found))
    ask = {
        ("current", "current"): f"ask whether {'this one or ' if (drug, agent) in STAND_ALIKE else ''}{agent} can be",
        ("current", PLANNED): f"ask whether you can do without {agent}, which you do not take yet: it does not go",
        (PLANNED, "current"): f"ask whether you can do without it as long as you take {agent}"
        if (drug, agent) in STAND_ALIKE
        else f"ask whether {agent} can be changed",
    }[statuses]
    texts = everything(found, drug)
    assert ask in " ".join(re.sub(r"<[^>]+>", " ", texts["leaflet"]).split())
    lead = line(found, drug).headline.partition(" (")[0]
    for name in ("text", "html", "fhir", "json"):
        assert lead in " ".join(texts[name].split()) or name == "json", name
    assert (f"causes:{drug}:" if statuses[1] == PLANNED else f"cause:{agent}:") in texts["json"]
    conclusion = next(one["resource"] for one in json.loads(texts["fhir"])["entry"])["conclusion"]
    assert all(f": {one.name}, {one.headline}." in conclusion for one in view(found, "s").drugs)


@pytest.mark.parametrize(("urgency", "either"), [("avoid", True), ("change_dose", False)])
def test_two_that_change_the_dose_of_each_other_are_not_said_to_be_one_or_the_other(urgency, either):
    pairs = (("a", "b"), ("b", "a"))
    found = [
        Told("P", Judgement("P", one, "advised", urgency, flags=(f"cause:{other}:G:standard",)), ())
        for one, other in pairs
    ]
    for _, one in with_causes(found, None, {}):
        assert one.flags[0].startswith("one_of:") is either
        assert one.flags[0].startswith("causes:") is not either


@pytest.mark.parametrize(
    ("ruled_out", "changed"),
    [({}, []), ({"P": frozenset({"A"})}, ["gives_way:A", "ruled_out_itself:A"]), ({"Q": frozenset({"A"})}, [])],
)
def test_a_drug_that_the_person_s_own_genes_rule_out_gives_way(ruled_out, changed):
    """What rules it out for this person counts, beside what is known of all persons; another one's genes do not."""
    avoided = Told("P", Judgement("P", "A", "advised", "avoid"), ("B",))
    beside = Told("P", Judgement("P", "B", "advised", "standard"), ())
    lists = Lists(frozenset({("P", "A"), ("P", "B")}), frozenset(), STANDINGS, ruled_out)
    _, (_, marked) = with_causes([avoided, beside], lists, {}, STANDINGS)
    assert (marked.urgency, marked.action) == ("monitor", "not_together")
    assert marked.flags == ("not_together:A:avoid:", *changed)


def test_without_lists_what_is_known_of_all_persons_decides():
    avoided = Told("P", Judgement("P", "A", "advised", "avoid"), ("B",))
    beside = Told("P", Judgement("P", "B", "advised", "standard"), ())
    _, (_, marked) = with_causes([avoided, beside], None, {}, {"a": -1, "b": 1})
    assert marked.flags == ("not_together:A:avoid:", "gives_way:A")


def test_labels_of_both_forbid_the_other_one():
    both = result(NORMAL, ["voriconazole", "sirolimus"])
    for drug, other in (("voriconazole", "sirolimus"), ("sirolimus", "voriconazole")):
        own = line(both, drug)
        assert (
            own.headline.startswith(f"give this one or {other}, not both (without {other}: ") and own.urgency == "avoid"
        )
        assert "change " not in own.headline and "for itself" not in own.headline
    one = result(NORMAL, ["citalopram", planned("pimozide")])
    kept, new = line(one, "citalopram"), line(one, "pimozide")
    assert (kept.urgency, new.urgency) == ("monitor", "avoid")
    assert ", which is not taken yet, is not to be started beside it; for itself: use as usual" in kept.headline
    assert kept.headline.startswith("pimozide (contraindicated, FDA label), which")
    assert new.headline.startswith("do not start this one as long as citalopram is taken; or change citalopram first, ")


def test_where_the_genes_speak_against_it_too_the_other_one_is_no_cause_and_not_fine_either():
    poor = {**NORMAL, "CYP2C19": pattern("*2/*2")}
    found = result(poor, ["clopidogrel", "omeprazole"])
    drug, other = line(found, "clopidogrel"), line(found, "omeprazole")
    assert drug.urgency == "avoid" and not drug.causes and "change" not in drug.headline
    assert other.urgency not in COMFORTS and other.headline.startswith(
        "not together with clopidogrel (avoid, FDA label)"
    )
    new = line(result(poor, ["clopidogrel", planned("omeprazole")]), "omeprazole")
    assert (new.urgency, new.action) == ("avoid", "not_started")
    assert new.headline.startswith("do not start this one together with clopidogrel (avoid, FDA label), which is not ")
    kept = line(result(poor, ["clopidogrel", planned("omeprazole")]), "clopidogrel")
    assert kept.urgency == "avoid" and not kept.ruled_out
    assert kept.headline.startswith(
        "omeprazole (avoid, FDA label), which is not taken yet, is not to be started beside it"
    )


def test_two_beside_which_a_drug_is_ruled_out_are_named_together_each_as_it_is_taken():
    found = result(NORMAL, ["voriconazole", "carbamazepine", planned("rifampin")])
    lead = line(found, "voriconazole").headline
    assert lead.startswith(
        "change this one or carbamazepine, and do not start rifampin; choose another medicine (without carbamazepine and rifampin: "
    )
    assert line(found, "rifampin").action == "not_started"
    assert line(found, "carbamazepine").headline.startswith("change this one or the other: it acts on")


def test_a_label_that_gives_a_dose_for_two_together_sends_nobody_away():
    for drug, agent in (("citalopram", "omeprazole"), ("tacrolimus", "voriconazole")):
        found = result(NORMAL, [drug, agent])
        assert line(found, drug).urgency == "change_dose" and not line(found, drug).causes
        assert not line(found, agent).told_for_others


def test_a_drug_that_is_only_asked_about_is_not_started_and_says_nothing_of_what_is_taken():
    found = judged(run({"P": [{"drug": "omeprazole"}]}, drugs=["clopidogrel", "omeprazole"]))
    assert "not_started:clopidogrel" in found["P", "clopidogrel"].flags
    taken = found["P", "omeprazole"]
    assert taken.urgency == "standard" and all(flag.startswith("then:") for flag in taken.flags)


@pytest.mark.parametrize(
    ("taken", "new", "drug", "agents", "given_up"),
    [
        ("da", "", "d", "a", ()),
        ("", "da", "d", "a", ()),
        ("d", "a", "d", "a", ("a",)),
        ("a", "d", "d", "a", ("d",)),
        ("a", "", "d", "a", ("d",)),  # asked about, and on no list
        ("da", "b", "d", "ab", ("b",)),
        ("a", "db", "d", "ab", ("d",)),
        ("d", "", "d", "", ()),
    ],
)
def test_of_two_the_one_that_is_not_taken_yet_is_not_started(taken, new, drug, agents, given_up):
    lists = Lists(frozenset(("P", one) for one in taken), frozenset(("P", one) for one in new))
    assert lists.not_started("P", drug, tuple(agents)) == given_up


def drawn(draw: random.Random, number: int) -> dict[str, list[dict[str, str]]]:
    """Return persons with two to five medicines, two of which a label speaks of together, each taken or planned."""
    pairs = KB.table("label_interactions").filter(pl.col("agent").is_not_null()).select("drug", "agent").unique().rows()
    pairs.sort()
    others = sorted({one for pair in pairs for one in pair})
    lists = {}
    for n in range(number):
        names = dict.fromkeys((*draw.choice(pairs), *draw.sample(others, draw.randrange(4))))
        lists[f"p{n}"] = [{"drug": name, "status": draw.choice(("current", "current", PLANNED))} for name in names]
    return lists


@pytest.fixture(scope="module", params=[(1, "*1/*1"), (2, "*2/*2")], ids=["normal", "poor"])
def people(request):
    seed, own = request.param
    calls = {**NORMAL, "CYP2C19": pattern(own)}
    lists = drawn(random.Random(seed), size(60, long=600))
    return calls, lists, run(lists, calls)


def test_no_medicine_that_is_to_be_changed_or_that_rules_another_out_is_a_comfort(people):
    _, lists, found = people
    own = judged(found)
    forbids = found.guidance.filter(pl.col("flags").list.contains("label_limit"), applies="yes", urgency="avoid")
    told = partners = 0
    for sample, listed in lists.items():
        drugs = [one["drug"] for one in listed]
        text = render_text(found, sample, width=118)
        page = told_by_text(text, drugs)
        said = " ".join(re.split(r"(?m)^ (?:Model scores|Genes) ", text)[0].split())
        for drug in drugs:
            if re.search(
                rf"(change|do not start)( [^;(:]*)? {re.escape(drug)}\b[^;(:]*(; choose another medicine)? \(with", said
            ):
                told += 1
                assert own[sample, drug].urgency not in COMFORTS, (sample, listed, drug)
                assert page.get(drug) not in COMFORTS, (sample, listed, drug)
        flags = forbids.filter(sample=sample)["flags"].explode()
        for agent in {flag.split(":")[1] for flag in flags if flag.startswith("interaction:")} & set(drugs):
            partners += 1
            assert own[sample, agent].urgency not in COMFORTS, (sample, listed, agent)
            assert page.get(agent) not in COMFORTS, (sample, listed, agent)
    assert told > 10 and partners > 20, (told, partners)


def alone(lists: dict[str, list[dict[str, str]]], calls, status: str = "") -> dict[tuple[str, str], dict[str, object]]:
    """Return what is judged of each medicine by itself, as listed or as if each had this status."""
    history = clinical(
        [
            {"sample": name, **one} | ({"status": status} if status else {})
            for name, listed in lists.items()
            for one in listed
        ]
    )
    frame, phenotypes = assign(callset(dict.fromkeys(lists, calls)), KB, history)
    said = recommend(phenotypes, frame, history, KB)
    rows = judgements(said, frame, schema.empty(schema.SCORES), KB)
    return {(row["sample"], row["drug"]): row for row in rows.iter_rows(named=True)}


def test_what_is_said_without_a_medicine_is_said_of_the_list_without_it(people):
    calls, lists, found = people
    causes = [(sample, drug, cause) for (sample, drug), one in judged(found).items() for cause in causes_of(one)]
    own = judged(found)
    left_out = [{*cause.agents, *not_started_of(own[sample, drug])} - {drug} for sample, drug, cause in causes]
    fewer = {
        f"{number}": [one for one in lists[sample] if one["drug"] not in left_out[number]]
        for number, (sample, _, _) in enumerate(causes)
    }
    today, begun = alone(fewer, calls), alone(fewer, calls, "current")
    for number, (sample, drug, cause) in enumerate(causes):
        key = (str(number), drug)
        # A planned medicine is judged as if all that is planned was taken; a taken one by the graver of both lists.
        rows = [begun[key]] if {"drug": drug, "status": PLANNED} in lists[sample] else [begun[key], today[key]]
        row = min(rows, key=lambda row: (row["urgency"] == "standard", URGENCIES.index(row["urgency"])))
        assert cause.action in (row["action"], row["urgency"]), (lists[sample], drug, cause)
        assert row["urgency"] != "avoid"
    assert len(causes) > 20


def test_only_one_of_two_gives_way(people):
    """Nobody is sent from what is taken to make place for what is only planned, unless that is kept and this is not."""
    _, lists, found = people
    for (sample, drug), one in judged(found).items():
        status = {each["drug"]: each["status"] for each in lists[sample]}
        if one.urgency != "avoid":
            continue
        idle = {flag.partition(":")[2] for flag in one.flags if flag.startswith("not_started:")}
        agents = {agent for cause in causes_of(one) for agent in cause.agents}
        if status[drug] == "current":
            new = {agent for agent in agents if status[agent] == PLANNED and not kept_before(agent, drug, STANDINGS)}
            assert new <= idle, (lists[sample], drug)
        elif any(status[agent] == "current" and not kept_before(drug, agent, STANDINGS) for agent in agents):
            assert drug in idle, (lists[sample], drug)


def test_nothing_that_is_only_planned_speaks_against_what_is_taken(people):
    """What rules a taken drug out does so without the planned ones too, and what would is not started."""
    calls, lists, found = people
    own = judged(found)
    fewer = {name: [one for one in listed if one["status"] != PLANNED] for name, listed in lists.items()}
    today = judged(run({name: listed for name, listed in fewer.items() if listed}, calls))
    everything = {name: [{**one, "status": "current"} for one in listed] for name, listed in lists.items()}
    whole = judged(run(everything, calls))
    kept = given_up = 0
    for sample, listed in fewer.items():
        for drug in (one["drug"] for one in listed):
            one, then = own[sample, drug], today[sample, drug]
            # Where what is planned turns a dose around, no number is shown: all is told, and what is not to be started.
            withheld = then.urgency == "change_dose" and any(flag.startswith("not_started:") for flag in one.flags)
            assert withheld or (one.urgency == "avoid") == (then.urgency == "avoid"), (lists[sample], drug)
            if then.action not in ("change_first", "not_together") and not withheld:
                assert one.dose_change == then.dose_change, (lists[sample], drug)
            gone = {agent for agent, *_ in arguments_of(one, "not_together", 1, 3)}
            gone &= {each["drug"] for each in lists[sample] if each["status"] == PLANNED}
            kept += then.urgency != "avoid" and whole[sample, drug].urgency == "avoid"
            for agent in gone:
                given_up += 1
                assert own[sample, agent].urgency == "avoid", (lists[sample], drug, agent)
                assert one.urgency not in COMFORTS, (lists[sample], drug, agent)
    assert kept > 1 and given_up > 3, (kept, given_up)


RAPID = {**NORMAL, "CYP2C19": pattern("*1/*17"), "CYP3A5": pattern("*3/*3"), "CYP2C9": pattern("*1/*3")}


@pytest.mark.parametrize(
    ("drug", "agent", "then", "now", "urgency"),
    [
        ("tacrolimus", "voriconazole", "reduce the dose to one third of the dose before", "use as usual", "monitor"),
        (
            "lamotrigine",
            "carbamazepine",
            "increase the dose to the higher doses of its label for this case",
            "HLA-B not tested",
            "monitor",
        ),
    ],
)
def test_a_dose_that_only_a_planned_medicine_changes_is_changed_once_that_is_started(drug, agent, then, now, urgency):
    found = result(RAPID, [drug, planned(agent)])
    own = line(found, drug)
    lead = f"once {agent} is started: {then}"
    assert own.headline.startswith(f"{lead}; until then: {now}") and own.urgency == urgency
    texts = everything(found, drug)
    assert lead in texts["fhir"] and lead in " ".join(texts["card"].split())
    assert f"once you take {agent}: " in texts["leaflet"] and "; until then: " in texts["leaflet"]
    # The other one's card names a limit beside an alternative, which is not read back.
    assert not [wrong for _, wrong in disagreements(found) if agent not in wrong]
    both = line(result(RAPID, [planned(drug), planned(agent)]), drug)
    assert not both.once and "until then" not in both.headline


def test_without_what_is_rejected_another_planned_one_still_changes_the_dose():
    own = line(result(NORMAL, ["simvastatin", planned("clarithromycin"), planned("amlodipine")]), "simvastatin")
    assert own.urgency == "monitor" and own.headline == (
        "clarithromycin (contraindicated, FDA label), which is not taken yet, is not to be started beside it; for "
        "itself: once amlodipine is started: reduce the dose; until then: use as usual"
    )


@pytest.mark.parametrize("agents", [["paroxetine"], ["fluoxetine"], ["fluoxetine", "paroxetine"]])
def test_two_that_are_planned_are_judged_as_if_both_were_started(agents):
    started, new = (
        result(NORMAL, [status("tramadol"), *map(status, agents)]) for status in (lambda drug: {"drug": drug}, planned)
    )
    own, taken = line(new, "tramadol"), line(started, "tramadol")
    assert (own.urgency, own.action, own.reason, own.headline) == (
        taken.urgency, taken.action, taken.reason, taken.headline,
    )  # fmt: skip
    assert own.urgency == "avoid" and own.causes == tuple(agents) and "Poor Metabolizer" in own.reason
    for agent in agents:
        assert line(new, agent).urgency not in COMFORTS and "it acts on" in line(new, agent).headline


@pytest.mark.parametrize("action", ["change_first", "not_started", "not_together", "no_data"])
def test_each_action_has_words_for_both_readers(action):
    assert words("action", action) != words("action", action, plain=True) != action.replace("_", " ")


def test_of_several_that_are_not_started_each_one_is_meant():
    found = result(NORMAL, ["clopidogrel", planned("omeprazole"), planned("esomeprazole")])
    said = line(found, "clopidogrel").headline
    assert said.startswith(
        "esomeprazole and omeprazole (avoid, FDA label), which are not taken yet, are not to be started beside it; "
    ), said


def test_what_a_label_forbids_without_saying_which_acts_is_one_or_the_other():
    found = result(NORMAL, ["sirolimus", "voriconazole"])
    for drug, other in (("sirolimus", "voriconazole"), ("voriconazole", "sirolimus")):
        headline = line(found, drug).headline
        assert headline.startswith(f"give this one or {other}, not both") and "it acts on voriconazole" not in headline
    assert "voriconazole raises sirolimus: contraindicated" in line(found, "sirolimus").headline


def test_the_parts_of_a_combination_beside_which_a_drug_is_ruled_out_are_not_fine_as_usual():
    found = result(NORMAL, ["tacrolimus", "nirmatrelvir", "ritonavir"])
    for part in ("nirmatrelvir", "ritonavir"):
        own = line(found, part)
        assert own.headline.startswith("not together with tacrolimus") and own.urgency != "standard", own.headline


def test_a_number_that_only_a_planned_medicine_brings_is_told_beside_the_same_action_of_the_genes():
    poor = {**NORMAL, "CYP2D6": pattern("*4/*4")}
    found = result(poor, ["clozapine", planned("ciprofloxacin")])
    lead = "once ciprofloxacin is started: reduce the dose to one third of the dose before; until then: reduce the dose"
    assert line(found, "clozapine").headline.startswith(lead)
    assert "to one third of the dose before" in everything(found, "clozapine")["leaflet"]


def test_all_of_which_a_label_asks_for_the_same_are_named_and_none_of_them_is_fine_without_a_word():
    found = result(NORMAL, ["lithium", "hydrochlorothiazide", planned("ibuprofen")])
    assert "hydrochlorothiazide and ibuprofen (planned) raise lithium" in line(found, "lithium").headline
    texts = everything(found, "lithium")
    assert "with hydrochlorothiazide, with ibuprofen (planned)" in " ".join(texts["card"].split())
    assert "with hydrochlorothiazide and ibuprofen (planned)" in texts["leaflet"]
    for agent in ("hydrochlorothiazide", "ibuprofen"):
        assert line(found, agent).headline.startswith("a label speaks of it beside lithium: see there; for itself: ")
    alone = result(NORMAL, [planned("ibuprofen")])
    assert "lithium" not in line(alone, "ibuprofen").headline


def test_what_no_list_confirms_does_not_silence_what_a_label_says_of_another_one():
    found = result(NORMAL, [planned("dolutegravir"), planned("efavirenz"), planned("atazanavir")])
    own = line(found, "dolutegravir")
    assert own.urgency == "change_dose" and "dose by the label" in own.headline and "50 mg" not in own.headline
    assert "efavirenz" in own.headline and "atazanavir" in own.headline
    alone = line(result(NORMAL, [planned("dolutegravir"), planned("efavirenz")]), "dolutegravir")
    assert "to 50 mg twice a day" in alone.headline


def test_a_drug_that_the_genes_rule_out_says_that_a_planned_one_is_forbidden_beside_it():
    found = result({**NORMAL, "SLCO1B1": pattern("*1/*5")}, ["simvastatin", planned("clarithromycin")])
    lead = "clarithromycin (contraindicated, FDA label), which is not taken yet, is not to be started beside it; "
    assert line(found, "simvastatin").headline.startswith(lead + "for itself: choose another drug")
    assert "simvastatin (contraindicated, FDA label)" in line(found, "clarithromycin").headline
