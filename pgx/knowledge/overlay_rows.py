"""Do a site's own rows fit the rest of the knowledge? Every finding names the file and the line of the row.

`pgx.knowledge.load` runs this whenever there are overlays, so that a slip of the pen (a gene, drug, position, function
or phenotype that does not exist) ends the run instead of leaving an allele or a recommendation out without a word.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from pgx.errors import PgxError
from pgx.knowledge.overlays import LOCAL, lines_of, read_strict
from pgx.knowledge.sentences import FILE, templates, unknown_codes
from pgx.knowledge.tables.declared import TABLES
from pgx.knowledge.validation.gene_checks import variants
from pgx.knowledge.validation.guidance_checks import label_interactions, label_limits, reachable, substrates
from pgx.knowledge.validation.problems import Problem

if TYPE_CHECKING:
    from pgx.knowledge.base import KnowledgeBase

_PARTS = (
    ("definitions", ("gene", "allele"), "alleles"),
    ("definitions", ("gene", "pos_grch38"), "variants"),
    ("functions", ("gene", "allele"), "alleles"),
)


def misfits(kb: KnowledgeBase) -> Iterator[Problem]:
    """Yield an error for every local row that does not fit, `where` being its file and line.

    The checks that cost much (each diplotype of each gene, contradictions) are left to
    `pgx.knowledge.validation.validate`, but for the genes that local recommendations name.
    """
    for folder in kb.folders[1:]:
        for name in TABLES:
            path = folder / f"{name}.tsv"
            if path.is_file():
                yield from _rows(kb, path, name)
    yield from _words(kb)


def _rows(kb: KnowledgeBase, path: Path, name: str) -> Iterator[Problem]:
    frame = read_strict(path, TABLES[name])
    lines = _line_numbers(path)
    problem = _CHECKS.get(name)
    seen: dict[tuple[Any, ...], int] = {}
    for line, row in zip(lines, frame.iter_rows(named=True), strict=True):
        said = [*_known(kb, name, row), *(problem(kb, row) if problem else ())]
        key = tuple(row[column] for column in TABLES[name].key)
        first = seen.setdefault(key, line)
        if first != line:
            said.append(f"the same {' and '.join(TABLES[name].key)} as in line {first}")
        for message in said:
            yield Problem("error", "local", f"{path}: line {line}", message)


def _line_numbers(path: Path) -> list[int]:
    return [number for number, line in enumerate(lines_of(path)[1:], 2) if line.strip()]


def _values(kb: KnowledgeBase, table: str, columns: tuple[str, ...]) -> set[tuple[Any, ...]]:
    return kb.remember(("values", table, columns), lambda: set(kb.table(table).select(columns).iter_rows()))


def _known(kb: KnowledgeBase, name: str, row: dict[str, Any]) -> Iterator[str]:
    """What the row refers to must exist."""
    for one in TABLES[name].fields:
        value = row[one.name]
        if one.refers and value is not None:
            target, column = one.refers.split(".")
            if (value,) not in _values(kb, target, (column,)):
                yield f"{one.name} {value!r} is not in table {target}"
                return
    for table, columns, target in _PARTS:
        if name == table and tuple(row[one] for one in columns) not in _values(kb, target, columns):
            shown = " and ".join(f"{one} {row[one]}" for one in columns)
            yield f"{shown}: there is no such row in table {target}"


def _gene(kb: KnowledgeBase, row: dict[str, Any]) -> Iterator[str]:
    gene = row["gene"]
    alleles = kb.table("alleles").filter(pl.col("gene") == gene)
    if row["caller"] != "outside" and alleles.filter(pl.col("callable") == "y").is_empty():
        yield f"{gene} has no callable allele in table alleles"
    for column in ("reference_allele", "grch38_allele", "grch37_allele"):
        if row[column] is not None and row["caller"] != "outside" and row[column] not in alleles["allele"]:
            yield f"{column} {row[column]!r} is no allele of {gene} in table alleles"
    named = alleles.filter(pl.col("reference") == "y")["allele"].to_list()
    if row["reference_allele"] is not None and named not in ([], [row["reference_allele"]]):
        yield f"the reference allele is {row['reference_allele']}, but table alleles marks {' and '.join(named)}"
    if row["reference_allele"] is not None and row["caller"] != "outside" and not named:
        yield f"no allele of {gene} is marked as the reference in table alleles"


def _variant(kb: KnowledgeBase, row: dict[str, Any]) -> Iterator[str]:
    found: dict[str, list[str]] = kb.remember("variant problems", lambda: _by_where(variants(kb)))
    yield from found.get(row["variant_id"], ())


def _by_where(problems: Iterator[Problem]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for one in problems:
        found.setdefault(one.where, []).append(one.message)
    return found


def _definition(kb: KnowledgeBase, row: dict[str, Any]) -> Iterator[str]:
    at = (pl.col("pos_grch38") == row["pos_grch38"]) & pl.col("genes").list.contains(row["gene"])
    sites = kb.sites.filter(at)
    own = (pl.col("gene") == row["gene"]) & (pl.col("allele") == row["allele"])
    written = kb.table("definitions").filter(own & (pl.col("pos_grch38") == row["pos_grch38"]))["bases"]
    if sites.is_empty() or written.is_empty():
        return
    known = sites["alleles"][0].to_list()
    for base in written[0].split("|"):
        if base not in known:
            yield f"accepts {base!r}, but the documented alleles at {row['pos_grch38']} are {'|'.join(known)}"


def _function(kb: KnowledgeBase, row: dict[str, Any]) -> Iterator[str]:
    if row["function"] is not None and row["function"] not in _functions(kb):
        yield f"function {row['function']!r} is in no phenotype rule and no row of the product"


def _functions(kb: KnowledgeBase) -> set[str]:
    def collect() -> set[str]:
        own = kb.table("functions").filter(pl.col(LOCAL).is_null())["function"]
        rules = kb.table("phenotype_rules")
        return {*own.drop_nulls(), *rules["input1"].drop_nulls(), *rules["input2"].drop_nulls()}

    return kb.remember("function names", collect)


def _interaction(kb: KnowledgeBase, row: dict[str, Any]) -> Iterator[str]:
    own = kb.table("interactions").filter(pl.col(LOCAL).is_null())["enzyme"]
    if row["enzyme"] not in {*kb.genes, *own, *kb.table("enzyme_groups")["enzyme"]}:
        yield f"enzyme {row['enzyme']!r} is no gene of the knowledge base"


def _recommendation(kb: KnowledgeBase, row: dict[str, Any]) -> Iterator[str]:
    if (row["rec_id"],) not in _values(kb, "recommendation_conditions", ("rec_id",)):
        yield f"{row['rec_id']} has no row in table recommendation_conditions: it would never apply"
    if wrong := unknown_codes(row, templates(kb.folders)):
        yield f"{wrong}; own wording starts with 'text:'" if "no words" in wrong else wrong


def _condition(kb: KnowledgeBase, row: dict[str, Any]) -> Iterator[str]:
    words = templates(kb.folders).words.get("implication", {})
    for code in (row["implication"] or "").split(";"):
        if code and code not in words and not code.startswith("text:"):
            yield f"no words for implication code {code!r}; own wording starts with 'text:'"
    sources: dict[str, str] = kb.remember(
        "source of advice", lambda: dict(kb.table("recommendations").select("rec_id", "source").iter_rows())
    )
    if row["rec_id"] in sources and row["gene"] in kb.genes:
        try:
            found = list(reachable(kb, sources[row["rec_id"]], row))
        except PgxError:
            return  # the row at fault is reported by its own check
        yield from (one.message for one in found if one.severity == "error")


def _label_limit(kb: KnowledgeBase, row: dict[str, Any]) -> Iterator[str]:
    found: dict[str, list[str]] = kb.remember("label limit problems", lambda: _by_where(label_limits(kb)))
    yield from found.get(row["limit_id"], ())


def _substrate(kb: KnowledgeBase, row: dict[str, Any]) -> Iterator[str]:
    found: dict[str, list[str]] = kb.remember("substrate problems", lambda: _by_where(substrates(kb)))
    yield from found.get(f"{row['drug']} {row['enzyme']}", ())


def _label_interaction(kb: KnowledgeBase, row: dict[str, Any]) -> Iterator[str]:
    found: dict[str, list[str]] = kb.remember("label interaction problems", lambda: _by_where(label_interactions(kb)))
    yield from found.get(row["limit_id"], ())


_CHECKS = {
    "genes": _gene,
    "variants": _variant,
    "definitions": _definition,
    "functions": _function,
    "interactions": _interaction,
    "recommendations": _recommendation,
    "label_limits": _label_limit,
    "substrates": _substrate,
    "label_interactions": _label_interaction,
    "recommendation_conditions": _condition,
}


def _words(kb: KnowledgeBase) -> Iterator[Problem]:
    """Yield recommendations that can no longer be said with the words of an overlay."""
    for path in (folder / FILE for folder in kb.folders[1:]):
        if not path.is_file():
            continue
        words = templates(kb.folders)
        for row in kb.table("recommendations").iter_rows(named=True):
            if wrong := unknown_codes(row, words):
                yield Problem("error", "local", str(path), f"{row['rec_id']} can no longer be said: {wrong}")
                break
