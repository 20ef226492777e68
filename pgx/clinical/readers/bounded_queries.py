"""Queries on a database that others made: each ends, in time, in rows and in memory.

A view is a program of whoever made the file: it may compute for ever, or give rows without end. Each query runs on a
thread of its own; this one waits, asks it to stop, and goes on without it if it does not.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from threading import Thread
from typing import Any

import polars as pl

from pgx.errors import InputError

AT_ONCE = 10_000
"""Rows that are fetched together."""
STALLED = 60.0
"""Seconds after which a query that gives nothing new is given up."""
WHOLE = 900.0
"""Seconds for a whole database."""
MOST_ROWS = 20_000_000
"""Rows of one table: more as text than most machines can hold."""
MOST_BYTES = 4 * 2**30
"""Memory that one table may take."""
_GRACE = 5.0
_FIX = "export its tables as CSV or Parquet, without the views"


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
    """

    def __init__(
        self, file: object, execute: Callable[[str], Any], interrupt: Callable[[], object], close: Callable[[], object]
    ) -> None:
        self._file, self._execute, self._interrupt, self._close = file, execute, interrupt, close
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
        job = _Job(lambda: self._execute(query), lambda problem: self._refused(what, problem))
        thread = Thread(target=job.run, daemon=True)
        thread.start()
        try:
            while thread.is_alive():
                before = job.blocks
                thread.join(max(0.0, min(STALLED, self._end - time.monotonic())))
                if thread.is_alive() and time.monotonic() >= self._end:
                    raise self._refused(what, f"the database is not read after {WHOLE:.0f} s")
                if thread.is_alive() and job.blocks == before:
                    raise self._refused(what, f"nothing new for {STALLED:.0f} s")
        except BaseException:
            self._stop(thread)
            raise
        return job.result()

    def _stop(self, thread: Thread) -> None:
        # The canceller of a server may itself wait for ever.
        Thread(target=self._interrupt, daemon=True).start()
        thread.join(_GRACE)
        self._stuck = thread.is_alive()

    def _refused(self, what: str, problem: str) -> InputError:
        return InputError(f"{what} is given up: {problem}", file=self._file, fix=_FIX)


class _Job:
    """One query, and what it gave so far."""

    def __init__(self, query: Callable[[], Any], refused: Callable[[str], InputError]) -> None:
        self._query, self._refused = query, refused
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
        rows, size = 0, 0
        while True:
            block = cursor.fetchmany(AT_ONCE)
            cells = [[None if cell is None else str(cell) for cell in row] for row in block]
            self._frames.append(pl.DataFrame(cells, schema=columns, orient="row"))
            if not block:
                return
            self.blocks += 1
            rows, size = rows + len(block), size + int(self._frames[-1].estimated_size())
            if rows > MOST_ROWS:
                raise self._refused(f"more than {MOST_ROWS} rows")
            if size > MOST_BYTES:
                raise self._refused(f"more than {MOST_BYTES / 1e9:.1f} GB")
