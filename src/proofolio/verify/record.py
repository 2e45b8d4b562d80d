"""Rules 6 and 7: nothing that ran is removed, demo data is called so; and what pages claim."""

from proofolio import claims
from proofolio.contract import Layout
from proofolio.evidence import git, log
from proofolio.verify.load import RESTORE, Evidence
from proofolio.verify.report import Report

_LOG = "evidence/runs.jsonl"


def check(e: Evidence, report: Report) -> None:
    """Check the chained log, the demo flag, and the claims of every page."""
    _demo(e, report)
    if e.unreadable:  # reported by name; what rests on them cannot be read either
        report.note("the log and the claims are not checkable while a run cannot be read")
        return
    _log(e, report)
    _claims(e, report)


def _log(e: Evidence, report: Report) -> None:
    for fault in log.verify_chain(e.layout):
        report.add("6", _LOG, fault, RESTORE)
    if report.broken("6", _LOG):
        return
    for entry in log.entries(e.layout):
        run = e.runs.get(entry["id"])
        if run is None or entry["status"] not in log.CLOSING:
            continue
        for key in ("name", "seed", "config_sha256"):
            if entry.get(key) != getattr(run, key):
                what = f"{key} of {run.id} is {entry.get(key)}, its run.json says otherwise"
                report.add("6", _LOG, what, RESTORE)
        if entry.get("time") != run.finished:
            what = f"{run.id} ended {entry.get('time')}, its run.json says {run.finished}"
            report.add("6", _LOG, what, RESTORE)
    _history(e.layout, report)


def _history(layout: Layout, report: Report) -> None:
    """The log continues the committed one, unless the whole record was begun anew."""
    if git.root_of(layout) is None:
        report.note("no git history: whether runs were removed from the end is not checkable")
        return
    committed = git.committed_blob(layout, "HEAD", layout.runs_log)
    present = layout.runs_log.read_bytes() if layout.runs_log.is_file() else b""
    if committed is None or present.startswith(committed):
        return
    before = git.committed_blob(layout, "HEAD", layout.dataset)
    if before is not None and layout.dataset.is_file() and before == layout.dataset.read_bytes():
        report.add("6", _LOG, "lines that are committed are gone or changed", RESTORE)
    else:
        report.note("the record was begun anew on another table; the old one is in git history")


def _demo(e: Evidence, report: Report) -> None:
    if e.contract is None:
        return
    declared = e.project.demo_data if e.project else e.contract.demo_data
    if declared != e.contract.demo_data:
        what = f"demo_data is {e.contract.demo_data}, project.yaml says {declared}"
        report.add("7", "evidence/contract.json", what, "run the prepare step again")
    if not e.contract.demo_data:
        return
    report.note("DEMO DATA: these numbers say nothing about the world")
    for card in (e.layout.model_card, e.layout.data_card):
        if card.is_file() and "demo" not in card.read_text(encoding="utf-8").casefold():
            report.add("7", card.name, "it does not say that the data is a demo", "write it anew")


def _claims(e: Evidence, report: Report) -> None:
    for problem in claims.check(e.layout.root):
        if problem.warning:
            report.note(f"{problem.where}: {problem.what}")
        else:
            report.add("claims", problem.where, problem.what, problem.remedy)
    shown = {n for n, s in e.splits.items() if s.purpose == "demonstration"}
    runs = {f"run:{i}": r for i, r in e.runs.items() if r.split in shown}
    subjects = set(runs) | {f"config:{r.name}" for r in runs.values()}
    for path in claims.pages(e.layout.root) if subjects else []:
        parsed = claims.parse(path.read_text(encoding="utf-8"))
        for claim in parsed.claims:
            line = parsed.page.lines[claim.line - 1].text
            if claim.subject in subjects and "demonstration" not in line.casefold():
                what = f"{claim.subject} of a demonstration split is cited as performance"
                where = f"{e.name(path)}:{claim.line}"
                report.add("1", where, what, "say demonstration in the line, or cite another run")
