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
