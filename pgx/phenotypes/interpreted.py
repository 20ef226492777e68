"""What the distinct patterns mean, and its spreading over the samples that have them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from pgx import schema
from pgx.cells import is_list, list_column


@dataclass(frozen=True, slots=True)
class Share:
    """One phenotype that a pattern allows in one scheme, and its probability."""

    scheme: str
    phenotype: str
    score: float | None
    probability: float


@dataclass(frozen=True, slots=True)
class Interpretation:
    """What one pattern means: its phenotypes per scheme and the cells of its row in the calls frame."""

    shares: tuple[Share, ...]
    row: dict[str, object]


def spread_rows(flat: Sequence[Interpretation], index: np.ndarray, samples: Sequence[str]) -> pl.DataFrame:
    """Return the rows of calls, sample by sample; `index` (samples, genes) says which interpretation is whose."""
    cells = {column.name: [one.row.get(column.name) for one in flat] for column in schema.CALLS}
    lists = {c.name: list_column(c.name, cells[c.name], c.dtype) for c in schema.CALLS if is_list(c.dtype)}
    table = pl.DataFrame({**cells, **lists}, schema=schema.polars_schema(schema.CALLS))
    picked = table[index.ravel()]
    spread: pl.DataFrame = picked.with_columns(sample=_repeat(samples, index.shape[1]))
    return spread


def _repeat(samples: Sequence[str], times: int) -> pl.Series:
    return pl.Series("sample", samples, dtype=pl.String)[np.repeat(np.arange(len(samples)), times)]


def spread_shares(flat: Sequence[Interpretation], index: np.ndarray, names: Sequence[str]) -> pl.DataFrame:
    """Return the phenotypes of each sample, as `spread_rows` does its calls."""
    rows = list(_share_rows(flat))
    table = pl.DataFrame(
        {
            "gene": [row["gene"] for row, _ in rows],
            "scheme": [share.scheme for _, share in rows],
            "phenotype": [share.phenotype for _, share in rows],
            "activity_score": [share.score for _, share in rows],
            "probability": [share.probability for _, share in rows],
        },
        schema={
            "gene": pl.String, "scheme": pl.String, "phenotype": pl.String,
            "activity_score": pl.Float64, "probability": pl.Float64,
        },
    )  # fmt: skip
    counts = np.array([len(one.shares) for one in flat], dtype=np.int64)
    starts = np.concatenate([[0], np.cumsum(counts)])
    patterns = index.ravel()
    lengths = counts[patterns] if len(counts) else np.zeros(0, dtype=np.int64)
    # Row r of the result is row (start of its pattern + its place within the pattern) of `table`.
    within = np.arange(lengths.sum()) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    picked = np.repeat(starts[patterns], lengths) + within
    sample_of = np.repeat(np.repeat(np.arange(index.shape[0]), index.shape[1]), lengths)
    samples = pl.Series("sample", names, dtype=pl.String)[sample_of]
    spread: pl.DataFrame = table[picked].select(samples, pl.all())
    return spread


def _share_rows(flat: Sequence[Interpretation]) -> Iterator[tuple[dict[str, object], Share]]:
    for one in flat:
        for share in one.shares:
            yield one.row, share
