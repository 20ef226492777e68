"""Checks of variants, allele definitions and phenotype rules."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from itertools import combinations
from typing import TYPE_CHECKING

import polars as pl

from pgx.errors import PgxError
from pgx.knowledge.rules.alleles import UNKNOWN, alleles_with, functions_of, missed, undefined
from pgx.knowledge.rules.outcomes import every_outcome
from pgx.knowledge.rules.phenotypes import INDETERMINATE, rules_for
from pgx.knowledge.validation.problems import Problem, Row, rows_by

if TYPE_CHECKING:
    from pgx.knowledge.base import GeneDefinition, KnowledgeBase

_BASES = re.compile(r"^[ACGT]+$")


def variants(kb: KnowledgeBase) -> Iterator[Problem]:
    """Ids, bases, regions, and reference bases that agree among all variants and with the other build."""
    regions = {row["gene"]: row for row in kb.table("genes").iter_rows(named=True)}
    bases: dict[tuple[str, str, int], tuple[str, str]] = {}
    for row in kb.table("variants").iter_rows(named=True):
        where = row["variant_id"]
        if where != f"{row['gene']}:{row['pos_grch38']}:{row['ref']}:{row['alt']}":
            yield Problem("error", "variants", where, "the id is not gene:position:ref:alt")
        named = ("ref", "alt", *(("ref_grch37", "alt_grch37") if row["pos_grch37"] else ()))
        if not all(_BASES.match(str(row[name])) for name in named) or row["ref"] == row["alt"]:
            yield Problem("error", "variants", where, "bases must be A, C, G or T, and ref and alt must differ")
            continue
        yield from _kind(row)
        gene = regions.get(row["gene"])
        if gene is None:
            continue
        if row["pos_grch38"] < 1 or (row["pos_grch37"] or 1) < 1:
            yield Problem("error", "variants", where, "positions start at 1")
        if row["chrom"] != gene["chrom"]:
            yield Problem("error", "variants", where, f"lies on {row['chrom']}, its gene on {gene['chrom']}")
        for build in ("grch38", "grch37"):
            position, start, end = row[f"pos_{build}"], gene[f"start_{build}"], gene[f"end_{build}"]
            if None not in (position, start, end) and not start <= position <= end:
                yield Problem("error", "variants", where, f"{position} is outside its gene's {build} region")
        yield from _builds(row)
        yield from _sequence(row, bases)


def _kind(row: Row) -> Iterator[Problem]:
    ref, alt = len(row["ref"]), len(row["alt"])
    kind = "ins" if alt > ref else "del" if ref > alt else "snv" if ref == 1 else "mnv"
    if row["type"] != kind:
        yield Problem("error", "variants", row["variant_id"], f"is a {kind}, not a {row['type']}")
    if kind in ("ins", "del") and row["ref"][0] != row["alt"][0]:
        yield Problem("error", "variants", row["variant_id"], "an indel starts with the base before it")


def _builds(row: Row) -> Iterator[Problem]:
    if row["pos_grch37"] is None:
        return
    differs = row["ref"] != row["ref_grch37"]
    if differs != (row["ref_differs"] == "y"):
        said = "are the same" if row["ref_differs"] == "n" else "differ"
        yield Problem("error", "builds", row["variant_id"], f"ref_differs says that the reference bases {said}")
    if {row["ref"], row["alt"]} != {row["ref_grch37"], row["alt_grch37"]} and not differs:
        yield Problem("error", "builds", row["variant_id"], "the two builds name different bases")


def _sequence(row: Row, bases: dict[tuple[str, str, int], tuple[str, str]]) -> Iterator[Problem]:
    """Every reference base that a variant spells out must agree with what all others say of the same position."""
    for build, ref in (("grch38", row["ref"]), ("grch37", row["ref_grch37"] or "")):
        for offset, base in enumerate(ref if row[f"pos_{build}"] else ""):
            key = (build, row["chrom"], row[f"pos_{build}"] + offset)
            said, by = bases.setdefault(key, (base, row["variant_id"]))
            if said != base:
                message = f"{build} {key[1]}:{key[2]} is {base} here, {said} in {by}"
                yield Problem("error", "builds", row["variant_id"], message)


def definitions(kb: KnowledgeBase) -> Iterator[Problem]:
    """Every gene can be defined, its alleles differ, and the reference sequences carry the alleles that they should."""
    for row in kb.table("genes").iter_rows(named=True):
        try:
            definition = kb.gene(row["gene"])
        except PgxError as error:
            yield Problem("error", "definitions", row["gene"], str(error))
            continue
        seen: dict[bytes, str] = {}
        for index, allele in enumerate(definition.alleles):
            twin = seen.setdefault(definition.accepts[index].tobytes(), allele)
            if twin != allele:
                yield Problem("note", "definitions", row["gene"], f"{allele} and {twin} are defined by the same bases")
        if row["caller"] != "outside" and row["grch38_allele"] and definition.alleles:
            names = [a for a, needs in zip(definition.alleles, definition.defining, strict=True) if not needs.any()]
            on37 = _carried_by_grch37(kb, definition)
            if row["grch37_allele"] and on37 and row["grch37_allele"] not in on37:
                yield Problem("error", "definitions", row["gene"], f"GRCh37 carries {on37}, not {row['grch37_allele']}")
            if row["grch38_allele"] not in names:
                yield Problem(
                    "error", "definitions", row["gene"], f"GRCh38 carries {names}, not {row['grch38_allele']}"
                )
        for required in (row["required_positions"] or "").split(";"):
            if required and not kb.sites.filter(pl.col("pos_grch38") == int(required)).height:
                yield Problem("error", "definitions", row["gene"], f"required position {required} is no site")


def _carried_by_grch37(kb: KnowledgeBase, definition: GeneDefinition) -> list[str]:
    """Alleles that accept the GRCh37 reference base at every position; none if a position has no GRCh37 base here."""
    places = kb.remember("grch37 bases", lambda: kb.sites.select("alleles", "ref_grch37").rows())
    codes = []
    for site in definition.sites:
        alleles, base = places[site]
        if base not in alleles:
            return []
        codes.append(alleles.index(base))
    fits = [definition.accepts[a, range(len(codes)), codes].all() for a in range(len(definition.alleles))]
    return [name for name, fit in zip(definition.alleles, fits, strict=True) if fit]


def undefined_alleles(kb: KnowledgeBase) -> Iterator[Problem]:
    """Alleles that can never be called, and whether they matter: then the calls of the gene say so."""
    callers = {str(row["gene"]): row["caller"] for row in kb.table("genes").iter_rows(named=True)}
    for gene, caller in callers.items():
        names = undefined(kb, gene) if caller != "outside" else ()
        functions, matter = functions_of(kb, gene, "CPIC"), missed(kb, gene)
        for name in names:
            said = functions.get(name, UNKNOWN).function or "function not known"
            message = f"has no definition ({said}): it can never be called"
            message += "; calls of the gene say so" if name in matter else ""
            yield Problem("note", "undefined_alleles", f"{gene} {name}", message)


def exon_losses(kb: KnowledgeBase) -> Iterator[Problem]:
    """Alleles named for a loss of exons: exons that the gene has, not all of them, and none that two names claim."""
    exons: dict[str, set[int]] = defaultdict(set)
    for gene, number in kb.table("gene_exons").select("gene", "exon").iter_rows():
        exons[gene].add(number)
    losses: dict[str, list[tuple[str, set[int]]]] = defaultdict(list)
    for row in kb.table("calling_policies").filter(pl.col("policy") == "exon_deletion_allele").iter_rows(named=True):
        gene, allele, first, last = (row[name] for name in ("gene", "allele", "first_exon", "last_exon"))
        where = f"{gene} {allele}"
        if allele not in _names(kb, gene):
            yield Problem("error", "exon_losses", where, "the gene has no such allele")
        if first is None or last is None or first > last:
            yield Problem("error", "exon_losses", where, "first_exon and last_exon must both be there, in order")
            continue
        lost = set(range(first, last + 1))
        if not lost <= exons[gene]:
            yield Problem("error", "exon_losses", where, f"the gene does not have all of exons {first} to {last}")
        elif lost == exons[gene]:
            yield Problem("error", "exon_losses", where, "a loss of all exons is the gene's deletion_allele")
        losses[gene].append((allele, lost))
    for gene, named in losses.items():
        for (one, of_one), (two, of_two) in combinations(named, 2):
            if one != two and of_one & of_two:
                exon = min(of_one & of_two)
                yield Problem("error", "exon_losses", f"{gene} {one}", f"{two} is named for a loss of exon {exon} too")


def phenotypes(kb: KnowledgeBase) -> Iterator[Problem]:
    """Every diplotype of every gene has a phenotype in each scheme that has rules; rules name what exists."""
    schemes: dict[str, set[str]] = defaultdict(set)
    for gene, scheme in kb.table("phenotype_rules").select("gene", "scheme").iter_rows():
        schemes[gene].add(scheme)
    for gene, rows in rows_by(kb, "phenotype_rules", "gene").items():
        yield from _ranges(gene, rows)
        for rule in rows:
            for one in (rule["input1"], rule["input2"]) if rule["rule_type"] == "genotype" else ():
                if one and one != "*" and not alleles_with(kb, gene, one.removeprefix("no ")) & _names(kb, gene):
                    yield Problem("error", "phenotypes", gene, f"the rules speak of {one!r}, which is no allele")
    for gene, found in sorted(schemes.items()):
        for scheme in sorted(found):
            yield from _derivable(kb, gene, scheme)


def _derivable(kb: KnowledgeBase, gene: str, scheme: str) -> Iterator[Problem]:
    rules = rules_for(kb, gene, scheme)
    unlisted: dict[tuple[str, ...], str] = {}
    for outcome in every_outcome(kb, gene, scheme):
        result = outcome.result
        if not result.phenotype:
            yield Problem("error", "phenotypes", gene, f"{outcome.name} has no {scheme} phenotype")
            return
        if result.activity_score is not None and result.phenotype == INDETERMINATE and not result.score_is_minimum:
            yield Problem("error", "phenotypes", gene, f"no {scheme} range holds the score of {outcome.name}")
            return
        certain = result.functions and all(
            one and "ncertain" not in one and "nknown" not in one for one in result.functions
        )
        if certain and result.phenotype == INDETERMINATE and result.activity_score is None:
            key = tuple(sorted(one or "" for one in result.functions))
            if key not in rules.listed:
                unlisted.setdefault(key, outcome.name)
    for key, example in sorted(unlisted.items()):
        message = f"{scheme} has no rule for {' and '.join(str(one) for one in key)}, as in {example}: indeterminate"
        yield Problem("note", "phenotypes", gene, message)


def _ranges(gene: str, rows: list[Row]) -> Iterator[Problem]:
    ranges = [row for row in rows if row["rule_type"] == "activity_range"]
    for one, two in combinations(ranges, 2):
        if one["scheme"] != two["scheme"]:
            continue
        low = max((_low(one), _low(two)))
        high = min(_high(one), _high(two))
        if low[0] < high[0] or (low[0] == high[0] and not low[1] and high[1]):
            names = f"{one['phenotype']} and {two['phenotype']}"
            yield Problem("error", "phenotypes", gene, f"the {one['scheme']} score ranges of {names} overlap")


def _low(row: Row) -> tuple[float, bool]:
    return (float("-inf") if row["score_min"] is None else row["score_min"], row["score_min_inclusive"] != "y")


def _high(row: Row) -> tuple[float, bool]:
    return (float("inf") if row["score_max"] is None else row["score_max"], row["score_max_inclusive"] == "y")


def _names(kb: KnowledgeBase, gene: str) -> frozenset[str]:
    return frozenset(row["allele"] for row in rows_by(kb, "alleles", "gene").get(gene, ()))
