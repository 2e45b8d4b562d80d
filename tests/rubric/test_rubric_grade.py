"""A finished project earns every automatic point; each planted fault is seen where it belongs."""

import json
import shutil

import jsonschema
import pytest
import yaml
from rubric import graded
from verify.proven import edit_json

from proofolio.contract import Layout
from proofolio.rubric import grade
from proofolio.rubric.criteria import rubric
from proofolio.rubric.report import schema

NOT_APPLICABLE = {"SL3", "RT5"}  # no times in the table; no notebook


def outcomes(root, **options):
    """Return status by criterion, and gates, of a graded folder."""
    found = grade.examine(root, **options)
    told = grade.result(found)
    return {c["code"]: c["status"] for c in told["criteria"]}, {g["code"] for g in told["gates"]}


def red(root, **options):
    status, gates = outcomes(root, **options)
    return {code for code, s in status.items() if s in ("fail", "partial")}, gates


def test_a_finished_project_earns_every_automatic_point(whole):
    found = grade.examine(whole)
    told = grade.result(found)
    assert told["gates"] == []
    short = {c["code"]: c["message"] for c in told["criteria"] if c["points"] < c["max"]}
    assert set(short) - NOT_APPLICABLE == graded.CODES_OF_HUMANS, short
    assert (told["total"], told["grade"], told["provisional"]) == (90.0, "exemplary", True)
    assert {c["code"] for c in told["criteria"] if c["status"] == "na"} == NOT_APPLICABLE
    jsonschema.validate({"schema": grade.SCHEMA, "projects": [told]}, schema())
    json.dumps(told)


def _project(root, change):
    path = root / "project.yaml"
    value = yaml.safe_load(path.read_text())
    change(value)
    path.write_text(yaml.safe_dump(value, sort_keys=False))


WHY = "Nobody deploys this model, so what it costs to serve was never measured."


def _uncosted(root, **written):
    for kind in ("latency", "size"):
        Layout(root).result(kind).unlink()
    for path in Layout(root).runs.glob("*/run.json"):
        edit_json(path, lambda run: run.update(wall_seconds=0))
    _project(root, lambda value: value.update(reasons=written))
    return grade.examine(root).outcomes


@pytest.mark.parametrize(
    ("written", "status"),
    [
        ({}, "fail"),
        ({"TO1": WHY}, "partial"),
        ({"TO1": "n/a"}, "fail"),
        ({"TO1": f"TODO {WHY}"}, "fail"),
        ({"TO1": WHY, "RT1": WHY, "RT4": WHY, "RT6": WHY}, "fail"),  # too many excuses
    ],
)
def test_a_written_reason_counts_as_a_statement(written, status, root):
    found = _uncosted(root, **written)["TO1"]
    assert found.status == status
    assert (WHY in " ".join(found.evidence)) == (written.get("TO1") == WHY)


def test_a_written_reason_mends_no_gate_and_nothing_that_is_wrong(root):
    """The edited runs are seen by the gate of SL6; what was met stays met."""
    found = _uncosted(root, SL6=WHY, TO1=WHY, RT1=WHY)
    assert found["SL6"].gate and found["SL6"].status == "fail"
    assert WHY in found["SL6"].evidence[0]
    assert found["RT1"].status == "pass" and WHY not in " ".join(found["RT1"].evidence)


def test_demo_data_caps_the_grade(root):
    edit_json(Layout(root).contract, lambda value: value.update(demo_data=True))
    _project(root, lambda value: value.update(demo_data=True))
    found = grade.examine(root)
    assert grade.result(found)["grade"] == "not yet"
    assert "demo" in found.outcomes["CO4"].gate


def test_a_repository_without_evidence_is_graded_too(tmp_path):
    (tmp_path / "README.md").write_text("The task is hard. Results: accuracy 0.9 on a test set.")
    found = grade.examine(tmp_path)
    told = grade.result(found)
    assert told["grade"] == "not yet"
    assert {g["code"] for g in told["gates"]} == {"BU2"}
    assert "evidence/contract.json" in told["gates"][0]["reason"]
    assert "evidence/splits" in found.outcomes["SL1"].evidence[-1]
    assert found.outcomes["SL6"].status == "partial"
    assert "0.9" in " ".join(found.outcomes["CO2"].evidence)


def test_a_folder_that_is_not_there_is_one_line(tmp_path):
    told = grade.result(grade.examine(tmp_path / "none"))
    assert told["grade"] == "not yet"
    assert "no such folder" in told["gates"][0]["reason"]


def test_without_history_the_opening_is_not_proven(root):
    shutil.rmtree(root / ".git")
    found, gates = red(root)
    assert found == {"SL6", "RT8"}
    assert gates == set()


def test_grades_need_points_halves_and_no_gate():
    full = [{"points": s.weight, "max": s.weight} for s in rubric().sections]
    thin = [*full[:-1], {"points": 2, "max": 5}]
    assert grade.grade(100, full, gated=False) == "exemplary"
    assert grade.grade(97, thin, gated=False) == "strong"
    assert grade.grade(84.9, full, gated=False) == "strong"
    assert grade.grade(69.9, full, gated=False) == "sound"
    assert grade.grade(49.9, full, gated=False) == "not yet"
    assert grade.grade(100, full, gated=True) == "not yet"
