"""How many copies of a gene the structural records of the files show."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

import numpy as np
import polars as pl

from pgx.types import MOST_COPIES
from pgx.variants.notes import Notes
from pgx.variants.sites.broken_genes import BrokenGenes, FirstRead
from pgx.variants.sites.copy_statements import SURE, Said, Statement
from pgx.variants.sites.gene_spans import GeneSpan
from pgx.variants.sites.structural_events import Absent, Carried, DisagreementError, change
from pgx.variants.vcf import extent, records
from pgx.variants.vcf.phase_lists import PhaseLists
from pgx.variants.vcf.structural_alleles import is_structural

SCHEMA = pl.Schema(
    {
        "sample": pl.String, "gene": pl.String, "copies": pl.Int64, "kind": pl.String, "source": pl.String,
        "quality": pl.Int64,
    }
)  # fmt: skip
"""``copies`` of the whole gene in one person; ``kind`` is deletion | duplication | cnv | reference | genotype;
exon_deletion: exons are lost for which an allele is named, ``copies`` are those that keep all; without ``copies``,
unclear: a change whose copies cannot be counted, or structure: a change inside the gene
(`pgx.variants.sites.broken_genes`). ``quality`` (phred) is how sure the
number is, null where no file tells."""
_READS = frozenset({"AD", "DP", "MIN_DP"})
"""FORMAT keys of a genotype of bases; a caller of copies alone does not write them."""


@dataclass(slots=True)
class _Touched:
    """Genes that a record covers whole or in part, by its last base and whether it adds copies, those that it covers or
    not, as one believes END or SVLEN, by its last base, and those that one of unknown length lies in."""

    whole: dict[tuple[int, bool], list[str]] = field(default_factory=dict)
    partial: dict[tuple[int, bool], list[GeneSpan]] = field(default_factory=dict)
    disputed: dict[int, list[str]] = field(default_factory=dict)
    open: list[str] = field(default_factory=list)

    def any(self) -> bool:
        """Say whether there are any."""
        return bool(self.open) or any(any(genes.values()) for genes in (self.whole, self.partial, self.disputed))

    def tell_all(self, first: int) -> bool:
        """Say whether what becomes of the genes from base `first` on also tells all of the bases in them."""
        cut = (not s.exons or s.touched(first, end) for (end, _), spans in self.partial.items() for s in spans)
        return bool(self.open) or any(self.whole.values()) or any(self.disputed.values()) or any(cut)


@dataclass(slots=True)
class CopyNumbers:
    """Collects copy numbers by sample and gene.

    A CN field is taken as it is, where it tells a whole number; without one, deleted and duplicated alleles of the
    genotype are added up, each event once (`pgx.variants.sites.structural_events`). What contradicts itself or cannot
    be counted makes the gene's copy number unclear, which is never read as two.
    """

    spans: list[GeneSpan]
    notes: Notes
    stated: dict[tuple[str, str], set[tuple[int, str, str]]] = field(default_factory=lambda: defaultdict(set))
    carried: dict[tuple[str, str], list[Carried]] = field(default_factory=lambda: defaultdict(list))
    absent: dict[str, list[Absent]] = field(default_factory=lambda: defaultdict(list))
    unclear: dict[tuple[str, str], str] = field(default_factory=dict)
    phases: dict[str, PhaseLists] = field(default_factory=dict)
    qualities: dict[tuple[str, str], list[int | None]] = field(default_factory=lambda: defaultdict(list))
    broken: BrokenGenes = field(init=False)
    _columns: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.broken = BrokenGenes(self.spans, self.notes, whole=self.carried, qualities=self.qualities)

    def state(self, sample: str, gene: str, copies: int, kind: str, file: str) -> None:
        """Take down what a file states."""
        self.stated[(sample, gene)].add((copies, kind, file))

    def add(
        self, record: records.Record, samples: tuple[str, ...], wanted: dict[str, int], file: str,
        *, cn_of_allele: bool = False,
    ) -> bool:  # fmt: skip
        """Read a structural record; say whether it says nothing of single bases.

        A change of copies between genes or exons does: the bases that it changes are not those of the reference.
        `cn_of_allele` says that INFO/CN is the copy number of each ALT, as it is since VCF 4.4.
        """
        counted = [extent.COUNTED.match(alt) is not None for alt in record.alts]
        segment = _is_segment(record)
        if not any(counted) and not segment and not is_structural(record.ref, ",".join(record.alts)):
            return False
        if not record.passes:
            self.notes.count(
                "warning",
                "structural_filtered",
                "{n} structural records do not pass their filter and are not used",
                f"{file}: {record.where}",
            )
            return all(counted) or segment
        failed = records.failed_samples(record, len(samples))
        if failed is not None and failed.any():
            self.notes.count(
                "warning",
                "structural_filtered",
                "{n} structural records do not pass a sample's own filter (FT) and are not used there",
                f"{file}: {record.where}",
            )
        self.broken.add(record, samples, wanted, file)
        if not any(counted) and not segment:
            return False
        statement = Statement(record, file, cn_of_allele)
        genes = self._touched(statement)
        if genes.any():
            self._columns = wanted
            said, free = statement.read(samples, self.phases.setdefault(file, PhaseLists(file)))
            for name, one in zip(samples, said, strict=True):
                if one is not None and name in wanted:
                    self._take(name, one, statement, genes)
            self._deny(statement, [name for name, is_free in zip(samples, free, strict=True) if is_free], genes)
        return segment or (all(counted) and genes.tell_all(record.pos + 1))

    def _touched(self, statement: Statement) -> _Touched:
        spans = [span for span in self.spans if span.chrom == statement.record.chrom]
        pos, touched = statement.record.pos, _Touched()
        for end in set(statement.ends):
            if end is None:
                touched.open = [s.gene for s in spans if s.region[0] <= pos + 1 and pos <= s.region[1]]
                continue
            tightest = statement.spread.tightest(pos + 1, end)
            widest = statement.spread.widest(pos + 1, end)
            for gain in (False, True):
                held = {s.gene for s in spans if (s.is_covered if gain else s.is_lost)(*tightest)}
                touched.whole[end, gain] = sorted(held)
                touched.partial[end, gain] = [s for s in spans if s.gene not in held and s.is_met(*widest)]
        for told in statement.told:
            if len(told) > 1:
                touched.disputed[told[0]] = [s.gene for s in spans if len({s.met(pos + 1, end) for end in told}) > 1]
        return touched

    def _take(self, name: str, said: Said, statement: Statement, genes: _Touched) -> None:
        """Take down what a record says of one sample."""
        record, file = statement.record, statement.file
        for (end, gain), strands in said.strands.items():
            if end is None:
                self._doubt(name, genes.open, "a structural record has neither END nor SVLEN", record, file)
                continue
            adds = gain if said.copies is None else said.copies > 2
            whole = genes.whole[end, adds]
            if said.kind != "reference":
                self._take_part(name, said, statement, genes.partial[end, adds], (end, gain))
                told = "END and SVLEN of a structural record contradict each other"
                self._doubt(name, genes.disputed.get(end, []), told, record, file)
            if said.problem:
                self._doubt(name, whole, said.problem, record, file)
                continue
            for gene in whole:
                self.qualities[(name, gene)].append(said.quality)
                if said.copies is not None:
                    self.state(name, gene, said.copies, said.kind, file)
                else:
                    self.carried[(name, gene)].append(Carried(statement.stretch(end, gain), strands, said.phase))

    def _take_part(
        self, name: str, said: Said, statement: Statement, spans: list[GeneSpan], to: tuple[int, bool]
    ) -> None:
        """Take down a change of a part of each gene: exons are lost or added, or the change lies between them."""
        gain, strands = to[1], said.strands[to]
        if said.copies is not None:
            gain, strands = said.copies > 2, _lost(said.copies)
        stretch = statement.stretch(to[0], gain)
        sure = said.quality is None or said.quality >= SURE
        event = Carried(stretch, strands, said.phase) if sure and not said.problem else None
        outside = [s.gene for s in spans if not self.broken.change_part(name, s, stretch, event)]
        if outside:
            self.notes.add("info", "partial_structural",
                           f"a {said.kind} lies between the exons of {', '.join(sorted(outside))}; "
                           "the gene's copy number is not taken from it",
                           where=f"{stretch.file}: {stretch.where}", sample=name)  # fmt: skip

    def _doubt(self, name: str, genes: list[str], problem: str, record: records.Record, file: str) -> None:
        """Say that a record leaves it open how many copies of the genes there are."""
        if not genes:
            return
        self.notes.add("warning", "copy_number_unclear",
                       f"{problem}; how many copies of {', '.join(sorted(genes))} there are is not known "
                       "(--copy-number gives it)",
                       where=f"{file}: {record.where}", sample=name)  # fmt: skip
        for gene in genes:
            self.unclear.setdefault((name, gene), file)

    def _deny(self, statement: Statement, free: list[str], genes: _Touched) -> None:
        """Take down who is said not to carry the record's alleles."""
        columns = [self._columns[name] for name in free if name in self._columns]
        if not columns:
            return
        who = np.zeros(len(self._columns), dtype=bool)
        who[columns] = True
        for end, gain in statement.changed():
            for gene in genes.whole.get((end, gain), ()):
                self.absent[gene].append(Absent(statement.stretch(end, gain), who))

    def frame(self, first_read: FirstRead | None = None) -> pl.DataFrame:
        """Return the copy numbers found, one row a sample and gene; those that are unclear have no `copies`.

        `first_read` tells where a base was read (`pgx.variants.sites.broken_genes`).
        """
        whole = {*self.stated, *self.carried, *self.unclear}
        rows: list[tuple[str, str, int | None, str, str, int | None]] = []
        for name, gene, left, kind, file in self.broken.rows(first_read):
            # Exons lost on one strand and the whole gene on the other: no one number tells that.
            alone = (name, gene) not in whole or not self._is_changed(name, gene)
            rows.append((name, gene, left if alone else None, kind if alone else "structure", file, None))
        broken = {(name, gene) for name, gene, *_ in rows}
        for name, gene in sorted(whole - broken):
            if (name, gene) in self.unclear:
                rows.append((name, gene, None, "unclear", self.unclear[(name, gene)], None))
                continue
            told = self.qualities.get((name, gene), [None])
            quality = None if None in told else max(one for one in told if one is not None)
            try:
                rows.append((name, gene, *self._agreed(name, gene), quality))
            except DisagreementError as error:
                message = f"{gene}: {error}; none is used (--copy-number gives the number)"
                self.notes.add("warning", "conflicting_copy_number", message, sample=name, where=gene)
                files = [file for _, _, file in self.stated.get((name, gene), ())]
                files += [one.stretch.file for one in self.carried.get((name, gene), ())]
                rows.append((name, gene, None, "unclear", min(files), None))
        return pl.DataFrame(sorted(rows, key=lambda row: row[:2]), schema=SCHEMA, orient="row")

    def _is_changed(self, name: str, gene: str) -> bool:
        stated = {copies for copies, _, _ in self.stated.get((name, gene), ())}
        return bool(self.carried.get((name, gene))) or (name, gene) in self.unclear or bool(stated - {2})

    def _agreed(self, name: str, gene: str) -> tuple[int, str, str]:
        """Return the copies, kind and file that everything said of a gene agrees on.

        A duplicated allele adds at least one copy, so a CN of more is no contradiction.
        """
        told = sorted(self.stated.get((name, gene), ()))
        events = self.carried.get((name, gene), [])
        column = self._columns.get(name)
        absent = [one for one in self.absent.get(gene, ()) if column is not None and one.who[column]]
        by_genotype = 2 + change(events, absent) if events else None
        numbers = sorted({copies for copies, _, _ in told})
        if by_genotype is not None and not (numbers and min(numbers) >= by_genotype > 2):
            numbers = sorted({*numbers, max(0, by_genotype)})
        if len(numbers) > 1:
            raise DisagreementError(f"the records say {' and '.join(map(str, numbers))} copies")
        if numbers[0] > MOST_COPIES:
            raise DisagreementError(f"the records add up to {numbers[0]} copies")
        if told:
            return told[0]
        kinds = sorted({"duplication" if one.stretch.gain else "deletion" for one in events})
        return numbers[0], kinds[0] if len(kinds) == 1 else "cnv", events[0].stretch.file


def _is_segment(record: records.Record) -> bool:
    """Say whether a record without ALT tells the copies of a stretch, and not the bases that were read there."""
    if record.alts != ["."] or record.end < record.pos + len(record.ref):
        return False
    kind = record.info_value("SVTYPE")
    if kind == "STR":  # a short repeat; CN counts its units
        return False
    told = "CN" in record.format or kind is not None
    return told and _READS.isdisjoint(record.format)


def _lost(copies: int) -> tuple[int, int]:
    """Return the change on each strand of a stretch with so many copies, at most two of them lost."""
    return (-1 if copies < 2 else 0), (-1 if copies < 1 else 0)
