"""How many copies of a gene the structural records of the files show."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

import numpy as np
import polars as pl

from pgx.knowledge import KnowledgeBase
from pgx.types import MOST_COPIES
from pgx.variants.notes import Notes
from pgx.variants.sites.copy_statements import Said, Statement
from pgx.variants.sites.structural_events import Absent, Carried, DisagreementError, change
from pgx.variants.sites.targets import Targets
from pgx.variants.vcf import extent, records
from pgx.variants.vcf.contigs import GRCH37
from pgx.variants.vcf.phase_lists import PhaseLists

SCHEMA = pl.Schema({"sample": pl.String, "gene": pl.String, "copies": pl.Int64, "kind": pl.String, "source": pl.String})
"""``copies`` of the whole gene in one person; ``kind`` is deletion | duplication | cnv | reference | genotype, or
unclear: the files tell of a change whose copies cannot be counted (no ``copies``)."""

_LONG_ENOUGH = 1000


@dataclass(frozen=True, slots=True)
class GeneSpan:
    """The stretch that a structural record must cover to change the copies of the whole gene.

    `region` is the gene with its surroundings, where a record of unknown length may be of that gene.
    """

    gene: str
    chrom: str
    first: int
    last: int
    whole: bool
    varies: bool
    region: tuple[int, int]

    def covered(self, first: int, last: int) -> float:
        """Return the share of the stretch inside [first, last]."""
        common = min(last, self.last) - max(first, self.first) + 1
        return max(0, common) / (self.last - self.first + 1)


def gene_spans(kb: KnowledgeBase, targets: Targets) -> list[GeneSpan]:
    """Return the stretch of each gene: its defining positions, or its region if they are few or close together."""
    start, end = ("start_grch37", "end_grch37") if targets.build == GRCH37 else ("start_grch38", "end_grch38")
    sites = kb.sites.select("site", "genes").explode("genes").group_by("genes").agg("site").rows()
    by_gene = {gene: [targets.all[site] for site in found] for gene, found in sites}
    spans = []
    for gene, chrom, first, last, varies in (
        kb.table("genes").select("gene", "chrom", start, end, pl.col("copy_number_varies") == "y").iter_rows()
    ):  # fmt: skip
        own = [t for t in by_gene.get(gene, []) if t.chrom == chrom and t.pos]
        low, high = min((t.pos for t in own), default=0), max((t.end for t in own), default=0)
        region = (low, high) if first is None or last is None else (int(first), int(last))
        if high - low >= _LONG_ENOUGH:
            region = (min(low, region[0]), max(high, region[1]))
            spans.append(GeneSpan(gene, chrom, low, high, True, bool(varies), region))
        elif first is not None and last is not None:
            spans.append(GeneSpan(gene, chrom, *region, False, bool(varies), region))
    return spans


@dataclass(slots=True)
class _Touched:
    """Genes that a record covers whole or in part, by its last base, and those that one of unknown length lies in."""

    whole: dict[int, list[str]] = field(default_factory=dict)
    partial: dict[int, list[str]] = field(default_factory=dict)
    open: list[str] = field(default_factory=list)

    def any(self) -> bool:
        """Say whether there are any."""
        return bool(self.open) or any(self.whole.values()) or any(self.partial.values())


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
    _columns: dict[str, int] = field(default_factory=dict)

    def state(self, sample: str, gene: str, copies: int, kind: str, file: str) -> None:
        """Take down what a file states."""
        self.stated[(sample, gene)].add((copies, kind, file))

    def add(
        self, record: records.Record, samples: tuple[str, ...], wanted: dict[str, int], file: str,
        *, cn_of_allele: bool = False,
    ) -> bool:  # fmt: skip
        """Read a structural record; say whether it says nothing of single bases.

        `cn_of_allele` says that INFO/CN is the copy number of each ALT, as it is since VCF 4.4.
        """
        counted = [extent.COUNTED.match(alt) is not None for alt in record.alts]
        segment = record.alts == ["."] and ("CN" in record.format or record.info_value("SVTYPE") is not None)
        if not any(counted) and not segment:
            return False
        if not record.passes:
            self.notes.count(
                "warning",
                "structural_filtered",
                "{n} structural records do not pass their filter and are not used",
                f"{file}: {record.where}",
            )
            return all(counted) or segment
        statement = Statement(record, file, cn_of_allele)
        genes = self._touched(statement)
        if genes.any():
            self._columns = wanted
            said, free = statement.read(samples, self.phases.setdefault(file, PhaseLists(file)))
            for name, one in zip(samples, said, strict=True):
                if one is not None and name in wanted:
                    self._take(name, one, statement, genes)
            self._deny(statement, [name for name, is_free in zip(samples, free, strict=True) if is_free], genes)
        return all(counted) or segment

    def _touched(self, statement: Statement) -> _Touched:
        spans = [span for span in self.spans if span.chrom == statement.record.chrom]
        pos, touched = statement.record.pos, _Touched()
        for end in set(statement.ends):
            if end is None:
                touched.open = [s.gene for s in spans if s.region[0] <= pos + 1 and pos <= s.region[1]]
                continue
            shares = [(span, span.covered(pos + 1, end)) for span in spans]
            touched.whole[end] = [s.gene for s, share in shares if share >= (1.0 if s.whole else 0.5)]
            touched.partial[end] = [s.gene for s, share in shares if s.whole and 0 < share < 1]
        return touched

    def _take(self, name: str, said: Said, statement: Statement, genes: _Touched) -> None:
        """Take down what a record says of one sample."""
        record, file = statement.record, statement.file
        for (end, gain), strands in said.strands.items():
            if end is None:
                self._doubt(name, genes.open, "a structural record has neither END nor SVLEN", record, file)
                continue
            if genes.partial[end] and said.kind != "reference":
                self.notes.add(
                    "warning",
                    "partial_structural",
                    f"a {said.kind} covers a part of {', '.join(sorted(genes.partial[end]))}; "
                    "the genes' copy number is not taken from it",
                    where=f"{file}: {record.where}",
                    sample=name,
                )
            if said.problem:
                self._doubt(name, genes.whole[end], said.problem, record, file)
                continue
            for gene in genes.whole[end]:
                if said.copies is not None:
                    self.state(name, gene, said.copies, said.kind, file)
                else:
                    self.carried[(name, gene)].append(Carried(statement.stretch(end, gain), strands, said.phase))

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
            for gene in genes.whole.get(end, ()):
                self.absent[gene].append(Absent(statement.stretch(end, gain), who))

    def frame(self) -> pl.DataFrame:
        """Return the copy numbers found, one row a sample and gene; those that are unclear have no `copies`."""
        rows: list[tuple[str, str, int | None, str, str]] = []
        for name, gene in sorted({*self.stated, *self.carried, *self.unclear}):
            if (name, gene) in self.unclear:
                rows.append((name, gene, None, "unclear", self.unclear[(name, gene)]))
                continue
            try:
                rows.append((name, gene, *self._agreed(name, gene)))
            except DisagreementError as error:
                message = f"{gene}: {error}; none is used (--copy-number gives the number)"
                self.notes.add("warning", "conflicting_copy_number", message, sample=name, where=gene)
                files = [file for _, _, file in self.stated.get((name, gene), ())]
                files += [one.stretch.file for one in self.carried.get((name, gene), ())]
                rows.append((name, gene, None, "unclear", min(files)))
        return pl.DataFrame(rows, schema=SCHEMA, orient="row")

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
