"""Figures drawn as curves: learning, ROC, precision-recall and reliability."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from proofolio.contract import Metric
from proofolio.figures import words
from proofolio.figures.canvas import COLOURS, DASHES, GREY, MARKERS, Drawing, Sheet, unit_axes

BINS = 15  # as the contract's `ece`: equal-mass bins


def learning_curves(name: str, title: str, histories: Mapping[int, Any], metric: str) -> Drawing:
    """Draw train and val loss, and the val metric, per epoch; one line per seed.

    Args:
        name: file name of the figure, without suffix.
        title: what the figure shows.
        histories: seed -> frame with columns epoch, train_loss, val_loss and `val_<metric>`.
        metric: name of the primary metric.
    """
    column = f"val_{metric}"
    table = pd.concat([h.assign(seed=s) for s, h in sorted(histories.items())], ignore_index=True)
    series = (
        ("train_loss", "train loss", 0, 1),
        ("val_loss", "validation loss", 0, 0),
        (column, f"validation {words.metric(metric)}", 1, 2),
    )
    with Sheet(height=4.4) as sheet:
        axes = sheet.axes(2)
        for key, label, row, style in (s for s in series if s[0] in table):
            look = {"color": COLOURS[style], "ls": DASHES[style], "marker": MARKERS[style], "ms": 4}
            for k, (_, history) in enumerate(table.groupby("seed", sort=True)):
                shown = label if k == 0 else None
                axes[row].plot(history["epoch"], history[key], label=shown, **look)
        axes[0].set(ylabel="loss")
        axes[1].set(xlabel="epoch", ylabel=f"validation\n{words.metric(metric)}")
        axes[1].xaxis.get_major_locator().set_params(integer=True)
        axes[0].set_ylim(bottom=0)
        sheet.legend(axes[0].get_lines()[:: max(1, len(histories))], columns=2)
    told = [_course(seed, h, column, metric) for seed, h in sorted(histories.items())]
    keep = ["seed", "epoch", *(s[0] for s in series if s[0] in table)]
    return sheet.drawing(name, title, " ".join(told), table[keep])


def _course(seed: int, history: pd.DataFrame, column: str, metric: str) -> str:
    last = history.iloc[-1]
    losses = (
        f"after {len(history)} epochs train loss {words.number(last.get('train_loss'))}, "
        f"validation loss {words.number(last.get('val_loss'))}"
    )
    if column not in history or history[column].isna().all():
        return f"Seed {seed}: {losses}."
    top = history.loc[history[column].idxmax()]
    best = f"validation {words.metric(metric)} peaks at {words.number(top[column])}"
    return f"Seed {seed}: {best} in epoch {top['epoch']:.0f}; {losses}."


def roc(
    name: str,
    title: str,
    y: np.ndarray,
    p: np.ndarray,
    *,
    auroc: Metric | None = None,
    threshold: float | None = None,
    note: str = "",
) -> Drawing:
    """Draw the ROC curve of (n,) probabilities `p` against 0/1 truth `y`, with the decision point.

    `auroc` brings the unit-clustered interval for the legend; `threshold` is on the scale of `p`;
    `note` ends the description.
    """
    from sklearn.metrics import roc_curve

    fpr, tpr, cuts = roc_curve(y, p)
    told = f"AUROC {words.interval(auroc)}"
    with Sheet(height=4.5) as sheet:
        axes = sheet.axes()
        (curve,) = axes.plot(fpr, tpr, color=COLOURS[0], label=told)
        (chance,) = axes.plot([0, 1], [0, 1], color=GREY, ls=DASHES[1], label="chance")
        handles, message = [curve, chance], [f"{told} on {len(y)} examples, {y.sum()} positive."]
        if threshold is not None:
            x, h = np.mean(p[y == 0] >= threshold), np.mean(p[y == 1] >= threshold)
            at = f"threshold {threshold:.3f}", f"sensitivity {h:.3f}, specificity {1 - x:.3f}"
            handles += _decided(axes, x, h, at)
            message.append(f"At the {': '.join(at)}.")
        unit_axes(axes, "1 - specificity (false alarms)", "sensitivity")
        sheet.legend(handles)
    table = pd.DataFrame({"false_positive_rate": fpr, "sensitivity": tpr, "threshold": cuts})
    told = " ".join(filter(None, [*message, note]))
    return sheet.drawing(name, title, told, table.replace(np.inf, np.nan))


def _decided(axes: Any, x: float, y: float, told: tuple[str, str]) -> list[Any]:
    """Mark the decision point; its label takes two lines, so that the legend fits the figure."""
    label = ":\n".join(told)
    return axes.plot(x, y, MARKERS[2], color=COLOURS[1], ms=8, label=label)


def precision_recall(
    name: str,
    title: str,
    y: np.ndarray,
    p: np.ndarray,
    *,
    average_precision: Metric | None = None,
    threshold: float | None = None,
    note: str = "",
) -> Drawing:
    """Draw the precision-recall curve as steps, with the share of positives as chance level.

    `note` ends the description.
    """
    from sklearn.metrics import precision_recall_curve

    precision, recall, cuts = precision_recall_curve(y, p, drop_intermediate=True)
    share, told = float(np.mean(y)), f"average precision {words.interval(average_precision)}"
    with Sheet(height=4.5) as sheet:
        axes = sheet.axes()
        (curve,) = axes.step(recall, precision, where="post", color=COLOURS[0], label=told)
        rate = f"share of positives {share:.3f} (chance)"
        (chance,) = axes.plot([0, 1], [share] * 2, color=GREY, ls=DASHES[1], label=rate)
        handles, message = [curve, chance], [f"Reached: {told}; {rate}."]
        if threshold is not None and np.any(p >= threshold):
            x, h = np.mean(p[y == 1] >= threshold), np.mean(y[p >= threshold])
            at = f"threshold {threshold:.3f}", f"recall {x:.3f}, precision {h:.3f}"
            handles += _decided(axes, x, h, at)
            message.append(f"At the {': '.join(at)}.")
        unit_axes(axes, "recall", "precision")
        sheet.legend(handles)
    table = pd.DataFrame(
        {"recall": recall, "precision": precision, "threshold": np.append(cuts, np.nan)}
    )
    return sheet.drawing(name, title, " ".join(filter(None, [*message, note])), table)


def reliability_bins(hit: np.ndarray, confidence: np.ndarray) -> pd.DataFrame:
    """Return n, mean confidence and share of hits of up to 15 bins of equal mass.

    The bins are those of the contract's `ece`: rows of equal confidence share the bin that holds
    the middle of their joint mass; bins left empty by that are absent.
    """
    order = np.argsort(confidence, kind="stable")
    _, starts, sizes = np.unique(confidence[order], return_index=True, return_counts=True)
    middle = 2 * starts + sizes  # twice the middle, so that all stays whole numbers
    bins = np.repeat(middle * BINS // (2 * len(order)), sizes)
    rows = pd.DataFrame({"bin": bins + 1, "p": confidence[order], "hit": hit[order].astype(float)})
    grouped = rows.groupby("bin")
    table = grouped.agg(n=("p", "size"), predicted=("p", "mean"), observed=("hit", "mean"))
    return table.reset_index()


def reliability(
    name: str,
    title: str,
    raw: tuple[np.ndarray, np.ndarray],
    calibrated: tuple[np.ndarray, np.ndarray],
    *,
    ece_raw: Metric | None = None,
    ece: Metric | None = None,
) -> Drawing:
    """Draw observed against predicted probability before and after calibration.

    `raw` and `calibrated` are (hit, confidence): for two classes truth and probability of the
    positive one, for more whether the top class was right and its probability.
    """
    both = (("before", raw, ece_raw, 1), ("after", calibrated, ece, 0))
    tables = []
    with Sheet(height=4.4) as sheet:
        axes = sheet.axes()
        handles = axes.plot([0, 1], [0, 1], color=GREY, ls=DASHES[1], label="perfect calibration")
        for when, (hit, confidence), entry, style in both:
            bins = reliability_bins(hit, confidence)
            label = f"{when}: error {words.interval(entry)}"
            look = {"color": COLOURS[style], "marker": MARKERS[style], "ls": DASHES[style]}
            handles += axes.plot(bins["predicted"], bins["observed"], label=label, **look)
            tables.append(bins.assign(when=when))
        unit_axes(axes, "predicted probability (mean of bin)", "observed share")
        sheet.legend(handles)
    message = (
        f"Expected calibration error {words.interval(ece_raw)} before calibration and "
        f"{words.interval(ece)} after, over {len(tables[0])} bins of equal mass."
    )
    return sheet.drawing(name, title, message, pd.concat(tables, ignore_index=True))
