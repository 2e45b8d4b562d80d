"""A finished project earns every automatic point; each planted fault is seen where it belongs."""

import json
import shutil

import jsonschema
import pytest
import yaml
from rubric import graded
from verify.proven import edit_json, run_folder

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


def _readme(root, old, new):
    path = root / "README.md"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def _value(root):
    def change(run):
        run["metrics"]["val"]["auroc"]["value"] -= 0.01

    edit_json(run_folder(root, "prior") / "run.json", change)


def _fitted(root):
    def change(run):
        run["fitted"][0]["part"] = "test"

    edit_json(run_folder(root, "prior") / "run.json", change)


def _crossing(root):
    """Move one picture of a training patient into test, hashes repaired."""
    from verify.proven import rehash_split

    path = Layout(root).split("primary") / "parts.csv"
    lines = path.read_text().splitlines()
    index = next(i for i, line in enumerate(lines) if line.split(",")[1] == "train")
    cells = lines[index].split(",")
    lines[index] = ",".join([cells[0], "test", *cells[2:]])
    path.write_text("\n".join(lines) + "\n")
    rehash_split(root)


FAULTS = {
    "a placeholder in the problem": ("PD1", None, lambda r: _project(
        r, lambda v: v["problem"].update(user="TODO who"))),
    "no target": ("PD2", None, lambda r: _project(r, lambda v: v["metric"].pop("target"))),
    "no reason for the rule": ("PD3", None, lambda r: _project(
        r, lambda v: v["decision"].update(reason="TODO"))),
    "a step fitted on test": ("SL5", None, _fitted),
    "a warning that no page names": ("SL4", None, lambda r: _readme(
        r, "The shortcut audit warns: file statistics alone tell something.", "None.")),
    "a value that does not follow": ("BU2", "BU2", _value),
    "no difference to a baseline": ("BU5", None, lambda r: [
        p.unlink() for p in Layout(r).results.glob("difference_*")]),
    "no table per group": ("EL1", None, lambda r: [
        p.unlink() for p in Layout(r).results.glob("slice_table*")]),
    "an open question": ("EL4", None, lambda r: _project(
        r, lambda v: v["data_card"].update(funding="TODO"))),
    "no pins": ("RT1", None, lambda r: (r / "constraints.txt").write_text("numpy\npandas>=2\n")),
    "no assertion": ("RT3", None, lambda r: (r / "tests/test_tiny.py").write_text(
        "from tiny.data import double\n\n\ndef test_a():\n    assert True\n    double(1)\n")),
    "no tests in CI": ("RT4", None, lambda r: (r / ".github/workflows/ci.yml").write_text(
        "on: push\njobs:\n  lint:\n    steps:\n      - run: ruff check  # pytest\n".replace(
            "  # pytest", ""))),
    "a notebook with outputs": ("RT5", None, lambda r: (r / "a.ipynb").write_text(json.dumps(
        {"cells": [{"cell_type": "code", "source": ["x"], "outputs": [{"text": "1"}]}]}))),
    "no licence": ("RT6", None, lambda r: (r / "LICENSE").unlink()),
    "a key": ("RT7", None, lambda r: (r / "src/tiny/data.py").write_text(
        "def double(x):\n    return 2 * x\n\n\nTOKEN = '" + "ghp_" + "a1" * 18 + "'\n")),
    "the result below": ("CO1", None, lambda r: _readme(
        r, "**Problem.**", "word " * 400 + "\n\n**Problem.**")),
    "a number typed by hand": ("CO2", None, lambda r: _readme(
        r, "**Limits.**", "Accuracy is 0.93.\n\n**Limits.**")),
    "a claim that differs": ("CO2", "CO2", lambda r: _readme(
        r, "<!--claim model:champion test.auroc .3f ci-->",
        "<!--claim model:champion test.auroc .3f ci-->0")),
    "a figure without words": ("CO3", None, lambda r: _readme(r, "AUROC of each rung with its "
        "interval; the network lies above hand-made features", "figure")),
    "a placeholder in the README": ("CO4", None, lambda r: _readme(
        r, "**Limits.**", "TODO\n\n**Limits.**")),
    "no measured cost": ("TO1", None, lambda r: [
        Layout(r).result(kind).unlink() for kind in ("latency", "size")]),
    "a unit on two sides": ("SL1", "SL1", _crossing),
}  # fmt: skip
FOLLOWS = {  # what cannot stand once the named criterion falls
    # test was opened for a selection whose runs have been edited since: git shows it
    "a step fitted on test": {"SL6"},
    "a value that does not follow": {"SL6", "CO2"},  # the ladder of the README prints it
    # runs predicted the parts as they were, and were edited to name the new ones
    "a unit on two sides": {"BU2", "SL6"},
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_planted_fault_turns_its_criterion_red(name, root):
    code, gate, plant = FAULTS[name]
    plant(root)
    found, gates = red(root)
    follows = FOLLOWS.get(name, set())
    assert code in found
    assert found <= {code} | follows
    assert gates - follows == ({gate} if gate else set())


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
