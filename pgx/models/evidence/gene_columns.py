"""Gene columns of a table that `pgx features` did not write: spellings are understood, and what is not is unknown.

Without this a hospital's ``IM``, ``not tested`` or an allele count would be read as *not the published risk group*:
a missing value taken for a normal one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import polars as pl

from pgx.clinical.numerals import number
from pgx.features.diplotypes import read_diplotype
from pgx.features.names import FeatureName, gene_column, gene_of
from pgx.models.evidence import allele_counts, design, gene_meanings, plausible
from pgx.phenotypes.outside.merge import call_of
from pgx.phenotypes.outside.names import diplotype_of
from pgx.phenotypes.outside.source import Said
from pgx.phenotypes.outside.stated import phenotype_of

if TYPE_CHECKING:
    from pgx.knowledge import KnowledgeBase
    from pgx.models.evidence.endpoint import Endpoint, Reading

Words = Mapping[str, Mapping[str, int]]
"""Column -> word -> number of rows."""
_UNDETERMINED = "Indeterminate"
_UNDECIDED = ("indeterminate", "no result", "n/a", "unknown", "not tested", "not done", "no call")
"""Words that say that nothing is known: null without a remark."""


def understood(
    table: pl.DataFrame, endpoint: Endpoint, kb: KnowledgeBase, words: Words | None = None, *, mark: bool = False
) -> tuple[pl.DataFrame, list[str]]:
    """Spell the gene columns that an endpoint reads as the knowledge base does; unknown words become null.

    What a row says of a gene in one column is then read into its empty cells (see `gene_meanings.complete`).

    Parameters
    ----------
    table
        Any table with columns named as `pgx features` names them.
    endpoint
        Whose columns are looked at.
    kb
        Knowledge base with the vocabulary.
    words
        Where the table is one block of a larger one: the words of that one's `wordy` columns, with their number.
    mark
        Add columns that say which cells were read from others.

    Returns
    -------
    tuple of polars.DataFrame and list of str
        The table, and one sentence a column of which something was not understood.
    """
    table, words, remarks = _renamed(table, endpoint, kb, words or {})
    cells = gene_meanings.given(table)
    for name in wordy(table, endpoint, kb):
        if name in table.columns and _is_wordy(name) and table.schema[name] != pl.Null:
            table, remark = _column(table, name, endpoint, kb, words)
            remarks += [remark] if remark else []
        elif name in table.columns and FeatureName.parse(name).last in plausible.SCORES:
            table, remark = _score_column(table, name, kb, words)
            remarks += [remark] if remark else []
    table, counted = allele_counts.read(table, endpoint, kb, cells, mark=mark)
    return gene_meanings.complete(table, endpoint, kb, cells, mark=mark), remarks + counted


def wordy(table: pl.DataFrame, endpoint: Endpoint, kb: KnowledgeBase) -> list[str]:
    """Return the columns whose words `understood` looks at, and those that it reads into others."""
    found = [name for name in design.columns(endpoint) if name in table.columns and _is_wordy(name)]
    for gene in gene_meanings.genes(endpoint, kb):
        found += [
            name
            for name in [*_named_like(table, gene), gene_column(gene, "diplotype"), gene_column(gene, "phenotype")]
            if name in table.columns
        ]
    return list(dict.fromkeys([*found, *_scores(table, endpoint, kb)]))


def count(table: pl.DataFrame, columns: Sequence[str], words: dict[str, dict[str, int]]) -> None:
    """Add the words of one block of a table to `words`."""
    for name in columns:
        seen = words.setdefault(name, {})
        for word, rows in table[name].cast(pl.String).drop_nulls().value_counts().iter_rows():
            seen[word] = seen.get(word, 0) + rows


def _is_wordy(name: str) -> bool:
    return bool(gene_of(name)) and FeatureName.parse(name).last in ("phenotype", "clinical_phenotype", "diplotype")


def _named_like(table: pl.DataFrame, gene: str) -> list[str]:
    """Columns of text named like the gene, where none is named as `pgx features` does."""
    if any(gene_of(name) == gene for name in table.columns):
        return []
    pattern = re.compile(rf"{re.escape(gene)}([ _.]?(phenotype|diplotype|genotype))?", re.IGNORECASE)
    return [name for name in table.columns if pattern.fullmatch(name) and table.schema[name] == pl.String]


def _renamed(
    table: pl.DataFrame, endpoint: Endpoint, kb: KnowledgeBase, words: Words
) -> tuple[pl.DataFrame, Words, list[str]]:
    """Read ``CYP2C19`` or ``cyp2c19_genotype`` as the gene's column if what it holds leaves no doubt, and say so."""
    remarks: list[str] = []
    for gene in gene_meanings.genes(endpoint, kb):
        named = _named_like(table, gene)
        if len(named) != 1:
            continue
        values = sorted(words[named[0]]) if words else table[named[0]].drop_nulls().unique().sort().to_list()
        values = [value for value in values if not is_undecided(value)]
        for kind, read in (("phenotype", _phenotype_of), ("diplotype", _names_an_allele)):
            if values and all(read(kb, gene, value) for value in values):
                column = gene_column(gene, kind)
                table = table.with_columns(pl.col(named[0]).alias(column)).drop(named[0])
                words = {**words, column: words[named[0]]} if words else words
                remarks.append(f"{named[0]} is read as {column}")
                break
    return table, words, remarks


def _phenotype_of(kb: KnowledgeBase, gene: str, value: str) -> str | None:
    return _phenotype(kb, value, set())


def _scores(table: pl.DataFrame, endpoint: Endpoint, kb: KnowledgeBase) -> list[str]:
    """Columns of activity scores that an endpoint reads, or that its phenotypes can be read from."""
    names = {name for name in design.columns(endpoint) if FeatureName.parse(name).last in plausible.SCORES}
    names |= {gene_column(gene, "activity_score") for gene in gene_meanings.genes(endpoint, kb)}
    return sorted(names & set(table.columns))


def _score_column(table: pl.DataFrame, name: str, kb: KnowledgeBase, words: Words) -> tuple[pl.DataFrame, str]:
    """Read scores as numbers; one that no two alleles of the gene add up to is unknown."""
    text = table[name].cast(pl.String)
    rows = words[name] if words else {str(v): int(n) for v, n in text.drop_nulls().value_counts().iter_rows()}
    gene, kind = gene_of(name), FeatureName.parse(name).what
    symbol = {one.lower(): one for one in kb.genes}.get(gene)
    possible = gene_meanings.possible_scores(kb, symbol) if symbol and kind == "activity_score" else []
    meant = {value: _score(value, possible) for value in rows}
    table = table.with_columns(text.replace_strict(meant, default=None, return_dtype=pl.Float64()).alias(name))
    odd = [value for value in rows if meant[value] is None and not is_undecided(value)]
    if not odd:
        return table, ""
    like = f"one of {', '.join(f'{score:g}' for score in possible)}" if possible else "a number"
    return table, f"{name} is not understood in {_counted(odd, rows)}, and not used; write {like}"


def _score(value: str, possible: Sequence[float]) -> float | None:
    score = number(value)
    if score is None:
        return None
    # What lies beyond every sum is left for `plausible`: it is no slip of a score but of the table.
    beyond = bool(possible) and not possible[0] <= score <= possible[-1]
    return score if not possible or beyond or score in possible else None


def _counted(odd: Sequence[str], rows: Mapping[str, int]) -> str:
    """Return in how many rows the odd cells are; what they say is a person's and stays in the table."""
    count = sum(rows[value] for value in odd)
    return f"{count} row{'s' * (count != 1)}"


def _column(
    table: pl.DataFrame, name: str, endpoint: Endpoint, kb: KnowledgeBase, words: Words
) -> tuple[pl.DataFrame, str]:
    text = table[name].cast(pl.String)
    rows = words[name] if words else {str(v): int(n) for v, n in text.drop_nulls().value_counts().iter_rows()}
    gene, kind = gene_of(name), FeatureName.parse(name).last
    if any(r.column == name and r.kind == "status" for r in _readings(endpoint)):
        return table, ""  # a status says itself what it does not know
    own = levels_of(name, [endpoint])
    meant = (
        {value: _phenotype(kb, value, own) for value in rows}
        if kind != "diplotype"
        else {value: diplotype_named(kb, gene, value, own) for value in rows}
    )
    lost = sorted((value for value in rows if meant[value] is None), key=lambda v: (-rows[v], v))
    if kind == "clinical_phenotype":
        # Null would let the genes speak; an enzyme whose state is not understood is not as its genes say.
        meant = {value: read or _UNDETERMINED for value, read in meant.items()}
    if all(meant[value] == value for value in rows) and table.schema[name] == pl.String:
        return table, ""
    new = text.replace_strict(meant, default=None, return_dtype=pl.String).alias(name)
    odd = [value for value in lost if not is_undecided(value)]
    if not odd:
        return table.with_columns(new), ""
    if all(value in ("0", "1", "2", "0.0", "1.0", "2.0") for value in odd):
        what = f"{name} holds numbers, which look like counts of an allele, but it is not said of which one"
        return table.with_columns(new), f"{what}: nothing of it is used"
    example = "Intermediate Metabolizer" if kind != "diplotype" else "*1/*2"
    return table.with_columns(
        new
    ), f"{name} is not understood in {_counted(odd, rows)}, and not used; write it like {example!r}"


def is_undecided(value: str) -> bool:
    """Whether a word says that nothing is known."""
    return value.strip().lower() in _UNDECIDED


def _readings(endpoint: Endpoint) -> list[Reading]:
    return [t.reading for t in endpoint.terms] + [f.reading for f in endpoint.features]


def levels_of(name: str, chosen: Sequence[Endpoint]) -> set[str]:
    """Return the words of a column that endpoints know by themselves."""
    readings = [one for endpoint in chosen for one in _readings(endpoint) if one.column == name]
    return {str(level) for one in readings for level in (*one.levels, one.text) if level}


def phenotype_named(kb: KnowledgeBase, value: object) -> str | None:
    """Return the phenotype of a cell as the knowledge base writes it; None for anything else."""
    return None if value is None else _phenotype(kb, str(value), set())


def _phenotype(kb: KnowledgeBase, value: str, own: set[str]) -> str | None:
    if value in own:
        return value
    known = phenotype_words(kb)
    found = phenotype_of(kb, value)
    return found if found in known else None


def phenotype_words(kb: KnowledgeBase) -> frozenset[str]:
    """Return the phenotypes as the knowledge base writes them."""
    found: frozenset[str] = kb.remember("phenotype words", lambda: _words(kb))
    return found


def _words(kb: KnowledgeBase) -> frozenset[str]:
    columns = [kb.table(name)["phenotype"].drop_nulls() for name in ("phenotype_rules", "phenotype_terms")]
    return frozenset(pl.concat(columns).cast(pl.String))


def diplotype_named(kb: KnowledgeBase, gene: str, value: str, own: set[str]) -> str | None:
    """Return a diplotype as the endpoint or the knowledge base writes it; None where a strand of it is not known."""
    symbol = {name.lower(): name for name in kb.genes}.get(gene, gene)
    first, _, second = value.partition("/")
    turned = f"{second}/{first}"
    if value in own or turned in own:
        return None if not second else value if value in own else turned
    if turned.lower() == "reference/reference":
        return value  # of a made-up cohort: none of the alleles that the endpoint names
    if read_diplotype(kb, symbol, value):
        return value if second or _has_one_strand(kb, symbol) else None
    try:
        call_of(kb, symbol, Said(symbol, "", candidates=(value,)), "features")  # what stands beside may deny it
        found, unknown = diplotype_of(kb, symbol, value, 1.0)
    except ValueError:
        found, unknown = None, [value]
    if found and not unknown:
        return found.name
    ours = {half for word in own for half in (word, *word.split("/"))} | {"Reference", "reference"}
    ours |= kb.remember(f"allele names {gene}", lambda: _alleles(kb, gene))
    return value if second and {first.strip(), second.strip()} <= ours else None


def _has_one_strand(kb: KnowledgeBase, symbol: str) -> bool:
    return symbol in kb.genes and kb.gene(symbol).row["inheritance"] != "autosomal"


def _names_an_allele(kb: KnowledgeBase, gene: str, value: str) -> bool:
    """Whether any half of a diplotype is a named allele; what stands beside it is the reader's matter."""
    names: frozenset[str] = kb.remember(f"allele names {gene}", lambda: _alleles(kb, gene))
    parts = re.split(r"/| \+ |[\[\]]", value)
    return any(re.sub(r"x≥?(\d+|N)$", "", part.strip()) in names for part in parts if part.strip())


def _alleles(kb: KnowledgeBase, gene: str) -> frozenset[str]:
    table = kb.table("alleles")
    return frozenset(table.filter(pl.col("gene").str.to_lowercase() == gene)["allele"].cast(pl.String))
