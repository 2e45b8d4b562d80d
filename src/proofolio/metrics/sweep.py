"""Weighted sums along one order of rows, for many weightings at once.

All that metrics need of a weighting are sums over rows: those before some places of an order
(ranking, decisions, bins of equal mass), and those over all. They are taken block by block, so the
weights of all rows never stand in memory together, and each row's weight is made once.
"""

import numpy as np

from proofolio.metrics.resampling import Clustering, Draws, Once

BLOCK = 32  # rows
_SMALL = 1 << 18  # products of a matrix multiplication that NumPy's library does without threads


def tied_blocks(values: np.ndarray, rows: int) -> tuple[np.ndarray, np.ndarray]:
    """Cut sorted `values` (n,) into blocks that hold all rows of each value.

    Returns:
        Edges (blocks + 1,), and which blocks (blocks,) are one value of more than `rows` rows;
        values of fewer share blocks of less than twice as many.
    """
    starts = np.concatenate([[0], np.flatnonzero(np.diff(values)) + 1])
    alone = np.diff(starts, append=len(values)) > rows
    new = alone | np.append(True, alone[:-1]) | (np.diff(starts // rows, prepend=-1) > 0)
    return np.append(starts[new], len(values)), alone[new]


def product(matrix: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return (k, rows) @ (rows, b) in parts that NumPy's library multiplies without threads.

    Many small products on threads wait for each other longer than they take.
    """
    step = max(1, _SMALL // max(weights.size, 1))
    if len(matrix) <= step:
        return matrix @ weights
    return np.concatenate([matrix[i : i + step] @ weights for i in range(0, len(matrix), step)])


class Sweep:
    """Sums of columns over the rows before places; both are asked for before the first call."""

    def __init__(self, groups: Clustering, order: np.ndarray) -> None:
        """Prepare the order (n,) of rows, first to last."""
        self.order, self._groups = order, groups.take(order)
        self._columns: dict[str, np.ndarray] = {}
        self._places: dict[str, np.ndarray] = {}
        self._blocks: list[tuple[slice, slice, np.ndarray, np.ndarray]] = []

    def column(self, name: str, values: np.ndarray) -> str:
        """Ask for sums of `values` (n,), in the order of the rows given; return the name."""
        if name not in self._columns:
            self._columns[name] = np.asarray(values, dtype=np.float64)[self.order]
        return name

    def mark(self, name: str, places: np.ndarray) -> np.ndarray:
        """Ask for sums of a column over the first p rows, for each p of `places`; return them."""
        self._places[name] = np.union1d(self._places.get(name, []), places).astype(np.int64)
        return places

    def __call__(self, draws: Draws) -> "Sums":
        """Return the sums for b weightings."""
        if isinstance(draws, Once):
            return self._once()
        if not self._blocks:
            self._prepare()
        b = draws[0].shape[1]
        total = np.zeros((len(self._columns), b))
        sums = np.zeros((sum(map(len, self._places.values())), b))
        for rows, lines, columns, values in self._blocks:
            own = self._groups.weights(draws, rows).astype(np.float64)
            found = product(values, own)
            np.add(total[columns], found[len(total) :], out=sums[lines])
            total += found[: len(total)]
        return Sums(dict(zip(self._columns, total, strict=True)), self._lines, self._places, sums)

    def _once(self) -> "Sums":
        """Return the sums with each row counted once, in one pass over the rows.

        They differ by rounding alone from what `Clustering.once` gives, which is recorded.
        """
        places = np.concatenate([*self._places.values(), []]).astype(np.int64)
        found, self._lines = np.empty((len(places), 1)), {}
        done = 0
        for name, own in self._places.items():
            lines = np.arange(done, done + len(own))
            upto = np.concatenate([[0.0], np.cumsum(self._columns[name])])
            found[lines, 0] = upto[own]
            self._lines[name], done = lines, done + len(own)
        total = {name: values.sum(keepdims=True) for name, values in self._columns.items()}
        return Sums(total, self._lines, self._places, found)

    def weights(self, draws: Draws, rows: np.ndarray, which: np.ndarray) -> np.ndarray:
        """Return (q, width) weights of rows of the order, in one resample (q,) per line."""
        found = np.ones(rows.shape)
        for codes, counts in zip(self._groups.codes, draws, strict=True):
            found *= counts[codes[rows], which[:, None]]
        return found

    def _prepare(self) -> None:
        """Cut the order into blocks: of each its columns, and what of them stands before a place.

        A place at a block's end belongs to it; the sums before place 0 stay zero.
        """
        names, n = list(self._columns), len(self.order)
        values = np.stack(list(self._columns.values()))
        place = np.concatenate([*self._places.values(), []]).astype(np.int64)
        column = [np.full(len(p), names.index(name)) for name, p in self._places.items()]
        column = np.concatenate([*column, []]).astype(np.int64)
        order = np.argsort(place, kind="stable")
        place, column = place[order], column[order]
        self._lines = {name: np.flatnonzero(column == i) for i, name in enumerate(names)}
        bounds = np.append(np.arange(0, n, BLOCK), n)
        upto = np.searchsorted(place, bounds, "right")
        for i in range(len(bounds) - 1):
            rows, lines = slice(bounds[i], bounds[i + 1]), slice(upto[i], upto[i + 1])
            before = np.arange(bounds[i], bounds[i + 1]) < place[lines, None]
            parts = values[column[lines], rows] * before
            own = np.concatenate([values[:, rows], parts])
            self._blocks.append((rows, lines, column[lines], own))


class Sums:
    """What a sweep found: of each column the sum of all rows, and those before its places."""

    def __init__(
        self,
        total: dict[str, np.ndarray],
        lines: dict[str, np.ndarray],
        places: dict[str, np.ndarray],
        sums: np.ndarray,
    ) -> None:
        """Keep totals (b,) and sums (lines, b); `lines` says which are a column's `places`."""
        self._total, self._lines, self._places, self._sums = total, lines, places, sums

    def at(self, name: str, places: np.ndarray) -> np.ndarray:
        """Return (places, b) sums of a column over the rows before marked places."""
        return self._sums[self._lines[name][np.searchsorted(self._places[name], places)]]

    def total(self, name: str) -> np.ndarray:
        """Return (b,) sums of a column over all rows."""
        return self._total[name]
