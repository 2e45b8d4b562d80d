"""Kept grades: used where nothing changed, and never where anything did or the file is odd."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from rubric import graded

from proofolio.rubric import cache, grade, workers


@pytest.fixture
def place(tmp_path):
    return tmp_path / "cache"


@pytest.fixture
def graded_anew(monkeypatch):
    """The paths that are graded and not taken from the cache."""
    found = []

    def examine(path, **options):
        found.append(str(path))
        return grade.examine(path, static=True)

    monkeypatch.setattr(workers, "examine", examine)
    return found


@pytest.fixture
def ask(root, place, graded_anew):
    """Grade the project; returns whether it was graded anew."""

    def once():
        before = len(graded_anew)
        workers.one(str(root), workers.Asked(cache=place))
        return len(graded_anew) > before

    return once


@pytest.fixture
def root(whole, tmp_path):
    return shutil.copytree(whole, tmp_path / "tiny", symlinks=True)


@pytest.fixture(autouse=True)
def whole_outcomes(monkeypatch):
    """Static checks alone are quick; a kept grade must hold all that can be asked for."""
    static = {code for code, check in cache.CHECKS.items() if check.static}
    monkeypatch.setattr(cache, "CHECKS", static)


def test_an_unchanged_project_is_graded_once(ask):
    assert [ask(), ask(), ask()] == [True, False, False]


def _flip(path):
    """Change one byte and leave size and time of change as they were."""
    times = path.stat()
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))


@pytest.mark.parametrize(
    "pattern",
    ["README.md", "evidence/runs/*/predictions.parquet", "evidence/dataset.json", "src/*/data.py"],
)
def test_one_changed_byte_is_graded_again(ask, root, pattern):
    ask()
    _flip(next(iter(sorted(root.glob(pattern)))))
    assert ask()


def test_big_evidence_counts_by_content(root, monkeypatch):
    from proofolio.rubric import tree

    monkeypatch.setattr(tree, "MOST_TEXT", 10)
    before = tree.Tree(root).fingerprint()
    _flip(root / "evidence" / "examples.parquet")
    assert tree.Tree(root).fingerprint() != before


def test_a_new_commit_a_new_file_and_a_new_link_are_graded_again(ask, root):
    ask()
    graded.git(root, "commit", "-q", "--allow-empty", "-m", "Nothing but a commit")
    assert ask()
    (root / "notes.txt").touch()
    assert ask()
    (root / "link").symlink_to("notes.txt")
    assert ask()
    assert not ask()


def test_the_way_of_asking_counts(root):
    keys = {cache.key(root, full=f, shipped=s) for f in (False, True) for s in (False, True)}
    assert len(keys) == 4


def test_another_version_or_other_criteria_grade_anew(ask, tmp_path, monkeypatch):
    ask()
    monkeypatch.setattr(cache, "program", lambda: "another")
    assert ask()


@pytest.mark.parametrize("name", ["metrics/counting.py", "rubric/criteria.yaml"])
def test_the_program_counts_by_its_files(tmp_path, name):
    """One byte of a check, or of the criteria, and no kept grade is used."""
    package = tmp_path / "proofolio"
    shutil.copytree(
        Path(cache.__file__).parents[1],
        package,
        ignore=shutil.ignore_patterns("__pycache__"),
    )
    ask = "from proofolio.rubric import cache; print(cache.program())"

    def told():
        environment = os.environ | {"PYTHONPATH": str(tmp_path)}
        done = subprocess.run(
            [sys.executable, "-c", ask], env=environment, capture_output=True, text=True, check=True
        )
        return done.stdout

    before = told()
    with open(package / name, "a", encoding="utf-8") as stream:
        stream.write("# changed\n")
    assert told() != before


def _kept(place):
    (path,) = place.glob("*.json")
    return path, json.loads(path.read_text())


def _outcome(value):
    return next(iter(value["examined"]["outcomes"].values()))


ODD = {
    "another key": lambda v: v | {"key": "0" * 64},
    "an unknown status": lambda v: _outcome(v).update(status="superb"),
    "a share above 1": lambda v: _outcome(v).update(share=7.0),
    "no number": lambda v: _outcome(v).update(share=float("nan")),
    "a terminal escape": lambda v: _outcome(v).update(message="\x1b[2J all points"),
    "a list as message": lambda v: _outcome(v).update(message=["all points"]),
    "an unknown criterion": lambda v: v["examined"]["outcomes"].update(XX9=_outcome(v)),
    "a criterion too few": lambda v: v["examined"]["outcomes"].popitem(),
    "an unknown field": lambda v: v["examined"].update(grade="exemplary"),
    "notes that are no lines": lambda v: v["examined"].update(notes={"a": 1}),
    "other marks": lambda v: v["examined"].update(marks={"x": []}),
    "a list": lambda v: [v],
}


@pytest.mark.parametrize("what", ODD)
def test_an_odd_file_is_ignored_and_written_anew(ask, place, what):
    ask()
    path, value = _kept(place)
    changed = ODD[what](value)
    path.write_text(json.dumps(changed if isinstance(changed, dict | list) else value))
    assert ask(), what
    assert not ask()


RAW = {
    "empty": b"",
    "cut off": b'{"key": "',
    "no text": b"\xff\xfe\x00",
    "deep": b"[" * 200_000 + b"]" * 200_000,
    "big": b'"' + b"a" * 3_000_000 + b'"',
}


@pytest.mark.parametrize("what", RAW)
def test_a_broken_file_is_ignored(ask, place, what):
    ask()
    _kept(place)[0].write_bytes(RAW[what])
    assert ask()
    assert not ask()


def test_no_link_and_no_pipe_is_opened(ask, place):
    if not hasattr(os, "mkfifo"):
        pytest.skip("no pipes here")
    ask()
    path, _ = _kept(place)
    path.rename(place / "elsewhere")
    path.symlink_to(place / "elsewhere")
    assert ask()
    path.unlink(missing_ok=True)
    os.mkfifo(path)
    assert cache.read(place, path.stem) is None  # opening it would wait for ever


def test_a_folder_that_cannot_be_written_is_no_reason_to_stop(root, tmp_path, graded_anew):
    (tmp_path / "file").touch()
    workers.one(str(root), workers.Asked(cache=tmp_path / "file" / "cache"))
    assert graded_anew == [str(root)]
