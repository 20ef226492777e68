"""The workers of a run: one process a thread asked for, each with one block at a time."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any

Message = tuple[str, int, Any]
_ONE_THREAD = {"POLARS_MAX_THREADS": "1", "OMP_NUM_THREADS": "1"}
_MEMORY = {
    "_RJEM_MALLOC_CONF": "narenas:1",
    "MALLOC_MMAP_THRESHOLD_": "1000000",
    "MALLOC_TRIM_THRESHOLD_": "20000000",
}
"""How a worker's libraries allocate (jemalloc: polars; glibc: numpy), unless the user says otherwise.

What a stage frees serves the next, or goes back to the system: one arena for all of polars' threads, and large arrays
outside the heap. Without it the peak of three blocks of 1,500 persons is a tenth higher.
"""


@dataclass(slots=True)
class _Worker:
    """One process, the connection to it, and the block that it is at."""

    process: subprocess.Popen[bytes]
    connection: Connection
    block: int | None = None
    done: int = 0


@dataclass(slots=True)
class Crew:
    """Processes that share out blocks; `first` is what each is told before its first block."""

    size: int
    first: Any
    most_blocks: int = 20
    """After so many blocks a process is replaced: what its libraries keep does not add up."""

    def work(self, blocks: Iterable[int]) -> Iterator[Message]:
        """Yield what became of each block: ``done``, ``failed``, ``died`` (the process ended), or ``stop``."""
        left = deque(blocks)
        workers: list[_Worker] = []
        try:
            while left or any(worker.block is not None for worker in workers):
                while left and len(workers) < self.size:
                    workers.append(self._start(left.popleft()))
                ready = wait([worker.connection for worker in workers])
                for worker in [one for one in workers if one.connection in ready]:
                    message = self._receive(worker)
                    if message[0] == "died" or worker.done >= self.most_blocks or not left:
                        workers.remove(worker)
                        self._end(worker)
                    else:
                        self._give(worker, left.popleft())
                    yield message
        finally:
            for worker in workers:
                worker.process.kill()
                self._end(worker)

    def _start(self, block: int) -> _Worker:
        here, there = socket.socketpair()
        process = subprocess.Popen(
            [sys.executable, "-m", "pgx.cohort.worker", str(there.fileno())],
            stdin=subprocess.DEVNULL, pass_fds=[there.fileno()], env=environment(),
        )  # fmt: skip
        there.close()
        worker = _Worker(process, Connection(here.detach()))
        worker.connection.send(self.first)
        self._give(worker, block)
        return worker

    def _give(self, worker: _Worker, block: int) -> None:
        worker.block = block
        worker.connection.send(block)

    def _receive(self, worker: _Worker) -> Message:
        number = worker.block
        assert number is not None
        try:
            message: Message = worker.connection.recv()
        except (EOFError, ConnectionResetError):
            message = ("died", number, f"the process ended with {worker.process.wait()}")
        worker.block = None
        worker.done += 1
        return message

    def _end(self, worker: _Worker) -> None:
        worker.connection.close()
        worker.process.wait()


def environment() -> dict[str, str]:
    """Return the environment of a worker: one thread, and memory that is given back."""
    home = str(Path(__file__).resolve().parents[2])
    paths = os.pathsep.join(filter(None, (home, os.environ.get("PYTHONPATH"))))
    return {**_MEMORY, **os.environ, **_ONE_THREAD, "PYTHONPATH": paths}
