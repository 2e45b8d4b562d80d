"""Exactly one dotted leaf may differ between a configuration and its parent."""

import copy

import builders
import pytest

from proofolio.contract import Change, ProjectError, RunError
from proofolio.evidence import check_experiment, diff
from proofolio.project import Project


def author(ladder: list[dict], **changes) -> Project:
    return Project.model_validate(builders.project_dict(ladder=ladder, **changes))


def ladder(**of_child) -> list[dict]:
    child = {"name": "child", "rung": "net", "hypothesis": "h", "parent": "first"}
    first = {"name": "first", "rung": "net", "hypothesis": "h"}
    first["config"] = {"optim": {"lr": 0.1, "wd": 0}, "widths": [8, 16]}
    return [first, child | of_child]


@pytest.mark.parametrize(
    ("old", "new", "keys"),
    [
        ({"a": {"b": 1}}, {"a": {"b": 1}}, []),
        ({"a": {"b": 1, "c": 2}}, {"a": {"b": 3, "c": 2}}, ["a.b"]),
        ({"a": [1, 2]}, {"a": [1, 3]}, ["a.1"]),
        ({"a": [1, 2]}, {"a": [1, 2, 3, 4]}, ["a.2", "a.3"]),
        ({"a": 1}, {"a": 1.0}, ["a"]),
        ({"a": 1}, {"a": True}, ["a"]),
        ({}, {"a": None}, ["", "a"]),
        ({"a": {"b": 1}}, {"a": {}}, ["a", "a.b"]),
        ({"x": 0, "a": [{"b": 1}]}, {"x": 0, "a": [{"b": 2}]}, ["a.0.b"]),
    ],
)
def test_diff_names_every_changed_leaf(old, new, keys):
    assert [change.key for change in diff(old, new)] == keys


def test_diff_keeps_both_values_and_leaves_its_input_alone():
    old, new = {"lr": 0.1}, {"lr": 0.01}
    kept = copy.deepcopy((old, new))
    assert diff(old, new) == [Change(key="lr", old=0.1, new=0.01)]
    assert (old, new) == kept


def test_one_changed_key_is_allowed():
    project = author(ladder(change={"optim.lr": 0.2}))
    assert [c.key for c in check_experiment(project, "child", 0)] == ["optim.lr"]
    assert check_experiment(project, "first", 1) == []


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"optim": {"lr": 0.2, "wd": 1}}, "optim.lr, optim.wd"),
        ({"widths": [8, 32, 64]}, "widths.1, widths.2"),
        ({"optim.lr": 0.1}, "no key"),
    ],
)
def test_two_keys_or_none_are_refused_by_name(change, named):
    with pytest.raises(RunError, match=named):
        check_experiment(author(ladder(change=change)), "child", 0)


def test_a_foreign_seed_is_refused():
    project = author(ladder(change={"optim.lr": 0.2}, seeds=[1]))
    with pytest.raises(RunError, match="seed 7"):
        check_experiment(project, "first", 7)
    with pytest.raises(RunError, match="seed 0"):
        check_experiment(project, "child", 0)


def test_the_first_of_a_rung_has_no_parent_and_the_next_has_one():
    with pytest.raises(RunError, match="first run of rung other has a parent"):
        check_experiment(author(ladder(change={"optim.lr": 0.2}, rung="other")), "child", 0)
    second = {"name": "child", "rung": "net", "hypothesis": "h", "config": {"a": 1}}
    with pytest.raises(RunError, match="already begins with first"):
        check_experiment(author([ladder(change={"optim.lr": 1})[0], second]), "child", 0)


def test_parent_and_child_share_a_split():
    splits = builders.project_dict()["splits"]
    splits.append({"name": "other", "strategy": "stratified", "purpose": "demonstration"})
    splits[1]["rationale"] = "Shows the leak."
    third = {"name": "third", "rung": "net", "hypothesis": "h", "split": "other"}
    rungs = ladder(change={"optim.lr": 0.2})
    rungs.append(third | {"config": {"optim": {"lr": 0.1}}})
    assert check_experiment(author(rungs, splits=splits), "third", 0) == []
    fourth = third | {"name": "fourth", "parent": "first", "change": {"optim.lr": 0.5}}
    with pytest.raises(RunError, match="changes its split"):
        check_experiment(author([*rungs, fourth], splits=splits), "fourth", 0)


def test_an_unknown_experiment_is_refused():
    with pytest.raises(ProjectError, match="no experiment named"):
        check_experiment(author(ladder(change={"optim.lr": 0.2})), "absent", 0)
