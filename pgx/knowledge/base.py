"""The knowledge base: lazy tables and the gene definitions that calling needs."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pgx.errors import InputError, UsageError
from pgx.knowledge.manifest import read_manifest
from pgx.knowledge.overlays import LOCAL, merge, read_strict
from pgx.knowledge.tables.declared import TABLES
from pgx.paths import data_dir

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class GeneDefinition:
    """What calling needs to know of one gene.

    Parameters
    ----------
    gene
        HGNC symbol.
    row
        The gene's row of ``genes.tsv`` (policies).
    sites
        int32 (P,): the gene's positions, as indices into `KnowledgeBase.sites`, by position.
    alleles
        Names of the A callable alleles, the reference allele first.
    accepts
        bool (A, P, C): whether allele a accepts the site's allele code c at position p. Codes run over the site's
        documented alleles (0 = GRCh38 reference); C is the gene's largest count.
    defining
        bool (A, P): positions where the allele requires (not merely accepts) something other than the GRCh38 reference.
    """

    gene: str
    row: dict[str, object]
    sites: NDArray[np.int32]
    alleles: tuple[str, ...]
    accepts: NDArray[np.bool_]
    defining: NDArray[np.bool_]


@dataclass(frozen=True)
class KnowledgeBase:
    """The facts, read once and lazily by table.

    Parameters
    ----------
    folders
        The product's own tables first, then site overlays in order; later rows with the same key win.
    """

    folders: tuple[Path, ...]
    _memory: dict[Hashable, Any] = field(default_factory=dict, repr=False, compare=False)

    def __reduce__(self) -> tuple[type[KnowledgeBase], tuple[tuple[Path, ...]]]:
        return KnowledgeBase, (self.folders,)

    def remember(self, key: Hashable, make: Callable[[], _T]) -> _T:
        """Return what `make` gives, made once in the life of this knowledge base."""
        if key not in self._memory:
            self._memory[key] = make()
        found: _T = self._memory[key]
        return found

    def table(self, name: str) -> pl.DataFrame:
        """Return one table, overlays applied.

        The columns are those of `pgx.knowledge.tables.declared` and ``local``: the overlay's name, null in rows of the
        product.

        Raises
        ------
        UsageError
            If there is no such table.
        InputError
            If a file does not hold it.
        """
        return self.remember(("table", name), lambda: _load(self.folders, name))

    @cached_property
    def version(self) -> str:
        """Version of the product's own tables, and the names of the overlays: ``2026.11.1`` or ``2026.11.1+ward7``."""
        path = self.folders[0] / "VERSION"
        if not path.is_file():
            raise InputError("the knowledge folder has no version", file=path, fix="write one line, such as 2026.11.1")
        own = path.read_text(encoding="utf-8").strip()
        return "+".join([own, *(folder.resolve().name for folder in self.folders[1:])])

    @cached_property
    def checksum(self) -> str:
        """SHA-256 over all table files, overlays included."""
        digest = hashlib.sha256()
        for folder in self.folders:
            for path in sorted(folder.rglob("*.t[so][vm]*")):
                digest.update(path.relative_to(folder).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
        return digest.hexdigest()

    @cached_property
    def local_genes(self) -> dict[str, str]:
        """Genes whose calls or phenotypes rest on overlay rows, and the overlay's name, or ``ward7+ward8``."""
        found: dict[str, set[str]] = {}
        for name in _RULES_OF_GENES:
            if self.overlaid(name):
                self._add_local(found, self.table(name), "gene")
        return self._named(found)

    @cached_property
    def local_drugs(self) -> dict[str, str]:
        """Drugs whose guidance, names or interactions rest on overlay rows, and the overlay's name (or names)."""
        found: dict[str, set[str]] = {}
        for name in ("drugs", "drug_names", "interactions", "recommendations", "substrates", "label_interactions"):
            if self.overlaid(name):
                self._add_local(found, self.table(name), "drug")
        if self.overlaid("recommendation_conditions"):
            conditions = self.table("recommendation_conditions")
            advised = self.table("recommendations").select("rec_id", "drug").join(conditions, on="rec_id")
            self._add_local(found, advised, "drug")
        return self._named(found)

    @staticmethod
    def _add_local(found: dict[str, set[str]], table: pl.DataFrame, column: str) -> None:
        for one, overlay in table.filter(pl.col(LOCAL).is_not_null()).select(column, LOCAL).unique().iter_rows():
            found.setdefault(one, set()).add(overlay)

    def _named(self, found: dict[str, set[str]]) -> dict[str, str]:
        names = list(dict.fromkeys(folder.resolve().name for folder in self.folders[1:]))
        return {one: "+".join(name for name in names if name in found[one]) for one in sorted(found)}

    def overlaid(self, name: str) -> bool:
        """Return whether an overlay has rows of a table."""
        return any((folder / f"{name}.tsv").is_file() for folder in self.folders[1:])

    @cached_property
    def sites(self) -> pl.DataFrame:
        """One row a site: ``site chrom pos_grch38 pos_grch37 ref alleles ref_grch37 genes rsids``.

        ``alleles`` lists the documented allele strings, written against ``ref`` (the longest reference string there
        is at the position); the first is the GRCh38 reference. ``ref_grch37`` is the GRCh37 reference in the same
        notation.
        Sorted by contig in karyotype order and position.
        """
        variants = self.table("variants").with_columns(
            longest=pl.col("ref").sort_by(pl.col("ref").str.len_bytes()).last().over("chrom", "pos_grch38")
        )
        rest = pl.col("longest").str.slice(pl.col("ref").str.len_chars())
        variants = variants.with_columns(full_alt=pl.col("alt") + rest, full_37=pl.col("ref_grch37") + rest)
        return (
            variants.group_by("chrom", "pos_grch38")
            .agg(
                pl.col("pos_grch37").first(),
                pl.col("longest").first().alias("ref"),
                pl.col("full_alt").unique(maintain_order=True).alias("alleles"),
                pl.col("full_37").first().alias("ref_grch37"),
                pl.col("gene").unique().sort().alias("genes"),
                pl.col("rsid").drop_nulls().unique().sort().alias("rsids"),
            )
            .join(self._former_numbers(variants), on=["chrom", "pos_grch38"], how="left")
            .with_columns(
                alleles=pl.concat_list("ref", "alleles"), rsids=pl.concat_list("rsids", pl.col("former").fill_null([]))
            )
            .drop("former")
            .with_columns(order=pl.col("chrom").replace_strict(_CONTIG_ORDER, default=99, return_dtype=pl.Int32))
            .sort("order", "chrom", "pos_grch38")
            .drop("order")
            .with_row_index("site")
        )

    def _former_numbers(self, variants: pl.DataFrame) -> pl.DataFrame:
        """Return rs numbers that were merged into others, by site: names of an allele that one position defines."""
        names = self.table("allele_names").filter(
            pl.col("name").str.contains(r"^rs\d+$"), ~pl.col("name").is_in(variants["rsid"].drop_nulls().implode())
        )
        definitions = self.table("definitions").join(names, on=["gene", "allele"], how="semi")
        alone = definitions.filter(pl.len().over("gene", "allele") == 1)
        at = names.join(alone.select("gene", "allele", "pos_grch38"), on=["gene", "allele"])
        places = variants.select("gene", "chrom", "pos_grch38").unique()
        return (
            at.join(places, on=["gene", "pos_grch38"])
            .group_by("chrom", "pos_grch38")
            .agg(pl.col("name").unique().sort().alias("former"))
        )

    @cached_property
    def genes(self) -> tuple[str, ...]:
        """Symbols of all genes, sorted."""
        return tuple(self.table("genes")["gene"].sort())

    def gene(self, name: str) -> GeneDefinition:
        """Return the definition of one gene.

        Raises
        ------
        UsageError
            If the knowledge base does not have the gene.
        InputError
            If a definition names a position or base that no variant has.
        """
        return self.remember(("gene", name), lambda: _define(self, name))


_RULES_OF_GENES = (
    "genes", "alleles", "definitions", "variants", "functions", "phenotype_rules", "priors", "calling_policies",
    "gene_exons", "hla_tags", "hla_groups", "genotype_terms", "phenoconversion", "phenoconversion_more",
    "enzyme_groups",
)  # fmt: skip
"""Tables whose rows decide what a gene's genotypes are called and mean."""

_CONTIG_ORDER = {f"chr{name}": i for i, name in enumerate([*range(1, 23), "X", "Y", "M"])}


def _load(folders: tuple[Path, ...], name: str) -> pl.DataFrame:
    if name not in TABLES:
        raise UsageError(f"no knowledge table is called {name!r}; there are: {', '.join(TABLES)}")
    files = [(folder, folder / f"{name}.tsv") for folder in folders if (folder / f"{name}.tsv").is_file()]
    if not files:
        raise InputError("the table is missing", file=folders[0] / f"{name}.tsv")
    frames = []
    for folder, path in files:
        local = None if folder == folders[0] else folder.resolve().name
        frame = _own(folder, name) if local is None else read_strict(path, TABLES[name])
        column = pl.Series(LOCAL, [local], dtype=pl.String).new_from_index(0, frame.height)
        frames.append((folder, frame.insert_column(frame.width, column)))
    return frames[0][1] if len(folders) == 1 else merge(frames, folders, TABLES[name])


def _own(folder: Path, name: str) -> pl.DataFrame:
    """Read a table of the product: its file, and those of its parts. One that the manifest names must be there."""
    told = read_manifest(folder)["tables"]
    # A folder of somebody's own making may be edited; what the product ships may not.
    shipped = told if folder == data_dir() / "knowledge" else {}
    frames = [_read(folder / f"{name}.tsv", name, shipped)]
    for part in TABLES[name].files()[1:]:
        if (folder / part).is_file():
            frames.append(_read(folder / part, name, shipped))
        elif part in told:
            raise InputError("the table is missing", file=folder / part)
    return frames[0] if len(frames) == 1 else pl.concat(frames)


def _read(path: Path, name: str, shipped: Mapping[str, Mapping[str, Any]]) -> pl.DataFrame:
    schema, content = TABLES[name].polars_schema(), path.read_bytes()
    if path.name in shipped and hashlib.sha256(content).hexdigest() != shipped[path.name]["sha256"]:
        raise InputError("not the table that this version of pgx ships: its checksum differs", file=path,
                         fix="install pgx again; rows of a site belong into a folder for --knowledge")  # fmt: skip
    try:
        frame = pl.read_csv(content, separator="\t", quote_char=None, schema=schema, null_values=[""])
    except (pl.exceptions.PolarsError, UnicodeDecodeError):
        return read_strict(path, TABLES[name])
    header = content.partition(b"\n")[0].decode("utf-8").split("\t")
    return frame if header == schema.names() else read_strict(path, TABLES[name])


def _grouped(kb: KnowledgeBase, table: str, columns: Sequence[str]) -> dict[str, list[tuple[Any, ...]]]:
    """Rows of a table by gene, which must be the first of `columns`."""

    def group() -> dict[str, list[tuple[Any, ...]]]:
        groups: dict[str, list[tuple[Any, ...]]] = {}
        for row in kb.table(table).select(columns).iter_rows():
            groups.setdefault(row[0], []).append(row)
        return groups

    return kb.remember(("by gene", table, tuple(columns)), group)


def _sites_of(kb: KnowledgeBase) -> dict[str, list[tuple[int, int, list[str]]]]:
    def group() -> dict[str, list[tuple[int, int, list[str]]]]:
        groups: dict[str, list[tuple[int, int, list[str]]]] = {}
        for site, position, alleles, genes in kb.sites.select("site", "pos_grch38", "alleles", "genes").iter_rows():
            for gene in genes:
                groups.setdefault(gene, []).append((site, position, alleles))
        return groups

    return kb.remember("sites by gene", group)


def _define(kb: KnowledgeBase, name: str) -> GeneDefinition:
    rows = kb.remember("gene rows", lambda: {str(row["gene"]): row for row in kb.table("genes").iter_rows(named=True)})
    if name not in rows:
        raise UsageError(f"the knowledge base has no gene {name!r}; see `pgx kb genes`")
    sites = _sites_of(kb).get(name, [])
    alleles = _grouped(kb, "alleles", ("gene", "allele", "reference", "callable")).get(name, [])
    callable_alleles = [row for row in alleles if row[3] == "y"]
    names = tuple(row[1] for row in sorted(callable_alleles, key=lambda row: row[2] != "y"))
    accepts = np.zeros((len(names), len(sites), max((len(s[2]) for s in sites), default=1)), dtype=bool)
    accepts[:, :, 0] = True
    allele_index = {allele: i for i, allele in enumerate(names)}
    position_index = {position: i for i, (_, position, _) in enumerate(sites)}
    for _, allele, position, bases in _grouped(kb, "definitions", ("gene", "allele", "pos_grch38", "bases")).get(
        name, []
    ):
        if allele not in allele_index:
            continue
        if position not in position_index:
            raise InputError(f"{name} {allele} requires bases at {position}, which no variant of {name} has")
        a, p = allele_index[allele], position_index[position]
        accepts[a, p, :] = False
        for base in bases.split("|"):
            accepts[a, p, _code(sites[p][2], base, f"{name} {allele} at {position}")] = True
    indices = np.array([site for site, _, _ in sites], dtype=np.int32)
    return GeneDefinition(name, rows[name], indices, names, accepts, ~accepts[:, :, 0])


def _code(alleles: Sequence[str], base: str, where: str) -> int:
    try:
        return alleles.index(base)
    except ValueError:
        known = "|".join(alleles)
        raise InputError(f"{where} accepts {base!r}, but the site's documented alleles are {known}") from None
