"""Scores: for every person and endpoint an estimate with an interval, its evidence and its reasons, or a refusal."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pgx import schema
from pgx.errors import InputError
from pgx.models import boost, design, endpoints, folder, genotypes
from pgx.models.boost import Floats
from pgx.models.endpoints import Endpoint
from pgx.models.fit import standardise
from pgx.models.folder import Model
from pgx.models.tables import absent
from pgx.paths import data_dir

if TYPE_CHECKING:
    from pgx.knowledge import KnowledgeBase

LEVEL = 0.9
_Z = 1.6448536269514722
_DIGITS = 10
"""Significant digits of a score: the same on every machine whose libm agrees to 1e-11."""
_FACTORS = 6
_CERTAIN = 0.95
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
        Codes joined by ``;``, empty where the endpoint applies.
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
    refused: NDArray[np.str_]
    flags: NDArray[np.str_]
    prior_only: Bools


def score(
    features: pl.DataFrame,
    kb: KnowledgeBase,
    *,
    endpoints: Sequence[str] | None = None,
    models_dir: str | Path | None = None,
) -> tuple[pl.DataFrame, list[dict[str, object]]]:
    """Score persons.

    Parameters
    ----------
    features
        The frame of `pgx.features.build`, or of `pgx.features.scenarios`: then `weight` (adding up to 1 per sample)
        averages a person's rows.
    kb
        Knowledge base with the endpoints.
    endpoints
        Which endpoints; None = all.
    models_dir
        A model folder, or a folder of them, used instead of the shipped model of the same endpoint.

    Returns
    -------
    tuple of polars.DataFrame and list of dict
        `pgx.schema.SCORES`, sorted by sample in the order given and endpoint; rows for `pgx.schema.NOTES`.

    Raises
    ------
    UsageError
        If an endpoint is unknown or decided by a rule.
    InputError
        If the frame has no samples column, or weights that do not add up to 1.
    """
    chosen = _chosen(kb, endpoints)
    features, said = _understood(features, chosen, kb)
    frame, starts, names = _persons(features)
    models = folder.find(Path(models_dir) if models_dir else None, kb, data_dir() / "models")
    parts: list[pl.DataFrame] = []
    notes = [_note("warning", "genotype_spelling", text, "features") for text in said]
    for rank, endpoint in enumerate(chosen):
        model = models.get(endpoint.name)
        found = _score_endpoint(frame, starts, names, endpoint, model, kb.version)
        parts.append(found.with_columns(_rank=pl.lit(rank, dtype=pl.Int64)))
        notes += _notes(found, endpoint, model)
    if not parts or not names:
        return schema.empty(schema.SCORES), notes
    order = pl.concat(parts).sort("_person", "_rank", maintain_order=True).drop("_person", "_rank")
    return schema.conform(order, schema.SCORES), notes


def explain(
    features: pl.DataFrame, kb: KnowledgeBase, endpoint: str, *, models_dir: str | Path | None = None
) -> pl.DataFrame:
    """Return every contribution to a score on the link scale: ``sample part contribution``, in adding order.

    The parts of a sample add up to the score's link (square root of the dose, log odds of the risk). Where a sample has
    several scenarios, the part ``diplotype uncertainty`` is what averaging the estimate, not its link, makes.
    """
    frame, starts, names = _persons(features)
    known = _chosen(kb, [endpoint])[0]
    model = folder.find(Path(models_dir) if models_dir else None, kb, data_dir() / "models").get(endpoint)
    judged, index, active = _judge_unique(frame, known, model)
    labels, parts, _ = _combined_parts(judged, index, starts, frame["weight"].to_numpy(), active.link)
    keep = [j for j in range(len(labels)) if np.any(parts[:, j] != 0)]
    return pl.concat(
        [
            pl.DataFrame({"sample": name, "part": [labels[j] for j in keep], "contribution": parts[i, keep]})
            for i, name in enumerate(names)
        ]
    )


def endpoints_of(kb: KnowledgeBase, drugs: set[str] | None) -> list[str]:
    """Return the endpoints of some drugs (None = all), sorted by name."""
    return sorted(name for name, one in endpoints.load(kb).items() if drugs is None or one.drug in drugs)


def genes_of(kb: KnowledgeBase, names: Sequence[str]) -> list[str]:
    """Return the genes whose features these endpoints read, sorted."""
    symbols = {gene.lower(): gene for gene in kb.table("genes")["gene"]}
    found = set()
    for endpoint in _chosen(kb, names):
        for column in design.columns(endpoint):
            parts = column.split(".")
            if parts[0] == "gene" and parts[1] in symbols:
                found.add(symbols[parts[1]])
    return sorted(found)


def columns_of(kb: KnowledgeBase, names: Sequence[str]) -> list[str]:
    """Return the features that these endpoints read, sorted."""
    return sorted({column for endpoint in _chosen(kb, names) for column in design.columns(endpoint)})


def _chosen(kb: KnowledgeBase, names: Sequence[str] | None) -> list[Endpoint]:
    if names is None:
        return [one for _, one in sorted(endpoints.load(kb).items())]
    return [endpoints.get(kb, name) for name in dict.fromkeys(names)]


def _understood(
    features: pl.DataFrame, chosen: Sequence[Endpoint], kb: KnowledgeBase
) -> tuple[pl.DataFrame, list[str]]:
    """Read gene columns as training does (see `genotypes.understood`); scenarios are the product's own and stay."""
    if "weight" in features.columns:
        return features, []
    said: dict[str, None] = {}
    features = absent(design.flat(features))
    for endpoint in chosen:
        features, remarks = genotypes.understood(features, endpoint, kb)
        said |= dict.fromkeys(remarks)
    return features, list(said)


def _persons(features: pl.DataFrame) -> tuple[pl.DataFrame, NDArray[np.int64], list[str]]:
    """Sort rows by person (order of first appearance) and return the frame, each person's first row, and the names."""
    if "sample" not in features.columns:
        raise InputError("the features have no column 'sample'", fix="use the table that `pgx features` writes")
    frame = design.flat(features).with_columns(pl.col("sample").cast(pl.String))
    if frame["sample"].null_count():
        raise InputError("a row of the features has no sample name", fix="fill the column 'sample'")
    if "weight" not in frame.columns:
        if frame["sample"].n_unique() != frame.height:
            raise InputError("a sample has several rows", fix="give one row per sample, or scenarios with weights")
        frame = frame.with_columns(weight=pl.lit(1.0))
    order = frame.select("sample").unique(maintain_order=True).with_row_index("_person")
    frame = frame.join(order, on="sample", how="left", maintain_order="left").sort("_person", maintain_order=True)
    person = frame["_person"].to_numpy().astype(np.int64)
    starts = np.flatnonzero(np.r_[True, person[1:] != person[:-1]]) if len(person) else np.zeros(0, dtype=np.int64)
    weight = frame["weight"].cast(pl.Float64).fill_null(float("nan")).to_numpy()
    if len(person) and not np.allclose(np.add.reduceat(weight, starts), 1.0, atol=1e-6):
        raise InputError("the weights of a sample's scenarios do not add up to 1", fix="use pgx.features.scenarios")
    return frame, starts.astype(np.int64), order["sample"].to_list()


def _judge_unique(
    frame: pl.DataFrame, endpoint: Endpoint, model: Model | None
) -> tuple[Judged, NDArray[np.int64], Endpoint]:
    """Judge each distinct pattern of the columns that count once; return it with each row's pattern."""
    active = model.endpoint if model else endpoint
    wanted = design.columns(active, model.features if model else ())
    wanted = sorted({*wanted, *([model.group, *model.trained] if model else [])} & set(frame.columns))
    names = [name for name in wanted if frame.schema[name] != pl.Null]
    if not names:
        return _judge(frame.head(1).select("sample"), active, model), np.zeros(frame.height, dtype=np.int64), active
    rows = frame.select(names)
    patterns = rows.unique(maintain_order=True).with_row_index("_pattern")
    if patterns.height > 0.7 * rows.height:
        return _judge(rows, active, model), np.arange(rows.height), active
    index = rows.join(patterns, on=names, how="left", nulls_equal=True, maintain_order="left")["_pattern"]
    return _judge(patterns, active, model), index.to_numpy().astype(np.int64), active


def _judge(rows: pl.DataFrame, endpoint: Endpoint, model: Model | None) -> Judged:
    features = model.features if model else ()
    frame = design.prepare(rows, endpoint, features)
    prior = design.prior(frame, endpoint)
    columns = [term.reading.column for term in endpoint.terms]
    centred = prior.terms - np.array([term.coefficient * term.mean for term in endpoint.terms])
    pieces = [("average person", np.full(frame.height, endpoint.average))]
    pieces += [(column, centred[:, j]) for j, column in enumerate(columns)]
    flags = _Flags(frame.height)
    _flag_unknown(flags, endpoint, prior, frame)
    spread = np.sqrt(prior.variance + endpoint.residual_sd**2 * (endpoint.kind == "dose"))
    flags.add("effects_combined", prior.combined)
    for name in design.columns(endpoint, features):
        flags.add(f"phenoconverted:{name.split('.')[1].upper()}", design.converted(rows, name))
    down, up = _Z * spread + prior.below, _Z * spread + prior.above
    without = np.zeros(frame.height, dtype=np.bool_)
    if model is not None:
        without = _any_null(frame, model.trained)
        pieces, added = _trained_pieces(pieces, model, design.matrix(frame, features), without)
        flags.add("prior_only", without)
        _flag_ranges(flags, model, added)
        down, up = _trained_interval(rows, model, prior, added, (down, up), without)
    labels, parts = _gather(pieces)
    refused = _refusals(frame, rows, endpoint)
    margin = parts.sum(axis=1)
    return Judged(margin, down, up, labels, parts, refused, flags.text(), without)


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
        shap = boost.contributions(boost.open_booster(model.trees), x)
        found.append(("calibration", np.where(use, shap[:, -1], 0.0)))
        found += [(feature.reading.column, np.where(use, shap[:, j], 0.0)) for j, feature in enumerate(model.features)]
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
    if model.endpoint.link == "sqrt":
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
        down, up = np.sqrt(low**2 + _Z**2 * assumed), np.sqrt(high**2 + _Z**2 * assumed)
    else:
        z = standardise(x, model.center, model.scale)
        learned = np.column_stack([np.ones(len(prior.margin)), prior.margin, z])
        sampling = ((learned @ model.covariance) * learned).sum(axis=1)
        left = model.evidence_left * prior.variance * model.linear.slope**2
        far = _Z * np.sqrt(sampling + left + assumed)
        slope = model.linear.slope
        below, above = (prior.below, prior.above) if slope > 0 else (prior.above, prior.below)
        down, up = far + abs(slope) * below, far + abs(slope) * above
    return np.where(without, fallback[0], down), np.where(without, fallback[1], up)


class _Flags:
    """Codes joined by ';' for n rows."""

    def __init__(self, n: int) -> None:
        self._text = np.full(n, "", dtype=object)

    def add(self, code: str, rows: Bools) -> None:
        if rows.any():
            self._text[rows] = np.array([f"{one};{code}" if one else code for one in self._text[rows]], dtype=object)

    def text(self) -> NDArray[np.str_]:
        return self._text


def _flag_unknown(flags: _Flags, endpoint: Endpoint, prior: design.Prior, frame: pl.DataFrame) -> None:
    unknown: dict[str, Bools] = {}
    for j, term in enumerate(endpoint.terms):
        column = term.reading.column
        null = prior.assumed[:, j] | (term.reading.kind == "missing") & frame[column].is_null().to_numpy()
        unknown[column] = unknown.get(column, np.zeros(frame.height, dtype=np.bool_)) | null
    for imputation in endpoint.imputations:
        if f"{design.GIVEN}{imputation.column}" in frame.columns:
            unknown[imputation.column] = ~frame[f"{design.GIVEN}{imputation.column}"].to_numpy()
    for column, rows in unknown.items():
        gene = column.split(".")[1].upper() if column.startswith("gene.") else None
        flags.add(f"gene_not_called:{gene}" if gene else f"missing:{column}", rows)


def _flag_ranges(flags: _Flags, model: Model, x: NDArray[np.float32]) -> None:
    for j, feature in enumerate(model.features):
        low, high = model.ranges[j]
        if feature.reading.kind == "number" and not np.isnan(low):
            with np.errstate(invalid="ignore"):
                flags.add(f"out_of_range:{feature.reading.column}", (x[:, j] < low) | (x[:, j] > high))


def _any_null(frame: pl.DataFrame, names: Sequence[str]) -> Bools:
    found = np.zeros(frame.height, dtype=np.bool_)
    for name in names:
        found |= frame[name].is_null().to_numpy() if name in frame.columns else True
    return found


def _refusals(frame: pl.DataFrame, rows: pl.DataFrame, endpoint: Endpoint) -> NDArray[np.str_]:
    codes = _Flags(frame.height)
    if endpoint.requires:
        none = np.ones(frame.height, dtype=np.bool_)
        for name in endpoint.requires:
            none &= frame[name].is_null().to_numpy()
        codes.add("refused:genotype_unknown", none)
    for refusal in endpoint.refusals:
        given = rows[refusal.reading.column] if refusal.reading.column in rows.columns else None
        if given is not None:
            codes.add(f"refused:{refusal.code}", np.nan_to_num(design.read(rows, refusal.reading)) > 0)
    return codes.text()


def _gather(pieces: list[tuple[str, Floats]]) -> tuple[list[str], Floats]:
    """Add up the pieces of the same label; labels in order of first appearance."""
    labels = list(dict.fromkeys(label for label, _ in pieces))
    place = {label: i for i, label in enumerate(labels)}
    parts = np.zeros((len(pieces[0][1]), len(labels)))
    for label, values in pieces:
        parts[:, place[label]] += values
    return labels, parts


def _inverse(margin: Floats, link: str) -> Floats:
    if link == "log":
        return np.exp(np.clip(margin, -700, 700))
    return np.maximum(margin, 0.0) ** 2 if link == "sqrt" else 1.0 / (1.0 + np.exp(-np.clip(margin, -700, 700)))


def _link(value: Floats, link: str) -> Floats:
    if link == "log":
        return np.log(value)
    return np.sqrt(value) if link == "sqrt" else np.log(value) - np.log1p(-value)


def _combined_parts(
    judged: Judged, index: NDArray[np.int64], starts: NDArray[np.int64], weight: Floats, link: str
) -> tuple[list[str], Floats, Floats]:
    """Average over a person's rows; return labels, parts (persons, labels) and the estimate."""
    single = len(starts) == len(index)
    estimate = _inverse(judged.margin, link)[index]
    parts = judged.parts[index]
    if single:
        return judged.labels, parts, estimate
    estimate = np.add.reduceat(weight * estimate, starts)
    parts = np.add.reduceat(weight[:, None] * parts, starts, axis=0)
    rest = _link(estimate, link) - parts.sum(axis=1)
    several = np.diff(np.r_[starts, len(index)]) > 1
    return [*judged.labels, "diplotype uncertainty"], np.column_stack([parts, np.where(several, rest, 0.0)]), estimate


def _mixture(
    judged: Judged, index: NDArray[np.int64], starts: NDArray[np.int64], weight: Floats, share: float, upper: bool
) -> Floats:
    """Return a quantile on the link scale of each person's mixture of normal curves, one a row, by bisection."""
    centre, spread = judged.margin[index], (judged.up if upper else judged.down)[index]
    if len(starts) == len(index):
        return centre + spread if upper else centre - spread
    low = np.minimum.reduceat(centre - 4 * spread, starts)
    high = np.maximum.reduceat(centre + 4 * spread, starts)
    person = np.repeat(np.arange(len(starts)), np.diff(np.r_[starts, len(index)]))
    sd = np.maximum(spread / _Z, 1e-9)
    for _ in range(45):
        middle = 0.5 * (low + high)
        below = np.add.reduceat(weight * _normal((middle[person] - centre) / sd), starts) < share
        low, high = np.where(below, middle, low), np.where(below, high, middle)
    return 0.5 * (low + high)


def _normal(z: Floats) -> Floats:
    """Return the normal distribution function (Abramowitz and Stegun 26.2.17, error below 1e-7)."""
    t = 1.0 / (1.0 + 0.2316419 * np.abs(z))
    poly = t * (0.319381530 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))))
    tail = np.exp(-0.5 * z * z) / np.sqrt(2.0 * np.pi) * poly
    return np.asarray(np.where(z >= 0, 1.0 - tail, tail), dtype=np.float64)


def _score_endpoint(
    frame: pl.DataFrame,
    starts: NDArray[np.int64],
    names: list[str],
    endpoint: Endpoint,
    model: Model | None,
    kb_version: str,
) -> pl.DataFrame:
    if not names:
        return schema.empty(schema.SCORES).with_columns(_person=pl.lit(0))
    judged, index, active = _judge_unique(frame, endpoint, model)
    weight = frame["weight"].cast(pl.Float64).to_numpy()
    patterns = len(judged.margin)
    if len(starts) == len(index) and patterns < len(index):
        # One row a person: write each pattern's answer once and hand it out.
        each = np.arange(patterns)
        one = _answers(judged, each, each, np.ones(patterns), [""] * patterns, active, endpoint, model, kb_version)
        return one.select(pl.all().gather(index)).with_columns(
            sample=pl.Series(names), _person=pl.Series(np.arange(len(names)))
        )
    return _answers(judged, index, starts, weight, names, active, endpoint, model, kb_version)


def _answers(
    judged: Judged,
    index: NDArray[np.int64],
    starts: NDArray[np.int64],
    weight: Floats,
    names: list[str],
    active: Endpoint,
    endpoint: Endpoint,
    model: Model | None,
    kb_version: str,
) -> pl.DataFrame:
    """Turn judged patterns into rows of `schema.SCORES` (and ``_person``)."""
    labels, parts, estimate = _combined_parts(judged, index, starts, weight, active.link)
    tail = (1.0 - LEVEL) / 2.0
    low = _inverse(_mixture(judged, index, starts, weight, tail, False), active.link)
    high = _inverse(_mixture(judged, index, starts, weight, 1.0 - tail, True), active.link)
    leading = _leading(weight, starts)
    refused, flags = judged.refused[index][leading], judged.flags[index][leading]
    unsure = (weight[leading] < _CERTAIN) & (
        np.abs(estimate - _inverse(judged.margin, active.link)[index][leading]) > 1e-12
    )
    reference = model.reference if model else float(_inverse(np.array([endpoint.average]), endpoint.link)[0])
    prior_only = judged.prior_only[index][leading]
    applies = refused == ""
    ratio = estimate / reference
    category = np.select(
        [~applies, ratio > active.ratio, ratio < 1.0 / active.ratio], ["refused", "high", "low"], "average"
    )
    blank = np.where(applies, 1.0, np.nan)
    return pl.DataFrame(
        {
            "sample": names,
            "drug": active.drug,
            "endpoint": active.name,
            "kind": active.kind,
            "estimate": pl.Series(estimate * blank, nan_to_null=True),
            "low": pl.Series(np.minimum(low, estimate) * blank, nan_to_null=True),
            "high": pl.Series(np.maximum(high, estimate) * blank, nan_to_null=True),
            "level": model.level if model else LEVEL,
            "unit": active.unit,
            "reference": reference,
            "category": category.astype(str),
            "evidence": np.where(prior_only | (model is None), "literature only", _evidence(model)),
            "model": model.identity if model else prior_identity(endpoint, kb_version),
            "factors": _factors(labels, parts, applies),
            "flags": _joined(refused, flags, unsure),
            "_person": np.arange(len(names)),
        },
        schema_overrides={"factors": pl.String, "flags": pl.String},
    ).with_columns(pl.col("estimate", "low", "high", "reference").round_sig_figs(_DIGITS))


def prior_identity(endpoint: Endpoint, kb_version: str) -> str:
    """Return the id of an endpoint's prior: name, knowledge version, short checksum of its document."""
    digest = hashlib.sha256(json.dumps(endpoint.raw, sort_keys=True, default=str).encode()).hexdigest()
    return f"{endpoint.name} prior {kb_version} {digest[:8]}"


def _evidence(model: Model | None) -> str:
    return "" if model is None else f"patients:n={model.n}"


def _leading(weight: Floats, starts: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return each person's most probable row."""
    if len(starts) == len(weight):
        return np.arange(len(weight))
    best = np.maximum.reduceat(weight, starts)
    person = np.repeat(np.arange(len(starts)), np.diff(np.r_[starts, len(weight)]))
    rows = np.flatnonzero(weight >= best[person])
    _, first = np.unique(person[rows], return_index=True)
    return np.asarray(rows[first], dtype=np.int64)


def _factors(labels: list[str], parts: Floats, applies: Bools) -> list[str | None]:
    """The largest contributions against the average person, as ``feature=+0.12``."""
    shown = [j for j, label in enumerate(labels) if label not in ("average person", "calibration")]
    if not shown:
        return [None] * len(parts)
    values = parts[:, shown]
    order = np.argsort(-np.abs(values), axis=1, kind="stable")[:, :_FACTORS]
    top = np.take_along_axis(values, order, axis=1)
    # Few different pieces of text make up all rows: each is written once.
    hundredths = np.clip(np.rint(top * 100.0), -(2**31), 2**31 - 1).astype(np.int64)
    keys, which = np.unique(order * 2**32 + hundredths + 2**31, return_inverse=True)
    column, number = keys // 2**32, keys % 2**32 - 2**31
    pairs = zip(column.tolist(), number.tolist(), strict=True)
    texts = np.array([f"{labels[shown[j]]}={v / 100:+.2f}" if v else "" for j, v in pairs], dtype=object)
    rows = texts[which].reshape(order.shape).tolist()
    return [
        (";".join(filter(None, row)) or None) if ok else None for row, ok in zip(rows, applies.tolist(), strict=True)
    ]


def _joined(refused: NDArray[np.str_], flags: NDArray[np.str_], unsure: Bools) -> list[str | None]:
    rows = zip(refused.tolist(), flags.tolist(), np.where(unsure, "genotype_uncertain", "").tolist(), strict=True)
    return [";".join(filter(None, row)) or None for row in rows]


def _notes(found: pl.DataFrame, endpoint: Endpoint, model: Model | None) -> list[dict[str, object]]:
    notes: list[dict[str, object]] = []
    if model is not None:
        for warning in model.facts.get("warnings", []):
            notes.append(_note("info", warning["code"], warning["message"], endpoint.name))
    refused = found.filter(pl.col("category") == "refused")
    for codes, count in refused.group_by("flags").len().sort("flags").iter_rows():
        why = ", ".join(code.removeprefix("refused:") for code in str(codes).split(";") if code.startswith("refused:"))
        text = f"{endpoint.name} is not given for {count} of {found.height} samples: {why.replace('_', ' ')}"
        notes.append(_note("info", "score_refused", text, endpoint.name))
    return notes


def _note(severity: str, code: str, message: str, where: str) -> dict[str, object]:
    return {"stage": "models", "severity": severity, "code": code, "message": message, "where": where}
