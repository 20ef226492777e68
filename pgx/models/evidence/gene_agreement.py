"""What a row of features says of a gene in several cells: diplotype, phenotype, score, counts, and what else it may be.

Somebody may have corrected one of them, or a spreadsheet changed it. Cells that contradict each other, and what is no
diplotype, leave the gene unknown: nobody can tell which of them is right, and a score must not choose.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import polars as pl

from pgx.clinical.numerals import number
from pgx.features import posterior
from pgx.features.diplotypes import expected_counts
from pgx.features.names import gene_column, gene_stem
from pgx.models.evidence import design, gene_columns, gene_meanings, plausible
from pgx.models.evidence.gene_columns import is_undecided
from pgx.phenotypes.outside.merge import call_of
from pgx.phenotypes.outside.source import Said

if TYPE_CHECKING:
    from pgx.knowledge import KnowledgeBase
    from pgx.models.evidence.endpoint import Endpoint
    from pgx.models.evidence.table_values import Chosen

_COUNT = "allele_count."
_TEXTS = ("diplotype", "phenotype", "clinical_phenotype", posterior.NAME)
_NEAR = 1e-3
"""How far a count may lie from that of the diplotypes beside it: cells are rounded."""
_SHOWN = 3
Row = Mapping[str, Any]
"""Cells of one gene, by the last part of their columns' names."""


def agreeing(
    table: pl.DataFrame, chosen: Chosen, kb: KnowledgeBase, *, mark: bool = True
) -> tuple[pl.DataFrame, list[str]]:
    """Make a gene unknown in the rows that contradict themselves.

    Parameters
    ----------
    table
        A table of features, one row a person.
    chosen
        The endpoints whose genes are looked at, with the features of their models.
    kb
        Knowledge base.
    mark
        Mark it as kept out, for a score that must not be given; what is learned from takes it as not told.

    Returns
    -------
    tuple of polars.DataFrame and list of str
        The table, and one sentence a gene.
    """
    genes = {gene: symbol for one, _ in chosen for gene, symbol in gene_meanings.genes(one, kb).items()}
    remarks: list[str] = []
    for gene, symbol in genes.items():
        stem = gene_stem(gene)
        columns = [name for name in table.columns if name.startswith(stem)]
        if not {stem + "diplotype", stem + posterior.NAME} & set(columns):
            continue
        table = _with_points(table, [name for name in columns if name.removeprefix(stem) not in _TEXTS])
        own = gene_columns.levels_of(gene_column(gene, "diplotype"), [one for one, _ in chosen])
        rows = table.select(pl.col(name).alias(name.removeprefix(stem)) for name in columns)
        kinds = rows.unique(maintain_order=True)
        problems = [_problem(kb, symbol, row, own) for row in kinds.iter_rows(named=True)]
        if not any(problems):
            continue
        told = kinds.with_columns(_problem=pl.Series(problems, dtype=pl.String))
        problem = rows.join(told, on=rows.columns, how="left", nulls_equal=True, maintain_order="left")["_problem"]
        read = [name for one, features in chosen for name in design.columns(one, features) if name.startswith(stem)]
        where = pl.lit(problem.is_not_null())
        table = plausible.without(table, dict.fromkeys([*columns, *read], where), kb, mark=mark)
        remarks.append(_sentence(stem, problem.drop_nulls(), scored=mark))
    return table, remarks


def columns(names: Iterable[str], endpoint: Endpoint, kb: KnowledgeBase) -> set[str]:
    """Return the columns of a table that `agreeing` compares for an endpoint."""
    stems = tuple(gene_stem(gene) for gene in gene_meanings.genes(endpoint, kb))
    return {name for name in names if name.startswith(stems)}


def _sentence(stem: str, problems: pl.Series, *, scored: bool) -> str:
    kinds = problems.unique(maintain_order=True).to_list()
    shown = "; ".join(kinds[:_SHOWN]) + ("; ..." if len(kinds) > _SHOWN else "")
    count = f"{len(problems)} row{'s' * (len(problems) != 1)}"
    given = ", and no score that reads it is given" if scored else ""
    return f"{stem}*: the gene is unknown in {count}{given}: {shown}"


def _with_points(table: pl.DataFrame, names: list[str]) -> pl.DataFrame:
    """Write numbers with a decimal comma as numbers; other text stays."""
    found = []
    for column in table.select(pl.col(names)):
        texts = column.drop_nulls().unique().to_list() if column.dtype == pl.String else []
        meant = {text: f"{value:.17g}" for text in texts if "," in text and (value := number(text)) is not None}
        found += [column.replace(meant)] if meant else []
    return table.with_columns(found) if found else table


def _problem(kb: KnowledgeBase, gene: str, row: Row, own: set[str]) -> str | None:
    """Return why the cells of a gene cannot be used; None if they can."""
    text = row.get(posterior.NAME)
    listed, becomes = posterior.parsed(str(text)) if text is not None else ([], [])
    if text is not None and not listed:
        return f"{posterior.NAME} is not as `pgx features` writes it"
    diplotype = row.get("diplotype")
    if diplotype is None or is_undecided(str(diplotype)):
        # A table of ours has these only beside a diplotype.
        beside = [posterior.NAME, *(name for name in row if name.startswith(_COUNT) and "probability" in row)]
        filled = next((name for name in beside if row.get(name) is not None), None)
        return None if filled is None else f"diplotype is empty beside {filled}"
    if (name := gene_columns.diplotype_named(kb, gene.lower(), str(diplotype), own)) is None:
        return f"diplotype is none of {gene}, or does not say which one"
    if not listed:
        return _against(kb, gene, str(diplotype), row) or _miscounted(kb, gene, name, row, [(name, 1.0)])
    return _strange(name, row, listed, becomes) or _miscounted(kb, gene, name, row, listed)


def _strange(name: str, row: Row, listed: list[tuple[str, float]], becomes: list[list[Any]]) -> str | None:
    """Return which cell the posterior does not have."""
    if name not in [one for one, _ in listed]:
        return f"diplotype is none of those in {posterior.NAME}"
    for at, kind in enumerate(("phenotype", "activity_score")):
        if becomes and row.get(kind) is not None and not _among(row[kind], {one[at] for one in becomes}):
            return f"{kind} is none of those in {posterior.NAME}"
    return None


def _among(cell: object, known: set[object]) -> bool:
    value = number(str(cell))
    return cell in known if value is None else value in known


@lru_cache(maxsize=100_000)
def _refusal(
    kb: KnowledgeBase, gene: str, diplotype: str, phenotype: str | None = None, score: str | None = None
) -> str | None:
    """Return why a diplotype, and what stands beside it, would be refused of a laboratory; None if it would not."""
    try:
        call_of(kb, gene, Said(gene, "", None, (diplotype,), phenotype, score), "features")
    except ValueError as error:
        return str(error)
    return None


def _against(kb: KnowledgeBase, gene: str, diplotype: str, row: Row) -> str | None:
    """Return how a phenotype or score contradicts the diplotype beside it, by every scheme."""
    if _refusal(kb, gene, diplotype):
        return None  # a word of the endpoint's own, whose meaning nobody wrote down
    score = None if row.get("activity_score") is None else number(str(row["activity_score"]))
    phenotype = gene_columns.phenotype_named(kb, row.get("phenotype"))
    against = _refusal(kb, gene, diplotype, phenotype, None if score is None else str(score))
    return "phenotype or activity_score contradicts diplotype" if against else None


def _miscounted(kb: KnowledgeBase, gene: str, name: str, row: Row, listed: list[tuple[str, float]]) -> str | None:
    """Return which count is not that of the diplotypes; a diplotype alone says nothing of a count that is no whole."""
    counts = expected_counts(kb, gene, listed)
    for column, cell in row.items() if counts is not None else ():
        told = number(str(cell)) if column.startswith(_COUNT) and cell is not None else None
        if told is None or counts is None or (len(listed) == 1 and not told.is_integer()):
            continue
        allele = column.removeprefix(_COUNT)
        if abs(told - counts.get(allele, 0.0)) > _NEAR:
            return f"{column} does not fit diplotype"
    return None
