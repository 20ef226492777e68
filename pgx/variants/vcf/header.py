"""The header of a VCF: its samples and contigs, and what it says of the reference genome."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Container, Mapping
from dataclasses import dataclass, field

from pgx.errors import InputError
from pgx.variants.vcf import other_genomes
from pgx.variants.vcf.contigs import (
    GRCH37,
    GRCH38,
    RCRS_LENGTH,
    build_of_length,
    build_of_name,
    build_of_text,
    canonical,
)
from pgx.variants.whole_numbers import whole_number

FIXED = ("#CHROM", "POS", "ID", "REF", "ALT", "QUAL", "FILTER", "INFO")
_CONTIG = re.compile(r"##contig=<(.*)>\s*$")
_ID = re.compile(r"(?:^|,)ID=([^,>]+)")
_LENGTH = re.compile(r"(?:^|,)length=(\d+)")
_REFERENCE_LINE = re.compile(r"^##(?:reference|assembly|genome-build|genomebuild|dragenreference)\w*=(.*)$", re.I)
_HG19_MITOCHONDRION = ("chrM", "chrm", "M")
_VERSIONS = frozenset({"VCFv4.0", "VCFv4.1", "VCFv4.2", "VCFv4.3", "VCFv4.4", "VCFv4.5"})


@dataclass(frozen=True, slots=True)
class Header:
    """What the reader needs of a header.

    `build` is what contig lengths, accessions or else reference lines say (None: nothing said), `evidence` says which,
    `doubt` is how a reference line contradicts the contigs (such lines survive a liftover),
    `contigs` maps each declared name to its length (0 = not given) and `lines` counts the header's lines; `strange` are
    those whose lengths are not ours (`other_genomes.strange_lengths`).
    """

    samples: tuple[str, ...]
    contigs: dict[str, int]
    build: str | None
    evidence: str
    lines: int
    version: str = "VCFv4.2"
    doubt: str = ""
    meta: tuple[str, ...] = ()
    strange: Mapping[str, tuple[str, int]] = field(default_factory=dict)

    def ends(self) -> set[tuple[str, int]]:
        """Return where the last record of a chromosome lies (chromosome, position) if a strange length tells that."""
        return {(chrom, length - before) for chrom, length in self.strange.values() for before in (0, 1)}

    def refuse_if_strange(self, seen: Container[tuple[str, int]], chromosomes: Container[str], file: object) -> None:
        """Refuse a file with strange lengths that no record explains.

        Parameters
        ----------
        seen
            Those of `ends` at which there is a record.
        chromosomes
            Those that matter.
        file
            What the message names.

        Raises
        ------
        InputError
            Naming the first such contig.
        """
        for name, (chrom, length) in self.strange.items():
            if chrom in chromosomes and (chrom, length) not in seen and (chrom, length - 1) not in seen:
                _refuse({"with chromosomes of other lengths": f"length of contig {name}"}, file)


def parse(lines: list[str], file: object, *, sites_only: bool = False) -> Header:
    """Read the header lines, ``##fileformat`` to ``#CHROM``; `sites_only` accepts a file without samples.

    Raises
    ------
    InputError
        If a line is missing or malformed, a sample is named twice, or the build is told in two ways.
    """
    if not lines or not lines[0].startswith("##fileformat="):
        raise InputError(
            "the first line is not ##fileformat=VCFv4.x", file=file, where="line 1", fix="give a VCF, BCF or array file"
        )
    version = lines[0].rstrip().split("=", 1)[1]
    if version not in _VERSIONS:
        raise InputError(f"unknown file format version {version[:40]!r}", file=file, where="line 1",
                         fix="VCF 4.0 to 4.5 can be read")  # fmt: skip
    samples = _samples(lines[-1], len(lines), file, sites_only)
    contigs: dict[str, int] = {}
    for line in lines:
        match = _CONTIG.match(line)
        name = match and _ID.search(match[1])
        if match and name:
            length = _LENGTH.search(match[1])
            contigs[name[1]] = (whole_number(length[1]) if length else 0) or 0
    build, evidence, doubt = _build(lines, contigs, file)
    strange = other_genomes.strange_lengths(contigs, lines)
    return Header(samples, contigs, build, evidence, len(lines), version, doubt, tuple(lines[:-1]), strange)


def _samples(line: str, number: int, file: object, sites_only: bool) -> tuple[str, ...]:
    where = f"line {number}"
    if not line.startswith("#CHROM"):
        raise InputError("the header ends without a #CHROM line", file=file, where=where)
    columns = line.rstrip("\r\n").split("\t")
    if tuple(columns[:8]) != FIXED:
        raise InputError(
            f"the #CHROM line must begin with the eight tab-separated columns {' '.join(FIXED)}", file=file, where=where
        )
    if sites_only and len(columns) == 8:
        return ()
    if len(columns) < 10:
        raise InputError("the file has no sample columns", file=file, where=where,
                         fix="a sites-only file holds no genotypes to call from")  # fmt: skip
    if columns[8] != "FORMAT":
        raise InputError(f"column 9 is {columns[8][:40]!r}, not FORMAT", file=file, where=where)
    samples = tuple(columns[9:])
    repeated = [name for name, n in Counter(samples).items() if n > 1]
    if repeated:
        raise InputError(f"sample {repeated[0]!r} is named twice", file=file, where=where, fix="rename one of them")
    if any(not name.strip() for name in samples):
        raise InputError("a sample has no name", file=file, where=where)
    return samples


def _build(lines: list[str], contigs: dict[str, int], file: object) -> tuple[str | None, str, str]:
    """Find the build, the evidence and what contradicts it: contig lengths and accessions first, then free text."""
    said: dict[str, str] = {}
    foreign: dict[str, str] = {}
    for name, length in contigs.items():
        chrom = canonical(name)
        by_length = build_of_length(chrom, length) if chrom else None
        if by_length:
            said.setdefault(by_length, f"length of contig {name}")
        elif chrom and (genome := other_genomes.genome_of_length(chrom, length)):
            foreign.setdefault(genome, f"length of contig {name}")
        by_name = build_of_name(name)
        if by_name:
            said.setdefault(by_name, f"contig name {name}")
        elif genome := other_genomes.genome_of_name(name):
            foreign.setdefault(genome, f"contig name {name}")
    everything = {**said, **foreign}
    if len(everything) > 1:
        raise InputError(_contradiction(everything), file=file, fix="the contigs of two genomes are mixed")
    _refuse(foreign, file)
    spoken: dict[str, str] = {}
    spoken_foreign: dict[str, str] = {}
    for line in lines:
        build, genome = _spoken_build(line)
        if build or genome:
            target = spoken if build else spoken_foreign
            target.setdefault(build or genome or "", f"header line {line.strip()[:60]!r}")
    if not said and not spoken:
        _refuse(spoken_foreign, file)
    everything = {**spoken_foreign, **spoken, **said}
    doubt = _contradiction(everything) if len(everything) > 1 else ""
    for build, evidence in (said or spoken).items():
        return (None, "", doubt) if doubt and not said else (build, evidence, doubt)
    return None, "", doubt


def _refuse(foreign: dict[str, str], file: object) -> None:
    """Refuse a file of a genome whose positions are not ours."""
    for genome, evidence in foreign.items():
        raise InputError(
            f"the file is of another genome, {genome} ({evidence}), whose positions are not those of GRCh37 or GRCh38",
            file=file, fix="give a file called against GRCh37 or GRCh38",
        )  # fmt: skip


def _spoken_build(line: str) -> tuple[str | None, str | None]:
    """Return the build, or else the foreign genome, that a header line names."""
    match = _REFERENCE_LINE.match(line)
    text = match[1] if match else None
    if text is None and line.startswith("##contig="):
        assembly = re.search(r"assembly=([^,>]+)", line)
        species = other_genomes.foreign_species(line)
        if species:
            return None, f"that of {species}"
        text = assembly[1] if assembly else None
    if text is None:
        return None, None
    build = {"37": GRCH37, "38": GRCH38}.get(text.strip()) or build_of_text(text)
    return build, None if build else other_genomes.genome_of_text(text)


def _contradiction(said: dict[str, str]) -> str:
    told = " but ".join(f"the {evidence} says {build}" for build, evidence in said.items())
    return f"the header contradicts itself: {told}"


def is_rcrs(header: Header, name: str, build: str) -> bool:
    """Say whether the mitochondrial contig `name` is the revised Cambridge reference (rCRS).

    UCSC's hg19 has another sequence of 16,571 bases as chrM; where a file of GRCh37 does not say how long its chrM is,
    it is taken for that one.
    """
    length = header.contigs.get(name, 0)
    if length:
        return length == RCRS_LENGTH
    return build != GRCH37 or name not in _HG19_MITOCHONDRION
