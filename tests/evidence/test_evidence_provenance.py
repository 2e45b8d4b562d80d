"""Provenance says where a run came from without naming the machine; git is found and used right."""

import json
import os
import re
import socket
import subprocess
import sys

import pytest

from proofolio.contract import Layout, SealError
from proofolio.evidence import environment, git, git_state, normalised_argv, source_sha256, utc_now
from proofolio.evidence.provenance import without_paths

FOREIGN = "/" + "opt/elsewhere/data"


@pytest.fixture
def layout(tmp_path):
    root = tmp_path / "outer" / "project"
    (root / "src" / "tiny").mkdir(parents=True)
    (root / "src" / "tiny" / "data.py").write_text("a = 1\n")
    (root / "project.yaml").write_text("name: tiny\n")
    return Layout(root)


def call(folder, *arguments):
    named = ("-c", "user.name=A", "-c", "user.email=a@example.org")
    done = subprocess.run(["git", *named, *arguments], cwd=folder, check=True, capture_output=True)
    return done.stdout.decode().strip()


@pytest.mark.parametrize(
    ("given", "stored"),
    [
        (["{root}/src/tiny/__main__.py", "train"], ["python", "-m", "tiny", "train"]),
        (["{root}/train.py", "--into={root}/made/x"], ["train.py", "--into=made/x"]),
        ([sys.executable, "-m", "tiny"], ["python", "-m", "tiny"]),
        (["python3.11", FOREIGN], ["python", "data"]),
        (["C:\\Users\\me\\python.exe", "D:\\raw\\x.csv"], ["python", "x.csv"]),
        (["--lr=0.1", "a=b", "rel/path.py"], ["--lr=0.1", "a=b", "rel/path.py"]),
    ],
)
def test_argv_carries_no_machine_path(layout, given, stored):
    given = [word.format(root=layout.root) for word in given]
    assert normalised_argv(given, layout.root) == stored


def test_errors_lose_machine_paths_and_keep_words(layout):
    said = without_paths(f"no {layout.root}/data/raw/a.png; {FOREIGN}/b.png; 3/4 done", layout.root)
    assert said == "no ./data/raw/a.png; b.png; 3/4 done"


def test_environment_is_complete_and_names_no_host(layout):
    (layout.root / "constraints.txt").write_text("numpy==1\n")
    found = environment(layout.root, {"gpu": "none", "cuda": None, "device": "cpu"})
    names = {"python", "platform", "cpu", "gpu", "cuda", "cudnn", "packages", "lock_sha256"}
    assert set(found) == names
    assert found["gpu"] == "none" and found["cudnn"] is None
    assert {"numpy", "pandas", "scikit-learn", "proofolio"} <= set(found["packages"])
    assert re.fullmatch("[0-9a-f]{64}", found["lock_sha256"])
    assert not re.search(rf"\b{re.escape(socket.gethostname())}\b", json.dumps(found))


def test_times_are_utc():
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", utc_now())


def test_source_hash_sees_code_and_project_alone(layout):
    before = source_sha256(layout.root)
    (layout.root / "README.md").write_text("words")
    assert source_sha256(layout.root) == before
    (layout.root / "src" / "tiny" / "data.py").write_text("a = 2\n")
    changed = source_sha256(layout.root)
    assert changed != before
    (layout.root / "project.yaml").write_text("name: other\n")
    assert source_sha256(layout.root) not in (before, changed)


def test_no_repository_gives_no_state(layout):
    assert git.root_of(layout) is None
    assert git_state(layout).model_dump() == {"commit": None, "dirty": None}


def test_a_subfolder_uses_the_outer_repository_unless_ignored(layout):
    outer = layout.root.parent
    call(outer, "init", "-q")
    assert git.root_of(layout) == outer
    (outer / ".gitignore").write_text("project/\n")
    assert git.root_of(layout) is None
    assert git.init(layout) == layout.root == git.root_of(layout)


def test_dirty_ignores_generated_files_and_sees_code(layout):
    call(layout.root.parent, "init", "-q")
    assert git_state(layout).commit is None
    call(layout.root.parent, "add", ".")
    call(layout.root.parent, "commit", "-q", "-m", "start")
    for name in ("evidence/runs.jsonl", "MODEL_CARD.md", "README.md", "docs/result/index.md"):
        (layout.root / name).parent.mkdir(parents=True, exist_ok=True)
        (layout.root / name).write_text("new")
    (layout.root.parent / "beside.txt").write_text("of another project")
    state = git_state(layout)
    assert re.fullmatch("[0-9a-f]{40}", state.commit) and state.dirty is False
    (layout.root / "src" / "tiny" / "new.py").write_text("")
    assert git_state(layout).dirty is True


def test_commit_takes_the_given_paths_alone(layout, monkeypatch):
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CONFIG_SYSTEM", os.devnull)
    monkeypatch.setenv("GIT_DIR", str(layout.root / "nowhere"))  # as inside a hook
    git.init(layout)
    (layout.evidence / "runs").mkdir(parents=True)
    layout.selection.write_text("{}\n")
    (layout.evidence / "runs" / ".run.json.abc123").write_text("half")
    git.call(layout.root, "add", "project.yaml")
    commit = git.commit(layout, [layout.evidence], "Select")
    assert git.committed_paths(layout, commit, layout.evidence) == [layout.selection]
    assert git.committed_paths(layout, commit, layout.root / "src") == []
    assert git.committed_blob(layout, commit, layout.selection) == b"{}\n"
    assert git.committed_blob(layout, commit, layout.project) is None
    author = git.call(layout.root, "log", "-1", "--format=%an <%ae>").stdout.decode().strip()
    assert author == "proofolio <proofolio@localhost>"
    assert git.commit(layout, [layout.evidence], "again") == commit == git.head(layout)
    assert git.last_commit(layout, layout.selection) == commit
    assert git.commit_time(layout, commit) > 1_600_000_000
    assert git.commit_time(layout, "0" * 40) is None


def test_a_failing_git_names_the_remedy(layout):
    (layout.root / ".git").write_text("gitdir: nowhere\n")
    with pytest.raises(SealError, match="remedy"):
        git.commit(layout, [layout.project], "x")
