"""Isoniazid exposure of 104 adults with HIV and known NAT2 as a clean table (training time only).

The persons are those of a trial of NAT2-guided isoniazid in Brazil (ClinicalTrials NCT05413551; data and code of the
authors under the MIT licence). Nothing of the table is shipped with this product but the model trained on it.

On the first occasion the dose followed NAT2, so that dose and genotype cannot be told apart there; on the second one
everybody had 900 mg, and only that one is used.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

import polars as pl

from pgx.errors import InputError

SOURCE_SHA256 = "65a37a632257c35099fc6e150c7b739352bc2f75a85f92a8db5bbd7a0cb6c93a"
TITLE = (
    "Adults with HIV at two sites in Brazil, one dose of 900 mg each (da Silva et al., ClinicalTrials NCT05413551; "
    "data of the authors under the MIT licence, rounded to two decimals); non-compartmental area under the curve over "
    "24 hours. Left out: two missed doses (every concentration below the limit of quantification), one person whose "
    "two occasions are the same figures, and one without the occasion."
)
DOSE = 900.0
MISSED = 0.25
"""mg*h/L; a smaller area is what is written where every concentration lies below the limit of quantification."""
_AGES = {"18-29": 24, "30-39": 35, "40-49": 45, "50-59": 55, "60-69": 65, "70+": 75}
_RACES = ("asian", "black", "white")


def convert(path: Path) -> pl.DataFrame:
    """Read the second occasions as a table, one row a person, sorted by person.

    Raises
    ------
    InputError
        If the file is missing, or is not the one that the shipped model was trained on.
    """
    if not path.is_file():
        raise InputError("no such file", file=path, fix="give the table of exposures with --isoniazid FILE")
    found = hashlib.sha256(path.read_bytes()).hexdigest()
    if found != SOURCE_SHA256:
        raise InputError(f"sha256 is {found[:12]}..., expected {SOURCE_SHA256[:12]}...", file=path,
                         fix="use the table that the shipped model was trained on")  # fmt: skip
    return eligible(pl.read_csv(path))


def eligible(table: pl.DataFrame) -> pl.DataFrame:
    """Keep the occasions that tell how a dose of 900 mg is cleared.

    Parameters
    ----------
    table
        Columns ``person site occasion dose_mg auc24_ug_h_ml age_group sex race weight_kg nat2_phenotype``.
    """
    area = pl.col("auc24_ug_h_ml")
    copied = (area.n_unique().over("person") == 1) & (pl.len().over("person") > 1)
    used = table.filter((pl.col("occasion") == 2) & (pl.col("dose_mg") == DOSE) & (area > MISSED) & ~copied)
    race = pl.when(pl.col("race").is_in(_RACES)).then("race")
    return used.select(
        "person",
        "site",
        area.alias("exposure"),
        pl.col("age_group").replace_strict(_AGES, return_dtype=pl.Float64).alias("clinical.age"),
        pl.col("sex").alias("clinical.sex"),
        race.alias("clinical.race"),
        pl.col("weight_kg").cast(pl.Float64).alias("clinical.weight"),
        pl.col("nat2_phenotype").alias("gene.nat2.phenotype"),
    ).sort("person")
