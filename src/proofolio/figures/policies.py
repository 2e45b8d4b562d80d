"""Figures of what a decision is worth: the decision curve, and the risk of what is answered."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from proofolio.figures import words
from proofolio.figures.canvas import COLOURS, DASHES, GREY, INK, MARKERS, Drawing, Sheet

POINTS = 200  # of a drawn curve; more would fatten the page and look the same


def decision_curve(
    name: str, title: str, table: pd.DataFrame, *, threshold: float | None = None
) -> Drawing:
    """Draw net benefit by threshold probability against treating all and none.

    Args:
        name: file name of the figure, without suffix.
        title: what the figure shows.
        table: rows with threshold, model, model_ci_low, model_ci_high, treat_all, treat_none.
        threshold: the one in use, on the same scale.
    """
    table = table.sort_values("threshold", ignore_index=True)
    x, model = table["threshold"], table["model"]
    with Sheet(height=4.4) as sheet:
        axes = sheet.axes()
        if {"model_ci_low", "model_ci_high"} <= set(table):
            ends = (table["model_ci_low"], table["model_ci_high"])
            axes.fill_between(x, *ends, color=COLOURS[0], alpha=0.22, lw=0)
        handles = axes.plot(x, model, color=COLOURS[0], label="the model, with its interval")
        every = {"color": COLOURS[1], "ls": DASHES[1], "label": "treat all"}
        handles += axes.plot(x, table["treat_all"], **every)
        none = {"color": GREY, "ls": DASHES[2], "label": "treat none"}
        handles += axes.plot(x, table["treat_none"], **none)
        if threshold is not None:
            label = f"threshold in use {threshold:.3f}"
            handles.append(axes.axvline(threshold, color=INK, ls=DASHES[3], lw=1.2, label=label))
        tops = [c for c in ("model", "treat_all", "model_ci_high") if c in table]
        top = max(float(np.nanmax(table[tops].to_numpy())), 0.01)
        axes.set(xlim=(0, 1), ylim=(-0.15 * top, 1.08 * top))  # treating all falls without end
        axes.set(xlabel="threshold probability", ylabel="net benefit per example")
        sheet.legend(handles)
    return sheet.drawing(name, title, _worth(table, threshold), table)


def _worth(table: pd.DataFrame, threshold: float | None) -> str:
    best = table[["treat_all", "treat_none"]].max(axis=1)
    ahead = table.loc[table["model"] > best, "threshold"]
    message = "The model is worth more than treating all or none at no threshold of the grid."
    if len(ahead):
        unbroken = len(ahead) == ahead.index[-1] - ahead.index[0] + 1
        where = f", {ahead.min():g} to {ahead.max():g}" if unbroken else ""
        message = (
            f"The model is worth more than treating all or none at {len(ahead)} of {len(table)} "
            f"thresholds{where}."
        )
    if threshold is None:
        return message
    row = table.loc[(table["threshold"] - threshold).abs().idxmin()]
    interval = ""
    if pd.notna(row.get("model_ci_low")):
        interval = f" (CI {row['model_ci_low']:.3f}-{row['model_ci_high']:.3f})"
    return (
        f"{message} At {row['threshold']:g}, beside the threshold in use, its net benefit is "
        f"{row['model']:.3f}{interval}, that of treating all {row['treat_all']:.3f}."
    )


def risk_coverage(
    name: str, title: str, curves: Mapping[str, pd.DataFrame], points: pd.DataFrame
) -> Drawing:
    """Draw the error share among what is answered by the share that is answered.

    Args:
        name: file name of the figure, without suffix.
        title: what the figure shows.
        curves: configuration -> rows with coverage and risk; the first is the one in use.
        points: recorded policies of the first: coverage, risk, risk_ci_low, risk_ci_high.
    """
    thin = {label: _thinned(rows) for label, rows in curves.items()}
    with Sheet(height=4.4) as sheet:
        axes, handles = sheet.axes(), []
        for k, (label, rows) in enumerate(thin.items()):
            look = {"color": COLOURS[k], "ls": DASHES[k], "lw": 2.0 if k == 0 else 1.5}
            label = words.shortened(label, 34)
            handles += axes.plot(rows["coverage"], rows["risk"], label=label, **look)
        if len(points):
            ends = (points["risk_ci_low"], points["risk_ci_high"])
            axes.vlines(points["coverage"], *ends, color=COLOURS[0], lw=1.4)
            look = {"color": COLOURS[0], "ms": 5.5, "label": "policy fixed on calib, with interval"}
            handles += axes.plot(points["coverage"], points["risk"], MARKERS[0], **look)
        axes.set(xlim=(0, 1.02), xlabel="share answered, surest first")
        axes.set(ylabel="error share of the answered")
        axes.set_ylim(bottom=0, top=_ceiling(thin, points))
        sheet.legend(handles)
    told = [_falls(label, rows) for label, rows in curves.items()]
    tables = [rows.assign(configuration=label, interval=False) for label, rows in thin.items()]
    if len(points):
        first = next(iter(curves))
        tables.append(points.assign(configuration=first, interval=True))
    table = pd.concat(tables, ignore_index=True)
    return sheet.drawing(name, title, " ".join(told), table)


def _thinned(rows: pd.DataFrame) -> pd.DataFrame:
    kept = np.unique(np.linspace(0, len(rows) - 1, min(POINTS, len(rows))).round().astype(int))
    return rows.iloc[kept][["coverage", "risk"]].reset_index(drop=True)


def _ceiling(curves: Mapping[str, pd.DataFrame], points: pd.DataFrame) -> float:
    """Return the top of the axis: the first few answered rows may all be wrong, and say little."""
    said = [rows.loc[rows["coverage"] >= 0.1, "risk"].max() for rows in curves.values()]
    said += [points["risk_ci_high"].max()] if len(points) else []
    known = [value for value in said if pd.notna(value)]
    return 1.1 * max([*known, 0.01])


def _falls(label: str, rows: pd.DataFrame) -> str:
    half = rows.loc[(rows["coverage"] - 0.5).abs().idxmin()]
    whole = rows.iloc[-1]
    return (
        f"{label}: error share {whole['risk']:.3f} with everything answered, {half['risk']:.3f} "
        f"with the surest {half['coverage']:.0%} answered."
    )
