"""Metrics of decided classes: everything that follows from weighted counts of right and wrong."""

import numpy as np

from proofolio.metrics.ranking import ratio
from proofolio.metrics.resampling import Clustering, Draws
from proofolio.metrics.sweep import Sums, Sweep


def true_class_rank(y: np.ndarray, scores: np.ndarray) -> np.ndarray:
    """Return (n,) the rank (0 = best) of each row's true class; ties go to the first class."""
    own = scores[np.arange(len(y)), y][:, None]
    before = np.arange(scores.shape[1])[None, :] < y[:, None]
    return ((scores > own) | ((scores == own) & before)).sum(axis=1)


class Decided:
    """Metrics of two classes, decided by a threshold on scores that a sweep is sorted by."""

    def __init__(self, y: np.ndarray, scores: np.ndarray, threshold: float, sweep: Sweep) -> None:
        """Mark the first row at or above the threshold."""
        below = np.searchsorted(scores[sweep.order], threshold, "left")
        self._classes = sweep.column("negative", y == 0), sweep.column("positive", y == 1)
        for name in self._classes:
            self._place = sweep.mark(name, np.array([below]))

    def __call__(self, draws: Draws, sums: Sums, names: set[str]) -> dict[str, np.ndarray]:
        """Return name -> (b,) for b weightings; NaN where a denominator is 0."""
        present = np.stack([sums.total(c) for c in self._classes], axis=1)
        passed = np.stack([sums.at(c, self._place)[0] for c in self._classes], axis=1)
        flagged = present - passed
        right = np.stack([passed[:, 0], flagged[:, 1]], axis=1)
        predicted = np.stack([passed.sum(axis=1), flagged.sum(axis=1)], axis=1)
        return _metrics(right, present, predicted, present.sum(axis=1), names)


class Counts:
    """Metrics of k classes, decided by the largest score."""

    def __init__(self, y: np.ndarray, scores: np.ndarray, groups: Clustering) -> None:
        """Decide each row's class: the first arg-max of (n, k)."""
        from scipy.sparse import csr_array

        k, predicted = scores.shape[1], np.argmax(scores, axis=1)
        in_top5 = true_class_rank(y, scores) < 5
        kinds, kind = np.unique((y * k + predicted) * 2 + in_top5, return_inverse=True)
        order = np.argsort(kind, kind="stable")
        self._sweep = Sweep(groups, order)
        self._ones = self._sweep.column("mass", np.ones(len(y)))
        self._ends = self._sweep.mark(self._ones, np.cumsum(np.bincount(kind)))
        of, number = kinds // 2 // k, np.arange(len(kinds))
        decided, top = kinds // 2 % k, number[kinds % 2 == 1]
        right = number[of == decided]
        row = np.concatenate([of[right], k + of, 2 * k + decided, np.full(len(top), 3 * k)])
        column = np.concatenate([right, number, number, top])
        shape = (3 * k + 1, len(kinds))
        self._k, self._sums = k, csr_array((np.ones(len(row)), (row, column)), shape=shape)

    def __call__(self, draws: Draws, names: set[str]) -> dict[str, np.ndarray]:
        """Return name -> (b,) for b weightings; NaN where a denominator is 0."""
        masses = np.diff(self._sweep(draws).at(self._ones, self._ends), axis=0, prepend=0.0)
        sums, k = (self._sums @ masses).T, self._k
        right, present, predicted = sums[:, :k], sums[:, k : 2 * k], sums[:, 2 * k : 3 * k]
        return _metrics(right, present, predicted, sums[:, 3 * k], names)


def _metrics(
    right: np.ndarray,
    present: np.ndarray,
    predicted: np.ndarray,
    in_top5: np.ndarray,
    names: set[str],
) -> dict[str, np.ndarray]:
    """Return name -> (b,) from sums (b, k) per class.

    `balanced_accuracy` averages over the classes present, `f1_macro` over those present or
    predicted, both as scikit-learn does.
    """
    total, recalls = present.sum(axis=1), ratio(right, present)
    f1s = ratio(2 * right, present + predicted)
    enough = (present > 0).sum(axis=1) >= 2
    with np.errstate(invalid="ignore", divide="ignore"):
        found = {
            "accuracy": ratio(right.sum(axis=1), total),
            "balanced_accuracy": np.where(enough, _mean_defined(recalls), np.nan),
            "f1_macro": _mean_defined(f1s),
            "top5": ratio(in_top5, total),
        }
    found["top1"] = found["accuracy"]
    if present.shape[1] == 2:
        found["recall"] = found["sensitivity"] = recalls[:, 1]
        found["specificity"] = recalls[:, 0]
        found["precision"] = ratio(right[:, 1], predicted[:, 1])
        found["f1"] = f1s[:, 1]
    return {name: found[name] for name in names}


def _mean_defined(values: np.ndarray) -> np.ndarray:
    """Return the (b,) means of `values` (b, k) over the entries that are not NaN."""
    known = ~np.isnan(values)
    return np.where(known, values, 0).sum(axis=1) / known.sum(axis=1)
