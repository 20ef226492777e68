"""Several boosters as one: their trees side by side, the leaves of each multiplied by its weight.

Candidates that grow trees are averaged on the margin scale, so that a weighted sum of boosters is again a sum of trees:
one file in xgboost's own JSON, which xgboost opens, and whose Shapley values are exact.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np


def united(parts: Sequence[tuple[float, bytes]]) -> bytes | None:
    """Return the weighted sum of boosters as JSON; None if there are none.

    Parameters
    ----------
    parts
        Weight, and the booster as `boost.grow` returns it; all of one objective and one matrix of features.
    """
    if not parts:
        return None
    document = json.loads(parts[0][1])
    model = _model(document)
    trees = [_weighed(tree, weight) for weight, content in parts for tree in _model(json.loads(content))["trees"]]
    model["trees"] = [tree | {"id": number} for number, tree in enumerate(trees)]
    model["tree_info"] = [0] * len(trees)
    model["iteration_indptr"] = list(range(len(trees) + 1))
    model["gbtree_model_param"]["num_trees"] = str(len(trees))
    return json.dumps(document, separators=(",", ":"), sort_keys=True).encode()


def count(content: bytes | None) -> int:
    """Return the number of trees of a booster."""
    return 0 if content is None else len(_model(json.loads(content))["trees"])


def _model(document: Mapping[str, Any]) -> dict[str, Any]:
    return dict.__getitem__(document["learner"]["gradient_booster"], "model")


def _weighed(tree: Mapping[str, Any], weight: float) -> dict[str, Any]:
    """Multiply a tree's leaves; a leaf keeps its value where the others keep what they split at."""
    leaf = np.array(tree["left_children"]) < 0
    values = np.array(tree["split_conditions"], dtype=np.float32)
    values[leaf] = (values[leaf].astype(np.float64) * weight).astype(np.float32)
    return {**tree, "split_conditions": [float(str(one)) for one in values]}
