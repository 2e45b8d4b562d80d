"""Shares and means of rows that a policy picks, with unit-clustered intervals.

A share such as "wrong among the answered" is a ratio of two sums over rows; both are weighted in
each resample. Net benefit and mean cost are ratios whose lower sum counts every row.
"""

import numpy as np

from proofolio.contract import Metric, MetricError
from proofolio.metrics.bootstrap import counted, summary
from proofolio.metrics.resampling import at_once, clustering
from proofolio.metrics.sweep import Sweep

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
    groups, m = clustering(clusters, len(above), second), above.shape[1]
    sweep = Sweep(groups, np.arange(len(above)))
    upper = [sweep.column(f"above {i}", column) for i, column in enumerate(above.T)]
    lower = [sweep.column(f"below {i}", column) for i, column in enumerate(below.T)]
    lower *= m // len(lower)
    drawn = np.full((resamples, m), np.nan)
    if min(groups.sizes) > 1:
        for start, draws in groups.draws(resamples, seed, at_once(len(above))):
            sums = sweep(draws)
            found = [
                _divided(sums.total(u), sums.total(w)) for u, w in zip(upper, lower, strict=True)
            ]
            drawn[start : start + len(found[0])] = np.stack(found, axis=1)
    n_units = counted(units, groups)
    found = []
    for value, column in zip(_divided(above.sum(0), below.sum(0)), drawn.T, strict=True):
        metric = summary("accuracy", float(value), column, groups, n_units, level, seed)
        found.append(metric.model_copy(update={"method": _UNDEFINED} if np.isnan(value) else {}))
    return found


def _columns(values: np.ndarray) -> np.ndarray:
    values = np.asarray(values, dtype=np.float64)
    return values[:, None] if values.ndim == 1 else values


def _divided(above: np.ndarray, below: np.ndarray) -> np.ndarray:
    """Return above / below, NaN where there is nothing to divide by."""
    return np.divide(above, below, out=np.full(above.shape, np.nan), where=below > 0)
