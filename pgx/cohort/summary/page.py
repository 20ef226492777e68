"""The page about a cohort, and its sections for MultiQC."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from pgx.codes import Status, Urgency
from pgx.cohort.summary.kinship import SAME, Likeness
from pgx.cohort.summary.parts import ESTIMATED, EVERYBODY, GIVEN, Parts
from pgx.cohort.summary.published import ALLELE, MOST, PHENOTYPE
from pgx.cohort.summary.small_counts import hidden_in_sum
from pgx.reports.formats.cohort_plots import Bar, Range, bars, ranges
from pgx.reports.formats.html import environment

PAGE = "cohort.html"
FILES = (PAGE, "pgx_cohort_genes_mqc.json", "pgx_cohort_drugs_mqc.json", "pgx_cohort_positions_mqc.json")
_MOST = 25
_PLOTTED_ALLELES = 8
_FAR = 4.0
"""Standard errors from the published from which a frequency is marked."""
_GROUPED = {
    GIVEN: "by the group on record",
    ESTIMATED: "by the group that the genotypes fit best, which is rough",
}
_ABOUT = "Pharmacogenomics of a cohort by pgx. Research use; not a medical device."


@dataclass(frozen=True, slots=True)
class Shown:
    """What is shown: the cohort, its tables, who looks alike, and below which number counts are hidden."""

    parts: Parts
    tables: dict[str, pl.DataFrame]
    alike: Likeness | None
    min_count: int | None


def render(shown: Shown) -> dict[str, str]:
    """Return file name -> text, of `FILES`; a section that would be empty is left out."""
    sections = {"genes": _genes_section, "drugs": _drugs_section, "positions": _positions_section}
    texts = {PAGE: _page(shown)}
    for name, make in sections.items():
        if f"cohort_{name}" in shown.tables:
            content = make(shown.tables[f"cohort_{name}"])
            if content["data"]:
                texts[f"pgx_cohort_{name}_mqc.json"] = json.dumps(content, indent=1, ensure_ascii=False) + "\n"
    return texts


def _page(shown: Shown) -> str:
    tables = shown.tables
    return environment().get_template("cohort.html.j2").render(
        persons=shown.parts.people.height,
        versions=shown.parts.told["versions"],
        min_count=shown.min_count,
        grouped=_GROUPED.get(shown.parts.grouping),
        groups=_sizes(shown),
        sexes=_sexes(shown),
        plots=_plots(tables["cohort_frequencies"]),
        far=_far(tables["cohort_frequencies"]),
        limit=_FAR,
        most=_MOST,
        genes=tables["cohort_genes"].filter(pl.col("group") == EVERYBODY).sort("call_rate", "gene").to_dicts(),
        missing=_missing(tables.get("cohort_positions")),
        suspects=_suspects(tables.get("cohort_positions")),
        alike=shown.alike,
        same=SAME,
        pairs=None if shown.alike is None else shown.alike.pairs.head(_MOST).to_dicts(),
        sex=_rows(tables.get("cohort_sex")),
        drugs=_rows(tables.get("cohort_drugs")),
        drug_plot=_drug_plot(tables.get("cohort_drugs")),
        acted=None if "cohort_persons" not in tables else tables["cohort_persons"].height,
        tests=_rows(tables.get("cohort_next_tests")),
        with_tests=",".join([*shown.parts.told["parameters"]["tables"], "next_tests"]),
        most_published=MOST,
        tables=list(tables),
    )  # fmt: skip


def _rows(frame: pl.DataFrame | None) -> list[dict[str, Any]] | None:
    return None if frame is None else frame.head(_MOST).to_dicts()


def _sizes(shown: Shown) -> list[tuple[str, str]]:
    return _tally(shown.parts.people["group"], shown.min_count) if shown.parts.groups else []


def _sexes(shown: Shown) -> list[tuple[str, str]]:
    return _tally(shown.parts.people["sex"].fill_null("not on record"), shown.min_count)


def _tally(values: pl.Series, minimum: int | None) -> list[tuple[str, str]]:
    """Count the values; as everybody's number is known, a hidden count is never the only one."""
    rows = values.value_counts(name="persons").sort(values.name).rows()
    counts = np.array([count for _, count in rows], dtype=np.int64)
    hidden = np.zeros(len(rows), dtype=bool) if minimum is None else hidden_in_sum(counts, minimum)
    return [
        (name, "hidden" if away else f"{count:,}") for (name, count), away in zip(rows, hidden.tolist(), strict=True)
    ]


def _plots(frame: pl.DataFrame) -> list[tuple[str, Any]]:
    """Draw the phenotypes of each gene that has published ones, and else the alleles, in everybody."""
    every = frame.filter(pl.col("group") == EVERYBODY, pl.col("frequency").is_not_null())
    found: list[tuple[str, Any]] = []
    for gene in every["gene"].unique().sort():
        own = every.filter(pl.col("gene") == gene)
        level = next((one for one in (PHENOTYPE, ALLELE) if _is_published(own, one)), None)
        if level is None:
            continue
        rows = own.filter(pl.col("level") == level).sort("count", "value", descending=[True, False])
        columns = ("value", "frequency", "low", "high", "published")
        drawn = [Range(*row) for row in rows.head(_PLOTTED_ALLELES).select(columns).iter_rows()]
        found.append((gene, ranges(f"{gene}: {level}s", drawn, uid=f"f-{gene}")))
    return found


def _is_published(own: pl.DataFrame, level: str) -> bool:
    return bool(own.filter(pl.col("level") == level)["published"].is_not_null().any())


def _far(frame: pl.DataFrame) -> list[dict[str, Any]]:
    """Return the frequencies that are far from the published, the farthest first."""
    rows = frame.filter(pl.col("z").abs() > _FAR, pl.col("level") != "diplotype")
    return rows.sort(pl.col("z").abs(), descending=True).head(_MOST).to_dicts()


def _missing(frame: pl.DataFrame | None) -> list[dict[str, Any]] | None:
    """Return the positions that most persons lack."""
    if frame is None:
        return None
    rows = frame.unique(["chrom", "pos_grch38"], keep="first", maintain_order=True).filter(pl.col("call_rate") < 1)
    return rows.sort("call_rate", maintain_order=True).head(_MOST).to_dicts()


def _suspects(frame: pl.DataFrame | None) -> list[dict[str, Any]] | None:
    return None if frame is None else frame.filter(pl.col("suspect").is_not_null()).sort("suspect").to_dicts()


def _drug_plot(frame: pl.DataFrame | None) -> Any:
    if frame is None:
        return None
    rows = frame.filter(pl.col("actionable") > 0).head(_MOST)
    columns = ("drug", "actionable", "low", "high")
    return bars("Persons to whom avoid or change of dose applies", [Bar(*row) for row in rows.select(columns).rows()],
                uid="drugs")  # fmt: skip


def _section(name: str, title: str, kind: str, **more: Any) -> dict[str, Any]:
    return {
        "id": f"pgx_cohort_{name}",
        "section_name": title,
        "description": _ABOUT,
        "plot_type": kind,
        # No namespace: MultiQC knows it of tables, and warns of it in bar graphs.
        "pconfig": {"id": f"pgx_cohort_{name}_plot", "title": f"pgx: {title.lower()}"},
        **more,
    }


def _genes_section(frame: pl.DataFrame) -> dict[str, Any]:
    names = [str(one) for one in Status]
    rows = frame.filter(pl.col("group") == EVERYBODY)
    data = {row["gene"]: {name: row[name] for name in names if row[name] is not None} for row in rows.to_dicts()}
    return _section("genes", "Genes called", "bargraph", data={gene: told for gene, told in data.items() if told})


def _drugs_section(frame: pl.DataFrame) -> dict[str, Any]:
    names = [str(one) for one in Urgency]
    data = {row["drug"]: {name: row[name] for name in names if row[name] is not None} for row in frame.to_dicts()}
    return _section("drugs", "Drugs by urgency", "bargraph", data={drug: told for drug, told in data.items() if told})


def _positions_section(frame: pl.DataFrame) -> dict[str, Any]:
    """Return a table of what is suspect, and of positions that not everybody has."""
    wanted = frame.filter(pl.col("suspect").is_not_null() | (pl.col("call_rate") < 0.95))
    names = ("rsid", "genes", "call_rate", "frequency", "published", "suspect")
    headers = {name: {"title": name.replace("_", " ").capitalize(), "scale": False} for name in names}
    data = {
        f"{row['chrom']}:{row['pos_grch38']} {row['change']}": {
            name: row[name] for name in names if row[name] is not None
        }
        for row in wanted.to_dicts()
    }
    return _section("positions", "Positions to look at", "table", headers=headers, data=data)
