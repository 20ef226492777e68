"""Whose record is whose sample, as the user says it: ``ID=SAMPLE``, or a table of two columns."""

from __future__ import annotations

import csv
import io
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pgx.clinical.readers.sniff import read_all
from pgx.clinical.readers.text import decode
from pgx.errors import InputError, UsageError
from pgx.guard.limits import ROWS, refuse_pipe

_HEADINGS = {"sample", "sample_id", "sample_name", "vcf_sample", "iid"}


@dataclass(frozen=True, eq=False)
class PersonMap(Mapping[str, str]):
    """Person -> sample, and where each pair is from: None = the user typed it, else ``file: line 3``.

    A part of a map (`of_samples`) is not `whole`: its pairs may all be of persons without a record.
    """

    samples: Mapping[str, str]
    origin: Mapping[str, str | None]
    whole: bool = True

    def __getitem__(self, person: str) -> str:
        return self.samples[person]

    def __iter__(self) -> Iterator[str]:
        return iter(self.samples)

    def __len__(self) -> int:
        return len(self.samples)

    def of_samples(self, samples: Collection[str]) -> PersonMap:
        """Return the pairs of these samples: what those of a samplesheet who share their files need to know."""
        pairs = {person: sample for person, sample in self.samples.items() if sample in samples}
        return PersonMap(pairs, {person: self.origin[person] for person in pairs}, whole=False)

    def check_samples(self, everyone: Collection[str]) -> None:
        """Refuse pairs that no record can join to one of the samples.

        Raises
        ------
        UsageError
            If a typed pair names a sample that there is not.
        InputError
            If no pair of a table names one.
        """
        unknown = [person for person, sample in self.samples.items() if sample not in everyone]
        for person in unknown:
            if self.origin[person] is None:
                raise self._no_sample(person, everyone)
        if unknown and len(unknown) == len(self.samples):
            raise self._nobodys(f"sample {self.samples[unknown[0]]!r}")

    def _no_sample(self, person: str, samples: Collection[str]) -> UsageError:
        name = self.samples[person]
        return UsageError(f"--person: no sample is called {name!r} ({len(samples)} in the genotypes)")

    def _nobodys(self, first: str) -> InputError:
        return InputError(
            f"no pair joins a person of the records with a sample: the first names {first}, which is not here",
            file=self.origin[next(iter(self.samples))],
            fix="write the ids of the records beside the sample names of the genotypes' header",
        )

    def sample_of(self, names: Sequence[str]) -> str | None:
        """Return the sample of a person by any of the person's identifiers.

        Raises
        ------
        InputError
            If two of the identifiers are said to be different samples.
        """
        by_sample = {self.samples[name]: name for name in names if name in self.samples}
        if len(by_sample) > 1:
            (sample, person), (other_sample, alias) = list(by_sample.items())[:2]
            samples = f"the samples {sample!r} and {other_sample!r}"
            raise InputError(f"{person!r} and {alias!r} are one person, but are mapped to {samples}")
        return next(iter(by_sample), None)

    def check(self, persons: Collection[str], samples: Collection[str] | None) -> list[tuple[str, str]]:
        """Return (code, message) of warnings on pairs of a table that fit nothing here.

        A table may be about more people than this run; a pair that the user typed may not.

        Raises
        ------
        UsageError
            If a typed pair names nobody, or no pair at all fits.
        """
        strangers = [person for person in self.samples if person not in persons]
        unknown = [person for person, sample in self.samples.items() if samples is not None and sample not in samples]
        for person in self.samples:
            if self.origin[person] is None and person in strangers:
                raise UsageError(f"--person: no record has a person {person!r} ({len(persons)} ids in the records)")
            if self.origin[person] is None and person in unknown:
                raise self._no_sample(person, samples or ())
        useless = set(strangers) | set(unknown)
        if self.whole and self.samples and len(useless) == len(self.samples):
            first = next(iter(self.samples))
            raise self._nobodys(f"person {first!r}" if first in strangers else f"sample {self.samples[first]!r}")
        warnings = []
        if strangers:
            warnings.append(
                ("no_such_person", f"{len(strangers)} of {len(self.samples)} persons of the map are in no record")
            )
        if unknown:
            count = len({self.samples[person] for person in unknown})
            warnings.append(("no_such_sample", f"{count} samples of the map are not in the genotypes"))
        return warnings


def person_map(given: Mapping[str, str] | Sequence[str | Path]) -> PersonMap:
    """Read what the user says of who is who.

    Parameters
    ----------
    given
        Person -> sample, or a list of ``ID=SAMPLE`` and paths of tables (comma, semicolon or tab; with the headings
        ``person`` and ``sample`` in any order, or without headings, the person first).

    Raises
    ------
    UsageError
        If a text is neither, or a person is given two samples.
    InputError
        If a table cannot be used.
    """
    if isinstance(given, PersonMap):
        return given
    samples: dict[str, str] = {}
    origin: dict[str, str | None] = {}
    for entry in [f"{name}={mapped_to}" for name, mapped_to in given.items()] if isinstance(given, Mapping) else given:
        text = str(entry)
        path = Path(text)
        pairs: list[tuple[str, str, str | None]]
        refuse_pipe(path)
        if path.is_file():
            pairs = _table(path)
        else:
            person, equals, sample = text.rpartition("=")
            if not equals or not person.strip() or not sample.strip():
                raise UsageError(f"--person: {text!r} is neither ID=SAMPLE nor a file")
            pairs = [(person.strip(), sample.strip(), None)]
        for person, sample, where in pairs:
            if samples.setdefault(person, sample) != sample:
                problem = f"person {person!r} is both {samples[person]!r} and {sample!r}"
                raise InputError(problem, file=where) if where else UsageError(f"--person: {problem}")
            origin.setdefault(person, where)
    return PersonMap(samples, origin)


def _table(path: Path) -> list[tuple[str, str, str | None]]:
    text, _ = decode(read_all(path), path)
    head = text.split("\n", 1)[0]
    delimiter = max("\t,;", key=head.count)
    pairs: list[tuple[str, str, str | None]] = []
    first, second = 0, 1
    try:
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
        for count, row in enumerate(line for line in reader if any(cell.strip() for cell in line)):
            cells = [cell.strip() for cell in row]
            where = f"line {reader.line_num}"
            if len(cells) != 2 or not all(cells):
                fix = "write the person and the sample, with a comma or tab between them"
                raise InputError(f"expected two names, found {row!r}", file=path, where=where, fix=fix)
            headings = [cell.lower() for cell in cells]
            if count == 0 and _HEADINGS & set(headings):
                first, second = (1, 0) if headings[0] in _HEADINGS else (0, 1)
                continue
            if len(pairs) == ROWS.most:
                raise ROWS.refused(path, where)
            pairs.append((cells[first], cells[second], f"{path}: {where}"))
    except csv.Error as error:
        raise InputError(f"not a table: {error}", file=path) from None
    if not pairs:
        raise InputError("no pair of a person and a sample", file=path)
    return pairs
