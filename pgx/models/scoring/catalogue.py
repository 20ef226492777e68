"""What can be predicted, and on what evidence."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from pgx.models.evidence import endpoints
from pgx.models.evidence.endpoint import Endpoint
from pgx.models.scoring.score_rows import prior_identity
from pgx.models.store import card, folder
from pgx.paths import data_dir

if TYPE_CHECKING:
    from pgx.knowledge import KnowledgeBase


def catalogue(kb: KnowledgeBase, models_dir: str | Path | None = None) -> pl.DataFrame:
    """Return one row an endpoint: ``endpoint drug kind outcome unit evidence model pmids``, rules included.

    Parameters
    ----------
    kb
        Knowledge base.
    models_dir
        Models beside the shipped ones.
    """
    models = folder.find(Path(models_dir) if models_dir else None, kb, data_dir() / "models")
    rows = []
    for name, one in sorted(endpoints.load(kb).items()):
        model = models.get(name)
        rows.append({
            "endpoint": name,
            "drug": one.drug,
            "kind": one.kind,
            "outcome": one.outcome,
            "unit": one.unit,
            "evidence": f"patients:n={model.n}" if model else one.evidence,
            "model": model.identity if model else prior_identity(one, kb.version),
            "pmids": ";".join(one.pmids) or None,
        })  # fmt: skip
    for name, reason in sorted(endpoints.rules(kb).items()):
        drug, _, outcome = name.partition(".")
        rows.append({"endpoint": name, "drug": drug, "outcome": f"{outcome.replace('_', ' ')}: {reason}",
                     "evidence": "rule"})  # fmt: skip
    names = ("endpoint", "drug", "kind", "outcome", "unit", "evidence", "model", "pmids")
    return pl.DataFrame(rows, schema=dict.fromkeys(names, pl.String))


def card_of(name: str, kb: KnowledgeBase, models_dir: str | Path | None = None) -> str:
    """Return the card of an endpoint's model, or of its prior if it has no model.

    Raises
    ------
    UsageError
        If there is no such endpoint.
    """
    endpoint = endpoints.get(kb, name)
    model = folder.find(Path(models_dir) if models_dir else None, kb, data_dir() / "models").get(name)
    return card.text(model.facts) if model else _prior_card(endpoint, kb)


def _prior_card(endpoint: Endpoint, kb: KnowledgeBase) -> str:
    base = endpoint.raw["baseline"]
    lines = [f"# {prior_identity(endpoint, kb.version)}", "", "Literature only: no performance is claimed.", ""]
    lines += [f"{endpoint.outcome[:1].upper()}{endpoint.outcome[1:]}, in {endpoint.unit}; {endpoint.horizon}"
              f"{f'; {endpoint.setting}' if endpoint.setting else ''}.", ""]  # fmt: skip
    lines += [f"For {endpoint.population}.", ""]
    if endpoint.about:
        lines += [endpoint.about, ""]
    if "of" in base:
        span = f" ({base['low']:g} to {base['high']:g})" if "low" in base else ""
        source = f", PMID {base['pmid']}" if base.get("pmid") else ""
        value = base.get("typical", base.get("value"))
        lines += [f"Baseline: {value:g}{span} in {base['of']} ({base.get('mark', 'the site')}{source}).", ""]
    if not endpoint.absolute:
        lines += [
            "No absolute risk is given: this baseline was read in no source. A site's own, or a cohort, gives one.",
            "",
        ]
    lines += ["| term | measure | estimate | 95 % interval | source | mark |", "|---|---|---|---|---|---|"]
    for term in endpoint.terms:
        span = "not stated" if term.low is None else f"{term.low:g} to {term.high:g}"
        source = f"PMID {term.pmid}" if term.pmid else ""
        note = "; ".join(part for part in (source, term.note) if part)
        lines.append(f"| {term.name} | {term.measure} | {term.estimate:g} | {span} | {note} | {term.mark} |")
    return "\n".join([*lines, "", *card.not_used(endpoint.raw)])
