"""Phrases in which laboratories count alleles, to the words of zygosity that `laboratory` reads.

``carrier of one *2 allele``, ``two copies of *17``, ``heterozygoter Träger des *2-Allels``: an allele counted once is
heterozygous, twice homozygous. What counts otherwise (``at least one``, ``three copies``) stays as it is.
"""

from __future__ import annotations

import re

_ONE = r"(?:one|a single|single|1|eine?|une?|una)"
_TWO = r"(?:two|2|zwei|deux|dos)"
_COPY = r"(?:cop(?:y|ies)|kopien?|copias?)"
_NOUN = r"(?:all?[eèé]l(?:e|en|es|s)?|alelos?|varianten?|variants?|variantes?|mutation(?:en|s)?|mutaci[oó]n)"
_OF = r"(?:of|for|von|vom|für|des|der|de|du|del|pour|para)"
_THE = r"(?:(?:the|das|den|dem|la|le|el)\s+|l['\N{RIGHT SINGLE QUOTATION MARK}])?"
_CARRIER = r"(?:carriers?|carries|carrying|träger(?:in)?|trägt|porteu(?:r|se)|portadora?)"
_ZYGOUS = r"(?P<kind>h[eé]t[eé]ro(?:zyg\w+|cigot\w+)|homo(?:zyg\w+|cigot\w+))"
_NAME = r"(?P<name>(?:factor V )?[^\s,;()]+?(?: \([^()]+\))?)"
_OF_NAME = rf"(?:{_OF}\s+)?{_THE}(?P<noun>{_NOUN}\s+)?{_NAME}(?P<after>[\s-]+{_NOUN})?"
_COUNTED = re.compile(
    rf"^(?P<carrier>{_CARRIER}\s+(?:{_OF}\s+)?)?(?:(?P<one>{_ONE})|{_TWO})\s+(?P<copy>{_COPY}\s+)?{_OF_NAME}$",
    re.IGNORECASE,
)
_CARRIED = tuple(
    re.compile(form, re.IGNORECASE)
    for form in (
        rf"^{_ZYGOUS}\s+{_CARRIER}\s+{_OF_NAME}$",
        rf"^{_CARRIER}\s+{_ZYGOUS}\s+{_OF_NAME}$",
        rf"^{_ZYGOUS}\s+{_NAME}\s+{_CARRIER}$",
        rf"^{_CARRIER}\s+{_OF_NAME}[\s,]+\(?{_ZYGOUS}\)?$",
        rf"^{_ZYGOUS}\s+{_OF}\s+{_THE}{_NAME}[\s-]+{_NOUN}$",
    )
)
_AND = re.compile(r"\s*[,;&]\s*|\s+(?:and|und|et|y)\s+", re.IGNORECASE)
_HET = re.compile(r"^(?P<name>\S.*?)[\s,:]+\(?h[eé]t(?:[eé]ro)?(?:zyg\w+|cigot\w+)?\.?\)?$", re.IGNORECASE)
_HLA_NOUN = re.compile(r"[\s-]*\b(?:(?:the|an?)\s+)?(?:all?[eèé]le?|alelo)\b:?|\bthe\b", re.IGNORECASE)
_HLA_ONCE = re.compile(r"[\s,]+(?:one|1) copy$", re.IGNORECASE)
_WORDS = {
    "hemizygous": r"hemi(?:zygous|zygote|zygot|[cz]igot[oae])?|hémizygote|"
    r"(?:homo|hetero)plas(?:mic|my|misch|mie)(?:\s*,?\s*\d+\s*%)?",
    "homozygous": r"homo?(?:zygous|zygote|zygot|[cz]igot[oae])?(?: (?:mutant|variant|mutated|mutiert|"
    r"deficient))?|two copies",
    "heterozygous": r"(?:het(?:ero)?(?:zygous|zygote|zygot|[cz]igot[oae])?|hétérozygote)(?: (?:mutant|variant|mutated|"
    r"mutiert))?|single copy|one copy",
}
_ALLELE_WORD = r"(?:[\s-]+(?:all?[eè]le?|alelo))?"
ZYGOUS = tuple(
    (
        kind,
        re.compile(
            rf"(?i)^(?:{words})\.?\s+(?:(?:for|für|pour|para|per)\s+)?(?:the\s+)?(?P<a>\S.*?){_ALLELE_WORD}$|"
            rf"^(?P<b>.*?\S){_ALLELE_WORD}[\s,;:]+\(?(?:{words})\)?\.?$"
        ),
    )
    for kind, words in _WORDS.items()
)
"""Kind of zygosity, and how it is said in front of a name or behind it."""
WILD_TYPE = re.compile(
    r"^(?:wild[- ]?typ[e]?|wt|(?:type )?sauvage|tipo (?:salvaje|silvestre)|"
    r"no (?:pathogenic |known )?variants? (?:were |was )?(?:detected|found|identified)|"
    r"keine (?:pathogenen? )?varianten? nachgewiesen|aucun variant (?:détecté|identifié)|"
    r"no se (?:han )?detect(?:aron|an|ado) variantes|ninguna variante (?:detectada|identificada)|"
    r"sin variantes(?: (?:detectadas|identificadas))?)$",
    re.IGNORECASE,
)


_ZYGOSITY_IN_BRACKETS = re.compile(r"\s*\[\s*((?:het|hom|hemi)[a-zé]*)\.?\s*\]$", re.IGNORECASE)


def without_brackets(text: str) -> str:
    """Return a text whose last word, in square brackets, is its zygosity, without them; other texts as they are.

    Examples
    --------
    >>> without_brackets("c.421C>A [heterozygous]"), without_brackets("c.[421C>A];[=]")
    ('c.421C>A heterozygous', 'c.[421C>A];[=]')
    """
    return _ZYGOSITY_IN_BRACKETS.sub(r" \1", text)


def in_short(text: str) -> str:
    """Return a count of alleles as zygosity; other texts as they are.

    Examples
    --------
    >>> in_short("carrier of one *2 allele"), in_short("two copies of the *17 variant")
    ('*2 heterozygous', '*17 homozygous')
    >>> in_short("one copy of *2 and one copy of *17"), in_short("at least one *2 allele")
    ('*2 heterozygous; *17 heterozygous', 'at least one *2 allele')
    """
    parts = [_in_short(part) for part in _AND.split(text)] if _AND.search(text) else []
    if len(parts) == 2 and all(part.endswith(" heterozygous") for part in parts):
        return "; ".join(parts)
    return _in_short(text)


def _in_short(text: str) -> str:
    if (match := _COUNTED.match(text)) and any(match.group("copy", "noun", "after")):
        return f"{match['name']} {'heterozygous' if match['one'] else 'homozygous'}"
    for form in _CARRIED:
        if match := form.match(text):
            return f"{match['name']} {'homozygous' if match['kind'].lower().startswith('homo') else 'heterozygous'}"
    return text


def of_hla(text: str) -> str:
    """Return what is said of an allele of HLA without the noun: ``B*57:01 allele positive`` as ``B*57:01 positive``.

    Examples
    --------
    >>> of_hla("negative for the HLA-B*57:01 allele"), of_hla("HLA-B*57:01-Allel: positiv")
    ('negative for HLA-B*57:01', 'HLA-B*57:01 positiv')
    """
    return " ".join(_HLA_ONCE.sub(" heterozygous", _HLA_NOUN.sub(" ", in_short(text))).split())


def heterozygous_both(text: str) -> tuple[str, str] | None:
    """Return the two names that a list says are heterozygous; None of other texts.

    Examples
    --------
    >>> heterozygous_both("F508del het; G551D (heterozygous)")
    ('F508del', 'G551D')
    """
    parts = [_HET.match(part) for part in _AND.split(text)]
    if len(parts) == 2 and parts[0] and parts[1]:
        return parts[0]["name"], parts[1]["name"]
    return None
