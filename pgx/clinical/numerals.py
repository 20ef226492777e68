"""Numbers as people write them: a decimal comma, separated thousands; only where one reading is possible."""

from __future__ import annotations

import re

_SPACE = "[   ]"
_FORMS = (
    # Groups of three digits before a decimal sign of the other kind: 1.234,5 and 1,234.5 and 1 234,5.
    (re.compile(rf"[-+]?[0-9]{{1,3}}(?:\.[0-9]{{3}})+,[0-9]+|[-+]?[0-9]{{1,3}}(?:{_SPACE}[0-9]{{3}})+,[0-9]+"), True),
    (re.compile(r"[-+]?[0-9]{1,3}(?:,[0-9]{3})+\.[0-9]+"), False),
    # Several groups are thousands: no number has two decimal signs.
    (re.compile(r"[-+]?[0-9]{1,3}(?:\.[0-9]{3}){2,}"), True),
    (re.compile(rf"[-+]?[0-9]{{1,3}}(?:,[0-9]{{3}}){{2,}}|[-+]?[0-9]{{1,3}}(?:{_SPACE}[0-9]{{3}})+"), False),
    # What stands behind the comma, or before it, can be no group of thousands.
    (re.compile(r"[-+]?[0-9]+,(?:[0-9]{1,2}|[0-9]{4,})|[-+]?0+,[0-9]+|[-+]?[0-9]{4,},[0-9]{3}"), True),
)
"""Forms, and whether the comma is the decimal sign in them."""


def number(text: str) -> float | None:
    """Return the number that a text can only mean; None where there is none, or more than one.

    Examples
    --------
    >>> number("54,0"), number("1.234,5"), number("1,234.5"), number("0,125")
    (54.0, 1234.5, 1234.5, 0.125)
    >>> number("1,234") is None  # 1234, or 1.234
    True
    """
    text = text.strip()
    try:
        return float(text) if not _PLAIN_NOT.search(text) else None
    except ValueError:
        pass
    for form, comma in _FORMS:
        if form.fullmatch(text):
            bare = re.sub(_SPACE, "", text)
            return float(bare.replace(".", "").replace(",", ".") if comma else bare.replace(",", ""))
    return None


_PLAIN_NOT = re.compile(r"_|nan|[^\x00-\x7f]", re.IGNORECASE)
"""What Python's numbers allow and people do not write."""


def with_point(text: str) -> str:
    """Write the number that a text begins with, before a unit, with a decimal point; other text stays as it is.

    Examples
    --------
    >>> with_point("72,5 kg"), with_point("1,234 kg")
    ('72.5 kg', '1,234 kg')
    """
    found = _WITH_UNIT.match(text)
    if not found or (value := number(found[1])) is None or found[1].isdecimal():
        return text
    return f"{value:.15g}{found[2]}"


_WITH_UNIT = re.compile(rf"^\s*([-+]?[0-9](?:[0-9.,]|{_SPACE}(?=[0-9]{{3}}))*)(\s*[^0-9\s.,eE+-].*)$")


_FLAG = "HH?|LL?|[Hh]igh|[Ll]ow|hoch|niedrig|erhöht|normal|A|N"
_MARK_BEFORE = re.compile(rf"^(?:[(\[]?(?:{_FLAG})[)\]]?\s+|[*↑↓!]+\s*)(?=[<>≤≥=]*\s*[0-9])")
_MARK_BEHIND = re.compile(
    rf"(?<=[0-9])(?:\s*[*↑↓!]+|\s+[(\[]?(?:{_FLAG}|\+{{1,3}}|-{{1,2}})[)\]]?|\s?[(\[](?:{_FLAG})[)\]])$|"
    rf"(?<=[^\s0-9])(?:\s*[*↑↓!]+|\s+[(\[]?(?:{_FLAG})[)\]]?)$"
)


def without_mark(text: str) -> str:
    """Return a result without what laboratories print beside one that is too high or too low.

    Examples
    --------
    >>> without_mark("1.9 H"), without_mark("2.6*"), without_mark("(L) 11.2 g/dL"), without_mark("high")
    ('1.9', '2.6', '11.2 g/dL', 'high')
    """
    return _MARK_BEHIND.sub("", _MARK_BEFORE.sub("", text)) if any(one.isdigit() for one in text) else text


_TWO_UNITS = (
    (re.compile(r"^\s*([0-9]{1,2})\s*(?:st|stones?)\.?,?\s*([0-9]{1,2}(?:\.[0-9]+)?)\s*(?:lbs?|pounds?)?\.?\s*$"),
     14.0, 1.0, "[lb_av]"),
    (re.compile(r"^\s*([0-9]{1,3})\s*(?:lbs?|pounds?)\.?,?\s*([0-9]{1,2}(?:\.[0-9]+)?)\s*(?:oz|ounces?)\.?\s*$"),
     1.0, 1 / 16, "[lb_av]"),
    (re.compile(r"^\s*([0-2])\s*m\s*([0-9]{2})\s*(?:cm)?\s*$"), 100.0, 1.0, "cm"),
)  # fmt: skip
"""Amounts in two units, how many of the unit that is returned each of them is, and that unit."""


def of_two_units(text: str) -> tuple[float, str] | None:
    """Return number and unit of ``15 st 4 lb``, ``7 lb 8 oz`` and ``1 m 72``; None of any other text.

    Examples
    --------
    >>> of_two_units("15 st 4 lb"), of_two_units("7 lb 8 oz"), of_two_units("1m72"), of_two_units("70 kg")
    ((214.0, '[lb_av]'), (7.5, '[lb_av]'), (172.0, 'cm'), None)
    """
    for form, first, second, unit in _TWO_UNITS:
        if found := form.match(text):
            return int(found[1]) * first + float(found[2]) * second, unit
    return None


_WORDS_OF_TIME = (
    "since|for|seit|von|depuis|desde|dal?|sinds|od|ca|about|approx|x|a|an|per|pro|par|"
    "weeks?|wks?|ssw|months?|monate?n?|years?|yrs?|jahre?n?|ans|años|anni|jaar|lat|days?|tage?n?|jour|dia|día|d|j|y"
)
_WORDS_OF_SMOKING = (
    "ppd|pp?y|packs?|pack-years?|cig(?:arette|arettes|s)?|zig(?:aretten)?|cigarrillos|sigarette|sigaretten|papierosów"
)
_NO_MORE_THAN_AMOUNT = re.compile(
    rf"[0-9]+(?:[.,/-][0-9]+)*|(?:{_WORDS_OF_TIME}|{_WORDS_OF_SMOKING})(?![^\W\d_])|[\s().,;:/~<>+–-]+", re.IGNORECASE
)
_ENDED = re.compile(
    r"\b(?:quit|stopped|aufgehört|gestopt|arrêté|sevrée?|dej[oó]|smesso|rzucił|ago|vor|hace|fa|il y a|temu|geleden|"
    r"in|en|im|until|till|bis|jusqu'en|hasta|fino al|tot|do)\b",
    re.IGNORECASE,
)
_FORMER = re.compile(r"(?:ex|former|past|quit|ehemal|ancien|sevr|gestopt|były|byly|rzucił)", re.IGNORECASE)
_YEAR_ALONE = re.compile(r"^(?!.*\b(?:since|seit|depuis|desde|dal?|sinds|od)\b).*\b(?:19|20)[0-9]{2}\b", re.IGNORECASE)
"""A year by which nobody can tell whether what is said still holds."""
_ANSWER_END = re.compile(r"[^\W\d_][\s,;:(–-]+(?=\S)")


def without_amount(text: str) -> str:
    """Return an answer without how much, how long or since when behind it; where more is said, the text as it is.

    Examples
    --------
    >>> without_amount("ex-smoker since 2010"), without_amount("yes, 20/d"), without_amount("no (stopped 2015)")
    ('ex-smoker', 'yes', 'no (stopped 2015)')
    >>> without_amount("Former smoker (quit 2019)"), without_amount("every day smoker 1ppd")
    ('Former smoker', 'every day smoker')
    >>> without_amount("smoker until 2015"), without_amount("smoker 10 years ago"), without_amount("smoker 2015")
    ('smoker until 2015', 'smoker 10 years ago', 'smoker 2015')
    """
    for hit in _ANSWER_END.finditer(text):
        rest = text[hit.start() + 1 :]
        if _FORMER.match(text):
            rest = _ENDED.sub("", rest)
        elif _YEAR_ALONE.match(rest):
            continue
        told = any(one.isdigit() for one in rest) and not _NO_MORE_THAN_AMOUNT.sub("", rest)
        if told and "(" not in text[: hit.start()]:
            return text[: hit.start() + 1]
    return text
