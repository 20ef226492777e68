"""The report for a browser and a printer: one file that needs nothing else, no script, no network."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import lru_cache, partial
from pathlib import Path

import jinja2
from jinja2 import Environment, FileSystemBytecodeCache, FileSystemLoader, StrictUndefined
from jinja2.bccache import Bucket
from markupsafe import Markup

from pgx.assertion import NOT_CALLED
from pgx.reports.formats import svg
from pgx.reports.formats.text import MARKS, in_passing
from pgx.reports.page import wording
from pgx.reports.page.build import Drug, Gene, View, view
from pgx.reports.page.exposure_line import HEADING, NOTE
from pgx.reports.page.gaps import no_guidance
from pgx.reports.page.lexicon import Lexicon
from pgx.reports.page.notice import NOTICE
from pgx.reports.page.remarks import Remark, flag_marks, marks_of, own_remarks, remarks_of, shared_remarks
from pgx.reports.page.shared import piece
from pgx.reports.page.who import lacking, tested, value
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
        lacking=lacking,
        no_guidance=no_guidance,
        value_said=value,
        svg=svg,
        notice=NOTICE,
        exposure_heading=HEADING,
        exposure_note=NOTE,
        style=stylesheet(),
        flag_marks=flag_marks,
        in_passing=in_passing,
        own_remarks=own_remarks,
        marks_of=marks_of,
        shared_remarks=shared_remarks,
    )
    parts = env.get_template("parts.html.j2").module
    for name in ("flaglist", "shared_list", "marked"):
        env.globals[name] = getattr(parts, name)
    for name, shared in (("line", _line), ("detail", _detail), ("gene_card", _gene), ("gene_row", _gene)):
        env.globals[name] = partial(shared, getattr(parts, name))
    return env


Macro = Callable[..., Markup]


def _line(macro: Macro, view: View, drug: Drug, shared: Mapping[tuple[str, str], Remark]) -> Markup:
    """Render the line of a drug, once for all who have the same with the same marks."""
    marks = tuple(shared[key].mark if key in shared else "" for key in remarks_of(drug))
    return piece(view.pieces, drug, ("line", marks), lambda: macro(drug, shared))


def _detail(macro: Macro, view: View, drug: Drug, marks: Mapping[str, str]) -> Markup:
    """Render what each source says of a drug, likewise."""
    own = tuple(marks.get(flag, "") for row in (*drug.advice, *drug.limits) for flag in row.flags)
    return piece(view.pieces, drug, ("detail", own), lambda: macro(drug, marks))


def _gene(macro: Macro, view: View, gene: Gene, place: int = 0) -> Markup:
    """Render a gene, likewise; `place` tells its drawing from the others of the page."""
    return piece(view.pieces, gene, (id(macro), place), lambda: macro(gene, place))


@lru_cache(maxsize=4)
def stylesheet(name: str = "style.css") -> Markup:
    """Return the style sheet that every page carries inside, or one that paper or the leaflet adds."""
    return Markup((_TEMPLATES / name).read_text(encoding="utf-8"))


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


def html_of(shown: View) -> str:
    """Return the page of one view, see `render_html`."""
    return environment().get_template("report.html.j2").render(view=shown, opened=False, **_parts(shown))


def paper_of(shown: View) -> str:
    """Return the page of one view as it is printed: the same in fewer sheets, with tables in place of panels."""
    genes = (gene for gene in shown.genes if gene.has_guidance and gene.status != NOT_CALLED)
    told = dict.fromkeys(
        flag for gene in genes for flag in (*([gene.status_said] if gene.status != "called" else []), *gene.flags)
    )
    marks = {flag: f"[{number}]" for number, flag in enumerate(told, 1)}
    template = environment().get_template("paper.html.j2")
    style = stylesheet("paper.css")
    return template.render(view=shown, opened=True, gene_marks=marks, paper_style=style, **_parts(shown))


def _parts(shown: View) -> dict[str, list[Drug]]:
    """Return the drugs of which every source is quoted, and the others."""
    parts: dict[str, list[Drug]] = {"detailed": [], "others": []}
    for drug in shown.drugs:
        acted_on = drug.urgency in ("avoid", "change_dose", "monitor") or drug.medication
        parts["detailed" if acted_on else "others"].append(drug)
    return parts
