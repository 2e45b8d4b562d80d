"""The threshold on the calibrated probability of the positive class, and what thresholds do."""

from collections.abc import Sequence

import numpy as np

from proofolio.contract import Decision, MetricError
from proofolio.decisions.needs import Rows, need_classes
from proofolio.metrics import value
from proofolio.project import DecisionRule

_SLACK = 1e-9  # relative; a row on the threshold stays on its side where exp() differs by one bit


def rule_text(rule: DecisionRule) -> str:
    """Return the rule as recorded in a run: its name, then the numbers it was fitted with."""
    if rule.rule == "sensitivity":
        return f"sensitivity {rule.target:g}"
    if rule.rule == "cost":
        return f"cost {rule.cost_miss:g}:{rule.cost_false_alarm:g}"
    if rule.rule == "budget":
        return f"budget {rule.target:g}" if rule.target else "budget"
    return "argmax"


def fit_threshold(
    y: np.ndarray,
    p: np.ndarray,
    rule: DecisionRule,
    part: str,
    *,
    amount: np.ndarray | None = None,
    days: int | None = None,
) -> Decision:
    """Return the threshold on calibrated `p` (n,) that the rule gives; p >= threshold is positive.

    `sensitivity`: the largest threshold that reaches the target (less a relative 1e-9, so that the
    row standing on it is positive on every machine). `cost`: the least cost_miss * misses +
    cost_false_alarm * false alarms; equally cheap neighbouring thresholds give their midpoint, the
    widest such stretch first; of rows with an `amount` (n,) a miss costs cost_miss * amount, and
    every alert, right or wrong, cost_false_alarm. `budget`: the middle between the last row that
    `target` alerts on each of so many `days` reach and the next. `argmax`: 0.5, fitted on nothing.

    Raises:
        MetricError: without rows of the positive class, or for a target outside (0, 1].
    """
    text = rule_text(rule) if rule.rule != "sensitivity" or rule.target else "sensitivity"
    if rule.rule == "argmax":
        return Decision(threshold=0.5, rule=text, fitted_on=None)
    y, p = np.asarray(y), np.asarray(p, dtype=np.float64)
    need_classes(y, f"a threshold by {rule.rule} on part {part}", (1,))
    value("accuracy", y, p)  # refuses wrong shapes and scores that are not finite
    if rule.rule == "cost":
        threshold = _cheapest(p, *prices(y, rule.cost_miss, rule.cost_false_alarm, amount))
    elif rule.rule == "budget":
        (threshold,) = budget_thresholds(p, [rule.target], days)
    else:
        threshold = largest_reaching(p[y == 1], rule.target)
    return Decision(threshold=threshold, rule=text, fitted_on=part)


def threshold_table(
    y: np.ndarray,
    p: np.ndarray,
    thresholds: Sequence[float] | None = None,
    *,
    targets: Sequence[float] | None = None,
) -> Rows:
    """Return one row of counts and rates per threshold, or per target sensitivity.

    Columns: target, threshold, tp, fp, fn, tn, sensitivity, specificity, precision, flagged (share
    of rows at or above the threshold). A rate without a denominator is None.
    """
    y, p = np.asarray(y), np.asarray(p, dtype=np.float64)
    if targets is not None:
        need_classes(y, "a threshold by sensitivity", (1,))
        pairs = [(t, largest_reaching(p[y == 1], t)) for t in targets]
    else:
        pairs = [(None, t) for t in thresholds or ()]
    rows: Rows = []
    for target, threshold in pairs:
        flagged = p >= threshold
        tp, fp = int((flagged & (y == 1)).sum()), int((flagged & (y == 0)).sum())
        fn, tn = int((y == 1).sum()) - tp, int((y == 0).sum()) - fp
        row = {"target": target, "threshold": float(threshold), "tp": tp, "fp": fp}
        row |= {"fn": fn, "tn": tn, "sensitivity": share(tp, tp + fn)}
        row |= {"specificity": share(tn, tn + fp), "precision": share(tp, tp + fp)}
        rows.append(row | {"flagged": share(tp + fp, len(y))})
    return rows


def largest_reaching(positives: np.ndarray, target: float | None) -> float:
    """Return the largest threshold at which the share of `positives` at or above is >= target."""
    if target is None or not 0 < target <= 1:
        raise MetricError(
            "the target sensitivity is no share",
            expected="0 < target <= 1",
            received=f"{target}",
            remedy="state decision.target in project.yaml",
        )
    needed = int(np.ceil(target * len(positives) - 1e-9))  # 0.95 * 20 is 19, not 19.000000000000004
    reached = float(np.sort(positives)[len(positives) - max(needed, 1)])
    return reached - _SLACK * abs(reached)


def budget_thresholds(
    p: np.ndarray, alerts: Sequence[float | None], days: int | None
) -> list[float]:
    """Return the thresholds that give at most so many alerts a day on average, one for each.

    Each lies in the middle between the last row of `p` (n,) that is alerted and the next; where not
    even the best tie is affordable, above every row.

    Raises:
        MetricError: A number of alerts that is not above 0, or no days.
    """
    if not (days and all(a and a > 0 for a in alerts)):
        raise MetricError(
            "a daily budget of alerts cannot be fitted",
            expected="target, alerts a day above 0, and events with days",
            received=f"target {', '.join(map(str, alerts))}, days {days}",
            remedy="state decision.target in project.yaml, or use another rule",
        )
    levels, sizes = np.unique(p, return_counts=True)
    flagged = np.cumsum(sizes[::-1])[::-1]  # alerts with the threshold at each level, falling
    lowest = len(levels) - np.searchsorted(flagged[::-1], [a * days for a in alerts], "right")
    middles = np.append((levels + levels[np.maximum(np.arange(len(levels)) - 1, 0)]) / 2,
                        np.nextafter(levels[-1], np.inf))  # fmt: skip
    return middles[lowest].tolist()


def prices(
    y: np.ndarray, miss: float, false_alarm: float, amount: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Return what each row costs where it is passed (n,), and where it is flagged (n,).

    Without amounts a miss costs `miss` and a false alarm `false_alarm`. With them, a miss costs
    that share of its amount, and every flagged row is looked into, the right ones too.
    """
    positive = np.asarray(y) == 1
    if amount is None:
        return miss * positive, false_alarm * ~positive
    return miss * positive * amount, np.full(len(positive), float(false_alarm))


def _cheapest(p: np.ndarray, missed: np.ndarray, flagged: np.ndarray) -> float:
    """Return the middle of the widest stretch of thresholds with the least cost."""
    levels, group = np.unique(p, return_inverse=True)
    misses = np.append(0, np.cumsum(np.bincount(group, weights=missed)))
    alarms = np.append(np.cumsum(np.bincount(group, weights=flagged)[::-1])[::-1], 0)
    cost = misses + alarms  # of a threshold in (edge[i], edge[i + 1]]
    top = 1.0 if levels[-1] < 1 else levels[-1] + 1  # above every score: never positive
    edges = np.concatenate([[min(0.0, levels[0])], levels, [top]])
    best = cost <= cost.min() + 1e-12 * max(abs(cost.min()), 1)
    starts = np.flatnonzero(best & ~np.append(False, best[:-1]))
    ends = np.flatnonzero(best & ~np.append(best[1:], False)) + 1
    widest = int(np.argmax(edges[ends] - edges[starts]))
    return float((edges[starts[widest]] + edges[ends[widest]]) / 2)


def share(part: int, whole: int) -> float | None:
    """Return part / whole, None where there is nothing to divide by."""
    return part / whole if whole else None
