"""Small changes to source code that a good test suite notices.

Only changes of behaviour are made: text (docstrings, messages, names of codes), annotations, `__all__`, and what decides
speed or memory alone are left as they are.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import accumulate

_BOUNDARY = {ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt}
_OPPOSITE = {
    ast.Lt: ast.GtE, ast.LtE: ast.Gt, ast.Gt: ast.LtE, ast.GtE: ast.Lt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.In: ast.NotIn, ast.NotIn: ast.In, ast.Is: ast.IsNot, ast.IsNot: ast.Is,
}  # fmt: skip
_ARITHMETIC = {ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult}
_EMPTY = {"bool": "not ({})", "float": "({}) + 1", "int": "({}) + 1", "list": "[]", "tuple": "()", "dict": "{{}}"}

# Dropping these changes no result: how a call is checked, typed, worded or drawn, not what it gives.
_NEUTRAL = frozenset({
    "strict", "slots", "frozen", "dtype", "kind", "encoding", "ensure_ascii", "indent", "repr", "maxsize", "check",
    "allow_pickle", "infer_schema_length", "where", "fix", "file", "schema", "maintain_order", "threads", "nthread",
    "fill_value", "digest_size", "capture_output", "text", "return_dtype", "init", "atol", "abs_tol",
})  # fmt: skip
# Sizes of the pieces that work is cut into, and limits of memory: results are the same whatever they are.
_SIZES = frozenset({"BLOCK", "_BLOCK", "_GROUP", "LARGE", "LIMIT", "_LARGEST_TABLE", "_FEW", "_START", "MAX_BYTES"})
_SPOKEN = frozenset({"say", "warn", "InputError", "UsageError", "note", "print", "add_argument"})
_DRAWN = ("plot.py", "plots.py", "card.py")  # pictures and prose
_SMALLEST = 1e-6  # smaller numbers guard against rounding


@dataclass(frozen=True, slots=True)
class Mutation:
    """One change of one file.

    Parameters
    ----------
    path
        File, relative to the tree.
    line
        Line of the change.
    start, end
        Offsets of the replaced text.
    old, new
        The text before and after.
    kind
        What sort of change it is.
    names
        Module-level names that the changed line defines; tests that read them are related.
    """

    path: str
    line: int
    start: int
    end: int
    old: str
    new: str
    kind: str
    names: tuple[str, ...] = ()

    def apply(self, source: str) -> str:
        """Return the changed source."""
        return source[: self.start] + self.new + source[self.end :]

    def __str__(self) -> str:
        old, new = (" ".join(text.split()) for text in (self.old, self.new))
        return f"{self.path}:{self.line}: {self.kind}: {_short(old)} -> {_short(new)}"


def mutations(path: str, source: str) -> list[Mutation]:
    """List every change that can be made to a file, in the order of its lines."""
    if path.endswith(_DRAWN):
        return []
    found = {(one.start, one.end, one.new): one for one in _Finder(path, source).all()}
    return sorted(found.values(), key=lambda one: (one.start, one.end, one.new))


def names_read(sources: Iterable[str]) -> set[str]:
    """Return every name that some code reads; what defines another one at module level changes nothing."""
    found: set[str] = set()
    for source in sources:
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
                found.add(node.id)
            elif isinstance(node, ast.Attribute):
                found.add(node.attr)
    return found


class _Finder:
    def __init__(self, path: str, source: str) -> None:
        self._path, self._source = path, source
        self._tree = ast.parse(source)
        lines = [f"{line}\n" for line in source.split("\n")]
        self._bytes = [line.encode() for line in lines]
        self._starts = list(accumulate(map(len, lines), initial=0))

    def all(self) -> Iterator[Mutation]:
        for statement in self._tree.body:
            if _is_silent(statement):
                continue
            names = tuple(_defined(statement))
            if not set(names) & _SIZES:
                for one in self._inside(statement, None):
                    yield one if not names else _with_names(one, names)

    def _inside(self, node: ast.AST, returns: str | None) -> Iterator[Mutation]:
        if _is_silent(node):
            return
        if isinstance(node, ast.FunctionDef):
            returns = None if node.returns is None else ast.unparse(node.returns)
        yield from self._here(node, returns)
        for child in _children(node):
            yield from self._inside(child, returns)

    def _here(self, node: ast.AST, returns: str | None) -> Iterator[Mutation]:
        if isinstance(node, ast.Compare):
            yield from self._compare(node)
        elif isinstance(node, ast.BinOp):
            yield from self._arithmetic(node)
        elif isinstance(node, ast.Constant):
            yield from self._constant(node)
        elif isinstance(node, ast.Call):
            yield from self._keywords(node)
        elif isinstance(node, ast.Return):
            yield from self._return(node, returns)
        else:
            yield from self._logic(node)

    def _logic(self, node: ast.AST) -> Iterator[Mutation]:
        if isinstance(node, ast.BoolOp):
            other = copy.deepcopy(node)
            other.op = ast.Or() if isinstance(node.op, ast.And) else ast.And()
            yield self._swap(node, ast.unparse(other), "and/or")
        elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not | ast.Invert):
            yield self._swap(node, ast.unparse(node.operand), "not dropped")
        elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub) and not _is_number(node.operand):
            yield self._swap(node, ast.unparse(node.operand), "sign dropped")
        elif isinstance(node, ast.IfExp):
            turned = ast.IfExp(node.test, node.orelse, node.body)
            yield self._swap(node, ast.unparse(turned), "branches swapped")
        elif isinstance(node, ast.If | ast.While):
            yield self._swap(node.test, f"not ({ast.unparse(node.test)})", "condition turned")
        elif isinstance(node, ast.comprehension):
            for test in node.ifs:
                yield self._swap(test, f"not ({ast.unparse(test)})", "condition turned")

    def _compare(self, node: ast.Compare) -> Iterator[Mutation]:
        if any(_is_number(side) and 0 < abs(side.value) <= _SMALLEST for side in ast.walk(node)):  # type: ignore[attr-defined]
            return  # a guard against rounding: on which side of it a number lies is chance
        for i, operator in enumerate(node.ops):
            for table in (_BOUNDARY, _OPPOSITE):
                if type(operator) in table:
                    other = copy.deepcopy(node)
                    other.ops[i] = table[type(operator)]()
                    yield self._swap(node, ast.unparse(other), "comparison")

    def _arithmetic(self, node: ast.BinOp) -> Iterator[Mutation]:
        if type(node.op) in _ARITHMETIC and not any(_is_text(side) for side in (node.left, node.right)):
            other = copy.deepcopy(node)
            other.op = _ARITHMETIC[type(node.op)]()
            yield self._swap(node, ast.unparse(other), "arithmetic")

    def _constant(self, node: ast.Constant) -> Iterator[Mutation]:
        value = node.value
        if isinstance(value, bool):
            yield self._swap(node, str(not value), "truth turned")
        elif isinstance(value, int | float) and not 0 < abs(value) <= _SMALLEST:
            if isinstance(value, int):
                yield self._swap(node, repr(value + 1), "off by one")
            if value:
                yield self._swap(node, repr(value * 2), "doubled")

    def _keywords(self, node: ast.Call) -> Iterator[Mutation]:
        for i, keyword in enumerate(node.keywords):
            if keyword.arg is None or keyword.arg in _NEUTRAL or _is_text(keyword.value):
                continue
            other = copy.deepcopy(node)
            del other.keywords[i]
            yield self._swap(node, ast.unparse(other), f"keyword {keyword.arg} dropped")

    def _return(self, node: ast.Return, returns: str | None) -> Iterator[Mutation]:
        value = node.value
        if value is None or returns is None:
            return
        plain = returns.split("[", maxsplit=1)[0]
        if returns.endswith("| None") and not (isinstance(value, ast.Constant) and value.value is None):
            yield self._swap(value, "None", "value returned")
        elif plain in _EMPTY and not isinstance(value, ast.Constant):
            new = _EMPTY[plain].format(ast.unparse(value))
            if new != ast.unparse(value):
                yield self._swap(value, new, "value returned")

    def _swap(self, node: ast.expr, new: str, kind: str) -> Mutation:
        start = self._offset(node.lineno, node.col_offset)
        end = self._offset(node.end_lineno or node.lineno, node.end_col_offset or 0)
        return Mutation(self._path, node.lineno, start, end, self._source[start:end], f"({new})", kind)

    def _offset(self, line: int, column: int) -> int:
        return self._starts[line - 1] + len(self._bytes[line - 1][:column].decode())


def _children(node: ast.AST) -> Iterator[ast.AST]:
    """Yield what is inside a node, without annotations and decorators."""
    # How often a search that stops by itself may go on is no behaviour: `for _ in range(60)`.
    endless = isinstance(node, ast.For) and isinstance(node.target, ast.Name) and node.target.id == "_"
    for name, value in ast.iter_fields(node):
        if name in ("annotation", "returns", "decorator_list") or (endless and name == "iter"):
            continue
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.keyword) and child.arg in _NEUTRAL:
                continue
            if isinstance(child, ast.AST):
                yield child


def _is_silent(node: ast.AST) -> bool:
    """Whether a change inside the node could be seen in a text, a type or the speed only."""
    if isinstance(node, ast.Import | ast.ImportFrom | ast.Raise | ast.JoinedStr | ast.Assert):
        return True
    if isinstance(node, ast.Expr):
        return isinstance(node.value, ast.Constant)
    if isinstance(node, ast.If):
        return ast.unparse(node.test) == "TYPE_CHECKING"
    if isinstance(node, ast.Call):
        return ast.unparse(node.func).rsplit(".", 1)[-1] in _SPOKEN
    if isinstance(node, ast.FunctionDef):
        return node.name in ("__repr__", "__str__")
    return "__all__" in _defined(node)


def _defined(node: ast.AST) -> Iterator[str]:
    """Yield the plain names that an assignment defines."""
    targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
    for target in targets:
        for one in target.elts if isinstance(target, ast.Tuple) else [target]:
            if isinstance(one, ast.Name):
                yield one.id


def _with_names(one: Mutation, names: tuple[str, ...]) -> Mutation:
    return Mutation(one.path, one.line, one.start, one.end, one.old, one.new, one.kind, names)


def _is_number(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and type(node.value) in (int, float)


def _is_text(node: ast.AST) -> bool:
    if isinstance(node, ast.BinOp):
        return _is_text(node.left) or _is_text(node.right)
    return isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str))


def _short(text: str) -> str:
    return text if len(text) <= 100 else f"{text[:97]}..."
