"""Statistics over bootstrap resamples of clusters, and the interval they give."""

import os
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np

from proofolio.contract import Metric, MetricError
from proofolio.metrics.catalogue import UNDEFINED, base
from proofolio.metrics.resampling import Clustering
from proofolio.metrics.statistics import Statistics, chunk_rows

if TYPE_CHECKING:
    from proofolio.metrics.rounds import FoldMean

METHOD = "cluster_bootstrap_percentile"
_WORTH_THREADS = 20_000_000  # row weights in all; below this, threads cost more than they give
_MOST_THREADS = 4


def evaluate(
    members: "Sequence[Statistics | FoldMean]", groups: Clustering, resamples: int, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return metrics of the sample (members, m) and of the resamples (members, resamples, m).

    Threads take chunks from one iterator under a lock and write to the chunk's own place, so the
    result is the same for any number of threads, and memory is bounded by threads x chunk. With a
    single cluster nothing can be resampled: all NaN.
    """
    of_sample = np.stack([m.of_sample() for m in members])
    drawn = np.full((len(members), max(resamples, 0), of_sample.shape[1]), np.nan)
    if resamples < 1:
        raise MetricError(
            "an interval needs resamples",
            expected="resamples >= 1",
            received=f"{resamples}",
            remedy="the house uses 2000",
        )
    if min(groups.sizes) < 2:
        return of_sample, drawn
    n = members[0].n
    chunks = groups.draws(resamples, seed, chunk_rows(n))
    lock = threading.Lock()

    def work() -> None:
        while True:
            with lock:
                start, weights = next(chunks, (0, None))
            if weights is None:
                return
            for i, member in enumerate(members):
                drawn[i, start : start + len(weights)] = member(weights)

    threads = min(_MOST_THREADS, os.cpu_count() or 1) if n * resamples > _WORTH_THREADS else 1
    # One thread is still a pool: off the main thread glibc keeps freed chunks instead of handing
    # them back to the system each time, which makes small resamples a quarter faster.
    with ThreadPoolExecutor(threads) as pool:
        for future in [pool.submit(work) for _ in range(threads)]:
            future.result()
    return of_sample, drawn


def summary(
    name: str,
    value: float,
    drawn: np.ndarray,
    groups: Clustering,
    units: np.ndarray,
    level: float,
    seed: int,
) -> Metric:
    """Return the Metric of a value and its (resamples,) bootstrap values; NaN = degenerate.

    `units` (n,) are counted as `n_units`. The interval is withheld, and `method` says why, for an
    undefined value, a single cluster, or more degenerate resamples than others.
    """
    import pandas as pd

    if not 0 < level < 1:
        raise MetricError(
            "no such confidence level",
            expected="0 < level < 1",
            received=f"{level}",
            remedy="the house uses 0.95",
        )
    common = {"level": level, "n": len(groups.cells)}
    common["n_units"] = int(pd.Series(np.asarray(units)).nunique())
    if np.isnan(value):
        why = UNDEFINED.get(base(name), "no row has weight")
        return Metric(value=None, method=f"undefined: {why}", **common)
    method = METHOD if len(groups.sizes) == 1 else f"two_way_{METHOD}"
    if min(groups.sizes) < 2:
        why = "needs at least two clusters, received one"
        return Metric(value=value, method=f"no interval: {why}", **common)
    kept = drawn[~np.isnan(drawn)]
    lost = len(drawn) - len(kept)
    common |= {"resamples": len(drawn), "degenerate": lost, "seed": seed}
    if lost > len(kept):
        why = f"{lost} of {len(drawn)} resamples degenerate"
        return Metric(value=value, method=f"no interval: {method}, {why}", **common)
    tail = (1 - level) / 2
    low, high = np.quantile(kept, [tail, 1 - tail])
    return Metric(value=value, ci_low=low, ci_high=high, method=method, **common)
