"""The record of a training: what ``model.json`` says of the model, its cohort and how it was fitted."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as installed
from typing import TYPE_CHECKING, Any

import numpy as np

from pgx.models.cohort import missing_codes, summary
from pgx.models.cohort.summary import Census
from pgx.models.evidence import endpoints
from pgx.models.evidence.endpoint import Endpoint
from pgx.models.evidence.links import logit, measured, natural, sigmoid
from pgx.models.fitting import conformal
from pgx.models.fitting.boost import Settings
from pgx.models.fitting.candidates import BASE, RIDGES
from pgx.models.fitting.fit import Fitted
from pgx.models.store import folder
from pgx.version import __version__

if TYPE_CHECKING:
    from pgx.knowledge import KnowledgeBase
    from pgx.models.training.fit_cohort import Trained


def facts(
    trained: Trained,
    kb: KnowledgeBase,
    settings: Settings,
    version: str,
    title: str,
    performance: Mapping[str, Any] | None,
) -> dict[str, Any]:
    """Return the content of ``model.json`` but for its checksums; arguments as for `pgx.models.train`."""
    endpoint, taken, fitted = trained.endpoint, trained.cohort, trained.fitted
    counted = trained.census or summary.of(taken, endpoint.link)
    return {
        "format": folder.FORMAT,
        "endpoint": endpoint.name,
        "version": version,
        "prior": {"document": dict(endpoint.raw), "coefficients": _coefficients(endpoint, kb)},
        "parameters": _parameters(trained, counted),
        "training": {
            "cohort": title,
            "n": counted.rows,
            "persons": counted.persons,
            "events": counted.rows if measured(endpoint.link) else fitted.events,
            "sites": counted.sites,
            **({} if counted.sample is None else {"sample": dict(counted.sample)}),
            "sketch": [] if counted.sample else summary.sketch(taken),
            "left_out": dict(counted.left_out),
            "columns_not_used": taken.unused,
            "missing": dict(counted.missing),
            "gaps_filled": trained.blind,
            "gate": fitted.gate,
            "candidate_weights": {name: round(weight, 4) for name, weight in fitted.weights.items()},
            "cross_validated_loss": {name: round(value, 5) for name, value in fitted.losses.items()},
            "candidates": _candidates(fitted),
            "sites_together": fitted.sites,
            "trees": fitted.trees,
            "seed": settings.seed,
            **({} if settings == Settings(seed=settings.seed) else {"settings": asdict(settings)}),
            "probes": [
                {"code": p.code, "found": p.found, "message": p.message, "columns": list(p.where)}
                for p in trained.probes
            ],
            "groups": {name: dict(seen) for name, seen in counted.groups.items()},
        },
        "performance": dict(performance or {}),
        "warnings": trained.warnings,
        "versions": _versions(kb),
    }


def _candidates(fitted: Fitted) -> list[dict[str, Any]]:
    """Return what is known of every candidate, those without weight too."""
    rows = []
    for name, weight in fitted.weights.items():
        way, base = fitted.recipe.variants[name], BASE.get(name, name)
        row: dict[str, Any] = {"name": name, "weight": weight, "loss": round(fitted.losses[name], 5)}
        gap, error = fitted.spreads[name]
        row |= {"difference": round(gap, 6), "error": round(error, 6)}
        if base in RIDGES:
            row["precision"] = fitted.recipe.variants[base].precision
        if way.settings is not None:
            row |= {"trees": way.trees, "depth": way.settings.depth}
        rows.append(row)
    return rows


def _parameters(trained: Trained, counted: Census) -> dict[str, Any]:
    taken, fitted = trained.cohort, trained.fitted
    features = [
        {
            "name": feature.name,
            "reading": folder.reading_document(feature.reading),
            "monotone": feature.monotone,
            "reason": feature.reason,
            "center": _short(fitted.center[j]),
            "scale": _short(fitted.scale[j]),
            "weight": _short(fitted.linear.weights[j]),
            "low": _maybe(counted.ranges[j][0]),
            "high": _maybe(counted.ranges[j][1]),
            **_coded(taken.coded, feature.reading.column),
        }
        for j, feature in enumerate(taken.features)
    ]
    people = trained.endpoint.raw["population"]
    return {
        "link": fitted.link,
        "intercept": _short(fitted.linear.intercept + trained.shift),
        "slope": _short(fitted.linear.slope),
        "features": features,
        "gaps_filled": trained.blind,
        "intervals": {name: {"low": _short(a), "high": _short(b)} for name, (a, b) in trained.intervals.items()},
        "interval_group": trained.group,
        "new_site_stretch": None if trained.stretch is None else _short(trained.stretch),
        "between_sites": None if trained.between_sites is None else _short(trained.between_sites),
        "level": conformal.LEVEL,
        "covariance": [[_short(v) for v in row] for row in fitted.covariance],
        "evidence_left": _short(trained.evidence_left),
        "trained": list(people.get("trained", [])),
        "reference": _short(_reference(trained, counted.average)),
    }


def _coded(coded: missing_codes.Found, column: str) -> dict[str, list[float]]:
    """Return the numbers that stand for "not known" in a column: scores must read it as training did."""
    return {"unknown_at": list(coded[column])} if column in coded else {}


def _reference(trained: Trained, average: float) -> float:
    if measured(trained.endpoint.link):
        return float(natural(np.array(average), trained.endpoint.link))
    mean = float(np.clip(average, 1e-9, 1 - 1e-9))
    return float(sigmoid(np.array(logit(mean) + trained.shift)))


def _maybe(value: float | None) -> float | None:
    return None if value is None else _short(value)


def _coefficients(endpoint: Endpoint, kb: KnowledgeBase) -> dict[str, float]:
    known = endpoints.coefficients(kb)
    rows = [endpoint.raw["baseline"], *endpoint.raw.get("term", [])]
    return {row["from"]: known[row["from"]] for row in rows if "from" in row}


def _versions(kb: KnowledgeBase) -> dict[str, str]:
    found = {"pgx": __version__, "knowledge": kb.version, "python": ".".join(platform.python_version_tuple()[:2])}
    for name in ("xgboost-cpu", "xgboost"):
        try:
            found["xgboost"] = installed(name)
        except PackageNotFoundError:
            continue
        break
    return found


def _short(value: Any) -> float:
    """Round to 10 significant digits: the same on every machine that agrees to 1e-11."""
    return float(f"{float(value):.10g}")
