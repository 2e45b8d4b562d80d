"""Results are written by the functions that recompute them, so an edited one is seen."""

import numpy as np
import pytest
import recorded
from sklearn.metrics import roc_auc_score

from proofolio import evidence, files, metrics, scoring, table
from proofolio.contract import MetricError, ProjectError, RunError
from proofolio.project import AskedResult


@pytest.fixture(scope="module")
def opened(tmp_path_factory, few_draws):
    """A project whose test set was opened and whose results are written."""
    layout, author = recorded.trained(tmp_path_factory.mktemp("opened") / "project")
    evidence.select(layout, author)
    evidence.open_test(layout, author, "final evaluation")
    evidence.summarise(layout, author)
    return layout, author


def aurocs(layout, author, name, part):
    """AUROC of each seed of a configuration by scikit-learn, from the stored predictions."""
    examples = table.read_examples(layout)
    values = []
    for seed in author.experiment(name).seeds or author.seeds:
        stored = evidence.predictions(layout, evidence.finished(layout, author, name, seed))
        rows = stored[stored["part"] == part].merge(examples, on="id")
        values.append(roc_auc_score(rows["label"] == "sick", rows["p_sick"]))
    return values


OF_THE_CHOICE = (
    "confusion", "conformal", "cost", "decision_curve", "mistakes", "risk_coverage",
    "slice_table", "threshold_transfer",
)  # fmt: skip


def test_every_standing_result_is_there(opened):
    layout, _ = opened
    on_parts = (*OF_THE_CHOICE, "difference_good_vs_prior", "seed_mean_good", "seed_mean_prior")
    expected = {f"{name}_{part}" for name in on_parts for part in ("val", "test")}
    expected |= {"difference_good_slow_vs_good_val", "seed_mean_good_slow_val"}
    found = {p.stem for p in layout.results.glob("*.json")}
    assert found == expected | {"threshold_table_calib"}


def test_seed_means_and_differences_agree_with_scikit_learn(opened):
    layout, author = opened
    good, prior = (aurocs(layout, author, name, "test") for name in ("good", "prior"))
    mean = evidence.results.read(layout, "seed_mean_good_test")
    assert mean.value == pytest.approx(np.mean(good), abs=1e-9)
    assert mean.ci_low <= mean.value <= mean.ci_high and mean.n_units == 12
    row = next(row for row in mean.table if row["metric"] == "auroc")
    assert row["seed_sd"] == pytest.approx(np.std(good, ddof=1), abs=1e-9)
    difference = evidence.results.read(layout, "difference_good_vs_prior_test")
    assert difference.value == pytest.approx(np.mean(good) - np.mean(prior), abs=1e-9)
    run = evidence.finished(layout, author, "prior", 0)
    alone = evidence.results.read(layout, "seed_mean_prior_test")
    assert (alone.ci_low, alone.ci_high) == pytest.approx(
        (run.metrics["test"]["auroc"].ci_low, run.metrics["test"]["auroc"].ci_high), abs=1e-9
    )
    values = {row["metric"]: row["value"] for row in alone.table}
    for name, metric in run.metrics["test"].items():
        assert values[name] == pytest.approx(metric.value, abs=1e-9), name


def test_every_metric_of_a_seed_mean_has_the_bits_of_that_metric_alone(opened):
    layout, _ = opened
    result = evidence.results.read(layout, "seed_mean_good_test")
    runs = [evidence.run(layout, run_id) for run_id in result.inputs["runs"]]
    examples = table.read_examples(layout)
    joined = [
        scoring.join_run(run, evidence.predictions(layout, run), examples, "test") for run in runs
    ]
    assert len(result.table) == len(runs[0].metrics["test"])
    for row in result.table:
        alone = metrics.seed_mean(
            row["metric"],
            joined[0].y,
            [j.scores_for(row["metric"]) for j in joined],
            thresholds=[run.decision.threshold for run in runs],
            **joined[0].grouping,
            **result.parameters,
        )
        for key in ("value", "ci_low", "ci_high", "degenerate", "n_units"):
            assert row[key] == getattr(alone, key), (row["metric"], key)


def test_tables_count_what_was_decided(opened):
    layout, author = opened
    confusion = evidence.results.read(layout, "confusion_test")
    assert [row["actual"] for row in confusion.table] == author.classes
    assert sum(row["n"] for row in confusion.table) == confusion.n == 36
    run = evidence.finished(layout, author, "good", 0)
    sick = confusion.table[1]
    sensitivity = run.metrics["test"]["sensitivity"].value
    assert sick["sick"] / sick["n"] == pytest.approx(sensitivity)
    thresholds = evidence.results.read(layout, "threshold_table_calib")
    (in_use,) = [row for row in thresholds.table if row["in_use"]]
    assert in_use["threshold"] == run.decision.threshold
    assert in_use["sensitivity"] == pytest.approx(run.metrics["calib"]["sensitivity"].value)
    slices = evidence.results.read(layout, "slice_table_val")
    assert [row["slice"] for row in slices.table] == ["all", "site=north", "site=south"]
    assert slices.value == pytest.approx(run.metrics["val"]["auroc"].value)


def test_every_result_recomputes_from_evidence_alone(opened):
    layout, _ = opened
    hidden = layout.project.rename(layout.root / "hidden.yaml")
    try:
        for path in sorted(layout.results.glob("*.json")):
            result = evidence.results.read(layout, path.stem)
            found = evidence.differences(result, evidence.recompute(layout, result))
            assert found == [], path.stem
    finally:
        hidden.rename(layout.project)


def test_an_edited_result_is_seen(opened):
    layout, _ = opened
    result = evidence.results.read(layout, "seed_mean_good_val")
    computed = evidence.recompute(layout, result)
    table_edited = [dict(row) for row in result.table]
    table_edited[3]["ci_high"] = (table_edited[3]["ci_high"] or 0) + 1e-5
    edits = {
        "value": {"value": result.value - 2e-6},
        "n": {"n": result.n + 1},
        "ci_low": {"ci_low": None},
        "method": {"method": "guessed"},
        "table": {"table": result.table[:-1]},
        "table.3.ci_high": {"table": table_edited},
    }
    for where, edit in edits.items():
        found = evidence.differences(result.model_copy(update=edit), computed)
        assert found == [where]
    close = result.model_copy(update={"value": result.value - 1e-8})
    assert evidence.differences(close, computed) == []


def test_writing_again_changes_no_file_and_drops_what_no_longer_follows(opened):
    layout, author = opened
    stale = evidence.results.read(layout, "seed_mean_good_val")
    stale.inputs["config"] = "gone"
    evidence.results.write(layout, "seed_mean_gone_val", stale)
    evidence.results.write(layout, "of_the_author", stale)
    before = {p: p.read_bytes() for p in layout.results.glob("*.json")}
    evidence.summarise(layout, author)
    after = {p: p.read_bytes() for p in layout.results.glob("*.json")}
    assert before.items() - after.items() == {
        (layout.result("seed_mean_gone_val"), before[layout.result("seed_mean_gone_val")])
    }
    layout.result("of_the_author").unlink()


def test_before_the_selection_the_best_so_far_leads(tmp_path, few_draws):
    layout, author = recorded.prepared(tmp_path / "p")
    recorded.train(layout, author, "prior", 0)
    expected = [f"{name}_val" for name in (*OF_THE_CHOICE, "seed_mean_prior")]
    assert evidence.summarise(layout, author) == sorted([*expected, "threshold_table_calib"])
    recorded.train(layout, author, "good", 0)
    assert "difference_good_vs_prior_val" in evidence.summarise(layout, author)


def test_unknown_names_and_kinds_are_refused(opened):
    layout, _ = opened
    with pytest.raises(RunError, match="no result 'absent'"):
        evidence.results.read(layout, "absent")
    result = evidence.results.read(layout, "confusion_val")
    with pytest.raises(RunError, match="latency cannot be recomputed"):
        evidence.recompute(layout, result.model_copy(update={"kind": "latency"}))


def test_no_threshold_is_made_up_for_a_run_without_one(opened):
    layout, _ = opened
    result = evidence.results.read(layout, "seed_mean_prior_val")
    path = layout.run(result.inputs["runs"][0]) / "run.json"
    before = path.read_bytes()
    run = files.read_json(path)
    run["decision"]["threshold"] = None
    files.write_json(path, run)
    try:
        with pytest.raises(MetricError, match="needs a decision"):
            evidence.recompute(layout, result)
    finally:
        path.write_bytes(before)


def test_multiclass_runs_are_recorded_and_summarised(tmp_path, few_draws):
    classes = ["healthy", "sick", "odd"]
    rule = {"rule": "argmax", "reason": "One of three."}
    layout, author = recorded.prepared(
        tmp_path / "p",
        classes=classes,
        positive_class=None,
        decision=rule,
        metric={"primary": "accuracy", "reason": "Plain."},
    )
    with evidence.Recorder(layout, author, "prior", 0, []) as recorder:
        stored = recorded.predicted(layout, recorder, 2.0)
        p = stored.pop("p_sick").to_numpy(dtype=float) * 0.9
        stored = stored.assign(p_healthy=0.9 - p, p_sick=p, p_odd=0.1)
        run = recorder.finish(stored, recorded.ModelInfo(name="m"))
    assert "f1_macro" in run.metrics["val"] and run.decision.rule == "argmax"
    names = evidence.summarise(layout, author)
    kinds = {*OF_THE_CHOICE, "seed_mean_prior"} - {"cost", "decision_curve", "threshold_transfer"}
    assert names == sorted(f"{kind}_val" for kind in {*kinds, "class_table"})
    rows = files.read_json(layout.result("confusion_val"))["table"]
    assert [row["actual"] for row in rows] == classes and rows[2]["n"] == 0


def asked(**changes):
    return {"name": "slow_slices", "kind": "slice_table", "config": "good_slow"} | changes


def test_an_author_may_ask_for_further_results(tmp_path, few_draws):
    wanted = [
        asked(),
        asked(name="slow_on_test", part="test"),
        asked(name="on_calib", part="calib"),
    ]
    metric = {"kind": "paired_difference", "versus": "prior", "metric": "specificity"}
    wanted.append(asked(name="slow_less_prior", **metric))
    layout, author = recorded.prepared(tmp_path / "p", results=wanted)
    assert "slow_slices" not in evidence.summarise(layout, author)  # nothing has run yet
    for name, seed in (("prior", 0), ("good", 0), ("good", 1), ("good_slow", 0)):
        recorded.train(layout, author, name, seed)
    names = evidence.summarise(layout, author)
    assert {"slow_slices", "on_calib", "slow_less_prior"} <= set(names)
    assert "slow_on_test" not in names  # sealed
    found = evidence.results.read(layout, "slow_less_prior")
    assert found.inputs["metric"] == "specificity" and len(found.inputs["runs"]) == 1
    (run,) = evidence.results.read(layout, "on_calib").inputs["runs"]
    assert run.startswith("good_slow-s0")
    assert evidence.recompute(layout, found) == found


@pytest.mark.parametrize("changes", [{"name": "confusion_val"}, {"kind": "horoscope"}])
def test_a_result_that_cannot_be_asked_for_is_refused(ready, changes):
    layout, author = ready
    author.results = [AskedResult(**asked(**changes))]
    with pytest.raises(ProjectError, match="cannot be asked for"):
        evidence.summarise(layout, author)


@pytest.mark.parametrize("changes", [{"kind": "drift"}, {"versus": "prior"}])
def test_a_result_with_the_wrong_sides_is_refused(ready, changes):
    layout, author = ready
    author.results = [AskedResult(**asked(**changes))]
    with pytest.raises(ProjectError, match="wrong sides"):
        evidence.summarise(layout, author)


def test_the_other_side_of_a_drift_stands_on_the_same_part_unless_said(ready):
    layout, author = ready
    author.results = [AskedResult(**asked(kind="drift", versus="prior"))]
    (_, inputs, _) = evidence.summary.plan(layout, author)["slow_slices"]
    assert inputs["versus_part"] == "val"
