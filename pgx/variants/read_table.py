"""Put what a table of SNP results says into the genotype arrays."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np
import polars as pl

from pgx.knowledge import KnowledgeBase
from pgx.knowledge.resolver import gene_named, genes_meant
from pgx.notes import refused_result
from pgx.types import NO_COPY, NOT_CALLED, State
from pgx.variants.arrays.result_alleles import Problem, SiteAlleles, codes_of, strand_of_bases, tokens_of
from pgx.variants.arrays.result_table import FEW, Cell, ResultTable, Stray
from pgx.variants.notes import Notes
from pgx.variants.sites.assemble import Assembly, Evidence
from pgx.variants.sites.copy_number import CopyNumbers
from pgx.variants.sites.match import UNTOLD
from pgx.variants.sites.targets import Target, Targets

_REACH = 5_000
"""Bases beyond a gene that a table may still name it for: genes lie in each other, and beside."""
_CLUSTER = "_CLUSTER"
"""Ends the name of a position between genes, which tables give the name of any of those."""


class TableReader:
    """Reads one table into the arrays of a run.

    A result that cannot be used costs the person that result, and its genes are in doubt: the laboratory knew something
    that is missing here.

    Parameters
    ----------
    table
        What the table says.
    column
        Place of each person of the run.
    kb
        Knowledge base.
    file, notes
        The file's name, and where to say what could not be used.
    """

    def __init__(
        self,
        table: ResultTable,
        column: Mapping[str, int],
        kb: KnowledgeBase,
        file: str,
        notes: Notes,
    ) -> None:
        self.table, self.column, self.kb, self.file, self.notes = table, column, kb, file, notes
        self._repeats: dict[int, tuple[str, int]] = kb.remember("repeat units", lambda: _repeat_units(kb))
        self._genes = kb.sites["genes"].to_list()
        self._places: list[tuple[str, int]] = list(kb.sites.select("chrom", "pos_grch38").iter_rows())
        self._spans: dict[str, tuple[str, int, int]] = kb.remember("spans of genes", lambda: _spans(kb))
        self._refused: dict[tuple[str, str], list[tuple[int | None, str]]] = defaultdict(list)

    def add(self, targets: Targets, assembly: Assembly, copies: CopyNumbers) -> bool:
        """Add the genotypes and copy numbers; say whether the table has any at a position of interest."""
        for site, cells in self.table.cells.items():
            self._add_site(targets.all[site], cells, assembly)
        for cell in self.table.lost:
            if cell.sample in self.column and tokens_of(cell.text) is not Problem.MISSING:
                self._refuse_named(cell, "its marker is no known one, and its gene is")
        for (sample, gene), numbers in self.table.copies.items():
            if sample in self.column:
                self._add_copies(sample, gene, numbers, copies)
        for stray in self.table.strays:
            self._add_stray([targets.all[site] for site in stray.sites], stray)
        self._say(self.notes)
        self._say_refused()
        return bool(self.table.cells or self.table.copies)

    def _add_site(self, target: Target, cells: list[Cell], assembly: Assembly) -> None:
        site = self._alleles(target)
        shown = self._strand_of_marker(site, cells)
        found: dict[int, set[tuple[int, int]]] = defaultdict(set)
        for cell in cells:
            if cell.sample in self.column:
                found[self.column[cell.sample]].add(self._codes(target, site, cell, shown))
        for column, genotypes in found.items():
            for nothing in ((NOT_CALLED, NOT_CALLED), (UNTOLD, UNTOLD)):
                if len(genotypes) > 1:
                    genotypes.discard(nothing)
            if len(genotypes) > 1:
                found[column] = {(NOT_CALLED, NOT_CALLED)}
                last = [cell for cell in cells if self.column.get(cell.sample) == column][-1]
                self._refuse(last, [target.site], "another line contradicts it")
        if found:
            columns = np.array(sorted(found), dtype=np.intp)
            codes = np.array([next(iter(found[one])) for one in columns.tolist()], dtype=np.int8)
            unphased = np.zeros(len(columns), dtype=bool)
            evidence = Evidence(columns, codes, unphased, None, State.CALLED, None, frozenset({-9}))
            assembly.add(target.site, evidence)

    def _alleles(self, target: Target) -> SiteAlleles:
        unit, units = self._repeats.get(target.site, (None, 0))
        return SiteAlleles(tuple(target.alleles[: target.documented]), target.reference_code, unit, units)

    def _refuse(self, cell: Cell, sites: Iterable[int], why: str) -> None:
        """Take down that a result of the sites' genes is lost."""
        for gene in sorted({gene for site in sites for gene in self._genes[site]}):
            self._refused[cell.sample, gene].append((cell.line, f"{cell.text[:20]!r} of {cell.marker[:40]}: {why}"))

    def _add_stray(self, meant: Iterable[Target], stray: Stray) -> None:
        """Refuse a genotype whose marker is of no one position, at each of those that it may be of and that it fits."""
        tokens = tokens_of(stray.cell.text)
        if stray.cell.sample not in self.column or isinstance(tokens, Problem):
            return
        strand = stray.cell.strand
        fits = [one for one in meant if codes_of(self._alleles(one), tokens, strand) is not Problem.NOTATION]
        self._refuse(stray.cell, [one.site for one in fits], stray.why)

    def _strand_of_marker(self, site: SiteAlleles, cells: list[Cell]) -> str | None:
        """Return the strand that the marker's other genotypes leave; an assay has one."""
        strands = set()
        for cell in cells:
            tokens = tokens_of(cell.text)
            if cell.strand is None and not isinstance(tokens, Problem):
                strands.add(strand_of_bases(site, tokens))
        strands.discard(None)
        return next(iter(strands)) if len(strands) == 1 else None

    def _codes(self, target: Target, site: SiteAlleles, cell: Cell, shown: str | None) -> tuple[int, int]:
        tokens = tokens_of(cell.text)
        if tokens is Problem.MISSING:
            return NOT_CALLED, NOT_CALLED
        if why := self._doubt(target, cell):
            return self._unread(target, cell, why)
        unread = self.table.lettered and cell.alleles is None
        if unread and not isinstance(tokens, Problem) and set(tokens) <= {"A", "B"}:
            return self._unread(target, cell, "its A and B are the array's alleles, and the bases are not told")
        strand = cell.strand or shown
        codes = tokens if isinstance(tokens, Problem) else codes_of(site, tokens, strand)
        if codes is Problem.STRAND:
            where = f"{self.file}: line {cell.line}: {target.chrom}:{target.pos}"
            message = (
                "{n} genotypes are not used: their bases fit on both strands, and the table does not say which it is "
                "of (add a column strand, + or -)"
            )
            self.notes.count("warning", "strand_unknown", message, where, 1, np.array([self.column[cell.sample]]))
            return NOT_CALLED, NOT_CALLED
        if isinstance(codes, Problem):
            return self._unread(target, cell, f"it fits no allele of its position{_on(cell.strand)}")
        return self._read(target, cell, codes, flipped=strand == "-" and not site.is_long)

    def _read(self, target: Target, cell: Cell, codes: tuple[int, ...], *, flipped: bool) -> tuple[int, int]:
        if flipped:
            where = f"{self.file}: line {cell.line}"
            message = "{n} genotypes are on the reverse strand and were complemented"
            self.notes.count("info", "strand_flipped", message, where, 1, np.array([self.column[cell.sample]]))
        one, two = min(codes), max(codes)
        if target.chrom in ("chrM", "chrY") or (target.chrom == "chrX" and len(codes) == 1):
            return (one, NO_COPY) if one == two else self._unread(target, cell, "there is one copy of its position")
        if len(codes) == 1 and self.table.written_twice:
            return self._unread(target, cell, "one of its two alleles is missing")
        if len(codes) == 1:  # as mass spectrometers write a homozygous genotype
            where = f"{self.file}: line {cell.line}: {cell.marker[:40]}"
            message = (
                "{n} genotypes name one allele and are read as two copies of it, for the table writes no homozygous "
                "genotype otherwise; if the other allele was not determined, write that"
            )
            self.notes.count("warning", "one_allele_named", message, where, 1, np.array([self.column[cell.sample]]))
        return one, two

    def _unread(self, target: Target, cell: Cell, why: str) -> tuple[int, int]:
        """Refuse a genotype; something was shown there, so the position is open and never the reference."""
        self._refuse(cell, [target.site], why)
        return UNTOLD, UNTOLD

    def _doubt(self, target: Target, cell: Cell) -> str:
        """Return why a row cannot be used, whatever its genotype; empty if it can."""
        if not self._named_elsewhere(target.site, cell.gene):
            return cell.doubt
        why = f"its marker is not of the gene {cell.gene[:20]}, which the row names"
        self._refuse_named(cell, why)
        return why

    def _refuse_named(self, cell: Cell, why: str) -> None:
        """Take down that a result of the gene that its row names is lost."""
        gene = gene_named(self.kb, cell.gene)
        for one in genes_meant(self.kb, cell.gene) if gene is None else [gene]:
            self._refused[cell.sample, one].append((cell.line, f"{cell.text[:20]!r} of {cell.marker[:40]}: {why}"))

    def _named_elsewhere(self, site: int, name: str) -> bool:
        """Return whether a row names a gene that its position is not of, and does not lie in either."""
        gene, own = gene_named(self.kb, name) if name else None, self._genes[site]
        if gene is None or gene in own or gene not in self._spans:
            return False  # a name that nobody knows contradicts nothing
        if any(gene.startswith(one.removesuffix(_CLUSTER)) for one in own if one.endswith(_CLUSTER)):
            return False
        (chrom, start, end), (here, at) = self._spans[gene], self._places[site]
        return chrom != here or not start - _REACH <= at <= end + _REACH

    def _add_copies(self, sample: str, name: str, numbers: list[tuple[str, int | None]], copies: CopyNumbers) -> None:
        gene, written = gene_named(self.kb, name), numbers[0][0][:20]
        if gene is None:
            for meant in genes_meant(self.kb, name):
                self._refused[sample, meant].append((None, f"{written!r} copies of {name[:40]}: there is no such gene"))
            return
        for text, number in numbers:
            if number is not None:
                copies.state(sample, gene, number, "genotype", self.file)
                continue
            copies.unclear[sample, gene] = self.file
            self._refused[sample, gene].append((None, f"{text[:20]!r} is no number of copies"))

    def _say_refused(self) -> None:
        for (sample, gene), reasons in sorted(self._refused.items()):
            more = f", and {len(reasons) - 1} more" if len(reasons) > 1 else ""
            line, why = reasons[0]
            place = Path(self.file).name + ("" if line is None else f": line {line}")
            self.notes.rows.append(refused_result("variants", sample, gene, place, why + more))

    def _say(self, notes: Notes) -> None:
        table = self.table
        notes.add("info", "snp_table", f"a table of SNP results: {len(table.cells)} markers at positions of interest, "
                  f"{len(table.unknown)} at none", where=self.file)  # fmt: skip
        if 0 < len(table.unknown) <= FEW:
            notes.add("warning", "marker_unknown", f"{len(table.unknown)} markers are at no position of the knowledge "
                      f"base and are not used: {', '.join(sorted(table.unknown))}; if a number was merged into "
                      "another one, write that, or the position", where=self.file)  # fmt: skip
        if table.misplaced:
            name, line = next(iter(table.misplaced.items()))
            notes.add("warning", "marker_misplaced", f"{len(table.misplaced)} markers are not used because their rs "
                      f"number and their position are of different places: {name}", where=f"{self.file}: line {line}",
                      )  # fmt: skip
        if table.malformed:
            notes.add("warning", "malformed_record", f"{len(table.malformed)} lines name no person or no marker",
                      where=f"{self.file}: line {table.malformed[0]}")  # fmt: skip


def _on(strand: str | None) -> str:
    return f" on the {strand} strand" if strand else ""


def _spans(kb: KnowledgeBase) -> dict[str, tuple[str, int, int]]:
    """Return gene -> chromosome, first and last base."""
    rows = kb.table("genes").select("gene", "chrom", "start_grch38", "end_grch38").drop_nulls().iter_rows()
    return {gene: (chrom, int(start), int(end)) for gene, chrom, start, end in rows}


def _repeat_units(kb: KnowledgeBase) -> dict[int, tuple[str, int]]:
    """Return by site the bases that it repeats, and how often the genome's reference does, as laboratories count."""
    rows = kb.table("calling_policies").filter(pl.col("policy") == "repeat_unit")
    place = dict(zip(kb.sites["pos_grch38"], kb.sites["site"], strict=True))
    return {
        place[position]: (unit, int(count))
        for position, unit, count in rows.select("pos_grch38", "allele", "report_as").iter_rows()
        if position in place
    }
