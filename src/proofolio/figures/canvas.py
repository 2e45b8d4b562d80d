"""The sheet every figure is drawn on: palette, sizes, and the way from matplotlib to clean SVG.

The SVG is text a reader can select (`svg.fonttype: none`): matplotlib lays it out in its bundled
DejaVu Sans, which is wider than the fonts browsers put in its place, so nothing grows and overlaps.
"""

import re
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

INK = "#010203"  # stands for currentColor until the SVG is cleaned
# Okabe and Ito's colour-blind safe set, those with a contrast of 3:1 on white and on #1e2129.
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7")
GREY = "#808080"
DASHES: tuple[Any, ...] = ("-", (0, (5, 2)), (0, (2, 2)), (0, (6, 2, 1, 2)))
MARKERS = ("o", "s", "D", "^")
WIDTH = 4.4  # inches: 422 px, still readable when a phone or half a column shrinks it to 330 px
FONTS = "system-ui, -apple-system, 'Segoe UI', Roboto, Helvetica, Arial, sans-serif"
SVG = "http://www.w3.org/2000/svg"
XLINK = "http://www.w3.org/1999/xlink"

_STYLE = {
    "svg.fonttype": "none",
    "svg.hashsalt": "proofolio",
    "font.family": "DejaVu Sans",
    "font.size": 10.5,
    "axes.titlesize": 10.5,
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "axes.titlecolor": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.unicode_minus": True,
    "grid.color": INK,
    "grid.alpha": 0.15,
    "grid.linewidth": 0.8,
    "legend.frameon": False,
    "legend.fontsize": 10,
    "legend.handlelength": 2.2,
    "lines.linewidth": 2.0,
    "lines.markersize": 5,
    "text.color": INK,
    "text.parse_math": False,  # a class may be called "$x$"
    "text.usetex": False,
    "xtick.color": INK,
    "ytick.color": INK,
    "xtick.labelsize": 10,
    "ytick.labelsize": 10,
}


@dataclass(frozen=True)
class Drawing:
    """One finished figure: its SVG file, its text alternative and the numbers it shows."""

    name: str
    title: str
    description: str
    table: "pd.DataFrame"
    svg: str

    def inline(self) -> str:
        """Return the SVG for a page: colour and background come from the page around it."""
        return re.sub(r"<style\b.*?</style>", "", self.svg, count=1)


class Sheet:
    """A matplotlib figure without pyplot's state; use as a context manager, then `drawing`."""

    def __init__(self, height: float, width: float = WIDTH) -> None:
        import matplotlib
        from matplotlib.figure import Figure

        self._rc = matplotlib.rc_context
        self._open = self._rc(_STYLE)
        self._size = (width, height)
        self._figure = Figure

    def __enter__(self) -> "Sheet":
        self._open.__enter__()
        self.figure = self._figure(figsize=self._size, layout="constrained")
        self.figure.get_layout_engine().set(w_pad=0.09, h_pad=0.07, hspace=0.09)
        return self

    def __exit__(self, *error: Any) -> None:
        self._open.__exit__(*error)

    def axes(self, rows: int = 1, **options: Any) -> Any:
        """Return one pair of axes, or `rows` of them above each other sharing x."""
        return self.figure.subplots(rows, 1, sharex=rows > 1, **options)

    def beside(self, columns: int) -> list[Any]:
        """Return so many pairs of axes next to each other sharing y, in a list."""
        return list(self.figure.subplots(1, columns, sharey=True, squeeze=False)[0])

    def legend(self, handles: list[Any], columns: int = 1) -> None:
        """Put the legend under the axes, where it can cover no data."""
        self.figure.legend(handles=handles, loc="outside lower center", ncols=columns)

    def drawing(self, name: str, title: str, description: str, table: "pd.DataFrame") -> Drawing:
        """Return the sheet as a `Drawing`; the same input gives the same bytes."""
        nothing = dict.fromkeys(("Date", "Creator", "Format", "Type"))
        stream = BytesIO()
        with self._rc(_STYLE):
            self.figure.savefig(stream, format="svg", transparent=True, metadata=nothing)
        svg = clean(stream.getvalue().decode(), name, title, description)
        return Drawing(name, title, description, table, svg)


def unit_axes(axes: "Axes", x: str, y: str) -> None:
    """Fix both axes to probabilities and label them."""
    axes.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02), xlabel=x, ylabel=y)
    axes.set_xticks([0, 0.2, 0.4, 0.6, 0.8, 1])
    axes.set_yticks([0, 0.2, 0.4, 0.6, 0.8, 1])


def clean(svg: str, name: str, title: str, description: str) -> str:
    """Return matplotlib's SVG made safe to inline: own ids, scoped style, title and description.

    Several figures share a page, so every id gets the figure's name in front and the style names
    the figure; `currentColor` lets ink follow the page.
    """
    ElementTree.register_namespace("", SVG)
    ElementTree.register_namespace("xlink", XLINK)
    root = ElementTree.fromstring(svg)
    _drop(root, {f"{{{SVG}}}metadata", f"{{{SVG}}}style"})
    prefix = slug(name)
    for element in root.iter():
        for key, value in list(element.attrib.items()):
            element.set(key, _attribute(key, value, prefix))
    _, _, width, height = (float(part) for part in root.get("viewBox").split())
    root.attrib |= {
        "id": prefix,
        "width": f"{width * 4 / 3:.0f}",  # points to CSS pixels
        "height": f"{height * 4 / 3:.0f}",
        "stroke-linecap": "butt",
        "stroke-linejoin": "round",
        "role": "img",
        "aria-labelledby": f"{prefix}-title {prefix}-desc",
    }
    for tag, text in (("style", _standalone(name)), ("desc", description), ("title", title)):
        element = ElementTree.Element(f"{{{SVG}}}{tag}")
        element.text = text
        if tag != "style":
            element.set("id", f"{prefix}-{tag}")
        root.insert(0, element)
    return ElementTree.tostring(root, encoding="unicode") + "\n"


def slug(name: str) -> str:
    """Return the id of a figure: letters, digits and hyphens, `figure-` in front."""
    return "figure-" + re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")


def _drop(root: ElementTree.Element, tags: set[str]) -> None:
    for parent in list(root.iter()):
        for child in list(parent):
            if child.tag in tags:
                parent.remove(child)


def _attribute(key: str, value: str, prefix: str) -> str:
    if key == "id":
        return f"{prefix}-{value}"
    if key.endswith("href") and value.startswith("#"):
        return f"#{prefix}-{value[1:]}"
    value = re.sub(r"url\(#([^)]+)\)", rf"url(#{prefix}-\1)", value).replace(INK, "currentColor")
    return value.replace("'DejaVu Sans'", FONTS) if key == "style" else value


def _standalone(name: str) -> str:
    """Return the style of the file on its own: it brings a background, so no viewer hides it."""
    figure = f"#{slug(name)}"
    light, dark = "color:#1f2328;background:#fff", "color:#e6e8ee;background:#1e2129"
    return (
        f":root{{color-scheme:light dark}}{figure}{{{light}}}"
        f"@media(prefers-color-scheme:dark){{{figure}{{{dark}}}}}"
    )
