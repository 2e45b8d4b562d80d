"""What alerts can reach and how soon they meet fraud: by hand, and against other code."""

import numpy as np
import pytest

from proofolio import metrics


def test_a_perfect_scorer_finds_each_fraudulent_card_of_a_fold_once():
    # fold 0, days 0 and 1: cards a, b fraudulent on day 0, a again and c on day 1: 3 of 200 places
    # fold 1, day 2: card d alone: 1 of 100 places; the scorer finds a, b, c, and d
    fold = np.array([0, 0, 0, 0, 0, 1, 1])
    day = np.array([0, 0, 0, 1, 1, 2, 2])
    card = np.array(["a", "b", "c", "a", "c", "d", "e"])
    y = np.array([1, 1, 0, 1, 1, 1, 0])
    found = metrics.share_of_ceiling(
        y, [np.arange(7.0)], card, rounds=metrics.Rounds(fold, day), resamples=200
    )
    assert found["ceiling"].value == pytest.approx((3 / 200 + 1 / 100) / 2)
    assert found["value"].value == found["ceiling"].value  # all cards fit a day's hundred places
    assert found["share_of_ceiling"].value == 1
    assert found["ceiling"].ci_low < found["ceiling"].value <= found["ceiling"].ci_high


def stream(n=6_000, seed=1):
    """Return y, scores of two seeds, cards, terminals and rounds: more cards a day than places."""
    rng = np.random.default_rng(seed)
    y = (rng.random(n) < 0.03).astype(np.int64)
    scores = [rng.normal(size=n) + 2 * y for _ in range(2)]
    fold = rng.integers(0, 2, n)
    rounds = metrics.Rounds(fold, fold * 3 + rng.integers(0, 3, n))
    return y, scores, rng.integers(0, 900, n), rng.integers(0, 500, n), rounds


def test_the_share_is_a_ratio_of_means_and_the_value_is_the_metric():
    y, scores, card, terminal, rounds = stream()
    options = {"second": terminal, "rounds": rounds, "resamples": 60, "seed": 3}
    found = metrics.share_of_ceiling(y, scores, card, **options)
    same = metrics.seed_mean("card_precision_at_100", y, scores, card, **options)
    assert found["value"] == same
    perfect = [
        metrics.card_precision_top_k(rounds.day[f], card[f], y[f], y[f])
        for f in (rounds.fold == 0, rounds.fold == 1)
    ]
    assert found["ceiling"].value == pytest.approx(np.mean(perfect), abs=1e-12)
    share = found["share_of_ceiling"]
    assert share.value == pytest.approx(same.value / np.mean(perfect), abs=1e-12)
    assert share.ci_low < share.value < share.ci_high
    assert share.method == "two_way_cluster_bootstrap_percentile"


def test_without_a_fraud_there_is_no_share():
    rounds = metrics.Rounds(np.zeros(4, dtype=int), np.arange(4))
    given = (np.zeros(4, dtype=int), [np.arange(4.0)], np.array(list("abcd")))
    found = metrics.share_of_ceiling(*given, rounds=rounds, resamples=10)
    assert found["ceiling"].value == 0 and found["share_of_ceiling"].value is None


def test_the_best_of_each_day_are_alerted_ties_in_order():
    day = np.array([0, 0, 0, 1, 1])
    score = np.array([0.2, 0.9, 0.2, 0.1, 0.1])
    assert metrics.alerted(day, score, 2).tolist() == [True, True, False, True, True]
    assert metrics.alerted(day, score, 1).tolist() == [False, True, False, True, False]


def by_hand():
    """Three cards in fold 0, one of them in fold 1 too; c's fraud is never alerted."""
    rows = [  # fold, hour, card, y, alerted
        (0, 0, "a", 0, True),  # genuine: neither starts the clock nor stops it
        (0, 1, "a", 1, False),
        (0, 3, "a", 1, False),
        (0, 7, "a", 1, True),
        (0, 8, "a", 1, False),
        (0, 2, "b", 1, True),
        (0, 4, "c", 1, False),
        (0, 5, "c", 1, False),
        (1, 30, "a", 1, True),
        (1, 31, "a", 1, True),
    ]
    fold, hour, card, y, alerted = map(np.array, zip(*rows, strict=True))
    return (
        fold,
        np.datetime64("2018-04-01", "s") + hour * np.timedelta64(3600, "s"),
        card,
        y,
        alerted,
    )


@pytest.mark.parametrize("order", [1, -1])
def test_the_delay_of_detection_by_hand(order):
    found = metrics.first_alerts(*(column[::order] for column in by_hand()))
    assert found.entity.tolist() == ["a", "b", "c", "a"]
    assert found.frauds.tolist() == [4, 1, 2, 2]
    assert found.missed.tolist() == [2, 0, 2, 0]
    np.testing.assert_array_equal(found.hours, [6, 0, np.nan, 0])
    told = metrics.detection_delay(found, resamples=300)
    assert {k: m.value for k, m in told.items()} == {
        "alerted": 3 / 4,
        "at_first_fraud": 2 / 4,
        "hours_median": 0,
        "hours_p90": 6,
        "missed_before": pytest.approx(2 / 3),
    }
    assert told["alerted"].n == 4 and told["alerted"].n_units == 3
    assert told["alerted"].ci_low == 0 and told["alerted"].ci_high == 1


def test_a_resample_of_delays_is_the_measure_of_the_rows_drawn():
    from proofolio.metrics.delays import _Delays
    from proofolio.metrics.resampling import clustering

    rng = np.random.default_rng(0)
    hours = np.where(rng.random(60) < 0.7, rng.integers(0, 40, 60), np.nan)
    missed = np.where(np.isnan(hours), 2, (hours > 0) * rng.integers(1, 4, 60))
    found = metrics.Detections(rng.integers(0, 20, 60), missed + 1, hours, missed)
    groups = clustering(found.entity)
    draws = (rng.integers(0, 3, (groups.sizes[0], 5)),)
    weights = groups.weights(draws).T
    for got, weight in zip(_Delays(found, groups)(draws), weights, strict=True):
        drawn = np.repeat(np.arange(60), weight)
        seen = drawn[~np.isnan(hours[drawn])]
        late = np.quantile(hours[seen], [0.5, 0.9], method="inverted_cdf")
        share = [len(seen) / len(drawn), (missed[seen] == 0).sum() / len(drawn)]
        assert got == pytest.approx([*share, *late, missed[seen].mean()])


def test_nothing_alerted_has_no_delay():
    found = metrics.Detections(np.array(["a", "b"]), np.ones(2), np.full(2, np.nan), np.ones(2))
    told = metrics.detection_delay(found, resamples=20)
    assert told["alerted"].value == 0 and told["hours_median"].value is None


def test_either_side_of_a_difference_comes_from_the_same_resamples():
    y, scores, card, terminal, rounds = stream(2_000)
    options = {"second": terminal, "rounds": rounds, "resamples": 40}
    gap, a, b = metrics.paired("average_precision", y, scores[:1], scores[1:], card, **options)
    assert gap.value == pytest.approx(a.value - b.value, abs=1e-12)
    for side, score in ((a, scores[0]), (b, scores[1])):
        assert side == metrics.interval("average_precision", y, score, card, **options)
    assert gap == metrics.paired_difference("average_precision", y, *scores, card, **options)
