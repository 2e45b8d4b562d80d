"""Reasons are counted as told, of the recorded model alone, and never of a test week."""

import shutil

import numpy as np
import pandas as pd
import pytest
from proofolio import evidence, verify
from proofolio.contract import Layout, RunError
from proofolio_torch.events.histories import Batch

from fraud_sequences import again, explain, occlusion

GROUPS = ["amount", "unit_mean", "unit2_risk", "night"]


def test_the_cause_is_counted_where_it_is_largest_and_where_it_is_named():
    scenarios = ["amount", "amount", "card", "card", "terminal", "none"]
    changes = np.array(
        [
            [3.0, 1.0, 0.0, 0.0],
            [1.0, 3.0, 0.0, 0.0],
            [2.0, 1.0, 0.0, 0.0],
            [2.0, -1.0, 0.5, 0.1],
            [-1.0, -1.0, -0.1, -1.0],  # nothing speaks for it
            [0.0, 0.0, 1.0, 0.0],
        ]
    )
    told = explain.Told(GROUPS, changes, "by hand", 0.0)
    rows = {r["scenario"]: r for r in explain.rows(pd.DataFrame({"scenario": scenarios}), told)}
    assert [rows["amount"][k] for k in ("n", "named_first", "named")] == [2, 0.5, 1.0]
    assert [rows["card"][k] for k in ("n", "named_first", "named")] == [2, 0.0, 0.5]
    assert [rows["terminal"][k] for k in ("n", "named_first", "named")] == [1, 0.0, 0.0]
    assert rows["none"]["cause"] is None and rows["none"]["unit2_risk"] == 1
    assert sum(rows["terminal"][g] for g in GROUPS) == 0
    assert [rows["all"][g] for g in GROUPS] == [3, 1, 1, 0]
    assert explain.named_first(list(rows.values())) == pytest.approx(1 / 5)


def test_a_cause_that_is_no_input_is_never_named():
    told = explain.Told(["amount"], np.ones((1, 1)), "by hand", 0.0)
    rows = explain.rows(pd.DataFrame({"scenario": ["terminal"]}), told)
    assert explain.named_first(rows) == 0.0


def test_alerts_are_the_best_of_each_day_of_a_validation_week(root):
    layout = Layout(root)
    run = again.selected(layout)
    alerts = explain.alerted(layout, run, 1, 10)
    assert (alerts.groupby("day").size() == 10).all() and alerts["day"].nunique() == 7
    scored = evidence.predictions(layout, run)
    assert set(scored.set_index("id").loc[alerts["id"], "part"]) == {"val"}
    assert explain.alerted(layout, run, 2, 10).empty  # the test week


@pytest.mark.parametrize("config", ["boosting", "gru"])
def test_reasons_of_the_recorded_model_are_a_result_that_verify_takes(own, config, capsys):
    result = explain.record(own, config, top=3)
    assert result.kind == "reasons" and result.n == 70 and result.parameters["parity"] < 1e-5
    whole = result.table[-1]
    groups = [k for k in whole if k not in ("scenario", "n", "cause", "named_first", "named")]
    assert 0 < sum(whole[g] for g in groups) <= whole["n"] == 70
    assert ("past payments" in groups) == (config == "gru")
    assert capsys.readouterr().out.count("  ") >= 3
    assert evidence.results.read(Layout(own), f"reasons_{config}") == result
    assert not verify.run(own).problems


def test_without_weights_or_trees_there_are_no_reasons(own):
    shutil.rmtree(own / "work")
    with pytest.raises(RunError, match="not on this machine") as error:
        explain.record(own, "gru")
    assert "fold_1/best.safetensors" in str(error.value)
    with pytest.raises(RunError, match="no reasons are told"):
        explain.record(own, "rules")


def test_an_event_alone_is_its_cards_first():
    names = ("gap", "first", "amount")
    steps = np.array([[[1, 0, 5], [2, 0, 6]], [[0, 1, 7], [0, 0, 0]]], np.float32)
    found = occlusion.alone(Batch(steps, np.array([2, 1]), np.zeros((2, 0))), names)
    assert found.steps[:, 0].tolist() == [[0, 1, 6], [0, 1, 7]]
    assert (found.steps[:, 1] == 0).all() and found.length.tolist() == [1, 1]


def test_a_group_is_replaced_in_features_and_in_the_own_step():
    names = ("gap", "first", "amount", "amount_log")
    steps = np.arange(16, dtype=np.float32).reshape(1, 4, 4)
    own = np.array([[50.0, 1.0]], np.float32)
    typical = np.full(4, -1.0), np.array([-2.0, -3.0])
    batch = Batch(steps, np.array([3]), own)
    found = occlusion.without(batch, [0], "amount", names, typical)
    changed = np.argwhere(found.steps != steps).tolist()
    assert changed == [[0, 2, 2], [0, 2, 3]] and (found.steps[0, 2, 2:] == -1).all()
    assert found.own.tolist() == [[-2.0, 1.0]] and own[0, 0] == 50
