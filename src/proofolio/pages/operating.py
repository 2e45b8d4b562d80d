"""What alerts on events find and cost at a few hundred points, from stored predictions.

Two ways to alert: every event at or above one threshold, or so many events each day, the
best-scored first, as the result `budget` counts them.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from proofolio import decisions, metrics, scoring
from proofolio.contract import Run
from proofolio.evidence import building, standing
from proofolio.figures import Facts
from proofolio.project import DecisionRule

FURTHEST = 10  # the curve goes to so many times the alerts of the decision in use
_STEPS = 250
_DECIMALS = 2  # thresholds on probabilities stand on a grid of hundredths, besides
ROUND = (1, 2, 5, 10, 20, 30, 50, 75, 100, 150, 200, 300, 500, 1000, 2000, 5000, 10_000)


@dataclass(frozen=True)
class Curve:
    """The points of one way to alert, fewest alerts first; sums over all days of a part.

    `rows` holds alerts, found (positives among them), value (their amount) and threshold: the one
    applied, or the median over days of the lowest score alerted. `in_use` is the position of the
    recorded decision, None where there is none.
    """

    rows: pd.DataFrame
    in_use: int | None


@dataclass(frozen=True)
class Part:
    """One part of a run's predictions: its curves by way to alert, and its totals."""

    days: int
    events: int
    positives: int
    value: float | None  # the amount of all positives; None without amounts
    curves: dict[str, Curve]


def read(facts: Facts) -> dict[str, Part]:
    """Return the operating curves of the chosen run by part, test only once it was opened.

    Empty where no run of events on two classes is chosen, or its predictions are not kept.

    Raises:
        SealError: Test was not opened for the run.
    """
    run = facts.chosen
    if facts.project.kind != "events" or run is None or run.positive_class is None:
        return {}
    if run.predictions != "kept":
        return {}
    joined = {part: building.joined(facts.layout, [run], part)[0] for part in facts.parts}
    budgets = _budgets(joined["val"], run, facts.project.decision)
    thresholds = _thresholds(joined["val"], run, budgets)
    usual = _usual(joined["val"], run, facts.project.decision)
    return {part: _part(data, run, thresholds, budgets, usual) for part, data in joined.items()}


def per_day(part: Part, rows: pd.DataFrame, rule: DecisionRule) -> pd.DataFrame:
    """Return what readers see of points: rates, and alerts, value and cost a day.

    The cost is that of `decisions.prices`: with amounts, the share `cost_miss` of every amount
    missed and `cost_false_alarm` for every alert; without, so much for a miss and a false alarm.
    """
    alerts, found = rows["alerts"], rows["found"]
    told = pd.DataFrame({"alerts_per_day": alerts / part.days, "threshold": rows["threshold"]})
    told["precision"] = found / alerts.where(alerts > 0)
    told["recall"] = found / part.positives if part.positives else np.nan
    missed, looked = part.positives - found, alerts - found
    if part.value is not None:
        told["value_share"] = rows["value"] / part.value if part.value else np.nan
        told["value_per_day"] = rows["value"] / part.days
        missed, looked = part.value - rows["value"], alerts
    told["cost_per_day"] = (rule.cost_miss * missed + rule.cost_false_alarm * looked) / part.days
    return told


def _part(
    data: scoring.Joined, run: Run, thresholds: np.ndarray, budgets: np.ndarray, usual: float | None
) -> Part:
    value = None if data.amount is None else float(data.y @ data.amount)
    return Part(
        days=len(np.unique(data.rounds.day)),
        events=len(data.y),
        positives=int(data.y.sum()),
        value=value,
        curves={
            "threshold": _by_threshold(data, run, thresholds),
            "daily": _by_day(data, budgets, usual),
        },
    )


def _by_threshold(data: scoring.Joined, run: Run, thresholds: np.ndarray) -> Curve:
    flagged = len(data.y) - np.searchsorted(np.sort(data.calibrated), thresholds)
    sums = np.zeros((len(thresholds), 3))
    some = flagged > 0
    if some.any():  # no tie is cut: a threshold flags all rows of a score, or none
        one = np.zeros(len(data.y), dtype=int)
        sums[some] = _sums(data, one, data.calibrated, flagged[some])
    at = np.flatnonzero(thresholds == _in_use(run))
    return Curve(_frame(sums, thresholds), int(at[0]) if len(at) else None)


def _by_day(data: scoring.Joined, budgets: np.ndarray, usual: float | None) -> Curve:
    day = data.rounds.day
    sums = _sums(data, day, data.stored, budgets)
    lowest = []
    for today in np.unique(day):
        best = np.sort(data.calibrated[day == today])[::-1]
        lowest.append(best[np.minimum(budgets, len(best)) - 1])
    at = None if usual is None else int(np.argmin(abs(sums[:, 0] / len(lowest) - usual)))
    return Curve(_frame(sums, np.median(lowest, axis=0)).assign(budget=budgets), at)


def _sums(
    data: scoring.Joined, day: np.ndarray, score: np.ndarray, budgets: np.ndarray
) -> np.ndarray:
    return metrics.alerted_sums(day, data.y, score, budgets, amount=data.amount)


def _frame(sums: np.ndarray, thresholds: np.ndarray) -> pd.DataFrame:
    told: dict[str, Any] = {"alerts": sums[:, 0], "found": sums[:, 1], "value": sums[:, 2]}
    return pd.DataFrame(told | {"threshold": thresholds})


def _in_use(run: Run) -> float | None:
    return run.decision.threshold if run.decision else None


def _usual(val: scoring.Joined, run: Run, rule: DecisionRule) -> float | None:
    """Return the alerts a day of the decision in use: those asked for, or those given on val."""
    if rule.rule == "budget" and rule.target:
        return rule.target
    if _in_use(run) is None:
        return None
    return float((val.calibrated >= _in_use(run)).sum() / len(np.unique(val.rounds.day)))


def _budgets(val: scoring.Joined, run: Run, rule: DecisionRule) -> np.ndarray:
    """Return whole numbers of alerts a day, denser where they are few, with the recorded ones."""
    recorded = standing.SETTINGS["budget"]["budgets"]
    usual = _usual(val, run, rule) or max(recorded)
    busiest = np.unique(val.rounds.day, return_counts=True)[1].max()
    most = max(min(busiest, max(FURTHEST * usual, *recorded)), 1)
    steps = np.round(np.geomspace(1, most, _STEPS))
    kept = {*steps, *(b for b in (*ROUND, *recorded, round(usual)) if 1 <= b <= most)}
    return np.array(sorted(kept), dtype=int)


def _thresholds(val: scoring.Joined, run: Run, budgets: np.ndarray) -> np.ndarray:
    """Return thresholds fitted on val, the highest first: the same are tried on every part."""
    days = len(np.unique(val.rounds.day))
    found = {*decisions.budget_thresholds(val.calibrated, budgets.tolist(), days)}
    if not val.is_score:
        steps = 10**_DECIMALS
        found |= {round(k / steps, _DECIMALS) for k in range(1, steps)}
    tried = np.array(sorted(found, reverse=True))
    flagged = len(val.y) - np.searchsorted(np.sort(val.calibrated), tried)
    kept = set(tried[(flagged > 0) & (flagged <= budgets[-1] * days)])
    kept = kept or {float(val.calibrated.min())}  # one tie beyond every budget: all or nothing
    in_use = _in_use(run)
    return np.array(sorted(kept | ({in_use} - {None}), reverse=True))
