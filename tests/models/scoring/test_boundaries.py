"""Who is refused a score, when a score is high or low, and when a genotype counts as certain: at the boundary."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from scipy import stats

from pgx import models
from pgx.knowledge import KnowledgeBase
from pgx.models.evidence import endpoint_checks, endpoints
from pgx.models.scoring import patterns, score_rows

REF, ALT = "rs9923231 reference (C)", "rs9923231 variant (T)"


def _person(**more: object) -> pl.DataFrame:
    plain = {
        "sample": "s", "clinical.age": 60.0, "clinical.sex": "male", "clinical.race": "white", "clinical.height": 175.0,
        "clinical.weight": 80.0, "gene.vkorc1.diplotype": f"{REF}/{ALT}", "gene.cyp2c9.diplotype": "*1/*1",
        "gene.cyp2c9.activity_score": 2.0,
    }  # fmt: skip
    return pl.DataFrame([plain | more])


def _score(frame: pl.DataFrame, kb: KnowledgeBase, endpoint: str = "warfarin.dose") -> dict[str, object]:
    return models.score(frame, kb, endpoints=[endpoint])[0].row(0, named=True)


@pytest.mark.parametrize(("age", "refused"), [(17.99, True), (18.0, False), (None, False)])
def test_children_are_refused(kb: KnowledgeBase, age: float | None, refused: bool) -> None:
    row = _score(_person(**{"clinical.age": age}), kb)
    assert ("refused:age_below_18" in (row["flags"] or "")) == refused
    assert (row["estimate"] is None) == (row["category"] == "refused") == refused


@pytest.mark.parametrize(("target", "refused"), [(1.98, True), (1.99, False), (3.0, False), (3.01, True)])
def test_other_targets_are_refused(kb: KnowledgeBase, target: float, refused: bool) -> None:
    row = _score(_person(**{"clinical.target_inr": target}), kb)
    assert ("refused:target_inr_outside_2_to_3" in (row["flags"] or "")) == refused


def test_every_refusal_of_every_endpoint_holds_from_its_limit_on(kb: KnowledgeBase) -> None:
    checked = 0
    for name, one in endpoints.load(kb).items():
        for refusal in one.refusals:
            reading = refusal.reading
            if reading.kind != "range":
                continue
            at = reading.below if np.isfinite(reading.below) else reading.at_least
            holds = {}
            for value in (at - 0.001, at):
                frame = pl.DataFrame({"sample": ["s"], reading.column: [value]})
                row = models.score(frame, kb, endpoints=[name])[0].row(0, named=True)
                holds[value] = f"refused:{refusal.code}" in row["flags"]
            below = bool(np.isfinite(reading.below))
            assert holds == {at - 0.001: below, at: not below}, (name, refusal.code)
            checked += 1
    assert checked > 3


def test_a_score_is_high_above_the_endpoints_ratio_to_the_average(kb: KnowledgeBase) -> None:
    rows = [
        _score(_person(**{"clinical.weight": weight, "gene.vkorc1.diplotype": genotype}), kb)
        for weight in (45.0, 60.0, 80.0, 100.0, 130.0)
        for genotype in (f"{REF}/{REF}", f"{REF}/{ALT}", f"{ALT}/{ALT}")
    ]
    ratio = endpoints.get(kb, "warfarin.dose").ratio
    seen = set()
    for row in rows:
        share = float(str(row["estimate"])) / float(str(row["reference"]))
        expected = "high" if share > ratio else "low" if share < 1 / ratio else "average"
        assert row["category"] == expected
        seen.add(expected)
    assert seen == {"high", "average", "low"}


@pytest.mark.parametrize(("share", "uncertain"), [(0.9499, True), (0.95, False), (1.0, False)])
def test_a_genotype_is_certain_from_95_percent_on(kb: KnowledgeBase, share: float, uncertain: bool) -> None:
    first = _person().with_columns(scenario=pl.lit(0), weight=pl.lit(share))
    other = _person(**{"gene.cyp2c9.diplotype": "*3/*3", "gene.cyp2c9.activity_score": 0.0})
    frame = pl.concat([first, other.with_columns(scenario=pl.lit(1), weight=pl.lit(1 - share))])
    row = _score(frame, kb)
    assert ("genotype_uncertain" in (row["flags"] or "")) == uncertain


def test_the_estimate_is_the_mean_over_what_the_genotype_may_be(kb: KnowledgeBase) -> None:
    other = _person(**{"gene.cyp2c9.diplotype": "*3/*3", "gene.cyp2c9.activity_score": 0.0})
    alone = [float(str(_score(frame, kb)["estimate"])) for frame in (_person(), other)]
    frames = [frame.with_columns(scenario=pl.lit(n), weight=pl.lit(share))
              for n, (frame, share) in enumerate(((_person(), 0.7), (other, 0.3)))]  # fmt: skip
    row = _score(pl.concat(frames), kb)
    assert row["estimate"] == pytest.approx(0.7 * alone[0] + 0.3 * alone[1])
    low, high = (float(str(row[end])) for end in ("low", "high"))
    assert low < float(str(_score(other, kb)["estimate"])) < high


def test_the_normal_curve_is_scipys() -> None:
    z = np.linspace(-6, 6, 101)
    assert score_rows._normal(z) == pytest.approx(stats.norm.cdf(z), abs=1e-7)


@pytest.mark.parametrize("link", ["log", "sqrt", "logit"])
def test_a_link_and_its_inverse(link: str) -> None:
    value = np.array([0.2, 0.5, 0.9])
    assert score_rows._inverse(score_rows._link(value, link), link) == pytest.approx(value)


def test_a_dose_is_never_below_nothing_and_no_number_overflows() -> None:
    assert score_rows._inverse(np.array([-3.0]), "sqrt")[0] == 0.0
    assert np.isfinite(score_rows._inverse(np.array([-1e5, 1e5]), "logit")).all()


def test_the_factors_are_the_six_largest_in_order_and_none_of_a_refused_person() -> None:
    labels = ["average person", *"abcdefgh", "calibration"]
    parts = np.array([[9.0, 0.1, -0.2, 0.3, -0.4, 0.5, -0.6, 0.7, 0.004, 9.0]])
    found = score_rows._factors(labels, parts, np.array([True]))
    assert [tuple(factor.values()) for factor in found[0]] == [
        ("g", 0.7), ("f", -0.6), ("e", 0.5), ("d", -0.4), ("c", 0.3), ("b", -0.2)
    ]  # fmt: skip
    assert score_rows._factors(labels, parts, np.array([False])).to_list() == [[]]
    assert score_rows._factors(["average person"], parts[:, :1], np.array([True])).to_list() == [[]]


def test_a_column_that_is_not_there_is_unknown_in_every_row() -> None:
    frame = pl.DataFrame({"a": [1, None], "b": [None, 2]})
    assert patterns._any_null(frame, ["a"]).tolist() == [False, True]
    assert patterns._any_null(frame, ["a", "b"]).tolist() == [True, True]
    assert patterns._any_null(frame, ["absent"]).tolist() == [True, True]
    assert patterns._any_null(frame, []).tolist() == [False, False]


@pytest.mark.parametrize(
    ("term", "fault"),
    [
        ({}, None), ({"low": 2.0, "high": 3.0}, None), ({"low": 1.0, "high": 2.0}, None),
        ({"low": 2.1, "high": 3.0}, "outside its interval"), ({"low": 1.0, "high": 1.9}, "outside its interval"),
        ({"prevalence": 0.0}, None), ({"prevalence": 1.0}, None), ({"prevalence": -0.1}, "not between 0 and 1"),
        ({"prevalence": 1.1}, "not between 0 and 1"), ({"mark": "guess"}, "the mark is"), ({"mark": "local"}, None),
        ({"estimate": "two"}, "lacks 'estimate'"), ({"estimate": "two", "from": "x:y"}, None),
    ],
)  # fmt: skip
def test_a_term_of_a_sites_own_endpoint(term: dict[str, object], fault: str | None) -> None:
    plain = {"name": "t", "column": "c", "mark": "read", "estimate": 2.0}
    found = list(endpoint_checks._term(plain | term))
    assert (found == []) if fault is None else (len(found) == 1 and fault in found[0])
