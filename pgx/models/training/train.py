"""Training: a cohort in, a model folder out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from pgx.errors import UsageError
from pgx.io import check_outputs, write_bytes
from pgx.models.cohort import cohort, leakage, prior_conflict
from pgx.models.cohort.cohort import Cohort, Roles
from pgx.models.cohort.summary import Census
from pgx.models.evidence import endpoints
from pgx.models.evidence.endpoints import Endpoint
from pgx.models.fitting import conformal, fit, risk_covariance, work
from pgx.models.fitting import new_sites as newsite
from pgx.models.fitting.boost import Settings
from pgx.models.store import folder
from pgx.models.training import large, record

if TYPE_CHECKING:
    from pgx.knowledge import KnowledgeBase

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
        Factor by which the intervals of a dose are stretched at a site that is not in the cohort (`newsite`).
    between_sites
        For risks: variance of a new site's own shift of the log odds (`doubt`); None where too few sites tell.
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


def train(
    endpoint: str,
    table: pl.DataFrame | str | Path,
    out_dir: str | Path | None,
    kb: KnowledgeBase,
    *,
    roles: Roles | None = None,
    population_risk: float | None = None,
    settings: Settings | None = None,
    tune: int = 0,
    resume: bool = False,
    external: bool | None = None,
    version: str = "1",
    title: str = "",
    performance: Mapping[str, Any] | None = None,
    say: Say = lambda text: None,
) -> folder.Model:
    """Train a model of an endpoint on a cohort, starting from the published evidence.

    Parameters
    ----------
    endpoint
        Name of the endpoint.
    table
        The cohort: features, outcome, and optionally person, site and time columns; a frame, or a file.
    out_dir
        Model folder to write; None writes nothing.
    kb
        Knowledge base with the endpoint.
    roles
        Which columns are what.
    population_risk
        For a case-control cohort: the risk in the population, by which the intercept is corrected.
    settings
        How trees are grown; the seed is here.
    tune
        Tries of a search for better settings (see `pgx.models.training.tuning`); 0 searches nothing.
    resume
        Go on with what an earlier call for the same `out_dir` left when it was cut off; the result is the same.
    external
        Whether the rows stay on disk (see `pgx.models.training.large`); None = if the table has more than
        `large.LIMIT` cells.
    version
        Version of the model.
    title
        What the cohort is, for the card.
    performance
        Cross-validated performance to record (see `pgx.models.evaluate`).
    say
        Called with progress.

    Returns
    -------
    Model
        The model as `pgx.models.store.folder.read` would open it.

    Raises
    ------
    UsageError
        If the endpoint is unknown or decided by a rule, or a column is not there.
    InputError
        If the cohort cannot be used.
    """
    from pgx.models.store import card
    from pgx.models.training import tuning

    settings = settings or Settings()
    known = endpoints.get(kb, endpoint)
    if known.link == "log":
        raise UsageError(f"{endpoint} is a published equation kept for comparison: train warfarin.dose")
    check_risk(known, population_risk)
    if out_dir is not None:
        written = [Path(out_dir) / name for name in (folder.JSON, folder.TREES, folder.CARD)]
        check_outputs(written, () if isinstance(table, pl.DataFrame) else [table])
    say(f"{endpoint}: reading the cohort")
    place = Path(out_dir) / work.FOLDER if out_dir is not None else None
    with (
        work.kept(place, resume=resume) if place is not None else nullcontext(),
        large.opened(table, known, roles or Roles(), kb, external, settings.seed, place) as (taken, whole),
    ):
        if tune:
            settings = tuning.tune(known, taken, settings, tune, say)
        trained = fit_cohort(known, taken, settings, population_risk=population_risk, say=say)
        if whole is not None:
            trained = _on_all_rows(trained, whole, settings, population_risk, say)
    facts = folder.document(record.facts(trained, kb, settings, version, title, performance), trained.fitted.booster)
    model = folder.from_parts(facts, trained.fitted.booster)
    if out_dir is not None:
        write(Path(out_dir), facts, trained.fitted.booster, card.text(facts))
    return model


def _on_all_rows(
    trained: Trained, whole: large.Whole, settings: Settings, population_risk: float | None, say: Say
) -> Trained:
    """Fit every row of a cohort on disk, as the sample has chosen."""
    say(f"writing {len(whole.y)} rows")
    features = trained.cohort.features
    data, counted = whole.encode(features, trained.blind, settings.seed)
    say(f"fitting {len(whole.y)} rows, {len(features)} features, {trained.fitted.trees} trees")
    fitted = fit.refit(trained.fitted, data, [feature.monotone for feature in features], settings)
    # The sample's doubt is at least that of all rows, and it knows what the model has missed.
    fitted = replace(fitted, covariance=trained.fitted.covariance)
    shift = trained.shift
    if population_risk is not None:
        shift = endpoints.logit(population_risk) - endpoints.logit(float(np.clip(counted.average, 1e-6, 1 - 1e-6)))
    return replace(trained, fitted=fitted, shift=shift, census=counted)


def fit_cohort(
    endpoint: Endpoint,
    taken: Cohort,
    settings: Settings,
    *,
    population_risk: float | None = None,
    probe: bool = True,
    new_sites: bool = True,
    say: Say = lambda text: None,
) -> Trained:
    """Probe and fit a cohort that is already in arrays.

    Parameters
    ----------
    endpoint, taken, settings, population_risk, say
        As for `train`.
    probe
        Whether to run the site probes too (evaluation folds do not).
    new_sites
        Whether to find out how far new sites may differ (most evaluation folds need not know).
    """
    found = probe_cohort(taken, settings.seed, sites=probe)
    warnings = [{"code": code, "message": message} for code, message in taken.remarks]
    warnings += [{"code": one.code, "message": one.message} for one in found if one.found]
    if probe and endpoint.link == "logit" and population_risk is None:
        against = prior_conflict.checks(endpoint, taken.data, taken.prior, settings.seed)
        warnings += [{"code": one.code, "message": one.message} for one in against if one.message]
    blinded = any(one.found and one.code == "missingness_predicts_outcome" for one in found)
    if blinded:
        taken = cohort.blind(taken, settings.seed)
        say("the gaps go along with the outcome: missing values are filled, so that gaps say nothing")
    say(f"fitting {len(taken.data.y)} rows, {len(taken.features)} features")
    fitted = fit.fit(taken.data, endpoint.link, [f.monotone for f in taken.features], settings=settings, folds=_FOLDS)
    warnings += _warnings(fitted, endpoint)
    group = "clinical.race"
    intervals: dict[str, tuple[float, float]] = {}
    stretch, between = None, None
    if endpoint.link == "sqrt":
        intervals = conformal.tables(
            taken.data.y, fitted.out_of_fold, groups_of(taken.frame, group), LEVEL, taken.data.weight
        )
        if new_sites and taken.site is not None:
            stretch = _stretch(taken, fitted, intervals, group, settings, say)
    elif new_sites:
        fitted, between = _doubted(taken, fitted)
    shift = 0.0
    if population_risk is None:
        warnings += _sampled(taken, endpoint)
    else:
        shift = endpoints.logit(population_risk) - endpoints.logit(
            float(np.clip(fit.mean(taken.data.y, taken.data.weight), 1e-6, 1 - 1e-6))
        )
    left = sum(fitted.weights.get(name, 0.0) for name in ("prior", "intercept"))
    return Trained(endpoint, taken, fitted, blinded, intervals, group, stretch, between, left, shift, found, warnings)


def check_risk(endpoint: Endpoint, population_risk: float | None) -> None:
    """Refuse a population risk that is none.

    Raises
    ------
    UsageError
        If it is not between 0 and 1, or the endpoint is a dose.
    """
    if population_risk is not None and (endpoint.link != "logit" or not 0 < population_risk < 1):
        raise UsageError("a population risk is a number between 0 and 1, and for risks only")


def _stretch(
    taken: Cohort,
    fitted: fit.Fitted,
    intervals: dict[str, tuple[float, float]],
    group: str,
    settings: Settings,
    say: Say,
) -> float | None:
    """Leave whole sites out, if there are enough of them."""
    if taken.site is None or len(np.unique(taken.site)) < newsite.MIN_SITES:
        return None
    say("leaving sites out")
    monotone = [feature.monotone for feature in taken.features]
    margin = newsite.margins(taken.data, fitted.link, fitted, taken.site, monotone, settings)
    over = newsite.distances(taken.data.y, margin, groups_of(taken.frame, group), intervals)
    return newsite.stretch(over, taken.site, LEVEL)


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
    return frame[column].cast(pl.String).to_list() if column in frame.columns else [None] * frame.height


def write(out_dir: Path, facts: Mapping[str, Any], trees: bytes | None, card: str) -> None:
    """Write a model folder; the description comes last, so that a half-written folder is no model."""
    import json

    if trees is not None:
        write_bytes(out_dir / folder.TREES, trees)
    write_bytes(out_dir / folder.CARD, card.encode())
    write_bytes(out_dir / folder.JSON, (json.dumps(facts, indent=1, ensure_ascii=False) + "\n").encode())


def probe_cohort(taken: Cohort, seed: int, *, sites: bool = True) -> list[leakage.Probe]:
    """Run the probes on a cohort, or on `_PROBED` rows of a large one; the site probes only where a site is known."""
    columns = sorted({feature.reading.column for feature in taken.features})
    frame, data, site = taken.frame, taken.data, taken.site
    if len(data.y) > _PROBED:
        people = np.random.default_rng(seed).permutation(int(data.groups.max()) + 1)
        rows = people[data.groups] < len(people) * _PROBED / len(data.y)
        frame, data, site = frame.filter(pl.Series(rows)), data.take(rows), None if site is None else site[rows]
    found = [leakage.missingness(frame, columns, data.y, seed, data.groups)]
    if sites and site is not None:
        found += leakage.site(frame, columns, data.x, site, seed, data.groups)
    return found


def _sampled(taken: Cohort, endpoint: Endpoint) -> list[dict[str, str]]:
    """Ask whether the cohort was sampled by outcome, where events are far more frequent than was published."""
    y, weight = taken.data.y, taken.data.weight
    if endpoint.link != "logit" or fit.count_events(y, "logit", taken.data.groups) < fit.MIN_EVENTS:
        return []
    share, expected = fit.mean(y, weight), fit.mean(1.0 / (1.0 + np.exp(-taken.data.prior)), weight)
    if endpoints.logit(share) - endpoints.logit(expected) < np.log(_FAR):
        return []
    text = (f"{share:.0%} of the rows have the outcome, {expected:.1%} were expected: if cases were sampled (a "
            "case-control cohort), give --population-risk, or every score is too high")  # fmt: skip
    return [{"code": "more_events_than_published", "message": text}]


def _warnings(fitted: fit.Fitted, endpoint: Endpoint) -> list[dict[str, str]]:
    found = []
    unit = "patients" if endpoint.link == "sqrt" else "events"
    if fitted.gate == "intercept":
        found.append(("few_events", f"only {fitted.events} {unit}: nothing but the intercept was learned"))
    elif fitted.gate == "linear":
        found.append(
            ("no_trees", f"{fitted.events} {unit} are too few for trees ({fit.BOOSTER_EVENTS}): none were tried")
        )
    elif not fitted.trees:
        found.append(("trees_do_not_help", "trees did not improve the cross-validated loss: the simple model is used"))
    best = min(("base_rate", "prior"), key=lambda name: fitted.losses[name])
    if fitted.losses["model"] >= fitted.losses[best]:
        name = {"base_rate": "the base rate", "prior": "the published prior"}[best]
        found.append(("no_better_than_simple", f"in cross-validation the model is no better than {name}"))
    return [{"code": code, "message": message} for code, message in found]
