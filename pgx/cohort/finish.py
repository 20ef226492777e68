"""The end of a cohort: the tables that are about all blocks, once every block is there."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

from pgx.cohort.folder import Folder, Json, write_json
from pgx.io import write_bytes

FAILURES = "failures.tsv"
RUN_NOTES = "run_notes.tsv"
_FAILURE_COLUMNS = ("sample", "stage", "code", "where", "message")
_NOTE_COLUMNS = ("stage", "severity", "code", "subject", "message", "where")


def finish(folder: Folder, manifest: Json, states: Sequence[Json], unfinished: Iterable[Json] = ()) -> None:
    """Write what is known once the blocks are done: failures, notes on the whole run, and the manifest with its blocks.

    Parameters
    ----------
    folder, manifest
        The cohort.
    states
        Of the blocks that are done, by number.
    unfinished
        Rows of failures of blocks that could not be done.
    """
    lost: dict[object, Json] = {}
    for state in states:
        for row in state["failures"]:
            # What is lost to nobody in particular, such as a row of a shared file, every block has met.
            key = tuple(row[name] for name in _FAILURE_COLUMNS) if row["sample"] is None else (state["block"], id(row))
            lost.setdefault(key, row)
    write_bytes(folder.root / FAILURES, _table(_FAILURE_COLUMNS, [*lost.values(), *unfinished]))
    notes = {tuple(row.get(name) for name in _NOTE_COLUMNS): row for state in states for row in state["notes"]}
    write_bytes(folder.root / RUN_NOTES, _table(_NOTE_COLUMNS, notes.values()))
    kept = ("block", "persons", "lost", "files")
    blocks = [{name: state[name] for name in kept} for state in states]
    write_json(folder.manifest, {**manifest, "blocks": blocks})


def _table(columns: Sequence[str], rows: Iterable[Json]) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out, delimiter="\t", quoting=csv.QUOTE_NONE, quotechar=None, lineterminator="\n")
    writer.writerow(columns)
    for row in rows:
        writer.writerow(" ".join(str(row.get(name) or "").split()) for name in columns)
    return out.getvalue().encode()
