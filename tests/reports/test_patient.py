"""What the person keeps: plain words, no false comfort, and a plan of checks."""

import re
from dataclasses import replace
from datetime import date

import polars as pl
import pytest

from pgx import schema
from pgx.reports.formats.leaflet_notes import another_decides, asks_today
from pgx.reports.formats.patient import short, together
from pgx.reports.formats.plan import checks
from tests.listed import from_text
from tests.reports import example
from tests.reports.rendered import follow_up, render_card, render_ics, render_leaflet, render_plan, view
from tests.reports.test_pages import HOSTILE, parse


def text(page):
    page = page.split("</style>", 1)[1]
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


def test_the_leaflet_uses_everyday_words():
    said = text(render_leaflet(example.build(), example.SAMPLE))
    assert "Do not stop or change a medicine by yourself" in said
    assert "clopidogrel planned for you : should be avoided" in said
    assert "much lower amount of its active form" in said
    assert "a clotting test (INR)" in said
    assert "CYP2D6 Your body breaks these medicines down very slowly" in said
    assert "TPMT Your body breaks these medicines down slowly (not certain: 62 %)" in said
    for jargon in ("Metabolizer", "phenotype", "diplotype", "active metabolite", "hypersensitivity"):
        assert jargon not in said


def test_what_was_not_tested_is_neither_safe_nor_unsafe():
    said = text(render_leaflet(example.build(), example.SAMPLE))
    assert re.search(r"no answer\. That does not mean that they are safe.*abacavir, rasburicase, fluconazole", said)


def test_a_part_of_the_genes_is_no_answer_for_the_person_either():
    full = example.build()
    rows = full.guidance.with_columns(
        applies=pl.lit("yes"), urgency=pl.lit("no_data"), action=pl.lit("standard"), drug=pl.lit("azathioprine")
    )
    said = text(render_leaflet(replace(full, guidance=rows.head(1)), example.SAMPLE))
    assert "can be used as usual" not in said
    assert re.search(r"gives no answer\..*azathioprine", said)


def test_a_medicine_that_is_fine_by_a_part_of_its_genes_says_so():
    full = example.build()
    fine = full.guidance.head(1).with_columns(applies=pl.lit("yes"), urgency=pl.lit("standard"), drug=pl.lit("d"))
    absent = fine.with_columns(applies=pl.lit("not_tested"), urgency=pl.lit("no_data"), genes=pl.lit(["H"]))
    said = text(render_leaflet(replace(full, guidance=pl.concat([fine, absent])), example.SAMPLE))
    assert "d (not certain: the test is incomplete" in said


def test_a_medicine_that_is_taken_is_not_to_be_stopped_alone():
    full = example.build()
    rows = full.medications.with_columns(status=pl.lit("current"))
    said = text(render_leaflet(replace(full, medications=rows), example.SAMPLE))
    assert "do not stop them by yourself" in said


@pytest.mark.parametrize(
    ("medication", "urgency", "change", "today"),
    [
        ("current", "avoid", None, True),
        ("current", "change_dose", "-90", True),
        ("current", "change_dose", "-51", True),
        ("current", "change_dose", "-70..-30", False),
        ("current", "change_dose", "-90..-60", True),
        ("current", "change_dose", "-50", False),
        ("current", "change_dose", "100", False),
        ("current", "change_dose", None, False),
        ("current", "monitor", None, False),
        ("planned", "change_dose", "-90", False),
        ("planned", "avoid", None, False),
    ],
)
def test_more_than_twice_the_advised_dose_is_asked_about_today(medication, urgency, change, today):
    drug = view(example.build(), example.SAMPLE).drugs[0]
    judgement = replace(drug.judgement, urgency=urgency, dose_change=change)
    assert asks_today(replace(drug, judgement=judgement, medication=medication)) == today


def test_a_phenotype_changed_by_other_medicines_says_so():
    said = text(render_leaflet(example.build(), example.SAMPLE))
    assert "CYP2C9 Your body breaks these medicines down very slowly, counting the other medicines you take" in said


def test_the_card_names_medicines_and_genes():
    said = text(render_card(example.build(), example.SAMPLE))
    assert "clopidogrel , codeine , simvastatin" in said
    assert "CYP2C19 *2/*2 PM" in said
    assert "Not tested, or without a result: G6PD, HLA-B" in said
    assert "Confirm before use" in said


def test_a_card_with_nothing_to_say_does_not_promise_safety():
    said = text(render_card(example.empty(), example.SAMPLE))
    assert "No medicine" not in said and "needs a change" not in said


def test_nothing_of_a_card_is_cut_off():
    assert "overflow" not in render_card(example.build(), example.SAMPLE)
    many = example.build()
    rows = [
        row | {"drug": f"drug{i}"}
        for i in range(20)
        for row in many.guidance.filter(pl.col("drug") == "codeine").to_dicts()
    ]
    said = text(render_card(replace(many, guidance=from_text(rows, schema.GUIDANCE)), example.SAMPLE))
    assert "and 6 more: see the report" in said, "what does not fit is counted"


@pytest.mark.parametrize(
    ("phenotype", "said"),
    [("Poor Metabolizer", "PM"), ("Likely Intermediate Metabolizer", "likely IM"), ("-1639 AA", "-1639 AA")],
)
def test_short_phenotypes(phenotype, said):
    assert short(phenotype) == said


@pytest.mark.parametrize("render", [render_leaflet, render_card, render_plan])
@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_stay_text(render, name):
    tags = parse(render(example.build(name), name))
    assert not tags.wrong
    assert not [tag for tag, _ in tags.seen if tag in ("script", "img", "b")]


def test_the_plan_covers_only_the_persons_own_medicines():
    plan = follow_up(example.build(), example.SAMPLE)
    assert {check.drug for check in plan} == {"warfarin"}, "azathioprine is not taken; clopidogrel is to be avoided"
    first = plan[0]
    assert (first.what, first.when, first.day, first.sources) == ("INR", date(2026, 3, 5), 3, ("CPIC",))


def test_without_a_start_the_days_are_counted_and_become_tasks():
    result = example.build()
    undated = replace(result, medications=result.medications.with_columns(start=None))
    assert {check.when for check in follow_up(undated, example.SAMPLE)} == {None}
    lines = unfold(render_ics(undated, example.SAMPLE))
    assert lines.count("BEGIN:VTODO") == 7
    assert "BEGIN:VEVENT" not in lines


def test_without_medicines_there_is_no_plan():
    result = example.build()
    assert render_ics(replace(result, medications=result.medications.clear()), example.SAMPLE) is None
    assert "No guideline row" in render_plan(replace(result, medications=result.medications.clear()), example.SAMPLE)


def unfold(calendar):
    assert calendar.endswith("\r\n")
    assert all(len(line.encode()) <= 75 for line in calendar.split("\r\n"))
    return calendar.replace("\r\n ", "").split("\r\n")[:-1]


def test_the_calendar_follows_the_standard():
    lines = unfold(render_ics(example.build(), example.SAMPLE))
    assert lines[0] == "BEGIN:VCALENDAR"
    assert lines[-1] == "END:VCALENDAR"
    uids = [line for line in lines if line.startswith("UID:")]
    assert len(uids) == len(set(uids)) == sum(line.startswith("DTSTAMP:") for line in lines)
    assert (
        lines.count("BEGIN:VEVENT")
        == lines.count("END:VEVENT")
        == sum(line.startswith("DTSTART;VALUE=DATE:") for line in lines)
    )
    assert "DTSTART;VALUE=DATE:20260305" in lines


def test_calendar_text_is_escaped_and_folded_between_characters():
    result = example.build()
    odd = result.guidance.with_columns(
        drug=pl.when(pl.col("drug") == "warfarin").then(pl.lit("war;f,a\\rin é" + "ü" * 60)).otherwise("drug")
    )
    taken = result.medications.with_columns(
        drug=pl.when(pl.col("drug") == "warfarin").then(pl.lit("war;f,a\\rin é" + "ü" * 60)).otherwise("drug")
    )
    lines = unfold(render_ics(replace(result, guidance=odd, medications=taken), example.SAMPLE))
    assert any(line.startswith("SUMMARY:war\\;f\\,a\\\\rin é") and line.endswith("ü: INR") for line in lines)


def taken_since(start):
    """Return the example with its drugs begun on a day, as of 2026-10-12."""
    result = example.build()
    row = {"sample": example.SAMPLE, "concept": "as_of", "code": "2026-10-12", "source": "t", "origin": "given"}
    return replace(
        result,
        clinical=pl.concat([result.clinical, schema.from_rows([row], schema.CLINICAL)]),
        medications=result.medications.with_columns(start=start),
    )


def test_in_a_running_therapy_days_count_from_the_change_of_the_dose():
    shown = view(taken_since(date(2024, 3, 1)), example.SAMPLE)
    running = [replace(one, judgement=replace(one.judgement, flags=("running",))) for one in shown.drugs]
    assert {(one.drug, one.moment) for one in checks(shown)} == {("warfarin", "at the next visit")}
    assert {one.moment for one in checks(replace(shown, drugs=running))} >= {"day 3", "day 7"}


def test_no_check_of_the_plan_lies_in_the_past():
    assert {check.moment for check in follow_up(taken_since(date(2024, 3, 1)), example.SAMPLE)} == {"at the next visit"}
    plan = follow_up(taken_since(date(2026, 10, 5)), example.SAMPLE)
    assert [check.moment for check in plan[:2]] == ["at the next visit", "2026-10-12 (day 7)"]
    assert "2024-03" not in render_plan(taken_since(date(2024, 3, 1)), example.SAMPLE)
    assert "DTSTART;VALUE=DATE:2024" not in (render_ics(taken_since(date(2024, 3, 1)), example.SAMPLE) or "")


@pytest.mark.parametrize("render", [render_card, render_leaflet])
def test_the_name_of_a_laboratorys_file_stands_on_nothing_that_is_carried(render):
    lost = {"stage": "phenotypes", "severity": "error", "code": "outside_refused", "sample": example.SAMPLE, "where": "Anna_Muster_1960.tsv",
            "message": "a laboratory's results could not be used (Anna_Muster_1960.tsv: its 1 sample ...)"}  # fmt: skip
    result = example.build()
    notes = pl.concat([result.notes, schema.from_rows([lost], schema.NOTES)])
    said = text(render(replace(result, notes=notes), example.SAMPLE))
    assert "laboratory" in said and "Muster" not in said


def with_allergy_to(drug):
    """Return the example with a recorded allergy that rules one of its medicines out, whatever else is taken."""
    row = {"sample": example.SAMPLE, "drug": drug, "source": "record", "guideline": "allergy", "genes": ["none"],
           "applies": "yes", "urgency": "avoid", "action": "avoid", "strength": "none",
           "flags": ["label_limit", f"allergy:an allergy to {drug} is recorded"]}  # fmt: skip
    result = example.build()
    return replace(result, guidance=pl.concat([result.guidance, schema.from_rows([row], schema.GUIDANCE)]))


@pytest.mark.parametrize(
    ("instead_of", "said"),
    [
        ("oxycodone", "oxycodone: an allergy to morphine is on record, and oxycodone can sometimes do the same."),
        ("codeine", "oxycodone, which could be given instead of codeine: an allergy to morphine is on record"),
    ],
)
def test_an_allergy_beside_no_line_is_told_in_everyday_words(instead_of, said):
    full = example.build()
    allergic = [{"sample": example.SAMPLE, "concept": "allergy", "code": "morphine", "source": "t", "origin": "given"}]
    alert = [{"sample": example.SAMPLE, "stage": "clinical", "severity": "warning", "code": "allergy",
              "subject": instead_of, "where": "oxycodone", "message": "they share a ring system"}]  # fmt: skip
    found = replace(
        full,
        clinical=pl.concat([full.clinical, schema.from_rows(allergic, schema.CLINICAL)]),
        notes=pl.concat([full.notes, schema.from_rows(alert, schema.NOTES)]),
    )
    leaflet = text(render_leaflet(found, example.SAMPLE))
    assert said in leaflet and "ring system" not in leaflet


def test_no_other_medicine_plays_a_part_where_an_allergy_rules_out_what_is_not_taken_yet():
    drugs = {drug.name: drug for drug in view(with_allergy_to("clopidogrel"), example.SAMPLE).drugs}
    allergic = replace(drugs["clopidogrel"], interactions=("omeprazole inhibits CYP2C19",))
    assert allergic.ruled_out and allergic.linked and not another_decides(replace(allergic, medication="planned"))
    assert another_decides(replace(allergic, medication="current")), "what is taken is not stopped without asking"
    assert another_decides(replace(drugs["warfarin"], interactions=("amiodarone inhibits CYP2C9",)))


def test_a_day_on_which_two_checks_fall_is_said_once():
    assert together(["day 28", "day 28", "day 84", "day 84"]) == "days 28 and 84"
    assert together(["at the next visit", "at the next visit"]) == "at the next visit"
    assert together(["day 7"]) == "day 7"
