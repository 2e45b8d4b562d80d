"""The command line: every command is there, exit status tells what happened, refusals are short."""

import shutil
import sys

import finished_project
import pytest

from proofolio import cli
from proofolio.contract import Finding

COMMANDS = (
    "split", "audit", "evaluate", "select", "claims", "cards", "pages", "promote", "rollback",
    "verify",
)  # fmt: skip


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


@pytest.fixture
def opened(tmp_path):
    layout, _ = finished_project.shared(opened=True)
    return shutil.copytree(layout.root, tmp_path / "project")


def test_every_command_is_listed(proofolio):
    status, said = proofolio("--help")
    assert status == 0
    assert all(f"• {name} " in said for name in COMMANDS)


@pytest.mark.parametrize("command", [c for c in COMMANDS if c not in ("verify", "claims")])
def test_a_folder_that_is_no_project_is_refused_with_a_remedy(proofolio, tmp_path, command):
    extra = ["--by", "A. Tester"] if command == "promote" else []
    status, said = proofolio(command, tmp_path, *extra)
    assert status == 2
    assert "remedy" in said and "Traceback" not in said


@pytest.mark.parametrize("action", ["write", "check"])
def test_claims_of_an_empty_folder_are_not_called_fine(proofolio, tmp_path, action):
    status, said = proofolio("claims", action, tmp_path)
    assert status == 2 and "no page" in said


def test_claims_are_written_then_checked_and_an_edit_is_seen(proofolio, opened):
    claim = "Reached <!--claim config:good val.auroc .3f ci--><!--/claim--> on val.\n"
    (opened / "README.md").write_text(claim)
    assert proofolio("claims", "write", opened)[0] == 0
    assert proofolio("claims", "check", opened, "--strict")[0] == 0
    page = opened / "README.md"
    page.write_text(page.read_text().replace("(95% CI", "(99% CI"))
    status, said = proofolio("claims", "check", opened)
    assert status == 1 and "README.md:1" in said


def test_verify_says_what_is_broken(proofolio, opened):
    predictions = next((opened / "evidence" / "runs").glob("good-s0-*/predictions.parquet"))
    predictions.write_bytes(predictions.read_bytes()[:-1])
    status, said = proofolio("verify", opened)
    assert status == 1
    assert predictions.parent.name in said and "remedy" in said


def test_selecting_again_opens_nothing(proofolio, opened):
    before = (opened / "evidence" / "test_access.jsonl").read_bytes()
    assert proofolio("select", opened)[0] == 0
    assert (opened / "evidence" / "test_access.jsonl").read_bytes() == before


@pytest.mark.parametrize(("status", "ends"), [("pass", 0), ("warn", 0), ("fail", 1)])
def test_an_audit_that_fails_ends_with_one(proofolio, opened, monkeypatch, status, ends):
    from proofolio import audit

    found = Finding(check="unit_overlap", split="primary", status=status, explanation="Planted.")
    monkeypatch.setattr(audit, "run", lambda *_, **__: [found])
    assert proofolio("audit", opened)[0] == ends
