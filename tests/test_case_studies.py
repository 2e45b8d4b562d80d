"""Case studies: equal to the template where it owns, verified, their own tests green."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from proofolio import claims, verify

ROOT = Path(__file__).parents[1]
CASES = sorted(path.parent for path in ROOT.glob("case_studies/*/project.yaml"))
SHARED = ROOT.parent / "shared" / "data"
DATA = {"dog_breeds": "oxford_pets", "medical_imaging": "kermany_cxr"}
CASE = pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)


def python(*arguments, **options):
    """Run Python and return the finished process with its output as text."""
    command = [sys.executable, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, **options)


def test_there_are_case_studies():
    assert [case.name for case in CASES] == ["dog_breeds", "medical_imaging"]


def test_template_owned_files_equal_a_fresh_render():
    done = python(ROOT / "case_studies" / "render.py", "--check")
    assert done.returncode == 0, done.stdout + done.stderr


@CASE
def test_evidence_holds(case):
    assert [str(problem) for problem in verify.run(case).problems] == []


@CASE
def test_every_printed_number_is_bound(case):
    assert [str(problem) for problem in claims.check(case, strict=True)] == []


@CASE
def test_its_own_tests_pass(case):
    environment = os.environ | {"PYTHONPATH": str(case / "src")}
    done = python("-m", "pytest", "-m", "not slow", "-p", "no:cacheprovider", cwd=case,
                  env=environment)  # fmt: skip
    assert done.returncode == 0, done.stdout[-3000:]


@pytest.mark.data
@pytest.mark.slow
@pytest.mark.skipif(not SHARED.is_dir(), reason="no ../shared/data beside the repository")
@CASE
def test_the_data_at_hand_gives_the_recorded_split_and_a_smoke_run(case, tmp_path):
    """Prepared anew from the files, table, duplicates and parts equal the committed evidence."""
    copy = tmp_path / case.name
    shutil.copytree(case, copy, ignore=shutil.ignore_patterns("work", "data", "site"))
    (copy / "data").mkdir()
    (copy / "data" / "raw").symlink_to(SHARED / DATA[case.name], target_is_directory=True)
    environment = os.environ | {"PYTHONPATH": str(copy / "src"), "MPLBACKEND": "Agg"}
    for command in (
        ["-m", case.name, "prepare"],
        ["-m", case.name, "split"],
        ["notebooks/01_explore.py"],
        ["notebooks/02_errors.py"],
        ["-m", case.name, "all", "--quick"],
    ):
        done = python(*command, cwd=copy, env=environment)
        assert done.returncode == 0, done.stdout + done.stderr
    recorded = [p.relative_to(case) for p in sorted((case / "evidence").rglob("*")) if p.is_file()]
    assert recorded
    assert [p for p in recorded if (copy / p).read_bytes() != (case / p).read_bytes()] == []
