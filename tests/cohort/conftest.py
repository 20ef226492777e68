"""A small cohort: nine made-up persons in two files, and their history."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

import pgx
from pgx.cohort.block import do_block
from pgx.cohort.crew import Message
from pgx.inputs import knowledge
from tests.cohort.cohorts import PEOPLE, write_inputs


@pytest.fixture(scope="session")
def inputs(tmp_path_factory) -> Path:
    return write_inputs(tmp_path_factory.mktemp("inputs"))


@pytest.fixture(scope="session")
def batch(inputs) -> pgx.Result:
    """Everybody in one run of the pipeline, without blocks."""
    return pgx.report(inputs / "all.vcf", clinical=inputs / "ward.csv", options=pgx.Options(samples=list(PEOPLE)))


@pytest.fixture(scope="session")
def whole(inputs, tmp_path_factory) -> Path:
    """An undisturbed run in blocks of two."""
    folder = tmp_path_factory.mktemp("whole") / "cohort"
    pgx.cohort.run(inputs / "all.vcf", folder, clinical=inputs / "ward.csv", block_size=2, threads=2)
    return folder


class OneProcess:
    """A crew that does the blocks in the test's own process, as a worker would: of `pgx.cohort.crew.Crew`'s shape."""

    def __init__(self, size: int, first: Any) -> None:
        self.first = first

    def work(self, blocks: Iterable[int]) -> Iterator[Message]:
        plan, digest, folder, spool = self.first
        kb = knowledge(plan.options.knowledge)
        for number in blocks:
            yield "done", number, do_block(plan, digest, kb, number, folder, spool)


@pytest.fixture
def one_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """Do blocks without workers, where the process is not the point: a worker's imports cost more than its block.

    `whole`, with which most results are compared, is made by two workers.
    """
    monkeypatch.setattr("pgx.cohort.runs.Crew", OneProcess)
