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
    "panel": f"for want of the large collections, which are no part of the repository ({OUTSIDE})",
    "browser": "for want of Chromium",
    "pdf": "for want of the extra 'pdf' or of the system's text libraries (Pango, HarfBuzz)",
    "plink": "for want of plink2",
    "other": "for another reason",
}


def pytest_runtest_setup(item: pytest.Item) -> None:
    for marker in item.iter_markers("panel"):
        if lacking := absent(*marker.args):
            pytest.skip(f"{', '.join(lacking)} of the large collections is absent")


def pytest_terminal_summary(terminalreporter: Any) -> None:
    for kind, names in _skipped(terminalreporter).items():
        terminalreporter.write_line(f"skipped {KINDS[kind]}: {len(names)} ({', '.join(names)})")
    if not _skipped(terminalreporter):
        terminalreporter.write_line("no test was skipped")
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
        kind = next((kind for kind in KINDS if kind in getattr(report, "keywords", ())), "other")  # a module's has none
        found[kind][report.nodeid] = None
    return {kind: list(found[kind]) for kind in KINDS if kind in found}


def _refused(reporter: Any) -> Iterator[str]:
    allowed = os.environ.get("PGX_MAY_SKIP")
    if allowed is not None:
        for kind, names in _skipped(reporter).items():
            if kind not in allowed.split():
                yield from names
