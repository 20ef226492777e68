"""Where a label rules a drug out beside one of the list, what sources name instead for another result is asked of."""

from __future__ import annotations

import pytest

from pgx.judgement.read_back import arguments_of
from tests.guidance.test_interactions import line, result
from tests.phenotypes.builders import pattern

NORMAL = {"SLCO1B1": pattern("*1/*1"), "CYP2C19": pattern("*1/*1"), "CYP2D6": pattern("*1/*1")}


def told(drug, *others, genes=NORMAL, **more):
    return line(result(genes, [drug, *others], **more), drug)


@pytest.mark.parametrize(
    ("drug", "beside", "instead", "sources"),
    [
        ("simvastatin", "cyclosporine", {"fluvastatin", "pravastatin", "rosuvastatin"}, "DPWG"),
        ("atorvastatin", "cyclosporine", {"fluvastatin", "pravastatin", "rosuvastatin"}, "CPIC+DPWG"),
        ("simvastatin", "itraconazole", {"atorvastatin", "fluvastatin", "pravastatin", "rosuvastatin"}, "DPWG"),
    ],
)
def test_what_fits_the_list_is_named_with_who_names_it(drug, beside, instead, sources):
    found = told(drug, beside)
    assert set(found.alternatives) == instead
    assert list(arguments_of(found.judgement, "alternatives_of", 1)) == [(sources,)]
    assert f"(named by {sources.replace('+', ' and ')} for another result of a gene)" in found.instead_said


def test_what_a_label_limits_beside_the_list_is_named_with_the_limit():
    assert "rosuvastatin (at most 5 mg a day with cyclosporine)" in told("simvastatin", "cyclosporine").instead_said


def test_where_another_medicine_is_changed_none_is_named():
    found = told("clopidogrel", "omeprazole")
    assert found.urgency == "avoid" and not found.alternatives and "alternative" not in " ".join(found.judgement.flags)


def test_where_another_medicine_is_not_started_none_is_named():
    found = told("simvastatin", {"drug": "clarithromycin", "status": "planned"})
    assert not found.alternatives and not list(arguments_of(found.judgement, "alternatives_of", 1))


def test_what_a_source_names_for_the_result_itself_comes_alone():
    found = told("simvastatin", "cyclosporine", genes={**NORMAL, "SLCO1B1": pattern("*5/*5")})
    assert found.alternatives and not list(arguments_of(found.judgement, "alternatives_of", 1))


@pytest.mark.parametrize(
    ("drug", "beside"), [("propafenone", "amiodarone"), ("propafenone", "quinidine"), ("ondansetron", "apomorphine")]
)
def test_nothing_is_carried_over_where_the_other_one_may_do_the_same(drug, beside):
    found = told(drug, beside)
    assert found.urgency == "avoid" and not found.alternatives and "alternatives_of" not in str(found.judgement.flags)


def test_for_a_disease_or_a_pregnancy_none_is_carried_over():
    pregnant = [{"concept": "sex", "code": "female"}, {"concept": "pregnancy", "code": "yes"}]
    found = told("simvastatin", observations=pregnant)
    assert found.urgency == "avoid" and not found.alternatives
