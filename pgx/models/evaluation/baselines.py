"""What a model is compared with: prior, refitted equation, simple rule, base rate, linear model, plain booster."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pgx.models.cohort import hidden_gaps, spending, summary
from pgx.models.cohort.cohort import Cohort
from pgx.models.evidence import design
from pgx.models.evidence.endpoint import Endpoint
from pgx.models.evidence.links import linked, logit, measured, natural
from pgx.models.fitting import boost, conformal, fit
from pgx.models.fitting.boost import Floats, Matrix, Settings
from pgx.models.fitting.candidates import grown
from pgx.models.fitting.linear import Data
from pgx.models.store.folder import Model
from pgx.models.training import large
from pgx.models.training.fit_cohort import Trained, fit_cohort, groups_of
from pgx.models.training.interval_groups import interval_group

PRODUCT = "product"


@dataclass(frozen=True, slots=True)
class Predicted:
    """Predictions of some rows by every method.

    Parameters
    ----------
    margins
        Method -> float64 (n,): margins.
    inside
        float64 (n,): 1 where the product's interval for sites that it knows held the truth; NaN for risks.
    inside_new
        The same for its interval for new sites; NaN where it has none.
    """

    margins: dict[str, Floats]
    inside: Floats
    inside_new: Floats


def fitted(
    endpoint: Endpoint, learn: Cohort, test: Cohort, settings: Settings, population_risk: float | None, sites: bool
) -> Predicted:
    """Fit every method on one part of a cohort and predict the other (see `parted`).

    Parameters
    ----------
    endpoint, learn, test, settings
        What is learned on what, and predicted for whom.
    population_risk
        As for `pgx.models.train`: what a method learned of how frequent the outcome is, is moved there.
    sites
        Whether the interval for new sites is asked for (it takes a fit a fold of sites).
    """
    trained = _trained(endpoint, learn, settings, population_risk, sites)
    seen = hidden_gaps.fill(test.data.x, trained.fitted.center) if trained.blind else test.data.x
    product = trained.fitted.margin(test.data.prior, seen) + trained.shift
    found = {PRODUCT: product, "prior": test.data.prior, "refit": _refit(endpoint, learn, test) + trained.shift}
    found["base_rate"] = np.full(len(product), base_rate(endpoint, learn.data.y) + trained.shift)
    if has_rule(endpoint):
        here, there = (_follows(endpoint, one) for one in (learn, test))
        found["rule"] = rule(endpoint, learn.data.y, here, there) + trained.shift
    linear = _linear(endpoint, learn, seen, trained.fitted)
    if linear is not None:
        found["linear"] = linear + trained.shift
    found["plain_booster"] = _plain(endpoint, learn, test, settings) + trained.shift
    groups = groups_of(test.frame, trained.group)
    return Predicted(found, *_held(test.data.y, product, groups, trained.intervals, trained.stretch))


def _trained(
    endpoint: Endpoint, learn: Cohort, settings: Settings, population_risk: float | None, sites: bool
) -> Trained:
    """Fit as training does: a large cohort is chosen for by a sample of its persons, and then fitted whole."""
    if len(learn.data.y) <= large.LIMIT:
        return fit_cohort(endpoint, learn, settings, population_risk=population_risk, probe=False, site_intervals=sites)
    outcome = learn.data.y if endpoint.link == "logit" else natural(learn.data.y, endpoint.link)
    _, people = np.unique(learn.data.groups, return_inverse=True)
    chosen, drawn = large.draw(outcome, people, endpoint.link, settings.seed)
    few = part(learn, chosen)
    if drawn is not None:
        own = few.data.weight
        both = drawn[chosen] if own is None else own * drawn[chosen]
        few = replace(few, data=replace(few.data, weight=both))
    trained = fit_cohort(endpoint, few, settings, population_risk=population_risk, probe=False, site_intervals=sites)
    trained, few = replace(trained, cohort=learn), learn
    whole = hidden_gaps.blind(learn, settings.seed) if trained.blind else learn
    again = fit.refit(trained.fitted, whole.data, [feature.monotone for feature in learn.features])
    return replace(trained, fitted=replace(again, covariance=trained.fitted.covariance))


def read_whole(endpoint: Endpoint, group: str) -> set[str]:
    """Return the columns whose values an evaluation reads from the frame; of the others it asks only for the gaps.

    `group` is the column that the intervals of a given model are grouped by; empty without one.
    """
    rule = () if endpoint.rule is None else design.columns(endpoint)
    return {*summary.GROUPS, "clinical.age", interval_group(endpoint.name), group, *rule}


def slim(taken: Cohort, endpoint: Endpoint, group: str) -> Cohort:
    """Return a cohort whose frame holds what an evaluation still reads: of most columns no more than their gaps."""
    whole = read_whole(endpoint, group)
    gaps = {feature.reading.column for feature in taken.features} - whole
    names = [name for name in taken.frame.columns if name in whole | gaps]
    # A column at a time: one expression over all of them would first copy a table that lies in several pieces.
    kept = [spending.gaps_of(taken.frame[name]) if name in gaps else taken.frame[name] for name in names]
    frame = pl.DataFrame(kept) if kept else pl.DataFrame({"_": [True] * taken.frame.height})
    return replace(taken, frame=frame)


def as_it_is(model: Model, taken: Cohort, seed: int) -> Predicted:
    """Apply a model to a cohort that it was not trained on, beside what is simple.

    ``base_rate`` is the average of the patients that the model was trained on; ``local_base_rate`` and ``rule`` know
    this cohort: they are learned in it, on persons other than those predicted.
    """
    endpoint = model.endpoint
    x = hidden_gaps.fill(taken.data.x, model.center) if model.gaps_filled else taken.data.x
    margin = fit.read(model.linear, taken.data.prior, x, model.center, model.scale)
    if model.trees is not None:
        margin = margin + boost.margins(boost.open_booster(model.trees), x)
    known = model.reference
    start = float(linked(np.array(known), endpoint.link)) if measured(endpoint.link) else logit(known)
    found = {PRODUCT: margin, "prior": taken.data.prior, "base_rate": np.full(len(margin), start)}
    local, by_rule = np.zeros(len(margin)), np.zeros(len(margin))
    folds = next(fit.split(taken.data.y, taken.data.groups, endpoint.link, 5, 1, seed + 1))
    follows = _follows(endpoint, taken) if has_rule(endpoint) else folds < 0
    for fold in np.unique(folds):
        test = folds == fold
        local[test] = base_rate(endpoint, taken.data.y[~test])
        if has_rule(endpoint):
            by_rule[test] = rule(endpoint, taken.data.y[~test], follows[~test], follows[test])
    found["local_base_rate"] = local
    if has_rule(endpoint):
        found["rule"] = by_rule
    groups = groups_of(taken.frame, model.group)
    return Predicted(found, *_held(taken.data.y, margin, groups, dict(model.intervals), model.stretch))


def part(taken: Cohort, rows: NDArray[np.bool_]) -> Cohort:
    """Return a part of a cohort's rows."""
    return _with(taken, rows, taken.data.x[rows], taken.prior.terms[rows])


@contextmanager
def parted(taken: Cohort, learn: NDArray[np.bool_], test: NDArray[np.bool_]) -> Iterator[tuple[Cohort, Cohort]]:
    """Divide a cohort into what is learned from and what is tested, without a second copy of its matrix.

    As long as this lasts the rows of the matrix and of the prior's terms stand in another order: the learned ones first
    and then the tested, each in the order that they had. Nobody else may look at `taken` meanwhile.
    """
    sides = [np.flatnonzero(learn), np.flatnonzero(test)]
    order = np.concatenate([*sides, np.flatnonzero(~(learn | test))])
    first, last = len(sides[0]), len(sides[0]) + len(sides[1])
    x, terms = taken.data.x, taken.prior.terms
    _reorder((x, terms), order)
    try:
        yield _with(taken, learn, x[:first], terms[:first]), _with(taken, test, x[first:last], terms[first:last])
    finally:
        _reorder((x, terms), np.argsort(order))


def _reorder(tables: tuple[NDArray[Any], ...], order: NDArray[np.int64]) -> None:
    for table in tables:
        for j in range(table.shape[1]):  # a column at a time: what it takes beside the table is one of them
            table[:, j] = table[order, j]


def _with(taken: Cohort, rows: NDArray[np.bool_], x: Matrix, terms: Floats) -> Cohort:
    """Return a part of a cohort's rows; their matrix and terms are given."""
    data, site = taken.data, taken.site
    weight = None if data.weight is None else data.weight[rows]
    own = Data(data.prior[rows], x, data.y[rows], data.groups[rows], weight)
    frame = taken.frame.filter(pl.Series(rows))
    prior = design.bare(terms, own.prior)
    return Cohort(
        own, frame, prior, taken.features, None if site is None else site[rows], None, {}, {}, taken.site_names
    )


def has_rule(endpoint: Endpoint) -> bool:
    """Whether a simple rule divides the persons of an endpoint in two."""
    return endpoint.rule is not None or endpoint.threshold is not None


def base_rate(endpoint: Endpoint, y: Floats) -> float:
    """Return the margin of predicting the same for everybody."""
    return float(np.median(y)) if measured(endpoint.link) else logit((y.sum() + 0.5) / (len(y) + 1.0))


def rule(endpoint: Endpoint, y: Floats, here: NDArray[np.bool_], there: NDArray[np.bool_]) -> Floats:
    """Two groups by the simple rule, each with its own average (a person and a half of the whole added).

    Parameters
    ----------
    endpoint, y
        What is predicted, and the outcomes that are learned from.
    here, there
        Whom the rule points to: of those, and of the others whose outcomes are predicted.
    """
    overall = float(y.mean())
    values = {side: (y[here == side].sum() + 1.5 * overall) / ((here == side).sum() + 1.5) for side in (True, False)}
    chosen = np.where(there, values[True], values[False]).astype(np.float64)
    return chosen if measured(endpoint.link) else np.asarray(np.log(chosen) - np.log1p(-chosen))


def _held(
    y: Floats,
    margin: Floats,
    groups: list[str | None],
    intervals: dict[str, tuple[float, float]],
    stretch: float | None,
) -> tuple[Floats, Floats]:
    none = np.full(len(margin), np.nan)
    if not intervals:
        return none, none
    low, high = conformal.bounds(margin, groups, intervals)
    inside = ((low <= y) & (y <= high)).astype(np.float64)
    if stretch is None:
        return inside, none
    low, high = margin - stretch * (margin - low), margin + stretch * (high - margin)
    return inside, ((low <= y) & (y <= high)).astype(np.float64)


def _refit(endpoint: Endpoint, learn: Cohort, test: Cohort) -> Floats:
    """Refit the prior's own terms, with the least penalty that keeps rare genotypes finite."""
    scale = np.array([term.coefficient or 1.0 for term in endpoint.terms])
    used = [j for j, one in enumerate(scale) if np.ptp(learn.prior.terms[:, j] / one) > 0]
    inner, outer = (np.ones((len(part.data.y), 1 + len(used))) for part in (learn, test))
    for place, j in enumerate(used, start=1):
        inner[:, place], outer[:, place] = (part.prior.terms[:, j] / scale[j] for part in (learn, test))
    precision = np.r_[1e-6, np.full(len(used), 0.1)]
    beta = fit.ridge(inner, learn.data.y, np.zeros(len(inner)), precision, endpoint.link, learn.data.weight)
    return np.asarray(outer @ beta, dtype=np.float64)


def _follows(endpoint: Endpoint, taken: Cohort) -> NDArray[np.bool_]:
    """Whom the simple rule points to: a reading, or the equation's dose beyond the threshold."""
    if endpoint.rule is None:
        return taken.data.prior > 0
    return np.asarray(np.nan_to_num(design.read(design.prepare(taken.frame, endpoint), endpoint.rule)) > 0)


def _linear(endpoint: Endpoint, learn: Cohort, x: Matrix, fitted: fit.Fitted) -> Floats | None:
    """A ridge on all features that knows no prior, as tuned for the product; None if too few events allowed one."""
    name = "plain_ridge"
    if name not in fitted.recipe.variants:
        return None
    alone = fit.Recipe({name: 1.0}, fitted.recipe.variants)
    found, _ = fit.follow(alone, learn.data, endpoint.link, [], fitted.center, fitted.scale)
    return fit.read(found, np.zeros(len(x)), x, fitted.center, fitted.scale)


def _plain(endpoint: Endpoint, learn: Cohort, test: Cohort, settings: Settings) -> Floats:
    """Trees without a prior, started from the cohort's average."""
    y = learn.data.y
    start = float(y.mean()) if measured(endpoint.link) else base_rate(endpoint, y)
    size, trees = grown("plain_booster", replace(learn.data, weight=None), np.full(len(y), start), endpoint.link,
                        [0] * len(learn.features), 100, settings)  # fmt: skip
    return start + size * boost.margins(boost.open_booster(trees), test.data.x)
