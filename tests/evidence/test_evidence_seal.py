"""The choice is written and committed before test is opened, and test is opened once."""

import json

import builders
import pytest
import recorded

from proofolio import evidence, files, project
from proofolio.contract import Layout, ProjectError, RunError, SealError, StaleError
from proofolio.evidence import choice, git


def without_test(layout):
    return all("test" not in run.metrics for run in evidence.runs(layout))


def test_the_choice_is_the_best_mean_on_val_and_is_committed(ready):
    layout, author = ready
    selection = evidence.select(layout, author)
    assert selection.criterion == "highest mean val auroc over seeds"
    assert [c.name for c in selection.candidates] == ["prior", "good", "good_slow"]
    by_name = {c.name: c for c in selection.candidates}
    values = [evidence.run(layout, i).metrics["val"]["auroc"].value for i in by_name["good"].runs]
    assert by_name["good"].value == pytest.approx(sum(values) / 2, abs=1e-12)
    assert selection.choice.name == max(by_name.values(), key=lambda c: c.value).name == "good"
    assert selection.choice.run == evidence.finished(layout, author, "good", 0).id
    assert selection.fixed_comparisons == ["prior"] and selection.choice.ties == []
    assert git.committed_blob(layout, "HEAD", layout.selection) == layout.selection.read_bytes()
    assert git.committed_blob(layout, "HEAD", layout.runs_log) == layout.runs_log.read_bytes()
    assert git.committed_blob(layout, "HEAD", layout.project) is not None
    assert without_test(layout)


def test_the_seed_to_deploy_is_the_first_that_the_project_lists(tmp_path, few_draws):
    layout, author = recorded.trained(tmp_path / "p", seeds=[1, 0])
    assert evidence.select(layout, author).choice.run.startswith("good-s1-")


def test_selecting_the_same_again_changes_nothing(ready, monkeypatch):
    layout, author = ready
    evidence.select(layout, author)
    before, commit = layout.selection.read_bytes(), git.head(layout)
    monkeypatch.setattr("proofolio.evidence.provenance.utc_now", lambda: "2099-01-01T00:00:00Z")
    evidence.select(layout, author)
    assert layout.selection.read_bytes() == before and git.head(layout) == commit


def test_a_lower_is_better_metric_chooses_the_lowest(ready):
    layout, author = ready
    author.metric.primary = "brier"
    selection = evidence.select(layout, author)
    assert selection.criterion == "lowest mean val brier over seeds"
    values = {c.name: c.value for c in selection.candidates}
    assert selection.choice.name == min(values, key=values.get)


def test_ties_are_named_and_go_to_the_first_in_the_ladder(tmp_path, monkeypatch, few_draws):
    monkeypatch.setitem(recorded.SKILL, "good_slow", recorded.SKILL["good"])
    layout, author = recorded.trained(tmp_path / "p")
    selection = evidence.select(layout, author)
    assert selection.choice.name == "good" and selection.choice.ties == ["good_slow"]


def test_an_unfinished_ladder_is_not_selected_from(tmp_path):
    layout, author = recorded.prepared(tmp_path / "p")
    recorded.train(layout, author, "good", 0)
    with pytest.raises(RunError, match="prior seed 0, good seed 1, good_slow seed 0"):
        evidence.select(layout, author)
    assert not layout.selection.exists() and git.root_of(layout) is None


def test_a_configuration_dropped_after_its_value_was_seen_is_missed(ready):
    layout, author = ready
    author.ladder = [author.ladder[0]]
    with pytest.raises(RunError, match="good, is no longer in the ladder"):
        evidence.select(layout, author)


def test_a_broken_log_is_not_selected_from(ready):
    layout, author = ready
    lines = layout.runs_log.read_text().splitlines(keepends=True)
    layout.runs_log.write_text("".join(lines[2:]))
    with pytest.raises(RunError, match="log of runs is broken"):
        evidence.select(layout, author)


def test_test_stays_sealed_without_a_selection(ready):
    layout, author = ready
    with pytest.raises(SealError, match="no selection was made"):
        evidence.open_test(layout, author, "curiosity")
    assert without_test(layout) and not layout.test_access.exists()


def test_test_stays_sealed_for_a_selection_that_is_not_committed(ready):
    layout, author = ready
    selection = choice.decide(layout, author)
    files.write_json(layout.selection, selection.model_dump())
    with pytest.raises(SealError, match="no git repository"):
        evidence.open_test(layout, author, "curiosity")
    git.init(layout)
    with pytest.raises(SealError, match="not committed as it stands"):
        evidence.open_test(layout, author, "curiosity")
    assert without_test(layout) and not layout.test_access.exists()


def test_test_stays_sealed_for_an_edited_selection(ready):
    layout, author = ready
    evidence.select(layout, author)
    selection = files.read_json(layout.selection)
    selection["choice"] |= {"name": "good_slow"}
    files.write_json(layout.selection, selection)
    with pytest.raises(SealError, match="not committed as it stands"):
        evidence.open_test(layout, author, "curiosity")
    git.commit(layout, [layout.evidence], "sneak it in")
    with pytest.raises(SealError, match="no longer follows from the recorded runs"):
        evidence.open_test(layout, author, "curiosity")
    assert without_test(layout) and not layout.test_access.exists()


def test_test_stays_sealed_when_a_run_came_after_the_selection(ready):
    layout, author = ready
    evidence.select(layout, author)
    recorded.train(layout, author, "good_slow", 0, again=True)
    with pytest.raises(SealError, match="no longer follows"):
        evidence.open_test(layout, author, "r")
    evidence.select(layout, author)
    assert evidence.open_test(layout, author, "r")


def test_test_stays_sealed_for_edited_predictions_and_early_metrics(ready):
    layout, author = ready
    chosen = evidence.select(layout, author).choice.run
    path = layout.run(chosen) / "predictions.parquet"
    kept = path.read_bytes()
    stored = evidence.predictions(layout, evidence.run(layout, chosen))
    files.write_parquet(path, stored.assign(p_sick=0.5))
    with pytest.raises(StaleError, match="was edited"):
        evidence.open_test(layout, author, "r")
    assert not layout.test_access.exists()
    path.write_bytes(kept)
    record = files.read_json(layout.run(chosen) / "run.json")
    record["metrics"]["test"] = record["metrics"]["val"]
    files.write_json(layout.run(chosen) / "run.json", record)
    with pytest.raises(SealError, match="test was never opened"):
        evidence.open_test(layout, author, "r")


def test_the_opening_scores_choice_and_comparisons_once(ready):
    layout, author = ready
    selection = evidence.select(layout, author)
    opened = evidence.open_test(layout, author, "final evaluation")
    assert [run.name for run in opened] == ["good", "good", "prior"]
    for run in opened:
        assert evidence.run(layout, run.id).metrics["test"]["auroc"].n == 36
    assert "test" not in evidence.finished(layout, author, "good_slow", 0).metrics
    (line,) = evidence.accesses(layout)
    assert line["reason"] == "final evaluation" and line["commit"] == git.head(layout)
    blob = git.committed_blob(layout, line["commit"], layout.selection)
    assert files.sha256_bytes(blob) == line["selection_sha256"]

    before = {p: p.read_bytes() for p in layout.evidence.rglob("*") if p.is_file()}
    assert evidence.open_test(layout, author, "again") == opened
    assert evidence.select(layout, author) == selection
    assert {p: p.read_bytes() for p in layout.evidence.rglob("*") if p.is_file()} == before


def test_an_opening_that_was_killed_is_completed_and_counted(ready, monkeypatch):
    layout, author = ready
    evidence.select(layout, author)
    with monkeypatch.context() as patched:
        patched.setattr("proofolio.scoring.score_run", lambda *_, **__: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            evidence.open_test(layout, author, "first")
    assert all("test" in run.metrics for run in evidence.open_test(layout, author, "second"))
    assert [line["reason"] for line in evidence.accesses(layout)] == ["first", "second"]


def test_another_choice_after_the_opening_is_refused(ready):
    layout, author = ready
    evidence.select(layout, author)
    evidence.open_test(layout, author, "final")
    before = layout.selection.read_bytes()
    recorded.train(layout, author, "good", 1, again=True)
    with pytest.raises(SealError, match="already opened for another selection"):
        evidence.select(layout, author)
    assert layout.selection.read_bytes() == before


def test_results_on_test_wait_for_the_opening(ready):
    layout, author = ready
    evidence.select(layout, author)
    names = evidence.summarise(layout, author)
    assert not [name for name in names if name.endswith("_test")]
    result = evidence.results.read(layout, "seed_mean_good_val")
    asked = result.model_copy(update={"inputs": result.inputs | {"part": "test"}})
    with pytest.raises(SealError, match="not opened for these runs"):
        evidence.recompute(layout, asked)


def test_the_recorder_of_a_project_within_a_repository_names_its_commit(tmp_path):
    root = builders.write_project(tmp_path / "p")
    git.init(Layout(root))
    commit = git.commit(Layout(root), [root / "project.yaml"], "start")
    layout, author = recorded.prepared(root)
    run = recorded.train(layout, author, "prior", 0)
    assert run.git.commit == commit and run.git.dirty is True  # work/ is not ignored here
    (root / ".gitignore").write_text("work/\n")
    git.commit(layout, [root / ".gitignore"], "ignore")
    assert recorded.train(layout, author, "good", 0).git.dirty is False
    assert json.loads(layout.runs_log.read_text().splitlines()[-1])["status"] == "finished"


def test_declared_comparisons_are_opened_beside_the_choice(tmp_path, few_draws):
    layout, author = recorded.trained(tmp_path / "p", fixed_comparisons=["good_slow", "good"])
    selection = evidence.select(layout, author)
    assert selection.choice.name == "good"
    assert selection.fixed_comparisons == ["prior", "good_slow"]
    opened = evidence.open_test(layout, author, "final evaluation")
    assert {run.name for run in opened} == {"good", "good_slow", "prior"}
    names = evidence.summarise(layout, author)
    assert {"difference_good_slow_vs_good_val", "difference_good_slow_vs_good_test"} <= set(names)


def test_a_comparison_that_the_ladder_lacks_is_refused(tmp_path):
    builders.write_project(tmp_path / "p", fixed_comparisons=["better"])
    with pytest.raises(ProjectError, match="no configuration better in the ladder"):
        project.load(tmp_path / "p")
