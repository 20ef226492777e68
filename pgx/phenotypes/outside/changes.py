"""One form of the ways to write a change: ``c.521T>C``, ``521 T>C`` and ``T521C``; ``p.Arg139Cys`` and ``R139C``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import product
from typing import Any

import polars as pl

from pgx.knowledge import KnowledgeBase

_CHANGE = re.compile(r"^(?:[cgmnr]\.)?(?P<at>[*-]?\d+(?:[+-]\d+)?)\s*(?P<ref>[ACGT])\s*>\s*(?P<alt>[ACGT])$")
_OLD_CHANGE = re.compile(r"^(?P<ref>[ACGT])(?P<at>-?\d+)(?P<alt>[ACGT])$")
_AMINO_ACIDS = {
    "ala": "A", "arg": "R", "asn": "N", "asp": "D", "cys": "C", "gln": "Q", "glu": "E", "gly": "G", "his": "H",
    "ile": "I", "leu": "L", "lys": "K", "met": "M", "phe": "F", "pro": "P", "ser": "S", "thr": "T", "trp": "W",
    "tyr": "Y", "val": "V", "ter": "X", "del": "del",
}  # fmt: skip
_PROTEIN = re.compile(r"^(?:p\.)?\s*\(?(?P<was>[a-z]{3})(?P<at>\d+)(?P<becomes>[a-z]{3})\)?$", re.IGNORECASE)
_SHORT_PROTEIN = re.compile(r"^p\.\s*\(?([a-z]\d+(?:[a-z]|del))\)?$", re.IGNORECASE)
_RESIDUE = "[A-Z](?:[a-z]{2})?"
_RESIDUES = re.compile(
    rf"^(?:p\.)?\(?(?P<name>(?:{_RESIDUE})?(?P<at>\d+)(?:{_RESIDUE}(?=\)?[\s:]))?)\)?[\s:]*"
    rf"(?P<one>{_RESIDUE})\s*/?\s*(?P<two>{_RESIDUE})$"
)
_RSID_AND_BASES = re.compile(r"^(?P<rsid>rs\d+)\s*\(?(?P<ref>[ACGT])\s*>\s*(?P<alt>[ACGT])\)?(?=[\s,;:]|$)")
_NAMED_TWICE = re.compile(r"^(?P<one>\S+)\s*\((?P<two>[^()\s]+)\)[\s:=,]*(?P<bases>[ACGT]\s*[/|;,]?\s*[ACGT])$")
COMPLEMENT = str.maketrans("ACGT", "TGCA")
_ONE_BASE = re.compile(r"^(?:m\.)?(?P<at>\d+)\s*(?P<base>[ACGT])(?:\s*\([^()]*\))?$")
_BASE_ALONE = re.compile(
    r"^(?P<change>rs\d+|(?:[cg]\.)?[*-]?\d+(?:[+-]\d+)?)[\s:=(]*(?P<base>[ACGT])\)?(?:[\s-]*(?:allele|allel|allèle|alelo))?$",
    re.IGNORECASE,
)
_OF_CODING = re.compile(r"(?P<at>\d+)(?P<ref>[acgt])>(?P<alt>[acgt])")
_CODONS = dict(
    zip(
        map("".join, product("tcag", repeat=3)),
        "ffllssssyyxxccxwllllpppphhqqrrrriiimttttnnkkssrrvvvvaaaaddeegggg",
        strict=True,
    )
)
"""The standard genetic code; x ends a protein."""
Change = tuple[str, str, str, bool]
"""Allele, base that was, base that is, and whether bases of either strand may be written."""


def key_of(name: str) -> str:
    """Return one form of the ways to write a change.

    Examples
    --------
    >>> key_of("c.521T>C"), key_of("521 T>C"), key_of("T521C")
    ('521t>c', '521t>c', '521t>c')
    >>> key_of("p.Arg139Cys"), key_of("Arg139Cys"), key_of("R139C")
    ('r139c', 'r139c', 'r139c')
    """
    if protein := _PROTEIN.match(name):
        was, becomes = (_AMINO_ACIDS.get(protein[part].lower(), "") for part in ("was", "becomes"))
        name = f"{was}{protein['at']}{becomes}" if was and becomes else name
    elif short := _SHORT_PROTEIN.match(name):
        name = short[1]
    match = _CHANGE.match(name.upper()) or _CHANGE.match(_unprefixed(name).upper()) or _OLD_CHANGE.match(name.upper())
    return f"{match['at']}{match['ref']}>{match['alt']}".lower() if match else name.lower()


def _unprefixed(name: str) -> str:
    return re.sub(r"^[cgmnr]\.", "", name.strip(), flags=re.IGNORECASE)


def of_protein(name: str) -> bool:
    """Whether a key of `key_of` is a change of one amino acid: ``r139c``."""
    return bool(re.fullmatch(r"[a-z]\d+[a-z]", name))


def makes(change: str, protein: str) -> bool:
    """Whether a change of one coding base can make that change of the protein, by place and genetic code.

    Examples
    --------
    >>> makes("c.557A>G", "p.Tyr186Cys"), makes("c.557A>G", "p.Tyr187Cys"), makes("c.557A>G", "p.Tyr186His")
    (True, False, False)
    """
    base, residue = _OF_CODING.fullmatch(key_of(change)), key_of(protein)
    if base is None or not of_protein(residue):
        return False
    codon, place = divmod(int(base["at"]) - 1, 3)
    if codon + 1 != int(residue[1:-1]):
        return False
    return any(
        before == residue[0]
        and triplet[place] == base["ref"]
        and _CODONS[triplet[:place] + base["alt"] + triplet[place + 1 :]] == residue[-1]
        for triplet, before in _CODONS.items()
    )


def by_bases(text: str, changes: Mapping[str, Change]) -> str:
    """Return two amino acids of a change as its two bases, ``433 Val/Met`` as ``v433m G/A``; other texts as they are.

    Raises
    ------
    ValueError
        If the letters may be bases or amino acids: ``R139C C/C``.
    """
    if not (match := _RESIDUES.match(text)):
        return text
    one, two = (_AMINO_ACIDS.get(match[part].lower(), match[part]).lower() for part in ("one", "two"))
    ways = set()
    for key, (_, ref, alt, _) in changes.items():
        was, at, becomes = (key[0], key[1:-1], key[-1]) if of_protein(key) else ("", "", "")
        if at == match["at"] and {one, two} <= {was, becomes} and key_of(match["name"]) in {at, key}:
            base = {was: ref, becomes: alt}
            ways.add(f"{key} {base[one]}/{base[two]}")
    if ways and len(match["one"]) == len(match["two"]) == 1 and {one, two} <= set("acgt"):
        raise ValueError(f"{text!r} does not say whether {match['one']} is a base or an amino acid; write both alleles")
    return ways.pop() if len(ways) == 1 else text


def without_its_bases(text: str, changes: Mapping[str, Change]) -> str:
    """Return a text without the bases that an rsID has anyway, ``rs4149056 T>C het`` as ``rs4149056 het``."""
    match = _RSID_AND_BASES.match(text)
    change = changes.get(match["rsid"]) if match else None
    if match is None or change is None:
        return text
    written = match["ref"] + match["alt"]
    return (
        match["rsid"] + text[match.end() :]
        if change[1] + change[2] in {written, written.translate(COMPLEMENT)}
        else text
    )


def named_once(text: str, changes: Mapping[str, Change]) -> str:
    """Return two bases behind two names of a change with one, ``Q141K (rs2231142): GG`` as ``rs2231142 GG``.

    The name stays whose bases may be of either strand: laboratories that add an rsID give its bases.

    Raises
    ------
    ValueError
        If the names are of two changes.
    """
    if not (match := _NAMED_TWICE.match(text)):
        return text
    names = match.group("one", "two")
    known = [(name, change) for name in names if (change := changes.get(key_of(name)) or changes.get(name.lower()))]
    others = {name for name in names if name not in dict(known)}
    if not known or not others <= {change[0] for _, change in known}:
        return text
    bases = [{change[1], change[2]} for _, change in known]
    one_change = bases[0] in (bases[-1], {base.translate(COMPLEMENT) for base in bases[-1]})
    if not one_change or len({change[0] for _, change in known}) > 1:
        raise ValueError(f"{text!r} names two changes, {names[0]} and {names[1]}; write both alleles")
    name = max(known, key=lambda each: each[1][3])[0]
    return f"{name} {match['bases']}"


def of_one_base(text: str, changes: Mapping[str, Change]) -> tuple[str, bool] | None:
    """Return the change at which a text gives one base, ``m.1555A``, and whether the base is there by the change.

    Raises
    ------
    ValueError
        If the base is neither of the two that are known there.
    """
    match = _ONE_BASE.match(text)
    at = {change for key, change in changes.items() if match and re.fullmatch(rf"{match['at']}[acgt]>[acgt]", key)}
    if match is None or len(at) != 1:
        return None
    allele, ref, alt, _ = at.pop()
    if match["base"] not in (ref, alt):
        raise ValueError(f"{match['base']} in {text!r} is none of the bases {ref} and {alt} of that change")
    return allele, match["base"] == alt


def refuse_base_alone(text: str, *, one_strand: bool) -> None:
    """Refuse one base of a change, ``rs4149056 C`` or ``521C allele``: it does not say what the other strand has.

    Raises
    ------
    ValueError
        If the text is such a base; `one_strand` says that a person may have only one, and its allele has a name.
    """
    if match := _BASE_ALONE.match(text.strip()):
        change, base = match["change"], match["base"].upper()
        both = "the name of the allele" if one_strand else f"both, as in {change} {base}/{base}"
        raise ValueError(f"{text.strip()!r} gives one base of {change}; write {both}")


def refuse_two_strands(bases: tuple[str, str], change: Change, text: str) -> None:
    """Refuse two bases of which each is known of a change, but of one strand and of the other: ``rs9923231 C/A``.

    Raises
    ------
    ValueError
        If the bases are of two strands.
    """
    _, ref, alt, either_strand = change
    ways = [{ref, alt}, {ref.translate(COMPLEMENT), alt.translate(COMPLEMENT)}]
    if either_strand and set(bases) <= set.union(*ways) and not any(set(bases) <= way for way in ways):
        raise ValueError(f"{text!r} gives bases that are not of one strand; write both alleles")


def variants_of(kb: KnowledgeBase, gene: str) -> dict[tuple[str, str], dict[str, Any]]:
    """Return the variant of an rsID that an allele has: one number may stand for two changes of a base."""
    rows = kb.table("variants").filter(pl.col("gene") == gene, pl.col("rsid").is_not_null())
    defined = kb.table("definitions").filter(pl.col("gene") == gene).select("allele", pl.col("variants").str.split(";"))
    has = set(defined.explode("variants").rows())
    numbers = set(rows["rsid"].value_counts().filter(pl.col("count") > 1)["rsid"])
    alleles = kb.table("alleles").filter(pl.col("gene") == gene)["allele"].to_list()
    return {
        (row["rsid"], allele): row
        for row in rows.iter_rows(named=True)
        for allele in alleles
        if row["rsid"] not in numbers or (allele, row["variant_id"]) in has
    }


def numbers_of(kb: KnowledgeBase, gene: str) -> list[tuple[str, str]]:
    """Return the rsIDs of single bases that one allele alone has, each with that allele, which needs nothing else.

    A change that several alleles have, or may have, tells none of them, and no more does an rsID of two changes.
    """
    variants = kb.table("variants").filter(pl.col("gene") == gene, pl.col("rsid").is_not_null())
    numbers = variants.filter(pl.col("rsid").is_unique(), pl.col("type") == "snv").select("variant_id", "rsid", "ref")
    rows = kb.table("definitions").filter(pl.col("gene") == gene).select("allele", "bases", "variants")
    references = kb.table("alleles").filter(pl.col("gene") == gene, pl.col("reference") == "y")["allele"].to_list()
    own = set(rows.filter(pl.col("allele").is_in(references))["variants"])
    rows = rows.filter(~pl.col("variants").is_in(own)).join(
        numbers, left_on="variants", right_on="variant_id", how="left"
    )
    needed = rows.filter(pl.col("rsid").is_null() | ~pl.col("bases").str.split("|").list.contains(pl.col("ref")))
    alone = needed.filter(pl.len().over("allele") == 1, pl.col("rsid").is_not_null())
    told = rows.filter(pl.len().over("variants") == 1)["variants"]
    return alone.filter(pl.col("variants").is_in(told.to_list())).select("rsid", "allele").rows()
