"""Metrics of a part and of every slice of it."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from proofolio import metrics
from proofolio.contract import Run
from proofolio.errors.joined import join, slice_columns

if TYPE_CHECKING:
    import pandas as pd


def slice_table(
    run: Run,
    predictions: "pd.DataFrame",
    examples: "pd.DataFrame",
    part: str,
    names: Sequence[str],
    *,
    resamples: int = 2000,
    seed: int = 0,
    by: Sequence[str] = (),
    positives: bool = False,
) -> list[dict[str, Any]]:
    """Return one row for the whole part and one per value of every `slice_` column.

    Args:
        run: The run, for classes, calibration and decision.
        predictions: Its stored predictions.
        examples: id, unit, cluster, label and `slice_<name>` columns.
        part: The part to look at; test only once it was opened for this run.
        names: Metrics to show.
        resamples: Of the unit-clustered bootstrap.
        seed: Of its draws.
        by: Columns of scored events that are slices too: "fold", "day".
        positives: Of two classes, also n_positive and share_of_positives: of those of the part.

    Returns:
        Rows `slice` ("all", or "name=value"), n, n_units, and for each metric its value,
        `<metric>_ci_low` and `<metric>_ci_high`; None where the slice cannot carry it (one class
        only, one cluster), and `note` says why.

    Raises:
        SealError: Test is asked for and sealed.
        RunError: The run scored nothing of this part, or unknown ids or labels.
    """
    joined = join(run, predictions, examples, part)
    table = []
    for name, rows in _slices(joined.rows, by):
        kept = joined.take(rows)
        measured = metrics.intervals(
            list(names),
            kept.y,
            kept.calibrated,
            raw=kept.stored,
            threshold=run.decision.threshold if run.decision else None,
            resamples=resamples,
            seed=seed,
            **kept.judged,
        )
        row = {"slice": name} | _row(measured)
        if positives:
            own, whole = int(kept.y.sum()), int(joined.y.sum())
            row |= {"n_positive": own, "share_of_positives": own / whole if whole else None}
        table.append(row)
    return table


def _slices(rows: "pd.DataFrame", by: Sequence[str]) -> Iterator[tuple[str, np.ndarray]]:
    """Yield the name and the row mask of the whole part and of every slice, sorted."""
    yield "all", np.ones(len(rows), dtype=bool)
    for name, values in (*((c, rows[c]) for c in by), *slice_columns(rows)):
        for value in sorted(values.unique()):
            yield f"{name}={value}", (values == value).to_numpy()


def _row(measured: dict[str, Any]) -> dict[str, Any]:
    row: dict[str, Any] = {"n": 0, "n_units": 0}
    notes = {}
    for name, metric in measured.items():
        row |= {"n": metric.n, "n_units": metric.n_units, name: metric.value}
        row |= {f"{name}_ci_low": metric.ci_low, f"{name}_ci_high": metric.ci_high}
        if metric.value is None or metric.ci_low is None:
            notes[metric.method] = None
    return row | {"note": "; ".join(notes)}
