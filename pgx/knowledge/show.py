"""What the knowledge base says of itself, a gene, a drug, an allele or a variant: titled frames."""

from __future__ import annotations

import re
from collections.abc import Callable
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

import polars as pl

from pgx.errors import UsageError
from pgx.knowledge.overlays import LOCAL
from pgx.knowledge.resolver import class_of, gene_of, resolve
from pgx.knowledge.rules.phenotypes import core_of, rules_for
from pgx.knowledge.sentences import compose, implication
from pgx.knowledge.sources import read_sources
from pgx.knowledge.tables.declared import TABLES

if TYPE_CHECKING:
    from pgx.knowledge.base import KnowledgeBase

Sections = dict[str, pl.DataFrame]
"""Title -> frame, in the order to show."""

_PLACE = re.compile(r"^(?:chr)?(?P<chrom>[0-9XYM]+):(?P<position>[\d,]+)(?::.*)?$")


def _frame(rows: list[dict[str, Any]], **empty: type[pl.DataType]) -> pl.DataFrame:
    return pl.DataFrame(rows, infer_schema_length=None) if rows else pl.DataFrame(schema=empty)


def _facts(pairs: dict[str, Any]) -> pl.DataFrame:
    return pl.DataFrame(
        {"what": list(pairs), "value": ["" if one is None else str(one) for one in pairs.values()]},
        schema={"what": pl.String, "value": pl.String},
    )


def info(kb: KnowledgeBase) -> Sections:
    """Versions, sources with their licences, and the row count of every table."""
    sources = read_sources(kb.folders[0]).sources.values()
    tables = []
    for name, table in TABLES.items():
        frame = kb.table(name)
        local = frame[LOCAL].is_not_null().sum()
        tables.append({"table": name, "rows": frame.height, "local": local, "holds": table.doc})
    return {
        "knowledge": _facts(
            {
                "version": kb.version,
                "checksum": kb.checksum,
                "folder": kb.folders[0],
                "overlays": ", ".join(str(one) for one in kb.folders[1:]) or "none",
            }
        ),
        "sources": _frame(
            [
                {"source": one.key, "what": one.what, "version": one.version, "date": one.date, "licence": one.licence}
                for one in sources
            ]
        ),
        "tables": _frame(tables),
    }


def flags(kb: KnowledgeBase, code: str | None = None) -> Sections:
    """Every code with its meaning, or one.

    Raises
    ------
    UsageError
        If there is no such code.
    """
    rows = kb.table("flags").select("kind", "code", "meaning", "advice", LOCAL).sort("kind", "code")
    if code is not None:
        rows = rows.filter(pl.col("code") == code.partition(":")[0].strip())
        if rows.is_empty():
            raise UsageError(f"no code {code!r}; see `pgx kb flags`")
    return {"flags": rows}


def genes(kb: KnowledgeBase) -> Sections:
    """One row a gene: where, how it is called and phenotyped, and how much is known."""
    counts = {
        "alleles": kb.table("alleles").group_by("gene").len("alleles"),
        "positions": kb.table("variants").group_by("gene").agg(pl.col("pos_grch38").n_unique().alias("positions")),
        "drugs": kb.table("recommendation_conditions")
        .join(kb.table("recommendations").select("rec_id", "drug"), on="rec_id")
        .group_by("gene")
        .agg(pl.col("drug").n_unique().alias("drugs")),
    }
    frame = kb.table("genes").select(
        "gene", "chrom", "tier", "caller", "phenotype_method", "inheritance", "reference_allele", "grch38_allele", LOCAL
    )
    for count in counts.values():
        frame = frame.join(count, on="gene", how="left")
    return {"genes": frame.with_columns(pl.col(*counts).fill_null(0)).sort("tier", "gene")}


def gene(kb: KnowledgeBase, name: str) -> Sections:
    """Alleles with functions, positions on both builds, phenotype rules and drugs of one gene.

    Raises
    ------
    UsageError
        If there is no such gene.
    """
    name = _gene_name(kb, name)
    row = kb.table("genes").filter(pl.col("gene") == name).row(0, named=True)
    rules = kb.table("phenotype_rules").filter(pl.col("gene") == name)
    pairs = kb.table("pairs").filter(pl.col("gene") == name)
    return {
        "gene": _facts({one.name: row[one.name] for one in TABLES["genes"].fields if row[one.name] is not None}),
        "alleles": _alleles(kb, name),
        "positions": _positions(kb, name),
        "phenotype rules": rules.select(
            "scheme", "rule_type", "input1", "input2", "score_min", "score_max", "phenotype", "source"
        ),
        "drugs": pairs.select("drug", "cpic_level", "clinpgx_level", "fda_table_section", "dpwg").sort(
            "cpic_level", "drug", nulls_last=True
        ),
    }


def _gene_name(kb: KnowledgeBase, name: str) -> str:
    return gene_of(kb, name)


def _alleles(kb: KnowledgeBase, name: str) -> pl.DataFrame:
    cpic, dpwg = rules_for(kb, name, "CPIC"), rules_for(kb, name, "DPWG")
    bases: dict[str, list[str]] = {}
    definitions = kb.table("definitions").filter(pl.col("gene") == name)
    for allele, position, accepted in definitions.select("allele", "pos_grch38", "bases").iter_rows():
        bases.setdefault(allele, []).append(f"{position}:{accepted}")
    rows = []
    for row in kb.table("alleles").filter(pl.col("gene") == name).iter_rows(named=True):
        one, two = cpic.functions.get(row["allele"]), dpwg.functions.get(row["allele"])
        rows.append(
            {
                "allele": row["allele"],
                "function": one.function if one else None,
                "activity_value": one.value if one else None,
                "dpwg_function": two.function if two else None,
                "callable": row["callable"],
                "grch38": row["grch38"],
                "grch37": row["grch37"],
                "bases": "; ".join(bases.get(row["allele"], ())) or None,
                LOCAL: row[LOCAL],
            }
        )
    return _frame(rows)


def _positions(kb: KnowledgeBase, name: str) -> pl.DataFrame:
    return (
        kb.table("variants")
        .filter(pl.col("gene") == name)
        .select("rsid", "chrom", "pos_grch38", "pos_grch37", "ref", "alt", "ref_grch37", "ref_differs", LOCAL)
        .sort("pos_grch38", "alt")
    )


def drug(kb: KnowledgeBase, name: str) -> Sections:
    """Names, genes, interactions, recommendations and label limits of a drug, by generic or brand name or code.

    Raises
    ------
    UsageError
        If there is no such drug.
    """
    if members := class_of(kb, name):
        raise UsageError(f"{name.strip()!r} is a class: {', '.join(members)}; ask for one of them")
    found = resolve(kb, name)
    row = kb.table("drugs").filter(pl.col("drug") == found).row(0, named=True)
    interactions = kb.table("interactions").filter(pl.col("drug") == found)
    pairs = kb.table("pairs").filter(pl.col("drug") == found)
    return {
        "drug": _facts({one.name: row[one.name] for one in TABLES["drugs"].fields if row[one.name] is not None}),
        "genes": pairs.select("gene", "cpic_level", "clinpgx_level", "fda_table_section", "dpwg", "pmids"),
        "acts on enzymes": interactions.select("enzyme", "role", "strength", "confidence", "source", LOCAL),
        "carried by enzymes": kb.table("substrates")
        .filter(pl.col("drug") == found)
        .select("enzyme", "role", "strength", "by", "confidence", "source", LOCAL),
        "recommendations": _recommendations(kb, found),
        "label limits": _label_limits(kb, found),
        "label interactions": kb.table("label_interactions")
        .filter(pl.col("drug") == found)
        .select(
            "limit_id",
            "label",
            "section",
            "agent",
            "strengths",
            "enzyme",
            "role",
            "beside",
            "action",
            "dose",
            "limit",
            "confidence",
            LOCAL,
        ),
    }


def _label_limits(kb: KnowledgeBase, name: str) -> pl.DataFrame:
    rows = kb.table("label_limits").filter(pl.col("drug") == name)
    said = [compose(row, kb=kb) for row in rows.iter_rows(named=True)]
    return rows.select(
        "limit_id", "label", "population", pl.Series("whatever the genes", said, dtype=pl.String), "confidence", LOCAL
    )


def _recommendations(kb: KnowledgeBase, name: str) -> pl.DataFrame:
    conditions: dict[str, list[dict[str, Any]]] = {}
    for row in kb.table("recommendation_conditions").iter_rows(named=True):
        conditions.setdefault(row["rec_id"], []).append(row)
    rows = []
    for row in kb.table("recommendations").filter(pl.col("drug") == name).iter_rows(named=True):
        own = conditions.get(row["rec_id"], [])
        effects = [implication(one["implication"], kb=kb) for one in own]
        rows.append(
            {
                "rec_id": row["rec_id"],
                "source": row["source"],
                "when": "; ".join(f"{one['gene']}={one['value']}" for one in own),
                "population": row["population"],
                "recommendation": compose(row, kb=kb),
                "strength": row["strength"],
                "implication": "; ".join(one for one in effects if one) or None,
                "source_version": row["source_version"],
                "url": row["url"],
                LOCAL: row[LOCAL],
            }
        )
    return _frame(rows, rec_id=pl.String)


def allele(kb: KnowledgeBase, name: str, called: Callable[[str, str], str] = lambda _gene, text: text) -> Sections:
    """One allele, as ``CYP2C19*2`` or ``HLA-B*57:01`` or ``DPYD c.1905+1G>A (*2A)``.

    Parameters
    ----------
    kb, name
        Where to look, and for what.
    called
        Of a gene and another name of one of its alleles, the knowledge base's; what is none stays as it is.

    Raises
    ------
    UsageError
        If the gene or the allele is not known.
    """
    gene_name, allele_name = _split_allele(kb, name, called)
    own = (pl.col("gene") == gene_name) & (pl.col("allele") == allele_name)
    row = kb.table("alleles").filter(own).row(0, named=True)
    shown = (
        "gene",
        "allele",
        "reference",
        "grch38",
        "grch37",
        "structural",
        "callable",
        "source",
        "clinpgx_id",
        "flags",
    )
    return {
        "allele": _facts({one: row[one] for one in shown if row[one] is not None}),
        "functions": kb.table("functions")
        .filter(own)
        .select("scheme", "function", "activity_value", "activity_is_minimum", "note", "source", LOCAL),
        "bases": kb.table("definitions").filter(own).select("pos_grch38", "bases", "variants", LOCAL),
        "frequencies": kb.table("frequencies")
        .filter(own)
        .select("population", "frequency", "n_chromosomes", "scheme", "source"),
    }


def _split_allele(kb: KnowledgeBase, name: str, called: Callable[[str, str], str]) -> tuple[str, str]:
    text = name.strip()
    for gene_name in sorted(kb.genes, key=len, reverse=True):
        if text.lower().startswith(gene_name.lower()):
            rest = text[len(gene_name) :].strip().removeprefix(":").strip()
            names = kb.table("alleles").filter(pl.col("gene") == gene_name)["allele"].to_list()
            # A shell takes an unquoted star for a file name, so that people leave it out.
            for one in (rest, f"*{rest}", called(gene_name, rest), core_of(rest), core_of(f"*{rest}")):
                if one in names:
                    return gene_name, one
            if not rest:
                raise UsageError(f"name an allele of {gene_name}, such as {names[-1]}; see `pgx kb gene {gene_name}`")
            near = get_close_matches(rest, names, n=3)
            hint = f"did you mean {', '.join(near)}? " if near else ""
            raise UsageError(f"{gene_name} has no allele {rest!r}; {hint}see `pgx kb gene {gene_name}`")
    hint = f"the alleles of a variant are shown by `pgx kb variant {text}`" if re.fullmatch(r"rs\d+", text) else ""
    raise UsageError(f"{name!r} does not start with a gene; {hint or 'write it as CYP2C19*2'}")


def variant(kb: KnowledgeBase, name: str) -> Sections:
    """One variant by rs number, ``chr10:94781859`` (either build) or id, and the alleles that require it.

    Raises
    ------
    UsageError
        If no variant fits.
    """
    text = name.strip()
    variants = kb.table("variants")
    if place := _PLACE.match(text):
        position = int(place["position"].replace(",", ""))
        on_chrom = pl.col("chrom") == f"chr{place['chrom']}"
        fits = on_chrom & ((pl.col("pos_grch38") == position) | (pl.col("pos_grch37") == position))
    else:
        lower = text.lower()
        fits = (pl.col("rsid") == lower) | (pl.col("variant_id") == text) | (pl.col("hgvs_g") == text)
    found = variants.filter(fits)
    if found.is_empty():
        raise UsageError(f"no variant {name!r} defines an allele here; give an rs number or chrN:position")
    ids = found["variant_id"].to_list()
    required = kb.table("definitions").filter(
        pl.col("variants").str.split(";").list.set_intersection(ids).list.len() > 0
    )
    return {
        "variant": found.drop("source", "flags", "grch37_evidence"),
        "alleles": required.select("gene", "allele", "bases", LOCAL),
        "frequencies": kb.table("variant_frequencies")
        .filter(pl.col("variant_id").is_in(ids))
        .select("variant_id", "population", "alt_frequency", "n_chromosomes", "source"),
    }
