"""Polygenic scores of everybody in some genotype files, by one scoring file after the other."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import polars as pl

from pgx import schema
from pgx.codes import NoteCode, Severity, VariantUse
from pgx.errors import InputError, UsageError
from pgx.knowledge import KnowledgeBase
from pgx.notes import Note
from pgx.output_tables.own_columns import POLYGENIC
from pgx.polygenic.alleles import find
from pgx.polygenic.genotypes import Thresholds, read_batches
from pgx.polygenic.results import names_of, score_rows, variant_rows
from pgx.polygenic.sites import Sites, count_copies
from pgx.polygenic.tally import GENOTYPED, MOST_KEPT, Tally
from pgx.polygenic.weights import Weights, read_weights
from pgx.variants.build import asked_build, build_of_vcf, common_build
from pgx.variants.sites.fasta import Reference
from pgx.variants.sites.targets import Targets
from pgx.variants.vcf.source import Source, open_source

MIN_MATCH = 0.75
"""Share of a score's rows whose genotype must be known, as the PGS Catalog's own calculator asks for."""
_JUDGED = 20
_WRONG_BUILD = 0.5
"""From `_JUDGED` rows with a record on, a larger share of alleles that do not fit means another build."""


@dataclass(frozen=True, slots=True)
class Policy:
    """How genotypes are matched to a score; the defaults are the safe ones.

    Parameters
    ----------
    build
        Build of the genotypes; None = found out.
    samples
        Samples to score; None = all.
    min_match
        Share of the rows whose genotype must be known for a person to have a score.
    keep_ambiguous
        Use A/T and C/G variants as if they were written on the forward strand.
    absent_is_reference
        Take positions without any record for reference; needs `fasta`.
    fasta
        Indexed reference genome.
    thresholds
        Which genotypes are used.
    """

    build: str | None = None
    samples: tuple[str, ...] | None = None
    min_match: float = MIN_MATCH
    keep_ambiguous: bool = False
    absent_is_reference: bool = False
    fasta: Path | None = None
    thresholds: Thresholds = field(default_factory=Thresholds)


@dataclass(frozen=True, slots=True)
class Scored:
    """`scores` is `own_columns.POLYGENIC`, `variants` its ``POLYGENIC_VARIANTS`` if they were asked for."""

    scores: pl.DataFrame
    variants: pl.DataFrame | None
    notes: tuple[Note, ...]
    build: str


def calculate(
    files: Sequence[Path], pgs: Sequence[Path], kb: KnowledgeBase, policy: Policy, *, variants: bool = False
) -> Scored:
    """Score everybody in the files.

    Parameters
    ----------
    files
        VCF, BCF or gVCF files; those of the same persons are taken together, as one a chromosome.
    pgs
        Scoring files.
    kb
        Knowledge base, by whose positions a build is told that no header names.
    policy
        How genotypes are matched.
    variants
        Keep what became of every row in every person.

    Raises
    ------
    InputError
        If a file cannot be used, or nobody has enough of a score's variants.
    UsageError
        If an option makes no sense.
    """
    if not 0 < policy.min_match <= 1:
        raise UsageError(f"the least match rate is {policy.min_match}; it must be above 0 and at most 1")
    if policy.absent_is_reference and policy.fasta is None:
        raise UsageError("--absent-is-reference needs --fasta here: a score does not say which allele is the reference")
    if len(pgs) > 1 and any(str(path) == "-" for path in files):
        raise UsageError("standard input can be read once; give one scoring file, or a file of genotypes")
    parts: list[tuple[pl.DataFrame, pl.DataFrame | None]] = []
    notes: list[Note] = []
    identities, build = [], ""
    for path in pgs:
        with ExitStack() as stack:
            sources = [stack.enter_context(_Opened(file)) for file in files]
            build = _build(sources, policy, kb)
            weights = read_weights(path, build)
            identities.append(weights.header.identity)
            genome = _Genome(policy.fasta, Targets.of(kb.sites, build)) if policy.fasta else None
            reference = None if genome is None else stack.enter_context(genome)
            found = list(_tallies(sources, weights, policy, reference, keep=variants))
        notes += [note for tally in found for note in _notes(tally)]
        scores = pl.concat([score_rows(tally, policy.min_match, MIN_MATCH) for tally in found])
        if scores["score"].null_count() == scores.height:
            raise InputError(_too_few(found, policy.min_match), file=path, fix=_HELP)
        parts.append((scores, pl.concat([variant_rows(tally) for tally in found]) if variants else None))
    if twice := names_of(pgs, identities):
        raise UsageError(f"two scores have one name: {twice[0]}")
    told = [table for _, table in parts if table is not None]
    return Scored(schema.conform(pl.concat([scores for scores, _ in parts]), POLYGENIC),
                  pl.concat(told) if told else None, tuple(notes), build)  # fmt: skip


_HELP = (
    "check the builds; if the genotypes list only differences from the reference, give --absent-is-reference with "
    "--fasta; --min-match lowers what is asked for"
)


class _Opened:
    """A genotype file, closed at the end."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> Source:
        self._source = open_source(self._path)
        if self._source.kind == "other":
            raise InputError("polygenic scores are made from VCF, BCF or gVCF files", file=self._source.name)
        return self._source

    def __exit__(self, *_: object) -> None:
        self._source.close()


class _Genome:
    """The reference genome, closed at the end."""

    def __init__(self, path: Path, targets: Targets) -> None:
        self._reference = Reference(path, targets)

    def __enter__(self) -> Reference:
        return self._reference

    def __exit__(self, *_: object) -> None:
        self._reference.close()


def _build(sources: Sequence[Source], policy: Policy, kb: KnowledgeBase) -> str:
    asked = asked_build(policy.build)
    return common_build([(source.name, *build_of_vcf(source, asked, kb.sites)) for source in sources])


def _tallies(
    sources: Sequence[Source], weights: Weights, policy: Policy, reference: Reference | None, *, keep: bool
) -> Iterator[Tally]:
    """Yield the sums of each group of files that hold the same persons."""
    groups: dict[tuple[str, ...], list[Source]] = defaultdict(list)
    for source in sources:
        groups[tuple(sorted(source.header().samples))].append(source)
    everyone = [name for group in groups for name in group]
    if len(everyone) != len(set(everyone)):
        raise InputError("a person is in several files that do not hold the same persons", file=sources[0].name,
                         fix="give files that hold the same persons, or score them one by one")  # fmt: skip
    if policy.samples is not None and (unknown := [name for name in policy.samples if name not in set(everyone)]):
        raise UsageError(f"no sample is called {unknown[0]!r} in the files")
    sites = Sites.of(weights.usable)
    for group in groups.values():
        named = group[0].header().samples
        chosen = named if policy.samples is None else tuple(name for name in policy.samples if name in set(named))
        if not chosen:
            continue
        if keep and len(chosen) * weights.rows.height > MOST_KEPT:
            raise UsageError(f"the table of variants would have {len(chosen) * weights.rows.height:,} rows; name fewer "
                             "persons with --samples")  # fmt: skip
        yield _tally(group, Tally(weights, sites, chosen, keep), policy, reference)


def _tally(sources: Sequence[Source], tally: Tally, policy: Policy, reference: Reference | None) -> Tally:
    for source in sources:
        place = {name: at for at, name in enumerate(source.header().samples)}
        keep = np.array([place[name] for name in tally.samples], dtype=np.intp)
        for batch in read_batches(source, tally.sites.windows(), keep, policy.thresholds):
            for at, one in enumerate(batch.records):
                tally.dosage_only += "DS" in one.format and "GT" not in one.format and at not in batch.doses
            tally.add(count_copies(batch, tally.sites, reference, keep_ambiguous=policy.keep_ambiguous))
    _refuse_other_build(tally, sources[0].name)
    if policy.absent_is_reference and reference is not None:
        _assume_reference(tally, reference, keep_ambiguous=policy.keep_ambiguous)
    tally.finish()
    return tally


def _refuse_other_build(tally: Tally, name: str) -> None:
    """Refuse genotypes whose alleles do not fit where they should: the header of one of the files is wrong."""
    differ = tally.why_is(VariantUse.ALLELES_DIFFER)
    fit = int(tally.seen.sum()) + tally.why_is(VariantUse.AMBIGUOUS)
    if differ + fit >= _JUDGED and differ > _WRONG_BUILD * (differ + fit):
        raise InputError(
            f"of {differ + fit} variants of {tally.weights.header.identity} with a record, the alleles of {differ} do "
            f"not fit; one of the files is not {tally.weights.build}", file=name,
            fix="check the builds of both files",
        )  # fmt: skip


def _assume_reference(tally: Tally, reference: Reference, *, keep_ambiguous: bool) -> None:
    """Take the autosomal positions that no record speaks of for reference in everybody."""
    sites = tally.sites
    spans = {chrom: span for chrom, span in sites.spans.items() if chrom not in ("chrX", "chrY")}
    at, copies = [], []
    for chrom, (first, last) in spans.items():
        for site in range(first, last):
            if not tally.is_absent(site):
                continue
            base = reference.bases(chrom, int(sites.pos[site]), int(sites.pos[site]))
            if base not in ("A", "C", "G", "T"):
                tally.leave_out(site, VariantUse.REFERENCE_UNKNOWN)
                continue
            found = find(base, (".",), sites.effect[site], sites.other[site], keep_ambiguous)
            if found.why is not None:
                tally.leave_out(site, found.why)
                continue
            at.append(site)
            copies.append(2 if found.index == 0 else 0)
    if at:
        tally.assume(np.array(at, dtype=np.int64), np.array(copies, dtype=np.int8))


def _too_few(found: Sequence[Tally], least: float) -> str:
    best = max((tally for tally in found), key=lambda tally: float(tally.rates().max(initial=0)))
    place = int(best.rates().argmax())
    lost = sorted(((int(counts[place]), str(use)) for use, counts in best.counts.items()), reverse=True)
    told = ", ".join(f"{use} {n}" for n, use in lost if n and use not in GENOTYPED)
    if best.dosage_only:
        told += f"; {best.dosage_only} records have dosages (DS) and no genotypes (GT), and are not marked as imputed"
    return (
        f"at most {best.rates()[place]:.1%} of the {best.weights.rows.height} variants are genotyped in anyone, and "
        f"{least:.0%} are asked for ({told})"
    )


def _notes(tally: Tally) -> Iterator[Note]:
    """Say what was found in the file, what could not be used, and who has no score."""
    header, rows = tally.weights.header, tally.weights.rows
    where = str(tally.weights.path)

    def note(severity: Severity, code: NoteCode, text: str, sample: str | tuple[str, ...] | None = None) -> Note:
        return Note(stage="polygenic", severity=severity, code=code, message=text, subject=header.identity,
                    where=where, sample=sample)  # fmt: skip

    trait, terms = header.value("trait_reported") or "no trait named", header.value("license")
    told = f"{header.identity}, {trait}: {rows.height} rows, {tally.weights.build}"
    yield note(Severity.INFO, NoteCode.PGS_FILE, told + (f"; terms of use: {terms}" if terms else ""))
    first = header.lines + 2
    for use, number, row in rows.drop_nulls("refused").group_by("refused", maintain_order=True).agg(
            pl.len(), pl.col("row").min()).iter_rows():  # fmt: skip
        yield note(Severity.WARNING, NoteCode.PGS_ROWS_REFUSED,
                   f"{number} rows are not used ({use}), the first in line {row + first}")  # fmt: skip
    if tally.again:
        yield note(Severity.WARNING, NoteCode.REPEATED_RECORDS,
                   f"{tally.again} variants have records in two places; the first ones are used")  # fmt: skip
    if tally.dosages:
        yield note(Severity.INFO, NoteCode.PGS_DOSAGES, f"{tally.dosages} variants were imputed: their dosages (DS, or "
                   "what GP expects) are counted, and not the most probable genotypes")  # fmt: skip
    if tally.flipped:
        yield note(Severity.INFO, NoteCode.PGS_STRAND, f"{tally.flipped} variants are written on the other strand than "
                   "the genotypes and were complemented")  # fmt: skip
    for sample, rate in zip(tally.samples, tally.rates().tolist(), strict=True):
        if rate < MIN_MATCH:
            yield note(Severity.WARNING, NoteCode.PGS_MATCH_LOW, f"{rate:.1%} of the variants are genotyped", sample)
