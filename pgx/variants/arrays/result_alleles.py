"""The cells of a table of SNP results: from ``A/G``, ``del/GAG``, ``I/D`` or ``(TA)6/(TA)7`` to a site's alleles.

Nothing is guessed. A cell that fits a site in two ways (an A/T or C/G site whose strand nobody says) and one that fits
in none are told apart, so that the table's reader can say which it was.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from pgx.types import MOST_COPIES
from pgx.variants.whole_numbers import decimal_number

_MISSING = re.compile(
    r"|[-.?0]{1,3}|-/-|\./\.|0[/ ]0|\?/\?|n{1,2}|n/[na]|na|nc|no.?(?:call|genotype|result|amp|amplification)|"
    r"noamp/noamp|undetermined|und\.?|inv|invalid|fail|failed|missing|n\.?d\.?|null|nan|none|ntc|dropout|indeterminate|"
    r"not (?:called|tested|determined)|kein(?:e)? (?:ergebnis|genotyp)|nicht (?:bestimmbar|auswertbar|bestimmt)|"
    r"non déterminé|indéterminé|no determinado|indeterminado", re.I,
)  # fmt: skip
_ZYGOSITY = re.compile(
    r"^((?:homo|hetero|hétéro)(?:zygous|zygote?|[cz]igot[oae])|homo|hetero|hom|het)[\s:,(-]+(.*?)\)?$", re.I
)
_PAIR = re.compile(r"\s*[/|;:\\,]\s*|\s+")
_DOTS = re.compile(r"(?<=[A-Za-z-])\.(?=[A-Za-z-])")
_REPEAT = re.compile(
    r"^(?:[ACGT]\s*(?=[(\[]))?[(\[]?([ACGT]+)[)\]]?\s*(\d{1,2}|\(\d{1,2}\)|\[\d{1,2}\])(?:\s*[ACGT]+)?$"
)
_REPEAT_BEHIND = re.compile(r"^(\d{1,2})\s*(?:[(\[]?([ACGT]+)[)\]]?)?$")
_CHANGE = re.compile(r"^(?:(DEL|INS)\s*\(?([ACGT]+)\)?|\(?([ACGT]+)\)?\s*(DEL|INS))$")
_COMPLEMENT = str.maketrans("ACGT", "TGCA")
_NEAR = 0.25
"""How far a copy number may lie from a whole one."""
_COPIES = re.compile(
    r"^(?:[A-Z][A-Z0-9-]*\s+)?(?:CN|copy number|copies)?\s*[=:]?\s*(\d+(?:[.,]\d+)?)\s*(?:copies|copy|x|N)?$", re.I
)
_WILD_TYPE = frozenset({"WT", "REF", "WILDTYPE", "WILD-TYPE", "REFERENCE"})
_NO_CALL_BELOW = 0.15
"""GenCall score (GC Score) below which Illumina recommends that an Infinium genotype is not called."""
_NO_GRADE = re.compile(r"(?:[DIN][. ]+)?(?:low probability|bad spectrum|no[- ]alleles)$", re.I)
"""How MassARRAY Typer describes a genotype that it does not stand by."""


class Problem(Enum):
    """Why a cell tells no genotype."""

    MISSING = "no call"
    STRAND = "its strand is not said and the bases fit on both"
    NOTATION = "it fits no allele of the site"


@dataclass(frozen=True, slots=True)
class SiteAlleles:
    """What the cells of one site may say.

    Parameters
    ----------
    alleles
        The site's documented alleles, on the genome's forward strand.
    reference
        Code of the build's own reference.
    unit, units
        Base sequence that the site repeats and how often the reference does, as laboratories count; None if it is none.
    """

    alleles: tuple[str, ...]
    reference: int
    unit: str | None = None
    units: int = 0

    @property
    def is_long(self) -> bool:
        """Whether some allele is longer than a base."""
        return any(len(allele) != 1 for allele in self.alleles)


def tokens_of(cell: str) -> tuple[str, ...] | Problem:
    """Cut a cell into one or two alleles, upper case."""
    text = cell.strip().strip("'\"").strip()
    if _MISSING.fullmatch(text):
        return Problem.MISSING
    zygosity = _ZYGOSITY.match(text)
    if zygosity:
        text = zygosity[2].strip()
    text = _DOTS.sub("/", text)
    halves = _PAIR.split(text)
    if "" in (halves[0], halves[-1]):  # ``T/`` is cut off: nobody knows what the other allele was
        return Problem.NOTATION
    parts = tuple(part.upper() for part in halves if part)
    if (
        len(parts) == 1
        and len(parts[0]) == 2
        and any(set(parts[0]) <= set(letters) for letters in ("ACGT-", "ID", "AB"))
    ):
        parts = (parts[0][0], parts[0][1])
    if not 1 <= len(parts) <= 2:
        return Problem.NOTATION
    if any(part in ("N", "0", ".", "?") for part in parts):
        return Problem.MISSING
    if zygosity and len(set(parts)) != (2 if zygosity[1].lower().startswith(("het", "hét")) else 1):
        return Problem.NOTATION
    return (parts[0], parts[0]) if zygosity and len(parts) == 1 else parts


def is_pair(cell: str) -> bool:
    """Say whether a cell names the same allele twice."""
    tokens = tokens_of(cell)
    return not isinstance(tokens, Problem) and len(tokens) == 2 and tokens[0] == tokens[1]


def is_lettered(cell: str) -> bool:
    """Say whether a cell names an array's own alleles, A and B, of which A is no base."""
    tokens = tokens_of(cell)
    return not isinstance(tokens, Problem) and "B" in tokens and {*tokens} <= {"A", "B"}


def strand_of_bases(site: SiteAlleles, tokens: Sequence[str]) -> str | None:
    """Return the only strand on which bases fit a site; None if they fit on both or on none."""
    known, bases = set(site.alleles), set(tokens)
    if site.is_long or not all(len(base) == 1 and base in "ACGT" for base in bases):
        return None
    forward, reverse = bases <= known, {base.translate(_COMPLEMENT) for base in bases} <= known
    return None if forward == reverse else "+" if forward else "-"


def codes_of(site: SiteAlleles, tokens: Sequence[str], strand: str | None) -> tuple[int, ...] | Problem:
    """Return the codes of the alleles in a cell, or why there are none.

    Parameters
    ----------
    site
        The site.
    tokens
        What `tokens_of` made of the cell.
    strand
        ``+`` or ``-`` where it is known of the marker; None = not.
    """
    if site.is_long:
        return _of_lengths(site, tokens, strand)
    if not all(len(token) == 1 and token in "ACGT" for token in tokens):
        return Problem.NOTATION
    known = set(site.alleles)
    reverse = [token.translate(_COMPLEMENT) for token in tokens]
    ways = {"+": list(tokens), "-": reverse}
    if strand is not None:
        fitting = [ways[strand]] if set(ways[strand]) <= known else []
    else:
        fitting = [way for way in ways.values() if set(way) <= known]
    if not fitting:
        return Problem.NOTATION
    if len(fitting) > 1 and sorted(fitting[0]) != sorted(fitting[1]):  # A/T is one of each on either strand
        return Problem.STRAND
    return tuple(site.alleles.index(base) for base in fitting[0])


def _of_lengths(site: SiteAlleles, tokens: Sequence[str], strand: str | None) -> tuple[int, ...] | Problem:
    """Read alleles that differ in length; VCF's anchored spelling counts only where both alleles are written so."""
    words = any(not set(token) <= set("ACGT") for token in tokens)
    for anchored in (False,) if words else (True, False):
        named = [_named(site, token, strand, anchored=anchored) for token in tokens]
        if all(len(codes) == 1 for codes in named):
            found = tuple(next(iter(codes)) for codes in named)
            other = None
            if anchored:
                plain = [_named(site, token, strand, anchored=False) for token in tokens]
                if all(len(codes) == 1 for codes in plain):
                    other = tuple(next(iter(codes)) for codes in plain)
            return found if other in (None, found) else Problem.STRAND
    return Problem.NOTATION


def _named(site: SiteAlleles, token: str, strand: str | None, *, anchored: bool) -> set[int]:
    """Return the codes that one word may stand for."""
    if anchored:
        return {code for code, allele in enumerate(site.alleles) if allele == token}
    repeats = _of_repeats(site, token)
    if repeats is not None:
        return repeats
    ways = {"+": [token], "-": [_reversed(token)]}.get(strand or "", [token, _reversed(token)])
    return {code for way in ways for code in _of_change(site, way)}


def _of_change(site: SiteAlleles, token: str) -> set[int]:
    reference = site.alleles[site.reference]
    found: set[int] = set()
    lengths = [len(allele) for allele in site.alleles]
    longest, shortest = max(lengths), min(lengths)
    if token in ("I", "INS", "INSERTION", "D", "DEL", "DELETION", "-"):
        wanted = longest if token.startswith("I") else shortest
        return {lengths.index(wanted)} if len(set(lengths)) == 2 == len(lengths) else set()
    if token in _WILD_TYPE:
        return {0} if site.reference == 0 else set()
    match = _CHANGE.match(token)
    kind, bases = ((match[1] or match[4]), (match[2] or match[3])) if match else ("", token)
    only = len(site.alleles) == 2
    for code, allele in enumerate(site.alleles):
        old, new = _trimmed(reference, allele)
        if code == site.reference or (old and new):
            continue
        if old and (bases == old or (only and _is_turned(bases, old))):
            found.add(code if kind == "DEL" else site.reference)
        elif new and (bases == new or (only and _is_turned(bases, new))):
            found.add(site.reference if kind == "DEL" else code)
    return found


def _is_turned(bases: str, known: str) -> bool:
    """Say whether bases are those of an indel, written from another place of the repeat that it lies in."""
    return len(bases) == len(known) and bases in known + known


def _of_repeats(site: SiteAlleles, token: str) -> set[int] | None:
    """Return the allele with so many repeats; None if the word counts none."""
    match = _REPEAT.match(token)
    unit, count = (match[1], match[2].strip("()[]")) if match else (None, None)
    if match is None:
        behind = _REPEAT_BEHIND.match(token)
        if behind is None:
            return None
        unit, count = behind[2] or site.unit, behind[1]
    if site.unit is None or unit is None or count is None:
        return set()
    if unit not in (site.unit, _reversed(site.unit)):
        return set()
    longer = (int(count) - site.units) * len(site.unit)
    wanted = len(site.alleles[site.reference]) + longer
    return {code for code, allele in enumerate(site.alleles) if len(allele) == wanted}


def copies_told(text: str) -> int | None:
    """Return the copy number in a cell; None if it is none, between two or beyond belief."""
    match = _COPIES.match(text.strip())
    number = float(match[1].replace(",", ".")) if match else -1.0
    whole = round(number)
    return whole if 0 <= whole <= MOST_COPIES and abs(number - whole) <= _NEAR else None


def disowned(grade: str, gencall: str) -> str:
    """Return why a laboratory's own words on a genotype speak against it; empty if they do not.

    Parameters
    ----------
    grade
        How MassARRAY Typer describes the call.
    gencall
        Illumina's GenCall score.
    """
    if _NO_GRADE.match(grade):
        return f"the laboratory describes it as {grade[:30]!r}"
    number = decimal_number(gencall.replace(",", "."))
    if number is None or number >= _NO_CALL_BELOW:
        return ""
    return f"its GC Score {gencall[:10]} is below {_NO_CALL_BELOW}, from which Illumina calls a genotype"


def _trimmed(reference: str, allele: str) -> tuple[str, str]:
    start = 0
    while start < min(len(reference), len(allele)) and reference[start] == allele[start]:
        start += 1
    end = 0
    while end < min(len(reference), len(allele)) - start and reference[-1 - end] == allele[-1 - end]:
        end += 1
    return reference[start : len(reference) - end], allele[start : len(allele) - end]


def _reversed(bases: str) -> str:
    """Return the other strand of a word's bases; what is no base stays."""
    match = _CHANGE.match(bases)
    if match:
        kind, inner = match[1] or match[4], match[2] or match[3]
        return kind + inner.translate(_COMPLEMENT)[::-1]
    return bases.translate(_COMPLEMENT)[::-1] if set(bases) <= set("ACGT") else bases
