"""The unedited template is no finished project: its grade is `not yet`, and the report says why."""

import shutil

import pytest
from rendering import render, run

from proofolio.rubric import grade


def graded(root):
    """Return the grade, the reasons of the gates by code, and status by criterion."""
    told = grade.result(grade.examine(root))
    gates = {gate["code"]: gate["reason"] for gate in told["gates"]}
    return told["grade"], gates, {c["code"]: c for c in told["criteria"]}


def test_as_rendered_it_is_not_yet_and_the_demo_is_why(of_kind):
    given, gates, criteria = graded(of_kind)
    assert given == "not yet"
    assert "demo" in gates["CO4"] and criteria["CO4"]["status"] == "fail"
    assert "cannot be recomputed" in gates["BU2"]
    assert criteria["EL4"]["status"] == "partial"  # questions of both cards say TODO
    assert sum(c["points"] for c in criteria.values()) < 50


def test_with_the_demo_called_real_its_unedited_text_is_why(of_kind, tmp_path):
    root = shutil.copytree(of_kind, tmp_path / "project")
    path = root / "project.yaml"
    text = path.read_text(encoding="utf-8")
    assert "demo_data: true" in text
    path.write_text(text.replace("demo_data: true", "demo_data: false"), encoding="utf-8")
    given, gates, _ = graded(root)
    assert given == "not yet"
    assert "unedited template text" in gates["CO4"]


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["image", "events"])
def test_its_smoke_run_earns_no_grade_either(kind, tmp_path):
    root = render(tmp_path / "project", kind=kind)
    run(root, "all", "--quick")
    for place in (root, root / "work" / "quick"):
        given, gates, criteria = graded(place)
        assert given == "not yet"
        assert "demo" in gates["CO4"] and criteria["CO4"]["fix"]
