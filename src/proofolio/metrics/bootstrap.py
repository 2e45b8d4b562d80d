"""Statistics over bootstrap resamples of clusters, and the interval they give."""

import hashlib
from collections.abc import Sequence

import numpy as np

from proofolio.contract import Metric, MetricError
from proofolio.metrics import inputs
from proofolio.metrics.catalogue import EVENTS, UNDEFINED, base, needs_threshold, uses_calibrated
from proofolio.metrics.resampling import Clustering, Once, at_once
from proofolio.metrics.rounds import Rounds, prepared

METHOD = "cluster_bootstrap_percentile"
_MOST = 4096  # values kept, of some thousand resamples each

# What was drawn, by the content of all it follows from: a run's metrics, its configuration's mean
# and its difference to others rest on the same draws.
_known: dict[bytes, tuple[float, np.ndarray]] = {}


def evaluate(
    names: Sequence[str],
    y: np.ndarray,
    scores: np.ndarray,
    groups: Clustering,
    *,
    raw: np.ndarray | None,
    threshold: float | None,
    rounds: Rounds | None,
    resamples: int,
    seed: int,
) -> tuple[np.ndarray, np.ndarray]:
    """Return metrics of the sample (m,) and of the resamples (resamples, m).

    With a single cluster nothing can be resampled: all NaN. With no resample the value stands in
    for one, and differs by rounding alone from a recorded value. What was evaluated before in this
    process is not evaluated again.
    """
    if resamples < 0:
        raise MetricError(
            "an interval needs resamples",
            expected="resamples >= 1, or 0: the value stands in for both ends",
            received=f"{resamples}",
            remedy="the house uses 2000",
        )
    y, scores, raw = inputs.checked([n for n in names if n not in EVENTS], y, scores, raw)
    rounds = None if rounds is None else rounds.coded()
    keys = _keys(names, y, scores, raw, groups, threshold, rounds, (resamples, seed))
    missing = [name for name, key in keys.items() if key not in _known]
    if missing:
        of = prepared(missing, y, scores, groups, raw=raw, threshold=threshold, rounds=rounds)
        (of_sample,) = of(groups.once() if resamples else Once(groups.once()))
        drawn = np.full((len(missing), resamples), np.nan) if resamples else of_sample[:, None]
        if resamples and min(groups.sizes) > 1:
            for start, draws in groups.draws(resamples, seed, at_once(of.n)):
                found = of(draws)
                drawn[:, start : start + len(found)] = found.T
        for name, value, line in zip(missing, of_sample, drawn, strict=True):
            if len(_known) >= _MOST:
                del _known[next(iter(_known))]
            _known[keys[name]] = (float(value), line)
    found = [_known[keys[name]] for name in names]
    return np.array([value for value, _ in found]), np.stack([line for _, line in found], axis=1)


def _keys(
    names: Sequence[str],
    y: np.ndarray,
    scores: np.ndarray,
    raw: np.ndarray,
    groups: Clustering,
    threshold: float | None,
    rounds: Rounds | None,
    drawn: tuple[int, int],
) -> dict[str, bytes]:
    """Return name -> digest of everything that a metric's values follow from."""
    parts = [y, *groups.codes, *(() if rounds is None else (rounds.fold, rounds.day))]
    common = _digest(*parts, np.array([*groups.sizes, *drawn, rounds is None]))
    read = {True: _digest(scores)}
    read[False] = read[True] if raw is scores else _digest(raw)
    limits = {name: threshold if needs_threshold(name) else None for name in names}
    return {
        name: common + read[uses_calibrated(name)] + f"{name} {limits[name]!r}".encode()
        for name in names
    }


def _digest(*arrays: np.ndarray) -> bytes:
    digest = hashlib.sha256()
    for array in arrays:
        array = np.ascontiguousarray(array)
        digest.update(f"{array.shape} {array.dtype}".encode())
        digest.update(array.data)
    return digest.digest()


def summary(
    name: str,
    value: float,
    drawn: np.ndarray,
    groups: Clustering,
    n_units: int,
    level: float,
    seed: int,
) -> Metric:
    """Return the Metric of a value and its (resamples,) bootstrap values; NaN = degenerate.

    The interval is withheld, and `method` says why, for an
    undefined value, a single cluster, or more degenerate resamples than others.
    """
    if not 0 < level < 1:
        raise MetricError(
            "no such confidence level",
            expected="0 < level < 1",
            received=f"{level}",
            remedy="the house uses 0.95",
        )
    common = {"level": level, "n": len(groups), "n_units": n_units}
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
    low, high = np.quantile(kept, [tail, 1 - tail]) if len(kept) > 1 else (kept[0], kept[0])
    return Metric(value=value, ci_low=low, ci_high=high, method=method, **common)


def counted(units: np.ndarray | None, groups: Clustering) -> int:
    """Return how many distinct `units` (n,) there are; None counts the clusters of the rows."""
    import pandas as pd

    return int(pd.Series(groups.codes[0] if units is None else units).nunique())
