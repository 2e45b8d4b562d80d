"""Workflows, here and in the template: pinned actions, least rights, no secret, an end in time."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[1]
FILES = sorted(
    path
    for folder in (ROOT, ROOT / "template", *sorted(ROOT.glob("case_studies/*")))
    for path in (folder / ".github" / "workflows").glob("*.yml")
)
# What a job may ask for beyond reading the repository, and which action needs it.
RIGHTS = {
    ("contents", "read"): "actions/checkout",
    ("pages", "read"): "actions/configure-pages",
    ("pages", "write"): "actions/deploy-pages",
    ("id-token", "write"): "actions/deploy-pages",
}
SECRET = re.compile(
    r"gh[pousr]_\w{20}|github_pat_\w{20}|AKIA\w{16}|-----BEGIN|xox[abp]-"
    r"|(?i:(?:token|password|secret|api_?key)\w*\s*[:=]\s*[\"']?(?!\$\{\{|write|read|none)\w{6})"
)


def faults(text: str) -> list[str]:
    """Return what is wrong with a workflow, in words."""
    told, found = yaml.safe_load(text), []
    if told["permissions"] != {}:
        found.append("rights for every job")
    if set(told.get("concurrency", {})) != {"group", "cancel-in-progress"}:
        found.append("no concurrency")
    if "pull_request_target" in text:
        found.append("runs strangers' code with rights")
    for name, job in told["jobs"].items():
        steps = job["steps"]
        uses = {step["uses"].partition("@")[0] for step in steps if "uses" in step}
        asked = set(job.get("permissions", {}).items())
        found += [
            f"{name}: {right} is not needed" for right in asked if RIGHTS.get(right) not in uses
        ]
        if not isinstance(job.get("timeout-minutes"), int):
            found.append(f"{name}: no timeout")
        if "-latest" in job["runs-on"]:
            found.append(f"{name}: a runner that changes")
        for step in steps:
            if "actions/checkout" in step.get("uses", "") and (
                step.get("with", {}).get("persist-credentials") is not False
            ):
                found.append(f"{name}: checkout keeps the token")
            if "${{" in step.get("run", ""):
                found.append(f"{name}: an expression inside a command")
    for action, note in re.findall(r"uses: (\S+)(.*)", text):
        if not re.fullmatch(r"[\w./-]+@[0-9a-f]{40}", action):
            found.append(f"{action} is not pinned by commit")
        if not re.fullmatch(r" # v\d+\.\d+\.\d+", note):
            found.append(f"{action} does not say its version")
    if SECRET.search(text) or "secrets." in text:
        found.append("a secret")
    return found


def test_there_are_workflows_here_and_in_the_template():
    names = {path.relative_to(ROOT).as_posix() for path in FILES}
    for name in ("ci.yml", "maintenance.yml", "pages.yml"):
        assert {f".github/workflows/{name}", f"template/.github/workflows/{name}"} <= names


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_a_workflow_is_pinned_and_asks_for_little(path):
    assert faults(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("permissions: {}", "permissions: write-all", "rights for every job"),
        ("permissions: {}", "permissions: {contents: read}", "rights for every job"),
        ("contents: read", "contents: write", "not needed"),
        ("      pages: read", "      actions: read", "not needed"),
        ("concurrency:\n  group: pages\n  cancel-in-progress: false\n", "", "no concurrency"),
        ("    timeout-minutes: 90\n", "", "no timeout"),
        ("ubuntu-24.04", "ubuntu-latest", "a runner that changes"),
        ("persist-credentials: false", "persist-credentials: true", "keeps the token"),
        ("@de0fac2e4500dabe0009e67214ff5f5447ce83dd", "@v6", "not pinned"),
        (" # v6.0.2", "", "does not say its version"),
        ("run: make setup", "run: make setup ${{ github.ref }}", "an expression"),
        ("run: make site", "run: API_KEY=abcdef123 make site", "a secret"),
        ("${{ steps.pages.outputs.base_url }}", "${{ secrets.ADDRESS }}", "a secret"),
        ("workflow_dispatch:", "pull_request_target:", "strangers"),
    ],
)
def test_a_planted_fault_is_seen(old, new, said):
    text = (ROOT / ".github/workflows/pages.yml").read_text(encoding="utf-8")
    assert old in text
    assert any(said in fault for fault in faults(text.replace(old, new, 1)))


def test_the_same_version_is_pinned_everywhere():
    pinned = {}
    for path in FILES:
        for action, commit in re.findall(r"uses: (\S+)@(\S+)", path.read_text(encoding="utf-8")):
            pinned.setdefault(action, set()).add(commit)
    assert {action: commits for action, commits in pinned.items() if len(commits) > 1} == {}


def fetch(folder: Path, prepare: str, *names: str) -> str:
    """Run a copy of .ci/fetch in which `prepare` stands for Python; return what it prints."""
    (folder / ".ci").mkdir()
    shutil.copy(ROOT / ".ci" / "fetch", folder / ".ci")
    python = folder / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text(f"#!/bin/bash\n{prepare}\n", encoding="utf-8")
    python.chmod(0o755)
    for name in names:
        (folder / "case_studies" / name).mkdir(parents=True, exist_ok=True)
    done = subprocess.run(
        [folder / ".ci" / "fetch", *names], capture_output=True, text=True, check=True
    )
    return done.stdout


def test_without_an_archive_the_site_goes_on(tmp_path):
    kept = tmp_path / "case_studies" / "kept" / "data" / "raw"
    kept.mkdir(parents=True)
    said = fetch(tmp_path, "mkdir -p data/raw; [ $PYTHONPATH-$1-$3 = src--m-prepare ]; exit 1",
                 "kept", "new")  # fmt: skip
    assert said.count("::warning::") == 2 and kept.is_dir()
    assert not (tmp_path / "case_studies" / "new" / "data" / "raw").exists()


def test_an_archive_that_comes_stays(tmp_path):
    assert fetch(tmp_path, "mkdir -p data/raw", "new") == ""
    assert (tmp_path / "case_studies" / "new" / "data" / "raw").is_dir()
