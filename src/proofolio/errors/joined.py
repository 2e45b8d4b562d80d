"""Stored predictions with what was decided of each row; test only once it was opened."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from proofolio import scoring
from proofolio.contract import Run, RunError, SealError

if TYPE_CHECKING:
    import pandas as pd


SLICE = "slice_"


def join(
    run: Run, predictions: "pd.DataFrame", examples: "pd.DataFrame", part: str
) -> scoring.Joined:
    """Return a run's predictions of a part with labels and what was calibrated.

    Raises:
        SealError: Test is asked for and sealed.
        RunError: The run scored nothing of this part, or unknown ids or labels.
    """
    if part == "test" and "test" not in run.metrics:
        raise SealError(
            f"test was not opened for run {run.id}",
            remedy="look at val; run proofolio evaluate after the selection is committed",
        )
    return scoring.join_run(run, predictions, examples, part)


def actual_codes(run: Run, joined: scoring.Joined) -> np.ndarray:
    """Return the (n,) code of each row's class, in the order of `run.classes`."""
    if run.positive_class is None:
        return joined.y
    positive = run.classes.index(run.positive_class)
    return np.where(joined.y == 1, positive, 1 - positive)


def decided_codes(run: Run, joined: scoring.Joined) -> np.ndarray:
    """Return the (n,) code of the class each row is decided to be."""
    if run.positive_class is None:
        return joined.calibrated.argmax(axis=1)
    positive = run.classes.index(run.positive_class)
    threshold = run.decision.threshold if run.decision else None
    if threshold is None:
        raise RunError(
            f"run {run.id} has no threshold, so it decides nothing",
            remedy="ask for ranking metrics, or fit a threshold on calib",
        )
    return np.where(joined.calibrated >= threshold, positive, 1 - positive)


def sureness(run: Run, joined: scoring.Joined, decided: np.ndarray) -> np.ndarray:
    """Return (n,) the probability of the class decided; for a score, how far from the threshold."""
    if run.positive_class is None:
        return joined.calibrated.max(axis=1)
    if joined.is_score:
        return np.abs(joined.calibrated - run.decision.threshold)
    positive = decided == run.classes.index(run.positive_class)
    return np.where(positive, joined.calibrated, 1 - joined.calibrated)


def slice_columns(rows: "pd.DataFrame") -> "Iterator[tuple[str, pd.Series]]":
    """Yield name and values (n,) of every slice, sorted by name."""
    for column in sorted(c for c in rows.columns if c.startswith(SLICE)):
        yield column.removeprefix(SLICE), rows[column].fillna("missing").astype(str)
