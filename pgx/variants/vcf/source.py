"""Open a file of any of the accepted formats and hand out header and record lines, whatever the packing."""

from __future__ import annotations

import contextlib
import io
import os
import sys
import tempfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, Literal

import pysam

from pgx.errors import InputError
from pgx.guard.digests import Stamp, stamp
from pgx.guard.limits import HEADER, HEADER_LINES, LINE
from pgx.variants.vcf import indexed, streams
from pgx.variants.vcf.contigs import canonical
from pgx.variants.vcf.header import Header, parse
from pgx.variants.vcf.scan import Scanner
from pgx.variants.vcf.streams import Packing
from pgx.variants.vcf.structural_alleles import is_structural
from pgx.variants.vcf.windows import Windows, reach

Kind = Literal["vcf", "bcf", "other"]

_BOM = b"\xef\xbb\xbf"
_OTHER_FORMATS = (
    (b"BAM\1", "a BAM alignment file"),
    (b"CRAM", "a CRAM alignment file"),
    (b"@HD\t", "a SAM alignment file"),
    (b"PK\3\4", "a zip archive; unpack it first"),
    (b"%PDF", "a PDF document"),
    (b"BZh", "packed by bzip2; unpack it first"),
    (b"\xfd7zXZ", "packed by xz; unpack it first"),
    (b"\x28\xb5\x2f\xfd", "packed by zstd; unpack it first"),
    (b"\xff\xfe", "UTF-16 text; save it as UTF-8"),
    (b"\xfe\xff", "UTF-16 text; save it as UTF-8"),
)
_STRUCTURAL = tuple(f"##INFO=<ID={key}," for key in ("SVLEN", "SVTYPE", "MATEID", "PARID", "CHR2")) + tuple(
    f"##ALT=<ID={word}" for word in ("DEL", "DUP", "CNV", "INS", "INV", "BND", "TRA", "CTX", "CPX")
)
_BREAKENDS = ("##INFO=<ID=MATEID,", "##INFO=<ID=PARID,", "##ALT=<ID=BND")
_SMALL = 1 << 24
"""Bytes of a packed file up to which one with structural records is read whole: older indexes do not know SVLEN."""
NO_LINE_END = ("no_final_newline", "the last line has no line end; the file may be cut short")
_HEAD = 1 << 12


@dataclass(slots=True)
class Source:
    """One opened input.

    `head` is the first decompressed bytes (to tell formats apart); `path` is a real file even for standard input that
    has to be spooled. Use `header()` and then `records(windows)`, once.

    Of a source that holds some of a file's samples, `total` is how many the file has, `everyone` names those of all
    files of the input, and `beside` counts the input's files that hold none of the samples. `whole` reads a text file
    from end to end for windows that lie so close that its index would skip nothing.
    """

    name: str
    path: Path | None
    packing: Packing
    kind: Kind
    head: bytes
    warnings: list[tuple[str, str]] = field(default_factory=list)
    _stream: BinaryIO | None = None
    _header: Header | None = None
    _chunks: Iterator[bytes] | None = None
    _rest: bytes = b""
    _open_line: int = 0
    sha256: str = ""
    before: Stamp | None = None
    total: int = 0
    everyone: tuple[str, ...] = ()
    beside: int = 0
    _bcf: pysam.VariantFile | None = None
    _spool: tempfile._TemporaryFileWrapper[bytes] | None = None
    scanner: Scanner | None = None
    _kept: list[tuple[str, bytes]] | None = None
    regions: Windows | None = None
    whole: bool = False

    @property
    def index(self) -> Path | None:
        """The index beside the file, or None."""
        if self.path is None or self.packing != "bgzip" or self._spool is not None:
            return None
        for suffix in (".tbi", ".csi"):
            beside = self.path.with_name(self.path.name + suffix)
            if beside.is_file():
                return beside
        return None

    def header(self, *, sites_only: bool = False) -> Header:
        """Read the header; `sites_only` accepts one without samples.

        Raises
        ------
        InputError
            If it is not one.
        """
        if self._header is None:
            lines = self._bcf_header_lines() if self.kind == "bcf" else self._header_lines()
            self._header = parse(lines, self.name, sites_only=sites_only)
        return self._header

    def records(self, windows: Windows) -> Iterator[tuple[str, bytes]]:
        """Yield (where, line) of the records that touch a window, in file order within each contig."""
        header = self.header()
        if self._kept is not None:
            yield from self._kept
        elif self.kind == "bcf":
            yield from self._bcf_records(windows)
        elif self.index is not None and not self.whole and not self._index_may_hide():
            assert self.path is not None and self.index is not None
            yield from indexed.records(
                self.path, self.index, self.name, windows, self._looked_at(windows), self.regions
            )
        else:
            self.scanner = Scanner(windows, self.name, header.lines, regions=self.regions)
            for line, text in self.scanner.scan(self._decompressed()):
                yield f"line {line}", text
            if self.scanner.disorder:
                self.warnings.append(("unsorted", self.scanner.disorder))
            if not self.scanner.complete:
                self.warnings.append(NO_LINE_END)

    def _index_may_hide(self) -> bool:
        """Say whether the index places records by POS alone that reach further: breakends on either side of a gene
        always are, and others may be, in a file that is small enough to do without it."""
        if any(line.startswith(_BREAKENDS) for line in self.header().meta):
            return True
        return self._is_structural() and self.path is not None and self.path.stat().st_size <= _SMALL

    def _looked_at(self, windows: Windows) -> Windows:
        """Return the stretches to fetch through an index."""
        return windows.joined(self.regions) if self.regions is not None and self._is_structural() else windows

    def _is_structural(self) -> bool:
        return any(line.startswith(_STRUCTURAL) for line in self.header().meta)

    def remember(self, windows: Windows) -> list[tuple[str, bytes]]:
        """Read the records of the windows now and give the same ones to the next `records`."""
        self._kept = list(self.records(windows))
        return self._kept

    def lies_in_regions(self) -> bool:
        """Say, after `records` is used up, whether the file has any record in `regions`."""
        if self.regions is None:
            return False
        if self.scanner is not None:
            return self.scanner.in_region
        again = open_source(self.path) if self.path and self.name != "-" else None
        if again is None:
            return False
        try:
            return next(iter(again.records(self.regions)), None) is not None
        finally:
            again.close()

    def text(self) -> Iterator[bytes]:
        """Yield the whole decompressed content in chunks."""
        return self._decompressed()

    def close(self) -> None:
        """Close what was opened."""
        if self._stream is not None:
            self._stream.close()
        if self._bcf is not None:
            with contextlib.suppress(OSError):  # of damaged data closing fails as well; reading has said it
                self._bcf.close()
        if self._spool is not None:
            self._spool.close()

    def _decompressed(self) -> Iterator[bytes]:
        if self._chunks is None:
            self._chunks = self._unpacked()
        if self._rest:
            rest, self._rest = self._rest, b""
            yield rest
        # Not `yield from`: closing this generator early must leave the chunks open for the next one.
        while (chunk := next(self._chunks, None)) is not None:
            end = chunk.rfind(b"\n")
            self._open_line = len(chunk) - end - 1 if end >= 0 else self._open_line + len(chunk)
            if self._open_line > LINE.most:
                raise LINE.refused(self.name)
            yield chunk

    def _unpacked(self) -> Iterator[bytes]:
        if self._stream is None and self.path is not None:
            if self.packing == "bgzip":
                return streams.read_bgzip(self.path, self.name)
            self._stream = self.path.open("rb")
        assert self._stream is not None
        return streams.read_stream(self._stream, self.packing, self.name, self.warnings)

    def _header_lines(self) -> list[str]:
        lines: list[str] = []
        text, size = b"", 0
        for chunk in self._decompressed():
            text += chunk
            done, rest, text = _header_lines(text)
            lines += done
            size += len(chunk)
            if size > HEADER.most or len(lines) > HEADER_LINES.most:
                raise (HEADER if size > HEADER.most else HEADER_LINES).refused(self.name)
            if rest is not None:
                self._rest = rest
                break
        else:
            if text:
                self.warnings.append(NO_LINE_END)
                lines.append(text.rstrip(b"\r\n").decode("utf-8", "replace"))
        if lines and lines[0].startswith("\ufeff"):
            lines[0] = lines[0][1:]
            self.warnings.append(
                ("byte_order_mark", "the file begins with a byte-order mark, which VCF does not allow")
            )
        return lines

    def _bcf_header_lines(self) -> list[str]:
        try:
            self._bcf = pysam.VariantFile(str(self.path))
            text = str(self._bcf.header)
        except (OSError, ValueError, NotImplementedError) as error:  # the last: gzip where bgzip is due
            raise InputError(
                "not a readable BCF file", file=self.name, fix="write it again (bcftools view -Ob)"
            ) from error
        return text.rstrip("\n").split("\n")

    def all_bcf_records(self) -> Iterator[tuple[str, bytes]]:
        """Yield every record of a BCF file as text."""
        self.header()
        assert self._bcf is not None
        try:
            for record in self._bcf:
                yield f"{record.contig}:{record.pos}", str(record).rstrip("\n").encode()
        except (OSError, ValueError) as error:
            raise InputError("the file is cut short or damaged", file=self.name, fix="copy it again") from error

    def _bcf_records(self, windows: Windows) -> Iterator[tuple[str, bytes]]:
        self.header()
        assert self._bcf is not None
        names = [(str(name), canonical(str(name))) for name in self._bcf.header.contigs]
        try:
            with contextlib.suppress(ValueError):
                if self._bcf.index is not None and not self._index_may_hide():
                    looked_at = self._looked_at(windows)
                    for name, chrom in names:
                        yield from self._bcf_fetch(name, chrom, windows, looked_at)
                    return
            known = dict(names)
            for record in self._bcf:
                if self._is_wanted(record, known.get(record.contig), windows):
                    yield f"{record.contig}:{record.pos}", str(record).rstrip("\n").encode()
        except OSError as error:
            raise InputError("the file is cut short or damaged", file=self.name, fix="copy it again") from error

    def _is_wanted(self, record: pysam.VariantRecord, chrom: str | None, windows: Windows) -> bool:
        alts = ",".join(record.alts or ())
        if is_structural(record.ref or "", alts):
            info = str(record).split("\t", 8)[7]
            reference = (record.ref or "").encode()
            last, wanted = reach(chrom, record.pos, reference, alts.encode(), info.encode(), self.regions)
            return wanted or windows.touches(chrom, record.pos, last)
        return windows.touches(chrom, record.pos, record.stop)

    def _bcf_fetch(
        self, name: str, chrom: str | None, windows: Windows, looked_at: Windows
    ) -> Iterator[tuple[str, bytes]]:
        assert self._bcf is not None
        if chrom is None or chrom not in looked_at.by_chrom:
            return
        previous = 0
        for start, end in looked_at.spread(chrom):
            for record in self._bcf.fetch(name, start - 1, end):
                seen = record.pos <= previous and record.pos < start
                if not seen and self._is_wanted(record, chrom, windows):
                    yield f"{name}:{record.pos}", str(record).rstrip("\n").encode()
            previous = end


def open_source(path: str | os.PathLike[str]) -> Source:
    """Open `path` (``-`` for standard input) and find out what it is.

    Raises
    ------
    InputError
        If it does not exist, is empty, or is plainly something else.
    """
    if os.fspath(path) == "-":
        return _open_stream(sys.stdin.buffer, "-")
    file = Path(path)
    before = stamp(file)
    if file.is_dir():
        raise InputError("this is a folder", file=path, fix="give the file in it")
    if file.exists() and not file.is_file():  # a pipe, as of <(command): it can be read only once
        return _open_stream(file.open("rb"), str(path))
    try:
        with file.open("rb") as stream:
            first = stream.read(1 << 16)
    except FileNotFoundError:
        raise InputError("no such file", file=path) from None
    except OSError as error:
        raise InputError(f"cannot be read ({error.strerror})", file=path) from error
    if not first:
        raise InputError("the file is empty", file=path)
    packing = streams.packing_of(first)
    source = Source(str(path), file, packing, "other", b"", before=before)
    if packing == "bgzip" and not streams.ends_well(file):
        source.warnings.append(streams.NO_EOF_BLOCK)
    _recognise(source, first)
    return source


def _open_stream(raw: BinaryIO, name: str) -> Source:
    stream = io.BufferedReader(streams.Unbuffered(raw), 1 << 20)
    first = stream.peek(1 << 16)
    if not first:
        raise InputError("the input is empty", file=name)
    source = Source(name, None, streams.packing_of(first), "other", b"", _stream=stream)
    _recognise(source, first)
    if source.kind == "bcf":
        spool = tempfile.NamedTemporaryFile(suffix=".bcf")  # noqa: SIM115 (closed by `close`)
        while data := stream.read(streams.CHUNK):
            spool.write(data)
        spool.flush()
        source.path, source._spool = Path(spool.name), spool
    return source


def _recognise(source: Source, first: bytes) -> None:
    if source.packing == "plain":
        head = first
    else:
        try:
            head = _beginning(first)
        except zlib.error as error:
            raise InputError("the compressed data are damaged", file=source.name, fix="copy the file again") from error
    if not head:
        raise InputError("the file is empty", file=source.name)
    source.head = head
    bare = head.removeprefix(_BOM)
    if head.startswith(b"BCF"):
        source.kind = "bcf"
    elif bare.startswith(b"##"):
        source.kind = "vcf"
    for magic, meaning in _OTHER_FORMATS:
        if head.startswith(magic):
            raise InputError(f"this is {meaning}", file=source.name, fix="give a VCF, BCF or array file")
    if bare.lstrip()[:1] == b"<":
        raise InputError("this is a web page or XML, not a VCF", file=source.name, fix="download the file itself")


def _beginning(packed: bytes) -> bytes:
    """Unpack the first bytes of a gzip file; its first members may be empty or hold a few bytes only."""
    head = b""
    while packed and len(head) < _HEAD:
        member = zlib.decompressobj(zlib.MAX_WBITS | 16)
        try:
            head += member.decompress(packed)
        except zlib.error:
            if not head:
                raise
            break  # what comes later is looked at when it is read
        packed = member.unused_data
    return head


def _header_lines(text: bytes) -> tuple[list[str], bytes | None, bytes]:
    """Split off complete header lines: (lines, bytes after the header or None, unfinished line)."""
    lines: list[str] = []
    at = 0
    while True:
        stop = text.find(b"\n", at)
        begins = text[at : at + 4].removeprefix(_BOM)[:1]
        if begins and begins != b"#":
            return lines, text[at:], b""
        if stop < 0:
            return lines, None, text[at:]
        line = text[at:stop].rstrip(b"\r")
        lines.append(line.decode("utf-8", "replace"))
        at = stop + 1
        if line.startswith(b"#CHROM"):
            return lines, text[at:], b""
