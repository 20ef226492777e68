"""One public call a command: `check` a file before it is used, and `compare` two reports of a person."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from pgx.codes import NoteCode, Severity
from pgx.guard.limits import refuse_pipe
from pgx.inputs import knowledge as base
from pgx.io import check_outputs, table_files
from pgx.options import PathLike, Paths, paths_of
from pgx.tables import write_table

# Each call imports what it needs: comparing two reports must not wait for the readers of genotypes.
if TYPE_CHECKING:
    import polars as pl

    from pgx.knowledge import KnowledgeBase
    from pgx.reports.compare import Comparison
    from pgx.types import Genotypes, Result

_GENOTYPES = (b"##fileformat", b"BCF\x02", b"#CHROM")
_SUFFIXES = (".vcf", ".vcf.gz", ".vcf.bgz", ".bcf", ".gvcf", ".gvcf.gz")


def check(
    file: PathLike,
    *,
    as_of: date | None = None,
    date_format: str | None = None,
    knowledge: Paths = (),
    out: PathLike | None = None,
) -> pl.DataFrame:
    """Say what a genotype or clinical file holds, and what of it cannot be used.

    Parameters
    ----------
    file
        VCF, BCF, array raw data, a clinical file, or a folder of them.
    as_of
        Day that counts as now for the drugs of a clinical file.
    date_format
        How a clinical file writes dates, such as ``DD.MM.YYYY``; None = as ISO 8601 does.
    knowledge
        Folders of site tables laid over the knowledge base.
    out
        Table to write; ``-`` = standard output.

    Returns
    -------
    polars.DataFrame
        ``kind`` (understood | not_understood | error | warning | info), ``name``, ``meaning``, ``count`` and ``where``:
        one row a column, code, drug or problem. A file with a row of kind ``error`` cannot be used as it is.

    Raises
    ------
    InputError
        If the file cannot be read at all.
    UsageError
        If `out` is an input.

    Examples
    --------
    >>> import pgx
    >>> found = pgx.check("data/examples/HG00118.GRCh37.vcf.gz")
    >>> found.filter(name="build")["meaning"].to_list()
    ['GRCh37']
    """
    from pgx import clinical

    if out is not None:
        check_outputs(table_files(out), [Path(one) for one in (file, *paths_of(knowledge))])
    path = Path(file)
    kb = base(knowledge)
    if _is_genotypes(path):
        frame = _genotypes(path, kb)
    else:
        frame = clinical.check(path, kb, as_of=as_of, date_format=date_format)
    if out is not None:
        write_table(frame, out)
    return frame


def compare(old: Result | PathLike, new: Result | PathLike) -> Comparison:
    """Say what changed between two results, and why.

    Parameters
    ----------
    old, new
        Results of `pgx.report`, or the ``.report.json`` files that it wrote. Persons are matched by sample name; if
        each holds one person, these two are compared whatever their names.

    Returns
    -------
    Comparison
        `changes` by person and area, drugs first, each with its reasons; `inputs` that differ.

    Raises
    ------
    InputError
        If a file is not a report.

    Examples
    --------
    >>> import pgx
    >>> vcf, record = "data/examples/HG00652.GRCh38.vcf.gz", "data/examples/HG00652.clinical.json"
    >>> before = pgx.report(vcf, drugs="clopidogrel")
    >>> after = pgx.report(vcf, clinical=record, drugs="clopidogrel")
    >>> {change.area for change in pgx.compare(before, after).changes} >= {"medication", "clinical"}
    True
    """
    from pgx.reports import Lexicon, read
    from pgx.reports import compare as comparison
    from pgx.types import Result

    earlier, later = (one if isinstance(one, Result) else read(Path(one)) for one in (old, new))
    return comparison.compare(earlier, later, Lexicon(base()))


def _is_genotypes(file: Path) -> bool:
    """Whether a file is checked as genotypes: by its name, or by what it begins with."""
    from pgx.clinical.readers.sniff import read_head
    from pgx.variants.arrays.consumer import recognise
    from pgx.variants.arrays.result_layout import recognise as recognise_table

    if str(file) == "-" or file.is_fifo() or file.name.lower().endswith(_SUFFIXES):
        return True
    if not file.is_file():
        return False
    head = read_head(file).removeprefix(b"\xef\xbb\xbf")
    return head.startswith(_GENOTYPES) or recognise_table(head) is not None or recognise(head) is not None


def _genotypes(file: Path, kb: KnowledgeBase) -> pl.DataFrame:
    import polars as pl

    from pgx.clinical.check import COLUMNS
    from pgx.variants.check import check as check_variants

    found = check_variants(file)
    if found.refused and found.format.startswith("other"):
        refuse_pipe(file)  # it may be a clinical file, which is looked at more than once
    rows = [
        ("understood", "format", f"{found.format} {found.version}".strip(), 1, ""),
        ("understood", "samples", str(found.samples), found.samples, ""),
        ("understood", "records", str(found.records), found.records, ""),
        ("understood", "build", found.build or "not said by the header", 1, ""),
    ]
    rows += [(one.severity, one.code, one.message, 1, one.where) for one in found.findings]
    if not found.refused and file.is_file():  # standard input is read once
        told = {one.code for one in found.findings}
        rows += _as_read(file, kb, told, build_told=found.build is not None or found.format.startswith("array"))
    return pl.DataFrame(rows, schema=COLUMNS, orient="row")


def _as_read(
    file: Path, kb: KnowledgeBase, told: Collection[str], *, build_told: bool
) -> list[tuple[str, str, str, int, str]]:
    """Read the file as the other commands do: why they would refuse it, or what they note and what it covers."""
    from pgx import variants
    from pgx.errors import InputError, NoGenotypesError

    try:
        genotypes = variants.read(file, kb)
    except NoGenotypesError as error:  # whatever its build
        return [("error", "no_gt", error.problem, 1, "")]
    except InputError as error:
        fix = f"; {error.fix}" if error.fix else ""
        return [("error" if build_told else "warning", "refused", f"{error.problem}{fix}", 1, error.where or "")]
    return _remarks(genotypes, str(file), {*told, NoteCode.MALFORMED_HEADER, NoteCode.MALFORMED_RECORD}) + _genes(
        genotypes, kb
    )


def _remarks(genotypes: Genotypes, file: str, told: Collection[str]) -> list[tuple[str, str, str, int, str]]:
    """What is noted where the file is read, but for codes that are told."""
    rows = []
    for note in genotypes.notes:
        if note.severity != Severity.INFO and note.code not in told:
            names = (note.sample,) if isinstance(note.sample, str) else note.sample or ()
            whom = f"{names[0]}: " if len(names) == 1 else f"{len(names)} samples: "
            of_all = len(names) in (0, len(genotypes.samples))
            where = (note.where or "").replace(f"{file}: ", "")
            rows.append((note.severity, note.code, ("" if of_all else whom) + note.message, 1, where))
    return rows


def _genes(genotypes: Genotypes, kb: KnowledgeBase) -> list[tuple[str, str, str, int, str]]:
    """What of each gene the file covers, which genes cannot be told, and the drugs that stay undecided for that."""
    import polars as pl

    from pgx import calling, variants
    from pgx.assertion import is_asserted

    calls = calling.calls_frame(calling.call(genotypes, kb), kb)
    told = dict(calls.filter(is_asserted()).group_by("gene").len().iter_rows())
    paired = kb.table("pairs").group_by("gene").agg(pl.col("drug").unique().sort())
    drugs = dict(paired.iter_rows())
    count = len(genotypes.samples)
    rows = []
    for gene, called, assumed, absent, unusable, positions in variants.coverage(genotypes, kb).iter_rows():
        meaning = f"{called} called, {assumed} assumed, {absent} absent, {unusable} unusable of {positions} genotypes"
        if told.get(gene, 0) < count:
            named = drugs.get(gene, [])
            meaning += f"; not told in {count - told.get(gene, 0)} of {count} samples"
            meaning += f", which leaves undecided: {', '.join(named)}" if named else ""
        rows.append(("gene", gene, meaning, called, ""))
    return rows
