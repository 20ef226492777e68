"""How much of an input is read, and the guarded ways to read it: no file makes a run grow or wait without end.

Every limit is a row of the table in ``pgx/README.md``. What is over one is refused with one line, before memory is
spent on it.
"""

from __future__ import annotations

import gzip
import json
import stat
import tomllib
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from pgx.errors import InputError

_MIB = 1 << 20
_PART = 4 * _MIB
_DEPTH = 64
"""Levels of brackets in TOML, whose reader calls itself once a level."""


@dataclass(frozen=True, slots=True)
class Limit:
    """The most that is read of something.

    Parameters
    ----------
    what
        What is counted, as in "a line".
    most
        How many.
    unit
        Of what: ``bytes`` or things with a name.
    fix
        What to do with larger ones.
    """

    what: str
    most: int
    unit: str
    fix: str

    def __str__(self) -> str:
        return f"{self.most // _MIB} MiB" if self.unit == "bytes" else f"{self.most:,} {self.unit}"

    def refused(self, file: object, where: str | None = None) -> InputError:
        """Return the error of an input that is over the limit."""
        return InputError(f"{self.what} of more than {self}, the most that is read", file=file, where=where,
                          fix=self.fix)  # fmt: skip


LINE = Limit("a line of a genotype file", 128 * _MIB, "bytes", "the file is damaged, or not what its name says")
HEADER = Limit("a header", 128 * _MIB, "bytes", "the file is damaged, or not what its name says")
HEADER_LINES = Limit("a header", 1_000_000, "lines", "leave out header lines that nothing needs")
SAMPLES = Limit("a run", 100_000, "samples", "choose some with --samples, or use `pgx cohort run`")
RECORD = Limit("a clinical file that is read whole", 512 * _MIB, "bytes", "split it by persons, or give NDJSON")
RECORD_LINE = Limit("a line of a clinical file", 64 * _MIB, "bytes", "the file is damaged, or not what its name says")
PARQUET = Limit("a Parquet file of histories, read", 8192 * _MIB, "bytes", "split it by persons")
COLUMNS = Limit("a clinical table", 20_000, "columns", "leave out columns that are not about the patients' history")
ROWS = Limit("a table that is read whole", 5_000_000, "rows", "split it by persons")
OBJECTS = Limit("a JSON file", 25_000_000, "objects and lists", "split it by persons, or give NDJSON")
OUTSIDE = Limit("a file of outside calls", 16 * _MIB, "bytes", "give the calls alone")
OUTSIDE_LINE = Limit("a line of outside calls", 1 << 16, "characters", "give one call a line")
NAME = Limit("a name of a drug, code or allele", 1000, "characters", "write the name alone")
LIST = Limit("a list of drugs, conditions or allergies", 10_000, "names", "give each name once")
HEADING = Limit("a column heading", 200, "characters", "write the name alone")
SHEET = Limit("a samplesheet or list of names", 256 * _MIB, "bytes", "give fewer persons at a time")
SHEET_COLUMNS = Limit("a samplesheet", 20_000, "columns", "leave out columns that begin with 'x_'")
TABLE = Limit("a table of an overlay", 256 * _MIB, "bytes", "give the site's own rows alone")
SETTINGS = Limit("a TOML file", 4 * _MIB, "bytes", "it is not a file of settings")
RESULT = Limit("a stored result", 2048 * _MIB, "bytes", "write one result a person")
SCORE = Limit("a scoring file", 1024 * _MIB, "bytes", "the file is damaged, or not what its name says")
KEY = Limit("a key", 1 << 16, "characters", "it is not a key")
MODEL = Limit("a file of a model", 256 * _MIB, "bytes", "it is not a model that `pgx train` wrote")

LIMITS = (
    LINE, HEADER, HEADER_LINES, SAMPLES, RECORD, RECORD_LINE, PARQUET, COLUMNS, ROWS, OBJECTS, OUTSIDE, OUTSIDE_LINE,
    NAME, LIST, HEADING, SHEET, SHEET_COLUMNS, TABLE, SETTINGS, RESULT, SCORE, KEY, MODEL,
)  # fmt: skip
"""All limits, in the order of the table in ``pgx/README.md``."""


def read_file(path: str | Path, limit: Limit) -> bytes:
    """Return the content of a file.

    Parameters
    ----------
    path
        The file; a pipe is read to its end.
    limit
        The most that is read.

    Raises
    ------
    InputError
        If it is larger, or a device without an end.
    OSError
        If it cannot be read.

    Examples
    --------
    >>> read_file("data/knowledge/VERSION", SETTINGS)[:3]
    b'202'
    """
    with open_file(path) as stream:
        return _whole(stream, limit, path)


def read_packed(path: str | Path, limit: Limit) -> bytes:
    """Return the content of a file as `read_file` does, unpacked if it is gzip; the limit holds for both.

    Raises
    ------
    InputError
        If it is larger, or a device without an end.
    OSError, EOFError, zlib.error
        If it cannot be read, or the packed data are broken.
    """
    data = read_file(path, limit)
    if data[:2] != b"\x1f\x8b":
        return data
    parts: list[bytes] = []
    size = 0
    while data:
        member = zlib.decompressobj(31)
        part = member.decompress(data, limit.most - size + 1)
        size += len(part)
        parts.append(part)
        if size > limit.most:
            raise limit.refused(path)
        if not member.eof:
            raise EOFError("the packed data are cut short")
        data = member.unused_data.lstrip(b"\0")
    return b"".join(parts)


def open_file(path: str | Path) -> IO[bytes]:
    """Open a file or pipe for reading.

    Raises
    ------
    InputError
        If it is a device, which has no end, or ``-``.
    OSError
        If it cannot be read.
    """
    _refuse_standard_input(path)
    stream = Path(path).open("rb")  # noqa: SIM115 (the caller closes it)
    mode = Path(path).stat().st_mode
    if stat.S_ISBLK(mode) or (stat.S_ISCHR(mode) and stream.read(1)):  # /dev/null is but an empty file
        stream.close()
        raise InputError("this is a device, not a file", file=path, fix="give a file")
    return stream


def is_pipe(path: str | Path) -> bool:
    """Whether a path is a pipe, named or as of ``<(command)``; what is not there is none."""
    try:
        return stat.S_ISFIFO(Path(path).stat().st_mode)
    except (OSError, ValueError):
        return False


def refuse_pipe(path: str | Path) -> None:
    """Refuse a pipe, as of ``<(command)``, where an input is looked at more than once.

    Raises
    ------
    InputError
        If the path is one, or stands for standard input.
    """
    _refuse_standard_input(path)
    if is_pipe(path):
        raise InputError("this is a pipe, which can be read only once", file=path, fix="save it as a file")


def not_a_file(path: Path) -> InputError:
    """Return what is wrong with a path that is no file: nothing is there, or a folder or device."""
    if not path.exists():
        return InputError("no such file", file=path, fix="check the path")
    return InputError(f"this is a {'folder' if path.is_dir() else 'device'}, not a file", file=path, fix="give a file")


def _refuse_standard_input(path: str | Path) -> None:
    if str(path) == "-" and not Path(path).exists():
        raise InputError("only genotypes are read from standard input", file=path, fix="save this input as a file")


def lines_of(stream: IO[bytes] | gzip.GzipFile, limit: Limit, file: object) -> Iterator[bytes]:
    """Yield the lines of a stream.

    Raises
    ------
    InputError
        If one is longer than the limit.
    """
    number = 0
    while line := stream.readline(limit.most + 1):
        number += 1
        if len(line) > limit.most:
            raise limit.refused(file, f"line {number}")
        yield line


def read_json(data: bytes | str) -> Any:
    """Parse JSON.

    Raises
    ------
    ValueError
        If it is not JSON (`json.JSONDecodeError` says where), holds a number of thousands of digits, has a key twice
        in one object, is nested beyond reason, or holds more than is read.

    Examples
    --------
    >>> read_json('{"weight": 70}')
    {'weight': 70}
    >>> read_json('{"weight": 70, "weight": 7}')
    Traceback (most recent call last):
    ValueError: the key 'weight' is there twice in one object
    """
    text = data if isinstance(data, str) else data.decode("utf-8-sig")
    if text.count("{") + text.count("[") > OBJECTS.most:  # an empty one takes 30 times its two letters
        raise ValueError(f"more than {OBJECTS}, the most that is read; {OBJECTS.fix}")
    try:
        return json.loads(text, object_pairs_hook=_object)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    except ValueError as error:
        if isinstance(error, json.JSONDecodeError | UnicodeError) or "digits" not in str(error):
            raise
        raise ValueError("a number in it has thousands of digits") from None


def read_toml(path: Path, limit: Limit = SETTINGS) -> dict[str, Any]:
    """Parse a TOML file.

    Raises
    ------
    InputError
        If it is not TOML in UTF-8, too large, or nested beyond reason.
    OSError
        If it cannot be read.
    """
    try:
        text = read_file(path, limit).decode("utf-8")
        if max(map(_depth, text.splitlines()), default=0) > _DEPTH:
            raise ValueError(f"nested deeper than {_DEPTH} levels")
        return tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        told = str(error).splitlines()[0][:200] if isinstance(error, ValueError) else "nested too deeply"
        raise InputError(f"not a TOML file: {told}", file=path) from error


def _depth(line: str) -> int:
    """A bound on how deep a line of TOML nests: its opening brackets, and the dots of its key."""
    key = line.partition("=")[0]
    return max(line.count("[") + line.count("{"), key.count("."))


def _object(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    listed = list(pairs)
    found = dict(listed)
    if len(found) != len(listed):
        doubled = next(name for name, count in Counter(name for name, _ in listed).items() if count > 1)
        raise ValueError(f"the key {doubled[:60]!r} is there twice in one object")
    return found


def _whole(stream: IO[bytes], limit: Limit, file: object) -> bytes:
    parts: list[bytes] = []
    size = 0
    while size <= limit.most and (part := stream.read(_PART)):
        parts.append(part)
        size += len(part)
    if size > limit.most:
        raise limit.refused(file)
    return b"".join(parts)
