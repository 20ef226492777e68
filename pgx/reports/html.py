"""The report for a browser and a printer: one file that needs nothing else, no script, no network."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from pgx.reports import svg, wording
from pgx.reports.notice import NOTICE
from pgx.reports.text import MARKS
from pgx.reports.view import View, view
from pgx.types import Result

_TEMPLATES = Path(__file__).parent / "templates"


@lru_cache(maxsize=1)
def environment() -> Environment:
    """Return the template environment: every value is escaped, an unknown name is an error."""
    env = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    env.globals.update(
        words=wording.words,
        urgency_note=wording.urgency_note,
        percent=wording.percent,
        number=wording.number,
        shorten=wording.shorten,
        clean=wording.clean,
        humanise=wording.humanise,
        urgencies=wording.URGENCIES,
        marks=MARKS,
        svg=svg,
        notice=NOTICE,
        style=stylesheet(),
    )
    parts = env.get_template("parts.html.j2").module
    env.globals.update(flaglist=parts.flaglist, line=parts.line, detail=parts.detail)  # type: ignore[attr-defined]
    return env


@lru_cache(maxsize=1)
def stylesheet() -> Markup:
    """Return the style sheet that every page carries inside."""
    return Markup((_TEMPLATES / "style.css").read_text(encoding="utf-8"))


def render_html(result: Result, sample: str) -> str:
    """Return one sample's report as a self-contained HTML page.

    Parameters
    ----------
    result
        What a run found.
    sample
        Whose report.

    Raises
    ------
    UsageError
        If the result does not have the sample.
    """
    return html_of(view(result, sample))


def html_of(shown: View, *, opened: bool = False) -> str:
    """Return the page of one view, see `render_html`; `opened` unfolds everything, for paper."""
    detailed = [drug for drug in shown.drugs if drug.urgency in ("avoid", "change_dose", "monitor") or drug.medication]
    others = [drug for drug in shown.drugs if drug not in detailed]
    return (
        environment().get_template("report.html.j2").render(view=shown, detailed=detailed, others=others, opened=opened)
    )
