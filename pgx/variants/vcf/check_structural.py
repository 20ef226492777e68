"""What VCF 4.4 and 4.5 ask of structural variants, repeats, intervals, phase sets and local alleles; all warnings."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

from pgx.variants.whole_numbers import whole_number

_KINDS = frozenset({"DEL", "INS", "DUP", "INV", "CNV"})
_CLAIMED = frozenset({"DEL", "DUP"})
_CLAIMS = {"CNV": ("D", "."), "INV": ("J", "DJ", "."), "INS": ("J", "DJ", "."), "BND": ("J", ".")}
"""What kinds of variant may claim (section 3); all others D, J, DJ or nothing."""
_ANY_CLAIM = ("D", "J", "DJ", ".")
_PER_ALT = {
    **dict.fromkeys(("SVLEN", "SVCLAIM", "RN", "CN", "HOMLEN", "HOMSEQ", "BKPTID", "DGVID", "DBVARID", "DBRIPID"), 1),
    **dict.fromkeys(("MATEID", "PARID", "EVENT", "EVENTTYPE"), 1),
    **dict.fromkeys(("CIPOS", "CIEND", "CILEN", "CICN"), 2),
    **dict.fromkeys(("MEINFO", "METRANS"), 4),
}
"""INFO fields with so many values for each ALT."""
_MODIFIED = re.compile(r"M(?:\d+[ACGTUN]|5mC|5hmC|5fC|5caC|5hmU|5fU|5caU|6mA|8oxoG|[Xx]aoN)$")
"""FORMAT fields of VCF 4.5 that tell which share of the bases is modified."""
_LOCAL = re.compile(r"L(?:AD|ADF|ADR|EC|GL|GP|PL|PP)$")
_COPIED = frozenset({"DEL", "DUP", "CNV"})
_INTERVALS = ("CIPOS", "CIEND", "CILEN", "CICN", "CIRB", "CIRUC")
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)$")


def record_problems(info: Mapping[str, str], alts: Sequence[str], keys: Sequence[str]) -> Iterator[str]:
    """Yield what is wrong with INFO and FORMAT of a record.

    Parameters
    ----------
    info
        Key -> text of INFO; a flag has empty text.
    alts
        The alternative alleles.
    keys
        Of FORMAT.
    """
    for name in _INTERVALS:
        if name in info and not _are_intervals(info[name]):
            yield f"INFO {name} is not pairs of one number up to 0 and one from 0 on"
    yield from _counts(info, len(alts))
    if "IMPRECISE" in info and "CIPOS" not in info and any(alt.isalpha() for alt in alts):
        yield "IMPRECISE stands without CIPOS beside an allele that is written out"
    kinds = [alt[1:-1].split(":")[0] if alt.startswith("<") else "" for alt in alts]
    sized = [kind in _KINDS for kind in kinds]
    for alt, kind in zip(alts, kinds, strict=True):
        if kind == "BND" or (
            kind and kind not in _KINDS and kind[:1].isalpha() and kind != "NON_REF" and "SVLEN" in info
        ):
            yield f"ALT {alt[:40]!r} is of no kind of structural variant that VCF 4.4 has"
    if any(sized) and "SVLEN" not in info:
        yield "SVLEN is missing beside a structural variant"
    repeats = [alt.startswith("<CNV:TR") for alt in alts]
    yield from _claims(info, alts, kinds, repeats)
    if any(repeats):
        yield from _repeats(info, repeats)
    yield from _keys(keys)
    if "CICN" in keys and "CN" not in keys:
        yield "FORMAT has CICN without CN"
    lengths = info.get("SVLEN", "").split(",")
    copied = {length for kind, length in zip(kinds, lengths, strict=False) if kind in _COPIED}
    if "CN" in keys and len(copied) > 1 and not any(repeats):
        yield "FORMAT has CN, but the alternative alleles are of different SVLEN"


def _counts(info: Mapping[str, str], n_alts: int) -> Iterator[str]:
    for name, each in _PER_ALT.items():
        count = info.get(name, "").count(",") + 1
        if info.get(name, ".") != "." and count != each * n_alts and (each != 2 or count % 2 == 0):
            yield f"INFO {name} has {count} values where {each * n_alts} are due"


def _keys(keys: Sequence[str]) -> Iterator[str]:
    """Check which keys of FORMAT stand with which others."""
    local = [at for at, key in enumerate(keys) if _LOCAL.match(key)]
    if local and ("LAA" not in keys or keys.index("LAA") > local[0]):
        yield f"FORMAT has {keys[local[0]]} without LAA before it"
    if "GT" not in keys and any(map(_MODIFIED.match, keys)):
        yield "FORMAT has modified bases without GT"


def sample_problems(keys: Sequence[str], parts: Sequence[str], n_alts: int) -> Iterator[str]:
    """Yield what is wrong with the values of a sample of a record with so many ALTs."""
    given = dict(zip(keys, parts, strict=False))
    if "CICN" in given and not _are_intervals(given["CICN"]):
        yield "CICN is not a pair of one number up to 0 and one from 0 on"
    sets = given.get("PSL", ".").split(",")
    phased = phased_alleles(given["GT"]) if "GT" in given else []
    if given.get("PSL", ".") != "." and phased:
        if len(sets) != len(phased):
            yield f"PSL has {len(sets)} values for {len(phased)} alleles"
        elif any(name != "." and not known for name, known in zip(sets, phased, strict=True)):
            yield "PSL names a phase set of an allele that is not phased"
    if set(sets) != {"."} and given.get("PS", ".") != ".":
        yield "the genotype has values for both PS and PSL"
    for key in ("PSO", "PSQ"):
        values = given.get(key, ".").split(",")
        if any(one != "." and name == "." for one, name in zip(values, sets, strict=False)):
            yield f"{key} has a value where PSL has none"
        if values != ["."] and phased and len(values) != len(phased):
            yield f"{key} has {len(values)} values for {len(phased)} alleles"
    yield from _local_problems(given, n_alts)
    for key in filter(_MODIFIED.match, keys):
        shares = [one for one in _numbers(given.get(key, ".")) if one is not None]
        if any(not 0 <= share <= 1 for share in shares):
            yield f"{key} is no share between 0 and 1"


def _local_problems(given: Mapping[str, str], n_alts: int) -> Iterator[str]:
    """Check the alleles that a sample's own lists are of, and how many depths there are of them."""
    text = given.get("LAA", ".")
    numbers = [whole_number(one, n_alts) for one in text.split(",")] if text not in (".", "") else []
    if None in numbers or 0 in numbers or len(set(numbers)) < len(numbers):
        yield f"LAA {text[:20]!r} does not name alternative alleles once each"
    for key in ("LAD", "LADF", "LADR"):
        values = given.get(key, ".").split(",")
        if values != ["."] and len(values) != len(numbers) + 1:
            yield f"{key} has {len(values)} values where {len(numbers) + 1} are due"


def phased_alleles(genotype: str) -> list[bool]:
    """Return of each allele whether it is phased; without a sign before it the first is if all others are.

    Examples
    --------
    >>> phased_alleles("0|1"), phased_alleles("/0|1"), phased_alleles("0/1|1"), phased_alleles("0")
    ([True, True], [False, True], [False, False, True], [True])
    """
    later = [sign == "|" for sign in re.findall(r"(?<=[^/|])[/|]", genotype)]
    first = genotype.startswith("|") or (not genotype.startswith("/") and all(later))
    return [first, *later]


def _claims(
    info: Mapping[str, str], alts: Sequence[str], kinds: Sequence[str], repeats: Sequence[bool]
) -> Iterator[str]:
    claims = info.get("SVCLAIM", "").split(",") if info.get("SVCLAIM") else []
    if wrong := [one for one in claims if one not in _ANY_CLAIM]:
        yield f"SVCLAIM {wrong[0][:20]!r} is none of D, J and DJ"
    for alt, kind, claim in zip(alts, kinds, claims, strict=False):
        own = "BND" if "[" in alt or "]" in alt else kind
        if claim in _ANY_CLAIM and claim not in _CLAIMS.get(own, _ANY_CLAIM):
            yield f"SVCLAIM {claim} cannot be of ALT {alt[:40]!r}"
    due = [at for at, kind in enumerate(kinds) if kind in _CLAIMED and not repeats[at]]
    if any(at >= len(claims) or claims[at] == "." for at in due):
        yield "SVCLAIM is missing beside a deletion or duplication"


def _repeats(info: Mapping[str, str], repeats: Sequence[bool]) -> Iterator[str]:
    """Check the fields of tandem repeats, which have one value a repeat unit of all alleles together."""
    counts = _numbers(info["RN"]) if "RN" in info else [1.0 if one else 0.0 for one in repeats]
    if None in counts:
        return
    units = int(sum(one or 0 for one in counts))
    if not {"RUS", "RUL"} & set(info):
        yield "a tandem repeat has neither RUS nor RUL"
    for name, each in (("RUS", 1), ("RUL", 1), ("RUC", 1), ("RB", 1), ("CIRUC", 2), ("CIRB", 2)):
        if name in info and info[name] != "." and info[name].count(",") + 1 != each * units:
            yield f"INFO {name} has {info[name].count(',') + 1} values where {each * units} are due"
    for name, of in (("CIRUC", "RUC"), ("CIRB", "RB")):
        if name in info and of not in info:
            yield f"INFO {name} is there without {of}"
        bounds = _numbers(info[name]) if {name, of} <= set(info) else []
        told = [one is not None for one in _numbers(info.get(of, "."))]
        if any(bound is not None and at // 2 < len(told) and not told[at // 2] for at, bound in enumerate(bounds)):
            yield f"INFO {name} has a value where {of} has none"
    lengths = _numbers(info["RUL"]) if "RUL" in info else []
    written = [None if one == "." else float(len(one)) for one in info["RUS"].split(",")] if "RUS" in info else []
    if any(one and two and one != two for one, two in zip(lengths, written, strict=False)):
        yield "RUL is not the length of RUS"
    copies = _numbers(info["RUC"]) if "RUC" in info else []
    bases = _numbers(info["RB"]) if "RB" in info else []
    for length, copied, together in zip(lengths or written, copies, bases, strict=False):
        if length and copied is not None and together is not None and abs(length * copied - together) >= length:
            yield "RB is not RUC times the length of the unit"
    if "RUB" in info:
        whole = all(one is not None and one == int(one) for one in copies)
        if not copies or not whole or sum(one or 0 for one in copies) != info["RUB"].count(",") + 1:
            yield "RUB does not have one value for each of RUC units"


def _numbers(text: str) -> list[float | None]:
    return [float(one) if len(one) < 40 and _NUMBER.match(one) else None for one in text.split(",")]


def _are_intervals(text: str) -> bool:
    """Whether a text is pairs of numbers, one up to 0 and one from 0 on; either may be missing."""
    values = _numbers(text)
    if text == ".":
        return True
    pairs = [pair for at, pair in enumerate(pairwise(values)) if at % 2 == 0]
    return len(values) % 2 == 0 and all((low or 0) <= 0 <= (high or 0) for low, high in pairs)
