"""A pytest plugin that bounds a run in processor time: one test fails beyond its limit, later ones are skipped.

``PGX_RUN_LIMITS=TEST,RUN`` gives the two limits in seconds.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from types import FrameType

import pytest


class _Limits:
    def __init__(self, test: float, run: float) -> None:
        self._test, self._run = test, run
        signal.signal(signal.SIGPROF, self._stop)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_setup(self) -> Iterator[None]:
        spent = os.times()
        if sum(spent[:4]) > self._run:
            pytest.skip("the time of the run is over")
        signal.setitimer(signal.ITIMER_PROF, self._test)
        return (yield)

    def pytest_runtest_logfinish(self) -> None:
        signal.setitimer(signal.ITIMER_PROF, 0)

    def _stop(self, _signal: int, _frame: FrameType | None) -> None:
        pytest.fail(f"took more than {self._test:g} s of the processor")


def pytest_configure(config: pytest.Config) -> None:
    """Set the limits if the run is asked to keep some."""
    if "PGX_RUN_LIMITS" in os.environ:
        test, run = map(float, os.environ["PGX_RUN_LIMITS"].split(","))
        config.pluginmanager.register(_Limits(test, run))
