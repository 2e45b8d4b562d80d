"""Tables and pictures for the notebooks: `python notebooks/01_explore.py`."""

from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from PIL import Image

from dog_breeds import dataset


def balance(frame: pd.DataFrame) -> pd.DataFrame:
    """Return rows and units per part and class, with each class's share of its part."""
    told = frame.groupby(["part", "label"]).agg(rows=("id", "size"), units=("unit", "nunique"))
    return told.assign(share=told["rows"] / told.groupby("part")["rows"].transform("sum"))


def missing(frame: pd.DataFrame) -> pd.Series:
    """Return the share of empty values of every column, worst first."""
    return frame.isna().mean().sort_values(ascending=False, kind="stable")


def sizes(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the quartiles of file and picture statistics per class."""
    names = ["bytes", "width", "height", "brightness", "contrast", "border"]
    return frame.groupby("label")[names].quantile([0.25, 0.5, 0.75])


def histograms(frame: pd.DataFrame, names: list[str]) -> Figure:
    """Draw the distribution of some columns, one line per class."""
    figure, axes = plt.subplots(1, len(names), figsize=(4 * len(names), 3), layout="constrained")
    for axis, name in zip(np.atleast_1d(axes), names, strict=True):
        edges = np.histogram_bin_edges(frame[name], 24)
        for label, rows in frame.groupby("label"):
            axis.hist(rows[name], edges, density=True, histtype="step", label=label)
        axis.set_xlabel(name)
        axis.legend()
    return figure


def pictures(frame: pd.DataFrame, raw: Path, *, by: str = "label", each: int = 6) -> Figure:
    """Show the first `each` pictures of every value of column `by`, one row per value."""
    groups = [(name, rows.head(each)) for name, rows in frame.groupby(by)]
    figure, axes = plt.subplots(
        max(len(groups), 1), each, figsize=(1.6 * each, 1.8 * max(len(groups), 1)), squeeze=False
    )
    for axis in axes.ravel():
        axis.set_axis_off()
    for row, (name, rows) in zip(axes, groups, strict=False):
        for axis, path, unit in zip(row, rows["path"], rows["unit"], strict=False):
            axis.imshow(Image.open(raw / path), cmap="gray")
            axis.set_title(f"{name} {unit}", fontsize=7)
    return figure


def augmented(frame: pd.DataFrame, raw: Path, policy: str, *, each: int = 8) -> Figure:
    """Show one picture and what an augmentation policy makes of it: would you still label it so?"""
    picture = np.asarray(Image.open(raw / frame["path"].iloc[0]).convert("RGB"))
    change = dataset.augmentation(policy, len(picture))
    shown = [picture, *(change(picture, np.random.default_rng(k)) for k in range(each - 1))]
    figure, axes = plt.subplots(1, each, figsize=(1.6 * each, 1.8))
    for axis, image in zip(axes, shown, strict=True):
        axis.imshow(image)
        axis.set_axis_off()
    return figure
