"""Make seeded small changes in the code that decides, and see whether the related tests notice: ``make mutants``.

Each change is made alone, in a copy of the tree, and the test files nearest to its module are run until the first test
fails. What became of each is written to a file as it is known: the same command again goes on where the last one was
stopped, and tries the survivors anew.
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
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue

from tests.tools.mutations import Mutation, mutations, names_read
from tests.tools.related import TestFiles

TREE = Path(__file__).resolve().parents[2]
PACKAGES = ("calling", "phenotypes", "guidance", "judgement", "models")
ROOMS = (*PACKAGES, "features")
ENOUGH = 0.85
"""Share of the changes that must be caught."""
PLUGIN = ("-p", "tests.tools.run_limits")
_TEST_SECONDS = 60.0
"""Seconds of the processor after which one test counts as hung, which is caught."""
_RUN_SECONDS = 90.0
"""Seconds of the processor after which no further test is begun."""
_CLOCK_SECONDS = 1200.0
"""Seconds of the clock for the whole run: for what hangs without using the processor, or where no signal reaches it."""


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one change.

    Parameters
    ----------
    fate
        ``caught``, ``hung`` (caught too), ``survived``, or ``untested`` if no test file is related.
    test
        The test that failed.
    seconds
        How long it took, by the clock.
    """

    fate: str
    test: str = ""
    seconds: float = 0.0


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


def run(place: Path, tests: Sequence[str]) -> Result:
    """Run tests in a copy of the tree until the first one fails."""
    started = time.monotonic()
    command = [sys.executable, "-m", "pytest", "-x", "-q", "--no-header", "-p", "no:cacheprovider"]
    environment = os.environ | {
        "PYTHONPATH": str(place),
        "PYTHONDONTWRITEBYTECODE": "1",
        "PGX_RUN_LIMITS": f"{_TEST_SECONDS},{_RUN_SECONDS}",
    }
    try:
        done = subprocess.run(
            [*command, *PLUGIN, *tests],
            cwd=place, env=environment, timeout=_CLOCK_SECONDS, check=False, capture_output=True, text=True,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return Result("hung", seconds=time.monotonic() - started)
    failed = re.search(r"^(?:FAILED|ERROR) (\S+)", done.stdout, re.MULTILINE)
    return Result(
        "survived" if done.returncode in (0, 5) else "caught",
        failed[1] if failed else "",
        round(time.monotonic() - started, 1),
    )


def attempt(place: Path, one: Mutation, tests: Sequence[str], passing: set[str]) -> Result:
    """Make one change in a copy of the tree, run its tests, and take the change back.

    A test that fails without the change, too, has not noticed it: it is left out, and the others are run. Tests that
    are known to pass without a change are in `passing`.
    """
    if not tests:
        return Result("untested")
    path, left_out = place / one.path, list[str]()
    source = path.read_text(encoding="utf-8")
    while True:
        try:
            path.write_text(one.apply(source), encoding="utf-8")
            result = run(place, [*tests, *(f"--deselect={test}" for test in left_out)])
        finally:
            path.write_text(source, encoding="utf-8")
        if result.fate != "caught" or result.test in passing:
            return result
        if "::" not in result.test:
            # No test ran: the change broke an import, or the tests cannot be read anyway.
            unchanged = run(place, [*tests, "--collect-only"])
            if unchanged.fate != "survived":
                raise RuntimeError(f"the tests cannot be read without a change: {unchanged.test or tests[0]}")
            return result
        if run(place, [result.test]).fate == "survived":
            passing.add(result.test)
            return result
        left_out.append(result.test)


class Record:
    """What became of the changes so far, in a file of one JSON object a line, the last one of a change counting."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.known: dict[str, Result] = {}
        for line in path.read_text(encoding="utf-8").splitlines() if path.is_file() else ():
            row = json.loads(line)
            change = row.pop("change")
            self.known[change] = Result(**row)

    def caught(self, one: Mutation) -> bool:
        """Return whether an earlier run has caught a change."""
        earlier = self.known.get(str(one))
        return earlier is not None and earlier.fate in ("caught", "hung")

    def add(self, one: Mutation, result: Result) -> None:
        """Keep what became of a change."""
        self.known[str(one)] = result
        row = {"change": str(one), "fate": result.fate, "test": result.test, "seconds": result.seconds}
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(row) + "\n")


def choose(seed: int, number: int, within: str = "") -> tuple[list[Mutation], int]:
    """Return the changes of a seed, and how many there are to choose from."""
    files = [path for name in PACKAGES for path in sorted((TREE / "pgx" / name).rglob("*.py"))]
    read = names_read(path.read_text(encoding="utf-8") for path in sorted((TREE / "pgx").rglob("*.py")))
    possible = [
        one
        for path in files
        if within in (name := path.relative_to(TREE).as_posix())
        for one in mutations(name, path.read_text(encoding="utf-8"))
        if not one.names or not read.isdisjoint(one.names)
    ]
    return random.Random(seed).sample(possible, min(number, len(possible))), len(possible)


def _record_path(seed: int) -> Path:
    digest = hashlib.sha256()
    for path in sorted((TREE / "pgx").rglob("*.py")):
        digest.update(path.relative_to(TREE).as_posix().encode() + path.read_bytes())
    return Path(tempfile.gettempdir()) / f"pgx-mutants-{os.getuid()}-{digest.hexdigest()[:12]}-{seed}.jsonl"


def main() -> int:
    """Run, print, and fail if too few changes are caught."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=1, help="which changes are chosen")
    parser.add_argument("-n", type=int, default=100, help="how many changes")
    parser.add_argument("--within", default="", help="only files whose path contains this text")
    parser.add_argument("--jobs", type=int, default=2, help="how many at once")
    parser.add_argument("--record", type=Path, help="file of what became of each (default: in the temporary folder)")
    options = parser.parse_args()
    chosen, possible = choose(options.seed, options.n, options.within)
    record = Record(options.record or _record_path(options.seed))
    files, passing = TestFiles(TREE, ROOMS), set[str]()
    left = [one for one in chosen if not record.caught(one)]
    with tempfile.TemporaryDirectory() as folder:
        copies: SimpleQueue[Path] = SimpleQueue()
        for job in range(options.jobs):
            copies.put(copy_tree(Path(folder) / str(job)))

        def one_at_a_time(one: Mutation) -> None:
            place = copies.get()
            try:
                result = attempt(place, one, files.of(one.path, one.names), passing)
            finally:
                copies.put(place)
            record.add(one, result)
            print(f"{result.fate:8}  {one}  [{result.test or 'no test'}, {result.seconds:.0f} s]", flush=True)

        with ThreadPoolExecutor(options.jobs) as pool:
            list(pool.map(one_at_a_time, left))
    survivors = [one for one in chosen if not record.caught(one)]
    caught = len(chosen) - len(survivors)
    print(f"\n{caught} of {len(chosen)} changes caught (seed {options.seed}, {possible} possible); survivors:")
    for one in sorted(survivors, key=lambda one: (one.path, one.line)):
        print(f"  {one}")
    return int(caught < ENOUGH * len(chosen))


if __name__ == "__main__":
    sys.exit(main())
