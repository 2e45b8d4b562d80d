"""Rules of an experiment: one changed leaf against its parent, declared seeds, steps and parts."""

from typing import Any

from proofolio.contract import Change, ProjectError, RunError
from proofolio.files import canonical_json
from proofolio.project import Experiment, Project

_ABSENT = object()
# Rule 5, by the words in a step's name; a step of any other name learns from train.
_STEP_PARTS = (
    (("calibration", "threshold", "conformal"), "calib"),
    (("early", "stopping", "choice"), "val"),
)


def leaves(config: Any, prefix: str = "") -> dict[str, Any]:
    """Return the leaves of `config` by dotted key; lists count by element.

    An empty dict or list is a leaf of its own, so that emptying something is seen as a change.
    """
    if isinstance(config, dict) and config:
        items = ((str(key), value) for key, value in config.items())
    elif isinstance(config, list | tuple) and config:
        items = ((str(index), value) for index, value in enumerate(config))
    else:
        return {prefix: config}
    found: dict[str, Any] = {}
    for key, value in items:
        found |= leaves(value, f"{prefix}.{key}" if prefix else key)
    return found


def diff(old: Any, new: Any) -> list[Change]:
    """Return the changed leaves sorted by key; an added leaf has old None, a removed one new None.

    Values are compared as they are stored: 1 and 1.0, or 1 and true, differ.
    """
    before, after = leaves(old), leaves(new)
    changes = []
    for key in sorted(before.keys() | after.keys()):
        a, b = before.get(key, _ABSENT), after.get(key, _ABSENT)
        if a is _ABSENT or b is _ABSENT or canonical_json(a) != canonical_json(b):
            changes.append(
                Change(key=key, old=None if a is _ABSENT else a, new=None if b is _ABSENT else b)
            )
    return changes


def step_part(step: str, fitting_part: str = "calib") -> str:
    """Return the part that a step of this name has to be fitted on: train, val or calib.

    `fitting_part` is the split's own, see `SplitInfo`: events fit on val what others fit on calib.
    """
    words = step.casefold()
    part = next((part for names, part in _STEP_PARTS if any(n in words for n in names)), "train")
    return fitting_part if part == "calib" else part


def check_experiment(project: Project, name: str, seed: int) -> list[Change]:
    """Return what experiment `name` changes against its parent, after checking it may be run.

    Rule 4 of the contract: seeds are the project's; the first configuration of a rung (on its
    split) has no parent, every later one has; parent and child stand on the same split; exactly
    one dotted leaf of config differs. Trials of tuning, and what came of them, may change several:
    the recorder demands that the trial is recorded.

    Raises:
        ProjectError: `name` is not in the ladder.
        RunError: one of the rules above is broken; the message names the keys or seeds.
    """
    experiment = project.experiment(name)
    allowed = experiment.seeds or project.seeds
    if seed not in project.seeds or seed not in allowed:
        raise RunError(
            f"experiment {name}: seed {seed} was not declared before the run",
            expected=f"one of {allowed}",
            received=str(seed),
            remedy="list the seed in project.yaml, under seeds (and under the experiment's seeds)",
        )
    _check_origin(project, experiment)
    if experiment.parent is None:
        return []
    changes = diff(project.config(experiment.parent), project.config(name))
    if len(changes) != 1 and not experiment.tuned:
        keys = ", ".join(change.key for change in changes) or "no key"
        raise RunError(
            f"experiment {name} changes {len(changes)} keys against its parent {experiment.parent}",
            expected="exactly one dotted leaf of config",
            received=keys,
            remedy="make one experiment of each changed key",
        )
    return changes


def _check_origin(project: Project, experiment: Experiment) -> None:
    """Raise RunError unless the experiment begins its rung or stands on a parent beside it."""
    same = [e for e in project.ladder if (e.rung, e.split) == (experiment.rung, experiment.split)]
    first = same[0].name == experiment.name
    if first and experiment.parent is not None:
        raise RunError(
            f"experiment {experiment.name}: the first run of rung {experiment.rung} has a parent",
            expected="config, and no parent",
            received=f"parent {experiment.parent}",
            remedy="write its config out, or give it the rung of its parent",
        )
    if not first and experiment.parent is None:
        raise RunError(
            f"experiment {experiment.name}: rung {experiment.rung} already begins with "
            f"{same[0].name}, so a second start would hide what was changed",
            expected="parent and change",
            received="config without a parent",
            remedy="name a parent and the one change, or open a rung of its own",
        )
    if experiment.parent is None:
        return
    try:
        parent = project.experiment(experiment.parent)
    except ProjectError as error:
        raise RunError(str(error)) from None
    if parent.split != experiment.split:
        raise RunError(
            f"experiment {experiment.name} changes its split and a key of config at once",
            expected=f"split {parent.split}, as its parent {parent.name}",
            received=f"split {experiment.split}",
            remedy="give it a config without a parent on the other split",
        )
