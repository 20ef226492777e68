"""Check one record beyond what reading its genotypes needs: ID, QUAL, FILTER, INFO, FORMAT and the sample values."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from math import comb

from pgx.errors import InputError
from pgx.variants.trim import trim
from pgx.variants.vcf import records
from pgx.variants.vcf.check_header import (
    KEY,
    OLD,
    RESERVED_INFO,
    SINCE_44,
    Finding,
    Key,
    Meta,
    Severity,
    is_contig_name,
)
from pgx.variants.vcf.check_structural import record_problems, sample_problems
from pgx.variants.whole_numbers import whole_number

_SPACE = re.compile(r"\s")
_INTEGER = re.compile(r"[+-]?\d+$")
_FLOAT = re.compile(r"[+-]?(?:\d+\.?\d*(?:e[+-]?\d+)?|\.\d+(?:e[+-]?\d+)?|inf(?:inity)?|nan)$", re.I)
_CIGAR = re.compile(r"(?:\d+[MIDNSHPX=])+$")
_CHROM = re.compile(r"(?:<[^\s,<>]+>|[^\s,<>]+)$")
_UNENCODED = re.compile(r"[\x00-\x1f]|%(?![0-9A-Fa-f]{2})")
"""What VCF 4.3 wants written as %25 or the like in a value."""
_INTEGERS = (-(2**31) + 8, 2**31 - 1)
"""The least and largest whole number; the eight below the least are reserved for BCF."""
_PLAIN_KEY = re.compile(r"[A-Za-z0-9]+$")
_NOT_NEGATIVE = frozenset({"AC", "AF", "AN", "DP", "END", "GQ", "LPL", "MQ0", "NS", "PL", "PS", "PSQ"})
_PLAIN_TYPES = frozenset({"String"})
_DIGITS = 20
_REMEMBER = 20_000

Problem = tuple[Severity, str]


@dataclass(slots=True)
class RowChecker:
    """Checks records one after the other; remembers positions for the order and for duplicates."""

    meta: Meta
    samples: tuple[str, ...]
    version: str
    file: object
    seen: dict[tuple[int, str, str], str] = field(default_factory=dict)
    chrom: str = ""

    def check(self, where: str, line: bytes, *, values: bool = True) -> list[Finding]:
        """Return what is wrong with one record line; `values` also checks each sample's sub-fields."""
        if line.count(b"\t") + 1 == 8 and not self.samples:
            line += b"\t.\t."
        try:
            record = records.parse(where, line, len(self.samples), self.file)
            if self.samples:
                records.genotypes(record, self.samples, self.file)
        except InputError as error:
            return [Finding("error", "record", error.problem, error.where or where)]
        return self.problems(record, line, values=values)

    def problems(self, record: records.Record, line: bytes, *, values: bool = True) -> list[Finding]:
        """Return what is wrong with a record beside its genotypes."""
        found = [Finding(severity, "record", text, record.where) for severity, text in self._problems(record, line)]
        if values and self.samples and record.format != ["GT"]:
            found += self._values(record)
        return found

    def duplicates(self, where: str, record_line: bytes) -> list[Finding]:
        """Return a finding if the record repeats a variant."""
        chrom, pos, _, ref, alt = record_line.split(b"\t", 5)[:5]
        name, at = chrom.decode("latin-1"), whole_number(pos) or 0
        if name != self.chrom or len(self.seen) > _REMEMBER:
            self.seen = {k: v for k, v in self.seen.items() if name == self.chrom and k[0] > at - 1000}
            self.chrom = name
        found: list[Finding] = []
        reference = ref.decode("latin-1").upper()
        for one in set(alt.decode("latin-1").upper().split(",")):
            if not one or not set(one) <= set("ACGTN"):
                continue
            key = trim(at, reference, one)
            if key in self.seen:
                found.append(
                    Finding("error", "duplicate", f"the variant is the same as that of {self.seen[key]}", where)
                )
            self.seen[key] = where
        return found

    def _problems(self, record: records.Record, line: bytes) -> Iterator[Problem]:
        chrom, _, name, _, _, quality = (part.decode("latin-1") for part in line.split(b"\t", 6)[:6])
        if not _CHROM.match(chrom):
            yield "error", f"CHROM {chrom[:40]!r} is not a contig name"
        elif not is_contig_name(chrom, self.version):
            yield "warning", f"CHROM {chrom[:40]!r} has a character that other programs do not read in it"
        if _SPACE.search(name) or "" in name.split(";"):
            yield "warning", f"ID {name[:40]!r} is malformed"
        if _repeats(name.split(";")):
            yield "warning", f"ID {name[:40]!r} names a variant twice"
        if quality != "." and (not _FLOAT.match(quality) or quality.startswith("-")):
            yield "warning", f"QUAL {quality[:40]!r} is not a positive number"
        yield from _alts(record)
        yield from _filter(record.filters)
        yield from self._info(record)
        yield from self._format(record)
        if self.version in SINCE_44:
            entries = [] if record.info == "." else record.info.split(";")
            info = {name: text for name, _, text in (part.partition("=") for part in entries)}
            for text in record_problems(info, record.alts, record.format):
                yield "warning", text
        if record.alts == ["."] and b"1" in re.sub(rb":[^\t]*", b"", record.rest) and record.format[0] == "GT":
            yield "warning", "a genotype names allele 1 but ALT is missing"

    def _info(self, record: records.Record) -> Iterator[Problem]:
        if record.info == ".":
            return
        entries = record.info.split(";")
        if "" in entries:
            yield "warning", "INFO has an empty entry"
        if _repeats([part.partition("=")[0] for part in entries]):
            yield "warning", "INFO has a key twice"
        for part in entries:
            yield from self._entry(record, part)

    def _entry(self, record: records.Record, part: str) -> Iterator[Problem]:
        name, equals, text = part.partition("=")
        if _SPACE.search(part):
            yield "warning", f"INFO {part[:40]!r} has a space"
        if equals and not name:
            yield "warning", f"INFO {part[:40]!r} has no key"
        elif not self._is_info_key(name):
            yield "warning", f"INFO key {name[:40]!r} has a character that is not allowed"
        if self.version not in OLD and not self.meta.lenient and _UNENCODED.search(text):
            yield "warning", f"INFO {name} has a character that is written in percent encoding"
        key = self.meta.info.get(name)
        if key is None:
            return
        if key.type == "Flag":
            if equals and not (name in RESERVED_INFO and text in ("0", "1")):
                yield "warning", f"INFO {name} is a flag but has the value {text[:40]!r}"
        elif not text:
            if equals or key.number != "0":
                yield "warning", f"INFO {name} has no value"
        else:
            yield from _typed_value(
                f"INFO {name}", name, text, key, len(record.alts) if record.alts != ["."] else 0, None
            )

    def _format(self, record: records.Record) -> Iterator[Problem]:
        keys = record.format
        if keys == ["."]:
            return
        for key in keys:
            if not key or _SPACE.search(key):
                yield "error", "FORMAT has an empty key or one with a space"
            elif f"FORMAT.{key}" not in self.meta.declared and not self._key().match(key):
                yield "warning", f"FORMAT key {key[:40]!r} has a character that is not allowed"
        if len(set(keys)) < len(keys):
            yield "warning", "FORMAT names a key twice"

    def _is_info_key(self, name: str) -> bool:
        """Whether INFO may have this key; readers take any name."""
        lenient = self.meta.lenient or self.version in OLD or not name
        return lenient or name == "1000G" or KEY.match(name) is not None

    def _key(self) -> re.Pattern[str]:
        """Return what an undeclared key must look like: VCF 4.3 was the first to allow underscores and dots."""
        return _PLAIN_KEY if self.version in OLD else KEY

    def _values(self, record: records.Record) -> Iterator[Finding]:
        rules = [self.meta.format.get(key) for key in record.format]
        alts = len(record.alts) if record.alts != ["."] else 0
        for sample, column in zip(self.samples, record.rest.split(b"\t"), strict=True):
            parts = column.decode("latin-1").split(":")
            if len(parts) > len(record.format):
                text = f"sample {sample} has more values than FORMAT has keys"
                yield Finding("error", "record", text, record.where, sample)
                continue
            ploidy = _ploidy(parts[0]) if record.format[0] == "GT" else None
            for problem in sample_problems(record.format, parts, alts) if self.version in SINCE_44 else ():
                yield Finding("warning", "record", f"sample {sample}: {problem}", record.where, sample)
            for key, rule, text in zip(record.format, rules, parts, strict=False):
                if key != "GT" and rule is not None:
                    for severity, problem in _typed_value(key, key, text, rule, alts, ploidy):
                        yield Finding(severity, "record", f"sample {sample}: {problem}", record.where, sample)


def _alts(record: records.Record) -> Iterator[Problem]:
    alts = [alt.upper() if alt.isalpha() else alt for alt in record.alts]
    # Two symbolic alleles of one name may differ in their length, which INFO tells.
    if _repeats([alt for alt in alts if not alt.startswith("<")]):
        yield "warning", "ALT names an allele twice"
    if record.ref in alts:
        yield "warning", "ALT names the allele of REF"
    if "." in alts and len(alts) > 1:
        yield "warning", "ALT is missing beside an allele"


def _filter(filters: str) -> Iterator[Problem]:
    if filters in ("PASS", "."):
        return
    parts = filters.split(";")
    if any(not part or part in (".", "0") for part in parts) or _SPACE.search(filters):
        yield "warning", f"FILTER {filters[:40]!r} is malformed"
    elif _repeats(parts):
        yield "warning", f"FILTER {filters[:40]!r} names a filter twice"


def _repeats(names: list[str]) -> bool:
    return len(names) > 1 and len(set(names)) < len(names)


def _typed_value(label: str, name: str, text: str, key: Key, alts: int, ploidy: int | None) -> Iterator[Problem]:
    if text in (".", "") or text.startswith('"'):
        return
    parts = text.split(",")
    expected = _expected(key.number, alts, ploidy)
    if key.type == "Character" and len(parts) == 1 and expected == len(text):
        return  # characters side by side, as GLnexus writes RNC
    if expected is not None and len(parts) != expected:
        yield "warning", f"{label} has {len(parts)} values where {expected} are due"
    if key.type in _PLAIN_TYPES and name != "CIGAR":
        return
    for part in parts:
        if part == ".":
            continue
        if not _fits(part, key.type, name):
            yield "warning", f"{label} value {part[:40]!r} is not a {key.type.lower()}"
            return
        if name in _NOT_NEGATIVE and part.startswith("-"):
            yield "warning", f"{label} value {part[:40]!r} is negative"
            return


def _fits(text: str, kind: str, name: str) -> bool:
    if name == "CIGAR":
        return _CIGAR.match(text) is not None
    if kind == "Integer":
        return _INTEGER.match(text) is not None and len(text) <= _DIGITS and _INTEGERS[0] <= int(text) <= _INTEGERS[1]
    if kind == "Float":
        return _FLOAT.match(text) is not None
    return len(text) == 1 if kind == "Character" else True


def _expected(number: str, alts: int, ploidy: int | None) -> int | None:
    """Return how many values a Number asks for; None if it cannot be told."""
    if number.isdigit():
        return whole_number(number) or None
    if number == "P" or not alts:
        return ploidy if number == "P" else None
    if number == "A":
        return alts
    if number == "R":
        return alts + 1
    if number == "G" and ploidy is not None:
        return comb(alts + ploidy, ploidy)
    return None


def _ploidy(gt: str) -> int | None:
    alleles = re.split(r"[/|]", gt.lstrip("/|"))
    return None if "." in alleles and len(alleles) == 1 else len(alleles)
