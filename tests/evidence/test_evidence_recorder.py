"""The recorder writes a run whole or leaves it resumable, refuses what would be no proof."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
import recorded

from proofolio import evidence, files, splits, table
from proofolio.contract import ModelInfo, RunError, SealError, StaleError

HERE = Path(__file__).parent
MODEL = ModelInfo(name="made up", parameters=3)


@pytest.fixture(scope="module")
def template(tmp_path_factory):
    root = tmp_path_factory.mktemp("prepared") / "project"
    recorded.prepared(root)
    return root


def statuses(layout):
    return [entry["status"] for entry in evidence.entries(layout)]


def test_a_finished_run_is_whole_and_test_stays_unscored(ready):
    layout, author = ready
    run = recorded.train(layout, author, "good", 1)
    assert run.id.startswith("good-s1-") and run == evidence.run(layout, run.id)
    assert set(run.metrics) == {"val", "calib"}
    auroc = run.metrics["val"]["auroc"]
    assert (auroc.n, auroc.n_units, auroc.resamples, auroc.level) == (18, 6, 2000, 0.95)
    assert run.argv == ["python", "-m", "tiny", "train"]
    assert run.runtime == {"device": "cpu"} and "gpu" in run.environment
    assert [(f.step, f.part) for f in run.fitted] == [
        ("calibration", "calib"),
        ("threshold", "calib"),
        ("weights", "train"),
    ]
    stored = evidence.predictions(layout, run)
    assert list(stored.columns) == ["id", "part", "p_sick"]
    assert stored["p_sick"].dtype == "float32" and set(stored["part"]) == {"val", "calib", "test"}
    text = (layout.run(run.id) / "history.csv").read_text()
    assert text == "epoch,train_loss,val_loss,val_auroc,lr,seconds\n1,0.5,0.6,,,0.1\n"
    assert statuses(layout) == ["started", "finished"]
    assert evidence.verify_chain(layout) == []
    assert evidence.finished(layout, author, "good", 1) == run
    assert evidence.finished(layout, author, "good", 0) is None
    assert str(layout.root) not in (layout.run(run.id) / "run.json").read_text()


def test_the_same_inputs_give_the_same_run_id(ready, tmp_path):
    layout, author = ready
    run = recorded.train(layout, author, "good", 0)
    again = recorded.train(*recorded.prepared(tmp_path / "again"), "good", 0)
    assert again.id == run.id and again.predictions_sha256 == run.predictions_sha256
    assert recorded.train(layout, author, "good", 1).id.split("-")[2] != run.id.split("-")[2]


def test_a_child_carries_its_one_change(ready):
    layout, author = ready
    run = recorded.train(layout, author, "good_slow", 0)
    assert run.parent == "good" and [c.key for c in run.changed] == ["optim.lr"]


def test_rules_are_checked_before_anything_is_written(ready):
    layout, author = ready
    with pytest.raises(RunError, match="seed 9"):
        evidence.Recorder(layout, author, "good", 9, [])
    author.experiment("good_slow").change = {"optim": {"lr": 1, "epochs": 9}}
    with pytest.raises(RunError, match=r"optim\.epochs, optim\.lr"):
        evidence.Recorder(layout, author, "good_slow", 0, [])
    assert not layout.runs_log.exists() and not layout.work.exists()


def test_a_changed_parts_file_is_refused(ready):
    layout, author = ready
    path = layout.split("primary") / "parts.csv"
    path.write_text(path.read_text().replace(",test,", ",val,", 1))
    with pytest.raises(StaleError, match=r"parts\.csv"):
        evidence.Recorder(layout, author, "good", 0, [])


def test_a_finished_run_is_not_made_twice_by_accident(ready):
    layout, author = ready
    first = recorded.train(layout, author, "good", 0)
    with pytest.raises(RunError, match="is finished"):
        recorded.train(layout, author, "good", 0)
    second = recorded.train(layout, author, "good", 0, again=True)
    assert second.id == f"{first.id}-2"
    assert evidence.finished(layout, author, "good", 0).id == second.id
    counted = evidence.configurations(layout, "primary")
    assert [r.id for r in counted["good"]] == [second.id]


def test_runs_of_an_older_config_no_longer_count(ready):
    layout, author = ready
    recorded.train(layout, author, "good", 0)
    recorded.train(layout, author, "good", 1)
    author.experiment("good").config["optim"]["lr"] = 0.3
    assert evidence.finished(layout, author, "good", 0) is None
    newer = recorded.train(layout, author, "good", 0)
    assert [r.id for r in evidence.configurations(layout, "primary")["good"]] == [newer.id]
    assert len(evidence.runs(layout)) == 3


def test_an_error_is_recorded_as_failed_and_the_next_attempt_has_a_new_id(ready):
    layout, author = ready
    with (
        pytest.raises(ValueError, match="diverged"),
        evidence.Recorder(layout, author, "good", 0, []) as recorder,
    ):
        recorder.epoch({"epoch": 1, "train_loss": float("nan")})
        raise ValueError(f"loss diverged, see {layout.root}/logs/log.txt")
    failed = evidence.run(layout, recorder.id)
    assert failed.status == "failed" and failed.predictions == "not kept"
    assert failed.error == "ValueError: loss diverged, see ./logs/log.txt"
    assert (layout.run(recorder.id) / "history.csv").read_text().endswith("\n1,,,,,\n")
    assert evidence.finished(layout, author, "good", 0) is None
    run = recorded.train(layout, author, "good", 0)
    assert run.id == f"{failed.id}-2" and run.status == "finished"
    assert statuses(layout) == ["started", "failed", "started", "finished"]
    assert evidence.verify_chain(layout) == []


def test_leaving_without_finish_is_a_failure(ready):
    layout, author = ready
    with (
        pytest.raises(RunError, match="ended without predictions"),
        evidence.Recorder(layout, author, "good", 0, []),
    ):
        pass
    assert statuses(layout) == ["started", "failed"]


def test_an_interrupted_run_is_resumed_with_its_curve_cut_back(ready):
    layout, author = ready
    with (
        pytest.raises(KeyboardInterrupt),
        evidence.Recorder(layout, author, "good", 0, []) as recorder,
    ):
        for epoch in (1, 2, 3):
            recorder.epoch({"epoch": epoch, "train_loss": 1.0})
        raise KeyboardInterrupt
    assert statuses(layout) == ["started"] and not layout.runs.exists()
    with evidence.Recorder(layout, author, "good", 0, []) as again:
        assert again.resumed and again.id == recorder.id and again.work == recorder.work
        again.epoch({"epoch": 2, "train_loss": 0.25})
        again.epoch({"epoch": 2, "train_loss": 0.5})
        run = again.finish(recorded.predicted(layout, again, 2.0), MODEL)
    rows = (layout.run(run.id) / "history.csv").read_text().splitlines()[1:]
    assert rows == ["1,1.0,,,,", "2,0.5,,,,"]
    assert statuses(layout) == ["started", "resumed", "finished"]
    assert run.started == evidence.entries(layout)[0]["time"]


@pytest.mark.parametrize(
    "point",
    [
        "runs.jsonl/1",  # the start is about to be logged
        "epoch 2",
        "predictions.parquet/1",
        "run.json/1",  # predictions are there, the run is not
        "runs.jsonl/2",  # the run is there, its closing line is not
    ],
)
def test_a_killed_run_leaves_whole_files_and_is_resumed(ready, point):
    layout, author = ready
    command = [sys.executable, str(HERE / "killed.py"), str(layout.root)]
    killed = subprocess.run([*command, point], capture_output=True, text=True)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    for path in layout.evidence.rglob("[!.]*.json*"):
        for line in path.read_text().splitlines() if path.suffix == ".jsonl" else [path]:
            json.loads(line if isinstance(line, str) else line.read_text())
    run = evidence.finished(layout, author, "good", 0)  # also heals the log
    if point == "runs.jsonl/2":
        assert run is not None
    else:
        assert run is None and not list(layout.runs.glob("*/run.json"))
        run = recorded.train(layout, author, "good", 0)
    assert evidence.verify_chain(layout) == []
    assert run.id == evidence.entries(layout)[0]["id"] and not run.id.endswith("-2")
    assert not list(layout.evidence.rglob(".*")), "left-overs of the killed process"
    assert evidence.predictions(layout, run)["id"].is_unique


def test_a_second_writer_is_refused_with_pid_and_remedy(ready):
    layout, author = ready
    with evidence.Recorder(layout, author, "good", 0, []) as recorder:
        with pytest.raises(RunError, match=f"process {os.getpid()} (.|\n)*remedy: wait"):
            recorded.train(layout, author, "good", 0)
        other = subprocess.run(
            [sys.executable, str(HERE / "killed.py"), str(layout.root), "never"],
            capture_output=True,
            text=True,
        )
        assert other.returncode == 1 and f"process {os.getpid()} holds" in other.stderr
        recorder.finish(recorded.predicted(layout, recorder, 2.0), MODEL)
    assert statuses(layout) == ["started", "finished"]


@pytest.mark.parametrize(
    ("step", "part"),
    [("weights", "val"), ("threshold", "test"), ("early_stopping", "calib"), ("scaler", "test")],
)
def test_a_step_fitted_on_the_wrong_part_is_refused(ready, step, part):
    layout, author = ready
    with (
        pytest.raises(RunError, match=f"{step} may not be fitted on {part}"),
        evidence.Recorder(layout, author, "good", 0, []) as recorder,
    ):
        recorder.fit(step, part)
    assert evidence.runs(layout)[0].status == "failed"


FAULTS = {
    "missing": (lambda p: p.iloc[1:], RunError, "not scored"),
    "doubled": (lambda p: pd.concat([p, p.iloc[:1]]), RunError, "more than once"),
    "moved": (
        lambda p: p.assign(part=p["part"].replace({"val": "calib", "calib": "val"})),
        RunError,
        "not scored",
    ),
    "train": (lambda p: p.assign(part="train"), RunError, "not scored"),
    "labels": (lambda p: p.assign(label="sick"), SealError, "carry labels"),
    "more columns": (lambda p: p.assign(loss=0.0), RunError, "other columns"),
    "wrong class": (lambda p: p.rename(columns={"p_sick": "p_x"}), RunError, "wrong columns"),
    "not a number": (lambda p: p.assign(p_sick=float("nan")), RunError, "no probabilities"),
    "too large": (lambda p: p.assign(p_sick=1.5), RunError, "no probabilities"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_predictions_that_prove_nothing_are_refused(ready, fault):
    layout, author = ready
    break_it, error, said = FAULTS[fault]
    with (
        pytest.raises(error, match=said),
        evidence.Recorder(layout, author, "good", 0, []) as recorder,
    ):
        recorder.finish(break_it(recorded.predicted(layout, recorder, 2.0)), MODEL)
    assert statuses(layout) == ["started", "failed"]


def test_an_edited_prediction_is_seen(ready):
    layout, author = ready
    run = recorded.train(layout, author, "good", 0)
    stored = evidence.predictions(layout, run)
    stored.loc[0, "p_sick"] = 0.123
    files.write_parquet(layout.run(run.id) / "predictions.parquet", stored)
    with pytest.raises(StaleError, match="was edited"):
        evidence.predictions(layout, run)


def test_cross_validation_scores_held_out_rows_as_val(tmp_path):
    spec = {"name": "primary", "strategy": "cross_validation", "folds": 3, "rationale": "Few."}
    shares = {"train": 0.8, "test": 0.2}
    layout, author = recorded.prepared(tmp_path / "cv", splits=[spec | {"fractions": shares}])
    with evidence.Recorder(layout, author, "good", 0, []) as recorder:
        parts = splits.read(layout, "primary")
        scored = parts[parts["part"] != "train"]
        scored = scored.assign(part=scored["part"].replace("heldout", "val"))
        examples = table.read_examples(layout).set_index("id")["label"]
        truth = scored["id"].map(examples) == "sick"
        scored = scored.assign(p_sick=truth * 0.5 + 0.25)
        run = recorder.finish(scored[["id", "part", "fold", "p_sick"]], MODEL)
    assert set(run.metrics) == {"val"} and run.metrics["val"]["auroc"].value == 1.0
    assert run.metrics["val"]["auroc"].n == (scored["part"] == "val").sum()


def test_conclusions_are_copied_from_the_author(ready):
    layout, author = ready
    run = recorded.train(layout, author, "good", 0)
    author.experiment("good").conclusion = "It learns."
    assert evidence.conclude(layout, author) == 1
    assert evidence.run(layout, run.id).conclusion == "It learns."
    assert evidence.conclude(layout, author) == 0
