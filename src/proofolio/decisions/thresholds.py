"""From probability to action: temperature, threshold, and the tables that show the trade-off.

Temperature and threshold are fitted on the part calib, never on test. Binary functions take `p`
(n,), the probability of the positive class, and `y` (n,) with 1 for positive; a scorer without
probabilities passes its score as `p`.
"""

from collections.abc import Sequence

import numpy as np

from proofolio.contract import Calibration, Decision, MetricError
from proofolio.metrics import value
from proofolio.project import DecisionRule

_CLIP = 1e-7
_LARGEST_TEMPERATURE = 20.0  # a separable calib part would drive T to 0, hence p to certainty
_SLACK = 1e-9  # relative; a row on the threshold stays on its side where exp() differs by one bit

Rows = list[dict[str, float | int | None]]


def fit_temperature(y: np.ndarray, p: np.ndarray) -> float:
    """Return the temperature T > 0 that minimises the log loss of softmax(log p / T).

    Source: Guo et al., 2017, "On calibration of modern neural networks". scikit-learn offers the
    same fit only inside CalibratedClassifierCV, around an estimator; we have stored probabilities.

    Args:
        y: (n,) class codes.
        p: (n,) probability of the positive class, or (n, k).

    Returns:
        T in [1/20, 20]; 1 where no other value is better.

    Raises:
        MetricError: for unfit input, and for two classes where only one occurs.
    """
    from scipy.optimize import minimize_scalar

    name = "log_loss"
    if np.ndim(p) == 1:
        _need_classes(y, "a temperature", (0, 1))
    unchanged = value(name, y, p)
    bound = np.log(_LARGEST_TEMPERATURE)
    found = minimize_scalar(
        lambda log_t: value(name, y, _scaled(p, float(np.exp(log_t)))),
        bounds=(-bound, bound),
        method="bounded",
        options={"xatol": 1e-8},
    )
    return float(np.exp(found.x)) if found.fun < unchanged - 1e-12 else 1.0


def calibrate(p: np.ndarray, calibration: Calibration | None) -> np.ndarray:
    """Return calibrated float64 probabilities, same shape as `p` (n,) or (n, k).

    Two classes: sigmoid(logit(p) / T); more: softmax(log p / T). No calibration or method "none"
    returns the values unchanged.
    """
    p = np.asarray(p, dtype=np.float64)
    if calibration is None or calibration.method == "none":
        return p
    return _scaled(p, calibration.temperature)


def rule_text(rule: DecisionRule) -> str:
    """Return the rule as recorded in a run: its name, then the numbers it was fitted with."""
    if rule.rule == "sensitivity":
        return f"sensitivity {rule.target:g}"
    if rule.rule == "cost":
        return f"cost {rule.cost_miss:g}:{rule.cost_false_alarm:g}"
    return "argmax"


def fit_threshold(y: np.ndarray, p: np.ndarray, rule: DecisionRule, part: str) -> Decision:
    """Return the threshold on calibrated `p` (n,) that the rule gives; p >= threshold is positive.

    `sensitivity`: the largest threshold that reaches the target (less a relative 1e-9, so that the
    row standing on it is positive on every machine). `cost`: the least cost_miss * misses +
    cost_false_alarm * false alarms; equally cheap neighbouring thresholds give their midpoint, the
    widest such stretch first. `argmax`: 0.5, which is fitted on nothing.

    Raises:
        MetricError: without rows of the positive class, or for a target outside (0, 1].
    """
    text = rule_text(rule) if rule.rule != "sensitivity" or rule.target else "sensitivity"
    if rule.rule == "argmax":
        return Decision(threshold=0.5, rule=text, fitted_on=None)
    y, p = np.asarray(y), np.asarray(p, dtype=np.float64)
    _need_classes(y, f"a threshold by {rule.rule} on part {part}", (1,))
    value("accuracy", y, p)  # refuses wrong shapes and scores that are not finite
    if rule.rule == "cost":
        threshold = _cheapest(y, p, rule.cost_miss, rule.cost_false_alarm)
    else:
        threshold = _sensitive(p[y == 1], rule.target)
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
        _need_classes(y, "a threshold by sensitivity", (1,))
        pairs = [(t, _sensitive(p[y == 1], t)) for t in targets]
    else:
        pairs = [(None, t) for t in thresholds or ()]
    rows: Rows = []
    for target, threshold in pairs:
        flagged = p >= threshold
        tp, fp = int((flagged & (y == 1)).sum()), int((flagged & (y == 0)).sum())
        fn, tn = int((y == 1).sum()) - tp, int((y == 0).sum()) - fp
        row = {"target": target, "threshold": float(threshold), "tp": tp, "fp": fp}
        row |= {"fn": fn, "tn": tn, "sensitivity": _share(tp, tp + fn)}
        row |= {"specificity": _share(tn, tn + fp), "precision": _share(tp, tp + fp)}
        rows.append(row | {"flagged": _share(tp + fp, len(y))})
    return rows


def decision_curve(y: np.ndarray, p: np.ndarray, grid: Sequence[float]) -> Rows:
    """Return net benefit against treating all and none, per threshold probability t of `grid`.

    Net benefit = TP/n - FP/n * t / (1 - t) (Vickers and Elkin, 2006); every t in [0, 1).
    Columns: threshold, model, treat_all, treat_none.
    """
    y, p, grid = np.asarray(y), np.asarray(p, dtype=np.float64), np.asarray(grid, dtype=float)
    if ((grid < 0) | (grid >= 1)).any():
        raise MetricError(
            "a threshold probability of a decision curve leaves [0, 1)",
            expected="0 <= t < 1",
            received=f"{grid.min():g} to {grid.max():g}",
            remedy="use, for example, numpy.linspace(0, 0.99, 100)",
        )
    rows: Rows = []
    for t in grid.tolist():
        gain = np.where(y == 1, 1.0, -t / (1 - t))
        row = {"threshold": t, "model": float(np.mean(gain * (p >= t)))}
        rows.append(row | {"treat_all": float(np.mean(gain)), "treat_none": 0.0})
    return rows


def risk_coverage(y: np.ndarray, p: np.ndarray) -> Rows:
    """Return the error rate among the most confident rows, at each distinct confidence.

    Confidence is the largest class probability, p of (n,) or (n, k); rows of equal confidence are
    answered together. Columns: coverage, risk, confidence; ascending coverage, the last row is 1.
    """
    p = np.asarray(p, dtype=np.float64)
    table = np.stack([1 - p, p], axis=1) if p.ndim == 1 else p
    decided = (p >= 0.5).astype(int) if p.ndim == 1 else np.argmax(p, axis=1)
    confidence, wrong = table.max(axis=1), decided != np.asarray(y)
    order = np.argsort(-confidence, kind="stable")
    last = np.flatnonzero(np.append(np.diff(confidence[order]) != 0, True))
    errors = np.cumsum(wrong[order])[last]
    return [
        {"coverage": (i + 1) / len(p), "risk": e / (i + 1), "confidence": float(c)}
        for i, e, c in zip(last.tolist(), errors.tolist(), confidence[order][last], strict=True)
    ]


def _scaled(p: np.ndarray, temperature: float) -> np.ndarray:
    """Return softmax(log p / T) along the classes; (n,) is taken as (1 - p, p)."""
    p = np.clip(np.asarray(p, dtype=np.float64), _CLIP, 1 - _CLIP)
    if p.ndim == 1:
        return 1 / (1 + np.exp(-(np.log(p) - np.log1p(-p)) / temperature))
    logits = np.log(p) / temperature
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def _sensitive(positives: np.ndarray, target: float | None) -> float:
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


def _cheapest(y: np.ndarray, p: np.ndarray, miss: float, false_alarm: float) -> float:
    """Return the middle of the widest stretch of thresholds with the least cost."""
    levels, group = np.unique(p, return_inverse=True)
    positives = np.bincount(group, weights=y == 1)
    negatives = np.bincount(group, weights=y == 0)
    misses = np.concatenate([[0], np.cumsum(positives)])  # threshold in (edge[i], edge[i + 1]]
    alarms = np.concatenate([np.cumsum(negatives[::-1])[::-1], [0]])
    cost = miss * misses + false_alarm * alarms
    top = 1.0 if levels[-1] < 1 else levels[-1] + 1  # above every score: never positive
    edges = np.concatenate([[min(0.0, levels[0])], levels, [top]])
    best = cost <= cost.min() + 1e-12 * max(abs(cost.min()), 1)
    starts = np.flatnonzero(best & ~np.append(False, best[:-1]))
    ends = np.flatnonzero(best & ~np.append(best[1:], False)) + 1
    widest = int(np.argmax(edges[ends] - edges[starts]))
    return float((edges[starts[widest]] + edges[ends[widest]]) / 2)


def _need_classes(y: np.ndarray, what: str, needed: tuple[int, ...]) -> None:
    """Raise MetricError where a class that is needed does not occur in `y`."""
    names = {0: "negative", 1: "positive"}
    missing = [names[c] for c in needed if not (np.asarray(y) == c).any()]
    if missing:
        raise MetricError(
            f"{what} cannot be fitted: no rows of the {' or '.join(missing)} class",
            expected=f"at least one row of each: {', '.join(names[c] for c in needed)}",
            received=f"{len(y)} rows, none {missing[0]}",
            remedy="enlarge calib, or stratify the split by label",
        )


def _share(part: int, whole: int) -> float | None:
    """Return part / whole, None where there is nothing to divide by."""
    return part / whole if whole else None
