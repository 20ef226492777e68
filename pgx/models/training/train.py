"""Training: a cohort in, a model folder out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from pgx.errors import UsageError
from pgx.io import check_outputs
from pgx.models.cohort.cohort import Roles
from pgx.models.evidence import endpoints
from pgx.models.evidence.endpoint import Endpoint
from pgx.models.evidence.links import logit
from pgx.models.fitting import fit
from pgx.models.fitting.boost import Settings
from pgx.models.store import card, folder
from pgx.models.training import large, record, tuning
from pgx.models.training.fit_cohort import Say, Trained, fit_cohort

if TYPE_CHECKING:
    from pgx.knowledge import KnowledgeBase


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
    settings = settings or Settings()
    known = endpoints.get(kb, endpoint)
    if known.link == "log" and known.kind == "dose" and not known.local:
        raise UsageError(f"{endpoint} is a published equation kept for comparison: train warfarin.dose")
    check_risk(known, population_risk)
    if out_dir is not None:
        written = [Path(out_dir) / name for name in (folder.JSON, folder.TREES, folder.CARD)]
        check_outputs(written, () if isinstance(table, pl.DataFrame) else [table])
        folder.check_ours(Path(out_dir))
    say(f"{endpoint}: reading the cohort")
    taken, whole = large.load(table, known, roles or Roles(), kb, settings.seed)
    if tune:
        settings = tuning.tune(known, taken, settings, tune, say)
    trained = fit_cohort(known, taken, settings, population_risk=population_risk, say=say)
    if whole is not None:
        trained = _on_all_rows(trained, whole, settings.seed, population_risk, say)
    facts = folder.document(record.facts(trained, kb, settings, version, title, performance), trained.fitted.booster)
    model = folder.from_parts(facts, trained.fitted.booster)
    if out_dir is not None:
        folder.write(Path(out_dir), facts, trained.fitted.booster, card.text(facts))
    return model


def _on_all_rows(trained: Trained, whole: large.Whole, seed: int, population_risk: float | None, say: Say) -> Trained:
    """Fit every row of a large cohort, as the sample has chosen."""
    say(f"reading {len(whole.y)} rows")
    features = trained.cohort.features
    data, counted = whole.encode(features, trained.blind, seed)
    say(f"fitting {len(whole.y)} rows, {len(features)} features, {trained.fitted.trees} trees")
    fitted = fit.refit(trained.fitted, data, [feature.monotone for feature in features])
    # The sample's doubt is at least that of all rows, and it knows what the model has missed.
    fitted = replace(fitted, covariance=trained.fitted.covariance)
    shift = trained.shift
    if population_risk is not None:
        shift = logit(population_risk) - logit(float(np.clip(counted.average, 1e-6, 1 - 1e-6)))
    return replace(trained, fitted=fitted, shift=shift, census=counted)


def check_risk(endpoint: Endpoint, population_risk: float | None) -> None:
    """Refuse a population risk that is none.

    Raises
    ------
    UsageError
        If it is not between 0 and 1, or the endpoint is a dose.
    """
    if population_risk is not None and (endpoint.link != "logit" or not 0 < population_risk < 1):
        raise UsageError("a population risk is a number between 0 and 1, and for risks only")
