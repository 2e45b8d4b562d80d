"""Decisions about events: a daily budget of alerts, and costs that are amounts."""

import numpy as np
import pytest

from proofolio import decisions
from proofolio.contract import MetricError
from proofolio.project import DecisionRule


def stream(n=500, seed=0):
    rng = np.random.default_rng(seed)
    y = (rng.random(n) < 0.1).astype(np.int64)
    return y, np.round(rng.beta(1 + 2 * y, 4), 3), rng.gamma(2, 30, n)


def budget(target):
    return DecisionRule(rule="budget", target=target, reason="test")


@pytest.mark.parametrize("target", [1, 7, 40, 1000])
def test_a_budget_is_used_up_and_never_exceeded(target):
    y, p, _ = stream()
    fitted = decisions.fit_threshold(y, p, budget(target), "val", days=10)
    flagged = int((p >= fitted.threshold).sum())
    assert flagged <= 10 * target
    more = p[p < fitted.threshold]
    assert not len(more) or (p >= more.max()).sum() > 10 * target
    assert (fitted.rule, fitted.fitted_on) == (f"budget {target}", "val")


def test_a_budget_below_the_best_tie_alerts_nobody():
    y, p = np.array([1, 0, 1, 0]), np.array([0.9, 0.9, 0.9, 0.1])
    assert decisions.fit_threshold(y, p, budget(1), "val", days=1).threshold > 0.9


@pytest.mark.parametrize(("target", "days"), [(None, 3), (5, None)])
def test_a_budget_needs_alerts_and_days(target, days):
    y, p, _ = stream()
    with pytest.raises(MetricError, match="daily budget"):
        decisions.fit_threshold(y, p, budget(target), "val", days=days)


def test_the_cheapest_threshold_counts_amounts_and_every_alert():
    y, p, amount = stream()
    rule = DecisionRule(rule="cost", cost_miss=0.5, cost_false_alarm=4.0, reason="test")
    fitted = decisions.fit_threshold(y, p, rule, "val", amount=amount).threshold

    def cost(threshold):
        return (0.5 * amount * y)[p < threshold].sum() + 4.0 * (p >= threshold).sum()

    assert cost(fitted) == pytest.approx(min(cost(t) for t in [*np.unique(p), 2.0]))


def test_a_cost_table_of_events_is_told_in_amounts():
    y, p, amount = stream()
    (row,) = decisions.cost_table(
        y, p, y, p, [(1.0, 4.0)], amounts=(amount, amount), clusters=np.arange(len(y)), resamples=50
    )
    lost = (amount * y)[p < row["threshold"]].sum() + 4.0 * (p >= row["threshold"]).sum()
    assert row["cost"] == pytest.approx(lost / len(y))
    assert row["treat_all"] == pytest.approx(4.0)
    assert row["treat_none"] == pytest.approx((amount * y).sum() / len(y))
