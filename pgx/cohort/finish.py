"""The end of a cohort: the tables that are about all blocks, once every block is there."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from urllib.parse import quote

from pgx.cohort.folder import Folder, Json, write_json
from pgx.io import write_bytes
from pgx.judgement.statement import URGENCIES

FAILURES = "failures.tsv"
RUN_NOTES = "run_notes.tsv"
_FAILURE_COLUMNS = ("sample", "stage", "code", "where", "message")
_INDEX = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Reports of {count} persons</title>
<style>body{{font:16px system-ui,sans-serif;margin:2em}}td,th{{padding:.2em .8em;text-align:left}}
tr:nth-child(even){{background:#f3f3f3}}</style></head>
<body><h1>Reports of {count} persons</h1>
<p>The number of drugs by urgency; the persons with the most urgent advice come first.</p>
<table><thead><tr><th>person</th>{heading}<th>documents</th></tr></thead><tbody>
{rows}
</tbody></table></body></html>
"""
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
    pages = {sample: page for state in states for sample, page in state["pages"].items()}
    if pages:
        write_bytes(folder.root / "reports" / "index.html", index_page(pages).encode())
    kept = ("block", "persons", "lost", "files")
    blocks = [{name: state[name] for name in kept} for state in states]
    write_json(folder.manifest, {**manifest, "blocks": blocks})


def index_page(pages: Mapping[str, Json]) -> str:
    """Return the page that leads to each person's documents, the most urgent first."""
    ranks = {urgency: rank for rank, urgency in enumerate(URGENCIES)}

    def urgency_of(sample: str) -> int:
        return min((ranks[name] for name in pages[sample]["drugs"]), default=len(ranks))

    rows = []
    for sample in sorted(pages, key=lambda name: (urgency_of(name), name)):
        drugs, files = pages[sample]["drugs"], pages[sample]["files"]
        counts = "".join(f"<td>{drugs.get(name, '')}</td>" for name in URGENCIES)
        links = " ".join(f'<a href="{quote(name)}">{escape(_kind(name))}</a>' for name in files)
        rows.append(f"<tr><th>{escape(sample)}</th>{counts}<td>{links}</td></tr>")
    heading = "".join(f"<th>{escape(name.replace('_', ' '))}</th>" for name in URGENCIES)
    return _INDEX.format(heading=heading, rows="\n".join(rows), count=len(pages))


def _kind(name: str) -> str:
    """Return what a page is, from its name: ``a.report.html`` is a report."""
    return name.rpartition(".")[0].rpartition(".")[2] + (".pdf" if name.endswith(".pdf") else "")


def _table(columns: Sequence[str], rows: Iterable[Json]) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out, delimiter="\t", quoting=csv.QUOTE_NONE, quotechar=None, lineterminator="\n")
    writer.writerow(columns)
    for row in rows:
        writer.writerow(" ".join(str(row.get(name) or "").split()) for name in columns)
    return out.getvalue().encode()
