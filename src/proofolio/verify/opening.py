"""Rule 5, the opening: test numbers only for a committed selection, after it, and counted."""

from datetime import datetime

from proofolio import files
from proofolio.contract import OOD
from proofolio.evidence import git
from proofolio.verify.load import Access, Evidence
from proofolio.verify.report import Report
from proofolio.verify.sealed import ACCESS, as_opened
from proofolio.verify.selection import WHERE

_SEALED = "remove what was read from test, select and commit, then proofolio evaluate"


def check(e: Evidence, report: Report) -> None:
    """Check where test numbers stand, and each opening against its commit."""
    _test_is_sealed(e, report)
    if e.accesses:
        _openings(e, report)


def _test_is_sealed(e: Evidence, report: Report) -> None:
    """Test numbers stand only where the selection allows them, after an opening."""
    allowed: set[str] = set()
    if e.selection is not None and e.accesses:
        names = {e.selection.choice.name, *e.selection.fixed_comparisons}
        allowed = {i for c in e.selection.candidates if c.name in names for i in c.runs}
    why = "which the selection does not name" if e.accesses else "test was never opened"
    for run_id, run in e.runs.items():
        if "test" in run.metrics and run_id not in allowed:
            report.add("5", f"evidence/runs/{run_id}", f"it carries test metrics, {why}", _SEALED)
    if e.accesses:
        return
    for name, result in e.results.items():
        shown = (result.inputs.get("part"), result.inputs.get("versus_part"))
        if "test" in shown or result.kind == OOD:  # ood is part of the published test
            report.add("5", f"evidence/results/{name}.json", f"it shows test, {why}", _SEALED)
    for finding in e.findings:
        if finding.check == "shortcut_test" and finding.statistic is not None:
            report.add("5", "evidence/audit.json", f"{finding.check} reads test, {why}", _SEALED)


def _openings(e: Evidence, report: Report) -> None:
    if e.selection is None:
        report.add("5", ACCESS, "test was opened without a selection", _SEALED)
        return
    if files.sha256_file(e.layout.selection) != e.accesses[-1].selection_sha256:
        what = "it is not the selection that test was opened for"
        report.add("5", WHERE, what, "restore it from git")
    in_git = git.root_of(e.layout) is not None
    if not in_git:
        report.note("no git history: that the selection came before the opening is not checkable")
    for number, access in enumerate(e.accesses, start=1):
        where = f"{ACCESS}:{number}"
        early = [i for i, r in e.runs.items() if "test" in r.metrics and r.finished > access.time]
        if number == len(e.accesses) and (early or e.selection.written > access.time):
            what = f"test was opened before {', '.join(early) or 'the selection'} was finished"
            report.add("5", where, what, _SEALED)
        if in_git:
            _committed(e, report, access, where)
    report.note(
        f"test was opened {len(e.accesses)} time(s); prior exposure: {e.selection.prior_exposure}"
    )


def _committed(e: Evidence, report: Report, access: Access, where: str) -> None:
    """The commit an opening names holds that selection, is older, and holds no test metric."""
    if access.commit is None:
        report.add("5", where, "it names no commit that holds the selection", _SEALED)
        return
    made = git.commit_time(e.layout, access.commit)
    if made is None:
        report.note(f"{where}: commit {access.commit} is not in this history: not checkable")
        return
    blobs = as_opened(e, access.commit)
    blob = blobs.get(e.layout.selection)
    if blob is None or files.sha256_bytes(blob) != access.selection_sha256:
        what = f"commit {access.commit[:10]} does not hold the selection test was opened for"
        report.add("5", where, what, _SEALED)
    opened = _seconds(access.time)
    if opened is None or made > opened:
        report.add("5", where, "the selection was committed after the opening", _SEALED)
    if access is not e.accesses[0]:
        return
    for path, data in blobs.items():
        if path.name == "run.json" and b'"test": {' in data and _has_test(data):
            what = f"{path.parent.name} carried test metrics before test was opened"
            report.add("5", where, what, _SEALED)


def _has_test(data: bytes) -> bool:
    import json

    try:
        return "test" in json.loads(data).get("metrics", {})
    except ValueError:
        return False


def _seconds(time: str) -> float | None:
    try:
        return datetime.fromisoformat(time).timestamp()
    except ValueError:
        return None
