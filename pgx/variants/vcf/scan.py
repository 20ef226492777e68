"""Find the records of interest in a stream of text, fast: only CHROM, POS and the record's end are looked at."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from pgx.errors import InputError
from pgx.variants.vcf import pos_column
from pgx.variants.vcf.contigs import canonical
from pgx.variants.vcf.records import block_lengths
from pgx.variants.vcf.structural_alleles import LONG
from pgx.variants.vcf.windows import Windows, reach
from pgx.variants.whole_numbers import whole_number

_END = re.compile(rb"(?:^|;)END=(\d+)")
_SYMBOL = re.compile(rb"\t<[A-MO-Wa-mo-w]")
"""Where the ALT column of a structural allele in angle brackets may begin; <NON_REF>, <*> and <X> are none."""
_BREAKEND = re.compile(rb"\t[ACGTNacgtn.,]*[\[\]]")
"""Where an ALT column with a breakend may begin, also one whose mate cannot be read."""
_REFERENCE_LETTERS = b"NnXx*"
_WIDE = 2000
_POS_DIGITS = 10
_MAX_POS = 10**_POS_DIGITS - 1
_NAME_BYTES = 32
_PIECE = 1 << 18


@dataclass(slots=True)
class Scanner:
    """Cuts chunks of text into lines and yields those whose record touches a window, with their line number.

    The order of the records is looked at on the way, as is the shape of the first columns. `disorder` tells afterwards
    where the order is broken, `in_region` whether any record lay in one of `regions`. Records that change the structure
    of a region are yielded too.
    """

    windows: Windows
    file: object
    line: int
    chrom: bytes = b""
    pos: int = 0
    finished: set[bytes] = field(default_factory=set)
    records: int = 0
    complete: bool = True
    regions: Windows | None = None
    in_region: bool = False
    everything: bool = False
    blank: int = 0
    disorder: str = ""

    def scan(self, chunks: Iterable[bytes]) -> Iterator[tuple[int, bytes]]:
        """Yield (line number, line without line end) of the records of interest."""
        rest = b""
        for chunk in chunks:
            begin = 0
            if rest:
                begin = chunk.find(b"\n") + 1
                if not begin:
                    rest += chunk
                    continue
                first = rest + chunk[:begin]
                yield from self._block(first, 0, len(first))
            end = chunk.rfind(b"\n") + 1
            rest = chunk[max(begin, end) :]
            if end > begin:
                yield from self._block(chunk, begin, end)
        if rest:
            self.complete = False
            yield from self._block(rest + b"\n", 0, len(rest) + 1)

    def _block(self, text: bytes, begin: int, end: int) -> Iterator[tuple[int, bytes]]:
        """Go through the whole lines in text[begin:end], copying none but the wanted ones."""
        last = end
        while last > begin and text[last - 1] in b"\r\n":
            last -= 1
        if self.blank and last > begin:
            raise InputError("the line is empty", file=self.file, where=f"line {self.blank}", fix="remove it")
        if last == begin:
            self.blank = self.blank or self.line + 1
            return
        stop = text.index(b"\n", last) + 1
        first_line = text.find(b"\n", begin) - begin
        if first_line > _WIDE:
            starts, ends = _line_ends(text, begin, stop)
            found = self._wide(text, starts, ends)
        else:
            buffer = np.frombuffer(text, dtype=np.uint8)
            stops = _newlines(buffer, begin, stop)
            firsts = np.empty_like(stops)
            firsts[0], firsts[1:] = begin, stops[:-1] + 1
            quick = None if self.everything else self._same_contig(text, buffer, firsts, stops)
            if quick is None:
                tabs = np.flatnonzero(buffer[begin:stop] == 9) + begin
                quick = self._narrow(text, buffer, firsts, stops, tabs)
            found, starts, ends = quick, firsts, stops  # type: ignore[assignment]
        for index in range(len(ends)) if self.everything else found:
            yield self.line + index + 1, text[starts[index] : ends[index]].rstrip(b"\r")
        self.line += len(ends)
        if stop < end:
            self.blank = self.line + 1

    def _wide(self, text: bytes, starts: list[int], ends: list[int]) -> list[int]:
        """Few long lines: look at each."""
        found = []
        for index, (start, end) in enumerate(zip(starts, ends, strict=True)):
            fields = text[start : min(end, start + 4096)].split(b"\t", 8)
            if len(fields) < 9:
                fields = text[start:end].split(b"\t", 8)
            first = whole_number(fields[1], _MAX_POS) if len(fields) >= 8 else None
            if first is None:
                raise self._malformed(index, text[start:end])
            last = first + len(fields[3]) - 1
            chrom = canonical(fields[0].decode("latin-1"))
            wanted = False
            if _may_be_structural(fields[3], fields[4]):
                last, wanted = reach(chrom, first, fields[3], fields[4], fields[7], self.regions)
            elif fields[4][:1] in (b"<", b"."):
                match = _END.search(fields[7])
                last = max(last, _end_of_block(match[1]) if match else _end_by_length(first, text[start:end]))
            self._order(fields[0], first, index)
            if wanted or self.windows.touches(chrom, first, last):
                found.append(index)
            if self.regions is not None and not self.in_region:
                self.in_region = self.regions.touches(chrom, first, last)
        self.records += len(starts)
        return found

    def _same_contig(
        self, text: bytes, buffer: NDArray[np.uint8], starts: NDArray[np.int64], ends: NDArray[np.int64]
    ) -> list[int] | None:
        """Look only at POS, where a block continues one contig in order and no record outreaches its line; else None.

        A record reaches at most its line's length beyond POS, since REF is written in it; the few that might touch a
        window are then looked at closely.
        """
        lead = self.chrom + b"\t"
        if not self.chrom or not text.startswith(lead, int(starts[-1])):
            return None
        head, tail = int(starts[0]), int(ends[-1])
        if pos_column.names_end(text, buffer, head, tail):  # whatever the header declares
            return None
        if text.find(b"<", head, tail) >= 0 and _SYMBOL.search(text, head, tail):
            return None
        if _holds_brackets(text, head, tail) and _BREAKEND.search(text, head, tail):
            return None
        chrom, longest = canonical(self.chrom.decode("latin-1")), int((ends - starts).max())
        found: list[int] = []
        begin, pos, in_region = 0, self.pos, self.in_region
        while begin < len(starts):
            run = pos_column.run(text, buffer, starts[begin:], len(lead))
            if run is None or run.first < pos:
                return None
            stop = begin + run.count
            if self.windows.touches(chrom, run.first, run.last + longest):
                at = run.all()
                near = self.windows.hits(chrom, at, at + (ends - starts)[begin:stop])
                for index in np.flatnonzero(near).tolist():
                    line = text[starts[begin + index] : ends[begin + index]]
                    fields = line.split(b"\t", 7)
                    if len(fields) < 8:
                        raise self._malformed(begin + index, line)
                    if self.windows.touches(chrom, int(at[index]), int(at[index]) + len(fields[3]) - 1):
                        found.append(begin + index)
            if self.regions is not None and self.regions.touches(chrom, run.first, run.last + longest):
                found += self._long_alleles(text, chrom, begin, run.all(), starts, ends)
            if self.regions is not None and not in_region and self.regions.touches(chrom, run.first, run.last):
                in_region = bool(self.regions.hits(chrom, run.all(), run.all()).any())
            begin, pos = stop, run.last
        self.pos, self.in_region = pos, in_region
        self.records += len(starts)
        return sorted(set(found))

    def _long_alleles(
        self, text: bytes, chrom: str | None, begin: int, at: NDArray[np.int64], starts: NDArray[np.int64],
        ends: NDArray[np.int64],
    ) -> list[int]:  # fmt: skip
        """Find the lines of a run that write out a structural change of a region, or a breakend without mate."""
        assert self.regions is not None
        long = (ends - starts)[begin : begin + len(at)]
        near = self.regions.hits(chrom, at, at + long)
        found = []
        for index in np.flatnonzero(near).tolist():
            fields = text[starts[begin + index] : ends[begin + index]].split(b"\t", 5)
            odd = len(fields) > 4 and (max(len(fields[3]), len(fields[4])) > LONG or _is_single(fields[4]))
            if odd and reach(chrom, int(at[index]), fields[3], fields[4], b"", self.regions)[1]:
                found.append(begin + index)
        return found

    def _narrow(
        self, text: bytes, buffer: NDArray[np.uint8], starts: NDArray[np.int64], ends: NDArray[np.int64],
        tabs: NDArray[np.int64],
    ) -> list[int]:  # fmt: skip
        """Many short lines: all at once."""
        at = np.searchsorted(tabs, starts)
        if not len(tabs):
            raise self._malformed(0, text[: ends[0]])
        short = np.flatnonzero((at + 7 > len(tabs)) | (tabs[np.minimum(at + 6, len(tabs) - 1)] > ends))
        if len(short):
            index = int(short[0])
            raise self._malformed(index, text[starts[index] : ends[index]])
        columns = [tabs[at + k] for k in range(7)]
        first = self._positions(text, buffer, starts, ends, columns[0] + 1, columns[1])
        last = first + (columns[3] - columns[2]) - 2
        opening, letter = buffer[columns[3] + 1], buffer[columns[3] + 2] & 0xDF  # upper case
        symbol = (opening == 60) & (letter >= 65) & (letter <= 90) & (letter != 78) & (letter != 88)
        open_ended = np.flatnonzero(((opening == 60) | (opening == 46)) & ~symbol)
        self._ends(text, buffer, open_ended, columns[6] + 1, (starts, ends), first, last)
        found: list[int] = []
        looked_at = symbol | (columns[3] - columns[2] > LONG) | (columns[4] - columns[3] > LONG)
        looked_at |= ((opening == 46) | (buffer[columns[4] - 1] == 46)) & (columns[4] - columns[3] > 2)
        if _holds_brackets(text, int(starts[0]), int(ends[-1])):
            at_tabs = [match.start() for match in _BREAKEND.finditer(text, int(starts[0]), int(ends[-1]))]
            looked_at[np.searchsorted(starts, at_tabs, side="right") - 1] = True
        for row in np.flatnonzero(looked_at).tolist():
            line = text[starts[row] : ends[row]].split(b"\t", 8)
            chrom = canonical(line[0].decode("latin-1"))
            last[row], wanted = reach(chrom, int(first[row]), line[3], line[4], line[7], self.regions)
            if wanted and not self.windows.touches(chrom, int(first[row]), int(last[row])):
                found.append(row)
        for begin, stop, name in self._runs(text, buffer, starts, columns[0]):
            self._run_order(name, first[begin:stop], begin)
            chrom = canonical(name.decode("latin-1"))
            if chrom in self.windows.by_chrom:
                found += (
                    np.flatnonzero(self.windows.hits(chrom, first[begin:stop], last[begin:stop])) + begin
                ).tolist()
            if self.regions is not None and not self.in_region:
                self.in_region = bool(self.regions.hits(chrom, first[begin:stop], last[begin:stop]).any())
        self.records += len(starts)
        return sorted(found)

    def _positions(
        self, text: bytes, buffer: NDArray[np.uint8], starts: NDArray[np.int64], ends: NDArray[np.int64],
        begin: NDArray[np.int64], stop: NDArray[np.int64],
    ) -> NDArray[np.int64]:  # fmt: skip
        value, bad = _digits(buffer, begin, stop)
        if bad.any():
            index = int(np.flatnonzero(bad)[0])
            raise self._malformed(index, text[starts[index] : ends[index]])
        return value

    def _ends(
        self, text: bytes, buffer: NDArray[np.uint8], rows: NDArray[np.int64], info: NDArray[np.int64],
        lines: tuple[NDArray[np.int64], NDArray[np.int64]], first: NDArray[np.int64], last: NDArray[np.int64],
    ) -> None:  # fmt: skip
        """Write INFO/END of the rows into `last`; END first in INFO (as in most gVCFs) is read without a loop."""
        if not len(rows):
            return
        starts, ends = lines
        begin = info[rows]
        prefix = [np.minimum(begin + k, len(buffer) - 1) for k in range(4)]
        leads = np.logical_and.reduce([buffer[p] == c for p, c in zip(prefix, b"END=", strict=True)])
        quick = rows[leads]
        start = begin[leads] + 4
        value = np.zeros(len(quick), dtype=np.int64)
        going = np.ones(len(quick), dtype=bool)
        for k in range(_POS_DIGITS):
            digit = buffer[np.minimum(start + k, len(buffer) - 1)].astype(np.int64) - 48
            going &= (digit >= 0) & (digit <= 9)
            value = np.where(going, value * 10 + digit, value)
        last[quick] = np.maximum(last[quick], value)
        for row in rows[~leads].tolist():
            match = _END.search(text, int(info[row]) - 1, int(ends[row])) or re.compile(rb"[\t;]END=(\d+)").search(
                text, int(info[row]) - 1, int(ends[row])
            )
            at = _end_of_block(match[1]) if match else _end_by_length(int(first[row]), text[starts[row] : ends[row]])
            last[row] = max(int(last[row]), at)

    def _runs(
        self, text: bytes, buffer: NDArray[np.uint8], starts: NDArray[np.int64], stop: NDArray[np.int64]
    ) -> Iterator[tuple[int, int, bytes]]:
        """Yield (begin, stop, name) of runs of lines with the same CHROM."""
        width = np.minimum(stop - starts, _NAME_BYTES)
        deep = int(width.max())
        changed = np.zeros(len(starts), dtype=bool)
        changed[0] = True
        changed[1:] = width[1:] != width[:-1]
        for k in range(deep):
            byte = np.where(k < width, buffer[np.minimum(starts + k, len(buffer) - 1)], 0)
            changed[1:] |= byte[1:] != byte[:-1]
        edges = [*np.flatnonzero(changed).tolist(), len(starts)]
        for begin, end in pairwise(edges):
            yield begin, end, text[starts[begin] : stop[begin]]

    def _run_order(self, name: bytes, positions: NDArray[np.int64], begin: int) -> None:
        if name.startswith(b"<"):
            return
        self._order(name, int(positions[0]), begin)
        back = np.flatnonzero(positions[1:] < positions[:-1])
        if len(back):
            self.pos = int(positions[back[0]])
            self._order(name, int(positions[back[0] + 1]), begin + int(back[0]) + 1)
        self.pos = int(positions[-1])

    def _order(self, name: bytes, pos: int, index: int) -> None:
        if name.startswith(b"<"):  # a contig of the assembly file, in no order against the others
            return
        if name == self.chrom:
            if pos < self.pos:
                self._unsorted(f"position {pos} comes after {self.pos}", index)
        else:
            if name in self.finished:
                shown = name.decode("latin-1")[:40]
                self._unsorted(f"contig {shown!r} comes back after another one", index)
            self.finished.add(name)
            self.chrom = name
        self.pos = pos

    def _unsorted(self, problem: str, index: int) -> None:
        """Keep the first place where the order is broken; a file that is read whole needs none."""
        if not self.disorder:
            self.disorder = f"the records are not sorted (line {self.line + index + 1}: {problem})"

    def _malformed(self, index: int, line: bytes) -> InputError:
        where = f"line {self.line + index + 1}"
        if not line.strip():
            return InputError("the line is empty", file=self.file, where=where, fix="remove it")
        count = line.count(b"\t") + 1
        if count < 8:
            return InputError(
                f"{count} columns where a record has at least 8, separated by tabs", file=self.file, where=where
            )
        shown = line.split(b"\t", 2)[1].decode("latin-1")[:40]
        return InputError(f"POS {shown!r} is not a number", file=self.file, where=where)


def _is_single(alts: bytes) -> bool:
    """Say whether an ALT column is a breakend without mate."""
    return len(alts) > 1 and (alts[:1] == b"." or alts[-1:] == b".")


def _holds_brackets(text: bytes, begin: int, end: int) -> bool:
    """Say whether it is worth while to search for breakends; outside of them brackets are rare."""
    return text.find(b"[", begin, end) >= 0 or text.find(b"]", begin, end) >= 0


def _may_be_structural(ref: bytes, alts: bytes) -> bool:
    """Say whether an ALT column may hold a structural allele; most of them are one base."""
    if alts[:1] == b"<":
        return alts[1:2] not in _REFERENCE_LETTERS
    return len(ref) >= LONG or len(alts) > 1


def _newlines(buffer: NDArray[np.uint8], begin: int, stop: int) -> NDArray[np.int64]:
    """Return where the line ends are, a piece that fits the processor's cache at a time."""
    pieces = range(begin, stop, _PIECE)
    return np.concatenate([np.flatnonzero(buffer[at : min(at + _PIECE, stop)] == 10) + at for at in pieces])


def _line_ends(text: bytes, begin: int, stop: int) -> tuple[list[int], list[int]]:
    """Return where each line starts and ends, for long lines faster than looking at every byte in numpy."""
    starts, ends = [], []
    while begin < stop:
        end = text.index(b"\n", begin)
        starts.append(begin)
        ends.append(end)
        begin = end + 1
    return starts, ends


def _end_of_block(digits: bytes) -> int:
    """Return INFO/END; a number too long for a position reaches over everything, so that its record is looked at."""
    number = whole_number(digits, _MAX_POS)
    return _MAX_POS if number is None else number


def _end_by_length(first: int, line: bytes) -> int:
    """Return the last base of a block that says how long it is in FORMAT/LEN alone (VCF 4.5)."""
    if b"LEN" not in line:
        return 0
    fields = line.split(b"\t", 9)
    keys = fields[8].decode("latin-1").split(":") if len(fields) > 9 else []
    return first - 1 + max(block_lengths(keys, fields[9] if len(fields) > 9 else b""), default=0)


def _digits(
    buffer: NDArray[np.uint8], begin: NDArray[np.int64], stop: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Read decimal numbers at [begin, stop); also say which are none."""
    width = stop - begin
    bad = (width < 1) | (width > _POS_DIGITS)
    value = np.zeros(len(begin), dtype=np.int64)
    for k in range(min(int(width.max()), _POS_DIGITS)):
        digit = buffer[np.minimum(begin + k, len(buffer) - 1)].astype(np.int64) - 48
        inside = k < width
        bad |= inside & ((digit < 0) | (digit > 9))
        value = np.where(inside, value * 10 + digit, value)
    return value, bad
