"""The result that says where one configuration is ahead of another: a difference for each slice.

A builder as in `evidence.tables`.
"""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from proofolio import metrics
from proofolio.contract import Layout, Result, RunError
from proofolio.decisions.needs import with_interval
from proofolio.evidence import building, slices
from proofolio.evidence.building import Inputs
from proofolio.project import Project

if TYPE_CHECKING:
    import pandas as pd

OWN, ALL_NEGATIVE = "rows of the slice", "all negative rows"


def difference_by_slice(
    layout: Layout, project: Project | None, inputs: Inputs, parameters: Inputs
) -> Result:
    """Return metric(config) - metric(versus) on every slice, means over seeds, all rows first.

    `inputs`: config, versus, part, metric, runs, versus_runs. `parameters`: slices, the names of
    those to show (absent: all), and the draws'. A value whose rows are all positive (a kind of
    fraud) is set against all negative rows of the part; a value without a positive row is left
    out. Rows: slice ("all", or "name=value"), against (which negative rows), n, n_units,
    n_positive, share_of_positives; then difference, config and versus (the values of either side)
    with their intervals from the same resamples of the row's own clusters; note.

    Raises:
        RunError: More than two classes, or a slice that the table does not have.
    """
    ours, theirs = (building.runs_of(layout, inputs[key]) for key in ("runs", "versus_runs"))
    building.refuse_demonstration(layout, [*ours, *theirs])
    if ours[0].positive_class is None:
        raise RunError(
            "a difference by slice needs positive and negative rows",
            expected="two classes, one of them the positive_class",
            received=", ".join(ours[0].classes),
            remedy="compare two values of a slice: slice_difference",
        )
    data = building.joined(layout, [*ours, *theirs], inputs["part"])
    y, metric = data[0].y, inputs["metric"]
    names = parameters.get("slices") or slices.names(data[0].rows)
    rows, whole = [], None
    for name, mask, against in _masks(data[0].rows, y, names):
        kept = [found.take(mask) for found in data]
        scores = [found.scores_for(metric) for found in kept]
        found = metrics.paired(
            metric,
            kept[0].y,
            scores[: len(ours)],
            scores[len(ours) :],
            thresholds=(building.thresholds(ours), building.thresholds(theirs)),
            **kept[0].judged,
            **building.drawn(parameters),
        )
        whole = found[0] if whole is None else whole
        positive = int(kept[0].y.sum())
        row = {"slice": name, "against": against, "n": found[0].n, "n_units": found[0].n_units}
        row |= {"n_positive": positive, "share_of_positives": positive / int(y.sum())}
        for key, value in zip(("difference", "config", "versus"), found, strict=True):
            row |= with_interval(key, value)
        rows.append(row | {"note": "" if found[0].ci_low is not None else found[0].method})
    lead = building.row_of(whole)
    return building.result("difference_by_slice", inputs, parameters, lead, rows)


def _masks(
    rows: "pd.DataFrame", y: np.ndarray, names: Sequence[str]
) -> Iterator[tuple[str, np.ndarray, str]]:
    """Yield name, mask (n,) and negative rows of the whole part and of every slice's values."""
    yield "all", np.ones(len(y), dtype=bool), OWN
    for name in names:
        values = slices.values(rows, name).to_numpy(dtype=str)
        for value in np.unique(values):
            own = values == value
            if y[own].all():
                yield f"{name}={value}", own | (y == 0), ALL_NEGATIVE
            elif y[own].any():
                yield f"{name}={value}", own, OWN
