"""What reaches a terminal: no character that would steer it, and none that its encoding does not have."""

from __future__ import annotations

import errno
import io
import os
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TextIO

from pgx.guard.letters import visible

_COLOUR = re.compile(r"(\x1b\[[0-9;]*m)")


STDOUT = "standard output"
"""What errors call it that came up while it was written."""


def leave_stdout() -> None:
    """Send what is still written to standard output nowhere: Python would print an error of it at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def guard_streams() -> None:
    """Let standard output and error write what they can, and show what would steer a terminal as ``\\u202e``.

    Names come from files of others: an escape sequence in one could rewrite what stands on a screen, and a mark of
    direction could turn it round. Colours are let through to a terminal.
    """
    if sys.stdout is None:  # it was closed by whoever started us
        sys.stdout = _Closed()
    if sys.stderr is None:  # what is said to nobody must not end up among the data
        sys.stderr = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115 (as long as the process)
    for stream in (sys.stdout, sys.stderr):
        if stream is None or isinstance(stream, _Closed) or not hasattr(stream, "reconfigure"):
            continue
        stream.reconfigure(errors="backslashreplace")
        if stream is sys.stdout or not stream.isatty():  # a bar on standard error moves the cursor
            _guard(stream)


class _Closed(io.TextIOBase):
    """Standard output that was closed: only a command that needs it fails."""

    def write(self, _: str) -> int:
        """Refuse."""
        raise OSError(errno.EBADF, "standard output is closed")


def _guard(stream: TextIO) -> None:
    name = STDOUT if stream is sys.stdout else "standard error"
    write, coloured = _named(stream.write, name), stream.isatty()

    def guarded(text: str) -> int:
        if text.isprintable():
            return int(write(text))
        parts = _COLOUR.split(text) if coloured else [text]
        write("".join(part if number % 2 else visible(part, kept="\n\t") for number, part in enumerate(parts)))
        return len(text)

    replaced: Any = stream
    replaced.write, replaced.flush = guarded, _named(stream.flush, name)


def _named(write: Callable[..., Any], name: str) -> Callable[..., Any]:
    """Let errors of writing, as on a full disk, name what was written: the system names no file."""

    def named(*given: Any) -> Any:
        try:
            return write(*given)
        except OSError as error:
            if error.filename is None and not isinstance(error, BrokenPipeError):
                error.filename = name
            raise

    return named
