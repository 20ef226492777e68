"""A summary as MultiQC reads it: custom content keyed by sample, so that runs of one person each join in one page."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

from pgx.assertion import NOT_CALLED
from pgx.reports.page.build import Gene, View, views
from pgx.reports.page.lexicon import Lexicon, overlays_of
from pgx.reports.page.wording import URGENCIES, clean, words
from pgx.types import Result

TABLES = ("pgx_mqc.json", "pgx_phenotypes_mqc.json")
VERSIONS = "pgx_mqc_versions.yml"
FILES = (*TABLES, VERSIONS)
"""Names that MultiQC looks for, in the order in which `to_multiqc` gives them."""

_ABOUT = "Pharmacogenomic calls and guidance by pgx. Research use; not a medical device."
_STATUSES = ("called", "ambiguous", "not_called", "outside")
_VERSIONED = ("pgx", "knowledge", "models")


def to_multiqc(result: Result, lexicon: Lexicon) -> dict[str, str]:
    """Return file name -> text of MultiQC custom content.

    ``pgx_mqc.json`` is a table with one row a sample; ``pgx_phenotypes_mqc.json`` has each sample's phenotypes, a
    column a gene; ``pgx_mqc_versions.yml`` the versions of program, knowledge and models.
    """
    about = _about(result)
    everyone = list(views(result, lexicon))
    texts = (_text(_table(everyone, about)), _text(_phenotypes(everyone, about)), _versions(result))
    return dict(zip(FILES, texts, strict=True))


def _about(result: Result) -> str:
    """Say what the tables are and which site's own knowledge had a part in them."""
    local = overlays_of(result.provenance)
    if not local:
        return _ABOUT
    listed = "; ".join(f"{clean(what)} from {clean(overlay)}" for what, overlay in local.items())
    return f"{_ABOUT} Local knowledge: {listed}."


def _text(content: dict[str, Any]) -> str:
    return json.dumps(content, indent=1, ensure_ascii=False) + "\n"


def _versions(result: Result) -> str:
    """Return YAML; JSON strings are YAML strings."""
    known = {name: result.provenance.get(name) for name in _VERSIONED}
    lines = [f"  {name}: {json.dumps(str(version))}\n" for name, version in known.items() if version]
    return "pgx:\n" + "".join(lines) if lines else "{}\n"


def _table(everyone: list[View], about: str) -> dict[str, Any]:
    titles = {f"genes_{status}": f"Genes {words('status', status)}" for status in _STATUSES}
    titles |= {f"drugs_{urgency}": f"Drugs: {words('urgency', urgency).lower()}" for urgency in URGENCIES[:3]}
    titles |= {"genes_needed": "Needed but not tested", "scores_not_usable": "Scores not usable"}
    headers: dict[str, dict[str, Any]] = {
        key: {"title": title, "format": "{:,.0f}", "min": 0} for key, title in titles.items()
    }
    headers["genes_needed"]["description"] = "Genes whose result could change the advice on a drug of the report"
    headers["genes_needed_which"] = {"title": "Which genes are needed", "scale": False}
    headers["scores_not_usable_why"] = {"title": "Why scores are not usable", "scale": False}
    headers["positions_percent"] = {"title": "Positions with data", "suffix": "%", "min": 0, "max": 100}
    return {
        "id": "pgx_summary",
        "section_name": "Pharmacogenomics",
        "description": about,
        "plot_type": "table",
        "pconfig": {"id": "pgx_summary_table", "title": "pgx: samples", "namespace": "pgx"},
        "headers": headers,
        "data": {shown.sample: _row(shown) for shown in everyone},
    }


def _row(shown: View) -> dict[str, Any]:
    statuses = Counter(gene.status for gene in shown.genes)
    reasons = [f"{score.endpoint} ({score.why_not or 'no reason given'})" for score in shown.scores if not score.usable]
    needed = shown.genes_needed
    row: dict[str, Any] = {f"genes_{status}": statuses[status] for status in _STATUSES}
    row |= {f"drugs_{urgency}": len(shown.of_urgency(urgency)) for urgency in URGENCIES[:3]}
    row |= {"genes_needed": len(needed), "scores_not_usable": len(reasons)}
    if needed:
        row["genes_needed_which"] = ", ".join(needed)
    if reasons:
        row["scores_not_usable_why"] = "; ".join(reasons)
    called, total = (
        sum(_count(gene, name) for gene in shown.genes) for name in ("positions_called", "positions_total")
    )
    if total:
        row["positions_percent"] = round(100 * called / total, 2)
    return row


def _count(gene: Gene, column: str) -> int:
    count = gene.row[column]
    return count if isinstance(count, int) else 0


def _phenotypes(everyone: list[View], about: str) -> dict[str, Any]:
    needed = {name for shown in everyone for name in shown.genes_needed}
    genes = {gene.name for shown in everyone for gene in shown.genes if gene.phenotype or gene.name in needed}
    return {
        "id": "pgx_phenotypes",
        "section_name": "Pharmacogenomic phenotypes",
        "description": f"Phenotype of each gene that has one for anybody, or is needed. {about}",
        "plot_type": "table",
        "pconfig": {"id": "pgx_phenotypes_table", "title": "pgx: phenotypes", "namespace": "pgx", "no_violin": True},
        "headers": {name: {"title": name, "scale": False} for name in sorted(genes)},
        "data": {
            shown.sample: {gene.name: _phenotype(gene) for gene in shown.genes if gene.name in genes}
            for shown in everyone
        },
    }


def _phenotype(gene: Gene) -> str:
    if not gene.phenotype:
        return words("status", gene.status) if gene.status == NOT_CALLED else "no phenotype"
    return f"{gene.phenotype}, {gene.unclear}" if gene.unclear else gene.phenotype
