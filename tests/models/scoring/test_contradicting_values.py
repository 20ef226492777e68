"""What a table of features says in two ways: a computed value beside its inputs, a drug beside what drugs do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl
import pytest

from pgx import models
from pgx.features import refused
from pgx.knowledge import KnowledgeBase
from pgx.models.evidence import plausible

GAGE = {"sample": "a", "gene.cyp2c9.diplotype": "*1/*1", "gene.vkorc1.diplotype": "Reference/Reference",
        "clinical.age": 68.0, "clinical.height": 156.0, "clinical.weight": 54.0, "clinical.race": "white",
        "clinical.target_inr": 2.5}  # fmt: skip


def scored(kb: KnowledgeBase, endpoint: str, row: Mapping[str, Any]) -> dict[str, Any]:
    return models.score(pl.DataFrame([row]), kb, endpoints=[endpoint])[0].row(0, named=True)


@pytest.mark.parametrize("seen", [{}, {refused.NAME: refused.NOTHING}])
def test_a_surface_that_is_not_that_of_the_body_gives_no_dose(kb: KnowledgeBase, seen: dict[str, str]) -> None:
    own = scored(kb, "warfarin.dose_gage", GAGE | seen | {"clinical.bsa": (156 * 54 / 3600) ** 0.5})
    near = scored(kb, "warfarin.dose_gage", GAGE | seen | {"clinical.bsa": 1.6})
    assert own["usable"] and near["usable"] and near["estimate"] == pytest.approx(own["estimate"], rel=0.05)
    found = scored(kb, "warfarin.dose_gage", GAGE | seen | {"clinical.bsa": 2.5})
    assert (found["usable"], found["estimate"]) == (False, None)
    assert {"refused:implausible_value", "implausible:clinical.bsa"} <= set(found["flags"])
    alone = {name: value for name, value in GAGE.items() if name not in ("clinical.height", "clinical.weight")}
    assert scored(kb, "warfarin.dose_gage", alone | {"clinical.bsa": 2.5})["usable"]


def test_other_values_are_compared_where_no_reader_of_records_did(kb: KnowledgeBase) -> None:
    row = {"clinical.age": 60.0, "clinical.sex": "male", "lab.creatinine": 1.0, "lab.egfr": 30.0}
    kept, said = plausible.keep_unlikely_out(pl.DataFrame([row]), kb)
    assert kept["lab.egfr"].item() is None and kept["lab.creatinine"].item() == 1.0 and len(said) == 1
    seen = pl.DataFrame([row | {refused.NAME: refused.NOTHING}])
    assert plausible.keep_unlikely_out(seen, kb)[0]["lab.egfr"].item() == 30.0
    child = pl.DataFrame([row | {"clinical.age": 9.0}])
    assert plausible.keep_unlikely_out(child, kb)[0]["lab.egfr"].item() == 30.0, "the formula is of adults"


TACROLIMUS = {"sample": "a", "gene.cyp3a5.diplotype": "*3/*3", "clinical.age": 50.0}


@pytest.mark.parametrize("word", [{}, {"medication.inhibitor.cyp3a4": "none"}, {"medication.inhibitor.cyp3a4": None}])
@pytest.mark.parametrize(("drug", "taken"), [("voriconazole", True), ("voriconazole", "yes"), ("rifampin", 1)])
def test_a_drug_that_the_table_names_counts_as_what_it_does(kb: KnowledgeBase, word, drug, taken) -> None:
    free = scored(kb, "tacrolimus.exposure", TACROLIMUS | word | {f"medication.{drug}": False})
    assert free["usable"] and free["estimate"] == scored(kb, "tacrolimus.exposure", TACROLIMUS)["estimate"]
    found = scored(kb, "tacrolimus.exposure", TACROLIMUS | word | {f"medication.{drug}": taken})
    assert (found["usable"], found["estimate"]) == (False, None)
    assert "refused:interaction_not_counted" in found["flags"]
    assert any(flag.startswith(f"interaction:{drug}:CYP3A4:strong") for flag in found["flags"])


def test_what_an_endpoint_reads_of_another_drug_is_counted(kb: KnowledgeBase) -> None:
    usual = GAGE | {"clinical.bsa": 1.53}
    amiodarone = scored(kb, "warfarin.dose_gage", usual | {"medication.amiodarone": True})
    assert amiodarone["usable"], "the equation has a term for it"
    fluconazole = scored(kb, "warfarin.dose_gage", usual | {"medication.fluconazole": True})
    assert not fluconazole["usable"] and "refused:interaction_not_counted" in fluconazole["flags"]
    assert scored(kb, "warfarin.dose_gage", usual | {"medication.metformin": True})["usable"]


def test_a_drug_of_one_person_is_no_other_persons(kb: KnowledgeBase) -> None:
    rows = [
        TACROLIMUS | {"medication.voriconazole": True},
        TACROLIMUS | {"sample": "b", "medication.voriconazole": None},
    ]
    one, two = models.score(pl.DataFrame(rows), kb, endpoints=["tacrolimus.exposure"])[0].iter_rows(named=True)
    assert not one["usable"] and two["usable"]
