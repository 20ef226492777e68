"""Every code that the knowledge can bring into a report has words."""

import re

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgx import cells, knowledge
from pgx.reports.page import wording
from tests.reports.rendered import LEXICON


@pytest.fixture(scope="module")
def kb():
    return knowledge.load()


def codes(frame, column):
    return {code for cell in frame[column] for code in cells.parse(cell, cells.NAMES)}


@pytest.mark.parametrize(
    ("kind", "column"),
    [("action", "action"), ("action", "secondary_action"), ("monitoring", "monitoring"), ("strength", "strength")],
)
def test_every_code_of_the_recommendations_has_words(kb, kind, column):
    missing = {code for code in codes(kb.table("recommendations"), column) if (kind, code) not in wording.table()}
    assert not missing


def test_every_implication_is_composed_and_not_merely_spelled(kb):
    spelled = {
        code
        for code in codes(kb.table("recommendation_conditions"), "implication")
        if wording.implication(code) == wording.humanise(code)
    }
    assert spelled <= {"no_data"}


def test_every_phenotype_on_a_scale_has_a_place(kb):
    rules = kb.table("phenotype_rules").filter(
        pl.col("phenotype").str.contains("Metabolizer|(Normal|Poor|Decreased|Increased) Function")
    )
    missing = {p for p in rules["phenotype"].drop_nulls() if ("scale", p) not in wording.table()}
    assert not missing


MEDICAL = re.compile(
    r"clearance|eGFR|cirrhosis|ventricular|bradycardia|ischaem|infarct|angina|deficien|myopath|broncho|psychotic|"
    r"embolism|hepatic|renal|neurovasc|percutan|coronary|fibrillation"
)


@pytest.mark.parametrize("table", ["label_limits", "recommendations"])
def test_a_person_is_told_of_a_condition_in_everyday_words(kb, table):
    found = {LEXICON.population(code, plain=True) for code in kb.table(table)["population"].unique()}
    assert not {phrase for phrase in found if MEDICAL.search(phrase)}
    assert LEXICON.population("lvef_lt_55") == "with a left ventricular ejection fraction below 55 %"


def test_everyday_words_are_of_conditions_that_the_knowledge_has(kb):
    known = {code for name in ("label_limits", "label_interactions", "recommendations", "exceptions", "set_aside")
             for column in ("population", "condition") if column in kb.table(name).columns
             for code in kb.table(name)[column].drop_nulls()}  # fmt: skip
    assert {code for kind, code in wording.table() if kind == "population"} <= known


def test_unknown_codes_are_shown_readably():
    assert wording.words("action", "do_this_first") == "do this first"
    assert LEXICON.flag("odd_thing:CYP2D6_x") == "odd thing: CYP2D6 x"


def test_implications_read_as_phrases():
    assert wording.implications(
        [("CYP2C19", "active_metabolite_down_marked"), ("efficacy_down_marked", None), ("G", "none")]
    ) == [
        ("CYP2C19", "much lower active metabolite, much lower effect"),
        ("G", "no relevant effect"),
    ]


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (None, ""),
        (0.0, "0 %"),
        (1.0, "100 %"),
        (0.995, "> 99 %"),
        (0.0004, "< 0.1 %"),
        (0.027, "2.7 %"),
        (0.62, "62 %"),
        (0.999999, "> 99 %"),
    ],
)
def test_percentages_never_round_a_possibility_away(value, said):
    assert wording.percent(value) == said


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("gene.cyp2c9.allele_count.*3", "CYP2C9 allele count *3"),
        ("gene.hla_b.diplotype", "HLA-B diplotype"),
        ("clinical.bsa", "body surface area"),
        ("medication.amiodarone", "amiodarone"),
        ("something_else", "something else"),
    ],
)
def test_features_are_named_by_their_meaning(name, said):
    assert LEXICON.feature(name) == said


@given(st.text())
def test_cleaned_text_holds_nothing_that_steers_a_terminal_or_turns_the_reading_direction(text):
    cleaned = wording.clean(text)
    assert not any(
        ord(c) < 32 or 0x7F <= ord(c) < 0xA0 or 0x202A <= ord(c) <= 0x202E or 0x2066 <= ord(c) <= 0x2069
        for c in cleaned
    )


def test_the_table_has_no_duplicate_keys():
    from pathlib import Path

    lines = (Path(wording.__file__).parent / "wording.tsv").read_text(encoding="utf-8").splitlines()[1:]
    keys = [tuple(line.split("\t")[:2]) for line in lines]
    assert len(keys) == len(set(keys))
    assert all(len(line.split("\t")) == 4 for line in lines)
