"""One record line, taken apart and checked."""

from __future__ import annotations

import re
import zlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pgx.errors import InputError
from pgx.types import NO_COPY, NOT_CALLED
from pgx.variants.vcf import extent
from pgx.variants.vcf.contigs import canonical
from pgx.variants.vcf.sample_columns import BadGenotypeError, SampleColumns, decode, numbers, subfield
from pgx.variants.whole_numbers import decimal_number, whole_number

_REF = re.compile(r"[ACGTN]+$", re.I)
_ALT = re.compile(
    r"(?:[ACGTN]+|\*|\.|<[^<>\s,]+>|[ACGTN.]+([\[\]])[^\s\[\]]+:\d+\1|([\[\]])[^\s\[\]]+:\d+\2[ACGTN.]+|\.[ACGTN]+|[ACGTN]+\.)$",
    re.I,
)
_PASSES = frozenset({"PASS", ".", "", "0"})
"""What FILTER holds where no filter failed; the knowledge's `filter_words` add what other programs write there."""
_REFERENCE = frozenset({"RefCall"})
"""FILTER values by which a caller says that the site is reference (DeepVariant); such a genotype is used."""
REFERENCE_ALTS = frozenset({"<NON_REF>", "<*>", "."})
"""ALT words for any allele that is not written out: such a record vouches for the reference."""
MAX_POSITION = 2**31 - 1
HOMOPLASMIC = 0.95
"""Share of reads from which a mitochondrial allele counts as the only one, as in gnomAD (Laricchia 2022)."""
FEWEST_READS = 3
"""Reads from which a second mitochondrial allele is more than an error of sequencing."""
SHARES = ("AF", "VAF", "HF", "FREQ")
"""What callers name the share of the reads of each ALT: Mutect2, DeepVariant, MToolBox, VarScan."""


@dataclass(slots=True)
class Record:
    """The fixed columns of a record; `end` is the last base that it speaks of; `rest` the sample columns as text.

    `passes` says whether FILTER lets the record be used; `quality` is QUAL. Of `spelled` alleles the file counts units.
    """

    where: str
    chrom: str
    pos: int
    ref: str
    alts: list[str]
    filters: str
    info: str
    format: list[str]
    rest: bytes
    end: int
    passes: bool = True
    quality: str = "."
    spelled: bool = False

    @property
    def is_block(self) -> bool:
        """Whether the record only says that a stretch is reference, as gVCFs do."""
        return all(alt in REFERENCE_ALTS for alt in self.alts) and (
            self.alts != ["."] or self.end >= self.pos + len(self.ref)
        )

    @property
    def is_reference_call(self) -> bool:
        """Whether FILTER says that no variant was found here."""
        return self.filters in _REFERENCE

    def info_value(self, key: str) -> str | None:
        """Return the text of an INFO key, or None."""
        for part in self.info.split(";"):
            name, _, value = part.partition("=")
            if name == key:
                return value
        return None


def parse(where: str, line: bytes, samples: int, file: object, harmless: frozenset[str] = frozenset()) -> Record:
    """Take a record line apart; `harmless` are words of FILTER, upper case, that are no failure.

    Raises
    ------
    InputError
        If a column that genotypes depend on is missing or malformed.
    """
    fields = line.split(b"\t", 9)
    if len(fields) < 10:
        raise InputError(f"{len(fields)} columns where the header names {samples + 9}", file=file, where=where,
                         fix="the line may be cut short")  # fmt: skip
    name, pos, _, ref, alt, quality, filters, info, form = (part.decode("latin-1") for part in fields[:9])
    chrom = canonical(name)
    columns = fields[9].count(b"\t") + 1
    if samples and columns != samples:
        raise InputError(f"{columns} sample columns where the header names {samples}", file=file, where=where,
                         fix="the line may be cut short")  # fmt: skip
    at = whole_number(pos, MAX_POSITION)
    if at is None:
        raise InputError(f"POS {pos[:40]!r} is not a position", file=file, where=where)
    if not _REF.match(ref):
        raise InputError(f"REF {ref[:40]!r} is not a base string", file=file, where=where)
    alts = [_alt(one, file, where) for one in alt.split(",")]
    keys = form.split(":")
    if "GT" in keys[1:] and keys[0] != "GT":
        raise InputError("GT is not the first key of FORMAT", file=file, where=where)
    record = Record(where, chrom or name, at, ref.upper(), alts, filters, info, keys, fields[9], at + len(ref) - 1)
    record.quality = quality
    words = filters.split(";")
    record.passes = filters in _PASSES or all(word == "PASS" or word.upper() in harmless for word in words)
    if alts[0][0] in "<.":
        end = record.info_value("END")
        if end not in (None, ".") and extent.elsewhere(record.chrom, info) is None:
            last = whole_number(end or "", MAX_POSITION)
            if last is None or last < record.pos - 1:  # what lies between two bases ends before it begins
                raise InputError(f"END={end[:40]} does not lie behind POS", file=file, where=where)
            record.end = max(record.end, last)
        record.end = max([record.end, *(at + length - 1 for length in block_lengths(keys, record.rest))])
    return record


def block_lengths(keys: list[str], rest: bytes) -> list[int]:
    """Return how many bases of a reference block each sample has (FORMAT/LEN of VCF 4.5, 0 where missing); empty
    without LEN."""
    if "LEN" not in keys[1:]:
        return []
    index = keys.index("LEN")
    columns = [column.split(b":") for column in rest.split(b"\t")]
    return [(whole_number(column[index], MAX_POSITION) or 0) if index < len(column) else 0 for column in columns]


def genotypes(record: Record, samples: tuple[str, ...], file: object) -> SampleColumns:
    """Decode the sample columns of a record.

    Raises
    ------
    InputError
        If a column is missing, is not a genotype, or names an allele that the record does not have.
    """
    count = len(samples)
    try:
        if record.format[0] != "GT":
            return SampleColumns(np.full((count, 2), NOT_CALLED, dtype=np.int16), np.zeros(count, dtype=bool))
        columns = decode(record.rest, count)
    except BadGenotypeError as error:
        where = record.where if error.column is None else f"{record.where}, sample {samples[error.column]}"
        raise InputError(
            str(error), file=file, where=where, fix="the line may be cut short or edited by hand"
        ) from error
    highest = len(record.alts)
    if columns.gt.size and int(columns.gt.max()) > highest:
        row = int(np.flatnonzero((columns.gt > highest).any(axis=1))[0])
        raise InputError(
            f"genotype names allele {int(columns.gt[row].max())} but the record has only {highest} ALT",
            file=file, where=f"{record.where}, sample {samples[row]}",
        )  # fmt: skip
    if record.chrom == "chrM":
        _settle_mitochondrial(record, columns, count)
    return columns


def values(record: Record, keys: tuple[str, ...], count: int) -> NDArray[np.float64] | None:
    """Return the first of the FORMAT `keys` that has a value, as numbers (NaN = none has); None without the keys."""
    found: NDArray[np.float64] | None = None
    for key in keys:
        if key in record.format and (found is None or np.isnan(found).any()):
            more = numbers(record.rest, count, record.format.index(key))
            found = more if found is None else np.where(np.isnan(found), more, found)
    return found


def counts_carriers(record: Record) -> bool:
    """Say whether INFO counts a carrier of an ALT among the samples of the file."""
    counts = [decimal_number(number) for number in (record.info_value("AC") or "").split(",")]
    return any(number is not None and number > 0 for number in counts)


def phase_sets(record: Record, count: int) -> NDArray[np.int32] | None:
    """Return PS of every sample, 0 where missing; None if the record has no PS."""
    if "PS" not in record.format:
        return None
    found = [_phase_set(text) for text in subfield(record.rest, count, record.format.index("PS"))]
    return np.array(found, dtype=np.int32)


def physical_phase(record: Record, columns: SampleColumns, count: int) -> NDArray[np.int32] | None:
    """Take the phase that older GATK writes beside an unphased GT (PGT, PID); return the phase sets, None without.

    Only plain heterozygous genotypes are given an order; PID begins with the position of the set's first variant.
    """
    if "PGT" not in record.format or "PID" not in record.format:
        return None
    orders = subfield(record.rest, count, record.format.index("PGT"))
    names = subfield(record.rest, count, record.format.index("PID"))
    sets = np.zeros(count, dtype=np.int32)
    for index, (order, name) in enumerate(zip(orders, names, strict=True)):
        if order in (b"0|1", b"1|0") and name != b"." and sorted(columns.gt[index].tolist()) == [0, 1]:
            if not columns.phased[index]:
                columns.gt[index] = (0, 1) if order == b"0|1" else (1, 0)
                columns.phased[index] = True
            sets[index] = _phase_set(name.split(b"_", 1)[0])
    return sets


def _settle_mitochondrial(record: Record, columns: SampleColumns, count: int) -> None:
    """Let the reads say which mitochondrial genotypes are of one allele; in place.

    Callers made for two copies write 0/1 for any mixture (Mutect2 for all there is), callers made for one copy write a
    mixture as its larger part; the fraction stands in AF, or what else callers name it, or AD.
    """
    told = (columns.gt[:, 0] >= 0) & ((columns.gt[:, 1] >= 0) | (columns.gt[:, 1] == NO_COPY))
    fractions = _fractions(record, count) if told.any() else []
    for index in np.flatnonzero(told).tolist():
        one, two = columns.gt[index].tolist()
        shares = fractions[index]
        if two not in (one, NO_COPY):
            for allele, share in shares.items():
                if share >= HOMOPLASMIC:
                    columns.gt[index] = (allele, NO_COPY)
            continue
        others = {allele: share for allele, share in shares.items() if allele != one}
        if others and max(others.values()) > 1 - HOMOPLASMIC:
            columns.gt[index] = (one, max(others, key=others.__getitem__))


def _fractions(record: Record, count: int) -> list[dict[int, float]]:
    """Return the share of reads of each allele, by sample, as far as it is told; 0 is the reference."""
    found = _shares_by_depth(record, count)
    for key in reversed(SHARES):
        if key in record.format[1:]:
            for row, shares in enumerate(read_shares(record, count, key).tolist()):
                if not np.isnan(shares).any():
                    found[row] = dict(enumerate([1 - sum(shares), *shares]))
    return found


def _shares_by_depth(record: Record, count: int) -> list[dict[int, float]]:
    """Return the same from AD."""
    found: list[dict[int, float]] = [{} for _ in range(count)]
    if "AD" not in record.format[1:]:
        return found
    for row, text in enumerate(subfield(record.rest, count, record.format.index("AD"))):
        read = [decimal_number(part) for part in text.split(b",")]
        depths = [] if None in read else [depth for depth in read if depth is not None]
        depths = [depth if depth >= FEWEST_READS or depth == max(depths) else 0.0 for depth in depths]
        whole = sum(depths)
        if whole > 0 and len(depths) == len(record.alts) + 1:  # VarScan's AD is of the ALT alone
            found[row] = {allele: depth / whole for allele, depth in enumerate(depths)}
    return found


def read_shares(record: Record, count: int, key: str) -> NDArray[np.float64]:
    """Return the share of the reads of each ALT, (S, ALTs), NaN where it is not told; VarScan writes it in percent."""
    found = np.full((count, len(record.alts)), np.nan)
    for row, text in enumerate(subfield(record.rest, count, record.format.index(key))):
        read = [decimal_number(part.removesuffix(b"%")) for part in text.split(b",")]
        if len(read) == len(record.alts) and None not in read:
            found[row] = np.array(read, dtype=np.float64) / (100 if b"%" in text else 1)
    return found


def failed_samples(record: Record, count: int) -> NDArray[np.bool_] | None:
    """Return which samples fail their own filter (FORMAT/FT); None if the record has no FT."""
    if "FT" not in record.format:
        return None
    texts = subfield(record.rest, count, record.format.index("FT"))
    return np.array([text not in (b"PASS", b".", b"") for text in texts], dtype=bool)


def _phase_set(text: bytes) -> int:
    number = whole_number(text, MAX_POSITION)
    if number is not None:
        return number
    return 0 if text == b"." else phase_set_number(text)


def phase_set_number(name: bytes) -> int:
    """Return a number for the name of a phase set, the same in every run; never 0."""
    return (zlib.crc32(name) & 0x7FFFFFFF) or 1


def _alt(alt: str, file: object, where: str) -> str:
    if not _ALT.match(alt):
        raise InputError(f"ALT {alt[:40]!r} is neither bases nor a symbol", file=file, where=where)
    if alt.upper() == "<*:DEL>":  # GATK 3
        return "*"
    return alt if alt[0] == "<" else alt.upper()
