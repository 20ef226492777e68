"""The command line, run inside the test's process: what a user would see, without starting Python each time."""

from __future__ import annotations

import contextlib
import gc
import io
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from unittest import mock

from pgx.cli import main

GROUPS = [import_module(f"pgx.cli.{name}").app for name in main._GROUPS]


def run(*arguments: object, cwd: Path | None = None, stdin: bytes | None = None) -> subprocess.CompletedProcess[str]:
    """Run ``pgx`` with these arguments; return its exit code and what it printed, as `subprocess.run` does.

    What is about the process itself (workers, signals, what is imported) is run with `in_process`.
    """
    argv = ["pgx", *map(str, arguments)]
    out, error = _stream(b""), _stream(b"")
    with (
        contextlib.chdir(cwd or Path.cwd()),
        _as_it_was(),
        mock.patch.multiple(sys, argv=argv, stdin=_stream(stdin or b""), stdout=out, stderr=error),
    ):
        code = _code()
    return subprocess.CompletedProcess(argv, code, _text(out), _text(error))


def in_process(
    *arguments: object, cwd: Path | None = None, stdin: bytes | None = None
) -> subprocess.CompletedProcess[str]:
    """Run ``pgx`` in a fresh process, as a user would."""
    command = [sys.executable, "-m", "pgx.cli.main", *map(str, arguments)]
    done = subprocess.run(command, cwd=cwd, input=stdin, capture_output=True, timeout=120, check=False)
    return subprocess.CompletedProcess(command, done.returncode, done.stdout.decode(), done.stderr.decode())


def _code() -> int:
    try:
        main.main()
    except SystemExit as ended:
        if isinstance(ended.code, str):
            print(ended.code, file=sys.stderr)
        return ended.code if isinstance(ended.code, int) else 1 if ended.code else 0
    return 0


def _stream(content: bytes) -> io.TextIOWrapper:
    return io.TextIOWrapper(io.BytesIO(content), encoding="utf-8", newline="", write_through=True)


def _text(stream: io.TextIOWrapper) -> str:
    stream.flush()
    content = stream.buffer
    assert isinstance(content, io.BytesIO)
    return content.getvalue().decode()


@contextlib.contextmanager
def _as_it_was() -> Iterator[None]:
    """Give back what a run of the command line changes in its process: commands, handlers, the collector, variables."""
    commands = [(one, one.callback, one.cls) for app in GROUPS for one in app.registered_commands]
    registered = list(main.app.registered_commands), list(main.app.registered_groups)
    handlers = {one: signal.getsignal(one) for one in (signal.SIGTERM, signal.SIGHUP)}
    pace, variables = gc.get_threshold(), dict(os.environ)
    try:
        yield
    finally:
        main.app.registered_commands, main.app.registered_groups = registered
        for one, callback, cls in commands:
            one.callback, one.cls = callback, cls
        gc.set_threshold(*pace)
        for one, handler in handlers.items():
            signal.signal(one, handler)
        if dict(os.environ) != variables:
            os.environ.clear()
            os.environ.update(variables)
