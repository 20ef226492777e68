"""The knowledge base: lazy tables and the gene definitions that calling needs."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pgx.errors import InputError, UsageError
from pgx.knowledge.tables import TABLES
from pgx.paths import data_dir


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
    _genes: dict[str, GeneDefinition] = field(default_factory=dict, repr=False, compare=False)

    def table(self, name: str) -> pl.DataFrame:
        """Return one table, overlays applied.

        Raises
        ------
        UsageError
            If there is no such table.
        """
        return _load(self.folders, name)

    @cached_property
    def version(self) -> str:
        """Version of the product's own tables."""
        return (self.folders[0] / "VERSION").read_text(encoding="utf-8").strip()

    @cached_property
    def checksum(self) -> str:
        """SHA-256 over all table files, overlays included."""
        digest = hashlib.sha256()
        for folder in self.folders:
            for path in sorted(folder.rglob("*.t[so][vm]*")):
                digest.update(path.relative_to(folder).as_posix().encode() + b"\0" + path.read_bytes())
        return digest.hexdigest()

    @cached_property
    def sites(self) -> pl.DataFrame:
        """One row a site: ``site chrom pos_grch38 pos_grch37 ref alleles refs_grch37 genes rsids``.

        ``alleles`` lists the documented allele strings, written against ``ref`` (the longest reference string there is at
        the position); the first is the GRCh38 reference. ``ref_grch37`` is the GRCh37 reference in the same notation.
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
            .with_columns(alleles=pl.concat_list("ref", "alleles"))
            .with_columns(order=pl.col("chrom").replace_strict(_CONTIG_ORDER, default=99, return_dtype=pl.Int32))
            .sort("order", "chrom", "pos_grch38")
            .drop("order")
            .with_row_index("site")
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
        """
        if name not in self._genes:
            self._genes[name] = _define(self, name)
        return self._genes[name]


_CONTIG_ORDER = {f"chr{name}": i for i, name in enumerate([*range(1, 23), "X", "Y", "M"])}


def load(overlays: Sequence[Path] = (), *, folder: Path | None = None) -> KnowledgeBase:
    """Open the knowledge base.

    Parameters
    ----------
    overlays
        Folders with site tables in the same schema; rows with the same key replace the product's.
    folder
        Another folder instead of the product's own.
    """
    base = folder or data_dir() / "knowledge"
    for one in (base, *overlays):
        if not one.is_dir():
            raise InputError("no such knowledge folder", file=one)
    return KnowledgeBase((base, *(Path(one) for one in overlays)))


@lru_cache(maxsize=256)
def _load(folders: tuple[Path, ...], name: str) -> pl.DataFrame:
    if name not in TABLES:
        raise UsageError(f"no knowledge table is called {name!r}; there are: {', '.join(TABLES)}")
    table = TABLES[name]
    frames = [_read(folder / f"{name}.tsv", name) for folder in folders if (folder / f"{name}.tsv").is_file()]
    if not frames:
        raise InputError("the table is missing", file=folders[0] / f"{name}.tsv")
    if len(frames) == 1:
        return frames[0]
    return pl.concat(frames).unique(subset=list(table.key), keep="last", maintain_order=True)


def _read(path: Path, name: str) -> pl.DataFrame:
    try:
        return pl.read_csv(
            path, separator="\t", quote_char=None, schema=TABLES[name].polars_schema(), null_values=[""]
        )
    except (pl.exceptions.PolarsError, UnicodeDecodeError) as error:
        raise InputError(f"not a {name} table: {str(error).splitlines()[0]}", file=path) from error


def _define(kb: KnowledgeBase, name: str) -> GeneDefinition:
    rows = kb.table("genes").filter(pl.col("gene") == name)
    if rows.is_empty():
        raise UsageError(f"the knowledge base has no gene {name!r}; see `pgx kb genes`")
    sites = kb.sites.filter(pl.col("genes").list.contains(name))
    callable_alleles = kb.table("alleles").filter((pl.col("gene") == name) & (pl.col("callable") == "y"))
    names = tuple(callable_alleles.sort("reference", descending=True, maintain_order=True)["allele"])
    codes = [list(alleles) for alleles in sites["alleles"]]
    accepts = np.zeros((len(names), len(codes), max((len(c) for c in codes), default=1)), dtype=bool)
    accepts[:, :, 0] = True
    defining = np.zeros(accepts.shape[:2], dtype=bool)
    allele_index = {allele: i for i, allele in enumerate(names)}
    position_index = {pos: i for i, pos in enumerate(sites["pos_grch38"])}
    definitions = kb.table("definitions").filter((pl.col("gene") == name) & pl.col("allele").is_in(names))
    for allele, pos, bases in definitions.select("allele", "pos_grch38", "bases").iter_rows():
        a, p = allele_index[allele], position_index[pos]
        wanted = [codes[p].index(base) for base in bases.split("|")]
        accepts[a, p, :] = False
        accepts[a, p, wanted] = True
        defining[a, p] = not accepts[a, p, 0]
    return GeneDefinition(name, rows.row(0, named=True), sites["site"].to_numpy().astype(np.int32), names, accepts, defining)
