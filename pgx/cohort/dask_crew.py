"""Blocks of a run handed to the workers of a Dask cluster that is there already (extra ``dask``).

The cluster's workers see the files of the run under the same names, and have this version of pgx installed: a block
says what it was asked to do, and a worker that would do something else refuses it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import chdir
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from threading import Lock
from typing import Any

from pgx.cohort.block import do_block
from pgx.cohort.crew import Message
from pgx.cohort.folder import Folder
from pgx.cohort.plan import Plan
from pgx.cohort.worker import reason_to_stop
from pgx.errors import InputError, UsageError
from pgx.inputs import knowledge
from pgx.pipeline import versions

First = tuple[Plan, str, Folder, Path | None]
"""The plan, its digest, the folder, and where the genotypes of the blocks are kept apart."""

_ONE_BLOCK = Lock()
"""A worker may have several threads; a process does one block at a time, in the folder that the paths start from."""
_SECONDS_TO_CONNECT = 30


@dataclass(frozen=True, slots=True)
class DaskCrew:
    """The workers behind a scheduler, as `pgx.cohort.crew.Crew` is the processes of this machine.

    Parameters
    ----------
    scheduler
        Address, such as ``tcp://node1:8786``.
    first
        What each block has to know.
    """

    scheduler: str
    first: First

    def work(self, blocks: Iterable[int]) -> Iterator[Message]:
        """Yield what became of each block, as it ends: ``done``, ``died`` (its workers ended), or ``stop``.

        Raises
        ------
        UsageError
            If the extra is not installed.
        InputError
            If no scheduler answers, or it has no workers.
        """
        try:
            distributed: Any = import_module("distributed")
        except ImportError:
            raise UsageError("--executor dask needs the extra: pip install 'pgx-cli[dask]'") from None
        try:
            client = distributed.Client(self.scheduler, timeout=_SECONDS_TO_CONNECT, set_as_default=False)
        except (OSError, TimeoutError, ValueError) as error:
            raise InputError(f"no Dask scheduler answers at {self.scheduler} ({error})",
                             fix="check the address, such as tcp://node1:8786") from None  # fmt: skip
        with client:
            if not client.scheduler_info()["workers"]:
                raise InputError(f"the Dask scheduler {self.scheduler} has no workers", fix="start workers first")
            here = str(Path.cwd())
            asked = {
                client.submit(block_on_worker, self.first, versions(), here, number, pure=False): number
                for number in blocks
            }
            for future in distributed.as_completed(asked, loop=client.loop):
                number = asked[future]
                try:
                    yield future.result()
                except distributed.KilledWorker:
                    yield "died", number, "the workers that began it ended"
                future.release()


def block_on_worker(first: First, asked: dict[str, Any], folder_of_run: str, number: int) -> Message:
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
