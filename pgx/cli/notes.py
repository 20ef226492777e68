"""Notes of a run on standard error, one line each."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polars as pl

_SHOWN_PER_CODE = 5
_NEVER_CUT = ("allergy", "sex_mismatch")
"""Codes of notes on a person's safety: each is shown, however many there are."""


def show(notes: pl.DataFrame, *, quiet: bool = False, verbose: bool = False) -> None:
    """Print warnings and errors (with `verbose` also infos); at most a few lines of the same code.

    Parameters
    ----------
    notes
        Frame in `pgx.schema.NOTES`.
    quiet
        Print errors only.
    verbose
        Print everything.
    """
    wanted = {"error"} if quiet else {"error", "warning"} | ({"info"} if verbose else set())
    seen: dict[str, int] = {}
    for note in notes.iter_rows(named=True):
        if note["severity"] not in wanted:
            continue
        seen[note["code"]] = count = seen.get(note["code"], 0) + 1
        if count <= _SHOWN_PER_CODE or verbose or note["code"] in _NEVER_CUT:
            place = " ".join(str(part) for part in (note["sample"], note["where"]) if part)
            print(f"pgx: {note['severity']}: {place + ': ' if place else ''}{note['message']}", file=sys.stderr)
    for code, count in seen.items():
        if count > _SHOWN_PER_CODE and not verbose and code not in _NEVER_CUT:
            print(f"pgx: ... and {count - _SHOWN_PER_CODE} more notes '{code}' (-v shows all)", file=sys.stderr)
