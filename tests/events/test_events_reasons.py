"""Occlusion finds what a known score rests on; past events are taken out as if never there."""

import numpy as np
import pandas as pd
import pytest

from proofolio.contract import ProjectError
from proofolio_torch.events.histories import Batch, Histories
from proofolio_torch.events.reasons import groups, past_reasons, reasons

WEIGHTS = np.array([1.0, 2.0, -3.0, 0.0])
GROUPS = {"a": [0], "bc": [1, 2], "b": [1], "d": [3]}


def linear(rows: np.ndarray) -> np.ndarray:
    return rows @ WEIGHTS


def test_the_change_is_weight_times_distance():
    found = reasons(linear, [2.0, 2.0, 1.0, 9.0], [1.0, 0.0, 0.0, 0.0], GROUPS)
    assert [(r.what, r.change) for r in found] == [("b", 4.0), ("a", 1.0), ("bc", 1.0)]
    assert len(reasons(linear, [2.0, 2.0, 1.0, 9.0], np.zeros(4), GROUPS, k=1)) == 1
    assert reasons(linear, np.zeros(4), np.zeros(4), GROUPS) == []


def test_the_model_is_called_once():
    calls = []
    reasons(lambda x: calls.append(x.shape) or linear(x), np.ones(4), np.zeros(4), GROUPS)
    assert calls == [(5, 4)]


def test_windows_of_all_lengths_are_one_group():
    names = ["amount", "night", "unit_count_1d", "unit_count_7d", "unit2_risk_7d"]
    assert groups(names) == {
        "amount": [0],
        "night": [1],
        "unit_count": [2, 3],
        "unit2_risk": [4],
    }


@pytest.mark.parametrize(
    "wrong",
    [
        {"reference": np.zeros(3)},
        {"groups": {"a": [4]}},
        {"groups": {"a": [-1]}},
        {"groups": {}},
        {"k": 0},
        {"score": lambda x: x},
        {"score": lambda x: np.full(len(x), np.nan)},
    ],
)
def test_what_does_not_fit_is_refused(wrong):
    given = {"score": linear, "x": np.ones(4), "reference": np.zeros(4), "groups": GROUPS}
    with pytest.raises(ProjectError, match="no reasons"):
        reasons(**{**given, **wrong})


def table(seconds: list[int], amounts: list[float]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "id": [f"t{i}" for i in range(len(seconds))],
            "unit": "c",
            "time": np.datetime64("2020-01-01", "s") + np.array(seconds),
            "amount": amounts,
        }
    )


@pytest.mark.parametrize("removed", [0, 1, 2])
def test_an_event_taken_out_is_the_history_without_it(removed):
    seconds, amounts = [0, 100, 350, 1000], [5.0, 6.0, 7.0, 8.0]
    whole = Histories(table(seconds, amounts), 6)
    left = [i for i in range(4) if i != removed]
    without = Histories(table([seconds[i] for i in left], [amounts[i] for i in left]), 6)
    seen = []
    past_reasons(lambda b: seen.append(b) or np.zeros(len(b.steps)), whole.batch([3]), whole.names)
    expected = without.batch([2])
    assert seen[0].length.tolist() == [4, 3, 3, 3]
    np.testing.assert_allclose(seen[0].steps[removed + 1], expected.steps[0], rtol=1e-5)


def test_the_past_event_that_counts_is_found():
    history = Histories(table([0, 10, 20, 30], [1.0, 500.0, 2.0, 3.0]), 8)
    amount = history.names.index("amount")

    def largest(batch: Batch) -> np.ndarray:
        return np.where(batch.mask, batch.steps[:, :, amount], 0).max(axis=1)

    found = past_reasons(largest, history.batch([3]), history.names)
    assert [(r.what, r.change) for r in found] == [("2 events before", 497.0)]
    assert past_reasons(largest, history.batch([0]), history.names) == []
    with pytest.raises(ProjectError, match="no reasons"):
        past_reasons(largest, history.batch([0, 1]), history.names)
