"""Many persons: the same stages block by block, resumed where they stopped, shared out between machines.

`run` works through a cohort, `merge` joins shards, `status` says how far a run is, `summarise` says what it shows, and
`example` writes a working start for make, Slurm or Snakemake; `simulate` makes persons up. A block is `pgx.pipeline` on
some of the samples and nothing else, so that a person's rows are the same bytes alone, in a batch and in a cohort.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pgx.cohort.runs import run
    from pgx.cohort.shards import merge, status
    from pgx.cohort.simulated.genomes import simulate
    from pgx.cohort.starters import example
    from pgx.cohort.summary.summarise import summarise

__all__ = ["example", "merge", "run", "simulate", "status", "summarise"]

_HOME = {
    "example": "pgx.cohort.starters",
    "merge": "pgx.cohort.shards",
    "run": "pgx.cohort.runs",
    "simulate": "pgx.cohort.simulated.genomes",
    "status": "pgx.cohort.shards",
    "summarise": "pgx.cohort.summary.summarise",
}


def __getattr__(name: str) -> Any:
    # `pgx cohort status` and a finished run must not wait for polars.
    if name in _HOME:
        return getattr(import_module(_HOME[name]), name)
    raise AttributeError(f"module 'pgx.cohort' has no attribute {name!r}")
