"""The planted faults as data: at least one for every criterion that a machine checks.

Each is planted in a copy of a project that passes, with the hashes that it touches repaired, so
that nothing else is wrong. It must turn its criterion red, and nothing beside it but what follows
by a rule of `RULES`. The published table (docs/rubric/mutants.md) is written from here.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from rubric import planting
from rubric.planting import (
    Plant,
    all_of,
    appended,
    gone,
    pages,
    project,
    results,
    runs,
    text,
    written,
)
from verify.proven import edit_json, edit_log, relink

from proofolio.contract import Layout

RULES = {  # name: criterion that follows, and why it cannot stand
    "sealed": (
        "SL6",
        "Git keeps each run as it was when test was opened. A run that was edited since is seen "
        "there, whatever was edited in it.",
    ),
    "forgotten": (
        "SL6",
        "The commit that the opening names went with the history, so nothing shows any more that "
        "the choice came before the opening.",
    ),
    "predicted": (
        "BU2",
        "Predictions were stored for the parts as they were, and do not cover those that the "
        "split now names.",
    ),
    "printed": (
        "CO2",
        "The README prints the edited value, bound to evidence that predictions no longer give.",
    ),
}


@dataclass(frozen=True)
class Fault:
    """One planted fault: where, what in words, how, and what must turn red."""

    code: str
    planted: str
    project: Literal["small", "no_baseline", "events", "medical_imaging"]
    status: Literal["fail", "partial"]
    plant: Plant
    gate: bool = False
    follows: tuple[str, ...] = ()  # names of RULES

    @property
    def id(self) -> str:
        """Name of the fault in a listing of tests."""
        return f"{self.code} {self.project}: {self.planted}"

    @property
    def following(self) -> set[str]:
        """Codes of the criteria that follow by a rule."""
        return {RULES[name][0] for name in self.follows}


_SMALL_CODE = "src/tiny/data.py"
_CODE = "src/medical_imaging/explore.py"
_TOKEN = "ghp_" + "a1" * 18  # looks like a key and is none
_IDLE_TEST = "def test_a():\n    assert True\n    double(1)\n"
_LINT = "on: push\njobs:\n  lint:\n    steps:\n      - run: ruff check\n"
_LONG_CELL = "\n# %%\n" + "".join(f"print({i})\n" for i in range(40))
_SHOWN = {"source": ["from tiny.data import double"], "outputs": [{"text": "1"}]}
_OUTPUTS = {"cells": [{"cell_type": "code", **_SHOWN}]}
_GROUPS = {"slice_table", "slice_difference", "class_table"}
_WARNED = "The shortcut audit warns: file statistics alone tell something."
_DESCRIBED = "AUROC of each rung with its interval; the network lies above hand-made features"
_FIGURE = "Every configuration of the ladder with its interval on val and test"


def _no_interval(run: dict) -> None:
    for found in run["metrics"].values():
        if "auroc" in found:
            found["auroc"] |= {"ci_low": None, "ci_high": None, "method": "no interval was drawn"}


def _off_by_a_hundredth(part: str, metric: str) -> Callable[[dict], None]:
    def change(run: dict) -> None:
        run["metrics"][part][metric]["value"] += 0.01

    return change


def _unread(path: Path, result: dict) -> None:
    result["parameters"]["readings"] = {}
    result["table"] = [row | {"reading": ""} for row in result["table"]]


def _unconcluded(name: str) -> Plant:
    def of_ladder(value: dict) -> None:
        next(x for x in value["ladder"] if x["name"] == name)["conclusion"] = None

    return all_of(project(of_ladder), runs(name, lambda run: run.update(conclusion=None)))


def _failed_finding(root: Path) -> None:
    def change(audit: dict) -> None:
        found = [f for f in audit["findings"] if f["check"] == "unit_overlap"]
        next(f for f in found if f["split"] in ("primary", None))["status"] = "fail"

    edit_json(Layout(root).audit, change)


def _short_log(root: Path) -> None:
    edit_log(root, lambda lines: relink([x for x in lines if '"prior-' not in x]))


def _gains(root: Path) -> None:
    chosen = json.loads(Layout(root).selection.read_text())["choice"]["name"]
    for path in sorted(Layout(root).results.glob("*.json")):
        found = json.loads(path.read_text())
        pair = (found["inputs"].get("config"), found["inputs"].get("versus"))
        if found["kind"] == "paired_difference" and chosen in pair:
            path.unlink()


def _fitted_on_test(run: dict) -> None:
    run["fitted"][-1]["part"] = "test"


def _two_changes(run: dict) -> None:
    run["changed"].append({"key": "another", "old": 1, "new": 2})


FAULTS = (
    Fault("PD1", "The user of the decision is a placeholder.", "small", "partial",
          project(lambda v: v["problem"].update(user="TODO who"))),
    Fault("PD1", "The user of the decision is a placeholder.", "medical_imaging", "partial",
          project(lambda v: v["problem"].update(user="TODO who"))),
    Fault("PD2", "The metric has no target.", "small", "partial",
          project(lambda v: v["metric"].pop("target"))),
    Fault("PD2", "The metric has no target.", "medical_imaging", "partial",
          project(lambda v: v["metric"].pop("target"))),
    Fault("PD3", "The rule of decision has no reason.", "small", "partial",
          project(lambda v: v["decision"].update(reason="TODO"))),
    Fault("PD3", "The rule of decision has no reason.", "medical_imaging", "partial",
          project(lambda v: v["decision"].update(reason="TODO"))),
    Fault("SL1", "A training picture belongs to a patient of val.", "small", "fail",
          planting.same_unit, gate=True, follows=("sealed",)),
    Fault("SL1", "A training picture belongs to a patient of val.", "medical_imaging", "fail",
          planting.same_unit, gate=True, follows=("sealed",)),
    Fault("SL1", "A training picture is moved to test, the others of its patient are not.",
          "small", "fail", planting.crossing, gate=True, follows=("sealed", "predicted")),
    Fault("SL2", "A training picture is byte for byte one of test.", "medical_imaging", "fail",
          planting.same_content, gate=True, follows=("sealed",)),
    Fault("SL3", "Training of the newest fold ends after its scored window begins.", "events",
          "fail", planting.later_training, follows=("sealed",)),
    Fault("SL4", "No page speaks of a warning of the audit.", "small", "partial",
          text("README.md", _WARNED, "None.")),
    Fault("SL4", "A finding of the audit fails.", "medical_imaging", "fail", _failed_finding),
    Fault("SL5", "A step of a baseline was fitted on test.", "small", "fail",
          runs("prior", _fitted_on_test), follows=("sealed",)),
    Fault("SL5", "A step of a baseline was fitted on test.", "medical_imaging", "fail",
          runs("file_statistics", _fitted_on_test), follows=("sealed",)),
    Fault("SL6", "Test was opened a day before anything was chosen.", "medical_imaging", "fail",
          planting.earlier_opening, gate=True),
    Fault("BU1", "The ladder never had a rung that learns nothing.", "no_baseline", "partial",
          lambda root: None),
    Fault("BU2", "A value on val is not what predictions give, and the README prints it.",
          "small", "fail", runs("prior", _off_by_a_hundredth("val", "auroc")), gate=True,
          follows=("sealed", "printed")),
    Fault("BU2", "A value on val is not what predictions give.", "medical_imaging", "fail",
          runs("small_cnn", _off_by_a_hundredth("val", "brier")), gate=True, follows=("sealed",)),
    Fault("BU3", "The chosen runs have no interval of the primary metric.", "medical_imaging",
          "fail", all_of(runs("finetuned_no_crop", _no_interval), pages), follows=("sealed",)),
    Fault("BU4", "One of the seeds that ran was never declared.", "medical_imaging", "fail",
          project(lambda v: v.update(seeds=[1, 2]))),
    Fault("BU5", "No difference of the choice to a baseline is recorded.", "small", "fail",
          all_of(_gains, pages)),
    Fault("BU5", "No difference of the choice to a baseline is recorded.", "medical_imaging",
          "fail", all_of(_gains, pages)),
    Fault("BU6", "A follow-up changes two keys against its parent.", "medical_imaging", "fail",
          runs("finetuned_no_reencoding", _two_changes), follows=("sealed",)),
    Fault("EL1", "No result per group is recorded.", "small", "fail",
          all_of(results(_GROUPS), pages)),
    Fault("EL1", "No result per group is recorded.", "medical_imaging", "fail",
          all_of(results(_GROUPS), pages)),
    Fault("EL2", "Nobody wrote what they see in the surest mistakes.", "medical_imaging",
          "partial", all_of(project(lambda v: v.update(readings={})),
                            results({"mistakes"}, _unread))),
    Fault("EL3", "A configuration that did not help has no conclusion.", "medical_imaging",
          "partial", _unconcluded("small_cnn")),
    Fault("EL3", "The log has lost a run, its chain written anew.", "medical_imaging", "fail",
          _short_log),
    Fault("EL4", "A question of the data card is open.", "small", "partial",
          project(lambda v: v["data_card"].update(funding="TODO"))),
    Fault("EL4", "A question of the data card is open.", "medical_imaging", "partial",
          project(lambda v: v["data_card"].update(funding="TODO"))),
    Fault("RT1", "Versions are named, not pinned.", "small", "partial",
          written("constraints.txt", "numpy\npandas>=2\n")),
    Fault("RT1", "Versions are named, not pinned.", "medical_imaging", "partial",
          text("constraints.txt", "==", ">=")),
    Fault("RT2", "Runs of the choice were made with uncommitted changes.", "medical_imaging",
          "partial",
          all_of(runs("finetuned_no_crop", lambda run: run["git"].update(dirty=True)), pages),
          follows=("sealed",)),
    Fault("RT3", "The one test left cannot fail.", "small", "fail",
          written("tests/test_tiny.py", "from tiny.data import double\n\n\n" + _IDLE_TEST)),
    Fault("RT3", "The one test left cannot fail.", "medical_imaging", "fail",
          all_of(gone("tests/test_texts.py"), written("tests/test_project.py",
                 "from medical_imaging import double\n\n\n" + _IDLE_TEST))),
    Fault("RT4", "Continuous integration runs no tests.", "small", "partial",
          written(".github/workflows/ci.yml", _LINT)),
    Fault("RT4", "Continuous integration runs no tests.", "medical_imaging", "partial",
          written(".github/workflows/ci.yml", _LINT)),
    Fault("RT5", "A notebook carries outputs.", "small", "partial",
          written("a.ipynb", json.dumps(_OUTPUTS))),
    Fault("RT5", "A cell of a notebook has forty lines.", "medical_imaging", "partial",
          appended("notebooks/02_errors.py", _LONG_CELL)),
    Fault("RT6", "There is no licence of the code.", "small", "partial", gone("LICENSE")),
    Fault("RT6", "There is no licence of the code.", "medical_imaging", "partial",
          gone("LICENSE")),
    Fault("RT7", "A key stands in the code.", "small", "fail",
          written(_SMALL_CODE, f"def double(x):\n    return 2 * x\n\n\nTOKEN = '{_TOKEN}'\n")),
    Fault("RT7", "A key stands in the code.", "medical_imaging", "fail",
          appended(_CODE, f"\nTOKEN = '{_TOKEN}'\n")),
    Fault("RT8", "The history is one commit of the finished project.", "medical_imaging", "fail",
          planting.one_commit, follows=("forgotten",)),
    Fault("CO1", "Four hundred words stand before the problem.", "small", "fail",
          text("README.md", "**Problem.**", "word " * 400 + "\n\n**Problem.**", times=1)),
    Fault("CO1", "Four hundred words stand before the problem.", "medical_imaging", "fail",
          text("README.md", "# Pneumonia", "word " * 400 + "\n\n# Pneumonia", times=1)),
    Fault("CO2", "A number beside a metric word is typed by hand.", "small", "partial",
          text("README.md", "**Limits.**", "Accuracy is 0.93.\n\n**Limits.**", times=1)),
    Fault("CO2", "A number beside a metric word is typed by hand.", "medical_imaging", "partial",
          text("README.md", "**Limits.**", "Accuracy is 0.93.\n\n**Limits.**", times=1)),
    Fault("CO2", "A claim says another value than the evidence.", "small", "fail",
          text("README.md", "<!--claim model:champion test.auroc .3f ci-->",
               "<!--claim model:champion test.auroc .3f ci-->0"), gate=True),
    Fault("CO2", "A claim says another value than the evidence.", "medical_imaging", "fail",
          text("README.md", "<!--claim config:frozen test.auroc .3f ci-->",
               "<!--claim config:frozen test.auroc .3f ci-->1", times=1), gate=True),
    Fault("CO3", "A figure is described by one word.", "small", "fail",
          text("README.md", _DESCRIBED, "figure")),
    Fault("CO3", "A figure is described by one word.", "medical_imaging", "fail",
          text("README.md", _FIGURE, "ladder")),
    Fault("CO4", "A placeholder stands in the README.", "small", "partial",
          text("README.md", "**Limits.**", "TODO\n\n**Limits.**", times=1)),
    Fault("CO4", "The evidence is that of a shipped case study.", "medical_imaging", "fail",
          lambda root: (root.parent.parent / "copier.yml").unlink(), gate=True),
    Fault("TO1", "Neither latency nor size was measured.", "small", "partial",
          results({"latency", "size"})),
    Fault("TO1", "A model is marked for use that nobody approved.", "medical_imaging", "fail",
          text("evidence/registry.json", '"candidate"', '"deploy-ready"')),
)  # fmt: skip
