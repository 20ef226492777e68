"""Tables of SNP results as laboratories deliver them: TaqMan, iPLEX, PharmacoScan, Illumina's final report and others.

A table names persons, markers by rs number or position, and genotypes in many notations (`result_alleles`), in one of
three layouts (`result_layout`); copy numbers may stand beside. A cell that cannot be read costs that cell.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import polars as pl

from pgx.errors import InputError
from pgx.variants.arrays.array_codes import are_codes, are_letters, declared, in_bases
from pgx.variants.arrays.near_numbers import slips
from pgx.variants.arrays.result_alleles import Problem, copies_told, disowned, is_pair, tokens_of
from pgx.variants.arrays.result_layout import (
    Layout,
    Shape,
    cell_of,
    cells_of,
    gene_of_copies,
    is_no_strand,
    rsid_of,
    strand_of,
)
from pgx.variants.arrays.result_markers import Marker, choose_build, marker_named, marker_of_row
from pgx.variants.vcf.contigs import GRCH37, GRCH38, build_of_text, canonical

_NO_COPIES = frozenset({"", "-", ".", "na", "n/a", "nd", "nan", "no call", "undetermined", "invalid", "fail", "nc"})
FEW = 20
"""Markers at no position of interest up to which they are named: more are an array's, which tests other things too."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One genotype as written: whose, of which marker, where in the table, and the strand if the table says it.

    `gene` is what its row names, `doubt` why the row cannot be used, `alleles` the bases that an array calls A and B.
    """

    sample: str
    text: str
    line: int
    strand: str | None
    marker: str = ""
    gene: str = ""
    doubt: str = ""
    alleles: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Stray:
    """A genotype that is not used, since its marker is of no one position, and the sites that it may be of."""

    cell: Cell
    sites: tuple[int, ...]
    why: str


@dataclass(slots=True)
class ResultTable:
    """What a table says.

    Parameters
    ----------
    samples
        The persons, in the order of the table.
    build
        The build of its positions; None = it has none, and markers go by rs number.
    evidence
        What the build was told by.
    cells
        Site to the genotypes there.
    copies
        (sample, gene) to the copy numbers that are stated: as written, and counted; None = it cannot be counted.
    unknown
        Markers that are at no position of interest, by name.
    misplaced
        Markers whose rs number and position are of different places, with their line.
    strays
        Genotypes of misplaced markers, and of unknown ones that may be a slip of a known one.
    lost
        Genotypes of unknown markers that are a slip or no number at all, in a row that names its gene.
    malformed
        Lines that are no rows of the table.
    written_twice
        Whether it writes a homozygous genotype with two alleles.
    lettered
        Whether it writes an array's alleles, A and B: its A is no base.
    """

    samples: tuple[str, ...] = ()
    build: str | None = None
    evidence: str = ""
    cells: dict[int, list[Cell]] = field(default_factory=lambda: defaultdict(list))
    copies: dict[tuple[str, str], list[tuple[str, int | None]]] = field(default_factory=lambda: defaultdict(list))
    unknown: dict[str, int] = field(default_factory=dict)
    misplaced: dict[str, int] = field(default_factory=dict)
    strays: list[Stray] = field(default_factory=list)
    lost: list[Cell] = field(default_factory=list)
    malformed: list[int] = field(default_factory=list)
    written_twice: bool = False
    lettered: bool = False


def load(name: str, layout: Layout, lines: Iterable[str], sites: pl.DataFrame, asked: str | None = None) -> ResultTable:
    """Read a table of SNP results.

    Parameters
    ----------
    name
        The file, whose stem is the person's name where the table names none.
    layout
        As `result_layout.recognise` found it.
    lines
        The file's text.
    sites
        `KnowledgeBase.sites`.
    asked
        The build that the user gave.

    Raises
    ------
    InputError
        If the build cannot be told or is told in two ways, or the table has no genotype.
    """
    table = ResultTable()
    only = Path(name).name.split(".")[0] if name != "-" else "sample"
    found: list[tuple[Marker, Cell]] = []
    people: dict[str, None] = {}
    said = {layout.build} if layout.build else set()
    for number, cells in _rows(layout, lines):
        sample = cell_of(cells, layout.columns.get("sample")) or (only if "sample" not in layout.columns else "")
        if not any(cells):
            continue
        if written := _build_of_row(cells, layout):
            said.add(written)
        if layout.shape is Shape.TRANSPOSED:
            people.update(dict.fromkeys(layout.named.values()))
        elif not sample:
            table.malformed.append(number)
            continue
        elif len(cells) > 1:  # the last lines of a report are no persons
            people[sample] = None
        found += _genotypes(table, layout, cells, sample, number)
    if not found and not table.copies:
        raise InputError("the table has no genotype", file=name, where=f"line {layout.line}",
                         fix="each line is a person, a marker (rs number or position) and a genotype")  # fmt: skip
    table.samples = tuple(people)
    found = _in_bases(table, found, name, layout)
    table.written_twice = layout.alleles is not None or any(is_pair(cell.text) for _, cell in found)
    _place(table, found, sites, said, asked, name)
    return table


def _in_bases(
    table: ResultTable, found: list[tuple[Marker, Cell]], name: str, layout: Layout
) -> list[tuple[Marker, Cell]]:
    """Return the genotypes with an array's own alleles as the bases that the table says they are."""
    coded = are_codes(cell.text for _, cell in found)
    if coded and all(cell.alleles is None for _, cell in found):
        raise InputError("the genotypes are an array's numbers (0, 1, 2), and the table does not say for which bases",
                         file=name, where=f"line {layout.line}",
                         fix="export base calls, or add the columns Allele A and Allele B")  # fmt: skip
    table.lettered = coded or are_letters((cell.text, cell.alleles) for _, cell in found)
    if not table.lettered:
        return found
    return [
        (marker, replace(cell, text=in_bases(cell.text, cell.alleles, coded=coded, lettered=True)))
        for marker, cell in found
    ]


def scan(layout: Layout, lines: Iterable[str]) -> tuple[int, int, list[tuple[int, str]]]:
    """Return how many genotypes and persons a table has, and the cells that no notation fits, by line."""
    table = ResultTable()
    genotypes, people, findings = 0, set(), []
    for number, cells in _rows(layout, lines):
        sample = cell_of(cells, layout.columns.get("sample"))
        for marker, cell in _genotypes(table, layout, cells, sample, number):
            genotypes += 1
            people.add(cell.sample)
            if marker.rsid is None and marker.place is None:
                table.malformed.append(number)
            elif tokens_of(cell.text) is Problem.NOTATION:
                findings.append((number, f"{cell.text[:40]!r} at {marker.name} is no genotype"))
    findings += [(number, "the line names no person or no marker") for number in table.malformed]
    return genotypes + len(table.copies), len(people), sorted(findings)


def _rows(layout: Layout, lines: Iterable[str]) -> Iterator[tuple[int, list[str]]]:
    for number, line in enumerate(lines, 1):
        if number > layout.line and line.strip() and not line.startswith("#"):
            yield number, cells_of(line, layout.delimiter)


def _build_of_row(cells: list[str], layout: Layout) -> str | None:
    text = cell_of(cells, layout.columns.get("build"))
    return build_of_text(text) or {"37": GRCH37, "19": GRCH37, "38": GRCH38}.get(text.split(".")[0])


def _genotypes(
    table: ResultTable, layout: Layout, cells: list[str], sample: str, number: int
) -> Iterator[tuple[Marker, Cell]]:
    """Yield the genotypes of one line, and take down its copy numbers."""
    written, *grades = (cell_of(cells, layout.columns.get(name)) for name in ("strand", "grade", "gencall"))
    strand = strand_of(written) or layout.strand
    doubt = f"its strand is written {written[:20]!r}; write + or -" if is_no_strand(written) else disowned(*grades)
    for place, gene in layout.copies.items():
        _count(table, sample, gene, cell_of(cells, place))
    if layout.shape is Shape.WIDE:
        for place, name in layout.named.items():
            yield marker_named(name), Cell(sample, cell_of(cells, place), number, strand, name, "", doubt)
        return
    names = [cell_of(cells, place) for place in layout.markers]
    counted = next((found for name in names if (found := gene_of_copies(name)) and not rsid_of(name)), None)
    stated = cell_of(cells, layout.columns.get("copies"))
    if stated and cell_of(cells, layout.columns.get("gene")):
        _count(table, sample, cell_of(cells, layout.columns["gene"]).upper(), stated)
        if not any(names):
            return
    values = layout.named.items() if layout.shape is Shape.TRANSPOSED else [(-1, sample)]
    marker = marker_of_row(cells, layout, names)
    if marker is None and counted is None:
        table.malformed.append(number)
        return
    letters = declared(cell_of(cells, place) for place in layout.lettered) if layout.lettered else None
    for place, person in values:
        if layout.alleles is not None and place < 0:
            pair = [cell_of(cells, allele) for allele in layout.alleles]
            text = "/".join(pair) if all(pair) else "".join(pair)
        else:
            text = cell_of(cells, layout.columns.get("genotype") if place < 0 else place)
            for nth, allele in enumerate(layout.tested or (), 1):  # an assay's alleles, by their number
                text = re.sub(rf"allele\s*{nth}(?!\d)", cell_of(cells, allele) or "?", text, flags=re.I)
        if counted is not None:
            _count(table, person, counted, text)
        elif marker is not None:
            yield marker, Cell(person, text, number, strand, marker.name, marker.gene, doubt, letters)


def _count(table: ResultTable, sample: str, gene: str, text: str) -> None:
    """Take down a copy number, once; what is neither a number nor nothing cannot be counted."""
    if text.strip().lower() in _NO_COPIES:
        return
    table.copies[sample, gene] += {(text, copies_told(text))} - set(table.copies[sample, gene])


def _place(
    table: ResultTable,
    found: list[tuple[Marker, Cell]],
    sites: pl.DataFrame,
    said: set[str],
    asked: str | None,
    name: str,
) -> None:
    """Find the site of each marker, by its rs number and by its position in the build that they agree in."""
    rows = sites.select("site", "chrom", "pos_grch37", "pos_grch38", "rsids").rows()
    positions = {
        GRCH37: {(chrom, p37): site for site, chrom, p37, _, _ in rows if p37},
        GRCH38: {(chrom, p38): site for site, chrom, _, p38, _ in rows},
    }
    by_rsid: dict[str, set[int]] = defaultdict(set)
    for site, _, _, _, rsids in rows:
        for rsid in rsids:
            by_rsid[rsid].add(site)
    markers = {marker for marker, _ in found}
    table.build, table.evidence = choose_build(markers, positions, by_rsid, said, asked, name)
    at = {marker: _site(marker, positions, by_rsid, table) for marker in markers}
    for marker, cell in found:
        site = at[marker]
        if site is not None:
            table.cells[site].append(cell)
        elif marker.name in table.misplaced:
            table.misplaced[marker.name] = table.misplaced[marker.name] or cell.line
        else:
            table.unknown[marker.name] = table.unknown.get(marker.name, 0) + 1
    genes = dict(sites.select("site", "genes").iter_rows())
    meant = {
        marker: _misplaced(marker, positions, by_rsid, table)
        if marker.name in table.misplaced
        else _meant(marker, by_rsid, genes, table)
        for marker in markers
        if at[marker] is None
    }
    unplaced = {marker for marker in meant if marker.rsid is None and marker.place is None}
    for marker, cell in found:
        slip = marker in meant and marker.name not in table.misplaced and bool(meant[marker])
        if marker.gene and (slip or (marker in unplaced and len(unplaced) <= FEW)):
            table.lost.append(cell)
        elif of := meant.get(marker):
            told = "its rs number and its position are of different places"
            slipped = "it is a slip of a known rs number, as it seems"
            table.strays.append(Stray(cell, of, told if marker.name in table.misplaced else slipped))


def _misplaced(
    marker: Marker,
    positions: dict[str, dict[tuple[str, int], int]],
    by_rsid: dict[str, set[int]],
    table: ResultTable,
) -> tuple[int, ...]:
    """Return the sites of a marker's rs number and of its position."""
    place = (canonical(marker.place[0]) or "", marker.place[1]) if marker.place else ("", 0)
    here = positions[table.build or GRCH38].get(place)
    return tuple(sorted(by_rsid.get(marker.rsid or "", set()) | ({here} if here is not None else set())))


def _meant(
    marker: Marker, by_rsid: dict[str, set[int]], genes: dict[int, list[str]], table: ResultTable
) -> tuple[int, ...]:
    """Return the sites that an unknown marker may be a slip of.

    Numbers that were given out together differ by a digit too, so the table must lack the right one, and name no other
    gene beside; of many unknown markers none is a slip.
    """
    if len(table.unknown) > FEW:
        return ()
    near = {site for number in slips(marker.rsid or marker.name) for site in by_rsid.get(number, ())}
    named = {marker.gene} if marker.gene else {one for own in genes.values() for one in own if one in marker.name}
    fitting = (site for site in near - set(table.cells) if not named or named & set(genes[site]))
    return tuple(sorted(fitting))


def _site(
    marker: Marker,
    positions: dict[str, dict[tuple[str, int], int]],
    by_rsid: dict[str, set[int]],
    table: ResultTable,
) -> int | None:
    place = (canonical(marker.place[0]) or "", marker.place[1]) if marker.place else None
    here = positions[table.build].get(place) if place and table.build else None
    named = by_rsid.get(marker.rsid or "", set())
    if here is not None:
        if marker.rsid is None or not named or here in named:
            return here
        table.misplaced[marker.name] = 0
        return None
    if place and table.build and len(named) == 1:
        expected = next(key for key, site in positions[table.build].items() if site in named)
        if expected[0] != place[0] or abs(expected[1] - place[1]) > 50:
            table.misplaced[marker.name] = 0
            return None
    return next(iter(named)) if len(named) == 1 else None
