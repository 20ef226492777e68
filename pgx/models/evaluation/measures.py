"""Measures of an evaluation: from predictions of every method to tables, differences and a verdict in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pgx.models.cohort import leakage
from pgx.models.cohort.cohort import Cohort
from pgx.models.evaluation.baselines import PRODUCT
from pgx.models.evidence.endpoint import Endpoint
from pgx.models.evidence.links import measured, natural, sigmoid
from pgx.models.fitting import fit, metrics
from pgx.models.fitting.boost import Floats
from pgx.models.store import card

THRESHOLDS = (0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5)
_FEWEST = 20
"""Groups of fewer rows are not measured."""
TABLES = ("overall", "groups", "differences", "coverage", "decisions", "calibration", "predictions", "probes")
EXTERNAL = "external"


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What an evaluation found, as frames.

    Parameters
    ----------
    overall
        One row a design (``person``, ``site``, ``time``, ``external``) and method: measures.
    groups
        The same per sex, age band, ancestry, race and dose group, for the product and the prior.
    differences
        Product minus every other method, per design, with a 95 % interval corrected for overlapping folds.
    coverage
        Coverage of the intervals per design and group (doses), for sites that the model knows and for new sites.
    decisions
        Net benefit per threshold and method (risks).
    calibration
        Mean predicted and observed risk or dose per tenth of the prediction.
    predictions
        design, row, person, truth, and one prediction a method, natural scale (mean over repeats).
    probes
        What the probes found.
    verdict
        Sentences: whether a simple baseline is as good, and what leaks.
    """

    overall: pl.DataFrame
    groups: pl.DataFrame
    differences: pl.DataFrame
    coverage: pl.DataFrame
    decisions: pl.DataFrame
    calibration: pl.DataFrame
    predictions: pl.DataFrame
    probes: pl.DataFrame
    verdict: tuple[str, ...]

    def tables(self) -> dict[str, pl.DataFrame]:
        """Return the frames by name."""
        return {name: getattr(self, name) for name in TABLES}


@dataclass(frozen=True, slots=True)
class Block:
    """Predictions of one design; measures are taken in each repeat and then averaged.

    Parameters
    ----------
    margins
        Method -> one float64 (n,) a repeat: out-of-sample margins; NaN where a row was not tested.
    losses
        Method -> one loss a split.
    share
        n_test / n_train.
    inside, inside_new
        float64 (n,): share of the repeats in which the interval (for known, for new sites) held the truth; NaN without.
    """

    name: str
    margins: dict[str, list[Floats]]
    losses: dict[str, list[float]]
    share: float
    inside: Floats
    inside_new: Floats


def mean_of(rows: list[Floats]) -> Floats:
    """Return the mean over the rows that are known; NaN where none is."""
    stack = np.stack(rows)
    count = np.isfinite(stack).sum(axis=0)
    return np.where(count > 0, np.nansum(stack, axis=0) / np.maximum(count, 1), np.nan)


def loss(endpoint: Endpoint, y: Floats, margin: Floats, weight: Floats | None = None) -> float:
    """Return the loss that methods are compared by: log-loss, or the absolute error (levels: of the logarithm)."""
    return float(np.average(fit.selection_loss(y, margin, endpoint.link), weights=weight))


def assemble(
    endpoint: Endpoint, taken: Cohort, blocks: list[Block], found: list[leakage.Probe], weight: Floats | None = None
) -> Evaluation:
    """Turn the predictions of all designs into tables.

    Parameters
    ----------
    endpoint, taken
        What was predicted for whom.
    blocks
        Predictions of each design.
    found
        What the probes found.
    weight
        float64 (n,): what each row stands for in the population (case-control cohorts); None = itself.
    """
    labels = _labels(taken, endpoint)
    overall, groups, coverage, differences, decisions, calibration, predictions = ([] for _ in range(7))
    for block in blocks:
        tested = np.isfinite(block.margins[PRODUCT][0])
        y, w = taken.data.y[tested], None if weight is None else weight[tested]
        for method, margins in block.margins.items():
            rows = {"design": block.name, "method": method, "n": int(tested.sum())}
            overall.append(rows | _measures(endpoint, taken.data.y, margins, tested, weight))
            margin = mean_of(margins)[tested]
            calibration += _tenths(block.name, method, endpoint, y, margin, w)
            if endpoint.link == "logit":
                decisions += _decisions(block.name, method, y, margin, w)
        for what, values in labels.items():
            for level in sorted(set(values[tested].tolist())):
                chosen = tested & (values == level)
                if chosen.sum() < _FEWEST:
                    continue
                key = {"design": block.name, "by": what, "group": level, "n": int(chosen.sum())}
                for method in (PRODUCT, "prior"):
                    measured = _measures(endpoint, taken.data.y, block.margins[method], chosen, weight)
                    groups.append(key | {"method": method} | measured)
                coverage += _coverage(block, key, chosen)
        everyone = {"design": block.name, "by": "all", "group": "all", "n": int(tested.sum())}
        coverage += _coverage(block, everyone, tested)
        differences += _differences(endpoint, taken, block, weight)
        predictions.append(_predictions(block, taken, endpoint))
    return Evaluation(
        overall=pl.DataFrame(overall),
        groups=_frame(groups),
        differences=_frame(differences),
        coverage=_frame(coverage),
        decisions=_frame(decisions),
        calibration=_frame(calibration),
        predictions=pl.concat(predictions, how="diagonal"),
        probes=_frame([{"code": p.code, "found": p.found, "message": p.message} for p in found]),
        verdict=_verdict(_frame(differences), [*_too_well(blocks, taken, endpoint), *_messages(found)]),
    )


def measure_of(link: str) -> str:
    """Return the name of what methods are compared by."""
    return {"logit": "log_loss", "log": "mae_log"}.get(link, "mae")


def _truth(y: Floats, endpoint: Endpoint) -> Floats:
    return natural(y, endpoint.link) if measured(endpoint.link) else y


def _frame(rows: list[dict[str, Any]]) -> pl.DataFrame:
    return pl.DataFrame(rows, infer_schema_length=None)


def _measures(
    endpoint: Endpoint, y: Floats, margins: list[Floats], rows: NDArray[np.bool_], weight: Floats | None
) -> dict[str, Any]:
    """Measures of some rows, averaged over the repeats."""
    if endpoint.link == "logit":
        w = None if weight is None else weight[rows]
        each = [metrics.risk(y[rows], margin[rows], w) for margin in margins]
    else:
        truth = natural(y[rows], endpoint.link)
        each = [metrics.dose(truth, natural(margin[rows], endpoint.link), endpoint.link == "log") for margin in margins]
    return {name: float(np.mean([one[name] for one in each])) for name in each[0]}


def _coverage(block: Block, key: dict[str, Any], rows: NDArray[np.bool_]) -> list[dict[str, Any]]:
    """Coverage of both intervals in some rows; nothing where there are no intervals."""
    if not np.isfinite(block.inside[rows]).any():
        return []
    found = key | {"coverage": float(np.nanmean(block.inside[rows]))}
    if np.isfinite(block.inside_new[rows]).any():
        found["coverage_new_site"] = float(np.nanmean(block.inside_new[rows]))
    return [found]


def _labels(taken: Cohort, endpoint: Endpoint) -> dict[str, NDArray[np.object_]]:
    """Groups to report by: name -> label per row."""
    found: dict[str, NDArray[np.object_]] = {}
    for what, column in (("sex", "clinical.sex"), ("race", "clinical.race"), ("ancestry", "clinical.ancestry")):
        if column in taken.frame.columns:
            words = taken.frame[column].cast(pl.String).fill_null("not recorded")
            each = words.unique()
            numbers = words.replace_strict(each, pl.Series(range(len(each))), return_dtype=pl.UInt32)
            found[what] = _named(each.to_list(), numbers.to_numpy())
    if "clinical.age" in taken.frame.columns:
        age = taken.frame["clinical.age"].cast(pl.Float64, strict=False).fill_null(float("nan")).to_numpy()
        names = ["80 and above", "not recorded", "below 50", "50 to 64", "65 to 79"]
        found["age"] = _named(names, np.select([np.isnan(age), age < 50, age < 65, age < 80], [1, 2, 3, 4], 0))
    if measured(endpoint.link):
        found[endpoint.kind] = _dose_groups(natural(taken.data.y, endpoint.link), endpoint)
    if taken.site is not None:
        found["site"] = _named(taken.site_names, taken.site)
    return found


def _named(names: Sequence[str], numbers: NDArray[Any]) -> NDArray[np.object_]:
    """Return each row's name; rows of one name share one text."""
    found: NDArray[np.object_] = np.array(names, dtype=object)[numbers]
    return found


def _dose_groups(amount: Floats, endpoint: Endpoint) -> NDArray[np.object_]:
    """Low, middle and high doses: divided where the endpoint says (``dose_groups``), else in thirds."""
    low, high = endpoint.raw.get("dose_groups") or (float(f"{v:.3g}") for v in np.quantile(amount, [1 / 3, 2 / 3]))
    names = [f"{high:g} and above", f"up to {low:g}", "between"]
    return _named(names, np.select([amount <= low, amount < high], [1, 2], 0))


def _tenths(
    name: str, method: str, endpoint: Endpoint, y: Floats, margin: Floats, weight: Floats | None
) -> list[dict[str, Any]]:
    value, truth = natural(margin, endpoint.link), _truth(y, endpoint)
    w = np.ones(len(y)) if weight is None else weight
    rows = []
    for tenth, chosen in enumerate(np.array_split(np.argsort(value, kind="stable"), 10)):
        if len(chosen):
            rows.append({"design": name, "method": method, "tenth": tenth + 1, "n": len(chosen),
                         "predicted": float(np.average(value[chosen], weights=w[chosen])),
                         "observed": float(np.average(truth[chosen], weights=w[chosen]))})  # fmt: skip
    return rows


def _decisions(name: str, method: str, y: Floats, margin: Floats, weight: Floats | None) -> list[dict[str, Any]]:
    p = sigmoid(margin)
    rows = []
    for threshold in THRESHOLDS:
        rows.append({
            "design": name, "method": method, "threshold": threshold,
            "net_benefit": metrics.net_benefit(y, (p >= threshold).astype(np.float64), threshold, weight),
            "treat_all": metrics.net_benefit(y, np.ones(len(y)), threshold, weight),
        })  # fmt: skip
    return rows


def _differences(endpoint: Endpoint, taken: Cohort, block: Block, weight: Floats | None) -> list[dict[str, Any]]:
    measure = measure_of(endpoint.link)
    rows = []
    for method, values in block.losses.items():
        if method == PRODUCT:
            continue
        if block.name == EXTERNAL:
            # Nothing was fitted, so no folds overlap: persons are the witnesses.
            mean, low, high = _by_person(endpoint, taken, block, method, weight)
        else:
            each = [a - b for a, b in zip(block.losses[PRODUCT], values, strict=True)]
            mean, low, high = metrics.corrected_interval(each, block.share)
        rows.append({"design": block.name, "against": method, "measure": measure, "difference": mean, "low": low,
                     "high": high, "as_good": not high < 0})  # fmt: skip
    return rows


def _by_person(
    endpoint: Endpoint, taken: Cohort, block: Block, method: str, weight: Floats | None
) -> tuple[float, float, float]:
    y = taken.data.y
    ours, theirs = (fit.selection_loss(y, block.margins[one][0], endpoint.link) for one in (PRODUCT, method))
    w = np.ones(len(y)) if weight is None else weight / weight.mean()
    mean = float(np.average(ours - theirs, weights=w))
    half = 1.96 * fit.grouped_se(w * (ours - theirs - mean), taken.data.groups)
    return mean, mean - half, mean + half


def _predictions(block: Block, taken: Cohort, endpoint: Endpoint) -> pl.DataFrame:
    truth = _truth(taken.data.y, endpoint)
    return pl.DataFrame(
        {"design": [block.name] * len(truth), "row": np.arange(len(truth)), "person": taken.data.groups, "truth": truth}
        | {method: natural(mean_of(margins), endpoint.link) for method, margins in block.margins.items()}
    )


def _verdict(differences: pl.DataFrame, warned: Sequence[str]) -> tuple[str, ...]:
    """Say in every design what the model is better than, not shown to be better than, and worse than; then warn."""
    rows = differences.to_dicts()
    lines = [*card.better(rows), *card.as_good(rows)]
    return (*lines, *warned) or ("nothing was compared",)


def _messages(found: Sequence[leakage.Probe]) -> list[str]:
    return [probe.message for probe in found if probe.found]


def _too_well(blocks: Sequence[Block], taken: Cohort, endpoint: Endpoint) -> list[str]:
    """Warn of predictions of persons left out that are nearly without error."""
    each = [mean_of(block.margins[PRODUCT]) for block in blocks if block.name == "person"]
    said = [leakage.told_too_well(taken.data.y, margin, endpoint.link) for margin in each]
    return [text for text in said if text]
