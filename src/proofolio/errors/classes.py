"""What each class was decided to be, and how well each is found."""

from typing import TYPE_CHECKING, Any

import numpy as np

from proofolio.contract import Run
from proofolio.errors.joined import actual_codes, decided_codes, join

if TYPE_CHECKING:
    import pandas as pd


def confusion(
    run: Run, predictions: "pd.DataFrame", examples: "pd.DataFrame", part: str
) -> list[dict[str, Any]]:
    """Return one row per actual class: `actual`, n, then per class decided a count and a share.

    Columns are `<class>` (count) and `share_<class>` (of the row; None for a class without rows).
    """
    counts = confusion_counts(run, predictions, examples, part)
    return [
        {"actual": name, "n": int(row.sum())}
        | {other: int(count) for other, count in zip(run.classes, row, strict=True)}
        | {
            f"share_{other}": float(count / row.sum()) if row.sum() else None
            for other, count in zip(run.classes, row, strict=True)
        }
        for name, row in zip(run.classes, counts, strict=True)
    ]


def class_table(
    run: Run,
    predictions: "pd.DataFrame",
    examples: "pd.DataFrame",
    part: str,
    *,
    level: float = 0.95,
) -> list[dict[str, Any]]:
    """Return a row per class, lowest recall first, with what it was most often taken for.

    Rows: class, n, n_units, recall, decided (rows decided to be it), precision, confused_with,
    confused (rows). Few rows of a class are often all right, and then every resample says 1.0; so
    intervals are Wilson's (JASA 1927), with the clusters among the rows as their number, which
    cannot be too narrow for look-alikes. None where a class has no row.
    """
    joined = join(run, predictions, examples, part)
    actual, decided = actual_codes(run, joined), decided_codes(run, joined)
    clusters = joined.grouping["clusters"]
    table = []
    for code, name in enumerate(run.classes):
        ours, called = actual == code, decided == code
        wrong = np.bincount(decided[ours & ~called], minlength=len(run.classes))
        row = {"class": name, "n": int(ours.sum()), "decided": int(called.sum())}
        row["n_units"] = int(joined.rows.loc[ours, "unit"].nunique())
        for key, among in (("recall", ours), ("precision", called)):
            row |= _wilson(key, (ours & called).sum(), among.sum(), clusters[among], level)
        row["confused_with"] = run.classes[wrong.argmax()] if wrong.any() else ""
        table.append(row | {"confused": int(wrong.max())})
    return sorted(table, key=lambda row: 2.0 if row["recall"] is None else row["recall"])


def _wilson(
    key: str, right: int, n: int, clusters: np.ndarray, level: float
) -> dict[str, float | None]:
    """Return a share and its interval under `key`, with as many trials as there are clusters."""
    from scipy.stats import norm

    if not n:
        return {key: None, f"{key}_ci_low": None, f"{key}_ci_high": None}
    share, trials = float(right / n), len(np.unique(clusters))
    z2 = float(norm.ppf((1 + level) / 2)) ** 2
    middle = (share + z2 / (2 * trials)) / (1 + z2 / trials)
    half = np.sqrt(z2 * share * (1 - share) / trials + (z2 / (2 * trials)) ** 2) / (1 + z2 / trials)
    low, high = max(0.0, middle - half), min(1.0, middle + half)
    return {key: share, f"{key}_ci_low": float(low), f"{key}_ci_high": float(high)}


def confusion_counts(
    run: Run, predictions: "pd.DataFrame", examples: "pd.DataFrame", part: str
) -> np.ndarray:
    """Return the (k, k) counts of rows: actual class down, decided class across."""
    joined = join(run, predictions, examples, part)
    k = len(run.classes)
    cells = actual_codes(run, joined) * k + decided_codes(run, joined)
    return np.bincount(cells, minlength=k * k).reshape(k, k)
