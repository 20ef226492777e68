"""Blocks of a run handed to the workers of a Dask cluster that is there already (extra ``dask``).

The cluster's workers see the files of the run under the same names, and have this version of pgx installed: a block
says what it was asked to do, and a worker that would do something else refuses it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from concurrent.futures import CancelledError
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from time import monotonic, sleep
from typing import Any

from pgx.cohort.crew import Message
from pgx.cohort.folder import Folder
from pgx.cohort.plan import Plan
from pgx.errors import InputError, UsageError
from pgx.pipeline import versions

First = tuple[Plan, str, Folder, Path | None]
"""The plan, its digest, the folder, and where the genotypes of the blocks are kept apart."""

_WORKER = "pgx.cohort.dask_worker"
_SECONDS_TO_CONNECT = 30
_SECONDS_BETWEEN_LOOKS = 0.5
_SECONDS_WITHOUT_WORKERS = 300
"""How long a run waits once the last worker has gone: a cluster that grows and shrinks may send others."""


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
            If no scheduler answers, or it has no workers, or all of them go and none comes.
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
                client.submit(on_worker, self.first, versions(), here, number, pure=False): number for number in blocks
            }
            for future in self._ended(distributed.as_completed(asked, loop=client.loop), client):
                number = asked[future]
                try:
                    yield future.result()
                except distributed.KilledWorker:
                    yield "died", number, "the workers that began it ended"
                except CancelledError:
                    raise self._gone("the Dask scheduler {} is gone") from None
                future.release()

    def _ended(self, futures: Any, client: Any) -> Iterator[Any]:
        """Yield the futures as they end; a cluster of which nothing is left is not waited for."""
        seen = monotonic()
        while not futures.is_empty():
            if ended := futures.next_batch(block=False):
                yield from ended
                seen = monotonic()
                continue
            sleep(_SECONDS_BETWEEN_LOOKS)
            try:
                if client.scheduler_info()["workers"]:
                    seen = monotonic()
            except (OSError, TimeoutError):
                pass  # a scheduler that does not answer has no workers to tell of
            if monotonic() - seen > _SECONDS_WITHOUT_WORKERS:
                raise self._gone(f"the Dask scheduler {{}} has had no workers for {_SECONDS_WITHOUT_WORKERS} s")

    def _gone(self, what: str) -> InputError:
        fix = "start it or its workers again; the same command then goes on from here"
        return InputError(what.format(self.scheduler), file=self.first[2].root, fix=fix)


def on_worker(*asked: Any) -> Message:
    """Do one block in the process of a Dask worker, as `pgx.cohort.dask_worker.do` says.

    The run hands out blocks without loading what does them: that is the workers' to load.
    """
    done: Message = import_module(_WORKER).do(*asked)
    return done
