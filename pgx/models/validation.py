"""Validation: the same folds for the product, the prior, a refitted equation, the simple rule and a plain booster."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pgx.errors import InputError
from pgx.models import boost, cohort, conformal, design, endpoints, fit, metrics, probes, training
from pgx.models.boost import Floats, Settings
from pgx.models.cohort import Cohort, Roles
from pgx.models.endpoints import Endpoint
from pgx.models.folder import Model

if TYPE_CHECKING:
    from pgx.knowledge import KnowledgeBase

Say = Callable[[str], None]
THRESHOLDS = (0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5)
PRODUCT = "product"


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
        Coverage of the intervals per design and group (doses).
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
        names = ("overall", "groups", "differences", "coverage", "decisions", "calibration", "predictions", "probes")
        return {name: getattr(self, name) for name in names}


def evaluate(
    model: Model | str,
    table: pl.DataFrame,
    kb: KnowledgeBase,
    *,
    roles: Roles | None = None,
    settings: Settings | None = None,
    repeats: int = 5,
    folds: int = 5,
    plots: str | Path | None = None,
    say: Say = lambda text: None,
) -> Evaluation:
    """Evaluate a model, or the training of an endpoint, on a cohort.

    Parameters
    ----------
    model
        A model (also applied as it is, design ``external``), or an endpoint's name.
    table
        The cohort, as for `pgx.models.train`.
    kb
        Knowledge base.
    roles
        Which columns are what.
    settings
        How trees are grown.
    repeats, folds
        Repeated cross-validation by person.
    plots
        Folder for SVG plots; None draws nothing.
    say
        Called with progress.

    Raises
    ------
    InputError
        If the cohort cannot be used, or is too small for the folds.
    """
    endpoint = model.endpoint if isinstance(model, Model) else endpoints.get(kb, model)
    settings = settings or Settings()
    features = model.features if isinstance(model, Model) else None
    taken = cohort.load(table, endpoint, roles or Roles(), features, kb)
    if len(np.unique(taken.data.groups)) < 2 * folds:
        raise InputError(f"{len(np.unique(taken.data.groups))} persons are too few for {folds} folds",
                         where="cohort", fix="give more persons or fewer folds")  # fmt: skip
    blocks, skipped = [], list[str]()
    if isinstance(model, Model):
        blocks.append(_external(model, taken))
    for name, splits in _designs(taken, endpoint, repeats, folds, settings.seed):
        say(f"{name}: {sum(len(one) for one in splits)} splits")
        try:
            blocks.append(_run(name, endpoint, taken, splits, settings, say))
        except InputError as error:
            if name == "person":
                raise
            skipped.append(str(error))
    found = _assemble(endpoint, taken, blocks, training.probe_cohort(taken, settings.seed))
    told = tuple(message for _, message in taken.remarks) + tuple(f"not evaluated: {text}" for text in skipped)
    found = replace(found, verdict=(*found.verdict, *told))
    if plots is not None:
        from pgx.models import plots as drawing

        drawing.write(found, endpoint, Path(plots))
    return found


def learning_curve(
    endpoint: Endpoint,
    table: pl.DataFrame,
    sizes: Sequence[int],
    *,
    roles: Roles | None = None,
    settings: Settings | None = None,
    repeats: int = 10,
    held_out: int = 1000,
) -> pl.DataFrame:
    """Measure every method after teaching it with few or many rows: ``n`` and one mean loss a method.

    Parameters
    ----------
    endpoint, table, roles, settings
        As for `evaluate`.
    sizes
        Numbers of rows to teach with.
    repeats
        Random divisions a size; `held_out` other rows are predicted in each.
    """
    settings = settings or Settings()
    taken = cohort.load(table, endpoint, roles or Roles())
    rng, n = np.random.default_rng(settings.seed), len(taken.data.y)
    rows = []
    for size in sizes:
        found: dict[str, list[float]] = {}
        for _ in range(repeats):
            order = rng.permutation(n)
            learn, test = np.zeros(n, dtype=np.bool_), np.zeros(n, dtype=np.bool_)
            learn[order[:size]], test[order[n - held_out :]] = True, True
            learn &= ~test
            margins, _ = _one(endpoint, _part(taken, learn), _part(taken, test), settings)
            for method, margin in margins.items():
                found.setdefault(method, []).append(_measure(endpoint, taken.data.y[test], margin))
        rows.append({"n": size} | {method: float(np.mean(values)) for method, values in found.items()})
    return pl.DataFrame(rows)


@dataclass(frozen=True, slots=True)
class _Block:
    """Predictions of one design; measures are taken in each repeat and then averaged.

    Parameters
    ----------
    margins
        Method -> one float64 (n,) a repeat: out-of-sample margins; NaN where a row was not tested.
    losses
        Method -> one loss a split.
    share
        n_test / n_train.
    inside
        float64 (n,): share of the repeats in which the interval held the truth; NaN without intervals.
    """

    name: str
    margins: dict[str, list[Floats]]
    losses: dict[str, list[float]]
    share: float
    inside: Floats


Split = NDArray[np.bool_]
"""True = tested. One entry a row."""


def _designs(
    taken: Cohort, endpoint: Endpoint, repeats: int, folds: int, seed: int
) -> Iterator[tuple[str, list[list[tuple[Split, Split]]]]]:
    """Yield each design's name and its repeats, each a list of (learn, test)."""
    people = fit.split(taken.data.y, taken.data.groups, endpoint.link, folds, repeats, seed + 1)
    yield "person", [[(row != fold, row == fold) for fold in np.unique(row)] for row in people]
    if taken.site is not None and len(np.unique(taken.site)) > 1:
        yield "site", [[(taken.site != one, taken.site == one) for one in np.unique(taken.site)]]
    if taken.time is not None and np.isfinite(taken.time).sum() > 50:
        cuts = np.nanquantile(taken.time, [0.5, 0.6, 0.7, 0.8, 0.9, 1.0])
        forward = [(taken.time <= a, (taken.time > a) & (taken.time <= b)) for a, b in pairwise(cuts)]
        yield "time", [[(before, after) for before, after in forward if after.any()]]


def _run(
    name: str,
    endpoint: Endpoint,
    taken: Cohort,
    repeats: list[list[tuple[Split, Split]]],
    settings: Settings,
    say: Say,
) -> _Block:
    n = len(taken.data.y)
    found: dict[str, list[Floats]] = {}
    losses: dict[str, list[float]] = {}
    shares, inside = [], np.full((len(repeats), n), np.nan)
    for number, splits in enumerate(repeats):
        for outside, test in splits:
            # A person who is tested must not have taught, whatever the design.
            learn = outside & ~np.isin(taken.data.groups, taken.data.groups[test])
            if not learn.any() or np.ptp(taken.data.y[learn]) == 0:
                continue
            margins, inside[number, test] = _one(endpoint, _part(taken, learn), _part(taken, test), settings)
            for method, margin in margins.items():
                rows = found.setdefault(method, [np.full(n, np.nan) for _ in repeats])
                rows[number][test] = margin
                losses.setdefault(method, []).append(_measure(endpoint, taken.data.y[test], margin))
            shares.append(test.sum() / learn.sum())
        say(f"{name}: repeat {number + 1} of {len(repeats)}")
    if not found:
        raise InputError("no split has both outcomes to learn from", where=f"design {name}", fix="give more events")
    return _Block(name, found, losses, float(np.mean(shares)), _mean(list(inside)))


def _mean(rows: list[Floats]) -> Floats:
    """Mean over the rows that are known; NaN where none is."""
    stack = np.stack(rows)
    count = np.isfinite(stack).sum(axis=0)
    return np.where(count > 0, np.nansum(stack, axis=0) / np.maximum(count, 1), np.nan)


def _part(taken: Cohort, rows: Split) -> Cohort:
    mask = pl.Series(rows)
    return Cohort(
        taken.data.take(rows), taken.frame.filter(mask), taken.prior.take(rows), taken.features,
        None if taken.site is None else taken.site[rows], None, {}, {}, taken.site_names,
    )  # fmt: skip


def _one(endpoint: Endpoint, learn: Cohort, test: Cohort, settings: Settings) -> tuple[dict[str, Floats], Floats]:
    """Fit every method on one part and predict the other; also whether the product's interval held the truth."""
    trained = training.fit_cohort(endpoint, learn, settings, probe=False)
    seen = cohort.fill(test.data.x, trained.fitted.center) if trained.blind else test.data.x
    product = trained.fitted.margin(test.data.prior, seen)
    found = {PRODUCT: product, "prior": test.data.prior, "refit": _refit(endpoint, learn, test)}
    found["base_rate"] = np.full(len(product), _base(endpoint, learn.data.y))
    if endpoint.rule is not None or endpoint.threshold is not None:
        found["rule"] = _rule(endpoint, learn, test)
    found["plain_booster"] = _plain(endpoint, learn, test, settings)
    held = np.full(len(product), np.nan)
    if endpoint.link == "sqrt":
        low, high = conformal.bounds(product, training.groups_of(test.frame, trained.group), trained.intervals)
        held = ((low <= test.data.y) & (test.data.y <= high)).astype(np.float64)
    return found, held


def _base(endpoint: Endpoint, y: Floats) -> float:
    return float(np.median(y)) if endpoint.link == "sqrt" else endpoints.logit((y.sum() + 0.5) / (len(y) + 1.0))


def _refit(endpoint: Endpoint, learn: Cohort, test: Cohort) -> Floats:
    """Refit the prior's own terms, with the least penalty that keeps rare genotypes finite."""
    scale = np.array([term.coefficient or 1.0 for term in endpoint.terms])
    here, there = learn.prior.terms / scale, test.prior.terms / scale
    used = np.ptp(here, axis=0) > 0 if len(here) else np.zeros(0, dtype=np.bool_)
    design_, other = (
        np.column_stack([np.ones(len(here)), here[:, used]]),
        np.column_stack([np.ones(len(there)), there[:, used]]),
    )
    precision = np.r_[1e-6, np.full(int(used.sum()), 0.1)]
    beta = fit.ridge(design_, learn.data.y, np.zeros(len(here)), precision, endpoint.link)
    return np.asarray(other @ beta, dtype=np.float64)


def _follows(endpoint: Endpoint, part: Cohort) -> NDArray[np.bool_]:
    """Whom the simple rule points to: a reading, or the equation's dose beyond the threshold."""
    if endpoint.rule is None:
        return part.data.prior > 0
    return np.asarray(np.nan_to_num(design.read(design.prepare(part.frame, endpoint), endpoint.rule)) > 0)


def _rule(endpoint: Endpoint, learn: Cohort, test: Cohort) -> Floats:
    """Two groups by the simple rule, each with its own average (a person and a half of the whole added)."""
    here, there = _follows(endpoint, learn), _follows(endpoint, test)
    y, overall = learn.data.y, float(learn.data.y.mean())
    values = {side: (y[here == side].sum() + 1.5 * overall) / ((here == side).sum() + 1.5) for side in (True, False)}
    chosen = np.where(there, values[True], values[False]).astype(np.float64)
    return chosen if endpoint.link == "sqrt" else np.asarray(np.log(chosen) - np.log1p(-chosen))


def _plain(endpoint: Endpoint, learn: Cohort, test: Cohort, settings: Settings) -> Floats:
    """Trees without a prior, started from the cohort's average."""
    start = float(learn.data.y.mean()) if endpoint.link == "sqrt" else _base(endpoint, learn.data.y)
    free = [0] * len(learn.features)
    content = boost.grow(
        learn.data.x, learn.data.y, np.full(len(learn.data.y), start), endpoint.link, free, 100, settings
    )
    return start + boost.margins(boost.open_booster(content), test.data.x)


def _external(model: Model, taken: Cohort) -> _Block:
    """The model as it is."""
    from pgx.models.fit import standardise

    x = cohort.fill(taken.data.x, model.center) if model.gaps_filled else taken.data.x
    margin = model.linear.margin(taken.data.prior, standardise(x, model.center, model.scale))
    if model.trees is not None:
        margin = margin + boost.margins(boost.open_booster(model.trees), x)
    held = np.full(len(margin), np.nan)
    if model.intervals:
        low, high = conformal.bounds(margin, training.groups_of(taken.frame, model.group), dict(model.intervals))
        held = ((low <= taken.data.y) & (taken.data.y <= high)).astype(np.float64)
    margins = {PRODUCT: [margin], "prior": [taken.data.prior]}
    losses = {name: [_measure(model.endpoint, taken.data.y, m[0])] for name, m in margins.items()}
    return _Block("external", margins, losses, float("nan"), held)


def _measure(endpoint: Endpoint, y: Floats, margin: Floats) -> float:
    return float(fit.selection_loss(y, margin, endpoint.link).mean())


def _assemble(endpoint: Endpoint, taken: Cohort, blocks: list[_Block], found: list[probes.Probe]) -> Evaluation:
    labels = _labels(taken, endpoint)
    overall, groups, coverage, differences, decisions, calibration, predictions = ([] for _ in range(7))
    for block in blocks:
        tested = np.isfinite(block.margins[PRODUCT][0])
        for method, margins in block.margins.items():
            rows = {"design": block.name, "method": method, "n": int(tested.sum())}
            overall.append(rows | _measures(endpoint, taken.data.y, margins, tested))
            margin = _mean(margins)
            calibration += _tenths(block.name, method, endpoint, taken.data.y[tested], margin[tested])
            if endpoint.link == "logit":
                decisions += _decisions(block.name, method, taken.data.y[tested], margin[tested])
        for what, values in labels.items():
            for level in sorted(set(values[tested].tolist())):
                part = tested & (values == level)
                if part.sum() < 20:
                    continue
                key = {"design": block.name, "by": what, "group": level, "n": int(part.sum())}
                for method in (PRODUCT, "prior"):
                    measured = _measures(endpoint, taken.data.y, block.margins[method], part)
                    groups.append(key | {"method": method} | measured)
                if endpoint.link == "sqrt":
                    coverage.append(key | {"coverage": float(np.nanmean(block.inside[part]))})
        if endpoint.link == "sqrt" and np.isfinite(block.inside).any():
            coverage.append({"design": block.name, "by": "all", "group": "all", "n": int(tested.sum()),
                             "coverage": float(np.nanmean(block.inside[tested]))})  # fmt: skip
        differences += _differences(endpoint, block)
        predictions.append(_predictions(block, taken, endpoint))
    frame = pl.DataFrame(overall)
    return Evaluation(
        overall=frame,
        groups=_frame(groups),
        differences=_frame(differences),
        coverage=_frame(coverage),
        decisions=_frame(decisions),
        calibration=_frame(calibration),
        predictions=pl.concat(predictions, how="diagonal"),
        probes=_frame([{"code": p.code, "found": p.found, "message": p.message} for p in found]),
        verdict=_verdict(endpoint, pl.DataFrame(differences), found),
    )


def _frame(rows: list[dict[str, Any]]) -> pl.DataFrame:
    return pl.DataFrame(rows, infer_schema_length=None)


def _measures(endpoint: Endpoint, y: Floats, margins: list[Floats], rows: Split) -> dict[str, Any]:
    """Measures of some rows, averaged over the repeats."""
    if endpoint.link == "logit":
        each = [metrics.risk(y[rows], margin[rows]) for margin in margins]
    else:
        each = [metrics.dose(y[rows] ** 2, np.maximum(margin[rows], 0.0) ** 2) for margin in margins]
    return {name: float(np.mean([one[name] for one in each])) for name in each[0]}


def _labels(taken: Cohort, endpoint: Endpoint) -> dict[str, NDArray[np.object_]]:
    """Groups to report by: name -> label per row."""
    found: dict[str, NDArray[np.object_]] = {}
    for what, column in (("sex", "clinical.sex"), ("race", "clinical.race"), ("ancestry", "clinical.ancestry")):
        if column in taken.frame.columns:
            found[what] = taken.frame[column].cast(pl.String).fill_null("not recorded").to_numpy().astype(object)
    if "clinical.age" in taken.frame.columns:
        age = taken.frame["clinical.age"].cast(pl.Float64, strict=False).fill_null(float("nan")).to_numpy()
        found["age"] = np.select(
            [np.isnan(age), age < 50, age < 65, age < 80],
            ["not recorded", "below 50", "50 to 64", "65 to 79"],
            "80 and above",
        ).astype(object)
    if endpoint.link == "sqrt":
        amount = taken.data.y**2
        found["dose"] = np.select([amount <= 21, amount < 49], ["up to 21", "between"], "49 and above").astype(object)
    if taken.site is not None:
        found["site"] = np.array(taken.site_names, dtype=object)[taken.site]
    return found


def _tenths(name: str, method: str, endpoint: Endpoint, y: Floats, margin: Floats) -> list[dict[str, Any]]:
    value = np.maximum(margin, 0.0) ** 2 if endpoint.link == "sqrt" else 1.0 / (1.0 + np.exp(-margin))
    truth = y**2 if endpoint.link == "sqrt" else y
    rows = []
    for tenth, part in enumerate(np.array_split(np.argsort(value, kind="stable"), 10)):
        if len(part):
            rows.append({"design": name, "method": method, "tenth": tenth + 1, "n": len(part),
                         "predicted": float(value[part].mean()), "observed": float(truth[part].mean())})  # fmt: skip
    return rows


def _decisions(name: str, method: str, y: Floats, margin: Floats) -> list[dict[str, Any]]:
    p = 1.0 / (1.0 + np.exp(-margin))
    rows = []
    for threshold in THRESHOLDS:
        rows.append({
            "design": name, "method": method, "threshold": threshold,
            "net_benefit": metrics.net_benefit(y, (p >= threshold).astype(np.float64), threshold),
            "treat_all": metrics.net_benefit(y, np.ones(len(y)), threshold),
        })  # fmt: skip
    return rows


def _differences(endpoint: Endpoint, block: _Block) -> list[dict[str, Any]]:
    if block.name == "external":
        return []
    measure = "mae" if endpoint.link == "sqrt" else "log_loss"
    rows = []
    for method, values in block.losses.items():
        if method != PRODUCT:
            each = [a - b for a, b in zip(block.losses[PRODUCT], values, strict=True)]
            mean, low, high = metrics.corrected_interval(each, block.share)
            rows.append({"design": block.name, "against": method, "measure": measure, "difference": mean, "low": low,
                         "high": high})  # fmt: skip
    return rows


def _predictions(block: _Block, taken: Cohort, endpoint: Endpoint) -> pl.DataFrame:
    def natural(margin: Floats) -> Floats:
        return np.maximum(margin, 0.0) ** 2 if endpoint.link == "sqrt" else 1.0 / (1.0 + np.exp(-margin))

    truth = taken.data.y**2 if endpoint.link == "sqrt" else taken.data.y
    return pl.DataFrame(
        {"design": [block.name] * len(truth), "row": np.arange(len(truth)), "person": taken.data.groups, "truth": truth}
        | {method: natural(_mean(margins)) for method, margins in block.margins.items()}
    )


def _verdict(endpoint: Endpoint, differences: pl.DataFrame, found: list[probes.Probe]) -> tuple[str, ...]:
    lines = []
    simple = {"prior": "the published prior", "refit": "the refitted equation", "rule": "the simple rule",
              "base_rate": "the base rate"}  # fmt: skip
    for row in differences.iter_rows(named=True) if len(differences) else []:
        if row["design"] == "person" and row["against"] in simple and not row["high"] < 0:
            lines.append(f"{simple[row['against']]} is as good as the model (difference in {row['measure']} "
                         f"{row['difference']:+.4f}, 95 % {row['low']:+.4f} to {row['high']:+.4f})")  # fmt: skip
    unseen = {"site": "at sites that it has not seen", "time": "forward in time"}
    for row in differences.iter_rows(named=True) if len(differences) else []:
        if row["design"] in unseen and row["against"] in ("prior", "base_rate") and row["difference"] > 0:
            lines.append(f"{unseen[row['design']]} the model does worse than {simple[row['against']]} (difference in "
                         f"{row['measure']} {row['difference']:+.4f}, 95 % {row['low']:+.4f} to {row['high']:+.4f})"
                         )  # fmt: skip
    lines += [probe.message for probe in found if probe.found]
    return tuple(lines) or ("the model is better than every simple baseline, and nothing leaks",)
