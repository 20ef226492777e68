"""Allele and phenotype names as other tools write them, to the names of the knowledge base. Nothing is guessed.

A name of an allele that the knowledge base lacks (``*999``) stays as it is written and has no function, so that its
phenotype is Indeterminate; what is no allele's name at all (``*2?``, ``banana``) makes the line unusable.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable

import polars as pl

from pgx.knowledge import KnowledgeBase
from pgx.phenotypes import allele_status
from pgx.phenotypes.outside.changes import key_of, makes, numbers_of, refuse_base_alone
from pgx.phenotypes.outside.laboratory import laboratory_of
from pgx.phenotypes.outside.phrases import WILD_TYPE, heterozygous_both, in_short
from pgx.phenotypes.outside.stated import (
    hla_name,
    is_no_call,
    is_of_hla_gene,
    phenotype_forms,
    status_or_phenotype,
    without_remark,
)
from pgx.types import MOST_COPIES, Diplotype

_COPIES = re.compile(r"^(?P<base>.+?)\s*[x×](?P<bound>≥|>=)?\s*(?P<count>\d+|N)$", re.IGNORECASE)
_BOUND = re.compile(r"^(?P<base>\*[^≥]+?)\s*(?:≥|>=)\s*(?P<count>\d+)$")
_ALDY_SUB = re.compile(r"^(\*\d+)(?:\.\d+)?(?:\.ALDY(?:_\d+)?)$", re.IGNORECASE)
_LETTERED = re.compile(r"^(?P<core>\*\d+)[A-Z]$")
"""Names of sub-alleles before they were numbered: ``*2A`` is ``*2.001`` today."""
_TWICE = re.compile(r"^(?P<one>\S.*?)\s*(?:\((?P<two>(?:[^()]|\([^()]*\))+)\)|,?\s(?P<bare>[cp]\.\S+))$")
_ON_ONE_STRAND = re.compile(r"^(?:[cg]\.)?\[?(?P<changes>[^][;/]+;[^][/]+)\]?$")
_ALDY_CN = re.compile(r"^(\*\d+):\d+$")
_VARIANT = re.compile(r"^(?:rs\d+|\d+[.:]?[A-Z]+>[A-Z]+)$", re.IGNORECASE)
_CHANGE = re.compile(r"^(?:rs\d+|-?\d+(?:[+-]\d+)?[acgt]>[acgt]|[a-z]\d+[a-z])$")
_REFERENCE_WORDS = {"reference", "ref", "wild-type", "wildtype", "wild type", "wt", "*1"}
_ALLELE = re.compile(
    r"\*[A-Z]?\d+[A-Za-z]{0,3}\d?(?:\.\d+)?(?:x≥?(?:\d+|N))?|rs\d+.*|[cgmnp]\.(?!.*[;\s](?:wt|in (?:cis|trans))$)\S.*"
)
"""What an allele's name looks like, known or not."""
SECOND_ALLELE = "the second allele"
"""What is not known of a diploid gene where the tool gives one allele."""


class AlleleNames:
    """The names of one gene's alleles, and the other forms in which they are written."""

    def __init__(self, kb: KnowledgeBase, gene: str) -> None:
        self.gene = gene
        self.is_hla = bool(allele_status.targets(kb, gene))
        rows = kb.table("alleles").filter(pl.col("gene") == gene)
        known = dict.fromkeys([*rows["allele"], *kb.table("functions").filter(pl.col("gene") == gene)["allele"]])
        self.known = frozenset(known)
        self._index = dict(numbers_of(kb, gene)) | _index(known)
        named = kb.table("allele_names").filter(pl.col("gene") == gene).select("name", "allele").iter_rows()
        self._index |= {form: allele for name, allele in named for form in (name.lower(), key_of(name))}
        self._laboratory = laboratory_of(kb, gene)
        bases = kb.table("definitions").filter(pl.col("gene") == gene).select("allele", "pos_grch38", "bases")
        self._bases: dict[str, set[tuple[int, str]]] = {}
        for allele, position, base in bases.iter_rows():
            self._bases.setdefault(allele, set()).add((position, base))
        reference = rows.filter(pl.col("reference") == "y")["allele"]
        self._reference: str | None = reference[0] if len(reference) else None

    def place(self, text: str) -> tuple[str, bool]:
        """Return the knowledge base's name of one strand's allele, and whether the tool saw more than the name says."""
        name = self._strip(text)
        if self.is_hla:
            return hla_name(name), False
        if name in self.known:
            return name, False
        if (numbered := re.sub(r"^\*0+(?=[1-9])", "*", name)) in self.known:
            return numbered, False
        self._laboratory.refuse_shared(name)
        if found := self._index.get(name.lower()) or self._index.get(key_of(name)):
            return found, False  # a plus sign may be part of the name: c.1905+1G>A
        if same := self._in_several_names(name):
            return same, False
        extra = False
        parts = name.split("+")
        if parts[0].startswith("*") and any(_VARIANT.match(part.strip()) for part in parts[1:]):
            name, extra = parts[0].strip(), True
        if name.lower().endswith("-like"):
            name, extra = name[:-5], True
        return self._structural(name), extra

    def refuse_one_or_two_strands(self, text: str, strands: list[str]) -> None:
        """Refuse two changes, ``460G>A/719A>G``, or listed alleles, ``*3B, *3C``, that may be one allele on one strand.

        Raises
        ------
        ValueError
            If an allele has both; ``c.[460G>A];[719A>G]`` says on which strands they are.
        """
        listed = bool(re.search(r",|\sh[eé]t\w*\s*/", text)) or all(
            _CHANGE.match(key_of(self._strip(strand))) for strand in strands
        )
        if "[" in text or not listed:
            return
        if allele := self._with_all(strands):
            raise ValueError(f"{text!r} may be {allele} on one strand, or two strands; write both alleles")

    def of_two_heterozygous(self, text: str) -> str:
        """Return the diplotype of two changes that are heterozygous where one alone counts, others as they are.

        Raises
        ------
        ValueError
            If the changes may be on one strand or on two.
        """
        named = None if self.is_hla else heterozygous_both(in_short(" ".join(text.split())))
        if named is None or all(name.lstrip().startswith("*") for name in map(self._strip, named)):
            return text
        alleles = [self.place(name)[0] for name in named]
        if not self.known.issuperset(alleles):
            return text
        if self._reference in alleles:  # a change that is told from none: on which strand it lies is all the same
            return "/".join(sorted(alleles, key=lambda allele: allele != self._reference))
        raise ValueError(
            f"{text!r} does not say whether the changes are on one strand or two; if on two, write "
            f"{named[0].strip()}/{named[1].strip()}"
        )

    def _with_all(self, changes: list[str]) -> str | None:
        """Return the allele that has all of the changes, and nothing else, on one strand."""
        alleles = [self.place(change)[0] for change in changes]
        if not all(alleles_bases := [self._bases.get(allele, set()) for allele in alleles]):
            return None
        together = set().union(*alleles_bases)
        return next((one for one, bases in self._bases.items() if bases == together and one not in alleles), None)

    def _strip(self, text: str) -> str:
        name = text.strip()
        if not self.is_hla and name.upper().startswith(self.gene.upper()):
            name = name[len(self.gene) :].lstrip(" :_-") or name
        return name

    def _structural(self, name: str) -> str:
        if "+" in name and (tandem := self._tandem(name)):
            return tandem
        if found := self._index.get(name.lower()):
            return found
        if match := _ALDY_SUB.match(name) or _ALDY_CN.match(name):
            name = match[1]
        if match := _COPIES.match(name) or _BOUND.match(name):
            return self._copies(match)
        if self._reference and (name.lower() in _REFERENCE_WORDS or self._is_reference(name)):
            return self._reference
        if (old := _LETTERED.match(name)) and self._stands_for_its_sub_alleles(old["core"]):
            return old["core"]
        return self._index.get(name.lower(), name)

    def _in_several_names(self, text: str) -> str | None:
        """Return the allele of ``Viangchan (c.871G>A)``, named twice, or of all its changes, ``c.[460G>A;719A>G]``."""
        if twice := _TWICE.match(text):
            return self._same(twice["one"], twice["two"] or twice["bare"])
        several = _ON_ONE_STRAND.match(text)
        return self._with_all(several["changes"].split(";")) if several else None

    def _same(self, one: str, two: str) -> str | None:
        """Return the allele that all names mean, as in ``Viangchan (c.871G>A)`` and ``*2 (c.1A>G; rs1)``."""
        for others in ([two], re.split(r",\s+|;\s*", two)):
            names = (one, *map(self._strip, others))
            same = {self._index.get(name.lower()) or self._index.get(key_of(name)) for name in names}
            if len(same) == 1 and (allele := same.pop()):
                return allele
            if len(names) == 2 and makes(*names):  # a change of the protein that no table has
                return self._index.get(key_of(one))
        return None

    def _is_reference(self, name: str) -> bool:
        """Whether ``B (wildtype)`` is the reference allele ``B (reference)`` under an older name."""
        short, _, word = name.lower().partition(" (")
        known, _, _ = str(self._reference).lower().partition(" (")
        return short == known and word.rstrip(")") in _REFERENCE_WORDS

    def _stands_for_its_sub_alleles(self, core: str) -> bool:
        """Whether ``*2`` is known and none of ``*2A``, ``*2B`` is an allele of its own: then those are all ``*2``."""
        return core in self.known and not any(re.fullmatch(re.escape(core) + "[A-Z]", one) for one in self.known)

    def _copies(self, match: re.Match[str]) -> str:
        base, count = self._index.get(match["base"].lower(), match["base"]), match["count"].upper()
        if count.isdigit() and not 1 <= int(count) <= MOST_COPIES:
            raise ValueError(f"{match[0]!r} gives {count} copies; 1 to {MOST_COPIES} can be")
        bound = "≥" if match.re is _BOUND or match["bound"] else ""
        return f"{base}x{bound}{count}"

    def _tandem(self, name: str) -> str | None:
        """Alleles in tandem, in the order in which the knowledge base lists them; equal ones are a copy number."""
        parts = [self._structural(part.strip()) for part in name.split("+")]
        if len(parts) > 4 or not all(part.startswith("*") for part in parts):
            return None
        if len(set(parts)) == 1:
            return f"{parts[0]}x{len(parts)}"
        for order in itertools.permutations(parts):
            listed = "+".join(order)
            if listed in self.known:
                return listed
        return "+".join(parts)


def _index(names: Iterable[str]) -> dict[str, str]:
    """Lower-case forms that stand for one allele: ``c.1905+1G>A``, ``*2A`` and ``c.1905+1G>A (*2A)`` are the same."""
    forms: dict[str, set[str]] = {}
    for name in names:
        short, _, rest = name.partition(" (")
        several = name.split(",") if "," in name and ">" not in name else []
        for form in {
            name, short, rest.rstrip(")"), name.removeprefix("m."), name.replace(" ", ""), key_of(short),
            *(one.strip() for one in several),
        }:  # fmt: skip
            if form:
                forms.setdefault(form.lower(), set()).add(name)
    index = {form: next(iter(found)) for form, found in forms.items() if len(found) == 1}
    return index | {name.lower(): name for name in names}


def names_of(kb: KnowledgeBase, gene: str) -> AlleleNames:
    """Return the names of a gene's alleles, made once a knowledge base."""
    return kb.remember(("outside names", gene), lambda: AlleleNames(kb, gene))


def split_strands(text: str, names: AlleleNames) -> list[str]:
    """Split a diplotype at the slash between its strands; allele names of some genes contain slashes themselves."""
    cuts = [i for i, letter in enumerate(text) if letter == "/"]
    if cuts and names.place(text)[0] in names.known:
        return [text]  # c.1236G>A/HapB3 is one allele
    if len(cuts) <= 1:
        return text.split("/")
    good = [cut for cut in cuts if all(names.place(part)[0] in names.known for part in (text[:cut], text[cut + 1 :]))]
    if len(good) == 1:
        return [text[: good[0]], text[good[0] + 1 :]]
    whole = names.place(text)[0]
    return [text] if whole in names.known else text.split("/")


def diplotype_of(kb: KnowledgeBase, gene: str, text: str, probability: float) -> tuple[Diplotype, list[str]]:
    """Return the diplotype that a tool's text stands for, and what of it the knowledge base does not know.

    Raises
    ------
    ValueError
        If the text is not one or two strands, or something in it is no allele's name.
    """
    names = names_of(kb, gene)
    written = text.strip()
    if names.place(written)[0] not in names.known or WILD_TYPE.match(written):
        written = names.of_two_heterozygous(without_remark(written, phenotype_forms(kb)))
        written = laboratory_of(kb, gene).read(written).diplotype
    strands = split_strands(written, names)
    if len(strands) > 2:
        raise ValueError(f"{text!r} is not a diplotype")
    if len(strands) == 2 and strands[0] != strands[1]:
        names.refuse_one_or_two_strands(text, strands)
    made = [_strand(strand, names) for strand in strands]
    unknown = [part for _, parts, _ in made for part in parts if not _has_name(kb, names, part)]
    inheritance = str(kb.gene(gene).row["inheritance"]) if gene in kb.genes else "autosomal"
    if len(made) == 1 and unknown:
        refuse_base_alone(text, one_strand=inheritance != "autosomal")
    for part in unknown:
        if names.is_hla or not all(_ALLELE.fullmatch(one) for one in part.split("+")):
            raise ValueError(_no_allele(names, part, text))
    if len(made) == 2 and inheritance == "mitochondrial":
        if made[0] != made[1]:
            raise ValueError(f"{text!r} gives two sequences of a gene of which a person has one kind")
        made = made[:1]
    if len(made) == 1:
        haploid = inheritance != "autosomal"
        name, parts, novel = made[0]
        if haploid:
            return Diplotype(name, None, parts, (), probability, novel), unknown
        return Diplotype(name, "?", parts, (), probability, novel), [*unknown, SECOND_ALLELE]
    (name1, parts1, novel1), (name2, parts2, novel2) = made
    return Diplotype(name1, name2, parts1, parts2, probability, novel1, novel2), unknown


def status_alone(kb: KnowledgeBase, gene: str, text: str) -> str | None:
    """Return the status or phenotype that a text is, unless it tells both alleles: ``Leiden heterozygous``."""
    found = status_or_phenotype(kb, gene, text)
    if found is None or allele_status.targets(kb, gene):
        return found
    try:
        return found if diplotype_of(kb, gene, text, 1.0)[1] else None
    except ValueError:
        return found


def _no_allele(names: AlleleNames, part: str, text: str) -> str:
    """Say what is no allele's name, and what to write."""
    if part.strip() != text.strip():
        meant = f"; did you mean *{part}?" if f"*{part}" in names.known else ""
        return f"{part!r} in {text!r} is not the name of an allele of {names.gene}{meant}"
    how = "it as in *57:01 positive" if names.is_hla else "both alleles, with a slash between them"
    return f"{part!r} is not the name of an allele or phenotype of {names.gene}; write {how}"


def _strand(text: str, names: AlleleNames) -> tuple[str, tuple[str, ...], bool]:
    text = text.strip()
    if match := re.fullmatch(r"\(([^()]+)\)", text):
        text = match[1].strip()  # (*1x2)/*41
    if is_no_call(text):
        raise ValueError("an allele is missing")
    if text.startswith("[") and text.endswith("]"):
        parts = tuple(names.place(part)[0] for part in text[1:-1].split(" + "))
        return f"[{' + '.join(parts)}]", parts, False
    name, extra = names.place(text)
    return (f"{name} + novel" if extra else name), (name,), extra


def _has_name(kb: KnowledgeBase, names: AlleleNames, part: str) -> bool:
    if names.is_hla:
        return bool(re.match(r"^\*\d{2,3}(:\d{2,3})*[NLQ]?$", part)) and is_of_hla_gene(kb, names.gene, part)
    if part in names.known or names.gene not in kb.genes:
        return True
    base = re.sub(r"x≥?(\d+|N)$", "", part)
    return all(re.sub(r"(\.\d{3}|x≥?(\d+|N))$", "", one) in names.known for one in base.split("+"))
