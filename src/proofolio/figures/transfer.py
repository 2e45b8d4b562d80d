"""Figures of what carries over from calib to test: calibration, and scores slice by slice."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from proofolio.contract import Metric
from proofolio.figures import words
from proofolio.figures.canvas import (
    COLOURS,
    DASHES,
    GREY,
    INK,
    MARKERS,
    Drawing,
    Sheet,
    unit_axes,
)
from proofolio.figures.curves import reliability_bins

QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
_EDGE = 0.0005  # where the logit axis of probabilities ends
_TICKS = (0.001, 0.1, 0.5, 0.9, 0.999)


def calibration_transfer(
    name: str,
    title: str,
    shown: Mapping[str, tuple[np.ndarray, np.ndarray]],
    errors: Mapping[str, Metric | None],
    *,
    threshold: float | None = None,
) -> Drawing:
    """Draw observed share against calibrated probability, one line per part.

    Args:
        name: file name of the figure, without suffix.
        title: what the figure shows.
        shown: part -> (hit, confidence), each (n,), as `reliability` takes them.
        errors: part -> the recorded expected calibration error.
        threshold: the decision's, on the scale of the confidence.
    """
    tables, told = [], []
    with Sheet(height=4.5) as sheet:
        axes = sheet.axes()
        handles = axes.plot([0, 1], [0, 1], color=GREY, ls=DASHES[1], label="perfect calibration")
        for k, (part, (hit, confidence)) in enumerate(shown.items()):
            bins = reliability_bins(hit, confidence)
            label = f"{words.part(part)}: error {words.interval(errors.get(part))}"
            look = {"color": COLOURS[k], "marker": MARKERS[k], "ls": DASHES[2 * (k > 0)]}
            handles += axes.plot(bins["predicted"], bins["observed"], label=label, **look)
            tables.append(bins.assign(part=part))
            mean, share = float(np.mean(confidence)), float(np.mean(hit))
            told.append(f"{label}; mean probability {mean:.3f}, observed share {share:.3f}.")
        if threshold is not None:
            label = f"threshold in use {threshold:.3f}"
            handles.append(axes.axvline(threshold, color=INK, ls=DASHES[3], lw=1.2, label=label))
        unit_axes(axes, "calibrated probability (mean of bin)", "observed share")
        sheet.legend(handles)
    message = "Expected calibration error in bins of equal mass. " + " ".join(told)
    return sheet.drawing(name, title, message, pd.concat(tables, ignore_index=True))


def score_shift(
    name: str, title: str, rows: pd.DataFrame, axis: str, *, threshold: float | None = None
) -> Drawing:
    """Draw where the probabilities of each group lie, part by part, on a logit axis.

    Args:
        name: file name of the figure, without suffix.
        title: what the figure shows.
        rows: one per example: group, part, probability.
        axis: what the probability is of.
        threshold: the decision's, on the same scale.
    """
    table = score_quantiles(rows)
    groups, parts = (list(dict.fromkeys(table[c])) for c in ("group", "part"))
    offsets = np.linspace(-0.17, 0.17, len(parts)) if len(parts) > 1 else [0.0]
    with Sheet(height=0.5 * len(groups) + 2.1) as sheet:
        axes, handles = sheet.axes(), []
        for k, part in enumerate(parts):
            own = table[table["part"] == part]
            y = own["group"].map(groups.index).to_numpy() + offsets[k]
            at = {q: _logit(own[f"q{q:g}"]) for q in QUANTILES}
            axes.hlines(y, at[0.05], at[0.95], color=COLOURS[k], lw=1.2)
            axes.hlines(y, at[0.25], at[0.75], color=COLOURS[k], lw=4.5)
            look = {"color": COLOURS[k], "mec": INK, "mew": 0.8, "label": words.part(part)}
            handles += axes.plot(at[0.5], y, MARKERS[k], ms=6.5, **look)
        if threshold is not None:
            look = {"color": INK, "ls": DASHES[3], "lw": 1.2}
            label = f"threshold in use {threshold:.3f}"
            handles.append(axes.axvline(_logit(threshold), label=label, **look))
        axes.set_yticks(range(len(groups)), [words.shortened(g, 24) for g in groups])
        axes.set(ylim=(len(groups) - 0.5, -0.5), xlabel=axis)
        axes.set(xlim=(_logit(0) - 0.8, _logit(1) + 0.8))
        axes.set_xticks([_logit(t) for t in _TICKS], [f"{t:g}" for t in _TICKS])
        sheet.legend(handles, columns=2)
    medians = table.pivot(index="group", columns="part", values="q0.5")
    told = [
        f"{group} {', '.join(words.number(medians.loc[group, part]) for part in parts)}"
        for group in groups
    ]
    message = (
        "Marker: median; thick line: middle half; thin line: nine tenths of the examples. Medians "
        f"on {words.listed([words.part(part) for part in parts])}: {'; '.join(told)}."
    )
    return sheet.drawing(name, title, message, table)


def score_quantiles(rows: pd.DataFrame) -> pd.DataFrame:
    """Return n and the quantiles of the probability per group and part, in order of appearance."""
    grouped = rows.groupby(["group", "part"], sort=False)["probability"]
    table = grouped.quantile(list(QUANTILES)).unstack()
    table.columns = [f"q{q:g}" for q in QUANTILES]
    table.insert(0, "n", grouped.size())
    order = dict.fromkeys(zip(rows["group"], rows["part"], strict=True))
    return table.loc[list(order)].reset_index()


def _logit(p: "pd.Series | float") -> "np.ndarray | float":
    p = np.clip(p, _EDGE, 1 - _EDGE)
    return np.log(p) - np.log1p(-p)
