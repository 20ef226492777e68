"""How a cohort's columns are read: outcomes, persons, sites, days, gaps, and what is refused or asked about."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from pgx.errors import InputError, UsageError
from pgx.knowledge import KnowledgeBase
from pgx.models.cohort import cell_values, cohort, column_choice, hidden_gaps, summary, tables
from pgx.models.cohort.cohort import Roles
from pgx.models.cohort.simulation import Truth, simulate
from pgx.models.evaluation import interval_coverage, validate
from pgx.models.evidence import endpoints
from pgx.models.evidence.endpoint import Feature, Reading
from pgx.models.fitting import fit
from pgx.models.fitting.boost import Settings
from pgx.models.scoring.score import persons

DOSE, RISK = "warfarin.dose", "azathioprine.leukopenia"


def test_gaps_are_filled_with_the_mean_for_scoring_and_with_known_values_for_training() -> None:
    x = np.array([[1.0, np.nan, np.nan], [np.nan, 2.0, np.nan], [3.0, 4.0, np.nan]], dtype=np.float32)
    assert hidden_gaps.fill(x, np.array([2.0, 3.0, 9.0])).tolist() == [[1, 3, 9], [2, 2, 9], [3, 4, 9]]
    hidden = hidden_gaps.hide_gaps(x, seed=1)
    known = ~np.isnan(x)
    assert (hidden[known] == x[known]).all()
    assert hidden[1, 0] in (1.0, 3.0) and hidden[0, 1] in (2.0, 4.0) and (hidden[:, 2] == 0).all()
    assert np.isnan(x[1, 0]), "the matrix that was given is left as it is"


@pytest.mark.parametrize(
    ("column", "expected"),
    [
        (["yes", "No", " TRUE ", "0", None, ""], [1, 0, 1, 0, None, None]),
        ([True, False, None], [1, 0, None]),
        ([1, 0, None], [1, 0, None]),
        ([1.0, 0.0, float("nan")], [1, 0, None]),
    ],
)
def test_outcomes_of_risks(kb: KnowledgeBase, column: list[object], expected: list[float | None]) -> None:
    y, keep, left_out = cohort._outcome(pl.DataFrame({"o": column}), "o", endpoints.get(kb, RISK))
    assert [value if kept else None for value, kept in zip(y.tolist(), keep.tolist(), strict=True)] == expected
    missing = expected.count(None)
    assert left_out == ({"outcome missing": missing} if missing else {})


@pytest.mark.parametrize("value", [0.5, 2.0, -1.0])
def test_what_is_no_event(kb: KnowledgeBase, value: float) -> None:
    with pytest.raises(InputError, match="is not 0 or 1"):
        cohort.check_outcome(np.array([0.0, 1.0, value]), "o", endpoints.get(kb, RISK))
    cohort.check_outcome(np.array([0.0, 1.0]), "o", endpoints.get(kb, RISK))


@pytest.mark.parametrize(
    ("doses", "problem"),
    [
        ([20.0, 50.0], None),
        ([20.0, 0.0], "a value of 0 mg/week or less is not a dose"),
        ([20.0, -1.0], "a value of 0 mg/week or less is not a dose"),
        ([20.0, 499.0, 999.0], "1 rows have 999"),
        ([20.0, 499.5, 999.0], None),
        ([20.0, 998.0], None),
    ],
)
def test_what_is_no_dose(kb: KnowledgeBase, doses: list[float], problem: str | None) -> None:
    one = endpoints.get(kb, DOSE)
    if problem is None:
        cohort.check_outcome(np.array(doses), "o", one)
    else:
        with pytest.raises(InputError, match=problem):
            cohort.check_outcome(np.array(doses), "o", one)


@pytest.mark.parametrize(("factor", "asked"), [(0.3, True), (0.34, False), (1.0, False), (2.9, False), (3.1, True)])
def test_doses_far_from_the_published_ones_are_asked_about(kb: KnowledgeBase, factor: float, asked: bool) -> None:
    one = endpoints.get(kb, DOSE)
    taken = cohort.load(simulate(one, 200, seed=1), one, Roles())
    middle = float(np.median(taken.prior.margin**2))
    assert bool(cohort._unit(np.full(200, middle * factor), taken.prior, one)) == asked
    assert cohort._unit(np.full(200, 1000.0), taken.prior, endpoints.get(kb, RISK)) == []


@pytest.mark.parametrize(("unread", "said"), [(4, False), (5, False), (6, True)])
def test_evidence_that_is_read_in_few_rows_is_said(kb: KnowledgeBase, unread: int, said: bool) -> None:
    one = endpoints.get(kb, RISK)
    taken = cohort.load(simulate(one, 200, seed=1), one, Roles())
    prior = taken.prior.take(np.arange(200) < 10)
    assumed = np.zeros_like(prior.assumed)
    assumed[:unread] = True
    assert bool(cohort._evidence_read(replace(prior, assumed=assumed), one)) == said


def test_persons_and_sites_without_a_name() -> None:
    column = pl.Series("x", ["b", None, "a", None, "b"])
    alone = cohort.codes(column, alone=True)
    assert len(set(alone.tolist())) == 4 and alone[0] == alone[4]
    together = cohort.codes(column, alone=False)
    assert len(set(together.tolist())) == 3 and together[1] == together[3]
    assert min(alone) == min(together) == 0


@pytest.mark.parametrize(
    ("values", "order"),
    [
        (["2024-05-02 10:00", "2024-05-01", None], [1.0, 0.0, None]),
        (["3", "1.5", None], [1.5, 0.0, None]),
        ([7, 4, None], [3.0, 0.0, None]),
    ],
)
def test_days_are_dates_or_numbers(values: list[object], order: list[float | None]) -> None:
    found = cohort._order(pl.Series("t", values))
    known = [value for value in found.tolist() if np.isfinite(value)]
    assert [None if np.isnan(value) else value - min(known) for value in found.tolist()] == order


def test_what_is_no_day() -> None:
    with pytest.raises(InputError, match=r"2 of 2 values are no date \(YYYY-MM-DD\) or number"):
        cohort._order(pl.Series("t", ["May", "June", None]))
    with pytest.raises(InputError, match=r"1 of 2 values are no date \(YYYY-MM-DD\);"):
        cohort._order(pl.Series("t", ["2024-05-01", "soon"]))
    with pytest.raises(InputError, match="1 of 2 values are no date"):
        cohort._order(pl.Series("t", ["7", "later"]))


def test_roles_that_cannot_be(kb: KnowledgeBase) -> None:
    one = endpoints.get(kb, RISK)
    table = pl.DataFrame({"outcome": [1], "sample": ["a"], "site": [1], "time": [2], "x": [1]})
    assert cohort.named(table, one, Roles()) == ("outcome", "sample", "site", "time")
    assert cohort.named(table.rename({"outcome": RISK}), one, Roles())[0] == RISK
    assert cohort.named(table.with_columns(person=pl.lit("p")), one, Roles())[1] == "person"
    with pytest.raises(InputError, match="both outcome and site"):
        cohort.named(table, one, Roles(outcome="site"))
    with pytest.raises(InputError, match="no column 'y' to ignore"):
        cohort.named(table, one, Roles(ignore=("x", "y")))
    cohort.named(table, one, Roles(ignore=("x", "truth")))


def test_every_way_to_say_nothing_is_null() -> None:
    table = pl.DataFrame({"a": ["N/A", " x ", "", "nan"], "b": [1.0, float("nan"), None, 2.0]})
    assert tables.absent(table).to_dict(as_series=False) == {"a": [None, "x", None, None], "b": [1.0, None, None, 2.0]}


def test_a_cohort_in_numbers() -> None:
    tally = summary.Tally()
    for rows in (pl.DataFrame({"clinical.sex": ["male", None], "lab.x": [1.0, None]}),
                 pl.DataFrame({"clinical.sex": ["male", "female"], "lab.x": [None, 5.0]})):  # fmt: skip
        matrix = rows.select("lab.x").cast(pl.Float32).with_columns(empty=pl.lit(None, pl.Float32)).to_numpy()
        tally.add(rows, ["lab.x"], matrix)
    found = summary.counted(tally, 3, 0, 0.5, {})
    assert (found.rows, found.persons, found.missing) == (4, 3, {"lab.x": 0.5})
    assert found.groups == {"clinical.sex": {"female": 1, "male": 2, "not recorded": 1}}
    assert found.ranges == [(1.0, 5.0), (None, None)]
    assert summary.average(np.array([1.0, 2.0, 9.0]), None, "sqrt") == 2.0
    assert summary.average(np.array([1.0, 0.0]), np.array([3.0, 1.0]), "logit") == 0.75


@pytest.mark.parametrize(
    ("n", "events", "seed", "truth"),
    [
        (0, None, 1, Truth()),
        (5, 0, 1, Truth()),
        (5, 5, 1, Truth()),
        (5, None, -1, Truth()),
        (5, None, 1, Truth(shift=np.inf)),
    ],
)
def test_cohorts_that_cannot_be_drawn(kb: KnowledgeBase, n: int, events: int | None, seed: int, truth: Truth) -> None:
    with pytest.raises(UsageError):
        simulate(endpoints.get(kb, RISK), n, events=events, seed=seed, truth=truth)
    assert simulate(endpoints.get(kb, RISK), 1, seed=0).height == 1


def test_rows_of_a_person_stand_together_and_weigh_one() -> None:
    frame = pl.DataFrame({"sample": ["a", "b", "a"], "weight": [0.4, 1.0, 0.6], "x": [1, 2, 3]})
    sorted_, starts, names = persons(frame)
    assert (sorted_["x"].to_list(), starts.tolist(), names) == ([1, 3, 2], [0, 2], ["a", "b"])
    for wrong, message in (
        (frame.drop("weight"), "several rows"),
        (frame.drop("sample"), "no column 'sample'"),
        (frame.with_columns(weight=pl.lit(0.4)), "do not add up to 1"),
        (frame.with_columns(sample=pl.lit(None, pl.String)), "no sample name"),
    ):
        with pytest.raises(InputError, match=message):
            persons(wrong)


def test_what_the_evidence_names_is_never_left_out_as_the_outcome_in_other_words(kb: KnowledgeBase) -> None:
    one = endpoints.get(kb, "warfarin.low_dose_need")
    y = np.r_[np.ones(30), np.zeros(90)]
    named = next(t.reading.column for t in one.terms if not t.reading.column.startswith("gene."))
    frame = pl.DataFrame({named: y, "lab.told": y, "gene.x.score": y})
    features = [Feature(name, Reading(name), 0, "") for name in frame.columns]
    assert column_choice._answers(frame, one, features, y, None).unused() == {"lab.told": "it gives the outcome away"}


def test_the_documented_defaults() -> None:
    def default(function: Callable[..., object], name: str) -> object:
        return inspect.signature(function).parameters[name].default

    assert (default(validate.evaluate, "repeats"), default(validate.evaluate, "folds")) == (5, 5)
    assert (default(validate.learning_curve, "repeats"), default(validate.learning_curve, "held_out")) == (10, 1000)
    assert default(interval_coverage.coverage, "sizes") == (200, 1000, 5000)
    assert (default(interval_coverage.coverage, "repeats"), default(interval_coverage.coverage, "seed")) == (4, 1)
    assert default(fit.fit, "folds") == 5 and default(simulate, "seed") == 1
    trees = Settings()
    assert (trees.max_trees, trees.step, trees.depth, trees.rate) == (160, 20, 3, 0.05)
    assert (trees.subsample, trees.columns, trees.leaf_weight, trees.l2, trees.threads) == (0.8, 0.5, 5.0, 3.0, 1)


def test_cells_of_a_gene_that_contradict_each_other_teach_a_model_nothing_and_are_said(kb: KnowledgeBase) -> None:
    endpoint = endpoints.get(kb, "warfarin.dose")
    names = ("gene.cyp2c9.diplotype", "gene.cyp2c9.phenotype", "gene.cyp2c9.allele_count.*3")
    rows = [("*1/*3", "Intermediate Metabolizer", 1.0), ("*1/*3", "Normal Metabolizer", 1.0), ("*1/*3", None, 0.0)]
    rows += [("*1/*1", "Poor Metabolizer", 0.0)]
    table = pl.DataFrame(rows, schema=list(names), orient="row")
    found, told, _ = cell_values.understood(table, endpoint, kb)
    assert found[names[0]].is_not_null().to_list() == [True, False, False, False]
    assert found[names[2]].to_list() == [1.0, None, None, None]
    said = told["contradiction", "gene.cyp2c9.*"]
    assert said.startswith("gene.cyp2c9.*: the gene is unknown in 3 rows: ") and "is given" not in said
