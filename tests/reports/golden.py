"""Writes the reviewed expected outputs again: ``python -m tests.reports.golden``; look at the difference first."""

from pathlib import Path

from tests.reports import example
from tests.reports.rendered import render_html, render_text, to_json

GOLDEN = Path(__file__).resolve().parents[1] / "golden"


def main() -> None:
    """Write all of them."""
    GOLDEN.mkdir(exist_ok=True)
    result = example.build()
    (GOLDEN / "report.txt").write_text(render_text(result, example.SAMPLE), encoding="utf-8")
    (GOLDEN / "report.html").write_text(render_html(result, example.SAMPLE), encoding="utf-8")
    (GOLDEN / "report.json").write_text(to_json(result), encoding="utf-8")


if __name__ == "__main__":
    main()
