"""Records of a VCF file: positions with their alleles in a build, and everybody's genotype as one row of text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from pgx.cohort.simulated.reads import draw_reads, sample_text
from pgx.cohort.simulated.units import UNIT, generator, units
from pgx.knowledge import KnowledgeBase
from pgx.types import NO_COPY, NOT_CALLED
from pgx.variants.vcf.contigs import GRCH37, LENGTHS, RCRS_LENGTH
from pgx.version import __version__

_MOST_ALLELES = 12
_FORMATS = (
    '##FORMAT=<ID=GT,Number=1,Type=String,Description="Genotype">',
    '##FORMAT=<ID=AD,Number=R,Type=Integer,Description="Reads of each allele">',
    '##FORMAT=<ID=DP,Number=1,Type=Integer,Description="Reads">',
    '##FORMAT=<ID=GQ,Number=1,Type=Integer,Description="Phred-scaled chance that the genotype is wrong">',
    '##FORMAT=<ID=PL,Number=G,Type=Integer,Description="Phred-scaled likelihoods of the genotypes">',
)


MADE_UP = "nobody's genome"
"""What the header of a made-up file says of it, and that of no patient."""


@dataclass(frozen=True, slots=True)
class Position:
    """One site as a file of one build has it.

    Parameters
    ----------
    site
        Index into `KnowledgeBase.sites`.
    chrom, pos, rsids
        The first columns of the record.
    alleles
        REF and ALT of the build.
    order
        int8: the place in `alleles` of each of the site's allele codes.
    """

    site: int
    chrom: str
    pos: int
    rsids: tuple[str, ...]
    alleles: tuple[str, ...]
    order: NDArray[np.int8]

    def names(self) -> set[str]:
        """Return what the position may be called in a list: its rs numbers, and contig and position."""
        bare = self.chrom.removeprefix("chr")
        return {*self.rsids, f"{bare}:{self.pos}", f"chr{bare}:{self.pos}"}


def positions(kb: KnowledgeBase, build: str) -> list[Position]:
    """Return every site in the order in which a file of this build has them."""
    found: list[tuple[int, Position]] = []
    ranks: dict[str, int] = {}
    columns = ("site", "chrom", "pos_grch38", "pos_grch37", "alleles", "ref_grch37", "rsids")
    for site, chrom, pos38, pos37, alleles, ref37, rsids in kb.sites.select(columns).iter_rows():
        ref = alleles.index(ref37) if build == GRCH37 and ref37 in alleles else 0
        listed = [ref, *(code for code in range(len(alleles)) if code != ref)]
        order = np.empty(len(alleles), dtype=np.int8)
        order[listed] = np.arange(len(alleles))
        name = chrom if build != GRCH37 else {"chrM": "MT"}.get(chrom, chrom.removeprefix("chr"))
        pos = pos37 if build == GRCH37 else pos38
        rank = ranks.setdefault(chrom, len(ranks))
        found.append((rank, Position(site, name, pos, tuple(rsids), tuple(alleles[code] for code in listed), order)))
    return [one for _, one in sorted(found, key=lambda pair: (pair[0], pair[1].pos))]


def header(listed: Sequence[Position], samples: Sequence[str], build: str, knowledge: str, depth: float | None) -> str:
    """Return the header of the file, with its last newline."""
    lengths = {"MT": RCRS_LENGTH, "chrM": RCRS_LENGTH} | LENGTHS[build]
    lengths |= {name.removeprefix("chr"): length for name, length in LENGTHS[build].items()}
    contigs = dict.fromkeys(one.chrom for one in listed)
    lines = [
        "##fileformat=VCFv4.2",
        f"##source=pgx {__version__} simulate, knowledge {knowledge}: {MADE_UP}",
        f"##reference={build}",
        '##FILTER=<ID=PASS,Description="All filters passed">',
        *(f"##contig=<ID={name},length={lengths[name]}>" for name in contigs),
        *(_FORMATS if depth is not None else _FORMATS[:1]),
        "\t".join(["#CHROM", "POS", "ID", "REF", "ALT", "QUAL", "FILTER", "INFO", "FORMAT", *samples]),
    ]
    return "\n".join(lines) + "\n"


@dataclass(frozen=True, slots=True)
class Manner:
    """How genotypes are written down.

    Parameters
    ----------
    seed
        Seed of the cohort.
    missing
        Share of genotypes that are left out, 0 to 1.
    phased
        Whether the strands are told apart.
    depth
        Mean number of reads; None = the file has the true genotypes and no reads.
    """

    seed: int
    missing: float = 0.0
    phased: bool = True
    depth: float | None = None


def record(one: Position, strands: NDArray[np.int8], manner: Manner) -> Iterator[bytes]:
    """Yield a record piece by piece: the fixed columns, then each unit of persons, then the line's end.

    Parameters
    ----------
    one
        The position.
    strands
        int8 (persons, 2): true allele codes of the site; NO_COPY for no second strand.
    manner
        How to write.
    """
    keys = "GT" if manner.depth is None else "GT:AD:DP:GQ:PL"
    rsids = ";".join(one.rsids) or "."
    fixed = (one.chrom, str(one.pos), rsids, one.alleles[0], ",".join(one.alleles[1:]) or ".", ".", "PASS", ".", keys)
    yield "\t".join(fixed).encode()
    codes = np.where(strands < 0, strands, one.order[np.maximum(strands, 0)]).astype(np.int8)
    for number, rows in units(len(strands)):
        own = codes[rows]
        if manner.depth is None:
            yield _plain(own, _left_out(one, manner, number, len(own)), manner.phased)
        else:
            yield _read(one, own, _left_out(one, manner, number, len(own)), manner, number)
    yield b"\n"


def _left_out(one: Position, manner: Manner, number: int, count: int) -> NDArray[np.bool_]:
    if not manner.missing:
        return np.zeros(count, dtype=bool)
    chance = generator(manner.seed, "missing", str(one.site), number).random(UNIT)
    return np.asarray(chance[:count] < manner.missing)


def _plain(codes: NDArray[np.int8], left_out: NDArray[np.bool_], phased: bool) -> bytes:
    shown = np.where(left_out[:, None] & (codes >= 0), np.int8(NOT_CALLED), codes)
    low = -NO_COPY
    key = (shown[:, 0].astype(np.intp) + low) * (_MOST_ALLELES + low) + shown[:, 1] + low
    return _joined(_CELLS[phased], key)


def _cells(phased: bool) -> NDArray[np.bytes_]:
    """Return the cell of every pair of codes, from NO_COPY up."""
    cells = []
    for one, two in product(range(NO_COPY, _MOST_ALLELES), repeat=2):
        if two == NO_COPY:
            cells.append("\t." if one < 0 else f"\t{one}")
        elif one < 0 or two < 0:
            cells.append("\t./.")
        elif phased:
            cells.append(f"\t{one}|{two}")
        else:
            cells.append(f"\t{min(one, two)}/{max(one, two)}")
    return np.array([cell.encode() for cell in cells])


_CELLS = {phased: _cells(phased) for phased in (True, False)}


def _joined(cells: NDArray[np.bytes_], which: NDArray[np.intp]) -> bytes:
    """Return the cells of all persons one after the other; what pads the shorter ones is left out."""
    letters = cells[which].view(np.uint8)
    return bytes(letters[letters != 0].tobytes())


def _read(one: Position, codes: NDArray[np.int8], left_out: NDArray[np.bool_], manner: Manner, number: int) -> bytes:
    """Return the cells of a unit whose genotypes come from reads; equal ones are worked out once."""
    rng = generator(manner.seed, "reads", str(one.site), number)
    counts = draw_reads(rng, codes, len(one.alleles), manner.depth or 0.0, UNIT)
    counts[left_out] = 0
    rows = np.column_stack([codes.astype(np.int64), counts])
    key = np.zeros(len(rows), dtype=np.int64)
    for column in rows.T:
        key = key * (int(column.max()) + 3) + column + 2
    _, first, which = np.unique(key, return_index=True, return_inverse=True)
    cells = []
    for row in rows[first].tolist():
        cells.append("\t" + sample_text(np.array(row[2:]), (row[0], row[1]), manner.phased))
    return _joined(np.array([cell.encode() for cell in cells]), which.ravel())
