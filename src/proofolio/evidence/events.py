"""Results about streams of events: what a daily budget of alerts finds, and the spread of folds.

Builders as in `evidence.tables`.
"""

from collections.abc import Sequence

import numpy as np

from proofolio import decisions, metrics, scoring
from proofolio.contract import Layout, Result, RunError
from proofolio.evidence import building
from proofolio.evidence.building import Inputs
from proofolio.project import Project


def budget(layout: Layout, project: Project | None, inputs: Inputs, parameters: Inputs) -> Result:
    """Return what so many alerts a day find; `parameters`: budgets, and the draws'.

    `inputs`: runs (one), part. Each day the best-scored events of its fold are alerted. Rows:
    budget, alerts_per_day, precision and recall with their intervals and, where there are amounts,
    value_share with its interval and value_per_day.

    Raises:
        RunError: The run scores images.
    """
    run, stored, examples = building.one(layout, inputs)
    building.refuse_demonstration(layout, [run])
    part = scoring.join_run(run, stored, examples, inputs["part"])
    if part.rounds is None:
        raise RunError(
            "a daily budget needs days",
            expected="a project of kind events",
            received=f"run {run.id} on examples without days",
            remedy="leave this result out",
        )
    measured = metrics.alert_budgets(
        part.rounds.day,
        part.y,
        part.stored,
        parameters["budgets"],
        amount=part.amount,
        **part.grouping,
        **building.drawn(parameters),
    )
    days = len(np.unique(part.rounds.day))
    lost = None if part.amount is None else float(part.y @ part.amount) / days
    sizes = np.unique(part.rounds.day, return_counts=True)[1]
    rows = []
    for size, found in zip(parameters["budgets"], measured, strict=True):
        row = {"budget": size, "alerts_per_day": float(np.minimum(sizes, size).mean())}
        for name, metric in found.items():
            row |= decisions.with_interval(name, metric)
        if lost is not None:
            share = found["value_share"].value
            row["value_per_day"] = None if share is None else share * lost
        rows.append(row)
    lead = building.counted(part.rows, measured[0]["precision"].method)
    lead["level"] = parameters["level"]
    return building.result("budget", inputs, parameters, lead, rows)


def fold_spread(
    names: Sequence[str], data: Sequence[scoring.Joined], thresholds: Sequence[float | None]
) -> dict[str, Inputs]:
    """Return each metric's spread over the folds of events, its values being means over seeds.

    `fold_sd` is the population standard deviation, as the Fraud Detection Handbook reports it.
    Images have no such folds: nothing is returned.
    """
    rounds = data[0].rounds
    if rounds is None:
        return {}
    clusters = data[0].grouping["clusters"]
    each = [
        metrics.fold_values(
            names, d.y, d.calibrated, clusters, rounds, raw=d.stored, threshold=threshold
        )
        for d, threshold in zip(data, thresholds, strict=True)
    ]
    told = {}
    for name in names:
        values = np.mean([found[name] for found in each], axis=0)
        told[name] = {"folds": len(values), "fold_sd": float(np.std(values))}
        told[name] |= {"fold_min": float(values.min()), "fold_max": float(values.max())}
    return told


def per_day(part: scoring.Joined, threshold: float, parameters: Inputs) -> Inputs:
    """Return what a threshold does a day: alerts and, where events have amounts, value and cost.

    `parameters`: cost_miss, the share of a missed amount that is lost, and investigation, the price
    of an alert. Nothing is returned for images.
    """
    if part.rounds is None:
        return {}
    days, flagged = len(np.unique(part.rounds.day)), part.calibrated >= threshold
    told = {"alerts_per_day": float(flagged.sum()) / days}
    if part.amount is None:
        return told
    value = part.y * part.amount
    passed, looked = decisions.prices(
        part.y, parameters["cost_miss"], parameters["investigation"], part.amount
    )
    told["value_share"] = float(value[flagged].sum() / value.sum()) if value.sum() else None
    told["value_per_day"] = float(value[flagged].sum()) / days
    return told | {"cost_per_day": float(np.where(flagged, looked, passed).sum()) / days}
