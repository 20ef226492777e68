"""Queries on a database that others made: each ends, in time, in processor, in rows and in memory.

A view is a program of whoever made the file: it may compute for ever, or give rows without end. Each query runs on a
thread of its own; this one waits, asks it to stop, and goes on without it if it does not.
"""

from __future__ import annotations

import math
import resource
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from typing import Any

import polars as pl

from pgx.errors import InputError

AT_FIRST, AT_ONCE = 64, 10_000
"""Rows that are fetched together: at first, and at most. How large a row of somebody's view is shows only then."""
BYTES_AT_ONCE = 64 * 2**20
"""Memory that the rows which are fetched together may take, by those before."""
STALLED = 60.0
"""Seconds after which a query that gives nothing new is given up."""
WHOLE = 900.0
"""Seconds for a whole database."""
PROCESSOR = 5.0
"""Seconds of processor after which a query on a small file that gives nothing new is given up."""
READ_IN_A_SECOND = 10 * 2**20
"""Bytes of a file for which a query gets another second. SQLite and DuckDB read over 100 MB in it, and sort or join
less: an honest view of a file of any size has several times what it needs, and one that never ends is ended soon."""
ROWS, ROWS_OF_ONE = 100_000, 10
"""Rows that any query may give, and how many more for each row that the file stores: a view joins and renames rows, and
only an endless one makes so many out of none."""
MOST_ROWS = 20_000_000
"""Rows of one table: more as text than most machines can hold."""
MOST_BYTES = 2 * 2**30
"""Memory that one table may take."""
MOST_HELD = 2**30
"""Memory that a database library may hold beside it. What a row holds is in no library's own count."""
LONGEST_CELL = 2**20
"""Characters of a cell: more than any that is read here has."""
_GRACE = 5.0
_LOOK = 0.2
VIEWS = "export its tables as CSV or Parquet, without the views"


class Bounded:
    """A connection whose queries end; closed with the block, unless a query could not be stopped.

    Parameters
    ----------
    file
        Where the database is, for messages.
    execute
        SQL to a cursor with ``description`` and ``fetchmany``.
    interrupt
        Stops the running query, from any thread.
    close
        Closes the connection.
    processor
        Seconds of this process's own time without a new row; a server computes elsewhere.
    memory
        Bytes by which this process may grow during a query; None = as the system allows.
    """

    def __init__(
        self,
        file: object,
        execute: Callable[[str], Any],
        interrupt: Callable[[], object],
        close: Callable[[], object],
        *,
        processor: float = math.inf,
        memory: int | None = None,
    ) -> None:
        self._file, self._execute, self._interrupt, self._close = file, execute, interrupt, close
        self._processor, self._memory = processor, memory
        self.most_rows = MOST_ROWS
        self._end = time.monotonic() + WHOLE
        self._stuck = False

    def __enter__(self) -> Bounded:
        return self

    def __exit__(self, *problem: object) -> None:
        # Closing waits for a running query: one that does not stop is left to the end of the process.
        if not self._stuck:
            self._close()

    def rows(self, query: str, what: str) -> pl.DataFrame:
        """Return what a query gives, every cell as text, with lower-case column names.

        Raises
        ------
        InputError
            If it does not end, or gives more than anybody's table holds; `what` names it.
        """
        job = _Job(lambda: self._execute(query), lambda problem: self._refused(what, problem), self.most_rows)
        thread = Thread(target=job.run, daemon=True)
        with _grown_by_at_most(self._memory):
            self._wait(thread, job, what)
        try:
            return job.result()
        except MemoryError:
            raise self._refused(what, "it takes more memory than any table") from None

    def _wait(self, thread: Thread, job: _Job, what: str) -> None:
        thread.start()
        before, since, spent = -1, 0.0, 0.0
        try:
            while thread.is_alive():
                if job.blocks != before:
                    before, since, spent = job.blocks, time.monotonic(), time.process_time()
                thread.join(_LOOK)
                if not thread.is_alive():
                    break
                if time.monotonic() >= self._end:
                    raise self._refused(what, f"the database is not read after {WHOLE:.0f} s")
                if job.blocks != before:
                    continue
                if time.monotonic() - since >= STALLED:
                    raise self._refused(what, f"nothing new for {STALLED:.0f} s")
                if time.process_time() - spent >= self._processor:
                    raise self._refused(what, f"nothing new for {self._processor:.0f} s of computing")
        except BaseException:
            self._stop(thread)
            raise

    def _stop(self, thread: Thread) -> None:
        # The canceller of a server may itself wait for ever.
        Thread(target=self._interrupt, daemon=True).start()
        thread.join(_GRACE)
        self._stuck = thread.is_alive()

    def _refused(self, what: str, problem: str) -> InputError:
        return InputError(f"{what} is given up: {problem}", file=self._file, fix=VIEWS)


class _Job:
    """One query, and what it gave so far."""

    def __init__(self, query: Callable[[], Any], refused: Callable[[str], InputError], most_rows: int) -> None:
        self._query, self._refused, self._most_rows = query, refused, most_rows
        self._frames: list[pl.DataFrame] = []
        self._error: BaseException | None = None
        self.blocks = 0

    def run(self) -> None:
        """Fetch everything; an error is kept for the thread that waits."""
        try:
            self._fetch()
        except BaseException as error:
            self._error = error

    def result(self) -> pl.DataFrame:
        """Return all rows, or raise what went wrong."""
        if self._error is not None:
            raise self._error
        return pl.concat(self._frames)

    def _fetch(self) -> None:
        cursor = self._query()
        columns = dict.fromkeys((str(column[0]).lower() for column in cursor.description), pl.String)
        rows, size, wanted = 0, 0, AT_FIRST
        while True:
            block = cursor.fetchmany(wanted)
            cells = [[None if cell is None else str(cell) for cell in row] for row in block]
            if any(cell is not None and len(cell) > LONGEST_CELL for row in cells for cell in row):
                raise self._refused(f"a cell of more than {LONGEST_CELL:,} characters")
            self._frames.append(pl.DataFrame(cells, schema=columns, orient="row"))
            if not block:
                return
            self.blocks += 1
            rows, size = rows + len(block), size + int(self._frames[-1].estimated_size())
            if rows > self._most_rows:
                raise self._refused(f"more than {self._most_rows} rows")
            if size > MOST_BYTES:
                raise self._refused(f"more than {MOST_BYTES / 1e9:.1f} GB")
            wanted = min(AT_ONCE, max(1, BYTES_AT_ONCE * rows // max(1, size)))


@contextmanager
def _grown_by_at_most(much: int | None) -> Iterator[None]:
    """Let this process grow by so many bytes while the block runs, where the system can say how large it is."""
    before = resource.getrlimit(resource.RLIMIT_AS)
    size = Path("/proc/self/statm")
    if much is None or not size.exists():
        yield
        return
    most = int(size.read_text(encoding="ascii").split()[0]) * resource.getpagesize() + much
    if before[0] == resource.RLIM_INFINITY or most < before[0]:
        resource.setrlimit(resource.RLIMIT_AS, (most, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, before)


def processor_of(path: Path) -> float:
    """Return how many seconds of processor a query on a file may take without a new row."""
    return PROCESSOR + path.stat().st_size / READ_IN_A_SECOND


def rows_of(stored: int) -> int:
    """Return how many rows a query on a file with so many rows in all may give."""
    return min(MOST_ROWS, ROWS + ROWS_OF_ONE * stored)
