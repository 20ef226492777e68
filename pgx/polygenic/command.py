"""The public call on polygenic scores: `score_polygenic`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import polars as pl

from pgx.errors import UsageError
from pgx.guard.digests import digest
from pgx.inputs import inputs_of, knowledge
from pgx.io import check_outputs, reading, table_files
from pgx.notes import frame_of
from pgx.options import Options, PathLike, Paths, names_of, paths_of
from pgx.polygenic.calculate import MIN_MATCH, Policy, Scored, calculate
from pgx.polygenic.genotypes import Thresholds
from pgx.tables import write_table
from pgx.variants.read import harmless_filters
from pgx.version import __version__

AMBIGUOUS = ("drop", "forward")
"""What is done with A/T and C/G variants."""
OnNotes = Callable[[pl.DataFrame], None]


def score_polygenic(
    vcf: Paths,
    pgs: Paths,
    *,
    ambiguous: str = "drop",
    min_match: float = MIN_MATCH,
    options: Options | None = None,
    out: PathLike | None = None,
    variants: PathLike | None = None,
    on_notes: OnNotes | None = None,
) -> pl.DataFrame:
    """Compute polygenic scores from scoring files of the PGS Catalog (format 2.0, harmonised or not).

    A score is a sum on the scale of its weights. It is no risk, and persons can be compared only within one ancestry
    and one way of genotyping.

    Parameters
    ----------
    vcf
        VCF, BCF or gVCF files.
    pgs
        Scoring files, gzipped or not. None are shipped.
    ambiguous
        ``drop``: leave A/T and C/G variants out; ``forward``: take them for written on the forward strand.
    min_match
        Share of a score's variants whose genotype must be known; a person below has no score.
    options
        As for `report`; used are build, samples, GQ, DP, FILTER, FASTA and what is absent.
    out
        Table to write (``.tsv``, ``.parquet`` or ``.json``), with its provenance; ``-`` = standard output.
    variants
        Table to write that says what became of every row of the scoring file in every person.
    on_notes
        Called with the notes of the run (`pgx.schema.NOTES`).

    Returns
    -------
    polars.DataFrame
        `own_columns.POLYGENIC`: one row per sample and score.

    Raises
    ------
    InputError
        If a file cannot be used, the builds differ, or nobody has enough of a score's variants.
    UsageError
        If an option makes no sense, or an output is an input.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> import pgx
    >>> text = "#genome_build=GRCh38\\nchr_name\\tchr_position\\teffect_allele\\tother_allele\\teffect_weight\\n"
    >>> file = pathlib.Path(tempfile.mkdtemp()) / "clopidogrel.txt"
    >>> _ = file.write_text(text + "10\\t94781859\\tA\\tG\\t0.5\\n")
    >>> pgx.score_polygenic("data/examples/HG00652.GRCh38.vcf.gz", file)["score"].item()
    1.0
    """
    options = options or Options()
    with reading([*inputs_of(vcf, (), (), options), *(Path(one) for one in paths_of(pgs))]):
        check_outputs(table_files(out, variants))
        found = scored(vcf, pgs, options, ambiguous=ambiguous, min_match=min_match, variants=variants is not None)
        if on_notes is not None:
            on_notes(frame_of(found.notes))
        origin = _provenance(found, vcf, pgs, ambiguous, min_match)
        if variants is not None and found.variants is not None:
            write_table(found.variants, variants, origin)
        if out is not None:
            write_table(found.scores, out, origin)
    return found.scores


def scored(
    vcf: Paths,
    pgs: Paths,
    options: Options,
    *,
    ambiguous: str = "drop",
    min_match: float = MIN_MATCH,
    variants: bool = False,
) -> Scored:
    """Compute polygenic scores; parameters and errors as of `score_polygenic`."""
    if ambiguous not in AMBIGUOUS:
        raise UsageError(f"ambiguous variants: {ambiguous!r} is not one of {', '.join(AMBIGUOUS)}")
    kb = knowledge(options.knowledge)
    samples = names_of(options.samples)
    policy = Policy(
        build=options.build,
        samples=None if samples is None else tuple(samples),
        min_match=min_match,
        keep_ambiguous=ambiguous == "forward",
        absent_is_reference=options.absent_is_reference,
        fasta=None if options.fasta is None else Path(options.fasta),
        thresholds=Thresholds(options.min_gq, options.min_dp, options.include_filtered, harmless_filters(kb)),
    )
    files, scores = ([Path(one) for one in paths_of(given)] for given in (vcf, pgs))
    return calculate(files, scores, kb, policy, variants=variants)


def _provenance(found: Scored, vcf: Paths, pgs: Paths, ambiguous: str, min_match: float) -> dict[str, object]:
    files = [Path(one) for one in (*paths_of(vcf), *paths_of(pgs)) if Path(one).is_file()]
    return {
        "pgx": __version__,
        "build": found.build,
        "inputs": [{"file": path.name, "sha256": digest(path)} for path in files],
        "options": {"ambiguous": ambiguous, "min_match": min_match},
    }
