"""Outputs explain themselves: every table has its columns, units and codes, and what is written keeps to them."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest

import pgx
from pgx import schema
from pgx.calling.explain import POSITIONS, REASONS
from pgx.cli.schema import TABLES as NAMES
from pgx.clinical.check import COLUMNS as CHECKED
from pgx.errors import UsageError
from pgx.knowledge import load
from pgx.knowledge.acting import DECIDES
from pgx.output_tables import TABLES
from pgx.reports.formats import tables as written
from tests.conftest import EXAMPLES

PERSON, HISTORY = EXAMPLES / "HG00652.GRCh38.vcf.gz", EXAMPLES / "HG00652.clinical.json"
NUMBERS = (pl.Float64, pl.Int64)


def _declared() -> dict[str, schema.Schema]:
    """Every schema of `pgx.schema`, by the name of its table."""
    return {
        name.lower(): value
        for name, value in vars(schema).items()
        if isinstance(value, tuple) and value and all(isinstance(one, schema.Column) for one in value)
    }


def test_every_schema_has_a_table_and_every_table_its_schema() -> None:
    declared = _declared()
    assert set(declared) <= set(TABLES)
    assert all(TABLES[name].columns is columns for name, columns in declared.items())
    assert tuple(TABLES) == NAMES, "the command lists the tables on its own, to be fast"
    assert {*written.TABLES, written.FAILURES.removesuffix(".tsv")} <= set(TABLES)


@pytest.mark.parametrize("name", TABLES)
def test_units_and_codes_are_of_columns_that_there_are(name: str) -> None:
    one = TABLES[name]
    types = {column.name: column.dtype for column in one.columns}
    assert set(one.units) | set(one.codes) <= set(types)
    assert all(types[column] in NUMBERS or column == "dose_change" for column in one.units)
    assert len({column.name for column in one.columns}) == len(one.columns)
    assert all(column.doc for column in one.columns)


def test_what_the_codes_promise_in_words_is_listed() -> None:
    """A meaning that names alternatives (``a | b``) and codes that are declared agree."""
    for name, one in TABLES.items():
        for column in one.columns:
            head = column.doc.partition(":")[0].partition(" (")[0]
            told = {part.strip() for part in head.split(" | ")} if " | " in head else set()
            codes = one.codes.get(column.name)
            if told and codes is not None and not isinstance(codes, str):
                known = {str(code) for code in codes}
                assert {part for part in told if part.isidentifier()} <= known, (name, column.name)


def test_frames_that_no_schema_module_declares_have_the_columns_of_their_makers() -> None:
    def names(table: str) -> list[str]:
        return [one.name for one in TABLES[table].columns]

    assert names("positions") == [*POSITIONS, *REASONS]
    assert names("endpoints") == pgx.kb.endpoints().columns
    assert names("check") == list(CHECKED)


def _codes(table: str, column: str) -> set[str]:
    row = pgx.kb.schema(table).filter(column=column).row(0, named=True)
    return {one["code"] for one in row["codes"]}


def test_what_a_report_writes_keeps_to_what_is_said(tmp_path: Path) -> None:
    pgx.report(PERSON, clinical=HISTORY, drugs="clopidogrel,warfarin,codeine", out=tmp_path, formats="tsv")
    tsv = {path.stem: path for path in tmp_path.glob("*.tsv")}
    assert {*written.TABLES, "failures"} <= set(tsv)
    for name, path in tsv.items():
        frame = pl.read_csv(path, separator="\t", quote_char=None, infer_schema=False)
        assert frame.columns == pgx.kb.schema(name)["column"].to_list()
        for column in TABLES[name].codes:
            cells = {part for cell in frame[column].drop_nulls() for part in cell.split(";")}
            unknown = {part.partition(":")[0] for part in cells} - _codes(name, column)
            assert not unknown, (name, column)


def test_what_monitor_and_features_write_keeps_to_what_is_said(tmp_path: Path) -> None:
    rows = {"sample": ["A"] * 3, "date": [date(2026, 1, 5), date(2026, 1, 12), date(2026, 2, 12)],
            "dose": [0.0, 35.0, 35.0], "inr": [1.0, 2.2, 5.5]}  # fmt: skip
    found = pgx.monitor(pl.DataFrame(rows))
    assert found.columns == pgx.kb.schema("monitor")["column"].to_list()
    assert set(found["advice"]) <= _codes("monitor", "advice") and set(found["trend"]) <= _codes("monitor", "trend")
    heads = {":".join(flag.split(":")[:2]) if flag.startswith("assumed") else flag.partition(":")[0]
             for flags in found["flags"] for flag in flags}  # fmt: skip
    assert heads <= _codes("monitor", "flags"), "also every assumption has its meaning"
    frame = pgx.features(PERSON, clinical=HISTORY, missing=tmp_path / "missing.tsv")
    assert frame.columns == pgx.kb.schema("features")["column"].to_list()
    reasons = pl.read_csv(tmp_path / "missing.tsv", separator="\t", quote_char=None)
    assert reasons.columns == pgx.kb.schema("missing")["column"].to_list()
    assert {one.partition(" (")[0] for one in reasons["reason"]} <= _codes("missing", "reason")


def test_every_code_has_a_meaning() -> None:
    for name in TABLES:
        for row in pgx.kb.schema(name).iter_rows(named=True):
            assert all(one["code"] and one["meaning"] for one in row["codes"]), (name, row["column"])
    assert _codes("guidance", "action") == {*load().table("actions")["action"], DECIDES}


@pytest.mark.parametrize("name", ["calls", "CALLS", "calls.tsv", " calls.parquet "])
def test_a_table_is_found_under_its_name_and_its_files(name: str) -> None:
    assert pgx.kb.schema(name)["column"][0] == "sample"


def test_an_unknown_table_is_one_line_with_suggestions(pgx_command: Callable[..., Any]) -> None:
    with pytest.raises(UsageError, match=r"'judgments'; did you mean judgements\?"):
        pgx.kb.schema("judgments")
    done = pgx_command("schema", "nothing_like_it")
    assert done.returncode == 2 and done.stderr.count("\n") == 1 and "calls, phenotypes" in done.stderr
    assert "did you mean" not in done.stderr and not done.stdout


def test_the_command_writes_text_tsv_and_json(pgx_command: Callable[..., Any], tmp_path: Path) -> None:
    tsv = pgx_command("schema", "monitor")
    table = pl.read_csv(tsv.stdout.encode(), separator="\t", quote_char=None)
    assert table.columns == ["column", "type", "unit", "required", "meaning", "codes"]
    assert "raise_dose" in table.filter(column="advice")["codes"].item().split(";")
    documents = json.loads(pgx_command("schema", "monitor", "--format", "json").stdout)
    assert [one["column"] for one in documents] == table["column"].to_list()
    assert {"code", "meaning"} == set(next(one for one in documents if one["column"] == "advice")["codes"][0])
    text = pgx_command("schema", "monitor", "--format", "text").stdout
    assert "estimate  (number, mg/week)" in text and max(map(len, text.splitlines())) <= 100
    assert pgx_command("schema", "calls", "-o", tmp_path / "calls.json").returncode == 0
    assert json.loads((tmp_path / "calls.json").read_text(encoding="utf-8"))[0]["column"] == "sample"
    listed = pl.read_csv(pgx_command("schema").stdout.encode(), separator="\t")
    assert listed["table"].to_list() == list(TABLES)
