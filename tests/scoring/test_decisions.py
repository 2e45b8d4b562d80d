"""Temperature, thresholds and decision tables against independent ways to the same answer."""

import numpy as np
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.calibration import CalibratedClassifierCV
from sklearn.frozen import FrozenEstimator

from proofolio import decisions, metrics
from proofolio.contract import Calibration, MetricError
from proofolio.project import DecisionRule


def rule(name, **values):
    return DecisionRule(rule=name, reason="test", **values)


def overconfident(rows=2000, classes=2, sharpness=3.0, seed=0):
    """Labels drawn from softmax(z); probabilities stated as softmax(sharpness * z)."""
    rng = np.random.default_rng(seed)
    logits = rng.normal(size=(rows, classes))
    true = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    y = (rng.random(rows)[:, None] > np.cumsum(true, axis=1)[:, :-1]).sum(axis=1)
    stated = np.exp(sharpness * logits)
    return y, stated / stated.sum(axis=1, keepdims=True)


class Stored(ClassifierMixin, BaseEstimator):
    """A classifier whose `predict_proba` returns what it is given."""

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        return self

    def predict_proba(self, X):
        return X

    def predict(self, X):
        return self.classes_[X.argmax(axis=1)]


@pytest.mark.parametrize("classes", [2, 5])
def test_temperature_equals_scikit_learn(classes):
    y, p = overconfident(classes=classes, sharpness=2)  # no p below our clip, which theirs lacks
    model = CalibratedClassifierCV(FrozenEstimator(Stored().fit(p, y)), method="temperature")
    theirs = model.fit(p, y).predict_proba(p)
    given = p[:, 1] if classes == 2 else p
    temperature = decisions.fit_temperature(y, given)
    calibration = Calibration(method="temperature", temperature=temperature, fitted_on="calib")
    ours = decisions.calibrate(given, calibration)
    assert ours == pytest.approx(theirs[:, 1] if classes == 2 else theirs, abs=1e-4)
    assert temperature == pytest.approx(2, rel=0.15)
    assert metrics.value("log_loss", y, ours) < metrics.value("log_loss", y, given)


def test_two_classes_calibrate_alike_in_either_form():
    y, p = overconfident()
    assert decisions.fit_temperature(y, p) == pytest.approx(
        decisions.fit_temperature(y, p[:, 1]), rel=1e-5
    )
    half = Calibration(method="temperature", temperature=2.0, fitted_on="calib")
    assert decisions.calibrate(p, half)[:, 1] == pytest.approx(decisions.calibrate(p[:, 1], half))
    assert decisions.calibrate(p, half).sum(axis=1) == pytest.approx(1)


def test_calibration_keeps_the_order_and_the_ends():
    p = np.array([0, 1e-9, 0.2, 0.5, 0.9, 1], dtype=np.float32)
    done = decisions.calibrate(p, Calibration(method="temperature", temperature=3.0))
    assert done.dtype == np.float64
    assert (np.diff(done) >= 0).all() and np.isfinite(done).all()
    assert done[3] == 0.5
    for nothing in (None, Calibration(method="none")):
        assert decisions.calibrate(p, nothing).tolist() == p.astype(float).tolist()


def test_a_separable_part_does_not_drive_probabilities_to_certainty():
    assert decisions.fit_temperature([0, 0, 1, 1], [0.4, 0.3, 0.6, 0.7]) >= 1 / 20


def test_a_flat_loss_leaves_probabilities_as_they_are():
    assert decisions.fit_temperature([0, 1], np.array([0.5, 0.5])) == 1.0


def test_temperature_needs_both_classes():
    with pytest.raises(MetricError, match="no rows of the positive class"):
        decisions.fit_temperature([0, 0], np.array([0.2, 0.3]))


@pytest.mark.parametrize("target", [0.5, 0.9, 0.95, 1.0])
def test_sensitivity_threshold_is_the_largest_that_reaches_the_target(target):
    y, p = overconfident(rows=300)
    p = p[:, 1].round(2)
    found = decisions.fit_threshold(y, p, rule("sensitivity", target=target), "calib")
    reached = [t for t in np.unique(p) if metrics.value("recall", y, p, threshold=t) >= target]
    assert found.threshold == pytest.approx(max(reached), rel=1e-8)
    assert metrics.value("recall", y, p, threshold=found.threshold) >= target
    assert (found.rule, found.fitted_on) == (f"sensitivity {target:g}", "calib")


def test_a_share_that_is_a_whole_number_of_rows_needs_no_row_more():
    y, p = np.ones(20, int), np.arange(1, 21) / 21
    found = decisions.fit_threshold(y, p, rule("sensitivity", target=0.95), "calib")
    assert (p >= found.threshold).sum() == 19


def test_the_row_on_the_threshold_is_positive_on_every_machine():
    p = np.array([0.2, 0.7, 0.8])
    found = decisions.fit_threshold([0, 1, 1], p, rule("sensitivity", target=1.0), "calib")
    assert (np.nextafter(p, 0) >= found.threshold).tolist() == [False, True, True]


@pytest.mark.parametrize("costs", [(1, 1), (10, 1), (1, 5)])
def test_cost_threshold_is_as_cheap_as_any(costs):
    y, p = overconfident(rows=200)
    p = p[:, 1].round(2)
    found = decisions.fit_threshold(
        y, p, rule("cost", cost_miss=costs[0], cost_false_alarm=costs[1]), "calib"
    )

    def cost(t):
        return costs[0] * ((p < t) & (y == 1)).sum() + costs[1] * ((p >= t) & (y == 0)).sum()

    assert cost(found.threshold) == min(cost(t) for t in [*np.linspace(0, 1.01, 2000), 2])
    assert found.rule == f"cost {costs[0]}:{costs[1]}"


def test_equally_cheap_thresholds_give_their_midpoint():
    found = decisions.fit_threshold([0, 0, 1, 1], [0.1, 0.2, 0.6, 0.9], rule("cost"), "calib")
    assert found.threshold == pytest.approx(0.4)


def test_a_false_alarm_that_costs_too_much_is_never_risked():
    dear = rule("cost", cost_false_alarm=100)
    for p in ([0.5, 0.5, 0.1], [1.0, 1.0, 0.1], [5.0, 5.0, -3.0]):
        found = decisions.fit_threshold([0, 1, 0], p, dear, "calib")
        assert not (np.array(p) >= found.threshold).any()
        cheap = decisions.fit_threshold([0, 1, 0], p, rule("cost", cost_miss=100), "calib")
        assert (np.array(p) >= cheap.threshold).tolist() == [True, True, False]


def test_argmax_is_one_half_and_fitted_on_nothing():
    found = decisions.fit_threshold([0, 1], [0.1, 0.2], rule("argmax"), "calib")
    assert (found.threshold, found.rule, found.fitted_on) == (0.5, "argmax", None)


@pytest.mark.parametrize("name", ["sensitivity", "cost"])
def test_a_calib_part_without_positives_is_refused(name):
    with pytest.raises(MetricError, match="on part calib cannot be fitted") as refusal:
        decisions.fit_threshold([0, 0], [0.1, 0.2], rule(name, target=0.9), "calib")
    assert "remedy: enlarge calib" in str(refusal.value)


@pytest.mark.parametrize("target", [None, 0, 1.5, 95])
def test_a_target_that_is_no_share_is_refused(target):
    with pytest.raises(MetricError, match="target sensitivity"):
        decisions.fit_threshold([0, 1], [0.1, 0.2], rule("sensitivity", target=target), "calib")


def test_threshold_fit_refuses_nan():
    with pytest.raises(MetricError, match="not finite"):
        decisions.fit_threshold([0, 1], [0.1, np.nan], rule("cost"), "calib")


def test_threshold_table_counts_and_rates():
    y, p = np.array([0, 0, 1, 1, 1]), np.array([0.1, 0.6, 0.4, 0.7, 0.9])
    half, never = decisions.threshold_table(y, p, [0.5, 2])
    assert [half[k] for k in ("tp", "fp", "fn", "tn")] == [2, 1, 1, 1]
    assert half["sensitivity"] == metrics.value("sensitivity", y, p)
    assert half["specificity"] == metrics.value("specificity", y, p)
    assert half["precision"] == metrics.value("precision", y, p)
    assert half["flagged"] == 0.6 and half["target"] is None
    assert never["precision"] is None and never["sensitivity"] == 0
    (by_target,) = decisions.threshold_table(y, p, targets=[0.6])
    assert by_target["threshold"] == pytest.approx(0.7)
    assert by_target["target"] == 0.6 and by_target["sensitivity"] == pytest.approx(2 / 3)


def test_decision_curve_is_net_benefit():
    y, p = overconfident(rows=400)
    p = p[:, 1]
    for row in decisions.decision_curve(y, p, [0, 0.2, 0.7]):
        t = row["threshold"]
        (counts,) = decisions.threshold_table(y, p, [t])
        expected = (counts["tp"] - counts["fp"] * t / (1 - t)) / len(y)
        assert row["model"] == pytest.approx(expected)
        assert row["treat_all"] == pytest.approx(y.mean() - (1 - y.mean()) * t / (1 - t))
        assert row["treat_none"] == 0
    with pytest.raises(MetricError, match="leaves"):
        decisions.decision_curve(y, p, [0.5, 1.0])


def test_risk_coverage_answers_the_surest_first():
    y, p = np.array([1, 0, 0, 1]), np.array([0.9, 0.1, 0.8, 0.4])
    rows = decisions.risk_coverage(y, p)
    assert [r["coverage"] for r in rows] == [0.5, 0.75, 1.0]  # 0.9 and 1 - 0.1 go together
    assert [r["risk"] for r in rows] == pytest.approx([0, 1 / 3, 1 / 2])
    y, p = overconfident(rows=300, classes=4)
    rows = decisions.risk_coverage(y, p)
    assert rows[-1]["coverage"] == 1
    assert rows[-1]["risk"] == pytest.approx(1 - metrics.value("accuracy", y, p))
