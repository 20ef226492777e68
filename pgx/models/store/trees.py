"""The trees of a model folder, checked before any library sees them: their file may be from anybody.

A library that grows trees trusts its own files: a child that is shared, a circle, or a feature that does not exist
would make it read beyond its memory or never end. Here every tree must be one: each node is reached from the root
once, and everything that is counted, split at or added is a number within its bounds.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Mapping, Sequence
from typing import Any

from pgx.guard.limits import read_json

MOST_TREES = 10_000
MOST_NODES = 4096
"""Nodes of one tree; ours have at most 15."""
MOST_LEVELS = 12
_NODES = ("left_children", "right_children", "parents", "split_indices", "split_type", "default_left",
          "split_conditions", "sum_hessian", "base_weights", "loss_changes")  # fmt: skip
_WHOLE = _NODES[:6]
_LARGEST = 3.4028234e38  # of the four bytes in which trees are computed
_WHOLE_NUMBERS, _NUMBERS = frozenset({int}), frozenset({int, float})
_NONE = -1
_ROOTS_PARENT = 2**31 - 1
_PACKED = {"i": "b", "U": "B", "I": "h", "l": "i", "L": "q", "d": "f", "D": "d"}
"""Number types of UBJSON, and what they are to `struct`."""


def check(content: bytes, features: int) -> None:
    """Check trees as xgboost writes them, in JSON.

    Parameters
    ----------
    content
        The file.
    features
        Columns of the matrix that the trees were grown on.

    Raises
    ------
    ValueError
        With what is wrong.

    Examples
    --------
    >>> check(b"{}", 3)
    Traceback (most recent call last):
    ValueError: the trees lack 'learner'
    """
    check_document(read_json(content), features)


def check_document(document: Any, features: int) -> None:
    """Check parsed trees; see `check`."""
    learner = _part(document, "learner")
    booster = _part(learner, "gradient_booster")
    if _part(booster, "name") != "gbtree":
        raise ValueError("the trees are of another kind than gbtree")
    shape = _part(learner, "learner_model_param")
    if [str(_part(shape, name)) for name in ("num_feature", "num_class", "num_target")] != [str(features), "0", "1"]:
        raise ValueError(f"the trees are not of {features} features and one outcome")
    model = _part(booster, "model")
    trees = _listed(model, "trees", MOST_TREES)
    told = [str(_part(_part(model, "gbtree_model_param"), name)) for name in ("num_trees", "num_parallel_tree")]
    if told != [str(len(trees)), "1"] or _listed(model, "tree_info", MOST_TREES) != [0] * len(trees):
        raise ValueError(f"the counts of trees do not fit the {len(trees)} trees")
    if _listed(model, "iteration_indptr", MOST_TREES + 1) != list(range(len(trees) + 1)):
        raise ValueError("the rounds do not have a tree each")
    for number, tree in enumerate(trees):
        try:
            _check_tree(tree, features)
        except ValueError as error:
            raise ValueError(f"tree {number}: {error}") from None


def _check_tree(tree: Any, features: int) -> None:
    nodes = {name: _listed(tree, name, MOST_NODES) for name in _NODES}
    count = len(nodes["left_children"])
    if not count or any(len(one) != count for one in nodes.values()):
        raise ValueError("its lists are of different lengths")
    shape = _part(tree, "tree_param")
    told = [str(_part(shape, name)) for name in ("num_nodes", "num_feature", "num_deleted")]
    if told != [str(count), str(features), "0"]:
        raise ValueError(f"it says of itself another size than {count} nodes of {features} features")
    if any(_listed(tree, name, 0) for name in ("categories", "categories_nodes", "categories_segments",
                                               "categories_sizes")):  # fmt: skip
        raise ValueError("it splits by categories")
    for name, listed in nodes.items():
        if not _WHOLE_NUMBERS.issuperset(map(type, listed)) if name in _WHOLE else not _are_finite(listed):
            raise ValueError(f"{name} holds what is no number")
    if not 0 <= min(nodes["split_indices"]) <= max(nodes["split_indices"]) < features:
        raise ValueError("it splits at a feature that there is not")
    if any(nodes["split_type"]) or not set(nodes["default_left"]) <= {0, 1}:
        raise ValueError("it splits in a way that there is not")
    _check_shape(nodes["left_children"], nodes["right_children"], nodes["parents"], nodes["sum_hessian"])


def _are_finite(listed: Sequence[Any]) -> bool:
    if not _NUMBERS.issuperset(map(type, listed)):
        return False
    try:
        numbers = [float(one) for one in listed]
    except OverflowError:
        return False
    return math.isfinite(sum(numbers)) and max(map(abs, numbers), default=0.0) <= _LARGEST


def _check_shape(left: Sequence[int], right: Sequence[int], parents: Sequence[int], cover: Sequence[float]) -> None:
    """Walk from the root: every node must be met once, under the parent that it names."""
    met = [False] * len(left)
    level = [(0, _ROOTS_PARENT)]
    for _ in range(MOST_LEVELS + 1):
        below: list[tuple[int, int]] = []
        for node, parent in level:
            if not 0 <= node < len(left) or met[node]:
                raise ValueError("a node is the child of two, or of none")
            if parents[node] != parent:
                raise ValueError("a node names another parent")
            met[node] = True
            if left[node] == right[node] == _NONE:
                continue
            if not cover[node] > 0:
                raise ValueError("a split that no patient came to")
            below += [(left[node], node), (right[node], node)]
        level = below
        if not level:
            break
    else:
        raise ValueError(f"it has more than {MOST_LEVELS} levels")
    if not all(met) or min(cover) < 0:
        raise ValueError("a node is not reached from the root, or was met by less than no patient")


def _part(document: Any, name: str) -> Any:
    if not isinstance(document, Mapping) or name not in document:
        raise ValueError(f"the trees lack {name!r}")
    return document[name]


def _listed(document: Any, name: str, most: int) -> list[Any]:
    found = _part(document, name)
    if not isinstance(found, list):
        raise ValueError(f"{name} is no list")
    if len(found) > most:
        raise ValueError(f"{name} has more than {most} entries")
    return found


def read_ubjson(content: bytes) -> Any:
    """Parse UBJSON as far as xgboost writes it, in which pgx 0.1 kept trees.

    Raises
    ------
    ValueError
        If it is not that.
    """
    try:
        value, at = _value(content, 1, chr(content[0]), 0)
    except (IndexError, struct.error, UnicodeDecodeError) as error:
        raise ValueError("the trees are cut short or damaged") from error
    if at != len(content):
        raise ValueError("something stands behind the trees")
    return value


def _value(content: bytes, at: int, mark: str, depth: int) -> tuple[Any, int]:
    """Return the value that begins at a place, behind its mark, and the place behind it."""
    if depth > MOST_LEVELS:
        raise ValueError("the trees are nested too deeply")
    if mark == "{":
        return _members(content, at, depth)
    if mark == "[":
        return _entries(content, at, depth)
    if mark == "S":
        size, at = _size(content, at)
        return content[at : at + size].decode(), at + size
    if mark in _PACKED:
        form = ">" + _PACKED[mark]
        return struct.unpack_from(form, content, at)[0], at + struct.calcsize(form)
    if mark in "ZTF":
        return {"Z": None, "T": True, "F": False}[mark], at
    raise ValueError(f"a mark {mark!r} that trees do not have")


def _members(content: bytes, at: int, depth: int) -> tuple[dict[str, Any], int]:
    found: dict[str, Any] = {}
    while content[at] != ord("}"):
        size, at = _size(content, at)
        name, at = content[at : at + size].decode(), at + size
        if name in found:
            raise ValueError(f"{name[:60]!r} is there twice")
        found[name], at = _value(content, at + 1, chr(content[at]), depth + 1)
    return found, at + 1


def _entries(content: bytes, at: int, depth: int) -> tuple[list[Any], int]:
    mark = ""
    if content[at] == ord("$"):
        mark, at = chr(content[at + 1]), at + 2
    if content[at] == ord("#"):
        size, at = _size(content, at + 1)
        if mark and mark in _PACKED:
            form = f">{size}{_PACKED[mark]}"
            if struct.calcsize(form) > len(content) - at:
                raise ValueError("a list is longer than the file")
            return list(struct.unpack_from(form, content, at)), at + struct.calcsize(form)
        if size > len(content) - at:
            raise ValueError("a list is longer than the file")
        found: list[Any] = []
        for _ in range(size):
            one, at = _value(content, at + 1, chr(content[at]), depth + 1)
            found.append(one)
        return found, at
    found = []
    while content[at] != ord("]"):
        one, at = _value(content, at + 1, chr(content[at]), depth + 1)
        found.append(one)
    return found, at + 1


def _size(content: bytes, at: int) -> tuple[int, int]:
    mark = chr(content[at])
    if mark not in "iUIlL":
        raise ValueError("a length that is no number")
    size, at = _value(content, at + 1, mark, 0)
    if not 0 <= size <= len(content):
        raise ValueError("a length beyond the file")
    return size, at
