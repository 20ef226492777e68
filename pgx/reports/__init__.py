"""The same result for a terminal, a browser, a printer, a program and a health record; this package only renders."""

from pgx.reports.document import from_json, read, to_json
from pgx.reports.html import render_html
from pgx.reports.text import render_text
from pgx.reports.write import FORMATS, files, write

__all__ = ["FORMATS", "files", "from_json", "read", "render_html", "render_text", "to_json", "write"]
