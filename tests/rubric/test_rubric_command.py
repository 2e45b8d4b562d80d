"""`proofolio grade`: cohorts, answers, changes, cache, limits, exit status, repo-review."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from rubric import graded

from proofolio import cli
from proofolio.contract import ProjectError
from proofolio.rubric import cache, cohort, command, execute, grade, reviewing, workers

ANSWERS = """schema: 1
grader: A. Vogel
projects:
  tiny:
    PD4: {level: 3, note: Today's practice is named.}
    EL5: {level: 3}
    CO5: {level: 3}
    TO2: {level: 0}
"""


@pytest.fixture
def bare(tmp_path):
    """Two repositories that know nothing of the contract."""
    for name in ("a", "b"):
        graded.write(tmp_path / name, {"README.md": f"The task {name}. Results: accuracy 0.9."})
    return tmp_path


@pytest.fixture(autouse=True)
def own_cache(tmp_path_factory, monkeypatch):
    monkeypatch.setenv("PROOFOLIO_CACHE", str(tmp_path_factory.mktemp("cache")))


def test_a_list_names_a_cohort(bare):
    listing = bare / "cohort.txt"
    listing.write_text("# autumn\na\n\nb\na\n")
    assert cohort.paths([listing]) == [str(bare / "a"), str(bare / "b")]
    with pytest.raises(ProjectError, match="nothing to grade"):
        cohort.paths([bare / "none"])
    report = command.run([listing], jobs=2)
    assert [Path(p["path"]).name for p in report["projects"]] == ["a", "b"]


def test_answers_are_merged_and_a_grade_is_then_final(whole, tmp_path):
    (tmp_path / "mentor.yaml").write_text(ANSWERS)
    (told,) = command.run([whole], answers=[tmp_path / "mentor.yaml"])["projects"]
    assert (told["total"], told["provisional"]) == (98.0, False)
    row = next(c for c in told["criteria"] if c["code"] == "TO2")
    assert (row["status"], row["level"], row["points"]) == ("fail", 0, 0)
    assert told["answers"][0]["grader"] == "A. Vogel"


def test_an_unchanged_project_is_not_graded_again(bare, monkeypatch):
    asked = workers.Asked(cache=cache.folder())
    first = workers.one(str(bare / "a"), asked)
    monkeypatch.setattr(workers, "examine", lambda *a, **k: pytest.fail("graded again"))
    assert workers.one(str(bare / "a"), asked).as_json() == first.as_json()
    (bare / "a" / "README.md").write_text("Something else.")
    with pytest.raises(pytest.fail.Exception):
        workers.one(str(bare / "a"), asked)
    assert [p.name for p in (bare / "a").iterdir()] == ["README.md"]


def test_what_changed_since_the_last_submission(bare):
    earlier = bare / "before.json"
    command.show(command.run([bare / "a"]), "json", earlier)
    graded.write(bare / "a", {"LICENSE": "MIT", "README.md": "The images have a free licence."})
    (told,) = command.run([bare / "a"], since=earlier)["projects"]
    moved = {c["code"]: c["status"] for c in told["since"]["criteria"]}
    assert moved["RT6"] == ["fail", "partial"]
    with pytest.raises(ProjectError):
        command.run([bare / "a"], since=bare / "a" / "LICENSE")


@pytest.mark.parametrize(("least", "status"), [(None, 0), ("sound", 1)])
def test_the_exit_status_says_whether_a_grade_is_reached(bare, least, status, capsys):
    with pytest.raises(SystemExit) as ended:
        cli.grade((bare / "a",), format="json", min_grade=least)
    assert ended.value.code == status
    assert json.loads(capsys.readouterr().out)["schema"] == 1


def test_copied_evidence_is_seen_in_a_cohort(whole, tmp_path):
    import shutil

    twin = shutil.copytree(whole, tmp_path / "twin")
    projects = command.run([whole, twin])["projects"]
    for told, other in zip(projects, ("twin", "tiny"), strict=True):
        assert [g["code"] for g in told["gates"]] == ["CO4"]
        assert other in told["gates"][0]["reason"]


def test_a_copy_of_a_shipped_case_study_is_seen(whole, monkeypatch):
    from proofolio.rubric import originals

    mine = grade.examine(whole).marks
    monkeypatch.setattr(originals, "shipped", lambda: {"template": {}, "cases": {"dogs": mine}})
    assert "dogs" in grade.examine(whole).outcomes["CO4"].gate
    assert grade.examine(whole, shipped=False).outcomes["CO4"].status == "pass"


def test_one_endless_project_costs_its_own_grade(bare, monkeypatch):
    def slow(path, asked):
        if path.endswith("a"):
            time.sleep(60)
        return grade.examine(path)

    if sys.platform != "linux":
        pytest.skip("workers are forked on Linux alone, and only there see this patch")
    monkeypatch.setattr(workers, "one", slow)
    asked = workers.Asked(seconds=8.0)
    a, b = workers.many([str(bare / "a"), str(bare / "b")], asked, jobs=2)
    assert "took over 8 s" in a.outcomes["BU2"].gate
    assert "evidence/contract.json" in b.outcomes["BU2"].gate


def test_a_worker_that_dies_is_told_of(bare, monkeypatch):
    if sys.platform != "linux":
        pytest.skip("as above")
    monkeypatch.setattr(workers, "one", lambda path, asked: os._exit(9))
    (found,) = workers.many([str(bare / "a")], workers.Asked())
    assert "without an answer" in found.outcomes["BU2"].gate


@pytest.mark.parametrize(
    ("body", "status"), [("assert len([1]) == 1", "passed"), ("assert len([1]) == 2", "failed")]
)
def test_tests_run_in_a_copy_when_asked(tmp_path, body, status):
    graded.write(
        tmp_path, {"tests/test_x.py": f"def test_x():\n    open('made', 'w')\n    {body}\n"}
    )
    found = grade.examine(tmp_path)
    told = execute.run(found)["executed"]
    assert told["status"] == status
    assert not (tmp_path / "made").exists()
    assert (found.outcomes["RT3"].status == "fail") == (status == "failed")


def test_tests_that_do_not_end_are_ended(tmp_path):
    graded.write(
        tmp_path, {"tests/test_x.py": "import time\n\n\ndef test_x():\n    time.sleep(99)\n"}
    )
    assert execute.run(grade.examine(tmp_path), seconds=3)["executed"]["status"] == "timed out"


def _distribution(folder: Path) -> Path:
    """Write what an installed proofolio tells of its entry points."""
    import tomllib

    pyproject = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())
    info = folder / "proofolio_here-1.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: proofolio-here\nVersion: 1\n")
    lines = []
    for group, entries in pyproject["project"]["entry-points"].items():
        lines += [f"[{group}]", *(f"{name} = {target}" for name, target in entries.items())]
    (info / "entry_points.txt").write_text("\n".join(lines) + "\n")
    return folder


def test_repo_review_shows_the_static_criteria(bare, tmp_path):
    pytest.importorskip("repo_review")
    paths = [str(_distribution(tmp_path / "site")), str(Path(__file__).parents[2] / "src")]
    done = subprocess.run(
        [sys.executable, "-m", "repo_review", str(bare / "a"), "--format", "json"],
        capture_output=True,
        text=True,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(paths)},
    )
    checks = json.loads(done.stdout)["checks"]
    assert set(reviewing.repo_review_checks()) <= set(checks)
    assert checks["RT7"]["result"] is True
    assert checks["RT4"]["result"] is False
    assert checks["RT5"]["result"] is None
    assert done.returncode == 3
    assert "modified the input fixtures" not in done.stderr
