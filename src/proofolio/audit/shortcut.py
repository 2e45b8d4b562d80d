"""The shortcut probe: can the label be predicted from file statistics alone?

A network may learn how a file was made (its scanner, its compression) instead of what it shows.
One statistic alone is probed by the label shares in its quantile bins, all jointly by a small
forest on their ranks; both are scored out of fold, with whole clusters.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from proofolio import metrics
from proofolio.audit import thresholds
from proofolio.contract import Finding, Metric
from proofolio.splits import allocate, encode

FEATURES = ("bytes", "width", "height", "quality", "brightness", "contrast", "border")
CAUTION = (
    " Where images share one size, bytes, brightness, contrast and border may also measure what "
    "the image shows: look before you call it a shortcut."
)


def findings(
    table: pd.DataFrame, tested: pd.Series, split: str, classes: Sequence[str], *, test: bool
) -> list[Finding]:
    """Probe all features jointly and each alone.

    Args:
        table: id, cluster, label and the columns of FEATURES that exist.
        tested: whether a row belongs to part test, shape (n,); such rows are never fitted on.
        split: name of the split, for the findings.
        classes: label names; with two, the AUROC is of the second against the first.
        test: score the probe on test (fitted on all else) instead of out of fold.

    Returns:
        `shortcut` and `shortcut_<feature>`; on test `shortcut_test` and `shortcut_test_<feature>`.
    """
    table = table[table["label"].isin(classes)].assign(tested=tested)
    table = table.sort_values("id", ignore_index=True)
    known = table[~table["tested"].to_numpy(dtype=bool)].reset_index(drop=True)
    scored = table[table["tested"].to_numpy(dtype=bool)].reset_index(drop=True) if test else known
    varying = [f for f in FEATURES if f in table and known[f].nunique(dropna=False) > 1]
    prefix = "shortcut_test" if test else "shortcut"
    sets = {prefix: varying} | {f"{prefix}_{f}": [f] for f in FEATURES}
    reason = "" if test else _too_few(known, classes)
    fold = _folds(known) if not reason and not test else None
    found = []
    for check, columns in sets.items():
        lacking = reason or _unusable(check, columns, table, varying)
        if lacking or scored.empty:
            found.append(_not_applicable(check, split, lacking or "Part test is empty."))
            continue
        scores = _scores(known, scored, columns, list(classes), fold)
        found.append(_judge(check, split, columns, _auroc(scored, scores, list(classes))))
    return found


def _too_few(known: pd.DataFrame, classes: Sequence[str]) -> str:
    clusters = known.groupby("label")["cluster"].nunique().reindex(classes, fill_value=0)
    if clusters.min() >= thresholds.SHORTCUT_FOLDS:
        return ""
    return (
        f"Class {clusters.idxmin()} has {clusters.min()} cluster(s) outside test; "
        f"the probe needs {thresholds.SHORTCUT_FOLDS}."
    )


def _unusable(check: str, columns: list[str], table: pd.DataFrame, varying: list[str]) -> str:
    if not columns:
        return "No file statistic varies."
    absent = [c for c in columns if c not in table]
    if absent:
        return f"The table has no column {absent[0]}."
    return "" if set(columns) <= set(varying) else f"{columns[0]} is the same in every file."


def _folds(known: pd.DataFrame) -> np.ndarray:
    """Return the fold of each row, whole clusters, balanced by label, shape (n,)."""
    rows = encode(known, "cluster", ["label"])
    rng = np.random.default_rng(thresholds.AUDIT_SEED)
    return allocate(rows, [1.0] * thresholds.SHORTCUT_FOLDS, rng)[rows.cluster]


def _scores(
    known: pd.DataFrame,
    scored: pd.DataFrame,
    columns: list[str],
    classes: list[str],
    fold: np.ndarray | None,
) -> np.ndarray:
    """Return class probabilities (n, k): out of fold where `fold` is given, else of `scored`."""
    y = known["label"].map({c: k for k, c in enumerate(classes)}).to_numpy()
    x = known[columns].to_numpy(dtype=float)
    if fold is None:
        return _fit_and_score(x, y, scored[columns].to_numpy(dtype=float), len(classes))
    scores = np.zeros((len(known), len(classes)))
    for f in range(thresholds.SHORTCUT_FOLDS):
        held = fold == f
        scores[held] = _fit_and_score(x[~held], y[~held], x[held], len(classes))
    return scores


def _fit_and_score(x: np.ndarray, y: np.ndarray, new: np.ndarray, k: int) -> np.ndarray:
    """Fit a probe on `x` (n, d) and codes `y` (n,), return class scores (m, k) for `new` (m, d)."""
    columns = [np.sort(np.nan_to_num(c, nan=-1.0)) for c in x.T]
    known, asked = _ranks(columns, x), _ranks(columns, new)
    fit = _binned if x.shape[1] == 1 else _forest
    return fit(known, y, asked, k)


def _binned(x: np.ndarray, y: np.ndarray, new: np.ndarray, k: int) -> np.ndarray:
    """Score by the label shares of the quantile bin, drawn towards the overall share."""
    n_bins = int(np.clip(len(x) // thresholds.SHORTCUT_BIN_ROWS, 2, thresholds.SHORTCUT_BINS))
    known, asked = ((r[:, 0] * n_bins).astype(int).clip(0, n_bins - 1) for r in (x, new))
    counts = np.bincount(known * k + y, minlength=n_bins * k).reshape(n_bins, k)
    overall = np.bincount(y, minlength=k) / len(y)
    return ((counts + overall) / (counts.sum(axis=1, keepdims=True) + 1))[asked]


def _forest(x: np.ndarray, y: np.ndarray, new: np.ndarray, k: int) -> np.ndarray:
    from sklearn.ensemble import ExtraTreesClassifier

    forest = ExtraTreesClassifier(
        thresholds.SHORTCUT_TREES,
        min_samples_leaf=thresholds.SHORTCUT_LEAF,
        max_features=None,
        bootstrap=True,
        max_samples=min(len(x), thresholds.SHORTCUT_ROWS_PER_TREE),
        random_state=thresholds.AUDIT_SEED,
    ).fit(x, y)
    scores = np.zeros((len(new), k))
    scores[:, forest.classes_] = forest.predict_proba(new)
    return scores


def _ranks(columns: list[np.ndarray], x: np.ndarray) -> np.ndarray:
    """Return mid-ranks in [0, 1] within the fitted columns; absent values (NaN) rank lowest.

    Random cuts between ranks fall where the values are, so outliers do not blunt the probe.
    """
    x = np.nan_to_num(x, nan=-1.0)
    middle = [
        (np.searchsorted(c, v, "left") + np.searchsorted(c, v, "right")) / (2 * len(c))
        for c, v in zip(columns, x.T, strict=True)
    ]
    return np.stack(middle, axis=1)


def _auroc(scored: pd.DataFrame, scores: np.ndarray, classes: list[str]) -> Metric:
    """Return the AUROC (several classes: mean of one against the rest) with its interval."""
    y = scored["label"].map({c: k for k, c in enumerate(classes)}).to_numpy()
    clusters = scored["cluster"].to_numpy(dtype=object)
    drawn = {"resamples": thresholds.SHORTCUT_RESAMPLES, "seed": thresholds.AUDIT_SEED}
    if len(classes) == 2:
        return metrics.interval("auroc", y, scores[:, 1], clusters, **drawn)
    present = np.unique(y)
    truth = [(y == k).astype(np.int64) for k in present]

    def macro(weights: np.ndarray | None) -> np.ndarray:
        each = [
            metrics.value("auroc", t, scores[:, k], weights=weights)
            for k, t in zip(present, truth, strict=True)
        ]
        return np.mean(each, axis=0)  # NaN where a class was not drawn: degenerate

    each = metrics.resample_weights(clusters, drawn["resamples"], drawn["seed"])
    values = np.concatenate([np.atleast_1d(macro(w)) for w in each])
    kept = values[np.isfinite(values)]
    usable = len(present) > 1 and len(kept) * 2 >= len(values)
    low, high = np.quantile(kept, [0.025, 0.975]) if usable else (None, None)
    return Metric(
        value=float(macro(None)) if len(present) > 1 else None,
        ci_low=low,
        ci_high=high,
        n=len(y),
        n_units=len(set(clusters)),
        method="cluster_bootstrap_percentile",
    )


def _judge(check: str, split: str, columns: list[str], auroc: Metric) -> Finding:
    if auroc.value is None:
        return _not_applicable(check, split, "AUROC is not defined: one class only.")
    limit = thresholds.SHORTCUT_AUROC
    found = auroc.ci_low is not None and auroc.ci_low > limit
    said = f"From {', '.join(columns)} alone the label is ranked with AUROC {auroc.value:.3f}"
    said += " (no interval)." if auroc.ci_low is None else f" (lower bound {auroc.ci_low:.3f})."
    said += CAUTION if found else f" A lower bound above {limit} would be a warning."
    return Finding(
        check=check,
        split=split,
        status="warn" if found else "pass",
        statistic=round(auroc.value, 6),
        threshold=limit,
        n=auroc.n,
        explanation=said,
        ci_low=None if auroc.ci_low is None else round(auroc.ci_low, 6),
        ci_high=None if auroc.ci_high is None else round(auroc.ci_high, 6),
    )


def _not_applicable(check: str, split: str, reason: str) -> Finding:
    return Finding(check=check, split=split, status="not_applicable", explanation=reason)
