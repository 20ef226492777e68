"""Whose record is it: joins the persons of the clinical files to the samples of the genotypes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet

from pgx.clinical.person_map import PersonMap
from pgx.clinical.statements import Events
from pgx.codes import NoteCode, Severity
from pgx.errors import InputError
from pgx.guard import alike_names
from pgx.notes import Note

Notes = list[Note]
UNNAMED = "unnamed"
"""Sample name of a person without any identifier, when there are no genotypes to name them."""


def join(
    files: Sequence[Events], samples: Sequence[str] | None, told: PersonMap, everyone: Sequence[str] | None = None
) -> tuple[list[dict[str | None, str]], Notes]:
    """Return, for each file, which sample each of its persons is, and notes on how that was found.

    What the user says goes first; it counts as an identifier of the person from then on. Otherwise a person is the
    sample of the same name (or one of whose identifiers is the sample's name). The only person of a file is the only
    sample, if the file has no identifiers, or has a system's own (FHIR, OMOP), which is said. A person who is a sample
    of the genotypes that this run leaves out is nobody here.

    Parameters
    ----------
    files
        The records.
    samples
        The samples of the run; None keeps every person.
    told
        What the user says.
    everyone
        All samples of the genotypes, those that the run leaves out too; None = `samples`.

    Raises
    ------
    InputError
        If a file's persons are none of the samples.
    UsageError
        If the user names a person or sample that there is not.
    """
    known = {name for file in files for names in file.people.items() for name in (names[0], *names[1]) if name}
    everyone = samples if everyone is None else everyone
    notes = [note(None, Severity.WARNING, *one) for one in told.check(known, everyone)]
    mapped = [_mapped(file, told) for file in files]
    if samples is None or everyone is None:
        return [
            {person: named.get(person, UNNAMED if person is None else person) for person in file.people}
            for file, named in zip(files, mapped, strict=True)
        ], notes
    joined: list[dict[str | None, str]] = []
    nobodys, almost = False, set[str]()
    for file, named in zip(files, mapped, strict=True):
        here = by_name(file, set(everyone), named)
        found = _join_file(file, samples, notes, here)
        if file.people and not found and not here and not file.elsewhere:
            raise InputError(_nobody(file, len(everyone)), file=file.file, fix=_hint(file))
        joined.append(found)
        nobodys |= persons_of(file) - file.elsewhere > len({**here, **found})
        for sample, _ in alike_names.meant(strangers_of(file, {**here, **found}), samples, set(found.values())):
            almost.add(sample)
            message = _ALMOST.format(file=file.file)
            notes.append(note(sample, Severity.ERROR, NoteCode.RECORD_LOST, message, where=file.file))
    have = {sample for file in joined for sample in file.values()}
    absent = tuple(sample for sample in samples if sample not in have | almost)
    if absent and files:
        # Whose the records of nobody are is not guessed; their ids are another person's matter.
        code, message = (NoteCode.RECORD_UNMATCHED, _UNMATCHED) if nobodys else (NoteCode.NO_CLINICAL_DATA, _ABSENT)
        notes.append(note(absent, Severity.WARNING, code, message))
    return joined, notes


_ALMOST = (
    "a record may be lost ({file}: somebody in it is named almost as this sample, and the genotypes do not have that "
    "name): what it says of drugs, conditions, age and weight is not used here; if it is the same person, correct the "
    "name, or say so with --person"
)
_ABSENT = "no record in the clinical files is of this sample"
_UNMATCHED = (
    "no clinical record was found for this sample, and the clinical files hold records of persons who are no sample: "
    "drugs, conditions, age and weight count as unknown here; check how the sample is named in the record"
)


def _mapped(file: Events, told: PersonMap) -> dict[str | None, str]:
    """Which persons of a file the user says to be which sample; that name becomes one of theirs."""
    found: dict[str | None, str] = {}
    for person, aliases in file.people.items():
        try:
            sample = told.sample_of([name for name in (person, *sorted(aliases)) if name])
        except InputError as error:
            raise InputError(error.problem, file=file.file) from None
        if sample is not None:
            found[person] = sample
    for person, sample in found.items():
        file.people[person].add(sample)
    return found


def by_name(file: Events, everyone: AbstractSet[str], named: Mapping[str | None, str]) -> dict[str | None, str]:
    """Return which persons of a file are which samples, by what the user says, or else by a name of theirs."""
    found: dict[str | None, str] = {}
    for person, aliases in file.people.items():
        own = [] if person is None else [person, *sorted(aliases)]
        names = [name for name in ([named[person]] if person in named else own) if name in everyone]
        if names:
            found[person] = names[0]
    return found


def strangers_of(file: Events, known: Mapping[str | None, str]) -> set[str]:
    """Return the names of the persons of a file who are no sample, or of those of them who are named almost as one."""
    return {str(person) for person in file.people if person is not None and person not in known} | file.almost


def persons_of(file: Events) -> int:
    """Return how many persons a file is about, those of whom nothing is read here too."""
    return len(file.people) + file.elsewhere + file.strangers


def _join_file(
    file: Events, samples: Sequence[str], notes: Notes, named: dict[str | None, str]
) -> dict[str | None, str]:
    wanted = set(samples)
    found: dict[str | None, str] = {}
    first: dict[str, str | None] = {}
    for person, sample in named.items():
        if sample not in wanted:
            continue
        if first.setdefault(sample, person) != person:
            message = f"{first[sample]!r} and {person!r} of {file.file} are both {sample} and taken as one person"
            notes.append(note(sample, Severity.WARNING, NoteCode.JOINED_TWICE, message, where=file.file))
        found[person] = sample
    count = persons_of(file)
    if not named and len(file.people) == count == 1 and len(samples) == 1:
        person = next(iter(file.people))
        if person is None:
            message, severity = (
                f"the person of {file.file} has no name and is taken to be the only sample, {samples[0]}",
                Severity.INFO,
            )
        else:
            message, severity = (
                f"the only person of {file.file}, {person!r}, is taken to be the only sample, {samples[0]!r}",
                Severity.WARNING,
            )
        if person is None or not file.explicit_ids:
            notes.append(note(samples[0], severity, NoteCode.JOINED_ONLY_PERSON, message, where=file.file))
            return {person: samples[0]}
    left = count - file.elsewhere - len(named)
    if found and left:
        message = f"{left} of {count} persons of {file.file} are no sample of the genotypes"
        notes.append(note(None, Severity.WARNING, NoteCode.NO_GENOTYPES, message))
    return found


def _nobody(file: Events, count: int) -> str:
    """Say that a file's persons are no samples. Ids of others are never proposed: a person is not to be guessed."""
    if None in file.people:
        return f"the person has no name, and there are {count} samples"
    samples = "the only sample" if count == 1 else f"any of the {count} samples"
    if len(file.people) == 1:
        return f"its only person has not the name of {samples} of the genotypes"
    return f"none of its {len(file.people)} persons has the name of {samples} of the genotypes"


def _hint(file: Events) -> str:
    if file.explicit_ids or None in file.people:
        return "give each person the name of their sample in a column 'sample', or say who is who with --person"
    return "say who is who with --person ID=SAMPLE, unless there is one person and one sample"


def note(
    sample: str | tuple[str, ...] | None,
    severity: str,
    code: str,
    message: str,
    subject: str | None = None,
    where: str | None = None,
) -> Note:
    """Return a note of this stage."""
    return Note(
        stage="clinical", severity=severity, code=code, message=message, sample=sample, subject=subject, where=where
    )


def contradiction(sample: str, message: str, subject: str) -> Note:
    """Return the note that two things that a history says of a person cannot both be true."""
    return note(sample, Severity.WARNING, NoteCode.CONTRADICTION, message, subject, subject)
