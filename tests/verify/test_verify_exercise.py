"""The exercise of docs/operation.md of the fraud case: approve, train again, approve, go back.

Two models of one run, of an older and of a newer fold, go through the registry by the command line.
"""

import shutil
import sys

import event_project
import pytest

from proofolio import cli, evidence, files, project, verify
from proofolio.contract import Layout, Result

OLDER, NEWER = "models/champion_fold2.ubj", "models/champion_fold3.ubj"


@pytest.fixture
def layout(tmp_path):
    """A copy of a finished project of events, opened and selected."""
    return Layout(shutil.copytree(event_project.shared(opened=True), tmp_path / "project"))


@pytest.fixture
def proofolio(monkeypatch, capsys):
    """Return a function that runs the command line and gives (exit status, output)."""

    def run(*words):
        monkeypatch.setattr(sys, "argv", ["proofolio", *map(str, words)])
        status = 0
        try:
            cli.main()
        except SystemExit as ended:
            status = ended.code or 0
        said = capsys.readouterr()
        return status, said.out + said.err

    return run


def export(layout, weights):
    """Register weights as an export does: the file, a parity result of its own, the entry."""
    path = layout.root / weights
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(f"trees of {weights}".encode())
    run, how = evidence.selection(layout).choice.run, f"python -m tiny export --into {weights}"
    told = {"runs": [run], "weights_sha256": files.sha256_file(path)}
    parity = Result(kind="parity", value=0.0, method="largest difference", inputs=told, how=how,
                    hardware="a processor")  # fmt: skip
    evidence.results.write(layout, f"export_parity_{path.stem}", parity)
    return evidence.register(layout, project.load(layout.root), weights=path, remade_by=how)


def entry(layout):
    return files.read_json(layout.registry)["models"]["champion"]


def problems(layout):
    return [str(problem) for problem in verify.run(layout.root).problems]


def test_two_approvals_and_a_rollback_are_all_on_record(layout, proofolio):
    root = layout.root
    export(layout, OLDER)
    status, said = proofolio("promote", root)
    assert status == 2 and "--by" in said
    status, said = proofolio("promote", root, "--by", " ")
    assert status == 2 and "needs a person" in said
    assert entry(layout)["tags"] == ["candidate"]
    assert proofolio("promote", root, "--by", "A. Approver")[0] == 0

    export(layout, NEWER)
    assert entry(layout)["tags"] == ["candidate"] and entry(layout)["approved_by"] is None
    assert proofolio("promote", root, "--by", "B. Approver")[0] == 0
    assert entry(layout)["weights"] == NEWER and not problems(layout)

    status, said = proofolio("rollback", root, "--by", "C. On-call")
    assert status == 0 and OLDER in said
    found = entry(layout)
    assert (found["weights"], found["approved_by"]) == (OLDER, "A. Approver")
    assert found["tags"] == ["deploy-ready"]
    steps = [(s["action"], s["by"], s["weights"]) for s in found["history"]]
    assert steps == [
        ("register", None, OLDER),
        ("promote", "A. Approver", OLDER),
        ("register", None, NEWER),
        ("promote", "B. Approver", NEWER),
        ("rollback", "C. On-call", OLDER),
    ]
    assert not problems(layout)


def test_what_a_rollback_needs_is_checked_before_it_is_needed(layout, proofolio):
    export(layout, OLDER)
    proofolio("promote", layout.root, "--by", "A. Approver")
    export(layout, NEWER)
    proofolio("promote", layout.root, "--by", "B. Approver")
    layout.result("export_parity_champion_fold2").unlink()
    assert any(OLDER in line and "parity" in line for line in problems(layout))
    (layout.root / OLDER).write_bytes(b"other trees")
    status, said = proofolio("rollback", layout.root)
    assert status == 2 and "another one than was registered" in said
    assert entry(layout)["weights"] == NEWER
