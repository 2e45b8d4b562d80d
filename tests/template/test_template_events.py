"""The real entry point on a generated project of events, and what a fold of it may look at."""

import subprocess
import sys

import numpy as np
import pytest
from rendering import environment, preset, render, run

from proofolio import evidence, project, splits, stages, verify
from proofolio import table as tables
from proofolio.contract import Layout, SealError
from proofolio_torch import record

STEPS = ("prepare", "split", "audit", "train", "select", "evaluate", "cards", "pages", "verify")
OF_IMAGES = ("albumentations", "cv2", "imagehash", "timm", "torchvision")


@pytest.fixture(scope="module")
def smoked(tmp_path_factory):
    """A project after a smoke run in which the libraries for images are absent."""
    root = render(tmp_path_factory.mktemp("events"), **preset("card_fraud"))
    lines = [f"sys.modules[{name!r}] = None" for name in OF_IMAGES]
    text = "\n".join(["import sys", *lines])
    (tmp_path_factory.mktemp("absent") / "sitecustomize.py").write_text(text, encoding="utf-8")
    absent = tmp_path_factory.getbasetemp() / "absent0"
    return root, run(root, "all", "--quick", paths=[absent])


@pytest.mark.slow
def test_smoke_run_takes_every_step_and_leaves_the_evidence_alone(smoked):
    root, said = smoked
    places = [said.index(f"[{step}: ") for step in STEPS]
    assert places == sorted(places) and "[sheets" not in said
    quick = Layout(root / "work" / "quick")
    runs = {r.name: r for r in evidence.runs(quick)}
    assert set(runs) == {e.name for e in project.load(root).ladder}
    assert all(r.status == "finished" and "val" in r.metrics for r in runs.values())
    assert not verify.run(quick.root).problems
    assert (quick.root / "docs/result/index.md").is_file() and quick.model_card.is_file()
    assert "what-if-data" in (quick.root / "docs/result/what_if.md").read_text(encoding="utf-8")
    assert not (root / "evidence").exists() and not (root / "MODEL_CARD.md").exists()


@pytest.mark.slow
def test_every_rung_scores_every_event_once_per_fold_by_its_kind_of_number(smoked):
    root, _ = smoked
    quick = Layout(root / "work" / "quick")
    parts = splits.read(quick, "primary")
    assert set(parts["part"]) == {"val", "test"} and parts["fold"].nunique() == 2
    for made in evidence.runs(quick):
        stored = evidence.predictions(quick, made)
        assert set(map(tuple, stored[["id", "fold"]].to_numpy())) == set(
            map(tuple, parts[["id", "fold"]].to_numpy())
        )
        assert ("score" if made.rung == "autoencoder" else "p_fraud") in stored
        steps = {f.step.split(":")[0]: f.part for f in made.fitted}
        assert steps["weights"] == "train" and steps["threshold"] == "val", made.name


@pytest.mark.slow
def test_a_second_training_does_only_what_changed(smoked):
    root, _ = smoked
    before = (root / "work/quick/evidence/runs.jsonl").read_bytes()
    said = run(root, "train", "--quick")
    assert "recorded (seed 0)" in said and "epoch 1" not in said
    assert (root / "work/quick/evidence/runs.jsonl").read_bytes() == before


@pytest.mark.slow
@pytest.mark.parametrize("notebook", ["01_explore.py", "02_errors.py"])
def test_notebooks_run_as_they_are(smoked, notebook):
    root, _ = smoked
    command = [sys.executable, root / "notebooks" / notebook]
    quick = root / "work" / "quick"
    done = subprocess.run(command, cwd=quick, env=environment(root), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]


@pytest.mark.slow
def test_tests_of_the_generated_project_pass(smoked):
    root, _ = smoked
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests"]
    command += ["-m", "not slow"]
    done = subprocess.run(command, cwd=root, env=environment(root), capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-3000:]


@pytest.fixture(scope="module")
def studies(tmp_path_factory):
    """A function from fold to its study, and the parts and windows of the split."""
    root = render(tmp_path_factory.mktemp("studies"), kind="events", package_name="of_events")
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(root / "src"))
        from of_events import data, events

    layout, author = Layout(root), project.load(root)
    stages.prepare(root, data.table(root / "data" / "raw"))
    stages.split(root)
    stream = events.Stream(author, tables.read(layout))
    with evidence.Recorder(layout, author, "rules", 0, ["python"]) as opened:
        found = {f.parts["fold"].iloc[0]: f for f in record.folds(opened)}
        yield (
            lambda fold: events.Study(layout, author, stream, found[fold]),
            splits.read(layout, "primary"),
            splits.windows(layout, "primary"),
        )
        opened.fit("weights", "train")
        scored = opened.parts.assign(p_fraud=np.float32(0.5))
        opened.finish(scored, events.ModelInfo(name="half"))


def test_a_fold_learns_from_its_training_window_alone(studies):
    study_of, parts, windows = studies
    for fold in sorted(parts["fold"].unique()):
        study = study_of(fold)
        own = windows[windows["fold"] == fold].set_index("part")
        sequences = study.sequences("train")
        times = study._stream.table.set_index("id").loc[sequences.ids, "time"]
        assert times.min() >= np.datetime64(own.loc["train", "start"])
        assert times.max() < np.datetime64(own.loc["train", "end"])
        assert len(times) == own.loc["train", "n_examples"] == len(study.labels("train"))
        assert study.positives().sum() == own.loc["train", "n_positive"]


def test_labels_of_scored_windows_are_sealed_and_test_is_never_watched(studies):
    study_of, parts, _ = studies
    ids = {part: set(parts.loc[parts["part"] == part, "id"]) for part in ("val", "test")}
    curves = []
    for fold in sorted(parts["fold"].unique()):
        study = study_of(fold)
        curves.append(study.curve)
        for sealed in ("scored", "val", "test"):
            with pytest.raises(SealError):
                study.labels(sealed)
        assert (study.sequences("scored").labels == -1).all()
        watched = set(study.sequences("watched").ids)
        assert watched <= ids["val"] and not watched & ids["test"]
    assert curves == [False, True, False, False]  # two validation folds, two test folds


def test_features_are_the_same_whatever_the_later_labels(studies):
    study_of, _, _ = studies
    study = study_of(0)
    table = study._stream.table
    (root_module,) = {type(study).__module__}
    features = sys.modules[root_module].features
    asked = {"days": [1, 7], "delay": 7, "positive": "fraud"}
    known = features(table, **asked)[1]
    late = table["time"] >= table["time"].max() - np.timedelta64(7, "D")
    turned = table.assign(label=table["label"].mask(late, "genuine"))
    assert (turned["label"] != table["label"]).any()
    assert (features(turned, **asked)[1] == known).all()
