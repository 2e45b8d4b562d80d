"""Planted faults about classes of a split and about part ood."""

import shutil

import pandas as pd
import pytest
import strangers
from verify.proven import edit_json, few_resamples, rehash_split

from proofolio import files, verify
from proofolio.contract import Layout


@pytest.fixture(scope="module")
def sound_strangers(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        few_resamples(patch)
        return strangers.opened(tmp_path_factory.mktemp("strangers") / "tiny")[0].root


@pytest.fixture
def project_root(sound_strangers, tmp_path):
    return shutil.copytree(sound_strangers, tmp_path / "tiny", symlinks=True)


def said(root, rule):
    return " | ".join(p.what for p in verify.run(root).problems if p.rule == rule)


def run_json(root):
    return next(Layout(root).runs.glob("good-s0-*")) / "run.json"


def moved(root, old, new, label):
    """Move one example of a label from a part to another and rehash, as a forger would."""
    layout = Layout(root)
    path = layout.split("primary") / "parts.csv"
    parts = pd.read_csv(path, keep_default_na=False)
    labels = parts["id"].map(pd.read_parquet(layout.examples).set_index("id")["label"])
    parts.loc[parts.index[(parts["part"] == old) & (labels == label)][0], "part"] = new
    files.write_text(path, parts.to_csv(index=False, lineterminator="\n"))
    rehash_split(root)


def test_a_sound_project_with_ood_has_no_problem(sound_strangers):
    assert verify.run(sound_strangers).problems == []


def test_an_example_of_no_class_in_a_scored_part_is_seen(project_root):
    moved(project_root, "ood", "test", "spider")
    assert "none of the split's classes" in said(project_root, "2")


def test_an_example_of_a_class_hidden_in_ood_is_seen(project_root):
    moved(project_root, "test", "ood", "ant")
    assert "and are part ood" in said(project_root, "2")


def test_other_classes_than_the_splits_are_seen(project_root):
    edit_json(run_json(project_root), lambda v: v.update(classes=strangers.CLASSES))
    assert "classes is" in said(project_root, "hashes")


def test_metrics_of_ood_are_seen(project_root):
    edit_json(run_json(project_root), lambda v: v["metrics"].update(ood=v["metrics"]["val"]))
    assert "metrics of part ood" in said(project_root, "3")


@pytest.mark.parametrize(
    "edit",
    [
        lambda v: v["table"][0].update(value=0.99),
        lambda v: v["table"][1].update(let_through=0.0),
        lambda v: v.update(ci_low=0.98),
    ],
)
def test_a_forged_result_does_not_follow(project_root, edit):
    edit_json(Layout(project_root).result("ood_test"), edit)
    assert "does not follow from predictions" in said(project_root, "3")


def test_a_result_on_ood_before_the_opening_is_seen(project_root):
    shutil.rmtree(project_root / ".git")
    layout = Layout(project_root)
    layout.test_access.unlink()
    for path in layout.results.glob("*_test.json"):
        path.unlink()
    assert "it shows test" in said(project_root, "5")
