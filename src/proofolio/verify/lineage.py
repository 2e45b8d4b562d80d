"""Rule 4, one changed key and declared seeds, and the half of rule 5 about fitted steps."""

from proofolio import evidence
from proofolio.contract import Run
from proofolio.verify import tuned
from proofolio.verify.load import RESTORE, Evidence
from proofolio.verify.report import Report


def check(e: Evidence, report: Report) -> None:
    """Check parents, seeds and fitted parts of every run."""
    for run_id, run in e.runs.items():
        where = f"evidence/runs/{run_id}"
        _parent(e, report, run, where)
        _seed(e, report, run, where)
        if run.status == "pruned" and not run.is_trial:
            report.add("4", where, "it is pruned, and no trial of a search", RESTORE)
        fitting = e.splits[run.split].fitting_part if run.split in e.splits else "calib"
        for step in run.fitted:
            _step(report, step.step, step.part, fitting, where)
        for fitted_on, step in (
            (run.calibration and run.calibration.fitted_on, "calibration"),
            (run.decision and run.decision.fitted_on, "threshold"),
        ):
            if fitted_on is not None:
                _step(report, step, fitted_on, fitting, where)
    _rungs(e, report)


def _parent(e: Evidence, report: Report, run: Run, where: str) -> None:
    if run.parent is None:
        if run.changed or run.tuning is not None:
            report.add("4", where, "it names changes or a trial, and no parent", RESTORE)
        return
    one = "make one run of each changed key"
    if run.tuning is not None:
        tuned.check(e, report, run, where)
    elif len(run.changed) != 1:
        keys = ", ".join(c.key for c in run.changed) or "none"
        what = f"it changes {len(run.changed)} keys against {run.parent}: {keys}"
        report.add("4", where, what, one)
        return
    parents = [r for r in e.runs.values() if r.name == run.parent and r.split == run.split]
    configs = [p.config for p in parents]
    if e.project and run.parent in {x.name for x in e.project.ladder}:
        configs.append(e.project.config(run.parent))
    if not configs:
        report.add("4", where, f"its parent {run.parent} is not recorded", RESTORE)
        return
    differences = [evidence.diff(config, run.config) for config in configs]
    if run.changed not in differences:
        nearest = min(differences, key=len)
        keys = ", ".join(change.key for change in nearest) or "none"
        said = ", ".join(change.key for change in run.changed) or "nothing"
        what = f"it says {said} changed against {run.parent}, the configs say {keys}"
        report.add("4", where, what, one)


def _seed(e: Evidence, report: Report, run: Run, where: str) -> None:
    if e.project and run.seed not in e.project.seeds:
        what = f"seed {run.seed} is not declared, project.yaml lists {e.project.seeds}"
        report.add("4", where, what, "declare every seed before its run")


def _rungs(e: Evidence, report: Report) -> None:
    """One configuration of a rung (per split) has no parent; the others change it step by step.

    Trials may come before the configuration they start from is trained.
    """
    runs = [run for run in e.runs.values() if not run.is_trial]
    starts: dict[tuple[str, str], set[str]] = {}
    for run in runs:
        names = starts.setdefault((run.split, run.rung), set())
        if run.parent is None:
            names.add(run.name)
    for (split, rung), names in starts.items():
        where = f"rung {rung} of split {split}"
        if len(names) > 1:
            what = f"several configurations have no parent: {', '.join(sorted(names))}"
            report.add("4", where, what, "give all but the first a parent, or a rung of their own")
        elif not names and not e.unreadable:
            report.add("4", where, "its first run, without a parent, is missing", RESTORE)


def _step(report: Report, step: str, part: str, fitting: str, where: str) -> None:
    expected = evidence.step_part(step, fitting)
    if part != expected:
        what = f"{step} was fitted on {part}, it belongs on {expected}"
        report.add("5", where, what, "fit it on that part and run again")
