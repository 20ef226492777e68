"""Files that appear whole or not at all: everything is written beside its target and then renamed."""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from pgx.errors import InputError, UsageError

if TYPE_CHECKING:
    import polars as pl


@contextmanager
def atomic_path(path: str | Path) -> Iterator[Path]:
    """Yield a temporary path beside `path`; it becomes `path` when the block ends without an error.

    Parameters
    ----------
    path
        The target. Its folder is created if it is missing.

    Raises
    ------
    InputError
        If the folder cannot be written to, or the target is a folder.
    """
    target = Path(path)
    if target.is_dir():
        raise InputError("a folder is in the way of this output file", file=target, fix="name another file")
    temporary: Path | None = None
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        # The target's own suffixes stay at the end: some writers choose the format by them.
        handle, name = tempfile.mkstemp(
            dir=target.parent, prefix=".pgx-", suffix="".join(target.suffixes[-2:]) or ".tmp"
        )
        os.close(handle)
        temporary = Path(name)
        temporary.chmod(0o666 & ~_umask())
        yield temporary
        temporary.replace(target)
    except OSError as error:
        if temporary is None or error.filename in (str(temporary), str(target)):
            raise InputError(f"cannot write: {error.strerror or error}", file=target) from error
        raise
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)


@contextmanager
def atomic_write(path: str | Path, *, binary: bool = False) -> Iterator[IO[Any]]:
    """Open a file for writing that replaces `path` when the block ends without an error.

    Text is UTF-8 with ``\\n`` line ends on every system, so that the same result gives the same bytes.

    Parameters
    ----------
    path
        The target.
    binary
        Yield a handle for bytes instead of text.
    """
    with atomic_path(path) as temporary:
        if binary:
            with temporary.open("wb") as raw:
                yield raw
        else:
            with temporary.open("w", encoding="utf-8", newline="\n") as text:
                yield text


def write_bytes(path: str | Path, content: bytes) -> Path:
    """Write `content` atomically and return the path."""
    with atomic_write(path, binary=True) as handle:
        handle.write(content)
    return Path(path)


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
        write_bytes(target, (frame.write_json() + "\n").encode())
    elif target.suffix == ".parquet":
        with atomic_path(target) as temporary:
            frame.write_parquet(temporary, metadata={"pgx": json.dumps(provenance)} if provenance else None)
    else:
        raise UsageError(f"{path}: the ending must be .tsv, .parquet or .json, or '-' for standard output")
    if provenance and target.suffix in (".tsv", ".json"):
        text = json.dumps(provenance, indent=2, ensure_ascii=False) + "\n"
        write_bytes(target.with_name(f"{target.name}.provenance.json"), text.encode())


def tsv(frame: pl.DataFrame) -> str:
    """Return a frame as TSV: no quoting, null = empty; tabs and line ends inside a cell become spaces."""
    import polars as pl

    clean = frame.with_columns(pl.col(pl.String).str.replace_all(r"[\t\r\n]+", " "))
    return clean.write_csv(separator="\t", quote_style="never", null_value="")


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
