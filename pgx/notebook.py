"""A result as a notebook shows it: a line on what there is, and the report of the first sample."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from pgx.pipeline import lexicon_of
from pgx.reports import render_html

if TYPE_CHECKING:
    from pgx.types import Result


def page(result: Result) -> str:
    """Return HTML; the report stands in a frame of its own, so that its style stays there."""
    line = f"<p>{escape(repr(result))}</p>"
    if not result.samples:
        return line
    report = escape(render_html(result, result.samples[0], lexicon_of()))
    return f'{line}<iframe srcdoc="{report}" title="Report" style="width: 100%; height: 40em; border: 0"></iframe>'
