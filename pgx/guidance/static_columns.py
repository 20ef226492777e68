"""What a row of guidance has from its recommendation alone, whoever it is for."""

from __future__ import annotations

import polars as pl

from pgx import cells
from pgx.cells import NAMES, flag_where
from pgx.codes import FlagCode, Urgency
from pgx.guidance.conditions import NO_RESULT
from pgx.knowledge import KnowledgeBase


def static_columns(kb: KnowledgeBase) -> pl.DataFrame:
    """Return one row a recommendation, worked out once a knowledge base."""
    return kb.remember("guidance rows", lambda: _build_static(kb))


def _build_static(kb: KnowledgeBase) -> pl.DataFrame:
    table = cells.with_lists(
        kb.table("recommendations").with_row_index("index"), {"alternatives": NAMES, "monitoring": NAMES}
    )
    # Of a gene that was not tested no effect is known, whatever the row as a whole implies.
    implications = (
        kb.table("recommendation_conditions")
        .filter(pl.col("implication").is_not_null(), pl.col("match_on") != NO_RESULT)
        .sort("rec_id", "position")
        .group_by("rec_id", maintain_order=True)
        .agg(implication=pl.struct("gene", value=pl.col("implication").str.replace_all(";", "+")))
    )
    second = kb.table("actions").select(pl.col("action", "urgency", "direction").name.prefix("second_"))
    calculated = kb.table("dosed_by").select("drug", pl.col("calculated_from").str.replace_all(";", ":"))
    rests = pl.concat_str(
        pl.lit(FlagCode.OF_CALCULATED_DOSE.value), "calculated_from", separator=":", ignore_nulls=True
    )
    of_calculated = pl.when(pl.col("dose_reference") == "calculated_dose").then(pl.concat_list(rests))
    equal = pl.when((pl.col("secondary_when") == "option") & pl.col("second_direction").is_not_null()).then(
        pl.concat_list(pl.format(f"{FlagCode.OPTION}:{{}}", "secondary_action"))
    )
    low, high = pl.col("dose_min_pct"), pl.col("dose_max_pct")
    recalled = pl.concat_str("source_version", "notes", ignore_nulls=True).str.contains("recall")
    # Advice is local if its own row, a condition or what a genotype of its gene means is the site's.
    asked = kb.table("recommendation_conditions")
    touched = asked.filter(pl.col("local").is_not_null() | pl.col("gene").is_in(list(kb.local_genes)))["rec_id"]
    local = pl.col("local").is_not_null() | pl.col("rec_id").is_in(touched.to_list())
    return (
        table.join(implications, on="rec_id", how="left")
        .join(kb.table("actions").select("action", "urgency", "direction"), on="action", how="left")
        .join(calculated, on="drug", how="left")
        .join(second, left_on="secondary_action", right_on="second_action", how="left")
        .select(
            pl.col("index").cast(pl.Int64),
            "population",
            "action",
            "strength",
            "implication",
            "alternatives",
            "monitoring",
            "url",
            "direction",
            "second_urgency",
            "second_direction",
            "dose_applies",
            second_action="secondary_action",
            guideline="rec_id",
            urgency=pl.col("urgency").fill_null(Urgency.MONITOR.value),
            dose_change=pl.when(low.is_null() | high.is_null() | (low == high))
            .then(_percent(pl.coalesce(low, high)))
            .when(low.abs() <= high.abs())
            .then(_percent(low) + ".." + _percent(high))
            .otherwise(_percent(high) + ".." + _percent(low)),
            static_flags=pl.concat_list(
                flag_where(
                    FlagCode.EXCEPTION, pl.col("population").is_in(kb.table("exceptions")["population"].to_list())
                ),
                flag_where(FlagCode.RECALL, recalled.fill_null(False)),
                flag_where(FlagCode.LOCAL, local),
                of_calculated.otherwise(pl.lit([], dtype=NAMES)),
                equal.otherwise(pl.lit([], dtype=NAMES)),
            ),
        )
    )


def _percent(number: pl.Expr) -> pl.Expr:
    return number.cast(pl.String).str.replace(r"\.0$", "")
