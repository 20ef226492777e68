"""No drug is named instead of another one where a third one of the list rules it out, or it acts on that third one.

What acts on what is read from the tables here, without the code that is tested.
"""

from __future__ import annotations

import polars as pl
import pytest

from pgx.guidance import recommend
from pgx.phenotypes import assign
from pgx.phenotypes.substrates import MARKED
from pgx.reports.page.details import instead, not_fitting
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


def test_no_drug_is_named_instead_whose_level_another_drug_changes_markedly_but_with_the_label_s_limit(people):
    pairs, said = people
    assert len(pairs) > 150
    told = limited = 0
    for sample, drug, alternatives, flags in said.select("sample", "drug", "alternatives", "flags").iter_rows():
        of, other, agent = pairs[sample]
        if drug == of and other in (alternatives or []):
            limits = [flag for flag in flags if flag.startswith(f"alternative_limited:{other}:")]
            assert any(f"at most {most} with {agent}" in limits[0] for most in limits_of(other, agent)), limits
            limited += 1
        elif drug == of:
            told += any(flag.startswith(f"alternative_ruled_out:{other}:") for flag in flags)
    assert told > 100 and limited


def limits_of(drug, agent):
    """The highest doses that labels give of a drug beside another one."""
    rows = KB.table("label_interactions").filter(pl.col("limit").is_not_null(), drug=drug)
    return [one["limit"].removeprefix("text:") for one in rows.iter_rows(named=True)
            if (one["agent"] or agent).lower() == agent]  # fmt: skip


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
    assert all(f"{one} (" in not_fitting(shown.judgement) for one in out)


@pytest.mark.parametrize(
    ("calls", "drug", "other", "alternative", "named"),
    [
        (ULTRARAPID, "escitalopram", "tamoxifen", "paroxetine", False),
        (ULTRARAPID, "escitalopram", "warfarin", "paroxetine", True),
        # voriconazole itself does to tacrolimus what posaconazole would
        (ULTRARAPID, "voriconazole", "tacrolimus", "posaconazole", True),
        # and to simvastatin too, but nobody is sent on to what a label forbids beside it
        (ULTRARAPID, "voriconazole", "simvastatin", "posaconazole", False),
        (ULTRARAPID, "voriconazole", "lovastatin", "posaconazole", False),
        (ULTRARAPID, "voriconazole", "pimozide", "posaconazole", False),
        ({"HLA-B": pattern("*58:01/other")}, "allopurinol", "azathioprine", "febuxostat", False),
        ({"HLA-B": pattern("*58:01/other")}, "allopurinol", "warfarin", "febuxostat", True),
        # a moderate inhibitor instead of a weak one, of what makes the active form
        ({**POOR, "CYP2D6": pattern("*4/*41")}, "venlafaxine", "tamoxifen", "duloxetine", False),
    ],
)
def test_a_drug_that_would_act_on_another_one_of_the_list(calls, drug, other, alternative, named):
    found = result(calls, [drug, other], [drug]).guidance.filter(pl.col("applies") != "possible")
    listed = {one for cell in found["alternatives"].drop_nulls() for one in cell}
    told = {flag for cell in found["flags"] for flag in cell}
    assert (alternative in listed) is named, (listed, told)
    ruled_out = {f"alternative_ruled_out:{alternative}:{why}" for why in ("acts", "rules_out")}
    assert bool(ruled_out & told) is not named


def test_the_drug_that_is_replaced_is_no_reason_against_what_replaces_it():
    shown = line(result(ULTRARAPID, ["voriconazole"], ["voriconazole"]), "voriconazole")
    assert {"isavuconazole", "posaconazole"} <= set(shown.alternatives) and not not_fitting(shown.judgement)


def test_what_is_on_the_list_already_is_nothing_to_begin_instead():
    shown = line(result(POOR, ["venlafaxine", "mirtazapine"], ["venlafaxine"]), "venlafaxine")
    assert "mirtazapine" not in shown.alternatives and "sertraline" in shown.alternatives
    assert "mirtazapine (it is on the list already)" in not_fitting(shown.judgement)
    stopped = {"drug": "mirtazapine", "status": "stopped"}
    assert "mirtazapine" in line(result(POOR, ["venlafaxine", stopped], ["venlafaxine"]), "venlafaxine").alternatives


STATIN = {"SLCO1B1": pattern("*5/*5"), "ABCG2": pattern("rs2231142 reference (G)/rs2231142 reference (G)")}
DECREASED = {**STATIN, "SLCO1B1": pattern("*1/*5")}
"""The genes ask for a dose of atorvastatin, and of no other statin that is named instead of simvastatin."""


@pytest.mark.parametrize(
    ("agent", "named", "out"),
    [
        ("clarithromycin", {"pravastatin": "at most 40 mg a day"}, set()),
        (
            "cyclosporine",
            {"pravastatin": "at most 20 mg a day", "rosuvastatin": "at most 5 mg a day"},
            {"atorvastatin"},
        ),
        ("gemfibrozil", {}, {"pravastatin", "atorvastatin", "rosuvastatin", "fluvastatin"}),
    ],
)
def test_a_label_that_gives_a_highest_dose_rules_nothing_out_and_the_dose_is_named(agent, named, out):
    found = result(DECREASED, ["simvastatin", agent], ["simvastatin"])
    shown = line(found, "simvastatin")
    for other, most in named.items():
        assert [
            one for one in instead(shown.judgement) if one.startswith(f"{other} (") and f"{most} with {agent}" in one
        ], instead(shown.judgement)
        assert other not in not_fitting(shown.judgement)
        text = next(row["recommendation"] for row in found.guidance.iter_rows(named=True) if row["source"] == "DPWG")
        assert f"{other} ({most} with {agent})" in text
        assert "atorvastatin" not in text
    assert not out & set(shown.alternatives)
    assert all(f"{one} (another medicine of the list rules it out)" in not_fitting(shown.judgement) for one in out)


def test_a_drug_that_is_named_instead_is_told_with_the_dose_that_the_genes_ask_for():
    shown = line(result(STATIN, ["simvastatin"], ["simvastatin"]), "simvastatin")
    assert "pravastatin (start at no more than 40 mg/day)" in instead(shown.judgement), instead(shown.judgement)
    usual = line(result(ULTRARAPID, ["voriconazole"], ["voriconazole"]), "voriconazole")
    others = tuple(one for one in usual.alternatives if one != "isavuconazole")
    assert instead(usual.judgement) == ("isavuconazole (for adults)", *others), "children are named others"


@pytest.mark.parametrize(
    ("calls", "agent", "out"),
    [
        (STATIN, "clarithromycin", ["atorvastatin"]),
        (DECREASED, "clarithromycin", ["atorvastatin"]),
    ],
)
def test_a_drug_of_which_the_genes_and_a_label_each_give_a_dose_is_not_named(calls, agent, out):
    """Neither number counts the other one, and the smaller is not always the label's."""
    shown = line(result(calls, ["simvastatin", agent], ["simvastatin"]), "simvastatin")
    assert not set(out) & set(shown.alternatives)
    for name in out:
        assert f"{name} (another medicine of the list changes its level markedly)" in not_fitting(shown.judgement)


@pytest.mark.parametrize("other", ["tacrolimus", "cyclosporine"])
def test_what_a_label_asks_to_watch_together_is_not_named_silently(other):
    shown = line(result(ULTRARAPID, ["voriconazole", other], ["voriconazole"]), "voriconazole")
    assert f"liposomal amphotericin B (monitor with {other})" in instead(shown.judgement), instead(shown.judgement)
    alone = line(result(ULTRARAPID, ["voriconazole", "warfarin"], ["voriconazole"]), "voriconazole")
    assert "liposomal amphotericin B" in instead(alone.judgement)


@pytest.mark.parametrize("other", ["gentamicin", "tobramycin", "amikacin"])
def test_what_a_label_forbids_together_is_not_named(other):
    shown = line(result(ULTRARAPID, ["voriconazole", other], ["voriconazole"]), "voriconazole")
    assert "liposomal amphotericin B" not in shown.alternatives
    assert "liposomal amphotericin B (a label rules it out beside another medicine of the list)" in not_fitting(
        shown.judgement
    )


def test_a_drug_beside_which_a_label_only_asks_for_another_dose_is_not_said_to_be_ruled_out():
    shown = line(result(POOR, ["codeine", "clarithromycin"], ["codeine"]), "codeine")
    assert "oxycodone (another medicine of the list changes its level markedly)" in not_fitting(shown.judgement)


@pytest.mark.parametrize(
    ("calls", "drug", "other", "alternative"),
    [
        (POOR, "clopidogrel", "clarithromycin", "ticagrelor"),
        (POOR, "codeine", "clarithromycin", "oxycodone"),
        (ULTRARAPID, "escitalopram", "tamoxifen", "paroxetine"),
    ],
)
def test_what_is_only_planned_rules_nothing_out_and_is_named(calls, drug, other, alternative):
    new = {"drug": other, "status": "planned"}
    shown = line(result(calls, [drug, new], [drug]), drug)
    assert any(
        one.startswith(alternative) and f"not with {other}, which is only planned" in one
        for one in instead(shown.judgement)
    )
    taken = line(result(calls, [drug, other], [drug]), drug)
    assert alternative not in taken.alternatives


def test_a_highest_dose_of_another_drug_of_the_list_rules_nothing_out():
    shown = line(result({**POOR, **STATIN}, ["clopidogrel", "simvastatin"], ["clopidogrel"]), "clopidogrel")
    assert any(
        one.startswith("ticagrelor") and "monitor with simvastatin" in one for one in instead(shown.judgement)
    ), instead(shown.judgement)
