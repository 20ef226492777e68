"""No drug is named instead of another one where a third one of the list rules it out, or it acts on that third one.

What acts on what is read from the tables here, without the code that is tested.
"""

from __future__ import annotations

import polars as pl
import pytest

from pgx.guidance import recommend
from pgx.phenotypes import assign
from pgx.phenotypes.substrates import MARKED
from tests.guidance import test_every_row as every_row
from tests.guidance.test_interactions import KB, line, result
from tests.phenotypes.builders import callset, clinical, pattern

ULTRARAPID = {"CYP2C19": pattern("*17/*17"), "CYP2D6": pattern("*1/*1")}
POOR = {"CYP2C19": pattern("*2/*2"), "CYP2D6": pattern("*4/*4")}


def marked_pairs():
    """Yield drug, agent of all that change a level markedly."""
    for by in KB.table("substrates").iter_rows(named=True):
        for one in KB.table("interactions").filter(enzyme=by["enzyme"]).iter_rows(named=True):
            fits = by["by"] in (None, one["role"]) and (one["strength"], by["strength"]) in MARKED
            if fits and one["drug"].lower() != by["drug"].lower():
                yield by["drug"], one["drug"].lower()


@pytest.fixture(scope="module")
def people():
    """One person for each drug that is named instead of another and each agent that changes its level markedly."""
    first = {}
    for row in every_row.ROWS.iter_rows(named=True):
        for other in (row["alternatives"] or "").split(";"):
            if other and not row["alternatives"].startswith("text:"):
                first.setdefault(other, row)
    calls, listed, pairs = {}, [], {}
    for other, agent in sorted(set(marked_pairs())):
        row = first.get(other)
        made = every_row.person_for(row) if row else None
        if not made or None in made.values() or agent == row["drug"]:
            continue
        name = f"{other} {agent}"
        calls[name], pairs[name] = made, (row["drug"], other, agent)
        listed += [{"sample": name, "drug": one} for one in (row["drug"], agent)]
    known = clinical(listed)
    frame, phenotypes = assign(callset(calls), KB, known)
    return pairs, recommend(phenotypes, frame, known, KB, drugs=sorted({drug for drug, *_ in pairs.values()}))


def test_no_drug_is_named_instead_whose_level_another_drug_of_the_list_changes_markedly(people):
    pairs, said = people
    assert len(pairs) > 150
    told = 0
    for sample, drug, alternatives, flags in said.select("sample", "drug", "alternatives", "flags").iter_rows():
        of, other, agent = pairs[sample]
        if drug == of:
            assert other not in (alternatives or []), (of, other, agent)
            told += any(flag.startswith(f"alternative_ruled_out:{other}:") for flag in flags)
    assert told > 100


@pytest.mark.parametrize(
    ("calls", "drug", "agent", "out", "kept"),
    [
        ({"CYP2C19": pattern("*1/*1")}, "voriconazole", "rifampin", {"isavuconazole", "posaconazole"}, set()),
        (POOR, "clopidogrel", "itraconazole", {"ticagrelor"}, {"prasugrel"}),
        (POOR, "clopidogrel", "rifampin", {"ticagrelor"}, {"prasugrel"}),
        (POOR, "venlafaxine", "fluvoxamine", {"duloxetine"}, {"mirtazapine"}),
        (POOR, "codeine", "clarithromycin", {"oxycodone"}, {"morphine"}),
    ],
)
def test_alternatives_that_a_drug_of_the_list_rules_out(calls, drug, agent, out, kept):
    assert out <= set(line(result(calls, [drug], [drug]), drug).alternatives) or drug == "voriconazole"
    shown = line(result(calls, [drug, agent], [drug]), drug)
    assert not out & set(shown.alternatives) and kept <= set(shown.alternatives), shown.alternatives
    assert all(f"{one} (" in shown.not_fitting for one in out)


@pytest.mark.parametrize(
    ("calls", "drug", "other", "alternative", "named"),
    [
        (ULTRARAPID, "escitalopram", "tamoxifen", "paroxetine", False),
        (ULTRARAPID, "escitalopram", "warfarin", "paroxetine", True),
        # voriconazole itself does to tacrolimus what posaconazole would
        (ULTRARAPID, "voriconazole", "tacrolimus", "posaconazole", True),
        ({"HLA-B": pattern("*58:01/other")}, "allopurinol", "azathioprine", "febuxostat", True),
    ],
)
def test_a_drug_that_would_act_on_another_one_of_the_list(calls, drug, other, alternative, named):
    found = result(calls, [drug, other], [drug]).guidance.filter(pl.col("applies") != "possible")
    listed = {one for cell in found["alternatives"].drop_nulls() for one in cell}
    told = {flag for cell in found["flags"] for flag in cell}
    assert (alternative in listed) is named, (listed, told)
    assert (f"alternative_ruled_out:{alternative}:acts" in told) is not named


def test_the_drug_that_is_replaced_is_no_reason_against_what_replaces_it():
    shown = line(result(ULTRARAPID, ["voriconazole"], ["voriconazole"]), "voriconazole")
    assert {"isavuconazole", "posaconazole"} <= set(shown.alternatives) and not shown.not_fitting


def test_what_is_on_the_list_already_is_nothing_to_begin_instead():
    shown = line(result(POOR, ["venlafaxine", "mirtazapine"], ["venlafaxine"]), "venlafaxine")
    assert "mirtazapine" not in shown.alternatives and "sertraline" in shown.alternatives
    assert "mirtazapine (it is on the list already)" in shown.not_fitting
    stopped = {"drug": "mirtazapine", "status": "stopped"}
    assert "mirtazapine" in line(result(POOR, ["venlafaxine", stopped], ["venlafaxine"]), "venlafaxine").alternatives
