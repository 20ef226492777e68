"""Read genotypes at the knowledge base's positions from the files of one or many persons."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import polars as pl

from pgx.errors import InputError, NoGenotypesError, UsageError
from pgx.guard.digests import digest
from pgx.guard.limits import SAMPLES
from pgx.knowledge import KnowledgeBase
from pgx.types import Genotypes, State
from pgx.variants.absent import assume_reference, name_variants_only
from pgx.variants.arrays.consumer import ArrayData, recognise, text_lines
from pgx.variants.arrays.consumer import load as load_array
from pgx.variants.arrays.other_formats import refused
from pgx.variants.arrays.result_layout import recognise as recognise_table
from pgx.variants.arrays.result_table import ResultTable
from pgx.variants.arrays.result_table import load as load_table
from pgx.variants.build import asked_build, build_of_vcf, common_build
from pgx.variants.check import refuse_if_broken
from pgx.variants.notes import Notes
from pgx.variants.read_array import add_array
from pgx.variants.read_table import TableReader
from pgx.variants.read_vcf import Options, VcfReader, not_judged
from pgx.variants.sites.assemble import Assembly, all_alleles
from pgx.variants.sites.copy_number import CopyNumbers
from pgx.variants.sites.fasta import Reference
from pgx.variants.sites.gene_spans import contig_of, gene_spans
from pgx.variants.sites.indel_reach import reach_of
from pgx.variants.sites.sex import SexEvidence, given_sex
from pgx.variants.sites.sex import apply as apply_sex
from pgx.variants.sites.site_errors import SiteErrors, published_frequencies
from pgx.variants.sites.targeted_json import looks_like_json, read_targeted_json
from pgx.variants.sites.targets import Targets
from pgx.variants.vcf.contigs import GRCH37, GRCH38
from pgx.variants.vcf.source import Source, open_source
from pgx.variants.vcf.windows import Windows

PathLike = str | os.PathLike[str]
Input = PathLike | Source
"""A file by its path, or opened already."""
SexOf = Callable[[tuple[str, ...], tuple[str, ...]], Mapping[str, str]]


@dataclass(slots=True)
class _Input:
    """One opened file: a VCF or BCF, an array, a table of SNP results, or a copy-number JSON (without genotypes).

    `has_gt` says, once it is read, whether it gives genotypes at positions of interest; None if it has none of these.
    """

    source: Source
    samples: tuple[str, ...]
    kind: str
    array: ArrayData | None = None
    table: ResultTable | None = None
    copies: tuple[tuple[str, int], ...] = ()
    has_gt: bool | None = None


def read(
    paths: Input | Sequence[Input],
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
        One or several VCF, BCF, gVCF or array files, or tables of SNP results (``-`` is standard input).
        Several files of the same persons, for example one a chromosome, are merged; files of different persons are laid
        side by side.
    kb
        Knowledge base, for its sites.
    samples
        Read only these, in this order.
    build
        ``GRCh37`` or ``GRCh38`` where the files do not say; it must not contradict them.
    absent_is_reference
        Take positions without any record for reference (state `State.ASSUMED_REFERENCE`).
    min_gq, min_dp
        Genotypes with a lower GQ or DP are not used (state `State.FILTERED`). One whose value is missing is used, and
        a note of each file says how many there are.
    include_filtered
        Use records whose FILTER is not PASS.
    fasta
        Indexed reference genome in the files' build; lets indels be left-aligned however they are written.
    sex
        Sample -> ``male`` or ``female``; what is not given is inferred from chrX where the data allow. A function of
        the sample names, and of the names of all samples in the files, may stand for the mapping, where it is known
        only once the names are.

    Raises
    ------
    InputError
        If a file cannot be used.
    UsageError
        If an option makes no sense or a sample is not in the files.
    """
    asked = asked_build(build)
    listed = [paths] if isinstance(paths, str | os.PathLike | Source) else list(paths)
    if not listed:
        raise UsageError("no input file is given")
    if sum(isinstance(p, str) and p == "-" for p in listed) > 1:
        raise UsageError("standard input is given twice")
    sources: list[Source] = []
    reference: Reference | None = None
    try:
        for path in listed:
            sources.append(path if isinstance(path, Source) else open_source(path))
        inputs = [_open(source, asked, kb) for source in sources]
        everyone = _everyone(inputs)
        names = _chosen(everyone, samples)
        if len(names) > SAMPLES.most:
            raise SAMPLES.refused(inputs[0].source.name)
        column = {name: i for i, name in enumerate(names)}
        notes = Notes(names)
        told = given_sex(sex(names, everyone) if callable(sex) else sex)
        found = _build(inputs, asked, kb, notes, column)
        _name_arrays(inputs, notes)
        targets = Targets.of(kb.sites, found, reach_of(kb))
        reference = None if fasta is None else Reference(fasta, targets)
        assembly = Assembly(targets.all, len(names))
        evidence = SexEvidence(len(names))
        copies = CopyNumbers(gene_spans(kb, targets), notes)
        make = partial(
            VcfReader, targets=targets, assembly=assembly, column=column, notes=notes, sex=evidence, copies=copies,
            options=Options(min_gq, min_dp, include_filtered, harmless_filters(kb)), errors=SiteErrors(kb),
            published=published_frequencies(kb), reference=reference,
        )  # fmt: skip
        regions = gene_regions(kb, found)
        empty = [one for one in inputs if not _read_one(one, make, regions, kb)]
        _check_overlap(len(inputs) + sum(one.source.beside for one in inputs), empty, found, notes, column)
        _refuse_without_gt(inputs, column)
        notes.all_files()
        assembly.finish()
        apply_sex(assembly, targets, names, told, evidence, notes)
    finally:
        for source in sources:
            source.close()
        if reference is not None:
            reference.close()
    if absent_is_reference:
        assume_reference(assembly, targets, notes)
    else:
        with_records = {name for one in inputs if one.table is None for name in one.samples}
        may = np.array([name in with_records for name in names], dtype=bool)
        name_variants_only(assembly, targets, notes, may)
    return _result(names, everyone, kb.sites, targets, assembly, inputs, copies, notes)


def samples_of(paths: PathLike | Sequence[PathLike], kb: KnowledgeBase, *, build: str | None = None) -> tuple[str, ...]:
    """Return the samples of files in the order in which `read` has them; parameters and errors as there."""
    asked = asked_build(build)
    found: dict[str, None] = {}
    for path in [paths] if isinstance(paths, str | os.PathLike) else paths:
        source = open_source(path)
        try:
            found |= dict.fromkeys(_open(source, asked, kb).samples)
        finally:
            source.close()
    return tuple(found)


def harmless_filters(kb: KnowledgeBase) -> frozenset[str]:
    """Return the words in FILTER, upper case, that say something else than that a filter failed."""
    return frozenset(word.upper() for word in kb.table("filter_words")["word"])


def _open(source: Source, asked: str | None, kb: KnowledgeBase) -> _Input:
    """Find out what a file is and whom it is of."""
    if source.kind != "other":
        return _Input(source, source.header().samples, f"{source.kind} {source.packing}")
    if looks_like_json(source.head):
        text = b"".join(source.text()).decode("utf-8-sig", "replace")
        sample, copies = read_targeted_json(text, source.name, kb)
        return _Input(source, (sample,), "DRAGEN targeted JSON", copies=tuple(copies))
    layout = recognise_table(source.head)
    if layout is not None:
        table = load_table(source.name, layout, text_lines(source.text()), kb.sites, asked)
        return _Input(source, table.samples, "SNP results", table=table)
    vendor = recognise(source.head)
    if vendor is None:
        raise refused(source.head, source.name)
    data = load_array(source.name, vendor, text_lines(source.text()), kb.sites, asked)
    return _Input(source, (data.sample,), f"array {vendor}", array=data)


def _read_one(one: _Input, make: partial[VcfReader], regions: Windows, kb: KnowledgeBase) -> bool:
    """Read one file into the arrays; say whether it had anything at a position of interest."""
    reader = make(one.source)
    name = one.source.name
    reader.notes.file_of(one.samples, reader.column)
    for gene, number in one.copies:
        reader.copies.state(one.samples[0], gene, number, "genotype", name)
    one.has_gt = True if one.table is not None or one.array is not None else None
    if one.table is not None:
        table = TableReader(one.table, reader.column, kb, name, reader.notes)
        return table.add(reader.targets, reader.assembly, reader.copies)
    if one.array is not None:
        if one.array.sample not in reader.column:
            return True
        reader.sex.settle(reader.column[one.array.sample], one.array.sex)
        column = reader.column[one.array.sample]
        found = add_array(one.array, column, reader.targets, reader.assembly, name, reader.notes)
        for key, limit in (("GQ", reader.options.min_gq), ("DP", reader.options.min_dp)):
            if found and limit is not None:  # an array states neither
                reader.notes.add("warning", f"no_{key.lower()}", not_judged(key, found, 0), where=name)
        return found > 0
    if one.source.kind == "other":
        return True
    one.source.regions = regions
    used = reader.run()
    one.has_gt = reader.has_gt if used or reader.has_gt else None
    return used


def _everyone(inputs: list[_Input]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for one in inputs for name in (one.source.everyone or one.samples)))


def _chosen(everyone: tuple[str, ...], wanted: Sequence[str] | None) -> tuple[str, ...]:
    if wanted is None:
        return everyone
    if not wanted:
        raise UsageError("samples are asked for, and none is named; leave the option out for all of them")
    known = set(everyone)
    missing = [name for name in wanted if name not in known]
    if missing:
        count = f"{len(everyone)} sample{'' if len(everyone) == 1 else 's'}"
        raise UsageError(f"no sample is called {missing[0]!r}; the input has {count}, each named in its header")
    return tuple(dict.fromkeys(wanted))


def _build(inputs: list[_Input], asked: str | None, kb: KnowledgeBase, notes: Notes, column: Mapping[str, int]) -> str:
    rows: list[tuple[str, str, str]] = []
    by_name: list[tuple[str, str, str]] = []  # tables without positions fit any build
    for one in inputs:
        if one.array is not None:
            rows.append((one.source.name, one.array.build, one.array.evidence))
        elif one.table is not None:
            if one.table.build is None:
                by_name.append((one.source.name, asked or GRCH38, one.table.evidence))
                continue
            rows.append((one.source.name, one.table.build, one.table.evidence))
        elif not one.copies and one.source.kind != "other":
            rows.append((one.source.name, *build_of_vcf(one.source, asked, kb.sites)))
        else:
            continue
        file, build, evidence = rows[-1]
        notes.file_of(one.samples, column)
        notes.add("info", "build", f"the file is {build} ({evidence})", where=file)
    rows = rows or by_name
    if not rows:
        raise InputError("copy numbers alone are no genotypes", file=inputs[0].source.name, fix="give the VCF as well")
    return common_build(rows)


def _name_arrays(inputs: list[_Input], notes: Notes) -> None:
    """Say of arrays among several files, which name nobody, that each is taken for a person of its own."""
    arrays = [one for one in inputs if one.array is not None]
    if arrays and len({name for one in inputs for name in one.samples}) > 1:
        named = ", ".join(one.samples[0] for one in arrays[:5]) + (" ..." if len(arrays) > 5 else "")
        notes.add("warning", "array_persons", "an array names nobody, so each file is taken for a person of its own, "
                  f"called as the file is ({named}); files of one person need the same name up to the first dot",
                  where=arrays[0].source.name)  # fmt: skip


def gene_regions(kb: KnowledgeBase, build: str) -> Windows:
    """Return the genes as stretches of the genome of a build."""
    start, end = ("start_grch37", "end_grch37") if build == GRCH37 else ("start_grch38", "end_grch38")
    rows = kb.table("genes").select("chrom", start, end).drop_nulls().iter_rows()
    return Windows.of((contig_of(chrom, build), int(first), int(last)) for chrom, first, last in rows)


def _check_overlap(files: int, empty: list[_Input], build: str, notes: Notes, column: Mapping[str, int]) -> None:
    """Refuse input without any record in a pharmacogene; a file among several may be empty, as chr14 is."""
    in_regions = False
    for one in empty:
        source = one.source
        notes.file_of(one.samples, column)
        if len(empty) < files:
            notes.add("info", "no_positions", "the file has no record at a pharmacogene position", where=source.name)
        elif source.lies_in_regions():
            in_regions = True
            notes.add("warning", "no_positions", "the file has records in pharmacogenes but none at a position that "
                      "defines an allele", where=source.name)  # fmt: skip
        elif one is empty[-1] and not in_regions:
            refuse_if_broken(source.path if source.kind == "vcf" else None)
            raise InputError(
                f"no record lies in any pharmacogene of {build}", file=source.name,
                fix="check that the file covers the genome, the exome or such genes, and that its build is right",
            )  # fmt: skip


def _digest(source: Source) -> str:
    return digest(source.path, source.before) if source.path and source.name != "-" else ""


def _refuse_without_gt(inputs: list[_Input], column: Mapping[str, int]) -> None:
    """Refuse a file without any GT, unless its persons have genotypes in another file."""
    told = {name for one in inputs if one.has_gt for name in one.samples}
    for one in inputs:
        persons = column.keys() & set(one.samples)
        if one.has_gt is False and persons and told.isdisjoint(persons):
            raise NoGenotypesError("no record has a GT, so there are no genotypes to call from", file=one.source.name)


def _result(
    names: tuple[str, ...], everyone: tuple[str, ...], sites: pl.DataFrame, targets: Targets, assembly: Assembly,
    inputs: list[_Input], copies: CopyNumbers, notes: Notes,
) -> Genotypes:  # fmt: skip
    for row, columns in sorted(assembly.conflicts.items()):
        target = targets.all[row]
        notes.count("warning", "conflicting_records",
                    "{n} genotypes are not called because records at one position contradict each other",
                    f"{target.chrom}:{target.pos}", 1, np.concatenate(columns))  # fmt: skip
    for row, columns in sorted(assembly.repeated.items()):
        target = targets.all[row]
        notes.count("warning", "repeated_records", "{n} positions have a variant on several lines; it counts once",
                    f"{target.chrom}:{target.pos}", 1, np.concatenate(columns))  # fmt: skip
    frame = sites.select(
        pl.col("site").cast(pl.Int32), "chrom", "pos_grch38",
        pl.Series("pos", [t.pos or None for t in targets.all], dtype=pl.Int64),
        "ref", all_alleles(targets.all, sites["alleles"]),
        pl.Series("documented", [t.documented for t in targets.all], dtype=pl.Int32),
    )  # fmt: skip
    told = tuple(
        {
            "name": Path(one.source.name).name,
            "sha256": one.source.sha256 or _digest(one.source),
            "format": one.kind, "samples": str(one.source.total or len(one.samples)),
        }
        for one in inputs
    )  # fmt: skip
    first_read = partial(_first_read, assembly, names)
    return Genotypes(
        names, frame, assembly.alleles, assembly.state, assembly.phased, assembly.phase_set, targets.build, told,
        copies.frame(first_read), notes.all(), tuple(frozenset(names).intersection(one.samples) for one in inputs),
        everyone, assembly.register.doubts(), assembly.imputed,
    )  # fmt: skip


def _first_read(assembly: Assembly, names: tuple[str, ...], name: str, chrom: str, first: int, last: int) -> str | None:
    """Return the first position between two bases of which a record of its own gives a base of this sample."""
    column = names.index(name)
    called = assembly.state[:, column] == State.CALLED
    read = called & (assembly.alleles[:, column] >= 0).any(axis=1)
    inside = [t.pos for t in assembly.targets if t.chrom == chrom and first <= t.pos and t.end <= last and read[t.site]]
    return f"{chrom}:{min(inside)}" if inside else None
