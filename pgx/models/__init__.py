"""Models: endpoints as data, training on top of published evidence, validation, scores and their explanation.

The heavier parts are imported when they are first asked for::

    from pgx import models
    models.train("clopidogrel.mace", cohort, "model", kb)
    scores, notes = models.score(features, kb, models_dir="model")
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from pgx.models.scoring.interactions import refuse_uncounted
from pgx.models.scoring.score import (
    averaged_genes,
    columns_by_endpoint,
    columns_of,
    drugs_of,
    endpoints_of,
    explain,
    genes_of,
    groups_of,
    score,
    score_each,
)

if TYPE_CHECKING:
    from pgx.models.cohort.cohort import Roles
    from pgx.models.cohort.simulation import Truth, simulate
    from pgx.models.evaluation.validate import Evaluation, evaluate
    from pgx.models.store.folder import Model, read
    from pgx.models.training.train import train
    from pgx.models.warfarin_inr.follow import monitor

_LATER = {
    "Evaluation": "evaluation.validate",
    "Model": "store.folder",
    "Roles": "cohort.cohort",
    "Truth": "cohort.simulation",
    "evaluate": "evaluation.validate",
    "monitor": "warfarin_inr.follow",
    "read": "store.folder",
    "simulate": "cohort.simulation",
    "train": "training.train",
}

__all__ = [
    "Evaluation",
    "Model",
    "Roles",
    "Truth",
    "averaged_genes",
    "columns_by_endpoint",
    "columns_of",
    "drugs_of",
    "endpoints_of",
    "evaluate",
    "explain",
    "genes_of",
    "groups_of",
    "monitor",
    "read",
    "refuse_uncounted",
    "score",
    "score_each",
    "simulate",
    "train",
]


def __getattr__(name: str) -> Any:
    if name in _LATER:
        return getattr(import_module(f"pgx.models.{_LATER[name]}"), name)
    raise AttributeError(f"module 'pgx.models' has no attribute {name!r}")
