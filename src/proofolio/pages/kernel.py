"""What runs in a notebook's kernel: tables as rows of text, figures with a text alternative."""

from collections.abc import Iterator
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

TABLE = "application/vnd.proofolio.table+json"
_ROWS = 40  # of a long table, so many are shown
_NAMED = 6  # of panels and of what they tell apart, so many are named


def register() -> None:
    """Make the kernel that this runs in hand out tables and figures as a page needs them."""
    from IPython import get_ipython

    bundle = get_ipython().display_formatter.mimebundle_formatter
    bundle.for_type(pd.DataFrame, lambda frame, **_: {TABLE: table(frame)})
    bundle.for_type(pd.Series, lambda series, **_: {TABLE: table(_framed(series))})
    bundle.for_type(Figure, lambda figure, **_: {"text/plain": described(figure)})


def table(frame: pd.DataFrame) -> dict[str, Any]:
    """Return a frame as `header` and `rows` of text, and how many rows are left out (`left`)."""
    shown = frame.head(_ROWS)
    numbered = frame.index.names == [None] and pd.api.types.is_integer_dtype(frame.index.dtype)
    names = [] if numbered else [str(name or "index") for name in frame.index.names]
    rows = [
        [*([] if numbered else _parts(key)), *map(_text, values)]
        for key, values in zip(shown.index, shown.itertuples(index=False, name=None), strict=True)
    ]
    header = [*names, *(" ".join(map(str, _parts(column))) for column in frame.columns)]
    return {"header": header, "rows": rows, "left": len(frame) - len(shown)}


def described(figure: Figure) -> str:
    """Return what a figure shows: its panels with their titles, axes and what is told apart."""
    panels = [_panel(axes) for axes in figure.axes if axes.has_data() or axes.get_title()]
    told = [panel for panel in dict.fromkeys(panels) if panel]
    many = len(panels)
    shown = f"{many} panels" if many > 1 else "One panel"
    return f"{shown}: {_first(told, '; ')}." if told else f"{shown}."


def _first(names: list[str], joined: str) -> str:
    more = len(names) - _NAMED
    return joined.join([*names[:_NAMED], *([f"{more} more"] if more > 0 else [])])


def _panel(axes: Any) -> str:
    return ", ".join(_told(axes))


def _told(axes: Any) -> Iterator[str]:
    if axes.get_title():
        yield axes.get_title()
    if not axes.axison:
        return
    if axes.get_xlabel():
        yield f"{axes.get_xlabel()} across"
    if axes.get_ylabel():
        yield f"{axes.get_ylabel()} upwards"
    legend = axes.get_legend()
    if legend:
        yield f"by {_first([text.get_text() for text in legend.get_texts()], ', ')}"


def _framed(series: pd.Series) -> pd.DataFrame:
    return series.to_frame(series.name if series.name is not None else "value")


def _parts(key: Any) -> list[str]:
    return [_text(part) for part in key] if isinstance(key, tuple) else [_text(key)]


def _text(value: Any) -> str:
    if isinstance(value, float):
        return "" if pd.isna(value) else f"{value:.4g}" if abs(value) < 1e4 else f"{value:,.0f}"
    return "" if value is None or value is pd.NaT else str(value)
