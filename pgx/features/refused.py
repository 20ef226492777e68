"""Which values of a person were told and could not be used: what a table of features keeps of a refusal.

Such a feature is null, as one of which nothing was ever said. A score that reads it is given in the second case and
refused in the first, so the table says which it is: the column `NAME` holds the features concerned, joined by ``;``, or
`NOTHING` where a reader looked at the person's records and kept no value out. `USED` and a feature say that a value of
it is unlikely and used all the same, for its unit or because somebody confirmed it.
"""

from __future__ import annotations

import polars as pl

from pgx.assertion import is_disputed
from pgx.codes import NoteCode
from pgx.knowledge import KnowledgeBase
from pgx.types import ClinicalData

NAME = "clinical.refused"
NOTHING = "none"
USED = "used:"
MEANING = (
    "features whose value was told and is not used (impossible, doubtful, not understood), joined by ;, or none; "
    "used:<feature> is unlikely of a person of that age, and used as its unit or a confirmation says"
)
GENES = "laboratory.refused"
GENES_MEANING = "genes of which a laboratory's result could not be used, joined by ;: their features are empty"
TREND_PARTS = ("count", "mean", "sd", "slope")


def column(clinical: ClinicalData, kb: KnowledgeBase, samples: pl.DataFrame) -> pl.Series:
    """Return the feature `NAME` in the order of `samples`; null where there is no record of a person."""
    names = _names(kb)
    found: dict[str, set[str]] = {}
    for frame in (clinical.observations, clinical.medications):
        found |= {str(sample): set() for sample in frame["sample"].unique()}
    for sample, concept in clinical.kept_out.select("sample", "concept").iter_rows():
        found.setdefault(str(sample), set()).update(names.get(str(concept), ()))
    unlikely = clinical.notes.filter(code=NoteCode.UNLIKELY_VALUE)
    for sample, concept in unlikely.select("sample", "subject").drop_nulls().iter_rows():
        found.setdefault(sample, set()).update(USED + name for name in names.get(concept, ())[:1])
    told = {sample: ";".join(sorted(listed)) or NOTHING for sample, listed in found.items()}
    return pl.Series(NAME, [told.get(sample) for sample in samples["sample"]], dtype=pl.String)


def kept(frame: pl.DataFrame, clinical: ClinicalData, kb: KnowledgeBase) -> pl.DataFrame:
    """Add the column `NAME` to a table of chosen features if one of them holds what records tell.

    Which features are chosen decides, and not what was refused: a row must say the same of a person alone and among
    others.
    """
    told = {name for listed in _names(kb).values() for name in listed}
    if NAME in frame.columns or told.isdisjoint(frame.columns):
        return frame
    return frame.with_columns(column(clinical, kb, frame.select("sample")))


def genes(calls: pl.DataFrame, samples: pl.DataFrame) -> pl.Series:
    """Return the feature `GENES` in the order of `samples`; null where no result of a gene was refused."""
    found = calls.filter(is_disputed()).group_by("sample").agg(pl.col("gene").unique().sort())
    told = samples.join(found, on="sample", how="left", maintain_order="left")["gene"]
    return told.cast(pl.List(pl.String)).list.join(";").alias(GENES)


def _names(kb: KnowledgeBase) -> dict[str, list[str]]:
    """Return the features of each concept."""
    names: dict[str, list[str]] = {}
    for concept, feature, days in kb.table("concepts").select("concept", "feature", "trend_days").iter_rows():
        trends = [f"trend.{concept}.{part}" for part in TREND_PARTS] if days else []
        names[str(concept)] = [*([str(feature)] if feature else []), *trends]
    return names


def lists(column: pl.Series) -> pl.Series:
    """Return a column of this name as lists of features, whether it is a list or a text of them."""
    if isinstance(column.dtype, pl.List):
        return column.cast(pl.List(pl.String))
    return column.cast(pl.String).str.replace_all(" ", "").str.split(";")
