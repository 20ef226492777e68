"""Pictures of a report for the README: ``python -m tests.tools.make_pictures REPORT.json docs``.

``report.svg`` is the terminal's view; ``report.png`` is the browser's, made only where Chromium is installed.
"""

from __future__ import annotations

import io
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from rich._export_format import CONSOLE_SVG_FORMAT
from rich.console import Console
from rich.text import Text

from pgx.reports import read
from tests.reports.rendered import render_html, render_text

LINES, WIDTH = 44, 104
# The format that rich ships names fonts on a server; a picture in a repository fetches nothing.
FORMAT = re.sub(r"@font-face \{\{.*?\}\}\s*", "", CONSOLE_SVG_FORMAT, flags=re.S)


def terminal(report: Path, to: Path) -> None:
    """Draw the first screen of the text report."""
    result = read(report)
    lines = render_text(result, result.samples[0], color=True, width=WIDTH).splitlines()[:LINES]
    console = Console(record=True, width=WIDTH, file=io.StringIO(), force_terminal=True)
    console.print(Text.from_ansi("\n".join(lines)))
    svg = console.export_svg(title="pgx report", code_format=FORMAT, unique_id="pgx")
    to.write_text(svg, encoding="utf-8")


def browser(report: Path, to: Path) -> None:
    """Take a picture of the page's first screens."""
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        raise SystemExit("no Chromium here: the picture of the page is not made")
    result = read(report)
    with tempfile.TemporaryDirectory() as folder:
        page = Path(folder) / "page.html"
        page.write_text(render_html(result, result.samples[0]), encoding="utf-8")
        flags = "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
        flags += "--disable-component-update --disable-sync --hide-scrollbars --window-size=1000,1500"
        command = [chromium, *flags.split(), f"--user-data-dir={folder}/profile", f"--screenshot={to}", page.as_uri()]
        subprocess.run(command, check=True, capture_output=True, timeout=120)


def main() -> None:
    """Make both pictures."""
    report, folder = Path(sys.argv[1]), Path(sys.argv[2])
    folder.mkdir(exist_ok=True)
    terminal(report, folder / "report.svg")
    browser(report, folder / "report.png")


if __name__ == "__main__":
    main()
