"""The difference of one metric between two sets of rows that share no cluster."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from proofolio.contract import Metric, MetricError
from proofolio.metrics.bootstrap import counted, evaluate, summary
from proofolio.metrics.resampling import Clustering, clustering
from proofolio.metrics.rounds import Rounds


@dataclass(frozen=True)
class Side:
    """One set of rows and the scores of one configuration's seeds for it."""

    y: np.ndarray  # (n,) class codes
    scores: Sequence[np.ndarray]  # one array (n,) or (n, k) per seed
    thresholds: Sequence[float | None]  # one per seed
    clusters: np.ndarray  # (n,)
    second: np.ndarray | None = None
    units: np.ndarray | None = None
    rounds: Rounds | None = None


def independent_difference(
    name: str,
    a: Side,
    b: Side,
    *,
    resamples: int = 2000,
    level: float = 0.95,
    seed: int = 0,
) -> tuple[Metric, Metric, Metric]:
    """Return metric(a) - metric(b), then both, each a mean over the seeds of its side.

    The sides are resampled apart, a with `seed` and b with `seed + 1`; the interval of the
    difference holds the percentiles of the differences between the draws. That is right only
    where the sides share no cluster.

    Raises:
        MetricError: The sides share a cluster; or unfit input.
    """
    shared = np.intersect1d(np.asarray(a.clusters, str), np.asarray(b.clusters, str))
    if len(shared):
        raise MetricError(
            "the two sides of a difference are not independent",
            expected="two sets of rows that share no cluster",
            received=f"{len(shared)} clusters on both sides, the first {shared[0]}",
            remedy="compare the same rows in pairs (paired_difference), or disjoint parts",
        )
    alone, means, drawn = [], [], []
    for side, own in ((a, seed), (b, seed + 1)):
        groups, mean, draws = _drawn(name, side, resamples, own)
        alone.append(summary(name, mean, draws, groups, counted(side.units, groups), level, own))
        means.append(mean)
        drawn.append(draws)
    rows = np.concatenate([np.asarray(side.clusters, str) for side in (a, b)])
    joint = clustering(rows)
    n_units = counted(_together(a, b), joint)
    metric = summary(name, means[0] - means[1], drawn[0] - drawn[1], joint, n_units, level, seed)
    if metric.ci_low is not None:
        metric = metric.model_copy(update={"method": f"independent_{alone[0].method}"})
    return metric, alone[0], alone[1]


def _drawn(
    name: str, side: Side, resamples: int, seed: int
) -> tuple[Clustering, float, np.ndarray]:
    """Return the clustering, the mean over seeds of the sample, and (resamples,) of the draws."""
    groups = clustering(side.clusters, len(side.y), side.second)
    given = {"raw": None, "rounds": side.rounds, "resamples": resamples, "seed": seed}
    found = [
        evaluate([name], side.y, scores, groups, threshold=threshold, **given)
        for scores, threshold in zip(side.scores, side.thresholds, strict=True)
    ]
    means, drawn = (np.mean(values, axis=0) for values in zip(*found, strict=True))
    return groups, float(means[0]), drawn[:, 0]


def _together(a: Side, b: Side) -> np.ndarray:
    """Return the units of both sides, one name per row."""
    named = [s.clusters if s.units is None else s.units for s in (a, b)]
    return np.concatenate([np.asarray(names, str) for names in named])
