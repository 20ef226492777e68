"""Is the knowledge base sound? Every check returns problems; an error means that it must not be used.

An ``error`` is wrong; a ``warning`` deserves a look; a ``note`` is a documented limit of the facts, such as a
recommendation that only an outside result can reach.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import polars as pl

from pgx.errors import PgxError
from pgx.knowledge import manifest, overlay_rows
from pgx.knowledge.overlays import LOCAL, read_strict
from pgx.knowledge.sources import read_sources
from pgx.knowledge.tables.declared import TABLES
from pgx.knowledge.validation import gene_checks, guidance_checks
from pgx.knowledge.validation.problems import Problem

if TYPE_CHECKING:
    from pgx.knowledge.base import KnowledgeBase

__all__ = ["Problem", "validate"]

_ATC = re.compile(r"^[A-Z]\d\d([A-Z]([A-Z](\d\d)?)?)?$")

Check = Callable[["KnowledgeBase"], Iterator[Problem]]


def validate(kb: KnowledgeBase) -> list[Problem]:
    """Run every check.

    Returns
    -------
    list
        Findings, errors first. If the files do not follow the schema, only that is reported: the rest rests on it.
    """
    found = list(_schema(kb))
    if not found:
        for check in _CHECKS:
            try:
                found += check(kb)
            except PgxError as error:
                found.append(Problem("error", check.__name__.strip("_"), "", str(error)))
    order = {"error": 0, "warning": 1, "note": 2}
    return sorted(found, key=lambda one: (order[one.severity], one.check, one.where, one.message))


def _schema(kb: KnowledgeBase) -> Iterator[Problem]:
    for folder in kb.folders:
        for name, table in TABLES.items():
            path = folder / f"{name}.tsv"
            if not path.is_file():
                if folder == kb.folders[0]:
                    yield Problem("error", "schema", str(path), "the table is missing")
                continue
            try:
                frame = read_strict(path, table)
            except PgxError as error:
                yield Problem("error", "schema", path.name, str(error))
                continue
            doubled = frame.filter(frame.select(table.key).is_duplicated()).unique(table.key, maintain_order=True)
            for row in doubled.select(table.key).iter_rows():
                yield Problem("error", "key", name, f"two rows with {dict(zip(table.key, row, strict=True))}")


_LINKS = (
    ("definitions", ("gene", "allele"), "alleles"),
    ("definitions", ("gene", "pos_grch38"), "variants"),
)


def _references(kb: KnowledgeBase) -> Iterator[Problem]:
    for name, table in TABLES.items():
        for one in table.fields:
            if one.refers:
                target, column = one.refers.split(".")
                known = set(kb.table(target)[column])
                for value in set(kb.table(name)[one.name].drop_nulls()) - known:
                    yield Problem("error", "references", f"{name}.{one.name}", f"{value!r} is not in {one.refers}")
    for name, columns, target in _LINKS:
        missing = kb.table(name).join(kb.table(target), on=columns, how="anti").select(columns).unique().sort(columns)
        for key in missing.iter_rows():
            yield Problem("error", "references", name, f"{' '.join(map(str, key))} is not in {target}")
    variants = set(kb.table("variants")["variant_id"])
    for row in kb.table("definitions").iter_rows(named=True):
        for one in row["variants"].split(";"):
            if one not in variants:
                yield Problem(
                    "error", "references", "definitions", f"{row['gene']} {row['allele']}: no variant {one!r}"
                )
    for name in ("functions", "frequencies"):
        rows = kb.table(name).filter(pl.col("allele") != "unassigned_combination")
        unknown = rows.join(kb.table("alleles"), on=["gene", "allele"], how="anti").select("gene", "allele").unique()
        for gene, allele in unknown.sort("gene", "allele").iter_rows():
            yield Problem("note", "references", name, f"{gene} {allele} has no row in alleles: an older name")


def _drugs(kb: KnowledgeBase) -> Iterator[Problem]:
    names: dict[str, str] = {}
    codes: dict[str, str] = {}
    for row in kb.table("drugs").iter_rows(named=True):
        drug = row["drug"]
        for code in (row["atc"] or "").split(";"):
            if code and not _ATC.match(code):
                yield Problem("error", "drugs", drug, f"{code!r} is not an ATC code")
        if row["rxnorm"] and codes.setdefault(row["rxnorm"], drug) != drug:
            yield Problem("warning", "drugs", drug, f"shares RxNorm {row['rxnorm']} with {codes[row['rxnorm']]}")
        for name in (drug, *(row["synonyms"] or "").split(";")):
            key = name.strip().lower()
            if key and names.setdefault(key, drug) != drug:
                yield Problem("warning", "drugs", drug, f"shares the name {name!r} with {names[key]}")


def _frequencies(kb: KnowledgeBase) -> Iterator[Problem]:
    for name, column in (
        ("frequencies", "frequency"),
        ("phenotype_frequencies", "frequency"),
        ("variant_frequencies", "alt_frequency"),
    ):
        for row in kb.table(name).filter(~pl.col(column).is_between(0, 1)).iter_rows():
            yield Problem("error", "frequencies", name, f"not a frequency: {row}")
    sums = kb.table("frequencies").group_by("gene", "population", "scheme").agg(pl.col("frequency").sum())
    for gene, population, scheme, total in (
        sums.filter(pl.col("frequency") > 1.01).sort("gene", "population").iter_rows()
    ):
        message = f"the frequencies of {population} ({scheme}) add up to {total:.3f}"
        yield Problem("warning", "frequencies", gene, message)


def _sources(kb: KnowledgeBase) -> Iterator[Problem]:
    known = read_sources(kb.folders[0])
    prefixes = tuple(prefix for one in known.sources.values() for prefix in one.prefixes)
    for name in known.imported:
        frame = kb.table(name).filter(pl.col(LOCAL).is_null())
        for column in ("source", "source_version"):
            for value in frame[column].drop_nulls().unique().sort() if column in frame.columns else ():
                if not value.startswith(prefixes):
                    yield Problem("error", "sources", f"{name}.{column}", f"{value!r} is no source of sources.toml")
    for name in manifest.differences(kb.folders[0]):
        message = "is not as imported; change it by an overlay or a correction, then build again"
        yield Problem("error", "manifest", name, message)


_CHECKS: tuple[Check, ...] = (
    overlay_rows.misfits,
    _references,
    gene_checks.variants,
    gene_checks.definitions,
    gene_checks.undefined_alleles,
    gene_checks.exon_losses,
    gene_checks.phenotypes,
    guidance_checks.recommendations,
    guidance_checks.conversions,
    guidance_checks.contradictions,
    guidance_checks.label_limits,
    guidance_checks.substrates,
    guidance_checks.label_interactions,
    _drugs,
    _frequencies,
    _sources,
)
