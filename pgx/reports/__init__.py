"""The same result for a terminal, a browser, a printer, a program and a health record; this package only renders."""

from pgx.reports.formats.html import render_html
from pgx.reports.formats.result_json import from_json, read, to_json
from pgx.reports.formats.text import render_text, render_texts
from pgx.reports.page.lexicon import Lexicon
from pgx.reports.write import FORMATS, files, write

__all__ = [
    "FORMATS",
    "Lexicon",
    "files",
    "from_json",
    "read",
    "render_html",
    "render_text",
    "render_texts",
    "to_json",
    "write",
]
