"""Genotypes as laboratories write them, to a diplotype or a status that the rest of this room reads.

``Mediterranean (hemizygous)``, ``*2 heterozygous``, ``rs9923231 A/A``, ``521 T/C``, ``TA6/TA7``, ``c.1905+1G>A het``,
``HLA-B*57:01 positive``: what is read here are words of zygosity, bases behind the name of a change, and the status of
an allele. The names themselves are rows of ``allele_names``. A text that is none of these is handed on as it is, and
nothing is guessed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

import polars as pl

from pgx.knowledge import KnowledgeBase
from pgx.phenotypes import allele_status

_ZYGOSITY = {
    "hemizygous": r"hemi(?:zygous|zygote|zygot|cigot[oae])?|hémizygote|homoplasmic|heteroplasmic",
    "homozygous": r"homo?(?:zygous|zygote|zygot|cigot[oae])?",
    "heterozygous": r"het(?:ero)?(?:zygous|zygote|zygot|cigot[oae])?|hétérozygote|single copy|one copy|carrier",
}
_ZYGOUS = tuple(
    (
        kind,
        re.compile(rf"^(?:{words})\s+(?:for\s+)?(?P<a>\S.*)$|^(?P<b>.*\S)[\s,;:]+\(?(?:{words})\)?\.?$", re.IGNORECASE),
    )
    for kind, words in _ZYGOSITY.items()
)
_STATUS = re.compile(
    r"^(?P<allele>.*?\d)\s*[:,=]?\s*\(?(?P<word>positive|pos|negative|neg|detected|not\s+detected|present|absent|"
    r"not\s+present|positiv|negativ|positif|négatif|positivo|negativo|carrier|non-?carrier|"
    r"hetero(?:zygous|zygot)|homo(?:zygous|zygot)|\+|-)\)?\.?$",
    re.IGNORECASE,
)
_NEGATIVE = re.compile(r"^(?:neg|nég|not|absent|non|-)", re.IGNORECASE)
_REMARK = re.compile(r"\s*[\[(](?P<words>[^\[\]()]*)[\])]\s*$")
_CHANGE = re.compile(r"^(?:[cgmnr]\.)?(?P<at>[*-]?\d+(?:[+-]\d+)?)\s*(?P<ref>[ACGT])\s*>\s*(?P<alt>[ACGT])$")
_OLD_CHANGE = re.compile(r"^(?P<ref>[ACGT])(?P<at>-?\d+)(?P<alt>[ACGT])$")
_GENOTYPE = re.compile(
    r"^(?P<name>.*?(?:\d|[ACGT]\s*>\s*[ACGT]|[a-z)]))?[\s:=,;]*\(?(?<![A-Z])(?P<one>[ACGT])\s*[/|;,]?\s*(?P<two>[ACGT])\)?$"
)
_COMPLEMENT = str.maketrans("ACGT", "TGCA")
WILD_TYPE = re.compile(
    r"^(?:wild[- ]?type?|wt|type sauvage|tipo salvaje|no variants? (?:detected|found|identified))$", re.IGNORECASE
)
_UNSURE = re.compile(r"\?|\bor\b|possible|suspected|unclear", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Written:
    """What a cell says: a diplotype, or the status of an allele (then `diplotype` is empty)."""

    diplotype: str = ""
    status: str = ""


@dataclass(frozen=True)
class Laboratory:
    """How laboratories write the results of one gene; build it with `laboratory_of`.

    Parameters
    ----------
    reference
        The reference allele.
    changes
        Name of a change (``521T>C``, ``rs4149056``, lower case) -> allele, base that was, base that is.
    single
        The change of a gene of which one position alone decides.
    is_hla
        Whether the gene is read by alleles that are there or not.
    haploid
        Whether a person can have one copy alone.
    slashed
        Names of one allele, lower case, in which a slash stands.
    """

    gene: str
    reference: str | None
    changes: Mapping[str, tuple[str, str, str, bool]] = field(repr=False)
    single: tuple[str, str, str, bool] | None
    is_hla: bool
    haploid: bool
    slashed: frozenset[str] = frozenset()

    def read(self, text: str) -> Written:
        """Return what a cell says.

        Raises
        ------
        ValueError
            If its words contradict each other, or bases are none of the change that is named.
        """
        plain = " ".join(text.replace("\N{EN DASH}", "-").replace("\N{MINUS SIGN}", "-").split())
        if self.is_hla and (status := self._status(plain)):
            return Written(status=status)
        if _UNSURE.search(plain):
            return Written(text)
        if self.reference and WILD_TYPE.match(plain):
            return Written(self.reference if self.haploid else f"{self.reference}/{self.reference}")
        if "/" not in plain and re.fullmatch(r"[^|]+\|[^|]+", plain):
            plain = plain.replace("|", "/")
        for kind, words in _ZYGOUS:
            if match := words.match(plain):
                return Written(self._doubled(kind, self._plain((match["a"] or match["b"]).strip()), text))
        return Written(self._plain(plain))

    def _status(self, text: str) -> str | None:
        match = _STATUS.match(text)
        if match is None:
            return None
        allele = re.sub(r"^HLA-?", "", match["allele"].strip(), flags=re.IGNORECASE)
        allele = re.sub(rf"^{self.gene.partition('-')[2]}\*?", "", allele, flags=re.IGNORECASE).lstrip("* ")
        if re.fullmatch(r"\d{4}", allele):
            allele = f"{allele[:2]}:{allele[2:]}"
        if not re.fullmatch(r"\d{2,3}:\d{2,3}(?::\d{2,3})*", allele):
            return None
        return f"*{allele} {allele_status.NEGATIVE if _NEGATIVE.match(match['word']) else allele_status.POSITIVE}"

    def _plain(self, text: str) -> str:
        """Return a text with bases behind the name of a change as a diplotype, others as they are."""
        name = re.sub(rf"^{re.escape(self.gene)}[\s:]+", "", text, flags=re.IGNORECASE)
        match = _GENOTYPE.match(name)
        change = self._change(match["name"] or "") if match else None
        if match is None or change is None:
            return text
        return "/".join(self._by_base(base, change, text) for base in (match["one"], match["two"]))

    def _change(self, name: str) -> tuple[str, str, str, bool] | None:
        plain = name.strip(" :=,;(").lower()
        if not plain:
            return self.single
        found = self.changes.get(key_of(plain)) or self.changes.get(plain)
        if found is None and re.fullmatch(r"(?:[cgmn]\.)?-?\d+(?:[+-]\d+)?", plain):
            at = re.sub(r"^[cgmn]\.", "", plain)
            ways = {
                change for key, change in self.changes.items() if re.fullmatch(rf"{re.escape(at)}[acgt]>[acgt]", key)
            }
            found = ways.pop() if len(ways) == 1 else None
        return found

    def _by_base(self, base: str, change: tuple[str, str, str, bool], text: str) -> str:
        allele, ref, alt, either_strand = change
        pair = {ref: self.reference, alt: allele}
        if base not in pair and either_strand:
            base = base.translate(_COMPLEMENT)
        elif either_strand and {ref, alt} == {one.translate(_COMPLEMENT) for one in (ref, alt)}:
            raise ValueError(f"{text!r} does not say on which strand the bases are read")
        if base not in pair or pair[base] is None:
            raise ValueError(f"{base} in {text!r} is none of the bases {ref} and {alt} of that change")
        return str(pair[base])

    def _doubled(self, kind: str, name: str, text: str) -> str:
        """Return the diplotype of a name and its zygosity; they must not contradict each other."""
        strands = name.split("/") if name.count("/") == 1 and name.lower() not in self.slashed else [name]
        if len(strands) == 2:
            same = strands[0].strip().lower() == strands[1].strip().lower()
            if same == (kind == "heterozygous"):
                raise ValueError(f"{text!r} contradicts itself")
            if kind == "hemizygous":
                return strands[0].strip()
            return name
        if kind == "hemizygous":
            if not self.haploid:
                raise ValueError(f"{text!r}: a person has two copies of {self.gene}")
            return name
        if kind == "homozygous":
            return f"{name}/{name}"
        if self.reference is None:
            raise ValueError(f"{text!r}: the other allele is not named")
        return f"{self.reference}/{name}"


def key_of(name: str) -> str:
    """Return one form of the ways to write a change: ``c.521T>C`` and ``521 T>C`` are ``521t>c``, so is ``T521C``."""
    match = _CHANGE.match(name.upper()) or _CHANGE.match(_unprefixed(name).upper()) or _OLD_CHANGE.match(name.upper())
    return f"{match['at']}{match['ref']}>{match['alt']}".lower() if match else name.lower()


def _unprefixed(name: str) -> str:
    return re.sub(r"^[cgmnr]\.", "", name.strip(), flags=re.IGNORECASE)


def without_remark(text: str, is_remark: Mapping[str, str]) -> str:
    """Return a text without brackets at its end that hold a phenotype or an activity score.

    Examples
    --------
    >>> without_remark("*1/*3A (IM)", {"im": "Intermediate Metabolizer"})
    '*1/*3A'
    """
    match = _REMARK.search(text)
    if match is None:
        return text
    words = re.sub(r"metabolise?r", "metabolizer", match["words"].strip().lower())
    known = words in is_remark or re.fullmatch(
        r"(?:as|activity score)\s*[:=]?\s*[\d.]+|(?:non-?)?expressers?|(?:poor|normal|intermediate|rapid|ultra-?rapid|"
        r"extensive)(?: metabolizer)?|(?:normal|decreased|poor|increased|no) (?:function|activity)|(?:gene )?deletion",
        words,
    )
    return text[: match.start()].rstrip() if known else text


def laboratory_of(kb: KnowledgeBase, gene: str) -> Laboratory:
    """Return how laboratories write the results of a gene, made once a knowledge base."""
    return kb.remember(("laboratory", gene), lambda: _laboratory(kb, gene))


def _laboratory(kb: KnowledgeBase, gene: str) -> Laboratory:
    alleles = kb.table("alleles").filter(pl.col("gene") == gene)
    reference = alleles.filter(pl.col("reference") == "y")["allele"]
    own = reference[0] if len(reference) else None
    variants = {row["rsid"]: row for row in kb.table("variants").filter(pl.col("gene") == gene).iter_rows(named=True)}
    changes: dict[str, tuple[str, str, str, bool]] = {}
    named = kb.table("allele_names").filter(pl.col("gene") == gene).select("name", "allele").rows()
    slashed = frozenset(name.lower() for name in [*(name for name, _ in named), *alleles["allele"]] if "/" in name)
    for name, allele in [*named, *((one.partition(" (")[0], one) for one in alleles["allele"])]:
        key = key_of(name)
        if match := re.fullmatch(r".*?([acgt])>([acgt])", key):
            changes.setdefault(key, (allele, match[1].upper(), match[2].upper(), False))
        elif (row := variants.get(name.partition(" ")[0])) and len(row["ref"]) == len(row["alt"]) == 1:
            alt = re.search(r"variant \(([ACGT])\)", allele)
            if " reference (" not in allele:
                changes.setdefault(name.partition(" ")[0], (allele, row["ref"], alt[1] if alt else row["alt"], True))
    single = None
    if alleles.height == 2 and own and len({change[0] for change in changes.values()}) == 1:
        single = next((change for change in changes.values() if change[3]), None)
    inheritance = str(kb.gene(gene).row["inheritance"]) if gene in kb.genes else "autosomal"
    return Laboratory(
        gene, own, changes, single, bool(allele_status.targets(kb, gene)), inheritance != "autosomal", slashed
    )
