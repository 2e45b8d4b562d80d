"""What pages claim, and whether what they cite may be cited and can still be recomputed."""

from collections.abc import Iterator

from proofolio import claims
from proofolio.contract import Result
from proofolio.verify.load import RESTORE, Evidence
from proofolio.verify.report import Report


def check(e: Evidence, report: Report) -> None:
    """Check every claim, that no demonstration passes as performance, and that cited files stay."""
    if e.unreadable:  # noted where the log is left unread
        return
    for problem in claims.check(e.layout.root):
        if problem.warning:
            report.note(f"{problem.where}: {problem.what}")
        else:
            report.add("claims", problem.where, problem.what, problem.remedy)
    cited = list(_cited(e))
    shown = _of_demonstrations(e)
    for subject, where, line in cited:
        if subject in shown and "demonstration" not in line.casefold():
            what = f"{subject} of a demonstration split is cited as performance"
            report.add("1", where, what, "say demonstration in the line, or cite another run")
    _kept(e, report, {subject for subject, _, _ in cited})


def _cited(e: Evidence) -> Iterator[tuple[str, str, str]]:
    """Yield subject, place and line of every claim; of a table the line before it counts too."""
    for path in claims.pages(e.layout.root):
        parsed = claims.parse(path.read_text(encoding="utf-8"))
        lines = [line.text for line in parsed.page.lines]
        for claim in parsed.claims:
            yield claim.subject, f"{e.name(path)}:{claim.line}", lines[claim.line - 1]
        for block in parsed.blocks:
            before = [text for text in lines[: block.line - 1] if text.strip()][-1:]
            yield f"result:{block.name}", f"{e.name(path)}:{block.line}", " ".join(before)


def _runs_of(result: Result) -> set[str]:
    return {*(result.inputs.get("runs") or []), *(result.inputs.get("versus_runs") or [])}


def _of_demonstrations(e: Evidence) -> set[str]:
    """Return the subjects of claims whose numbers come from a demonstration split."""
    splits = {name for name, info in e.splits.items() if info.purpose == "demonstration"}
    runs = {run_id: run for run_id, run in e.runs.items() if run.split in splits}
    return {
        *(f"run:{run_id}" for run_id in runs),
        *(f"config:{run.name}" for run in runs.values()),
        *(f"result:{name}" for name, result in e.results.items() if _runs_of(result) & set(runs)),
    }


def _kept(e: Evidence, report: Report, subjects: set[str]) -> None:
    """A run may drop its predictions only while nothing cites it."""
    citing: dict[str, str] = {}
    if e.selection is not None:
        names = {e.selection.choice.name, *e.selection.fixed_comparisons}
        for candidate in e.selection.candidates:
            if candidate.name in names:
                citing |= dict.fromkeys(candidate.runs, "the selection")
    citing |= {model.run: "the registry" for model in e.registry.values()}
    for name, result in e.results.items():
        citing |= dict.fromkeys(_runs_of(result), f"result {name}")
    for run_id, run in e.runs.items():
        if {f"run:{run_id}", f"config:{run.name}"} & subjects:
            citing[run_id] = "a page"
        if run.status == "finished" and run.predictions == "not kept" and run_id in citing:
            what = f"its predictions are not kept, and {citing[run_id]} cites it"
            report.add("3", f"evidence/runs/{run_id}", what, RESTORE)
