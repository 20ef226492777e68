"""Read genotypes at the knowledge base's positions from the files of one or many persons."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pgx.errors import InputError, UsageError
from pgx.knowledge import KnowledgeBase
from pgx.types import NOT_CALLED, Genotypes, State
from pgx.variants import records
from pgx.variants.assemble import Assembly, Evidence, undocumented_alleles
from pgx.variants.contigs import BUILDS, GRCH37, GRCH38, build_of_text, outside_par
from pgx.variants.fasta import REACH, Reference
from pgx.variants.header import Header
from pgx.variants.match import SILENT, VOUCHES, Reading, ReferenceMismatch, Spelling, read_alleles
from pgx.variants.meta import read_meta
from pgx.variants.notes import Notes
from pgx.variants.rows import RowChecker
from pgx.variants.scan import Windows
from pgx.variants.sex import WINDOWS as SEX_WINDOWS
from pgx.variants.sex import SexEvidence, given_sex
from pgx.variants.sex import apply as apply_sex
from pgx.variants.source import Source, digest, open_source
from pgx.variants.targets import Target, Targets

PathLike = str | os.PathLike[str]
_CHECK_VALUES = 1 << 16
SexOf = Callable[[tuple[str, ...]], Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class Options:
    """What the user asked of the reader; see `read`."""

    min_gq: float | None = None
    min_dp: float | None = None
    include_filtered: bool = False


def read(
    paths: PathLike | Sequence[PathLike],
    kb: KnowledgeBase,
    *,
    samples: Sequence[str] | None = None,
    build: str | None = None,
    absent_is_reference: bool = False,
    min_gq: float | None = None,
    min_dp: float | None = None,
    include_filtered: bool = False,
    fasta: PathLike | None = None,
    sex: Mapping[str, str] | SexOf | None = None,
) -> Genotypes:
    """Read genotypes at the positions that the knowledge base names.

    Parameters
    ----------
    paths
        One or several VCF, BCF, gVCF or array files (``-`` is standard input). Several files of the same persons, for
        example one a chromosome, are merged; files of different persons are laid side by side.
    kb
        Knowledge base, for its sites.
    samples
        Read only these, in this order.
    build
        ``GRCh37`` or ``GRCh38`` where the files do not say; it must not contradict them.
    absent_is_reference
        Take positions without any record for reference (state `State.ASSUMED_REFERENCE`).
    min_gq, min_dp
        Genotypes with a lower GQ or DP are not used (state `State.FILTERED`).
    include_filtered
        Use records whose FILTER is not PASS.
    fasta
        Indexed reference genome in the files' build; lets indels be left-aligned however they are written.
    sex
        Sample -> ``male`` or ``female``; what is not given is inferred from chrX where the data allow. A function of the sample
        names may stand for the mapping, where it is known only once the names are.

    Raises
    ------
    InputError
        If a file cannot be used.
    UsageError
        If an option makes no sense or a sample is not in the files.
    """
    options = Options(min_gq, min_dp, include_filtered)
    asked = _asked_build(build)
    listed = [paths] if isinstance(paths, str | os.PathLike) else list(paths)
    if not listed:
        raise UsageError("no input file is given")
    if sum(os.fspath(p) == "-" for p in listed) > 1:
        raise UsageError("standard input is given twice")
    sources = [open_source(path) for path in listed]
    notes = Notes()
    reference: Reference | None = None
    try:
        names = _sample_names(sources, samples)
        told = given_sex(sex(names) if callable(sex) else sex)
        found = _common_build(sources, asked, kb.sites, notes)
        targets = Targets.of(kb.sites, found)
        assembly = Assembly(targets.all, len(names))
        column = {name: i for i, name in enumerate(names)}
        evidence = SexEvidence(len(names))
        reference = None if fasta is None else Reference(fasta, targets)
        regions = _gene_regions(kb, found)
        empty = []
        for source in sources:
            source.regions = regions
            if not _Reader(source, targets, assembly, column, options, notes, evidence, reference).run():
                empty.append(source)
        _check_overlap(sources, empty, found, notes)
        assembly.finish()
        apply_sex(assembly, targets, names, told, evidence, notes)
    finally:
        for source in sources:
            source.close()
        if reference is not None:
            reference.close()
    if absent_is_reference:
        _assume_reference(assembly, targets, notes)
    return _result(names, kb.sites, targets, assembly, sources, notes)


@dataclass(slots=True)
class _Reader:
    """Reads one file into the assembly."""

    source: Source
    targets: Targets
    assembly: Assembly
    column: dict[str, int]
    options: Options
    notes: Notes
    sex: SexEvidence
    reference: Reference | None = None
    agreements: int = 0
    mismatches: int = 0
    first_mismatch: str = ""

    def run(self) -> bool:
        """Read the file; say whether it had a record at any position of interest."""
        header = self.source.header()
        keep = np.array([i for i, s in enumerate(header.samples) if s in self.column], dtype=np.intp)
        columns = np.array([self.column[header.samples[i]] for i in keep], dtype=np.intp)
        everyone = len(keep) == len(header.samples)
        reach = REACH if self.reference else 1
        spans = [(t.chrom, max(1, t.pos - 1), t.end + (reach if t.has_indel else 1)) for t in self.targets.all]
        windows = Windows.of([*spans, *SEX_WINDOWS])
        used = 0
        rows = self._check_header(header)
        for where, line in self.source.records(windows):
            record = records.parse(where, line, len(header.samples), self.source.name)
            self._check_record(rows, record, line)
            used += self._record(record, header.samples, None if everyone else keep, columns)
        if self.mismatches * 4 > self.agreements:
            raise InputError(
                f"REF disagrees with {self.targets.build} at {self.mismatches} of {self.mismatches + self.agreements} "
                "positions: the file is of another genome build",
                file=self.source.name, where=self.first_mismatch, fix="give the right --build or the right file",
            )  # fmt: skip
        for code, message in self.source.warnings:
            self.notes.add("warning", code, message, where=self.source.name)
        return used > 0

    def _record(
        self, record: records.Record, samples: tuple[str, ...], keep: NDArray[np.intp] | None, columns: NDArray[np.intp]
    ) -> bool:
        contig = self.targets.contigs.get(record.chrom)
        if contig is None:
            return False
        readings: list[tuple[Target, Reading]] = []
        spellings = self._spellings(record)
        first = min([record.pos, *(pos for pos, _, _ in spellings or ())])
        for target in contig.overlapping(first - 1, record.end + 1):
            try:
                reading = read_alleles(record.pos, record.ref, record.alts, record.end, target, spellings)
            except ReferenceMismatch as error:
                self._mismatch(record, error)
                continue
            if reading is not None:
                readings.append((target, reading))
                self.agreements += not reading.weak
        unread = record.chrom == "chrX" and record.passes and not record.is_block and self.sex.wants_more
        if not readings and not unread:
            return False
        found = records.genotypes(record, samples, self.source.name)
        if unread and outside_par([record.pos], self.targets.build)[0]:
            self.sex.add(found.gt if keep is None else found.gt[keep], columns)
        if not readings:
            return False
        if record.is_block:
            self._silence_empty_blocks(record, found.gt, len(samples))
        hidden = self._hidden(record, len(samples))
        sets = records.phase_sets(record, len(samples))
        gt, phased, polyploid = found.gt, found.phased, found.polyploid
        if keep is not None:
            gt, phased = gt[keep], phased[keep]
            polyploid = None if polyploid is None else polyploid[keep]
            hidden = None if hidden is None else hidden[keep]
            sets = None if sets is None else sets[keep]
        if polyploid is not None and polyploid.any():
            self.notes.count("warning", "polyploid", "{n} genotypes have three or more alleles and are not used",
                             f"{self.source.name}: {record.where}", int(polyploid.sum()))  # fmt: skip
        state = State.REFERENCE_BLOCK if record.is_block else State.CALLED
        for target, reading in readings:
            codes = reading.table[gt]
            if polyploid is not None:
                codes[polyploid] = -4
            tests = frozenset(int(c) for c in reading.table[1:-2]) - {target.reference_code, SILENT, VOUCHES}
            span = (record.pos, record.end) if not reading.covers and not reading.weak else None
            self.assembly.add(
                target.site, Evidence(columns, codes, phased, sets, state, hidden, tests, reading.weak, span)
            )
        return True

    def _check_header(self, header: Header) -> RowChecker:
        meta = read_meta(header.meta, header.version)
        for finding in meta.findings:
            if finding.severity == "error":
                raise InputError(finding.message, file=self.source.name, where=finding.where)
            self.notes.count("warning", "malformed_header", f"{{n}} header lines are malformed ({_braced(finding.message)})",
                             f"{self.source.name}: {finding.where}")  # fmt: skip
        return RowChecker(meta, header.samples, header.version, self.source.name)

    def _check_record(self, rows: RowChecker, record: records.Record, line: bytes) -> None:
        for finding in rows.problems(record, line, values=len(line) < _CHECK_VALUES):
            if finding.severity == "error":
                raise InputError(finding.message, file=self.source.name, where=finding.where)
            self.notes.count("warning", "malformed_record",
                             f"{{n}} fields beside the genotypes are malformed ({_braced(finding.message)})",
                             f"{self.source.name}: {finding.where}")  # fmt: skip

    def _spellings(self, record: records.Record) -> list[Spelling] | None:
        if self.reference is None or record.is_block:
            return None
        plain = [set(alt) <= set("ACGTN") for alt in record.alts]
        return [
            self.reference.left_align(record.chrom, record.pos, record.ref, alt) if bases else (record.pos, record.ref, alt)
            for alt, bases in zip(record.alts, plain, strict=True)
        ]

    def _mismatch(self, record: records.Record, error: ReferenceMismatch) -> None:
        self.mismatches += 1
        place = f"{record.where} ({record.chrom}:{record.pos})"
        self.first_mismatch = self.first_mismatch or place
        self.notes.count("warning", "reference_mismatch",
                         f"{{n}} records are not used because REF is not the reference genome's ({_braced(str(error))})",
                         f"{self.source.name}: {place}")  # fmt: skip

    def _silence_empty_blocks(self, record: records.Record, gt: NDArray[np.int16], count: int) -> None:
        """A reference block without reads or confidence (DP 0, GQ 0) is no evidence, though its GT says 0/0."""
        for keys in (("MIN_DP", "DP"), ("GQ", "RGQ")):
            found = records.values(record, keys, count)
            if found is not None:
                gt[found == 0] = NOT_CALLED

    def _hidden(self, record: records.Record, count: int) -> NDArray[np.bool_] | None:
        options = self.options
        hidden: NDArray[np.bool_] | None = None
        if not options.include_filtered:
            hidden = np.ones(count, dtype=bool) if not record.passes else records.failed_samples(record, count)
        for limit, keys, name in (
            (options.min_gq, ("GQ", "RGQ"), "GQ"),
            (options.min_dp, ("MIN_DP", "DP"), "DP"),
        ):
            if limit is None:
                continue
            found = records.values(record, keys, count)
            if found is None:
                self.notes.count("warning", f"no_{name.lower()}",
                                 f"{{n}} records have no {name}, so the threshold cannot be applied to them",
                                 f"{self.source.name}: {record.where}")  # fmt: skip
                continue
            low = found < limit
            hidden = low if hidden is None else hidden | low
        return hidden


def _braced(text: str) -> str:
    return text.replace("{", "{{").replace("}", "}}")


def _asked_build(build: str | None) -> str | None:
    if build is None or build in BUILDS:
        return build
    meant = build_of_text(build) or {"37": GRCH37, "38": GRCH38}.get(build)
    if meant is None:
        raise UsageError(f"build {build!r} is not known; use GRCh37 or GRCh38")
    return meant


def _sample_names(sources: list[Source], wanted: Sequence[str] | None) -> tuple[str, ...]:
    names = tuple(dict.fromkeys(name for source in sources for name in source.header().samples))
    if wanted is None:
        return names
    missing = [name for name in wanted if name not in set(names)]
    if missing:
        raise UsageError(f"sample {missing[0]!r} is not in the input; it has {', '.join(names[:5])}")
    return tuple(dict.fromkeys(wanted))


def _common_build(sources: list[Source], asked: str | None, sites: pl.DataFrame, notes: Notes) -> str:
    """Return the one build that all files and the user agree on."""
    builds: dict[str, str] = {}
    for source in sources:
        header = source.header()
        if header.build and asked and header.build != asked:
            raise InputError(
                f"the file is {header.build} ({header.evidence}) but {asked} was asked for", file=source.name,
                fix="leave --build out or give the right file",
            )  # fmt: skip
        found, evidence = (header.build, header.evidence) if header.build else (asked, "given by the user")
        if found is None:
            found, evidence = _build_by_bases(source, sites)
        notes.add("info", "build", f"the file is {found} ({evidence})", where=source.name)
        builds.setdefault(found, source.name)
    if len(builds) > 1:
        told = ", ".join(f"{file} is {name}" for name, file in builds.items())
        raise InputError(f"the files are of different genome builds: {told}", fix="run each build on its own")
    return next(iter(builds))


def _build_by_bases(source: Source, sites: pl.DataFrame) -> tuple[str, str]:
    """Find the build from the REF bases at the positions of interest."""
    tables = {build: Targets.of(sites, build) for build in BUILDS}
    windows = Windows.of((t.chrom, t.pos, t.end) for table in tables.values() for t in table.all)
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
    raise InputError("the genome build cannot be told from the header or the REF bases", file=source.name,
                     fix="give --build GRCh37 or --build GRCh38")  # fmt: skip


def _gene_regions(kb: KnowledgeBase, build: str) -> Windows:
    start, end = ("start_grch37", "end_grch37") if build == GRCH37 else ("start_grch38", "end_grch38")
    rows = kb.table("genes").select("chrom", start, end).drop_nulls().iter_rows()
    return Windows.of((chrom, int(first), int(last)) for chrom, first, last in rows)


def _check_overlap(sources: list[Source], empty: list[Source], build: str, notes: Notes) -> None:
    """Refuse input without any record in a pharmacogene; a file among several may be empty, as chr14 is."""
    for source in empty:
        if len(empty) < len(sources):
            notes.add("info", "no_positions", "the file has no record at a pharmacogene position", where=source.name)
        elif source.lies_in_regions():
            notes.add("warning", "no_positions", "the file has records in pharmacogenes but none at a position that "
                      "defines an allele", where=source.name)  # fmt: skip
        elif source is empty[-1] and not any(n["code"] == "no_positions" for n in notes.rows):
            raise InputError(
                f"no record lies in any pharmacogene of {build}", file=source.name,
                fix="check that the file covers the genome, the exome or such genes, and that its build is right",
            )  # fmt: skip


def _assume_reference(assembly: Assembly, targets: Targets, notes: Notes) -> None:
    """Fill positions without any record with the reference of the file's build."""
    total = 0
    for target in targets.all:
        absent = assembly.state[target.site] == State.ABSENT
        total += int(absent.sum())
        unknown = absent[:, None] & (assembly.alleles[target.site] == NOT_CALLED)
        assembly.alleles[target.site][unknown] = target.reference_code
        assembly.state[target.site][absent] = State.ASSUMED_REFERENCE
    notes.add("warning", "reference_assumed",
              f"{total} genotypes without data were taken for reference, as asked (--absent-is-reference)")  # fmt: skip


def _result(
    names: tuple[str, ...], sites: pl.DataFrame, targets: Targets, assembly: Assembly, sources: list[Source], notes: Notes
) -> Genotypes:
    for row, count in assembly.conflicts.items():
        target = targets.all[row]
        notes.count("warning", "conflicting_records",
                    "{n} genotypes are not called because records at one position contradict each other",
                    f"{target.chrom}:{target.pos}", count)  # fmt: skip
    frame = sites.select(
        pl.col("site").cast(pl.Int32), "chrom", "pos_grch38",
        pl.Series("pos", [t.pos for t in targets.all], dtype=pl.Int64), "ref", undocumented_alleles(targets.all),
        pl.Series("documented", [t.documented for t in targets.all], dtype=pl.Int32),
    )  # fmt: skip
    told = tuple(
        {
            "name": os.path.basename(source.name), "sha256": digest(source.path) if source.path and source.name != "-" else "",
            "format": f"{source.kind} {source.packing}", "samples": str(len(source.header().samples)),
        }
        for source in sources
    )  # fmt: skip
    return Genotypes(
        names, frame, assembly.alleles, assembly.state, assembly.phased, assembly.phase_set, targets.build, told,
        None, notes.all(),
    )  # fmt: skip
