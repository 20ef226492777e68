"""Put what a table of SNP results says into the genotype arrays."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

import numpy as np
import polars as pl

from pgx.knowledge import KnowledgeBase
from pgx.types import NO_COPY, NOT_CALLED, State
from pgx.variants.arrays.result_alleles import Problem, SiteAlleles, codes_of, strand_of_bases, tokens_of
from pgx.variants.arrays.result_table import Cell, ResultTable
from pgx.variants.notes import Notes
from pgx.variants.sites.assemble import Assembly, Evidence
from pgx.variants.sites.copy_number import CopyNumbers
from pgx.variants.sites.match import UNTOLD
from pgx.variants.sites.targets import Target, Targets

_PROBLEMS = {
    Problem.STRAND: (
        "strand_unknown",
        "{n} genotypes are not used: their bases fit on both strands, and the table does not say which it is of (add a "
        "column strand, + or -)",
    ),
    Problem.NOTATION: ("genotype_not_read", "{n} genotypes fit no allele of their position"),
}

FEW = 20
"""Markers at no position of interest up to which they are named: more are an array's, which tests other things too."""


class TableReader:
    """Reads one table into the arrays of a run.

    Parameters
    ----------
    table
        What the table says.
    column
        Place of each person of the run.
    repeats
        By site the unit that it repeats, and how often the reference does (`repeat_units`).
    file, notes
        The file's name, and where to say what could not be used.
    """

    def __init__(
        self,
        table: ResultTable,
        column: Mapping[str, int],
        repeats: Mapping[int, tuple[str, int]],
        file: str,
        notes: Notes,
    ) -> None:
        self.table, self.column, self.repeats, self.file = table, column, repeats, file
        self.notes = notes

    def add(self, targets: Targets, assembly: Assembly, copies: CopyNumbers) -> bool:
        """Add the genotypes and copy numbers; say whether the table has any at a position of interest."""
        for site, cells in self.table.cells.items():
            self._add_site(targets.all[site], cells, assembly)
        for (sample, gene), numbers in self.table.copies.items():
            if sample in self.column:
                self._add_copies(sample, gene, numbers, copies)
        self._say(self.notes)
        return bool(self.table.cells or self.table.copies)

    def _add_site(self, target: Target, cells: list[Cell], assembly: Assembly) -> None:
        unit, units = self.repeats.get(target.site, (None, 0))
        site = SiteAlleles(tuple(target.alleles[: target.documented]), target.reference_code, unit, units)
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
                self.notes.count(
                    "warning",
                    "conflicting_records",
                    "{n} genotypes are not called because lines of the table contradict each other",
                    f"{self.file}: {target.chrom}:{target.pos or target.site}",
                    1,
                    np.array([column]),
                )
                found[column] = {(NOT_CALLED, NOT_CALLED)}
        if found:
            columns = np.array(sorted(found), dtype=np.intp)
            codes = np.array([next(iter(found[one])) for one in columns.tolist()], dtype=np.int8)
            unphased = np.zeros(len(columns), dtype=bool)
            evidence = Evidence(columns, codes, unphased, None, State.CALLED, None, frozenset({-9}))
            assembly.add(target.site, evidence)

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
        strand = cell.strand or shown
        codes = tokens if isinstance(tokens, Problem) else codes_of(site, tokens, strand)
        if isinstance(codes, Problem):
            code, message = _PROBLEMS[codes]
            where = f"{self.file}: line {cell.line}: {target.chrom}:{target.pos} {cell.text[:20]}"
            self.notes.count("warning", code, message, where, 1, np.array([self.column[cell.sample]]))
            # A strand that is not said leaves the genotype unknown; a notation that fits no allele shows something.
            return (NOT_CALLED, NOT_CALLED) if codes is Problem.STRAND else (UNTOLD, UNTOLD)
        if strand == "-" and not site.is_long:
            where = f"{self.file}: line {cell.line}"
            message = "{n} genotypes are on the reverse strand and were complemented"
            self.notes.count("info", "strand_flipped", message, where, 1, np.array([self.column[cell.sample]]))
        one, two = (codes[0], codes[0]) if len(codes) == 1 else (min(codes), max(codes))
        if target.chrom in ("chrM", "chrY") or (target.chrom == "chrX" and len(codes) == 1):
            return (one, NO_COPY) if one == two else (UNTOLD, UNTOLD)
        return one, two

    def _add_copies(self, sample: str, gene: str, numbers: list[int | None], copies: CopyNumbers) -> None:
        if None in numbers:
            copies.unclear[sample, gene] = self.file
        for number in set(numbers):
            if number is not None:
                copies.state(sample, gene, number, "genotype", self.file)

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


def repeat_units(kb: KnowledgeBase) -> dict[int, tuple[str, int]]:
    """Return by site the bases that it repeats, and how often the genome's reference does, as laboratories count."""
    rows = kb.table("calling_policies").filter(pl.col("policy") == "repeat_unit")
    place = dict(zip(kb.sites["pos_grch38"], kb.sites["site"], strict=True))
    return {
        place[position]: (unit, int(count))
        for position, unit, count in rows.select("pos_grch38", "allele", "report_as").iter_rows()
        if position in place
    }
