"""What a table of SNP results calls its markers, and the build in which their positions are.

A marker is named by an rs number, by a position, or by both.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from pgx.errors import InputError
from pgx.variants.arrays.near_numbers import digits_of
from pgx.variants.arrays.result_layout import Layout, cell_of, number_of, place_of
from pgx.variants.vcf.contigs import GRCH37, GRCH38, canonical
from pgx.variants.whole_numbers import whole_number

_OTHER = {GRCH37: GRCH38, GRCH38: GRCH37}


@dataclass(frozen=True, slots=True)
class Marker:
    """A marker as the table names it: its rs number, its chromosome and position, and the gene of its row."""

    name: str
    rsid: str | None
    place: tuple[str, int] | None
    gene: str = ""


def marker_of_row(cells: list[str], layout: Layout, names: list[str]) -> Marker | None:
    """Return the marker of a row, of which `names` are the cells that may name it; None if none does."""
    rsid = next(filter(None, map(number_of, names)), None)
    place = next(filter(None, map(place_of, names)), None)
    if {"chrom", "pos"} <= set(layout.columns):
        at = whole_number(cell_of(cells, layout.columns["pos"]))
        chrom = cell_of(cells, layout.columns["chrom"])
        place = (chrom, at) if at is not None and at > 0 and canonical(chrom) else place
    gene = cell_of(cells, layout.columns.get("gene")).upper()
    if rsid is None and place is None and not any(map(digits_of, names)) and not (gene and any(names)):
        return None
    return Marker(rsid or next(filter(None, names), f"{place[0]}:{place[1]}" if place else ""), rsid, place, gene)


def marker_named(name: str) -> Marker:
    """Return the marker that the heading of a column names."""
    rsid = number_of(name)
    return Marker(name, rsid, None if rsid else place_of(name))


def choose_build(
    markers: set[Marker],
    positions: dict[str, dict[tuple[str, int], int]],
    by_rsid: dict[str, set[int]],
    said: set[str],
    asked: str | None,
    name: str,
) -> tuple[str | None, str]:
    """Choose the build in which rs numbers and positions agree, else the one that is said."""
    counts: Counter[str] = Counter()
    for marker in markers:
        if marker.place is not None:
            place = (canonical(marker.place[0]) or "", marker.place[1])
            for build, table in positions.items():
                site = table.get(place)
                counts[build] += site is not None and (marker.rsid is None or site in by_rsid.get(marker.rsid, ()))
    if not any(marker.place for marker in markers):
        return None, "its markers go by rs number"
    shown = next((build for build in (GRCH37, GRCH38) if counts[build] > 4 * counts[_OTHER[build]]), None)
    if len(said) > 1:
        raise InputError("the table names two genome builds", file=name, fix="give one table a build")
    spoken = next(iter(said), None)
    if asked and spoken and asked != spoken:
        raise InputError(f"the table says {spoken} but {asked} was asked for", file=name, fix="leave --build out")
    told = asked or spoken
    if told and shown and told != shown:
        raise InputError(f"the table is said to be {told} but its positions are those of {shown}", file=name,
                         fix=f"give --build {shown}, and correct the table if it names another")  # fmt: skip
    if told or shown:
        return told or shown, f"{counts[shown]} markers have its positions" if shown else "it is said so"
    raise InputError("the genome build of the positions cannot be told", file=name,
                     fix="give --build GRCh37 or --build GRCh38")  # fmt: skip
