"""Every code that the program emits has a meaning in one table, and nothing in the table is without use."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from enum import StrEnum
from functools import cache

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgx import codes
from pgx.codes import KINDS, Flag, FlagCode, GeneState, NoteCode, Severity
from pgx.errors import InputError
from pgx.knowledge import load
from tests.outside import ROOT

TABLE = load().table("flags")
TREES = {
    path: ast.parse(path.read_text(encoding="utf-8"))
    for path in sorted((ROOT / "pgx").rglob("*.py"))
    if path.parent.name != "codes"
}
SEVERITIES = set(Severity)
BUILT_AT_RUN_TIME = {NoteCode.NO_GQ, NoteCode.NO_DP}
"""Codes of which one part is the name of a field."""


@cache
def constants(tree: ast.AST) -> set[str]:
    return {one.value for one in ast.walk(tree) if isinstance(one, ast.Constant) and isinstance(one.value, str)}


@cache
def members(tree: ast.AST) -> set[tuple[str, str]]:
    return {
        (one.value.id, one.attr)
        for one in ast.walk(tree)
        if isinstance(one, ast.Attribute) and isinstance(one.value, ast.Name)
    }


def names_of(node: ast.expr) -> Iterator[str]:
    """Yield the plain texts that an argument may be."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.IfExp):
        yield from (*names_of(node.body), *names_of(node.orelse))


def noted(tree: ast.AST) -> Iterator[str]:
    """Yield the codes of notes: what follows a severity among the arguments of a call, and the cell ``code``.

    A `pgx.knowledge` Problem of a table is no note.
    """
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and not (isinstance(node.func, ast.Name) and node.func.id == "Problem"):
            for before, after in zip(node.args, node.args[1:], strict=False):
                if SEVERITIES & set(names_of(before)):
                    yield from (name for name in names_of(after) if name.isidentifier() and name not in SEVERITIES)
        elif isinstance(node, ast.Dict):
            cells = {
                key.value: value
                for key, value in zip(node.keys, node.values, strict=True)
                if isinstance(key, ast.Constant)
            }
            if "severity" in cells and "code" in cells:
                yield from names_of(cells["code"])


def test_every_code_has_a_meaning():
    for kind, listed in KINDS.items():
        meanings = dict(TABLE.filter(kind=kind).select("code", "meaning").iter_rows())
        assert set(listed) <= set(meanings), kind
        assert all(meanings.values())


def test_every_meaning_is_of_a_code():
    for kind, code in TABLE.select("kind", "code").iter_rows():
        assert Flag.parse(code).code in set(KINDS[kind]), (kind, code)
    assert not TABLE.select("kind", "code").is_duplicated().any()


@pytest.mark.parametrize("listed", KINDS.values(), ids=KINDS)
def test_every_code_is_used(listed: type[StrEnum]):
    used = set().union(*map(constants, TREES.values()))
    named = set().union(*map(members, TREES.values()))
    unused = {code for code in listed if code not in used and (listed.__name__, code.name) not in named}
    if listed is GeneState:  # called, ambiguous and outside come from the status
        unused -= {GeneState.CALLED, GeneState.AMBIGUOUS, GeneState.OUTSIDE}
    assert unused <= BUILT_AT_RUN_TIME


def test_every_note_has_a_listed_code():
    for path, tree in TREES.items():
        if "knowledge" in path.parts or "check" in path.name:
            continue  # problems of tables and findings of `pgx check` are no notes
        assert set(noted(tree)) <= set(NoteCode), path


@given(st.sampled_from(FlagCode), st.lists(st.text(st.characters(blacklist_characters=":")), max_size=6))
def test_a_flag_is_read_back_as_it_was_written(code: FlagCode, arguments: list[str]):
    flag = Flag(code, *arguments)
    assert Flag.parse(str(flag)) == flag


@given(st.text())
def test_any_text_is_a_flag_and_keeps_its_letters(text: str):
    assert str(Flag.parse(text)) == text


def test_a_flag_knows_its_code_and_what_it_is_about():
    assert Flag.parse("missing:clinical.age").code is FlagCode.MISSING
    assert Flag.parse("missing:clinical.age").about == "clinical.age"
    assert Flag.parse("of_a_later_version:x").code == "of_a_later_version"
    assert Flag.parse("missing").about == ""
    assert len({Flag(FlagCode.LOCAL), Flag.parse("local")}) == 1


def test_kinds_are_those_of_the_module():
    enums = {one for one in vars(codes).values() if isinstance(one, type) and issubclass(one, StrEnum)} - {StrEnum}
    assert enums == set(KINDS.values())


@pytest.mark.parametrize("header", ["flag\tmeaning\tadvice", "code\tmeaning\tadvice", "kind\tcode\tmeaning\tadvice"])
def test_a_site_may_word_flags_in_the_old_layout_too(tmp_path, header):
    own, prefix = "local\tOf ward 7.\t", "flag\t" if header.startswith("kind") else ""
    (tmp_path / "flags.tsv").write_text(f"{header}\n{prefix}{own}\n", encoding="utf-8")
    rows = load([tmp_path]).table("flags").filter(code="local")
    assert rows.select("kind", "meaning").rows() == [("flag", "Of ward 7.")]


def test_a_site_may_not_invent_a_kind(tmp_path):
    (tmp_path / "flags.tsv").write_text("kind\tcode\tmeaning\nflags\tlocal\tOf ward 7.\n", encoding="utf-8")
    with pytest.raises(InputError, match="'flags' is not an allowed code"):
        load([tmp_path]).table("flags")


def test_the_product_has_no_local_meanings():
    assert TABLE.filter(pl.col("local").is_not_null()).is_empty()
