"""Bootstrap draws of whole clusters: which rows weigh how much in each resample.

Draws come from one `numpy.random.default_rng(seed)` (PCG64), resample by resample: C indices with
replacement among the C clusters in sorted order, followed by those of a second clustering, if any.
So the weights depend on seed, clusters and resample number only, never on chunks, threads or row
order. NumPy keeps PCG64 equal across platforms; a release of NumPy may change `Generator.integers`
(NEP 19), which is why environments record its version.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from proofolio.contract import MetricError
from proofolio.metrics.statistics import chunk_rows


@dataclass(frozen=True)
class Clustering:
    """Rows grouped into cells of equal weight: clusters, or pairs of clusters (two-way)."""

    cells: np.ndarray  # (n,) the cell of each row
    first: np.ndarray  # (cells,) each cell's cluster
    second: np.ndarray | None  # (cells,) each cell's cluster of the second kind
    sizes: tuple[int, ...]  # number of clusters, of each kind

    @property
    def n_cells(self) -> int:
        """Number of distinct weights in a resample."""
        return len(self.first)

    def draws(self, resamples: int, seed: int, chunk: int) -> Iterator[tuple[int, np.ndarray]]:
        """Yield (number of the first resample, weights (b, cells) float64) in order, b <= chunk."""
        rng = np.random.default_rng(seed)
        for start in range(0, resamples, chunk):
            weights = np.empty((min(chunk, resamples - start), self.n_cells))
            for line in weights:
                line[:] = _counts(rng, self.sizes[0])[self.first]
                if self.second is not None:
                    line *= _counts(rng, self.sizes[1])[self.second]
            yield start, weights


def clustering(
    clusters: np.ndarray, n: int | None = None, second: np.ndarray | None = None
) -> Clustering:
    """Group rows by `clusters` (n,), or by pairs of `clusters` and `second`.

    Raises:
        MetricError: where lengths differ or a row has no cluster.
    """
    codes, size = _codes(clusters, n, "clusters")
    if second is None:
        return Clustering(codes, np.arange(size), None, (size,))
    codes2, size2 = _codes(second, len(codes), "second clusters")
    pairs, cells = np.unique(codes * size2 + codes2, return_inverse=True)
    return Clustering(cells, pairs // size2, pairs % size2, (size, size2))


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
    step = chunk or chunk_rows(len(groups.cells))
    for _, weights in groups.draws(resamples, seed, step):
        yield weights.astype(np.float32).take(groups.cells, axis=1)


def _counts(rng: np.random.Generator, size: int) -> np.ndarray:
    """Return how often each of `size` clusters is drawn in `size` draws with replacement."""
    return np.bincount(rng.integers(0, size, size=size), minlength=size)


def _codes(names: np.ndarray, n: int | None, what: str) -> tuple[np.ndarray, int]:
    """Return ((n,) codes in the sorted order of distinct names, how many there are)."""
    import pandas as pd

    names = pd.Series(np.asarray(names))
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
