"""Bytes of a file or a pipe, decompressed in chunks, with damage and cuts noticed."""

from __future__ import annotations

import io
import sys
from collections.abc import Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import BinaryIO, Final, Literal, cast

import pysam
from isal import isal_zlib

from pgx.errors import InputError

Packing = Literal["plain", "gzip", "bgzip"]

CHUNK = 1 << 22
"""Bytes handed out at a time."""
NO_EOF_BLOCK = ("no_eof_block", "the bgzip end-of-file block is missing: the file may be cut short; copy it again")
_SLICE = 1 << 11
_MOST_GIVEN = 1 << 16
"""Packed bytes that are unpacked at once: a thousand times as many may come out of them."""
_GZIP = 31  # the largest window, with gzip's head and checksum
_UNPACK_ERROR: Final = cast(type[Exception], isal_zlib.error)
_EOF_BLOCK = bytes.fromhex("1f8b08040000000000ff0600424302001b0003000000000000000000")

pysam.set_verbosity(0)  # htslib writes to stderr on its own; what it says is raised or noted here


class Unbuffered(io.RawIOBase):
    """A pipe as a raw stream, so that a large piece of it can be looked at before reading."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream

    def readable(self) -> bool:
        """Return True."""
        return True

    def close(self) -> None:
        """Close the pipe, but never standard input."""
        if not self.closed and self._stream is not sys.stdin.buffer:
            self._stream.close()
        super().close()

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """Fill the buffer; return how many bytes there were."""
        data = self._stream.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)


def packing_of(first: bytes) -> Packing:
    """Tell how a file is packed by its first bytes."""
    if first[:2] != b"\x1f\x8b":
        return "plain"
    return "bgzip" if len(first) > 14 and first[3] & 4 and first[12:14] == b"BC" else "gzip"


def ends_well(file: Path) -> bool:
    """Say whether a bgzip file has its end-of-file block."""
    size = file.stat().st_size
    with file.open("rb") as stream:
        stream.seek(max(0, size - len(_EOF_BLOCK)))
        return stream.read() == _EOF_BLOCK


def read_bgzip(file: Path, name: str) -> Iterator[bytes]:
    """Yield the content of a bgzip file, unpacked one chunk ahead of what is asked for.

    Raises
    ------
    InputError
        If it is cut short or damaged.
    """
    with file.open("rb") as raw:
        yield from _ahead(_inflate(raw, name))


def _ahead(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """Yield the chunks, the next one being made in a thread meanwhile; a single chunk takes no thread."""
    chunk = next(chunks, None)
    if chunk is None or len(chunk) < CHUNK:
        if chunk is not None:
            yield chunk
            yield from chunks
        return
    yield chunk
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(next, chunks, None)
        while (chunk := waiting.result()) is not None:
            waiting = pool.submit(next, chunks, None)
            yield chunk


def read_stream(raw: BinaryIO, packing: Packing, name: str, warnings: list[tuple[str, str]]) -> Iterator[bytes]:
    """Yield the decompressed content of a stream; a bgzip stream without its end block adds a warning.

    Raises
    ------
    InputError
        If it is cut short or damaged.
    """
    if packing == "plain":
        while data := raw.read(CHUNK):
            yield data
        return
    last = yield from _inflate(raw, name)
    if last and packing == "bgzip":
        warnings.append(NO_EOF_BLOCK)


def damaged(name: str) -> InputError:
    """Return the error of a compressed file that cannot be unpacked to its end."""
    return InputError("the compressed data are cut short or damaged", file=name, fix="copy the file again")


def _inflate(raw: BinaryIO, name: str) -> Generator[bytes, None, int]:
    """Decompress a gzip stream of any number of members; return the size of the last one (0 in a whole bgzip file)."""
    member = isal_zlib.decompressobj(_GZIP)
    fresh = True
    out: list[bytes] = []
    size = inside = last = packed = 0
    step = _SLICE  # what lies behind a member is copied, so little more than the last one had is given at a time
    while data := raw.read(1 << 18):
        at, view = 0, memoryview(data)
        while at < len(data):
            if fresh and data[at] == 0 and not data[at:].strip(b"\0"):
                break  # padding
            given = view[at : at + step]
            try:
                piece = member.decompress(given)
            except _UNPACK_ERROR as error:
                raise damaged(name) from error
            fresh = False
            out.append(piece)
            size += len(piece)
            inside += len(piece)
            taken = len(given) - len(member.unused_data)
            at += taken
            packed += taken
            if member.eof:
                last, step = inside, min(max(_SLICE, packed + (packed >> 2)), _MOST_GIVEN)
                inside = packed = 0
                member, fresh = isal_zlib.decompressobj(_GZIP), True
            else:
                step = min(2 * step, _MOST_GIVEN)
        if size >= CHUNK:
            yield b"".join(out)
            out, size = [], 0
    if out:
        yield b"".join(out)
    if not fresh:
        raise damaged(name)
    return last
