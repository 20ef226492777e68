"""Notes of a run on standard error, one line each."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

import typer

from pgx.codes import ABOUT_A_VALUE, NoteCode
from pgx.guard.letters import visible

if TYPE_CHECKING:
    import polars as pl

LOST = (NoteCode.OUTSIDE_REFUSED, NoteCode.RECORD_LOST)
"""Codes of notes on a laboratory's result or a record that the run could not use: it ends with `EXIT_LOST`."""
EXIT_LOST = 4

_SHOWN_PER_CODE = 5
_NAMED = 3
_NEVER_CUT = (NoteCode.ALLERGY, NoteCode.SEX_MISMATCH, *LOST, NoteCode.VALUE_LEFT_OUT)
"""Codes of notes on a person's safety: each is shown, however many there are."""


def show(notes: pl.DataFrame, *, quiet: bool = False, verbose: bool = False) -> None:
    """Print warnings and errors (with `verbose` also infos); at most a few lines of the same code.

    A person's values are not printed: a terminal, a log or a message of a failed job is no place for them.

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
    told = _without_values(notes.filter(notes["severity"].is_in(list(wanted))))
    # What several persons are told in the same words is one line.
    lines = told.group_by("stage", "severity", "code", "message", "where", maintain_order=True).agg("sample")
    for note in lines.iter_rows(named=True):
        seen[note["code"]] = count = seen.get(note["code"], 0) + 1
        if count <= _SHOWN_PER_CODE or verbose or note["code"] in _NEVER_CUT:
            place = " ".join(str(part) for part in (_names(note["sample"]), note["where"]) if part)
            line = f"pgx: {note['severity']}: {place + ': ' if place else ''}{note['message']}"
            print(visible(line), file=sys.stderr)
    for code, count in seen.items():
        if count > _SHOWN_PER_CODE and not verbose and code not in _NEVER_CUT:
            print(f"pgx: ... and {count - _SHOWN_PER_CODE} more notes '{code}' (-v shows all)", file=sys.stderr)
    _count_left_out(notes)


def _without_values(notes: pl.DataFrame) -> pl.DataFrame:
    """Return the notes on a person's values in words that name none; those of other stages quote no record."""
    import polars as pl

    from pgx.knowledge import load
    from pgx.notes import without_value

    private = pl.col("code").is_in(ABOUT_A_VALUE) & pl.col("stage").is_in(("clinical", "models"))
    private &= (pl.col("stage") == "clinical") | (pl.col("code") != NoteCode.CONTRADICTION)
    kinds = notes.filter(private).select("code", "subject").unique()
    if kinds.is_empty():
        return notes
    flags = load().table("flags")
    plain = kinds.with_columns(
        plain=pl.Series([without_value(code, subject, flags) for code, subject in kinds.iter_rows()], dtype=pl.String)
    )
    notes = notes.join(plain, on=["code", "subject"], how="left", nulls_equal=True, maintain_order="left")
    return notes.with_columns(message=pl.when(private).then("plain").otherwise("message")).drop("plain")


def _count_left_out(notes: pl.DataFrame) -> None:
    """Say how many values of the clinical files were left out, if any."""
    from pgx.clinical.left_out import REASONS

    lost = notes.filter((notes["severity"] == "error") & notes["code"].is_in(REASONS))
    if count := lost.height:
        print(f"pgx: {count} clinical value{'s' * (count != 1)} left out (--strict refuses them)", file=sys.stderr)


def show_suspects(lines: Sequence[str], *, quiet: bool = False) -> None:
    """Print which changes too many persons of the files show; they are in no person's notes."""
    for line in () if quiet else lines:
        print(f"pgx: warning: {line}", file=sys.stderr)


def end(notes: pl.DataFrame) -> None:
    """End the command, after everything is written, with exit code 4 if a laboratory's result or a record was lost."""
    if notes["code"].is_in(LOST).any():
        raise typer.Exit(EXIT_LOST)


class Teller:
    """Prints the notes of a run when they are known, and ends the command once everything is written."""

    def __init__(self, *, quiet: bool, verbose: bool) -> None:
        self._quiet, self._verbose = quiet, verbose
        self._told: list[pl.DataFrame] = []

    def __call__(self, notes: pl.DataFrame) -> None:
        """Print the notes."""
        show(notes, quiet=self._quiet, verbose=self._verbose)
        self._told.append(notes)

    def suspects(self, lines: Sequence[str]) -> None:
        """Print the suspects of the files."""
        show_suspects(lines, quiet=self._quiet)

    def end(self) -> None:
        """End the command as `end` does."""
        for notes in self._told:
            end(notes)


def _names(samples: Sequence[str | None]) -> str:
    """Return whom a note is about; many persons are counted."""
    names = [name for name in samples if name]
    return ", ".join(names) if len(names) <= _NAMED else f"{len(names)} samples"
