"""A cohort's summary as MultiQC reads it: custom content, one table and one bar plot."""

from __future__ import annotations

import json
from typing import Any

import polars as pl

from pgx.judgement import of_result
from pgx.reports.page.lexicon import overlays_of
from pgx.reports.page.model import not_usable_because
from pgx.reports.page.wording import URGENCIES, clean, words
from pgx.types import Result

_ABOUT = "Pharmacogenomic calls and guidance by pgx. Research use; not a medical device."


def to_multiqc(result: Result) -> dict[str, str]:
    """Return file name -> JSON text of MultiQC custom content.

    ``pgx_mqc.json`` is a table with one row a sample; ``pgx_phenotypes_mqc.json`` counts phenotypes per gene.
    """
    about = _about(result)
    return {"pgx_mqc.json": _text(_table(result, about)), "pgx_phenotypes_mqc.json": _text(_bars(result.calls, about))}


def _about(result: Result) -> str:
    """Say what the tables are and which site's own knowledge had a part in them."""
    local = overlays_of(result.provenance)
    if not local:
        return _ABOUT
    listed = "; ".join(f"{clean(what)} from {clean(overlay)}" for what, overlay in local.items())
    return f"{_ABOUT} Local knowledge: {listed}."


def _text(content: dict[str, Any]) -> str:
    return json.dumps(content, indent=1, ensure_ascii=False) + "\n"


def _table(result: Result, about: str) -> dict[str, Any]:
    statuses = ("called", "ambiguous", "not_called", "outside")
    rows: dict[str, dict[str, Any]] = {
        sample: {f"genes_{s}": 0 for s in statuses}
        | {f"drugs_{u}": 0 for u in URGENCIES[:3]}
        | {"scores_not_usable": 0}
        for sample in result.samples
    }
    for sample, status, n in result.calls.group_by("sample", "status").len().iter_rows():
        if status in statuses:
            rows[sample][f"genes_{status}"] = n
    for sample, urgency, n in of_result(result).group_by("sample", "urgency").len().iter_rows():
        if f"drugs_{urgency}" in rows[sample]:
            rows[sample][f"drugs_{urgency}"] = n
    for sample, reasons in _not_usable(result.scores).items():
        rows[sample] |= {"scores_not_usable": len(reasons), "scores_not_usable_why": "; ".join(reasons)}
    positions = result.calls.group_by("sample").agg(pl.col("positions_called").sum(), pl.col("positions_total").sum())
    for sample, called, total in positions.iter_rows():
        if total:
            rows[sample]["positions_percent"] = round(100 * called / total, 2)
    titles = {f"genes_{s}": f"Genes {words('status', s)}" for s in statuses}
    titles |= {f"drugs_{u}": f"Drugs: {words('urgency', u).lower()}" for u in URGENCIES[:3]}
    headers = {key: {"title": title, "format": "{:,.0f}", "min": 0} for key, title in titles.items()}
    headers["scores_not_usable"] = {"title": "Scores not usable", "format": "{:,.0f}", "min": 0}
    headers["scores_not_usable_why"] = {"title": "Why scores are not usable"}
    headers["positions_percent"] = {"title": "Positions with data", "suffix": "%", "min": 0, "max": 100}
    return {
        "id": "pgx_summary",
        "section_name": "Pharmacogenomics",
        "description": about,
        "plot_type": "table",
        "pconfig": {"id": "pgx_summary_table", "title": "pgx: samples", "namespace": "pgx"},
        "headers": headers,
        "data": {clean(sample): row for sample, row in rows.items()},
    }


def _not_usable(scores: pl.DataFrame) -> dict[str, list[str]]:
    """Return sample -> each of its scores that is not usable, with the reason."""
    found: dict[str, list[str]] = {}
    refused = scores.filter(~pl.col("usable")).select("sample", "endpoint", "flags")
    for sample, endpoint, flags in refused.iter_rows():
        found.setdefault(sample, []).append(clean(f"{endpoint} ({not_usable_because(flags) or 'no reason given'})"))
    return found


def _bars(calls: pl.DataFrame, about: str) -> dict[str, Any]:
    counted = (
        calls.select("gene", pl.col("phenotype").fill_null("none"))
        .group_by("gene", "phenotype")
        .len()
        .sort("gene", "phenotype")
    )
    data: dict[str, dict[str, int]] = {}
    for gene, phenotype, n in counted.iter_rows():
        data.setdefault(clean(gene), {})[clean(phenotype)] = n
    return {
        "id": "pgx_phenotypes",
        "section_name": "Pharmacogenomic phenotypes",
        "description": f"Samples per phenotype and gene; 'none' is not called or without a phenotype. {about}",
        "plot_type": "bargraph",
        "pconfig": {"id": "pgx_phenotypes_plot", "title": "pgx: phenotypes", "ylab": "Samples"},
        "data": data,
    }
