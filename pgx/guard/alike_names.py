"""Names that may be one person's: what a slip, another order, case or punctuation makes of a sample's name."""

from __future__ import annotations

import difflib
import itertools
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence

_ALIKE = 0.85
"""Least share of letters (`difflib.SequenceMatcher.ratio`) that names have in common which may be one."""
_DIGITS = re.compile(r"[0-9]+")
_WORDS = re.compile(r"[^\W\d_]+|\d+")
_PARTS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+")
_NAME, _MOST = 3, 4
"""Letters from which a word is a part of a name, and words of a name that are tried in every order."""
_COMPARED = 500
"""Names of one number that are compared letter by letter; of more, those of the same words alone."""


def meant(
    strangers: Iterable[str], persons: Iterable[str], holders: Collection[str] = ()
) -> Iterator[tuple[str, list[str]]]:
    """Yield the persons whose name a stranger's may be, with these strangers.

    A person among the `holders` of entries in the same file is meant by the same words in another order, case or
    punctuation; anybody else by a name that is almost theirs too.
    """
    near: dict[str, list[str]] = defaultdict(list)
    for name in strangers:  # names with other digits are alike only if they are the same words
        for key in _keys(name):
            near[key].append(name)
    if not near:
        return
    for person in persons:
        fits = same_words if person in holders else is_alike
        number, words = (near.get(key, ()) for key in _keys(person))
        found = dict.fromkeys((*(number if len(number) <= _COMPARED else ()), *words))
        if alike := [name for name in found if fits(name, person)]:
            yield person, alike


def same_words(name: str, other: str) -> bool:
    """Whether two names are the same words, in whatever order, case and punctuation, with a part of a name among them.

    Examples
    --------
    >>> same_words("Mueller, Anna", "ANNA_MUELLER"), same_words("AnnaMueller7", "mueller-anna-7")
    (True, True)
    >>> same_words("SITE1-PAT2", "SITE2-PAT1"), same_words("S-001", "S001")
    (False, True)
    """
    one, two = _words(name), _words(other)
    numbers, others = ([word for word in words if not word.isalpha()] for words in (one, two))
    if "".join(one) == "".join(two) and numbers == others:
        return True
    named = any(len(word) >= _NAME and word.isalpha() for word in one)
    return named and numbers == others and sorted(one) == sorted(two)


def is_alike(name: str, other: str) -> bool:
    """Whether two names may be one with a slip: the same digits, and almost the same letters, the words in any order.

    Numbers alone tell nothing: of S001 and S002 each is somebody.

    Examples
    --------
    >>> is_alike("ANNA_MULER", "ANNA_MUELLER"), is_alike("s-001", "S001"), is_alike("S001", "S002")
    (True, True, False)
    >>> is_alike("Muler, Anna", "ANNA_MUELLER"), is_alike("MUELLERANNA", "ANNA_MUELLER")
    (True, True)
    """
    if same_words(name, other):
        return True
    if _number(name) != _number(other):
        return False
    one, two = ([word for word in _words(text) if word.isalpha()] for text in (name, other))
    plain = "".join(two)
    # No order of the words has more letters in common than the letters as they are: most names are told apart by that.
    common = (Counter("".join(one)) & Counter(plain)).total()
    if 2 * common < _ALIKE * (len("".join(one)) + len(plain)):
        return False
    return any(
        letters == plain or difflib.SequenceMatcher(None, letters, plain).ratio() >= _ALIKE
        for letters in (*_orders(one), *_turned("".join(one), two))
    )


def _words(name: str) -> list[str]:
    """Return the words and numbers of a name, lower case and without accents; ``AnnaMueller`` is two words."""
    apart = unicodedata.normalize("NFKD", name)
    letters = "".join(one for one in apart if not unicodedata.combining(one))
    words = _WORDS.findall(letters)
    parts = (_PARTS.findall(word) if word.isascii() and word.isalpha() else [word] for word in words)
    return [part.casefold().lstrip("0") or part for found in parts for part in found]


def _orders(words: Sequence[str]) -> Iterator[str]:
    """Yield the words as one, in every order; those of a long name or of initials only as they stand."""
    yield "".join(words)
    if 1 < len(words) <= _MOST and all(len(word) >= _NAME for word in words):
        yield from map("".join, itertools.permutations(words))


def _turned(letters: str, words: Sequence[str]) -> Iterator[str]:
    """Yield a name that is written as one word, turned as the `words` of the other name would be."""
    for at in range(1, len(words)):
        size = len("".join(words[:at]))
        if len(words[0]) >= _NAME and len(words[-1]) >= _NAME and 0 < size < len(letters):
            yield letters[-size:] + letters[:-size]


def _keys(name: str) -> tuple[str, str]:
    """Return what two names have in common, one or the other, if they may be alike: their digits, or their words."""
    return _number(name), " ".join(sorted(_words(name)))


def _number(name: str) -> str:
    """Return the digits of a name without leading zeros: ``S01`` is written ``S1`` as well."""
    return "".join(found.lstrip("0") for found in _DIGITS.findall(name))
