"""Fitting a cohort on top of published evidence: one additive formula, never far from the best of its candidates.

Every fitted model is ``margin = intercept + slope * prior + features @ weights + trees(features)`` on the link scale.
It is the weighted sum of candidates that reach from the prior as published to trees that know no prior
(`candidates`); what each counts is found by stacking predictions of persons whom it has not seen (`stacking`), with
persons, and sites where there are enough, kept together. The unit is the person: rows of one person share a weight of
one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from pgx.models.fitting import boost, stacking, union
from pgx.models.fitting.boost import Floats, Matrix, Settings
from pgx.models.fitting.candidates import (
    BASE,
    RIDGES,
    Variant,
    choose,
    cross_validate,
    grown,
    plan,
    selection_loss,
    suited,
)
from pgx.models.fitting.linear import (
    Data,
    Linear,
    candidate,
    covariance,
    loss,
    mean,
    mix,
    moments,
    per_person,
    read,
    ridge,
    standardise,
)
from pgx.models.fitting.linear import margins as linear_margins

__all__ = [
    "BOOSTER_EVENTS",
    "MIN_EVENTS",
    "MIN_SITES",
    "Data",
    "Fitted",
    "Linear",
    "Recipe",
    "candidate",
    "count_events",
    "fit",
    "follow",
    "gate_of",
    "grouped_se",
    "loss",
    "mean",
    "moments",
    "per_person",
    "read",
    "refit",
    "ridge",
    "selection_loss",
    "split",
    "split_sites",
    "standardise",
    "suited",
]

MIN_EVENTS = 10
"""Fewer events than this: only the intercept of the prior is learned."""
BOOSTER_EVENTS = 20
"""From this many events (or patients with a dose) on, trees are tried."""
MIN_SITES = 5
"""From this many sites on, candidates are compared at sites that they have not seen; sites with a person in common are
one."""
_REPEATED = 250
_TWICE = 2000


@dataclass(frozen=True, slots=True)
class Recipe:
    """What a cross-validation has chosen.

    Parameters
    ----------
    weights
        Candidate -> weight; they add up to 1.
    variants
        Candidate -> precision, number of trees, and how they are grown.
    """

    weights: Mapping[str, float]
    variants: Mapping[str, Variant]

    @property
    def used(self) -> list[str]:
        """Candidates that count."""
        return [name for name, weight in self.weights.items() if weight]


@dataclass(frozen=True, slots=True)
class Fitted:
    """A fitted model.

    Parameters
    ----------
    link
        ``sqrt``, ``log`` or ``logit``.
    linear, center, scale
        The linear part, and how features are standardised for it (missing = center).
    booster
        The trees' JSON bytes (None without trees).
    recipe
        The candidates' weights and variants.
    losses
        Candidate name -> cross-validated loss, ``base_rate``, ``prior`` and the whole (``model``) among them.
    spreads
        Candidate name -> mean difference in loss, the whole minus the candidate, and its standard error.
    covariance
        float64 (p + 2, p + 2): sampling covariance of intercept, slope and feature weights.
    events
        Persons with the event (or without, if fewer), or patients for doses.
    gate
        ``intercept``, ``linear`` or ``booster``: what the number of events allowed.
    sites
        Number of sites that were kept together in the cross-validation; 0 if only persons were.
    out_of_fold
        float64 (n,): cross-validated margins of the whole.
    """

    link: str
    linear: Linear
    center: Floats
    scale: Floats
    booster: bytes | None
    recipe: Recipe
    losses: dict[str, float]
    spreads: dict[str, tuple[float, float]]
    covariance: Floats
    events: int
    gate: str
    sites: int
    out_of_fold: Floats = field(repr=False)

    @property
    def trees(self) -> int:
        """Number of trees, of all candidates that count together."""
        return union.count(self.booster)

    @property
    def weights(self) -> Mapping[str, float]:
        """Candidate -> weight."""
        return self.recipe.weights

    def margin(self, prior: Floats, x: Matrix) -> Floats:
        """Return the model's margin, float64 (n,)."""
        found = read(self.linear, prior, x, self.center, self.scale)
        if self.booster is not None:
            found = found + boost.margins(boost.open_booster(self.booster), x)
        return found


def fit(
    data: Data,
    link: str,
    monotone: Sequence[int],
    *,
    settings: Settings | None = None,
    folds: int = 5,
    sites: NDArray[np.int64] | None = None,
) -> Fitted:
    """Fit a cohort.

    Parameters
    ----------
    data
        The cohort.
    link
        ``sqrt``, ``log`` or ``logit``.
    monotone
        Direction allowed per feature.
    settings
        How trees are grown.
    folds
        Folds of the inner cross-validation.
    sites
        int64 (n,): site of each row; from `MIN_SITES` on, candidates are compared at sites left out too, as often as
        on persons left out.
    """
    settings = settings or Settings()
    events = count_events(data.y, link, data.groups)
    gate = gate_of(events)
    center, scale = moments(data.x)
    several = 0 if sites is None else int(_together(sites, data.groups).max()) + 1
    repeats = 3 if len(data.y) < _REPEATED else 2 if len(data.y) < _TWICE else 1
    splits = list(split(data.y, data.groups, link, folds, repeats, settings.seed))
    own = len(splits)
    if sites is not None and several >= MIN_SITES:
        splits += split_sites(sites, data.groups, folds, repeats, settings.seed)
    variants = plan(events, data, link, settings, gate)
    tried = cross_validate(data, link, monotone, variants, splits)
    variant, margins = choose(tried, data, link)
    counted = data.weight
    if sites is not None and len(splits) > own:
        at_new_sites = {name: rows[own:] for name, rows in margins.items()}
        effect = stacking.design_effect(at_new_sites, data, link, _together(sites, data.groups))
        counted = np.broadcast_to(1.0 / effect, len(data.y)) if counted is None else counted / effect
    price = stacking.prices(len(np.unique(data.groups)))
    recipe = Recipe(stacking.weights(margins, data.y, link, counted, price), variant)
    linear, booster = follow(recipe, data, link, monotone, center, scale)
    nested = _nested(splits, margins, data, link, counted, price)
    losses, spreads = _losses(margins, nested, data, link)
    # What persons of known sites are predicted by; how far new sites lie off is found beside it (`new_sites`).
    whole = nested[:own].mean(axis=0)
    spread = _covariance(data, link, whole, recipe, data.weight)
    return Fitted(
        link,
        linear,
        center,
        scale,
        booster,
        recipe,
        losses,
        spreads,
        spread,
        events,
        gate,
        several if len(splits) > own else 0,
        whole,
    )


def refit(fitted: Fitted, data: Data, monotone: Sequence[int]) -> Fitted:
    """Fit on all rows what a sample of the persons has chosen: the candidates' weights and variants.

    Standardisation, losses and covariance stay those of the sample.

    Parameters
    ----------
    fitted
        The fit of the sample.
    data
        All rows.
    monotone
        As for `fit`.
    """
    linear, booster = follow(fitted.recipe, data, fitted.link, monotone, fitted.center, fitted.scale)
    events = count_events(data.y, fitted.link, data.groups)
    return replace(fitted, linear=linear, booster=booster, events=events)


def follow(
    recipe: Recipe, data: Data, link: str, monotone: Sequence[int], center: Floats, scale: Floats
) -> tuple[Linear, bytes | None]:
    """Fit the candidates that count, and return their weighted sum: the linear part, and the trees as one booster."""
    fits: dict[tuple[str, float], Linear] = {}

    def line(name: str, precision: float) -> Linear:
        if (name, precision) not in fits:
            fits[name, precision] = candidate(name, data, link, center, scale, precision=precision)
        return fits[name, precision]

    parts, trees = {}, []
    for name in recipe.used:
        way, base = recipe.variants[name], BASE.get(name, name)
        parts[name] = line(base, recipe.variants[base].precision if base in RIDGES else 0.0)
        if way.settings is not None:
            start = linear_margins(parts[name], data, center, scale)
            size, content = grown(name, data, start, link, monotone, way.trees, way.settings)
            trees.append((recipe.weights[name] * size, content))
    return mix(parts, recipe.weights), union.united(trees)


def gate_of(events: int) -> str:
    """Return what a number of events allows: ``intercept``, ``linear`` or ``booster``."""
    return "intercept" if events < MIN_EVENTS else "linear" if events < BOOSTER_EVENTS else "booster"


def count_events(y: Floats, link: str, groups: NDArray[np.int64] | None = None) -> int:
    """Return the number of persons with the rarer outcome (risks), or of persons (doses); None = a row is a person."""
    who = np.arange(len(y)) if groups is None else groups
    if link != "logit":
        return len(np.unique(who))
    return min(len(np.unique(who[y > 0.5])), len(np.unique(who[y <= 0.5])))


def split(
    y: Floats, groups: NDArray[np.int64], link: str, folds: int, repeats: int, seed: int
) -> Iterator[NDArray[np.int64]]:
    """Yield, `repeats` times, a fold number per row; a group is never divided, outcomes are balanced over the folds."""
    rng = np.random.default_rng(seed)
    people, inverse = np.unique(groups, return_inverse=True)
    level = np.zeros(len(people))
    np.maximum.at(level, inverse, y)
    folds = min(folds, len(people))
    for _ in range(repeats):
        order = np.lexsort((rng.random(len(people)), level if link == "logit" else np.round(level, 1)))
        fold_of = np.empty(len(people), dtype=np.int64)
        fold_of[order] = (np.arange(len(people)) + rng.integers(folds)) % folds
        yield fold_of[inverse]


def split_sites(
    sites: NDArray[np.int64], groups: NDArray[np.int64], folds: int, repeats: int, seed: int
) -> Iterator[NDArray[np.int64]]:
    """Yield, `repeats` times, a fold number per row; sites are not divided, and nor are persons who are at several.

    Sites that share a person go together. The largest go first, each to the fold that has fewest rows.
    """
    rng = np.random.default_rng(seed)
    block = _together(sites, groups)
    count = np.bincount(block).astype(np.float64)
    for _ in range(repeats):
        load = np.zeros(min(folds, len(count)))
        fold_of = np.zeros(len(count), dtype=np.int64)
        for one in np.argsort(-count * rng.uniform(0.7, 1.3, len(count)), kind="stable"):
            fold_of[one] = int(np.argmin(load))
            load[fold_of[one]] += count[one]
        yield fold_of[block]


def _together(sites: NDArray[np.int64], groups: NDArray[np.int64]) -> NDArray[np.int64]:
    """Number the sites so that those with a person in common have one number."""
    _, block = np.unique(sites, return_inverse=True)
    while True:
        least = np.full(int(groups.max()) + 1, len(block))
        np.minimum.at(least, groups, block)
        lowest = np.full(int(block.max()) + 1, len(block))
        np.minimum.at(lowest, block, least[groups])
        if (lowest[block] == block).all():
            return np.asarray(np.unique(block, return_inverse=True)[1], dtype=np.int64)
        block = lowest[block]


def _nested(
    splits: Sequence[NDArray[np.int64]],
    margins: Mapping[str, Matrix],
    data: Data,
    link: str,
    counted: Floats | None,
    price: Mapping[str, float],
) -> Floats:
    """Return the margins of the whole, float64 (repeats, n): those of a fold have the weights that the others give.

    `counted` is what a row counts for the weights, `price` what candidates pay.
    """
    found = np.zeros((len(splits), len(data.y)))
    for repeat, folds in enumerate(splits):
        for fold in np.unique(folds):
            test = folds == fold
            rows = {name: values[:, ~test] for name, values in margins.items()}
            weight = None if counted is None else counted[~test]
            counts = stacking.weights(rows, data.y[~test], link, weight, price)
            for name, values in margins.items():
                found[repeat, test] += counts[name] * values[repeat, test].astype(np.float64)
    return found


def _losses(
    margins: Mapping[str, Matrix], nested: Floats, data: Data, link: str
) -> tuple[dict[str, float], dict[str, tuple[float, float]]]:
    """Return each candidate's loss, and how far the whole is from it with the standard error of persons."""

    def each(rows: Matrix | Floats) -> Floats:
        return np.asarray(np.mean([loss(data.y, row.astype(np.float64), link) for row in rows], axis=0))

    whole, losses, spreads = each(nested), dict[str, float](), dict[str, tuple[float, float]]()
    for name, rows in margins.items():
        values = each(rows)
        losses[name] = mean(values, data.weight)
        spreads[name] = mean(whole - values, data.weight), grouped_se(whole - values, data.groups, data.weight)
    return losses | {"model": mean(whole, data.weight)}, spreads


def grouped_se(values: Floats, groups: NDArray[np.int64], weight: Floats | None = None) -> float:
    """Return the standard error of a (weighted) mean over rows whose groups are independent."""
    _, inverse = np.unique(groups, return_inverse=True)
    total = np.zeros(inverse.max() + 1)
    away = values - mean(values, weight)
    np.add.at(total, inverse, away if weight is None else weight * away)
    return float(np.sqrt((total**2).sum()) / (len(values) if weight is None else weight.sum()))


def _covariance(data: Data, link: str, margin: Floats, recipe: Recipe, weight: Floats | None) -> Floats:
    """Covariance of the linear part, for the intervals of risks; features count if a candidate that uses them does."""
    learned = [name for name in recipe.used if BASE.get(name, name) in RIDGES]
    shrink = min((recipe.variants[BASE.get(name, name)].precision for name in learned), default=100.0)
    residual = data.y - margin
    spread = mean((residual - mean(residual, weight)) ** 2, weight)
    return covariance(data, link, margin, spread, bool(learned), max(shrink, 1.0))
