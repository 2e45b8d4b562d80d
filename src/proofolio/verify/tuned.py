"""Rule 4 for tuning: a trial stays in the declared space; what came of it is the best trial."""

from proofolio.contract import Run
from proofolio.evidence import trials
from proofolio.verify.load import Evidence
from proofolio.verify.report import Report

_AGAIN = "record it again, by tune and train"


def check(e: Evidence, report: Report, run: Run, where: str) -> None:
    """Check one run that says it belongs to a search."""
    if run.is_trial:
        _trial(e, report, run, where)
    elif run.tuning.picked is None:
        report.add("4", where, "it says neither which trial it is nor which it takes", _AGAIN)
    else:
        _picked(e, report, run, where)


def _trial(e: Evidence, report: Report, run: Run, where: str) -> None:
    """Its name is no configuration's; its keys and values are those that project.yaml declares."""
    if e.project is None:
        return
    if run.name in {x.name for x in e.project.ladder}:
        report.add("4", where, f"it is a trial under the ladder's name {run.name}", _AGAIN)
    tuning = e.project.tuning
    if tuning is None or tuning.start != run.parent or _study(e) != run.tuning.study:
        report.note(f"{where}: its search {run.tuning.study} is declared no more: not checkable")
        return
    if run.tuning.units != trials.units(e.project, run.tuning.stage):
        what = f"its trial says it learnt from the share {run.tuning.units} of the units of train"
        report.add("4", where, what, "restore project.yaml or the run from git")
    stage = tuning.coarse if run.tuning.stage == "coarse" else tuning.fine
    for change in run.changed:
        known = tuning.parameters.get(change.key)
        inside = known is not None and known.holds(change.new)
        if not inside and stage.overrides.get(change.key, ...) != change.new:
            what = f"its trial sets {change.key} to {change.new!r}, outside the declared space"
            report.add("4", where, what, "restore project.yaml or the run from git")


def _picked(e: Evidence, report: Report, run: Run, where: str) -> None:
    """It takes the configuration of the best fine trial there was, and counts them all."""
    picked = e.runs.get(run.tuning.picked)
    if picked is None or not picked.is_trial or picked.config_sha256 != run.config_sha256:
        what = f"it says it takes trial {run.tuning.picked}, which is no trial of this config"
        report.add("4", where, what, _AGAIN)
        return
    before = trials.recorded(e.runs.values(), run.parent, run.split, until=run.started)
    ended = trials.recorded(e.runs.values(), run.parent, run.split, until=run.finished)
    if not len(before) <= (run.tuning.trials or 0) <= len(ended):
        what = f"it counts {run.tuning.trials} trials, {len(ended)} had ended by then"
        report.add("4", where, what, _AGAIN)
    if e.project is None:
        return
    top = trials.best(ended, e.project.metric.primary)
    early = trials.best(before, e.project.metric.primary)
    if picked.id not in {r.id for r in (top, early) if r is not None}:
        what = f"it takes trial {picked.id}, the best was {top.id if top else 'none'}"
        report.add("4", where, what, _AGAIN)


def _study(e: Evidence) -> str | None:
    """Return the name of the declared search on the present data; None where that is unreadable."""
    try:
        return trials.study(e.layout, e.project)
    except (OSError, ValueError):
        return None
