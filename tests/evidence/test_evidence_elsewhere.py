"""Comparisons declared on another split: opened with the choice, never chosen from."""

import builders
import pytest
from evidence import recorded
from pydantic import ValidationError

from proofolio import evidence, files, project
from proofolio.contract import RunError
from proofolio.evidence import standing

ROBUST = {
    "name": "robust",
    "strategy": "patient",
    "purpose": "robustness",
    "seed": 7,
    "rationale": "Other patients in each part.",
}
BESIDE = {
    "name": "elsewhere",
    "rung": "network",
    "split": "robust",
    "hypothesis": "Other parts, the same value.",
    "config": {"model": {"kind": "net"}, "optim": {"lr": 0.1, "epochs": 3}},
    "seeds": [0],
}


def told(**changes):
    base = builders.project_dict()
    splits = [*base["splits"], ROBUST | changes]
    return {"splits": splits, "ladder": [*base["ladder"], BESIDE],
            "fixed_comparisons": ["elsewhere"]}  # fmt: skip


@pytest.fixture(scope="module")
def opened(tmp_path_factory, few_draws):
    root = tmp_path_factory.mktemp("elsewhere") / "project"
    layout, author = recorded.trained(root, **told())
    (root / ".gitignore").write_text("work/\n")
    evidence.select(layout, author)
    evidence.open_test(layout, author, "final evaluation")
    evidence.summarise(layout, author)
    return layout, author


def test_it_is_opened_with_the_choice_and_is_no_choice(opened):
    layout, _ = opened
    selection = evidence.selection(layout)
    beside = next(c for c in selection.candidates if c.name == "elsewhere")
    assert beside.split == "robust" and selection.choice.name != "elsewhere"
    assert "elsewhere" in selection.fixed_comparisons
    run = evidence.run(layout, beside.runs[0])
    assert "test" in run.metrics
    assert evidence.results.read(layout, "seed_mean_elsewhere_test").value is not None


def test_no_difference_is_drawn_between_rows_of_two_splits(opened):
    layout, author = opened
    pairs = [p[1] for p in standing.planned(layout, author) if p[0] == "paired_difference"]
    assert pairs and all("elsewhere" not in (p["config"], p["versus"]) for p in pairs)


def test_a_selection_without_such_a_comparison_is_written_as_before(ready):
    layout, author = ready
    evidence.select(layout, author)
    assert all("split" not in c for c in files.read_json(layout.selection)["candidates"])


def test_a_declared_comparison_must_be_finished(tmp_path, few_draws):
    layout, author = recorded.prepared(tmp_path / "project", **told())
    for experiment in author.ladder[:-1]:
        for seed in experiment.seeds or author.seeds:
            recorded.train(layout, author, experiment.name, seed)
    with pytest.raises(RunError, match="elsewhere seed 0"):
        evidence.select(layout, author)


def test_a_demonstration_is_no_comparison():
    shown = told(purpose="demonstration", strategy="stratified")
    with pytest.raises(ValidationError, match="no performance to open"):
        project.Project.model_validate(builders.project_dict(**shown))
