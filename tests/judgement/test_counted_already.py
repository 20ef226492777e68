"""What the present dose may count already, where one of several medicines that change it was begun lately."""

from __future__ import annotations

import json
from typing import Any

import polars as pl
import pytest

import pgx
from pgx.codes import Flag
from pgx.types import Result
from tests.judgement.test_patients import first_page, lines_of, variants
from tests.reports import rendered

LONG, LATELY = "2025-01-01", "2026-10-10"
LISTS: dict[str, list[Any]] = {
    "new": [("tacrolimus", LONG), ("voriconazole", LONG), ("letermovir", LATELY)],
    "old": [("tacrolimus", LONG), ("voriconazole", LONG), ("letermovir", LONG)],
    "open": [("tacrolimus", None), ("voriconazole", None), ("letermovir", LATELY)],
    "first": [("tacrolimus", LONG), ("voriconazole", LATELY), ("letermovir", LONG)],
    "limit": [("rosuvastatin", LONG), ("eltrombopag", LONG), ("cyclosporine", LATELY)],
}


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> Result:
    folder = tmp_path_factory.mktemp("lists")
    records = [
        {
            "sample": sample,
            "date": "2026-10-12",
            "age": 50,
            "medications": [{"drug": drug} | ({"start": start} if start else {}) for drug, start in drugs],
        }
        for sample, drugs in LISTS.items()
    ]
    path = folder / "records.json"
    path.write_text(json.dumps(records))
    return pgx.report(variants(folder, list(LISTS)), clinical=[path], endpoints=[])


def flags_of(result: Result, sample: str) -> set[str]:
    row = result.judgements.row(
        by_predicate=(pl.col("sample") == sample) & (pl.col("drug") == LISTS[sample][0][0]), named=True
    )
    return {one for one in row["flags"] if Flag.parse(one).code in ("running", "undated", "uncounted", "at_most")}


@pytest.mark.parametrize(
    ("sample", "flags"),
    [
        ("new", {"running", "running:voriconazole", "uncounted:letermovir"}),
        ("old", {"running", "running:voriconazole"}),
        ("open", {"undated:voriconazole", "uncounted:letermovir"}),
        ("first", {"running"}),
        ("limit", {"running", "running:eltrombopag", "uncounted:cyclosporine", "at_most:5 mg a day:"}),
    ],
)
def test_a_medicine_begun_lately_is_not_counted_with_the_others(result, sample, flags):
    assert flags_of(result, sample) == flags


def test_the_line_the_card_and_the_leaflet_name_what_is_not_counted(result):
    said = lines_of(first_page(result, "new"), "tacrolimus")
    assert "tacrolimus and voriconazole have been taken for long" in said
    assert "may count voriconazole already, but not letermovir, and is looked at again" in said and "both" not in said
    assert "look at the dose again because of letermovir" in rendered.render_card(result, "new")
    assert "ask what your dose is to be with letermovir" in rendered.render_leaflet(result, "new")
    assert "both have been taken for long" in lines_of(first_page(result, "old"), "tacrolimus")
    assert "may count" not in lines_of(first_page(result, "first"), "tacrolimus")


def test_the_highest_dose_beside_a_further_medicine_stands_with_the_dose_of_the_first(result):
    both = "to half of the usual dose and at most 5 mg a day"
    assert both in lines_of(first_page(result, "limit"), "rosuvastatin")
    assert both in rendered.render_card(result, "limit")
    assert "is not above the limit" in rendered.render_leaflet(result, "limit")
