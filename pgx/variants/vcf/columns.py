"""Some samples' columns of a VCF, kept apart so that a block of persons is read without the columns of the others.

The records of interest are taken from a file once and cut at the borders of the groups. What is read from a group is
what would be read of these samples from the file itself, places of records and names included.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, cast

import numpy as np
from isal import igzip
from numpy.typing import NDArray

from pgx.errors import InputError
from pgx.guard.private_files import open_private, write_private
from pgx.variants.vcf.header import Header, parse
from pgx.variants.vcf.source import Source
from pgx.variants.vcf.windows import Windows

DESCRIPTION = "files.json"
"""Name of the file that says what a folder of groups holds; it is written last."""
_FIXED = 9
"""Columns of a record before those of the samples."""
_BUFFER = 1 << 16
"""Bytes of a group that wait to be written."""


@dataclass(slots=True)
class ColumnSource(Source):
    """Some samples of a file, read from what `ColumnWriter` has kept of it."""

    kept: Path = Path()
    in_regions: bool = False
    remarks: tuple[tuple[str, str], ...] = ()
    picked: NDArray[np.intp] | None = None

    def header(self, *, sites_only: bool = False) -> Header:
        """Return the file's header with these samples alone."""
        assert self._header is not None
        return self._header

    def records(self, windows: Windows) -> Iterator[tuple[str, bytes]]:
        """Yield (where, line) as the file would, with these samples' columns; `windows` were those of the cut."""
        with cast(IO[bytes], gzip.open(self.kept)) as stream:
            while where := stream.readline():
                line = stream.readline()[:-1]
                yield where[:-1].decode(), line if self.picked is None else _some(line, self.picked)
        self.warnings += [one for one in self.remarks if one not in self.warnings]

    def remember(self, windows: Windows) -> list[tuple[str, bytes]]:
        """Return the records, which can be read again."""
        return list(self.records(windows))

    def lies_in_regions(self) -> bool:
        """Say whether the file has any record in the regions."""
        return self.in_regions

    @property
    def index(self) -> Path | None:
        """There is no index."""
        return None


@dataclass(slots=True)
class ColumnWriter:
    """Cuts the records of one file into groups of samples.

    Parameters
    ----------
    folder
        Where the groups' records are kept, each in a file named by its number.
    places
        For each group, which columns of the file are its samples'.
    """

    folder: Path
    places: Sequence[NDArray[np.intp]]
    _waiting: list[list[bytes]] = field(init=False)
    _sizes: list[int] = field(init=False)

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self._waiting = [[] for _ in self.places]
        self._sizes = [0] * len(self.places)
        for number in range(len(self.places)):
            write_private(self.path(number), gzip.compress(b"", mtime=0))

    def path(self, group: int) -> Path:
        """Return where the records of a group are kept."""
        return self.folder / f"{group}.gz"

    def add(self, where: str, line: bytes, columns: int, name: str) -> None:
        """Cut one record.

        Raises
        ------
        InputError
            If it has not one column a sample.
        """
        fields = line.split(b"\t", _FIXED)
        rest = fields[_FIXED] if len(fields) > _FIXED else b""
        ends = np.flatnonzero(np.frombuffer(rest, dtype=np.uint8) == 9)
        if len(fields) <= _FIXED or len(ends) != columns - 1:
            shown = len(fields) if len(fields) <= _FIXED else _FIXED + 1 + len(ends)
            raise InputError(f"{shown} columns where the header names {columns + _FIXED}", file=name, where=where,
                             fix="the line may be cut short")  # fmt: skip
        first = np.r_[0, ends + 1]
        last = np.r_[ends, len(rest)]
        head = where.encode() + b"\n" + b"\t".join(fields[:_FIXED]) + b"\t"
        for group, at in enumerate(self.places):
            if len(at):
                self._keep(group, head + _cut(rest, first, last, at) + b"\n")

    def close(self) -> None:
        """Write what waits."""
        for group in range(len(self.places)):
            self._write(group)

    def _keep(self, group: int, text: bytes) -> None:
        self._waiting[group].append(text)
        self._sizes[group] += len(text)
        if self._sizes[group] >= _BUFFER:
            self._write(group)

    def _write(self, group: int) -> None:
        if self._waiting[group]:
            with open_private(self.path(group), "ab") as stream:
                stream.write(igzip.compress(b"".join(self._waiting[group]), compresslevel=1))
            self._waiting[group], self._sizes[group] = [], 0


def _some(line: bytes, at: NDArray[np.intp]) -> bytes:
    """Return a record with some of its columns alone."""
    fields = line.split(b"\t")
    return b"\t".join([*fields[:_FIXED], *(fields[_FIXED + one] for one in at)])


def _cut(rest: bytes, first: NDArray[np.intp], last: NDArray[np.intp], at: NDArray[np.intp]) -> bytes:
    """Return some columns of a record; those that lie side by side are one piece."""
    if at[-1] - at[0] == len(at) - 1 and (np.diff(at) == 1).all():
        return rest[first[at[0]] : last[at[-1]]]
    return b"\t".join([rest[first[one] : last[one]] for one in at])


def describe(source: Source, header: Header) -> dict[str, Any]:
    """Return what `column_source` needs to know of a file whose records were all read."""
    return {
        "name": source.name,
        "path": None if source.path is None else str(source.path),
        "packing": source.packing,
        "kind": source.kind,
        "meta": list(header.meta),
        "samples": list(header.samples),
        "remarks": source.warnings,
        "sha256": source.sha256,
        "in_regions": source.lies_in_regions(),
    }


def column_source(
    told: dict[str, Any],
    header: Header,
    kept: Path,
    samples: Sequence[str],
    everyone: tuple[str, ...],
    beside: int,
    picked: NDArray[np.intp] | None = None,
) -> ColumnSource:
    """Open some samples of a file that was described; `header` is the file's own, `picked` are some columns of it."""
    own = Header(
        tuple(samples), header.contigs, header.build, header.evidence, header.lines, header.version, header.doubt,
        header.meta,
    )  # fmt: skip
    path = None if told["path"] is None else Path(told["path"])
    remarks = tuple((code, text) for code, text in told["remarks"])
    return ColumnSource(
        told["name"], path, told["packing"], told["kind"], b"", _header=own, sha256=told["sha256"],
        total=len(told["samples"]), everyone=everyone, beside=beside, kept=kept, in_regions=told["in_regions"],
        remarks=remarks, picked=picked,
    )  # fmt: skip


def header_of(told: dict[str, Any]) -> Header:
    """Return the header of a file that was described."""
    fixed = ["#CHROM", "POS", "ID", "REF", "ALT", "QUAL", "FILTER", "INFO", "FORMAT"]
    return parse([*told["meta"], "\t".join([*fixed, *told["samples"]])], told["name"])


def write_description(folder: Path, files: list[dict[str, Any]]) -> None:
    """Say what the folder holds; it is complete once this is written."""
    write_private(folder / f"{DESCRIPTION}.new", json.dumps(files))
    (folder / f"{DESCRIPTION}.new").replace(folder / DESCRIPTION)


def read_description(folder: Path) -> list[dict[str, Any]] | None:
    """Return what a folder holds; None if it is not complete."""
    path = folder / DESCRIPTION
    if not path.is_file():
        return None
    found: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))
    return found
