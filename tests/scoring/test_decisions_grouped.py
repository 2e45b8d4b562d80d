"""Conformal sets by group: one group is MAPIE's marginal set, and coverage holds in each group."""

import numpy as np
import pytest

from proofolio import decisions
from proofolio.contract import MetricError

GROUPS = ["easy", "hard", "hard", "hard"]


def made(rows, seed):
    """Rows of four classes; those of the first are told far better than the others."""
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 4, rows)
    skill = np.where(y == 0, 4.0, 1.0)[:, None]
    logits = rng.normal(0, 1, (rows, 4)) + skill * (y[:, None] == np.arange(4))
    p = np.exp(logits)
    return y, p / p.sum(axis=1, keepdims=True)


def resampling(n):
    return {"clusters": np.arange(n) // 2, "resamples": 40, "seed": 3}


def mapie_sets(calib_y, calib_p, p, levels):
    """The sets of MAPIE on probabilities that a fitted classifier passes on."""
    from mapie.classification import SplitConformalClassifier
    from sklearn.dummy import DummyClassifier

    class Passed(DummyClassifier):
        def predict_proba(self, X):
            return np.asarray(X)

    fitted = Passed().fit(calib_p, np.arange(len(calib_p)) % calib_p.shape[1])
    conformal = SplitConformalClassifier(fitted, confidence_level=levels, conformity_score="lac")
    conformal.conformalize(calib_p, calib_y)
    return conformal.predict_set(p)[1]


def test_a_single_group_has_the_sets_of_mapie():
    (calib_y, calib_p), (_, p) = made(120, 1), made(80, 2)
    quantiles, sets = decisions.grouped_sets(calib_y, calib_p, p, [0.8, 0.95], ["one"] * 4)
    np.testing.assert_array_equal(sets, mapie_sets(calib_y, calib_p, p, [0.8, 0.95]))
    assert quantiles == {"one": decisions.prediction_sets(calib_y, calib_p, p, [0.8, 0.95])[0]}


@pytest.mark.filterwarnings("ignore:WARNING. your conformalization dataset has less")
def test_each_group_s_classes_have_the_sets_of_mapie_on_its_calib_rows():
    (calib_y, calib_p), (_, p) = made(160, 1), made(80, 2)
    _, sets = decisions.grouped_sets(calib_y, calib_p, p, [0.9], GROUPS)
    hard = calib_y > 0
    expected = mapie_sets(calib_y[hard], calib_p[hard], p, [0.9])
    np.testing.assert_array_equal(sets[:, 1:], expected[:, 1:])
    scores = np.sort(1 - calib_p[~hard, 0])
    quantile = scores[-(-(len(scores) + 1) * 9 // 10) - 1]
    np.testing.assert_array_equal(sets[:, 0, 0], 1 - p[:, 0] <= quantile + 1e-8)


def test_coverage_holds_in_each_group_where_one_quantile_for_all_fails():
    held = {"easy": [], "hard": []}
    marginal = {"easy": [], "hard": []}
    for seed in range(60):
        (calib_y, calib_p), (y, p) = made(200, seed), made(300, 1000 + seed)
        for row in decisions.grouped_table(
            calib_y, calib_p, y, p, [0.8], GROUPS, **resampling(300)
        )[1:]:
            held[row["group"]].append(row["coverage"])
            marginal[row["group"]].append(row["marginal_coverage"])
    for group in held:
        assert np.mean(held[group]) == pytest.approx(0.81, abs=0.025)
    assert np.mean(marginal["easy"]) > 0.95 and np.mean(marginal["hard"]) < 0.77


@pytest.mark.parametrize(("rows", "reached"), [(0, False), (12, False), (19, False), (20, True)])
def test_a_group_with_too_few_rows_rules_none_of_its_classes_out(rows, reached):
    (y, p), (_, other) = made(400, 1), made(50, 2)
    kept = np.concatenate([np.flatnonzero(y == 0)[:rows], np.flatnonzero(y > 0)])
    quantiles, sets = decisions.grouped_sets(y[kept], p[kept], other, [0.95], GROUPS)
    assert (quantiles["easy"][0] is not None) == reached
    assert sets[:, 0].all() != reached and not sets[:, 1:].all()
    table = decisions.grouped_table(
        y[kept], p[kept], y[:50], p[:50], [0.95], GROUPS, **resampling(50)
    )
    every, easy, hard = table
    assert (easy["n_calib"], easy["n_calib_class"], easy["classes"]) == (rows, rows, 1)
    assert (every["note"], hard["note"]) == ("", "")
    assert easy["note"].startswith("needs 20 rows of calib") != reached


def test_a_table_by_group_adds_up_to_the_whole_and_shows_no_interval_of_no_width():
    (calib_y, calib_p), (y, p) = made(200, 3), made(100, 4)
    p[y == 0] = [0.97, 0.01, 0.01, 0.01]
    every, easy, hard = decisions.grouped_table(
        calib_y, calib_p, y, p, [0.9], GROUPS, **resampling(100)
    )
    assert every["n"] == easy["n"] + hard["n"] == 100 and every["n_units"] == 50
    for key in ("coverage", "mean_size", "marginal_coverage", "marginal_size"):
        parts = easy[key] * easy["n"] + hard[key] * hard["n"]
        assert parts == pytest.approx(every[key] * 100)
    assert (easy["coverage"], easy["coverage_ci_low"]) == (1.0, None)
    assert hard["coverage_ci_low"] < hard["coverage"] < hard["coverage_ci_high"]
    (_, absent, _) = decisions.grouped_table(
        calib_y, calib_p, y[y > 0], p[y > 0], [0.9], GROUPS, **resampling((y > 0).sum())
    )
    assert (absent["n"], absent["coverage"], absent["mean_size"]) == (0, None, None)


def test_levels_that_are_no_shares_are_refused_by_group_too():
    y, p = made(60, 0)
    with pytest.raises(MetricError, match="conformal levels"):
        decisions.grouped_table(y, p, y, p, [95], GROUPS, **resampling(60))
