"""Guidance for drawn persons with made-up histories is what it was when last looked at."""

from __future__ import annotations

import polars as pl

from pgx.guidance import recommend
from pgx.guidance.populations import Populations
from pgx.phenotypes import assign
from tests.phenotypes.builders import callset, pattern
from tests.phenotypes.drawn import KB, TODAY, drawn_calls, drawn_history
from tests.remembered import check

DRUGS = ["abacavir", "amitriptyline", "atomoxetine", "capecitabine", "citalopram", "clopidogrel", "codeine", "efavirenz",
         "irinotecan", "mercaptopurine", "metoprolol", "omeprazole", "phenytoin", "rosuvastatin", "siponimod", "simvastatin",
         "tacrolimus", "tamoxifen", "voriconazole", "warfarin"]  # fmt: skip
COULD = "could_mean:"


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


def test_who_belongs_to_which_population():
    history = drawn_history(12, 5)
    persons = [f"s{n:02d}" for n in range(12)]
    populations = Populations(KB, history, persons, TODAY)
    names = sorted(set(KB.table("populations")["population"]))
    rows = {name: "".join("-0+"[truth + 1] for truth in populations.decide(name, names, "codeine")) for name in names}
    known = {
        f"{name} (exceptions known)": "".join(
            "-0+"[truth + 1] for truth in populations.decide(name, exceptions_known=True)
        )
        for name in names
    }
    check("guidance_populations", rows | known)


def test_label_limits_of_drawn_persons():
    history = drawn_history(12, 5)
    calls, phenotypes = assign(drawn_calls(12, 5), KB, history)
    drugs = sorted(set(KB.table("label_limits")["drug"]))
    found = recommend(phenotypes, calls, history, KB, drugs=drugs)
    limits = found.filter(pl.col("flags").list.contains("label_limit"))
    check("guidance_limits", limits.drop("recommendation", "url"))


def test_what_untested_genes_could_mean():
    """Of a person without a result and without a history, everything that a source says is possible."""
    calls, phenotypes = assign(callset({"s": {"ACYP2": pattern("Reference/Reference")}}), KB, None)
    said = recommend(phenotypes, calls, None, KB, drugs=["all"])
    flags = said.select("drug", "source", flag="flags").explode("flag").filter(pl.col("flag").str.starts_with(COULD))
    gravest = {
        (drug, source, gene): ("avoid", "change_dose").index(urgency)
        for drug, source, flag in flags.iter_rows()
        for urgency, gene in [flag.removeprefix(COULD).split(":", 1)]
    }
    told = sorted((*key, place) for key, place in gravest.items())
    check("guidance_untested", pl.DataFrame(told, schema=["drug", "source", "gene", "place"], orient="row"))
