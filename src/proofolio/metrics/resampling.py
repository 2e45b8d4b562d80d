"""Bootstrap draws of whole clusters: which rows weigh how much in each resample.

Draws come from one `numpy.random.default_rng(seed)` (PCG64), resample by resample: C indices with
replacement among the C clusters in sorted order, followed by those of a second clustering, if any.
So the weights depend on seed, clusters and resample number only, never on chunks or row order.
NumPy keeps PCG64 equal across platforms; a release of NumPy may change `Generator.integers`
(NEP 19), which is why environments record its version.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from proofolio.contract import MetricError

# Per kind of cluster (clusters, b): how often each is drawn in each of b resamples.
Draws = tuple[np.ndarray, ...]


class Once(tuple):
    """The draws of `Clustering.once`, for values that are compared and not recorded: quicker."""


_AT_ONCE = 500  # resamples; more bring nothing
_DRAWN = 1 << 16  # indices drawn at once
_NUMBERS = 1 << 25  # rows x resamples at once; sums before places of one order stay near 32 MiB


@dataclass(frozen=True)
class Clustering:
    """Rows in clusters; of one kind, or of two (then a weight is the product of both counts)."""

    codes: tuple[np.ndarray, ...]  # per kind (n,) the cluster of each row
    sizes: tuple[int, ...]  # per kind the number of clusters

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.codes[0])

    def take(self, rows: np.ndarray) -> "Clustering":
        """Return some rows, by mask (n,) or positions, of the same clusters."""
        return Clustering(tuple(codes[rows] for codes in self.codes), self.sizes)

    def weights(self, draws: Draws, rows: slice = slice(None)) -> np.ndarray:
        """Return (rows, b) the weight of each row in each resample, in the type of `draws`."""
        first, *others = (d.take(c[rows], axis=0) for c, d in zip(self.codes, draws, strict=True))
        for other in others:
            first *= other
        return first

    def once(self) -> Draws:
        """Return the draw of the sample itself: each cluster once."""
        return tuple(np.ones((size, 1)) for size in self.sizes)

    def draws(self, resamples: int, seed: int, chunk: int) -> Iterator[tuple[int, Draws]]:
        """Yield (number of the first resample, draws of b resamples) in order, b <= chunk."""
        drawn = _drawn(self.sizes, resamples, seed)
        for start in range(0, resamples, chunk):
            part = slice(start, start + chunk)  # contiguous: `take` would copy it at each call
            yield start, tuple(np.ascontiguousarray(counts[:, part]) for counts in drawn)


def at_once(n: int) -> int:
    """Return how many resamples of `n` rows are evaluated together, so that memory is bounded."""
    return max(1, min(_AT_ONCE, _NUMBERS // max(n, 1)))


def clustering(
    clusters: np.ndarray, n: int | None = None, second: np.ndarray | None = None
) -> Clustering:
    """Group rows by `clusters` (n,), or by pairs of `clusters` and `second`.

    Raises:
        MetricError: where lengths differ or a row has no cluster.
    """
    codes, size = _codes(clusters, n, "clusters")
    if second is None:
        return Clustering((codes,), (size,))
    codes2, size2 = _codes(second, len(codes), "second clusters")
    return Clustering((codes, codes2), (size, size2))


def resample_weights(
    clusters: np.ndarray,
    resamples: int,
    seed: int,
    *,
    second: np.ndarray | None = None,
    chunk: int | None = None,
) -> Iterator[np.ndarray]:
    """Yield float32 (b, n) row weights of bootstrap resamples of whole clusters.

    One clustering: how often each row's cluster was drawn. Two: the product of both counts, the
    pigeonhole bootstrap (Owen, 2007, Annals of Applied Statistics 1(2), 386-411).

    Args:
        clusters: (n,) sortable names, for example patients.
        resamples: number of resamples in all.
        seed: of the one generator that all draws come from.
        second: (n,) names of the second kind, for example terminals beside cards.
        chunk: b; None keeps a chunk near 1 MiB. It never changes the weights.
    """
    groups = clustering(clusters, None, second)
    step = chunk or max(1, (1 << 18) // max(len(groups), 1))
    for _, draws in groups.draws(resamples, seed, step):
        yield np.ascontiguousarray(groups.weights(draws).T, dtype=np.float32)


@lru_cache(maxsize=4)  # all runs of a part have the same clusters, and so the same draws
def _drawn(sizes: tuple[int, ...], resamples: int, seed: int) -> Draws:
    """Return the draws of all resamples, one byte each (two where a product would not fit)."""
    rng = np.random.default_rng(seed)
    lines = [np.empty((resamples, size), dtype=np.uint16) for size in sizes]
    # One kind: many at once come from the same stream. Two kinds take turns in it.
    step = 1 if len(sizes) > 1 else max(1, _DRAWN // sizes[0])
    for start in range(0, resamples, step):
        for drawn, size in zip(lines, sizes, strict=True):
            own = drawn[start : start + step]
            picked = rng.integers(0, size, size=own.shape)
            picked += np.arange(len(own))[:, None] * size
            own[:] = np.bincount(picked.ravel(), minlength=own.size).reshape(own.shape)
    most = int(np.prod([float(drawn.max(initial=0)) for drawn in lines]))
    kept = tuple(np.ascontiguousarray(d.T, dtype=np.min_scalar_type(most)) for d in lines)
    for drawn in kept:
        drawn.setflags(write=False)
    return kept


def _codes(names: np.ndarray, n: int | None, what: str) -> tuple[np.ndarray, int]:
    """Return ((n,) codes in the sorted order of distinct names, how many there are)."""
    import pandas as pd

    names = pd.Series(names)
    codes, distinct = pd.factorize(names, sort=True)
    if n is not None and len(names) != n:
        raise MetricError(
            f"{what} and rows differ in number",
            expected=f"{n}, one per row",
            received=f"{len(names)}",
            remedy="join clusters to rows by id",
        )
    if (codes < 0).any():
        raise MetricError(
            f"{what} are missing",
            expected="a name for every row",
            received=f"{int((codes < 0).sum())} rows without, the first at {int(codes.argmin())}",
            remedy="give rows of unknown origin a unit of their own",
        )
    return codes.astype(np.int64), len(distinct)
