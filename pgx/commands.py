"""One public call a command: `call`, `explain`, `features` and `score`; each refuses to write over its inputs.

Heavy imports happen inside the functions, so that ``import pgx`` stays fast.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pgx.errors import UsageError
from pgx.inputs import knowledge, model_files
from pgx.io import check_outputs, reading, table_files
from pgx.notes import frame_of
from pgx.options import Names, Options, PathLike, Paths, names_of, paths_of
from pgx.pipeline import notes_of, provenance, score_phenotyped
from pgx.schema import SCORES, polars_schema
from pgx.tables import check_table, write_table

if TYPE_CHECKING:
    import polars as pl


OnNotes = Callable[["pl.DataFrame"], None]
"""Called with the notes of a run before its tables are written."""
OnSuspects = Callable[[Sequence[str]], None]
"""Called with lines on changes that too many persons of the files show."""


def call(
    vcf: Paths = (),
    *,
    sheet: PathLike | None = None,
    clinical: Paths = (),
    outside_calls: Paths = (),
    options: Options | None = None,
    out: PathLike | None = None,
    log: PathLike | None = None,
    on_notes: OnNotes | None = None,
    on_suspects: OnSuspects | None = None,
) -> pl.DataFrame:
    """Call diplotypes and phenotypes of every gene.

    Parameters
    ----------
    vcf, sheet, outside_calls, options
        As for `report`.
    clinical
        Clinical files; used for sex, ancestry, and the drugs and conditions that change a phenotype.
    out
        Table to write (``.tsv``, ``.parquet`` or ``.json``), with its provenance; ``-`` = standard output.
    log
        Parquet table to write with one row a position, sample and gene.
    on_notes
        Called with the notes of the run (`pgx.schema.NOTES`).
    on_suspects
        Called with lines on likely artefacts: changes that too many persons of the files show.

    Returns
    -------
    polars.DataFrame
        `pgx.schema.CALLS`: one row per sample and gene.

    Raises
    ------
    InputError
        If a file cannot be used.
    UsageError
        If a gene or an option value is unknown, or an output is an input.

    Examples
    --------
    >>> import pgx
    >>> calls = pgx.call("data/examples/HG00652.GRCh38.vcf.gz", options=pgx.Options(genes="CYP2C19"))
    >>> calls.select("sample", "gene", "diplotype", "phenotype").row(0)
    ('HG00652', 'CYP2C19', '*2/*2', 'Poor Metabolizer')
    """
    return _called(vcf, clinical, outside_calls, options or Options(), None, out, log, on_notes, on_suspects, sheet)


def explain(
    vcf: Paths,
    gene: str,
    *,
    clinical: Paths = (),
    outside_calls: Paths = (),
    options: Options | None = None,
    out: PathLike | None = None,
    log: PathLike | None = None,
    on_notes: OnNotes | None = None,
) -> pl.DataFrame:
    """Explain the call of one gene, position by position.

    Parameters
    ----------
    vcf, clinical, outside_calls, options, out, log, on_notes
        As for `call`.
    gene
        HGNC symbol.

    Returns
    -------
    polars.DataFrame
        One row per sample and position of the gene: the genotype, and which alleles it supports or rules out.

    Raises
    ------
    InputError
        If a file cannot be used.
    UsageError
        If the gene or an option value is unknown, or an output is an input.

    Examples
    --------
    >>> import pgx
    >>> positions = pgx.explain("data/examples/HG00652.GRCh38.vcf.gz", "CYP2C19")
    >>> positions.filter(rsid="rs4244285").select("sample", "genotype").row(0)
    ('HG00652', 'A|A')
    """
    return _called(vcf, clinical, outside_calls, options or Options(), gene, out, log, on_notes)


def _called(
    vcf: Paths,
    clinical: Paths,
    outside_calls: Paths,
    options: Options,
    gene: str | None,
    out: PathLike | None,
    log: PathLike | None,
    on_notes: OnNotes | None,
    on_suspects: OnSuspects | None = None,
    sheet: PathLike | None = None,
) -> pl.DataFrame:
    import polars as pl

    from pgx import calling, variants
    from pgx.cohort.together import found_in, inputs_of_sheet, provenance_of
    from pgx.knowledge.resolver import gene_of, genes_of

    with reading(inputs_of_sheet(sheet, vcf, clinical, outside_calls, options)):
        check_outputs(table_files(out, log))
        check_table(out, ("sample", "gene") if gene is None else ())
        parts = list(found_in(sheet, vcf, clinical, outside_calls, options))
        frame = pl.concat([found.calls for found, _ in parts])
        if gene is not None:
            gene = gene_of(parts[0][0].kb, gene)
            everybody = [(found, sample) for found, _ in parts for sample in found.genotypes.samples]
            frame = pl.concat([calling.explain(one.genotypes, one.kb, gene, sample) for one, sample in everybody])
        if on_notes is not None:
            on_notes(pl.concat([notes_of(found) for found, _ in parts]))
        if on_suspects is not None:
            on_suspects([line for found, _ in parts for line in variants.suspects(found.genotypes, found.kb)])
        origin = provenance_of([provenance(found, how) for found, how in parts])
        if log is not None:
            genes = genes_of(parts[0][0].kb, names_of(options.genes))
            shown = [calling.position_log(found.genotypes, found.kb, genes=genes) for found, _ in parts]
            write_table(pl.concat(shown), log, origin)
        if out is not None:
            write_table(frame, out, origin)
    return frame


def features(
    vcf: Paths = (),
    *,
    sheet: PathLike | None = None,
    clinical: Paths = (),
    outside_calls: Paths = (),
    columns: Names | None = None,
    pgs: Paths = (),
    options: Options | None = None,
    out: PathLike | None = None,
    missing: PathLike | None = None,
    on_notes: OnNotes | None = None,
) -> pl.DataFrame:
    """Join genotype and clinical history to one typed row of features per sample.

    Parameters
    ----------
    vcf, sheet, clinical, outside_calls, options
        As for `report`.
    columns
        Features to compute; None = all. `pgx.kb.features` says what each one is. Where a record's value of one of them
        was refused, ``clinical.refused`` says so in a column more: a score must not take it for merely missing.
    pgs
        Scoring files; the score of each is a column more, ``pgs.<id>``, as `score_polygenic` computes it. Not with
        `sheet`.
    out, on_notes
        As for `call`.
    missing
        Table to write that says why each missing value is missing.

    Returns
    -------
    polars.DataFrame
        ``sample``, and one column a feature; null where nothing is known.

    Raises
    ------
    InputError
        If a file cannot be used.
    UsageError
        If a feature, gene or option value is unknown, or an output is an input.

    Examples
    --------
    >>> import pgx
    >>> row = pgx.features("data/examples/HG00652.GRCh38.vcf.gz", clinical="data/examples/HG00652.clinical.json",
    ...                    columns="clinical.age,gene.cyp2c19.phenotype")
    >>> row.row(0)
    ('HG00652', 68.0, 'Poor Metabolizer', 'none')
    """
    import polars as pl

    from pgx.cohort.together import found_in, inputs_of_sheet, provenance_of
    from pgx.features import build, refused
    from pgx.features import missing as reasons
    from pgx.polygenic import asked_features, feature_columns, missing_features
    from pgx.polygenic.command import scored

    options = options or Options()
    wanted, sums_wanted = asked_features(names_of(columns) if paths_of(pgs) else None)
    if paths_of(pgs) and any(str(one) == "-" for one in paths_of(vcf)):
        raise UsageError("standard input can be read once; polygenic scores need a file of genotypes")
    if paths_of(pgs) and sheet is not None:
        raise UsageError("polygenic scores are of genotype files that all share: name them without a samplesheet")
    scoring = [Path(one) for one in paths_of(pgs)]
    with reading([*inputs_of_sheet(sheet, vcf, clinical, outside_calls, options), *scoring]):
        check_outputs(table_files(out, missing))
        check_table(out, ("sample",))
        chosen = wanted if scoring else names_of(columns)
        rows, whys, notes, origins = [], [], [], []
        for found, how in found_in(sheet, vcf, clinical, outside_calls, options):
            made = build(
                found.calls, found.phenotypes, found.clinical, found.kb, genotypes=found.genotypes, columns=chosen
            )
            rows.append(refused.kept(made, found.clinical, found.kb))
            notes.append(notes_of(found))
            origins.append(provenance(found, how))
            if missing is not None:
                whys.append(reasons(rows[-1], found.calls, found.clinical, found.kb))
        frame = pl.concat(rows)
        if scoring:
            sums = scored(vcf, pgs, options)
            scores = feature_columns(sums.scores, sums_wanted)
            frame = frame.join(scores, on="sample", how="left", maintain_order="left")
            notes.append(frame_of(sums.notes))
            whys += [] if missing is None else [missing_features(scores)]
        if missing is not None:
            write_table(pl.concat(whys), missing)
        if on_notes is not None:
            on_notes(pl.concat(notes))
        if out is not None:
            write_table(frame, out, provenance_of(origins))
    return frame


def score(
    vcf: Paths | None = None,
    *,
    sheet: PathLike | None = None,
    clinical: Paths = (),
    outside_calls: Paths = (),
    features: PathLike | pl.DataFrame | None = None,
    endpoints: Names | None = None,
    model: PathLike | None = None,
    options: Options | None = None,
    out: PathLike | None = None,
    on_notes: OnNotes | None = None,
) -> pl.DataFrame:
    """Predict doses and risks, each with an interval, its evidence and its reasons.

    Parameters
    ----------
    vcf, sheet, clinical, outside_calls, options
        As for `report`.
    features
        Score this table of `pgx.features` (a frame, or a file) instead of a VCF.
    endpoints
        Endpoints to score; None = every one.
    model
        Model folder, or folder of models, that goes before the shipped ones.
    out, on_notes
        As for `call`.

    Returns
    -------
    polars.DataFrame
        `pgx.schema.SCORES`: one row per sample and endpoint. A dose is in `unit`, a risk a probability from 0 to 1.

    Raises
    ------
    InputError
        If a file cannot be used.
    UsageError
        If an endpoint or option value is unknown, an output is an input, or both or neither of `vcf` and `features`
        are given.

    Examples
    --------
    >>> import pgx
    >>> scores = pgx.score("data/examples/HG00652.GRCh38.vcf.gz", clinical="data/examples/HG00652.clinical.json",
    ...                    endpoints="warfarin.dose")
    >>> scores.select("endpoint", "unit", "category", "usable").row(0)
    ('warfarin.dose', 'mg/week', 'low', True)
    """
    import polars as pl

    from pgx import models
    from pgx.cohort.together import found_in, inputs_of_sheet, provenance_of
    from pgx.models.cohort.tables import read

    options = options or Options()
    if (vcf is None and sheet is None) == (features is None):
        raise UsageError("score needs either a VCF (or a samplesheet) or a table of features")
    table = [Path(features)] if isinstance(features, str | Path) else []
    chosen = [] if model is None else model_files(model)
    with reading([*inputs_of_sheet(sheet, vcf, clinical, outside_calls, options), *table, *chosen]):
        check_outputs(table_files(out))
        check_table(out, [*polars_schema(SCORES)])
        origin: dict[str, object] | None = None
        if features is not None:
            rows, kb = features if isinstance(features, pl.DataFrame) else read(features), knowledge(options.knowledge)
            scores, remarks = models.score(rows, kb, endpoints=names_of(endpoints), models_dir=model)
            told = frame_of(remarks)
        else:
            parts, origins, notes = [], [], []
            for found, how in found_in(sheet, vcf, clinical, outside_calls, options):
                wanted = names_of(endpoints) or models.endpoints_of(found.kb, None, model)
                parts.append(score_phenotyped(found, wanted, models_dir=model))
                origins.append(provenance(found, how))
                notes.append(notes_of(found, parts[-1][1]))
            scores, told, origin = pl.concat(one for one, _ in parts), pl.concat(notes), provenance_of(origins)
        if on_notes is not None:
            on_notes(told)
        if out is not None:
            write_table(scores, out, origin)
    return scores
