"""Rows with what was decided of them, and the mistakes of which a run was surest."""

from typing import TYPE_CHECKING, Any

import numpy as np

from proofolio.contract import Run
from proofolio.errors.joined import actual_codes, decided_codes, join, slice_columns, sureness

if TYPE_CHECKING:
    import pandas as pd


def decided(
    run: Run, predictions: "pd.DataFrame", examples: "pd.DataFrame", part: str
) -> "pd.DataFrame":
    """Return the rows of a part, sorted by id, with `decided` and `probability` beside `label`.

    `probability` is calibrated and of the class decided; a scorer's is None. Raises as `surest`.
    """
    joined = join(run, predictions, examples, part)
    codes = decided_codes(run, joined)
    sure = [None] * len(codes) if joined.is_score else sureness(run, joined, codes)
    return joined.rows.assign(decided=[run.classes[code] for code in codes], probability=sure)


def surest(
    run: Run, predictions: "pd.DataFrame", examples: "pd.DataFrame", part: str, k: int = 12
) -> list[dict[str, Any]]:
    """Return the `k` mistakes of which the run was surest, surest first, ties by id.

    Rows: id, unit, label, decided, probability (calibrated, of the class decided; None for a
    scorer without probabilities, whose rows come by distance from the threshold), then the value
    of every `slice_<name>` column under its name ("missing" where there is none).
    """
    joined = join(run, predictions, examples, part)
    decided = decided_codes(run, joined)
    wrong = np.flatnonzero(actual_codes(run, joined) != decided)
    sure = sureness(run, joined, decided)
    rows = joined.rows
    slices = dict(slice_columns(rows))
    ids = rows["id"].to_numpy(dtype=object)
    order = sorted(wrong, key=lambda i: (-sure[i], ids[i]))[:k]
    return [
        {
            "id": str(ids[i]),
            "unit": str(rows["unit"].iloc[i]),
            "label": str(rows["label"].iloc[i]),
            "decided": run.classes[decided[i]],
            "probability": float(sure[i]) if not joined.is_score else None,
        }
        | {name: str(values.iloc[i]) for name, values in slices.items()}
        for i in order
    ]
