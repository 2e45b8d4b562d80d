"""Sheets of pictures for the page: mistakes, look-alikes, and where the network looked.

    python -m dog_breeds sheets

The runtime draws them, with a sheet of maps from randomised weights beside, because a map that
pleases the eye proves nothing. They hold pictures of the data and are never committed: a build
draws them anew where pictures and weights are at hand, and says so where they are not.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from proofolio import evidence, table
from proofolio import project as projects
from proofolio.contract import Layout, Result, Run, RunError

from dog_breeds import dataset, evaluate, models, neighbours, pairs

if TYPE_CHECKING:
    from proofolio_torch.sheets import View


def write(root: Path, into: Path, run_id: str = "") -> str:
    """Draw all sheets into `into`/sheets and say so, or say which there are not, and why.

    Of test once it was opened for the run, else of val.
    """
    from proofolio_torch import explain, sheets

    layout, said = Layout(root), []
    drawn: list[sheets.Sheet] = []
    try:
        drawn += sheets.drawn(view(root, run_id))
    except (sheets.AbsentError, explain.NoMapError) as error:
        said.append("no maps: " + "; ".join(line.strip() for line in str(error).splitlines()))
    if (layout.root / projects.load(root).data.raw).is_dir():
        drawn += [*pairs.sheets(root), *neighbours.sheets(root)]
    if not drawn:
        return "; ".join(["none drawn", *said])
    return "; ".join([f"{sheets.save(drawn, into / 'sheets')} drawn", *said])


def record(root: Path, how: str, run_id: str = "") -> Result:
    """Measure on val whether the maps survive random weights: results/saliency_check.json."""
    from proofolio_torch import sheets

    return sheets.record(view(root, run_id, "val"), how)


def view(root: Path, run_id: str = "", part: str | None = None) -> "View":
    """Return the network of a run, the chosen one where none is named, and what it decided.

    Raises:
        AbsentError: Pictures or weights are not here, or the run has no network.
    """
    from proofolio_torch import data, sheets

    layout, author = Layout(root), projects.load(root)
    if not layout.table.is_file() or not (layout.root / author.data.raw).is_dir():
        raise sheets.AbsentError("the pictures are not here", remedy="run the step prepare")
    run, examples = _run(root, run_id), table.read(layout)
    if run.rung not in models.NETWORKS:
        raise sheets.AbsentError(f"run {run.id} has no network", remedy="name another with --run")
    untrained = run.model_copy(update={"config": run.config | {"weights": None}})
    study = dataset.Study(layout, author, examples, untrained)
    model, info = models.NETWORKS[run.rung](study)

    def pictures(ids: Sequence[str]) -> np.ndarray:
        some = examples[examples["id"].isin(ids)]  # a cache of these alone, not of everything
        images = dataset.Study(layout, author, some, run).images()
        return images.array[images.positions(ids)]

    normalise = data.Normalise.of(info)
    return sheets.view(layout, run, model, normalise=normalise, pictures=pictures, part=part)


def _run(root: Path, run_id: str | None) -> Run:
    from proofolio_torch import sheets

    try:
        return evidence.run(Layout(root), run_id) if run_id else evaluate.chosen(root)
    except RunError as error:
        if run_id:
            raise
        raise sheets.AbsentError("no run is finished", remedy="run the step train") from error
