"""The whole way from files to a `Result`: each public function here is one command of the command line.

Heavy imports happen inside the functions, so that ``pgx --help`` and ``pgx --version`` stay fast.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pgx.errors import UsageError
from pgx.paths import data_dir
from pgx.version import __version__

if TYPE_CHECKING:
    import polars as pl

    from pgx.knowledge import KnowledgeBase
    from pgx.types import CallSet, ClinicalData, Genotypes, Result

PathLike = str | Path


@dataclass(frozen=True, slots=True)
class Options:
    """How genotypes are read and called; the defaults are the safe ones.

    Parameters
    ----------
    samples, genes
        What to look at; None = all.
    build
        ``GRCh38`` or ``GRCh37``; None = found out from the file.
    absent_is_reference
        Read positions that the file does not mention as reference. Stamped on every affected call.
    min_gq, min_dp
        Genotypes below are not used.
    include_filtered
        Use records whose FILTER is not PASS.
    fasta
        Reference FASTA for left-alignment of indels.
    sex, ancestry
        One value for all samples, or a mapping; None = from the clinical data.
    copy_number
        Known copies, (sample or None, gene) -> count.
    outside_mode
        ``override``: outside calls replace ours; ``fill``: they only fill genes that are not called.
    knowledge
        Folders of site tables laid over the knowledge base.
    """

    samples: Sequence[str] | None = None
    genes: Sequence[str] | None = None
    build: str | None = None
    absent_is_reference: bool = False
    min_gq: int | None = None
    min_dp: int | None = None
    include_filtered: bool = False
    fasta: PathLike | None = None
    sex: str | Mapping[str, str] | None = None
    ancestry: str | Mapping[str, str] | None = None
    copy_number: Mapping[tuple[str | None, str], int] | None = None
    outside_mode: str = "override"
    knowledge: Sequence[PathLike] = ()


def versions() -> dict[str, str]:
    """Return the versions of program, knowledge and models, without loading any of them."""
    found = {"pgx": __version__, "knowledge": (data_dir() / "knowledge" / "VERSION").read_text(encoding="utf-8").strip()}
    models = data_dir() / "models" / "VERSION"
    found["models"] = models.read_text(encoding="utf-8").strip() if models.is_file() else "none"
    return found
