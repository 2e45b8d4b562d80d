"""What every generated project keeps. The template owns this file: an update replaces it."""

import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from proofolio import claims, project, verify
from proofolio.contract import Layout

ROOT = Path(__file__).parents[1]
PACKAGE = project.load(ROOT).package
GENERATED = Layout(ROOT).contract.is_file()


def test_project_file_is_valid():
    author = project.load(ROOT)
    assert (ROOT / "src" / author.package / "data.py").is_file()
    assert all(author.config(experiment.name) is not None for experiment in author.ladder)


def test_requirement_on_the_proof():
    stated = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert any(line.startswith("proofolio") for line in stated["dependencies"])


@pytest.mark.skipif(not GENERATED, reason="no evidence yet: python -m PACKAGE all")
def test_evidence_holds():
    assert not [str(problem) for problem in verify.run(ROOT).problems]


def test_printed_numbers_are_recorded_ones():
    assert not [str(problem) for problem in claims.check(ROOT, strict=True)]


def test_raw_data_and_weights_stay_out_of_git():
    listed = subprocess.run(
        ["git", "ls-files", "--", ".", ":!evidence"], cwd=ROOT, capture_output=True, text=True
    ).stdout.splitlines()
    outside = (".pkl", ".pickle", ".joblib", ".pt", ".pth", ".npy")
    assert not [n for n in listed if n.startswith(("data/", "work/")) or n.endswith(outside)]


@pytest.mark.slow
def test_smoke_run_goes_from_raw_files_to_a_verified_page():
    command = [sys.executable, "-m", PACKAGE, "all", "--quick"]
    environment = os.environ | {"PYTHONPATH": str(ROOT / "src")}
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    quick = ROOT / "work" / "quick"
    assert (quick / "MODEL_CARD.md").is_file() and (quick / "docs/result/index.md").is_file()
    assert not verify.run(quick).problems
