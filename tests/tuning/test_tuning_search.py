"""A search over settings: budgets and stops, what is recorded, what is refused."""

import builders
import pytest
import tuning_support as support
from evidence import recorded

from proofolio import evidence, project, splits, table
from proofolio.contract import ProjectError, RunError
from proofolio_torch import study, tuning

pytest.importorskip("optuna")


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    """Resample 20 times: these tests are about trials, not about intervals."""
    from proofolio import scoring

    monkeypatch.setitem(scoring.score.__kwdefaults__, "resamples", 20)
    monkeypatch.setattr(study, "_WAIT_S", 0.01)


def searched(root, each=None, **changes):
    layout, author = support.prepared(root, **changes)
    trainer = support.Trainer(layout, each)
    return layout, author, trainer, tuning.search(layout, author, trainer, support.COMMAND)


def test_every_trial_is_a_recorded_run_and_the_search_narrows(tmp_path):
    layout, _, _, found = searched(tmp_path)
    assert found.stopped == "the budget of 4 fine trials"
    runs = evidence.runs(layout)
    assert len(runs) == len(found.tried) == 10 and all(r.is_trial for r in runs)
    assert {r.tuning.stage for r in runs} == {"coarse", "fine"}
    assert not evidence.verify_chain(layout)
    coarse = [r for r in runs if r.tuning.stage == "coarse"]
    assert all(r.config["optim"]["epochs"] == 2 for r in coarse)
    start = next(r for r in coarse if r.tuning.trial == 0)  # what is to be beaten is tried first
    assert [c.key for c in start.changed] == ["optim.epochs"]
    fine = [r for r in runs if r.tuning.stage == "fine"]
    assert all(r.config["optim"]["epochs"] == 3 for r in fine)
    ends = [r.config["optim"]["lr"] for r in fine]
    assert max(ends) / min(ends) < 200 < 1000  # the declared range spans a factor of 1,000
    assert all({"val", "calib"} == set(r.metrics) for r in runs)
    assert evidence.configurations(layout, "primary") == {}  # no trial is a candidate
    assert 0.005 < found.best.config["optim"]["lr"] < 0.2


def test_the_same_search_gives_the_same_settings(tmp_path):
    one, two = (searched(tmp_path / name)[2].seen for name in ("one", "two"))
    assert one == two and len(one) == 10


def test_what_comes_of_it_is_a_rung_step_that_counts_its_trials(tmp_path):
    import yaml

    layout, _, _, found = searched(tmp_path)
    author = support.with_entry(tmp_path, yaml.safe_load(found.entry)[0])
    for name in ("prior", "good", "good_slow", "good_tuned"):
        for seed in author.experiment(name).seeds or author.seeds:
            recorded.train(layout, author, name, seed)
    run = evidence.finished(layout, author, "good_tuned", 0)
    assert (run.tuning.trials, run.tuning.picked) == (10, found.best.id)
    assert run.config == found.best.config and len(run.changed) == 2
    selection = evidence.select(layout, author)
    told = {c.name: c.trials for c in selection.candidates}
    assert told == {"prior": None, "good": None, "good_slow": None, "good_tuned": 10}


def test_a_tuned_entry_without_its_trials_is_refused(tmp_path):
    entry = {"name": "good_tuned", "rung": "network", "hypothesis": "x", "parent": "good",
             "tuned": True, "change": {"optim.lr": 0.02, "optim.width": 9}}  # fmt: skip
    layout, _ = support.prepared(tmp_path)
    author = support.with_entry(tmp_path, entry)
    with pytest.raises(RunError, match="no fine trial of good is finished"):
        evidence.Recorder(layout, author, "good_tuned", 0, support.COMMAND)
    tuning.search(layout, author, support.Trainer(layout), support.COMMAND)
    with pytest.raises(RunError, match="does not take the settings of the best of 10 trials"):
        evidence.Recorder(layout, author, "good_tuned", 0, support.COMMAND)


def test_pruned_trials_are_recorded_as_such(tmp_path):
    long = {"coarse": {"trials": 8, "overrides": {"optim.epochs": 4}}, "fine": {"trials": 1}}
    layout, _, _, found = searched(tmp_path, pruning="median", **long)
    pruned = [r for r in found.tried if r.status == "pruned"]
    assert pruned and f"{len(pruned)} pruned" in str(found)
    for run in pruned:
        assert run.error.startswith("Pruned: after epoch") and not run.metrics
        assert (layout.run(run.id) / "history.csv").is_file()
        assert not (layout.run(run.id) / "predictions.parquet").is_file()
        assert [e["status"] for e in evidence.entries(layout) if e["id"] == run.id][-1] == "pruned"
    assert not evidence.verify_chain(layout)


def test_good_enough_ends_each_stage(tmp_path):
    _, _, _, found = searched(tmp_path, good_enough=0.5)
    assert found.stopped.startswith("good enough on val in the fine stage")
    assert [r.tuning.stage for r in found.tried] == ["coarse", "fine"]


def test_the_wall_clock_stops_a_trial_and_the_search(tmp_path, monkeypatch):
    now = [0.0]
    monkeypatch.setattr(tuning.time, "monotonic", lambda: now[0])

    def each(run, epoch):
        now[0] += 70.0

    _, _, trainer, found = searched(tmp_path, each, minutes=4)
    assert found.stopped == "the wall clock: 4 minutes" and found.best is None
    assert len(trainer.seen) == len(found.tried) == 2
    assert found.tried[-1].status == "finished"  # its last epoch was the one that was over time


def test_the_wall_clock_prunes_what_is_running(tmp_path, monkeypatch):
    now = [0.0]
    monkeypatch.setattr(tuning.time, "monotonic", lambda: now[0])
    _, _, _, found = searched(
        tmp_path, lambda run, epoch: now.__setitem__(0, now[0] + 100), minutes=1
    )
    assert [r.error for r in found.tried] == ["Pruned: after epoch 1, by the wall clock"]


def test_settings_that_cannot_be_trained_are_recorded_and_passed_over(tmp_path):
    def each(run, epoch):
        if run.config["optim"]["lr"] > 0.2:
            raise RunError("val_loss is not a finite number after epoch 1")

    _, _, _, found = searched(tmp_path, each)
    failed = [r for r in found.tried if r.status == "failed"]
    assert failed and len(found.tried) == 10
    assert all(r.config["optim"]["lr"] > 0.2 for r in failed)


def test_a_fault_of_the_code_ends_the_search(tmp_path):
    def each(run, epoch):
        raise KeyError("a typing error")

    layout, author = support.prepared(tmp_path)
    with pytest.raises(KeyError):
        tuning.search(layout, author, support.Trainer(layout, each), support.COMMAND)
    assert [r.status for r in evidence.runs(layout)] == ["failed"]


def test_an_interrupted_trial_is_resumed_with_its_settings(tmp_path):
    def each(run, epoch):
        if run.config["optim"]["lr"] != 0.1 and epoch == 2 and not run.resumed:
            raise KeyboardInterrupt

    layout, author = support.prepared(tmp_path)
    first, second = support.Trainer(layout, each), support.Trainer(layout)
    with pytest.raises(KeyboardInterrupt):
        tuning.search(layout, author, first, support.COMMAND)
    assert not evidence.verify_chain(layout)
    found = tuning.search(layout, author, second, support.COMMAND)
    assert second.seen[0] == first.seen[-1]
    assert len(found.tried) == 10 and len(evidence.runs(layout)) == 10


def test_a_finished_search_is_not_made_again(tmp_path):
    layout, author, _, found = searched(tmp_path)
    again = support.Trainer(layout)
    assert tuning.search(layout, author, again, support.COMMAND).best.id == found.best.id
    assert again.seen == []


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"start": "goood"}, "no configuration 'goood'"),
        ({"parameters": {"optim.momentum": {"low": 0, "high": 1}}}, "no leaf 'optim.momentum'"),
        ({"parameters": {"optim": {"low": 0, "high": 1}}}, "no leaf 'optim'"),
        ({"parameters": {"optim.lr": {"low": 1.0, "high": 0.1}}}, "optim.lr spans nothing"),
        ({"parameters": {"optim.lr": {"low": 0, "high": 0.1, "log": True}}}, "spans nothing"),
        ({"parameters": {"optim.lr": {"choices": [0.1]}}}, "spans nothing"),
        ({"parameters": {"optim.lr": {"choices": [0.1, 0.1]}}}, "spans nothing"),
        ({"parameters": {"optim.lr": {"low": 0.1, "choices": [1, 2]}}}, "spans nothing"),
        ({"coarse": {"trials": 2, "overrides": {"optim.lr": 1}}}, "searched and replaced at once"),
        ({"coarse": {"trials": 2, "overrides": {"epochs": 1}}}, "no leaf 'epochs'"),
    ],
)
def test_a_space_that_cannot_be_searched_is_explained(tmp_path, changes, said):
    told = support.SPACE | changes
    builders.write_project(tmp_path, ladder=support.ladder(), tuning=told)
    with pytest.raises(ProjectError) as caught:
        project.load(tmp_path)
    error = caught.value
    assert said in error.what and error.expected and error.received and error.remedy


def test_tuning_needs_its_section_and_its_library(tmp_path, monkeypatch):
    layout, author = recorded.prepared(tmp_path)
    with pytest.raises(ProjectError, match="section tuning"):
        tuning.search(layout, author, None, support.COMMAND)
    monkeypatch.setitem(__import__("sys").modules, "optuna", None)
    with pytest.raises(ProjectError, match=r"\[tune\]"):
        study.library()


def test_processes_of_a_launcher_are_refused(tmp_path, monkeypatch):
    layout, author = support.prepared(tmp_path)
    monkeypatch.setenv("WORLD_SIZE", "2")
    with pytest.raises(ProjectError, match="once per device"):
        tuning.search(layout, author, None, support.COMMAND)


def test_a_coarse_stage_as_long_as_the_fine_one_still_leaves_fine_trials(tmp_path):
    short = {"coarse": {"trials": 2}, "fine": {"trials": 1}}
    layout, _, _, found = searched(tmp_path, **short)
    assert found.best.tuning.stage == "fine" and found.best.id.endswith("-2")
    assert not evidence.verify_chain(layout)


def test_a_coarse_stage_learns_from_a_share_of_whole_units(tmp_path):
    layout, author = support.prepared(tmp_path, coarse={"trials": 2, "units": 0.5})
    seen, whole = {}, splits.read(layout, "primary")

    def look(run, epoch):
        seen[run.id] = run.parts

    tuning.search(layout, author, support.Trainer(layout, look), support.COMMAND)
    examples = table.read_examples(layout).set_index("id")
    clusters = examples.loc[whole.loc[whole["part"] == "train", "id"], "cluster"]
    found = {"coarse": [], "fine": []}
    for run in evidence.runs(layout):
        parts = seen[run.id]
        train = parts.loc[parts["part"] == "train", "id"]
        kept = set(examples.loc[train, "cluster"])
        assert set(train) == set(clusters[clusters.isin(kept)].index)  # whole, and of train alone
        assert set(examples.loc[train, "label"]) == set(examples.loc[clusters.index, "label"])
        others = parts[parts["part"] != "train"].reset_index(drop=True)
        assert others.equals(whole[whole["part"] != "train"].reset_index(drop=True))
        assert run.tuning.units == {"coarse": 0.5, "fine": None}[run.tuning.stage]
        found[run.tuning.stage].append(kept)
    assert all(kept == found["coarse"][0] for kept in found["coarse"])
    assert len(found["coarse"][0]) <= 0.5 * clusters.nunique() + 2  # rounded up for each label
    assert all(kept == set(clusters) for kept in found["fine"])


@pytest.mark.parametrize("stage", [("coarse", 0.0), ("coarse", 1.1), ("fine", 0.5)])
def test_a_share_of_units_is_of_the_coarse_stage(tmp_path, stage):
    name, units = stage
    with pytest.raises(ProjectError, match=rf"tuning\.{name}\.units"):
        support.prepared(tmp_path, **{name: {"trials": 2, "units": units}})


def test_windows_of_time_have_no_share_of_units(tmp_path):
    _, author = support.prepared(tmp_path, coarse={"trials": 2, "units": 0.5})
    configs = {e.name: author.config(e.name) for e in author.ladder}
    project.space.check(author.tuning, configs)
    with pytest.raises(ProjectError, match="windows of time"):
        project.space.check(author.tuning, configs, by_time=True)


def test_a_smaller_share_lies_within_a_larger_one(tmp_path):
    layout, _ = support.prepared(tmp_path)
    parts, examples = splits.read(layout, "primary"), table.read_examples(layout)
    ids = [set(evidence.trials.fewer(parts, examples, share)["id"]) for share in (0.2, 0.6, 1.0)]
    assert ids[0] < ids[1] < ids[2] == set(parts["id"])


def test_settings_met_twice_are_trained_once(tmp_path):
    two = {"optim.width": {"choices": [8, 9]}}
    _, _, trainer, found = searched(tmp_path, parameters=two)
    assert len(trainer.seen) == len(found.tried) <= 4
    assert found.stopped == "the budget of 4 fine trials"
