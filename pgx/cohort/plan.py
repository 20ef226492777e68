"""What a cohort run does: inputs, options, the persons in order, and the blocks that they fall into."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date

from pgx.cohort.samplesheet import Group, Person, groups_of
from pgx.options import Options

TABLES = ("calls", "phenotypes", "features", "guidance", "judgements", "scores", "exposure_ratios", "notes",
          "next_tests", "genotypes")  # fmt: skip
"""The partitioned tables of a cohort, each a folder of one Parquet file a block."""
USUAL = tuple(name for name in TABLES if name != "next_tests")
"""The tables that are written unless the user chooses: what would change the advice takes as long as all the rest."""
BLOCK = 1500
"""Persons a block, unless the user says otherwise: large enough to share work, small enough to hold two of them."""


@dataclass(frozen=True, slots=True)
class Plan:
    """A cohort run.

    Parameters
    ----------
    vcf, clinical, outside_calls
        Input files.
    samples
        Everybody, in the order of the inputs; blocks are cut from it.
    drugs, endpoints
        As for `pgx.report`.
    tables
        Which of `TABLES` to write.
    reports
        Formats of the documents a person; none = no documents.
    block_size
        Persons a block.
    options
        How to read and call.
    sheet, persons
        The samplesheet and its rows, if there is one; `samples` are then theirs.
    day
        Day on which the run began (`pgx.clinical.dates.run_day`); None = today.
    medications
        Drugs that everybody takes of whom the sheet names none, as for `pgx.report`.
    key
        Key file under which everything is pseudonymous (`pgx.cohort.pseudonymous`); None = names are names.
    """

    vcf: tuple[str, ...]
    samples: tuple[str, ...]
    clinical: tuple[str, ...] = ()
    outside_calls: tuple[str, ...] = ()
    drugs: tuple[str, ...] | None = None
    endpoints: tuple[str, ...] | None = None
    tables: tuple[str, ...] = USUAL
    reports: tuple[str, ...] = ()
    block_size: int = BLOCK
    options: Options = field(default_factory=Options)
    sheet: str | None = None
    persons: tuple[Person, ...] = ()
    day: date | None = None
    medications: tuple[str, ...] | None = None
    key: str | None = None

    @property
    def blocks(self) -> int:
        """Number of blocks; they are counted from 0."""
        return block_count(len(self.samples), self.block_size)

    def block(self, number: int) -> tuple[str, ...]:
        """Return the persons of a block."""
        return self.samples[number * self.block_size : (number + 1) * self.block_size]

    def groups(self, number: int) -> list[Group]:
        """Return the persons of a block in groups that share their files."""
        if self.persons:
            people = self.persons[number * self.block_size : (number + 1) * self.block_size]
        else:
            people = tuple(Person(name) for name in self.block(number))
        if self.medications is not None:
            people = tuple(
                replace(one, medications=self.medications) if one.medications is None else one for one in people
            )
        files = {"vcf": self.vcf, "clinical": self.clinical, "outside_calls": self.outside_calls}
        return groups_of(people, self.options, **files, apart=bool(self.persons))

    @property
    def reading(self) -> tuple[date | None, str | None]:
        """How clinical files are read: the day that counts as now, and how they write days."""
        return self.options.as_of, self.options.date_format

    @property
    def shared_vcf(self) -> tuple[str, ...] | None:
        """The genotype files, if everybody's are the same."""
        found = {person.vcf or self.vcf for person in self.persons} or {self.vcf}
        return next(iter(found)) if len(found) == 1 else None


def block_count(persons: int, block_size: int) -> int:
    """Return into how many blocks so many persons fall."""
    return -(-persons // block_size)


def block_length(persons: int, block_size: int, number: int) -> int:
    """Return how many persons a block holds."""
    return min(block_size, persons - number * block_size)
