"""The exercise of docs/operation.md on a small world: watch, train again, approve, go back."""

import shutil

import pytest
import small_world
from proofolio import evidence, files, verify
from proofolio.contract import Layout, RunError
from proofolio.evidence import standing
from test_contract import ROOT

from fraud_sequences import export, monitor, replay, serve

FILES = ["models/champion_fold0.ubj", "models/champion_fold1.ubj"]  # of the validation folds


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """A finished small project before its test is opened."""
    layout = small_world.make(tmp_path_factory.mktemp("exercise") / "project", ROOT)
    small_world.selected(layout)
    return layout.root


@pytest.fixture
def own(root, tmp_path):
    return shutil.copytree(root, tmp_path / "project", symlinks=True)


def entry(root):
    return files.read_json(Layout(root).registry)["models"]["champion"]


def test_a_newer_fold_is_approved_by_a_person_and_taken_back(own):
    layout = Layout(own)
    for fold, (weights, who) in enumerate(zip(FILES, ("A. Approver", "B. Approver"), strict=True)):
        path = export.champion(own, fold, into=weights)
        assert entry(own)["tags"] == ["candidate"] and serve.registered(own) == path
        with pytest.raises(RunError, match="needs a person"):
            evidence.promote(layout, "champion", "")
        evidence.promote(layout, "champion", who)
    first, second = ((own / weights).read_bytes() for weights in FILES)
    assert first != second
    back = evidence.rollback(layout, "champion", "C. On-call")
    assert serve.registered(own) == own / FILES[0]
    steps = [(step["action"], step["by"], step["weights"]) for step in back["history"]]
    assert steps == [
        ("register", None, FILES[0]),
        ("promote", "A. Approver", FILES[0]),
        ("register", None, FILES[1]),
        ("promote", "B. Approver", FILES[1]),
        ("rollback", "C. On-call", FILES[0]),
    ]
    assert back["remade_by"].endswith(f"--fold 0 --into {FILES[0]}")
    assert not verify.run(own).problems


def test_a_newer_fold_is_not_written_over_the_promoted_one(own):
    export.champion(own, 0)
    evidence.promote(Layout(own), "champion", "A. Approver")
    with pytest.raises(RunError, match=r"written over .*promoted"):
        export.champion(own, 1)


def test_both_reports_are_measured_while_test_is_sealed(own, monkeypatch):
    monkeypatch.setitem(standing.DRAWN, "resamples", 50)
    monkeypatch.setattr(monitor, "REFERENCE", "2018-05")
    assert monitor.sealed_from(Layout(own), evidence.runs(Layout(own))[0]) == "2018-05-26"
    inputs, scores = monitor.record(own, "a command")
    risky = {row["what"]: row for row in inputs.table}["unit2_risk_7d"]
    assert risky["2018-06"] is None and risky["2018-04"] > 0
    assert inputs.parameters["known"]["2018-04"] == "2018-05-01"
    *val, test = scores.table
    assert all(week["precision"] is not None for week in val)
    assert test["precision"] is test["found"] is None and test["psi"] > 0
    assert test["known_at"] == "2018-06-02" and test["labels_known_at"] == "2018-06-09"

    found = replay.record(own, "a command").table
    assert found[0]["difference"] == found[0]["score_psi"] == 0  # the same model: made again alike
    assert found[0]["never"] == found[0]["weekly"] > 0.2
    assert found[1]["difference_ci_low"] <= found[1]["difference"] <= found[1]["difference_ci_high"]
    assert not verify.run(own).problems
