"""Case studies: equal to the template where it owns, verified, their own tests green."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from proofolio import claims, files, table, verify
from proofolio import project as projects
from proofolio.contract import Layout

ROOT = Path(__file__).parents[1]
CASES = sorted(path.parent for path in ROOT.glob("case_studies/*/project.yaml"))
SHARED = ROOT.parent / "shared" / "data"
CASE = pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)


def python(*arguments, **options):
    """Run Python and return the finished process with its output as text."""
    command = [sys.executable, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, **options)


def test_there_are_case_studies():
    assert [case.name for case in CASES] == ["medical_imaging"]


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
@pytest.mark.skipif(not SHARED.is_dir(), reason="no ../shared/data beside the repository")
def test_the_recorded_data_set_is_the_one_at_hand():
    case = ROOT / "case_studies" / "medical_imaging"
    code = (
        "import sys, pandas; from pathlib import Path; from medical_imaging import data; "
        "data.table(Path(sys.argv[1])).to_parquet(sys.argv[2])"
    )
    out = case / "work" / "test_table.parquet"
    out.parent.mkdir(exist_ok=True)
    environment = os.environ | {"PYTHONPATH": str(case / "src")}
    done = python("-c", code, SHARED / "kermany_cxr", out, env=environment)
    assert done.returncode == 0, done.stderr
    import pandas as pd

    frame = pd.read_parquet(out)
    recorded = files.read_json(Layout(case).dataset)
    assert table.membership_sha256(frame) == recorded["membership_sha256"]
    assert set(frame["label"]) == set(projects.load(case).classes)
