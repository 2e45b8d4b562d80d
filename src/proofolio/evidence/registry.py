"""The model registry, `evidence/registry.json`: which run is deployed, by whom, and the way back.

Tags: candidate (registered after the selection), deploy-ready (promoted by a named person),
retired (withdrawn). `history` keeps every step with its time and the state it led to. A file that a
command makes from a run, an export, has that command as `remade_by`.
"""

from pathlib import Path
from typing import Any

from proofolio import files, splits
from proofolio.contract import Layout, Run, RunError, SealError
from proofolio.evidence import choice, provenance, store
from proofolio.project import Project

CANDIDATE, READY, RETIRED = "candidate", "deploy-ready", "retired"
CHAMPION = "champion"
_STATE = ("run", "weights", "weights_sha256", "commit", "tags", "approved_by")
_REMADE = "remade_by"  # in the state of exports alone


def read(layout: Layout) -> dict[str, Any]:
    """Return the registry, empty where nothing was registered."""
    return files.read_json(layout.registry) if layout.registry.is_file() else {"models": {}}


def register(
    layout: Layout,
    project: Project,
    *,
    name: str = CHAMPION,
    weights: Path | None = None,
    remade_by: str | None = None,
) -> dict[str, Any]:
    """Register the chosen run under `name` as candidate; return its entry.

    An unchanged run and weights file change nothing, so a promotion survives a repeated step. Other
    weights of the same run, say of a newer fold, are a new candidate.

    Args:
        layout: The project's paths.
        project: The project.
        name: Name of the model.
        weights: Weights file inside the project; None looks for the file with the hash that the
            run recorded in its work folder.
        remade_by: Command that makes `weights` again from the run, where it is an export and so no
            file whose hash the run recorded.

    Raises:
        SealError: Nothing was selected.
        RunError: The run stands on a demonstration split, `weights` is missing, or it was written
            over the weights of a promoted model, which nothing could go back to then.
    """
    del project  # the selection says it all; kept in the signature for stages to call alike
    selection = choice.recorded(layout)
    if selection is None:
        raise SealError("no selection to register", remedy="run proofolio select first")
    run = store.run(layout, selection.choice.run)
    _refuse_demonstration(layout, run)
    path = layout.root / weights if weights is not None else _recorded_weights(layout, run)
    if path is not None and not path.is_file():
        raise RunError(f"weights of {run.id} are missing", received=path.name)
    registry = read(layout)
    entry = registry["models"].get(name, {"history": []})
    state = {
        "run": run.id,
        "weights": _inside(layout, path) if path else None,
        "weights_sha256": files.sha256_file(path) if path else None,
        "commit": run.git.commit,
        "tags": [CANDIDATE],
        "approved_by": None,
    }
    state |= {_REMADE: remade_by} if path and remade_by else {}
    _refuse_overwritten(name, entry["history"], state)
    known = entry.get("run") == run.id
    # A fresh clone has no work folder: an entry with weights is not replaced by one without.
    if not known or (path and entry["weights_sha256"] != state["weights_sha256"]):
        registry["models"][name] = _step(entry, state, "register", by=None)
        files.write_json(layout.registry, registry)
    return registry["models"][name]


def promote(layout: Layout, name: str, by: str) -> dict[str, Any]:
    """Tag a registered model deploy-ready, approved by a named person; return its entry.

    Raises:
        SealError: Nothing was selected.
        RunError: Unknown name, nobody named, another run than the chosen one, a demonstration
            run, or a weights file that is missing or differs from the registered one.
    """
    registry, entry = _entry(layout, name)
    if not by.strip():
        raise RunError("a promotion needs a person who approves it", remedy="pass --by NAME")
    selection = choice.recorded(layout)
    if selection is None:
        raise SealError("nothing is promoted before a selection", remedy="run proofolio select")
    run = store.run(layout, entry["run"])
    _refuse_demonstration(layout, run)
    if run.id != selection.choice.run:
        raise RunError(
            f"{name} is not the run that was selected",
            expected=selection.choice.run,
            received=run.id,
            remedy="run proofolio select again: it registers the choice",
        )
    _check_weights(layout, name, entry)
    if entry["tags"] == [READY]:
        return entry
    state = _kept(entry) | {"tags": [READY], "approved_by": by.strip()}
    registry["models"][name] = _step(entry, state, "promote", by=by.strip())
    files.write_json(layout.registry, registry)
    return registry["models"][name]


def rollback(layout: Layout, name: str, by: str | None = None) -> dict[str, Any]:
    """Go back to the last promoted model before the present one; return the entry.

    `by` is who did it, kept in the history; going back waits for no name.

    From a new candidate that is the model promoted last; from the only promoted model the
    promotion is withdrawn, and the model is retired.

    Raises:
        RunError: Unknown name, or nothing was ever promoted.
    """
    registry, entry = _entry(layout, name)
    promoted = standing(entry["history"])
    if not promoted:
        raise RunError(
            f"{name} was never promoted, so there is nothing to go back to",
            remedy="promote a model first",
        )
    if entry["tags"] == [READY]:
        promoted.pop()
    state = promoted[-1] if promoted else entry | {"tags": [RETIRED], "approved_by": None}
    if promoted:
        _check_weights(layout, name, state)
    registry["models"][name] = _step(entry, state, "rollback", by=(by or "").strip() or None)
    files.write_json(layout.registry, registry)
    return registry["models"][name]


def standing(history: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Replay a history; return the promoted states that still stand, the newest last."""
    stack: list[dict[str, Any]] = []
    ready = False
    for step in history:
        if step.get("action") == "promote":
            stack.append(step)
        elif step.get("action") == "rollback" and ready:
            stack.pop()
        ready = step.get("tags") == [READY]
    return stack


def _step(
    entry: dict[str, Any], state: dict[str, Any], action: str, *, by: str | None
) -> dict[str, Any]:
    kept = _kept(state)
    step = {"action": action, "time": provenance.utc_now(), "by": by, **kept}
    return kept | {"history": [*entry["history"], step]}


def _kept(state: dict[str, Any]) -> dict[str, Any]:
    remade = {_REMADE: state[_REMADE]} if state.get(_REMADE) else {}
    return {key: state.get(key) for key in _STATE} | remade


def _entry(layout: Layout, name: str) -> tuple[dict[str, Any], dict[str, Any]]:
    registry = read(layout)
    if name not in registry["models"]:
        raise RunError(
            f"no model is registered as {name!r}",
            expected=", ".join(sorted(registry["models"])) or "no model yet",
            remedy="run proofolio select: it registers the choice as champion",
        )
    return registry, registry["models"][name]


def _refuse_demonstration(layout: Layout, run: Run) -> None:
    if splits.info(layout, run.split).purpose == "demonstration":
        raise RunError(
            f"run {run.id} stands on the demonstration split {run.split}",
            expected="a run of the primary split",
            remedy="such runs show a leak; they are neither deployed nor cited as performance",
        )


def _refuse_overwritten(name: str, history: list[dict[str, Any]], state: dict[str, Any]) -> None:
    """Refuse a weights file that was written over the one of a promoted state."""
    for step in standing(history):
        same = step["weights"] == state["weights"]
        if state["weights"] and same and step["weights_sha256"] != state["weights_sha256"]:
            raise RunError(
                f"{name}: {state['weights']} was written over the weights of a promoted model",
                expected=f"sha256 {step['weights_sha256']}, approved by {step['approved_by']}",
                received=f"sha256 {state['weights_sha256']}",
                remedy="restore that file from git"
                + (f", or make it again: {step[_REMADE]}" if step.get(_REMADE) else "")
                + "; give the new weights a file of their own, so that a rollback finds the old",
            )


def _check_weights(layout: Layout, name: str, state: dict[str, Any]) -> None:
    """Raise RunError unless the registered weights file is here, byte for byte."""
    path = layout.root / state["weights"] if state["weights"] else None
    if path is None or not path.is_file():
        raise RunError(
            f"{name}: the weights file is missing",
            expected=state["weights"] or "a registered weights file",
            remedy="put it back or train the run again, then select (it registers the file)",
        )
    received = files.sha256_file(path)
    if received != state["weights_sha256"]:
        raise RunError(
            f"{name}: the weights file is another one than was registered",
            expected=f"sha256 {state['weights_sha256']}",
            received=f"sha256 {received}",
            remedy="restore the file, or register it anew",
        )


def _recorded_weights(layout: Layout, run: Run) -> Path | None:
    """Return the file below the run's work folder whose hash the run recorded, or None."""
    recorded = run.model.weights_sha256 if run.model else None
    if recorded is None:
        return None
    found = (p for p in sorted(layout.run_work(run.id).rglob("*")) if p.is_file())
    return next((p for p in found if files.sha256_file(p) == recorded), None)


def _inside(layout: Layout, path: Path) -> str:
    resolved = path.resolve()
    if not resolved.is_relative_to(layout.root):
        raise RunError(
            "weights lie outside the project",
            received=path.name,
            remedy="copy the file into the project (at most 12 MB where it is committed)",
        )
    return resolved.relative_to(layout.root).as_posix()
