"""Is this file a well-formed VCF? The whole of it, whether or not it has anything to do with a pharmacogene.

`read` looks at the header and at the records that it uses; `check` looks at every line.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pgx.errors import InputError
from pgx.variants.arrays.consumer import fault, is_probe, recognise, text_lines
from pgx.variants.arrays.other_formats import name_kind, refused
from pgx.variants.arrays.result_layout import Layout
from pgx.variants.arrays.result_layout import recognise as recognise_table
from pgx.variants.arrays.result_table import scan as scan_table
from pgx.variants.vcf.check_header import Finding, read_meta
from pgx.variants.vcf.check_record import RowChecker
from pgx.variants.vcf.contigs import canonical
from pgx.variants.vcf.header import Header
from pgx.variants.vcf.scan import Scanner
from pgx.variants.vcf.source import NO_LINE_END, Source, open_source
from pgx.variants.vcf.windows import Windows
from pgx.variants.whole_numbers import whole_number

_MOST_FINDINGS = 1000
_SMALL = 1 << 22


@dataclass(frozen=True, slots=True)
class Report:
    """What `check` found.

    Parameters
    ----------
    file
        Name of the file.
    format
        ``vcf``, ``bcf`` or ``array``, and how it is packed.
    version
        The ``##fileformat``, or the array's vendor.
    samples, records
        How many there are.
    build
        Genome build as the header tells it; None if it does not.
    findings
        What is wrong, errors first; at most 1000 are kept, `total` counts all.
    """

    file: str
    format: str
    version: str
    samples: int
    records: int
    build: str | None
    findings: tuple[Finding, ...]
    total: int

    @property
    def refused(self) -> bool:
        """Whether the genotypes cannot be trusted."""
        return any(finding.severity == "error" for finding in self.findings)


def check(path: str | os.PathLike[str]) -> Report:
    """Check every line of a file.

    Parameters
    ----------
    path
        VCF or BCF file, ``-`` for standard input.

    Raises
    ------
    InputError
        If the file is missing, empty or plainly something else; what is wrong inside a VCF is in the report.
    """
    source = open_source(path)
    try:
        return _check(source)
    finally:
        source.close()


def refuse_if_broken(path: Path | None) -> None:
    """Check a small file that could not be used, so that what is really wrong with it is what the user reads.

    Raises
    ------
    InputError
        With the first error, if there is one.
    """
    if path is None or not path.is_file() or path.stat().st_size > _SMALL:
        return
    for finding in check(path).findings:
        if finding.severity == "error":
            raise InputError(finding.message, file=path, where=finding.where or None)


def _check(source: Source) -> Report:
    findings: list[Finding] = []
    header: Header | None = None
    counter = [0, 0]
    try:
        if source.kind == "other":
            return _check_array(source)
        header = source.header(sites_only=True)
        for finding in _findings(source, header, counter):
            counter[1] += 1
            if len(findings) < _MOST_FINDINGS or finding.severity == "error":
                findings.append(finding)
    except InputError as error:
        findings.append(Finding("error", "structure", error.problem, error.where or ""))
        counter[1] += 1
    findings += [Finding("warning", code, message, "") for code, message in source.warnings]
    findings.sort(key=lambda finding: finding.severity)
    return Report(
        source.name,
        f"{source.kind} {source.packing}",
        header.version if header else "",
        len(header.samples) if header else 0,
        counter[0],
        header.build if header else None,
        tuple(findings[:_MOST_FINDINGS]),
        counter[1] + len(source.warnings),
    )


def _check_array(source: Source) -> Report:
    """Check the lines of a consumer array's raw data."""
    layout = recognise_table(source.head)
    if layout is not None:
        return _check_table(source, layout)
    vendor = recognise(source.head)
    if vendor is None:
        if name_kind(source.head):
            raise refused(source.head, source.name)
        raise InputError("the first line is not ##fileformat=VCFv4.x", where="line 1")
    probes, findings = 0, []
    for number, line in enumerate(text_lines(source.text()), 1):
        answer = is_probe(line)
        probes += answer is True
        if answer is False:
            findings.append(Finding("warning", "record", f"the line is no probe: {fault(line)}", f"line {number}"))
    if len(findings) * 10 > probes:
        findings.insert(0, Finding("error", "structure", f"{len(findings)} lines of an array file are not probes", ""))
    return Report(
        source.name, f"array {source.packing}", vendor, 1, probes, None, tuple(findings[:_MOST_FINDINGS]), len(findings)
    )


def _check_table(source: Source, layout: Layout) -> Report:
    """Check the cells of a table of SNP results, as far as that goes without knowing the positions."""
    cells, people, findings = scan_table(layout, text_lines(source.text()))
    shown = [Finding("warning", "record", message, f"line {line}") for line, message in findings]
    if not cells:
        shown.insert(0, Finding("error", "structure", "the table has no genotype", f"line {layout.line}"))
    return Report(
        source.name, f"table {source.packing}", f"SNP results, a line is {layout.shape.value}", people, cells,
        layout.build, tuple(shown[:_MOST_FINDINGS]), len(shown),
    )  # fmt: skip


def _findings(source: Source, header: Header, counter: list[int]) -> Iterator[Finding]:
    meta = read_meta(header.meta, header.version)
    yield from meta.findings
    rows = RowChecker(meta, header.samples, header.version, source.name)
    ends, seen = header.ends(), set()
    for where, line in _every_record(source, header):
        counter[0] += 1
        if ends:
            seen |= ends & {_place(line)}
        found = rows.check(where, line)
        yield from found
        if not any(finding.severity == "error" for finding in found):
            yield from rows.duplicates(where, line)
    if header.samples:
        header.refuse_if_strange(seen, {chrom for chrom, _ in header.strange.values()}, source.name)


def _place(line: bytes) -> tuple[str, int]:
    """Return the chromosome and position of a record."""
    chrom, _, rest = line.partition(b"\t")
    return canonical(chrom.decode("latin-1")) or "", whole_number(rest.partition(b"\t")[0]) or 0


def _every_record(source: Source, header: Header) -> Iterator[tuple[str, bytes]]:
    if source.kind == "bcf":
        yield from source.all_bcf_records()
        return
    scanner = Scanner(Windows({}), source.name, header.lines, everything=True)
    for number, line in scanner.scan(source.text()):
        yield f"line {number}", line
    if scanner.disorder:
        source.warnings.append(("unsorted", scanner.disorder))
    if not scanner.complete:
        source.warnings.append(NO_LINE_END)
