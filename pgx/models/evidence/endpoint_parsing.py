"""From a TOML document to an endpoint: effects on the link scale, with their standard errors.

Effects published as risk or hazard ratios are converted to odds ratios at the stated baseline.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from pgx.errors import InputError
from pgx.models.evidence.endpoint import Endpoint, Feature, Imputation, Reading, Refusal, Term
from pgx.models.evidence.links import linked, logit

MAX_RISK = 0.9
"""Largest risk that a published risk or hazard ratio is taken to imply: ratios are not constant up to certainty."""
UNSTATED_SE = 0.5
"""Standard error of a log odds ratio that was published without an interval: a factor of 2.7 to either side."""
KINDS = ("dose", "level", "exposure", "response", "adverse_effect")
LINKS = {"dose": "sqrt", "level": "log", "exposure": "log"}
"""Kinds that are measured, with the scale on which effects add up; the others are risks, on the log odds."""
MEASURES = ("coefficient", "ratio", "OR", "RR", "HR", "risk")
EVIDENCE = "population models"
"""What an endpoint's prior may rest on instead of single published effects."""
_Z95 = 1.959963984540054


def parse(raw: Mapping[str, Any], equations: Mapping[str, float], origin: object = None) -> Endpoint:
    """Build an endpoint from a TOML document.

    Parameters
    ----------
    raw
        The document.
    equations
        Coefficients that terms may point to with ``from = "equation:term"``.
    origin
        File named in errors.

    Raises
    ------
    InputError
        If a key is missing, unknown or out of range.
    """
    try:
        return _parse_endpoint(raw, equations)
    except KeyError as error:
        raise InputError(f"the endpoint lacks {error}", file=origin, fix="see data/knowledge/endpoints") from error
    except (TypeError, ValueError) as error:
        raise InputError(f"the endpoint is not valid: {error}", file=origin) from error


def odds_ratio(measure: str, ratio: float, baseline: float) -> float:
    """Convert a published ratio to an odds ratio at a baseline risk.

    Parameters
    ----------
    measure
        ``OR``, ``RR`` (ratio of risks), ``HR`` (ratio of hazards: 1 - (1 - p)^HR over the baseline's horizon) or
        ``risk`` (the risk itself, not a ratio).
    ratio
        The figure.
    baseline
        Risk of the comparator over the same horizon, 0 to 1.

    Returns
    -------
    float
        Odds ratio against the comparator.
    """
    if measure == "OR":
        return ratio
    if measure == "RR":
        risk = ratio * baseline
    elif measure == "HR":
        risk = 1.0 - (1.0 - baseline) ** ratio
    elif measure == "risk":
        risk = ratio
    else:
        raise ValueError(f"measure {measure!r} is not one of {', '.join(MEASURES)}")
    risk = min(max(risk, 1e-9), MAX_RISK)
    return risk / (1.0 - risk) / (baseline / (1.0 - baseline))


def _parse_endpoint(raw: Mapping[str, Any], equations: Mapping[str, float]) -> Endpoint:
    kind = raw["kind"]
    if kind not in KINDS:
        raise ValueError(f"kind {kind!r} is not one of {', '.join(KINDS)}")
    people, base = raw["population"], raw["baseline"]
    threshold = (float(raw["threshold"]["dose"]), str(raw["threshold"]["side"])) if "threshold" in raw else None
    scale = raw.get("link", LINKS[kind]) if kind in LINKS else "sqrt"
    if scale not in LINKS.values():
        raise ValueError(f"link {scale!r} is not one of {', '.join(dict.fromkeys(LINKS.values()))}")
    risk = kind not in LINKS and threshold is None
    value, baseline, se = _baseline(base, equations, "logit" if risk else scale)
    terms = tuple(_term(row, equations, value if risk else None, scale) for row in raw.get("term", []))
    spread = float(raw.get("residual_sd", 0.0))
    if threshold is not None:
        baseline, se, terms = _of_threshold(threshold, spread, baseline, terms)
    return Endpoint(
        name=raw["name"],
        drug=raw["drug"],
        outcome=raw["outcome"],
        kind=kind,
        horizon=raw["horizon"],
        unit=raw["unit"],
        population=people["about"],
        link=scale if kind in LINKS else "logit",
        baseline=baseline,
        baseline_se=se,
        terms=terms,
        residual_sd=spread,
        requires=tuple(people.get("requires", ())),
        refusals=tuple(Refusal(row["code"], _reading(row, "range")) for row in people.get("refuse", [])),
        derived={name: tuple(columns) for name, columns in raw.get("derived", {}).items()},
        imputations=tuple(_imputation(row) for row in raw.get("impute", [])),
        features=tuple(_feature(row, threshold) for row in raw.get("feature", [])),
        ratio=float(raw.get("ratio", 1.5)),
        threshold=threshold,
        pmids=tuple(dict.fromkeys([*raw.get("pmids", []), *(t.pmid for t in terms if t.pmid)])),
        about=raw.get("about", ""),
        rule=_reading(raw["rule"], "level") if "rule" in raw else None,
        raw=dict(raw),
        absolute=not risk or base.get("mark") != "recall",
        evidence=f"literature ({raw['evidence']})" if "evidence" in raw else "literature only",
    )


def _se(scale: Any, low: float | None, high: float | None) -> float:
    return 0.0 if low is None or high is None else (scale(float(high)) - scale(float(low))) / (2.0 * _Z95)


def _baseline(base: Mapping[str, Any], equations: Mapping[str, float], scale: str) -> tuple[float, float, float]:
    """Return a baseline as it stands there, on the link scale, and its standard error.

    A risk's ``value`` is the risk. What is measured has a ``value`` on the link scale (as published equations have
    their intercepts), or a ``typical`` dose or level in the endpoint's own unit.
    """
    if scale == "logit":
        value = float(base["value"])
        return value, logit(value), _se(logit, base.get("low"), base.get("high"))

    def link(one: float) -> float:
        return float(linked(np.array(one), scale))

    if "typical" in base:
        typical = float(base["typical"])
        if not typical > 0:
            raise ValueError(f"[baseline] typical is {typical:g}: it must be above 0")
        return typical, link(typical), _se(link, base.get("low"), base.get("high"))
    value = float(equations[base["from"]] if "from" in base else base["value"])
    return value, value, 0.0


def _reading(row: Mapping[str, Any], default: str) -> Reading:
    unless = row.get("unless", {})
    kind = row.get("kind", default)
    if kind not in ("number", "level", "recorded", "text_count", "status", "range", "yes", "missing"):
        raise ValueError(f"reading {kind!r} is unknown")
    return Reading(
        column=row["column"],
        kind=kind,
        levels=tuple(row.get("levels", ())),
        text=row.get("text", ""),
        center=float(row.get("center", 0.0)),
        per=float(row.get("per", 1.0)),
        floor=bool(row.get("floor", False)),
        at_least=float(row.get("at_least", -math.inf)),
        below=float(row.get("below", math.inf)),
        unless_column=unless.get("column", ""),
        unless_levels=tuple(unless.get("levels", ())),
    )


def _term(row: Mapping[str, Any], equations: Mapping[str, float], baseline: float | None, scale: str) -> Term:
    measure = row.get("measure", "coefficient")
    estimate = float(equations[row["from"]] if "from" in row else row["estimate"])
    low, high = row.get("low"), row.get("high")
    if measure == "coefficient":
        coefficient, se = estimate, _se(float, low, high)
    elif measure == "ratio":
        if baseline is not None or scale != "log":
            raise ValueError(f"term {row['name']!r}: a ratio is one of levels or exposures")
        coefficient, se = math.log(estimate), _se(math.log, low, high) or UNSTATED_SE
    elif baseline is None:
        raise ValueError(f"term {row['name']!r}: {measure} needs a baseline risk")
    else:
        at = float(row.get("baseline", baseline))
        coefficient = math.log(odds_ratio(measure, estimate, at))
        se = UNSTATED_SE
        if low is not None and high is not None:
            # An end that `MAX_RISK` holds back says nothing of the width: then the other side does.
            ends = [math.log(odds_ratio(measure, float(x), at)) for x in (low, high)]
            held = measure != "OR" and ends[1] >= math.log(odds_ratio("risk", MAX_RISK, at)) - 1e-9
            se = (coefficient - ends[0]) / _Z95 if held else (ends[1] - ends[0]) / (2.0 * _Z95)
    mean = float(row.get("prevalence", row.get("mean", 0.0)))
    variance = float(row["sd"]) ** 2 if "sd" in row else mean * max(0.0, 1.0 - mean)
    return Term(
        name=row["name"],
        reading=_reading(row, "level" if "levels" in row else "number"),
        coefficient=coefficient,
        se=se,
        mean=mean,
        variance=variance,
        optional=bool(row.get("optional", False)),
        measure=measure,
        estimate=estimate,
        low=low,
        high=high,
        pmid=str(row.get("pmid", "")),
        mark=row["mark"],
        note=row.get("note", ""),
    )


def _of_threshold(
    threshold: tuple[float, str], spread: float, baseline: float, terms: Sequence[Term]
) -> tuple[float, float, tuple[Term, ...]]:
    """Turn a dose equation into the log odds of needing less (or more) than a dose.

    With a logistic residual of standard deviation `spread` on the square-root scale, the log odds are linear in the
    equation's terms, so that the explanation stays a sum.
    """
    dose, side = threshold
    if side not in ("below", "above") or spread <= 0:
        raise ValueError("threshold needs side = below or above and a residual_sd above 0")
    slope = (-1.0 if side == "below" else 1.0) * math.pi / (math.sqrt(3.0) * spread)
    scaled = tuple(_scale(term, slope) for term in terms)
    return slope * (baseline - math.sqrt(dose)), 0.0, scaled


def _scale(term: Term, slope: float) -> Term:
    return replace(term, coefficient=term.coefficient * slope, se=term.se * abs(slope))


def _feature(row: Mapping[str, Any], threshold: tuple[float, str] | None) -> Feature:
    # What raises the dose lowers the risk of needing less than a threshold.
    sign = -1 if threshold is not None and threshold[1] == "below" else 1
    return Feature(row["name"], _reading(row, "number"), sign * int(row.get("monotone", 0)), row.get("reason", ""))


def _imputation(row: Mapping[str, Any]) -> Imputation:
    rows = tuple((tuple(sorted(one["when"].items())), float(one["value"])) for one in row.get("row", []))
    return Imputation(row["column"], float(row["default"]), rows, row.get("source", ""))
