"""What the process of a Dask worker does with the blocks that a run hands it (`pgx.cohort.dask_crew`)."""

from __future__ import annotations

from contextlib import chdir
from threading import Lock
from typing import Any

from pgx.cohort.block import do_block
from pgx.cohort.crew import Message
from pgx.cohort.dask_crew import First
from pgx.cohort.worker import reason_to_stop
from pgx.errors import InputError
from pgx.inputs import knowledge
from pgx.pipeline import versions

_ONE_BLOCK = Lock()
"""A worker may have several threads; a process does one block at a time, in the folder that the paths start from."""


def do(first: First, asked: dict[str, Any], folder_of_run: str, number: int) -> Message:
    """Do one block in the process of a Dask worker; return what became of it.

    Parameters
    ----------
    first
        As of `DaskCrew`.
    asked
        Versions of the process that handed out the block.
    folder_of_run
        Folder from which relative paths start.
    number
        The block.
    """
    plan, digest, folder, spool = first
    if (own := versions()) != asked:
        other = next(name for name in asked if own.get(name) != asked[name])
        return "stop", number, f"a Dask worker has {other} {own.get(other)}, the run has {asked[other]}"
    with _ONE_BLOCK:
        try:
            with chdir(folder_of_run):
                state = do_block(plan, digest, knowledge(plan.options.knowledge), number, folder, spool)
        except (OSError, InputError, MemoryError) as error:
            return "stop", number, reason_to_stop(error, str(folder.root))
    return "done", number, state
