"""pgx: a person's variants and clinical history to drug response and adverse-effect risk.

Everything that the command line does is one call of this package, under the command's name::

    import pgx
    result = pgx.report("patient.vcf.gz", clinical="patient.json", out="report")
    result.calls, result.guidance, result.scores      # polars frames, see pgx.schema
"""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

from pgx.version import __version__

if TYPE_CHECKING:
    from pgx import cohort, kb, schema
    from pgx.commands import call, explain, features, score
    from pgx.files import check, compare
    from pgx.monitoring import monitor
    from pgx.options import Options
    from pgx.polygenic.command import score_polygenic
    from pgx.reporting import report
    from pgx.studies import evaluate, exposure, simulate, train
    from pgx.types import Result

__all__ = [
    "Options",
    "Result",
    "__version__",
    "call",
    "check",
    "cohort",
    "compare",
    "evaluate",
    "explain",
    "exposure",
    "features",
    "kb",
    "monitor",
    "report",
    "schema",
    "score",
    "score_polygenic",
    "simulate",
    "train",
]

_HOME = {
    "Options": "pgx.options",
    "Result": "pgx.types",
    **dict.fromkeys(("call", "explain", "features", "score"), "pgx.commands"),
    "report": "pgx.reporting",
    "score_polygenic": "pgx.polygenic.command",
    **dict.fromkeys(("check", "compare"), "pgx.files"),
    **dict.fromkeys(("evaluate", "exposure", "simulate", "train"), "pgx.studies"),
    "monitor": "pgx.monitoring",
}
"""Where each public name is defined; `cohort`, `kb` and `schema` are modules."""


class _Package(ModuleType):
    """The package, in which `features` stays the call when the room of that name is imported."""

    def __setattr__(self, name: str, value: object) -> None:
        if not (name in _HOME and isinstance(value, ModuleType)):
            super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package


def __getattr__(name: str) -> Any:
    # The stages import polars and more; `import pgx` alone must stay cheap for `pgx --help`.
    if name in _HOME:
        return getattr(import_module(_HOME[name]), name)
    if name in ("cohort", "kb", "schema"):
        return import_module(f"pgx.{name}")
    raise AttributeError(f"module 'pgx' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
