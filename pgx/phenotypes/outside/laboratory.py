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

from pgx.calling.copy_number import copies_of
from pgx.knowledge import KnowledgeBase
from pgx.knowledge.rules.alleles import functions_of
from pgx.phenotypes import allele_status
from pgx.phenotypes.outside import duplicated, phrases
from pgx.phenotypes.outside.changes import (
    COMPLEMENT,
    Change,
    by_bases,
    key_of,
    named_once,
    numbers_of,
    of_one_base,
    of_protein,
    refuse_two_strands,
    variants_of,
    without_its_bases,
)

_PRESENT = (
    r"positive|pos|negative|neg|(?:not\s+|un)?detected|(?:not\s+)?found|(?:not\s+)?present|absent|positiv|negativ|"
    r"positif|négatif|positivo|negativo|(?:non[- ]?)?carrier|(?:nicht\s+)?nachgewiesen|(?:nicht\s+)?vorhanden|"
    r"(?:non\s+)?détectée?|(?:no\s+)?detectad[oa]|présente?|presente|absente|ausente|négative|positive|"
    r"(?:nicht\s+)?nachweisbar|(?:kein |nicht )?träger(?:in)?|(?:non )?porteu(?:r|se)|(?:no )?portadora?"
)
_STATUS = re.compile(
    rf"^(?P<allele>.*?\d)\s*(?:carrier status)?\s*[:,=-]?\s*"
    rf"\(?(?P<word>{_PRESENT}|hetero(?:zygous|zygot)|homo(?:zygous|zygot)|\+(?:/[+-])?|-(?:/-)?)\)?\.?"
    r"(?P<copies>\s*\((?:het(?:ero)?|hom(?:o)?)(?:zygous)?\))?$",
    re.IGNORECASE,
)
_STATUS_OF = re.compile(
    r"^(?P<word>positive|negative|positiv|negativ|(?:non[- ]?)?carrier|presen(?:ce|cia|za)|absence|ausencia|assenza)\s+"
    r"(?:for|of|für|de|di)\s+(?P<allele>\S.*)$",
    re.IGNORECASE,
)
_PRESENCE = re.compile(rf"^(?P<what>\S.*?)[\s:,=]+\(?(?P<word>{_PRESENT})\)?\.?$", re.IGNORECASE)
_NEGATIVE = re.compile(r"^(?:neg|nég|not|undet|no\s|nicht|kein|absen|ausen|assen|non|-)", re.IGNORECASE)
_GENOTYPE = re.compile(
    r"^(?P<name>.*?(?:\d|[ACGT]\s*>\s*[ACGT]|\b[A-Z]-?\d+[A-Z]|[a-z)]))?[\s:=,;]*\(?(?<![A-Z])(?P<one>[ACGT])"
    r"\s*[/|;,]?\s*(?P<two>[ACGT])\)?$"
)
_TOGETHER = re.compile(
    r"^(\*\d+[A-Z]?)(?: h[eé]t\w*)?\s*(?:[;,&]|(?<=[eé]t|us|ot)\s*/|and|und|et|y)?\s*(\*\d+[A-Z]?)(?: h[eé]t\w*)?$",
    re.I,
)
_BASES_FIRST = re.compile(r"^(?P<bases>[ACGT]\s*[/|]?\s*[ACGT])\s*\((?P<name>[^()]+)\)$")
_BOTH_STRANDS = re.compile(r"^(?P<kind>[cgnp]\.)\[(?P<one>[^][=]+)\];\s*\[(?P<two>[^][]+)\]$")
_NUMBERED = re.compile(r"^(?:rs\d+|TA[- ]?repeats?)[\s:=,]+(?P<repeats>(?:\(?[ACGT]{2,3}\)?)?\d+\s*/.*)$")
_TWO_OF_HLA = re.compile(r"^(?P<one>\S*\d:\d\S*)\s*[,;]\s*(?P<two>\S*\d:\d\S*)$")
_NAMED_AGAIN = re.compile(
    r"^(?P<one>\S+) (?P<words>(?:het(?:ero)?|homo?|hemi)(?:zyg\w+)?)\.? (?P<two>\([^()]+\))$", re.IGNORECASE
)
_IN_BRACKETS = r"\(([^()/|]+[/|][^()/|]+)\)"
_CARRIER = re.compile(r"(?<=zyg)(\w+)\s+(?:carrier|träger(?:in)?|porteu(?:r|se)|portadora?)$", re.IGNORECASE)
_ON_BOTH_STRANDS = re.compile(r"^compound[- ]het\w*[\s:]+|[\s,;]+\(?(?:in )?compound[- ]het\w*\)?$", re.IGNORECASE)
_BETWEEN_NAMES = re.compile(r"[\s/|,;()]+")
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
    mitochondrial
        Whether a person has one kind of the gene.
    deciding
        Alleles beside which no other of another function is common: two reference bases are two reference alleles.
    tandem
        Structural alleles, and those that stand before another one on a strand: one beside the next may be one strand.
    shared
        Name of a change that does not tell two alleles apart, lower case -> the alleles, joined.
    activity
        Activity value of each allele.
    deletion
        The allele without the gene.
    """

    gene: str
    reference: str | None
    changes: Mapping[str, Change] = field(repr=False)
    single: Change | None
    is_hla: bool
    haploid: bool
    slashed: frozenset[str] = frozenset()
    mitochondrial: bool = False
    deciding: frozenset[str] = frozenset()
    tandem: frozenset[str] = frozenset()
    shared: Mapping[str, tuple[str, str]] = field(default_factory=dict, repr=False)
    activity: Mapping[str, float] = field(default_factory=dict, repr=False)
    deletion: str | None = None

    def read(self, text: str) -> Written:
        """Return what a cell says.

        Raises
        ------
        ValueError
            If its words contradict each other, or bases are none of the change that is named.
        """
        plain = " ".join(text.replace("\N{EN DASH}", "-").replace("\N{MINUS SIGN}", "-").split())
        if self.is_hla and (status := self._status(phrases.of_hla(plain))):
            return Written(status=status)
        plain = plain if self.haploid else phrases.in_short(phrases.without_brackets(plain))
        if self.is_hla and (match := _TWO_OF_HLA.match(plain)):
            plain = f"{match['one']}/{match['two']}"
        plain = re.sub(rf"^(?:{re.escape(self.gene)}[\s:]+)?{_IN_BRACKETS}$", r"\1", _CARRIER.sub(r"\1", plain))
        if match := _NAMED_AGAIN.match(plain):
            plain = f"{match['one']} {match['two']} {match['words']}"
        plain = without_its_bases(plain, self.changes)
        if _UNSURE.search(plain):
            return Written(text)
        if self.reference and phrases.WILD_TYPE.match(plain):
            return Written(self.reference if self.haploid else f"{self.reference}/{self.reference}")
        if self.reference and (match := _BOTH_STRANDS.match(plain)):
            strands = (self.reference if one[-1] == "=" else match["kind"] + one for one in match.group("one", "two"))
            return Written("/".join(strands))
        if (bare := _ON_BOTH_STRANDS.sub("", plain)) != plain:
            plain = re.sub(r"^([^/,;]+?)\s*(?:[,;&]|\band\b)\s*([^/,;]+)$", r"\1/\2", bare)
        if "/" not in plain and re.fullmatch(r"[^|]+\|[^|]+", plain):
            plain = plain.replace("|", "/")
        if match := _TOGETHER.match(plain):
            if not self.tandem.isdisjoint({match[1], match[2]}) and self.deletion not in match.groups():
                raise ValueError(
                    f"{text!r} may be one strand or two; write {match[1]}+{match[2]} or {match[1]}/{match[2]}"
                )
            plain = f"{match[1]}/{match[2]}"
        return Written(self._worded(plain, text))

    def _worded(self, plain: str, text: str) -> str:
        """Return the diplotype of a text with words for its copies, others as they are."""
        plain = self.without_the_absent(plain)
        if ways := duplicated.ways(plain, self.activity, self.deletion):
            if len(ways) > 1:
                raise ValueError(f"{text!r} does not say which allele is duplicated; write it as in {ways[-1]}")
            return ways[0]
        if not self.is_hla and (match := _PRESENCE.match(plain)):
            return self._present(match["what"], match["word"], plain)
        for kind, words in phrases.ZYGOUS:
            if match := words.match(plain):
                name = re.sub(r"^\((.*/.*)\)$", r"\1", (match["a"] or match["b"]).strip(" ,;:"))
                if (seen := _PRESENCE.match(name)) and not _NEGATIVE.match(seen["word"]):
                    name = seen["what"]
                return self._doubled(kind, self._plain(name), text)
        return self._plain(plain)

    def without_the_absent(self, text: str) -> str:
        """Return the one change that a list says was found, and not also that it was not; other texts as they are.

        Raises
        ------
        ValueError
            If the list contradicts itself, or has two changes that may be on one strand or on two.
        """
        parts = [] if self.is_hla else re.split(r"\s*[,;]\s*", text)
        seen = {part: what for part in parts if (what := self._absent(part))}
        found = [part for part in parts if part not in seen]
        if len({change[0] for _, change in filter(None, map(self._bases, found))}) > 1:
            raise ValueError(f"{text!r} does not say whether the changes are on one strand or two; write both alleles")
        if not seen or len(found) != 1:
            return text
        absent = {name for what in seen.values() for name in self._alleles_in(what)}
        if not absent.isdisjoint(self._alleles_in(found[0])):
            raise ValueError(f"{text!r} contradicts itself")
        return found[0]

    def _absent(self, text: str) -> str | None:
        """Return the change that was not found, as words or its two bases say; None of other texts."""
        if (match := _PRESENCE.match(text)) and _NEGATIVE.match(match["word"]):
            return match["what"]
        match, change = self._bases(text) or (None, None)
        if match is None or change is None or len({*match.group("one", "two")}) > 1:
            return None
        return match["name"] if self._by_base(match["one"], change, text) == self.reference else None

    def _bases(self, text: str) -> tuple[re.Match[str], Change] | None:
        """Return the two bases that a text gives of a change, and the change; None of other texts."""
        match = _GENOTYPE.match(by_bases(named_once(text, self.changes), self.changes))
        change = self._change(match["name"]) if match and match["name"] else None
        return (match, change) if match and change else None

    def _alleles_in(self, text: str) -> set[str]:
        """Return the names in a text, lower case, and those of the alleles that the changes among them are."""
        names = set(filter(None, _BETWEEN_NAMES.split(text.lower())))
        alleles = [change[0].lower() for name in names if name.strip(":=") and (change := self._change(name))]
        return names.union(*map(_BETWEEN_NAMES.split, alleles)) - {""}

    def _status(self, text: str) -> str | None:
        match = _STATUS.match(text) or _STATUS_OF.match(text)
        if match is None:
            return None
        allele = re.sub(r"^HLA-?", "", match["allele"].strip(), flags=re.IGNORECASE)
        allele = re.sub(rf"^{self.gene.partition('-')[2]}\*?", "", allele, flags=re.IGNORECASE).lstrip("* ")
        if re.fullmatch(r"\d{4}", allele):
            allele = f"{allele[:2]}:{allele[2:]}"
        if not re.fullmatch(r"\d{2,3}:\d{2,3}(?::\d{2,3})*", allele):
            return None
        absent = _NEGATIVE.match(match["word"])
        if absent and match.groupdict().get("copies"):
            raise ValueError(f"{text!r} contradicts itself")
        return f"*{allele} {allele_status.NEGATIVE if absent else allele_status.POSITIVE}"

    def refuse_shared(self, name: str) -> None:
        """Refuse a change that common alleles of different function have.

        Raises
        ------
        ValueError
            If the name is that of such a change.
        """
        if found := self.shared.get(name.lower()) or self.shared.get(key_of(name)):
            raise ValueError(
                f"{name} is in {found[0]} and in {found[1]}, which differ in function; write both alleles, or give all "
                "positions as a table of SNP results"
            )

    def _present(self, what: str, word: str, text: str) -> str:
        """Return a change that a gene of one copy has; elsewhere the word does not say how many copies have it.

        Raises
        ------
        ValueError
            If the word does not tell the diplotype.
        """
        if _NEGATIVE.match(what) or what.lower() == "no":
            raise ValueError(f"{text!r} does not say which alleles were found; write both alleles")
        if _NEGATIVE.match(word):
            raise ValueError(self._only_absent(text, what))
        if self.mitochondrial:
            return what
        raise ValueError(
            f"{text!r} does not say whether one copy or both have {what}; write heterozygous or homozygous"
        )

    def _only_absent(self, text: str, what: str) -> str:
        reference = f"{self.reference} if all of the gene was read"
        how = f"write what was, or {reference}" if self.mitochondrial else "write both alleles"
        return f"{text!r} says only that {what} was not found, not which alleles were; {how}"

    def _plain(self, text: str) -> str:
        """Return a text with bases behind the name of a change as a diplotype, others as they are."""
        name = re.sub(rf"^{re.escape(self.gene)}[\s:]+", "", text, flags=re.IGNORECASE)
        if self.mitochondrial and (at := of_one_base(name, self.changes)):
            return at[0] if at[1] else self._present(at[0], "absent", text)
        if numbered := _NUMBERED.match(name):
            return numbered["repeats"]
        if first := _BASES_FIRST.match(name):
            name = f"{first['name']} {first['bases']}"
        match = _GENOTYPE.match(by_bases(named_once(name, self.changes), self.changes))
        named = (match["name"] or "").strip(" :=,;(") if match else ""
        self.refuse_shared(named)
        change = self._change(named) if match else None
        if match and change is None and re.fullmatch(r"rs\d+", named):
            raise ValueError(f"{named!r} is not the name of a change of {self.gene} that is known; write both alleles")
        if match is None or change is None:
            return text
        bases = match["one"], match["two"]
        refuse_two_strands(bases, change, text)
        if set(bases) == {change[1], change[2]} and self.reference:
            return f"{self.reference}/{change[0]}"  # one of each, whichever strand is read
        alleles = [self._by_base(base, change, text) for base in bases]
        if not self.single and change[0] not in self.deciding and set(alleles) == {self.reference}:
            raise ValueError(
                f"{text!r} says only that {change[0]} is not there, and {self.gene} has other changes; write both "
                "alleles, or give all positions as a table of SNP results"
            )
        return "/".join(alleles)

    def _change(self, name: str) -> Change | None:
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

    def _by_base(self, base: str, change: Change, text: str) -> str:
        allele, ref, alt, either_strand = change
        pair = {ref: self.reference, alt: allele}
        if base not in pair and either_strand:
            base = base.translate(COMPLEMENT)
        elif either_strand and {ref, alt} == {one.translate(COMPLEMENT) for one in (ref, alt)}:
            raise ValueError(f"{text!r} does not say on which strand the bases are read")
        if base not in pair or pair[base] is None:
            raise ValueError(f"{base} in {text!r} is none of the bases {ref} and {alt} of that change")
        return str(pair[base])

    def _doubled(self, kind: str, name: str, text: str) -> str:
        """Return the diplotype of a name and its zygosity; they must not contradict each other."""
        if kind == "hemizygous" and not self.haploid:
            raise ValueError(f"{text!r}: a person has two copies of {self.gene}")
        strands = name.split("/") if name.count("/") == 1 and name.lower() not in self.slashed else [name]
        if len(strands) == 2:
            same = strands[0].strip().lower() == strands[1].strip().lower()
            if same == (kind == "heterozygous"):
                raise ValueError(f"{text!r} contradicts itself")
            return strands[0].strip() if kind == "hemizygous" else name
        if kind == "heterozygous" and self.reference and name.lower() == self.reference.lower():
            raise ValueError(f"{text!r}: the other allele is not named")
        if kind != "heterozygous":
            return name if kind == "hemizygous" else f"{name}/{name}"
        if self.reference is None:
            raise ValueError(f"{text!r}: the other allele is not named")
        return f"{self.reference}/{name}"


def laboratory_of(kb: KnowledgeBase, gene: str) -> Laboratory:
    """Return how laboratories write the results of a gene, made once a knowledge base."""
    return kb.remember(("laboratory", gene), lambda: _laboratory(kb, gene))


def _laboratory(kb: KnowledgeBase, gene: str) -> Laboratory:
    alleles = kb.table("alleles").filter(pl.col("gene") == gene)
    reference = alleles.filter(pl.col("reference") == "y")["allele"]
    own = reference[0] if len(reference) else None
    variants = variants_of(kb, gene)
    changes: dict[str, Change] = {}
    own_names = kb.table("allele_names").filter(pl.col("gene") == gene)
    rows = own_names.filter(pl.col("also_in").is_null())
    shared = own_names.filter(pl.col("also_in").is_not_null()).select("name", "allele", "also_in").rows()
    named = rows.select("name", "allele").rows()
    slashed = frozenset(name.lower() for name in [*(name for name, _ in named), *alleles["allele"]] if "/" in name)
    named += [(one.partition(" (")[0], one) for one in alleles["allele"]] + numbers_of(kb, gene)
    for name, allele in named:
        key = key_of(name)
        if match := re.fullmatch(r"(?!rs\d).*?([acgt])>([acgt])", key):
            changes.setdefault(key, (allele, match[1].upper(), match[2].upper(), False))
        elif match := re.fullmatch(r"(rs\d+) ([ACGT])>([ACGT])", name):
            changes.setdefault(match[1], (allele, match[2], match[3], True))
        elif (row := variants.get((name.partition(" ")[0], allele))) and len(row["ref"]) == len(row["alt"]) == 1:
            alt = re.search(r"variant \(([ACGT])\)", allele)
            if " reference (" not in allele:
                changes.setdefault(name.partition(" ")[0], (allele, row["ref"], alt[1] if alt else row["alt"], True))
    for key, allele in ((key_of(name), allele) for name, allele in named):
        ways = {change for change in changes.values() if change[0] == allele and not change[3]}
        if of_protein(key) and len(ways) == 1:
            changes.setdefault(key, *ways)
    single = None
    if alleles.height == 2 and own and len({change[0] for change in changes.values()}) == 1:
        single = next((change for change in changes.values() if change[3]), None)
    inheritance = str(kb.gene(gene).row["inheritance"]) if gene in kb.genes else "autosomal"
    return Laboratory(
        gene, own, changes, single, bool(allele_status.targets(kb, gene)), inheritance != "autosomal", slashed,
        inheritance == "mitochondrial", frozenset(rows.filter(pl.col("decides") == "y")["allele"]),
        _tandem(alleles),
        {form: (allele, " and in ".join(also.split("|")))
         for name, allele, also in shared for form in (name.lower(), key_of(name))},
        {allele: one.value for allele, one in functions_of(kb, gene, "CPIC").items() if one.value is not None},
        copies_of(kb, gene).deletion,
    )  # fmt: skip


def _tandem(alleles: pl.DataFrame) -> frozenset[str]:
    first = {name.partition("+")[0].partition("x")[0] for name in alleles["allele"] if "+" in name}
    return frozenset(first | set(alleles.filter(pl.col("structural") == "y")["allele"]))
