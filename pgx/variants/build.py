"""Which genome build a file is in, and whether everything agrees on it."""

from __future__ import annotations

import polars as pl

from pgx.errors import InputError, UsageError
from pgx.variants.check import refuse_if_broken
from pgx.variants.sites.targets import Targets
from pgx.variants.vcf import records
from pgx.variants.vcf.contigs import BUILDS, GRCH37, GRCH38, build_of_text
from pgx.variants.vcf.source import Source
from pgx.variants.vcf.windows import Windows


def asked_build(build: str | None) -> str | None:
    """Return the user's build by its proper name (``hg19`` is GRCh37).

    Raises
    ------
    UsageError
        If it is neither of the two.
    """
    if build is None or build in BUILDS:
        return build
    meant = build_of_text(build) or {"37": GRCH37, "38": GRCH38}.get(build)
    if meant is None:
        raise UsageError(f"build {build!r} is not known; use GRCh37 or GRCh38")
    return meant


def build_of_vcf(source: Source, asked: str | None, sites: pl.DataFrame) -> tuple[str, str]:
    """Return the build of a VCF and what it is known from: its header, the user, or the REF bases.

    Raises
    ------
    InputError
        If the user and the header disagree, or nothing tells.
    """
    header = source.header()
    if header.build and asked and header.build != asked:
        raise InputError(
            f"the file is {header.build} ({header.evidence}) but {asked} was asked for", file=source.name,
            fix="leave --build out or give the right file",
        )  # fmt: skip
    if header.doubt and not asked:
        raise InputError(header.doubt, file=source.name, fix="say which with --build, or correct the header")
    if header.build:
        return header.build, header.evidence
    return (asked, "given by the user") if asked else _build_by_bases(source, sites)


def common_build(builds: list[tuple[str, str, str]]) -> str:
    """Return the one build of (file, build, evidence) rows.

    Raises
    ------
    InputError
        If they are not all the same.
    """
    found: dict[str, str] = {}
    for file, build, _ in builds:
        found.setdefault(build, file)
    if len(found) > 1:
        told = ", ".join(f"{file} is {name}" for name, file in found.items())
        raise InputError(f"the files are of different genome builds: {told}", fix="run each build on its own")
    return next(iter(found))


def _build_by_bases(source: Source, sites: pl.DataFrame) -> tuple[str, str]:
    """Find the build from the REF bases at the positions of interest."""
    tables = {build: Targets.of(sites, build) for build in BUILDS}
    windows = Windows.of((t.chrom, t.pos, t.end) for table in tables.values() for t in table.all if t.pos)
    agree, differ = dict.fromkeys(BUILDS, 0), dict.fromkeys(BUILDS, 0)
    samples = len(source.header().samples)
    for where, line in source.remember(windows):
        record = records.parse(where, line, samples, source.name)
        for build, table in tables.items():
            contig = table.contigs.get(record.chrom)
            if contig is None or record.chrom == "chrM":
                continue
            for target in contig.overlapping(record.pos, record.pos):
                if target.pos == record.pos:
                    same = target.ref.startswith(record.ref) or record.ref.startswith(target.ref)
                    agree[build] += same
                    differ[build] += not same
    for build, other in (BUILDS, BUILDS[::-1]):
        if agree[build] > 4 * differ[build] and agree[build] > 4 * max(agree[other] - differ[other], 0):
            return build, f"REF agrees with it at {agree[build]} of {agree[build] + differ[build]} positions"
    refuse_if_broken(source.path)
    raise InputError("the genome build cannot be told from the header or the REF bases", file=source.name,
                     fix="give --build GRCh37 or --build GRCh38")  # fmt: skip
