"""Strengths of interactions moved in 2026.12: no advice became milder without a row that says why."""

from __future__ import annotations

import csv
import random
import shutil
from collections import defaultdict
from pathlib import Path

import polars as pl
import pytest

from pgx import knowledge, schema
from pgx.guidance import recommend
from pgx.judgement import judgements
from pgx.knowledge.drug_names import drug_names
from pgx.phenotypes import assign
from tests.phenotypes.builders import callset, clinical, pattern
from tests.sizes import size

KB = knowledge.load()
BEFORE = Path(__file__).resolve().parents[1] / "data" / "interactions_2026.11.tsv"
ORDER = ("avoid", "change_dose", "monitor", "standard", "no_data")
LISTS = size(250, long=2000)
PAIRS_BEFORE = 21
CALLS = {
    "CYP2D6": ("*1/*1", "*1/*4", "*4/*4", "*1/*1x2", "*10/*41"),
    "CYP2C19": ("*1/*1", "*1/*2", "*2/*2", "*17/*17", "*1/*17"),
    "CYP2C9": ("*1/*1", "*1/*3", "*3/*3", "*1/*2"),
    "CYP2B6": ("*1/*1", "*6/*6", "*1/*6"),
    "CYP3A5": ("*3/*3", "*1/*3", "*1/*1"),
    "SLCO1B1": ("*1/*1", "*1/*5", "*5/*5"),
    "TPMT": ("*1/*1", "*1/*3A"),
    "NUDT15": ("*1/*1", "*1/*3"),
    "UGT1A1": ("*1/*1", "*28/*28"),
}


def before() -> list[dict[str, str]]:
    with BEFORE.open(encoding="utf-8") as handle:
        return list(csv.DictReader(handle, delimiter="\t", quoting=csv.QUOTE_NONE))


@pytest.fixture(scope="module")
def old_kb(tmp_path_factory):
    """The knowledge base with the interactions of 2026.11 under today's names, and no pair by its label alone."""
    folder = tmp_path_factory.mktemp("old") / "knowledge"
    shutil.copytree(KB.folders[0], folder)
    names = drug_names(KB).names
    rows, seen = [], set()
    for row in before():
        drug = names.get(row["drug"].lower(), row["drug"])
        drug = row["drug"] if drug.lower() == row["drug"].lower() else drug
        if (drug, row["enzyme"], row["role"]) not in seen:
            seen.add((drug, row["enzyme"], row["role"]))
            rows.append("\t".join((drug, row["enzyme"], row["role"], row["strength"], "recall", "recall", "", "")))
    header = "\t".join(one for one in KB.table("interactions").columns if one != "local")
    (folder / "interactions.tsv").write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    labels = (folder / "label_interactions.tsv").read_text(encoding="utf-8").splitlines()
    kept = [
        labels[0],
        *(line for line in labels[1:] if int(line.split("\t")[0].removeprefix("LABEL-I")) <= PAIRS_BEFORE),
    ]
    (folder / "label_interactions.tsv").write_text("\n".join(kept) + "\n", encoding="utf-8")
    return knowledge.load(folder=folder)


@pytest.fixture(scope="module")
def people():
    """Persons with random genes and lists of drugs; half of each list are drugs whose strength moved or is new."""
    draw = random.Random(202612)
    advised = KB.table("recommendations")["drug"].unique().sort().to_list()
    known = {(r["drug"].lower(), r["enzyme"], r["role"]): r["strength"] for r in before()}
    table = KB.table("interactions")
    moved = sorted({
        str(row["drug"]).lower() for row in table.iter_rows(named=True)
        if known.get((row["drug"].lower(), row["enzyme"], row["role"])) != row["strength"]
    })  # fmt: skip
    agents = table["drug"].str.to_lowercase().unique().sort().to_list()
    calls, lists = {}, []
    for number in range(LISTS):
        name = f"p{number}"
        calls[name] = {gene: pattern(draw.choice(found)) for gene, found in CALLS.items()}
        chosen = [*draw.sample(advised, draw.randint(1, 4)), draw.choice(moved), draw.choice(agents)]
        lists += [{"sample": name, "drug": drug} for drug in dict.fromkeys(chosen)]
    return calls, lists


def judged(people, kb):
    calls, lists = people
    history = clinical(lists)
    frame, phenotypes = assign(callset(calls), kb, history)
    said = recommend(phenotypes, frame, history, kb)
    found = judgements(said, frame, schema.empty(schema.SCORES), kb)
    return {(row["sample"], row["drug"]): row for row in found.iter_rows(named=True)}


def reasons(kb):
    """Drug -> enzymes on which a row says that its strength is another one than before, or that it is new."""
    known = {(r["drug"].lower(), r["enzyme"], r["role"]): r["strength"] for r in before()}
    found = defaultdict(set)
    for row in kb.table("interactions").iter_rows(named=True):
        drug = row["drug"].lower()
        was = known.get((drug, row["enzyme"], row["role"]))
        if was is None or f"was_{was}" in (row["notes"] or "").split(";"):
            found[drug].add(row["enzyme"])
    return found


def confirmed(row):
    """The strengths that an older judgement called unverified and that a list or label confirms now."""
    doubted = {tuple(flag.split(":")[1:]) for flag in row["flags"] if flag.startswith("unverified:")}
    table = KB.table("interactions").filter(pl.col("evidence") != "unverified")
    return doubted & {(drug.lower(), enzyme) for drug, enzyme in table.select("drug", "enzyme").iter_rows()}


def stronger():
    """Agent and enzyme of each row that says that it acts more than it was thought to."""
    levels = ("weak", "moderate", "strong")
    found = set()
    for row in KB.table("interactions").filter(pl.col("evidence") != "unverified").iter_rows(named=True):
        was = [note.removeprefix("was_") for note in (row["notes"] or "").split(";") if note.startswith("was_")]
        if was and levels.index(was[0]) < levels.index(row["strength"]):
            found.add((row["drug"].lower(), row["enzyme"]))
    return found


def test_every_strength_that_moved_says_what_it_was_and_who_says_so():
    known = {(r["drug"].lower(), r["enzyme"], r["role"]): r["strength"] for r in before()}
    for row in KB.table("interactions").iter_rows(named=True):
        was = known.get((row["drug"].lower(), row["enzyme"], row["role"]), row["strength"])
        if was != row["strength"]:
            assert f"was_{was}" in (row["notes"] or "").split(";"), row
            assert row["evidence"] != "unverified", row


def test_no_advice_of_any_list_is_milder_without_a_row_that_says_why(people, old_kb):
    old, new, why = judged(people, old_kb), judged(people, KB), reasons(KB)
    looked_at = defaultdict(set)
    for drug, enzyme in KB.table("substrates").select("drug", "enzyme").iter_rows():
        looked_at[drug].add(enzyme)
    advised = KB.table("recommendations").join(KB.table("recommendation_conditions"), on="rec_id")
    for drug, gene in advised.select("drug", "gene").unique().iter_rows():
        looked_at[drug].add(gene)
    lists = defaultdict(list)
    for one in people[1]:
        lists[one["sample"]].append(one["drug"])
    milder, graver = [], 0
    for key, row in new.items():
        change = ORDER.index(row["urgency"]) - ORDER.index(old[key]["urgency"])
        graver += change < 0
        if change > 0:
            sample, drug = key
            # A medicine is told to be changed first for what it does to another one.
            told = {drug, *(flag.split(":")[1] for flag in old[key]["flags"] if flag.startswith("causes:"))}
            enzymes = set().union(*(looked_at[one] for one in told))
            enzymes |= {"CYP3A5"} if "CYP3A4" in enzymes else set()
            group = {"CYP3A5": "CYP3A4"}
            agents = [one for one in lists[sample] if {group.get(e, e) for e in enzymes} & why.get(one.lower(), set())]
            agents += [one for one, _ in confirmed(old[key])]
            milder.append((key, old[key]["urgency"], row["urgency"], agents))
    assert graver > 0
    assert len(new) > 2 * LISTS
    unexplained = [one for one in milder if not one[-1]]
    assert not unexplained, unexplained[:5]


def test_no_pair_that_a_label_warns_of_is_milder(old_kb):
    pairs = KB.table("label_interactions").filter(pl.col("agent").is_not_null())
    draw = random.Random(7)
    calls, lists = {}, []
    for row in pairs.iter_rows(named=True):
        calls[row["limit_id"]] = {gene: pattern(draw.choice(found)) for gene, found in CALLS.items()}
        lists += [{"sample": row["limit_id"], "drug": drug} for drug in (row["drug"], row["agent"])]
    old, new = judged((calls, lists), old_kb), judged((calls, lists), KB)
    more = stronger()
    for sample, drug, agent, enzyme in pairs.select("limit_id", "drug", "agent", "enzyme").iter_rows():
        was, now = old[sample, drug]["urgency"], new[sample, drug]["urgency"]
        if confirmed(old[sample, drug]):
            continue  # both ways were open as long as no list confirmed the strength
        if (agent.lower(), enzyme) in more and now == "monitor":
            continue  # who is ultrarapid is so no more beside a stronger inhibitor, and the label still warns
        assert ORDER.index(now) <= ORDER.index(was), (sample, drug, was, now)
