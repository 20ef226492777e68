"""Regressions and measures against statsmodels, scipy and scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm
from scipy import optimize, stats
from sklearn import metrics as oracle

from pgx.models.fitting import linear, metrics
from pgx.models.fitting.linear import Data, candidate, per_person, ridge, standardise

RNG = np.random.default_rng(4)
N = 300
X = RNG.normal(size=(N, 3))
OFFSET = RNG.normal(scale=0.5, size=N) - 0.5
Y = (RNG.random(N) < 1 / (1 + np.exp(-(OFFSET + 0.8 * X[:, 0] - 0.3)))).astype(np.float64)
WEIGHT = RNG.choice([0.25, 0.5, 1.0], size=N)
DESIGN = np.column_stack([np.ones(N), X])
NONE = np.full(4, 1e-9)


@pytest.mark.parametrize("weight", [None, WEIGHT], ids=["persons", "weights"])
def test_logistic_regression_beside_an_offset_is_statsmodels(weight: np.ndarray | None) -> None:
    model = sm.GLM(Y, DESIGN, family=sm.families.Binomial(), offset=OFFSET, freq_weights=weight)
    assert ridge(DESIGN, Y, OFFSET, NONE, "logit", weight) == pytest.approx(model.fit(tol=1e-12).params, abs=1e-5)


@pytest.mark.parametrize("weight", [None, WEIGHT], ids=["persons", "weights"])
def test_least_squares_beside_an_offset_is_statsmodels(weight: np.ndarray | None) -> None:
    y = OFFSET + X[:, 1] + RNG.normal(size=N)
    model = sm.OLS(y - OFFSET, DESIGN) if weight is None else sm.WLS(y - OFFSET, DESIGN, weights=weight)
    assert ridge(DESIGN, y, OFFSET, NONE, "sqrt", weight) == pytest.approx(model.fit().params, abs=1e-6)


@pytest.mark.parametrize("link", ["logit", "sqrt"])
@pytest.mark.parametrize("weight", [None, WEIGHT], ids=["persons", "weights"])
def test_a_penalty_is_half_its_precision_times_the_square(link: str, weight: np.ndarray | None) -> None:
    precision, w = np.array([1.0, 4.0, 100.0, 400.0]), np.ones(N) if weight is None else weight

    def cost(beta: np.ndarray) -> float:
        each = linear.loss(Y, OFFSET + DESIGN @ beta, link)
        return float((w * each).sum() + 0.5 * (precision * beta**2).sum())

    expected = optimize.minimize(cost, np.zeros(4), tol=1e-12).x
    assert ridge(DESIGN, Y, OFFSET, precision, link, weight) == pytest.approx(expected, abs=1e-4)


def _data(weight: np.ndarray | None = None, y: np.ndarray = Y) -> Data:
    return Data(OFFSET, X.astype(np.float32), y, np.arange(N), weight)


@pytest.mark.parametrize("link", ["logit", "sqrt"])
@pytest.mark.parametrize("weight", [None, WEIGHT], ids=["persons", "weights"])
def test_the_candidates_are_the_regressions_that_they_say(link: str, weight: np.ndarray | None) -> None:
    """Base rate, the prior as it is, its intercept, its slope too, and the features: each by direct minimisation."""
    data, w = _data(weight), np.ones(N) if weight is None else weight
    center, scale = linear.moments(data.x)
    z, away = standardise(data.x, center, scale), OFFSET - OFFSET.mean()
    shift, slope = linear.SHRINK[link]

    def best(columns: np.ndarray, precision: list[float], offset: np.ndarray) -> np.ndarray:
        def cost(beta: np.ndarray) -> float:
            each = linear.loss(Y, offset + columns @ beta, link)
            return float((w * each).sum() + 0.5 * (np.array(precision) * beta**2).sum())

        return offset + columns @ optimize.minimize(cost, np.zeros(columns.shape[1]), tol=1e-12).x

    ones = np.ones((N, 1))
    expected = {
        "prior": OFFSET,
        "slope": best(np.column_stack([ones, away]), [shift, slope], OFFSET),
        "ridge": best(np.column_stack([ones, away, z]), [shift, slope, *[7.0] * 3], OFFSET),
        "plain_ridge": best(
            np.column_stack([ones, z]),
            [shift, *[7.0] * 3],
            np.full(N, candidate("base_rate", data, link, center, scale).intercept),
        ),
    }
    for name, margin in expected.items():
        found = candidate(name, data, link, center, scale, precision=7.0)
        assert found.margin(OFFSET, z) == pytest.approx(margin, abs=1e-3), name
    flat = candidate("base_rate", data, link, center, scale)
    rate = (w * Y).sum() / w.sum()
    told = flat.margin(OFFSET, z)
    assert np.ptp(told) == 0
    assert (told[0] if link == "sqrt" else 1 / (1 + np.exp(-told[0]))) == pytest.approx(rate, abs=0.003)
    moved = candidate("intercept", data, link, center, scale).margin(OFFSET, z) - OFFSET
    assert moved == pytest.approx(best(ones, [shift], OFFSET) - OFFSET, abs=0.004)


@pytest.mark.parametrize("link", ["logit", "sqrt"])
def test_the_covariance_is_the_inverse_of_the_penalised_information(link: str) -> None:
    data, margin = _data(), OFFSET + 0.1
    z = standardise(data.x, *linear.moments(data.x))
    design = np.column_stack([np.ones(N), OFFSET, z])
    rate = 1 / (1 + np.exp(-margin))
    curvature = np.full(N, 1 / 0.7) if link == "sqrt" else rate * (1 - rate)
    precision = np.diag([1e-6, linear.SHRINK[link][1], 100.0, 100.0, 100.0])
    expected = np.linalg.inv((design * curvature[:, None]).T @ design + precision)
    assert linear.covariance(data, link, margin, 0.7, True) == pytest.approx(expected, rel=1e-5)
    without = linear.covariance(data, link, margin, 0.7, False)
    assert (without[2:] == 0).all() and (without[:, 2:] == 0).all()
    assert (np.diag(without)[:2] <= np.diag(expected)[:2] + 1e-9).all()


def test_moments_leave_out_what_is_missing_and_far_values_are_held() -> None:
    x = np.array([[1.0, 5.0], [3.0, 5.0], [np.nan, 5.0], [5.0, 5.0]], dtype=np.float32)
    center, scale = linear.moments(x)
    assert center.tolist() == [3.0, 5.0]
    assert scale.tolist() == [pytest.approx(np.sqrt(8 / 3)), 0.0]
    z = standardise(np.array([[3.0, 7.0], [np.nan, 1.0], [100.0, 1.0], [-100.0, 1.0]], np.float32), center, scale)
    assert z.tolist() == [[0.0, 0.0], [0.0, 0.0], [4.0, 0.0], [-4.0, 0.0]]


def test_block_by_block_is_the_same_solution(monkeypatch: pytest.MonkeyPatch) -> None:
    for link, y in (("logit", Y), ("sqrt", OFFSET + X[:, 0])):
        for weight in (None, WEIGHT):
            data = _data(weight, y)
            center, scale = linear.moments(data.x)
            whole = candidate("ridge", data, link, center, scale)
            spread = linear.covariance(data, link, OFFSET, 0.5, True)
            with monkeypatch.context() as patch:
                patch.setattr(linear, "LARGE", 1)
                patch.setattr(linear, "_BLOCK", 64)
                apart = candidate("ridge", data, link, center, scale)
                assert linear.moments(data.x)[0] == pytest.approx(center)
                assert linear.moments(data.x)[1] == pytest.approx(scale)
                assert linear.covariance(data, link, OFFSET, 0.5, True) == pytest.approx(spread, rel=1e-4)
                blocks = linear.margins(whole, data, center, scale)
            assert (apart.intercept, apart.slope) == pytest.approx((whole.intercept, whole.slope), abs=1e-4)
            assert apart.weights == pytest.approx(whole.weights, abs=1e-4)
            assert blocks == pytest.approx(linear.margins(whole, data, center, scale), abs=1e-4)


def test_a_person_counts_once_however_many_rows() -> None:
    assert per_person(np.array([0, 1, 2])) is None
    assert per_person(np.array([0, 1, 1, 2, 2, 2])).tolist() == pytest.approx([1, 0.5, 0.5, 1 / 3, 1 / 3, 1 / 3])
    assert linear.mean(np.array([1.0, 3.0]), None) == 2.0
    assert linear.mean(np.array([1.0, 3.0]), np.array([3.0, 1.0])) == 1.5


# Measures


@pytest.mark.parametrize("weight", [None, WEIGHT], ids=["persons", "weights"])
def test_calibration_is_a_logistic_regression_on_the_margin(weight: np.ndarray | None) -> None:
    margin = OFFSET + X[:, 0]
    family = sm.families.Binomial()
    at_large = sm.GLM(Y, np.ones(N), family=family, offset=margin, freq_weights=weight).fit(tol=1e-12)
    sloped = sm.GLM(Y, np.column_stack([np.ones(N), margin]), family=family, freq_weights=weight).fit(tol=1e-12)
    intercept, slope = metrics.calibration(Y, margin, weight)
    assert intercept == pytest.approx(at_large.params[0], abs=1e-6)
    assert slope == pytest.approx(sloped.params[1], abs=1e-6)
    found = metrics.risk(Y, margin, weight)
    p = 1 / (1 + np.exp(-margin))
    assert found["auc"] == pytest.approx(oracle.roc_auc_score(Y, margin))
    assert found["brier"] == pytest.approx(oracle.brier_score_loss(Y, p, sample_weight=weight))
    assert found["log_loss"] == pytest.approx(oracle.log_loss(Y, p, sample_weight=weight))


def test_measures_of_doses() -> None:
    truth, predicted = np.array([20.0, 30.0, 40.0, 50.0]), np.array([24.0, 36.1, 40.0, 40.0])
    found = metrics.dose(truth, predicted)
    assert found["mae"] == pytest.approx(np.abs(truth - predicted).mean())
    assert found["within_20_percent"] == 75.0  # exactly 20 % off counts
    assert found["r2"] == pytest.approx(oracle.r2_score(truth, predicted))
    assert np.isnan(metrics.dose(np.array([5.0, 5.0]), np.array([4.0, 6.0]))["r2"])


def test_cases_and_controls_stand_for_the_population() -> None:
    y = np.r_[np.ones(30), np.zeros(70)]
    weight = metrics.weights_to(y, 0.06)
    assert weight is not None
    assert (weight * y).sum() / weight.sum() == pytest.approx(0.06)
    assert weight.sum() == pytest.approx(100)
    assert metrics.weights_to(np.ones(5), 0.1) is None and metrics.weights_to(np.zeros(5), 0.1) is None


def test_the_net_benefit_is_vickers_and_elkins() -> None:
    y, acts = np.array([1.0, 1, 0, 0, 0]), np.array([1.0, 0, 1, 0, 0])
    assert metrics.net_benefit(y, acts, 0.2) == pytest.approx(1 / 5 - 1 / 5 * 0.25)
    weight = np.array([2.0, 1, 1, 4, 2])
    assert metrics.net_benefit(y, acts, 0.5, weight) == pytest.approx(2 / 10 - 1 / 10)


@pytest.mark.parametrize("degrees", [3, 4, 9, 24, 1000])
@pytest.mark.parametrize("share", [0.025, 0.05, 0.9, 0.95, 0.975])
def test_quantiles_of_students_t(share: float, degrees: int) -> None:
    near = 0.03 if degrees == 3 else 0.01
    assert metrics.t_quantile(share, degrees) == pytest.approx(stats.t.ppf(share, degrees), abs=near)


@pytest.mark.parametrize("level", [0.9, 0.95])
def test_differences_over_resampled_folds_have_nadeau_and_bengios_interval(level: float) -> None:
    each = RNG.normal(0.1, 0.05, size=10)
    mean, low, high = metrics.corrected_interval(list(each), 0.25, level)
    se = np.sqrt(each.var(ddof=1) * (1 / 10 + 0.25))
    half = stats.t.ppf(0.5 + level / 2, 9) * se
    assert (mean, low, high) == pytest.approx((each.mean(), each.mean() - half, each.mean() + half), rel=1e-3)
    assert np.isnan(metrics.corrected_interval([0.3], 0.25)[1])
    assert np.isfinite(metrics.corrected_interval([0.3, 0.4], 0.25)[1])
