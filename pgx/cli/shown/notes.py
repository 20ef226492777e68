"""Notes of a run on standard error, one line each."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

import typer

from pgx.codes import QUOTES_NO_RECORD, NoteCode
from pgx.errors import shortened
from pgx.guard.letters import visible

if TYPE_CHECKING:
    import polars as pl

LOST = (NoteCode.OUTSIDE_REFUSED, NoteCode.RECORD_LOST)
"""Codes of notes on a laboratory's result or a record that the run could not use: it ends with `EXIT_LOST`."""
EXIT_LOST = 4

_OF_COLUMNS = (
    NoteCode.ANSWER_UNKNOWN, NoteCode.CONTRADICTION, NoteCode.GENOTYPE_SPELLING, NoteCode.NUMBERS_READ,
    NoteCode.NUMERAL_READ, NoteCode.TEXT_AMONG_NUMBERS,
)  # fmt: skip
_CHECK, _REPORT = "`pgx check` shows it", "`pgx report` says more"
_SHOWN_PER_CODE = 5
_NAMED = 3
_NEVER_CUT = (NoteCode.ALLERGY, NoteCode.SEX_MISMATCH, *LOST, NoteCode.VALUE_LEFT_OUT)
"""Codes of notes on a person's safety: each is shown, however many there are."""


def show(notes: pl.DataFrame, *, quiet: bool = False, verbose: bool = False, models: bool = True) -> None:
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
    models
        Name the models; those that a report asks tell which drugs the person takes.
    """
    import polars as pl

    wanted = {"error"} if quiet else {"error", "warning"} | ({"info"} if verbose else set())
    seen: dict[str, int] = {}
    told = _without_values(notes.filter(notes["severity"].is_in(list(wanted))), models)
    # What several persons are told in the same words is one line.
    lines = told.group_by("stage", "severity", "code", "message", "where", maintain_order=True).agg(
        "sample", times=pl.col("sample").fill_null("").value_counts().struct.field("count").max()
    )
    for note in lines.iter_rows(named=True):
        seen[note["code"]] = count = seen.get(note["code"], 0) + 1
        if count <= _SHOWN_PER_CODE or verbose or note["code"] in _NEVER_CUT:
            place = " ".join(shortened(part) for part in (_names(note["sample"]), note["where"]) if part)
            times = f" ({note['times']} times)" if note["times"] > 1 else ""
            line = f"pgx: {note['severity']}: {place + ': ' if place else ''}{shortened(note['message'])}{times}"
            print(visible(line), file=sys.stderr)
    for code, count in seen.items():
        if count > _SHOWN_PER_CODE and not verbose and code not in _NEVER_CUT:
            print(f"pgx: ... and {count - _SHOWN_PER_CODE} more notes '{code}' (-v shows all)", file=sys.stderr)
    from pgx.clinical.left_out import REASONS

    say_left_out(notes.filter((notes["severity"] == "error") & notes["code"].is_in(REASONS)).height)


def _without_values(notes: pl.DataFrame, models: bool) -> pl.DataFrame:
    """Return the notes in words that name nothing of a person: no drug, diagnosis, genotype or value."""
    import polars as pl

    from pgx.knowledge import load
    from pgx.notes import without_value

    # What models say of the columns of a table counts its rows.
    private = ~pl.col("code").is_in(QUOTES_NO_RECORD) & ~(
        (pl.col("stage") == "models") & pl.col("code").is_in(_OF_COLUMNS)
    )
    # A heading is the file's; an item in a row is a person's.
    in_row = (pl.col("stage") == "clinical") & ~pl.col("where").str.ends_with("heading").fill_null(False)
    private |= (pl.col("code") == NoteCode.UNKNOWN_COLUMN) & in_row
    beside = (pl.col("where") == pl.col("subject")).fill_null(False)  # no place: the drug itself, or the gene
    private |= (pl.col("stage") == "models") & beside & (not models)
    page = (beside | ~pl.col("stage").is_in(("clinical", "models", "variants"))).alias("page")
    kinds = notes.filter(private).select("code", "subject", page).unique()
    if kinds.is_empty():
        return notes
    kb = load()
    told = [
        without_value(code, about, kb.table, _REPORT if page else _CHECK) for code, about, page in kinds.iter_rows()
    ]
    plain = kinds.with_columns(plain=pl.Series(told, dtype=pl.String))
    notes = notes.with_columns(page).join(plain, on=kinds.columns, how="left", nulls_equal=True, maintain_order="left")
    return notes.with_columns(
        message=pl.when(private).then("plain").otherwise("message"),
        where=pl.when(private & beside).then(None).otherwise("where"),
    ).drop("plain", "page")


def say_left_out(count: int, where: str = "--strict refuses them") -> None:
    """Say how many values of the clinical files were left out, if any."""
    if count:
        print(f"pgx: {count} clinical value{'s' * (count != 1)} left out ({where})", file=sys.stderr)


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
    names = list(dict.fromkeys(name for name in samples if name))
    return ", ".join(names) if len(names) <= _NAMED else f"{len(names)} samples"
