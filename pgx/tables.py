"""Tables as files: TSV, Parquet and JSON with the same columns."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path

import polars as pl

from pgx.cells import with_text
from pgx.errors import UsageError
from pgx.guard.letters import HIDDEN, visible
from pgx.io import atomic_path, write_bytes

_HIDDEN = f"[{HIDDEN}]"


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
        If the ending is none of these.
    """
    target = Path(path)
    if str(path) == "-":
        sys.stdout.write(tsv(frame))
        sys.stdout.flush()
    elif target.suffix == ".tsv":
        write_bytes(target, tsv(frame).encode())
    elif target.suffix == ".json":
        write_bytes(target, (visible(frame.write_json()) + "\n").encode())
    elif target.suffix == ".parquet":
        with atomic_path(target) as temporary:
            frame.write_parquet(temporary, metadata={"pgx": json.dumps(provenance)} if provenance else None)
    else:
        raise UsageError(f"{path}: the ending must be .tsv, .parquet or .json, or '-' for standard output")
    if provenance and target.suffix in (".tsv", ".json"):
        text = json.dumps(provenance, indent=2, ensure_ascii=False) + "\n"
        write_bytes(target.with_name(f"{target.name}.provenance.json"), text.encode())


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
