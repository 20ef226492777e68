"""The report for a browser and a printer: one file that needs nothing else, no script, no network."""

from __future__ import annotations

import marshal
import sys
from contextlib import suppress
from functools import lru_cache
from importlib.util import MAGIC_NUMBER
from pathlib import Path

import jinja2
from jinja2 import BytecodeCache, Environment, FileSystemLoader, StrictUndefined
from jinja2.bccache import Bucket
from markupsafe import Markup

from pgx.errors import InputError
from pgx.io import write_bytes
from pgx.reports.formats import svg
from pgx.reports.formats.text import MARKS
from pgx.reports.page import wording
from pgx.reports.page.build import View, view
from pgx.reports.page.lexicon import Lexicon
from pgx.reports.page.notice import NOTICE
from pgx.types import Result

_TEMPLATES = Path(__file__).parent / "templates"


class _Compiled(BytecodeCache):
    """Keeps compiled templates where Python keeps compiled modules, under the same rules; what is stale is not used."""

    def load_bytecode(self, bucket: Bucket) -> None:
        """Fill the bucket with what was kept for the template as it is now, if anything."""
        with suppress(OSError, EOFError, ValueError, TypeError):
            head, _, code = self._file(bucket).read_bytes().partition(b"\n")
            if head == self._head(bucket):
                bucket.code = marshal.loads(code)

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep what was compiled, if Python may keep such things and the folder can be written to."""
        if not sys.dont_write_bytecode:
            with suppress(OSError, InputError):
                write_bytes(self._file(bucket), self._head(bucket) + b"\n" + marshal.dumps(bucket.code))

    @staticmethod
    def _file(bucket: Bucket) -> Path:
        return _TEMPLATES / "__pycache__" / f"{bucket.key}.{sys.implementation.cache_tag}.bin"

    @staticmethod
    def _head(bucket: Bucket) -> bytes:
        """Everything that decides the compiled code."""
        env = bucket.environment
        how = (MAGIC_NUMBER.hex(), jinja2.__version__, env.autoescape, env.trim_blocks, env.lstrip_blocks)
        return " ".join(map(str, (*how, bucket.checksum))).encode()


@lru_cache(maxsize=1)
def environment() -> Environment:
    """Return the template environment: every value is escaped, an unknown name is an error."""
    env = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        bytecode_cache=_Compiled(),
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
