"""The sample columns of one record, as arrays."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pgx.types import NO_COPY, NOT_CALLED
from pgx.variants.whole_numbers import decimal_number, whole_number

_TAB, _COLON, _COMMA, _DOT, _ZERO, _SLASH, _BAR = 9, 58, 44, 46, 48, 47, 124
_DIGITS = 9
_MOST_ALLELES = 32767
_GT = re.compile(rb"([/|]?)(\.|\d+)(?:([/|])(\.|\d+))?((?:[/|](?:\.|\d+))*)$")

_VALUE = np.full(256, -99, dtype=np.int16)
_VALUE[48:58] = np.arange(10)
_VALUE[_DOT] = NOT_CALLED
_IS_SEPARATOR = np.zeros(256, dtype=bool)
_IS_SEPARATOR[[_SLASH, _BAR]] = True
_ENDS = np.zeros(256, dtype=bool)
_ENDS[[_TAB, _COLON]] = True
_MARKS = _ENDS.copy()
_MARKS[_COMMA] = True


class BadGenotypeError(ValueError):
    """A sample column that is not a genotype; `column` is its index, or None if the count of columns is wrong."""

    def __init__(self, problem: str, column: int | None = None) -> None:
        super().__init__(problem)
        self.column = column


@dataclass(slots=True)
class SampleColumns:
    """What the GT sub-field of one record says.

    `gt` int16 (S, 2) holds indices into REF and ALTs, NOT_CALLED or NO_COPY; `phased` bool (S,); `polyploid` bool (S,)
    marks genotypes of three or more alleles, whose `gt` is NOT_CALLED.
    """

    gt: NDArray[np.int16]
    phased: NDArray[np.bool_]
    polyploid: NDArray[np.bool_] | None = None


def decode(rest: bytes, count: int) -> SampleColumns:
    """Decode the GT of `count` samples from the text after the FORMAT column (GT is the first sub-field).

    Raises
    ------
    BadGenotypeError
        If there are more or fewer columns, or a column does not hold a genotype.
    """
    buffer = np.frombuffer(rest + b"\t\0\0\0", dtype=np.uint8)
    starts = _column_starts(buffer, len(rest), count)
    first, second = buffer[starts], buffer[starts + 1]
    third, fourth = buffer[starts + 2], buffer[starts + 3]
    gt = np.empty((count, 2), dtype=np.int16)
    gt[:, 0], gt[:, 1] = _VALUE[first], _VALUE[third]
    plain = (gt[:, 0] > -99) & (gt[:, 1] > -99) & _IS_SEPARATOR[second] & _ENDS[fourth]
    phased = second == _BAR
    if plain.all():
        return SampleColumns(gt, phased)
    haploid = (gt[:, 0] > -99) & _ENDS[second]
    gt[haploid, 1] = NO_COPY
    gt[haploid & (first == _DOT)] = NOT_CALLED
    phased[haploid] = False
    odd = np.flatnonzero(~(plain | haploid))
    polyploid = np.zeros(count, dtype=bool) if len(odd) else None
    for column in odd:
        begin = int(starts[column])
        text = rest[begin : rest.find(b"\t", begin) if column < count - 1 else len(rest)].split(b":", 1)[0]
        one, two, is_phased, many = _parse(text, int(column))
        gt[column], phased[column] = (one, two), is_phased
        if many and polyploid is not None:
            polyploid[column] = True
    return SampleColumns(gt, phased, polyploid)


def subfield(rest: bytes, count: int, index: int) -> list[bytes]:
    """Return sub-field `index` of every sample; ``b"."`` where it is left out."""
    found = []
    for column in rest.split(b"\t"):
        parts = column.split(b":")
        found.append(parts[index] if index < len(parts) and parts[index] else b".")
    if len(found) != count:
        raise BadGenotypeError(_count_problem(len(found), count))
    return found


def numbers(rest: bytes, count: int, index: int) -> NDArray[np.float64]:
    """Return sub-field `index` of every sample as a number, of a list the first; NaN where missing or unreadable."""
    buffer = np.frombuffer(rest + b"\t" + b"\0" * _DIGITS, dtype=np.uint8)
    held = buffer[: len(rest) + 1]
    marks = np.flatnonzero((held == _TAB) | (held == _COLON))
    tabs = np.flatnonzero(buffer[marks] == _TAB)
    if len(tabs) != count:
        raise BadGenotypeError(_count_problem(len(tabs), count))
    first = np.zeros(count, dtype=np.int64)
    first[1:] = tabs[:-1] + 1
    present = first + index <= tabs
    closing = np.minimum(first + index, tabs)
    end = marks[closing]
    begin = np.where(closing == 0, 0, marks[closing - 1] + 1)
    width = end - begin
    value = np.zeros(count, dtype=np.float64)
    plain = present & (width > 0) & (width <= _DIGITS)
    for k in range(min(int(width.max(initial=0)), _DIGITS)):
        digit = buffer[np.minimum(begin + k, len(buffer) - 1)].astype(np.int64) - _ZERO
        inside = k < width
        plain &= ~inside | ((digit >= 0) & (digit <= 9))
        value = np.where(inside & plain, value * 10 + digit, value)
    value[~plain] = np.nan
    for column in np.flatnonzero(present & ~plain & (width > 1)):
        value[column] = _number(rest[begin[column] : end[column]])
    return value


def lists(rest: bytes, count: int, index: int, width: int) -> NDArray[np.float64]:
    """Return sub-field `index` of every sample as (S, width) numbers; NaN where it is not a list of so many."""
    buffer = np.frombuffer(rest + b"\t", dtype=np.uint8)
    marks = np.flatnonzero(_MARKS[buffer])
    kinds = buffer[marks]
    tabs = np.flatnonzero(kinds == _TAB)
    if len(tabs) != count:
        raise BadGenotypeError(_count_problem(len(tabs), count))
    colons = np.append(np.flatnonzero(kinds == _COLON), len(marks))
    first = np.zeros(count, dtype=np.int64)
    first[1:] = tabs[:-1] + 1
    # The marks that open and close the sub-field: the colon before it, and the next colon or tab behind it.
    nth = np.searchsorted(colons, first) + index - 1
    opens = colons[np.minimum(nth, len(colons) - 1)]
    closes = np.minimum(colons[np.minimum(nth + 1, len(colons) - 1)], tabs)
    whole = np.flatnonzero((opens < tabs) & (closes - opens == width))
    found = np.full((count, width), np.nan)
    for k in range(width):
        begin, end = marks[opens[whole] + k] + 1, marks[opens[whole] + k + 1]
        found[whole, k] = _parsed(rest, buffer, begin, end)
    found[np.isnan(found).any(axis=1)] = np.nan
    return found


def _parsed(
    rest: bytes, buffer: NDArray[np.uint8], begin: NDArray[np.int64], end: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Read the numbers at [begin, end); whole numbers all at once, others one at a time; NaN where there is none."""
    size = end - begin
    value = np.zeros(len(begin), dtype=np.float64)
    plain = (size > 0) & (size <= _DIGITS)
    for k in range(min(int(size.max(initial=0)), _DIGITS)):
        digit = buffer[np.minimum(begin + k, len(buffer) - 1)].astype(np.int16) - _ZERO
        inside = k < size
        plain &= ~inside | ((digit >= 0) & (digit <= 9))
        value = np.where(inside, value * 10 + digit, value)
    odd = np.flatnonzero(~plain)
    value[odd] = [_number(rest[b:e]) for b, e in zip(begin[odd].tolist(), end[odd].tolist(), strict=True)]
    return value


def _number(text: bytes) -> float:
    value = decimal_number(text.split(b",", 1)[0])
    return float("nan") if value is None else value


def _column_starts(buffer: NDArray[np.uint8], length: int, count: int) -> NDArray[np.int64]:
    if length == 4 * count - 1 and bool((buffer[3 : 4 * count : 4] == _TAB).all()):
        starts = np.arange(0, 4 * count, 4, dtype=np.int64)
        if not (buffer[: 4 * count].reshape(count, 4)[:, :3] == _TAB).any():
            return starts
    tabs = np.flatnonzero(buffer[: length + 1] == _TAB)
    if len(tabs) != count:
        raise BadGenotypeError(_count_problem(len(tabs), count))
    starts = np.zeros(count, dtype=np.int64)
    starts[1:] = tabs[:-1] + 1
    return starts


def _count_problem(found: int, expected: int) -> str:
    return f"{found} sample columns where the header names {expected}"


def _parse(text: bytes, column: int) -> tuple[int, int, bool, bool]:
    """Read one unusual GT: two-digit indices, leading separators of VCF 4.4, polyploid calls."""
    match = _GT.match(text)
    if match is None:
        raise BadGenotypeError("what stands there is not a genotype", column)
    lead, one, separator, two, more = match.groups()
    if more:
        return NOT_CALLED, NOT_CALLED, False, True
    first = _index(one)
    if separator is None:
        return first, (NOT_CALLED if first == NOT_CALLED else NO_COPY), False, False
    return first, _index(two), separator == b"|" and lead != b"/", False


def _index(text: bytes) -> int:
    if text == b".":
        return NOT_CALLED
    number = whole_number(text, _MOST_ALLELES)
    return _MOST_ALLELES if number is None else number
