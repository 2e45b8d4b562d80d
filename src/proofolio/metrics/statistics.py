"""All metrics of one set of scores, prepared once and evaluated for many weightings."""

from collections.abc import Sequence

import numpy as np

from proofolio.contract import MetricError
from proofolio.metrics import inputs
from proofolio.metrics.catalogue import PROBABILITY, RANKING, UNDEFINED, base, uses_calibrated
from proofolio.metrics.counting import Counts
from proofolio.metrics.probability import CalibrationError, MeanLoss, losses
from proofolio.metrics.ranking import Ranking

_WORKING_SET = 1 << 17  # numbers per array of a chunk: 1 MiB, so that a chunk stays in cache


def chunk_rows(width: int) -> int:
    """Return how many weightings of `width` numbers are evaluated together."""
    return max(1, _WORKING_SET // max(width, 1))


class Statistics:
    """The metrics `names` of one set of scores, as a function of weights per cell.

    A cell is a set of rows that always carry one weight (a cluster; for two-way resampling a pair
    of clusters), so sums within cells are taken once, not once per resample.
    """

    def __init__(
        self,
        names: Sequence[str],
        y: np.ndarray,
        scores: np.ndarray,
        *,
        raw: np.ndarray | None = None,
        threshold: float | None = 0.5,
        cells: np.ndarray | None = None,
    ) -> None:
        """Check the inputs and sort.

        Args:
            names: metrics asked for; ranking and `_raw` metrics read `raw`, the others `scores`.
            y: (n,) class codes; two classes: 1 = positive.
            scores: (n,) or (n, k), calibrated where there is a calibration.
            raw: the stored scores, same shape; None where they are the same.
            threshold: a row with `scores` (n,) at or above it is decided positive; multiclass
                decisions take the largest score and need none.
            cells: (n,) cell of each row; None: each row its own.

        Raises:
            MetricError: unknown or unfit metric, wrong shape or length, scores not finite.
        """
        self.names = tuple(names)
        y, scores, raw = inputs.checked(self.names, y, scores, raw)
        self.n = len(y)
        cells = np.arange(self.n) if cells is None else cells
        self.n_cells = int(cells.max()) + 1
        self._ranking = Ranking(y, raw, cells) if set(self.names) & set(RANKING) else None
        counted = [n for n in self.names if base(n) not in (*RANKING, *PROBABILITY)]
        if counted and scores.ndim == 1 and threshold is None:
            raise MetricError(
                f"{counted[0]} needs a decision",
                expected="a threshold on the score of the positive class",
                received="None",
                remedy="fit a threshold on calib (decisions.fit_threshold)",
            )
        self._counts = Counts(y, scores, threshold, cells, self.n_cells) if counted else None
        self._counted = set(counted)
        self._of_probabilities = {}
        for name in self.names:
            p = scores if uses_calibrated(name) else raw
            if base(name) == "ece":
                self._of_probabilities[name] = CalibrationError(y, p, cells)
            elif base(name) in PROBABILITY:
                rows = losses(base(name), y, p)
                self._of_probabilities[name] = MeanLoss(rows, cells, self.n_cells)

    def __call__(self, weights: np.ndarray) -> np.ndarray:
        """Return (b, metrics) for weights (b, cells) >= 0; NaN where a metric is undefined."""
        found = {name: metric(weights) for name, metric in self._of_probabilities.items()}
        if self._ranking is not None:
            found |= self._ranking(weights, set(self.names) & set(RANKING))
        if self._counts is not None:
            found |= self._counts(weights, self._counted)
        return np.stack([found[name] for name in self.names], axis=1)

    def of_sample(self) -> np.ndarray:
        """Return (metrics,) of the sample itself: every weight 1."""
        return self(np.ones((1, self.n_cells)))[0]


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
    statistics = Statistics([name], y, scores, threshold=threshold)
    if weights is None:
        result = float(statistics.of_sample()[0])
        if np.isnan(result):
            raise undefined(name, y)
        return result
    weights = np.asarray(weights)
    if weights.ndim != 2 or weights.shape[1] != statistics.n or (weights < 0).any():
        raise MetricError(
            "weights have the wrong shape or sign",
            expected=f"(B, {statistics.n}), none negative",
            received=f"shape {weights.shape}",
            remedy="give one weight per row on each line",
        )
    step = chunk_rows(statistics.n)
    lines = [
        statistics(weights[i : i + step].astype(np.float64))[:, 0]
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
