"""What may be said of a person's gene: the one rule that every stage and every output asks.

A call that rests on the population rather than on the person is a guess, and a guess is never shown as a call.
"""

from __future__ import annotations

import polars as pl

CALLED = ("called", "ambiguous", "outside")
"""Statuses of a gene that the person's own data, or another tool, speak of."""
NOT_CALLED = "not_called"
GUESS = "prior_driven"
"""Flag of a call of which the population's frequencies say more than the person's data."""
STATEMENTS = (
    "diplotype",
    "probability",
    "phenotype",
    "activity_score",
    "clinical_phenotype",
    "clinical_activity_score",
    "allele1",
    "allele2",
    "function1",
    "function2",
)
"""Columns of `pgx.schema.CALLS` that say something of the person; null where the gene is not asserted."""


def asserted(status: str | None, flags: str | None) -> bool:
    """Return whether a result of a gene may be shown, looked up or computed with as the person's own.

    Parameters
    ----------
    status, flags
        The cells of the gene's row in `pgx.schema.CALLS`; flags are joined by ``;``.
    """
    return status in CALLED and GUESS not in (flags or "").split(";")


def is_asserted() -> pl.Expr:
    """Return `asserted` for the rows of a calls frame."""
    guessed = pl.col("flags").str.split(";").list.contains(GUESS).fill_null(value=False)
    return pl.col("status").is_in(CALLED) & ~guessed


def of_asserted(frame: pl.DataFrame, calls: pl.DataFrame) -> pl.DataFrame:
    """Return the rows of a frame with ``sample`` and ``gene`` whose gene is asserted for the person.

    A gene without a row in `calls` is not asserted.
    """
    stated = calls.filter(is_asserted()).select("sample", "gene")
    return frame.join(stated, on=["sample", "gene"], how="semi", maintain_order="left")
