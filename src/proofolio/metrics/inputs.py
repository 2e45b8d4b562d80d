"""Checks of what a metric is given: shapes, lengths, codes, finite scores."""

from collections.abc import Sequence

import numpy as np

from proofolio.contract import MetricError
from proofolio.metrics.catalogue import check_supported, is_probabilistic

_ROUNDING = 1e-5  # float32 softmax rows may exceed 1 by this much


def labels(y: np.ndarray, classes: int) -> np.ndarray:
    """Return `y` as (n,) int64 codes below `classes`; raises MetricError otherwise."""
    codes = np.asarray(y)
    if codes.ndim != 1 or not len(codes):
        raise MetricError(
            "labels have the wrong shape",
            expected="y (n,) with n > 0",
            received=f"shape {codes.shape}",
            remedy="pass one integer class code per row",
        )
    whole = codes.astype(np.int64) if codes.dtype.kind in "biuf" else None
    if whole is None or (whole != codes).any() or whole.min() < 0 or whole.max() >= classes:
        raise MetricError(
            "labels are not class codes",
            expected=f"integers 0..{classes - 1}" + (" (1 = positive)" if classes == 2 else ""),
            received=", ".join(map(str, np.unique(codes)[:5])),
            remedy="turn class names into their position in the class order",
        )
    return whole


def scores(values: np.ndarray, rows: int, *, what: str = "scores") -> np.ndarray:
    """Return `values` as float64 (n,) or (n, k), k >= 2; raises MetricError otherwise."""
    array = np.asarray(values, dtype=np.float64)
    if array.ndim not in (1, 2) or (array.ndim == 2 and array.shape[1] < 2):
        raise MetricError(
            f"{what} have the wrong shape",
            expected="(n,) for two classes (the positive one's), (n, k) with k >= 2 otherwise",
            received=f"shape {array.shape}",
            remedy="drop the extra axis, or give one column per class",
        )
    if len(array) != rows:
        raise MetricError(
            f"{what} and labels differ in length",
            expected=f"{rows} rows as in y",
            received=f"{len(array)}",
            remedy="join predictions and labels by id first",
        )
    if not np.isfinite(array).all():
        broken = ~np.isfinite(array.reshape(rows, -1)).all(axis=1)
        raise MetricError(
            f"{what} are not finite (NaN or infinite)",
            expected="a finite score for every row",
            received=f"{int(broken.sum())} rows, the first at {int(np.argmax(broken))}",
            remedy="find out why the model gave no score; nothing is dropped silently",
        )
    return array


def probabilities(names: Sequence[str], values: np.ndarray) -> None:
    """Raise MetricError where a metric needs probabilities and `values` leave [0, 1]."""
    needing = [n for n in names if is_probabilistic(n)]
    if needing and (values.min() < -_ROUNDING or values.max() > 1 + _ROUNDING):
        raise MetricError(
            f"{needing[0]} needs probabilities",
            expected="values in [0, 1]",
            received=f"values from {values.min():.6g} to {values.max():.6g}",
            remedy="leave probability metrics out for scorers that give no probabilities",
        )


def checked(
    names: Sequence[str], y: np.ndarray, values: np.ndarray, raw: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return (y, scores, raw scores) checked against each other and against the metrics asked."""
    array = scores(values, np.shape(y)[0] if np.ndim(y) else 0)
    stored = array if raw is None else scores(raw, len(array), what="raw scores")
    if stored.shape != array.shape:
        raise MetricError(
            "raw and calibrated scores differ in shape",
            expected=f"{array.shape}",
            received=f"{stored.shape}",
            remedy="calibrate the stored scores without changing their shape",
        )
    for name in names:
        check_supported(name, binary=array.ndim == 1)
    codes = labels(y, 2 if array.ndim == 1 else array.shape[1])
    probabilities([n for n in names if not n.endswith("_raw")], array)
    probabilities([n for n in names if n.endswith("_raw")], stored)
    return codes, array, stored
