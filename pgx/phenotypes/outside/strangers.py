"""Results of samples that the genotypes do not have: somebody else's, or a slip in the name of one who is here."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from pgx.codes import NoteCode, Severity
from pgx.guard import alike_names
from pgx.notes import Note


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
    alone = len(everyone) == 1 and not holders
    meant = [(one, list(strangers)) for one in persons] if alone else alike_names.meant(strangers, persons, holders)
    for person, alike in meant:
        genes = list(dict.fromkeys(gene for name in alike for gene in strangers[name]))
        if not alike:
            continue
        message = (
            f"a laboratory's result may be lost ({path.name}: a sample is named almost as this one, "
            "and the genotypes do not have it; if it is the same person, correct the name)"
        )
        said = note_of_file(person, Severity.ERROR, NoteCode.OUTSIDE_REFUSED, message, path.name)
        yield None if alone else said, person, genes


def note_of_file(sample: str | None, severity: Severity, code: str, message: str, file: str) -> Note:
    """Return a note on a file of outside calls as a whole."""
    return Note(stage="phenotypes", severity=severity, code=code, message=message, sample=sample, where=file)
