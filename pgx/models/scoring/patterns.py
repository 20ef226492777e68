"""One endpoint judged for each distinct pattern of features: estimate, interval, reasons, flags, refusals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pgx.codes import OF_A_NUMBER, Flag, FlagCode
from pgx.features.names import gene_of
from pgx.models.cohort import prior_conflict
from pgx.models.evidence import design, plausible, population
from pgx.models.evidence.endpoint import Endpoint, Feature
from pgx.models.evidence.links import measured
from pgx.models.fitting.fit import standardise
from pgx.models.scoring import assumptions, shap
from pgx.models.scoring.shap import Floats
from pgx.models.store.folder import Model

Z = 1.6448536269514722
"""Quantile of the normal distribution for the ends of a 90 % interval."""
Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Judged:
    """One endpoint for m distinct feature patterns.

    Parameters
    ----------
    margin, down, up
        float64 (m,): estimate on the link scale and the distances to the interval's ends.
    labels, parts
        Names, and float64 (m, labels): contributions; they add up to the margin, the first being the average person.
    refused
        Tuples of flags, in their text form; empty where the endpoint applies.
    flags
        The same for what the reader must know.
    prior_only
        bool (m,): the trained part could not be used.
    """

    margin: Floats
    down: Floats
    up: Floats
    labels: list[str]
    parts: Floats
    refused: NDArray[np.object_]
    flags: NDArray[np.object_]
    prior_only: Bools


def judge(frame: pl.DataFrame, endpoint: Endpoint, model: Model | None) -> tuple[Judged, NDArray[np.int64], Endpoint]:
    """Judge each distinct pattern of the columns that count once; return it with each row's pattern."""
    active = endpoint
    if model:
        active = replace(model.endpoint, baseline_levels=endpoint.baseline_levels, uncounted=endpoint.uncounted)
    wanted = design.columns(active, model.features if model else ())
    wanted += [mark + name for name in wanted for mark in (plausible.MARK, design.DERIVED)]
    wanted += [design.averaged(gene) for gene in design.genes(active, model.features if model else ())]
    wanted = sorted({*wanted, *([model.group, *model.trained] if model else [])} & set(frame.columns))
    names = [name for name in wanted if frame.schema[name] != pl.Null]
    if not names:
        return (
            _judge_rows(frame.head(1).select("sample"), active, model, frame.columns),
            np.zeros(frame.height, dtype=np.int64),
            active,
        )
    rows = frame.select(names)
    patterns = rows.unique(maintain_order=True).with_row_index("_pattern")
    if patterns.height > 0.7 * rows.height:
        return _judge_rows(rows, active, model, frame.columns), np.arange(rows.height), active
    index = rows.join(patterns, on=names, how="left", nulls_equal=True, maintain_order="left")["_pattern"]
    return _judge_rows(patterns, active, model, frame.columns), index.to_numpy().astype(np.int64), active


def _judge_rows(rows: pl.DataFrame, endpoint: Endpoint, model: Model | None, given: Sequence[str]) -> Judged:
    features = model.features if model else ()
    frame = design.prepare(rows, endpoint, features)
    prior = design.prior(frame, endpoint)
    columns = [term.reading.column for term in endpoint.terms]
    start, centres = population.centres(endpoint)
    centred = prior.terms - centres
    pieces = [("average person", np.full(frame.height, start))]
    pieces += [(column, centred[:, j]) for j, column in enumerate(columns)]
    flags = _Flags(frame.height)
    unknown = _unknown(endpoint, features, prior, frame)
    lacking = _flag_genes(flags, endpoint, unknown, _averaged(endpoint, features, rows), _unplaced(frame))
    _flag_assumed(flags, endpoint, unknown, frame)
    refused = _refusals(rows, endpoint, features, lacking, endpoint.absolute or model is not None)
    granted = assumptions.of(rows, frame, prior, endpoint, features, given)
    for flag, where in granted.items():
        flags.add(flag, where)
    spread = np.sqrt(prior.variance + endpoint.residual_sd**2 * measured(endpoint.link))
    flags.add(Flag(FlagCode.EFFECTS_COMBINED), prior.combined)
    for name in design.columns(endpoint, features):
        flags.add(Flag(FlagCode.PHENOCONVERTED, gene_of(name).upper()), design.converted(rows, name))
    down, up = Z * spread + prior.below, Z * spread + prior.above
    without = np.zeros(frame.height, dtype=np.bool_)
    if model is not None:
        without = _any_null(frame, model.trained)
        pieces, added = _trained_pieces(pieces, model, design.matrix(frame, features), without)
        flags.add(Flag(FlagCode.PRIOR_ONLY), without)
        if any(warning["code"] == prior_conflict.EFFECT for warning in model.facts.get("warnings", [])):
            flags.add(Flag(FlagCode.PRIOR_DATA_CONFLICT), ~without)
        _flag_ranges(flags, model, added)
        down, up = _trained_interval(rows, model, prior, added, (down, up), without)
    labels, parts = _gather(pieces)
    margin = parts.sum(axis=1)
    flags.without_number(np.array([bool(codes) for codes in refused], dtype=np.bool_))
    return Judged(margin, down, up, labels, parts, refused, flags.rows, without)


def _trained_pieces(
    pieces: list[tuple[str, Floats]], model: Model, x: NDArray[np.float32], without: Bools
) -> tuple[list[tuple[str, Floats]], NDArray[np.float32]]:
    """Turn the prior's pieces into the model's: slope, intercept, weights, trees; rows `without` keep the prior."""
    linear, use = model.linear, ~without
    if model.gaps_filled:
        x = np.where(np.isnan(x), model.center.astype(np.float32), x)
    slope = np.where(use, linear.slope, 1.0)
    found = [(label, part * slope) for label, part in pieces]
    found.append(("calibration", np.where(use, linear.intercept, 0.0)))
    z = standardise(x, model.center, model.scale)
    found += [
        (feature.reading.column, np.where(use, z[:, j] * linear.weights[j], 0.0))
        for j, feature in enumerate(model.features)
        if linear.weights[j]
    ]
    if model.trees is not None:
        added = shap.contributions(shap.read(model.trees), x)
        found.append(("calibration", np.where(use, added[:, -1], 0.0)))
        found += [(feature.reading.column, np.where(use, added[:, j], 0.0)) for j, feature in enumerate(model.features)]
    return found, x


def _trained_interval(
    rows: pl.DataFrame,
    model: Model,
    prior: design.Prior,
    x: NDArray[np.float32],
    fallback: tuple[Floats, Floats],
    without: Bools,
) -> tuple[Floats, Floats]:
    assumed = (prior.assumed * np.array([t.coefficient**2 * t.variance for t in model.endpoint.terms])).sum(axis=1)
    if measured(model.endpoint.link):
        group = (
            rows[model.group].cast(pl.String)
            if model.group in rows.columns
            else pl.Series([None] * rows.height, dtype=pl.String)
        )
        low, high = (
            group.replace_strict({k: v[i] for k, v in model.intervals.items()}, default=model.intervals["*"][i],
                                 return_dtype=pl.Float64).to_numpy()
            for i in (0, 1)
        )  # fmt: skip
        # A person who is scored is at a site that the model has not seen.
        wide = model.stretch or 1.0
        down, up = np.sqrt((wide * low) ** 2 + Z**2 * assumed), np.sqrt((wide * high) ** 2 + Z**2 * assumed)
    else:
        z = standardise(x, model.center, model.scale)
        learned = np.column_stack([np.ones(len(prior.margin)), prior.margin, z])
        # Row by row: a matrix product would depend on how many rows are scored together.
        sampling = np.zeros(len(prior.margin))
        for j, column in enumerate(model.covariance.T):
            sampling += learned[:, j] * (learned * column).sum(axis=1)
        left = model.evidence_left * prior.variance * model.linear.slope**2
        far = Z * np.sqrt(sampling + left + assumed)
        slope = model.linear.slope
        below, above = (prior.below, prior.above) if slope > 0 else (prior.above, prior.below)
        down, up = far + abs(slope) * below, far + abs(slope) * above
    return np.where(without, fallback[0], down), np.where(without, fallback[1], up)


class _Flags:
    """Flags of n rows: a tuple of texts each."""

    def __init__(self, n: int) -> None:
        self.rows: NDArray[np.object_] = np.empty(n, dtype=object)
        self.rows[:] = [()] * n

    def add(self, flag: Flag, rows: Bools) -> None:
        text = str(flag)
        for row in np.flatnonzero(rows):
            self.rows[row] += (text,)

    def without_number(self, rows: Bools) -> None:
        """Take from rows that have no number what is said of one."""
        for row in np.flatnonzero(rows):
            self.rows[row] = tuple(text for text in self.rows[row] if Flag.parse(text).code not in OF_A_NUMBER)


def _unknown(
    endpoint: Endpoint, features: Sequence[Feature], prior: design.Prior, frame: pl.DataFrame
) -> dict[str, Bools]:
    """Return where what is read from a column is not known, by column."""
    unknown = {term.reading.column: np.zeros(frame.height, dtype=np.bool_) for term in endpoint.terms}
    for j, term in enumerate(endpoint.terms):
        column = term.reading.column
        unknown[column] |= prior.assumed[:, j]
        if term.reading.kind == "missing":
            unknown[column] |= ~design.is_given(frame[column])
    learned = {one.reading.column for one in features if gene_of(one.reading.column) not in ("", *endpoint.genes)}
    needed = {gene: [name for name in endpoint.requires if gene_of(name) == gene] for gene in endpoint.required_genes}
    for columns in (*([name] for name in sorted(learned)), *filter(None, needed.values())):
        null = np.logical_and.reduce([~design.is_given(frame[name]) for name in columns])
        unknown[columns[0]] = unknown.get(columns[0], np.False_) | null
    return unknown


def _averaged(endpoint: Endpoint, features: Sequence[Feature], rows: pl.DataFrame) -> dict[str, Bools]:
    """Return where a gene is not asserted and the row is one of the population's guesses, by gene."""
    names = {gene: design.averaged(gene) for gene in design.genes(endpoint, features)}
    return {gene: rows[name].fill_null(False).to_numpy() for gene, name in names.items() if name in rows.columns}


def _unplaced(frame: pl.DataFrame) -> dict[str, Bools]:
    """Return where a phenotype is told for which the endpoint has no figure, by gene."""
    marked = [name for name in frame.columns if name.startswith(design.UNPLACED)]
    return {gene_of(name.removeprefix(design.UNPLACED)): frame[name].to_numpy() for name in marked}


def _flag_genes(
    flags: _Flags,
    endpoint: Endpoint,
    unknown: dict[str, Bools],
    averaged: dict[str, Bools],
    unplaced: dict[str, Bools],
) -> Bools:
    """Flag the genes that are not known; return where one of those is required, so that nothing can be said."""
    by_gene = dict(averaged)
    for column, rows in unknown.items():
        if gene := gene_of(column):
            by_gene[gene] = by_gene.get(gene, np.False_) | rows
    lacking = np.zeros(len(flags.rows), dtype=np.bool_)
    for gene, rows in by_gene.items():
        required = gene in endpoint.required_genes
        code = FlagCode.GENE_NOT_CALLED if required else FlagCode.GENE_AVERAGED
        told = unplaced.get(gene, np.zeros(len(flags.rows), dtype=np.bool_))
        flags.add(Flag(FlagCode.PHENOTYPE_UNPLACED, gene.upper()), told)
        flags.add(Flag(code, gene.upper()), rows & ~(told & required))
        lacking |= rows & required
    return lacking


def _flag_assumed(flags: _Flags, endpoint: Endpoint, unknown: dict[str, Bools], frame: pl.DataFrame) -> None:
    assumed = {column: rows for column, rows in unknown.items() if not gene_of(column)}
    for imputation in endpoint.imputations:
        if f"{design.GIVEN}{imputation.column}" in frame.columns:
            assumed[imputation.column] = ~frame[f"{design.GIVEN}{imputation.column}"].to_numpy()
    for column, rows in assumed.items():
        flags.add(Flag(FlagCode.MISSING, column), rows)


def _flag_ranges(flags: _Flags, model: Model, x: NDArray[np.float32]) -> None:
    for j, feature in enumerate(model.features):
        low, high = model.ranges[j]
        if feature.reading.kind == "number" and not np.isnan(low):
            with np.errstate(invalid="ignore"):
                flags.add(Flag(FlagCode.OUT_OF_RANGE, feature.reading.column), (x[:, j] < low) | (x[:, j] > high))


def _any_null(frame: pl.DataFrame, names: Sequence[str]) -> Bools:
    found = np.zeros(frame.height, dtype=np.bool_)
    for name in names:
        found |= ~design.is_given(frame[name]) if name in frame.columns else True
    return found


def _refusals(
    rows: pl.DataFrame, endpoint: Endpoint, features: Sequence[Feature], lacking: Bools, absolute: bool
) -> NDArray[np.object_]:
    flags = _Flags(rows.height)
    flags.add(Flag(FlagCode.REFUSED, "no_absolute_risk"), np.full(rows.height, not absolute))
    for flag, where in assumptions.kept_out(rows, endpoint, features).items():
        flags.add(flag, where)
    flags.add(Flag(FlagCode.REFUSED, "genotype_unknown"), lacking)
    for refusal in (*endpoint.refusals, *endpoint.uncounted):
        given = rows[refusal.reading.column] if refusal.reading.column in rows.columns else None
        if given is not None:
            flags.add(Flag(FlagCode.REFUSED, refusal.code), np.nan_to_num(design.read(rows, refusal.reading)) > 0)
    return flags.rows


def _gather(pieces: list[tuple[str, Floats]]) -> tuple[list[str], Floats]:
    """Add up the pieces of the same label; labels in order of first appearance."""
    labels = list(dict.fromkeys(label for label, _ in pieces))
    place = {label: i for i, label in enumerate(labels)}
    parts = np.zeros((len(pieces[0][1]), len(labels)))
    for label, values in pieces:
        parts[:, place[label]] += values
    return labels, parts
