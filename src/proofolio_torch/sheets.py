"""Sheets of pictures: the surest mistakes, and where in them a network's decisions come from.

A Grad-CAM map pleases the eye whether or not it says anything. So one sheet draws the same maps
from randomised weights too, and `record` measures how alike they are. Sheets hold pictures of the
data: a build draws them anew, and nothing commits them.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from torch import nn

from proofolio import errors, evidence, files, table
from proofolio.contract import Layout, Result, Run, RunError
from proofolio_torch import data, explain, export

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST = 8  # mistakes on a sheet
EACH = 3  # pictures of every class on the sanity sheet
CHECKED = 200  # pictures whose maps are compared for the record
CAPTIONS = "captions.json"
SEED = 0
Sheet = tuple[str, str, "Figure"]  # file name, caption, drawing


class AbsentError(RunError):
    """There is nothing to draw from: no pictures, or no weights."""


@dataclass(frozen=True)
class View:
    """A fitted network and the pictures of one part, with what the run decided of each.

    Attributes:
        rows: id, unit, cluster, label, decided, probability; sorted by id.
        normalise: what the weights expect.
        pictures: ids to uint8 (n, height, width, channels), as the network gets them.
    """

    layout: Layout
    run: Run
    part: str
    rows: "pd.DataFrame"
    model: nn.Module
    normalise: data.Normalise
    pictures: Callable[[Sequence[str]], np.ndarray]

    def of(self, rows: "pd.DataFrame") -> dict[str, Any]:
        """Return what `explain` asks for: pictures, codes of the classes decided, normalisation."""
        codes = [self.run.classes.index(name) for name in rows["decided"]]
        images = self.pictures(rows["id"].tolist())
        return {"images": images, "targets": codes, "normalise": self.normalise}


def view(
    layout: Layout,
    run: Run,
    model: nn.Module,
    *,
    normalise: data.Normalise,
    pictures: Callable[[Sequence[str]], np.ndarray],
    part: str | None = None,
) -> View:
    """Load the weights that a run recorded into `model`, and put its decisions beside.

    Args:
        layout: The project's paths.
        run: Of a network.
        model: Its network, untrained.
        normalise: What its weights expect.
        pictures: ids to uint8 (n, height, width, channels).
        part: Val or test; where None, test once it was opened for this run, else val.

    Raises:
        AbsentError: The weights are not on this machine.
        SealError: Test is asked for and sealed.
    """
    weights = export.fitted(layout, run)
    if weights is None:
        what = f"the weights of run {run.id} are not here"
        raise AbsentError(what, remedy="train it on this machine, or name another run")
    part = part or ("test" if "test" in run.metrics and evidence.accesses(layout) else "val")
    told = evidence.predictions(layout, run), table.read_examples(layout)
    rows = errors.decided(run, *told, part)
    model = export.load(model, weights).eval()
    return View(layout, run, part, rows, model, normalise, pictures)


def write(seen: View, folder: Path) -> str:
    """Draw all sheets into `folder`, captions.json beside them; return in words what was drawn."""
    return f"{save(drawn(seen), folder)} of run {seen.run.id} on {seen.part}"


def save(sheets: Iterable[Sheet], folder: Path) -> int:
    """Write sheets into `folder`, captions.json beside them; return how many. Others there go."""
    captions = {}
    for name, caption, figure in sheets:
        folder.mkdir(parents=True, exist_ok=True)
        figure.savefig(folder / name, dpi=150, pil_kwargs={"quality": 85})
        captions[name] = caption
    for stale in sorted(folder.glob("*.webp")):
        if stale.name not in captions:
            stale.unlink()
    files.write_json(folder / CAPTIONS, captions)
    return len(captions)


def line_up(lines: Sequence[Sequence[tuple[np.ndarray, str] | None]]) -> "Figure":
    """Return pictures with their titles in lines; None leaves a place empty."""
    figure, axes = _grid(len(lines), max(len(line) for line in lines))
    for places, line in zip(axes, lines, strict=True):
        for axis, shown in zip(places, line, strict=False):
            if shown is not None:
                _show(axis, shown[0], title=shown[1])
    return figure


def record(seen: View, how: str) -> Result:
    """Measure how alike maps of trained and randomised weights are; write it into the evidence."""
    rows = seen.rows.sample(min(CHECKED, len(seen.rows)), random_state=SEED).sort_values("id")
    result = explain.saliency_check(
        seen.model,
        clusters=rows["cluster"],
        units=rows["unit"],
        inputs={"runs": [seen.run.id], "part": seen.part},
        how=how,
        hardware=evidence.environment(seen.layout.root)["cpu"],
        seed=SEED,
        **seen.of(rows),
    )
    evidence.results.write(seen.layout, explain.KIND, result)
    return result


def drawn(seen: View) -> Iterator[Sheet]:
    """Yield the sheets of a network: its surest mistakes, and the sanity of its maps."""
    of = f"run {seen.run.id} on {seen.part}"
    for kind, rows in _mistakes(seen).items():
        caption = (
            f"Surest {kind.replace('_', ' ')} of {of}, surest first: the picture, and where the "
            "decision for the class named beside it comes from (Grad-CAM), with the calibrated "
            "probability of that class."
        )
        yield f"{kind}_{seen.part}.webp", caption, _beside(seen, rows)
    caption = (
        f"Pictures of {of}, drawn at random from every class: where the decision comes from in "
        "the network as trained, with its head drawn anew, and with all weights drawn anew. A map "
        "that stayed the same would show edges of the picture, not what was learnt."
    )
    yield f"sanity_{seen.part}.webp", caption, _sanity(seen)


def _mistakes(seen: View) -> dict[str, "pd.DataFrame"]:
    """Return the surest mistakes, surest first: of two classes misses and false alarms apart."""
    wrong = seen.rows[seen.rows["label"] != seen.rows["decided"]]
    wrong = wrong.sort_values(["probability", "id"], ascending=[False, True])
    kinds = {"mistakes": wrong}
    if seen.run.positive_class is not None:
        missed = wrong["label"] == seen.run.positive_class
        kinds = {"misses": wrong[missed], "false_alarms": wrong[~missed]}
    return {kind: rows.head(MOST) for kind, rows in kinds.items() if len(rows)}


def _beside(seen: View, rows: "pd.DataFrame") -> "Figure":
    """Draw two mistakes in a line, each as picture and picture with its map."""
    shown = seen.of(rows)
    maps = explain.grad_cam(seen.model, **shown)
    figure, axes = _grid(-(-len(rows) // 2), 4)
    told = zip(axes.reshape(-1, 2), shown["images"], maps, rows.itertuples(), strict=False)
    for (left, right), picture, heat, row in told:
        _show(left, picture, title=row.id)
        _show(right, picture, heat, title=f"{row.decided} {row.probability:.3f}")
    return figure


def _sanity(seen: View) -> "Figure":
    """Draw one line per example: picture, map as trained, with a random head, all random."""
    mixed = seen.rows.sample(frac=1, random_state=SEED)
    rows = mixed.groupby("label", sort=True).head(EACH).sort_values(["label", "id"])
    shown, columns = seen.of(rows), {"picture": [None] * len(rows)}
    for which, title in (("none", "trained"), ("head", "random head"), ("all", "all random")):
        given = {"images": shown["images"], "normalise": seen.normalise}
        model = explain.randomised(seen.model, which, SEED, **given)
        columns[title] = explain.grad_cam(model, **shown)
    figure, axes = _grid(len(rows), len(columns))
    for column, (title, maps) in zip(axes.T, columns.items(), strict=True):
        for axis, picture, heat, name in zip(
            column, shown["images"], maps, rows["id"], strict=True
        ):
            _show(axis, picture, heat, title=name if heat is None else title)
    return figure


def _grid(lines: int, columns: int) -> tuple["Figure", np.ndarray]:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(2 * columns, 2.2 * lines), layout="constrained")
    axes = figure.subplots(lines, columns, squeeze=False)
    for axis in axes.ravel():
        axis.set_axis_off()
    return figure, axes


def _show(axis: "Axes", picture: np.ndarray, heat: np.ndarray | None = None, *, title: str) -> None:
    """Show uint8 (h, w, c) with a map in 0..1 over it, the more opaque the more it counts."""
    height, width = picture.shape[:2]
    axis.imshow(picture.squeeze(), cmap="gray", vmin=0, vmax=255)
    axis.set_title(title, fontsize=7)
    if heat is not None:
        place = {"extent": (0, width, height, 0), "interpolation": "bilinear"}
        axis.imshow(heat, cmap="inferno", vmin=0, vmax=1, alpha=0.7 * heat, **place)
