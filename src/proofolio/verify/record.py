"""Rules 6 and 7: nothing that ran is removed, and demo data is called so."""

from proofolio.evidence import log
from proofolio.verify.load import RESTORE, Evidence
from proofolio.verify.report import Report
from proofolio.verify.sealed import LOG


def check(e: Evidence, report: Report) -> None:
    """Check the chained log, the kind and the demo flag."""
    _kind(e, report)
    _demo(e, report)
    if e.unreadable:  # reported by name; what rests on them cannot be read either
        report.note("the log and the claims are not checkable while a run cannot be read")
        return
    _log(e, report)


def _log(e: Evidence, report: Report) -> None:
    for fault in log.verify_chain(e.layout):
        report.add("6", LOG, fault, RESTORE)
    if report.broken("6", LOG):
        return
    for entry in log.entries(e.layout):
        run = e.runs.get(entry["id"])
        if run is None or entry["status"] not in log.CLOSING:
            continue
        for key in ("name", "seed", "config_sha256"):
            if entry.get(key) != getattr(run, key):
                what = f"{key} of {run.id} is {entry.get(key)}, its run.json says otherwise"
                report.add("6", LOG, what, RESTORE)
        if entry.get("time") != run.finished:
            what = f"{run.id} ended {entry.get('time')}, its run.json says {run.finished}"
            report.add("6", LOG, what, RESTORE)


def _kind(e: Evidence, report: Report) -> None:
    """Events are told apart by their splits: windows of time, and no list of ids."""
    if e.contract is None:
        return
    where, remedy = "evidence/contract.json", "run the prepare step again"
    if e.project is not None and e.project.kind != e.contract.kind:
        what = f"kind is {e.contract.kind}, project.yaml says {e.project.kind}"
        report.add("schema", where, what, remedy)
    for name in e.splits if e.contract.kind == "events" else ():
        path = e.layout.split(name) / "parts.csv"
        header = path.read_text(encoding="utf-8").split("\n", 1)[0] if path.is_file() else ""
        if "id" in header.split(","):
            what = f"kind is events, and split {name} lists images"
            report.add("schema", where, what, remedy)


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
