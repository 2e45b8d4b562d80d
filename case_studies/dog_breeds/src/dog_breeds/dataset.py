"""What a run may look at: pictures of every part, labels of train and val.

    python -m dog_breeds train --quick

Pictures are decoded once into a memory-mapped cache of bytes and normalised on the device. The one
place that uses albumentations is `augmentation`.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from proofolio.contract import PREDICTED_PARTS, Layout, ModelInfo, ProjectError, SealError
from proofolio.project import Project


class Outcome(NamedTuple):
    """What a rung hands back: predictions of every scored part; the model; where it ran."""

    predictions: pd.DataFrame
    model: ModelInfo
    runtime: dict[str, Any]


class Study:
    """One run's view of the data: everything but the labels of calib and test.

    Attributes:
        run: the recorder; `run.fit(step, part)` notes what was fitted on which part.
        config: the configuration of this run, from project.yaml.
        classes: those of the run's split: the dog breeds, or all breeds.
    """

    def __init__(self, layout: Layout, project: Project, table: pd.DataFrame, run: Any) -> None:
        self.layout, self.project, self.run, self.config = layout, project, run, run.config
        self.classes: list[str] = run.classes
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
        codes = {name: code for code, name in enumerate(self.classes)}
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

    def outcome(
        self,
        scores: np.ndarray,
        model: ModelInfo,
        runtime: dict | None = None,
        energy: np.ndarray | None = None,
    ) -> Outcome:
        """Join probabilities (n, classes) with the ids they belong to: val, calib, test and ood."""
        from proofolio_torch import predict

        parts = self.run.parts.set_index("id")["part"]
        ids = self.ids(*PREDICTED_PARTS)
        p = rounded(scores)
        frame = predict.frame(ids, parts[ids].to_numpy(), p, self.classes, energy=energy)
        return Outcome(frame, model, runtime or {})


def rounded(p: np.ndarray) -> np.ndarray:
    """Return probabilities to 14 significant bits, float64 of the same shape.

    Every number is computed from what is stored; fewer bits make small files of the evidence.
    """
    mantissa, exponent = np.frexp(np.asarray(p, np.float64))
    return np.ldexp(np.round(mantissa * 16384) / 16384, exponent)


def augmentation(name: str, size: int) -> Any:
    """Return a function (picture, generator) to picture of `size` pixels, or None, by policy.

    A mirrored dog is a dog of the same breed, and a crop that keeps most of it shows the breed too.
    `light` stops there. `strong` also crops to a third, turns, changes colours (although the colour
    of a coat is part of a breed), re-encodes and covers pieces.
    """
    if name == "none":
        return None
    import albumentations as A
    from proofolio_torch import data

    def crop(least: float) -> Any:
        ratio = (0.75, 1.33)
        return A.RandomResizedCrop(size=(size, size), scale=(least, 1.0), ratio=ratio)

    policies = {
        "light": [
            crop(0.6),
            A.HorizontalFlip(p=0.5),
            A.RandomBrightnessContrast(brightness_limit=0.15, contrast_limit=0.15, p=0.5),
        ],
        "strong": [
            crop(0.33),
            A.HorizontalFlip(p=0.5),
            A.Affine(rotate=(-15, 15), shear=(-5, 5), p=0.5),
            A.ColorJitter((0.7, 1.3), (0.7, 1.3), (0.7, 1.3), (-0.03, 0.03), p=0.8),
            A.ImageCompression(quality_range=(40, 95), p=0.5),
            A.CoarseDropout(
                num_holes_range=(1, 4),
                hole_height_range=(0.1, 0.25),
                hole_width_range=(0.1, 0.25),
                p=0.5,
            ),
        ],
    }  # fmt: skip
    if name not in policies:
        known = ", ".join(["none", *policies])
        raise ProjectError("unknown augmentation", expected=known, received=str(name))
    return data.from_albumentations(A.Compose(policies[name]))
