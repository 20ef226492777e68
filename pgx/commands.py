"""One public call a command: `report`, `call`, `explain`, `features`, `score`; each refuses to write over its inputs.

Heavy imports happen inside the functions, so that ``import pgx`` stays fast.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pgx.errors import UsageError
from pgx.inputs import inputs_of, knowledge, model_files, phenotyped
from pgx.io import check_outputs, reading, table_files, write_bytes
from pgx.notes import frame_of
from pgx.options import Names, Options, PathLike, Paths, names_of
from pgx.pipeline import conclude, notes_of, provenance, score_phenotyped
from pgx.tables import write_table

if TYPE_CHECKING:
    import polars as pl

    from pgx.types import Result

PROVENANCE = "provenance.json"

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

    with reading(inputs_of_sheet(sheet, vcf, clinical, outside_calls, options)):
        check_outputs(table_files(out, log))
        parts = list(found_in(sheet, vcf, clinical, outside_calls, options))
        frame = pl.concat([found.calls for found, _ in parts])
        if gene is not None:
            parts[0][0].kb.gene(gene)
            everybody = [(found, sample) for found, _ in parts for sample in found.genotypes.samples]
            frame = pl.concat([calling.explain(one.genotypes, one.kb, gene, sample) for one, sample in everybody])
        if on_notes is not None:
            on_notes(pl.concat([notes_of(found) for found, _ in parts]))
        if on_suspects is not None:
            on_suspects([line for found, _ in parts for line in variants.suspects(found.genotypes, found.kb)])
        origin = provenance_of([provenance(found, how) for found, how in parts])
        if log is not None:
            genes = names_of(options.genes)
            write_table(
                pl.concat(calling.position_log(one.genotypes, one.kb, genes=genes) for one, _ in parts), log, origin
            )
        if out is not None:
            write_table(frame, out, origin)
    return frame


def report(
    vcf: Paths = (),
    *,
    sheet: PathLike | None = None,
    clinical: Paths = (),
    medications: Names | None = None,
    drugs: Names | None = None,
    outside_calls: Paths = (),
    endpoints: Names | None = None,
    out: PathLike | None = None,
    formats: Names = ("text", "json", "tsv", "html"),
    options: Options | None = None,
) -> Result:
    """Do the main job: genotypes, phenotypes, guidance and scores, and write them as reports.

    Parameters
    ----------
    vcf
        VCF, BCF, gVCF or array text; several files that belong together (one per chromosome) are read as one.
    sheet
        Samplesheet: a row a person, with files and facts of their own (`pgx.cohort.samplesheet`).
    clinical
        Clinical files in any supported format.
    medications
        Drugs that every sample takes or will take, beside those in the clinical files.
    drugs
        Drugs to give guidance for; None = each person's medication list, or every drug for a person without one;
        ``all`` = every drug; an empty list = none.
    outside_calls
        Files with diplotypes from other tools.
    endpoints
        Endpoints to score; None = those of the drugs in question; an empty list = none.
    out
        Folder for the reports; None writes nothing.
    formats
        Which files to write, of `pgx.reports.FORMATS`.
    options
        How to read and call.

    Returns
    -------
    Result
        Calls, phenotypes, guidance, scores, clinical data, notes and provenance: everything that the reports show.

    Raises
    ------
    InputError
        If a file cannot be used.
    UsageError
        If a drug, gene, endpoint, format or option value is unknown, or an output is an input.

    Examples
    --------
    >>> import pgx
    >>> result = pgx.report("data/examples/HG00652.GRCh38.vcf.gz",
    ...                     clinical="data/examples/HG00652.clinical.json", drugs="clopidogrel")
    >>> result.guidance.filter(source="CPIC", applies="yes").select("drug", "action", "urgency").row(0)
    ('clopidogrel', 'avoid', 'avoid')
    """
    from pgx.cohort.together import found_in, inputs_of_sheet, joined
    from pgx.reports import Lexicon, write
    from pgx.reports.write import WHOLE_RUN

    chosen, options = names_of(formats) or [], options or Options()
    if out is not None:
        from pgx.reports import files

        written = [Path(out) / PROVENANCE, *files(out, chosen)]
        check_outputs(written, inputs_of_sheet(sheet, vcf, clinical, outside_calls, options))
    results: list[Result] = []
    lexicon = None
    pages = [name for name in chosen if name not in WHOLE_RUN]
    for found, how in found_in(sheet, vcf, clinical, outside_calls, options, medications):
        results.append(conclude(found, names_of(drugs), names_of(endpoints), how))
        lexicon = lexicon or Lexicon(found.kb)
        if out is not None:
            write(results[-1], Path(out), pages, lexicon=lexicon)
    result = joined(results)
    if out is not None and lexicon is not None:
        write(result, Path(out), [name for name in chosen if name in WHOLE_RUN], lexicon=lexicon, per_sample=False)
        if {"tsv", "parquet"} & set(chosen):  # tables have no room for it; pages and documents carry it themselves
            write_bytes(Path(out) / PROVENANCE, (json.dumps(result.provenance, indent=2) + "\n").encode())
    return result


def features(
    vcf: Paths,
    *,
    clinical: Paths = (),
    outside_calls: Paths = (),
    columns: Names | None = None,
    options: Options | None = None,
    out: PathLike | None = None,
    missing: PathLike | None = None,
    on_notes: OnNotes | None = None,
) -> pl.DataFrame:
    """Join genotype and clinical history to one typed row of features per sample.

    Parameters
    ----------
    vcf, clinical, outside_calls, options
        As for `report`.
    columns
        Features to compute; None = all. `pgx.kb.features` says what each one is.
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
    ('HG00652', 68.0, 'Poor Metabolizer')
    """
    from pgx.features import build
    from pgx.features import missing as reasons

    options = options or Options()
    with reading(inputs_of(vcf, clinical, outside_calls, options)):
        check_outputs(table_files(out, missing))
        found = phenotyped(vcf, clinical=clinical, outside_calls=outside_calls, options=options)
        frame = build(
            found.calls,
            found.phenotypes,
            found.clinical,
            found.kb,
            genotypes=found.genotypes,
            columns=names_of(columns),
        )
        if missing is not None:
            write_table(reasons(frame, found.calls, found.clinical, found.kb), missing)
        if on_notes is not None:
            on_notes(notes_of(found))
        if out is not None:
            write_table(frame, out, provenance(found, options))
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
