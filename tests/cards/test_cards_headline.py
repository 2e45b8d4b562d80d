"""The headline says by itself what did better on test than the chosen configuration."""

import json
import re
import shutil

import finished_project
import pytest

from proofolio import claims, files, project
from proofolio.cards import headline
from proofolio.contract import Layout, Reference, Result
from proofolio.figures import Facts


@pytest.fixture
def copy(tmp_path):
    def copied(opened=True):
        layout, _ = finished_project.shared(opened=opened)
        shutil.copytree(layout.root, tmp_path / "copy", ignore=shutil.ignore_patterns(".git"))
        return Layout(tmp_path / "copy"), project.load(tmp_path / "copy")

    return copied


def scored(layout, config, auroc, part="test"):
    """Give every run of a configuration this AUROC, interval a hundredth to either side."""
    metric = {"value": auroc, "ci_low": auroc - 0.01, "ci_high": auroc + 0.01, "level": 0.95}
    metric |= {"n": 54, "n_units": 18, "method": "m"}
    for path in layout.runs.glob(f"{config}-s*/run.json"):
        run = json.loads(path.read_text())
        run["metrics"].setdefault(part, {})["auroc"] = metric
        path.write_text(json.dumps(run))


def told(layout, author, write=headline.sentence):
    facts = Facts(layout, author)
    return claims.bind(write(facts), facts.resolve)


def difference(layout, config, versus, low, high):
    inputs = {"config": config, "versus": versus, "part": "test", "metric": "auroc", "runs": []}
    result = Result(
        kind="paired_difference",
        inputs=inputs,
        value=(low + high) / 2,
        ci_low=low,
        ci_high=high,
        level=0.95,
        method="m",
        how="recomputed",
    )
    name = f"difference_{config}_vs_{versus}_test"
    files.write_json(layout.result(name), result.model_dump())


def test_a_choice_that_wins_stands_beside_the_best_of_another_rung(copy):
    layout, author = copy()
    said = told(layout, author)
    assert "`good` reaches AUROC" in said
    assert "the best configuration of another rung, `prior`" in said
    assert "not the best" not in said


@pytest.mark.parametrize(
    ("low", "high", "zero"), [(-0.09, 0.01, " that includes zero"), (-0.09, -0.01, "")]
)
def test_a_baseline_that_wins_on_test_is_named_with_its_difference(copy, low, high, zero):
    layout, author = copy()
    scored(layout, "prior", 0.99)
    difference(layout, "good", "prior", low, high)
    said = told(layout, author)
    assert "`good`, which validation chose, reaches AUROC" in said
    assert "**It is not the best there:** `prior` of another rung reaches" in said
    assert "0.990 (95% CI 0.980-1.000)" in said
    assert re.search(rf"a difference of .*0\.010\)<!--/claim-->{zero}\.", said)


def test_a_comparison_of_the_own_rung_that_wins_is_named_and_every_further_one_too(copy):
    layout, author = copy()
    scored(layout, "good", 0.7)
    scored(layout, "good_slow", 0.98)
    scored(layout, "prior", 0.99)
    said = told(layout, author)
    assert "`good_slow` of its own rung reaches" in said
    assert "`prior` of another rung reaches" in said
    assert "better too" not in said
    renamed = author.model_copy(deep=True)
    facts = Facts(layout, renamed)
    facts.configurations["prior_again"] = facts.configurations["prior"]
    facts.resolve.store.runs |= {
        f"{key}-again": run | {"name": "prior_again"}
        for key, run in facts.resolve.store.runs.items()
        if run["name"] == "prior"
    }
    assert "`prior_again` does better too" in headline.sentence(facts)


def test_a_metric_that_should_be_small_is_compared_the_other_way(copy):
    layout, author = copy()
    author.metric.primary = "brier"
    said = told(layout, author)
    assert "not the best" not in said
    for path in layout.runs.glob("prior-s*/run.json"):
        run = json.loads(path.read_text())
        run["metrics"]["test"]["brier"]["value"] = 0.001
        path.write_text(json.dumps(run))
    assert "**It is not the best there:** `prior`" in told(layout, author)


def test_a_published_figure_that_is_better_is_said_so_and_one_that_is_not_stands_beside(copy):
    layout, author = copy()
    given = finished_project.REFERENCE | {"source": "A. Author (2018), Journal 1, 2-3"}
    author.references = [
        Reference(**given),
        Reference(**(given | {"id": "weak", "value": 0.51})),
        Reference(**(given | {"id": "foreign", "value": 0.99, "comparable": "no"})),
    ]
    files.write_json(layout.references, [r.model_dump() for r in author.references])
    said, beside = told(layout, author), told(layout, author, headline.published)
    assert "**A better figure is published:**" in said
    assert "0.968<!--/claim--> (A. Author (2018); comparable: partly)" in said
    assert "0.510" in beside and "0.968" not in beside
    assert "0.990" not in said + beside


def test_of_many_published_figures_the_best_that_compare_stand_beside(copy):
    layout, author = copy()
    kinds = ((0.50, "partly"), (0.51, "yes"), (0.52, "yes"), (0.53, "partly"), (0.54, "partly"))
    author.references = [
        Reference(**(finished_project.REFERENCE | {"id": f"r{i}", "value": v, "comparable": c}))
        for i, (v, c) in enumerate(kinds)
    ]
    files.write_json(layout.references, [r.model_dump() for r in author.references])
    beside = told(layout, author, headline.published)
    assert [beside.find(v) > 0 for v in ("0.500", "0.510", "0.520", "0.530", "0.540")] == [
        False, True, True, False, True,
    ]  # fmt: skip
    assert "2 more" in beside


def test_before_the_opening_nothing_is_compared_with_what_was_published(copy):
    layout, author = copy(opened=False)
    said = told(layout, author)
    assert "The test set is still sealed." in said
    assert "published" not in said and "not the best" not in said
    assert "0.968" in told(layout, author, headline.published)
