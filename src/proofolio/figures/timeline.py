"""The folds of a split of events along the calendar."""

import pandas as pd

from proofolio.figures.canvas import COLOURS, DASHES, GREY, INK, Drawing, Sheet

_LOOK = {"train": COLOURS[0], "delay": GREY, "score": COLOURS[1]}
_TOLD = {"train": "training", "delay": "waiting for labels", "score": "scored"}


def folds(name: str, title: str, windows: pd.DataFrame) -> Drawing:
    """Draw each fold as a line of its training, delay and scored windows, the oldest on top.

    Args:
        name: file name of the figure, without suffix.
        title: what the figure shows.
        windows: fold, role, part, start, end (ISO dates), n_examples, n_positive, n_units.
    """
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter, date2num
    from matplotlib.patches import Patch

    begins, ends = (date2num(pd.to_datetime(windows[c])) for c in ("start", "end"))
    n = windows["fold"].nunique()
    with Sheet(height=1.8 + 0.32 * n) as sheet:
        axes = sheet.axes()
        colours = [_LOOK[part] for part in windows["part"]]
        axes.barh(windows["fold"], ends - begins, left=begins, height=0.66, color=colours)
        roles = windows.drop_duplicates("fold")
        labels = [f"{r} {f}" for f, r in zip(roles["fold"], roles["role"], strict=True)]
        axes.set_yticks(roles["fold"], labels)
        axes.invert_yaxis()
        first = (windows["role"] == "test") & (windows["part"] == "score")
        if first.any():
            axes.axvline(begins[first].min(), color=INK, ls=DASHES[1], lw=1.2)
        locator = AutoDateLocator(maxticks=6)
        axes.xaxis.set_major_locator(locator)
        axes.xaxis.set_major_formatter(ConciseDateFormatter(locator))
        handles = [Patch(color=c, label=_TOLD[part]) for part, c in _LOOK.items()]
        sheet.legend(handles, columns=3)
    scored = windows[windows["part"] == "score"]
    told = [
        f"{row.role} fold {row.fold} scores {row.start} to {row.end}: {row.n_examples} events, "
        f"{row.n_positive} positive."
        for row in scored.itertuples(index=False)
    ]
    line = "The broken line is the first tested day." if first.any() else ""
    return sheet.drawing(name, title, " ".join([*told, line]).strip(), windows)
