"""A class and two submissions: distributions, agreement of graders, what changed."""

import numpy as np
import pytest
from rubric import made_up as graded

from proofolio.contract import ProjectError
from proofolio.rubric.report import agreement, changes, cohort, html, view


def kappa_by_hand(a, b, levels=4):
    """Cohen's kappa with quadratic weights, written from its definition (Cohen 1968)."""
    seen = np.zeros((levels, levels))
    for x, y in zip(a, b, strict=True):
        seen[x, y] += 1
    seen /= seen.sum()
    chance = np.outer(seen.sum(1), seen.sum(0))
    weight = np.subtract.outer(np.arange(levels), np.arange(levels)) ** 2
    return 1 - (weight * seen).sum() / (weight * chance).sum()


@pytest.mark.parametrize("seed", range(5))
def test_kappa_is_that_of_its_definition(seed):
    rng = np.random.default_rng(seed)
    a = rng.integers(0, 4, 60)
    b = np.clip(a + rng.integers(-1, 2, 60), 0, 3)
    assert agreement.kappa(list(a), list(b)) == pytest.approx(kappa_by_hand(a, b))


def test_levels_that_nobody_gave_count_in_the_weights():
    assert agreement.kappa([0, 3, 0, 3], [0, 3, 3, 3]) == pytest.approx(
        kappa_by_hand([0, 3, 0, 3], [0, 3, 3, 3])
    )


@pytest.mark.parametrize(("a", "b"), [([2, 2, 2], [2, 2, 2]), ([1], [3]), ([], [])])
def test_kappa_is_undefined_without_variation(a, b):
    assert agreement.kappa(a, b) is None


def judged(path, **levels):
    made = graded.project(path, {})
    made["answers"] = [{"grader": name, "levels": given} for name, given in levels.items()]
    return made


def test_agreement_counts_what_both_judged():
    projects = [
        judged("a", ann={"PD4": 3, "EL5": 1}, bo={"PD4": 1, "EL5": 1, "CO5": 0}),
        judged("b", ann={"PD4": 2}, bo={"PD4": 1}),
        judged("c", ann={"PD4": 2}),
        judged("d", cy={"PD4": 2}),
    ]
    (pair,) = agreement.pairs(projects)
    assert (pair.first, pair.second, pair.judgements, pair.projects) == ("ann", "bo", 3, 2)
    assert pair.exact == pytest.approx(1 / 3) and pair.within_one == pytest.approx(2 / 3)
    assert pair.higher == 1
    assert pair.criteria == (("PD4", 2, 0.0, 1.5), ("EL5", 1, 1.0, 0.0))
    page = html.write(graded.result(*projects))
    assert "ann and bo" in page and "On average ann is 1.00 levels higher" in page


def test_without_two_graders_the_page_says_nothing_of_agreement():
    page = html.write(graded.result(judged("a", ann={"PD4": 3}), judged("b", ann={"PD4": 3})))
    assert "graders agree" not in page


def test_an_undefined_kappa_is_said():
    both = {"ann": {"PD4": 3, "EL5": 3}, "bo": {"PD4": 3, "EL5": 3}}
    page = html.write(graded.result(judged("a", **both), judged("b", **both)))
    assert "Weighted kappa is undefined" in page


def test_the_distribution_counts_statuses_and_the_share_lost():
    projects = [
        graded.project("a", {"RT3": "fail", "CO3": "na"}),
        graded.project("b", {"RT3": "fail", "BU1": "fail"}),
        graded.project("c", {"RT3": "partial", "SL1": "fail"}, ["SL1"]),
    ]
    found = {d.criterion["code"]: d for d in cohort.distributions(projects)}
    assert found["RT3"].counts == {"pass": 0, "partial": 1, "fail": 2, "na": 0, "human": 0}
    assert found["RT3"].lost == pytest.approx((1 + 1 + 0.5) / 3)
    assert found["CO3"].counts["na"] == 1 and found["CO3"].lost == 0
    assert found["PD4"].lost is None
    order = [d.criterion["code"] for d in cohort.distributions(projects)]
    assert order[0] == "RT3" and set(order[-4:]) == {"PD4", "EL5", "CO5", "TO2"}
    assert cohort.gates(projects) == [("SL1", [projects[2]])]
    assert sum(count for _, count in cohort.grades(projects)) == 3


def test_projects_with_other_sections_and_criteria_stand_side_by_side():
    other = graded.project("b", {})
    other["sections"] = other["sections"][:2]
    other["criteria"] = other["criteria"][:5]
    page = html.write(graded.result(graded.project("a", {}), other))
    assert page.count("<td></td>") == 5 + 2  # five sections and no gates in both rows


def test_changes_name_what_moved_best_gain_first():
    before = graded.project("a", {"RT3": "fail", "BU1": "fail", "SL4": "pass"}, ["CO2"])
    after = graded.project("a", {"RT3": "partial", "BU1": "pass", "SL4": "fail"}, ["SL1"])
    result = changes.attach(graded.result(after), graded.result(before))
    since = result["projects"][0]["since"]
    assert since["total"] == [before["total"], after["total"]]
    assert (since["gates_mended"], since["gates_failed"]) == (["CO2"], ["SL1"])
    assert [m["code"] for m in since["criteria"]] == ["BU1", "RT3", "SL4"]
    assert since["criteria"][1]["status"] == ["fail", "partial"]


def test_a_project_is_found_by_path_then_by_a_unique_name():
    now = [graded.project(p, {}) for p in ("x/one", "x/two", "x/three", "y/three")]
    before = [graded.project(p, {"BU1": "fail"}) for p in ("old/one", "x/two", "old/three")]
    found = changes.attach(graded.result(*now), graded.result(*before))["projects"]
    assert [view.name(p) for p in found if "since" in p] == ["one", "two"]
    renamed = changes.attach(graded.result(now[0]), graded.result(before[1]))
    assert "since" in renamed["projects"][0]  # one project each: the same, moved


@pytest.mark.parametrize("wrong", [[], {}, {"schema": 2}, {"schema": 1, "projects": [{}]}, "x"])
def test_an_earlier_result_of_another_shape_is_refused(wrong):
    with pytest.raises(ProjectError, match="earlier result cannot be compared"):
        changes.attach(graded.result(graded.project("a", {})), wrong)
