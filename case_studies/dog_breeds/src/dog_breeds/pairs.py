"""Sheets of the breeds that are taken for each other, beside typical pictures of both.

    python -m dog_breeds sheets

Which pairs, and what a judge would look at, say the results of kind confused_pairs (project.yaml).
A typical picture is one of train that a run which did not see it is surest to name rightly: the
rung `frozen_folds`. Nothing is drawn where the pictures are not at hand.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image
from proofolio import errors, evidence, splits, table
from proofolio import project as projects
from proofolio.contract import Layout
from proofolio.evidence.confused import BETWEEN, KIND

if TYPE_CHECKING:
    import pandas as pd
    from proofolio_torch.sheets import Sheet

PAIRS = 6  # on a sheet
TYPICAL = 2  # pictures of each breed
MISJUDGED = 3
OUT_OF_FOLD = "frozen_folds"


def sheets(root: Path) -> Iterator["Sheet"]:
    """Yield a sheet for every recorded table of confused pairs.

    A line holds typical pictures of the first breed, misjudged ones, typical ones of the second.
    """
    from proofolio_torch import sheets as room

    layout = Layout(root)
    sure = _out_of_fold(layout, projects.load(root))
    names = sorted(path.stem for path in layout.results.glob("*.json"))
    for name in names if sure is not None else []:
        found = evidence.results.read(layout, name)
        if found.kind != KIND or not found.table:
            continue
        run = evidence.run(layout, found.inputs["runs"][0])
        told = evidence.predictions(layout, run), table.read_examples(layout)
        rows = errors.decided(run, *told, found.inputs["part"])
        train = sure[sure["id"].isin(_train_ids(layout))]
        lines = [_line(root, row["pair"], rows, train) for row in found.table[:PAIRS]]
        caption = (
            f"Breeds that run {run.id} takes for each other on {found.inputs['part']}, most "
            f"mistakes first. In each line {TYPICAL} typical training pictures of one breed, up to "
            f"{MISJUDGED} misjudged pictures with what they are said to be, {TYPICAL} of the other."
        )
        yield f"{name}.webp", caption, room.line_up(lines)


def picture(root: Path, example: str) -> np.ndarray:
    """Return a picture of the raw data, uint8 (height, width, 3)."""
    path = root / projects.load(root).data.raw / "images" / f"{example}.jpg"
    with Image.open(path) as opened:
        return np.asarray(opened.convert("RGB"))


def _line(
    root: Path, pair: str, rows: "pd.DataFrame", train: "pd.DataFrame"
) -> list[tuple[np.ndarray, str] | None]:
    both = pair.split(BETWEEN)
    wrong = rows[rows["label"].isin(both) & rows["decided"].isin(both)]
    wrong = wrong[wrong["label"] != wrong["decided"]]
    wrong = wrong.sort_values(["probability", "id"], ascending=[False, True]).head(MISJUDGED)
    middle = [(picture(root, r.id), f"{r.id}\nsaid: {r.decided}") for r in wrong.itertuples()]
    ends = []
    for breed in both:
        own = train[(train["label"] == breed) & (train["decided"] == breed)]
        own = own.sort_values(["probability", "id"], ascending=[False, True]).head(TYPICAL)
        shown = [(picture(root, r.id), f"typical\n{breed}") for r in own.itertuples()]
        ends.append(shown + [None] * (TYPICAL - len(shown)))
    return [*ends[0], *middle, *[None] * (MISJUDGED - len(middle)), *ends[1]]


def _out_of_fold(layout: Layout, author: projects.Project) -> "pd.DataFrame | None":
    """Return label, decided and probability of every picture out of fold; None if not recorded."""
    if OUT_OF_FOLD not in {experiment.name for experiment in author.ladder}:
        return None
    for seed in author.experiment(OUT_OF_FOLD).seeds or author.seeds:
        run = evidence.finished(layout, author, OUT_OF_FOLD, seed)
        if run is not None:
            told = evidence.predictions(layout, run), table.read_examples(layout)
            return errors.decided(run, *told, "val")
    return None


def _train_ids(layout: Layout) -> set[str]:
    parts = splits.read(layout, "primary")
    return set(parts.loc[parts["part"] == "train", "id"])
