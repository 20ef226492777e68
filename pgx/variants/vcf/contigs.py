"""Contig names and lengths: what a file calls a chromosome, and what that says of its reference genome."""

from __future__ import annotations

import re
from collections.abc import Iterable

from pgx.variants.whole_numbers import whole_number

GRCH37 = "GRCh37"
GRCH38 = "GRCh38"
BUILDS = (GRCH38, GRCH37)

_AUTOSOMES_AND_SEX = [*(str(n) for n in range(1, 23)), "X", "Y"]

# Lengths of the primary chromosomes, from the NCBI assembly reports GCF_000001405.25 and GCF_000001405.40.
_LENGTHS_37 = (
    249250621, 243199373, 198022430, 191154276, 180915260, 171115067, 159138663, 146364022, 141213431, 135534747,
    135006516, 133851895, 115169878, 107349540, 102531392, 90354753, 81195210, 78077248, 59128983, 63025520, 48129895,
    51304566, 155270560, 59373566,
)  # fmt: skip
_LENGTHS_38 = (
    248956422, 242193529, 198295559, 190214555, 181538259, 170805979, 159345973, 145138636, 138394717, 133797422,
    135086622, 133275309, 114364328, 107043718, 101991189, 90338345, 83257441, 80373285, 58617616, 64444167, 46709983,
    50818468, 156040895, 57227415,
)  # fmt: skip
LENGTHS: dict[str, dict[str, int]] = {
    GRCH37: {f"chr{name}": n for name, n in zip(_AUTOSOMES_AND_SEX, _LENGTHS_37, strict=True)},
    GRCH38: {f"chr{name}": n for name, n in zip(_AUTOSOMES_AND_SEX, _LENGTHS_38, strict=True)},
}
RCRS_LENGTH = 16569
"""Length of the revised Cambridge reference sequence; UCSC's hg19 chrM (16571) has other coordinates."""

# Version of the RefSeq accession NC_0000NN of each chromosome, in GRCh37 and GRCh38.
_REFSEQ_37 = (10, 11, 11, 11, 9, 11, 13, 10, 11, 10, 9, 11, 10, 8, 9, 9, 10, 9, 9, 10, 8, 10, 10, 9)

# Pseudo-autosomal regions of chrX, first and last base.
PAR_X: dict[str, tuple[tuple[int, int], ...]] = {
    GRCH37: ((60001, 2699520), (154931044, 155260560)),
    GRCH38: ((10001, 2781479), (155701383, 156030895)),
}

_PLINK = {"23": "chrX", "24": "chrY", "25": "chrX", "26": "chrM"}
_MITOCHONDRION = {"M", "MT", "NC_012920.1", "J01415.2"}
_BUILD_WORDS = {
    GRCH38: re.compile(r"grch38|hg38|hs38|b38|gca_000001405\.(1[5-9]|2\d)|gcf_000001405\.(2[6-9]|[34]\d)", re.I),
    GRCH37: re.compile(
        r"grch37|hg19|hs37|b37|g1k_v37|gca_000001405\.(1|[2-9]|1[0-4])\b|gcf_000001405\.(1[3-9]|2[0-5])\b", re.I
    ),
}
_ACCESSION = re.compile(r"(NC_0000(\d\d)|CM000(\d\d\d))\.(\d+)$")


def canonical(name: str) -> str | None:
    """Return the ``chrN`` name of a contig, or None for one that is not a chromosome of the primary assembly.

    Knows ``10``, ``chr10``, ``Chr10``, ``chr06``, ``NC_000010.11``, ``CM000672.2``, ``MT``, ``chrM``
    and PLINK's 23 to 26.
    """
    bare = name[3:] if name[:3].lower() == "chr" else name
    upper = bare.upper()
    if upper in _MITOCHONDRION:
        return "chrM"
    if upper in _CHROMOSOMES:
        return f"chr{upper}"
    if bare in _PLINK:
        return _PLINK[bare]
    if bare[:1] == "0" and bare[1:] in _CHROMOSOMES:  # chr06, as some programs sort them
        return f"chr{bare[1:]}"
    accession = _accession(name)
    return None if accession is None else f"chr{_AUTOSOMES_AND_SEX[accession[0]]}"


def build_of_name(name: str) -> str | None:
    """Return the build that a versioned accession (``NC_000010.11``) belongs to, or None."""
    accession = _accession(name)
    if accession is None:
        return None
    index, version, refseq = accession
    first = _REFSEQ_37[index] if refseq else 1
    return {first: GRCH37, first + 1: GRCH38}.get(version)


def is_older(name: str) -> bool:
    """Say whether a versioned accession is a human chromosome's of before GRCh37."""
    accession = _accession(name)
    return accession is not None and accession[2] and accession[1] < _REFSEQ_37[accession[0]]


def build_of_length(chrom: str, length: int) -> str | None:
    """Return the build whose chromosome `chrom` (canonical name) is `length` bases long, or None."""
    for build in BUILDS:
        if LENGTHS[build].get(chrom) == length:
            return build
    return None


def build_of_text(text: str) -> str | None:
    """Return the build that a free text (``hg19.fa``, ``GRCh38``) names; None if it names none or both."""
    found = [build for build in BUILDS if _BUILD_WORDS[build].search(text)]
    return found[0] if len(found) == 1 else None


def outside_par(positions: Iterable[int], build: str) -> list[bool]:
    """Say for each position of chrX whether it lies outside the pseudo-autosomal regions."""
    return [not any(first <= pos <= last for first, last in PAR_X[build]) for pos in positions]


def _accession(name: str) -> tuple[int, int, bool] | None:
    match = _ACCESSION.match(name)
    if match is None:
        return None
    number, version = whole_number(match[2] or match[3]), whole_number(match[4])
    if number is None or version is None:
        return None
    index = number - 1 if match[2] else number - 663
    return (index, version, bool(match[2])) if 0 <= index < len(_AUTOSOMES_AND_SEX) else None


_CHROMOSOMES = frozenset(_AUTOSOMES_AND_SEX)
