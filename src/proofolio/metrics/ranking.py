"""AUROC and average precision as functions of row weights, sorted once."""

import numpy as np


class Ranking:
    """Two-class ranking metrics for any weights of the same rows.

    Only the weights change from resample to resample, so the order is found once. For integer
    weights (bootstrap counts) every sum below is an integer under 2**53 in float64: AUROC does not
    depend on the order of summation.
    """

    def __init__(self, y: np.ndarray, scores: np.ndarray, cells: np.ndarray) -> None:
        """Sort once; `cells` (n,) maps each row to its column in the weight matrix."""
        order = np.argsort(scores, kind="stable")
        positive, negative = order[y[order] == 1], order[y[order] == 0]
        self._positive_cells, self._negative_cells = cells[positive], cells[negative]
        # per positive: negatives strictly below, negatives not above, positives strictly below
        self._below = np.searchsorted(scores[negative], scores[positive], "left")
        self._not_above = np.searchsorted(scores[negative], scores[positive], "right")
        self._positives_below = np.searchsorted(scores[positive], scores[positive], "left")

    def __call__(self, weights: np.ndarray, names: set[str]) -> dict[str, np.ndarray]:
        """Return name -> (b,) for weights (b, cells); NaN where a class has no weight.

        `auroc`: the probability that a positive outranks a negative, ties counting one half
        (Mann-Whitney). `average_precision`: sum over distinct scores of recall step times
        precision, without interpolation, as scikit-learn defines it.
        """
        own = weights.take(self._positive_cells, axis=1)
        negatives = cumulated(weights.take(self._negative_cells, axis=1))
        n_positive, n_negative = own.sum(axis=1), negatives[:, -1]
        defined = (n_positive > 0) & (n_negative > 0)
        below = negatives.take(self._below, axis=1)
        found: dict[str, np.ndarray] = {}
        if "auroc" in names:
            outranked = below + negatives.take(self._not_above, axis=1)
            outranked *= own
            pairs = 2.0 * n_positive * n_negative
            found["auroc"] = ratio(outranked.sum(axis=1), np.where(defined, pairs, 0))
        if "average_precision" in names:
            true = cumulated(own).take(self._positives_below, axis=1)
            np.subtract(n_positive[:, None], true, out=true)  # positives at or above this score
            alarms = np.subtract(n_negative[:, None], below, out=below)
            alarms += true
            precision = np.divide(true, alarms, out=np.zeros_like(true), where=alarms > 0)
            precision *= own
            total = np.where(defined, n_positive, 0)
            found["average_precision"] = ratio(precision.sum(axis=1), total)
        return found


def cumulated(weights: np.ndarray) -> np.ndarray:
    """Return (b, n + 1) running sums along the rows of `weights` (b, n), starting at 0."""
    sums = np.zeros((weights.shape[0], weights.shape[1] + 1))
    np.cumsum(weights, axis=1, out=sums[:, 1:])
    return sums


def ratio(above: np.ndarray, below: np.ndarray) -> np.ndarray:
    """Return above / below, NaN where `below` is 0."""
    above, below = np.broadcast_arrays(np.asarray(above, dtype=float), below)
    return np.divide(above, below, out=np.full(above.shape, np.nan), where=below > 0)
