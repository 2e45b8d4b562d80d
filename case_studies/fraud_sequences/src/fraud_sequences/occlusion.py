"""Reasons of the network over sequences: how far its log-odds fall without a group of inputs.

Groups are those of the features. The event's own step says some of them once more: its amount, its
hour, its day; both are replaced by what is typical of train. `past payments` is the whole history
taken out. The weights of every fold lie in the work folder of the machine that trained the run.
"""

from typing import Any

import numpy as np
import pandas as pd
from proofolio import table
from proofolio.contract import Layout, Run, RunError
from proofolio.project import Project
from proofolio_torch.events import reasons
from proofolio_torch.events.histories import Batch

from fraud_sequences import again, features, models

PAST, GAP = "past payments", "time since the last"
STEP = {  # group: columns of the event's own step that say the same
    "amount": ("amount", "amount_log"),
    "weekend": ("weekday_sin", "weekday_cos"),
    "night": ("hour_sin", "hour_cos"),
    GAP: ("gap", "first"),
}
NEAR = 0.02  # of the recorded probabilities: they may come from another device or half precision
_ROWS = 4096  # of one call


def told(
    layout: Layout, author: Project, run: Run, fold: int, alerts: pd.DataFrame
) -> tuple[list[str], np.ndarray, str, float]:
    """Return groups, their drops of the calibrated log-odds (n, g), the method, and the parity.

    Raises:
        RunError: the weights are not here, or score otherwise than recorded.
    """
    stream = features.Stream(author, table.read(layout))
    study = again.study(layout, author, stream, run, fold)
    k, own = run.config["k"], run.config["features"]
    train = study.sequences("train", k, own=own)
    histories, score = train.histories, _network(study, run, train)
    batch = histories.batch(histories.rows(alerts["id"]))
    names = stream.features(run.config["days"])[0] if own else []
    typical = (
        np.median(histories.last(train.rows), axis=0),
        np.median(histories.own[train.rows], axis=0),
    )
    full = score(batch)
    scale = (run.calibration.temperature if run.calibration else None) or 1.0
    scored = histories.batch(study.sequences("scored", k, own=own).rows)
    made = study.outcome(1 / (1 + np.exp(-score(scored))), None).predictions
    parity = again.compared("network", layout, run, fold, made, NEAR)["max_difference_top"]
    groups = reasons.groups(names) | {GAP: []}
    groups |= {name: [] for name in STEP if name not in groups}
    drops = [full - score(without(batch, own, name, histories.names, typical))
             for name, own in groups.items()]  # fmt: skip
    drops.append(full - score(alone(batch, histories.names)))
    method = "fall of the calibrated log-odds when a group takes its median of train (occlusion)"
    return [*groups, PAST], np.column_stack(drops) / scale, method, parity


def alone(batch: Batch, names: tuple[str, ...]) -> Batch:
    """Return a batch whose events are their entity's first."""
    steps = np.zeros_like(batch.steps)
    steps[:, 0] = batch.steps[np.arange(len(steps)), batch.length - 1]
    steps[:, 0, names.index("gap")], steps[:, 0, names.index("first")] = 0, 1
    return Batch(steps, np.ones_like(batch.length), batch.own)


def without(
    batch: Batch, own: list[int], group: str, names: tuple[str, ...], typical: Any
) -> Batch:
    """Return a batch with one group at its typical value, in features and in the own step."""
    steps, features = batch.steps.copy(), batch.own.copy()
    event = np.arange(len(steps)), batch.length - 1
    for column in (names.index(name) for name in STEP.get(group, ())):
        steps[(*event, column)] = typical[0][column]
    features[:, own] = typical[1][own]
    return Batch(steps, batch.length, features)


def _network(study: Any, run: Run, train: Any) -> Any:
    """Return the fold's network as a function: batch (numpy) to the model's own log-odds (n,)."""
    import torch
    from proofolio_torch import export, job
    from proofolio_torch.events.sequences import Scale

    path = study.run.work / job.BEST
    if not path.is_file():
        raise RunError(
            f"the weights of run {run.id} are not on this machine",
            expected=path.relative_to(study.layout.root).as_posix(),
            received="no file; the run's fitted.safetensors are the newest fold's, which scored "
            "no validation week",
            remedy=f"explain where the run was trained, or train --only {run.name} --again",
        )
    model = export.load(models.recurrent(study), path).eval()
    scale, positive = Scale.of(train.histories, train.rows), study.positive

    def score(batch: Batch) -> np.ndarray:
        rows, found = len(batch.length), []
        with torch.no_grad():
            for first in range(0, rows, _ROWS):
                part = Batch(*(torch.from_numpy(a[first : first + _ROWS]) for a in batch))
                found.append(model(scale(part)).double().numpy())
        logits = np.concatenate(found)
        return logits[:, positive] - logits[:, 1 - positive]

    return score
