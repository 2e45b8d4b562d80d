"""Untrusted repositories: nothing outside is read, nothing is run, limits hold."""

import pickle
import shutil
import subprocess

import pandas as pd
import pytest
from rubric import graded

from proofolio.contract import Layout
from proofolio.rubric import grade, parsing, tree
from proofolio.rubric.history import History
from proofolio.rubric.parsing import Refused
from proofolio.rubric.proof import vet
from proofolio.rubric.tree import Tree

BOMB = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{chr(98 + i)}: &{chr(98 + i)} [{','.join(['*' + chr(97 + i)] * 9)}]\n" for i in range(9)
)


def test_no_link_is_followed(tmp_path):
    (tmp_path / "outside.md").write_text("secret")
    inside = tmp_path / "repo"
    inside.mkdir()
    (inside / "README.md").symlink_to(tmp_path / "outside.md")
    (inside / "folder").symlink_to(tmp_path, target_is_directory=True)
    found = Tree(inside)
    assert found.sizes == {}
    assert sorted(found.links) == ["README.md", "folder"]
    with pytest.raises(Refused, match="missing"):
        found.data("README.md")


def test_a_huge_file_is_listed_and_not_read(tmp_path):
    with open(tmp_path / "README.md", "wb") as stream:
        stream.truncate(2 * 2**30)
    found = Tree(tmp_path)
    assert found.text("README.md") == ""
    assert "limit" in found.notes[0]


def test_many_files_are_cut_off(tmp_path, monkeypatch):
    monkeypatch.setattr(tree, "MOST_FILES", 5)
    for i in range(9):
        (tmp_path / f"{i}.txt").write_text("x")
    found = Tree(tmp_path)
    assert len(found.sizes) == 5
    assert "more than 5 files" in found.notes[0]


def test_names_and_bytes_of_strangers_become_plain_text(tmp_path):
    (tmp_path / "a\x1b[31m\nb.md").write_bytes(b"\xff\xfe bad \x1b[0m")
    found = Tree(tmp_path)
    (name,) = found.sizes
    assert "\ufffd" in found.text(name)
    assert parsing.one_line(name) == "a [31m b.md"


@pytest.mark.parametrize(
    "text", [BOMB, "[" * 500, "a: &a [*a]", "\x00", "a: !!python/name:os.system x"]
)
def test_yaml_within_limits_or_refused(text):
    with pytest.raises(Refused):
        parsing.read_yaml(text)


def test_plain_yaml_with_an_alias_is_read():
    assert parsing.read_yaml("a: &x {b: 1}\nc: {<<: *x, d: 2}") == {
        "a": {"b": 1},
        "c": {"b": 1, "d": 2},
    }


def test_deep_json_is_refused():
    with pytest.raises(Refused, match="deeper"):
        parsing.read_json("[" * 100_000)
    assert parsing.read_json('{"a": "[[[["}') == {"a": "[[[["}


@pytest.mark.parametrize(
    ("name", "plant"),
    [
        ("deep JSON", lambda layout: layout.audit.write_text("[" * 100_000)),
        ("a pickle", lambda layout: layout.hashes.write_bytes(pickle.dumps(list(range(99))))),
        ("a YAML bomb", lambda layout: layout.project.write_text(BOMB)),
        ("a nested column", lambda layout: pd.DataFrame({"id": [[1]]}).to_parquet(layout.examples)),
        ("a linked file", lambda layout: (layout.evidence / "x.json").symlink_to("/etc/hosts")),
        ("a name that leads away", lambda layout: (layout.results / "x.json").write_text(
            '{"inputs": {"runs": ["../../../x"]}}')),
        ("a page of 50 MB", lambda layout: (layout.root / "README.md").write_bytes(
            b"auroc 1 " * 6_000_000)),
    ],
)  # fmt: skip
def test_evidence_that_cannot_be_read_safely_is_not_read(name, plant, root):
    plant(Layout(root))
    with pytest.raises(Refused):
        vet(Tree(root))
    found = grade.examine(root)
    assert "not read" in found.outcomes["BU2"].gate


def test_evidence_in_order_is_vetted_silently(whole):
    vet(Tree(whole))


def test_no_program_of_a_git_configuration_runs(root, tmp_path):
    mark = tmp_path / "ran"
    script = tmp_path / "run.sh"
    script.write_text(f"#!/bin/sh\ntouch {mark}\ncat\n")
    script.chmod(0o755)
    for key in ("core.fsmonitor", "diff.external", "filter.x.clean", "filter.x.smudge",
                "filter.x.process", "gpg.program", "core.pager", "diff.x.textconv",
                "core.sshCommand", "uploadpack.packObjectsHook"):  # fmt: skip
        graded.git(root, "config", key, str(script))
    graded.git(root, "config", "log.showSignature", "true")
    for hook in ("post-checkout", "pre-commit", "post-index-change", "reference-transaction"):
        (root / ".git" / "hooks" / hook).write_text(script.read_text())
        (root / ".git" / "hooks" / hook).chmod(0o755)
    (root / ".gitattributes").write_text("* filter=x diff=x\n")
    before = sorted(p.name for p in (root / ".git").iterdir())
    found = grade.examine(root)
    assert not mark.exists()
    assert found.outcomes["RT8"].status == "pass"
    assert sorted(p.name for p in (root / ".git").iterdir()) == before
    subprocess.run(["git", "status"], cwd=root, capture_output=True, check=False)
    assert mark.exists(), "the configuration of this test would run nothing anyway"


def test_history_of_a_subfolder_is_its_own(tmp_path):
    graded.git(tmp_path, "init", "-q", "-b", "main")
    for step, name in enumerate(["a/x.py", "b/y.py", "a/z.py"]):
        graded.write(tmp_path, {name: "x = 1\n"})
        graded.git(tmp_path, "add", "-A")
        graded.git(tmp_path, "commit", "-q", "-m", f"step {step}", day=step)
    history = History(tmp_path / "a")
    assert [c.subject for c in history.commits] == ["step 2", "step 0"]
    assert history.tracked == {"x.py", "z.py"}
    assert History(tmp_path / "a" / "none").why == ""


@pytest.mark.parametrize("kind", ["none", "link", "file", "alternates", "empty"])
def test_a_history_that_cannot_be_read_says_why(kind, tmp_path):
    place = tmp_path / "repo"
    place.mkdir()
    if kind in ("alternates", "empty"):
        graded.git(place, "init", "-q")
    if kind == "link":
        (place / ".git").symlink_to(tmp_path)
    if kind == "file":
        (place / ".git").write_text("gitdir: /etc\n")
    if kind == "alternates":
        (place / ".git/objects/info").mkdir(exist_ok=True)
        (place / ".git/objects/info/alternates").write_text("/tmp\n")
    history = History(place)
    assert history.commits == []
    assert history.why


def test_grading_writes_nothing_into_the_project(root):
    def listing():
        return {str(p): (p.stat().st_mtime_ns, p.stat().st_size) for p in root.rglob("*")}

    before = listing()
    grade.examine(root)
    assert listing() == before
    shutil.rmtree(root)
