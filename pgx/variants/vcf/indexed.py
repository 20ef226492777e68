"""Read the records of interest of a bgzipped VCF through the index beside it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pysam

from pgx.errors import InputError
from pgx.variants.vcf.contigs import canonical
from pgx.variants.vcf.structural_alleles import is_structural
from pgx.variants.vcf.windows import Windows, reach
from pgx.variants.whole_numbers import whole_number


def records(
    path: Path, index: Path, name: str, windows: Windows, looked_at: Windows, regions: Windows | None
) -> Iterator[tuple[str, bytes]]:
    """Yield (where, line) of the records that touch a window, or change the structure of a region.

    Parameters
    ----------
    path, index, name
        The file, its index, and what to call it.
    windows
        The stretches of interest.
    looked_at
        The stretches to fetch: the windows, with the regions where the file may hold structural records.
    regions
        The genes.

    Raises
    ------
    InputError
        If the file or its index cannot be read.
    """
    try:
        tabix = pysam.TabixFile(str(path), index=str(index), encoding="latin-1")
    except (OSError, ValueError) as error:
        raise InputError("the index cannot be read", file=index, fix="make it again (tabix -p vcf)") from error
    with contextlib.closing(tabix):
        for contig in tabix.contigs:
            chrom = canonical(contig)
            if chrom in looked_at.by_chrom:
                yield from _fetch(tabix, contig, chrom, name, windows, looked_at, regions)


def _fetch(
    tabix: pysam.TabixFile, contig: str, chrom: str, name: str, windows: Windows, looked_at: Windows,
    regions: Windows | None,
) -> Iterator[tuple[str, bytes]]:  # fmt: skip
    previous = 0
    try:
        for start, end in looked_at.spread(chrom):
            at = start
            for line in tabix.fetch(contig, start - 1, end):
                fields = line[:4096].split("\t", 8)
                if len(fields) < 9:
                    fields = line.split("\t", 8)
                pos = whole_number(fields[1]) if len(fields) >= 8 else None
                if pos is None:
                    raise InputError("not a VCF record", file=name, where=f"{contig}:{at}")
                if pos <= previous and pos < start:
                    continue
                at = pos
                if _is_wanted(chrom, pos, fields, windows, regions):
                    yield f"{contig}:{pos}", line.rstrip("\r\n").encode("latin-1")
            previous = end
    except (OSError, ValueError) as error:
        raise InputError(
            "the file is cut short or damaged, or its index is of another file", file=name,
            where=f"{contig}:{start}", fix="copy it again and make the index again (tabix -p vcf)",
        ) from error  # fmt: skip


def _is_wanted(chrom: str, pos: int, fields: list[str], windows: Windows, regions: Windows | None) -> bool:
    ref, alts, info = fields[3], fields[4], fields[7]
    last = pos + len(ref) - 1
    if is_structural(ref, alts):
        last, wanted = reach(chrom, pos, ref.encode("latin-1"), alts.encode("latin-1"), info.encode("latin-1"), regions)
        if wanted:
            return True
    elif alts[:1] in "<." and "END=" in info:
        last = max(last, _info_end(info))
    return windows.touches(chrom, pos, last)


def _info_end(info: str) -> int:
    for part in info.split(";"):
        if part.startswith("END="):
            return whole_number(part[4:]) or 0
    return 0
