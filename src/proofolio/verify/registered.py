"""The registry: registered models are finished, honest, chosen runs with their own weights."""

from typing import Any

from proofolio import files
from proofolio.evidence import registry
from proofolio.verify.load import RESTORE, Evidence, Registered
from proofolio.verify.report import Report

_TAGS = {"candidate", "deploy-ready", "retired"}
_STATE = ("run", "weights", "weights_sha256", "commit", "tags", "approved_by", "remade_by")


def check(e: Evidence, report: Report) -> None:
    """Check every registered model against its run, the selection and its own history."""
    for name, model in e.registry.items():
        if model.run not in e.unreadable:
            _model(e, report, model, f"evidence/registry.json:{name}")


def _model(e: Evidence, report: Report, model: Registered, where: str) -> None:
    def wrong(rule: str, what: str) -> None:
        report.add(rule, where, what, "register the chosen run again: proofolio select")

    last = model.history[-1] if model.history else {}
    if any(last.get(key) != getattr(model, key) for key in _STATE):
        wrong("hashes", "its state is not the one that the last step of its history led to")
    run = e.runs.get(model.run)
    if run is None or run.status != "finished":
        wrong("6", f"its run {model.run} is not a finished run of the record")
        return
    if run.split in e.splits and e.splits[run.split].purpose == "demonstration":
        wrong("1", f"its run stands on the demonstration split {run.split}")
    recorded = run.model.weights_sha256 if run.model else None
    for state in _kept(model):
        _export(e, report, state, where)
    own = model.remade_by is None and model.weights_sha256 and recorded
    if own and model.weights_sha256 != recorded:
        wrong("hashes", f"its weights are not those recorded by run {run.id}")
    _weights(e, report, model, where)
    if not set(model.tags) <= _TAGS:
        wrong("schema", f"unknown tags: {', '.join(model.tags)}")
    if "deploy-ready" in model.tags and not model.approved_by:
        wrong("5", "it is deploy-ready and nobody is named who approved it")
    if "retired" not in model.tags and (e.selection is None or e.selection.choice.run != model.run):
        wrong(
            "5", f"it is {', '.join(model.tags) or 'registered'} and not the run that was selected"
        )


def _kept(model: Registered) -> list[dict[str, Any]]:
    """Return the exports that must stand: the present one, and those a rollback may go back to."""
    back = [step for step in registry.standing(model.history) if step.get("remade_by")]
    states = [model.model_dump(), *back] if model.remade_by is not None else back
    return list({state.get("weights_sha256"): state for state in states}.values())


def _export(e: Evidence, report: Report, state: dict[str, Any], where: str) -> None:
    """An export is another file than the run recorded: a measured parity ties it to the run."""
    about = {"runs": [state.get("run")], "weights_sha256": state.get("weights_sha256")}
    parities = [r.inputs for r in e.results.values() if r.kind == "parity"]
    if not any(about.items() <= inputs.items() for inputs in parities):
        what = (
            f"{state.get('weights')} is an export, and no parity result compares this file with "
            f"run {state.get('run')}"
        )
        report.add("hashes", where, what, f"export again: {state['remade_by']}")


def _weights(e: Evidence, report: Report, model: Registered, where: str) -> None:
    path = e.layout.root / model.weights if model.weights else None
    if path is None or not path.is_file():
        report.note(f"{where}: its weights file is not here, so it is not checkable")
    elif files.sha256_file(path) != model.weights_sha256:
        report.add("hashes", where, f"{model.weights} is not the registered file", RESTORE)
