"""Two dozen tiny pictures, a network of a few hundred weights, and the arguments of a training."""

import hashlib

import cv2
import numpy as np
import pandas as pd
import torch
from torch import nn

from proofolio_torch import data, loop, optim
from proofolio_torch.device import Runtime

SIZE, COUNT = 16, 44


class TinyNet(nn.Module):
    """Convolution, batch normalisation, dropout: everything a resume can get wrong."""

    def __init__(self, channels=3, classes=2):
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(channels, 8, 3, stride=2, bias=False), nn.BatchNorm2d(8), nn.ReLU(),
            nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Dropout(0.3), nn.Linear(8, classes),
        )  # fmt: skip

    def forward(self, x):
        return self.body(x)


class PlainNet(nn.Module):
    """No batch statistics and no dropout: nothing that a shared batch could change."""

    def __init__(self, channels=3, classes=2):
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(channels, 8, 3, stride=2), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(),
            nn.Identity(), nn.Linear(8, classes),
        )  # fmt: skip

    def forward(self, x):
        return self.body(x)


def write_pictures(folder, count=COUNT, size=SIZE):
    """Bright pictures are class 1: something to learn."""
    rng = np.random.default_rng(0)
    rows = []
    for k in range(count):
        label = k % 2
        image = rng.integers(0, 120, (size, size, 3)) + 90 * label
        name = f"picture_{k:03d}.png"
        cv2.imwrite(str(folder / name), image.astype(np.uint8))
        digest = hashlib.sha256((folder / name).read_bytes()).hexdigest()
        rows.append({"id": f"p{k:03d}", "path": name, "content": digest, "label": label})
    return pd.DataFrame(rows)


def jitter(image, rng):
    """A plain augmentation: flip, and noise that differs for each call."""
    image = image[:, ::-1] if rng.random() < 0.5 else image
    return np.clip(image + rng.integers(-20, 20, image.shape), 0, 255).astype(np.uint8)


def job(images, table, folder, *, epochs=3, batch=8, train=28, **options):
    """Arguments of loop.fit for the tiny network; options override."""
    torch.manual_seed(0)
    ids, labels = table["id"].to_numpy(), table["label"].to_numpy()
    plan = {
        k: options.pop(k) for k in ("patience", "checkpoint_seconds", "workers") if k in options
    }
    arguments = {
        "model": TinyNet(),
        "train": data.Examples(images, ids[:train], labels[:train], augment=jitter, seed=3),
        "val": data.Examples(images, ids[train:], labels[train:]),
        "plan": loop.Plan(epochs, batch=batch, **plan),
        "loss": nn.CrossEntropyLoss(),
        "score": loop.Score("accuracy", lambda y, p: float((p.argmax(1) == y).mean())),
        "optimizer": lambda m: optim.adamw(m, lr=0.01),
        "schedule": optim.one_cycle,
        "normalise": data.Normalise((0.5,) * 3, (0.5,) * 3),
        "runtime": Runtime("cpu", "float32", "channels_last", "test"),
        "folder": folder,
        "seed": 5,
    }
    return arguments | options
