"""`make render`: a case study gets every file of the template, and keeps what is its own."""

import importlib.util
import shutil

import pytest
from rendering import ROOT

CASE = ROOT / "case_studies" / "fraud_sequences"
WORKFLOW = ".github/workflows/maintenance.yml"


@pytest.fixture(scope="module")
def render():
    """The program of `make render`, as a module."""
    found = importlib.util.spec_from_file_location("render", ROOT / "case_studies/render.py")
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module


def test_a_new_file_arrives_and_a_changed_one_is_mended(render, tmp_path):
    case = tmp_path / "case"
    kept = shutil.ignore_patterns("evidence", "models", "data", "work", "site", "src")
    shutil.copytree(CASE, case, ignore=kept)
    (case / WORKFLOW).unlink()
    (case / "tests/test_contract.py").write_text("broken\n", encoding="utf-8")
    (case / "README.md").write_text("Mine.\n", encoding="utf-8")
    (case / "mkdocs.yml").write_text("merged: by an update\n", encoding="utf-8")
    before = {p.relative_to(case): p.read_bytes() for p in case.rglob("*") if p.is_file()}
    due = [path.as_posix() for path in render.outdated(case, mend=False)]
    assert due == [WORKFLOW, "tests/test_contract.py"]
    assert before == {p.relative_to(case): p.read_bytes() for p in case.rglob("*") if p.is_file()}
    assert [path.as_posix() for path in render.outdated(case, mend=True)] == due
    assert render.outdated(case, mend=False) == []
    for name in due:
        assert (case / name).read_bytes() == (CASE / name).read_bytes(), name
    assert (case / "README.md").read_text(encoding="utf-8") == "Mine.\n"
    assert not (case / "src").exists()
