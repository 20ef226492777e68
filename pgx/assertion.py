"""What may be said of a person's gene: the one rule that every stage and every output asks.

A call that rests on the population rather than on the person is a guess, and a guess is never shown as a call.
"""

from __future__ import annotations

from collections.abc import Iterable

import polars as pl

from pgx.codes import Flag, FlagCode, GeneState, Status

CALLED = (Status.CALLED, Status.AMBIGUOUS, Status.OUTSIDE)
"""Statuses of a gene that the person's own data, or another tool, speak of."""
NOT_CALLED = Status.NOT_CALLED
GUESS = FlagCode.PRIOR_DRIVEN
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


_ASSERTED = (GeneState.CALLED, GeneState.AMBIGUOUS, GeneState.OUTSIDE)
_NOT_JUDGED = frozenset(
    {
        FlagCode.COPY_NUMBER_UNCLEAR,
        FlagCode.COPY_NUMBER_CONFLICT,
        FlagCode.UNRESOLVED,
        FlagCode.UNREAD_GENOTYPE,
        FlagCode.FILTERED_VARIANT,
        FlagCode.UNDOCUMENTED_PASSED_OVER,
        FlagCode.HETEROPLASMY,
        FlagCode.PLOIDY_CONFLICT,
        FlagCode.OUTSIDE_REFUSED,
    }
)
"""Flags of a gene without a call of which the data, or a laboratory, show something that cannot be told."""


def gene_state(status: str | None, flags: Iterable[str]) -> GeneState:
    """Return what may be said of a person's gene.

    Parameters
    ----------
    status, flags
        Of the gene's row in `pgx.schema.CALLS`, or of a call that is not a row yet.
    """
    codes = {Flag.parse(flag).code for flag in flags}
    if GUESS in codes:
        return GeneState.PRIOR_DRIVEN
    if status in CALLED:
        return GeneState(str(status))
    return GeneState.NOT_TESTED if _NOT_JUDGED.isdisjoint(codes) else GeneState.NOT_JUDGED


def asserted(status: str | None, flags: Iterable[str]) -> bool:
    """Return whether a result of a gene may be shown, looked up or computed with as the person's own.

    Parameters
    ----------
    status, flags
        As for `gene_state`.
    """
    return gene_state(status, flags) in _ASSERTED


def is_asserted() -> pl.Expr:
    """Return `asserted` for the rows of a calls frame."""
    guessed = pl.col("flags").list.contains(GUESS.value).fill_null(value=False)
    return pl.col("status").is_in(CALLED) & ~guessed


def is_computed_with() -> pl.Expr:
    """Return for the rows of a calls frame whether a score may rest on the gene.

    A call beside a laboratory's result that was refused is shown, and no number is made of it: whoever sent the result
    knew something that is missing here. The same holds of a result with an allele that nobody knows.
    """
    return is_asserted() & ~is_disputed()


def is_disputed() -> pl.Expr:
    """Return for the rows of a calls frame whether a laboratory's result of the gene was refused."""
    return pl.col("flags").list.contains(FlagCode.OUTSIDE_REFUSED.value).fill_null(value=False)


def of_asserted(frame: pl.DataFrame, calls: pl.DataFrame) -> pl.DataFrame:
    """Return the rows of a frame with ``sample`` and ``gene`` whose gene is asserted for the person.

    A gene without a row in `calls` is not asserted.
    """
    stated = calls.filter(is_asserted()).select("sample", "gene")
    return frame.join(stated, on=["sample", "gene"], how="semi", maintain_order="left")
