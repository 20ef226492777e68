"""Scores: for every person and endpoint an estimate with an interval, its evidence and its reasons, or a refusal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pgx import cells, schema
from pgx.codes import Category, Flag, FlagCode, NoteCode, Severity
from pgx.errors import InputError
from pgx.features import posterior
from pgx.features.names import gene_of
from pgx.models.cohort import column_choice
from pgx.models.cohort.tables import absent
from pgx.models.evidence import baseline_levels, design, endpoints, gene_agreement, uncounted
from pgx.models.evidence.endpoint import Endpoint, Feature
from pgx.models.scoring import assumptions, interactions
from pgx.models.scoring.patterns import judge
from pgx.models.scoring.score_rows import answer, combined
from pgx.models.scoring.understood import understood
from pgx.models.store import card, folder
from pgx.models.store.folder import Model
from pgx.notes import Note
from pgx.paths import data_dir

if TYPE_CHECKING:
    from pgx.knowledge import KnowledgeBase


def score(
    features: pl.DataFrame,
    kb: KnowledgeBase,
    *,
    endpoints: Sequence[str] | None = None,
    models_dir: str | Path | None = None,
) -> tuple[pl.DataFrame, list[Note]]:
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
    tuple of polars.DataFrame and list of Note
        `pgx.schema.SCORES`, sorted by sample in the order given and endpoint; what a reader should know.

    Raises
    ------
    UsageError
        If an endpoint is unknown or decided by a rule.
    InputError
        If the frame has no samples column, or weights that do not add up to 1.
    """
    scores, notes = _score(features, kb, endpoints, models_dir)
    read = columns_by_endpoint(kb, scores["endpoint"].unique().to_list(), models_dir)
    return interactions.refuse_uncounted_of_table(scores, features, read, kb), notes


def _score(
    features: pl.DataFrame,
    kb: KnowledgeBase,
    endpoints: Sequence[str] | None,
    models_dir: str | Path | None,
) -> tuple[pl.DataFrame, list[Note]]:
    """Score persons by what the table says of each, without the interactions of their drugs."""
    if "weight" in features.columns:
        return score_each([(endpoints, features)], kb, models_dir=models_dir, order=endpoints)
    table, notes = _agreeing(features, kb, endpoints, models_dir)
    each: list[tuple[Sequence[str] | None, pl.DataFrame]] = [(endpoints, table)]
    if any(column_choice.averaged_over(name) for name in features.columns):
        names = endpoints or [endpoint.name for endpoint in _chosen(kb, None, _models(kb, models_dir))]
        groups = groups_of(kb, names, models_dir)
        each = [(members, posterior.averaged(table, kb, genes)) for members, genes, _ in groups]
    scores, score_notes = score_each(each, kb, models_dir=models_dir, order=endpoints)
    return scores, [*notes, *score_notes]


def _agreeing(
    features: pl.DataFrame, kb: KnowledgeBase, endpoints: Sequence[str] | None, models_dir: str | Path | None
) -> tuple[pl.DataFrame, list[Note]]:
    """Return a table of features without the genes of rows that contradict themselves, and notes on those."""
    models = _models(kb, models_dir)
    chosen = [(endpoint, _features(models.get(endpoint.name))) for endpoint in _chosen(kb, endpoints, models)]
    table, texts = gene_agreement.agreeing(absent(features), chosen, kb)
    return table, [_note(Severity.WARNING, NoteCode.CONTRADICTION, text, "features") for text in texts]


def score_each(
    groups: Sequence[tuple[Sequence[str] | None, pl.DataFrame]],
    kb: KnowledgeBase,
    *,
    models_dir: str | Path | None = None,
    whose: pl.DataFrame | None = None,
    order: Sequence[str] | None = None,
) -> tuple[pl.DataFrame, list[Note]]:
    """Score the same persons by several groups of endpoints, each from a frame of its own.

    Each group has the scenarios of the genes that it reads, so that a score does not depend on what else is asked.

    Parameters
    ----------
    groups
        Endpoints (None = all), and the frame for them, as for `score`.
    kb, models_dir
        As for `score`.
    whose
        ``sample drug``: a person is given the scores of these drugs alone; None = all.
    order
        Names of the endpoints in the order of a person's rows; None = sorted.
    """
    models, shipped = _models(kb, models_dir), folder.shipped()
    parts: list[pl.DataFrame] = []
    notes: list[Note] = []
    for asked, features in groups:
        rows_of_group, group_notes = _scored(features, _chosen(kb, asked, models), kb, models, shipped, whose)
        parts += rows_of_group
        notes += group_notes
    if not parts:
        return schema.empty(schema.SCORES), list(dict.fromkeys(notes))
    rows = pl.concat(parts)
    names = list(dict.fromkeys(order)) if order is not None else sorted(set(rows["endpoint"]))
    rank = pl.col("endpoint").replace_strict(names, list(range(len(names))), return_dtype=pl.Int64)
    rows = rows.sort("_person", rank, maintain_order=True).drop("_person")
    return schema.conform(rows, schema.SCORES), list(dict.fromkeys(notes))


def _scored(
    features: pl.DataFrame,
    chosen: Sequence[Endpoint],
    kb: KnowledgeBase,
    models: Mapping[str, Model],
    shipped: frozenset[str],
    whose: pl.DataFrame | None,
) -> tuple[list[pl.DataFrame], list[Note]]:
    """Score one group of endpoints; the rows have the person's number in ``_person``."""
    features, problems = understood(features, chosen, kb, models)
    frame, starts, names = persons(features)
    parts: list[pl.DataFrame] = []
    notes = [_note(Severity.WARNING, code, text, "features") for code, text in problems]
    used = [feature for endpoint in chosen for feature in (*endpoint.features, *_features(models.get(endpoint.name)))]
    notes += [
        _note(Severity.WARNING, NoteCode.TEXT_AMONG_NUMBERS, text, "features")
        for text in column_choice.words_among_numbers(features, used)
    ]
    for endpoint in chosen:
        model = models.get(endpoint.name)
        local = bool(endpoint.local) or (model is not None and model.checksum not in shipped)
        drug = model.endpoint.drug if model else endpoint.drug
        persons_asked = None if whose is None else set(whose.filter(drug=drug)["sample"])
        rows = _answered(frame, starts, names, persons_asked, endpoint, model, kb.version, local)
        first_rows = frame[starts[rows["_person"].to_numpy()]]
        read = design.genes(model.endpoint if model else endpoint, _features(model))
        rows = assumptions.with_refused_genes(rows, first_rows, read)
        parts.append(assumptions.with_gaps(rows, first_rows, _gaps(kb).get(endpoint.name, ())))
        notes += _notes(rows, endpoint, model)
    return (parts if names else []), notes


def _answered(
    frame: pl.DataFrame,
    starts: NDArray[np.int64],
    names: list[str],
    asked: set[str] | None,
    endpoint: Endpoint,
    model: Model | None,
    kb_version: str,
    local: bool,
) -> pl.DataFrame:
    """Score an endpoint for those who are asked about; None = everybody."""
    keep = np.array([asked is None or name in asked for name in names], dtype=np.bool_)
    if keep.all():
        return answer(frame, starts, names, endpoint, model, kb_version, local=local)
    lengths = np.diff(np.r_[starts, frame.height])
    kept_rows = frame.filter(pl.Series(np.repeat(keep, lengths)))
    first_rows = np.r_[0, np.cumsum(lengths[keep])[:-1]].astype(np.int64) if keep.any() else np.zeros(0, dtype=np.int64)
    chosen = np.flatnonzero(keep)
    rows = answer(kept_rows, first_rows, [names[index] for index in chosen], endpoint, model, kb_version, local=local)
    return rows.with_columns(_person=pl.Series(chosen[rows["_person"].to_numpy()], dtype=pl.Int64))


def explain(
    features: pl.DataFrame, kb: KnowledgeBase, endpoint: str, *, models_dir: str | Path | None = None
) -> pl.DataFrame:
    """Return every contribution to a score on the link scale: ``sample part contribution``, in adding order.

    The parts of a sample add up to the score's link (square root of the dose, log odds of the risk). Where a sample has
    several scenarios, the part ``diplotype uncertainty`` is what averaging the estimate, not its link, makes.
    """
    models = _models(kb, models_dir)
    chosen = _chosen(kb, [endpoint], models)
    # Read as `score` reads them: diplotypes stand for the columns that are missing beside them.
    features, _ = understood(features, chosen, kb, models)
    frame, starts, names = persons(features)
    known_endpoint, model = chosen[0], models.get(endpoint)
    judged, index, active = judge(frame, known_endpoint, model)
    labels, parts, _ = combined(judged, index, starts, frame["weight"].to_numpy(), active.link)
    keep = [j for j in range(len(labels)) if np.any(parts[:, j] != 0)]
    return pl.concat(
        [
            pl.DataFrame({"sample": name, "part": [labels[j] for j in keep], "contribution": parts[i, keep]})
            for i, name in enumerate(names)
        ]
    )


def endpoints_of(
    kb: KnowledgeBase, drugs: set[str] | None, models_dir: str | Path | None = None, *, local: bool = False
) -> list[str]:
    """Return the endpoints of some drugs (None = all), sorted by name; those of `models_dir` among them.

    Parameters
    ----------
    kb, drugs, models_dir
        What is known, the drugs (generic names), and a model folder or a folder of them.
    local
        Only a site's own.
    """
    by_name = {endpoint.name: endpoint for endpoint in _chosen(kb, None, _site_models(kb, models_dir))}
    return sorted(
        name
        for name, endpoint in by_name.items()
        if (drugs is None or endpoint.drug in drugs) and (endpoint.local or not local)
    )


def drugs_of(kb: KnowledgeBase, names: Sequence[str]) -> list[str]:
    """Return the drugs of these endpoints, sorted."""
    return sorted({endpoint.drug for endpoint in _chosen(kb, names, _site_models(kb, None))})


def genes_of(kb: KnowledgeBase, names: Sequence[str], models_dir: str | Path | None = None) -> list[str]:
    """Return the genes whose features these endpoints (and the models of `models_dir`) read, sorted."""
    symbols = {gene.lower(): gene for gene in kb.table("genes")["gene"]}
    models, genes = _site_models(kb, models_dir), set()
    for endpoint in _chosen(kb, names, models):
        model = models.get(endpoint.name)
        for column in design.columns(endpoint, model.features if model else ()):
            if (gene := gene_of(column)) in symbols:
                genes.add(symbols[gene])
    return sorted(genes)


def groups_of(
    kb: KnowledgeBase, names: Sequence[str], models_dir: str | Path | None = None
) -> list[tuple[list[str], list[str], list[str]]]:
    """Group endpoints by the genes that they read: (endpoints, genes, genes that are averaged where not asserted)."""
    members_of: dict[tuple[tuple[str, ...], tuple[str, ...]], list[str]] = {}
    for name in dict.fromkeys(names):
        key = tuple(genes_of(kb, [name], models_dir)), tuple(averaged_genes(kb, [name], models_dir))
        members_of.setdefault(key, []).append(name)
    return [(members, list(genes), list(averaged)) for (genes, averaged), members in members_of.items()]


def averaged_genes(kb: KnowledgeBase, names: Sequence[str], models_dir: str | Path | None = None) -> list[str]:
    """Return the genes that any of these endpoints (or of their models) uses and does not require, sorted."""
    symbols = {gene.lower(): gene for gene in kb.table("genes")["gene"]}
    models, genes = _models(kb, models_dir), set()
    for endpoint in _chosen(kb, names, models):
        model = models.get(endpoint.name)
        active = model.endpoint if model else endpoint
        genes |= set(design.genes(active, model.features if model else ())) - set(active.required_genes)
    return sorted(symbols[gene] for gene in genes if gene in symbols)


def columns_of(kb: KnowledgeBase, names: Sequence[str]) -> list[str]:
    """Return the features that these endpoints read, sorted."""
    chosen = _chosen(kb, names, {})
    left_out = {feature for endpoint in chosen for feature in _gaps(kb).get(endpoint.name, ())}
    return sorted({column for endpoint in chosen for column in design.columns(endpoint)} | left_out)


def _gaps(kb: KnowledgeBase) -> dict[str, list[str]]:
    """Features that matter to an endpoint and that its estimate leaves out, by endpoint."""

    def group() -> dict[str, list[str]]:
        features_of: dict[str, list[str]] = {}
        for endpoint, feature in kb.table("estimate_gaps").select("endpoint", "feature").iter_rows():
            features_of.setdefault(endpoint, []).append(feature)
        return features_of

    return kb.remember("estimate gaps", group)


def columns_by_endpoint(
    kb: KnowledgeBase, names: Sequence[str], models_dir: str | Path | None = None
) -> dict[str, list[str]]:
    """Return the features that each of these endpoints, or its model, reads."""
    models = _models(kb, models_dir)
    columns_of_endpoint = {}
    for endpoint in _chosen(kb, names, models):
        model = models.get(endpoint.name)
        active = model.endpoint if model else endpoint
        columns_of_endpoint[endpoint.name] = design.read_by(active, model.features if model else ())
    return columns_of_endpoint


def _models(kb: KnowledgeBase, models_dir: str | Path | None) -> dict[str, Model]:
    return folder.find(Path(models_dir) if models_dir else None, kb, data_dir() / "models")


def _site_models(kb: KnowledgeBase, models_dir: str | Path | None) -> dict[str, Model]:
    """The models beside the shipped ones (which read nothing that their endpoints do not)."""
    return _models(kb, models_dir) if models_dir is not None or len(kb.folders) > 1 else {}


def _chosen(kb: KnowledgeBase, names: Sequence[str] | None, models: Mapping[str, Model]) -> list[Endpoint]:
    """The endpoints asked for; a model folder carries its own, so that it can be used without the overlay."""
    loaded = endpoints.load(kb)
    carried = {
        name: replace(
            model.endpoint,
            local="model",
            baseline_levels=baseline_levels.of(model.endpoint, kb),
            uncounted=uncounted.of(model.endpoint, kb),
        )
        for name, model in models.items()
        if name not in loaded
    }
    if names is None:
        return [endpoint for _, endpoint in sorted({**loaded, **carried}.items())]
    return [carried[name] if name in carried else endpoints.get(kb, name) for name in dict.fromkeys(names)]


def persons(features: pl.DataFrame) -> tuple[pl.DataFrame, NDArray[np.int64], list[str]]:
    """Sort rows by person (order of first appearance) and return the frame, each person's first row, and the names.

    Raises
    ------
    InputError
        If there is no column ``sample``, a name is missing, or a person's weights do not add up to 1.
    """
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
        raise InputError(
            "the weights of a sample's scenarios do not add up to 1",
            fix="use pgx.features.scenarios; a body weight is clinical.weight",
        )
    return frame, starts.astype(np.int64), order["sample"].to_list()


def _features(model: Model | None) -> tuple[Feature, ...]:
    return () if model is None else model.features


def _notes(rows: pl.DataFrame, endpoint: Endpoint, model: Model | None) -> list[Note]:
    notes: list[Note] = []
    if model is not None:
        for warning in model.facts.get("warnings", []):
            claims = warning["code"] == NoteCode.CLAIMS_UNVERIFIED
            severity = Severity.WARNING if claims else Severity.INFO
            notes.append(_note(severity, warning["code"], warning["message"], endpoint.name))
        measured = model.facts.get("performance", {}).get(card.DIFFERENCES, [])
        notes += [_note(Severity.INFO, NoteCode.SIMPLE_AS_GOOD, text, endpoint.name) for text in card.as_good(measured)]
    refused = rows.filter(pl.col("category") == Category.REFUSED)
    kinds, number = cells.distinct(refused, ["flags"])
    counts = number.value_counts(sort=False)
    by_flags = sorted((kinds["flags"][kind].to_list(), count) for kind, count in counts.iter_rows())
    for listed, count in by_flags:
        flags = [Flag.parse(text) for text in listed]
        reasons = [flag.about.replace("_", " ") for flag in flags if flag.code == FlagCode.REFUSED]
        reasons += [f"{flag.code} {flag.about}" for flag in flags if flag.code == FlagCode.IMPLAUSIBLE]
        text = f"{endpoint.name} is not given for {count} of {rows.height} samples: {', '.join(reasons)}"
        notes.append(_note(Severity.INFO, NoteCode.SCORE_REFUSED, text, endpoint.name))
    return notes


def _note(severity: str, code: str, message: str, subject: str) -> Note:
    return Note(stage="models", severity=severity, code=code, message=message, subject=subject, where=subject)
