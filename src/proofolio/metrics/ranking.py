"""AUROC and average precision as functions of row weights, sorted once."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from proofolio.metrics.resampling import Clustering, Draws, Once
from proofolio.metrics.sweep import product, tied_blocks

_ROWS = 64  # of a block: the weights of 500 resamples fit a processor's nearest caches
_EXACT = 1 << 24  # float32 holds every integer up to here
_TINY = np.finfo(np.float64).tiny


class _Block(NamedTuple):
    """Rows that stand together in the order, positives first, and how they stand to each other."""

    start: int
    middle: int  # the first negative
    end: int
    beaten: np.ndarray  # (positives, negatives) 2 where the negative stands higher, 1 where it ties
    level: np.ndarray  # (positives, positives) 1 where the other stands as high or higher
    alarms: np.ndarray  # (positives, negatives) the same for negatives


class Ranking:
    """Two-class ranking metrics for any weights of the same rows.

    Only the weights change from resample to resample, so the order is found once. Rows are gone
    through from the highest score down, in blocks that never cut a tie: small matrices say how a
    block's rows stand to each other, two sums stand for all rows before it. For integer weights
    (bootstrap counts) every sum of AUROC is an integer that its type holds exactly (float32 within
    a block, float64 beyond), so AUROC does not depend on the order of summation.
    """

    def __init__(self, y: np.ndarray, scores: np.ndarray, groups: Clustering) -> None:
        """Sort the rows by `scores` (n,), highest first, and in a block positives first."""
        order = np.argsort(scores, kind="stable")[::-1]
        self._edges, self._alone = tied_blocks(scores[order], _ROWS)
        block = np.repeat(np.arange(len(self._alone)), np.diff(self._edges))
        order = order[np.lexsort((y[order] == 0, block))]
        self._positive, self._scores = y[order] == 1, scores[order]
        self._groups, self._blocks = groups.take(order), []

    def __call__(self, draws: Draws, names: set[str]) -> dict[str, np.ndarray]:
        """Return name -> (b,) for b weightings; NaN where a class has no weight.

        `auroc`: the probability that a positive outranks a negative, ties counting one half
        (Mann-Whitney). `average_precision`: sum over distinct scores of recall step times
        precision, without interpolation, as scikit-learn defines it.
        """
        sums = self._once() if isinstance(draws, Once) else self._weighted(draws, names)
        n_positive, n_negative, lost, precision = sums
        defined = (n_positive > 0) & (n_negative > 0)
        pairs = np.where(defined, 2.0 * n_positive * n_negative, 0)
        found = {
            "auroc": ratio(pairs - lost, pairs),
            "average_precision": ratio(precision, np.where(defined, n_positive, 0)),
        }
        return {name: found[name] for name in names}

    def _once(self) -> np.ndarray:
        """Return what `_weighted` does with each row counted once, (4, 1), without its blocks."""
        own, others = (-np.sort(-self._scores[self._positive == side]) for side in (True, False))
        higher, as_high = (np.searchsorted(-others, -own, side) for side in ("left", "right"))
        true = np.searchsorted(-own, -own, "right")
        precision = (true / (true + as_high)).sum()
        return np.array([[len(own)], [len(others)], [(higher + as_high).sum()], [precision]])

    def _weighted(self, draws: Draws, names: set[str]) -> np.ndarray:
        """Return (4, b): both classes' weights, twice the pairs lost, the precision summed."""
        if not self._blocks:
            self._blocks = list(self._prepared())
        kind, b = self._kind(draws), draws[0].shape[1]
        above, below, lost, precision = sums = np.zeros((4, b))
        for block in self._blocks:
            positive, negative = self._weights(draws, block, kind)
            if len(positive):
                if "auroc" in names:
                    within = product(block.beaten.astype(kind, copy=False), negative)
                    within *= positive
                    lost += within.sum(axis=0)
                    lost += 2 * below * positive.sum(axis=0)
                if "average_precision" in names:
                    true = above + product(block.level.astype(kind, copy=False), positive)
                    flagged = below + product(block.alarms.astype(kind, copy=False), negative)
                    flagged += true
                    true /= np.maximum(flagged, _TINY, out=flagged)
                    true *= positive
                    precision += true.sum(axis=0)
                above += positive.sum(axis=0)
            below += negative.sum(axis=0)
        return sums

    def _weights(self, draws: Draws, block: _Block, kind: type) -> tuple[np.ndarray, np.ndarray]:
        """Return (rows, b) weights of a block's positives and negatives; of a long tie, sums."""
        start, middle, end = block[:3]
        if end - start < 2 * _ROWS:
            own = self._groups.weights(draws, slice(start, end)).astype(kind)
            return own[: middle - start], own[middle - start :]
        found = np.zeros((2, 1, draws[0].shape[1]))
        for total, first, last in zip(found, (start, middle), (middle, end), strict=True):
            for at in range(first, last, _ROWS):
                rows = slice(at, min(at + _ROWS, last))
                total += self._groups.weights(draws, rows).sum(axis=0, dtype=np.float64)
        return found[0], found[1]

    def _kind(self, draws: Draws) -> type:
        """Return float32 where it holds every sum within a block exactly."""
        most = np.prod([float(d.max(initial=0)) for d in draws])
        whole = all(d.dtype.kind == "u" for d in draws)
        return np.float32 if whole and 2 * (_ROWS * most) ** 2 <= _EXACT else np.float64

    def _prepared(self) -> Iterator[_Block]:
        """Yield the blocks, highest scores first."""
        middles = self._edges[:-1] + np.add.reduceat(self._positive, self._edges[:-1], dtype=int)
        for start, middle, end in zip(self._edges[:-1], middles, self._edges[1:], strict=True):
            rows = slice(start, end)
            if end - start >= 2 * _ROWS:  # one tie: two sums stand for its rows
                one = np.ones((1, 1), np.float32)
                yield _Block(start, middle, end, one, one, one)
                continue
            own, others = self._scores[start:middle, None], self._scores[rows]
            as_high = (others >= own).astype(np.float32)
            level, alarms = np.hsplit(as_high, [middle - start])
            beaten = alarms + (others[middle - start :] > own)
            yield _Block(start, middle, end, beaten, *map(np.ascontiguousarray, (level, alarms)))


def ratio(above: np.ndarray, below: np.ndarray) -> np.ndarray:
    """Return above / below, NaN where `below` is 0."""
    above, below = np.broadcast_arrays(np.asarray(above, dtype=float), below)
    return np.divide(above, below, out=np.full(above.shape, np.nan), where=below > 0)
