"""Unit-clustered bootstrap intervals: of one metric, of all metrics of a run, of differences.

Percentile intervals over resamples of whole clusters (Efron and Tibshirani, 1993; Field and Welsh,
2007). Rows of one unit are not independent; a bootstrap of rows claims far too narrow intervals.
"""

from collections.abc import Sequence

import numpy as np

from proofolio.contract import Metric, MetricError
from proofolio.metrics.bootstrap import counted, evaluate, summary
from proofolio.metrics.resampling import clustering
from proofolio.metrics.rounds import Rounds


def interval(
    name: str,
    y: np.ndarray,
    scores: np.ndarray,
    clusters: np.ndarray,
    *,
    threshold: float | None = 0.5,
    **options,
) -> Metric:
    """Return one metric with its interval; the keywords are those of `intervals`."""
    return intervals([name], y, scores, clusters, threshold=threshold, **options)[name]


def intervals(
    names: Sequence[str],
    y: np.ndarray,
    scores: np.ndarray,
    clusters: np.ndarray,
    *,
    raw: np.ndarray | None = None,
    second: np.ndarray | None = None,
    units: np.ndarray | None = None,
    rounds: Rounds | None = None,
    threshold: float | None = 0.5,
    resamples: int = 2000,
    level: float = 0.95,
    seed: int = 0,
) -> dict[str, Metric]:
    """Return every metric of a run with its interval, in one pass over the resamples.

    Args:
        names: metrics asked for; ranking and `_raw` metrics read `raw`, the others `scores`.
        y: (n,) class codes; two classes: 1 = positive.
        scores: (n,) or (n, k), calibrated where there is a calibration.
        clusters: (n,) the cluster of each row: what is resampled.
        raw: the stored scores, same shape; None where `scores` serve all metrics.
        second: (n,) second clustering; then two-way, see `resample_weights`.
        units: (n,) units to count as `n_units`; None counts the clusters.
        rounds: fold and day of each row, of events; then a metric is its mean over the folds.
        threshold: two classes: at or above it a row is decided positive.
        resamples: number of bootstrap resamples; 0: none, both ends are the value.
        level: of the interval.
        seed: of the draws; recorded in the result.

    Returns:
        Name -> Metric. A metric that the sample leaves undefined has value None and a method that
        says why. Resamples that leave it undefined (say, one class drawn) are dropped and counted
        as degenerate; with more than half of them, or a single cluster, there is no interval and
        the method says so.

    Raises:
        MetricError: for unfit input.
    """
    groups = clustering(clusters, np.shape(y)[0] if np.ndim(y) else None, second)
    given = {"raw": raw, "threshold": threshold, "rounds": rounds}
    of_sample, drawn = evaluate(names, y, scores, groups, resamples=resamples, seed=seed, **given)
    common = (groups, counted(units, groups), level, seed)
    return {name: summary(name, of_sample[i], drawn[:, i], *common) for i, name in enumerate(names)}


def seed_mean(
    name: str,
    y: np.ndarray,
    scores: Sequence[np.ndarray],
    clusters: np.ndarray,
    **options,
) -> Metric:
    """Return the mean of one metric over seeds; the keywords are those of `seed_means`."""
    return seed_means([name], y, scores, clusters, **options)[name]


def seed_means(
    names: Sequence[str],
    y: np.ndarray,
    scores: Sequence[np.ndarray],
    clusters: np.ndarray,
    *,
    raw: Sequence[np.ndarray] | None = None,
    thresholds: Sequence[float | None] | None = None,
    **options,
) -> dict[str, Metric]:
    """Return each metric's mean over the seeds of one configuration, in one pass over resamples.

    The interval covers which units were sampled. It leaves the spread between seeds out.

    Args:
        names: the metrics; ranking and `_raw` metrics read `raw`, the others `scores`.
        y: (n,) class codes.
        scores: one array per seed, all for the same rows, calibrated where there is a calibration.
        clusters: (n,) the cluster of each row.
        raw: the stored scores of each seed; None where `scores` serve all metrics.
        thresholds: one per seed (None: 0.5 each).
        **options: second, units, rounds, resamples, level, seed as in `intervals`.
    """
    limits = _per_seed(0.5 if thresholds is None else thresholds, len(scores))
    share = [1 / max(len(scores), 1)] * len(scores)
    return _combinations(names, y, list(scores), raw, [share], clusters, limits, **options)[0]


def paired_difference(
    name: str,
    y: np.ndarray,
    a: np.ndarray | Sequence[np.ndarray],
    b: np.ndarray | Sequence[np.ndarray],
    clusters: np.ndarray,
    *,
    thresholds: tuple = (0.5, 0.5),
    **options,
) -> Metric:
    """Return metric(a) - metric(b) with an interval; the arguments are those of `paired`."""
    return paired(name, y, a, b, clusters, thresholds=thresholds, **options)[0]


def paired(
    name: str,
    y: np.ndarray,
    a: np.ndarray | Sequence[np.ndarray],
    b: np.ndarray | Sequence[np.ndarray],
    clusters: np.ndarray,
    *,
    thresholds: tuple = (0.5, 0.5),
    **options,
) -> tuple[Metric, Metric, Metric]:
    """Return metric(a) - metric(b), metric(a) and metric(b), intervals from the same resamples.

    Args:
        name: the metric.
        y: (n,) class codes.
        a: scores of one model for these rows, or a list of them (seeds), then averaged.
        b: the same for the other model.
        clusters: (n,) the cluster of each row.
        thresholds: of a and of b; each a number, or one number per seed.
        **options: second, units, rounds, resamples, level, seed as in `intervals`.
    """
    sides = [list(s) if isinstance(s, list | tuple) else [s] for s in (a, b)]
    scores, share, limits = [], [], []
    for side, sign, threshold in zip(sides, (1, -1), thresholds, strict=True):
        scores += side
        share += [sign / max(len(side), 1)] * len(side)
        limits += _per_seed(threshold, len(side))
    alone = ([max(c, 0) for c in share], [max(-c, 0) for c in share])
    found = _combinations([name], y, scores, None, [share, *alone], clusters, limits, **options)
    return tuple(each[name] for each in found)


def _per_seed(threshold: float | Sequence[float] | None, seeds: int) -> list[float | None]:
    """Return one threshold per seed: a number is repeated, a list is taken as it is."""
    return [threshold] * seeds if np.ndim(threshold) == 0 else list(threshold)


def _combinations(
    names: Sequence[str],
    y: np.ndarray,
    scores: list[np.ndarray],
    raw: Sequence[np.ndarray] | None,
    coefficients: Sequence[Sequence[float]],
    clusters: np.ndarray,
    thresholds: list[float | None],
    *,
    second: np.ndarray | None = None,
    units: np.ndarray | None = None,
    rounds: Rounds | None = None,
    resamples: int = 2000,
    level: float = 0.95,
    seed: int = 0,
) -> list[dict[str, Metric]]:
    """Return sum_i c[i] * metric(scores[i]) for each c, every resample scored by all scores."""
    stored = scores if raw is None else list(raw)
    if not scores or not len(scores) == len(stored) == len(thresholds):
        raise MetricError(
            "scores and thresholds differ in number",
            expected="at least one set of scores, and one threshold (and raw scores) for each",
            received=f"{len(scores)} sets of scores, {len(stored)} of raw scores, "
            f"{len(thresholds)} thresholds",
            remedy="pass the decision threshold of every run",
        )
    groups = clustering(clusters, np.shape(y)[0] if np.ndim(y) else None, second)
    found = [
        evaluate(
            names, y, s, groups, raw=r, threshold=t, rounds=rounds, resamples=resamples, seed=seed
        )
        for s, r, t in zip(scores, stored, thresholds, strict=True)
    ]
    common = (groups, counted(units, groups), level, seed)
    combined: list[dict[str, Metric]] = [{} for _ in coefficients]
    for told, own in zip(combined, coefficients, strict=True):
        kept = [(c, *of) for c, of in zip(own, found, strict=True) if c]
        for i, name in enumerate(names):
            value = float(sum(c * of[i] for c, of, _ in kept))
            draws = sum(c * drawn[:, i] for c, _, drawn in kept)
            told[name] = summary(name, value, draws, *common)
    return combined
