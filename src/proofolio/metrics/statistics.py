"""All metrics of one set of scores, prepared once and evaluated for many weightings."""

from collections.abc import Sequence

import numpy as np

from proofolio.contract import MetricError
from proofolio.metrics import inputs
from proofolio.metrics.catalogue import PROBABILITY, RANKING, UNDEFINED, base, uses_calibrated
from proofolio.metrics.counting import Counts, Decided
from proofolio.metrics.probability import CalibrationError, MeanLoss, losses
from proofolio.metrics.ranking import Ranking
from proofolio.metrics.resampling import Clustering, Draws, Once, at_once
from proofolio.metrics.sweep import Sweep


class Statistics:
    """The metrics `names` of one set of scores, as a function of how often clusters are drawn."""

    def __init__(
        self,
        names: Sequence[str],
        y: np.ndarray,
        scores: np.ndarray,
        groups: Clustering,
        *,
        raw: np.ndarray | None = None,
        threshold: float | None = 0.5,
    ) -> None:
        """Check the inputs and sort.

        Args:
            names: metrics asked for; ranking and `_raw` metrics read `raw`, the others `scores`.
            y: (n,) class codes; two classes: 1 = positive.
            scores: (n,) or (n, k), calibrated where there is a calibration.
            groups: the clusters of the rows.
            raw: the stored scores, same shape; None where they are the same.
            threshold: a row with `scores` (n,) at or above it is decided positive; multiclass
                decisions take the largest score and need none.

        Raises:
            MetricError: unknown or unfit metric, wrong shape or length, scores not finite.
        """
        self.names, self.n = tuple(names), len(groups)
        y, scores, raw = inputs.checked(self.names, y, scores, raw)
        counted = [n for n in self.names if base(n) not in (*RANKING, *PROBABILITY)]
        if counted and scores.ndim == 1 and threshold is None:
            raise MetricError(
                f"{counted[0]} needs a decision",
                expected="a threshold on the score of the positive class",
                received="None",
                remedy="fit a threshold on calib (decisions.fit_threshold)",
            )
        stored = Sweep(groups, _order(raw))
        calibrated = stored  # calibration keeps the order of two classes
        if scores.ndim == 2 or (np.diff(scores[stored.order]) < 0).any():
            calibrated = Sweep(groups, _order(scores))
        self._metrics = []  # (metric, its sweep, the names it is asked for)
        self._ranked = set(self.names) & set(RANKING)
        self._ranking = Ranking(y, raw, groups) if self._ranked else None
        if counted and scores.ndim == 1:
            decided = Decided(y, scores, threshold, calibrated)
            self._metrics.append((decided, calibrated, set(counted)))
        self._counts = Counts(y, scores, groups) if counted and scores.ndim == 2 else None
        self._counted = set(counted)
        for name in self.names:
            p, sweep = (scores, calibrated) if uses_calibrated(name) else (raw, stored)
            if base(name) == "ece":
                self._metrics.append((CalibrationError(name, y, p, sweep), sweep, {name}))
            elif base(name) in PROBABILITY:
                rows = losses(base(name), y, p)
                self._metrics.append((MeanLoss(name, rows, sweep), sweep, {name}))

    def __call__(self, draws: Draws) -> np.ndarray:
        """Return (b, metrics) for b weightings; NaN where a metric is undefined."""
        sums = {sweep: sweep(draws) for sweep in {sweep for _, sweep, _ in self._metrics}}
        found = {} if self._counts is None else self._counts(draws, self._counted)
        if self._ranking is not None:
            found |= self._ranking(draws, self._ranked)
        for metric, sweep, names in self._metrics:
            found |= metric(draws, sums[sweep], names)
        return np.stack([found[name] for name in self.names], axis=1)


def _order(scores: np.ndarray) -> np.ndarray:
    """Return the rows by score, lowest first; of several classes by the largest score."""
    return np.argsort(scores if scores.ndim == 1 else scores.max(axis=1), kind="stable")


def value(
    name: str,
    y: np.ndarray,
    scores: np.ndarray,
    *,
    weights: np.ndarray | None = None,
    threshold: float = 0.5,
) -> float | np.ndarray:
    """Return one metric of one set of scores.

    Args:
        name: one of NAMES; `_raw` names the same function (pass uncalibrated scores).
        y: (n,) class codes; two classes: 1 = positive.
        scores: (n,) score or probability of the positive class, or (n, k) in class order.
        weights: None, or (B, n) non-negative, one weighting (say, a resample's counts) per line.
        threshold: two classes: at or above it a row is decided positive.

    Returns:
        A float; with weights (B,), NaN on lines where the metric is undefined.

    Raises:
        MetricError: for unfit input, and, without weights, where the metric is undefined.
    """
    n = len(y)
    groups = Clustering((np.arange(n),), (n,))
    statistics = Statistics([name], y, scores, groups, threshold=threshold)
    if weights is None:
        result = float(statistics(Once(groups.once()))[0, 0])
        if np.isnan(result):
            raise undefined(name, y)
        return result
    weights = np.asarray(weights)
    if weights.ndim != 2 or weights.shape[1] != n or (weights < 0).any():
        raise MetricError(
            "weights have the wrong shape or sign",
            expected=f"(B, {n}), none negative",
            received=f"shape {weights.shape}",
            remedy="give one weight per row on each line",
        )
    step = at_once(n)
    lines = [
        statistics((weights[i : i + step].T.astype(np.float64),))[:, 0]
        for i in range(0, len(weights), step)
    ]
    return np.concatenate(lines) if lines else np.empty(0)


def undefined(name: str, y: np.ndarray) -> MetricError:
    """Return the error for a metric that the sample leaves undefined."""
    codes, counts = np.unique(y, return_counts=True)
    seen = ", ".join(f"class {c}: {n} rows" for c, n in zip(codes, counts, strict=True))
    return MetricError(
        f"{name} is undefined on these rows",
        expected=UNDEFINED.get(base(name), "rows with weight"),
        received=seen,
        remedy="use a larger part, or report the metric as not measured (interval() does)",
    )
