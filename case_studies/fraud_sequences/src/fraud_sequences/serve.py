"""Serve the exported model: payments as they happen, scored with the features of that moment.

    python -m fraud_sequences serve --open

The state is warmed from the prepared table. The two rules answer where the trees cannot, and every
answer says so. Decisions go into a log whose head is anchored, in work/serving (docs/serving.md).
"""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from proofolio import decisions, evidence, files, table
from proofolio.contract import Calibration, Layout, RunError
from proofolio_torch import service
from proofolio_torch.events import reasons
from proofolio_torch.events.boosted import Boosted
from proofolio_torch.events.scorer import EventScorer
from proofolio_torch.events.spec import Windows

from fraud_sequences import classical
from fraud_sequences.export import COMMAND


def run(
    root: Path,
    *,
    model: Path | None = None,
    warm_until: str = "",
    lateness: int | None = 5,
    anchors: Path | None = None,
    open: bool = False,
    host: str = "127.0.0.1",
    port: int = 8000,
) -> None:
    """Serve until the process is told to stop.

    The state of the last stop is taken up, unless `warm_until` asks for one of the table.

    Args:
        root: the project's folder.
        model: exported trees; those that are registered where None.
        warm_until: take events of the table before this time; all where empty.
        lateness: as `EventScorer`.
        anchors: file of the log's anchors; beside the log where None.
        open: answer without a key.
        host: address to listen on.
        port: port to listen on.
    """
    settings = service.Settings(keys=service.Keys.read(), open=open)
    folder = Layout(root).work / "serving"
    made = scorer(root, model, lateness=lateness, state=folder / "state.npz")
    if warm_until or not made.resumes:
        print(f"serve: {warm(made, root, warm_until):,} events in the state", flush=True)
    log = service.DecisionLog(folder / "decisions.jsonl", anchors=anchors)
    service.serve(made, settings=settings, log=log, host=host, port=port)


def scorer(
    root: Path,
    model: Path | None = None,
    *,
    lateness: int | None = None,
    state: Path | None = None,
    clock: Callable[[], float] = time.time,
) -> EventScorer:
    """Return the scorer of an export, without events in its state.

    Its score is the calibrated probability, since the threshold was fitted on those.

    Raises:
        RunError: nothing is exported.
    """
    path = registered(root) if model is None else model
    about = _about(path)
    windows, calibration = Windows(**about["windows"]), _calibration(about)
    names = about["features"]
    typical = np.array([about["typical"][name] for name in names])
    groups = reasons.groups(names)

    def explain(model: Any, x: np.ndarray) -> list[reasons.Contribution]:
        if isinstance(model, Boosted):
            return model.reasons(x, groups)
        return reasons.reasons(model, x, typical, groups)

    made = EventScorer(
        windows=windows,
        load=lambda: Boosted(path, sha256=about["weights_sha256"], calibration=calibration),
        threshold=about["threshold"],
        rules=_rules(about),
        rules_threshold=about["rules"]["threshold"],
        versions=_versions(about, path),
        classes=about["classes"],
        lateness=lateness,
        explain=explain,
        state=state,
        clock=clock,
        name="fraud_sequences",
    )
    if made.names != names:
        raise RunError("the export has other features", expected=str(made.names),
                       received=str(names), remedy=COMMAND)  # fmt: skip
    return made


def warm(scorer: EventScorer, root: Path, until: str = "") -> int:
    """Put the table's events before `until` into the state; return how many it holds."""
    events = table.read(Layout(root))
    if until:
        events = events[events["time"] < np.datetime64(until)]
    return scorer.stream.warm(events)


def registered(root: Path) -> Path:
    """Return the file of the registered model; raises RunError where there is none."""
    entry = evidence.registry.read(Layout(root))["models"].get("champion", {})
    if not entry.get("weights"):
        raise RunError("no exported model is registered", remedy=COMMAND)
    return Path(root) / entry["weights"]


def _about(path: Path) -> dict[str, Any]:
    """Return the JSON beside the trees; without it nothing can be served, not even the rules."""
    beside = path.with_suffix(".json")
    if not beside.is_file():
        raise RunError(f"{beside.name} is missing beside the model", remedy=COMMAND)
    return files.read_json(beside)


def _calibration(about: dict[str, Any]) -> Calibration | None:
    return Calibration(**about["calibration"]) if about["calibration"] else None


def _rules(about: dict[str, Any]) -> Callable[[np.ndarray], np.ndarray]:
    """Return the rules as a function of features (n, k), calibrated as their run was."""
    told, names = about["rules"], about["features"]
    rules = classical.Rules(told["limit"], told["risk"], tuple(told["shares"]))
    amount, seen = names.index("amount"), names.index(told["column"])
    calibration = _calibration(told)
    return lambda x: decisions.calibrate(rules(x[:, amount], x[:, seen]), calibration)


def _versions(about: dict[str, Any], path: Path) -> dict[str, str | None]:
    told = {"run": about["run"], "fold": str(about["fold"]), "rules": about["rules"]["run"]}
    told |= {"weights_sha256": about["weights_sha256"]}
    return told | {"settings_sha256": files.sha256_file(path.with_suffix(".json"))}
