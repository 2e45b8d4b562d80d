"""Epochs shown in a tracker beside the record: only where it is asked for, through accelerate.

The record stays `evidence/`. A tracker is for watching a training; nothing is read back from it.
Asked for by `tracking: trackio` in `project.yaml` or PROOFOLIO_TRACKING=trackio, which wins (none
turns it off). Needs the extra `tracking`.
"""

import importlib.util
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from proofolio.contract import ProjectError
from proofolio.evidence import changes

if TYPE_CHECKING:
    from accelerate import Accelerator

VARIABLE = "PROOFOLIO_TRACKING"
KNOWN = ("trackio",)


@dataclass(frozen=True)
class Shown:
    """What is shown, and where: `tracker` is accelerate's name of one, or a tracker of your own."""

    tracker: Any
    project: str
    run: str
    config: dict[str, Any]


_shown: ContextVar[Shown | None] = ContextVar("shown", default=None)


def wanted(setting: str | None) -> str | None:
    """Return the tracker that is asked for, or None.

    Raises ProjectError for one that is unknown or not installed: accelerate would pass over it.
    """
    name = os.environ.get(VARIABLE, setting or "").strip().casefold()
    if name in ("", "none"):
        return None
    if name not in KNOWN:
        raise ProjectError(
            "no such tracker",
            expected=f"{', '.join(KNOWN)} or none",
            received=name,
            remedy=f"correct {VARIABLE}, or tracking in project.yaml",
        )
    if importlib.util.find_spec(name) is None:
        raise ProjectError(
            f"tracking asks for {name}",
            expected="the extra `tracking`",
            received=f"no package {name}",
            remedy="python -m pip install -e '.[tracking]', or tracking: null",
        )
    return name


@contextmanager
def showing(tracker: Any, project: str, run: str, config: dict[str, Any]) -> Iterator[None]:
    """Show trainings within the block in a tracker; None shows nothing."""
    token = _shown.set(None if tracker is None else Shown(tracker, project, run, config))
    try:
        yield
    finally:
        _shown.reset(token)


def asked() -> Any:
    """Return what accelerate is to log with at this point, or None."""
    shown = _shown.get()
    return None if shown is None else shown.tracker


@contextmanager
def opened(accelerator: "Accelerator", part: str) -> Iterator[Callable[[dict[str, Any]], None]]:
    """Yield what shows one epoch's row; the run's name gets `part` where that is not its own.

    The trackers are closed one by one: `Accelerator.end_training` would end the process group.
    """
    shown = _shown.get()
    if shown is None:
        yield lambda row: None
        return
    name = shown.run if part == shown.run else f"{shown.run}-{part}"
    options = {"trackio": {"name": name, "resume": "allow"}}
    config = {key: _plain(value) for key, value in changes.leaves(shown.config).items()}
    accelerator.init_trackers(shown.project, config=config, init_kwargs=options)

    def show(row: dict[str, Any]) -> None:
        accelerator.log({k: v for k, v in row.items() if k != "epoch"}, step=row["epoch"])

    try:
        yield show
    finally:
        for tracker in accelerator.trackers:
            tracker.finish()


def _plain(value: Any) -> Any:
    return value if isinstance(value, bool | int | float | str) else str(value)
