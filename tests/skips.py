"""What could not run is counted and named at the end; where ``PGX_MAY_SKIP`` is set, nothing else may be skipped.

``PGX_MAY_SKIP=panel`` (as in ``.ci/run``) lets only the tests with that marker be skipped; ``"panel browser"`` both kinds.
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import pytest

from tests.outside import OUTSIDE, absent

KINDS = {
    "panel": f"need the large collections, which are no part of the repository ({OUTSIDE})",
    "browser": "need Chromium",
    "pdf": "need the extra 'pdf' and the text libraries of the system (Pango, HarfBuzz)",
}
OTHER = "other tests were skipped"


def pytest_runtest_setup(item: pytest.Item) -> None:
    for marker in item.iter_markers("panel"):
        if lacking := absent(*marker.args):
            pytest.skip(f"{', '.join(lacking)} of the large collections is absent")


def pytest_terminal_summary(terminalreporter: Any) -> None:
    for kind, names in sorted(_skipped(terminalreporter).items()):
        what = f"tests {KINDS[kind]} and could not run" if kind in KINDS else OTHER
        terminalreporter.write_line(f"{len(names)} {what}: {', '.join(names)}")
    for name in _refused(terminalreporter):
        terminalreporter.write_line(f"{name} was skipped, which PGX_MAY_SKIP does not allow here", red=True)


def pytest_sessionfinish(session: pytest.Session) -> None:
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if reporter is not None and not hasattr(session.config, "workerinput") and any(_refused(reporter)):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def _skipped(reporter: Any) -> dict[str, list[str]]:
    """Return the tests that were skipped, by what they lack."""
    found: dict[str, dict[str, None]] = defaultdict(dict)
    for report in reporter.stats.get("skipped", ()):
        kind = next((kind for kind in KINDS if kind in report.keywords), "other")
        found[kind][report.nodeid] = None
    return {kind: list(names) for kind, names in found.items()}


def _refused(reporter: Any) -> Iterator[str]:
    allowed = os.environ.get("PGX_MAY_SKIP")
    if allowed is not None:
        for kind, names in sorted(_skipped(reporter).items()):
            if kind not in allowed.split():
                yield from names
