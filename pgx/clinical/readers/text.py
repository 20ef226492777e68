"""What a table holds, as text: from bytes, or from cells of any type."""

from __future__ import annotations

import polars as pl

from pgx.errors import InputError


def decode(data: bytes, file: object) -> tuple[str, str | None]:
    """Return the text of a table, and a remark if it is not UTF-8 but what spreadsheets of Windows write.

    Only letters beyond ASCII (names, µ, °) can be read wrongly that way; bytes that Windows-1252 does not have, or
    that no table holds, are refused.

    Raises
    ------
    InputError
        If it is neither.
    """
    try:
        return data.decode("utf-8-sig"), None
    except UnicodeDecodeError as error:
        at = error.start
    try:
        text = data.decode("cp1252")
    except UnicodeDecodeError:
        text = "\x00"
    if any(ord(letter) < 32 and letter not in "\t\r\n" for letter in text):
        raise InputError(f"not UTF-8 text (byte {at})", file=file, fix="save it as UTF-8")
    line = data.count(b"\n", 0, at) + 1
    return text, f"line {line} is not UTF-8; the file is read as Windows-1252: check letters like µ and é"


def as_text(frame: pl.DataFrame) -> pl.DataFrame:
    """Write every cell as text, empty ones as null, ids as plain integers."""
    ids = [c for c in frame.columns if c.endswith("_id")]  # a column with gaps is often written as 8507.0
    frame = frame.with_columns(pl.all().cast(pl.String))
    frame = frame.with_columns(pl.col(c).str.replace(r"^\s*(\d+)\.0+\s*$", "$1") for c in ids)
    return frame.with_columns(
        pl.when(pl.col(c).str.strip_chars() != "").then(pl.col(c).str.strip_chars()).alias(c) for c in frame.columns
    )
