"""The learner on public cohorts: nested cross-validation beside a plain booster, a linear model and the base rate.

The cohorts lie beside the clone (their licences do not let all of them be part of it); what is not there is not printed.
None has published evidence as its prior: what the learner starts from is the base rate.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl

from pgx.models.fitting import boost, candidates, fit, linear, metrics
from pgx.models.fitting.boost import Floats, Settings
from pgx.models.fitting.linear import Data, per_person

_FOLDS = 5


def cohorts(folder: Path) -> dict[str, tuple[str, Data]]:
    """Return name -> link and data of each cohort that is there."""
    found: dict[str, tuple[str, Data]] = {}
    place = folder / "clozapine_level" / "clozapine.csv"
    if place.is_file():
        table = pl.read_csv(place)
        found["clozapine level, ng/mL"] = ("log", _data(table, table["outcome"], "log", ("person", "outcome")))
    place = folder / "isoniazid_nat2_pk" / "isoniazid_auc.csv"
    if place.is_file():
        # The dose of occasion 1 follows the genotype; two missed doses are no exposure.
        table = pl.read_csv(place).filter((pl.col("occasion") == 2) & (pl.col("auc24_ug_h_ml") > 1))
        leave = ("person", "site", "occasion", "dose_mg", "auc24_ug_h_ml", "cmax_ug_ml")
        found["isoniazid exposure, mg*h/L"] = ("log", _data(table, table["auc24_ug_h_ml"], "log", leave))
    place = folder / "thiomon" / "thiomon.csv.gz"
    if place.is_file():
        table = pl.read_csv(place, infer_schema_length=None, null_values=["NA", ""])
        # One is the other the wrong way round. The rows name no person: those of one may lie in several folds.
        table = table.filter(pl.col("remission").is_not_null())
        found["thiopurine remission"] = ("logit", _data(table, table["remission"], "logit", ("remission", "active")))
    return found


def _data(table: pl.DataFrame, outcome: pl.Series, link: str, leave: tuple[str, ...]) -> Data:
    columns = []
    for column in table.drop(*(name for name in leave if name in table.columns)):
        if column.dtype == pl.String and column.cast(pl.Float64, strict=False).null_count() == len(column):
            columns += [(column == level).cast(pl.Float64) for level in sorted(column.drop_nulls().unique())[1:]]
        else:
            columns.append(column.cast(pl.Float64, strict=False))
    x = np.column_stack([one.fill_null(float("nan")).to_numpy() for one in columns]).astype(np.float32)
    y = outcome.cast(pl.Float64).to_numpy()
    y = np.log(y) if link == "log" else y
    people = np.arange(len(y))
    if "person" in table.columns:
        people = np.unique(table["person"].to_numpy(), return_inverse=True)[1]
    return Data(np.full(len(y), _start(y, link)), x, y, people, per_person(people))


def _start(y: Floats, link: str) -> float:
    mean = float(np.mean(y))
    return mean if link != "logit" else float(np.log(mean / (1 - mean)))


def compared(folder: Path) -> list[str]:
    """Return one line a cohort and method."""
    lines = []
    for name, (link, data) in cohorts(folder).items():
        for method, margin in _nested(data, link).items():
            lines.append(f"{name:28s} n={len(data.y):5d} {method:14s} {_measures(data.y, margin, link)}")
    return lines


def _nested(data: Data, link: str) -> dict[str, Floats]:
    """Return each method's margins of persons that neither the fit nor its tuning has seen."""
    folds = next(fit.split(data.y, data.groups, link, _FOLDS, 1, 11))
    found = {name: np.zeros(len(data.y)) for name in ("learner", "plain booster", "linear", "base rate")}
    free = [0] * data.x.shape[1]
    for fold in np.unique(folds):
        test = folds == fold
        train, held = data.take(~test), data.take(test)
        # What is known before the fold is looked at: the base rate of the others.
        start = _start(train.y, link)
        train = Data(np.full(len(train.y), start), train.x, train.y, train.groups, train.weight)
        held = Data(np.full(len(held.y), start), held.x, held.y, held.groups, held.weight)
        fitted = fit.fit(train, link, free)
        found["learner"][test] = fitted.margin(held.prior, held.x)
        size, trees = candidates.grown("plain_booster", train, train.prior, link, free, 100, Settings())
        found["plain booster"][test] = start + size * boost.margins(boost.open_booster(trees), held.x)
        alone = fit.Recipe({"plain_ridge": 1.0}, fitted.recipe.variants)
        line, _ = fit.follow(alone, train, link, free, fitted.center, fitted.scale)
        found["linear"][test] = linear.margins(line, held, fitted.center, fitted.scale)
        found["base rate"][test] = start
    return found


def _measures(y: Floats, margin: Floats, link: str) -> str:
    if link == "logit":
        one = metrics.risk(y, margin)
        return f"AUC {one['auc']:.3f}  log-loss {one['log_loss']:.4f}"
    one = metrics.dose(np.exp(y), np.exp(margin), log=True)
    return f"MAE {one['mae']:.2f}  R2 {one['r2']:+.3f}  R2 of the logarithm {one['r2_log']:+.3f}"
