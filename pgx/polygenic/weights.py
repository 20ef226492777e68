"""The rows of a scoring file: which variant each is, what it adds for 0, 1 and 2 copies, and why a row cannot be used.

The columns are those of the PGS Catalog's format 2.0 (https://www.pgscatalog.org/downloads/#scoring_columns). A
harmonised file has positions of its own in ``hm_chr`` and ``hm_pos``; where they are empty, harmonisation failed, and
the author's position in another build is no substitute.
"""

from __future__ import annotations

import io
import re
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from pgx.codes import VariantUse
from pgx.errors import InputError
from pgx.polygenic.file_header import FileHeader, read_header, unpacked
from pgx.variants.vcf.contigs import LENGTHS, canonical
from pgx.variants.whole_numbers import whole_number

COPIES = ("weight_0", "weight_1", "weight_2")
"""Columns of what a row adds for no, one and two copies of the effect allele."""
_DOSAGE = tuple(f"dosage_{n}_weight" for n in range(3))
_FLAGS = ("is_haplotype", "is_diplotype", "is_interaction", "is_dominant", "is_recessive")
_NEEDED = ("effect_allele",)
_READ = (
    "rsID", "hm_rsID", "chr_name", "chr_position", "hm_chr", "hm_pos", "effect_allele", "other_allele",
    "hm_inferOtherAllele", "effect_weight", "allelefrequency_effect", *_DOSAGE, *_FLAGS,
)  # fmt: skip
_BASES = r"^[ACGT]+$"
_SEVERAL = r"^[ACGT]+(/[ACGT]+)*$"
_TRUE = ("TRUE", "T", "1", "YES")


@dataclass(frozen=True, slots=True)
class Weights:
    """A scoring file as read.

    `rows` has one row a line of the file: ``row`` (0-based), ``rsid``, ``chrom``, ``pos``, ``effect``, ``other``
    (several alleles joined by ``/``; null = not told), ``weight_0`` to ``weight_2``, ``frequency`` of the effect
    allele, and ``refused``: the `VariantUse` that keeps the row from use, else null.
    """

    header: FileHeader
    build: str
    rows: pl.DataFrame
    path: Path

    @property
    def usable(self) -> pl.DataFrame:
        """The rows that a genotype is looked for."""
        return self.rows.filter(pl.col("refused").is_null())


def read_weights(path: Path, build: str) -> Weights:
    """Read a scoring file for genotypes of a build.

    Parameters
    ----------
    path
        The file, gzipped or not.
    build
        Build of the genotypes: the file must have positions in it.

    Raises
    ------
    InputError
        If the file is none, or has no positions in that build.
    """
    text = unpacked(path)
    header = read_header(text, path)
    _refuse_ratios(header, path)
    table = _table(text, header, path)
    _refuse_cut(table.height, header, path)
    chrom, pos = _places(header, table.columns, build, path)
    missing = [name for name in _READ if name not in table.columns]
    table = table.with_columns(pl.lit(None, pl.String).alias(name) for name in missing)
    table = table.with_columns(pl.col(pl.String).str.strip_chars().replace("", None))
    return Weights(header, build, _with_repeats(_rows(table, chrom, pos, build)), path)


_RATIOS = re.compile(r"\b(OR|HR|RR|(odds|hazard|risk) ratios?)\b", re.IGNORECASE)
_LOGS = re.compile(r"\b(log|ln|beta)", re.IGNORECASE)


def _refuse_ratios(header: FileHeader, path: Path) -> None:
    """Refuse weights that are ratios: they multiply, and their sum means nothing."""
    said = header.value("weight_type") or ""
    if _RATIOS.search(said) and not _LOGS.search(said):
        raise InputError(f"the weights are ratios (#weight_type={said[:40]}), which cannot be added up", file=path,
                         fix="give a file with their logarithms (beta, log(OR)) as weights")  # fmt: skip


def _refuse_cut(found: int, header: FileHeader, path: Path) -> None:
    """Refuse a file that does not have the number of variants that its header says: a part of it is no score."""
    said = header.value("variants_number")
    if said is None:
        return
    number = whole_number(said)
    if number is None:
        raise InputError(f"the number of variants is {said[:40]!r} (#variants_number)", file=path,
                         fix="correct the header, or download it again")  # fmt: skip
    if number != found:
        raise InputError(
            f"the header says {number} variants (#variants_number), and the file has {found}",
            file=path,
            fix="download it again",
        )


def _table(text: bytes, header: FileHeader, path: Path) -> pl.DataFrame:
    try:
        table = pl.read_csv(io.BytesIO(text), separator="\t", skip_rows=header.lines, quote_char=None,
                            infer_schema=False)  # fmt: skip
    except (pl.exceptions.PolarsError, UnicodeDecodeError) as error:
        said = (str(error).strip().splitlines() or ["not a table"])[0]
        raise InputError(f"not a scoring file: {said}", file=path, fix="give a file of the PGS Catalog") from error
    lacking = [name for name in _NEEDED if name not in table.columns]
    if "effect_weight" not in table.columns and not set(_DOSAGE) <= set(table.columns):
        lacking.append("effect_weight")
    if lacking:
        raise InputError(f"no column {', '.join(lacking)}", file=path, where=f"line {header.lines + 1}",
                         fix="give a scoring file of the PGS Catalog (format 2.0), separated by tabs")  # fmt: skip
    if table.is_empty():
        raise InputError("the file has no variants", file=path)
    return table.select(name for name in _READ if name in table.columns)


def _places(header: FileHeader, columns: list[str], build: str, path: Path) -> tuple[str, str]:
    """Return the columns of chromosome and position in the genotypes' build."""
    has = {"hm_chr": {"hm_chr", "hm_pos"} <= set(columns), "chr_name": {"chr_name", "chr_position"} <= set(columns)}
    if has["hm_chr"] and header.harmonised == build:
        return "hm_chr", "hm_pos"
    if has["chr_name"] and header.build == build:
        return "chr_name", "chr_position"
    if not any(has.values()):
        raise InputError("the file has no positions, and rs numbers alone do not say which allele is where", file=path,
                         fix=f"give the file that the PGS Catalog harmonised to {build}")  # fmt: skip
    told = header.harmonised if has["hm_chr"] else header.build
    if told is None:
        key = "HmPOS_build" if has["hm_chr"] else "genome_build"
        raise InputError(f"the header does not say which build the positions are in (#{key})", file=path,
                         fix=f"give the file that the PGS Catalog harmonised to {build}")  # fmt: skip
    raise InputError(f"the positions are in {told}, the genotypes in {build}", file=path,
                     fix=f"give the file that the PGS Catalog harmonised to {build}")  # fmt: skip


def _rows(table: pl.DataFrame, chrom: str, pos: str, build: str) -> pl.DataFrame:
    names = {name: canonical(name) for name in table[chrom].drop_nulls().unique()}
    flag = {name: pl.col(name).str.to_uppercase().is_in(_TRUE).fill_null(False) for name in _FLAGS}
    weight = pl.col("effect_weight").cast(pl.Float64, strict=False)
    dosage = [pl.col(name).cast(pl.Float64, strict=False) for name in _DOSAGE]
    own = pl.any_horizontal(pl.col(name).is_not_null() for name in _DOSAGE) & weight.is_null()
    counted = (pl.lit(0.0), pl.when(flag["is_recessive"]).then(0.0).otherwise(weight),
               pl.when(flag["is_dominant"] | flag["is_recessive"]).then(weight).otherwise(2 * weight))  # fmt: skip
    frequency = pl.col("allelefrequency_effect").cast(pl.Float64, strict=False)
    found = table.select(
        pl.int_range(pl.len(), dtype=pl.Int64).alias("row"),
        pl.coalesce("hm_rsID", "rsID").alias("rsid") if chrom == "hm_chr" else pl.col("rsID").alias("rsid"),
        pl.col(chrom).replace_strict(names, default=None, return_dtype=pl.String).alias("chrom"),
        pl.col(pos).cast(pl.Int64, strict=False).alias("pos"),
        pl.col("effect_allele").str.to_uppercase().alias("effect"),
        pl.coalesce("other_allele", "hm_inferOtherAllele").str.to_uppercase().alias("other"),
        *(pl.when(own).then(d).otherwise(c).alias(n) for d, c, n in zip(dosage, counted, COPIES, strict=True)),
        pl.when(frequency.is_between(0, 1)).then(frequency).alias("frequency"),
        *(flag[name] for name in _FLAGS),
    )
    return found.with_columns(_refused(build).alias("refused")).drop(_FLAGS)


def _refused(build: str) -> pl.Expr:
    """Why a row cannot be used; the first reason that holds."""
    length = pl.col("chrom").replace_strict(LENGTHS[build], default=None, return_dtype=pl.Int64)
    reasons = [
        (pl.col("is_haplotype"), VariantUse.HAPLOTYPE),
        (pl.col("is_diplotype"), VariantUse.DIPLOTYPE),
        (pl.col("is_interaction"), VariantUse.INTERACTION),
        (~pl.col("effect").str.contains(_BASES).fill_null(False), VariantUse.NOT_BASES),
        (~pl.col("other").str.contains(_SEVERAL).fill_null(True), VariantUse.NOT_BASES),
        (pl.col("effect") == pl.col("other"), VariantUse.NOT_BASES),
        (pl.col("is_dominant") & pl.col("is_recessive"), VariantUse.TWO_MODELS),
        (~pl.all_horizontal(pl.col(name).is_finite().fill_null(False) for name in COPIES), VariantUse.NO_WEIGHT),
        (pl.col("chrom").is_null() | pl.col("pos").is_null(), VariantUse.NO_POSITION),
        (pl.col("chrom") == "chrM", VariantUse.NOT_NUCLEAR),
        (~pl.col("pos").is_between(1, length), VariantUse.OFF_CHROMOSOME),
    ]
    return pl.coalesce([pl.when(condition).then(pl.lit(str(reason))) for condition, reason in reasons])


def _with_repeats(rows: pl.DataFrame) -> pl.DataFrame:
    """Refuse rows on the same variant: of equal ones all but the first, of those that contradict each other all."""
    pair = pl.when(pl.col("effect") < pl.col("other")).then(pl.concat_str("effect", "other", separator=">")).otherwise(
        pl.concat_str("other", "effect", separator=">"))  # fmt: skip
    key = pl.concat_str("chrom", "pos", pl.coalesce(pair, "effect"), separator=":")
    usable = rows.filter(pl.col("refused").is_null()).select("row", "effect", *COPIES, key.alias("key"))
    twice = usable.filter(pl.col("key").is_duplicated())
    if twice.is_empty():
        return rows
    same = pl.all_horizontal(pl.col(name).n_unique().over("key") == 1 for name in ("effect", *COPIES))
    first = pl.col("row") == pl.col("row").min().over("key")
    reason = pl.when(same & ~first).then(pl.lit(str(VariantUse.REPEATED))).when(~same).then(
        pl.lit(str(VariantUse.CONTRADICTED)))  # fmt: skip
    found = twice.select("row", reason.alias("again"))
    return rows.join(found, on="row", how="left", maintain_order="left").with_columns(
        pl.coalesce("refused", "again").alias("refused")).drop("again")  # fmt: skip
