"""Results of samples that the genotypes do not have: somebody else's, or a slip in the name of one who is here."""

from __future__ import annotations

import difflib
import itertools
import re
import unicodedata
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from pgx.codes import NoteCode, Severity
from pgx.notes import Note

_ALIKE = 0.85
"""Least share of letters (`difflib.SequenceMatcher.ratio`) that names have in common which may be one."""
_WORDS = re.compile(r"[^\W\d_]+|\d+")
_PARTS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+")
_NAME, _MOST = 3, 4
"""Letters from which a word is a part of a name, and words of a name that are tried in every order."""


def genes_of_strangers(
    results: Iterable[tuple[str | None, str | None]], everyone: Collection[str]
) -> dict[str, list[str]]:
    """Return which genes a file has results of, by sample that the genotypes do not have.

    Parameters
    ----------
    results
        Sample and gene of each result and of each refusal.
    everyone
        All samples of the genotypes.
    """
    known, found = frozenset(everyone), defaultdict[str, dict[str, None]](dict)
    for sample, gene in results:
        if sample is not None and sample not in known:
            found[sample] |= {gene: None} if gene is not None else {}
    return {sample: list(genes) for sample, genes in found.items()}


def note_of_run(path: Path, strangers: Collection[str], everyone: Sequence[str], *, lost: bool) -> list[Note]:
    """Say how many samples of a file the genotypes do not have: of some it is no wonder, of all a result is lost."""
    if not strangers:
        return []
    count = f"{len(strangers)} sample{'' if len(strangers) == 1 else 's'}"
    if not lost:
        message = f"outside calls of {count} without genotypes are not used"
        return [note_of_file(None, Severity.WARNING, NoteCode.OUTSIDE_SAMPLE_UNKNOWN, message, path.name)]
    message = f"a laboratory's results could not be used ({path.name}: its {count} the genotypes do not have)"
    only = everyone[0] if len(everyone) == 1 else None
    return [note_of_file(only, Severity.ERROR, NoteCode.OUTSIDE_REFUSED, message, path.name)]


def notes_of_persons(
    path: Path,
    strangers: Mapping[str, Sequence[str]],
    persons: Iterable[str],
    holders: Collection[str],
    everyone: Sequence[str],
) -> Iterator[tuple[Note | None, str, list[str]]]:
    """Yield the persons whose own result a stranger's may be, and the genes that are in doubt for that.

    A person among the `holders` of results in the file is meant by the same words in another order, case or
    punctuation; anybody else by a name that is almost theirs too. The only person of the genotypes is meant by whatever
    a file without a result of theirs says, and the note on the run says so already.

    Yields
    ------
    note : Note or None
        For the person's first page; it repeats no name of the file.
    person : str
    genes : list of str
    """
    near: dict[str, list[str]] = defaultdict(list)
    for name in strangers:  # names with other digits are alike only if they are the same words
        for key in _keys(name):
            near[key].append(name)
    for person in persons:
        holds, alone = person in holders, len(everyone) == 1 and person not in holders
        fits = same_words if holds else is_alike
        found = dict.fromkeys(name for key in _keys(person) for name in near.get(key, ()))
        alike = list(strangers) if alone else [name for name in found if fits(name, person)]
        genes = list(dict.fromkeys(gene for name in alike for gene in strangers[name]))
        if not alike:
            continue
        message = (
            f"a laboratory's result may be lost ({path.name}: a sample is named almost as this one, "
            "and the genotypes do not have it; if it is the same person, correct the name)"
        )
        said = note_of_file(person, Severity.ERROR, NoteCode.OUTSIDE_REFUSED, message, path.name)
        yield None if alone else said, person, genes


def same_words(name: str, other: str) -> bool:
    """Whether two names are the same words, in whatever order, case and punctuation, with a part of a name among them.

    Examples
    --------
    >>> same_words("Mueller, Anna", "ANNA_MUELLER"), same_words("AnnaMueller7", "mueller-anna-7")
    (True, True)
    >>> same_words("P1_S2", "P2_S1"), same_words("S-001", "S001")
    (False, True)
    """
    one, two = _words(name), _words(other)
    numbers, others = ([word for word in words if not word.isalpha()] for words in (one, two))
    if "".join(one) == "".join(two) and numbers == others:
        return True
    return sorted(one) == sorted(two) and any(len(word) >= _NAME and word.isalpha() for word in one)


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
    if re.sub(r"\D", "", name) != re.sub(r"\D", "", other):
        return False
    one, two = ([word for word in _words(text) if word.isalpha()] for text in (name, other))
    plain = "".join(two)
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
    return [part.casefold() for found in parts for part in found]


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
    return re.sub(r"\D", "", name), " ".join(sorted(_words(name)))


def note_of_file(sample: str | None, severity: Severity, code: str, message: str, file: str) -> Note:
    """Return a note on a file of outside calls as a whole."""
    return Note(stage="phenotypes", severity=severity, code=code, message=message, sample=sample, where=file)
