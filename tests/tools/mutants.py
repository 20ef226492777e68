"""Make seeded small changes in the code that decides, and see whether the related tests notice: ``make mutants``.

Each change is made alone, in a copy of the tree. The tests that run the changed line are run, the quickest first, then
others that run its module, as far as a budget of seconds goes; the first that fails catches the change.
"""

from __future__ import annotations

import argparse
import compileall
import hashlib
import json
import os
import py_compile
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from math import ceil
from pathlib import Path
from queue import SimpleQueue

from tests.tools.mutations import Mutation, mutations, names_read

TREE = Path(__file__).resolve().parents[2]
PACKAGES = ("calling", "phenotypes", "guidance", "judgement", "models")
ROOMS = (*PACKAGES, "features")
ENOUGH = 0.85
"""Share of the changes that must be caught."""
_JOBS = 2
_BUDGET = 20.0
"""Seconds that the related tests of one change may take together, as measured without a change."""
_MOST_TESTS = 400
_PATIENCE = 4.0
"""How many times longer than without a change the tests may take; beyond it a run counts as hung, which is caught."""
_START_UP = 60.0
"""Seconds added to that: pytest starts."""
_WAITING = 10.0
"""Seconds of the clock for each second of the processor: other work may keep a run waiting, that is no endless loop."""


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one change: ``caught``, ``hung`` (caught too) or ``survived``."""

    mutation: Mutation
    fate: str
    tests: int
    seconds: float


class Related:
    """Which tests have to do with a line.

    Parameters
    ----------
    found
        As `tests.tools.run_lines` writes it.
    sources
        File -> its text, for the readers of module-level names.
    written
        Test file -> its text: a test that names a constant has to do with it.
    """

    def __init__(
        self, found: dict[str, dict[str, object]], sources: dict[str, str], written: dict[str, str] | None = None
    ) -> None:
        self._seconds: dict[str, float] = found["seconds"]  # type: ignore[assignment]
        self._lines: dict[str, dict[str, list[str]]] = found["lines"]  # type: ignore[assignment]
        self._sources, self._written = sources, written or {}

    def of(self, one: Mutation) -> list[str]:
        """Return the tests to run for a change, in order."""
        count = one.old.count("\n") + 1
        direct = self._running(one.path, range(one.line, one.line + count))
        for path, text in self._sources.items() if one.names else ():
            lines = [n for n, line in enumerate(text.split("\n"), 1) if any(name in line for name in one.names)]
            direct |= self._running(path, lines)
        naming = tuple(
            f"{path}::"
            for path, text in self._written.items()
            if any(re.search(rf"\b{name}\b", text) for name in one.names)
        )
        direct |= {test for test in self._seconds if naming and test.startswith(naming)}
        module = self._running(one.path, map(int, self._lines.get(one.path, {})))
        chosen, spent = [], 0.0
        for test in [*self._quickest(direct), *self._quickest(module - direct)]:
            spent += self._seconds[test] + 0.005
            if chosen and (spent > _BUDGET or len(chosen) >= _MOST_TESTS):
                break
            chosen.append(test)
        return chosen

    def patience(self, tests: Sequence[str]) -> float:
        """Return the seconds after which a run of these tests counts as hung."""
        return _START_UP + _PATIENCE * sum(self._seconds[test] for test in tests)

    def _running(self, path: str, lines: Iterable[int]) -> set[str]:
        of_file = self._lines.get(path, {})
        return {test for line in lines for test in of_file.get(str(line), ())}

    def _quickest(self, tests: set[str]) -> list[str]:
        return sorted(tests, key=lambda test: (self._seconds[test], test))


def copy_tree(place: Path) -> Path:
    """Copy what the tests need, compiled; the data are only linked."""
    for name in ("pgx", "tests"):
        shutil.copytree(TREE / name, place / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md"):
        shutil.copy(TREE / name, place / name)
    (place / "data").symlink_to(TREE / "data")
    # By its digest, not by its time and size, a changed file is told from the compiled one.
    compileall.compile_dir(place, quiet=2, invalidation_mode=py_compile.PycInvalidationMode.CHECKED_HASH)
    return place


def measure(place: Path) -> dict[str, dict[str, object]]:
    """Run the tests of all rooms once, and keep what they run until the tree changes."""
    kept = Path(tempfile.gettempdir()) / f"pgx-run-lines-{os.getuid()}-{_digest()}.json"
    if not kept.is_file():
        rooms = [f"tests/{room}" for room in ROOMS if (place / "tests" / room).is_dir()]
        print("running the unchanged tests once, to learn which lines each of them runs", file=sys.stderr)
        half = kept.with_suffix(f".{os.getpid()}")
        _pytest(place, ["-p", "tests.tools.run_lines", *rooms], None, {"PGX_RUN_LINES": str(half)})
        half.replace(kept)
    found: dict[str, dict[str, object]] = json.loads(kept.read_text())
    for test in found["failed"]:
        print(f"left out, since it fails or is skipped without a change: {test}", file=sys.stderr)
    return found


def _digest() -> str:
    digest = hashlib.sha256()
    rooms = [TREE / "pgx", *(TREE / "tests" / room for room in ROOMS)]
    for path in sorted(path for room in rooms for path in room.rglob("*.py")):
        digest.update(str(path).encode() + path.read_bytes())
    return digest.hexdigest()[:16]


def _pytest(place: Path, arguments: Sequence[str], patience: float | None, more: dict[str, str] | None = None) -> int:
    """Run pytest in a copy; return its code, or -1 if it needed more seconds of the processor, or hung."""
    command = [sys.executable, "-m", "pytest", "-q", "--no-header", "-p", "no:cacheprovider", *arguments]
    if patience:
        command = ["prlimit", f"--cpu={ceil(patience)}", "--core=0", *command]
    environment = os.environ | {"PYTHONPATH": str(place), "PYTHONDONTWRITEBYTECODE": "1"} | (more or {})
    clock = _WAITING * patience if patience else None
    try:
        code = subprocess.run(
            command, cwd=place, env=environment, timeout=clock, check=False, capture_output=True
        ).returncode
    except subprocess.TimeoutExpired:
        return -1
    return -1 if code in (-signal.SIGXCPU, -signal.SIGKILL) else code


def attempt(place: Path, one: Mutation, tests: Sequence[str], patience: float) -> Result:
    """Make one change in a copy of the tree, run its tests, and take the change back."""
    started, path = time.monotonic(), place / one.path
    source = path.read_text(encoding="utf-8")
    listed = place / "related.txt"
    listed.write_text("".join(f"{test}\n" for test in tests), encoding="utf-8")
    fate = "survived"
    if tests:
        try:
            path.write_text(one.apply(source), encoding="utf-8")
            code = _pytest(place, ["-x", f"@{listed}"], patience)
        finally:
            path.write_text(source, encoding="utf-8")
        fate = {0: "survived", -1: "hung"}.get(code, "caught")
    return Result(one, fate, len(tests), time.monotonic() - started)


def main() -> int:
    """Run, print, and fail if too few changes are caught."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=1, help="which changes are chosen")
    parser.add_argument("-n", type=int, default=100, help="how many changes")
    parser.add_argument("--within", default="", help="only files whose path contains this text")
    options = parser.parse_args()
    started = time.monotonic()
    files = [path for name in PACKAGES for path in sorted((TREE / "pgx" / name).rglob("*.py"))]
    sources = {str(path.relative_to(TREE)): path.read_text(encoding="utf-8") for path in files}
    read = names_read(path.read_text(encoding="utf-8") for path in sorted((TREE / "pgx").rglob("*.py")))
    possible = [
        one
        for path, text in sources.items()
        if options.within in path
        for one in mutations(path, text)
        if not one.names or not read.isdisjoint(one.names)
    ]
    chosen = random.Random(options.seed).sample(possible, min(options.n, len(possible)))
    with tempfile.TemporaryDirectory() as folder:
        copies: SimpleQueue[Path] = SimpleQueue()
        for job in range(_JOBS):
            copies.put(copy_tree(Path(folder) / str(job)))
        place = copies.get()
        rooms = [TREE / "tests" / room for room in ROOMS]
        written = {
            str(path.relative_to(TREE)): path.read_text(encoding="utf-8")
            for room in rooms
            for path in room.rglob("test_*.py")
        }
        related = Related(measure(place), sources, written)
        copies.put(place)

        def one_at_a_time(one: Mutation) -> Result:
            copied = copies.get()
            try:
                tests = related.of(one)
                result = attempt(copied, one, tests, related.patience(tests))
            finally:
                copies.put(copied)
            print(f"{result.fate:8}  {one}  [{result.tests} tests, {result.seconds:.0f} s]", flush=True)
            return result

        with ThreadPoolExecutor(_JOBS) as pool:
            results = list(pool.map(one_at_a_time, chosen))
    survivors = [result for result in results if result.fate == "survived"]
    hung = sum(result.fate == "hung" for result in results)
    print(f"\n{len(results) - len(survivors)} of {len(results)} changes caught ({hung} of them never ended; seed "
          f"{options.seed}, {len(possible)} possible), {time.monotonic() - started:.0f} s; survivors:")  # fmt: skip
    for result in sorted(survivors, key=lambda result: (result.mutation.path, result.mutation.line)):
        print(f"  {result.mutation}")
    return int(len(results) - len(survivors) < ENOUGH * len(results))


if __name__ == "__main__":
    sys.exit(main())
