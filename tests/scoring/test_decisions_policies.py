"""Policies fitted on calib: by hand on tiny examples, by brute force, by simulation."""

import numpy as np
import pytest

from proofolio import decisions, metrics
from proofolio.contract import MetricError


def made(rows=300, seed=0):
    rng = np.random.default_rng(seed)
    p = rng.uniform(size=rows)
    return (rng.uniform(size=rows) < p).astype(int), p


def resampling(n, resamples=40, seed=3):
    return {"clusters": np.arange(n) // 2, "resamples": resamples, "seed": seed}


def test_net_benefit_by_hand():
    y, p = np.array([1, 1, 0, 0, 0]), np.array([0.9, 0.3, 0.6, 0.2, 0.1])
    (row,) = decisions.decision_curve(y, p, [0.25], **resampling(5))
    assert row["model"] == pytest.approx(2 / 5 - 1 / 5 / 3)  # 2 hits, 1 false alarm, odds 1:3
    assert row["treat_all"] == pytest.approx(2 / 5 - 3 / 5 / 3)
    assert row["treat_none"] == 0
    drawn = []
    for weights in metrics.resample_weights(np.arange(5) // 2, 40, 3):
        drawn += (weights @ np.array([1, 1, -1 / 3, 0, 0]) / weights.sum(axis=1)).tolist()
    ends = tuple(np.quantile(drawn, [0.025, 0.975]))
    assert (row["model_ci_low"], row["model_ci_high"]) == pytest.approx(ends, abs=1e-6)
    with pytest.raises(MetricError, match="leaves"):
        decisions.decision_curve(y, p, [])


def test_confidence_is_the_order_of_the_larger_probability_and_zero_at_the_threshold():
    _, p = made()
    sure = decisions.confidence(p, 0.5)
    assert (np.argsort(sure) == np.argsort(np.maximum(p, 1 - p))).all()
    assert decisions.confidence(np.array([0.2, 0.0, 1.0]), 0.2)[0] == 0
    assert np.isfinite(decisions.confidence(np.array([0.0, 1.0]), 1.0)).all()
    assert decisions.confidence(np.array([[0.2, 0.7, 0.1]])).tolist() == [0.7]
    with pytest.raises(MetricError, match="needs the threshold"):
        decisions.confidence(p)


def test_abstention_answers_at_the_cut_of_calib_and_counts_what_is_left():
    y, decided = np.array([1, 1, 0, 0, 1, 0]), np.array([1, 0, 0, 1, 1, 0])
    sure = np.array([5.0, 1.0, 4.0, 2.0, 3.0, 0.5])
    calib_sure = np.array([0.5, 1.5, 2.5, 3.5])
    every, half, few = decisions.abstention(
        y, decided, sure, calib_sure, [1, 0.5, 0.25], binary=True, **resampling(6)
    )
    assert (every["cut"], every["coverage"], every["risk"]) == (0, 1, pytest.approx(2 / 6))
    assert (every["sensitivity"], every["specificity"]) == (pytest.approx(2 / 3),) * 2
    assert half["cut"] == pytest.approx(2.5) and half["coverage"] == 0.5
    assert (half["n_answered"], half["n_handed_over"], half["risk"]) == (3, 3, 0)
    assert few["cut"] == pytest.approx(3.5) and few["n_answered"] == 2
    assert every["risk_ci_low"] <= every["risk"] <= every["risk_ci_high"]
    (none,) = decisions.abstention(
        y, decided, sure, calib_sure + 9, [0.5], binary=False, **resampling(6)
    )
    assert none["n_answered"] == 0 and none["risk"] is None and "sensitivity" not in none
    for target in (0, 1.2):
        with pytest.raises(MetricError, match="target coverage"):
            decisions.abstention(y, decided, sure, sure, [target], binary=True, **resampling(6))


def test_the_cheapest_threshold_is_found_by_brute_force():
    (calib_y, calib_p), (y, p) = made(seed=1), made(seed=2)
    pairs = [(1, 1), (10, 1), (1, 4)]
    rows = decisions.cost_table(calib_y, calib_p, y, p, pairs, **resampling(len(y)))
    for (miss, alarm), row in zip(pairs, rows, strict=True):

        def cost(t, y, p, miss=miss, alarm=alarm):
            wrong = miss * ((p < t) & (y == 1)) + alarm * ((p >= t) & (y == 0))
            return wrong.mean()

        least = min(cost(t, calib_y, calib_p) for t in np.linspace(0, 1, 3001))
        assert cost(row["threshold"], calib_y, calib_p) <= least + 1e-12
        assert row["cost"] == pytest.approx(cost(row["threshold"], y, p))
        assert row["cost"] * len(y) == pytest.approx(
            miss * row["misses"] + alarm * row["false_alarms"]
        )
        assert row["treat_all"] == pytest.approx(cost(-1, y, p))
        assert row["treat_none"] == pytest.approx(cost(2, y, p))
        assert row["cost_ci_low"] < row["cost"] < row["cost_ci_high"]
        assert row["sensitivity"] == metrics.value("sensitivity", y, p, threshold=row["threshold"])
    for pair in ((0, 1), (1, -1), (1,), (1, np.inf)):
        with pytest.raises(MetricError, match="pair of costs"):
            decisions.cost_table(calib_y, calib_p, y, p, [pair], **resampling(len(y)))


def test_transferred_thresholds_are_those_of_the_sensitivity_rule():
    (calib_y, calib_p), (y, p) = made(seed=1), made(seed=2)
    drawn = resampling(len(y))
    rows = decisions.transfer_table(calib_y, calib_p, y, p, [0.8, 0.95], **drawn)
    for row in rows:
        assert row["calib_sensitivity"] >= row["target"]
        stricter = np.nextafter(row["threshold"] * (1 + 1e-8), 1)
        assert metrics.value("sensitivity", calib_y, calib_p, threshold=stricter) < row["target"]
        for name in ("sensitivity", "specificity", "accuracy"):
            alone = metrics.interval(name, y, p, threshold=row["threshold"], **drawn)
            found = [row[name], row[f"{name}_ci_low"], row[f"{name}_ci_high"]]
            assert found == pytest.approx([alone.value, alone.ci_low, alone.ci_high], abs=1e-9)
    with pytest.raises(MetricError, match="target sensitivity"):
        decisions.transfer_table(calib_y, calib_p, y, p, [95], **drawn)


def columns(p):
    return np.stack([1 - p, p], axis=1)


@pytest.mark.parametrize("rows", [9, 19, 39, 40, 99, 257])
def test_conformal_sets_are_those_of_the_order_statistic_by_hand(rows):
    (calib_y, calib_p), (_, p) = made(rows, 1), made(400, 2)
    levels = [0.5, 0.8, 0.9, 0.95, 0.99]
    quantiles, sets = decisions.prediction_sets(calib_y, columns(calib_p), columns(p), levels)
    scores = np.sort(np.where(calib_y == 1, 1 - calib_p, calib_p))
    for i, percent in enumerate((50, 80, 90, 95, 99)):
        rank = -(-(rows + 1) * percent // 100)  # the ceiling, in whole numbers
        assert rank <= rows or rows < 100 / (100 - percent)
        if rows < 100 / (100 - percent):  # MAPIE asks for one row more than the rank needs
            assert quantiles[i] is None and sets[:, :, i].all()
            continue
        assert quantiles[i] == pytest.approx(scores[rank - 1])
        expected = 1 - columns(p) <= scores[rank - 1] + 1e-8
        assert (sets[:, :, i] == expected).all()


def test_conformal_sets_cover_at_their_level_and_not_much_above():
    held = []
    for seed in range(60):
        (calib_y, calib_p), (y, p) = made(99, seed), made(200, 1000 + seed)
        rows = decisions.conformal_table(
            calib_y,
            columns(calib_p),
            y,
            columns(p),
            [0.8, 0.9],
            ["no", "yes"],
            **resampling(200, 5),
        )
        held.append([row["coverage"] for row in rows])
        for row in rows:
            assert row["empty"] + row["single"] + row["both"] == pytest.approx(1)
            assert row["mean_size"] == pytest.approx(row["single"] + 2 * row["both"])
            by_class = row["coverage_no"] * (y == 0).mean() + row["coverage_yes"] * y.mean()
            assert by_class == pytest.approx(row["coverage"])
    assert np.mean(held, axis=0) == pytest.approx([0.8, 0.9], abs=0.015)


def test_conformal_sets_of_three_classes_with_one_that_calib_lacks():
    rng = np.random.default_rng(0)
    p = rng.dirichlet(np.ones(3), 60).astype(np.float32)
    calib_y, y = p.argmax(axis=1) % 2, np.zeros(60, int)
    (row,) = decisions.conformal_table(calib_y, p, y, p, [0.9], list("abc"), **resampling(60))
    assert row["coverage_a"] == row["coverage"] and row["coverage_c"] is None
    assert {"empty", "single", "several"} < set(row) and "both" not in row


def test_a_unit_has_its_largest_probability_and_is_positive_if_any_row_is():
    y, p = np.array([0, 1, 0, 0, 0]), np.array([0.9, 0.2, 0.3, 0.4, 0.1])
    label, largest, first = decisions.largest_per_unit(y, p, np.array(["b", "b", "a", "a", "c"]))
    assert label.tolist() == [0, 1, 0] and largest.tolist() == [0.4, 0.9, 0.1]
    assert first.tolist() == [2, 0, 4]


@pytest.mark.parametrize("levels", [[0.0], [1.0], [95], []])
def test_conformal_levels_that_are_no_shares_are_refused(levels):
    y, p = made(40)
    with pytest.raises(MetricError, match="conformal levels"):
        decisions.prediction_sets(y, columns(p), columns(p), levels)
