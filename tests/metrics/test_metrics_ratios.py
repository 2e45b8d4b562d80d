"""Shares with intervals, and differences of independent parts, against literal resampling."""

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from proofolio import metrics
from proofolio.contract import MetricError


def drawn_rows(cluster, resamples, seed):
    """Yield the row numbers of each resample: whole clusters, rows literally repeated."""
    rng, names = np.random.default_rng(seed), np.unique(cluster)
    for _ in range(resamples):
        picked = rng.integers(0, len(names), len(names))
        yield np.concatenate([np.flatnonzero(cluster == names[i]) for i in picked])


def made(units=30, images=4, seed=0, shift=1.0):
    rng = np.random.default_rng(seed)
    y = np.repeat(rng.integers(0, 2, units), images)
    score = shift * y + np.repeat(rng.normal(0, 1, units), images) + rng.normal(0, 0.4, len(y))
    return y, 1 / (1 + np.exp(-score)), np.repeat(np.arange(units), images)


def test_a_share_is_that_of_literally_repeated_rows():
    y, p, cluster = made()
    above = np.stack([(p > 0.5) & (y == 1), p > 0.7], axis=1)
    below = np.stack([y == 1, np.ones(len(y), bool)], axis=1)
    found = metrics.ratios(above, below, cluster, resamples=60, seed=5)
    for i, metric in enumerate(found):
        drawn = [above[rows, i].sum() / below[rows, i].sum() for rows in drawn_rows(cluster, 60, 5)]
        assert metric.value == pytest.approx(above[:, i].sum() / below[:, i].sum())
        assert (metric.ci_low, metric.ci_high) == pytest.approx(
            tuple(np.quantile(drawn, [0.025, 0.975])), abs=1e-12
        )
        assert (metric.n, metric.n_units, metric.seed) == (120, 30, 5)
    (same,) = metrics.ratios(above[:, 0], below[:, 0], cluster, resamples=60, seed=5)
    assert same.model_dump() == pytest.approx(found[0].model_dump())
    sensitivity = metrics.interval("sensitivity", y, p, cluster, resamples=60, seed=5)
    assert found[0].ci_low == pytest.approx(sensitivity.ci_low, abs=1e-12)


def test_nothing_to_divide_by_is_none_and_no_row_is_refused():
    one, none = np.ones(4), np.zeros(4)
    (found,) = metrics.ratios(none, none, np.arange(4), resamples=20)
    assert found.value is None and found.ci_low is None and "no row to divide by" in found.method
    (alone,) = metrics.ratios(one, one, none, resamples=20)
    assert alone.value == 1 and alone.ci_low is None and "two clusters" in alone.method
    for above, below in ((one[:0], one[:0]), (one, one[:3]), (np.ones((4, 3)), np.ones((4, 2)))):
        with pytest.raises(MetricError, match="do not fit each other"):
            metrics.ratios(above, below, np.arange(len(above)), resamples=20)


def side(y, p, cluster, **changes):
    return metrics.Side(
        **({"y": y, "scores": [p], "thresholds": [0.5], "clusters": cluster} | changes)
    )


def test_a_difference_of_two_parts_is_that_of_two_literal_bootstraps():
    (y, p, cluster), (z, q, other) = made(), made(units=20, seed=1, shift=0.3)
    second = p**2 * 0.9 + 0.05
    a, b = side(y, p, cluster), side(z, q, other + 100)
    found, ours, theirs = metrics.independent_difference("auroc", a, b, resamples=80, seed=7)
    draws = [
        np.array([roc_auc_score(u[rows], s[rows]) for rows in drawn_rows(c, 80, seed)])
        for u, s, c, seed in ((y, p, cluster, 7), (z, q, other, 8))
    ]
    assert found.value == pytest.approx(roc_auc_score(y, p) - roc_auc_score(z, q))
    ends = np.quantile(draws[0] - draws[1], [0.025, 0.975])
    assert (found.ci_low, found.ci_high) == pytest.approx(tuple(ends), abs=1e-12)
    assert (found.n, found.n_units) == (200, 50)
    assert found.method == "independent_cluster_bootstrap_percentile"
    alone = metrics.interval("auroc", z, q, other, resamples=80, seed=8)
    assert (theirs.ci_low, theirs.ci_high, theirs.n_units) == (alone.ci_low, alone.ci_high, 20)
    seeds = side(y, p, cluster, scores=[p, second], thresholds=[0.5, 0.5])
    mean = metrics.seed_mean("brier", y, [p, second], cluster, resamples=80, seed=7)
    _, ours, _ = metrics.independent_difference("brier", seeds, b, resamples=80, seed=7)
    assert ours == mean


def test_the_interval_of_a_difference_of_two_parts_covers_the_truth():
    covered = []
    for i in range(200):
        (y, p, cluster), (z, q, other) = made(60, 3, i), made(60, 3, 10_000 + i)
        a, b = side(y, p, cluster), side(z, q, other + 1000)
        found, *_ = metrics.independent_difference("accuracy", a, b, resamples=200, seed=i)
        covered.append(found.ci_low <= 0 <= found.ci_high)
    assert 0.9 <= np.mean(covered) <= 0.99


def test_two_parts_that_share_a_cluster_are_refused():
    y, p, cluster = made()
    with pytest.raises(MetricError, match="not independent") as refusal:
        shifted = side(y, p, cluster + 29)
        metrics.independent_difference("auroc", side(y, p, cluster), shifted, resamples=20)
    assert "1 clusters on both sides" in str(refusal.value)
    assert "paired_difference" in str(refusal.value)
