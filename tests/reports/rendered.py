"""The renderers with the words of the shipped knowledge: what tests of pages call."""

from __future__ import annotations

from functools import partial

from pgx import knowledge, reports
from pgx.reports import Lexicon
from pgx.reports import compare as comparison
from pgx.reports.formats import fhir, html, multiqc, patient, plan, result_json, text
from pgx.reports.page import build

LEXICON = Lexicon(knowledge.load())

write = partial(reports.write, lexicon=LEXICON)
view_of = partial(result_json.view_of, lexicon=LEXICON)
view = partial(build.view, lexicon=LEXICON)
views = partial(build.views, lexicon=LEXICON)
render_text = partial(text.render_text, lexicon=LEXICON)
render_html = partial(html.render_html, lexicon=LEXICON)
render_card = partial(patient.render_card, lexicon=LEXICON)
render_leaflet = partial(patient.render_leaflet, lexicon=LEXICON)
render_plan = partial(patient.render_plan, lexicon=LEXICON)
render_ics = partial(plan.render_ics, lexicon=LEXICON)
follow_up = partial(plan.follow_up, lexicon=LEXICON)
render_fhir = partial(fhir.render_fhir, lexicon=LEXICON)
to_fhir = partial(fhir.to_fhir, lexicon=LEXICON)
to_dict = partial(result_json.to_dict, lexicon=LEXICON)
to_json = partial(result_json.to_json, lexicon=LEXICON)
to_multiqc = partial(multiqc.to_multiqc, lexicon=LEXICON)
compare = partial(comparison.compare, lexicon=LEXICON)
