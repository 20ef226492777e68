"""Genomes that files may be in and whose positions are not ours: older human ones, CHM13, other species.

Lengths of chromosomes 1 to 22 (mouse: 1 to 19), X and Y are those of UCSC's chrom.sizes of hg17, hg18, hs1, mm9, mm10
and mm39, as NCBI's assembly reports have them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from pgx.variants.vcf.contigs import BUILDS, LENGTHS, build_of_length, build_of_text, canonical, is_older

_LENGTHS = {
    "T2T-CHM13": (
        248387328, 242696752, 201105948, 193574945, 182045439, 172126628, 160567428, 146259331, 150617247, 134758134,
        135127769, 133324548, 113566686, 101161492, 99753195, 96330374, 84276897, 80542538, 61707364, 66210255,
        45090682, 51324926, 154259566, 62460029,
    ),
    "NCBI36 (hg18)": (
        247249719, 242951149, 199501827, 191273063, 180857866, 170899992, 158821424, 146274826, 140273252, 135374737,
        134452384, 132349534, 114142980, 106368585, 100338915, 88827254, 78774742, 76117153, 63811651, 62435964,
        46944323, 49691432, 154913754, 57772954,
    ),
    "NCBI35 (hg17)": (
        245522847, 243018229, 199505740, 191411218, 180857866, 170975699, 158628139, 146274826, 138429268, 135413628,
        134452384, 132449811, 114142980, 106368585, 100338915, 88827254, 78774742, 76117153, 63811651, 62435964,
        46944323, 49554710, 154824264, 57701691,
    ),
}  # fmt: skip
_MOUSE = {
    "mouse GRCm39": (
        195154279, 181755017, 159745316, 156860686, 151758149, 149588044, 144995196, 130127694, 124359700, 130530862,
        121973369, 120092757, 120883175, 125139656, 104073951, 98008968, 95294699, 90720763, 61420004, 169476592,
        91455967,
    ),
    "mouse GRCm38": (
        195471971, 182113224, 160039680, 156508116, 151834684, 149736546, 145441459, 129401213, 124595110, 130694993,
        122082543, 120129022, 120421639, 124902244, 104043685, 98207768, 94987271, 90702639, 61431566, 171031299,
        91744698,
    ),
    "mouse NCBIM37": (
        197195432, 181748087, 159599783, 155630120, 152537259, 149517037, 152524553, 131738871, 124076172, 129993255,
        121843856, 121257530, 120284312, 125194864, 103494974, 98319150, 95272651, 90772031, 61342430, 166650296,
        15902555,
    ),
}  # fmt: skip
_HUMAN_NAMES = [f"chr{name}" for name in [*range(1, 23), "X", "Y"]]
_MOUSE_NAMES = [f"chr{name}" for name in [*range(1, 20), "X", "Y"]]
_BY_LENGTH = {
    (chrom, length): genome
    for names, table in ((_HUMAN_NAMES, _LENGTHS), (_MOUSE_NAMES, _MOUSE))
    for genome, lengths in reversed(table.items())
    for chrom, length in zip(names, lengths, strict=True)
}
_WORDS = {
    "T2T-CHM13": r"chm13\w*|t2t\w*|hs1|gc[af]_009914755\S*",
    "NCBI36 (hg18)": r"ncbi[-_]?(build)?[-_]?36\S*|hg18|b36|human[-_]b36\w*|gcf_000001405\.12",
    "NCBI35 (hg17)": r"ncbi[-_]?(build)?[-_]?35\S*|hg17|b35",
    "the mouse's": r"grcm\d\d\S*|ncbim\d\d|mm(9|10|39)|mus[-_ ]?musculus|gc[af]_000001635\S*",
    "the rat's": r"rn[4-8]|rnor\w*|mratbn\S*|grcr8|rattus\w*",
    "the dog's": r"canfam\w*|ros_cfam\w*",
    "the zebrafish's": r"grcz\d+\S*|danrer\d+|zv\d+",
    "the rhesus monkey's": r"rhemac\d+|mmul_\w+",
    "the chimpanzee's": r"pantro\d+|clint_\w+",
    "the cow's": r"bostau\d+|ars-ucd\S*|umd_?3\S*",
    "the pig's": r"susscr\d+|sscrofa\S*",
}
_PATTERNS = {
    genome: re.compile(rf"(?<![A-Za-z0-9])(?:{words})(?![A-Za-z0-9])", re.I) for genome, words in _WORDS.items()
}
_ACCESSIONS = (
    ("T2T-CHM13", re.compile(r"NC_0609(?:2[5-9]|3\d|4[0-8])\.\d+$|CP0682(?:5[4-9]|6\d|7[0-7])\.\d+$")),
    ("the mouse's", re.compile(r"NC_0000(?:6[7-9]|7\d|8[0-7])\.\d+$|CM00(?:099[4-9]|100\d|101[0-4])\.\d+$")),
)
NOT_TOLD = 2**31 - 1
"""The length that htslib's programs write where they know none (`bcftools convert`, pbwt; MAX_CSI_COOR)."""
_NEAR_THE_END = 0.98
"""Share of a chromosome that the last variant of an array or a genome leaves behind it."""
_WITHOUT_REFERENCE = re.compile(r"##source=\W*(PLINK|VarDict)", re.I)
"""Programs that write the last variant of the file, or the end of the last region, as the length."""
_SPECIES = re.compile(r"[<,]species=\"?([^,\">]+)", re.I)


def genome_of_length(chrom: str, length: int) -> str | None:
    """Return the foreign genome whose chromosome is so long; None if none is, or ours may be.

    Programs that know no reference write the last position of the file as the length, which is never longer than the
    chromosome.
    """
    if length == NOT_TOLD:
        return None
    known = _BY_LENGTH.get((chrom, length))
    if known:
        return known
    longest = max(LENGTHS[build].get(chrom, 0) for build in BUILDS)
    return "neither GRCh37 nor GRCh38 (longer than either)" if 0 < longest < length - 1 else None


def strange_lengths(contigs: Mapping[str, int], meta: Iterable[str]) -> dict[str, tuple[str, int]]:
    """Return the contigs of a header that are shorter than our chromosomes of that name, as (chromosome, length).

    None are strange where one has the length of ours, or the file is of a program that knows no reference. Those that
    are left may still be the last position of the file.
    """
    told = {name: (canonical(name) or "", length) for name, length in contigs.items() if 0 < length < NOT_TOLD}
    known = [one for one in told.values() if build_of_length(*one)]
    if known or any(_WITHOUT_REFERENCE.match(line) for line in meta):
        return {}
    least = {chrom: _NEAR_THE_END * min(LENGTHS[build][chrom] for build in BUILDS) for chrom in LENGTHS[BUILDS[0]]}
    return {name: one for name, one in told.items() if one[1] < least.get(one[0], 0)}


def genome_of_name(name: str) -> str | None:
    """Return the foreign genome that a versioned accession belongs to, or None."""
    if is_older(name):
        return "an older human one"
    return next((genome for genome, pattern in _ACCESSIONS if pattern.match(name)), None)


def genome_of_text(text: str) -> str | None:
    """Return the foreign genome that a free text names; None if it names none, or one of ours too.

    Examples
    --------
    >>> genome_of_text("file:///refs/chm13v2.0.fa"), genome_of_text("/data/hg18/hg19.fa"), genome_of_text("hg38")
    ('T2T-CHM13', None, None)
    """
    if any(build_of_text(word) for word in re.split(r"[\s/,;=]+", text)):
        return None
    return next((genome for genome, pattern in _PATTERNS.items() if pattern.search(text)), None)


def foreign_species(contig_line: str) -> str | None:
    """Return the species of a ``##contig`` line that is not man's, or None."""
    match = _SPECIES.search(contig_line)
    if match is None or "homo" in match[1].lower() or "human" in match[1].lower():
        return None
    return match[1].strip()
