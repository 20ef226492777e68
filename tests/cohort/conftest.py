"""A small cohort: nine made-up persons in two files, and their history."""

from __future__ import annotations

from pathlib import Path

import pytest

import pgx
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
