"""Policies fitted on calib and looked at on another part: whom to answer, at which cost, how sure.

Functions take the part's `y` and `p` and the calib part's; the intervals resample clusters of the
part and hold what was fitted on calib fixed. `resampling` are the keywords of `metrics.ratios`:
clusters, second, units, resamples, level, seed.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from proofolio import metrics
from proofolio.contract import MetricError
from proofolio.decisions.needs import Rows, with_interval
from proofolio.decisions.thresholds import (
    fit_threshold,
    largest_reaching,
    prices,
    share,
    threshold_table,
)
from proofolio.project import DecisionRule

_CLIP = 1e-7


def confidence(p: np.ndarray, threshold: float | None = None) -> np.ndarray:
    """Return (n,) how sure a decision is; the surest is answered first.

    Two classes, p (n,): |logit p - logit threshold|, which at threshold 0.5 orders rows as the
    larger probability does. More classes, p (n, k): the largest probability.
    """
    p = np.asarray(p, dtype=np.float64)
    if p.ndim == 2:
        return p.max(axis=1)
    if threshold is None:
        raise MetricError(
            "the confidence of a decision needs the threshold it was made with",
            expected="a threshold on p (n,)",
            received="None",
            remedy="fit a threshold on calib (decisions.fit_threshold)",
        )
    return np.abs(_logit(p) - _logit(np.float64(threshold)))


def abstention(
    y: np.ndarray,
    decided: np.ndarray,
    sure: np.ndarray,
    calib_sure: np.ndarray,
    targets: Sequence[float],
    *,
    binary: bool,
    **resampling: Any,
) -> Rows:
    """Return what answering only the surest rows gives, per target share of rows to answer.

    The cut is the largest confidence that the target share of calib reaches; rows of the part at
    or above it are answered, the others handed over. Target 1 answers every row.

    Args:
        y: (n,) class codes.
        decided: (n,) class codes decided.
        sure: (n,) confidence, see `confidence`.
        calib_sure: (m,) confidence of the calib rows.
        targets: Shares to answer, each in (0, 1].
        binary: Whether code 1 is the positive class, so that sensitivity has a meaning.
        **resampling: Keywords of `metrics.ratios`.

    Returns:
        Rows target, cut, coverage, n_answered, n_handed_over, risk (share of wrong answers, with
        its interval) and, binary, sensitivity and specificity of the answered; None where no row
        is left.

    Raises:
        MetricError: A target is no share, or calib has no row.
    """
    y, wrong, sure = np.asarray(y), np.asarray(decided) != np.asarray(y), np.asarray(sure)
    cuts = [_cut(np.asarray(calib_sure, dtype=np.float64), target) for target in targets]
    answered = np.stack([sure >= cut for cut in cuts], axis=1)
    risks = metrics.ratios(answered & wrong[:, None], answered, **resampling)
    rows: Rows = []
    for target, cut, column, risk in zip(targets, cuts, answered.T, risks, strict=True):
        n = int(column.sum())
        row = {"target": target, "cut": cut, "coverage": n / len(y), "n_answered": n}
        row |= {"n_handed_over": len(y) - n, **with_interval("risk", risk)}
        for name, code in (("sensitivity", 1), ("specificity", 0)) if binary else ():
            own = column & (y == code)
            row[name] = share(int((own & ~wrong).sum()), int(own.sum()))
        rows.append(row)
    return rows


def cost_table(
    calib_y: np.ndarray,
    calib_p: np.ndarray,
    y: np.ndarray,
    p: np.ndarray,
    pairs: Sequence[tuple[float, float]],
    *,
    amounts: tuple[np.ndarray | None, np.ndarray | None] = (None, None),
    **resampling: Any,
) -> Rows:
    """Return what the threshold that is cheapest on calib costs on the part, per pair of costs.

    Args:
        calib_y: (m,) 1 for positive.
        calib_p: (m,) calibrated probability, or score.
        y: (n,) of the part.
        p: (n,) of the part.
        pairs: [(cost of a miss, cost of a false alarm)], in any one currency.
        amounts: (m,) and (n,) of events; then a miss costs that share of its amount, and every
            alert the second cost, see `prices`.
        **resampling: Keywords of `metrics.ratios`.

    Returns:
        Rows cost_miss, cost_false_alarm, threshold, sensitivity, specificity, misses,
        false_alarms, cost (mean per example, with its interval), treat_all and treat_none (mean
        cost of calling every, or no, example positive).

    Raises:
        MetricError: A cost is not positive, or calib lacks positive rows.
    """
    y, p = np.asarray(y), np.asarray(p, dtype=np.float64)
    rows: Rows = []
    spent = []
    for miss, alarm in map(_costs, pairs):
        rule = DecisionRule(rule="cost", cost_miss=miss, cost_false_alarm=alarm, reason="asked")
        threshold = fit_threshold(calib_y, calib_p, rule, "calib", amount=amounts[0]).threshold
        (at,) = threshold_table(y, p, [threshold])
        row = {"cost_miss": miss, "cost_false_alarm": alarm}
        row |= {key: at[key] for key in ("threshold", "sensitivity", "specificity")}
        passed, flagged = prices(y, miss, alarm, amounts[1])
        spent.append(np.where(p < threshold, passed, flagged))
        row |= {"misses": at["fn"], "false_alarms": at["fp"]}
        rows.append(row | {"treat_all": flagged.mean(), "treat_none": passed.mean()})
    costs = metrics.ratios(np.stack(spent, axis=1), np.ones(len(y)), **resampling)
    for row, cost in zip(rows, costs, strict=True):
        row |= with_interval("cost", cost)
    return rows


def transfer_table(
    calib_y: np.ndarray,
    calib_p: np.ndarray,
    y: np.ndarray,
    p: np.ndarray,
    targets: Sequence[float],
    **resampling: Any,
) -> Rows:
    """Return how thresholds fitted on calib for target sensitivities hold on the part.

    Args: as `cost_table`; `targets` are sensitivities in (0, 1].

    Returns:
        Rows target, threshold, calib_sensitivity, calib_specificity, then sensitivity, specificity
        and accuracy on the part, each with its interval.

    Raises:
        MetricError: A target is no share, or calib lacks positive rows.
    """
    y, p = np.asarray(y), np.asarray(p, dtype=np.float64)
    rows: Rows = []
    for fitted in threshold_table(calib_y, calib_p, targets=targets):
        flagged = p >= fitted["threshold"]
        right = flagged == (y == 1)
        row = {key: fitted[key] for key in ("target", "threshold")}
        row |= {f"calib_{key}": fitted[key] for key in ("sensitivity", "specificity")}
        below = np.stack([y == 1, y == 0, np.ones(len(y), dtype=bool)], axis=1)
        found = metrics.ratios(below & right[:, None], below, **resampling)
        for name, metric in zip(("sensitivity", "specificity", "accuracy"), found, strict=True):
            row |= with_interval(name, metric)
        rows.append(row)
    return rows


def _cut(calib_sure: np.ndarray, target: float) -> float:
    """Return the confidence from which on a row is answered."""
    if not 0 < target <= 1 or not len(calib_sure):
        raise MetricError(
            "a target coverage is no share of calib",
            expected="0 < target <= 1, and rows of calib",
            received=f"{target}, {len(calib_sure)} rows",
            remedy="state parameters.targets as shares of rows to answer",
        )
    return 0.0 if target == 1 else largest_reaching(calib_sure, target)


def _costs(pair: Sequence[float]) -> tuple[float, float]:
    if len(pair) != 2 or not all(np.isfinite(cost) and cost > 0 for cost in pair):
        raise MetricError(
            "a pair of costs is wrong",
            expected="[cost of a miss, cost of a false alarm], both positive",
            received=f"{list(pair)}",
            remedy="state parameters.ratios, for example [[10, 1]]",
        )
    return float(pair[0]), float(pair[1])


def _logit(p: np.ndarray) -> np.ndarray:
    p = np.clip(p, _CLIP, 1 - _CLIP)
    return np.log(p) - np.log1p(-p)
