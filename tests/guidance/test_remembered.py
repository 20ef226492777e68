"""Guidance for drawn persons with made-up histories is what it was when last looked at."""

from __future__ import annotations

from pgx.guidance import recommend
from pgx.phenotypes import assign
from tests.phenotypes.drawn import KB, drawn_calls, drawn_history
from tests.remembered import check

DRUGS = ["abacavir", "amitriptyline", "atomoxetine", "capecitabine", "citalopram", "clopidogrel", "codeine", "efavirenz",
         "irinotecan", "mercaptopurine", "metoprolol", "omeprazole", "phenytoin", "rosuvastatin", "siponimod", "simvastatin",
         "tacrolimus", "tamoxifen", "voriconazole", "warfarin"]  # fmt: skip


def test_guidance_for_drawn_persons():
    history = drawn_history(12, 1)
    calls, phenotypes = assign(drawn_calls(12, 1), KB, history)
    found = recommend(phenotypes, calls, history, KB, drugs=DRUGS)
    shown = ("sample", "drug", "source", "guideline", "applies", "urgency", "genes", "phenotypes", "population",
             "dose_change", "probability", "flags")  # fmt: skip
    check("guidance", found.select(shown))


def test_guidance_on_what_each_person_takes():
    history = drawn_history(12, 3)
    calls, phenotypes = assign(drawn_calls(12, 3), KB, history)
    found = recommend(phenotypes, calls, history, KB)
    check("guidance_taken", found.drop("recommendation", "url"))
