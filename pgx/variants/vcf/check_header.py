"""Check the meta-information lines of a VCF header, and learn what INFO and FORMAT keys may hold."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

SINCE_44 = frozenset({"VCFv4.4", "VCFv4.5"})
"""Versions with rules on structural variants, repeats and phase sets."""
Severity = Literal["error", "warning"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong; an error means that genotypes cannot be trusted. `sample` is whose column it is in."""

    severity: Severity
    code: str
    message: str
    where: str
    sample: str | None = None


@dataclass(frozen=True, slots=True)
class Key:
    """What an INFO or FORMAT key may hold: how many values, of which type."""

    number: str
    type: str


# Keys that the specification reserves (VCF 4.1 and 4.2, sections 1.4.1 and 1.4.2), with number and type.
RESERVED_INFO = {
    "AA": Key("1", "String"), "AC": Key("A", "Integer"), "AF": Key("A", "Float"), "AN": Key("1", "Integer"),
    "BQ": Key("1", "Float"), "CIGAR": Key("A", "String"), "DB": Key("0", "Flag"), "DP": Key("1", "Integer"),
    "END": Key("1", "Integer"), "H2": Key("0", "Flag"), "H3": Key("0", "Flag"), "MQ": Key("1", "Float"),
    "MQ0": Key("1", "Integer"), "NS": Key("1", "Integer"), "SOMATIC": Key("0", "Flag"),
    "VALIDATED": Key("0", "Flag"), "1000G": Key("0", "Flag"),
}  # fmt: skip
RESERVED_FORMAT = {
    "GT": Key("1", "String"), "DP": Key("1", "Integer"), "EC": Key("A", "Integer"), "FT": Key("1", "String"),
    "GL": Key("G", "Float"), "GLE": Key("G", "String"), "GP": Key("G", "Float"), "GQ": Key("1", "Integer"),
    "HQ": Key("2", "Integer"), "MQ": Key("1", "Integer"), "PL": Key("G", "Integer"), "PQ": Key("1", "Integer"),
    "PS": Key("1", "Integer"),
}  # fmt: skip
# Reserved since VCF 4.3 (sections 1.6.1 and 1.6.2).
_SINCE_43 = {name: Key("R", "Integer") for name in ("AD", "ADF", "ADR")}
# Reserved since VCF 4.4 and 4.5 (sections 1.6.2, 3 and 5): many were there before, of other numbers and types.
_SINCE_44 = {
    **dict.fromkeys(("SVLEN", "HOMLEN", "RN"), Key("A", "Integer")),
    **dict.fromkeys(("HOMSEQ", "BKPTID", "DGVID", "DBVARID", "DBRIPID", "MATEID", "PARID"), Key("A", "String")),
    **dict.fromkeys(("EVENT", "EVENTTYPE", "SVCLAIM"), Key("A", "String")),
    **dict.fromkeys(("CIPOS", "CIEND", "CILEN", "RUL", "RB", "CIRB", "RUB"), Key(".", "Integer")),
    **dict.fromkeys(("CICN", "RUC", "CIRUC"), Key(".", "Float")),
    **dict.fromkeys(("MEINFO", "METRANS", "RUS"), Key(".", "String")),
    **dict.fromkeys(("IMPRECISE", "NOVEL"), Key("0", "Flag")),
    "SVTYPE": Key("1", "String"), "CN": Key("A", "Float"),
    "FORMAT.CN": Key("1", "Float"), "FORMAT.CICN": Key("2", "Float"), "FORMAT.CNQ": Key("1", "Float"),
    "FORMAT.CNL": Key("G", "Float"), "FORMAT.CNP": Key("G", "Float"), "FORMAT.NQ": Key("1", "Integer"),
    "FORMAT.HAP": Key("1", "Integer"), "FORMAT.AHAP": Key("1", "Integer"), "FORMAT.PSL": Key("P", "String"),
    "FORMAT.PSO": Key("P", "Integer"), "FORMAT.PSQ": Key("P", "Integer"), "FORMAT.LAA": Key(".", "Integer"),
    "FORMAT.LEN": Key("1", "Integer"),
}  # fmt: skip
OLD = frozenset({"VCFv4.0", "VCFv4.1", "VCFv4.2"})
"""Versions before 4.3, which tightened many rules."""
_COLONS = OLD | {"VCFv4.3"}
"""Versions in whose contig names the specification, or its test files, want no colon: breakends are told by it."""
_ASTERISKS = frozenset({"VCFv4.3", "VCFv4.4", "VCFv4.5"})
"""Versions whose test files want no asterisk in the name of a contig, but for HLA."""
# Tools that differ from the table on purpose: a type that is wider than the reserved one is accepted.
_ALSO_ACCEPTED = {("MQ", "Float"), ("MQ", "Integer"), ("FORMAT.GQ", "Float"), ("FORMAT.FT", "."), ("FORMAT.AD", ".")}
# Against the table, but plain to read: Minimac and Beagle write one ALT a line, Genome in a Bottle names phase sets.
_UNDERSTOOD = {("AF", "1"), ("FORMAT.PS", "String")}

KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_.]*$")
"""What the name of an INFO or FORMAT key looks like since VCF 4.3 (INFO's 1000G apart)."""
_NUMBER = re.compile(r"(\d+|[ARG.]|L[ARG]|P|M)$")
_SOURCES = ("Source", "Version")
_TYPES = frozenset({"Integer", "Float", "Flag", "Character", "String"})
_ORDER = ("ID", "Number", "Type", "Description")
_STRUCTURED = frozenset({"INFO", "FORMAT", "FILTER", "ALT", "contig", "SAMPLE", "PEDIGREE", "META"})
_ALT_PREFIXES = re.compile(r"(DEL|INS|DUP|INV|CNV|BND|TRA|NON_REF|\*|X|CN\d+|STR\d+)(:|$)")
_SAMPLE_ID = re.compile(r"[\w.\-+@/|~#$%&!?^;]+$")
_META_ORDER = ("ID", "Type", "Number", "Values")
_META_NUMBER = re.compile(r"(\.|\d{1,9})$")
_FIELD_NAME = re.compile(r"([\w.]+)=")
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"')
_URL = re.compile(r"(https?|ftp|file)://(?=[^/:]*[A-Za-z]|\d+\.\d+\.\d+\.\d+)?[^/\s:]*(:\d+)?(/\S*)?$")
_NUMERIC_HOST = re.compile(r"\w+://\d+(:\d+)?(/|$)")
_ID = re.compile(r"[<,]ID=([^,>]*)")
_RESERVED_ALTS = frozenset({"DEL", "INS", "DUP", "INV", "CNV", "BND"})
_LENGTH = re.compile(r"\d+$")
_CONTIG_ID = re.compile(r"[^\s,<>\"'`(){}\[\]\\]+$")


@dataclass(slots=True)
class Meta:
    """What the header declares, and what is wrong with it."""

    info: dict[str, Key] = field(default_factory=lambda: dict(RESERVED_INFO))
    format: dict[str, Key] = field(default_factory=lambda: dict(RESERVED_FORMAT))
    declared: set[str] = field(default_factory=set)
    findings: list[Finding] = field(default_factory=list)
    named: set[tuple[str, str]] = field(default_factory=set)
    lenient: bool = False


def read_meta(lines: tuple[str, ...], version: str, *, lenient: bool = False) -> Meta:
    """Check the ``##`` lines (the first is ``##fileformat``); `lenient` passes over what is only against the rules."""
    meta = Meta(lenient=lenient)
    for number, line in enumerate(lines, 1):
        for severity, problem in _line(line, number, version, meta):
            meta.findings.append(Finding(severity, "header", f"{problem}: {line[:60]!r}", f"line {number}"))
    return meta


def _line(line: str, number: int, version: str, meta: Meta) -> Iterator[tuple[Severity, str]]:
    if not line.startswith("##"):
        yield "error", "a header line does not begin with ##"
        return
    key, equals, value = line[2:].partition("=")
    if not equals or not value or not key or re.search(r"\s", key):
        yield "warning", "the header line is not ##key=value"
        return
    if number > 1 and key == "fileformat":
        yield "warning", "##fileformat is given again"
    if key in _STRUCTURED:
        yield from _structured(key, value, version, meta)
    elif key in ("assembly", "pedigreeDB"):
        bare = value[1:-1] if value.startswith("<") and value.endswith(">") else value
        if not bare or ("://" in bare and (not _URL.match(bare) or _NUMERIC_HOST.match(bare))):
            yield "warning", "the value is not a URL"
    elif version not in OLD and not meta.lenient and re.match(r"<\w+=", value):
        named = _ID.search(value)
        if named is None:
            yield "warning", f"{key} has no ID"
        elif (key, named[1]) in meta.named:
            yield "warning", f"{key} {named[1][:40]} is there twice"
        meta.named.add((key, named[1] if named else ""))


def _structured(key: str, value: str, version: str, meta: Meta) -> Iterator[tuple[Severity, str]]:
    try:
        fields = split_fields(value)
    except ValueError as error:
        yield "warning", str(error)
        return
    names = [name for name, _, _ in fields]
    values = {name: text for name, text, _ in fields}
    if len(names) != len(values):
        yield "warning", "a field is given twice"
    if key in ("INFO", "FORMAT", "FILTER", "ALT", "contig") and not values.get("ID"):
        yield "warning", f"{key} has no ID"
        return
    if key in ("INFO", "FORMAT", "ALT"):
        yield from _typed(key, names, values, fields, meta, version)
    if key == "ALT" and not _ALT_PREFIXES.match(values["ID"]):
        yield "warning", "the ALT type is none of DEL, INS, DUP, INV, CNV"
    if key in ("contig", "ALT") and not _CONTIG_ID.match(values["ID"]):
        yield "warning", "the ID has a character that is not allowed"
    if key == "contig" and not is_contig_name(values["ID"], version):
        yield "warning", "the ID has a character that is not allowed"
    yield from _beside(key, values, meta)
    if version not in OLD:
        yield from _since_43(key, names, values, meta)
    if key == "SAMPLE":
        if version in ("VCFv4.1", "VCFv4.2") and "Genomes" not in values:
            yield "warning", "SAMPLE has no Genomes"
        if any(quoted for name, _, quoted in fields if name != "Description"):
            yield "warning", "a field other than Description is quoted"
    if key == "PEDIGREE" and any(not re.match(r"[\w.\-]+$", text) for text in values.values()):
        yield "warning", "a genome's name has a character that is not allowed"


def _beside(key: str, values: dict[str, str], meta: Meta) -> Iterator[tuple[Severity, str]]:
    """Check what readers can do without."""
    if meta.lenient:
        return
    if key in ("INFO", "FORMAT", "FILTER", "ALT") and "Description" not in values:
        yield "warning", f"{key} has no Description"
    if key in ("INFO", "FORMAT") and values.get("Number") == "0" and values.get("Type") != "Flag":
        yield "warning", "only a Flag has Number 0"
    if key == "INFO" and values.get("Number", "").startswith(("L", "P", "M")):
        yield "warning", "the Number is one of FORMAT alone"
    if key == "FORMAT" and values.get("Type") == "Flag":
        yield "warning", "FORMAT has no flags"
    if key == "FILTER" and (values["ID"] == "0" or re.search(r"[\s;]", values["ID"])):
        yield "warning", "the ID is none that a FILTER can have"
    if key == "contig" and not _LENGTH.match(values.get("length", "0")):
        yield "warning", "the length is not a whole number"


def is_contig_name(name: str, version: str) -> bool:
    """Whether a contig may have this name, as far as colons, asterisks and equals signs go."""
    if version not in OLD and name.startswith(("*", "=")):
        return False
    if name.startswith(("HLA-", "<")):
        return True
    return not (version in _COLONS and ":" in name) and not (version in _ASTERISKS and "*" in name)


def _since_43(key: str, names: list[str], values: dict[str, str], meta: Meta) -> Iterator[tuple[Severity, str]]:
    """Check the lines on samples and families, and the names of all, as VCF 4.3 has them."""
    name = values.get("ID", "")
    if name and (key, name) in meta.named and not meta.lenient:
        yield "warning", f"{key} {name[:40]} is there twice"
    meta.named.add((key, name))
    if key == "contig" and name in _RESERVED_ALTS:
        yield "warning", "the ID is that of a symbolic allele"
    if key in ("INFO", "FORMAT") and not (KEY.match(name) or name == "1000G") and not meta.lenient:
        yield "warning", "the ID has a character that is not allowed"
    if key == "PEDIGREE" and list(values) == ["ID"]:
        yield "warning", "PEDIGREE names nobody beside the ID"
    if key in ("SAMPLE", "PEDIGREE", "META"):
        if not values.get("ID"):
            yield "warning", f"{key} has no ID"
        elif not _SAMPLE_ID.match(values["ID"]):
            yield "warning", "the ID has a character that is not allowed"
    if key == "META":
        yield from _list_of_values(names, values)


def _list_of_values(names: list[str], values: dict[str, str]) -> Iterator[tuple[Severity, str]]:
    if [name for name in names if name in _META_ORDER] != [name for name in _META_ORDER if name in names]:
        yield "warning", "the fields are not in the order ID, Type, Number, Values"
    if not {"Type", "Number", "Values"} <= set(values):
        yield "warning", "Type, Number or Values is missing"
    if values.get("Type", "String") not in _TYPES or not _META_NUMBER.match(values.get("Number", ".")):
        yield "warning", "Number or Type is not known"
    if not values.get("Values", "[").startswith("["):
        yield "warning", "the values are not in square brackets"
    elif values.get("Values") == "[":
        yield "warning", "the square brackets hold no value"


def _typed(
    key: str,
    names: list[str],
    values: dict[str, str],
    fields: list[tuple[str, str, bool]],
    meta: Meta,
    version: str,
) -> Iterator[tuple[Severity, str]]:
    ranks = [_ORDER.index(name) for name in names if name in _ORDER]
    if ranks != sorted(ranks):
        yield "warning", "the fields are not in the order ID, Number, Type, Description"
    if any(
        name in ("Description", *_SOURCES[: 2 * (version not in OLD and not meta.lenient)]) and not told
        for name, _, told in fields
    ):
        yield "warning", "the description, source or version is not in double quotes"
    number, kind = values.get("Number"), values.get("Type")
    if number is not None and not _NUMBER.match(number):
        yield "warning", f"Number={number} is not known"
        return
    if kind is not None and kind not in _TYPES:
        yield "warning", f"Type={kind} is not known"
        return
    if key == "ALT":
        return
    if number is None or kind is None:
        yield "warning", "Number or Type is missing"
        return
    table, reserved = (meta.info, RESERVED_INFO) if key == "INFO" else (meta.format, RESERVED_FORMAT)
    name = values["ID"]
    meta.declared.add(f"{key}.{name}")
    expected = reserved.get(name) or (None if version in OLD else _SINCE_43.get(name))
    if expected is None and version in SINCE_44 and not meta.lenient:
        expected = _SINCE_44.get(name if key == "INFO" else f"FORMAT.{name}")
    if expected and kind != expected.type and not _accepted(meta, key, name, kind):
        yield "warning", f"{key} {name} is of Type {expected.type} by the specification"
    open_ended = expected is not None and expected.number == "." and name not in reserved
    if expected and number != expected.number and not open_ended and not _accepted(meta, key, name, number):
        yield "warning", f"{key} {name} has Number {expected.number} by the specification"
    table[name] = Key(number, kind)


def _accepted(meta: Meta, key: str, name: str, value: str) -> bool:
    accepted = _ALSO_ACCEPTED | _UNDERSTOOD if meta.lenient else _ALSO_ACCEPTED
    return (f"{key}.{name}", value) in accepted or (key == "INFO" and (name, value) in accepted)


def split_fields(value: str) -> list[tuple[str, str, bool]]:
    """Split ``<ID=x,Description="a, b">`` into (name, text, quoted).

    Raises
    ------
    ValueError
        With the problem, if the value is not so built.
    """
    if not value.startswith("<"):
        raise ValueError("the value is not in angle brackets")
    if not value.endswith(">"):
        raise ValueError("the angle bracket is not closed")
    fields: list[tuple[str, str, bool]] = []
    at, last = 1, len(value) - 1
    while at < last:
        name = _FIELD_NAME.match(value, at, last)
        if name is None:
            raise ValueError("a field is not name=value")
        at = name.end()
        if value[at] == '"':
            match = _QUOTED.match(value, at, last)
            if match is None:
                raise ValueError("a quotation mark is missing")
            if match.end() < last and value[match.end()] != ",":
                raise ValueError("a quotation mark inside a text is not escaped")
            fields.append((name[1], match[1], True))
            at = match.end() + 1
            continue
        stop = value.find("]" if value[at] == "[" else ",", at, last)
        if value[at] == "[" and stop < 0:
            raise ValueError("the square bracket is not closed")
        text = value[at : last if stop < 0 else stop]
        at = last if stop < 0 else stop + 1
        if text.startswith("["):
            at += value[at : at + 1] == ","
        elif "<" in text or ">" in text:
            raise ValueError("a field has an angle bracket")
        fields.append((name[1], text, False))
    return fields
