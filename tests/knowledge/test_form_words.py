"""Words of a dose form or of a product's strength beside a name, in several languages, hide no drug."""

from __future__ import annotations

import pytest

from pgx import knowledge
from pgx.knowledge.dose_forms import LOCAL, dose_forms
from pgx.knowledge.drug_names import drug_names

KB = knowledge.load()
WORDS = KB.table("dose_forms").filter(KB.table("dose_forms")["system"].is_in(["route", "suffix", "maker"]))
DRUGS = {"Haloperidol": "haloperidol", "Tramadol": "tramadol", "Voriconazol": "voriconazole", "Beloc": "metoprolol"}


def test_every_form_word_is_read_past_on_either_side_of_a_name():
    names = drug_names(KB)
    for word in WORDS["name"]:
        for written, drug in DRUGS.items():
            for text in (f"{written} {word}", f"{written} {word.capitalize()} 10 mg", f"{written} 10 mg {word}"):
                found = names.find(text)
                assert (found.drugs, found.unknown) == ((drug,), ()), text


@pytest.mark.parametrize(
    ("written", "drug"),
    [
        ("Haloperidol Tropfen", "haloperidol"),
        ("Haloperidol-Tropfen 2 mg/ml", "haloperidol"),
        ("Beloc zok mite", "metoprolol"),
        ("Beloc-Zok mite 47,5 mg Retardtabletten", "metoprolol"),
        ("Depakine Chrono 500", "valproic acid"),
        ("Citalopram gouttes buvables", "citalopram"),
        ("Sertralina comprimidos 50 mg", "sertraline"),
        ("gotas haloperidol", "haloperidol"),
        ("jarabe ibuprofen", "ibuprofen"),
        ("Simvastatin-ratiopharm 40 mg Filmtabletten", "simvastatin"),
        ("Atorvastatin 1A Pharma 20 mg", "atorvastatin"),
        ("Metoprololsuccinat", "metoprolol"),
        ("Codeinphosphat 30 mg", "codeine"),
        ("Clopidogrelhydrogensulfat", "clopidogrel"),
        ("chlorhydrate de tramadol", "tramadol"),
        ("clorhidrato de tramadol", "tramadol"),
        ("phosphate de cod\N{LATIN SMALL LETTER E WITH ACUTE}ine", "codeine"),
    ],
)
def test_names_as_lists_of_other_countries_write_them(written, drug):
    found = drug_names(KB).find(written)
    assert (found.drugs, found.unknown) == ((drug,), ())


@pytest.mark.parametrize("word", ["Tropfen", "forte", "Saft", "comprimés", "retard", "zok mite"])
def test_a_form_alone_is_no_drug(word):
    assert not drug_names(KB).find(word).drugs


@pytest.mark.parametrize(
    ("written", "acts"),
    [
        ("Timolol Augentropfen", LOCAL),
        ("timolol collyre", LOCAL),
        ("timolol colirio", LOCAL),
        ("Voltaren Salbe", LOCAL),
        ("Voltaren forte Salbe", LOCAL),
        ("Haloperidol Tropfen", "whole_body"),
        ("Tramadol gotas", "whole_body"),
        ("Beloc zok mite", None),
    ],
)
def test_a_form_word_says_where_it_acts_and_a_suffix_does_not(written, acts):
    assert dose_forms(KB).acts(written) == acts


def test_what_may_stand_for_another_ingredient_is_not_read_past():
    names = set(WORDS["name"])
    assert not names & {"plus", "comp", "comp.", "compositum", "duo", "co", "hct", "gel"}
