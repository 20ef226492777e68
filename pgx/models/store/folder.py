"""Model folders: ``model.json`` (everything but the trees), ``trees.json`` (the trees as
xgboost writes them, if any) and ``card.md``.

No pickle, no code: a folder can be read by eye, and its trees' checksum is verified whenever it is opened.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pgx.errors import InputError, UsageError
from pgx.guard.limits import MODEL, read_file, read_json
from pgx.io import write_bytes
from pgx.models.evidence.endpoint import Endpoint, Feature, Reading
from pgx.models.evidence.endpoint_parsing import parse
from pgx.models.evidence.links import measured
from pgx.models.fitting import conformal
from pgx.models.fitting.fit import Linear
from pgx.models.store.card import columns_not_used
from pgx.models.store.trees import check as check_trees
from pgx.paths import data_dir

if TYPE_CHECKING:
    from pgx.knowledge import KnowledgeBase
    from pgx.models.fitting.boost import Floats

FORMAT = 2
_MOST_FEATURES = 1000
JSON, TREES, CARD = "model.json", "trees.json", "card.md"
OLD, OLD_TREES = 1, "model.ubj"
"""Format and trees of pgx 0.1; `pgx.models.store.convert` re-saves them."""


@dataclass(frozen=True, slots=True)
class Model:
    """A trained model as read from its folder.

    Parameters
    ----------
    endpoint
        The endpoint with the prior that it was trained on top of.
    version
        Version of the model.
    features, center, scale, ranges
        The matrix's columns, their mean and deviation, and (low, high) seen in training, NaN where unknown.
    linear
        Intercept, slope of the prior, weights of standardised features.
    trees
        xgboost's JSON; None without trees.
    intervals
        Group -> (low, high) offsets on the link scale at `level`, with ``*`` for every other group; empty for risks.
    group
        Column that the intervals' groups are values of.
    level
        Nominal coverage.
    covariance, evidence_left
        For risks: covariance of intercept, slope and feature weights, and the share of the prior's own uncertainty
        that stays.
    trained
        Columns that must be known for the trained part to be used.
    n, events, reference
        Patients, events, and the average estimate in the cohort.
    facts
        Everything else of ``model.json``: training record, performance, versions.
    checksum
        SHA-256 of the model: of its parameters and trees.
    gaps_filled
        Missing feature values stand at the feature's mean.
    stretch
        For doses: factor by which the intervals are stretched at a site that the model was not trained at; None where
        too few sites told.
    unknown_at
        Column -> numbers that stood for "not known" in the cohort.
    """

    endpoint: Endpoint
    version: str
    features: tuple[Feature, ...]
    center: Floats
    scale: Floats
    ranges: Floats
    linear: Linear
    trees: bytes | None
    intervals: Mapping[str, tuple[float, float]]
    group: str
    level: float
    covariance: Floats
    evidence_left: float
    trained: tuple[str, ...]
    n: int
    events: int
    reference: float
    facts: Mapping[str, Any] = field(repr=False)
    checksum: str = ""
    gaps_filled: bool = False
    stretch: float | None = None
    unknown_at: Mapping[str, tuple[float, ...]] = field(default_factory=dict)

    @property
    def identity(self) -> str:
        """Endpoint, version and short checksum."""
        return f"{self.endpoint.name} {self.version} {self.checksum[:8]}"

    @property
    def columns_not_used(self) -> list[str]:
        """The cohort's columns that are no features: a line a reason."""
        return columns_not_used(self.facts["training"])


def read(folder: Path) -> Model:
    """Open a model folder.

    Raises
    ------
    InputError
        If a file is missing or damaged, or the checksum does not fit.
    """
    facts, path = description(folder), folder / JSON
    if facts["format"] == OLD:
        raise InputError("a model of pgx 0.1", file=path, fix=f"run `pgx models convert {folder}`")
    trees = read_trees(folder, facts)
    try:
        if seal(facts) != facts["seal"]:
            raise ValueError("the seal does not fit: something in it was changed")
        return _model(facts, trees)
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise InputError(f"damaged model: {type(error).__name__} {error}", file=path) from error


def description(folder: Path) -> dict[str, Any]:
    """Return the content of a folder's ``model.json``, of this format or of the one before.

    Raises
    ------
    InputError
        If the file is missing, not JSON, or of another format.
    """
    path = folder / JSON
    if not path.is_file():
        raise InputError("this folder holds no model", file=folder, fix="name a folder that `pgx train` wrote")
    try:
        facts = read_json(read_file(path, MODEL))
    except ValueError as error:
        raise InputError(f"not JSON: {error}", file=path) from error
    if not isinstance(facts, dict) or facts.get("format") not in (OLD, FORMAT):
        raise InputError("not a model of this format", file=path, fix=f'expected "format": {FORMAT}; train again')
    return facts


def find(models_dir: Path | None, kb: KnowledgeBase, shipped: Path) -> dict[str, Model]:
    """Return the models by endpoint: the shipped ones, those of the overlays, then those of `models_dir`.

    `models_dir` is a model folder or a folder of them; a later model replaces an earlier one of the same endpoint.
    """
    found = _in(shipped)
    for folder in kb.folders[1:]:
        for place in (folder.parent / "models", folder / "models"):
            found |= _in(place)
    if models_dir is not None:
        if not models_dir.is_dir():
            raise InputError("no such folder", file=models_dir, fix="name a folder that `pgx train` wrote")
        given = _in(models_dir)
        if not given:
            raise InputError("this folder holds no model", file=models_dir, fix="name a folder that `pgx train` wrote")
        found |= given
    return found


def shipped() -> frozenset[str]:
    """Return the checksums of the models that the product ships."""
    places = sorted((data_dir() / "models").glob(f"*/{JSON}"))
    return frozenset(str(json.loads(path.read_text(encoding="utf-8"))["checksum"]) for path in places)


def from_parts(facts: Mapping[str, Any], trees: bytes | None) -> Model:
    """Build a model from the content of its files."""
    return _model(facts, trees)


def check_ours(folder: Path) -> None:
    """Refuse a folder whose files have the names of a model's and are none.

    Raises
    ------
    UsageError
        If so.
    """
    there = [path for path in (folder / JSON, folder / TREES, folder / CARD) if path.is_file()]
    try:
        if there:
            description(folder)
    except InputError as error:
        told = "a file that pgx did not write has this name; move it, or name another folder"
        raise UsageError(f"{there[0]}: {told}") from error


def write(folder: Path, facts: Mapping[str, Any], trees: bytes | None, card: str) -> None:
    """Write a model folder; the description comes last, so that a half-written folder is no model."""
    if trees is not None:
        write_bytes(folder / TREES, trees)
    write_bytes(folder / CARD, card.encode())
    write_bytes(folder / JSON, (json.dumps(facts, indent=1, ensure_ascii=False) + "\n").encode())


def document(facts: Mapping[str, Any], trees: bytes | None) -> dict[str, Any]:
    """Return ``model.json``'s content with the checksums of parameters and trees filled in."""
    filled = {key: value for key, value in facts.items() if key not in ("checksum", "seal", "trees")}
    filled["trees"] = None if trees is None else {"file": TREES, "sha256": hashlib.sha256(trees).hexdigest()}
    filled["checksum"] = checksum(filled)
    filled["seal"] = seal(filled)
    return filled


def seal(facts: Mapping[str, Any]) -> str:
    """Return the SHA-256 of everything that the model says of itself: what decides a score, and what is claimed of it.

    `checksum` stays the same where a model is trained again with other versions of libraries; the seal does not.
    """
    told = {key: value for key, value in facts.items() if key != "seal"}
    return hashlib.sha256(json.dumps(told, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def checksum(facts: Mapping[str, Any]) -> str:
    """Return the SHA-256 of what decides a score: prior, parameters and trees (not the training record)."""
    decisive = {key: facts[key] for key in ("format", "prior", "parameters", "trees")}
    return hashlib.sha256(json.dumps(decisive, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def reading_document(reading: Reading) -> dict[str, Any]:
    """Return a reading as a JSON object that `reading_of` reads back; what is at its default is left out."""
    plain = Reading(reading.column)
    names = ("kind", "levels", "text", "center", "per", "floor", "at_least", "below", "unless_column", "unless_levels")
    changed = {name: getattr(reading, name) for name in names if getattr(reading, name) != getattr(plain, name)}
    return {"column": reading.column} | {k: list(v) if isinstance(v, tuple) else v for k, v in changed.items()}


def reading_of(row: Mapping[str, Any]) -> Reading:
    """Read what `reading_document` wrote."""
    arguments: dict[str, Any] = {key: tuple(v) if isinstance(v, list) else v for key, v in row.items()}
    return Reading(**arguments)


def _in(place: Path) -> dict[str, Model]:
    if (place / JSON).is_file():
        folders = [place]
    elif place.is_dir():
        folders = [path.parent for path in sorted(place.glob(f"*/{JSON}"))]
    else:
        return {}
    models = [_read_once(folder, _stamps(folder)) for folder in folders]
    return {model.endpoint.name: model for model in models}


@lru_cache(maxsize=64)
def _read_once(folder: Path, stamps: tuple[tuple[str, int, int, int], ...]) -> Model:
    """Read a model once as long as its files stay the same: each endpoint of each block asks for all of them."""
    return read(folder)


def _stamps(folder: Path) -> tuple[tuple[str, int, int, int], ...]:
    """Return what tells the files of a model again: name, size, time and inode."""
    found = [(path.name, path.stat()) for path in sorted(folder.iterdir()) if path.is_file()]
    return tuple((name, at.st_size, at.st_mtime_ns, at.st_ino) for name, at in found)


def read_trees(folder: Path, facts: Mapping[str, Any]) -> bytes | None:
    """Return the content of a model's file of trees; None if it has none.

    Raises
    ------
    InputError
        If the file is missing, or not the one that ``model.json`` describes.
    """
    entry = facts.get("trees")
    if entry is None:
        return None
    path = folder / (TREES if facts["format"] == FORMAT else OLD_TREES)
    if not path.is_file():
        raise InputError("the model's trees are missing", file=path, fix="copy the whole folder")
    content = read_file(path, MODEL)
    if hashlib.sha256(content).hexdigest() != entry.get("sha256"):
        raise InputError("the checksum does not fit: the file is damaged or of another model", file=path)
    return content


def _model(facts: Mapping[str, Any], trees: bytes | None) -> Model:
    p = facts["parameters"]
    if checksum(facts) != facts["checksum"]:
        raise ValueError("the checksum of the parameters does not fit")
    features = tuple(
        Feature(row["name"], reading_of(row["reading"]), row["monotone"], row.get("reason", ""))
        for row in p["features"]
    )
    _check_numbers(p, len(features))
    if trees is not None:
        check_trees(trees, len(features))
    if np.shape(p["covariance"]) != (len(features) + 2, len(features) + 2):
        raise ValueError("the covariance does not fit the features")
    if measured(p["link"]) and conformal.OTHERS not in p["intervals"]:
        raise ValueError("the intervals lack the group '*'")
    ranges = [[_number(row["low"]), _number(row["high"])] for row in p["features"]]
    return Model(
        endpoint=parse(facts["prior"]["document"], facts["prior"]["coefficients"]),
        version=facts["version"],
        features=features,
        center=np.array([row["center"] for row in p["features"]], dtype=np.float64),
        scale=np.array([row["scale"] for row in p["features"]], dtype=np.float64),
        ranges=np.array(ranges, dtype=np.float64).reshape(len(features), 2),
        linear=Linear(
            float(p["intercept"]),
            float(p["slope"]),
            np.array([row["weight"] for row in p["features"]], dtype=np.float64),
        ),
        trees=trees,
        intervals={name: (float(row["low"]), float(row["high"])) for name, row in p["intervals"].items()},
        group=p["interval_group"],
        level=float(p["level"]),
        covariance=np.array(p["covariance"], dtype=np.float64),
        evidence_left=float(p["evidence_left"]),
        trained=tuple(p["trained"]),
        n=int(facts["training"]["n"]),
        events=int(facts["training"]["events"]),
        reference=float(p["reference"]),
        facts=facts,
        checksum=facts["checksum"],
        gaps_filled=bool(p["gaps_filled"]),
        stretch=None if p.get("new_site_stretch") is None else float(p["new_site_stretch"]),
        unknown_at={
            feature.reading.column: tuple(float(code) for code in row["unknown_at"])
            for feature, row in zip(features, p["features"], strict=True)
            if "unknown_at" in row
        },
    )


def _check_numbers(parameters: Mapping[str, Any], features: int) -> None:
    """Refuse parameters with a number that is none, or more of them than a model has."""
    if features > _MOST_FEATURES:
        raise ValueError(f"more than {_MOST_FEATURES} features")
    kept: list[Any] = [parameters]
    while kept:
        one = kept.pop()
        if isinstance(one, float) and not math.isfinite(one):
            raise ValueError("a parameter is not a finite number")
        kept += one.values() if isinstance(one, Mapping) else one if isinstance(one, list) else ()


def _number(value: float | None) -> float:
    return float("nan") if value is None else float(value)
