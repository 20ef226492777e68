"""Left-align indels with a reference genome."""

from __future__ import annotations

import os
from pathlib import Path

import pysam

from pgx.errors import InputError
from pgx.guard.limits import not_a_file, refuse_pipe
from pgx.variants.sites.targets import Targets
from pgx.variants.trim import trim
from pgx.variants.vcf.contigs import canonical

REACH = 300
"""How far to the right of a site an equivalent spelling of its indel is looked for, bases."""
_CHUNK = 100
_MOST_CHECKED = 200


class Reference:
    """An indexed FASTA file of the files' genome build.

    Raises
    ------
    InputError
        If it cannot be read, has no index, or is of another build.
    """

    def __init__(self, path: str | os.PathLike[str], targets: Targets) -> None:
        file = Path(path)
        refuse_pipe(file)
        if not file.is_file():
            raise not_a_file(file)
        if not file.with_name(file.name + ".fai").is_file():
            raise InputError("the FASTA file has no index", file=file, fix="make one (samtools faidx)")
        try:
            self._fasta = pysam.FastaFile(str(file))
        except (OSError, ValueError) as error:
            raise InputError(
                "not a readable FASTA file", file=file, fix="plain or bgzip FASTA with its index"
            ) from error
        self._names = {canonical(name) or name: name for name in self._fasta.references}
        self._check(targets, file)

    def bases(self, chrom: str, first: int, last: int) -> str:
        """Return the bases first..last (1-based, both included), upper case; shorter at a contig's ends."""
        name = self._names.get(chrom)
        if name is None or last < max(first, 1):
            return ""
        return str(self._fasta.fetch(name, max(0, first - 1), last)).upper()

    def left_align(self, chrom: str, pos: int, ref: str, alt: str) -> tuple[int, str, str]:
        """Return the left-most spelling (pos, ref, alt) of an indel, anchored by one base; others unchanged."""
        at, old, new = trim(pos, ref, alt)
        if bool(old) == bool(new):
            return pos, ref, alt
        unit = old or new
        left = ""
        while True:
            if not left:
                left = self.bases(chrom, at - _CHUNK, at - 1)
                if not left:
                    return pos, ref, alt
            if left[-1] != unit[-1]:
                break
            unit = left[-1] + unit[:-1]
            left = left[:-1]
            at -= 1
        anchor = left[-1]
        return (at - 1, anchor + unit, anchor) if old else (at - 1, anchor, anchor + unit)

    def close(self) -> None:
        """Close the file."""
        self._fasta.close()

    def _check(self, targets: Targets, file: Path) -> None:
        agree = differ = 0
        for target in targets.all[:: max(1, len(targets.all) // _MOST_CHECKED)]:
            found = self.bases(target.chrom, target.pos, target.end)
            if len(found) == len(target.ref) and set(found) != {"N"}:
                agree += found == target.ref
                differ += found != target.ref
        if not agree or differ * 10 > agree:
            raise InputError(
                f"the FASTA file is not {targets.build}: {differ} of {agree + differ} positions differ", file=file,
                fix=f"give the {targets.build} reference that the calls were made with",
            )  # fmt: skip
