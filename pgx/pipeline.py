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
    found = {
        "pgx": __version__,
        "knowledge": (data_dir() / "knowledge" / "VERSION").read_text(encoding="utf-8").strip(),
    }
    models = data_dir() / "models" / "VERSION"
    found["models"] = models.read_text(encoding="utf-8").strip() if models.is_file() else "none"
    return found


def call(
    vcf: PathLike | Sequence[PathLike], *, clinical: Sequence[PathLike] = (), options: Options | None = None
) -> pl.DataFrame:
    """Call diplotypes and phenotypes of every gene.

    Parameters
    ----------
    vcf
        One file or several that belong together (one per chromosome).
    clinical
        Clinical files; used for sex, ancestry and interacting drugs.
    options
        How to read and call.

    Returns
    -------
    polars.DataFrame
        `pgx.schema.CALLS`, one row per sample and gene.
    """
    return analyse(vcf, clinical=clinical, drugs=[], endpoints=[], options=options).calls


def report(
    vcf: PathLike | Sequence[PathLike],
    *,
    clinical: Sequence[PathLike] = (),
    medications: Sequence[str] | None = None,
    drugs: Sequence[str] | None = None,
    outside_calls: Sequence[PathLike] = (),
    out: PathLike | None = None,
    formats: Sequence[str] = ("text", "json", "tsv", "html"),
    options: Options | None = None,
) -> Result:
    """Do the main job: genotypes, phenotypes, guidance and scores, written as reports.

    Parameters
    ----------
    vcf, clinical, medications, drugs, outside_calls, options
        As for `analyse`.
    out
        Folder for the reports; None writes nothing.
    formats
        Which files to write.

    Returns
    -------
    Result
        Everything that the reports show.
    """
    result = analyse(
        vcf, clinical=clinical, medications=medications, drugs=drugs, outside_calls=outside_calls, options=options
    )
    if out is not None:
        from pgx.reports import write

        write(result, Path(out), formats)
    return result


def score(
    vcf: PathLike | Sequence[PathLike],
    *,
    clinical: Sequence[PathLike] = (),
    endpoints: Sequence[str] | None = None,
    options: Options | None = None,
) -> pl.DataFrame:
    """Return model scores only (`pgx.schema.SCORES`); parameters as for `analyse`."""
    return analyse(vcf, clinical=clinical, drugs=[], endpoints=endpoints, options=options).scores


def features(
    vcf: PathLike | Sequence[PathLike], *, clinical: Sequence[PathLike] = (), options: Options | None = None
) -> pl.DataFrame:
    """Return one typed row of features per sample; parameters as for `analyse`."""
    from pgx import features as stage

    found = _Run.of(options).through_phenotypes(vcf, clinical, None, ())
    return stage.build(found.calls, found.phenotypes, found.clinical, found.kb)


def analyse(
    vcf: PathLike | Sequence[PathLike],
    *,
    clinical: Sequence[PathLike] = (),
    medications: Sequence[str] | None = None,
    drugs: Sequence[str] | None = None,
    outside_calls: Sequence[PathLike] = (),
    endpoints: Sequence[str] | None = None,
    options: Options | None = None,
) -> Result:
    """Go the whole way from files to a `Result`.

    Parameters
    ----------
    vcf
        One file or several that belong together.
    clinical
        Clinical files in any supported format.
    medications
        Drugs that every sample takes or will take, beside those in the clinical files.
    drugs
        Drugs to give guidance for; None = the medication list, or every drug if there is none; an empty list = none.
    outside_calls
        Files with diplotypes from other tools.
    endpoints
        Endpoints to score; None = those of the drugs in question; an empty list = none.
    options
        How to read and call.

    Returns
    -------
    Result
        Calls, phenotypes, guidance, scores, clinical data, notes and provenance.

    Raises
    ------
    InputError
        If a file cannot be used.
    UsageError
        If a drug, gene, endpoint or option value is unknown.
    """
    run = _Run.of(options)
    found = run.through_phenotypes(vcf, clinical, medications, outside_calls)
    return run.through_scores(found, drugs, endpoints)
