"""Curves over every threshold or confidence: net benefit, and the error rate of the surest."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from proofolio import metrics
from proofolio.contract import MetricError
from proofolio.decisions.needs import Rows, with_interval


def decision_curve(y: np.ndarray, p: np.ndarray, grid: Sequence[float], **resampling: Any) -> Rows:
    """Return net benefit against treating all and none, per threshold probability t of `grid`.

    Net benefit = TP/n - FP/n * t / (1 - t) (Vickers and Elkin, 2006); every t in [0, 1).
    Columns: threshold, model, treat_all, treat_none; with `resampling`, the keywords of
    `metrics.ratios`, also model_ci_low and model_ci_high.
    """
    y, p, grid = np.asarray(y), np.asarray(p, dtype=np.float64), np.asarray(grid, dtype=float)
    if not len(grid) or ((grid < 0) | (grid >= 1)).any():
        raise MetricError(
            "a threshold probability of a decision curve leaves [0, 1)",
            expected="0 <= t < 1, at least one",
            received=f"{grid.min():g} to {grid.max():g}" if len(grid) else "none",
            remedy="use, for example, numpy.linspace(0, 0.99, 100)",
        )
    gain = np.where(y[:, None] == 1, 1.0, -grid / (1 - grid))  # (n, grid), if all are treated
    treated = gain * (p[:, None] >= grid)
    rows: Rows = [
        {"threshold": t, "model": model, "treat_all": treat_all, "treat_none": 0.0}
        for t, model, treat_all in zip(
            grid.tolist(), treated.mean(axis=0).tolist(), gain.mean(axis=0).tolist(), strict=True
        )
    ]
    if resampling:
        drawn = metrics.ratios(treated, np.ones(len(y)), **resampling)
        for row, metric in zip(rows, drawn, strict=True):
            row |= with_interval("model", metric)
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
