"""Remarks that stand beside several drugs: each is written once, under a mark that the drugs carry."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from string import ascii_lowercase

from pgx.reports.page.model import Drug


@dataclass(frozen=True, slots=True)
class Remark:
    """One remark: its kind (``interaction`` or ``uncertain``), its text, and the mark of one that is shared."""

    kind: str
    text: str
    mark: str = ""


def shared_remarks(drugs: Sequence[Drug]) -> dict[tuple[str, str], Remark]:
    """Return the remarks that stand beside more than one of the drugs, by kind and text, with marks in order.

    Examples
    --------
    >>> shared_remarks([])
    {}
    """
    times = Counter(key for drug in drugs for key in dict.fromkeys(remarks_of(drug)))
    several = [key for key, count in times.items() if count > 1]
    return {key: Remark(*key, f"[{_letters(number)}]") for number, key in enumerate(several)}


def _letters(number: int) -> str:
    """Return a, b, ..., z, aa, ab, ...: the genes' remarks have numbers."""
    return (_letters(number // 26 - 1) if number >= 26 else "") + ascii_lowercase[number % 26]


def own_remarks(drug: Drug, shared: Mapping[tuple[str, str], Remark]) -> list[Remark]:
    """Return the remarks that stand beside this drug alone, interactions first."""
    return [Remark(*key) for key in remarks_of(drug) if key not in shared]


def marks_of(drug: Drug, shared: Mapping[tuple[str, str], Remark]) -> str:
    """Return the marks of the shared remarks that hold for the drug: ``[a] [c]``."""
    return " ".join(shared[key].mark for key in dict.fromkeys(remarks_of(drug)) if key in shared)


def remarks_of(drug: Drug) -> list[tuple[str, str]]:
    """Return kind and text of each remark beside the drug, interactions first."""
    return [*(("interaction", text) for text in drug.interactions), *(("uncertain", text) for text in drug.cautions)]


def flag_marks(drugs: Sequence[Drug]) -> dict[str, str]:
    """Return the remarks that several sources' rows on the drugs carry, with marks in order: ``[1]``, ``[2]``.

    Examples
    --------
    >>> flag_marks([])
    {}
    """
    rows = (row for drug in drugs for row in (*drug.advice, *drug.limits))
    times = Counter(flag for row in rows for flag in dict.fromkeys(row.flags))
    return {flag: f"[{n}]" for n, flag in enumerate((flag for flag, count in times.items() if count > 1), 1)}
