"""A worker: a process that does one block after the other for the run that started it.

It is started as ``python -m pgx.cohort.worker FD`` with one end of a socket. The run sends the plan and then numbers of
blocks; the worker answers with what became of each. It ends when the run does, however that ends.
"""

from __future__ import annotations

import ctypes
import gc
import signal
import sys
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path

from pgx.cohort.block import do_block
from pgx.cohort.folder import Folder
from pgx.cohort.plan import Plan
from pgx.errors import InputError
from pgx.inputs import knowledge

_DIE_WITH_PARENT = 1


def serve(connection: Connection) -> None:
    """Do blocks until the run says that there are none left, or is gone."""
    plan: Plan
    folder: Folder
    spool: Path | None
    plan, digest, folder, spool = connection.recv()
    kb = knowledge(plan.options.knowledge)
    with suppress(EOFError, BrokenPipeError, ConnectionResetError):
        while (number := connection.recv()) is not None:
            try:
                state = do_block(plan, digest, kb, number, folder, spool)
            except (OSError, InputError, MemoryError) as error:
                connection.send(("stop", number, reason_to_stop(error, str(folder.root))))
                return
            connection.send(("done", number, state))


def reason_to_stop(error: Exception, root: str) -> str:
    """Say in one line why the machine cannot go on."""
    if isinstance(error, MemoryError):
        return "there is not enough memory (fewer --threads or a smaller --block-size need less)"
    if isinstance(error, OSError):
        return f"{error.filename or root}: {(error.strerror or str(error)).lower()}"
    return str(error)


def main() -> None:
    """Serve the run at the other end of the socket."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the run says when to stop
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(_DIE_WITH_PARENT, signal.SIGKILL, 0, 0, 0)
    gc.set_threshold(200_000)
    serve(Connection(int(sys.argv[1])))


if __name__ == "__main__":
    main()
