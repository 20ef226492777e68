"""What may be asked of a cohort run: refused before any work, so that a wrong name is nobody's failure."""

from __future__ import annotations

from pgx import models
from pgx.clinical import parse_medications
from pgx.cohort.plan import TABLES, Plan
from pgx.cohort.pseudonymous import hidden
from pgx.errors import UsageError
from pgx.guidance.asked import ALL
from pgx.inputs import knowledge
from pgx.knowledge.resolver import drugs_of, genes_of
from pgx.options import Names, names_of
from pgx.protect.results import check_formats
from pgx.reports.formats import pdf
from pgx.reports.write import PER_SAMPLE


def check(plan: Plan, shard: tuple[int, int], threads: int | None, scheduler: str | None) -> None:
    """Refuse a run that makes no sense.

    Raises
    ------
    UsageError
        If a name or a number is none that it could have.
    """
    if scheduler is not None and threads is not None:
        raise UsageError("processes are counted on this machine only: a Dask cluster has its own workers")
    _check_names(plan)
    if plan.key is not None:
        check_formats(plan.reports)
        hidden(plan.key)
    if not 1 <= shard[0] <= shard[1]:
        raise UsageError(f"shard {shard[0]}/{shard[1]}: write I/N with I from 1 to N")
    if plan.block_size < 1 or (threads is not None and threads < 1):
        raise UsageError("persons a block and processes must be at least 1")
    if "-" in (*plan.vcf, *plan.clinical, *plan.outside_calls):
        raise UsageError("a cohort is read more than once: give files, not standard input")


def _check_names(plan: Plan) -> None:
    kb = knowledge(plan.options.knowledge)
    if plan.medications:
        parse_medications(plan.medications, kb, samples=["?"])
    drugs_of(kb, [name for name in plan.drugs or () if name.lower() != ALL])
    genes_of(kb, names_of(plan.options.genes))
    models.drugs_of(kb, plan.endpoints or ())


def tables_of(tables: Names) -> tuple[str, ...]:
    """Return the tables that are asked for, in their own order; an unknown one is refused."""
    chosen = names_of(tables) or []
    unknown = [name for name in chosen if name not in TABLES]
    if unknown or not chosen:
        raise UsageError(f"tables: {unknown[0] if unknown else 'nothing'!r} is not one of {', '.join(TABLES)}")
    return tuple(name for name in TABLES if name in chosen)


def formats_of(reports: Names) -> tuple[str, ...]:
    """Return the formats of the documents that are asked for; an unknown one is refused."""
    chosen = names_of(reports) or []
    unknown = [name for name in chosen if name not in PER_SAMPLE]
    if unknown:
        raise UsageError(f"reports: {unknown[0]!r} is not one of {', '.join(PER_SAMPLE)}")
    if "pdf" in chosen:
        pdf.check()
    return tuple(dict.fromkeys(chosen))
