"""The figure of the ladder: every configuration's value with its interval, and a close-up."""

from typing import Any

import numpy as np
import pandas as pd

from proofolio import metrics
from proofolio.figures import words
from proofolio.figures.canvas import COLOURS, DASHES, INK, MARKERS, Drawing, Sheet

_NEAR = 0.1  # of the distance from best to worst
_CROWDED = 0.4  # of the whole range: what takes more is legible without a close-up


def ladder(
    name: str,
    title: str,
    table: pd.DataFrame,
    metric: str,
    *,
    target: float | None = None,
    chosen: str | None = None,
    ticks: int = 2,
) -> Drawing:
    """Draw each configuration's value with its interval; lines part the rungs.

    Where what is near the best crowds in a corner, a second panel shows it from close up.

    Args:
        name: file name of the figure, without suffix.
        title: what the figure shows.
        table: rows in ladder order with columns name, rung, part, seeds, value, ci_low, ci_high;
            `title`, where there is one, stands for the name.
        metric: name of the metric, for the axis.
        target: the value aimed at, stated before training.
        chosen: the configuration that was selected, whose name stands in bold.
        ticks: steps of the axes' numbers where two panels share the width.
    """
    if "title" not in table:
        table = table.assign(title=table["name"])
    order = list(dict.fromkeys(table["name"]))
    titles = dict(zip(table["name"], table["title"], strict=True))
    near = closeup(table, metric)
    with Sheet(height=0.36 * len(order) + 1.9) as sheet:
        panels = sheet.beside(1 if near is None else 2)
        for axes in panels:
            handles = _values(axes, table, order)
            if target is not None:
                look = {"color": INK, "ls": DASHES[2], "lw": 1.2, "label": f"target {target:g}"}
                handles.append(axes.axvline(target, **look))
            _rungs(axes, table)
        panels[0].set_yticks(range(len(order)), [words.shortened(titles[n], 24) for n in order])
        for shown, label in zip(order, panels[0].get_yticklabels(), strict=True):
            label.set_fontweight("bold" if shown == chosen else "normal")
        panels[0].set(xlabel=words.metric(metric), ylim=(len(order) - 0.5, -0.5))
        if near is not None:
            panels[1].set(xlim=near, xlabel="close-up")
            for axes in panels:
                axes.tick_params(axis="y", length=0)
                axes.xaxis.get_major_locator().set_params(nbins=ticks)
            inside = [x for x in panels[1].get_xticks() if near[0] <= x <= near[1]]
            panels[1].set_xticks([inside[0], inside[-1]] if len(inside) > 2 else inside)
        sheet.legend(handles, columns=3)
    told = [f"{r.title} on {words.part(r.part)} {_value(r)}" for r in table.itertuples(index=False)]
    said = f"By {words.metric(metric)}: " + "; ".join(told) + "."
    if chosen in titles:
        said += f" In bold: {titles[chosen]}, chosen."
    if (table["title"] == table["name"]).all():
        table = table.drop(columns="title")
    return sheet.drawing(name, title, said, table)


def closeup(table: pd.DataFrame, metric: str) -> tuple[float, float] | None:
    """Return the range of the values near the best, intervals included; None where all are near.

    Near is a tenth of the distance between best and worst; three configurations must be.
    """
    known = table.dropna(subset=["value"])
    if known.empty:
        return None
    sign = 1 if metrics.higher_is_better(metric) else -1
    gap = (sign * known["value"]).max() - sign * known["value"]
    near = known[gap <= _NEAR * gap.max()]
    ends = ["value", "ci_low", "ci_high"]
    low, high = float(np.nanmin(near[ends])), float(np.nanmax(near[ends]))
    whole = float(np.nanmax(known[ends]) - np.nanmin(known[ends]))
    few = near["name"].nunique() < 3 or len(near) == len(known)
    if few or high <= low or high - low > _CROWDED * whole:
        return None
    margin = 0.08 * (high - low)
    return low - margin, high + margin


def _values(axes: Any, table: pd.DataFrame, order: list[str]) -> list[Any]:
    parts, handles = list(dict.fromkeys(table["part"])), []
    offsets = np.linspace(-0.16, 0.16, len(parts)) if len(parts) > 1 else [0.0]
    for k, part in enumerate(parts):
        rows = table[table["part"] == part]
        y = rows["name"].map(order.index).to_numpy() + offsets[k]
        axes.hlines(y, rows["ci_low"], rows["ci_high"], color=COLOURS[k], lw=1.8)
        look = {"color": COLOURS[k], "label": words.part(part), "ms": 6}
        handles += axes.plot(rows["value"], y, MARKERS[k], **look)
    return handles


def _rungs(axes: Any, table: pd.DataFrame) -> None:
    """Part the rungs by a line, where some rung has several configurations."""
    rungs = table.drop_duplicates("name")["rung"].tolist()
    if len(set(rungs)) < len(rungs):
        for i in (i for i in range(1, len(rungs)) if rungs[i] != rungs[i - 1]):
            axes.axhline(i - 0.5, color=INK, alpha=0.35, lw=0.8)
    axes.grid(False, axis="y")


def _value(row: object) -> str:
    if pd.isna(row.value):
        return "not measured"
    if pd.isna(row.ci_low):
        return f"{row.value:.3f}"
    return f"{row.value:.3f} (CI {row.ci_low:.3f}-{row.ci_high:.3f})"
