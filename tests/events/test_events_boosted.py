"""Served trees are the fitted ones, one row or many; their contributions sum to the log-odds."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from proofolio import decisions, files
from proofolio.contract import Calibration, RunError
from proofolio_torch.events.boosted import LOG_ODDS, Boosted

xgboost = pytest.importorskip("xgboost")

GROUPS = {"a": [0], "bc": [1, 2], "d": [3]}
WARM = Calibration(method="temperature", temperature=1.3, fitted_on="val")


@pytest.fixture(scope="module")
def fitted(tmp_path_factory):
    """Features, a model that uses all but the last, and its file."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(2000, 4))
    y = (x[:, 0] + x[:, 1] * x[:, 2] > 0.5).astype(int)
    x[:, 3] = 1.0
    model = xgboost.XGBClassifier(n_estimators=30, max_depth=3, base_score=0.5, n_jobs=2)
    path = tmp_path_factory.mktemp("trees") / "model.ubj"
    files.write_bytes(path, bytes(model.fit(x, y).get_booster().save_raw("ubj")))
    return x, model, path


def test_the_file_scores_as_the_fitted_model_to_the_last_bit(fitted):
    x, model, path = fitted
    served, expected = Boosted(path, calibration=WARM), model.predict_proba(x)[:, 1]
    assert np.array_equal(served.raw(x), expected)
    assert np.array_equal(served(x), decisions.calibrate(expected, WARM))
    assert np.array_equal(Boosted(path)(x), expected.astype(np.float64))
    one_by_one = [served(row[None])[0] for row in x[:200]]
    assert np.array_equal(one_by_one, served(x)[:200])


@pytest.mark.parametrize("calibration", [None, Calibration(method="none"), WARM])
def test_contributions_sum_to_the_log_odds(fitted, calibration):
    x, _, path = fitted
    served = Boosted(path, calibration=calibration)
    found = served.contributions(x, GROUPS)
    p = served(x)
    left = np.log(p / (1 - p)) - found.sum(axis=1)
    assert found.shape == (2000, 3) and np.ptp(left) < 1e-4  # a constant is left
    assert (found[:, 2] == 0).all() and np.abs(found[:, 0]).max() > 1


def test_reasons_are_the_largest_contributions(fitted):
    x, _, path = fitted
    served = Boosted(path)
    row = x[np.argmax(served(x))]
    told = served.reasons(row, GROUPS)
    changes = dict(zip(GROUPS, served.contributions(row[None], GROUPS)[0], strict=True))
    assert [r.change for r in told] == sorted((c for c in changes.values() if c > 0), reverse=True)
    assert all(r.unit == LOG_ODDS and r.change == changes[r.what] for r in told)
    assert len(served.reasons(row, GROUPS, k=1)) == 1


def test_threads_get_the_same_answers(fitted):
    x, _, path = fitted
    served = Boosted(path)
    whole, why = served(x), served.contributions(x, GROUPS)
    with ThreadPoolExecutor(4) as pool:
        scores = list(pool.map(lambda row: served(row[None])[0], x[:300]))
        told = list(pool.map(lambda row: served.contributions(row[None], GROUPS)[0], x[:300]))
    assert np.array_equal(scores, whole[:300]) and np.array_equal(told, why[:300])


def test_another_file_is_refused(fitted, tmp_path):
    _, _, path = fitted
    with pytest.raises(RunError, match="not the one that was exported"):
        Boosted(path, sha256="0" * 64)
    with pytest.raises(RunError, match="not the one that was exported"):
        Boosted(tmp_path / "gone.ubj")
    counts = xgboost.XGBRegressor(n_estimators=1).fit([[0.0], [1.0]], [0.0, 1.0])
    counts.get_booster().save_model(tmp_path / "counts.ubj")
    with pytest.raises(RunError, match="no probability"):
        Boosted(tmp_path / "counts.ubj")
