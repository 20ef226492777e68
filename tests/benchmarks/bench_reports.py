"""Processor time of a large report (100 drugs, 30 genes) in each format; ends 1 if one is over the budget.

Run: ``python -m tests.benchmarks.bench_reports``.
"""

from __future__ import annotations

import sys
import time

from tests.reports import example
from tests.reports.rendered import render_fhir, render_html, render_text, to_json
from tests.reports.test_large import large

BUDGET = 1.0
"""Seconds of processor time."""


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
    return int(over > 0)


if __name__ == "__main__":
    sys.exit(main())
