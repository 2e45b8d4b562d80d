"""What a run may look at: pictures of every part, labels of train and val.

    python -m medical_imaging train --quick

Pictures are decoded once into a memory-mapped cache of bytes and normalised on the device. The one
place that uses albumentations is `augmentation`.
"""

from collections.abc import Sequence
from itertools import chain
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from proofolio.contract import SCORED_PARTS, Layout, ModelInfo, ProjectError, SealError
from proofolio.project import Project


class Outcome(NamedTuple):
    """What a rung hands back: predictions for val, calib and test; the model; where it ran."""

    predictions: pd.DataFrame
    model: ModelInfo
    runtime: dict[str, Any]


class Study:
    """One run's view of the data: everything but the labels of calib and test.

    In a cross-validation it is the view of one fold, whose held-out rows are val, labels sealed.

    Attributes:
        run: the recorder; `run.fit(step, part)` notes what was fitted on which part.
        config: the configuration of this run, from project.yaml.
    """

    def __init__(self, layout: Layout, project: Project, table: pd.DataFrame, run: Any) -> None:
        self.layout, self.project, self.run, self.config = layout, project, run, run.config
        self._table, self._by_id = table, table.set_index("id")

    def ids(self, *parts: str) -> np.ndarray:
        """Return the ids of some parts, sorted."""
        return self.run.parts.loc[self.run.parts["part"].isin(parts), "id"].to_numpy()

    def labels(self, part: str) -> np.ndarray:
        """Return the class codes of train or val; other labels stay sealed until `evaluate`."""
        if part not in ("train", "val"):
            raise SealError(
                f"labels of {part} are not for training", remedy="the recorder uses calib by itself"
            )
        if part == "val" and "fold" in self.run.parts:
            raise SealError(
                "cross-validation has no part for early stopping: its val is what a fold scores",
                remedy="train networks on a split with val; compare folds on frozen features",
            )
        codes = {name: code for code, name in enumerate(self.project.classes)}
        return self._by_id.loc[self.ids(part), "label"].map(codes).to_numpy(dtype=np.int64)

    def columns(self, names: Sequence[str], *parts: str) -> np.ndarray:
        """Return numeric columns of the table, float64 (n, columns), for the ids of some parts."""
        return self._by_id.loc[self.ids(*parts), list(names)].to_numpy(dtype=np.float64)

    def images(self) -> Any:
        """Return the cache of all pictures at this configuration's size and channels."""
        from proofolio_torch import cache

        raw = self.layout.root / self.project.data.raw
        size, channels = self.config["size"], self.config["channels"]
        folder = self.layout.work / "cache"
        return cache.build(raw, self._table, size=size, channels=channels, folder=folder)

    def pixels(self, *parts: str) -> np.ndarray:
        """Return the cached pictures of some parts, uint8 (n, height, width, channels)."""
        images = self.images()
        return images.array[images.positions(self.ids(*parts))]

    def examples(self, *parts: str, augment: str = "none") -> Any:
        """Return the pictures of some parts for a network, with labels where they are open."""
        from proofolio_torch import data

        labels = self.labels(parts[0]) if parts in (("train",), ("val",)) else None
        change = augmentation(augment, self.config["size"])
        ids, seed = self.ids(*parts), self.run.seed
        return data.Examples(self.images(), ids, labels, augment=change, seed=seed)

    def outcome(self, scores: np.ndarray, model: ModelInfo, runtime: dict | None = None) -> Outcome:
        """Join probabilities (n, classes) with the ids they belong to: val, calib and test."""
        from proofolio_torch import predict

        parts = self.run.parts.set_index("id")["part"]
        ids = self.ids(*SCORED_PARTS)
        named = self.project.classes, self.project.positive_class
        frame = predict.frame(ids, parts[ids].to_numpy(), scores, *named)
        return Outcome(frame, model, runtime or {})


def augmentation(name: str, size: int) -> Any:
    """Return a function (picture, generator) to picture of `size` pixels, or None, by policy.

    Framing, exposure and compression differ between the series that sick and healthy children
    were collected in, so `xray_strong` changes all three: none of them may decide. A mirrored
    chest has its heart on the wrong side, which does not change whether a lung is inflamed. The
    ablations `xray_no_<part>` leave one of the three counter-measures out.
    """
    if name == "none":
        return None
    import albumentations as A
    from proofolio_torch import data

    light = [
        A.HorizontalFlip(p=0.5),
        A.RandomBrightnessContrast(brightness_limit=0.2, contrast_limit=0.2, p=0.8),
    ]
    strong = {
        "crop": [A.RandomResizedCrop(size=(size, size), scale=(0.6, 1.0), ratio=(0.85, 1.18))],
        "pose": [A.HorizontalFlip(p=0.5), A.Affine(rotate=(-8, 8), shear=(-4, 4), p=0.5)],
        "intensity": [
            A.RandomBrightnessContrast(brightness_limit=0.35, contrast_limit=0.35, p=0.9),
            A.RandomGamma(gamma_limit=(60, 160), p=0.5),
        ],
        "reencoding": [A.ImageCompression(quality_range=(30, 95), p=0.7)],
        "damage": [
            A.GaussNoise(std_range=(0.01, 0.05), p=0.3),
            A.CoarseDropout(
                num_holes_range=(1, 4),
                hole_height_range=(0.1, 0.25),
                hole_width_range=(0.1, 0.25),
                p=0.3,
            ),
        ],
    }
    policies = {"xray_light": light, "xray_strong": [*chain(*strong.values())]}
    for left_out in ("crop", "intensity", "reencoding"):  # the ablations
        kept = [steps for part, steps in strong.items() if part != left_out]
        policies[f"xray_no_{left_out}"] = [*chain(*kept)]
    if name not in policies:
        known = ", ".join(["none", *policies])
        raise ProjectError("unknown augmentation", expected=known, received=str(name))
    return data.from_albumentations(A.Compose(policies[name]))


def balance(how: str, labels: np.ndarray, classes: int) -> tuple[Any, np.ndarray | None]:
    """Return (class weights of the loss, weights of the sampler) for unequal classes.

    Args:
        how: "none", "weighted_loss" (rare classes count more) or "sampler" (are drawn more often).
        labels: codes of train.
        classes: how many there are.
    """
    from proofolio_torch import imbalance

    if how == "weighted_loss":
        return imbalance.class_weights(labels, classes), None
    if how == "sampler":
        return None, imbalance.sample_weights(labels, classes)
    if how != "none":
        expected = "none, weighted_loss or sampler"
        raise ProjectError("unknown answer to imbalance", expected=expected, received=str(how))
    return None, None
