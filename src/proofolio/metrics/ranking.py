"""AUROC and average precision as functions of row weights, sorted once."""

import numpy as np

from proofolio.metrics.resampling import Clustering, Draws
from proofolio.metrics.sweep import Sums, Sweep


class Ranking:
    """Two-class ranking metrics for any weights of the same rows.

    Only the weights change from resample to resample, so the order is found once, and of the
    negatives no more is needed than their weight below each positive. For integer weights
    (bootstrap counts) every sum below is an integer under 2**53 in float64: AUROC does not depend
    on the order of summation.
    """

    def __init__(self, y: np.ndarray, scores: np.ndarray, groups: Clustering, sweep: Sweep) -> None:
        """Mark the positives in `sweep`, which goes by `scores` (n,)."""
        order = sweep.order
        positive, places = order[y[order] == 1], np.flatnonzero(y[order] == 0)
        own, others = scores[positive], scores[order[places]]
        places = np.append(places, len(order))  # before the k-th negative stand k negatives
        self._negative = name = sweep.column("negative", y == 0)
        self._below = sweep.mark(name, places[np.searchsorted(others, own, "left")])
        self._not_above = sweep.mark(name, places[np.searchsorted(others, own, "right")])
        self._positives_below = np.searchsorted(own, own, "left")
        self._positives = groups.take(positive)

    def __call__(self, draws: Draws, sums: Sums, names: set[str]) -> dict[str, np.ndarray]:
        """Return name -> (b,) for b weightings; NaN where a class has no weight.

        `auroc`: the probability that a positive outranks a negative, ties counting one half
        (Mann-Whitney). `average_precision`: sum over distinct scores of recall step times
        precision, without interpolation, as scikit-learn defines it.
        """
        own = np.ascontiguousarray(self._positives.weights(draws).T, dtype=np.float64)
        n_positive, n_negative = own.sum(axis=1), sums.total(self._negative)
        defined = (n_positive > 0) & (n_negative > 0)
        below = np.ascontiguousarray(sums.at(self._negative, self._below).T)
        found: dict[str, np.ndarray] = {}
        if "auroc" in names:
            outranked = below + sums.at(self._negative, self._not_above).T
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
