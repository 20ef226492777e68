"""Model folders: what is written is what is read, damage is noticed, training repeats to the byte."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from pgx import models
from pgx.errors import InputError
from pgx.knowledge import KnowledgeBase
from pgx.models.cohort.simulation import Truth, simulate
from pgx.models.evidence import endpoints
from pgx.models.fitting import boost
from pgx.models.fitting.boost import Settings
from pgx.models.store import card, folder
from pgx.models.store.convert import convert
from pgx.models.training import train
from pgx.paths import data_dir

SHIPPED = sorted(path.parent for path in (data_dir() / "models").glob("*/model.json"))


@pytest.fixture(scope="module")
def trained(kb: KnowledgeBase, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, pl.DataFrame]:
    place = tmp_path_factory.mktemp("model") / "clopidogrel"
    one = endpoints.get(kb, "clopidogrel.mace")
    table = simulate(one, 1500, truth=Truth(covariate=1.0), events=250, seed=9)
    train.train("clopidogrel.mace", table, place, kb, settings=Settings(max_trees=60), title="simulated")
    return place, table


def test_a_trained_model_scores(trained: tuple[Path, pl.DataFrame], kb: KnowledgeBase) -> None:
    place, table = trained
    persons = table.rename({"person": "sample"})
    scores, _ = models.score(persons, kb, endpoints=["clopidogrel.mace"], models_dir=place)
    assert scores["evidence"].unique().to_list() == ["patients:n=1500"]
    truth = table["outcome"].to_numpy()
    assert np.corrcoef(truth, scores["estimate"].to_numpy())[0, 1] > 0.1


def test_training_repeats_to_the_byte(trained: tuple[Path, pl.DataFrame], kb: KnowledgeBase, tmp_path: Path) -> None:
    place, table = trained
    train.train("clopidogrel.mace", table, tmp_path, kb, settings=Settings(max_trees=60), title="simulated")
    for name in sorted(path.name for path in place.iterdir()):
        assert (tmp_path / name).read_bytes() == (place / name).read_bytes(), name


def test_damage_is_noticed(trained: tuple[Path, pl.DataFrame], tmp_path: Path) -> None:
    place, _ = trained
    facts = json.loads((place / folder.JSON).read_text(encoding="utf-8"))
    facts["parameters"]["intercept"] += 0.1
    (tmp_path / folder.JSON).write_text(json.dumps(facts), encoding="utf-8")
    if (place / folder.TREES).is_file():
        with pytest.raises(InputError, match="trees are missing"):
            folder.read(tmp_path)
        (tmp_path / folder.TREES).write_bytes(b"nonsense")
        with pytest.raises(InputError, match="damaged"):
            folder.read(tmp_path)
        (tmp_path / folder.TREES).write_bytes((place / folder.TREES).read_bytes())
    with pytest.raises(InputError, match="seal does not fit"):
        folder.read(tmp_path)


@pytest.mark.parametrize(
    ("text", "message"), [("{", "not JSON"), ("[]", "not a model"), ('{"format": 99}', "not a model")]
)
def test_other_json_is_no_model(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / folder.JSON).write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=message):
        folder.read(tmp_path)
    with pytest.raises(InputError, match="holds no model"):
        folder.read(tmp_path / "nowhere")


def _as_pgx_0_1_wrote_it(place: Path, old: Path) -> None:
    """Re-save a model folder in the format of pgx 0.1: the trees as UBJSON."""
    facts = {**json.loads((place / folder.JSON).read_text(encoding="utf-8")), "format": folder.OLD}
    old.mkdir(parents=True)
    if facts["trees"] is not None:
        trees = bytes(boost.open_booster((place / folder.TREES).read_bytes()).save_raw("ubj"))
        (old / folder.OLD_TREES).write_bytes(trees)
        facts["trees"] = {"file": folder.OLD_TREES, "sha256": hashlib.sha256(trees).hexdigest()}
    facts["checksum"] = folder.checksum(facts)
    (old / folder.JSON).write_text(json.dumps(facts), encoding="utf-8")
    (old / folder.CARD).write_text(card.text(facts), encoding="utf-8")


@pytest.mark.parametrize("place", SHIPPED, ids=lambda place: place.name)
def test_a_model_of_pgx_0_1_is_refused_and_converted_to_the_bit(place: Path, tmp_path: Path) -> None:
    old = tmp_path / "models" / place.name
    _as_pgx_0_1_wrote_it(place, old)
    with pytest.raises(InputError, match=r"a model of pgx 0\.1.*pgx models convert"):
        folder.read(old)
    assert convert(tmp_path / "models") == [old]
    if (place / folder.TREES).is_file():
        assert (old / folder.TREES).read_bytes() == (place / folder.TREES).read_bytes()
    facts, shipped = (json.loads((one / folder.JSON).read_text(encoding="utf-8")) for one in (old, place))
    # What was under no checksum is marked: nobody can tell whether it was changed.
    assert facts["warnings"].pop()["code"] == "claims_unverified"
    assert facts | {"seal": folder.seal(facts)} == shipped
    assert card.text(facts) == (place / folder.CARD).read_text(encoding="utf-8")
    assert "outside its checksum" in (old / folder.CARD).read_text(encoding="utf-8")
    assert not (old / folder.OLD_TREES).exists()
    assert convert(old) == [] and folder.read(old).checksum == folder.read(place).checksum


def test_a_damaged_model_of_pgx_0_1_is_left_as_it_is(tmp_path: Path) -> None:
    for place in SHIPPED:
        _as_pgx_0_1_wrote_it(place, tmp_path / place.name)
    path = tmp_path / "warfarin.dose" / folder.OLD_TREES
    path.write_bytes(path.read_bytes()[:-9])
    before = {path: path.read_bytes() for path in tmp_path.rglob("*.*") if path.is_file()}
    with pytest.raises(InputError, match="damaged"):
        convert(tmp_path)
    path.unlink()
    with pytest.raises(InputError, match="trees are missing"):
        convert(tmp_path)
    del before[path]
    assert {path: path.read_bytes() for path in tmp_path.rglob("*.*") if path.is_file()} == before
    (tmp_path / "none").mkdir()
    with pytest.raises(InputError, match="holds no model"):
        convert(tmp_path / "none")


PERSONS = {
    "isoniazid.exposure": 100,
    "warfarin.dose": 5398,
    "warfarin.high_dose_need": 5398,
    "warfarin.low_dose_need": 5398,
}


def test_the_models_of_public_cohorts_are_shipped_with_cards(kb: KnowledgeBase) -> None:
    assert {path.name for path in SHIPPED} == set(PERSONS)
    for place in SHIPPED:
        model = folder.read(place)
        assert model.n == PERSONS[place.name]
        assert not list(place.glob("*.pkl"))
        assert "## Performance" in (place / folder.CARD).read_text(encoding="utf-8")


def test_shipped_models_start_from_the_endpoints_of_the_knowledge_base(kb: KnowledgeBase) -> None:
    for place in SHIPPED:
        model = folder.read(place)
        # The setting is said beside a score and decides none: it may be younger than the model.
        known = endpoints.get(kb, model.endpoint.name).raw
        assert {**model.endpoint.raw, "setting": known["setting"]} == known


@pytest.mark.parametrize("place", [p for p in SHIPPED if (p / folder.TREES).is_file()], ids=lambda p: p.name)
def test_predictions_do_not_depend_on_threads(place: Path) -> None:
    model = folder.read(place)
    assert model.trees is not None
    rng = np.random.default_rng(4)
    x = rng.normal(size=(2000, len(model.features))).astype(np.float32) * 3
    one, two = (boost.open_booster(model.trees, threads=n) for n in (1, 2))
    assert boost.margins(one, x).tobytes() == boost.margins(two, x).tobytes()


def test_golden_doses(patients: pl.DataFrame, kb: KnowledgeBase) -> None:
    """The shipped models' exact answers; a change of model or of arithmetic shows here."""
    golden = Path(__file__).parent / "golden_scores.tsv"
    wanted = ["warfarin.dose", "warfarin.low_dose_need", "warfarin.high_dose_need"]
    scores, _ = models.score(patients, kb, endpoints=wanted)
    found = scores.select("sample", "endpoint", "estimate", "low", "high", "model")
    assert_frame_equal(found, pl.read_csv(golden, separator="\t"), rel_tol=0, abs_tol=0)


def test_no_shipped_model_is_worse_than_what_is_simple() -> None:
    """In the folds of its card, a model beats the published evidence, the average and the simple rule."""
    for place in SHIPPED:
        rows = json.loads((place / "performance.json").read_text(encoding="utf-8"))["the same folds for every method"]
        by_person = {row["method"]: row for row in rows if row["design"] == "person"}
        measure = "log_loss" if "log_loss" in by_person["product"] else "mae"
        simple = [name for name in ("prior", "base_rate", "rule") if name in by_person]
        assert all(by_person["product"][measure] < by_person[name][measure] for name in simple), place.name
