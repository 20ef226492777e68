"""Every drug whose dose the genes change, beside every drug that the knowledge knows to act the other way.

What acts is read from the tables here, without the code that is tested: by enzyme, of whatever strength, and by label.
Left out is what acts weakly, by no label and by no list that was read, on an enzyme that the advice does not look at.
"""

from __future__ import annotations

import re
from functools import cache

import polars as pl
import pytest

from pgx.guidance import recommend
from pgx.knowledge.acting import DECIDES
from pgx.phenotypes import assign
from tests.guidance import test_every_row as every_row
from tests.guidance.test_interactions import ASKS, EXPRESSER, KB, asked, everything, flags, line, result
from tests.phenotypes.builders import callset, clinical, pattern

OPPOSITE = {"raises": "higher", "raised": "higher", "lowers": "lower"}
"""What a drug does to the level of another one -> the dose that points against it."""
COMEDICATION = {
    (population, enzyme, test.rsplit("_", 1)[-1])
    for population, enzyme, test in KB.table("populations")
    .filter(pl.col("test").str.starts_with("takes_"))
    .select("population", "subject", "test")
    .iter_rows()
}
"""Populations of who takes, or takes not, inhibitors or inducers of an enzyme."""


NAMED_BY_LABEL = {
    (row["drug"], row["enzyme"], row["role"], one["drug"].lower())
    for row in KB.table("label_interactions").filter(pl.col("enzyme").is_not_null()).iter_rows(named=True)
    for one in KB.table("interactions").filter(enzyme=row["enzyme"], role=row["role"]).iter_rows(named=True)
    if (one["drug"].lower() == row["agent"].lower() if row["agent"] else one["strength"] in row["strengths"].split(";"))
}


@cache
def poor_in(rec_id):
    """Genes of which the person for a row is a poor metabolizer by the alleles, and those without any function."""
    row = next(row for row in every_row.ROWS.iter_rows(named=True) if row["rec_id"] == rec_id)
    _, found = assign(callset({"s": every_row.person_for(row)}), KB, None)
    poor, absent = set(), set()
    for gene, scheme, phenotype, score in found.select("gene", "scheme", "phenotype", "activity_score").iter_rows():
        if phenotype in ("Poor Metabolizer", "Likely Poor Metabolizer"):
            poor.add(gene)
            by_two = ("CYP2C19", "CYP3A5", "TPMT") if scheme == "CPIC" else ("CYP3A5", "TPMT")
            if score == 0 or (phenotype == "Poor Metabolizer" and gene in by_two):
                absent.add(gene)
    return frozenset(poor), frozenset(absent)


@cache
def acting_on(drug, genes, poor=frozenset(), absent=frozenset()):
    """Return agent -> what it does, on which enzyme and how, of all that act on a drug one way only."""
    found = {}
    groups = KB.table("enzyme_groups").rows(named=True)
    for by in KB.table("substrates").filter(drug=drug).iter_rows(named=True):
        shared = {by["enzyme"], *(one["enzyme"] for one in groups if one["gene"] == by["enzyme"])}
        for one in KB.table("interactions").filter(pl.col("enzyme").is_in(sorted(shared))).iter_rows(named=True):
            checked = one["strength"] != "weak" or one["confidence"] == "read"
            named = (drug, by["enzyme"], one["role"], one["drug"].lower()) in NAMED_BY_LABEL
            raises = (one["role"] == "inhibitor") == (by["role"] == "clears")
            faint = one["strength"] == "weak" or one["confidence"] != "read"
            slight = faint and not raises and poor & genes and (by["enzyme"] in poor or one["strength"] != "strong")
            # What takes little away leaves a lower dose.
            if one["strength"] == "weak" and not raises and not named:
                continue
            if not (named and one["role"] == "inducer") and (by["enzyme"] in absent or (slight and not named)):
                continue
            if by["by"] in (None, one["role"]) and (checked or named or by["enzyme"] in genes):
                how = ("raises" if raises else "lowers", by["enzyme"], one["role"])
                found.setdefault(one["drug"].lower(), set()).add(how)
    pairs = KB.table("label_interactions").filter(pl.col("drug") == drug, pl.col("effect").is_not_null())
    for agent, effect in pairs.select("agent", "effect").iter_rows():
        found.setdefault(agent.lower(), set()).add((effect.split("_")[0], "", ""))
    found.pop(drug, None)
    return {agent: how for agent, how in found.items() if len({effect for effect, *_ in how}) == 1}


def contradicting():
    """Yield drug, agent, what it does, by which enzymes and how, and a row of guidance that points against it."""
    rows = [row for row in every_row.ROWS.iter_rows(named=True) if len(asked(row)) == 1]
    first = {}
    for row in rows:
        first.setdefault((row["drug"], *asked(row)), row)
    for (drug, dose), row in first.items():
        genes = frozenset(every_row.TESTS.filter(rec_id=row["rec_id"])["gene"])
        for agent, how in acting_on(drug, genes).items():
            effect = next(effect for effect, *_ in how)
            if OPPOSITE[effect] == dose:
                yield row, agent, effect, {(enzyme, role) for _, enzyme, role in how}


@pytest.fixture(scope="module")
def beside():
    """One person for each such pair, by drug."""
    people, listed, pairs = {}, {}, {}
    for row, agent, effect, enzymes in contradicting():
        calls = every_row.person_for(row)
        if not calls or None in calls.values():
            continue
        name = f"{row['rec_id']} {agent}"
        people.setdefault(row["drug"], {})[name] = calls
        listed.setdefault(row["drug"], []).extend({"sample": name, "drug": one} for one in (row["drug"], agent))
        pairs[name] = (row, agent, effect, enzymes)
    said = []
    for drug, persons in people.items():
        known = clinical(listed[drug])
        calls, phenotypes = assign(callset(persons), KB, known)
        said.append(recommend(phenotypes, calls, known, KB, drugs=[drug]))
    return pairs, pl.concat(said)


def test_no_gene_s_dose_stands_against_a_drug_that_is_known_to_act_the_other_way(beside):
    pairs, said = beside
    assert len(pairs) > 3000
    own = said.filter(~pl.col("genes").list.contains("none"), pl.col("guideline").is_not_null())
    withheld = set()
    for row in own.iter_rows(named=True):
        about, agent, effect, enzymes = pairs[row["sample"]]
        if any((row["population"], *one) in COMEDICATION for one in enzymes):
            continue
        if agent not in acting_on(row["drug"], frozenset(row["genes"]), *poor_in(about["rec_id"])):
            continue
        against = OPPOSITE[effect]
        assert against not in asked({"dose_min_pct": None, "dose_max_pct": None, "secondary_action": None, **row}), row
        signs = {
            "lower" if part.startswith("-") else "higher" for part in (row["dose_change"] or "").split("..") if part
        }
        assert against not in signs, (agent, row)
        if row["action"] == DECIDES:
            withheld.add(row["sample"])
            # Behind a drug that is named instead stands its own limit.
            assert not re.search(r"\d ?%|\d ?mg", re.sub(r"\([^()]*\)", "", row["recommendation"])), row
            assert any(flag.lower().startswith(f"interaction:{agent}:") for flag in flags(row)), row
    assert len(withheld) > 1400


def test_no_inducer_of_an_enzyme_that_a_person_lacks_takes_the_poor_metabolizer_s_lower_dose_away(beside):
    pairs, said = beside
    kept = set()
    for row in said.filter(pl.col("guideline").is_not_null()).iter_rows(named=True):
        about, agent, effect, _ = pairs[row["sample"]]
        poor, absent = poor_in(about["rec_id"])
        genes = frozenset(row["genes"])
        if effect != "lowers" or row["guideline"] != about["rec_id"] or not poor & genes:
            continue
        if agent not in acting_on(row["drug"], genes, poor, absent) and agent in acting_on(row["drug"], genes):
            assert row["action"] != DECIDES, row
            assert not any(flag.startswith("interaction_reverses") for flag in flags(row)), row
            kept.add((row["drug"], agent))
    assert len(kept) > 100
    assert ("abrocitinib", "carbamazepine") in kept and ("brivaracetam", "rifampin") not in kept


NAMED = [
    ({"CYP4F2": pattern("*3/*3"), "CYP2C9": pattern("*1/*1")}, "warfarin", "5..10", agent, "CYP2C9")
    for agent in ("metronidazole", "sulfamethoxazole / trimethoprim", "capecitabine", "fluvastatin")
]
NAMED += [
    ({"CYP2D6": pattern("*1/*2x3")}, "metoprolol", "150", agent, "CYP2D6")
    for agent in ("amiodarone", "diphenhydramine")
]
NAMED += [
    ({"CYP2B6": pattern("*6/*6")}, "efavirenz", "-33..-67", agent, enzyme)
    for agent, enzyme in (
        ("St. John's wort", "CYP3A4"), ("phenytoin", "CYP2B6"), ("phenobarbital", "CYP2B6"), ("carbamazepine", "CYP2B6")
    )
]  # fmt: skip
NAMED += [
    (EXPRESSER, "tacrolimus", "50..100", agent, "CYP3A4")
    for agent in ("cyclosporine", "amiodarone", "fosaprepitant", "danazol", "chloramphenicol", "nicardipine")
]


@pytest.mark.parametrize("status", ["current", "planned"])
@pytest.mark.parametrize(("calls", "drug", "change", "agent", "enzyme"), NAMED)
def test_a_pair_that_a_label_names_is_said_first_and_no_output_has_the_number(
    calls, drug, change, agent, enzyme, status
):
    alone = result(calls, [drug], [drug])
    assert change in set(alone.guidance["dose_change"])
    found = result(calls, [drug, {"drug": agent, "status": status}], [drug])
    own = line(found, drug)
    # What is to be changed, or not started, for the pair may stand before what is said of the two.
    pair = own.headline if own.headline.startswith(agent) else own.headline.partition("; otherwise ")[2]
    assert pair.startswith(f"{agent} (") and enzyme in pair.split(")")[0]
    sizes = {part.lstrip("-") for part in change.split("..")}
    for name, text in everything(found, drug).items():
        for size in sizes:
            assert not re.search(
                rf"[+\N{{MINUS SIGN}}-]{size} %|\b{size} (to \d+ )?% (above|below)|by {size}\b", text
            ), (
                name,
                agent,
            )
    assert found.guidance.filter(pl.col("action").is_in(list(ASKS)), pl.col("dose_change").is_not_null()).is_empty()


def test_a_cap_of_the_genes_is_not_told_where_an_interaction_cuts_the_dose():
    for agent in ("nirmatrelvir/ritonavir", "cyclosporine", "grapefruit juice (high dose)"):
        found = result(EXPRESSER, ["tacrolimus", agent], ["tacrolimus"])
        assert line(found, "tacrolimus").urgency == "avoid"
        for name, text in everything(found, "tacrolimus").items():
            assert "0.3" not in text and "if it is used all the same" not in text, (agent, name)
    alone = line(result(EXPRESSER, ["tacrolimus"], ["tacrolimus"]), "tacrolimus")
    assert "at most 0.3 mg/kg/day" in alone.headline


def test_a_weak_inhibitor_that_no_label_names_does_not_stand_before_advice_that_it_does_not_oppose():
    found = result({"CYP2D6": pattern("*4/*4")}, ["metoprolol", "celecoxib"], ["metoprolol"])
    assert not line(found, "metoprolol").acting


@pytest.mark.parametrize(("agent", "enzyme"), [("omeprazole", "CYP1A2"), ("prednisone", "CYP3A4")])
def test_the_lower_dose_of_a_sensitive_person_is_not_hidden_for_what_is_only_thought_to_act_weakly(agent, enzyme):
    assert agent in {
        one["drug"] for one in KB.table("interactions").filter(enzyme=enzyme, role="inducer").rows(named=True)
    }
    calls = {"CYP2C9": pattern("*3/*3"), "VKORC1": pattern("rs9923231 variant (T)/rs9923231 variant (T)")}
    own = line(result(calls, ["warfarin", agent], ["warfarin"]), "warfarin")
    assert "lower" in own.headline and not own.acting
