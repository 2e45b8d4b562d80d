"""The difference between two sets of rows of one part: by hand, and what it refuses."""

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from proofolio import metrics
from proofolio.contract import MetricError


def made(n=120, seed=0):
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 2, n)
    return y, y + rng.normal(0, 1, n), np.arange(n) // 3


def difference(y, scores, sides, clusters, **options):
    options = {"thresholds": [0.5], "resamples": 60, "seed": 1} | options
    return metrics.within_difference("auroc", y, [scores], sides, clusters, **options)


@pytest.mark.parametrize("ours", [np.arange(120) % 2 == 0, np.arange(120) < 60])
def test_both_sides_are_weighed_by_the_same_draws(ours):
    """Once with every cluster on both sides, once with none."""
    y, scores, clusters = made()
    found, *alone = difference(y, scores, (ours, ~ours), clusters)
    values = [roc_auc_score(y[side], scores[side]) for side in (ours, ~ours)]
    assert found.value == pytest.approx(values[0] - values[1])
    assert [m.value for m in alone] == pytest.approx(values)
    drawn = np.concatenate(list(metrics.resample_weights(clusters, 60, 1)))
    both = [
        metrics.value("auroc", y[side], scores[side], weights=drawn[:, side])
        for side in (ours, ~ours)
    ]
    ends = tuple(np.nanquantile(both[0] - both[1], [0.025, 0.975]))
    assert (found.ci_low, found.ci_high) == pytest.approx(ends, abs=1e-9)
    assert (found.n, alone[0].n, found.n_units) == (120, ours.sum(), 40)


def test_rows_of_neither_side_play_no_part():
    y, scores, clusters = made()
    first, other = clusters < 10, (clusters >= 10) & (clusters < 25)
    kept = first | other
    whole = difference(y, scores, (first, other), clusters)
    alone = difference(y[kept], scores[kept], (first[kept], other[kept]), clusters[kept])
    assert whole == alone


def test_pairs_of_clusters_are_drawn_where_there_are_two_kinds():
    y, scores, clusters = made()
    ours = np.arange(120) % 2 == 0
    found, *_ = difference(y, scores, (ours, ~ours), clusters, second=np.arange(120) % 7)
    assert found.method == "joint_two_way_cluster_bootstrap_percentile"


def test_a_side_that_cannot_vary_or_has_no_value_gives_no_interval():
    y, scores, clusters = made()
    found, ours, theirs = difference(y, scores, (clusters == 1, clusters > 1), clusters)
    lacking = found.ci_low, ours.ci_low
    assert lacking == (None, None) and theirs.ci_low is not None
    one_class = y == 1
    found, ours, _ = difference(y, scores, (one_class & (clusters < 20), clusters >= 20), clusters)
    assert found.value is None and ours.value is None and "both classes" in found.method


@pytest.mark.parametrize("sides", [(0, 1), (1, 1)])
def test_no_row_on_a_side_or_one_on_both_is_refused(sides):
    y, scores, clusters = made()
    masks = tuple(np.full(120, bool(side)) for side in sides)
    with pytest.raises(MetricError, match="no two sets of rows"):
        difference(y, scores, masks, clusters)
