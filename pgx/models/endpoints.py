"""Endpoints as data: what is predicted, for whom, from which evidence, and when to refuse.

An endpoint is one TOML file in ``data/knowledge/endpoints``. Its prior is a sum of terms on the link scale (square root
of mg/week for doses, logit for risks); each term names a column of the feature frame, an effect with its interval,
where
it was published, and whether the figure was read in a source or recalled. Effects published as risk or hazard ratios
are
converted to odds ratios at the stated baseline.
"""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pgx.errors import InputError, UsageError

if TYPE_CHECKING:
    from pgx.knowledge import KnowledgeBase

MAX_RISK = 0.9
"""Largest risk that a published risk or hazard ratio is taken to imply: ratios are not constant up to certainty."""
UNSTATED_SE = 0.5
"""Standard error of a log odds ratio that was published without an interval: a factor of 2.7 to either side."""
KINDS = ("dose", "response", "adverse_effect")
MEASURES = ("coefficient", "OR", "RR", "HR", "risk")
_Z95 = 1.959963984540054


@dataclass(frozen=True, slots=True)
class Reading:
    """How one number is read from a column of the feature frame.

    Parameters
    ----------
    column
        Column, or a name of the endpoint's ``derived`` columns.
    kind
        ``number`` ((value - center) / per, rounded down if `floor`), ``level`` (1 if the value is one of `levels`),
        ``recorded`` (the same, but 0 for null: only what is on record counts), ``text_count`` (how often `text`
        occurs in the value, e.g. an allele name in a diplotype), ``status`` (1 or 0 where
        the value says that allele `text` is positive or negative; null otherwise), ``range`` (1 if
        `at_least` <= value < `below`), ``yes`` (1 if true, 0 for false and null: only what is on record counts),
        ``missing`` (1 if null).
    unless_column, unless_levels
        The reading is 0 where this other column has one of these values.
    """

    column: str
    kind: str = "number"
    levels: tuple[object, ...] = ()
    text: str = ""
    center: float = 0.0
    per: float = 1.0
    floor: bool = False
    at_least: float = -math.inf
    below: float = math.inf
    unless_column: str = ""
    unless_levels: tuple[object, ...] = ()


@dataclass(frozen=True, slots=True)
class Term:
    """One additive piece of the prior.

    Parameters
    ----------
    name
        How the term is called in explanations.
    reading
        The number that the coefficient multiplies.
    coefficient, se
        Effect on the link scale per unit of the reading, and its standard error (0 = published without an interval).
    mean, variance
        The reading's mean and variance in the population; stand in for a null value, widening the interval.
    optional
        A null adds nothing (the published equation has a term of its own for it).
    measure, estimate, low, high
        The effect as published.
    pmid, mark, note
        Where it was published; ``read`` or ``recall``; remarks.
    """

    name: str
    reading: Reading
    coefficient: float
    se: float
    mean: float
    variance: float
    optional: bool
    measure: str
    estimate: float
    low: float | None
    high: float | None
    pmid: str
    mark: str
    note: str

    @property
    def single(self) -> bool:
        """Whether it is the published effect of one genetic finding, and not a piece of a fitted equation."""
        return self.measure != "coefficient" and self.reading.column.startswith("gene.")


@dataclass(frozen=True, slots=True)
class Feature:
    """One column of the booster's matrix: a reading, the direction that biology allows, and why."""

    name: str
    reading: Reading
    monotone: int = 0
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Refusal:
    """A population that the endpoint must not be used in: a reading other than 0 refuses."""

    code: str
    reading: Reading


@dataclass(frozen=True, slots=True)
class Imputation:
    """Stand-in for a null numeric value: the first row whose conditions all hold, otherwise `default`."""

    column: str
    default: float
    rows: tuple[tuple[tuple[tuple[str, object], ...], float], ...]
    source: str


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One endpoint with its prior.

    Parameters
    ----------
    name, drug, outcome, kind, horizon, unit, population
        What is predicted; `kind` is one of `KINDS`.
    link
        ``sqrt`` (doses), ``log`` (doses of a published equation on that scale; never trained) or ``logit`` (risks).
    baseline, baseline_se
        Intercept of the prior on the link scale and its standard error.
    terms
        The prior's terms.
    residual_sd
        For doses: standard deviation of a person's own deviation on the link scale.
    requires
        Columns of which at least one must be known.
    refusals, derived, imputations, features
        See `Refusal`, `Imputation`, `Feature`; `derived` maps a name to the columns of which any must be true.
    ratio
        How far from the reference, as a ratio, `low` and `high` begin.
    threshold
        (mg/week, ``below`` or ``above``) for a risk that is read off a dose equation; None otherwise.
    pmids, about, rule, raw
        Sources, text for the card, the simple rule compared with, and the file's content.
    """

    name: str
    drug: str
    outcome: str
    kind: str
    horizon: str
    unit: str
    population: str
    link: str
    baseline: float
    baseline_se: float
    terms: tuple[Term, ...]
    residual_sd: float
    requires: tuple[str, ...]
    refusals: tuple[Refusal, ...]
    derived: Mapping[str, tuple[str, ...]]
    imputations: tuple[Imputation, ...]
    features: tuple[Feature, ...]
    ratio: float
    threshold: tuple[float, str] | None
    pmids: tuple[str, ...]
    about: str
    rule: Reading | None
    raw: Mapping[str, Any] = field(repr=False)

    @property
    def average(self) -> float:
        """The prior at the population's mean of every term, on the link scale."""
        return self.baseline + sum(term.coefficient * term.mean for term in self.terms)


def folders(kb: KnowledgeBase) -> list[Path]:
    """Return the endpoint folders of the knowledge base and its overlays."""
    return [path for path in (folder / "endpoints" for folder in kb.folders) if path.is_dir()]


def load(kb: KnowledgeBase) -> dict[str, Endpoint]:
    """Read all endpoints, by name; those of an overlay replace the product's own.

    Raises
    ------
    InputError
        If a file is not TOML or an endpoint is not valid.
    """
    return kb.remember("endpoints", lambda: _load(kb))


def rules(kb: KnowledgeBase) -> dict[str, str]:
    """Return the outcomes that a rule decides and no model is offered for, with the reason."""
    found: dict[str, str] = {}
    for folder in folders(kb):
        path = folder / "rules.toml"
        if path.is_file():
            found.update({row["name"]: row["reason"] for row in _parse(path).get("rule", [])})
    return found


def get(kb: KnowledgeBase, name: str) -> Endpoint:
    """Return one endpoint.

    Raises
    ------
    UsageError
        If there is none of this name, or a rule decides the outcome.
    """
    known = load(kb)
    if name in known:
        return known[name]
    decided = rules(kb)
    if name in decided:
        raise UsageError(f"{name}: no model is offered, a rule decides ({decided[name]}); see the guidance")
    raise UsageError(f"unknown endpoint {name!r}; one of: {', '.join(sorted(known))}")


def coefficients(kb: KnowledgeBase) -> dict[str, float]:
    """Return the published equations' coefficients as ``equation:term``."""
    table = kb.table("equations")
    return {f"{r['equation']}:{r['term']}": float(r["coefficient"]) for r in table.iter_rows(named=True)}


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


def logit(p: float) -> float:
    """Return the log odds of a probability."""
    return math.log(p) - math.log1p(-p)


def _load(kb: KnowledgeBase) -> dict[str, Endpoint]:
    equations = coefficients(kb)
    documents: dict[str, tuple[dict[str, Any], Path]] = {}
    for folder in folders(kb):
        for path in sorted(folder.glob("*.toml")):
            if path.name != "rules.toml":
                raw = _parse(path)
                documents[str(raw.get("name", path.stem))] = raw, path
    found = {}
    for name, (raw, path) in documents.items():
        base = raw.get("extends")
        if base is not None and base not in documents:
            raise InputError(f"it extends {base!r}, which is no endpoint", file=path)
        whole = {**documents[base][0], **raw} if base is not None else raw
        found[name] = parse({key: value for key, value in whole.items() if key != "extends"}, equations, path)
    return found


def _parse(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"not TOML: {error}", file=path) from error


def _parse_endpoint(raw: Mapping[str, Any], equations: Mapping[str, float]) -> Endpoint:
    kind = raw["kind"]
    if kind not in KINDS:
        raise ValueError(f"kind {kind!r} is not one of {', '.join(KINDS)}")
    people, base = raw["population"], raw["baseline"]
    threshold = (float(raw["threshold"]["dose"]), str(raw["threshold"]["side"])) if "threshold" in raw else None
    risk = kind != "dose" and threshold is None
    value = float(equations[base["from"]] if "from" in base else base["value"])
    baseline, se = (logit(value), _se(logit, base.get("low"), base.get("high"))) if risk else (value, 0.0)
    terms = tuple(_term(row, equations, value if risk else None) for row in raw.get("term", []))
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
        link=raw.get("link", "sqrt") if kind == "dose" else "logit",
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
    )


def _se(scale: Any, low: float | None, high: float | None) -> float:
    return 0.0 if low is None or high is None else (scale(float(high)) - scale(float(low))) / (2.0 * _Z95)


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


def _term(row: Mapping[str, Any], equations: Mapping[str, float], baseline: float | None) -> Term:
    measure = row.get("measure", "coefficient")
    estimate = float(equations[row["from"]] if "from" in row else row["estimate"])
    low, high = row.get("low"), row.get("high")
    if measure == "coefficient":
        coefficient, se = estimate, _se(float, low, high)
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
    from dataclasses import replace

    return replace(term, coefficient=term.coefficient * slope, se=term.se * abs(slope))


def _feature(row: Mapping[str, Any], threshold: tuple[float, str] | None) -> Feature:
    # What raises the dose lowers the risk of needing less than a threshold.
    sign = -1 if threshold is not None and threshold[1] == "below" else 1
    return Feature(row["name"], _reading(row, "number"), sign * int(row.get("monotone", 0)), row.get("reason", ""))


def _imputation(row: Mapping[str, Any]) -> Imputation:
    rows = tuple((tuple(sorted(one["when"].items())), float(one["value"])) for one in row.get("row", []))
    return Imputation(row["column"], float(row["default"]), rows, row.get("source", ""))
