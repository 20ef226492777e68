"""Whatever the stages hand over, within the declared columns, every format is made and stays well formed."""

import json
from datetime import date

import jsonschema
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pgx import schema
from pgx.reports.compare import render_comparison
from pgx.reports.formats import result_json
from pgx.reports.formats.tables import to_tsv
from pgx.types import Result
from tests.listed import from_text
from tests.reports import example
from tests.reports.rendered import (
    compare,
    json_schema,
    render_card,
    render_html,
    render_ics,
    render_leaflet,
    render_plan,
    render_text,
    to_dict,
    to_fhir,
    to_json,
    to_multiqc,
)
from tests.reports.test_pages import parse

SCHEMAS = {
    "calls": schema.CALLS,
    "phenotypes": schema.PHENOTYPES,
    "guidance": schema.GUIDANCE,
    "scores": schema.SCORES,
    "clinical": schema.CLINICAL,
    "medications": schema.MEDICATIONS,
    "notes": schema.NOTES,
}
WORDS = [
    "CYP2D6",
    "*1/*2=0.5;=;x",
    "avoid",
    "yes",
    "if_population",
    "possible",
    "current",
    "not_called",
    "a=b=c;;",
    "INR;CBC",
    "-50..-20",
    "<i>",
    "{{x}}",
    "Poor Metabolizer",
    "probability",
    "high",
    "f=1e400;g=nan;h=-2",
    "javascript:x",
    "error",
]
TEXT = st.sampled_from(WORDS) | st.text(max_size=8)
VALUES = {
    pl.String: TEXT,
    pl.Float64: st.floats() | st.sampled_from([0.0, 1.0, 0.5]),
    pl.Int64: st.integers(-(2**40), 2**40),
    pl.Boolean: st.booleans(),
    pl.Date: st.dates(date(1900, 1, 1), date(2100, 1, 1)),
}


def row(which):
    cells = {}
    for column in which:
        # Lists are written as text here, which may be anything.
        kind = type(column.dtype) if isinstance(column.dtype, pl.DataType) else column.dtype
        value = TEXT if kind is pl.List else VALUES[kind]
        if column.required and column.dtype == pl.Float64:
            value = st.floats(0, 1)
        cells[column.name] = value if column.required else st.none() | value
    return st.fixed_dictionaries(cells)


@st.composite
def results(draw):
    frames = {}
    for name, which in SCHEMAS.items():
        rows = [r | {"sample": "S"} for r in draw(st.lists(row(which), max_size=3))]
        frames[name] = from_text(rows, which)
    return Result(
        ("S",), **frames, provenance=draw(st.dictionaries(TEXT, TEXT | st.lists(TEXT, max_size=2), max_size=2))
    )


@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(results())
def test_every_format_is_made(result):
    for render in (render_html, render_leaflet, render_card, render_plan):
        page = render(result, "S")
        tags = parse(page)
        assert not tags.wrong
        assert not [tag for tag, _ in tags.seen if tag in ("i", "script")]
        assert not [attrs for tag, attrs in tags.seen if tag == "a" and not attrs["href"].startswith(("#", "http"))]
    assert "\x1b" not in render_text(result, "S")
    text = to_json(result)
    json.loads(text, parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))
    assert to_json(result_json.from_json(text)) == text
    calendar = render_ics(result, "S")
    assert calendar is None or calendar.endswith("END:VCALENDAR\r\n")
    assert render_comparison(compare(result, example.empty()))
    assert to_multiqc(result)
    for name in SCHEMAS:
        frame = getattr(result, name)
        lines = to_tsv(frame).decode().removesuffix("\n").split("\n")
        assert len(lines) == frame.height + 1
        assert {line.count("\t") for line in lines} == {frame.width - 1}


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(results())
def test_the_fhir_bundle_stays_valid(result):
    module = pytest.importorskip("fhir.resources.R4B.bundle")
    module.Bundle.model_validate(to_fhir(result, "S"))


def test_probabilities_outside_the_schema_are_noticed():
    found = to_dict(example.build())
    found["samples"][0]["calls"][0]["probability"] = 1.5
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft202012Validator(json_schema()).validate(found)
