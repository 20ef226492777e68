"""How a laboratory's table of SNP results is laid out: which line names the columns, and what each column is.

Three layouts are told apart. Long: one line a person and marker. Wide: one line a person, a column a marker.
Transposed: one line a marker, a column a person. Lines before the names of the columns (``[Header]`` of an Illumina
report, the study of a TaqMan export) are passed over.
"""

from __future__ import annotations

import csv
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum

from pgx.guard.limits import HEADING
from pgx.variants.arrays import consumer
from pgx.variants.arrays.array_codes import are_codes, declared
from pgx.variants.arrays.result_alleles import Problem, tokens_of
from pgx.variants.vcf.contigs import build_of_text

TEMPLATE = "sample,rsid,chromosome,position_grch38,genotype,strand,gene,copy_number\n"
"""Names of the columns of a long table, to fill in: what is not known stays empty."""
FIRST_LINES = 80
"""Lines among which the names of the columns stand."""
_DELIMITERS = "\t,;|"
_RSID = re.compile(r"(?<![A-Za-z0-9])rs\d+(?!\d)", re.I)
_LETTER_IN_NUMBER = re.compile(r"(?<![A-Za-z0-9])rs(?=\d*[OIl])(?=[OIl]*\d)[\dOIl]+(?![A-Za-z0-9])", re.I)
"""An rs number with a letter that looks like a digit: cut off there, it would be the number of another variant."""
_PLACE = re.compile(r"^(?:chr)?([0-9XYMT]{1,2})[:_-](\d{3,})(?:\D.*)?$", re.I)
_COPIES = (
    re.compile(
        r"^(?P<gene>[A-Z][A-Z0-9-]{2,})[\s_.:()-]*(?:[A-Z0-9]+[\s_.-]+)*?(?:cn|cnv|copy[\s_]*number|copies|kopienzahl)\b",
        re.I,
    ),
    re.compile(r"^(?:cn|cnv|copy[\s_]*number|copies)(?:\s+of)?[\s_.:()-]+(?P<gene>[A-Z][A-Z0-9-]{2,})\b", re.I),
)
_NAMES = {
    "sample": "sample|sample id|sampleid|sample name|sample no|sample number|patient|patient id|subject|subject id|"
              "individual|individual id|iid|participant|participant id|person|dna id|dna|specimen|specimen id|barcode|"
              "proben id|proben nr|probennummer|probenname|proband|patienten id|patientennummer|patienten nr|"
              "echantillon|numero d echantillon|muestra|id muestra|paciente|sample filename|"
              "sample file|sample file name|cel filename|cel file|cel files|cel|chp filename|chp file|chp files|chp",
    "marker": "snp|snp name|snp id|snpid|rsid|rs id|rs|rs number|rsnumber|rs no|marker|marker name|marker id|assay|"
              "assay id|assay name|dbsnp|dbsnp id|dbsnp rs id|dbsnp rsid|variant|variant id|locus|locus name|target|"
              "snp assay name|ncbi snp reference|polymorphism|probeset id|probe set id|affy snp id|rs nummer|rs nr|"
              "rsnummer|variante|polymorphismus|marqueur|numero rs|polymorphisme|marcador|polimorfismo",
    "genotype": "genotype|call|result|genotype call|gt|snp call|base call|base calls|genotypes|alleles|nucleotides|"
                "nucleotide|geno|genotype id|basecall|"
                "forward strand base calls|allele call|zygosity call|genotyp|ergebnis|befund|resultat|"
                "genotipo|resultado",
    "strand": "strand|orientation|strand orientation|assay strand|strang|orientierung|brin|hebra",
    "chrom": "chr|chrom|chromosome|chr id|chromosom|cromosoma",
    "pos": "position|pos|bp|mapinfo|map info|coordinate|physical position|chromosome position|start|posicion",
    "build": "build|genome build|assembly|genome|reference",
    "gene": "gene|gene symbol|gene name|gen|genname|gensymbol",
    "copies": "copy number|copynumber|cn|copies|cnv|cn predicted|copy number call|predicted cn|kopienzahl|kopien|"
              "nombre de copies|numero de copias",
    "gencall": "gc score|gencall score|gencall",
    "grade": "description|call description",
}  # fmt: skip
_GERMAN = frozenset({"genotyp", "ergebnis", "befund", "rs nummer", "rs nr", "rsnummer"})
"""Beside one of these, a column named `Probe` holds specimens; in English it is what an array tests with."""
_MEANING = {name: kind for kind, names in _NAMES.items() for name in names.split("|")}
_ALLELE = re.compile(
    r"^(?:allele?\s*|alelo\s*|a)([12])(?:\s*(?:call|base))?(?:\s+(plus|forward|fwd|top|design|ab|bot))?$"
)
_STRAND_OF_SET = {"plus": "+"}
_SETS = ("plus", "forward", "fwd", "", "top", "bot", "design", "ab")
"""Illumina writes alleles in several ways; the first that is there is read. Only ``plus`` tells the genome's strand."""
_BESIDE = re.compile(
    r"gc score|gencall|gentrain|score|quality|well|plate|status|comment|description|note|date|run|batch|sex|gender|"
    r"flanking|cytoband|(?:ref|alt|reference|alternate) allele|ref|alt|allele(?: \w{1,9})?|info|"
    r"stop|end|strand versus dbsnp|affy snp id|(?:associated |relevant )?genes?|ordered alleles|"
    r"r|theta|x|y|b allele freq|log r ratio|call rate|maf|p value|hwe|manual|auto|vic|fam|rox|task|index|no|#|id|"
    r"(?:probe |allele |n )?(?:number|count)|number of \w{1,20}|n ?alleles|version|rank"
)
_MAY_BE_ALLELE = re.compile(r"[ACGTID-]+$|(?:DEL|INS)|[ACGT]*\(?[ACGT]*\)?\d{1,2}(?!\d)|[AB]$")
_STRAND_COMMENT = re.compile(r"strand\s{0,9}[:=]?\s{0,9}(\+|-|plus|minus|forward|reverse)", re.I)
_WORDS = {"+": "+", "plus": "+", "forward": "+", "fwd": "+", "f": "+", "1": "+",
          "-": "-", "minus": "-", "reverse": "-", "rev": "-", "r": "-", "-1": "-"}  # fmt: skip


_NO_STRAND = re.compile(
    r"top|bot|bottom|ilmn|design|customer|ab|n/?a|nd|none|unknown|unspecified|not (?:stated|specified)|both|ambiguous|"
    r"unbekannt|inconnu|desconocido|\+/-|[?.*/]", re.I,
)  # fmt: skip
"""What may stand in a column of strands and names none of the genome, as well as a cell may be empty."""


_OF_CALLS = r"[_ .](?:call(?:[_ ]codes?)?|genotype|gtype)$"
_ADDED = re.compile(_OF_CALLS, re.I)
"""What Axiom, PharmacoScan and GenomeStudio put behind the name of a person whose genotypes a column holds."""

_CHIP = re.compile(rf"\.(?:cel|chp)\b|{_OF_CALLS}", re.I)
"""Ends of names by which a column is a chip's, where other columns hold numbers as well."""


class Shape(Enum):
    """What a line of the table is about."""

    LONG = "a person and a marker"
    WIDE = "a person"
    TRANSPOSED = "a marker"


@dataclass(frozen=True, slots=True)
class Layout:
    """The columns of a table.

    Parameters
    ----------
    shape
        What a line is about.
    delimiter
        What separates the cells.
    line
        Number of the line that names the columns, from 1.
    columns
        Place of each kind of column; ``marker`` may be several.
    alleles
        Places of the two alleles, where each has a column; None = they share one.
    tested
        Places of the two alleles that an assay tells apart, beside the person's genotype in a column of its own.
    lettered
        Places where the alleles stand that an array calls A and B: two columns, or one.
    named
        Place to name of the columns of markers (wide) or persons (transposed).
    copies
        Place to gene of the columns of copy numbers.
    strand
        ``+`` or ``-`` where the table says it of all; None = not said.
    build
        The build that names of columns or lines before them say, or None.
    """

    shape: Shape
    delimiter: str
    line: int
    columns: dict[str, int]
    markers: tuple[int, ...] = ()
    alleles: tuple[int, int] | None = None
    tested: tuple[int, int] | None = None
    lettered: tuple[int, ...] = ()
    named: dict[int, str] = field(default_factory=dict)
    copies: dict[int, str] = field(default_factory=dict)
    strand: str | None = None
    build: str | None = None


def recognise(head: bytes) -> Layout | None:
    """Return the layout of a table of SNP results by its first bytes; None if it is none."""
    first = head[: 1 << 16]
    text = consumer.decoded(first if first == head else first.rpartition(b"\n")[0]).removeprefix("\ufeff")
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")[:FIRST_LINES]
    if text.startswith(("##fileformat", "{")) or b"\0" in head[:1000]:
        return None
    strand, build = None, None
    for number, line in enumerate(lines, 1):
        if consumer.is_header(line):
            return None
        if line.startswith("#") and not _RSID.search(line):
            said = _STRAND_COMMENT.search(line)
            strand = _WORDS[said[1].lower()] if said else strand
            build = build or build_of_text(line)
            continue
        found = _layout(line, number, lines[number:], strand, build)
        if found is not None:
            return found
        build = build or build_of_text(line)
    return None


def cells_of(line: str, delimiter: str) -> list[str]:
    """Cut a line into cells without blanks around them; none of a line that no table has."""
    try:
        return [cell.strip() for cell in next(csv.reader([line], delimiter=delimiter), [])]
    except csv.Error:
        return []


def cell_of(cells: Sequence[str], place: int | None) -> str:
    """Return a cell of a line, empty where the line or the table has none."""
    return cells[place] if place is not None and place < len(cells) else ""


def strand_of(word: str) -> str | None:
    """Return ``+`` or ``-`` for how a table may write a strand; None for what names no strand of the genome."""
    return _WORDS.get(word.strip().lower())


def is_no_strand(word: str) -> bool:
    """Return whether a cell of a column of strands is not understood: neither a strand, nor that none is known."""
    return bool(word.strip()) and strand_of(word) is None and not _NO_STRAND.fullmatch(word.strip())


def number_of(text: str) -> str | None:
    """Return the rs number in a marker's name, as `rsid_of`; None where a letter stands in it for a digit."""
    return None if _LETTER_IN_NUMBER.search(text.replace("_", " ")) else rsid_of(text)


def rsid_of(text: str) -> str | None:
    """Return the rs number in a marker's name."""
    found = _RSID.search(text.replace("_", " "))
    return found[0].lower() if found else None


def place_of(text: str) -> tuple[str, int] | None:
    """Return chromosome and position where a marker's name is one, such as ``10:96541616``."""
    found = _PLACE.match(text)
    return (found[1], int(found[2])) if found else None


def gene_of_copies(text: str) -> str | None:
    """Return the gene whose copy number a name stands for, such as ``CYP2D6 CN``."""
    name = text[: HEADING.most].strip()
    return next((m["gene"].upper() for pattern in _COPIES if (m := pattern.match(name)) is not None), None)


def _layout(line: str, number: int, after: Sequence[str], strand: str | None, build: str | None) -> Layout | None:  # noqa: PLR0911
    delimiter = max(_DELIMITERS, key=line.count)
    if not line.count(delimiter):
        return None
    names = cells_of(line.lstrip("#"), delimiter)
    plain = _plain(names)
    columns: dict[str, int] = {}
    markers = [] if names[:1] != [""] else [0]  # a matrix of Illumina leaves the corner empty
    for place, name in enumerate(plain):
        kind = _MEANING.get(name) or _MEANING.get(_without_build(name))
        if kind == "marker":
            markers.append(place)
        elif kind is not None:
            columns.setdefault(kind, place)
        if kind == "pos":
            build = build_of_text(names[place]) or build
    alleles, of_set = _alleles(plain)
    told = {"delimiter": delimiter, "line": number, "build": build, "strand": _STRAND_OF_SET.get(of_set) or strand}
    copies = {p: gene for p, name in enumerate(names) if (gene := gene_of_copies(name)) is not None}
    rows = [cells_of(other, delimiter) for other in after if not other.startswith("#")]
    located = (bool(markers) or {"chrom", "pos"} <= set(columns)) and any(
        _is_marker(row, markers, columns) for row in rows
    )
    if located and (alleles is not None or "genotype" in columns):
        # Beside a genotype, alleles that are of no way of writing are those that the assay tells apart.
        of_assay = not of_set and "genotype" in columns
        pair = {"tested" if of_assay else "alleles": alleles}
        told["lettered"] = _lettered(plain, rows)
        return Layout(Shape.LONG, columns=columns, markers=tuple(markers), copies=copies, **pair, **told)  # type: ignore[arg-type]
    if {"sample", "gene", "copies"} <= set(columns) and not markers:
        return Layout(Shape.LONG, columns=columns, **told)  # type: ignore[arg-type]
    wide = {p: name for p, name in enumerate(names) if p not in copies and (rsid_of(name) or place_of(name))}
    if any(rsid_of(row[p]) for row in rows for p in wide if p < len(row)):
        return None  # a row like those below it, no names of columns
    if (wide or copies) and "sample" not in columns and 0 not in wide and 0 not in copies:
        columns["sample"] = 0
    if (wide or copies) and "sample" in columns:
        return Layout(Shape.WIDE, columns=columns, named=wide, copies=copies, **told)  # type: ignore[arg-type]
    if located and "sample" not in columns:  # with one a line is a person's, however the genotype's column is called
        beside = {p for p in range(len(names)) if p in {*markers, *columns.values()} or _BESIDE.fullmatch(plain[p])}
        people = _people({p: name for p, name in enumerate(names) if name and p not in beside}, rows)
        if people:
            told["lettered"] = _lettered(plain, rows)
            return Layout(Shape.TRANSPOSED, columns=columns, markers=tuple(markers), named=_persons(people), **told)  # type: ignore[arg-type]
    return None


def _people(columns: dict[int, str], rows: Sequence[Sequence[str]]) -> dict[int, str]:
    """Return the columns that hold genotypes; in an array's numbers only where no column holds letters."""
    coded = {p for p in columns if are_codes(row[p] for row in rows if p < len(row))}
    written = {p: name for p, name in columns.items() if p not in coded and _holds_genotypes(rows, p)}
    if any(tokens_of(row[p]) is not Problem.MISSING for row in rows for p in written if p < len(row)):
        return written
    found = {p: name for p, name in columns.items() if p in coded or (coded and p in written)} or written
    return {p: name for p, name in found.items() if _CHIP.search(name)} or found


def _lettered(plain: Sequence[str], rows: Sequence[Sequence[str]]) -> tuple[int, ...]:
    """Return the places where a table says which alleles an array calls A and B."""
    if {"allele a", "allele b"} <= set(plain):
        return plain.index("allele a"), plain.index("allele b")
    for name in ("ordered alleles", "snp"):
        place = plain.index(name) if name in plain else None
        if place is not None and any(declared(row[place : place + 1]) for row in rows if place < len(row)):
            return (place,)
    return ()


def _persons(columns: dict[int, str]) -> dict[int, str]:
    """Return the names of persons without what the program that wrote the table adds to each of them."""
    added = {match[0].lower() for name in columns.values() if (match := _ADDED.search(name))}
    bare = {place: _ADDED.sub("", name) for place, name in columns.items()}
    is_added = len(added) == 1 and all(bare.values()) and all(bare[place] != columns[place] for place in columns)
    return bare if is_added and len(set(bare.values())) == len(bare) else columns


def _holds_genotypes(rows: Sequence[Sequence[str]], place: int) -> bool:
    """Say whether most cells of a column, no calls apart, may be genotypes."""
    read = [tokens_of(row[place]) for row in rows if place < len(row)]
    told = [
        not isinstance(one, Problem) and all(map(_MAY_BE_ALLELE.match, one))
        for one in read
        if one is not Problem.MISSING
    ]
    numbers = [len(one) == 1 and one[0].isdigit() for one in read if not isinstance(one, Problem)]
    return sum(told) * 2 >= len(told) and not (numbers and all(numbers))


def _plain(names: Sequence[str]) -> list[str]:
    """Return names of columns in small letters without accents and marks."""
    bare = [unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode() for name in names]
    plain = [re.sub(r"[^a-z0-9#]+", " ", name.lower()).strip() for name in bare]
    return plain if _GERMAN.isdisjoint(plain) else ["proband" if name == "probe" else name for name in plain]


def _without_build(name: str) -> str:
    return re.sub(r"\s*(?:grch\d\d|hg\d\d|b\d\d|build \d\d)\s*", " ", name).strip()


def _alleles(plain: Sequence[str]) -> tuple[tuple[int, int] | None, str]:
    """Return the places of the two alleles' columns, and the way in which they are written."""
    found: dict[str, dict[str, int]] = {}
    for place, name in enumerate(plain):
        match = _ALLELE.match(name)
        if match:
            found.setdefault(match[2] or "", {})[match[1]] = place
    for of_set in _SETS:
        if {"1", "2"} <= set(found.get(of_set, {})):
            return (found[of_set]["1"], found[of_set]["2"]), of_set
    return None, ""


def _is_marker(cells: Sequence[str], markers: Sequence[int], columns: dict[str, int]) -> bool:
    if {"chrom", "pos"} <= set(columns) and columns["pos"] < len(cells) and cells[columns["pos"]].isdigit():
        return True
    return any(place < len(cells) and (rsid_of(cells[place]) or place_of(cells[place])) for place in markers)
