"""Metrics of probabilities: Brier score, log loss, expected calibration error."""

import numpy as np

from proofolio.metrics.ranking import ratio
from proofolio.metrics.resampling import Draws
from proofolio.metrics.sweep import BLOCK, Sums, Sweep, tied_blocks

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
    """Weighted mean of a per-row loss."""

    def __init__(self, name: str, rows: np.ndarray, sweep: Sweep) -> None:
        """Ask for the sums of the (n,) losses `rows` and of the weights."""
        self._losses = sweep.column(name, rows)
        self._mass = sweep.column("mass", np.ones(len(rows)))

    def __call__(self, draws: Draws, sums: Sums, names: set[str]) -> dict[str, np.ndarray]:
        """Return the one name -> (b,) for b weightings."""
        value = ratio(sums.total(self._losses), sums.total(self._mass))
        return dict.fromkeys(names, value)


class CalibrationError:
    """Expected calibration error over 15 bins of equal mass, for any weights of the same rows.

    Two classes: |weighted mean of (p - y)| per bin of p. More: p is the largest probability and
    y whether its class is the true one (Guo et al., 2017). Rows with equal p share a bin, the one
    that holds the middle of their joint mass; so the value depends neither on the order of rows nor
    on whether a weight of 2 is written as two rows.

    A bin's edge moves from resample to resample. Sums before blocks of whole tied groups tell the
    block it falls into; only that block's rows are looked at one by one.
    """

    def __init__(self, name: str, y: np.ndarray, p: np.ndarray, sweep: Sweep) -> None:
        """Mark the blocks in `sweep`, which goes by p (n,), or the largest of (n, k)."""
        p = np.clip(p, CLIP, 1 - CLIP)
        if p.ndim == 2:
            y, p = np.argmax(p, axis=1) == y, p.max(axis=1)
        self._sweep, self._excess = sweep, (p - y)[sweep.order]
        self._column, self._mass = sweep.column(name, p - y), sweep.column("mass", np.ones(len(p)))
        ordered = p[sweep.order]
        self._first = np.searchsorted(ordered, ordered, "left")
        self._last = np.searchsorted(ordered, ordered, "right") - 1
        self._blocks, self._alone = tied_blocks(ordered, BLOCK)
        for column in (self._column, self._mass):
            sweep.mark(column, self._blocks)
        self._width = int(np.diff(self._blocks)[~self._alone].max(initial=1))

    def __call__(self, draws: Draws, sums: Sums, names: set[str]) -> dict[str, np.ndarray]:
        """Return the one name -> (b,) for b weightings."""
        mass, total = sums.at(self._mass, self._blocks), sums.total(self._mass)
        excess = sums.at(self._column, self._blocks)
        # Twice the middle of a group's mass, times BINS, is compared with twice the mass of whole
        # bins: integers for integer weights.
        inner = 2.0 * total * np.arange(1, BINS)[:, None]  # (edges, b)
        before = np.ascontiguousarray(mass.T) * (2.0 * BINS)
        block = np.stack([np.searchsorted(m, e) for m, e in zip(before, inner.T, strict=True)])
        block = np.maximum(block.T - 1, 0)  # the last block that begins before the edge
        lines = np.arange(len(total))
        middle = mass[block, lines] + mass[block + 1, lines]
        at_edges = excess[block + (self._alone[block] & (BINS * middle < inner)), lines]
        edge, line = np.nonzero(~self._alone[block])
        inside = block[edge, line]
        at_edges[edge, line] += self._within(draws, inside, line, mass, inner[edge, line])
        steps = np.diff(at_edges, axis=0, prepend=0.0, append=excess[-1:])
        return dict.fromkeys(names, ratio(np.abs(steps).sum(axis=0), total))

    def _within(
        self,
        draws: Draws,
        block: np.ndarray,
        line: np.ndarray,
        mass: np.ndarray,
        inner: np.ndarray,
    ) -> np.ndarray:
        """Return (q,) the excess of the rows of each block (q,) that stand below an edge (q,)."""
        begin, end = self._blocks[block, None], self._blocks[block + 1, None]
        rows = np.minimum(begin + np.arange(self._width), end - 1)
        own = self._sweep.weights(draws, rows, line)
        own *= begin + np.arange(self._width) < end
        upto = np.cumsum(own, axis=1) + mass[block, line][:, None]
        middle = np.take_along_axis(upto - own, self._first[rows] - begin, axis=1)
        middle += np.take_along_axis(upto, self._last[rows] - begin, axis=1)
        own *= self._excess[rows]
        return np.where(BINS * middle < inner[:, None], own, 0).sum(axis=1)
