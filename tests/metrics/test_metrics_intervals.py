"""Intervals: coverage, determinism, degenerate resamples, pairs, seeds, two-way, speed."""

from statistics import NormalDist
from time import perf_counter

import numpy as np
import pytest

from proofolio import metrics
from proofolio.contract import MetricError
from proofolio.metrics import bootstrap, resampling
from proofolio.metrics.ranking import Ranking

BINARY = metrics.for_task(["no", "yes"], "yes")


def patients(rng, units=150, images=6, shift=1.0, patient=1.0, image=0.4):
    """Label and scores of correlated images; the AUROC is known in closed form."""
    y = np.repeat(rng.integers(0, 2, units), images)
    own = np.repeat(rng.normal(0, patient, units), images)
    score = shift * y + own + rng.normal(0, image, units * images)
    return y, score, np.repeat(np.arange(units), images)


def tiny(seed=0, units=30):
    rng = np.random.default_rng(seed)
    y, score, cluster = patients(rng, units=units, images=4)
    return y, 1 / (1 + np.exp(-score)), cluster


def test_clustered_interval_covers_and_row_interval_does_not():
    rng = np.random.default_rng(2026)
    truth = NormalDist().cdf(1.0 / np.sqrt(2 * (1.0**2 + 0.4**2)))
    covered = {"patient": [], "row": []}
    for i in range(400):
        y, score, patient = patients(rng)
        kinds = {"patient": patient} | ({"row": np.arange(len(y))} if i < 100 else {})
        for kind, groups in kinds.items():
            found = metrics.interval("auroc", y, score, groups, resamples=300, seed=i)
            covered[kind].append(found.ci_low <= truth <= found.ci_high)
    assert 0.93 <= np.mean(covered["patient"]) <= 0.97
    assert np.mean(covered["row"]) < 0.75


def naive(name, y, p, cluster, resamples, seed, threshold=0.5):
    """Values of literally repeated rows, resample by resample."""
    rng = np.random.default_rng(seed)
    names = np.unique(cluster)
    drawn = []
    for _ in range(resamples):
        picked = rng.integers(0, len(names), len(names))
        rows = np.concatenate([np.flatnonzero(cluster == names[i]) for i in picked])
        try:
            drawn.append(metrics.value(name, y[rows], p[rows], threshold=threshold))
        except MetricError:
            drawn.append(np.nan)
    return np.array(drawn)


@pytest.mark.parametrize("name", BINARY)
def test_interval_equals_literal_resampling_of_rows(name):
    y, p, cluster = tiny()
    drawn = naive(name, y, p, cluster, 60, seed=5)
    found = metrics.interval(name, y, p, cluster, resamples=60, seed=5)
    assert found.value == pytest.approx(metrics.value(name, y, p))
    expected = np.quantile(drawn, [0.025, 0.975])
    assert [found.ci_low, found.ci_high] == pytest.approx(expected, abs=1e-12)
    assert (found.n, found.n_units, found.resamples, found.seed) == (120, 30, 60, 5)
    assert found.method == "cluster_bootstrap_percentile"
    assert found.degenerate == 0


def test_multiclass_interval_equals_literal_resampling_of_rows():
    rng = np.random.default_rng(0)
    y, cluster = rng.integers(0, 7, 80), rng.integers(0, 25, 80)
    p = rng.dirichlet(np.ones(7), 80)
    names = metrics.for_task(list("abcdefg"), None)
    found = metrics.intervals(names, y, p, cluster, resamples=50, seed=1)
    for name in names:
        expected = np.quantile(naive(name, y, p, cluster, 50, seed=1), [0.025, 0.975])
        assert [found[name].ci_low, found[name].ci_high] == pytest.approx(expected, abs=1e-12)


def test_all_metrics_in_one_pass_equal_each_alone():
    y, p, cluster = tiny()
    raw = p**2
    together = metrics.intervals(BINARY, y, p, cluster, raw=raw, threshold=0.6, resamples=100)
    for name in BINARY:
        bootstrap._known.clear()
        scores = p if metrics.uses_calibrated(name) else raw
        alone = metrics.interval(name, y, scores, cluster, threshold=0.6, resamples=100)
        assert close(together[name], alone)


def close(a, b):
    return [a.value, a.ci_low, a.ci_high] == pytest.approx(
        [b.value, b.ci_low, b.ci_high], abs=1e-12
    )


@pytest.mark.parametrize("second", [False, True])
def test_values_do_not_depend_on_chunks_or_row_order(monkeypatch, second):
    y, p, cluster = tiny()
    other = np.random.default_rng(0).integers(0, 9, len(y)) if second else None
    expected = metrics.intervals(BINARY, y, p, cluster, second=other, resamples=97)
    for chunk in (1, 5, 40):
        monkeypatch.setattr(resampling, "_AT_ONCE", chunk)
        bootstrap._known.clear()
        found = metrics.intervals(BINARY, y, p, cluster, second=other, resamples=97)
        for name, metric in expected.items():
            assert close(found[name], metric)
    assert found["auroc"] == expected["auroc"], "sums of integers are exact"
    order = np.random.default_rng(1).permutation(len(y))
    shuffled = metrics.interval(
        "auroc",
        y[order],
        p[order],
        cluster[order],
        second=None if other is None else other[order],
        resamples=97,
    )
    assert shuffled == expected["auroc"]


def test_recorded_seed_gives_recorded_numbers():
    """Pinned, so that a change of the draws is seen: it would break every stored interval."""
    weights = np.concatenate(list(metrics.resample_weights(list("abcdea"), 3, seed=7, chunk=2)))
    assert weights.dtype == np.float32
    assert weights.tolist() == [[0, 0, 1, 2, 2, 0], [1, 2, 0, 1, 1, 1], [1, 1, 1, 0, 2, 1]]


def test_a_cluster_is_drawn_whole_and_as_often_as_there_are_clusters():
    clusters = np.array(["b", "a", "b", "c"])
    weights = np.concatenate(list(metrics.resample_weights(clusters, 500, seed=0)))
    assert (weights[:, 0] == weights[:, 2]).all()
    assert (weights[:, [0, 1, 3]].sum(axis=1) == 3).all()
    assert weights.mean(axis=0) == pytest.approx(np.ones(4), abs=0.15)


def test_two_way_weights_are_products_of_both_draws():
    first, second = np.array([0, 0, 1, 1, 2]), np.array([0, 1, 0, 1, 1])
    got = np.concatenate(list(metrics.resample_weights(first, 40, 3, second=second, chunk=7)))
    rng = np.random.default_rng(3)
    for line in got:
        a = np.bincount(rng.integers(0, 3, 3), minlength=3)
        b = np.bincount(rng.integers(0, 2, 2), minlength=2)
        assert line.tolist() == (a[first] * b[second]).tolist()


def test_two_way_interval_is_wider_where_both_kinds_correlate_rows():
    rng = np.random.default_rng(0)
    cards, terminals = rng.integers(0, 60, 3000), rng.integers(0, 60, 3000)
    y = (rng.random(3000) < 0.4).astype(int)
    score = y + rng.normal(0, 1, 60)[cards] + rng.normal(0, 1, 60)[terminals]
    one = metrics.interval("auroc", y, score, cards, resamples=300)
    two = metrics.interval("auroc", y, score, cards, second=terminals, resamples=300)
    assert two.method == "two_way_cluster_bootstrap_percentile"
    assert two.value == one.value
    assert two.ci_high - two.ci_low > 1.15 * (one.ci_high - one.ci_low)


def test_degenerate_resamples_are_dropped_and_counted():
    y = np.array([1, 1, 0, 0, 0, 0, 0, 0])
    p = np.linspace(0.9, 0.1, 8).round(1)
    cluster = np.repeat(np.arange(4), 2)
    drawn = naive("auroc", y, p, cluster, 200, seed=0)
    found = metrics.interval("auroc", y, p, cluster, resamples=200, seed=0)
    assert 0 < found.degenerate == np.isnan(drawn).sum() < 100
    kept = drawn[~np.isnan(drawn)]
    assert [found.ci_low, found.ci_high] == pytest.approx(np.quantile(kept, [0.025, 0.975]))


def test_mostly_degenerate_resamples_give_no_interval():
    y, p, cluster = np.array([1, 0]), np.array([0.9, 0.1]), np.array([0, 1])
    found = metrics.interval("auroc", y, p, cluster, second=cluster)  # both drawn twice: 1 in 4
    assert (found.value, found.ci_low, found.ci_high) == (1.0, None, None)
    assert 1400 < found.degenerate < 1600
    assert found.method.startswith("no interval: two_way_cluster_bootstrap_percentile, ")
    assert f"{found.degenerate} of 2000 resamples degenerate" in found.method


def test_one_class_only_is_reported_as_undefined_not_raised():
    found = metrics.intervals(BINARY, np.ones(6, int), np.full(6, 0.7), np.arange(6))
    for name in ("auroc", "average_precision", "balanced_accuracy", "specificity"):
        assert found[name].value is None and found[name].ci_low is None
        assert found[name].method.startswith("undefined: ")
        assert found[name].n == 6
    assert found["sensitivity"].value == 1.0


def test_one_cluster_only_keeps_the_value_and_says_why():
    y, p, cluster = tiny()
    found = metrics.interval("auroc", y, p, np.full(len(y), "patient 1"))
    assert found.value == metrics.value("auroc", y, p)
    assert (found.ci_low, found.ci_high, found.n_units) == (None, None, 1)
    assert found.method == "no interval: needs at least two clusters, received one"
    assert metrics.interval("auroc", y, p, cluster, second=np.zeros(len(y))).ci_low is None


def test_units_are_counted_where_given():
    y, p, cluster = tiny()
    found = metrics.interval("auroc", y, p, cluster // 2, units=cluster, resamples=20)
    assert found.n_units == 30


def test_paired_difference_shares_the_resamples():
    y, p, cluster = tiny()
    q = np.round(p, 1)
    a, b = (naive("auroc", y, s, cluster, 80, seed=2) for s in (p, q))
    found = metrics.paired_difference("auroc", y, p, q, cluster, resamples=80, seed=2)
    expected = np.quantile(a - b, [0.025, 0.975])
    assert found.value == pytest.approx(
        metrics.value("auroc", y, p) - metrics.value("auroc", y, q), abs=1e-12
    )
    assert [found.ci_low, found.ci_high] == pytest.approx(expected, abs=1e-12)
    alone = metrics.interval("auroc", y, p, cluster, resamples=80, seed=2)
    assert found.ci_high - found.ci_low < (alone.ci_high - alone.ci_low) / 2
    same = metrics.paired_difference("auroc", y, p, p, cluster, resamples=80)
    assert (same.value, same.ci_low, same.ci_high) == (0, 0, 0)


def test_paired_difference_takes_thresholds_and_seeds_of_each():
    y, p, cluster = tiny()
    limits = ([0.5, 0.6], 0.4)
    found = metrics.paired_difference(
        "f1", y, [p, p**2], p, cluster, thresholds=limits, resamples=50
    )
    f1 = [metrics.value("f1", y, s, threshold=t) for s, t in ((p, 0.5), (p**2, 0.6), (p, 0.4))]
    assert found.value == pytest.approx((f1[0] + f1[1]) / 2 - f1[2])


def test_seed_mean_averages_within_each_resample():
    y, p, cluster = tiny()
    seeds, limits = [p, p**2, np.sqrt(p)], [0.5, 0.3, 0.7]
    drawn = [
        naive("accuracy", y, s, cluster, 60, seed=4, threshold=t)
        for s, t in zip(seeds, limits, strict=True)
    ]
    found = metrics.seed_mean(
        "accuracy", y, seeds, cluster, thresholds=limits, resamples=60, seed=4
    )
    values = [
        metrics.value("accuracy", y, s, threshold=t) for s, t in zip(seeds, limits, strict=True)
    ]
    assert found.value == pytest.approx(np.mean(values))
    expected = np.quantile(np.mean(drawn, axis=0), [0.025, 0.975])
    assert [found.ci_low, found.ci_high] == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("second", [False, True])
def test_seed_means_in_one_pass_have_the_bits_of_each_alone(second):
    y, p, cluster = tiny()
    seeds, limits = [p, p**2, np.sqrt(p)], [0.5, 0.3, 0.7]
    raw = [s**3 for s in seeds]
    options = {"thresholds": limits, "resamples": 97, "seed": 4, "units": cluster // 2}
    options["second"] = np.arange(len(y)) % 9 if second else None
    together = metrics.seed_means(BINARY, y, seeds, cluster, raw=raw, **options)
    assert tuple(together) == BINARY
    for name in BINARY:
        read = seeds if metrics.uses_calibrated(name) else raw
        assert together[name] == metrics.seed_mean(name, y, read, cluster, **options), name
        assert together[name].ci_low < together[name].ci_high


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda y, p, c: metrics.interval("auroc", y, p, c[1:]), "rows differ in number"),
        (lambda y, p, c: metrics.interval("auroc", y, p, c, second=c[1:]), "second clusters"),
        (
            lambda y, p, c: metrics.interval("auroc", y, p, np.where(c == 0, np.nan, c)),
            "4 rows without",
        ),
        (lambda y, p, c: metrics.interval("auroc", y, p, c, resamples=-1), "needs resamples"),
        (lambda y, p, c: metrics.interval("auroc", y, p, c, level=95), "confidence level"),
        (lambda y, p, c: metrics.seed_mean("auroc", y, [], c), "differ in number"),
        (
            lambda y, p, c: metrics.seed_mean("f1", y, [p, p], c, thresholds=[0.5]),
            "2 sets of scores, 2 of raw scores, 1 thresholds",
        ),
        (
            lambda y, p, c: metrics.seed_means(["f1"], y, [p, p], c, raw=[p]),
            "2 sets of scores, 1 of raw scores, 2 thresholds",
        ),
        (lambda y, p, c: metrics.intervals(["auroc"], y, p, c, raw=p[:, None]), "wrong shape"),
        (lambda y, p, c: metrics.interval("auroc", y, p * np.nan, c), "not finite"),
        (lambda y, p, c: metrics.paired_difference("nope", y, p, p, c), "unknown metric"),
    ],
)
def test_unfit_input_is_refused(call, said):
    with pytest.raises(MetricError, match=said):
        call(*tiny())


@pytest.mark.alone
def test_speed_of_one_large_and_one_usual_run():
    """A tenth of the rows of the target (100,000 x 2,000 in 30 s), with a wide margin."""
    rng = np.random.default_rng(0)
    y, score = rng.integers(0, 2, 10_000), rng.normal(size=10_000)
    start = perf_counter()
    metrics.interval("auroc", y, score, rng.integers(0, 3000, 10_000))
    assert perf_counter() - start < 3
    y, p, cluster = tiny(units=150)
    start = perf_counter()
    metrics.intervals(BINARY, y, p, cluster)
    assert perf_counter() - start < 3


def test_memory_is_bounded_by_chunks():
    groups = resampling.clustering(np.arange(10_000))
    chunk = resampling.at_once(1_000_000)
    _, (counts,) = next(groups.draws(2000, 0, chunk))
    assert counts.shape == (10_000, chunk) and counts.dtype == np.uint8 and chunk < 40


def test_what_was_evaluated_is_known_by_its_content_alone(monkeypatch):
    y, p, cluster = tiny()
    bootstrap._known.clear()
    first = metrics.intervals(BINARY, y, p, cluster, resamples=20)
    with monkeypatch.context() as known:
        known.setattr(bootstrap, "prepared", None)  # nothing is evaluated again
        pair = metrics.paired_difference("auroc", y, p.copy(), [p], cluster.copy(), resamples=20)
        assert pair.value == pair.ci_low == 0
        with pytest.raises(TypeError):
            metrics.intervals(BINARY, y, p, cluster, resamples=20, seed=1)
    p[0] += 1e-3
    assert metrics.intervals(BINARY, y, p, cluster, resamples=20)["brier"] != first["brier"]
    y[0] = 1 - y[0]
    assert metrics.intervals(BINARY, y, p, cluster, resamples=20)["auroc"] != first["auroc"]


def plain_ece(y, p, weights):
    """Expected calibration error row by row: no blocks, no sums before them."""
    order = np.argsort(p, kind="stable")
    y, p, weights = y[order], p[order], weights[order]
    edges = np.arange(1, 15) / 15 * weights.sum()
    bins = np.zeros((15, 2))
    for level in np.unique(p):
        own = p == level
        middle = weights[p < level].sum() + weights[own].sum() / 2
        bins[(edges <= middle).sum()] += (weights[own] * (p - y)[own]).sum(), weights[own].sum()
    return np.abs(bins[:, 0]).sum() / weights.sum()


@pytest.mark.parametrize(("decimals", "n"), [(1, 700), (2, 900), (3, 300), (9, 900), (9, 10)])
def test_calibration_error_by_blocks_equals_row_by_row(decimals, n):
    rng = np.random.default_rng(n + decimals)
    p = np.round(rng.beta(0.4, 2, n), decimals)  # many, some and no ties
    p = np.clip(p, 1e-7, 1 - 1e-7)
    y = (rng.random(n) < p).astype(int)
    weights = rng.poisson(1, (20, n))
    found = metrics.value("ece", y, p, weights=weights)
    expected = [plain_ece(y, p, line.astype(float)) for line in weights]
    assert found == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("largest", [3, 40, 3000])  # in float32, at its limit, in float64
@pytest.mark.parametrize(("decimals", "share"), [(0, 0.5), (1, 0.5), (2, 0.02), (9, 0.5), (9, 1)])
def test_rankings_by_blocks_are_exact_and_equal_scikit_learn(decimals, share, largest):
    from sklearn.metrics import average_precision_score, roc_auc_score

    rng = np.random.default_rng(largest)
    n, names = 700, {"auroc", "average_precision"}
    y = (rng.random(n) < share).astype(int)
    scores = np.round(rng.normal(size=n) + y, decimals)  # ties of over two blocks, some, and none
    draws = rng.integers(0, largest + 1, (n, 5)).astype(np.uint16)
    found = Ranking(y, scores, resampling.clustering(np.arange(n)))((draws,), names)
    if share == 1:
        assert all(np.isnan(found[name]).all() for name in names)
        return
    own, others = y == 1, y == 0
    twice = 2 * (scores[own][:, None] > scores[others]) + (scores[own][:, None] == scores[others])
    for i, w in enumerate(draws.T.astype(np.int64)):  # whole numbers: no rounding
        won = int(w[own] @ twice @ w[others])
        assert found["auroc"][i] == won / (2 * int(w[own].sum()) * int(w[others].sum()))
        assert found["auroc"][i] == pytest.approx(roc_auc_score(y, scores, sample_weight=w))
        expected = average_precision_score(y, scores, sample_weight=w)
        assert found["average_precision"][i] == pytest.approx(expected, abs=1e-12)


def test_draws_of_many_resamples_at_once_are_those_of_one_after_the_other(monkeypatch):
    expected = resampling._drawn.__wrapped__((300,), 50, 3)[0]
    monkeypatch.setattr(resampling, "_DRAWN", 1)
    assert (resampling._drawn.__wrapped__((300,), 50, 3)[0] == expected).all()
