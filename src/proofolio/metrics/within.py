"""The difference of one metric between two sets of rows of one part, from the same resamples.

Clusters of both sets are drawn together, and each draw weighs either set: a cluster with rows in
both moves both values at once, and how many rows a set holds varies as it would from sample to
sample. `independent` is for sets of different parts.
"""

from collections.abc import Sequence

import numpy as np

from proofolio.contract import Metric, MetricError
from proofolio.metrics.bootstrap import counted, evaluate, summary
from proofolio.metrics.resampling import clustering


def within_difference(
    name: str,
    y: np.ndarray,
    scores: Sequence[np.ndarray],
    sides: tuple[np.ndarray, np.ndarray],
    clusters: np.ndarray,
    *,
    thresholds: Sequence[float | None],
    second: np.ndarray | None = None,
    units: np.ndarray | None = None,
    resamples: int = 2000,
    level: float = 0.95,
    seed: int = 0,
) -> tuple[Metric, Metric, Metric]:
    """Return metric(rows of the first side) - metric(rows of the second), then both.

    Args:
        name: the metric.
        y: (n,) class codes.
        scores: one array (n,) or (n, k) per seed; values are means over the seeds.
        sides: (n,) booleans each, the rows of either side; no row on both.
        clusters: (n,) the cluster of each row: what is resampled.
        thresholds: one per seed.
        second: (n,) second clustering; then two-way, see `resample_weights`.
        units: (n,) units to count as `n_units`; None counts the clusters.
        resamples: number of bootstrap resamples.
        level: of the interval.
        seed: of the draws.

    Returns:
        Three metrics; those of a side that holds a single cluster, and then the difference, have no
        interval and the method says so. Rows of neither side play no part.

    Raises:
        MetricError: A side is empty, or a row stands on both; or unfit input.
    """
    first, other = (np.asarray(side, dtype=bool) for side in sides)
    if not first.any() or not other.any() or (first & other).any():
        raise MetricError(
            "the two sides of a difference are no two sets of rows",
            expected="rows on either side, none on both",
            received=f"{first.sum()} and {other.sum()} rows, {(first & other).sum()} on both",
            remedy="compare two values of one slice",
        )
    both = first | other
    groups = clustering(clusters[both], None, None if second is None else second[both])
    named = clusters if units is None else units
    given = {"raw": None, "rounds": None, "resamples": resamples, "seed": seed}
    alone, means, drawn = [], [], []
    for side in (first, other):
        rows = groups.take(side[both])
        found = [
            evaluate([name], y[side], own[side], rows, threshold=threshold, **given)
            for own, threshold in zip(scores, thresholds, strict=True)
        ]
        mean, draws = (np.mean(values, axis=0) for values in zip(*found, strict=True))
        means.append(float(mean[0]))
        drawn.append(draws[:, 0])
        own = clustering(clusters[side], None, None if second is None else second[side])
        n_units = counted(named[side], own)
        alone.append(summary(name, means[-1], drawn[-1], own, n_units, level, seed))
    gap = means[0] - means[1]
    n_units = counted(named[both], groups)
    metric = summary(name, gap, drawn[0] - drawn[1], groups, n_units, level, seed)
    return _told(metric, alone), alone[0], alone[1]


def _told(metric: Metric, alone: Sequence[Metric]) -> Metric:
    """Return the difference with its method; no interval where a side cannot vary alone."""
    if metric.ci_low is None:
        return metric
    lacking = [side.method for side in alone if side.ci_low is None]
    if lacking:
        return metric.model_copy(update={"ci_low": None, "ci_high": None, "method": lacking[0]})
    return metric.model_copy(update={"method": f"joint_{metric.method}"})
