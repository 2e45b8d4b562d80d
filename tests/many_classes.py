"""A small finished project of three classes, sealed or opened: made-up evidence, no pictures."""

from pathlib import Path

import builders
import finished_project
import numpy as np
import pandas as pd
import pytest

from proofolio import project
from proofolio.contract import Layout

CLASSES = ["ant", "bee", "wasp"]


def examples(*, units: int = 60, per_unit: int = 3) -> pd.DataFrame:
    """Return the builders' table with three classes in turn, a unit of one class."""
    frame = _two_classes(units=units, per_unit=per_unit)
    number = frame["unit"].str.removeprefix("p").astype(int)
    return frame.assign(label=[CLASSES[u % 3] for u in number])


def predictions(
    parts: pd.DataFrame, examples: pd.DataFrame, *, skill: float = 1.5, seed: int = 0
) -> pd.DataFrame:
    """Return made-up probabilities of three classes for val, calib and test."""
    rng = np.random.default_rng(seed)
    scored = parts[parts["part"].isin(["val", "calib", "test"])].merge(examples, on="id")
    logits = rng.normal(0, 1, (len(scored), 3))
    logits += skill * (scored["label"].to_numpy()[:, None] == np.array(CLASSES))
    p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    columns = {f"p_{name}": p[:, i] for i, name in enumerate(CLASSES)}
    return pd.DataFrame({"id": scored["id"], "part": scored["part"], **columns})


def finish(root: Path, *, opened: bool) -> tuple[Layout, project.Project]:
    """Return a project of three classes, trained and summarised; `opened`: evaluated too."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(builders, "example_frame", examples)
        patch.setattr(builders, "predictions", predictions)
        return finished_project.finish(
            root,
            opened=opened,
            classes=CLASSES,
            positive_class=None,
            metric={"primary": "accuracy", "target": 0.8, "reason": "Each class counts."},
            decision={"rule": "argmax", "target": None, "reason": "Errors cost the same."},
            references=[],
        )


_two_classes = builders.example_frame
