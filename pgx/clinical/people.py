"""Whose record is it: joins the persons of the clinical files to the samples of the genotypes."""

from __future__ import annotations

import difflib
from collections.abc import Sequence

from pgx.clinical.events import Events
from pgx.clinical.person_map import PersonMap
from pgx.errors import InputError

Notes = list[dict[str, object]]
UNNAMED = "unnamed"
"""Sample name of a person without any identifier, when there are no genotypes to name them."""


def join(
    files: Sequence[Events], samples: Sequence[str] | None, told: PersonMap
) -> tuple[list[dict[str | None, str]], Notes]:
    """Return, for each file, which sample each of its persons is, and notes on how that was found.

    What the user says goes first; it counts as an identifier of the person from then on. Otherwise a person is the
    sample of the same name (or one of whose identifiers is the sample's name). The only person of a file is the only
    sample, if the file has no identifiers, or has a system's own (FHIR, OMOP), which is said.

    Raises
    ------
    InputError
        If a file's persons are none of the samples.
    UsageError
        If the user names a person or sample that there is not.
    """
    known = {name for file in files for names in file.people.items() for name in (names[0], *names[1]) if name}
    notes = [_note(None, "warning", *one) for one in told.check(known, samples)]
    mapped = [_mapped(file, told) for file in files]
    if samples is None:
        return [
            {person: named.get(person, UNNAMED if person is None else person) for person in file.people}
            for file, named in zip(files, mapped, strict=True)
        ], notes
    joined: list[dict[str | None, str]] = []
    for file, named in zip(files, mapped, strict=True):
        found = _join_file(file, samples, notes, named)
        if file.people and not found:
            raise InputError(_nobody(file, samples), file=file.file, fix=_hint(file, samples))
        joined.append(found)
    have = {sample for file in joined for sample in file.values()}
    absent = [sample for sample in samples if sample not in have]
    if absent and files:
        notes.append(
            _note(
                None,
                "warning",
                "no_clinical_data",
                f"{len(absent)} of {len(samples)} samples have no clinical data: {_some(absent)}",
            )
        )
    return joined, notes


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


def _join_file(
    file: Events, samples: Sequence[str], notes: Notes, named: dict[str | None, str]
) -> dict[str | None, str]:
    wanted = set(samples)
    found: dict[str | None, str] = {}
    for person, aliases in file.people.items():
        own = [] if person is None else [person, *sorted(aliases)]
        names = [name for name in ([named[person]] if person in named else own) if name in wanted]
        if names:
            if names[0] in found.values():
                first = next(other for other, sample in found.items() if sample == names[0])
                message = f"{first!r} and {person!r} of {file.file} are both {names[0]} and taken as one person"
                notes.append(_note(names[0], "warning", "joined_twice", message))
            found[person] = names[0]
    if not found and len(file.people) == 1 and len(samples) == 1:
        person = next(iter(file.people))
        if person is None:
            message, severity = (
                f"the person of {file.file} has no name and is taken to be the only sample, {samples[0]}",
                "info",
            )
        else:
            message, severity = (
                f"the only person of {file.file}, {person!r}, is taken to be the only sample, {samples[0]!r}",
                "warning",
            )
        if person is None or not file.explicit_ids:
            notes.append(_note(samples[0], severity, "joined_only_person", message))
            return {person: samples[0]}
    left = [str(person) for person in file.people if person not in found]
    if found and left:
        notes.append(
            _note(
                None,
                "warning",
                "no_genotypes",
                f"{len(left)} of {len(file.people)} persons of {file.file} are no sample: {_some(left)}",
            )
        )
    return found


def _nobody(file: Events, samples: Sequence[str]) -> str:
    if None in file.people:
        return f"the person has no name, and there are {len(samples)} samples"
    people = [str(person) for person in file.people]
    who = f"its only person ({people[0]})" if len(people) == 1 else f"its {len(people)} persons ({_some(people)})"
    known = f"a sample of the genotypes ({_some(list(samples))})"
    return f"{who} is not {known}" if len(people) == 1 else f"none of {who} is {known}"


def _hint(file: Events, samples: Sequence[str]) -> str:
    for person in file.people:
        close = difflib.get_close_matches(str(person), samples, n=1, cutoff=0.8)
        if close:
            return f"did you mean {close[0]!r} for {person!r}?"
    if file.explicit_ids or None in file.people:
        return "give each person the name of their sample in a column 'sample', or say who is who with --person"
    return "say who is who with --person ID=SAMPLE, unless there is one person and one sample"


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")


def _note(sample: str | None, severity: str, code: str, message: str) -> dict[str, object]:
    return {"sample": sample, "severity": severity, "code": code, "message": message, "where": None}
