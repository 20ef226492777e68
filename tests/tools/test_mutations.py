"""The small changes that ``make mutants`` makes: each alters behaviour, none a text, a type or the speed alone."""

from __future__ import annotations

import ast

import pytest

from tests.tools.mutants import PACKAGES, TREE
from tests.tools.mutations import mutations, names_read


def _made(source: str) -> set[str]:
    return {" ".join(one.apply(source).split()) for one in mutations("pgx/x.py", source)}


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("a = b < c", {"a = (b <= c)", "a = (b >= c)"}),
        ("a = b == c", {"a = (b != c)"}),
        ("a = b in c", {"a = (b not in c)"}),
        ("a = b and c", {"a = (b or c)"}),
        ("a = not b", {"a = (b)"}),
        ("a = b + c", {"a = (b - c)"}),
        ("a = b * c", {"a = (b / c)"}),
        ("a = 3", {"a = (4)", "a = (6)"}),
        ("a = 0.5", {"a = (1.0)"}),
        ("a = 0", {"a = (1)"}),
        ("a = True", {"a = (False)"}),
        ("a = b if c else d", {"a = (d if c else b)"}),
        ("if a: b()", {"if (not (a)): b()"}),
        ("a = [b for b in c if d]", {"a = [b for b in c if (not (d))]"}),
        ("a(b, c=d)", {"(a(b))"}),
        ("def f() -> bool: return a", {"def f() -> bool: return (not (a))"}),
        ("def f() -> list[int]: return a", {"def f() -> list[int]: return ([])"}),
        ("def f() -> int | None: return a", {"def f() -> int | None: return (None)"}),
    ],
)
def test_each_kind_of_change(source: str, expected: set[str]) -> None:
    assert _made(source) == expected


@pytest.mark.parametrize(
    "source",
    [
        '"""Text 3 < 4."""',
        "def f(): 'Text 3 < 4.'",
        "a: Literal[3]",
        "def f(a: Literal[3]) -> Literal[4]: pass",
        '__all__ = ["a"] + ["b"]',
        'a = f"{b + 1}"',
        'a = "b" + c',
        "raise InputError(a + 1, fix=b)",
        "say(a + 1)",
        "zip(a, b, strict=True)",
        "@dataclass(frozen=True, slots=True)\nclass A: pass",
        "if TYPE_CHECKING: import a",
        "a = 1e-9",
        "a = b > 1e-9",
        "for _ in range(60): pass",
        "assert a < b",
        "_BLOCK = 4096",
    ],
)
def test_what_is_left_alone(source: str) -> None:
    assert _made(source) == set()


def test_every_change_of_the_product_is_python() -> None:
    for package in PACKAGES:
        for path in sorted((TREE / "pgx" / package).rglob("*.py"))[::4]:
            source = path.read_text(encoding="utf-8")
            for one in mutations(str(path), source)[::5]:
                assert one.apply(source) != source
                ast.parse(one.apply(source))


def test_lines_and_texts_are_found_beside_letters_of_several_bytes() -> None:
    source = 'a = "µ"; b = c < d\n\n\ne = f < g\n'
    found = mutations("pgx/x.py", source)
    assert {(one.line, one.old) for one in found} == {(1, "c < d"), (4, "f < g")}
    assert str(found[0]).startswith("pgx/x.py:1: comparison: c < d -> (")


def test_names_that_nothing_reads_are_known() -> None:
    assert names_read(["A = 1\nB = 2\nc = A", "import m\nd = m.E\nE = 3"]) >= {"A", "E", "m"}
    assert "B" not in names_read(["A = 1\nB = 2\nc = A"])
