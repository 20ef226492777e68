"""Readers of the callers of HLA alleles: OptiType and tables like it, HLA-LA, arcasHLA, HISAT-genotype, T1K."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any

from pgx.phenotypes.outside.source import Said, Source, cells_of, header_of
from pgx.phenotypes.outside.stated import is_no_call
from pgx.variants.whole_numbers import decimal_number, whole_number

_HISAT_RANKED = re.compile(
    r"(?<!\d)(?P<rank>\d+) ranked (?P<gene>[A-Z]+\d*)\*(?P<allele>[\d:]+[A-Z]?) \(abundance: (?P<share>[\d.]+)%\)"
)
_HISAT_SECOND = 10.0
_HLA_ALLELE = re.compile(r"^(?:HLA-)?[A-Z]+\d?\*\d")


def _hla(sample: str | None, gene: str, alleles: Iterable[str], where: str) -> Said:
    name = gene if gene.upper().startswith("HLA") else f"HLA-{gene}"
    found = [_common(allele) for allele in alleles if not is_no_call(allele)]
    if not found:
        return Said(name, where, sample, no_call=True)
    if len(found) > 2:
        return Said(name, where, sample, problem=f"{len(found)} alleles for one gene")
    pair = found * 2 if len(found) == 1 else found
    return Said(name, where, sample, ("/".join(pair),))


def _common(text: str) -> str:
    """One allele of several that a caller cannot tell apart (``A*01:01:01;A*01:01:02``): the fields they share."""
    options = [re.sub(r"^.*\*", "", one).split(":") for one in re.split(r"[;,]", text) if one.strip()]
    if not options:
        return text  # separators alone: no allele, as the catalogue will say
    shared = [fields[0] for fields in zip(*options, strict=False) if len(set(fields)) == 1]
    return "*" + ":".join(shared if len(options) > 1 else options[0])


_HLA_COLUMN = re.compile(r"^(?:hla-)?(?P<gene>a|b|c|d[a-z]{2}\d?|[e-g])[_.]?(?P<copy>[12])$")


def is_hla_table(source: Source) -> bool:
    """Return whether the file is a table with two columns a gene (``A1 A2 B1 B2``)."""
    return len([name for name in header_of(source) if _HLA_COLUMN.match(name)]) >= 2 and len(source.lines) >= 2


def hla_table(source: Source) -> Iterator[Said]:
    """Read tables with two columns a gene."""
    header = header_of(source)
    columns: dict[str, list[int]] = defaultdict(list)
    for i, name in enumerate(header):
        if match := _HLA_COLUMN.match(name):
            columns[match["gene"].upper()].append(i)
    at = next((header.index(name) for name in ("subject", "sample", "sample_id") if name in header), None)
    for number, line in source.lines[1:]:
        cells = [cell.strip() for cell in line.split("\t")]
        sample = cells[at] if at is not None and at < len(cells) else None
        for gene, places in columns.items():
            if max(places) >= len(cells):
                yield Said(f"HLA-{gene}", f"line {number}", sample, problem="the line is cut short")
            else:
                yield _hla(sample, gene, [cells[i] for i in places], f"line {number}")


def is_hla_la(source: Source) -> bool:
    """Return whether the file is HLA-LA's best guesses."""
    return header_of(source)[:3] == ["locus", "chromosome", "allele"]


def hla_la(source: Source) -> Iterator[Said]:
    """Read HLA-LA."""
    found: dict[str, list[str]] = defaultdict(list)
    first: dict[str, str] = {}
    for number, line in source.lines[1:]:
        cells = cells_of(line)
        if len(cells) < 3:
            yield Said(f"HLA-{cells[0]}", f"line {number}", problem="the line is cut short")
            continue
        found[cells[0]].append(cells[2])
        first.setdefault(cells[0], f"line {number}")
    for gene, alleles in found.items():
        yield _hla(None, gene, alleles, first[gene])


def is_hisat(source: Source) -> bool:
    """Return whether the file is HISAT-genotype's report."""
    return _HISAT_RANKED.search(source.text) is not None


def hisat(source: Source) -> Iterator[Said]:
    """Read HISAT-genotype."""
    found: dict[str, list[str]] = defaultdict(list)
    first: dict[str, str] = {}
    for number, line in source.lines:
        match = _HISAT_RANKED.search(line)
        if match and (match["rank"] == "1" or (match["rank"] == "2" and _number(match["share"]) >= _HISAT_SECOND)):
            found[match["gene"]].append(match["allele"])
            first.setdefault(match["gene"], f"line {number}")
    for gene, alleles in found.items():
        yield _hla(None, gene, [f"*{allele}" for allele in alleles], first[gene])


def is_t1k(source: Source) -> bool:
    """Return whether the file is T1K's genotypes."""
    rows = [cells_of(line) for _, line in source.lines]
    return bool(rows) and all(
        len(row) >= 8 and row[0].upper().startswith(("HLA-", "KIR")) and whole_number(row[1], 2) is not None
        for row in rows
    )


def t1k(source: Source) -> Iterator[Said]:
    """Read T1K."""
    for number, line in source.lines:
        cells = cells_of(line)
        if not cells[0].upper().startswith("HLA-"):
            continue
        called = [(cells[2], cells[4]), (cells[5], cells[7])][: whole_number(cells[1], 2) or 0]
        # A quality of 0 or less is T1K's way to say that it does not believe the allele.
        if any(_number(quality) <= 0 for allele, quality in called if not is_no_call(allele)):
            yield Said(cells[0], f"line {number}", problem="an allele of quality 0")
        else:
            yield _hla(None, cells[0], [allele for allele, _ in called], f"line {number}")


def _number(text: str) -> float:
    return decimal_number(text) or 0.0


def is_arcashla(source: Source) -> bool:
    """Return whether the file is arcasHLA's JSON: lists of alleles per gene, perhaps per sample."""
    return isinstance(source.data, dict) and any(True for _ in arcashla(source))


def arcashla(source: Source) -> Iterator[Said]:
    """Read arcasHLA."""
    for key, value in source.data.items():
        if isinstance(value, list):
            yield from _hla_pair(None, key, value, f"key {key}")
        elif isinstance(value, dict):
            for gene, alleles in value.items():
                if isinstance(alleles, list):
                    yield from _hla_pair(key, gene, alleles, f"sample {key}, key {gene}")


def _hla_pair(sample: str | None, gene: str, alleles: list[Any], where: str) -> Iterator[Said]:
    texts = [one for one in alleles if one]
    if texts and all(isinstance(text, str) and _HLA_ALLELE.match(text) for text in texts):
        yield _hla(sample, gene, texts, where)
