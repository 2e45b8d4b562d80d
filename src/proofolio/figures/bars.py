"""Figures drawn as bars and cells: class balance and confusion."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from proofolio.figures import words
from proofolio.figures.canvas import COLOURS, DASHES, Drawing, Sheet

FEW = len(COLOURS)  # classes that a stacked bar can tell apart
READABLE = 12  # classes whose counts fit into cells


def class_balance(name: str, title: str, counts: pd.DataFrame) -> Drawing:
    """Draw the share of each class per part; `counts` has parts as rows, classes as columns.

    Up to four classes stand as stacked bars; more as one line per part over the sorted classes.
    """
    shares = counts.div(counts.sum(axis=1), axis=0)
    table = counts.rename_axis("part").reset_index().melt("part", var_name="class", value_name="n")
    told = []
    for part in counts.index:
        top = ", ".join(f"{c} {shares.loc[part, c]:.1%}" for c in list(counts)[:FEW])
        spread = f"from {shares.loc[part].min():.1%} to {shares.loc[part].max():.1%} per class"
        shown = top if counts.shape[1] <= FEW else spread
        told.append(f"{words.part(part)}: {counts.loc[part].sum():,} examples, {shown}.")
    paint = _stacked if counts.shape[1] <= FEW else _profile
    return paint(counts, shares).drawing(name, title, " ".join(told), table)


def _stacked(counts: pd.DataFrame, shares: pd.DataFrame) -> Sheet:
    with Sheet(height=0.42 * len(counts) + 1.6) as sheet:
        axes = sheet.axes()
        rows, left, handles = np.arange(len(counts)), np.zeros(len(counts)), []
        for k, label in enumerate(counts):
            shown = {"color": COLOURS[k], "label": words.shortened(str(label)), "height": 0.62}
            handles.append(axes.barh(rows, shares[label], left=left, **shown))
            left = left + shares[label].to_numpy()
        for row, total in zip(rows, counts.sum(axis=1), strict=True):
            axes.annotate(
                f"n = {total:,}", (1, row), (6, 0), textcoords="offset points", va="center"
            )
        axes.set_yticks(rows, [words.part(p) for p in counts.index])
        axes.set(xlim=(0, 1), xlabel="share of examples")
        axes.xaxis.set_major_formatter("{x:.0%}")
        axes.invert_yaxis()
        axes.grid(False, axis="y")
        sheet.legend(handles, columns=2)
    return sheet


def _profile(counts: pd.DataFrame, shares: pd.DataFrame) -> Sheet:
    with Sheet(height=3.6) as sheet:
        axes = sheet.axes()
        order = shares.iloc[0].sort_values(ascending=False, kind="stable").index
        for k, part in enumerate(counts.index):
            label = f"{words.part(part)}, n = {counts.loc[part].sum():,}"
            look = {"color": COLOURS[k % FEW], "ls": DASHES[k % FEW], "label": label}
            axes.plot(range(1, len(order) + 1), shares.loc[part, order], **look)
        axes.set(xlabel=f"{len(order)} classes, largest first", ylabel="share of examples")
        axes.set_ylim(bottom=0)
        axes.yaxis.set_major_formatter("{x:.1%}")
        sheet.legend(axes.get_lines(), columns=2)
    return sheet


def confusion(name: str, title: str, counts: np.ndarray, classes: Sequence[str]) -> Drawing:
    """Draw (k, k) counts, rows the truth; cells are shaded by their share of the true class."""
    total = counts.sum(axis=1, keepdims=True)
    share = np.divide(counts, total, out=np.zeros(counts.shape), where=total > 0)
    k = len(classes)
    with Sheet(height=3.1 if k == 2 else 4.6) as sheet:
        axes = sheet.axes()
        # Under a number a third of full colour at most: ink stays readable in both schemes.
        full = 0.35 if k <= READABLE else 1.0
        for i, j in (c for c in np.ndindex(k, k) if counts[c] or k <= READABLE):
            look = {"color": COLOURS[0], "alpha": full * share[i, j], "lw": 0}
            axes.fill([j, j + 1, j + 1, j], [i, i, i + 1, i + 1], **look)
            if k <= READABLE:
                text = f"{counts[i, j]:,}\n{share[i, j]:.1%}" if k <= 4 else f"{counts[i, j]}"
                axes.text(j + 0.5, i + 0.5, text, ha="center", va="center")
        names = [words.shortened(str(c), 14) for c in classes]
        centres = np.arange(k) + 0.5
        small = None if k <= READABLE else 6
        turned = {"rotation": 90 if k > 3 else 0}
        axes.set_xticks(centres, names, fontsize=small, **turned)
        axes.set_yticks(centres, names, fontsize=small)
        axes.set(xlim=(0, k), ylim=(k, 0), xlabel="predicted", ylabel="true")
        axes.grid(False)
        axes.tick_params(length=0)
    right = [f"{c}: {counts[i, i]:,} of {total[i, 0]:,} right" for i, c in enumerate(classes)]
    worst = min(range(k), key=lambda i: (share[i, i], i))
    told = "; ".join(right) if k <= 4 else f"lowest recall: {right[worst]}"
    table = pd.DataFrame(counts, columns=list(classes))
    table.insert(0, "true", list(classes))
    message = f"{np.trace(counts):,} of {counts.sum():,} examples right. By class: {told}."
    return sheet.drawing(name, title, message, table)
