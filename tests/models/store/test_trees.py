"""A crafted model is refused on opening, before xgboost or a score sees it."""

from __future__ import annotations

import copy
import hashlib
import json
import random
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pgx.errors import InputError
from pgx.models.fitting import boost
from pgx.models.store import folder, trees
from pgx.models.store.convert import convert
from pgx.paths import data_dir

PLACE = data_dir() / "models" / "warfarin.dose"
Document = dict[str, Any]
Change = Callable[[Document], object]


@pytest.fixture(scope="module")
def grown() -> Document:
    found: Document = json.loads((PLACE / folder.TREES).read_bytes())
    return found


def _first(document: Document) -> Document:
    found: Document = document["learner"]["gradient_booster"]["model"]["trees"][0]
    return found


def _set(name: str, at: int, value: object) -> Change:
    return lambda document: _first(document)[name].__setitem__(at, value)


def _chain(document: Document) -> None:
    """A tree of one long branch, otherwise sound."""
    tree, depth = _first(document), 40
    count = 2 * depth + 1
    tree["left_children"] = [node + 1 if node % 2 == 0 and node < count - 1 else -1 for node in range(count)]
    tree["right_children"] = [node + 2 if node % 2 == 0 and node < count - 1 else -1 for node in range(count)]
    tree["parents"] = [2**31 - 1, *((node - 1) // 2 * 2 for node in range(1, count))]
    for name in ("split_indices", "split_type", "default_left"):
        tree[name] = [0] * count
    for name in ("split_conditions", "sum_hessian", "base_weights", "loss_changes"):
        tree[name] = [1.0] * count
    tree["tree_param"]["num_nodes"] = str(count)


CRAFTED: dict[str, Change] = {
    "a child shared by two": _set("right_children", 0, 1),
    "a circle": _set("left_children", 1, 0),
    "a circle beside the tree": lambda d: (_set("left_children", 2, -1)(d), _set("right_children", 2, -1)(d)),
    "a child that is not there": _set("left_children", 0, 99),
    "a negative child": _set("left_children", 0, -7),
    "half a split": _set("left_children", 0, -1),
    "another parent": _set("parents", 1, 2),
    "a feature that is not there": _set("split_indices", 0, 22),
    "a negative feature": _set("split_indices", 0, -1),
    "a split by category": _set("split_type", 0, 1),
    "a number that is none": _set("split_conditions", 0, float("nan")),
    "an endless number": _set("base_weights", 0, float("inf")),
    "a number beyond four bytes": _set("split_conditions", 0, 1e308),
    "a number of 400 digits": _set("sum_hessian", 0, 10**400),
    "a word": _set("sum_hessian", 0, "many"),
    "a truth value": _set("left_children", 0, True),
    "a split that nobody came to": _set("sum_hessian", 0, 0.0),
    "fewer than nobody": _set("sum_hessian", -1, -1.0),
    "a list that is too short": lambda d: _first(d)["split_indices"].pop(),
    "a tree without nodes": lambda d: [_first(d)[name].clear() for name in trees._NODES],
    "a size that is not its own": lambda d: _first(d)["tree_param"].update(num_nodes="5000000000"),
    "a huge tree": lambda d: [_first(d)[name].extend([0] * trees.MOST_NODES) for name in trees._NODES],
    "a long branch": _chain,
    "no trees": lambda d: d["learner"]["gradient_booster"]["model"].pop("trees"),
    "more trees told than there are": lambda d: d["learner"]["gradient_booster"]["model"]["gbtree_model_param"].update(
        num_trees="161"
    ),
    "rounds that overlap": lambda d: d["learner"]["gradient_booster"]["model"]["iteration_indptr"].reverse(),
    "another booster": lambda d: d["learner"]["gradient_booster"].update(name="dart"),
    "more features": lambda d: d["learner"]["learner_model_param"].update(num_feature="23"),
    "a list for an object": lambda d: d.update(learner=[]),
}


def test_the_trees_that_are_shipped_are_sound(grown: Document) -> None:
    trees.check_document(grown, 22)


@pytest.mark.parametrize("change", CRAFTED.values(), ids=CRAFTED.keys())
def test_crafted_trees_are_refused(grown: Document, change: Change) -> None:
    document = copy.deepcopy(grown)
    change(document)
    with pytest.raises(ValueError, match=r".+") as refused:
        trees.check_document(document, 22)
    assert len(str(refused.value)) < 200


def test_a_model_with_crafted_trees_and_a_checksum_that_fits_is_refused(tmp_path: Path, grown: Document) -> None:
    shutil.copytree(PLACE, tmp_path / "model")
    document = copy.deepcopy(grown)
    _first(document)["left_children"][1] = 0
    content = json.dumps(document).encode()
    facts = json.loads((PLACE / folder.JSON).read_text(encoding="utf-8"))
    facts = folder.document(facts, content)
    (tmp_path / "model" / folder.TREES).write_bytes(content)
    (tmp_path / "model" / folder.JSON).write_text(json.dumps(facts), encoding="utf-8")
    with pytest.raises(InputError, match=r"damaged model: .*tree 0"):
        folder.read(tmp_path / "model")


def test_random_bytes_in_the_trees_of_pgx_0_1_never_reach_xgboost(
    tmp_path: Path, grown: Document, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = bytes(boost.open_booster((PLACE / folder.TREES).read_bytes()).save_raw("ubj"))
    assert trees.read_ubjson(content)["learner"]["gradient_booster"]["name"] == "gbtree"
    facts = {**json.loads((PLACE / folder.JSON).read_text(encoding="utf-8")), "format": folder.OLD}
    seen: list[bytes] = []
    monkeypatch.setattr("pgx.models.fitting.boost.open_booster", seen.append)
    rng = random.Random(3)
    start = content.index(b"left_children")
    for _ in range(20):
        broken = bytearray(content)
        at = rng.randrange(start, start + 40)
        broken[at : at + 4] = rng.randbytes(4)
        facts["trees"] = {"file": folder.OLD_TREES, "sha256": hashlib.sha256(broken).hexdigest()}
        facts["checksum"] = folder.checksum(facts)
        (tmp_path / folder.OLD_TREES).write_bytes(broken)
        (tmp_path / folder.JSON).write_text(json.dumps(facts), encoding="utf-8")
        with pytest.raises(InputError):
            convert(tmp_path)
    assert not seen


@pytest.mark.parametrize("size", [0, 1, 5, 100])
def test_ubjson_that_ends_early_or_says_too_much_is_refused(grown: Document, size: int) -> None:
    for content in (b"{L\0\0\0\0\0\0\0\1aS"[:size], b"[$d#L\x7f" + b"\xff" * size, b"[" * size, b"{" + b"\xff" * size):
        with pytest.raises(ValueError, match=r".+"):
            trees.read_ubjson(content)


@pytest.mark.parametrize(
    ("part", "change"),
    [
        ("n", lambda facts: facts["training"].update(n=50_000)),
        ("performance", lambda facts: facts["performance"].clear()),
        ("warnings", lambda facts: facts.update(warnings=[])),
        ("versions", lambda facts: facts["versions"].update(pgx="9")),
        ("version", lambda facts: facts.update(version="2.0.0")),
        ("a new key", lambda facts: facts.update(verified_by="a regulator")),
        ("a parameter", lambda facts: facts["parameters"].update(intercept=0.5)),
        ("no seal", lambda facts: facts.pop("seal")),
    ],
    ids=lambda one: one if isinstance(one, str) else "",
)
def test_nothing_that_a_score_claims_can_be_changed(tmp_path: Path, part: str, change: Change) -> None:
    shutil.copytree(PLACE, tmp_path / "model")
    path = tmp_path / "model" / folder.JSON
    facts = json.loads(path.read_text(encoding="utf-8"))
    before = copy.deepcopy(facts)
    change(facts)
    if facts == before:
        facts["warnings"] = [{"code": "made_up"}]
    path.write_text(json.dumps(facts), encoding="utf-8")
    with pytest.raises(InputError, match="damaged model"):
        folder.read(path.parent)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 1e400])
def test_parameters_that_are_no_numbers_are_refused(tmp_path: Path, value: float) -> None:
    shutil.copytree(PLACE, tmp_path / "model")
    facts = json.loads((PLACE / folder.JSON).read_text(encoding="utf-8"))
    facts["parameters"]["features"][0]["center"] = value
    facts = folder.document(facts, (PLACE / folder.TREES).read_bytes())
    (tmp_path / "model" / folder.JSON).write_text(json.dumps(facts), encoding="utf-8")
    with pytest.raises(InputError, match="not a finite number"):
        folder.read(tmp_path / "model")
