"""Each metric against scikit-learn, with ties and weights, and against literally repeated rows."""

import warnings

import numpy as np
import pytest
from sklearn import metrics as peer
from sklearn.calibration import calibration_curve

from proofolio import metrics
from proofolio.contract import MetricError

BINARY = metrics.for_task(["no", "yes"], "yes")
MANY = metrics.for_task([f"c{i}" for i in range(7)], None)
THRESHOLD = 0.4


def binary(rows=300, ties=True, seed=0):
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 2, rows)
    p = 1 / (1 + np.exp(-(1.5 * y - 0.8 + rng.normal(size=rows))))
    return y, np.round(p, 1 if ties else 12).clip(0.01, 0.99)


def many(rows=300, classes=7, seed=0):
    rng = np.random.default_rng(seed)
    y = rng.integers(0, classes, rows)
    logits = rng.normal(size=(rows, classes))
    logits[np.arange(rows), y] += 1
    powers = np.exp(logits)
    return y, powers / powers.sum(axis=1, keepdims=True)


BINARY_PEERS = {
    "auroc": lambda y, p, w: peer.roc_auc_score(y, p, sample_weight=w),
    "average_precision": lambda y, p, w: peer.average_precision_score(y, p, sample_weight=w),
    "accuracy": lambda y, p, w: peer.accuracy_score(y, p >= THRESHOLD, sample_weight=w),
    "balanced_accuracy": lambda y, p, w: peer.balanced_accuracy_score(
        y, p >= THRESHOLD, sample_weight=w
    ),
    "precision": lambda y, p, w: peer.precision_score(y, p >= THRESHOLD, sample_weight=w),
    "recall": lambda y, p, w: peer.recall_score(y, p >= THRESHOLD, sample_weight=w),
    "sensitivity": lambda y, p, w: peer.recall_score(y, p >= THRESHOLD, sample_weight=w),
    "specificity": lambda y, p, w: peer.recall_score(
        y, p >= THRESHOLD, sample_weight=w, pos_label=0
    ),
    "f1": lambda y, p, w: peer.f1_score(y, p >= THRESHOLD, sample_weight=w),
    "f1_macro": lambda y, p, w: peer.f1_score(y, p >= THRESHOLD, sample_weight=w, average="macro"),
    "brier": lambda y, p, w: peer.brier_score_loss(y, p, sample_weight=w),
    "log_loss": lambda y, p, w: peer.log_loss(y, p, sample_weight=w),
}
MANY_PEERS = {
    "accuracy": lambda y, p, w: peer.accuracy_score(y, p.argmax(1), sample_weight=w),
    "balanced_accuracy": lambda y, p, w: peer.balanced_accuracy_score(
        y, p.argmax(1), sample_weight=w
    ),
    "f1_macro": lambda y, p, w: peer.f1_score(y, p.argmax(1), sample_weight=w, average="macro"),
    "top1": lambda y, p, w: peer.top_k_accuracy_score(y, p, k=1, sample_weight=w),
    "top5": lambda y, p, w: peer.top_k_accuracy_score(y, p, k=5, sample_weight=w),
    "brier": lambda y, p, w: peer.brier_score_loss(y, p, sample_weight=w, scale_by_half=False),
    "log_loss": lambda y, p, w: peer.log_loss(y, p, sample_weight=w),
}


@pytest.mark.parametrize("ties", [True, False])
@pytest.mark.parametrize("name", BINARY_PEERS)
def test_binary_metric_equals_scikit_learn(name, ties):
    y, p = binary(ties=ties)
    expected = BINARY_PEERS[name](y, p, None)
    assert metrics.value(name, y, p, threshold=THRESHOLD) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("name", MANY_PEERS)
def test_multiclass_metric_equals_scikit_learn(name):
    y, p = many()
    assert metrics.value(name, y, p) == pytest.approx(MANY_PEERS[name](y, p, None), abs=1e-12)


@pytest.mark.parametrize("name", BINARY_PEERS)
def test_weighted_binary_metric_equals_scikit_learn(name):
    y, p = binary()
    weights = np.random.default_rng(1).uniform(0, 3, (4, len(y)))
    weights[:, ::7] = 0
    got = metrics.value(name, y, p, weights=weights, threshold=THRESHOLD)
    assert got.shape == (4,)
    assert got == pytest.approx([BINARY_PEERS[name](y, p, w) for w in weights], abs=1e-12)


@pytest.mark.parametrize("name", MANY_PEERS)
def test_weighted_multiclass_metric_equals_scikit_learn(name):
    y, p = many()
    weights = np.random.default_rng(1).uniform(0, 3, (3, len(y)))
    got = metrics.value(name, y, p, weights=weights)
    assert got == pytest.approx([MANY_PEERS[name](y, p, w) for w in weights], abs=1e-12)


@pytest.mark.parametrize(
    ("name", "data"), [(n, binary) for n in BINARY] + [(n, many) for n in MANY]
)
def test_an_integer_weight_is_a_repeated_row(name, data):
    y, p = data()
    weights = np.random.default_rng(2).integers(0, 4, (3, len(y)))
    got = metrics.value(name, y, p, weights=weights.astype(np.float32))
    repeated = [metrics.value(name, np.repeat(y, w), np.repeat(p, w, axis=0)) for w in weights]
    assert got == pytest.approx(repeated, abs=1e-12)


@pytest.mark.parametrize(
    ("name", "data"), [(n, binary) for n in BINARY] + [(n, many) for n in MANY]
)
def test_the_order_of_rows_has_no_influence(name, data):
    y, p = data()
    order = np.random.default_rng(3).permutation(len(y))
    assert metrics.value(name, y[order], p[order]) == pytest.approx(
        metrics.value(name, y, p), abs=1e-12
    )


def test_ece_equals_the_quantile_bins_of_scikit_learn():
    y, p = binary(rows=15 * 20, ties=False)
    observed, predicted = calibration_curve(y, p, n_bins=15, strategy="quantile")
    assert len(observed) == 15
    expected = np.abs(observed - predicted).mean()  # bins of equal mass
    assert metrics.value("ece", y, p) == pytest.approx(expected, abs=1e-12)


def test_multiclass_ece_is_that_of_the_top_label():
    y, p = many(rows=15 * 20)
    right = (p.argmax(1) == y).astype(int)
    assert metrics.value("ece", y, p) == pytest.approx(
        metrics.value("ece", right, p.max(1)), abs=1e-12
    )


def test_ece_keeps_equal_probabilities_in_one_bin():
    y = np.tile([0, 1], 50)
    assert metrics.value("ece", y, np.full(100, 0.5)) == pytest.approx(0)
    assert metrics.value("ece", y, np.full(100, 0.8)) == pytest.approx(0.3)


def test_ece_puts_a_tied_group_into_the_bin_of_its_middle():
    p = np.repeat([0.1, 0.25, 1.0], [1, 6, 23])  # bins hold 2 rows: middles in bins 0, 2 and 9
    y = np.repeat([1, 0, 1], [1, 6, 23])
    assert metrics.value("ece", y, p) == pytest.approx((0.9 + 6 * 0.25) / 30, abs=1e-6)


def test_equal_scores_get_half_credit():
    assert metrics.value("auroc", [0, 1, 0, 1], [0.5, 0.5, 0.5, 0.5]) == 0.5
    assert metrics.value("auroc", [0, 1, 1], [0.2, 0.2, 0.9]) == 0.75


def test_log_loss_of_a_certain_mistake_is_clipped():
    assert metrics.value("log_loss", [1, 0], [0.0, 0.0]) == pytest.approx(-np.log(1e-7) / 2)


def test_ties_between_classes_go_to_the_first():
    p = np.full((3, 6), 1 / 6)
    assert metrics.value("top1", [0, 1, 5], p) == pytest.approx(1 / 3)
    assert metrics.value("top5", [0, 1, 5], p) == pytest.approx(2 / 3)
    assert metrics.value("accuracy", [0, 1, 5], p) == metrics.value("top1", [0, 1, 5], p)


def test_raw_is_the_same_function():
    y, p = binary()
    for name in ("brier", "log_loss", "ece"):
        assert metrics.value(f"{name}_raw", y, p) == metrics.value(name, y, p)


def test_names_of_tasks():
    assert set(BINARY) | set(MANY) | {"card_precision_at_100"} == set(metrics.NAMES)
    assert "top5" not in metrics.for_task(list("abcde"), None)
    assert [n for n in metrics.NAMES if not metrics.higher_is_better(n)] == [
        n for n in metrics.NAMES if metrics.is_probabilistic(n)
    ]
    assert not metrics.uses_calibrated("auroc") and not metrics.uses_calibrated("ece_raw")
    assert metrics.uses_calibrated("accuracy") and metrics.uses_calibrated("ece")


Y, P = binary(rows=20)


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: metrics.value("aurok", Y, P), "unknown metric 'aurok'"),
        (lambda: metrics.higher_is_better("aurok"), "unknown metric 'aurok'"),
        (lambda: metrics.value("auroc_raw", Y, P), "unknown metric 'auroc_raw'"),
        (lambda: metrics.value("top5", Y, P), "not defined for binary"),
        (lambda: metrics.value("auroc", *many()), "not defined for multiclass"),
        (lambda: metrics.value("card_precision_at_100", Y, P), "pass rounds"),
        (lambda: metrics.value("auroc", Y, np.where(P > 0.5, np.nan, P)), "not finite"),
        (lambda: metrics.value("auroc", Y, P[1:]), "differ in length"),
        (lambda: metrics.value("auroc", Y, P[:, None]), "wrong shape"),
        (lambda: metrics.value("auroc", Y[:, None], P), "wrong shape"),
        (lambda: metrics.value("auroc", [], []), "wrong shape"),
        (lambda: metrics.value("auroc", Y + 1, P), "not class codes"),
        (lambda: metrics.value("auroc", np.array(["a"] * 20), P), "not class codes"),
        (lambda: metrics.value("auroc", np.ones(20, int), P), "class 1: 20 rows"),
        (lambda: metrics.value("average_precision", np.ones(20, int), P), "both classes"),
        (lambda: metrics.value("recall", np.zeros(20, int), P), "positive class"),
        (lambda: metrics.value("specificity", np.ones(20, int), P), "negative class"),
        (lambda: metrics.value("balanced_accuracy", np.ones(20, int), P), "two classes"),
        (lambda: metrics.value("precision", Y, P, threshold=2), "no row reaches"),
        (lambda: metrics.value("f1", Y, P, threshold=None), "needs a decision"),
        (lambda: metrics.value("brier", Y, 3 * P), "needs probabilities"),
        (lambda: metrics.value("auroc", Y, P, weights=np.ones(20)), "weights have the wrong"),
        (lambda: metrics.value("auroc", Y, P, weights=-np.ones((1, 20))), "weights have the wrong"),
    ],
)
def test_unfit_input_is_refused_with_what_expected_received_remedy(call, said):
    with pytest.raises(MetricError) as refusal:
        call()
    text = str(refusal.value)
    assert said in text
    assert all(f"{part}:" in text for part in ("expected", "received", "remedy"))


def test_weightings_that_leave_a_metric_undefined_give_nan():
    weights = np.stack([Y, np.ones(20), 1 - Y])
    got = metrics.value("auroc", Y, P, weights=weights)
    assert np.isnan(got).tolist() == [True, False, True]


def book_card_precision(day, card, y, score, k):
    """The Handbook's procedure in plain loops."""
    known, values = set(), []
    for d in sorted(set(day)):
        best = {}
        for i in range(len(day)):
            if day[i] == d and card[i] not in known:
                s, label = best.get(card[i], (-np.inf, 0))
                best[card[i]] = (max(s, score[i]), max(label, y[i]))
        top = sorted(best, key=lambda c: (-best[c][0], c))[:k]
        caught = [c for c in top if best[c][1]]
        known |= set(caught)
        values.append(len(caught) / k)
    return np.mean(values)


@pytest.mark.parametrize("k", [5, 20, 100])
def test_card_precision_follows_the_handbook(k):
    rng = np.random.default_rng(0)
    day, card = rng.integers(0, 7, 600), rng.integers(0, 80, 600)
    y, score = (rng.random(600) < 0.1).astype(int), rng.random(600).round(2)
    expected = book_card_precision(day, card, y, score, k)
    assert expected > 0
    assert metrics.card_precision_top_k(day, card, y, score, k) == pytest.approx(expected)
    order = rng.permutation(600)
    shuffled = (column[order] for column in (day, card, y, score))
    assert metrics.card_precision_top_k(*shuffled, k) == pytest.approx(expected)


def test_a_card_counts_though_its_high_score_was_genuine_and_only_once():
    day, card = [0, 0, 0, 1, 1], ["a", "a", "b", "a", "b"]
    y, score = [0, 1, 0, 1, 1], [0.9, 0.1, 0.5, 0.9, 0.1]
    # day 0: card a is caught; day 1: a is out, so b is the best and is caught
    assert metrics.card_precision_top_k(day, card, y, score, k=1) == 1
    assert metrics.card_precision_top_k(day, card, y, score, k=2) == 0.5


def test_card_precision_refuses_unfit_input():
    for bad in (([0], ["a"], [1], [np.nan], 1), ([0], ["a"], [1], [0.1], 0), ([], [], [], [], 1)):
        with pytest.raises(MetricError, match="expected"):
            metrics.card_precision_top_k(*bad)


def test_no_warning_escapes_where_a_class_is_absent():
    y, p = many(rows=6)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for name in MANY:
            metrics.value(name, np.zeros(6, int) if name == "accuracy" else y, p)
