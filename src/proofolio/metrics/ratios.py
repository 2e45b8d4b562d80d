"""Shares and means of rows that a policy picks, with unit-clustered intervals.

A share such as "wrong among the answered" is a ratio of two sums over rows; both are weighted in
each resample. Net benefit and mean cost are ratios whose lower sum counts every row.
"""

import numpy as np

from proofolio.contract import Metric, MetricError
from proofolio.metrics.bootstrap import summary
from proofolio.metrics.resampling import clustering
from proofolio.metrics.statistics import chunk_rows

_UNDEFINED = "undefined: no row to divide by"


def ratios(
    above: np.ndarray,
    below: np.ndarray,
    clusters: np.ndarray,
    *,
    second: np.ndarray | None = None,
    units: np.ndarray | None = None,
    resamples: int = 2000,
    level: float = 0.95,
    seed: int = 0,
) -> list[Metric]:
    """Return sum(above) / sum(below) of each column, with its interval.

    The weights are those of `resample_weights`, so that every column, and every other interval of
    the same rows and seed, rests on the same resamples. Resamples in which a lower sum is zero are
    dropped and counted as degenerate.

    Args:
        above: (n,) or (n, m) what is summed over rows, finite.
        below: (n,) or (n, m) what is divided by, none negative; (n,) serves all columns.
        clusters: (n,) the cluster of each row: what is resampled.
        second: (n,) second clustering; then two-way, see `resample_weights`.
        units: (n,) units to count as `n_units`; None counts the clusters.
        resamples: number of bootstrap resamples.
        level: of the interval.
        seed: of the draws.

    Returns:
        m metrics; None where no row is left to divide by, and the method says so.

    Raises:
        MetricError: Shapes differ, or there is no row.
    """
    above, below = _columns(above), _columns(below)
    if not len(above) or len(above) != len(below) or below.shape[1] not in (1, above.shape[1]):
        raise MetricError(
            "the two sums of a share do not fit each other",
            expected="n > 0 rows each, and one lower sum per column or one for all",
            received=f"shapes {above.shape} and {below.shape}",
            remedy="pass both for the same rows",
        )
    below = np.broadcast_to(below, above.shape)
    groups = clustering(clusters, len(above), second)
    sums = np.stack([_per_cell(side, groups.cells, groups.n_cells) for side in (above, below)])
    drawn = np.full((resamples, above.shape[1]), np.nan)
    if min(groups.sizes) > 1:
        for start, weights in groups.draws(resamples, seed, chunk_rows(groups.n_cells)):
            drawn[start : start + len(weights)] = _divided(weights @ sums[0], weights @ sums[1])
    units = clusters if units is None else units
    found = []
    for value, column in zip(_divided(above.sum(0), below.sum(0)), drawn.T, strict=True):
        metric = summary("accuracy", float(value), column, groups, units, level, seed)
        found.append(metric.model_copy(update={"method": _UNDEFINED} if np.isnan(value) else {}))
    return found


def _columns(values: np.ndarray) -> np.ndarray:
    values = np.asarray(values, dtype=np.float64)
    return values[:, None] if values.ndim == 1 else values


def _per_cell(values: np.ndarray, cells: np.ndarray, n_cells: int) -> np.ndarray:
    """Return (cells, m) sums of (n, m) values within cells."""
    return np.stack([np.bincount(cells, column, n_cells) for column in values.T], axis=1)


def _divided(above: np.ndarray, below: np.ndarray) -> np.ndarray:
    """Return above / below, NaN where there is nothing to divide by."""
    return np.divide(above, below, out=np.full(above.shape, np.nan), where=below > 0)
