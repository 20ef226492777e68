"""Rows on disk are the rows that were written, and leaving sites out is fitting the others, trees included."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from pgx.errors import InputError
from pgx.models.fitting import blocks, boost, fit, linear, new_sites, work
from pgx.models.fitting.boost import Settings
from pgx.models.fitting.linear import Data

X = np.arange(42, dtype=np.float32).reshape(14, 3)


@pytest.fixture
def disk(tmp_path: Path) -> blocks.Disk:
    return blocks.write(tmp_path / "rows.f32", iter([X[:5], X[5:6], X[6:]]), 3)


@pytest.mark.parametrize(
    "rows", [slice(None), slice(2, 9), slice(0, 14, 5), slice(3, 3), slice(9, 2), slice(5, 5, 2), slice(12, 99)]
)
def test_a_slice_of_rows(disk: blocks.Disk, rows: slice) -> None:
    assert np.array_equal(disk[rows], X[rows])
    assert (disk.shape, disk.size) == ((14, 3), 42)


def test_what_is_no_slice_and_rows_that_were_cut_off(disk: blocks.Disk) -> None:
    with pytest.raises(TypeError, match="by slices"):
        disk[3]
    disk.path.write_bytes(disk.path.read_bytes()[:-4])
    assert np.array_equal(disk[0:13], X[:13])
    with pytest.raises(InputError, match="cut off"):
        disk[0:14]


def test_the_digest_says_what_is_in_it(tmp_path: Path, disk: blocks.Disk) -> None:
    same, other = (blocks.write(tmp_path / name, iter([rows]), 3) for name, rows in (("a", X), ("b", X + 1)))
    assert disk.digest == same.digest != other.digest


def test_room_on_the_disk(tmp_path: Path) -> None:
    blocks.room(tmp_path, 1.0)
    with pytest.raises(InputError, match="GB on disk"):
        blocks.room(tmp_path, 1e18)


def test_a_scratch_folder_goes_with_its_block(tmp_path: Path) -> None:
    for beside in (None, tmp_path / ".pgx-work"):
        with blocks.scratch(beside) as place:
            assert place.is_dir()
        assert not place.exists()


def test_a_step_is_made_once_while_work_is_kept(tmp_path: Path) -> None:
    made = []

    def make() -> bytes:
        made.append(1)
        return b"result"

    place = tmp_path / "model" / ".pgx-work"
    with pytest.raises(KeyboardInterrupt), work.kept(place, resume=False):
        assert work.step(make, X, "a") == work.step(make, X, "a") == b"result"
        work.step(make, X, "b")
        work.step(make, X + 1, "a")
        assert len(made) == 3
        raise KeyboardInterrupt
    with work.kept(place, resume=True):
        assert work.step(make, X, "a") == b"result" and len(made) == 3
        for path in place.glob("*.bin"):
            path.write_bytes(path.read_bytes()[:-1] + b"?")  # damaged: made again
        work.step(make, X, "a")
        assert len(made) == 4
    assert not place.exists()
    work.step(make, X, "a")
    assert len(made) == 5, "nothing is kept outside of a block"


@pytest.mark.parametrize("parallel", [True, False])
def test_jobs_run_together_and_the_first_error_is_raised(parallel: bool) -> None:
    done: list[int] = []
    work.together([lambda: done.append(1), lambda: done.append(2)], parallel)
    assert sorted(done) == [1, 2]

    def wrong() -> None:
        raise ValueError("job")

    with pytest.raises(ValueError, match="job"):
        work.together([wrong, lambda: None], parallel)


def _sites() -> tuple[Data, np.ndarray]:
    rng = np.random.default_rng(6)
    x = rng.normal(size=(240, 2)).astype(np.float32)
    y = 5 + np.where(np.abs(x[:, 0]) > 0.7, 1.0, -1.0) + 0.2 * rng.normal(size=240)
    return Data(np.full(240, 5.0), x, y, np.arange(240)), np.arange(240) % 6


def test_a_site_is_predicted_by_the_fit_of_the_others_trees_included() -> None:
    data, sites = _sites()
    settings = Settings(max_trees=20)
    fitted = fit.fit(data, "sqrt", [0, 0], settings=settings)
    assert fitted.trees == 20
    found = new_sites.margins(data, "sqrt", fitted, sites, [0, 0], settings)
    held = sites == 2
    train = data.take(~held)
    center, scale = linear.moments(train.x)
    names = [name for name, weight in fitted.weights.items() if weight]
    whole = linear.mix({n: linear.candidate(n, train, "sqrt", center, scale) for n in names}, fitted.weights)
    grown = fit.suited(settings, fitted.events, "sqrt")
    start = linear.margins(whole, train, center, scale)
    trees = boost.grow(train.x, train.y, start, "sqrt", [0, 0], 20, grown, train.weight)
    expected = linear.margins(whole, data.take(held), center, scale)
    expected = expected + boost.margins(boost.open_booster(trees), data.x[held])
    assert found[held] == pytest.approx(expected)


def test_many_sites_are_left_out_in_ten_folds_of_like_size() -> None:
    sites = np.repeat(np.arange(25), np.arange(4, 29))
    folds = new_sites._folds(sites)
    assert set(folds) == set(range(10))
    assert all(len(set(folds[sites == one])) == 1 for one in range(25))
    sizes = np.bincount(folds)
    assert sizes.max() - sizes.min() <= 14
    assert set(new_sites._folds(np.arange(30) % 3)) == {0, 1, 2}


def test_distances_are_in_units_of_the_side_that_the_truth_lies_on() -> None:
    table = {"*": (2.0, 4.0), "a": (1.0, 0.0)}
    found = new_sites.distances(np.array([3.0, 9.0, 5.0, 4.5]), np.full(4, 5.0), [None, None, None, "a"], table)
    assert found == pytest.approx([1.0, 1.0, 0.0, 0.5])
