"""Metrics of decided classes: everything that follows from weighted counts of right and wrong."""

import numpy as np

from proofolio.metrics.ranking import ratio


def true_class_rank(y: np.ndarray, scores: np.ndarray) -> np.ndarray:
    """Return (n,) the rank (0 = best) of each row's true class; ties go to the first class."""
    own = scores[np.arange(len(y)), y][:, None]
    before = np.arange(scores.shape[1])[None, :] < y[:, None]
    return ((scores > own) | ((scores == own) & before)).sum(axis=1)


class Counts:
    """Weighted right, present and predicted counts per class, and the metrics they give."""

    def __init__(
        self, y: np.ndarray, scores: np.ndarray, threshold: float, cells: np.ndarray, n_cells: int
    ) -> None:
        """Decide each row's class: `scores` (n,) >= threshold, or the first arg-max of (n, k)."""
        from scipy.sparse import csr_array

        if scores.ndim == 1:
            k, predicted = 2, (scores >= threshold).astype(np.int64)
            in_top5 = np.ones(len(y), dtype=bool)
        else:
            k, predicted = scores.shape[1], np.argmax(scores, axis=1)
            in_top5 = true_class_rank(y, scores) < 5
        self._k = k
        right, top = np.flatnonzero(predicted == y), np.flatnonzero(in_top5)
        column = np.concatenate([y[right], k + y, 2 * k + predicted, np.full(len(top), 3 * k)])
        cell = np.concatenate([cells[right], cells, cells, cells[top]])
        # sparse: memory and time grow with the rows, not with rows x classes
        self._sums = csr_array(
            (np.ones(len(cell)), (column, cell)), shape=(3 * k + 1, n_cells), dtype=np.float64
        )

    def __call__(self, weights: np.ndarray, names: set[str]) -> dict[str, np.ndarray]:
        """Return name -> (b,) for weights (b, cells); NaN where a denominator is 0.

        `balanced_accuracy` averages over the classes present, `f1_macro` over those present or
        predicted, both as scikit-learn does.
        """
        sums = (self._sums @ weights.T).T
        k = self._k
        right, present, predicted = sums[:, :k], sums[:, k : 2 * k], sums[:, 2 * k : 3 * k]
        total = present.sum(axis=1)
        recalls = ratio(right, present)
        f1s = ratio(2 * right, present + predicted)
        enough = (present > 0).sum(axis=1) >= 2
        with np.errstate(invalid="ignore", divide="ignore"):
            found = {
                "accuracy": ratio(right.sum(axis=1), total),
                "balanced_accuracy": np.where(enough, _mean_defined(recalls), np.nan),
                "f1_macro": _mean_defined(f1s),
                "top5": ratio(sums[:, 3 * k], total),
            }
        found["top1"] = found["accuracy"]
        if k == 2:
            found["recall"] = found["sensitivity"] = recalls[:, 1]
            found["specificity"] = recalls[:, 0]
            found["precision"] = ratio(right[:, 1], predicted[:, 1])
            found["f1"] = f1s[:, 1]
        return {name: found[name] for name in names}


def _mean_defined(values: np.ndarray) -> np.ndarray:
    """Return the (b,) means of `values` (b, k) over the entries that are not NaN."""
    known = ~np.isnan(values)
    return np.where(known, values, 0).sum(axis=1) / known.sum(axis=1)
