"""A crew hands out each block once, and replaces a process before what its libraries keep adds up."""

from __future__ import annotations

from contextlib import suppress
from multiprocessing import Pipe
from threading import Thread

import pytest

from pgx.cohort.crew import Crew, _Worker, environment


class Quick(Crew):
    """Workers that are threads, and say of each block which of them did it."""

    def _start(self, block):
        here, there = Pipe()
        self.first.append(worker := _Worker(Thread(target=serve, args=(there, len(self.first))), here))
        worker.process.wait = worker.process.join
        worker.process.start()
        self._give(worker, block)
        return worker


def serve(connection, name):
    with suppress(EOFError):
        while True:
            connection.send(("done", connection.recv(), name))


@pytest.mark.parametrize(("size", "blocks", "least"), [(1, 7, 3), (2, 12, 4), (3, 2, 2)])
def test_a_process_is_replaced_after_some_blocks(size, blocks, least):
    started = []
    crew = Quick(size, started, most_blocks=3)
    done = list(crew.work(range(blocks)))
    assert sorted(number for _, number, _ in done) == list(range(blocks))
    of = [[number for _, number, name in done if name == one] for one in range(len(started))]
    assert max(map(len, of)) <= 3
    assert len(started) >= least
    assert not any(worker.process.is_alive() for worker in started)


@pytest.mark.parametrize(("told", "arenas"), [(None, "narenas:1"), ("narenas:3", "narenas:3")])
def test_a_worker_gives_memory_back_unless_the_user_says_how(told, arenas, monkeypatch):
    monkeypatch.delenv("_RJEM_MALLOC_CONF", raising=False)
    if told:
        monkeypatch.setenv("_RJEM_MALLOC_CONF", told)
    monkeypatch.setenv("POLARS_MAX_THREADS", "4")
    variables = environment()
    assert variables["_RJEM_MALLOC_CONF"] == arenas
    assert variables["POLARS_MAX_THREADS"] == "1"
    assert int(variables["MALLOC_MMAP_THRESHOLD_"]) < 2**20
