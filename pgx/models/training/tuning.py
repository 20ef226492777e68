"""How trees are grown, chosen by trial: a seeded search (optuna) that must beat the defaults by a standard error."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, replace
from typing import Any

from pgx.errors import UsageError
from pgx.models.cohort.cohort import Cohort
from pgx.models.evidence.endpoint import Endpoint
from pgx.models.fitting import fit
from pgx.models.fitting.boost import Floats, Settings
from pgx.models.training.fit_cohort import Trained, fit_cohort

Suggest = Callable[[Any], Any]
SPACE: dict[str, Suggest] = {
    "depth": lambda trial: trial.suggest_int("depth", 1, 5),
    "rate": lambda trial: trial.suggest_float("rate", 0.02, 0.2, log=True),
    "subsample": lambda trial: trial.suggest_float("subsample", 0.5, 1.0),
    "columns": lambda trial: trial.suggest_float("columns", 0.3, 1.0),
    "leaf_weight": lambda trial: trial.suggest_float("leaf_weight", 1.0, 50.0, log=True),
    "l2": lambda trial: trial.suggest_float("l2", 0.5, 30.0, log=True),
}


def tune(
    endpoint: Endpoint,
    taken: Cohort,
    settings: Settings,
    trials: int,
    say: Callable[[str], None] = lambda text: None,
) -> Settings:
    """Return the best settings of `trials` tries, or those given where no try is better by a standard error.

    Parameters
    ----------
    endpoint, taken
        What is learned on what.
    settings
        The defaults, which are the first try; their seed makes the search repeatable.
    trials
        Number of tries; each is a whole cross-validation.
    say
        Called with progress.

    Raises
    ------
    UsageError
        If there are less than 2 tries, or optuna is not installed.
    """
    if trials < 2:
        raise UsageError(f"{trials} tries cannot be compared; give --tune 2 or more")
    try:
        import optuna
    except ImportError as error:
        raise UsageError("--tune needs optuna: install the extra with `pip install 'pgx-cli[tune]'`") from error
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    start = fit_cohort(endpoint, taken, settings, probe=False)
    if start.fitted.gate != "booster":
        say("too few events for trees: nothing to tune")
        return settings
    first, weight = _losses(start), taken.data.weight
    study = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=settings.seed))
    names = _free(start.fitted.events, endpoint.link, settings)
    study.enqueue_trial({name: asdict(settings)[name] for name in names})
    found: dict[int, Floats] = {}

    def attempt(trial: Any) -> float:
        tried = replace(settings, **{name: SPACE[name](trial) for name in names})
        found[trial.number] = _losses(fit_cohort(endpoint, taken, tried, probe=False))
        mean = fit.mean(found[trial.number], weight)
        say(f"try {trial.number + 1} of {trials}: loss {mean:.5f}")
        return mean

    study.optimize(attempt, n_trials=trials)
    gain = first - found[study.best_trial.number]
    if fit.mean(gain, weight) <= fit.grouped_se(gain, taken.data.groups, weight):
        say("no try is better than the defaults by more than chance: the defaults are kept")
        return settings
    return replace(settings, **study.best_params)


def _losses(trained: Trained) -> Floats:
    return fit.selection_loss(trained.cohort.data.y, trained.fitted.out_of_fold, trained.fitted.link)


def _free(events: int, link: str, settings: Settings) -> list[str]:
    """Names of the settings that the number of events leaves to choice."""
    odd = replace(settings, depth=7, rate=0.123, subsample=0.777, columns=0.777, leaf_weight=77.0, l2=77.0)
    left = fit.suited(odd, events, link)
    return [name for name in SPACE if getattr(left, name) == getattr(odd, name)]
