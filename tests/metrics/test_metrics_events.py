"""Metrics of events: means over folds, days of cards, budgets of alerts, two-way intervals."""

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, roc_auc_score

from proofolio import metrics
from proofolio.contract import MetricError


def stream(n=4_000, seed=0, folds=2, days=3):
    """Return y, score, card, terminal and rounds of a made-up stream."""
    rng = np.random.default_rng(seed)
    y = (rng.random(n) < 0.08).astype(np.int64)
    score = np.round(rng.normal(size=n) + 1.5 * y, 2)  # with ties
    fold = rng.integers(0, folds, n)
    rounds = metrics.Rounds(fold, fold * days + rng.integers(0, days, n))
    return y, score, rng.integers(0, 300, n), rng.integers(0, 200, n), rounds


def test_a_metric_is_the_mean_over_folds():
    y, score, card, terminal, rounds = stream()
    names = ("average_precision", "auroc", "card_precision_at_100", "recall")
    found = metrics.intervals(
        names, y, score, card, second=terminal, rounds=rounds, threshold=1.0, resamples=50
    )
    folds = [rounds.fold == f for f in (0, 1)]
    expected = {
        "average_precision": [average_precision_score(y[f], score[f]) for f in folds],
        "auroc": [roc_auc_score(y[f], score[f]) for f in folds],
        "recall": [(score[f] >= 1)[y[f] == 1].mean() for f in folds],
        "card_precision_at_100": [
            metrics.card_precision_top_k(rounds.day[f], card[f], y[f], score[f]) for f in folds
        ],
    }
    each = metrics.fold_values(names, y, score, card, rounds, threshold=1.0)
    for name in names:
        assert each[name] == pytest.approx(expected[name], abs=1e-12)
        assert found[name].value == pytest.approx(np.mean(expected[name]), abs=1e-12)
        assert found[name].ci_low < found[name].value < found[name].ci_high
        assert found[name].method == "two_way_cluster_bootstrap_percentile"


def test_a_card_drawn_twice_is_two_cards_that_stand_next_to_each_other():
    from proofolio.metrics.events import DailyCards
    from proofolio.metrics.resampling import clustering

    day = np.array([0, 0, 0, 0, 1, 1])
    card, y = np.array([0, 1, 2, 0, 0, 1]), np.array([1, 0, 1, 0, 1, 0])
    score, rows = np.array([0.9, 0.8, 0.7, 0.1, 0.9, 0.8]), clustering(np.arange(6))
    two = DailyCards(day, card, y, score, rows, k=2)
    # once each: day 0 alerts cards 0 and 1, finds 0; day 1 alerts card 1 alone
    # card 0 twice: both places of day 0 find it, and nothing of it is left for day 1
    # card 0 three times: the third is alerted on day 1 beside card 1
    weights = np.array([[1, 1, 1, 1, 1, 1], [2, 1, 1, 9, 2, 1], [3, 1, 1, 0, 3, 1]], dtype=float)
    assert two((weights.T,)) == pytest.approx([1 / 4, 2 / 4, 3 / 4])


def test_the_order_of_rows_and_chunks_changes_nothing():
    y, score, card, terminal, rounds = stream()
    one = metrics.intervals(
        ["card_precision_at_100", "ece"], y, 1 / (1 + np.exp(-score)), card,
        second=terminal, rounds=rounds, resamples=30,
    )  # fmt: skip
    order = np.random.default_rng(1).permutation(len(y))
    other = metrics.intervals(
        ["card_precision_at_100", "ece"], y[order], 1 / (1 + np.exp(-score[order])), card[order],
        second=terminal[order], rounds=rounds.take(order), resamples=30,
    )  # fmt: skip
    for name, metric in one.items():
        assert metric.ci_low == pytest.approx(other[name].ci_low, abs=1e-12)


def test_a_fold_without_positives_leaves_the_mean_undefined():
    y, score, card, _, rounds = stream()
    y[rounds.fold == 1] = 0
    found = metrics.interval("average_precision", y, score, card, rounds=rounds, resamples=20)
    assert found.value is None and "both classes" in found.method


def test_paired_differences_use_the_same_resamples_over_folds():
    y, score, card, terminal, rounds = stream()
    options = {"second": terminal, "rounds": rounds, "resamples": 40}
    same = metrics.paired_difference("average_precision", y, score, score, card, **options)
    assert (same.value, same.ci_low, same.ci_high) == (0, 0, 0)


def test_a_budget_alerts_the_best_scored_events_of_each_day():
    y, score, card, terminal, rounds = stream()
    amount = np.random.default_rng(2).gamma(2, 30, len(y))
    options = {"second": terminal, "resamples": 100, "amount": amount}
    small, large = metrics.alert_budgets(rounds.day, y, score, [20, 10_000], card, **options)
    found, value = [], []
    for day in np.unique(rounds.day):
        rows = np.flatnonzero(rounds.day == day)
        best = rows[np.argsort(-score[rows], kind="stable")[:20]]
        found.append(y[best].sum())
        value.append((y * amount)[best].sum())
    assert small["precision"].value == pytest.approx(sum(found) / 20 / len(found))
    assert small["recall"].value == pytest.approx(sum(found) / y.sum())
    assert small["value_share"].value == pytest.approx(sum(value) / (y * amount).sum())
    assert small["recall"].ci_low < small["recall"].value < small["recall"].ci_high
    assert large["recall"].value == pytest.approx(1) and large["recall"].ci_low > 1 - 1e-9
    with pytest.raises(MetricError, match="daily budget"):
        metrics.alert_budgets(rounds.day, y, score, [0], card)


def test_two_rankings_are_compared_at_a_budget_on_the_same_resamples():
    y, score, card, terminal, rounds = stream()
    worse = score + np.random.default_rng(3).normal(0, 1, len(y))
    options = {"second": terminal, "resamples": 100}
    each = [metrics.alert_budgets(rounds.day, y, s, [20], card, **options) for s in (score, worse)]
    found = metrics.alert_precision_difference(rounds.day, y, score, worse, 20, card, **options)
    precisions = [one["precision"] for (one,) in each]
    assert found.value == pytest.approx(precisions[0].value - precisions[1].value)
    width = sum(p.ci_high - p.ci_low for p in precisions)
    assert found.ci_low < found.value < found.ci_high < found.ci_low + width
    same = metrics.alert_precision_difference(rounds.day, y, score, score, 20, card, **options)
    assert same.value == same.ci_low == same.ci_high == 0
    with pytest.raises(MetricError, match="daily budget"):
        metrics.alert_precision_difference(rounds.day, y, score, score, 0, card)


@pytest.mark.slow
def test_one_way_intervals_are_too_narrow_where_frauds_cluster_by_terminal():
    """The recall of a rule that sees some terminals' frauds and not others': 200 made-up worlds.

    Each compromised terminal is seen or missed as a whole, so its frauds are one draw. One-way card
    intervals take them for independent; the truth is the share of terminals that are seen.
    """
    truth, covered, rng = 0.6, {"card": 0, "both": 0}, np.random.default_rng(7)
    worlds = 200
    for _ in range(worlds):
        terminal = np.repeat(np.arange(40), rng.integers(5, 40, 40))
        card = rng.integers(0, 400, len(terminal))
        seen = (rng.random(40) < truth)[terminal]
        y = np.ones(len(terminal), dtype=np.int64)
        y = np.concatenate([y, np.zeros(200, dtype=np.int64)])
        score = np.concatenate([seen.astype(float), np.zeros(200)])
        cards = np.concatenate([card, rng.integers(0, 400, 200)])
        terminals = np.concatenate([terminal, rng.integers(40, 100, 200)])
        for which, second in (("card", None), ("both", terminals)):
            found = metrics.interval("recall", y, score, cards, second=second, resamples=300)
            covered[which] += found.ci_low <= truth <= found.ci_high
    assert covered["card"] / worlds < 0.6
    assert 0.91 < covered["both"] / worlds <= 1
