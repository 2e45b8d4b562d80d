import json
import shutil

import pandas as pd
import pytest
from verify.proven import edit_json, edit_log, relink, run_folder

from proofolio import files, verify
from proofolio.contract import Layout


def problems(root):
    return verify.run(root).problems


def rules(root):
    return {problem.rule for problem in problems(root)}


def edit_prediction(root, *, forge_hash):
    folder = run_folder(root)
    stored = pd.read_parquet(folder / "predictions.parquet")
    row = stored.index[stored["part"] == "val"][0]
    stored.loc[row, "p_sick"] = 1 - stored.loc[row, "p_sick"]
    files.write_parquet(folder / "predictions.parquet", stored)
    if forge_hash:
        digest = files.sha256_file(folder / "predictions.parquet")
        edit_json(folder / "run.json", lambda run: run.update(predictions_sha256=digest))


def test_an_edited_prediction(root):
    edit_prediction(root, forge_hash=False)
    found = problems(root)
    assert {p.rule for p in found} == {"hashes"}
    assert "predictions.parquet was changed" in found[0].what


def test_an_edited_prediction_whose_hash_was_forged(root):
    edit_prediction(root, forge_hash=True)
    found = problems(root)
    assert {p.rule for p in found} == {"3", "5"}
    (sealed,) = [p for p in found if p.rule == "5"]
    assert sealed.what.startswith("predictions_sha256 changed since test was opened")


def test_an_edited_prediction_whose_hash_was_forged_before_test_was_opened(unopened):
    edit_prediction(unopened, forge_hash=True)
    assert rules(unopened) == {"3"}


@pytest.mark.parametrize("fault", ["doubled", "dropped", "moved"])
def test_ids_not_scored_exactly_once(unopened, fault):
    folder = run_folder(unopened)
    stored = pd.read_parquet(folder / "predictions.parquet")
    if fault == "doubled":
        stored = pd.concat([stored, stored.tail(1)])
    elif fault == "dropped":
        stored = stored.iloc[1:]
    else:
        stored.loc[stored.index[0], "part"] = "test"
    files.write_parquet(folder / "predictions.parquet", stored)
    digest = files.sha256_file(folder / "predictions.parquet")
    edit_json(folder / "run.json", lambda run: run.update(predictions_sha256=digest))
    assert rules(unopened) == {"2"}


@pytest.mark.parametrize("key", ["value", "ci_low", "ci_high", "n_units", "degenerate"])
def test_an_edited_metric_or_interval(unopened, key):
    def change(run):
        run["metrics"]["val"]["brier"][key] += 1 if key in ("n_units", "degenerate") else 2e-6

    edit_json(run_folder(unopened) / "run.json", change)
    found = problems(unopened)
    assert [p.rule for p in found] == ["3"]
    assert f"val.brier.{key}" in found[0].what


def test_an_edited_threshold_and_temperature(unopened):
    def change(run):
        run["decision"]["threshold"] += 0.01

    edit_json(run_folder(unopened) / "run.json", change)
    found = problems(unopened)
    assert {p.rule for p in found} == {"3"}
    assert any("decision.threshold" in p.what for p in found)


def test_an_edited_result(root):
    path = next(Layout(root).results.glob("difference_*_val.json"))
    edit_json(path, lambda result: result.update(ci_low=result["ci_low"] + 1e-4))
    found = problems(root)
    assert [p.rule for p in found] == ["3"]
    assert "ci_low" in found[0].what


def test_a_result_of_unknown_kind_and_a_measurement_without_hardware(root):
    path = next(Layout(root).results.glob("confusion_val.json"))
    edit_json(path, lambda result: result.update(kind="rumour"))
    assert rules(root) == {"schema"}
    edit_json(path, lambda result: result.update(kind="latency"))
    assert "hardware" in str(problems(root)[0])


def test_two_keys_changed_against_the_parent(unopened):
    for seed in (0, 1):

        def change(run):
            run["config"]["optim"]["epochs"] = 4
            run["config_sha256"] = files.sha256_json(run["config"])

        edit_json(run_folder(unopened, "good_slow", seed) / "run.json", change)
    digest = files.read_json(run_folder(unopened, "good_slow") / "run.json")["config_sha256"]

    def change_log(lines):
        entries = [json.loads(line) for line in lines]
        for entry in entries:
            if entry["name"] == "good_slow":
                entry["config_sha256"] = digest
        return relink([json.dumps(entry) for entry in entries])

    edit_log(unopened, change_log)
    found = problems(unopened)
    assert {p.rule for p in found} == {"4"}
    assert "optim.epochs, optim.lr" in found[0].what


def test_changes_named_twice_and_an_undeclared_seed(unopened):
    def change(run):
        run["changed"].append({"key": "optim.epochs", "old": 3, "new": 4})

    edit_json(run_folder(unopened, "good_slow") / "run.json", change)
    assert rules(unopened) == {"4"}
    text = (unopened / "project.yaml").read_text().replace("seeds:\n- 0\n- 1", "seeds:\n- 0\n- 7")
    (unopened / "project.yaml").write_text(text)
    assert any("seed 1 is not declared" in p.what for p in problems(unopened))


@pytest.mark.parametrize(
    ("step", "part"),
    [("weights", "val"), ("calibration", "val"), ("early_stopping", "train"), ("scaler", "test")],
)
def test_a_step_fitted_on_the_wrong_part(unopened, step, part):
    edit_json(
        run_folder(unopened) / "run.json",
        lambda run: run["fitted"].append({"step": step, "part": part}),
    )
    found = problems(unopened)
    assert [p.rule for p in found] == ["5"]
    assert step in found[0].what


def test_a_deleted_run_folder(unopened):
    shutil.rmtree(run_folder(unopened, "good_slow", 1))
    found = problems(unopened)
    assert {p.rule for p in found} == {"6"}
    assert "is gone" in found[0].what


def test_a_deleted_run_folder_and_its_log_lines(root):
    folder = run_folder(root, "good_slow", 1)
    shutil.rmtree(folder)
    edit_log(root, lambda lines: relink([x for x in lines if folder.name not in x]))
    found = problems(root)
    assert "6" in {p.rule for p in found}  # git history still holds the lines
    assert any("committed are gone" in p.what for p in found)


def test_an_edited_log_line(unopened):
    edit_log(unopened, lambda lines: [lines[0].replace("Z", "+00:00"), *lines[1:]])
    assert rules(unopened) == {"6"}


def test_an_edited_last_log_line_that_no_hash_covers(unopened):
    def change(lines):
        entry = json.loads(lines[-1]) | {"time": "2020-01-01T00:00:00Z"}
        return [*lines[:-1], files.json_line(entry).rstrip("\n")]

    edit_log(unopened, change)
    assert rules(unopened) == {"6"}


def test_a_changed_config_and_a_foreign_field(unopened):
    edit_json(run_folder(unopened, "prior") / "run.json", lambda r: r["config"].update(extra=1))
    assert rules(unopened) == {"hashes"}
    edit_json(run_folder(unopened, "prior") / "run.json", lambda r: r.update(extra=1))
    assert "schema" in rules(unopened)


def test_predictions_not_kept_are_noted(unopened):
    folder = run_folder(unopened, "prior")
    (folder / "predictions.parquet").unlink()
    assert rules(unopened) == {"hashes"}
    edit_json(folder / "run.json", lambda run: run.update(predictions="not kept"))
    report = verify.run(unopened)
    assert report.problems == []
    assert any("not kept" in note for note in report.notes)
