"""Raw-data text of consumer arrays: 23andMe, AncestryDNA, FamilyTreeDNA, MyHeritage, Living DNA.

One line a probe: name, chromosome, position and two letters on the forward strand. Such files cover few of the
positions that alleles are defined by, write insertions and deletions as I and D without saying which, and hold errors;
they are read as their own kind of source and say so.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from pgx.errors import InputError
from pgx.variants.vcf.contigs import GRCH37, GRCH38, canonical, outside_par
from pgx.variants.whole_numbers import whole_number

_VENDORS = (
    ("23andMe", re.compile(rb"23andme", re.I)),
    ("AncestryDNA", re.compile(rb"ancestry\s*dna", re.I)),
    ("MyHeritage", re.compile(rb"myheritage", re.I)),
    ("FamilyTreeDNA", re.compile(rb"family\s*tree\s*dna|famfinder|ftdna", re.I)),
    ("Living DNA", re.compile(rb"living\s*dna", re.I)),
)
_COLUMNS = re.compile(
    rb"^[#\"\t\r\f\v ]*(rsid|name|snp|marker)[\"\s,;]+(chromosome|chr|chrom)[\"\s,;]+(position|pos)[\"\s,;]+"
    rb"(genotype|result|allele1|allele_1)\b", re.I | re.M,
)  # fmt: skip
_ROW = re.compile(rb"^\"*(rs|i|VGXS|kgp|exm)\d+[\"\s,]+(\d+|X|Y|XY|MT?)[\"\s,]+\d+[\"\s,]+[ACGTID0\-]", re.M)
_BUILD = re.compile(r"build\s{0,9}:?\s{0,9}(36|37|38)|GRCh(37|38)|\bhg(18|19|38)\b|NCBI\s{0,9}(36)", re.I)
_SPLIT = re.compile(r"[\s,;]+")
_COMPLEMENT = str.maketrans("ACGT", "TGCA")
_NOTHING = frozenset("-0.?")
_LETTERS = frozenset("ACGTID-0.?")
_FEW = 20
_FEMALE_FROM, _MALE_TO, _ENOUGH_X = 0.08, 0.02, 50


@dataclass(slots=True)
class ArrayData:
    """What an array file says of the knowledge's sites.

    `calls` maps a site to the letters of each probe there; `matched` counts probes whose name and position agree with
    each build; `x` counts (haploid, heterozygous, all) genotypes of chrX outside the pseudo-autosomal regions;
    `contradiction` is how the comments contradict the positions.
    """

    sample: str
    vendor: str
    build: str = GRCH37
    evidence: str = ""
    rows: int = 0
    malformed: list[int] = field(default_factory=list)
    calls: dict[int, list[str]] = field(default_factory=lambda: defaultdict(list))
    by_name: int = 0
    x: list[int] = field(default_factory=lambda: [0, 0, 0])
    contradiction: str = ""

    @property
    def sex(self) -> str | None:
        """Sex as chrX shows it, or None."""
        haploid, het, total = self.x
        if haploid > _FEW and haploid > 4 * het:
            return "male"
        if total - haploid < _ENOUGH_X:
            return None
        share = het / (total - haploid)
        return "female" if share >= _FEMALE_FROM else "male" if share <= _MALE_TO else None


def recognise(head: bytes) -> str | None:
    """Return the vendor of an array file by its first bytes; None if it is none."""
    comments = b"\n".join(line for line in head.splitlines() if line.startswith(b"#")) or head[:500]
    if not (_COLUMNS.search(head) or _ROW.search(head)):
        return None
    for vendor, pattern in _VENDORS:
        if pattern.search(comments):
            return vendor
    return "FamilyTreeDNA" if re.match(rb"\s*\"?RSID\"?,\"?CHROMOSOME", head) else "unknown array"


def load(name: str, vendor: str, lines: Iterable[str], sites: pl.DataFrame, asked: str | None = None) -> ArrayData:
    """Read an array file.

    Parameters
    ----------
    name
        The file, whose stem becomes the sample's name.
    vendor
        As `recognise` found it.
    lines
        The file's text.
    sites
        `KnowledgeBase.sites`.
    asked
        The build the user gave.

    Raises
    ------
    InputError
        If the build cannot be told or is told in two ways, or the lines are not those of an array.
    """
    data = ArrayData(Path(name).name.split(".")[0] if name != "-" else "sample", vendor)
    found = _Probes(sites)
    said: str | None = None
    first_fault = ""
    for number, line in enumerate(lines, 1):
        if line.startswith("#") or not line.strip():
            match = _BUILD.search(line) if line.startswith("#") else None
            said = said or (next(g for g in match.groups() if g) if match else None)
            continue
        fields = _fields(line)
        if fields is None:
            if data.rows or not _COLUMNS.search(line.encode()):
                data.malformed.append(number)
                first_fault = first_fault or fault(line)
            continue
        data.rows += 1
        found.add(*fields)
    if not data.rows or len(data.malformed) * 10 > data.rows:
        where = f"line {data.malformed[0]}" if data.malformed else None
        raise InputError(
            f"not a {vendor} raw-data file: {first_fault or 'it has no probes'}", file=name, where=where,
            fix="a line is name, chromosome, position, genotype",
        )  # fmt: skip
    spoken = {"18": "36", "19": "37"}.get(said or "", said)
    _settle_build(data, found, spoken, asked, name)
    found.give(data, by_position=spoken != "36")
    return data


@dataclass(slots=True)
class _Probes:
    """Collects the probes that may be of interest until the build is known."""

    sites: pl.DataFrame
    positions: dict[str, dict[tuple[str, int], int]] = field(init=False)
    names: dict[str, int] = field(init=False)
    kept: list[tuple[str, str, int, str]] = field(default_factory=list)
    agree: Counter[str] = field(default_factory=Counter)
    x: dict[int, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        rows = self.sites.select("site", "chrom", "pos_grch37", "pos_grch38", "rsids").rows()
        self.positions = {
            GRCH37: {(chrom, p37): site for site, chrom, p37, _, _ in rows},
            GRCH38: {(chrom, p38): site for site, chrom, _, p38, _ in rows},
        }
        self.names = {rsid: site for site, _, _, _, rsids in rows for rsid in rsids}

    def add(self, name: str, chrom: str, pos: int, letters: str) -> None:
        place = (chrom, pos)
        site = self.names.get(name)
        here = [build for build, table in self.positions.items() if place in table]
        if site is not None or here:
            self.kept.append((name, chrom, pos, letters))
        if site is not None and chrom != "chrM":
            for build in here:
                self.agree[build] += self.positions[build][place] == site
        if chrom == "chrX":
            self.x[pos] = letters

    def give(self, data: ArrayData, *, by_position: bool) -> None:
        table = self.positions[data.build]
        for name, chrom, pos, letters in self.kept:
            site = table.get((chrom, pos)) if by_position else None
            if site is None:
                site = self.names.get(name)
                data.by_name += site is not None
            if site is not None:
                data.calls[site].append(letters)
        positions = list(self.x)
        for pos, outside in zip(positions, outside_par(positions, data.build), strict=True):
            letters = self.x[pos]
            if outside and letters and not set(letters) & _NOTHING:
                data.x[0] += len(letters) == 1
                data.x[1] += len(letters) == 2 and letters[0] != letters[1]
                data.x[2] += 1


def is_probe(line: str) -> bool | None:
    """Say whether a line is a probe; None for a comment, an empty line or the line of column names."""
    if line.startswith("#") or not line.strip() or _COLUMNS.search(line.encode()):
        return None
    return _fields(line) is not None


def is_header(line: str) -> bool:
    """Say whether a line names the columns of an array file."""
    return _COLUMNS.search(line.encode()) is not None


def fault(line: str) -> str:
    """Say why a line is no probe."""
    parts = _parts(line)
    if len(parts) not in (4, 5):
        return f"{len(parts)} columns where 4 or 5 are due"
    letters = _letters(parts[3:])
    if set(letters) - _LETTERS or len(letters) > 2:
        return "what stands there is not a genotype of one or two letters"
    return f"position {parts[2][:40]!r} is not a number"


def _parts(line: str) -> list[str]:
    return [part for part in _SPLIT.split(line.replace('"', " ").strip()) if part]


def _letters(cells: list[str]) -> str:
    return "".join(cells).upper().replace("/", "").replace("|", "")


def _fields(line: str) -> tuple[str, str, int, str] | None:
    """Take a line apart: name, canonical chromosome, position, letters; None if it is no probe."""
    parts = _parts(line)
    if len(parts) not in (4, 5):
        return None
    name, chrom, pos, letters = parts[0], parts[1], parts[2], _letters(parts[3:])
    if set(letters) - _LETTERS or len(letters) > 2:
        return None
    at = whole_number(pos)
    if at is None:
        return (name, "", 0, letters) if pos in ("--", "-", "0") or chrom in ("--", "-") else None
    return name, canonical("X" if chrom.upper() == "XY" else chrom) or "", at, letters


def _settle_build(data: ArrayData, probes: _Probes, said: str | None, asked: str | None, name: str) -> None:
    """Choose the build from the probes whose name and position the knowledge has, else what comments or user say."""
    spoken = {"37": GRCH37, "38": GRCH38}.get(said or "")
    counts = probes.agree
    shown = next((b for b in (GRCH37, GRCH38) if counts[b] > 4 * counts[{GRCH37: GRCH38, GRCH38: GRCH37}[b]]), None)
    if said == "36":
        data.build, data.evidence = GRCH37, "its positions are those of build 36; matched by rs number"
        return
    if asked and shown and asked != shown:
        raise InputError(f"the user says {asked} but the probes' positions are those of {shown}", file=name,
                         fix=f"give --build {shown} or leave it out")  # fmt: skip
    if spoken and shown and spoken != shown:
        data.contradiction = f"its comments say {spoken} but the probes' positions are those of {shown}, which count"
        spoken = None
    if asked and spoken and asked != spoken:
        raise InputError(f"its comments say {spoken} but {asked} was asked for", file=name, fix="leave --build out")
    build = shown or spoken or asked
    if build is None:
        raise InputError("the genome build cannot be told from its comments or positions", file=name,
                         fix="give --build GRCh37 or --build GRCh38")  # fmt: skip
    data.build = build
    data.evidence = (
        f"{counts[build]} probes have its positions" if shown else "its comments say so" if spoken else "given"
    )


def letters_to_codes(alleles: list[str], letters: str, *, flips: bool) -> tuple[int, ...] | None:
    """Translate the letters of a probe into allele codes; None if they cannot be placed.

    Parameters
    ----------
    alleles
        The site's documented alleles, all of one base.
    letters
        One or two bases.
    flips
        Whether other probes of the file are on the reverse strand: then A/T and C/G sites cannot be told apart.
    """
    known = set(alleles)
    if flips and any(a.translate(_COMPLEMENT) in known for a in alleles):
        return None
    if set(letters) <= known:
        return tuple(alleles.index(letter) for letter in letters)
    other = letters.translate(_COMPLEMENT)
    if set(other) <= known:
        return tuple(alleles.index(letter) for letter in other)
    return None


def on_reverse_strand(alleles: list[str], letters: str) -> bool:
    """Say whether the letters fit the site only when complemented."""
    known = set(alleles)
    return not set(letters) <= known and set(letters.translate(_COMPLEMENT)) <= known


def is_missing(letters: str) -> bool:
    """Say whether the probe has no call."""
    return not letters or bool(set(letters) & _NOTHING)


def text_lines(chunks: Iterable[bytes]) -> Iterator[str]:
    """Cut chunks of bytes into lines of text."""
    rest = b""
    for chunk in chunks:
        lines = (rest + chunk).replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
        rest = lines.pop()
        for line in lines:
            yield decoded(line).removeprefix("\ufeff")
    if rest:
        yield decoded(rest).removeprefix("\ufeff")


def decoded(text: bytes) -> str:
    """Return UTF-8 as text, and what is none as the letters of Western European Windows."""
    try:
        return text.decode("utf-8")
    except UnicodeDecodeError:
        return text.decode("cp1252", "replace")
