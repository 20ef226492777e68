"""The public call of the main job, `report`; it refuses to write over what it reads.

Heavy imports happen inside the function, so that ``import pgx`` stays fast.
"""

from __future__ import annotations

import json
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

from pgx.guard.staging import remove, together
from pgx.io import check_outputs
from pgx.options import Names, Options, PathLike, Paths, names_of
from pgx.pipeline import conclude, versions

if TYPE_CHECKING:
    from pgx.types import Result


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
    pseudonymize: PathLike | None = None,
    options: Options | None = None,
) -> Result:
    """Do the main job: genotypes, phenotypes, guidance and scores, and write them as reports.

    Every parameter that takes several paths or names takes one as well; names may be joined by commas.

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
    pseudonymize
        Key file (`pgx.protect.pseudonyms.write_key`): samples become pseudonyms under it and dates move; only formats
        for programs (``json``, ``tsv``, ``parquet``, ``fhir``) can be written.
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
    from pgx.reports.write import COMPLETE, PROVENANCE, WHOLE_RUN, mark_complete, write_index
    from pgx.tables import put

    chosen, options = names_of(formats) or [], options or Options()
    if pseudonymize is not None:
        from pgx.protect import results as pseudonymous
        from pgx.protect.pseudonyms import read_key

        if out is not None:
            pseudonymous.check_formats(chosen)
        names_under_key = read_key(pseudonymize)
    if out is not None:
        from pgx.reports.write import check_files, files

        written = [Path(out) / PROVENANCE, Path(out) / COMPLETE, *files(out, chosen)]
        check_outputs(written, inputs_of_sheet(sheet, vcf, clinical, outside_calls, options))
        check_files(out, chosen)
    with nullcontext() if out is None else together(out):
        results: list[Result] = []
        lexicon: Lexicon | None = None
        pages = [name for name in chosen if name not in WHOLE_RUN]
        names: list[Path] = []
        for found, how in found_in(sheet, vcf, clinical, outside_calls, options, medications):
            result = conclude(found, names_of(drugs), names_of(endpoints), how)
            if pseudonymize is not None:
                result = pseudonymous.without_names(result, names_under_key, found.kb)
            results.append(result)
            lexicon = lexicon or Lexicon(found.kb)
            if out is not None:
                remove(Path(out) / COMPLETE)
                names += write(result, Path(out), pages, lexicon=lexicon)
        result = joined(results)
        if out is not None and lexicon is not None:
            whole = [name for name in chosen if name in WHOLE_RUN]
            names += write(result, Path(out), whole, lexicon=lexicon, per_sample=False)
            if len(results) > 1 and pages:
                names += write_index(results, Path(out), lexicon=lexicon, linked="html" in pages)
            if {"tsv", "parquet"} & set(chosen):
                # Tables have no room for it: the pages and documents carry it themselves.
                put(Path(out) / PROVENANCE, (json.dumps(result.provenance, indent=2) + "\n").encode())
            if len(result.samples) > 1:
                mark_complete(Path(out), versions(), chosen, persons=len(result.samples), files=len(set(names)))
    return result
