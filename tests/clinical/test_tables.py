"""The clinical knowledge tables: every code is a possible code, every reference leads somewhere."""

from __future__ import annotations

import polars as pl
import pytest

from pgx.clinical.vocabulary import column_name, vocabulary

_TIMES = [
    [0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
    [1, 2, 3, 4, 0, 6, 7, 8, 9, 5],
    [2, 3, 4, 0, 1, 7, 8, 9, 5, 6],
    [3, 4, 0, 1, 2, 8, 9, 5, 6, 7],
    [4, 0, 1, 2, 3, 9, 5, 6, 7, 8],
    [5, 9, 8, 7, 6, 0, 4, 3, 2, 1],
    [6, 5, 9, 8, 7, 1, 0, 4, 3, 2],
    [7, 6, 5, 9, 8, 2, 1, 0, 4, 3],
    [8, 7, 6, 5, 9, 3, 2, 1, 0, 4],
    [9, 8, 7, 6, 5, 4, 3, 2, 1, 0],
]  # the dihedral group D5
_SHIFT = [[0, 1, 2, 3, 4, 5, 6, 7, 8, 9], [1, 5, 7, 6, 2, 8, 3, 0, 9, 4]]
for _ in range(6):
    _SHIFT.append([_SHIFT[1][digit] for digit in _SHIFT[-1]])


def verhoeff(code: str) -> bool:
    """The check digit of SNOMED CT identifiers."""
    check = 0
    for place, digit in enumerate(reversed(code)):
        check = _TIMES[check][_SHIFT[place % 8][int(digit)]]
    return check == 0


def mod10(code: str) -> bool:
    """The check digit of LOINC codes."""
    number, _, check = code.partition("-")
    doubled = (int(d) * (2 if i % 2 == 0 else 1) for i, d in enumerate(reversed(number)))
    return -sum(v // 10 + v % 10 for v in doubled) % 10 == int(check)


def codes(kb, table: str, system: str, column: str = "code") -> list[str]:
    return kb.table(table).filter(pl.col("system") == system)[column].to_list()


@pytest.mark.parametrize(
    ("table", "column"), [("concept_codes", "code"), ("concept_answers", "code"), ("drug_names", "name")]
)
def test_check_digits(kb, table, column):
    assert [c for c in codes(kb, table, "SNOMED", column) if not verhoeff(c)] == []
    assert [c for c in codes(kb, table, "LOINC", column) if not c.startswith("LA") and not mod10(c)] == []


def test_check_digits_catch_a_typing_error():
    assert verhoeff("44054006") and not verhoeff("44054007")
    assert mod10("2160-0") and not mod10("2610-0")


def test_answers_belong_to_coded_concepts(kb):
    words = vocabulary(kb)
    for concept, _, answer in kb.table("concept_answers").select("concept", "code", "answer").iter_rows():
        assert concept == "*" or words.concepts[concept].kind != "numeric"
        assert concept != "*" or answer in (None, "yes", "no")


def test_every_unit_name_leads_to_a_unit_that_some_concept_can_use(kb):
    words = vocabulary(kb)
    own = {c.unit for c in words.concepts.values() if c.unit}
    convertible = {unit for _, unit, _ in words.factors}
    assert set(words.units.values()) <= own | convertible
    assert {to for _, _, to in words.factors} <= own | convertible


def test_conversions_there_and_back_agree(kb):
    factors = vocabulary(kb).factors
    for (concept, unit, own), (factor, offset) in factors.items():
        back = factors.get((concept, own, unit))
        if back and not offset:
            assert factor * back[0] == pytest.approx(1, rel=1e-6)


def test_possible_ranges_and_windows_make_sense(kb):
    for concept in vocabulary(kb).concepts.values():
        if concept.kind == "numeric":
            assert concept.unit and concept.low is not None and concept.high is not None and concept.low < concept.high
            assert concept.summary == "newest" or concept.window_days
        else:
            assert concept.unit is None and concept.low is None and concept.trend_days is None


def test_column_names_mean_one_thing(kb):
    seen: dict[str, str] = {}
    for concept, names in kb.table("concepts").select("concept", "names").iter_rows():
        for name in [concept, *(n.partition("=")[0] for n in (names or "").split(";") if n)]:
            assert column_name(name) == name and seen.setdefault(name, concept) == concept
            assert vocabulary(kb).column(name).concept == concept


def test_values_by_hand_in_other_units(kb):
    words = vocabulary(kb)
    for concept, unit, written, expected in [
        ("weight", "[lb_av]", 220.462, 100),
        ("height", "[ft_i]", 6, 182.88),
        ("creatinine", "umol/L", 88.4, 1.0),
        ("glucose", "mmol/L", 5.55, 100),
        ("ldl", "mmol/L", 2.586, 100),
        ("triglycerides", "mmol/L", 1.129, 100),
        ("bilirubin", "umol/L", 17.1, 1.0),
        ("hba1c", "mmol/mol", 53, 7.0),
        ("body_temperature", "[degF]", 98.6, 37),
        ("hemoglobin", "mmol/L", 9.3, 15),
        ("hemoglobin", "g/L", 150, 15),
        ("calcium", "mmol/L", 2.5, 10.02),
        ("uric_acid", "umol/L", 416, 7.0),
        ("urea_nitrogen", "mmol/L", 5.0, 14.0),
        ("alcohol", "{UKunit}/wk", 14, 112),
        ("crp", "mg/dL", 1, 10),
    ]:
        factor, offset = words.factor(concept, unit)
        assert written * factor + offset == pytest.approx(expected, rel=5e-3), concept
