"""Whose row it is: the column of persons by the names that hospitals give it, and what is odd about its values."""

from __future__ import annotations

import re

import numpy as np
import polars as pl
from numpy.typing import NDArray

USUAL = ("person", "sample")
"""Names that need no word of explanation."""
_WHO = r"(?:patient|pat|person|subject|subj|participant|proband|sample)"
_NUMBERED = re.compile(
    _WHO + r"[ _.-]?(?:id|no|nr|num|number|code|identifier)|usubjid|subjid|mrn|pid|iid|id", re.IGNORECASE
)
_BARE = re.compile(_WHO, re.IGNORECASE)
"""Such a column of numbers may be a class of persons (patient: 0 or 1)."""


def of(table: pl.DataFrame, outcome: str) -> str | None:
    """Return the first column that is called as persons are; None if there is none. Only the names and types count."""
    for name, dtype in table.schema.items():
        # Numbers may be fractions: whole ones are written so where one of them is missing.
        forms = [_NUMBERED, _BARE] if dtype == pl.String else [_NUMBERED] if dtype.is_numeric() else []
        if name != outcome and any(form.fullmatch(name.strip()) for form in forms):
            return name
    return None


def remarks(column: pl.Series, people: NDArray[np.int64], *, asked: bool) -> list[tuple[str, str]]:
    """Return code and sentence of what the user must know of a column of persons.

    Parameters
    ----------
    column
        The column.
    people
        int64 (n,): the person that each row was taken for.
    asked
        Whether the user named the column.
    """
    found, known = [], column.drop_nulls()
    several = known.cast(pl.String).n_unique() < len(known)
    if not asked and column.name not in USUAL and several:
        text = f"{column.name} is taken as the person, by its name: rows with the same value stay together"
        found.append(("person_by_name", f"{text}; name another column with --person"))
    alike = known.cast(pl.String).str.strip_chars().n_unique() + column.null_count() - len(np.unique(people))
    if alike:
        text = f"{alike} names of {column.name} differ from others in capital letters only: they are one person"
        found.append(("person_spellings", text))
    if several and column.null_count():
        text = f"{column.null_count()} rows have no {column.name}: each is taken as a person of its own"
        found.append(("person_not_known", f"{text}, and figures are too good if it is not"))
    return found
