"""Which test files have to do with a module: the one that mirrors it, then those of its room that import it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath

MOST_FILES = 12


class TestFiles:
    """The test files of some rooms, with what each imports.

    Parameters
    ----------
    tree
        Folder that holds `pgx` and `tests`.
    rooms
        Folders of `tests` to take them from.
    """

    __test__ = False

    def __init__(self, tree: Path, rooms: Sequence[str]) -> None:
        paths = sorted(path for room in rooms for path in (tree / "tests" / room).rglob("*.py"))
        self._text = {path.relative_to(tree).as_posix(): path.read_text(encoding="utf-8") for path in paths}
        self._direct = {path: set(_imported(text)) for path, text in self._text.items()}

    def of(self, path: str, names: Sequence[str] = ()) -> list[str]:
        """Return the test files of a module, the nearest first.

        Parameters
        ----------
        path
            File of the module, relative to the tree.
        names
            Constants of the module: a test file that names one comes early.
        """
        module = PurePosixPath(path).with_suffix("")
        dotted = ".".join(module.parts).removesuffix(".__init__")
        package = dotted if module.name == "__init__" else dotted.rpartition(".")[0]
        folder = "/".join(("tests", *module.parts[1:-1]))
        ranked = []
        for test, text in self._text.items():
            file = PurePosixPath(test)
            if not file.name.startswith("test_"):
                continue
            same_room = file.parts[1] == module.parts[1]
            near = (
                same_room and file.stem == f"test_{module.name}",
                any(re.search(rf"\b{name}\b", text) for name in names),
                dotted in self._direct[test],
                file.parent.as_posix() == folder,
                same_room and file.stem == "test_remembered",
                dotted in self._through_helpers(test),
                any(one.startswith(package) for one in self._through_helpers(test)),
                same_room,
            )
            # Of two that are equally near, the smaller file is likely the quicker.
            if any(near):
                ranked.append((near.index(True), len(text), test))
        return [test for *_, test in sorted(ranked)][:MOST_FILES]

    def _through_helpers(self, test: str) -> set[str]:
        reached = set(self._direct[test])
        for one in self._direct[test]:
            reached |= self._direct.get(f"{one.replace('.', '/')}.py", set())
        return reached


def _imported(text: str) -> Iterator[str]:
    """Yield every module, and every name of a module, that a file imports."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{name.name}" for name in node.names)
