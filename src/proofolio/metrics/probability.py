"""Metrics of probabilities: Brier score, log loss, expected calibration error."""

import numpy as np

from proofolio.metrics.ranking import cumulated, ratio

CLIP = 1e-7  # probabilities are held inside [CLIP, 1 - CLIP]
BINS = 15


def losses(name: str, y: np.ndarray, p: np.ndarray) -> np.ndarray:
    """Return the (n,) per-row loss for `brier` or `log_loss`.

    Brier: (p - y)^2 for two classes; summed over the classes for (n, k) (Brier, 1950).
    """
    p = np.clip(p, CLIP, 1 - CLIP)
    if name == "brier":
        if p.ndim == 1:
            return (p - y) ** 2
        return ((p - np.eye(p.shape[1])[y]) ** 2).sum(axis=1)
    own = np.where(y == 1, p, 1 - p) if p.ndim == 1 else p[np.arange(len(y)), y]
    return -np.log(own)


class MeanLoss:
    """Weighted mean of a per-row loss, summed per cell once."""

    def __init__(self, rows: np.ndarray, cells: np.ndarray, n_cells: int) -> None:
        """Sum the (n,) losses `rows` and count rows within each cell."""
        self._sums = np.bincount(cells, weights=rows, minlength=n_cells)
        self._sizes = np.bincount(cells, minlength=n_cells).astype(float)

    def __call__(self, weights: np.ndarray) -> np.ndarray:
        """Return (b,) for weights (b, cells).

        Multiply-and-sum instead of a matrix product: numpy's pairwise sum gives each row the same
        bits whatever the number of rows or BLAS threads.
        """
        return ratio((weights * self._sums).sum(axis=1), (weights * self._sizes).sum(axis=1))


class CalibrationError:
    """Expected calibration error over 15 bins of equal mass, for any weights of the same rows.

    Two classes: |weighted mean of (p - y)| per bin of p. More: p is the largest probability and
    y whether its class is the true one (Guo et al., 2017). Rows with equal p share a bin, the one
    that holds the middle of their joint mass; so the value depends neither on the order of rows nor
    on whether a weight of 2 is written as two rows.
    """

    def __init__(self, y: np.ndarray, p: np.ndarray, cells: np.ndarray) -> None:
        """Sort once by confidence."""
        p = np.clip(p, CLIP, 1 - CLIP)
        if p.ndim == 2:
            y, p = np.argmax(p, axis=1) == y, p.max(axis=1)
        order = np.argsort(p, kind="stable")
        self._cells, self._excess = cells[order], (p - y)[order]
        bounds = np.flatnonzero(np.diff(p[order])) + 1
        self._starts = np.concatenate([[0], bounds])
        self._ends = np.concatenate([bounds, [len(p)]])

    def __call__(self, weights: np.ndarray) -> np.ndarray:
        """Return (b,) for weights (b, cells)."""
        rows = weights.take(self._cells, axis=1)
        mass = cumulated(rows)
        total = mass[:, -1]
        # twice the middle of each tied group's mass, times BINS: integers for integer weights
        middle = mass.take(self._starts, axis=1)
        middle += mass.take(self._ends, axis=1)
        middle *= BINS
        inner = 2.0 * total[:, None] * np.arange(1, BINS)
        group = np.stack([np.searchsorted(m, e) for m, e in zip(middle, inner, strict=True)])
        edges = np.append(self._starts, len(self._cells))[group]
        rows *= self._excess
        excess = cumulated(rows)
        at_edges = np.take_along_axis(excess, edges, axis=1)
        steps = np.diff(at_edges, axis=1, prepend=0.0, append=excess[:, -1:])
        return ratio(np.abs(steps).sum(axis=1), total)
