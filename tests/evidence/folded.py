"""A project with folds by patient and, as a demonstration that leaks, by image."""

from pathlib import Path

import builders
import numpy as np
import pandas as pd
from evidence import recorded

from proofolio import evidence, project, splits, table
from proofolio.contract import Layout

FOLDS = {
    "strategy": "cross_validation",
    "holdout": "official",
    "folds": 3,
    "rationale": "Few rows.",
}
SPLITS = [
    {"name": "primary", "strategy": "patient", "rationale": "Images correlate."},
    {"name": "by_patient", "purpose": "robustness", **FOLDS},
    {"name": "by_image", "purpose": "demonstration", **FOLDS},
]
NOISE = {"on_patients": 2.0, "on_images": 1.0}  # a leak makes the same scores less noisy


def folded(root: Path) -> tuple[Layout, project.Project]:
    """Return a project of one network on the primary split and of one scorer on either folds."""
    recorded.prepared(root)
    ladder = builders.project_dict()["ladder"][:2]
    for name, split in (("on_patients", "by_patient"), ("on_images", "by_image")):
        config = {"model": {"kind": "frozen"}, "name": name}
        known = {"name": name, "rung": name, "hypothesis": "A leak helps.", "split": split}
        ladder.append({**known, "config": config})
    builders.write_project(root, splits=SPLITS, ladder=ladder)
    layout, author = Layout(root), project.load(root)
    parts = splits.read(layout, "primary").set_index("id")["part"]
    known = table.read_examples(layout)
    known["official"] = known["id"].map(parts.where(parts == "test", "train"))
    for spec in author.splits[1:]:
        splits.write(layout, splits.make(known, spec))
    for name in ("prior", "good"):
        for seed in author.experiment(name).seeds or author.seeds:
            recorded.train(layout, author, name, seed)
    for name in NOISE:
        for seed in author.seeds:
            train(layout, author, name, seed)
    return layout, author


def train(layout: Layout, author: project.Project, name: str, seed: int) -> None:
    """Record one run over folds, with made-up predictions."""
    with evidence.Recorder(layout, author, name, seed, recorded.COMMAND) as recorder:
        recorder.fit("weights", "train")
        stored = predicted(recorder.parts, table.read_examples(layout), NOISE[name], seed)
        recorder.finish(stored, recorded.ModelInfo(name=name))


def predicted(parts: pd.DataFrame, examples: pd.DataFrame, noise: float, seed: int) -> pd.DataFrame:
    """Return out-of-fold and hold-out predictions: noise plus the truth."""
    scored = parts[parts["part"].isin(["heldout", "test"])].merge(examples, on="id")
    rng = np.random.default_rng(seed)
    logit = 2 * (scored["label"] == "sick") - 1 + noise * rng.normal(size=len(scored))
    part = scored["part"].replace("heldout", "val")
    frame = pd.DataFrame({"id": scored["id"], "fold": scored["fold"], "part": part})
    return frame.assign(p_sick=(1 / (1 + np.exp(-logit))).astype(np.float32))
