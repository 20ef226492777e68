"""A pytest plugin that notes which lines of the product each test runs, and how long the test takes."""

from __future__ import annotations

import json
import os
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import coverage
import pytest

_TREE = Path(__file__).resolve().parents[2]
_SETUP = " (set up)"


class _Lines:
    """Measures the run; writes ``{"seconds": {test: s}, "lines": {file: {line: [test, ...]}}}`` at the end."""

    def __init__(self, target: Path) -> None:
        self._target = target
        self._seconds: dict[str, float] = defaultdict(float)
        self._failed: set[str] = set()
        self._measured = coverage.Coverage(data_file=None, source=[str(_TREE / "pgx")], config_file=False)
        self._measured.start()

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> Iterator[None]:
        self._measured.switch_context(item.nodeid + _SETUP)
        return (yield)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Iterator[None]:
        self._measured.switch_context(item.nodeid)
        return (yield)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self._seconds[report.nodeid] += report.duration
        if report.outcome != "passed":
            self._failed.add(report.nodeid)

    def pytest_sessionfinish(self) -> None:
        self._measured.stop()
        data = self._measured.get_data()
        # What a fixture runs, it runs for every test of the file.
        beside: dict[str, list[str]] = defaultdict(list)
        for test in self._seconds:
            beside[test.partition("::")[0]].append(test)
        lines: dict[str, dict[int, list[str]]] = {}
        for file in sorted(data.measured_files()):
            of_file: dict[int, list[str]] = {}
            for line, contexts in data.contexts_by_lineno(file).items():
                tests: set[str] = set()
                for context in filter(None, contexts):
                    shared = context.endswith(_SETUP)
                    tests.update(beside[context.partition("::")[0]] if shared else [context])
                of_file[line] = sorted(tests - self._failed)
            lines[str(Path(file).relative_to(_TREE))] = of_file
        seconds = {test: time for test, time in self._seconds.items() if test not in self._failed}
        found: dict[str, Any] = {"seconds": seconds, "lines": lines, "failed": sorted(self._failed)}
        self._target.write_text(json.dumps(found))


def pytest_configure(config: pytest.Config) -> None:
    """Measure if the run is asked to."""
    if "PGX_RUN_LINES" in os.environ:
        config.pluginmanager.register(_Lines(Path(os.environ["PGX_RUN_LINES"])))
