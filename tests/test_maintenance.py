"""The weekly workflow: what it says of the template's version, what it installs, when it fails."""

import os
import re
import subprocess
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[1]
NAME = Path(".github/workflows/maintenance.yml")
FILES = [ROOT / NAME, ROOT / "template" / NAME]


def jobs(path):
    """Return the commands of a workflow by job, in order."""
    told = yaml.safe_load(path.read_text(encoding="utf-8"))
    return {
        name: [
            (step["run"], step.get("shell", "bash -e")) for step in job["steps"] if "run" in step
        ]
        for name, job in told["jobs"].items()
    }


def played(folder, command, shell, **stand_ins):
    """Run a command where some programs are stand-ins; return its status and the summary."""
    programs, summary = folder / "programs", folder / "summary.md"
    programs.mkdir()
    for name, body in stand_ins.items():
        program = programs / name.replace("_", "-")
        program.write_text(f"#!/bin/sh\n{body}\n", encoding="utf-8")
        program.chmod(0o755)
    script = folder / "step.sh"
    script.write_text(command, encoding="utf-8")
    words = shell.split() if " " in shell else [shell, "-eo", "pipefail"]  # as GitHub starts them
    found = os.environ | {
        "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
        "GITHUB_STEP_SUMMARY": str(summary),
    }
    done = subprocess.run([*words, script], env=found, capture_output=True, text=True)
    return done.returncode, summary.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("status", "said"), [(0, "newest version"), (2, "copier update"), (1, "not reached")]
)
def test_the_versions_of_the_template_are_told_apart(tmp_path, status, said):
    command, shell = jobs(FILES[1])["template"][-1]
    asked = f'[ "$*" = "check-update --quiet" ] || exit 9; exit {status}'
    code, summary = played(tmp_path, command, shell, copier=asked)
    assert code == status and said in summary


@pytest.mark.parametrize("path", FILES, ids=["here", "template"])
@pytest.mark.parametrize("status", [0, 1])
def test_an_unsafe_dependency_fails_and_stands_in_the_summary(tmp_path, path, status):
    command, shell = jobs(path)["dependencies"][-1]
    body = f"echo 'Name | Version'; echo 'found 1' >&2; exit {status}"
    code, summary = played(tmp_path, command, shell, pip_audit=body)
    assert code == status and "Name | Version" in summary and "found 1" in summary


@pytest.mark.parametrize("path", FILES, ids=["here", "template"])
def test_it_runs_weekly_and_by_hand_and_changes_nothing(path):
    told = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert set(told[True]) == {"schedule", "workflow_dispatch"}  # YAML reads `on` as True
    assert re.fullmatch(r"\d+ \d+ \* \* \d", told[True]["schedule"][0]["cron"])
    rights = [job["permissions"] for job in told["jobs"].values()]
    assert all(given == {"contents": "read"} for given in rights)


@pytest.mark.parametrize("path", FILES, ids=["here", "template"])
def test_what_it_installs_is_pinned(path):
    text = (ROOT / "template/constraints.txt.jinja").read_text(encoding="utf-8")
    constrained = {line.partition("==")[0].replace("_", "-") for line in text.splitlines()}
    installs = [c for steps in jobs(path).values() for c, _ in steps if "pip install" in c]
    assert installs
    for command in installs:
        words = command.partition("pip install ")[2].replace("-c constraints.txt", "").split()
        for word in (w for w in words if not w.startswith(("-e", "'."))):
            assert "==" in word or word in constrained, word


def test_one_version_of_every_scanner():
    texts = [path.read_text(encoding="utf-8") for path in FILES]
    hooks = [
        (root / ".pre-commit-config.yaml").read_text(encoding="utf-8")
        for root in (ROOT, ROOT / "template")
    ]
    assert len({re.search(r"pip-audit==([\d.]+)", text)[1] for text in texts}) == 1
    assert len({re.search(r"zizmor==([\d.]+)", text)[1] for text in hooks}) == 1


@pytest.mark.parametrize("root", [ROOT, ROOT / "template"], ids=["here", "template"])
def test_every_workflow_file_is_looked_at(root):
    text = (root / ".pre-commit-config.yaml").read_text(encoding="utf-8")
    hooks = {hook["id"]: hook for hook in yaml.safe_load(text)["repos"][0]["hooks"]}
    looked = re.compile(hooks["zizmor"]["files"]).search
    for name in (
        "workflows/ci.yml",
        "workflows/own.yaml",
        "actions/a/action.yml",
        "dependabot.yml",
    ):
        assert looked(f".github/{name}") and looked(f"template/.github/{name}"), name
    assert not looked(".github/ISSUE_TEMPLATE/review_request.yml")


def test_a_generated_project_runs_every_hook_on_each_pull_request():
    told = yaml.safe_load((ROOT / "template/.github/workflows/ci.yml").read_text(encoding="utf-8"))
    runs = [step.get("run", "") for step in told["jobs"]["check"]["steps"]]
    assert "pull_request" in told[True] and "pre-commit run --all-files" in runs
