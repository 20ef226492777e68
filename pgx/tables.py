"""Tables as files: TSV, Parquet and JSON with the same columns."""

from __future__ import annotations

import io
import json
import os
import sys
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from mmap import ACCESS_READ, mmap
from pathlib import Path

import polars as pl

from pgx.cells import with_text
from pgx.errors import UsageError
from pgx.guard.letters import HIDDEN, visible
from pgx.guard.staging import together
from pgx.io import write_bytes

_HIDDEN = f"[{HIDDEN}]"
_HEAD = 65536
"""Bytes of a table that are looked at to see whose it is."""
_METADATA = 1 << 26
"""Bytes of the metadata of a Parquet file that are looked at."""
_FIRST, _BETWEEN = 22, 13
"""The most bytes before the first name of a column in that metadata, and between two: no other name fits there."""


def separator_of(heading: str) -> str:
    """Return what separates the cells of a text table, by its first line: a tab, comma, semicolon or bar.

    Examples
    --------
    >>> separator_of("sample;weight, kg;height, cm;sex")
    ';'
    """
    return max("\t,;|", key=heading.count)


def write_table(frame: pl.DataFrame, path: str | Path, provenance: Mapping[str, object] | None = None) -> None:
    """Write a frame as .tsv, .parquet or .json by its ending; ``-`` is TSV on standard output.

    `provenance` goes into the metadata of Parquet (key ``pgx``) and into ``<name>.provenance.json`` beside the others.

    Raises
    ------
    UsageError
        If the ending is none of these, or a file is there that is no such table.
    """
    target = Path(path)
    if str(path) == "-":
        sys.stdout.write(tsv(frame))
        sys.stdout.flush()
        return
    check_table(target, frame.columns)
    # A table beside the provenance of another run would be taken for that run's.
    with together(target.parent) if provenance and target.suffix in (".tsv", ".json") else nullcontext():
        if target.suffix == ".tsv":
            write_bytes(target, tsv(frame).encode())
        elif target.suffix == ".json":
            write_bytes(target, (visible(frame.write_json()) + "\n").encode())
        elif target.suffix == ".parquet":
            content = io.BytesIO()  # of a full disk polars says no more than that it was full
            frame.write_parquet(content, metadata={"pgx": json.dumps(provenance)} if provenance else None)
            write_bytes(target, content.getvalue())
        else:
            raise UsageError(f"{path}: the ending must be .tsv, .parquet or .json, or '-' for standard output")
        if provenance and target.suffix in (".tsv", ".json"):
            text = json.dumps(provenance, indent=2, ensure_ascii=False) + "\n"
            write_bytes(target.with_name(f"{target.name}.provenance.json"), text.encode())


def put(path: Path, content: bytes) -> Path:
    """Write a file, unless one of somebody else has its name.

    Raises
    ------
    UsageError
        If so. A table is ours if it begins with the same columns, a page if it names the program as this one does.
    """
    marks = [b"pgx"] if b"pgx" in content else [content[:15]]
    if path.suffix == ".tsv":
        marks = [b"\t".join(content.partition(b"\n")[0].split(b"\t")[:2])]
    elif path.suffix == ".parquet" and content[:4] == b"PAR1":
        marks = [name.encode() for name in [*pl.read_parquet_schema(content)][:2]]
    elif path.suffix == ".pdf":
        marks = [b"%PDF-"]
    check_ours(path, *marks)
    return write_bytes(path, content)


def check_ours(path: Path, *marks: bytes) -> None:
    """Refuse to replace or remove a file that lacks one of these marks: it is not of this program."""
    if not path.is_file() or not path.stat().st_size:
        return
    with path.open("rb") as stream, mmap(stream.fileno(), 0, access=ACCESS_READ) as there:
        if any(there.find(mark) < 0 for mark in marks):
            raise _not_ours(path)


def _not_ours(path: Path) -> UsageError:
    return UsageError(f"{path}: a file that pgx did not write has this name; move it, or name another")


def check_table(place: str | Path | None, columns: Sequence[str]) -> None:
    """Refuse to replace a file that neither begins with these columns nor has an origin of ours in it or beside it.

    Before the work, so that nobody waits for a table that cannot be written; `write_table` looks again.
    """
    path, columns = Path(place or "-"), [*columns[:2]]
    if not path.is_file() or not path.stat().st_size or path.with_name(f"{path.name}.provenance.json").is_file():
        return
    if path.suffix == ".parquet":
        ours = _is_our_parquet(path, columns)
    else:
        with path.open("rb") as file:
            head = file.read(_HEAD).decode("utf-8", "replace")
        named = all(f'"{name}":' in head for name in columns) or head.strip() == "[]"
        ours = named if path.suffix == ".json" else head.splitlines()[0].split("\t")[: len(columns)] == columns
    if not ours:
        raise _not_ours(path)


def _is_our_parquet(path: Path, columns: Sequence[str]) -> bool:
    """Whether a file has our origin in its metadata, or begins with these columns.

    Its last part is looked at as bytes: polars may end the process at a damaged file.
    """
    with path.open("rb") as file:
        end = file.seek(0, os.SEEK_END)
        file.seek(max(0, end - 8))
        tail = file.read()
        size = int.from_bytes(tail[:4], "little")
        if tail[4:] != b"PAR1" or size > end - 8:
            return False
        file.seek(end - 8 - size)
        metadata = file.read(min(size, _METADATA))
    if b"\x18\x03pgx" in metadata:  # a key of three letters
        return True
    at, between = 0, _FIRST
    for name in columns:
        text = bytes([len(name.encode())]) + name.encode()
        at = metadata.find(text, at, at + between + len(text))
        if at < 0:
            return False
        at, between = at + len(text), _BETWEEN
    return True


def tsv(frame: pl.DataFrame) -> str:
    """Return a frame as TSV: no quoting, null = empty, lists joined; tabs and line ends inside a cell become spaces.

    Other characters that nobody sees are written out (`pgx.guard.letters.visible`). A cell may begin with ``=``: what
    a spreadsheet would compute is not changed, as programs read the same cells; open tables as text.
    """
    clean = with_text(frame).with_columns(pl.col(pl.String).str.replace_all(r"[\t\r\n\x0b\x0c\x00]+", " "))
    texts = [name for name, dtype in clean.schema.items() if dtype == pl.String]
    unseen = [name for name in texts if clean[name].str.contains(_HIDDEN).any()]
    clean = clean.with_columns(pl.col(name).map_elements(visible, return_dtype=pl.String) for name in unseen)
    return clean.write_csv(separator="\t", quote_style="never", null_value="")
