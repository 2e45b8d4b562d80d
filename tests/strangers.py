"""A small project of four classes whose split knows three: the fourth is what no class names."""

from pathlib import Path

import builders
import numpy as np
import pandas as pd

from proofolio import evidence, files, project, splits, table
from proofolio.contract import Layout, ModelInfo

CLASSES = ["ant", "bee", "wasp", "spider"]
OWN = CLASSES[:3]
SPLIT = {
    "name": "primary",
    "strategy": "official",
    "classes": OWN,
    "fractions": {"train": 0.4, "val": 0.3, "calib": 0.3},
    "rationale": "Spiders are no insects.",
}


def examples(*, units: int = 160) -> pd.DataFrame:
    """Return one row per unit, classes in turn, every third unit of the published test."""
    rows = np.arange(units)
    frame = builders.example_frame(units=units, per_unit=1)
    official = np.where(rows % 3 == 0, "test", "train")
    return frame.assign(label=[CLASSES[u % 4] for u in rows], official=official)


def predictions(parts: pd.DataFrame, known: pd.DataFrame, *, seed: int = 0) -> pd.DataFrame:
    """Return made-up probabilities and energies; spiders get smaller logits."""
    rng = np.random.default_rng(seed)
    scored = parts[parts["part"].isin(["val", "calib", "test", "ood"])].merge(known, on="id")
    logits = rng.normal(0, 1, (len(scored), len(OWN)))
    logits += 2.5 * (scored["label"].to_numpy()[:, None] == np.array(OWN))
    p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    columns = {f"p_{name}": p[:, i] for i, name in enumerate(OWN)}
    columns["energy"] = -np.log(np.exp(logits).sum(axis=1))
    return pd.DataFrame({"id": scored["id"], "part": scored["part"], **columns})


def prepared(root: Path, frame: pd.DataFrame | None = None) -> tuple[Layout, project.Project]:
    """Return a project with its table and split, without a run."""
    builders.write_project(
        root,
        classes=CLASSES,
        positive_class=None,
        splits=[SPLIT],
        metric={"primary": "top1", "target": 0.8, "reason": "One name is asked for."},
        decision={"rule": "argmax", "reason": "Errors cost the same."},
    )
    layout, author = Layout(root), project.load(root)
    frame = examples() if frame is None else frame
    columns = ["id", "unit", "cluster", "label", "slice_site"]
    files.write_parquet(layout.examples, frame[columns].sort_values("id"))
    files.write_parquet(layout.hashes, frame[["id", "content", "perceptual"]])
    files.write_text(layout.duplicates, "a,b,kind,distance\n")
    contract = {"evidence_contract": 1, "kind": "image", "project": "tiny", "demo_data": True}
    files.write_json(layout.contract, contract)
    data = author.data.model_dump(exclude={"raw"}) | {
        "n_examples": len(frame),
        "n_units": frame["unit"].nunique(),
        "n_clusters": frame["cluster"].nunique(),
        "unit": author.unit,
        "label_counts": {k: int(v) for k, v in frame["label"].value_counts().items()},
        "columns": {},
        "membership_sha256": table.membership_sha256(frame),
        "content_sha256": table.content_sha256(frame),
        "preprocessing_sha256": None,
    }
    files.write_json(layout.dataset, data)
    splits.write(layout, splits.make(frame, author.primary_split))
    return layout, author


def trained(root: Path) -> tuple[Layout, project.Project]:
    """Return a prepared project with every run of its ladder finished."""
    layout, author = prepared(root)
    for experiment in author.ladder:
        for seed in experiment.seeds or author.seeds:
            with evidence.Recorder(layout, author, experiment.name, seed, ["python"]) as run:
                run.fit("weights", "train")
                made = predictions(run.parts, table.read_examples(layout), seed=seed)
                run.finish(made, ModelInfo(name=experiment.name), {})
    return layout, author


def opened(root: Path) -> tuple[Layout, project.Project]:
    """Return a trained project whose test is opened and whose results are written."""
    layout, author = trained(root)
    (root / ".gitignore").write_text("work/\ndata/\n")
    evidence.select(layout, author)
    evidence.register(layout, author)
    evidence.open_test(layout, author, "final evaluation")
    evidence.summarise(layout, author)
    return layout, author
