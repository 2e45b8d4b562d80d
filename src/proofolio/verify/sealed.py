"""What git keeps: the record as it was when test was opened, and logs that only ever grow."""

import json
from pathlib import Path
from typing import Any

from proofolio import files
from proofolio.evidence import git
from proofolio.verify.load import RESTORE, Evidence
from proofolio.verify.report import Report

LOG, ACCESS = "evidence/runs.jsonl", "evidence/test_access.jsonl"
_LATER = {"conclusion", "metrics"}  # what may be written after the opening; metrics but for test


def check(e: Evidence, report: Report) -> None:
    """Compare the record with git history; without one, that is noted and nothing is said."""
    if git.root_of(e.layout) is None:
        report.note("no git history: whether runs were removed from the end is not checkable")
        return
    _grows(e, report, e.layout.test_access, "5")
    if not report.broken("6", LOG) and not e.unreadable:
        _grows(e, report, e.layout.runs_log, "6")
    for commit in dict.fromkeys(access.commit for access in e.accesses if access.commit):
        if git.commit_time(e.layout, commit) is not None:
            _unchanged(e, report, commit)


def _grows(e: Evidence, report: Report, path: Path, rule: str) -> None:
    """Each committed version begins the present file, unless it was about another table."""
    present = path.read_bytes() if path.is_file() else b""
    commits = git.commits(e.layout, path)
    blobs = git.blobs(e.layout, [(commit, path) for commit in commits])
    for commit in commits:
        committed = blobs.get((commit, path))
        if committed is None or present.startswith(committed):
            continue
        if _same_table(e, commit):
            what = f"lines that are committed are gone or changed ({commit[:10]} holds them)"
            report.add(rule, e.name(path), what, RESTORE)
            return
        report.note("the record was begun anew on another table; the old one is in git history")


def _same_table(e: Evidence, commit: str) -> bool:
    """Whether the examples of a commit are the present ones, whatever else was written of them."""
    before = _json(git.committed_blob(e.layout, commit, e.layout.dataset))
    keys = ("membership_sha256", "content_sha256")
    return e.dataset is None or all(before.get(k) == getattr(e.dataset, k) for k in keys)


def _unchanged(e: Evidence, report: Report, commit: str) -> None:
    """Runs, learning curves and the demo flag are those that were committed with the selection."""
    opened = f"since test was opened for the selection in {commit[:10]}"
    blobs = as_opened(e, commit)
    for path, blob in blobs.items():
        where, run_id = e.name(path.parent), path.parent.name
        if run_id in e.unreadable:
            continue
        if path.name == "run.json":
            _run(e, report, where, run_id, _json(blob), opened)
        elif path.name == "history.csv" and (not path.is_file() or path.read_bytes() != blob):
            report.add("5", where, f"history.csv was changed {opened}", RESTORE)
    flag = _json(blobs.get(e.layout.contract)).get("demo_data")
    if e.contract is not None and flag is not None and flag != e.contract.demo_data:
        report.add("7", "evidence/contract.json", f"demo_data was changed {opened}", RESTORE)


def as_opened(e: Evidence, commit: str) -> dict[Path, bytes]:
    """Return contract, selection, runs and learning curves of a commit, by one git process."""
    paths = git.committed_paths(e.layout, commit, e.layout.runs) or []
    paths = [path for path in paths if path.name in ("run.json", "history.csv")]
    return git.committed_blobs(e.layout, commit, [e.layout.contract, e.layout.selection, *paths])


def _run(
    e: Evidence, report: Report, where: str, run_id: str, before: dict[str, Any], opened: str
) -> None:
    """A run is as it was sealed: test metrics came since, and an uncited one may lose its file."""
    run = e.runs.get(run_id)
    if run is None:
        report.add("6", where, f"the run is gone {opened}", RESTORE)
        return
    now = files.plain(run.as_json())
    told = sorted({*before, *(["tuning"] if "tuning" in now else [])})
    changed = [k for k in told if k not in _LATER and before.get(k) != now.get(k)]
    if "predictions" in changed and run.predictions == "not kept":
        changed = [key for key in changed if key not in ("predictions", "predictions_sha256")]
    sealed = {part: found for part, found in now["metrics"].items() if part != "test"}
    if {k: v for k, v in before.get("metrics", {}).items() if k != "test"} != sealed:
        changed.append("metrics")
    if changed:
        report.add("5", where, f"{', '.join(changed)} changed {opened}", RESTORE)


def _json(blob: bytes | None) -> dict[str, Any]:
    try:
        return json.loads(blob or b"{}")
    except ValueError:
        return {}
