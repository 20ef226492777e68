"""The renderers with the words of the shipped knowledge: what tests of pages call."""

from __future__ import annotations

import json
from functools import partial
from typing import Any

from pgx import knowledge, reports
from pgx.build_data import result_schema
from pgx.reports import Lexicon
from pgx.reports import compare as comparison
from pgx.reports.formats import fhir, html, multiqc, patient, plan, result_json, text
from pgx.reports.page import build
from pgx.types import Result

LEXICON = Lexicon(knowledge.load())

write = partial(reports.write, lexicon=LEXICON)
view_of = partial(result_json.view_of, lexicon=LEXICON)
view = partial(build.view, lexicon=LEXICON)
views = partial(build.views, lexicon=LEXICON)
render_text = partial(text.render_text, lexicon=LEXICON)
render_html = partial(html.render_html, lexicon=LEXICON)
to_dict = partial(result_json.to_dict, lexicon=LEXICON)
to_json = partial(result_json.to_json, lexicon=LEXICON)
to_multiqc = partial(multiqc.to_multiqc, lexicon=LEXICON)
compare = partial(comparison.compare, lexicon=LEXICON)


def render_card(result: Result, sample: str) -> str:
    """Return the card of one sample."""
    return patient.card_of(view(result, sample))


def render_leaflet(result: Result, sample: str) -> str:
    """Return the leaflet of one sample."""
    return patient.leaflet_of(view(result, sample))


def render_plan(result: Result, sample: str) -> str:
    """Return the plan of one sample."""
    return patient.plan_of(view(result, sample))


def render_ics(result: Result, sample: str) -> str | None:
    """Return the calendar of one sample."""
    return plan.ics_of(view(result, sample))


def follow_up(result: Result, sample: str) -> list[plan.Check]:
    """Return the checks of one sample."""
    return plan.checks(view(result, sample))


def json_schema() -> Any:
    """Return the JSON Schema that is shipped for stored results."""
    return json.loads(result_schema.PATH.read_text(encoding="utf-8"))


def to_fhir(result: Result, sample: str) -> fhir.Resource:
    """Return the bundle of one sample."""
    return fhir.fhir_of(view(result, sample))


def render_fhir(result: Result, sample: str) -> str:
    """Return the bundle of one sample as text."""
    return fhir.to_text(to_fhir(result, sample))
