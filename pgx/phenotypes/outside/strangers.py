"""Results of samples that the genotypes do not have: somebody else's, or a slip in the name of one who is here."""

from __future__ import annotations

import difflib
import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from pgx.codes import NoteCode, Severity
from pgx.notes import Note

_ALIKE = 0.85
"""Least share of letters (`difflib.SequenceMatcher.ratio`) that names have in common which may be one."""


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
    path: Path, strangers: Mapping[str, Sequence[str]], absent: Iterable[str], everyone: Sequence[str]
) -> Iterator[tuple[Note | None, str, list[str]]]:
    """Yield the persons whose own result a stranger's may be, and the genes that are in doubt for that.

    `absent` are persons without a result of their own in the file. The only person of the genotypes is meant by
    whatever the file says, and the note on the run says so already.

    Yields
    ------
    note : Note or None
        For the person's first page; it repeats no name of the file.
    person : str
    genes : list of str
    """
    numbered: dict[str, list[str]] = defaultdict(list)
    for name in strangers:  # names with other numbers are never alike
        numbered[_number(name)].append(name)
    for person in absent:
        near = numbered.get(_number(person), [])
        alike = list(strangers) if len(everyone) == 1 else [name for name in near if is_alike(name, person)]
        genes = list(dict.fromkeys(gene for name in alike for gene in strangers[name]))
        if not alike:
            continue
        message = (
            f"a laboratory's result may be lost ({path.name}: a sample is named almost as this one, "
            "and the genotypes do not have it; if it is the same person, correct the name)"
        )
        said = note_of_file(person, Severity.ERROR, NoteCode.OUTSIDE_REFUSED, message, path.name)
        yield None if len(everyone) == 1 else said, person, genes


def is_alike(name: str, other: str) -> bool:
    """Whether two names may be one with a slip: the same digits, and almost the same letters.

    Numbers alone tell nothing: of S001 and S002 each is somebody.

    Examples
    --------
    >>> is_alike("ANNA_MULER", "ANNA_MUELLER"), is_alike("s-001", "S001"), is_alike("S001", "S002")
    (True, True, False)
    """
    if _number(name) != _number(other):
        return False
    one, two = (re.sub(r"[\W\d_]", "", text.casefold()) for text in (name, other))
    return one == two or difflib.SequenceMatcher(None, one, two).ratio() >= _ALIKE


def _number(name: str) -> str:
    return re.sub(r"\D", "", name)


def note_of_file(sample: str | None, severity: Severity, code: str, message: str, file: str) -> Note:
    """Return a note on a file of outside calls as a whole."""
    return Note(stage="phenotypes", severity=severity, code=code, message=message, sample=sample, where=file)
