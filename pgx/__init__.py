"""pgx: a person's variants and clinical history to drug response and adverse-effect risk.

Everything that the command line does is one call of this package::

    import pgx
    result = pgx.report("patient.vcf.gz", clinical=["patient.json"], out="report")
    result.calls, result.guidance, result.scores      # polars frames, see pgx.schema
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from pgx.version import __version__

if TYPE_CHECKING:
    from pgx.pipeline import Options, analyse, call, feature_table, report, score, versions

_PUBLIC = dict.fromkeys(("Options", "analyse", "call", "feature_table", "report", "score", "versions"), "pgx.pipeline")

__all__ = ["Options", "__version__", "analyse", "call", "feature_table", "report", "score", "versions"]


def __getattr__(name: str) -> Any:
    # The stages import polars and more; `import pgx` alone must stay cheap for `pgx --help`.
    if name in _PUBLIC:
        return getattr(import_module(_PUBLIC[name]), name)
    raise AttributeError(f"module 'pgx' has no attribute {name!r}")
