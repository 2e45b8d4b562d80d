"""What verify finds in the record of a search where something was changed."""

import json
import shutil

import pytest
import tuning_support as support
import yaml
from evidence import recorded
from verify.proven import edit_json, few_resamples, table_record

from proofolio import cards, claims, evidence, project, verify
from proofolio.contract import Layout
from proofolio_torch import tuning

pytest.importorskip("optuna")


@pytest.fixture(scope="module")
def sound(tmp_path_factory):
    """A project that is tuned, trained and selected; never changed by a test."""
    with pytest.MonkeyPatch.context() as patch:
        few_resamples(patch)
        root = tmp_path_factory.mktemp("tuned") / "tiny"
        layout, author = support.prepared(root, pruning="median")
        table_record(layout)
        (root / ".gitignore").write_text("work/\ndata/\n")
        found = tuning.search(layout, author, support.Trainer(layout), support.COMMAND)
        author = support.with_entry(root, yaml.safe_load(found.entry)[0])
        for experiment in author.ladder:
            for seed in experiment.seeds or author.seeds:
                recorded.train(layout, author, experiment.name, seed)
        evidence.select(layout, author)
        evidence.register(layout, author)
        evidence.summarise(layout, author)
    return root


@pytest.fixture
def root(sound, tmp_path):
    return shutil.copytree(sound, tmp_path / "tiny", symlinks=True)


def problems(root):
    return [f"{p.rule} {p.what}" for p in verify.run(root).problems]


def run_file(root, stage):
    found = [r for r in evidence.runs(Layout(root)) if r.tuning and r.tuning.stage == stage]
    return Layout(root).run(found[0].id) / "run.json"


def test_a_sound_search_verifies_and_the_card_says_how_many_were_tried(root):
    assert problems(root) == []
    cards.write(Layout(root), project.load(root))
    claims.write(root)
    card = (root / "MODEL_CARD.md").read_text()
    told = "the best of <!--claim run:good_tuned-s0-"
    assert "`good_tuned` came of tuning `good` on validation: " + told in card
    assert "tuning.trials ,-->10<!--/claim--> trials" in card
    selection = json.loads((root / "evidence" / "selection.json").read_text())
    told = {c["name"]: c.get("trials") for c in selection["candidates"]}
    assert told["good_tuned"] == 10 and "good_trial" not in told
    assert all("trials" not in c for c in selection["candidates"] if c["name"] == "good")


def test_trials_that_are_not_counted_are_seen(root):
    edit_json(root / "evidence" / "selection.json",
              lambda s: [c.update(trials=2) for c in s["candidates"] if "trials" in c])  # fmt: skip
    assert any("2 trials led to it, the record has 10" in p for p in problems(root))


def test_a_tuned_run_that_hides_its_trials_is_seen(root):
    for path in Layout(root).runs.glob("good_tuned-*/run.json"):
        edit_json(path, lambda run: run.pop("tuning"))
    assert any(p.startswith("4 it changes 2 keys against good") for p in problems(root))


def test_a_tuned_run_that_counts_fewer_trials_is_seen(root):
    for path in Layout(root).runs.glob("good_tuned-*/run.json"):
        edit_json(path, lambda run: run["tuning"].update(trials=1))
    assert any("it counts 1 trials, 10 had ended" in p for p in problems(root))


def test_a_tuned_run_of_another_trial_is_seen(root):
    other = run_file(root, "coarse").parent.name
    for path in Layout(root).runs.glob("good_tuned-*/run.json"):
        edit_json(path, lambda run: run["tuning"].update(picked=other))
    assert any("no trial of this config" in p for p in problems(root))


def test_a_trial_outside_the_declared_space_is_seen(root):
    """The study's name covers the space, so the forger keeps it and widens a value of the run."""
    path = run_file(root, "fine")

    def change(run):
        run["config"]["optim"]["width"] = 1000
        next(c for c in run["changed"] if c["key"] == "optim.width")["new"] = 1000

    edit_json(path, change)
    assert any("sets optim.width to 1000, outside the declared space" in p for p in problems(root))


def test_a_trial_of_another_share_of_units_is_seen(root):
    edit_json(run_file(root, "coarse"), lambda run: run["tuning"].update(units=0.5))
    assert any("the share 0.5 of the units of train" in p for p in problems(root))


def test_a_trial_that_is_removed_is_seen(root):
    shutil.rmtree(run_file(root, "coarse").parent)
    assert any(p.startswith("6 ") and "run.json is gone" in p for p in problems(root))


def test_a_pruned_run_that_is_no_trial_is_seen(root):
    path = next(Layout(root).runs.glob("good-s0-*/run.json"))
    edit_json(path, lambda run: run.update(status="pruned"))
    assert any("pruned, and no trial" in p for p in problems(root))
