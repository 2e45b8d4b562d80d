"""Conformal prediction sets: the classes that cannot be ruled out at a stated level.

Split conformal with the score 1 - p(class) (Sadinle, Lei and Wasserman, 2019, "Least ambiguous
set-valued classifiers with bounded error levels"), by MAPIE. Exchangeable units are covered at
least at the level on average over draws of calib and part; nothing is promised class by class.
"""

import math
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

from proofolio import metrics
from proofolio.contract import MetricError
from proofolio.decisions.needs import Rows, with_interval


def largest_per_unit(
    y: np.ndarray, p: np.ndarray, units: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return one row per unit, sorted by name: whether any row is positive, and the largest p.

    Args:
        y: (n,) 1 for positive.
        p: (n,) probability of the positive class.
        units: (n,) the unit of each row.

    Returns:
        y (u,), p (u,) and for each unit the number (u,) of its first row.
    """
    _, first, unit = np.unique(np.asarray(units, str), return_index=True, return_inverse=True)
    label, largest = np.zeros(len(first), dtype=np.int64), np.full(len(first), -np.inf)
    np.maximum.at(label, unit, np.asarray(y))
    np.maximum.at(largest, unit, np.asarray(p, dtype=np.float64))
    return label, largest, first


def prediction_sets(
    calib_y: np.ndarray, calib_p: np.ndarray, p: np.ndarray, levels: Sequence[float]
) -> tuple[list[float | None], np.ndarray]:
    """Return each level's quantile of the calib scores, and the sets (n, k, levels) of booleans.

    The quantile is the ceil((m + 1) * level)-th smallest score. Where calib has fewer rows than
    1 / (1 - level) or 1 / level, which MAPIE refuses, it is None and every set holds every class:
    so small a calib rules nothing out at that level.

    Args:
        calib_y: (m,) class codes.
        calib_p: (m, k) calibrated probabilities.
        p: (n, k) of the rows to give sets for.
        levels: Shares of rows whose set is to hold the true class, each in (0, 1).

    Raises:
        MetricError: A level is no share, or calib has no row.
    """
    calib_p, p = _normal(calib_p), _normal(p)
    _demand_levels(levels, len(calib_y))
    reachable = [level for level in levels if _reachable(len(calib_y), level)]
    quantiles: list[float | None] = [None] * len(levels)
    sets = np.ones((*p.shape, len(levels)), dtype=bool)
    if reachable:
        own = [level in reachable for level in levels]
        scores, sets[:, :, own] = _by_mapie(np.asarray(calib_y), calib_p, p, reachable)
        for i in np.flatnonzero(own):
            quantiles[i] = float(scores[_rank(len(scores), levels[i]) - 1])
    return quantiles, sets


def _by_mapie(
    calib_y: np.ndarray, calib_p: np.ndarray, p: np.ndarray, levels: list[float]
) -> tuple[np.ndarray, np.ndarray]:
    """Return the sorted scores (m,) of calib, and the sets (n, k, levels)."""
    from mapie.classification import SplitConformalClassifier

    fitted = SplitConformalClassifier(
        _stored(calib_p.shape[1]), confidence_level=levels, conformity_score="lac"
    )
    with warnings.catch_warnings():  # a class that calib lacks is no fault: coverage is over all
        warnings.filterwarnings("ignore", message="WARNING: your conformalization dataset has less")
        fitted.conformalize(calib_p, calib_y)
    _, sets = fitted.predict_set(p)
    return np.sort(np.ravel(fitted.conformity_scores)), sets


def conformal_table(
    calib_y: np.ndarray,
    calib_p: np.ndarray,
    y: np.ndarray,
    p: np.ndarray,
    levels: Sequence[float],
    classes: Sequence[str],
    **resampling: Any,
) -> Rows:
    """Return how often sets hold the true class, and how large they are, per level.

    Args:
        calib_y: (m,) class codes, positions in `classes`.
        calib_p: (m, k) calibrated probabilities in the order of `classes`.
        y: (n,) of the part.
        p: (n, k) of the part.
        levels: See `prediction_sets`.
        classes: Names of the k classes.
        **resampling: Keywords of `metrics.ratios`.

    Returns:
        Rows level, quantile, coverage with its interval, coverage_<class> (None for a class
        without rows), mean_size, and the shares of empty, single and larger sets: `both` for two
        classes, `several` for more.
    """
    y = np.asarray(y)
    quantiles, sets = prediction_sets(calib_y, calib_p, p, levels)
    held = np.take_along_axis(sets, y[:, None, None], axis=1)[:, 0, :]
    covered = metrics.ratios(held, np.ones(len(y)), **resampling)
    larger = "both" if len(classes) == 2 else "several"
    rows: Rows = []
    for i, (level, quantile) in enumerate(zip(levels, quantiles, strict=True)):
        size = sets[:, :, i].sum(axis=1)
        row = {"level": level, "quantile": quantile, **with_interval("coverage", covered[i])}
        for code, name in enumerate(classes):
            own = held[y == code, i]
            row[f"coverage_{name}"] = float(own.mean()) if len(own) else None
        row |= {"mean_size": float(size.mean()), "empty": float(np.mean(size == 0))}
        rows.append(row | {"single": float(np.mean(size == 1)), larger: float(np.mean(size > 1))})
    return rows


def _stored(k: int) -> Any:
    """Return a fitted classifier whose input is the probabilities themselves."""
    from sklearn.base import BaseEstimator, ClassifierMixin

    class Stored(ClassifierMixin, BaseEstimator):
        classes_ = np.arange(k)
        n_features_in_ = k

        def __sklearn_is_fitted__(self) -> bool:
            return True

        def predict_proba(self, X: np.ndarray) -> np.ndarray:
            return np.asarray(X)

        def predict(self, X: np.ndarray) -> np.ndarray:
            return np.asarray(X).argmax(axis=1)

        def fit(self, X: np.ndarray, y: np.ndarray) -> "Stored":
            return self

    return Stored()


def _normal(p: np.ndarray) -> np.ndarray:
    """Return (n, k) rows that sum to 1: stored ones do so only within float32 (or float16)."""
    p = np.asarray(p, dtype=np.float64)
    return p / p.sum(axis=1, keepdims=True)


def _rank(n: int, level: float) -> int:
    """Return which smallest of n scores is the quantile; 0.9 * 100 is 90, whatever floats say."""
    return math.ceil(round((n + 1) * level, 9))


def _reachable(n: int, level: float) -> bool:
    """Whether MAPIE gives a quantile of n scores at this level."""
    return n >= max(1 / level, 1 / round(1 - level, 12))


def _demand_levels(levels: Sequence[float], n: int) -> None:
    wrong = [level for level in levels if not 0 < level < 1]
    if wrong or not len(levels) or not n:
        raise MetricError(
            "conformal levels are no shares of calib",
            expected="at least one, 0 < level < 1, and rows of calib",
            received=f"{list(levels)}, {n} rows",
            remedy="state parameters.levels, for example [0.9, 0.95]",
        )
