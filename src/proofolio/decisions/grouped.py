"""Conformal sets that keep their promise within groups of classes, not only over all rows.

Label-conditional (Mondrian) split conformal (Vovk, 2012, "Conditional validity of inductive
conformal predictors", ACML): class c enters the set where 1 - p(c) is at most the quantile of c's
group, and that quantile is fitted on the calib rows whose true class lies in the group. The group
of a photograph need not be known to give it a set: each class brings its own quantile.
"""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from proofolio import metrics
from proofolio.contract import Metric
from proofolio.decisions.conformal import prediction_sets
from proofolio.decisions.needs import Rows, with_interval


def grouped_sets(
    calib_y: np.ndarray,
    calib_p: np.ndarray,
    p: np.ndarray,
    levels: Sequence[float],
    groups: Sequence[str],
) -> tuple[dict[str, list[float | None]], np.ndarray]:
    """Return each group's quantiles, one per level, and the sets (n, k, levels) of booleans.

    A group's quantiles and its classes' places in the sets are those of `prediction_sets` on the
    calib rows of the group. Where these are too few for a level, the quantile is None and every
    class of the group is in every set.

    Args:
        calib_y: (m,) class codes.
        calib_p: (m, k) calibrated probabilities.
        p: (n, k) of the rows to give sets for.
        levels: Shares of each group's rows whose set is to hold the true class.
        groups: The group of each of the k classes.

    Raises:
        MetricError: As `prediction_sets`.
    """
    calib_y, of_class = np.asarray(calib_y), np.asarray(groups, dtype=str)
    quantiles: dict[str, list[float | None]] = {}
    sets = np.ones((len(p), len(of_class), len(levels)), dtype=bool)
    for group in np.unique(of_class):
        fitted, own = of_class[calib_y] == group, of_class == group
        quantiles[str(group)] = [None] * len(levels)
        if fitted.any():
            both = (calib_y[fitted], np.asarray(calib_p)[fitted])
            quantiles[str(group)], found = prediction_sets(*both, p, levels)
            sets[:, own] = found[:, own]
    return quantiles, sets


def grouped_table(
    calib_y: np.ndarray,
    calib_p: np.ndarray,
    y: np.ndarray,
    p: np.ndarray,
    levels: Sequence[float],
    groups: Sequence[str],
    **resampling: Any,
) -> Rows:
    """Return coverage and size of sets by group, per level: all rows first, then each group's.

    Args:
        calib_y: (m,) class codes.
        calib_p: (m, k) calibrated probabilities.
        y: (n,) of the part.
        p: (n, k) of the part.
        levels: See `grouped_sets`.
        groups: The group of each of the k classes.
        **resampling: Keywords of `metrics.ratios`; whole clusters of the part are drawn.

    Returns:
        Rows level, group ("all", or one; of the true class), classes (in the group), n_calib,
        n_calib_class (calib rows of its rarest class), n, n_units, quantile (None for "all", and
        where calib is too small), coverage with its interval, mean_size; then marginal_coverage
        with its interval and marginal_size, of sets by one quantile for all on the same rows; note.
        Where every row of a group is covered, or none, no resample varies: no interval.
    """
    y, of_class = np.asarray(y), np.asarray(groups, dtype=str)
    quantiles, sets = grouped_sets(calib_y, calib_p, p, levels, groups)
    _, marginal = prediction_sets(calib_y, calib_p, p, levels)
    named = ["all", *quantiles]
    inside = np.stack([(of_class == g) | (g == "all") for g in named])  # (groups, k)
    rows_of = inside[:, y].T.astype(np.float64)  # (n, groups)
    units = resampling.get("units")
    units = np.asarray(resampling["clusters"] if units is None else units, dtype=str)
    in_calib = np.bincount(calib_y, minlength=len(of_class))
    rows: Rows = []
    for i, level in enumerate(levels):
        held = [np.take_along_axis(s[:, :, i], y[:, None], axis=1) for s in (sets, marginal)]
        covered, beside = (metrics.ratios(h * rows_of, rows_of, **resampling) for h in held)
        for g, group in enumerate(named):
            own = rows_of[:, g] > 0
            quantile = quantiles[group][i] if g else None
            row: dict[str, Any] = {"level": level, "group": group, "classes": int(inside[g].sum())}
            row |= {"n_calib": int(in_calib[inside[g]].sum()), "quantile": quantile}
            row |= {"n_calib_class": int(in_calib[inside[g]].min())}
            row |= {"n": int(own.sum()), "n_units": len(np.unique(units[own]))}
            row |= with_interval("coverage", _varying(covered[g]))
            row |= {"mean_size": _mean_size(sets[own, :, i])}
            row |= with_interval("marginal_coverage", _varying(beside[g]))
            row |= {"marginal_size": _mean_size(marginal[own, :, i])}
            rows.append(row | {"note": _too_few(level) if g and quantile is None else ""})
    return rows


def _varying(share: Metric) -> Metric:
    """Return a share without the interval of no width that resampling gives 0 and 1."""
    sure = share.value in (0.0, 1.0)
    return share.model_copy(update={"ci_low": None, "ci_high": None}) if sure else share


def _mean_size(sets: np.ndarray) -> float | None:
    """Return the mean number of classes of (n, k) sets, None without rows."""
    return float(sets.sum(axis=1).mean()) if len(sets) else None


def _too_few(level: float) -> str:
    needed = math.ceil(round(max(1 / level, 1 / round(1 - level, 12)), 9))
    return f"needs {needed} rows of calib: without them every class of the group is in every set"
