"""Processor time of a large report (100 drugs, 30 genes) in each format, and of pages of many persons beside one's.

Ends 1 if a format is over its budget, or a person among many takes more than its share of a person alone.

Run: ``python -m tests.benchmarks.bench_reports``.
"""

from __future__ import annotations

import sys
import tempfile
import time

import pgx
from tests.benchmarks.panel import GENOMES, PANEL38, table
from tests.reports import example
from tests.reports.rendered import render_fhir, render_html, render_text, to_json
from tests.reports.test_large import large

BUDGET = 1.0
"""Seconds of processor time."""
PERSONS = 200
SHARE = 0.04
"""What a page of one among `PERSONS` may take of the time of one alone, in the same run."""


def pages(persons: int) -> float:
    """Return the processor time of the pages of so many persons of the panel, from the file on."""
    names = table("1kgp_samples.tsv").to_series(0).to_list()[:persons]
    with tempfile.TemporaryDirectory() as out:
        start = time.process_time()
        pgx.report(PANEL38, out=out, formats="html", options=pgx.Options(samples=names))
        return time.process_time() - start


def share() -> float:
    """Return what a person among many takes of the time of one alone; what is read once for a process is read before."""
    pages(2)
    alone = min(pages(1) for _ in range(3))
    each = pages(PERSONS) / PERSONS
    print(
        f"pages of {PERSONS} persons: {each * 1000:.0f} ms of processor each, {each / alone:.3f} x one alone ({alone:.2f} s)"
    )
    return each / alone


def main() -> int:
    result, over = large(), 0
    render_html(example.build(), example.SAMPLE)  # templates and tables are read once
    formats = {"html": render_html, "text": render_text, "fhir": render_fhir, "json": lambda found, _: to_json(found)}
    for name, render in formats.items():
        times = []
        for _ in range(3):
            start = time.process_time()
            render(result, example.SAMPLE)
            times.append(time.process_time() - start)
        print(f"{name:5} {min(times):.2f} s of {BUDGET:g} s")
        over += min(times) > BUDGET
    if GENOMES.is_dir():
        over += share() > SHARE
    return int(over > 0)


if __name__ == "__main__":
    sys.exit(main())
