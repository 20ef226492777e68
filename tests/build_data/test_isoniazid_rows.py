"""Which occasions of the isoniazid trial a model may learn from."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from pgx.build_data import isoniazid
from pgx.errors import InputError

_PLAIN = {
    "person": "A", "site": "X", "occasion": 2, "dose_mg": 900, "auc24_ug_h_ml": 30.0, "age_group": "30-39",
    "sex": "male", "race": "mixed", "weight_kg": 70.0, "nat2_phenotype": "Poor Metabolizer",
}  # fmt: skip


def _kept(*rows: dict[str, object]) -> list[str]:
    return isoniazid.eligible(pl.DataFrame([_PLAIN | row for row in rows]))["person"].to_list()


def test_the_occasion_whose_dose_followed_the_genotype_is_left_out() -> None:
    table = isoniazid.eligible(pl.DataFrame([_PLAIN | {"occasion": 1, "dose_mg": 300, "auc24_ug_h_ml": 9.0}, _PLAIN]))
    assert table.select("person", "exposure", "clinical.age", "clinical.race", "clinical.weight").rows() == [
        ("A", 30.0, 35.0, None, 70.0)
    ]
    assert _kept({"occasion": 1}) == []


def test_missed_doses_and_figures_that_stand_twice_are_left_out() -> None:
    assert _kept({"person": "missed", "auc24_ug_h_ml": 0.23}, {"person": "B"}) == ["B"]
    copied = [{"person": "C", "occasion": one, "auc24_ug_h_ml": 16.87} for one in (1, 2)]
    assert _kept(*copied, {"person": "B"}) == ["B"]


def test_another_table_than_the_models_is_refused(tmp_path: Path) -> None:
    (tmp_path / "other.csv").write_text("person\n")
    with pytest.raises(InputError, match="sha256"):
        isoniazid.convert(tmp_path / "other.csv")
    with pytest.raises(InputError, match="no such file"):
        isoniazid.convert(tmp_path / "absent.csv")
