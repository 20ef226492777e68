"""`pgx cohort summary`: the tables, the page and the MultiQC sections about a whole cohort."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import polars as pl

from pgx.cohort.summary import advice_counts, call_counts, page, site_counts, small_counts, solving
from pgx.cohort.summary.kinship import Likeness, likeness
from pgx.cohort.summary.parts import Parts, open_parts
from pgx.errors import UsageError
from pgx.guard.staging import remove, together
from pgx.inputs import knowledge as base
from pgx.io import check_outputs, table_files, write_bytes
from pgx.knowledge import KnowledgeBase
from pgx.options import PathLike, Paths
from pgx.tables import write_table

FOLDER = "summary"
NAMES = ("cohort_frequencies", "cohort_genes", "cohort_positions", "cohort_pairs", "cohort_sex", "cohort_drugs",
         "cohort_persons", "cohort_next_tests")  # fmt: skip
_NEEDS = {
    "cohort_positions": "genotypes",
    "cohort_pairs": "genotypes",
    "cohort_sex": "notes",
    "cohort_drugs": "judgements",
    "cohort_persons": "judgements",
    "cohort_next_tests": "next_tests",
}
"""Table -> what the run must have written."""
_HIDE: dict[str, Callable[[pl.DataFrame, int], pl.DataFrame]] = {
    "cohort_frequencies": small_counts.frequencies,
    "cohort_genes": small_counts.genes,
    "cohort_positions": small_counts.positions,
    "cohort_drugs": small_counts.drugs,
    "cohort_next_tests": small_counts.next_tests,
}


@dataclass(frozen=True, slots=True)
class Summary:
    """What a cohort shows.

    Parameters
    ----------
    tables
        Name -> frame, of `NAMES`; what the run did not write is left out.
    likeness
        Who looks alike, and how much that can mean; None without genotypes, or if small counts are hidden.
    files
        What was written.
    """

    tables: dict[str, pl.DataFrame]
    likeness: Likeness | None
    files: tuple[Path, ...]


def summarise(
    folder: PathLike,
    out: PathLike | None = None,
    *,
    groups: str | None = None,
    min_count: int | None = None,
    knowledge: Paths = (),
) -> Summary:
    """Summarise a finished cohort: frequencies beside the published, quality, findings, and what to test next.

    Writes a page (``cohort.html``), a TSV file a table (`pgx.kb.schema` explains them) and sections for MultiQC; files
    of an earlier summary that this one does not write are removed.
    The tables of the cohort are read block by block, so that memory hardly grows with the persons.

    Parameters
    ----------
    folder
        Folder of `pgx.cohort.run` or `pgx.cohort.merge`.
    out
        Folder to write to; None = ``summary`` in the cohort's folder.
    groups
        Tell persons apart by the biogeographic group that is ``given``, or ``estimated`` from the genotypes, or by
        ``none``; None = as given, or estimated if nobody's is given.
    min_count
        Hide small counts, from 1 to below this number, lay smaller groups together, tell groups by phenotype only,
        positions by call rate only and no diplotypes, and write no table in which persons are named; None = show all.
    knowledge
        Folders of site tables laid over the knowledge base, as in the run.

    Returns
    -------
    Summary
        Its tables, and the files.

    Raises
    ------
    InputError
        If no finished cohort is there, or it was run with other knowledge.
    UsageError
        If a word or number makes no sense.

    Examples
    --------
    >>> import pgx, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = pgx.cohort.run("data/examples/HG00652.GRCh38.vcf.gz", folder, threads=1)
    ...     found = pgx.cohort.summarise(folder)
    >>> found.tables["cohort_genes"].filter(gene="CYP2C19", group="all")["called"].item()
    1
    """
    if min_count is not None and min_count < 2:
        raise UsageError(f"counts below {min_count} do not exist: the smallest count to show is 2 or more")
    place = Path(folder)
    target = Path(out) if out is not None else place / FOLDER
    kb = base(knowledge)
    parts = open_parts(place, kb, groups)
    if min_count is not None and parts.groups:
        parts = replace(parts, people=small_counts.with_large_groups(parts.people, min_count))
    listed = [name for name in NAMES if parts.has(_NEEDS.get(name, "calls"))]
    if min_count is not None:
        listed = [name for name in listed if name not in small_counts.ABOUT_PERSONS]
    paths = {name: target / f"{name}.tsv" for name in listed}
    read = [place, *(place / table for table in parts.told["parameters"]["tables"])]
    check_outputs([*table_files(*paths.values()), *(target / name for name in page.FILES)], read)
    tables, alike = _tables(parts, kb, listed)
    if min_count is not None:
        tables = {name: _HIDE[name](frame, min_count) for name, frame in tables.items()}
        calls = call_counts.calls_of_groups(parts)
        tables["cohort_frequencies"] = solving.without_solvable(tables["cohort_frequencies"], calls)
    texts = page.render(page.Shown(parts, tables, alike, min_count))
    told = {**parts.told["versions"], "persons": parts.people.height, "groups": parts.grouping, "min_count": min_count}
    with together(target):
        _remove_earlier(target, {path.name for path in table_files(*paths.values())} | set(texts))
        for name, frame in tables.items():
            write_table(frame, paths[name], told)
        written = [write_bytes(target / name, text.encode()) for name, text in texts.items()]
    return Summary(tables, alike, (*paths.values(), *written))


def _remove_earlier(target: Path, kept: set[str]) -> None:
    """Remove what an earlier summary wrote here and this one does not: it would speak beside a page that is not its."""
    names = [path.name for path in table_files(*(f"{name}.tsv" for name in NAMES))]
    for name in {*names, *page.FILES} - kept:
        path = target / name
        if path.is_file() or path.is_symlink():
            remove(path)


def _tables(parts: Parts, kb: KnowledgeBase, listed: list[str]) -> tuple[dict[str, pl.DataFrame], Likeness | None]:
    """Make the tables that are asked for, in the order of `NAMES`."""
    found: dict[str, pl.DataFrame] = {
        "cohort_frequencies": call_counts.frequencies(parts, kb),
        "cohort_genes": call_counts.genes(parts),
    }
    alike = None
    if "cohort_positions" in listed:
        counts = site_counts.count_sites(parts, kb)
        found["cohort_positions"] = site_counts.positions(counts, kb)
        if "cohort_pairs" in listed:
            alike = likeness(parts, counts, kb)
            found["cohort_pairs"] = alike.pairs
    makers: dict[str, Callable[[Parts], pl.DataFrame]] = {
        "cohort_sex": advice_counts.sex_findings,
        "cohort_drugs": advice_counts.drugs,
        "cohort_persons": advice_counts.persons,
        "cohort_next_tests": advice_counts.next_tests,
    }
    found |= {name: make(parts) for name, make in makers.items() if name in listed}
    return {name: found[name] for name in listed}, alike
