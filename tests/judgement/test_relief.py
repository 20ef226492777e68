"""What a line says of the list without some medicine is what is said of a list without it."""

from __future__ import annotations

import random
import re
from datetime import date, timedelta
from itertools import combinations

import polars as pl
import pytest

from pgx import knowledge, schema
from pgx.guidance import recommend
from pgx.judgement import Judgement, judgements, of_row
from pgx.judgement.planned import settled
from pgx.judgement.read_back import causes_of
from pgx.judgement.statement import URGENCIES
from pgx.judgement.without_drugs import without_drugs
from pgx.phenotypes import assign
from pgx.phenotypes.exposures import exposures
from pgx.phenotypes.washout_notes import washout_notes
from tests.guidance.test_interactions import everything, line, result
from tests.phenotypes.builders import callset, clinical, pattern
from tests.sizes import size

KB = knowledge.load()
CALLS = {
    "CYP2D6": ("*1/*1", "*1/*4", "*4/*4", "*1/*1x2"),
    "CYP2C19": ("*1/*1", "*1/*2", "*2/*2", "*17/*17"),
    "CYP2C9": ("*1/*1", "*1/*3", "*3/*3"),
    "CYP2B6": ("*1/*1", "*6/*6"),
}
TODAY = date(2026, 12, 1)
NORMAL = {"CYP2D6": pattern("*1/*1")}


def judged(calls, lists) -> dict[tuple[str, str], Judgement]:
    history = clinical(lists)
    frame, phenotypes = assign(callset(calls), KB, history)
    said = recommend(phenotypes, frame, history, KB)
    again = without_drugs(phenotypes, frame, history, KB)
    scores, taken = schema.empty(schema.SCORES), history.medications
    told, acting = settled(said, phenotypes, frame, history, KB), exposures(history, KB)
    found = judgements(told.guidance, frame, scores, KB, acting, without=again, medications=taken, later=told.later)
    return {(row["sample"], row["drug"]): of_row(row) for row in found.iter_rows(named=True)}


def alone(calls, lists) -> dict[tuple[str, str], Judgement]:
    """Judge without telling causes: an agent's own line is then its own."""
    history = clinical(lists)
    frame, phenotypes = assign(callset(calls), KB, history)
    found = judgements(recommend(phenotypes, frame, history, KB), frame, schema.empty(schema.SCORES), KB)
    return {(row["sample"], row["drug"]): of_row(row) for row in found.iter_rows(named=True)}


@pytest.fixture(scope="module")
def people():
    """Persons who take a drug with a guideline, and two or three medicines that act on its genes."""
    draw = random.Random(202612)
    genes = (
        KB.table("recommendation_conditions")
        .join(KB.table("recommendations").select("rec_id", "drug"), on="rec_id")
        .filter(pl.col("gene").is_in(list(CALLS)))
        .select("drug", "gene")
        .unique()
        .sort("drug", "gene")
    )
    acting = KB.table("interactions").filter(pl.col("strength").is_in(["strong", "moderate"]))
    calls, lists = {}, {}
    for number in range(size(150, long=1500)):
        drug, gene = genes.row(draw.randrange(genes.height))
        agents = sorted(set(acting.filter(enzyme=gene)["drug"].str.to_lowercase()) - {drug})
        chosen = draw.sample(agents, min(len(agents), draw.choice((1, 2, 2, 3))))
        calls[f"p{number}"] = {name: pattern(draw.choice(found)) for name, found in CALLS.items()}
        lists[f"p{number}"] = (drug, chosen)
    return calls, lists


def rows(sample, drugs):
    return [{"sample": sample, "drug": drug} for drug in drugs]


def test_what_is_said_without_a_medicine_is_what_is_said_of_the_list_without_it(people):
    calls, lists = people
    now = judged(calls, [row for name, (drug, agents) in lists.items() for row in rows(name, [drug, *agents])])
    fewer = {
        f"{name} {number}": (name, set(gone))
        for name, (_, agents) in lists.items()
        for number, gone in enumerate(one for n in range(1, len(agents) + 1) for one in combinations(agents, n))
    }
    then = alone(
        {name: calls[whose] for name, (whose, _) in fewer.items()},
        [
            row
            for name, (whose, gone) in fewer.items()
            for row in rows(name, [lists[whose][0], *(one for one in lists[whose][1] if one not in gone)])
        ],
    )
    told = together = 0
    for sample, (drug, _) in lists.items():
        one = now[sample, drug]
        for cause in causes_of(one):
            sets = {frozenset(gone): then[name, drug] for name, (whose, gone) in fewer.items() if whose == sample}
            claimed = sets[frozenset(cause.agents)]
            assert (claimed.action or claimed.urgency) == cause.action, (sample, lists[sample], cause)
            assert URGENCIES.index(claimed.urgency) > URGENCIES.index(one.urgency)
            for some, other in sets.items():
                if some < set(cause.agents):
                    assert URGENCIES.index(other.urgency) <= URGENCIES.index(one.urgency) or (
                        other.urgency == "no_data"
                    ), (sample, lists[sample], cause, some)
            told += 1
            together += len(cause.agents) > 1
    assert told > 10 and together > 3, (told, together)


def test_no_medicine_of_a_long_list_is_named_that_could_stay():
    """Of four to six that act on CYP2D6: what is said without all but one of those named is no milder than now."""
    draw = random.Random(20261201)
    acting = KB.table("interactions").filter(pl.col("strength").is_in(["strong", "moderate"]), enzyme="CYP2D6")
    agents = sorted(set(acting["drug"].str.to_lowercase()) - {"codeine"})
    lists = {f"p{number}": draw.sample(agents, draw.choice((4, 5, 6))) for number in range(size(12, long=120))}
    now = judged(
        dict.fromkeys(lists, NORMAL), [row for name, own in lists.items() for row in rows(name, ["codeine", *own])]
    )
    stays = {
        f"{name} without {'+'.join(cause.agents)} but {agent}": (name, set(cause.agents) - {agent})
        for name in lists
        for cause in causes_of(now[name, "codeine"])
        if len(cause.agents) > 1
        for agent in cause.agents
    }
    left = {case: [one for one in lists[name] if one not in gone] for case, (name, gone) in stays.items()}
    then = alone(
        dict.fromkeys(stays, NORMAL), [row for case, own in left.items() for row in rows(case, ["codeine", *own])]
    )
    for case, (name, _) in stays.items():
        urgency = then[case, "codeine"].urgency
        assert urgency == "no_data" or URGENCIES.index(urgency) <= URGENCIES.index(now[name, "codeine"].urgency), case
    assert len(stays) > 10


def test_of_many_only_those_that_make_the_difference_are_named():
    moderate = ["abiraterone", "cinacalcet", "duloxetine"]
    found = judged({"P": NORMAL}, rows("P", ["codeine", "fluoxetine", "paroxetine", *moderate]))
    assert [cause.agents for cause in causes_of(found["P", "codeine"])] == [("fluoxetine", "paroxetine")]
    assert not [text for agent in moderate for text in found["P", agent].flags if text.startswith("causes:codeine")]


BLOCKERS = [("paroxetine", "bupropion"), ("fluoxetine", "paroxetine"), ("quinidine", "terbinafine")]


@pytest.mark.parametrize("agents", BLOCKERS)
@pytest.mark.parametrize("drug", ["codeine", "tamoxifen"])
def test_two_that_block_one_enzyme_are_named_together_and_none_alone(agents, drug):
    found = result(NORMAL, [drug, *agents])
    shown, both = line(found, drug), " and ".join(sorted(agents))
    if "quinidine" in agents and drug == "codeine":
        assert shown.headline.startswith(f"change this one, not {both}; otherwise ") and not shown.next_test
        return
    alike = drug == "codeine" or "quinidine" in agents
    lead = (
        f"change this one or {both} (without {both}"
        if alike
        else f"change {both} first, if that is possible (without both"
    )
    assert shown.headline.startswith(f"{lead}: use as usual)"), shown.headline
    assert re.search("without both|^$|fine as usual", shown.next_test)
    for agent in agents:
        assert not re.search(rf"change {agent} first|without {agent}:|without it", shown.headline + shown.next_test)
        other = next(one for one in agents if one != agent)
        assert f"{drug} (through CYP2D6, together with {other})" in line(found, agent).headline


def test_what_a_label_forbids_stays_forbidden_whatever_else_is_stopped():
    found = result(NORMAL, ["codeine", "paroxetine", "linezolid"])
    assert line(found, "codeine").headline.startswith("change this one or linezolid and paroxetine")
    steps = result({"CYP2C19": pattern("*1/*1")}, ["voriconazole", "rifampin", "carbamazepine"])
    assert line(steps, "voriconazole").headline.startswith("change this one or carbamazepine and rifampin")


def stopped(agent: str, days: int) -> dict[str, object]:
    return {"drug": agent, "status": "stopped", "end": TODAY - timedelta(days=days)}


def now(drug: str) -> dict[str, object]:
    return {"drug": drug, "start": TODAY}


@pytest.mark.parametrize(
    ("agent", "days"),
    [(row["drug"], row["days"]) for row in KB.table("washout").filter(role="inhibitor").iter_rows(named=True)
     if row["drug"] in ("fluoxetine", "bupropion", "terbinafine", "paroxetine", "quinidine")],
)  # fmt: skip
def test_what_was_stopped_and_still_acts_is_waited_for_until_a_day_and_not_changed_first(agent, days):
    found = result(NORMAL, [now("codeine"), stopped(agent, days - 1)])
    shown = line(found, "codeine")
    until = TODAY + timedelta(days=1)
    assert shown.headline.startswith(f"{agent}, stopped, still acts until about {until}: wait, or until then avoid")
    assert "after that: use as usual" in shown.headline and shown.alternatives
    assert f"no longer under {agent}" in shown.next_test or not shown.next_test
    for name, text in everything(found, "codeine").items():
        assert f"change {agent}" not in text and f"whether {agent} can be changed" not in text, name
    assert f"until about {until}" in everything(found, "codeine")["leaflet"]
    over = result(NORMAL, [now("codeine"), stopped(agent, days + 1)])
    assert line(over, "codeine").urgency == "standard"


OF_PAIRS = [
    (row["drug"], row["beside"].split(";")[0] if row["beside"] else "venlafaxine", row["days"])
    for row in KB.table("washout").filter(role="with").iter_rows(named=True)
]


@pytest.mark.parametrize(("agent", "drug", "days"), OF_PAIRS)
def test_a_label_that_warns_of_two_drugs_warns_for_some_days_after_the_last_dose_of_one(agent, drug, days):
    for ago, forbidden in ((days - 1, True), (days + 1, False)):
        found = judged({"P": NORMAL}, [{"sample": "P", **row} for row in (now(drug), stopped(agent, ago))])
        until = f"still_acting:{agent}:{TODAY + timedelta(days=1)}"
        assert (until in found["P", drug].flags) == forbidden, ago
        assert not forbidden or found["P", drug].urgency in ("avoid", "monitor")


def test_what_is_changed_first_leaves_the_drug_free_only_after_the_days_of_the_label():
    found = result(NORMAL, [now("venlafaxine"), now("phenelzine")])
    assert "14 days after the last dose of" in line(found, "venlafaxine").headline
    assert "without it" not in line(found, "venlafaxine").headline


def test_what_was_stopped_nobody_knows_when_is_asked_for_where_a_label_warns_of_it():
    history = clinical(
        [now("venlafaxine") | {"sample": "P"}, {"sample": "P", "drug": "phenelzine", "status": "stopped"}]
    )
    told = [note.message for note in washout_notes(history, KB, TODAY) if note.subject == "venlafaxine"]
    assert len(told) == 1 and "phenelzine" in told[0] and "find out when that was" in told[0]


@pytest.mark.parametrize("agent", ["paroxetine", "bupropion", "fluoxetine"])
def test_what_was_stopped_and_is_planned_again_is_changed_first_and_not_waited_for(agent):
    again = {"drug": agent, "status": "planned"}
    found = judged({"P": NORMAL}, [{"sample": "P", **row} for row in (now("codeine"), stopped(agent, 3), again)])
    codeine, planned = found["P", "codeine"], found["P", agent]
    assert f"drug:{agent}=standard" in codeine.could_change
    assert not [text for text in (*codeine.flags, *codeine.could_change) if re.match("still_acting|washout", text)]
    assert (planned.urgency, planned.action) == ("monitor", "change_one")
    assert "causes:codeine:CYP2D6" in planned.flags


def test_one_that_is_taken_and_one_that_was_stopped_are_told_apart():
    found = result(NORMAL, [now("tamoxifen"), "paroxetine", stopped("fluoxetine", 11)])
    headline = line(found, "tamoxifen").headline
    until = TODAY + timedelta(days=24)
    assert headline.startswith("change paroxetine first, if that is possible, and wait until fluoxetine acts no longer")
    assert f"about {until}" in headline and "change fluoxetine" not in headline and "without it" not in headline


def test_until_when_a_stopped_one_acts_is_said_where_the_label_decides():
    forbidden = result({"SLCO1B1": pattern("*1/*1")}, [now("simvastatin"), stopped("clarithromycin", 2)])
    until = f"until about {TODAY + timedelta(days=3)}"
    headline = line(forbidden, "simvastatin").headline
    assert headline.startswith(f"clarithromycin, stopped, still acts {until}: wait") and "contraindicated" in headline
    assert headline.endswith("after that: use as usual")
    dosed = result({"CYP2D6": pattern("*1/*1")}, [now("quetiapine"), stopped("clarithromycin", 2)])
    assert f"clarithromycin {until}" in line(dosed, "quetiapine").headline


def test_who_leaves_out_a_part_leaves_out_its_product():
    parts = {"as_written": "Symbyax"}
    taken = [{"drug": one, **parts} for one in ("fluoxetine / olanzapine", "fluoxetine", "olanzapine")]
    found = result(NORMAL, ["codeine", *taken])
    assert line(found, "codeine").headline.startswith("change this one or fluoxetine")
    assert "without fluoxetine (in Symbyax): use as usual" in line(found, "codeine").headline


def test_what_is_only_planned_makes_no_other_medicine_the_cause():
    # Once it is started, phenytoin makes an intermediate metabolizer a normal one: until then the genes stand.
    genes = {"s": {"CYP2C19": pattern("*1/*2")}}
    taken = [{"sample": "s", "drug": one} for one in ("clopidogrel", "omeprazole")]
    planned = [*taken, {"sample": "s", "drug": "phenytoin", "status": "planned"}]
    for lists in (taken, planned):
        own = judged(genes, lists)["s", "clopidogrel"]
        assert own.urgency == "avoid" and not causes_of(own), own.flags
