"""`tune` of a generated project: tiny budgets, real trainings, from the search to the ladder."""

import shutil

import pytest
import yaml
from rendering import render, run

from proofolio import evidence, project, verify
from proofolio.contract import Layout

pytest.importorskip("optuna")


def searched(start, parameters, **overrides):
    """Return a section `tuning` of three trials."""
    told = {"start": start, "parameters": parameters, "minutes": 10}
    return told | {"coarse": {"trials": 2, "overrides": overrides}, "fine": {"trials": 1}}


@pytest.mark.slow
def test_a_search_ends_as_a_step_of_the_ladder(tmp_path):
    root = render(tmp_path / "tuned")
    path = root / "project.yaml"
    told = yaml.safe_load(path.read_text())
    small = next(e for e in told["ladder"] if e["name"] == "small_cnn")
    small["config"] |= {"epochs": 2, "width": 4}
    told["ladder"] = [small]
    told["tuning"] = searched("small_cnn", {"lr": {"low": 1e-4, "high": 1e-2}}, epochs=1)
    path.write_text(yaml.safe_dump(told))
    for step in ("prepare", "split"):
        run(root, step)
    said = run(root, "tune")
    entry = said.split("for the ladder in project.yaml:\n\n")[1]
    told["ladder"] += yaml.safe_load(entry)
    path.write_text(yaml.safe_dump(told))
    run(root, "train")
    layout, author = Layout(root), project.load(root)
    tuned = evidence.finished(layout, author, "small_cnn_tuned", 0)
    assert (tuned.tuning.trials, tuned.parent) == (3, "small_cnn")
    picked = evidence.run(layout, tuned.tuning.picked)
    assert picked.config == tuned.config and not set(picked.metrics) & {"test"}
    alike = picked.metrics["val"]["auroc"].value, tuned.metrics["val"]["auroc"].value
    assert alike[0] == pytest.approx(alike[1], abs=1e-6)  # the same training, made twice
    names = {r.name for r in evidence.runs(layout) if not r.is_trial}
    assert names == {"small_cnn", "small_cnn_tuned"}
    broken = [p for p in verify.run(root).problems if p.rule != "claims"]  # none is written yet
    assert not broken


@pytest.mark.slow
def test_a_smoke_run_of_each_kind_tunes(tmp_path):
    space = {"lr": {"low": 1e-3, "high": 0.1, "log": True}}
    for kind, start, short in (("image", "small_cnn", "epochs"), ("events", "boosting", "trees")):
        root = render(tmp_path / kind, kind=kind)
        section = yaml.safe_dump({"tuning": searched(start, space, **{short: 2})})
        path = root / "project.yaml"
        path.write_text(path.read_text().replace("tuning: null", section.rstrip() + "\n#"))
        for step in ("prepare", "split", "tune"):
            said = run(root, step, "--quick")
        assert "3 trials: 3 finished" in said
        assert not (root / "evidence").exists()
        shutil.rmtree(root)


def test_the_example_in_project_yaml_is_valid(tmp_path):
    for kind in ("image", "events"):
        root = render(tmp_path / kind, kind=kind)
        path = root / "project.yaml"
        text = path.read_text()
        head, example = text.split("# tuning:\n")
        shown, rest = example.split("tracking:", 1)
        assert project.load(root).tuning is None
        told = "tuning:\n" + shown.replace("#   ", "  ") + "tracking:" + rest
        path.write_text(head.replace("tuning: null", "#") + told)
        assert project.load(root).tuning.coarse.trials == 8
