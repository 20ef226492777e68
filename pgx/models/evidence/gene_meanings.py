"""What a table says of a gene in one column, read into the empty cells of the others: diplotype, phenotype, score.

An empty cell beside a given one is neither the normal value nor lost: *1/*3 has an activity score whether or not
somebody wrote it down. What two columns leave open stays unknown.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from itertools import combinations_with_replacement
from typing import TYPE_CHECKING

import polars as pl

from pgx.features.diplotypes import expected_counts, read_diplotype
from pgx.features.names import gene_of, gene_stem
from pgx.knowledge.rules import activity_sums
from pgx.knowledge.rules.phenotypes import INDETERMINATE, rules_for
from pgx.models.evidence import design, plausible
from pgx.phenotypes import interpret
from pgx.phenotypes.outside.names import diplotype_of
from pgx.types import PatternCall

if TYPE_CHECKING:
    from pgx.knowledge import KnowledgeBase
    from pgx.models.evidence.endpoint import Endpoint

_COUNT = "allele_count."
Given = Mapping[str, pl.Series]
"""Column -> whether a cell held anything, understood or not."""


def genes(endpoint: Endpoint, kb: KnowledgeBase) -> dict[str, str]:
    """Gene as in column names -> symbol, of the star-allele genes that an endpoint reads."""
    symbols = {str(gene).lower(): str(gene) for gene in kb.table("genes")["gene"]}
    found = {gene_of(name) for name in design.columns(endpoint)} - {""}
    return {gene: symbols[gene] for gene in sorted(found & set(symbols)) if not gene.startswith("hla")}


def given(table: pl.DataFrame) -> Given:
    """Return which cells of the gene columns hold anything."""
    names = [name for name in table.columns if gene_of(name)]
    return {column.name: column for column in table.select(pl.col(names).is_not_null())}


def complete(
    table: pl.DataFrame, endpoint: Endpoint, kb: KnowledgeBase, cells: Given, *, mark: bool = False
) -> pl.DataFrame:
    """Fill the empty cells of each gene that an endpoint reads from what else the row says of it.

    Parameters
    ----------
    table
        With diplotypes, phenotypes and scores as the knowledge base writes them.
    endpoint, kb
        Whose columns are filled, and what the words mean.
    cells
        See `given`, of the table as it came: a cell that held something that was not understood stays unknown.
    mark
        Add a column `design.DERIVED` + name where something was filled.
    """
    wanted = design.columns(endpoint)
    for gene, symbol in genes(endpoint, kb).items():
        stem = gene_stem(gene)
        for column in [name for name in wanted if name.startswith(stem)]:
            kind = column.removeprefix(stem)
            for source, meaning in _readings(kb, symbol, kind):
                table = _fill(table, column, stem + source, meaning, cells, mark)
    return table


def _readings(kb: KnowledgeBase, gene: str, kind: str) -> list[tuple[str, Callable[[object], object]]]:
    """Which other columns a column can be read from, the surest first, and how."""
    if kind.startswith(_COUNT):
        return [("diplotype", lambda value: _copies(kb, gene, str(value), kind.removeprefix(_COUNT)))]
    if kind == "phenotype":
        return [
            ("diplotype", lambda value: of_diplotype(kb, gene, str(value)).get("phenotype")),
            ("activity_score", lambda value: _phenotype(kb, gene, value)),
        ]
    if kind == "activity_score":
        return [
            ("diplotype", lambda value: of_diplotype(kb, gene, str(value)).get("activity_score")),
            ("phenotype", lambda value: _scores(kb, gene).get(str(value))),
        ]
    return []


def _fill(
    table: pl.DataFrame,
    column: str,
    source: str,
    meaning: Callable[[object], object],
    cells: Given,
    mark: bool,
) -> pl.DataFrame:
    if source not in table.columns or table.schema[source] == pl.Null:
        return table
    empty = ~cells[column] if column in cells else pl.repeat(True, table.height, eager=True)
    if column in table.columns:
        empty &= table[column].is_null()
    empty &= table[source].is_not_null()
    if not empty.any() and column in table.columns:
        return table
    dtype = pl.String() if column.endswith("phenotype") else pl.Float64()
    values = {value: meaning(value) for value in table[source].filter(empty).unique().to_list()}
    new = table[source].replace_strict(values, default=None, return_dtype=dtype)
    empty &= new.is_not_null()
    before = table[column].cast(dtype, strict=False) if column in table.columns else pl.lit(None, dtype=dtype)
    table = table.with_columns(pl.when(empty).then(new).otherwise(before).alias(column))
    if mark and empty.any():
        derived = design.DERIVED + column
        table = table.with_columns((empty | table[derived] if derived in table.columns else empty).alias(derived))
    return table


def of_diplotype(kb: KnowledgeBase, gene: str, diplotype: str) -> Mapping[str, object]:
    """Return the calls row of a diplotype; nothing where one of its alleles is unknown."""
    known: dict[str, Mapping[str, object]] = kb.remember(("meaning of diplotypes", gene), dict)
    if diplotype not in known:
        try:
            one, unknown = diplotype_of(kb, gene, diplotype, 1.0)
            known[diplotype] = {} if unknown else interpret(kb, gene, PatternCall((one,), "called", 0, 0)).row
        except ValueError:
            known[diplotype] = {}
    row = known[diplotype]
    return {} if row.get("phenotype") == INDETERMINATE else row


def _copies(kb: KnowledgeBase, gene: str, diplotype: str, allele: str) -> float | None:
    strands = read_diplotype(kb, gene, diplotype)
    counts = expected_counts(kb, gene, [(diplotype, 1.0)])
    return None if counts is None or strands is None or len(strands) < 2 else float(counts.get(allele, 0.0))


def _phenotype(kb: KnowledgeBase, gene: str, score: object) -> str | None:
    try:
        found = rules_for(kb, gene, "CPIC").by_score(float(str(score)))
    except ValueError:
        return None
    return None if found == INDETERMINATE else found


def possible_scores(kb: KnowledgeBase, gene: str) -> list[float]:
    """Return the sums that two alleles of a gene can have; none where its copy number varies."""
    varies = kb.gene(gene).row["copy_number_varies"] == "y"
    return [] if varies else sorted(activity_sums.possible_scores(kb, gene, plausible.WRITTEN))


def _scores(kb: KnowledgeBase, gene: str) -> dict[str, float]:
    """Phenotype -> its most frequent activity score, all populations taken together."""
    found: dict[str, float] = kb.remember(("score of phenotypes", gene), lambda: _most_frequent(kb, gene))
    return found


def _most_frequent(kb: KnowledgeBase, gene: str) -> dict[str, float]:
    functions = kb.table("functions").filter(pl.col("gene") == gene, pl.col("scheme") == "CPIC")
    counted = kb.table("frequencies").filter(pl.col("gene") == gene).group_by("allele", maintain_order=True)
    rates = counted.agg(pl.col("frequency").mean())
    shares = (
        functions.join(rates, on="allele", maintain_order="left")
        .filter(pl.col("activity_value").is_not_null())
        .group_by("activity_value", maintain_order=True)
        .agg(pl.col("frequency").sum())
        .sort("activity_value")
    )
    share = {float(value): float(rate) for value, rate in shares.iter_rows()}
    weights: dict[str, dict[float, float]] = defaultdict(lambda: defaultdict(float))
    possible = possible_scores(kb, gene)
    for one, other in combinations_with_replacement(share, 2):
        phenotype = _phenotype(kb, gene, one + other) if one + other in possible else None
        if phenotype:
            weights[phenotype][one + other] += share[one] * share[other] * (1 if one == other else 2)
    return {phenotype: max(scores, key=scores.__getitem__) for phenotype, scores in weights.items()}
