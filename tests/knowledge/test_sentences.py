"""Recommendation codes become sentences; the golden file holds every one of them for review.

Rewrite it after an intended change with ``python -m tests.knowledge.test_sentences``, and read the difference.
"""

from pathlib import Path

import pytest

from pgx.errors import InputError
from pgx.knowledge import load
from pgx.knowledge.sentences import compose, implication, phrase, templates, unknown_codes

KB = load()
GOLDEN = Path(__file__).resolve().parents[1] / "golden" / "recommendation_sentences.tsv"
ROW = {"drug": "examplinum", "population": "general", "action": "standard", "strength": "strong"}


def golden_text() -> str:
    conditions: dict[str, list[tuple[str, str]]] = {}
    for row in KB.table("recommendation_conditions").iter_rows(named=True):
        said = f"{row['gene']}={row['value']}"
        conditions.setdefault(row["rec_id"], []).append((said, implication(row["implication"])))
    lines = ["rec_id\tdrug\twhen\tsentence\tstrength\timplication"]
    for row in KB.table("recommendations").sort("rec_id").iter_rows(named=True):
        when = "; ".join(said for said, _ in conditions[row["rec_id"]])
        effects = "; ".join(effect for _, effect in conditions[row["rec_id"]] if effect)
        cells = (row["rec_id"], row["drug"], when, compose(row), phrase("strength", row["strength"]), effects)
        lines.append("\t".join(cells))
    return "\n".join(lines) + "\n"


def test_every_recommendation_reads_as_reviewed() -> None:
    assert golden_text() == GOLDEN.read_text(encoding="utf-8")


def test_no_sentence_holds_a_code_a_gap_or_a_doubled_mark() -> None:
    for line in golden_text().splitlines()[1:]:
        sentence = line.split("\t")[3]
        assert not any(mark in sentence for mark in ("{", "}", "_", "  ", "..", " .", " ,", "None", ";.", ":.")), (
            sentence
        )
        assert sentence.endswith(".")
        assert all(one[:1].isupper() or one[:1].isdigit() for one in sentence.split(". ") if one), sentence


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, "Use examplinum at the standard dose."),
        ({"population": "adult"}, "For adults: use examplinum at the standard dose."),
        (
            {"action": "avoid", "alternatives": "prasugrel;ticagrelor"},
            "Avoid examplinum. Possible alternatives: prasugrel or ticagrelor.",
        ),
        (
            {"action": "reduce_dose", "dose_min_pct": -50.0, "dose_max_pct": -25.0, "dose_reference": "standard_dose"},
            "Reduce the standard dose of examplinum by 25 to 50 %.",
        ),
        (
            {"action": "lower_start", "dose_max_pct": -90.0, "dose_reference": "standard_dose"},
            "Start examplinum at a dose at least 90 % below the standard dose.",
        ),
        (
            {"action": "increase_dose", "dose_max_pct": 150.0, "dose_reference": "standard_dose"},
            "Increase the standard dose of examplinum by up to 150 %.",
        ),
        (
            {"action": "lower_start", "dose_reference": "starting_dose"},
            "Start examplinum at a lower dose than usual.",
        ),
        (
            {"action": "insufficient", "monitoring": "G6PD_ACTIVITY"},
            "This result alone does not decide on examplinum; measure the G6PD enzyme activity.",
        ),
        (
            {"action": "alternative", "alternative_class": "non_CYP2B6;non_CYP2C19"},
            "Choose an alternative to examplinum, such as a drug not mainly metabolised by CYP2B6 or CYP2C19.",
        ),
        (
            {
                "action": "avoid",
                "secondary_action": "lower_start",
                "secondary_when": "if_used",
                "dose_min_pct": -50.0,
                "dose_max_pct": -50.0,
                "dose_reference": "starting_dose",
                "dose_applies": "secondary",
                "monitoring": "TDM;AE",
            },
            "Avoid examplinum. If it is used nevertheless, start at a dose 50 % below the standard starting dose. "
            "Monitor the drug concentration and watch for adverse effects.",
        ),
        ({"notes": "text:ask the ward pharmacist"}, "Use examplinum at the standard dose. Ask the ward pharmacist."),
    ],
)
def test_sentences_by_hand(changes: dict[str, object], expected: str) -> None:
    assert compose({**ROW, **changes}) == expected


@pytest.mark.parametrize(
    "changes",
    [
        {"action": "ponder"},
        {"monitoring": "HOROSCOPE"},
        {"notes": "see_label;unheard_of"},
        {"population": "martians"},
        {"action": "avoid", "secondary_action": "monitor", "secondary_when": "once_in_a_blue_moon"},
        {"start_dose": "plenty", "start_dose_unit": "mg/day"},
        {"strength": "iron"},
    ],
)
def test_unknown_codes_are_found_and_never_said(changes: dict[str, object]) -> None:
    assert unknown_codes({**ROW, **changes}, templates())
    if "strength" not in changes:
        with pytest.raises(InputError):
            compose({**ROW, **changes})


def test_every_implication_has_words() -> None:
    for codes in KB.table("recommendation_conditions")["implication"].unique():
        implication(codes)


if __name__ == "__main__":
    GOLDEN.write_text(golden_text(), encoding="utf-8")
