"""One structural event, however many records, callers or files tell it.

Two records tell of the same event if both take copies away, or both add some, and each covers at least half of the
other (50 % reciprocal overlap, as catalogues of structural variants are commonly merged). Phased records of one file
that lie on opposite strands are two events, however much they overlap.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations, product

import numpy as np
from numpy.typing import NDArray

from pgx.variants.vcf.extent import EXACT, Spread

RECIPROCAL = 0.5
"""Share of each of two records that the other must cover to tell of the same event."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """The bases that an allele of a record takes away or adds again (`gain`), where it is written, and how uncertain
    its ends are."""

    first: int
    last: int
    gain: bool
    file: str
    where: str
    spread: Spread = EXACT

    @property
    def tightest(self) -> tuple[int, int]:
        """The bases that are changed whichever way the ends lie."""
        return self.spread.tightest(self.first, self.last)

    @property
    def widest(self) -> tuple[int, int]:
        """The bases that may be changed."""
        return self.spread.widest(self.first, self.last)

    @property
    def place(self) -> tuple[str, str]:
        """The file and the record."""
        return self.file, self.where

    def covers(self, other: Stretch) -> bool:
        """Say whether each of the two covers enough of the other to be the same event."""
        common = min(self.last, other.last) - max(self.first, other.first) + 1
        longer = max(self.last - self.first, other.last - other.first) + 1
        return common >= RECIPROCAL * longer

    def is_like(self, other: Stretch) -> bool:
        """Say whether both tell of one event, by what they do and which bases they cover."""
        return self.gain == other.gain and self.covers(other)

    def is_same(self, other: Stretch) -> bool:
        """Say whether both cover the very same bases in one file."""
        return (self.file, self.first, self.last) == (other.file, other.first, other.last)


@dataclass(frozen=True, slots=True)
class Carried:
    """A person's change of copies by one stretch: on each strand, in the order of the genotype.

    `phase` is the phase set within which strands of one file can be compared; None where they cannot.
    """

    stretch: Stretch
    strands: tuple[int, int]
    phase: int | None = None

    def is_apart(self, other: Carried) -> bool:
        """Say whether the two lie on different strands, as far as it can be told."""
        one, two = self.stretch, other.stretch
        ordered = one.file == two.file and (
            one.where == two.where or (self.phase is not None and self.phase == other.phase)
        )
        return ordered and not any(a and b for a, b in zip(self.strands, other.strands, strict=True))


@dataclass(frozen=True, slots=True)
class Absent:
    """Who is said not to carry a stretch: `who` bool (S,)."""

    stretch: Stretch
    who: NDArray[np.bool_]

    def denies(self, carried: Carried) -> bool:
        """Say whether the record contradicts another that tells of the same event.

        Records of one file are genotyped beside each other, so there only the very same bases are the same event.
        """
        one, two = self.stretch, carried.stretch
        return one.gain == two.gain and (one.is_same(two) if one.file == two.file else one.is_like(two))


class DisagreementError(ValueError):
    """Records that tell one event in different ways."""


def change(carried: Sequence[Carried], absent: Iterable[Absent] = ()) -> int:
    """Return the change of copies of all events together, each counted once.

    Raises
    ------
    DisagreementError
        If the records of one event differ in the genotype, or one takes away what another adds.
    """
    for denial, event in product(absent, carried):
        if denial.denies(event):
            raise DisagreementError(_differently(denial.stretch.place, event.stretch.place, event.stretch.gain))
    for one, two in combinations(carried, 2):
        opposite = one.stretch.gain != two.stretch.gain
        if opposite and one.stretch.covers(two.stretch) and not _stand_together(one, two):
            both = _places(one.stretch.place, two.stretch.place)
            raise DisagreementError(f"{both} tell a deletion and a duplication of the same bases")
    return sum(_change(event) for event in _events(carried))


def _events(carried: Iterable[Carried]) -> list[list[Carried]]:
    """Group what tells of one event; the order of the records makes no difference."""
    events: list[list[Carried]] = []
    for one in carried:
        like = [event for event in events if any(one.stretch.is_like(other.stretch) for other in event)]
        events = [event for event in events if not any(event is other for other in like)]
        events.append([other for event in like for other in event] + [one])
    return events


def _change(event: list[Carried]) -> int:
    """Return the change of copies by one event, or by two that the phase tells apart."""
    by_record: dict[tuple[str, str], tuple[int, int]] = {}
    by_phase: dict[tuple[str, int], tuple[int, int]] = {}
    for one in event:
        record = one.stretch.place
        by_record[record] = _stronger(by_record.get(record, (0, 0)), one.strands)
        if one.phase is not None:
            ordered = (one.stretch.file, one.phase)
            by_phase[ordered] = _stronger(by_phase.get(ordered, (0, 0)), one.strands)
    (first, strands), *others = by_record.items()
    for other, told in others:
        if sum(told) != sum(strands):
            raise DisagreementError(_differently(first, other, event[0].stretch.gain))
    return max([sum(strands), *(sum(ordered) for ordered in by_phase.values())], key=abs)


def _stronger(one: tuple[int, int], two: tuple[int, int]) -> tuple[int, int]:
    return max(one[0], two[0], key=abs), max(one[1], two[1], key=abs)


def _stand_together(one: Carried, two: Carried) -> bool:
    """Say whether a deletion and a duplication are two alleles of the person: in order, or a record cut in two."""
    if one.is_apart(two):
        return True
    beside = not any(a and b for a, b in zip(one.strands, two.strands, strict=True))
    return one.stretch.is_same(two.stretch) and beside


_Place = tuple[str, str]


def _differently(one: _Place, two: _Place, gain: bool) -> str:
    return f"{_places(one, two)} tell the same {'duplication' if gain else 'deletion'} with different genotypes"


def _places(one: _Place, two: _Place) -> str:
    return f"{one[1]} and {two[1]}" if one[0] == two[0] else f"{one[0]} ({one[1]}) and {two[0]} ({two[1]})"
