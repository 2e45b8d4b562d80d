"""The real entry point on a generated project: a smoke run, from raw files to a verified page."""

import base64
import json
import shutil
import subprocess
import sys

import pytest
import yaml
from rendering import ROOT, environment, preset, render, run

from proofolio import decisions, evidence, project, splits, table, verify
from proofolio.contract import Layout

STEPS = ("prepare", "split", "audit", "train", "select", "evaluate", "cards", "sheets", "pages")
STEPS = (*STEPS, "verify")


@pytest.fixture(scope="module")
def smoked(tmp_path_factory):
    root = render(tmp_path_factory.mktemp("smoked"), **preset("patient_imaging"))
    return root, run(root, "all", "--quick")


@pytest.mark.slow
def test_smoke_run_takes_every_step_and_leaves_the_evidence_alone(smoked):
    root, said = smoked
    assert [said.index(f"[{step}: ") for step in STEPS] == sorted(
        said.index(f"[{step}: ") for step in STEPS
    )
    quick = Layout(root / "work" / "quick")
    runs = {r.name: r for r in evidence.runs(quick)}
    names = [e.name for e in project.load(root).ladder]
    assert set(runs) == set(names) - {"finetuned_plain"}  # its one change meets an override
    assert all(r.status == "finished" and "val" in r.metrics for r in runs.values())
    assert not verify.run(quick.root).problems
    assert (quick.root / "docs/result/index.md").is_file() and quick.model_card.is_file()
    assert not (root / "evidence").exists() and not (root / "MODEL_CARD.md").exists()


@pytest.mark.slow
def test_a_second_training_does_only_what_changed(smoked):
    root, _ = smoked
    quick = root / "work" / "quick"
    before = (quick / "evidence/runs.jsonl").read_bytes()
    said = run(root, "train", "--quick")
    assert "recorded (seed 0)" in said and "epoch 1" not in said
    assert (quick / "evidence/runs.jsonl").read_bytes() == before


@pytest.mark.slow
def test_every_fitted_step_names_its_part(smoked):
    root, _ = smoked
    for record in evidence.runs(Layout(root / "work" / "quick")):
        parts = {f.step.split(":")[0]: f.part for f in record.fitted}
        assert parts["weights"] == "train" and parts["calibration"] == "calib", record.name


@pytest.mark.slow
@pytest.mark.parametrize("notebook", ["01_explore.py", "02_errors.py"])
def test_notebooks_run_as_they_are(smoked, notebook):
    root, _ = smoked
    command = [sys.executable, root / "notebooks" / notebook]
    quick = root / "work" / "quick"
    done = subprocess.run(command, cwd=quick, env=environment(root), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]


@pytest.mark.slow
@pytest.mark.parametrize("strategy", ["grouped", "stratified", "official", "temporal"])
def test_every_strategy_divides_the_demo_data(tmp_path, strategy):
    root = render(tmp_path, split_strategy=strategy)
    said = run(root, "prepare") + run(root, "split") + run(root, "audit")
    assert f"split primary ({strategy})" in said and "audit fail" not in said
    achieved = splits.info(Layout(root), "primary").achieved
    assert {"train", "val", "calib", "test"} <= {part for part, share in achieved.items() if share}


FOLDS = {"name": "folds", "strategy": "cross_validation", "purpose": "robustness", "folds": 3}


@pytest.mark.slow
def test_rungs_run_over_the_folds_of_a_cross_validation(tmp_path):
    root = render(tmp_path, split_strategy="official")
    told = yaml.safe_load((root / "project.yaml").read_text(encoding="utf-8"))
    told["splits"].append(FOLDS | {"holdout": "official", "rationale": "A second look."})
    ladder = {e["name"]: e for e in told["ladder"]}
    told["ladder"] += [
        ladder[name] | {"name": f"{name}_folds", "split": "folds"}
        for name in ("classical", "small_cnn")
    ]
    (root / "project.yaml").write_text(yaml.safe_dump(told), encoding="utf-8")
    run(root, "prepare"), run(root, "split"), run(root, "train", "--only", "classical_folds")
    layout = Layout(root)
    (made,) = evidence.runs(layout)
    stored = evidence.predictions(layout, made)
    parts = splits.read(layout, "folds")
    val = stored.loc[stored["part"] == "val", ["id", "fold"]]
    assert set(map(tuple, val.to_numpy())) == set(
        map(tuple, parts.loc[parts["part"] == "heldout", ["id", "fold"]].to_numpy())
    )
    assert not verify.run(root).problems
    said = run(root, "train", "--only", "small_cnn_folds", code=2)
    assert "no part for early stopping" in said and "Traceback" not in said


@pytest.mark.slow
def test_sheets_show_a_networks_mistakes_and_its_maps_under_random_weights(smoked, tmp_path):
    from PIL import Image

    root, _ = smoked
    quick = Layout(root / "work" / "quick")
    network = next(r for r in evidence.runs(quick) if r.name == "small_cnn")
    said = run(root, "sheets", "--quick", "--into", str(tmp_path), "--run", network.id, "--record")
    assert f"of run {network.id} on " in said  # val, or test where it was opened for this run
    captions = json.loads((tmp_path / "sheets/captions.json").read_text(encoding="utf-8"))
    assert any(name.startswith("sanity_") for name in captions)
    assert sorted(captions) == sorted(p.name for p in (tmp_path / "sheets").glob("*.webp"))
    for name, caption in captions.items():
        with Image.open(tmp_path / "sheets" / name) as picture:
            assert min(picture.size) > 200 and network.id in caption
    found = evidence.results.read(quick, "saliency_check")
    assert [row["randomised"] for row in found.table] == ["none", "head", "all"]
    assert found.inputs == {"runs": [network.id], "part": "val"} and found.hardware
    assert (
        found.how.startswith("python -m my_project sheets") and not verify.run(quick.root).problems
    )
    quick.result("saliency_check").unlink()


@pytest.mark.slow
def test_sheets_without_weights_say_so_and_leave_no_record(smoked, tmp_path):
    root, _ = smoked
    prior = next(r for r in evidence.runs(Layout(root / "work" / "quick")) if r.name == "prior")
    asked = ("sheets", "--quick", "--into", str(tmp_path), "--run", prior.id)
    assert "sheets: none drawn: run prior" in run(root, *asked)
    assert "Traceback" not in run(root, *asked, "--record", code=2)
    assert not list(tmp_path.iterdir())


def test_sheets_without_data_say_so(tmp_path):
    root = render(tmp_path)
    assert "sheets: none drawn: the pictures are not here" in run(root, "sheets")
    assert not (root / "docs/result").exists()


def test_a_refusal_is_printed_without_a_traceback(tmp_path):
    root = render(tmp_path)
    said = run(root, "split", code=2)
    assert "Traceback" not in said and "prepare" in said


def test_labels_of_sealed_parts_are_not_for_training(generated, monkeypatch):
    import pandas as pd

    from proofolio.contract import SealError

    monkeypatch.syspath_prepend(str(generated / "src"))
    from my_project import dataset

    author = project.load(generated)

    class Run:
        config, seed, classes = {}, 0, author.classes
        parts = pd.DataFrame({"id": ["a", "b", "c"], "part": ["train", "calib", "test"]})

    table = pd.DataFrame({"id": ["a", "b", "c"], "label": ["clear", "suspect", "clear"]})
    study = dataset.Study(Layout(generated), author, table, Run())
    assert study.labels("train").tolist() == [0]
    for part in ("calib", "test"):
        with pytest.raises(SealError):
            study.labels(part)
    Run.parts = pd.DataFrame({"id": ["a", "b"], "part": ["train", "val"], "fold": 0})
    assert study.labels("train").tolist() == [0]
    with pytest.raises(SealError, match="early stopping"):
        study.labels("val")


def test_site_frame_is_the_one_of_this_repository(generated):
    for name in ("docs/stylesheets/proofolio.css", "docs/_overrides/main.html"):
        assert (generated / name).read_bytes() == (ROOT / name).read_bytes(), name


@pytest.mark.slow
def test_a_network_is_exported_answers_and_is_watched(smoked):
    pytest.importorskip("onnxscript")
    from fastapi.testclient import TestClient

    from proofolio_torch import pictures, service

    root, _ = smoked
    quick = Layout(root / "work" / "quick")
    assert "no network was exported" in run_in(quick.root, "serve", "--open", code=2)
    network = next(r for r in evidence.runs(quick) if r.name == "small_cnn")
    assert f"of {network.id}" in run_in(quick.root, "export", "--run", network.id)
    parity = evidence.results.read(quick, "export_parity")
    assert [row["compared"] for row in parity.table] == ["torch", "recorded"]
    assert parity.how == f"python -m my_project export --run {network.id}"
    assert not verify.run(quick.root).problems

    folder, log = quick.root / "work/serving", quick.root / "work/serving/decisions.jsonl"
    raw, rows = quick.root / project.load(quick.root).data.raw, table.read(quick)
    scorer = pictures.ImageScorer(pictures.Exported(folder))
    settings = service.Settings(open=True, items=200, body_bytes=1 << 24)
    items = [{"id": f"{i}-{k}", "image": base64.b64encode((raw / path).read_bytes()).decode()}
             for k in (0, 1) for i, path in zip(rows["id"], rows["path"], strict=True)]  # fmt: skip
    with TestClient(service.create(scorer, settings=settings, log=service.DecisionLog(log))) as app:
        found = app.post("/score", json={"items": items[:200]}).json()
    stored = evidence.predictions(quick, network).set_index("id")["p_suspect"]
    live = {r["id"].rsplit("-", 1)[0]: r["probabilities"]["suspect"] for r in found["results"]}
    calibrated = decisions.calibrate(stored.to_numpy(), network.calibration)
    known = dict(zip(stored.index, calibrated, strict=True))
    assert max(abs(live[i] - known[i]) for i in live if i in known) < 0.05  # bfloat16 in the record
    said = subprocess.run(
        [sys.executable, "-m", "my_project", "monitor"], cwd=quick.root, env=environment(root),
        capture_output=True, text=True,
    )  # fmt: skip
    assert said.returncode in (0, 1) and "stability of score" in said.stdout, said.stderr[-2000:]
    shutil.rmtree(folder)
    for kind in ("parity", "size", "latency"):
        quick.result(f"export_{kind}").unlink()


def run_in(folder, *words, code=0):
    """Run `python -m my_project WORDS` in the folder of the smoke run."""
    root = folder.parents[1]
    command = [sys.executable, "-m", "my_project", *words]
    done = subprocess.run(
        command, cwd=folder, env=environment(root), capture_output=True, text=True
    )
    assert done.returncode == code, done.stdout[-2000:] + done.stderr[-3000:]
    return done.stdout + done.stderr
