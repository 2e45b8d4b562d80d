"""Rule 5: the choice on val, written and committed; the test set opened for it alone; registry."""

import re
from datetime import datetime

from proofolio import files
from proofolio.contract import Run, Selection
from proofolio.evidence import choice, git
from proofolio.verify.load import RESTORE, Access, Evidence
from proofolio.verify.report import Report
from proofolio.verify.scores import TOLERANCE

_SELECTION, _ACCESS = "evidence/selection.json", "evidence/test_access.jsonl"
_SEALED = "remove what was read from test, select and commit, then proofolio evaluate"
_CRITERION = re.compile(r"(highest|lowest) mean val (\w+)")


def check(e: Evidence, report: Report) -> None:
    """Check selection, openings and registry against runs and, where there is one, git history."""
    if e.selection is not None:
        _selection(e, report, e.selection)
    _test_is_sealed(e, report)
    if e.accesses:
        _openings(e, report)
    _registry(e, report)


def _selection(e: Evidence, report: Report, selection: Selection) -> None:
    again = "select again before test is opened; after it, restore the file from git"

    def wrong(what: str) -> None:
        report.add("5", _SELECTION, what, again)

    if e.primary is not None and selection.split != e.primary.name:
        wrong(f"it chooses on split {selection.split}, not on the primary one")
    ran = [
        r
        for r in e.runs.values()
        if r.status == "finished" and r.split == selection.split and r.finished <= selection.written
    ]
    listed = {c.name: c for c in selection.candidates}
    left_out = sorted({r.name for r in ran} - set(listed))
    if left_out:
        wrong(f"finished configurations are left out: {', '.join(left_out)}")
    for name in [selection.choice.name, *selection.choice.ties, *selection.fixed_comparisons]:
        if name not in listed:
            wrong(f"{name} is no candidate")
    unknown = sorted({i for c in selection.candidates for i in c.runs} - set(e.runs) - e.unreadable)
    if unknown:
        wrong(f"runs are not recorded: {', '.join(unknown)}")
    if e.unreadable or unknown or selection.choice.name not in listed:
        return
    _values(e, report, selection, wrong)
    chosen = listed[selection.choice.name]
    if selection.choice.run not in chosen.runs:
        wrong(f"{selection.choice.run} is no run of {chosen.name}")
    elif e.project is not None:
        by_seed = {e.runs[i].seed: i for i in chosen.runs}
        first = next((by_seed[s] for s in e.project.seeds if s in by_seed), None)
        if first is not None and selection.choice.run != first:
            wrong(f"the deployed seed is {selection.choice.run}, the first listed is {first}")


def _values(e: Evidence, report: Report, selection: Selection, wrong) -> None:
    """Each candidate's value is the mean over its runs; the choice and its ties are the best."""
    stated = _CRITERION.search(selection.criterion)
    if stated is None:
        report.note(f"the criterion {selection.criterion!r} is not checkable")
        return
    side, metric = stated[1], stated[2]
    means: dict[str, float] = {}
    for candidate in selection.candidates:
        values = [_val(e.runs[i], metric) for i in candidate.runs]
        mean = None if not values or None in values else sum(values) / len(values)
        if (mean is None) != (candidate.value is None) or (
            mean is not None and abs(mean - candidate.value) > TOLERANCE
        ):
            wrong(f"value of {candidate.name} is {candidate.value}, its runs give {mean}")
        if mean is not None:
            means[candidate.name] = mean
    if not means:
        return
    top = max(means.values()) if side == "highest" else min(means.values())
    best = {name for name, mean in means.items() if abs(mean - top) <= choice.TIE}
    if selection.choice.name not in best:
        wrong(f"the choice is {selection.choice.name}, the best on val is {sorted(best)[0]}")
    elif best - {selection.choice.name} - set(selection.choice.ties):
        wrong(f"ties are not named: {', '.join(sorted(best - {selection.choice.name}))}")


def _val(run: Run, metric: str) -> float | None:
    found = run.metrics.get("val", {}).get(metric)
    return found.value if found else None


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
        if result.inputs.get("part") == "test":
            report.add("5", f"evidence/results/{name}.json", f"it shows test, {why}", _SEALED)
    for finding in e.findings:
        if finding.check == "shortcut_test" and finding.statistic is not None:
            report.add("5", "evidence/audit.json", f"{finding.check} reads test, {why}", _SEALED)


def _openings(e: Evidence, report: Report) -> None:
    if e.selection is None:
        report.add("5", _ACCESS, "test was opened without a selection", _SEALED)
        return
    if files.sha256_file(e.layout.selection) != e.accesses[-1].selection_sha256:
        what = "it is not the selection that test was opened for"
        report.add("5", _SELECTION, what, "restore it from git")
    in_git = git.root_of(e.layout) is not None
    if not in_git:
        report.note("no git history: that the selection came before the opening is not checkable")
    for number, access in enumerate(e.accesses, start=1):
        where = f"{_ACCESS}:{number}"
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
    blob = git.committed_blob(e.layout, access.commit, e.layout.selection)
    if blob is None or files.sha256_bytes(blob) != access.selection_sha256:
        what = f"commit {access.commit[:10]} does not hold the selection test was opened for"
        report.add("5", where, what, _SEALED)
    opened = _seconds(access.time)
    if opened is None or made > opened:
        report.add("5", where, "the selection was committed after the opening", _SEALED)
    if access is not e.accesses[0]:
        return
    for path in git.committed_paths(e.layout, access.commit, e.layout.runs) or []:
        if path.name == "run.json":
            data = git.committed_blob(e.layout, access.commit, path) or b""
            if b'"test": {' in data and _has_test(data):
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


def _registry(e: Evidence, report: Report) -> None:
    """Registered models are finished, honest runs with the weights they were recorded with."""
    for name, model in e.registry.items():
        where = f"evidence/registry.json:{name}"

        def wrong(rule: str, what: str, where: str = where) -> None:
            report.add(rule, where, what, "register the chosen run again: proofolio select")

        if model.run in e.unreadable:
            continue
        run = e.runs.get(model.run)
        if run is None or run.status != "finished":
            wrong("6", f"its run {model.run} is not a finished run of the record")
            continue
        if run.split in e.splits and e.splits[run.split].purpose == "demonstration":
            wrong("1", f"its run stands on the demonstration split {run.split}")
        recorded = run.model.weights_sha256 if run.model else None
        if model.weights_sha256 and recorded and model.weights_sha256 != recorded:
            wrong("hashes", f"its weights are not those recorded by run {run.id}")
        _weights(e, report, model.weights, model.weights_sha256, where)
        if not set(model.tags) <= {"candidate", "deploy-ready", "retired"}:
            wrong("schema", f"unknown tags: {', '.join(model.tags)}")
        if "deploy-ready" in model.tags:
            if not model.approved_by:
                wrong("5", "it is deploy-ready and nobody is named who approved it")
            if e.selection is None or e.selection.choice.run != model.run:
                wrong("5", "it is deploy-ready and not the run that was selected")


def _weights(
    e: Evidence, report: Report, weights: str | None, sha256: str | None, where: str
) -> None:
    path = e.layout.root / weights if weights else None
    if path is None or not path.is_file():
        report.note(f"{where}: its weights file is not here, so it is not checkable")
    elif files.sha256_file(path) != sha256:
        report.add("hashes", where, f"{weights} is not the registered file", RESTORE)
