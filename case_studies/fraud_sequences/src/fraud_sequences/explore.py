"""Tables and figures for the notebooks: `python notebooks/01_explore.py`."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure


def missing(table: pd.DataFrame) -> pd.Series:
    """Return the share of empty values of every column, worst first."""
    return table.isna().mean().sort_values(ascending=False, kind="stable")


def entities(table: pd.DataFrame, positive: str) -> pd.DataFrame:
    """Return how many entities there are, their events, and in how many the positives lie."""
    found = {}
    for name in [c for c in ("unit", "unit2") if c in table]:
        events = table.groupby(name).size()
        hit = table.loc[table["label"] == positive].groupby(name).size().sort_values()
        found[name] = {
            "entities": len(events),
            "median events": events.median(),
            "with a positive": len(hit),
            "share of positives in the worst ten": hit.tail(10).sum() / max(hit.sum(), 1),
        }
    return pd.DataFrame(found).T


def windows(parts: pd.DataFrame) -> pd.DataFrame:
    """Return a row per fold: its days, and how many events and positives it learns from."""
    told = parts.pivot(index=["fold", "role"], columns="part", values=["start", "n_positive"])
    told.columns = [f"{part} {what}" for what, part in told.columns]
    return told.drop(columns="delay n_positive")


def per_day(table: pd.DataFrame, positive: str) -> Figure:
    """Draw the events and the share of positives of every day."""
    day = table["time"].dt.floor("D")
    share = (table["label"] == positive).groupby(day).agg(["size", "mean"])
    figure, axes = plt.subplots(2, 1, figsize=(9, 4), sharex=True, layout="constrained")
    for axis, name, says in zip(axes, share, ("events", f"share {positive}"), strict=True):
        axis.plot(share.index, share[name], drawstyle="steps-mid")
        axis.set_ylabel(says)
    return figure


def amounts(table: pd.DataFrame) -> Figure:
    """Draw the distribution of amounts, one line per class, on a logarithmic axis."""
    figure, axis = plt.subplots(figsize=(6, 3), layout="constrained")
    edges = np.geomspace(max(table["amount"].min(), 0.1), table["amount"].max() + 1, 40)
    for label, rows in table.groupby("label"):
        axis.hist(rows["amount"], edges, density=True, histtype="step", label=label)
    axis.set(xscale="log", xlabel="amount")
    axis.legend()
    return figure


def features(values: pd.DataFrame, labels: pd.Series) -> pd.DataFrame:
    """Return the mean of each feature per class, and how far they lie apart in deviations."""
    told = values.groupby(labels.to_numpy()).mean().T
    apart = (told.iloc[:, 0] - told.iloc[:, 1]).abs() / values.std().replace(0, 1)
    return told.assign(apart=apart).sort_values("apart", ascending=False)


def around(table: pd.DataFrame, event: str, *, by: str = "unit", each: int = 5) -> pd.DataFrame:
    """Return the events of the same entity before and after one: what could have been seen?"""
    (row,) = table.index[table["id"] == event]
    same = table[table[by] == table.loc[row, by]]
    place = same.index.get_loc(row)
    return same.iloc[max(place - each, 0) : place + each + 1]
