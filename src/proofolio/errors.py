"""Where a run is wrong: metrics per slice, confusion, and the mistakes it was surest of.

Scope: tables from stored predictions. It chooses nothing and looks at no picture. Decisions are
those of the run: its calibration, and its threshold or the most probable class.
"""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from proofolio import metrics, scoring
from proofolio.contract import Run, RunError, SealError

if TYPE_CHECKING:
    import pandas as pd

SLICE = "slice_"


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
    joined = _join(run, predictions, examples, part)
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
    joined = _join(run, predictions, examples, part)
    actual, decided = _actual(run, joined), _decide(run, joined)
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
    joined = _join(run, predictions, examples, part)
    k = len(run.classes)
    cells = _actual(run, joined) * k + _decide(run, joined)
    return np.bincount(cells, minlength=k * k).reshape(k, k)


def decided(
    run: Run, predictions: "pd.DataFrame", examples: "pd.DataFrame", part: str
) -> "pd.DataFrame":
    """Return the rows of a part, sorted by id, with `decided` and `probability` beside `label`.

    `probability` is calibrated and of the class decided; a scorer's is None. Raises as `surest`.
    """
    joined = _join(run, predictions, examples, part)
    codes = _decide(run, joined)
    sure = [None] * len(codes) if joined.is_score else _sureness(run, joined, codes)
    return joined.rows.assign(decided=[run.classes[code] for code in codes], probability=sure)


def surest(
    run: Run, predictions: "pd.DataFrame", examples: "pd.DataFrame", part: str, k: int = 12
) -> list[dict[str, Any]]:
    """Return the `k` mistakes of which the run was surest, surest first, ties by id.

    Rows: id, unit, label, decided, probability (calibrated, of the class decided; None for a
    scorer without probabilities, whose rows come by distance from the threshold), then the value
    of every `slice_<name>` column under its name ("missing" where there is none).
    """
    joined = _join(run, predictions, examples, part)
    decided = _decide(run, joined)
    wrong = np.flatnonzero(_actual(run, joined) != decided)
    sure = _sureness(run, joined, decided)
    rows = joined.rows
    slices = dict(_slice_columns(rows))
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


def _join(
    run: Run, predictions: "pd.DataFrame", examples: "pd.DataFrame", part: str
) -> scoring.Joined:
    if part == "test" and "test" not in run.metrics:
        raise SealError(
            f"test was not opened for run {run.id}",
            remedy="look at val; run proofolio evaluate after the selection is committed",
        )
    return scoring.join_run(run, predictions, examples, part)


def _actual(run: Run, joined: scoring.Joined) -> np.ndarray:
    """Return the (n,) code of each row's class, in the order of `run.classes`."""
    if run.positive_class is None:
        return joined.y
    positive = run.classes.index(run.positive_class)
    return np.where(joined.y == 1, positive, 1 - positive)


def _decide(run: Run, joined: scoring.Joined) -> np.ndarray:
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


def _sureness(run: Run, joined: scoring.Joined, decided: np.ndarray) -> np.ndarray:
    """Return (n,) the probability of the class decided; for a score, how far from the threshold."""
    if run.positive_class is None:
        return joined.calibrated.max(axis=1)
    if joined.is_score:
        return np.abs(joined.calibrated - run.decision.threshold)
    positive = decided == run.classes.index(run.positive_class)
    return np.where(positive, joined.calibrated, 1 - joined.calibrated)


def _slices(rows: "pd.DataFrame", by: Sequence[str]) -> Iterator[tuple[str, np.ndarray]]:
    """Yield the name and the row mask of the whole part and of every slice, sorted."""
    yield "all", np.ones(len(rows), dtype=bool)
    for name, values in (*((c, rows[c]) for c in by), *_slice_columns(rows)):
        for value in sorted(values.unique()):
            yield f"{name}={value}", (values == value).to_numpy()


def _slice_columns(rows: "pd.DataFrame") -> "Iterator[tuple[str, pd.Series]]":
    """Yield name and values (n,) of every slice, sorted by name."""
    for column in sorted(c for c in rows.columns if c.startswith(SLICE)):
        yield column.removeprefix(SLICE), rows[column].fillna("missing").astype(str)


def _row(measured: dict[str, Any]) -> dict[str, Any]:
    row: dict[str, Any] = {"n": 0, "n_units": 0}
    notes = {}
    for name, metric in measured.items():
        row |= {"n": metric.n, "n_units": metric.n_units, name: metric.value}
        row |= {f"{name}_ci_low": metric.ci_low, f"{name}_ci_high": metric.ci_high}
        if metric.value is None or metric.ci_low is None:
            notes[metric.method] = None
    return row | {"note": "; ".join(notes)}
