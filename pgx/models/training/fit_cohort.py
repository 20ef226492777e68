"""Fit a cohort that is in memory: probe it for leaks, fit it on top of the prior, and find its intervals."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from pgx.models.cohort import hidden_gaps, leakage, prior_conflict
from pgx.models.cohort.cohort import Cohort
from pgx.models.cohort.summary import Census
from pgx.models.evidence.endpoint import Endpoint
from pgx.models.evidence.links import logit, measured, sigmoid
from pgx.models.fitting import conformal, fit, new_sites, risk_covariance
from pgx.models.fitting.boost import Floats, Settings
from pgx.models.training.interval_groups import interval_group

LEVEL = conformal.LEVEL
_FOLDS = 5
"""Folds of the inner cross-validation."""
_PROBED = 30_000
"""Rows that the probes look at: enough to find any leak that matters."""
_FAR = 3.0
"""Odds ratio between a cohort's risk and the published one from which on case-control sampling is asked about."""
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Trained:
    """A model in memory.

    Parameters
    ----------
    endpoint, cohort, fitted
        What was fitted on what.
    blind
        Missing values were filled because missingness went along with the outcome.
    intervals, group
        Conformal tables of a dose and the column of their groups.
    stretch
        Factor by which the intervals of a dose are stretched at a site that is not in the cohort (see `new_sites`).
    between_sites
        For risks: variance of a new site's own shift of the log odds (see `risk_covariance`); None where too few
        sites tell.
    evidence_left
        Share of the prior's own uncertainty that the cohort did not replace.
    shift
        Correction of the intercept of a case-control cohort.
    probes
        What the probes found.
    warnings
        Code and sentence of everything that the user must know.
    census
        The whole cohort in numbers, where `cohort` is a sample of it.
    """

    endpoint: Endpoint
    cohort: Cohort
    fitted: fit.Fitted
    blind: bool
    intervals: dict[str, tuple[float, float]]
    group: str
    stretch: float | None
    between_sites: float | None
    evidence_left: float
    shift: float
    probes: list[leakage.Probe]
    warnings: list[dict[str, str]]
    census: Census | None = None


def fit_cohort(
    endpoint: Endpoint,
    taken: Cohort,
    settings: Settings,
    *,
    population_risk: float | None = None,
    probe: bool = True,
    site_intervals: bool = True,
    say: Say = lambda text: None,
) -> Trained:
    """Probe and fit a cohort that is already in arrays.

    Parameters
    ----------
    endpoint, taken, settings, population_risk, say
        As for `train`.
    probe
        Whether to run the site probes too (evaluation folds do not).
    site_intervals
        Whether to find out how far new sites may differ (most evaluation folds need not know).
    """
    found = probe_cohort(taken, settings.seed, sites=probe)
    warnings = [{"code": code, "message": message} for code, message in taken.remarks]
    warnings += [{"code": one.code, "message": one.message} for one in found if one.found]
    if probe and population_risk is None:
        given = endpoint, taken.data, taken.prior, settings.seed
        against = [prior_conflict.measured_check(*given)] if measured(endpoint.link) else prior_conflict.checks(*given)
        warnings += [{"code": one.code, "message": one.message} for one in against if one.message]
    blinded = any(one.found and one.code == "missingness_predicts_outcome" for one in found)
    if blinded:
        taken = hidden_gaps.blind(taken, settings.seed)
        say("the gaps go along with the outcome: missing values are filled, so that gaps say nothing")
    say(f"fitting {len(taken.data.y)} rows, {len(taken.features)} features")
    fitted = fit.fit(
        taken.data,
        endpoint.link,
        [f.monotone for f in taken.features],
        settings=settings,
        folds=_FOLDS,
        sites=taken.site,
    )
    warnings += _warnings(fitted, endpoint, taken.data.y)
    group = interval_group(endpoint.name)
    intervals: dict[str, tuple[float, float]] = {}
    stretch, between = None, None
    if measured(endpoint.link):
        intervals = conformal.tables(
            taken.data.y, fitted.out_of_fold, groups_of(taken.frame, group), LEVEL, taken.data.weight
        )
        if site_intervals and taken.site is not None:
            stretch = _stretch(taken, fitted, intervals, group, say)
    elif site_intervals:
        fitted, between = _doubted(taken, fitted)
    shift = 0.0
    if population_risk is None:
        warnings += _sampled(taken, endpoint)
    else:
        shift = logit(population_risk) - logit(
            float(np.clip(fit.mean(taken.data.y, taken.data.weight), 1e-6, 1 - 1e-6))
        )
    left = sum(fitted.weights.get(name, 0.0) for name in ("prior", "intercept"))
    return Trained(endpoint, taken, fitted, blinded, intervals, group, stretch, between, left, shift, found, warnings)


def _stretch(
    taken: Cohort,
    fitted: fit.Fitted,
    intervals: dict[str, tuple[float, float]],
    group: str,
    say: Say,
) -> float | None:
    """Leave whole sites out, if there are enough of them."""
    if taken.site is None or len(np.unique(taken.site)) < new_sites.MIN_SITES:
        return None
    say("leaving sites out")
    monotone = [feature.monotone for feature in taken.features]
    margin = new_sites.margins(taken.data, fitted.link, fitted, taken.site, monotone)
    over = new_sites.distances(taken.data.y, margin, groups_of(taken.frame, group), intervals)
    return new_sites.stretch(over, taken.site, LEVEL)


def _doubted(taken: Cohort, fitted: fit.Fitted) -> tuple[fit.Fitted, float | None]:
    """Put into a risk's covariance what the cohort cannot tell, what was missed of it, and how sites differ."""
    jackknife = 0.0
    if fitted.trees:
        moved = fitted.margin(taken.data.prior, taken.data.x) - fitted.out_of_fold
        jackknife = (_FOLDS - 1.0) * float(np.mean(moved**2))
    found = risk_covariance.covariance(taken.data, fitted.out_of_fold, fitted.center, fitted.scale, jackknife)
    between = (
        None if taken.site is None else risk_covariance.between_sites(taken.data.y, fitted.out_of_fold, taken.site)
    )
    found[0, 0] += between or 0.0
    return replace(fitted, covariance=found), between


def groups_of(frame: pl.DataFrame, column: str) -> list[str | None]:
    """Return each row's group as text; null where the column is missing."""
    if column not in frame.columns:
        return [None] * frame.height
    words = frame[column].cast(pl.String)
    each = words.unique().to_list()  # one text a group, not one a row
    numbers = words.replace_strict(each, list(range(len(each))), return_dtype=pl.UInt32) if len(each) else words
    return [each[number] for number in numbers.to_list()]


def probe_cohort(taken: Cohort, seed: int, *, sites: bool = True) -> list[leakage.Probe]:
    """Run the probes on a cohort, or on `_PROBED` rows of a large one; the site probes only where a site is known."""
    columns = sorted({feature.reading.column for feature in taken.features})
    frame, data, site = taken.frame, taken.data, taken.site
    if len(data.y) > _PROBED:
        people = np.random.default_rng(seed).permutation(int(data.groups.max()) + 1)
        rows = people[data.groups] < len(people) * _PROBED / len(data.y)
        frame, data, site = frame.filter(pl.Series(rows)), data.take(rows), None if site is None else site[rows]
    found = [leakage.missingness(frame, columns, data.y, seed, data.groups)]
    if sites:
        found.append(leakage.persons_alike(frame, data.groups, data.x))
    if sites and site is not None:
        found += leakage.site(frame, columns, data.x, site, seed, data.groups)
    return found


def _sampled(taken: Cohort, endpoint: Endpoint) -> list[dict[str, str]]:
    """Ask whether the cohort was sampled by outcome, where events are far more frequent than was published."""
    y, weight = taken.data.y, taken.data.weight
    if endpoint.link != "logit" or fit.count_events(y, "logit", taken.data.groups) < fit.MIN_EVENTS:
        return []
    share, expected = fit.mean(y, weight), fit.mean(sigmoid(taken.data.prior), weight)
    if logit(share) - logit(expected) < np.log(_FAR):
        return []
    text = (f"{share:.0%} of the rows have the outcome, {expected:.1%} were expected: if cases were sampled (a "
            "case-control cohort), give --population-risk, or every score is too high")  # fmt: skip
    return [{"code": "more_events_than_published", "message": text}]


def _warnings(fitted: fit.Fitted, endpoint: Endpoint, y: Floats) -> list[dict[str, str]]:
    found = []
    if too_well := leakage.told_too_well(y, fitted.out_of_fold, fitted.link):
        found.append(("outcome_told_too_well", too_well))
    unit = "patients" if measured(endpoint.link) else "persons with the rarer outcome"
    if fitted.gate == "intercept":
        found.append(("few_events", f"only {fitted.events} {unit}: nothing but the intercept was learned"))
    elif fitted.gate == "linear":
        found.append(
            ("no_trees", f"{fitted.events} {unit} are too few for trees ({fit.BOOSTER_EVENTS}): none were tried")
        )
    elif not fitted.trees:
        found.append(("trees_do_not_help", "no candidate with trees was given any weight by cross-validation"))
    names = [name for name in ("prior", "base_rate") if fitted.losses["model"] >= fitted.losses[name]]
    if names:
        said = {"base_rate": "the base rate", "prior": "the published prior"}
        text = " or ".join(said[name] for name in names)
        found.append(("no_better_than_simple", f"in cross-validation the model is no better than {text}"))
    ahead = [name for name, (gap, error) in fitted.spreads.items() if gap > 2.0 * error]
    if ahead and fitted.gate != "intercept":
        words = ", ".join(name.replace("_", " ") for name in ahead)
        found.append(("candidate_better", f"in cross-validation the model does worse than a candidate alone: {words}"))
    return [{"code": code, "message": message} for code, message in found]
