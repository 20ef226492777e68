"""The report for a browser and a printer: one file that needs nothing else, no script, no network."""

from __future__ import annotations

import sys
from contextlib import suppress
from functools import lru_cache
from pathlib import Path

import jinja2
from jinja2 import Environment, FileSystemBytecodeCache, FileSystemLoader, StrictUndefined
from jinja2.bccache import Bucket
from markupsafe import Markup

from pgx.reports.formats import svg
from pgx.reports.formats.text import MARKS
from pgx.reports.page import wording
from pgx.reports.page.build import View, view
from pgx.reports.page.lexicon import Lexicon
from pgx.reports.page.notice import NOTICE
from pgx.reports.page.who import tested
from pgx.types import Result

_TEMPLATES = Path(__file__).parent / "templates"


class _Compiled(FileSystemBytecodeCache):
    """Compiled templates, kept beside compiled modules; where nothing can be written they are compiled each time."""

    def __init__(self, folder: Path) -> None:
        # What one version of jinja2 compiled is not for another.
        super().__init__(str(folder), f"%s.jinja2-{jinja2.__version__}.cache")

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep what was compiled, if the folder can be written to."""
        with suppress(OSError):
            Path(self.directory).mkdir(exist_ok=True)
            super().dump_bytecode(bucket)


@lru_cache(maxsize=1)
def environment() -> Environment:
    """Return the template environment: every value is escaped, an unknown name is an error."""
    env = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        bytecode_cache=None if sys.dont_write_bytecode else _Compiled(_TEMPLATES / "__pycache__"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    env.globals.update(
        words=wording.words,
        urgency_note=wording.urgency_note,
        percent=wording.percent,
        several=wording.several,
        number=wording.number,
        clean=wording.clean,
        humanise=wording.humanise,
        urgencies=wording.URGENCIES,
        marks=MARKS,
        tested=tested,
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


def render_html(result: Result, sample: str, lexicon: Lexicon) -> str:
    """Return one sample's report as a self-contained HTML page.

    Parameters
    ----------
    result
        What a run found.
    sample
        Whose report.
    lexicon
        Words for the codes.

    Raises
    ------
    UsageError
        If the result does not have the sample.
    """
    return html_of(view(result, sample, lexicon))


def html_of(shown: View, *, opened: bool = False) -> str:
    """Return the page of one view, see `render_html`; `opened` unfolds everything, for paper."""
    detailed = [drug for drug in shown.drugs if drug.urgency in ("avoid", "change_dose", "monitor") or drug.medication]
    others = [drug for drug in shown.drugs if drug not in detailed]
    return (
        environment().get_template("report.html.j2").render(view=shown, detailed=detailed, others=others, opened=opened)
    )
