"""Frozen features: one pass of a pretrained model over the cache, kept and mapped into memory."""

import os
import tempfile
from collections.abc import Iterable
from functools import cached_property
from pathlib import Path

import numpy as np
from torch import nn

from proofolio import files
from proofolio.contract import RunError
from proofolio_torch import data, parallel, predict
from proofolio_torch.cache import Cache
from proofolio_torch.device import Runtime


class Features:
    """One vector per cached image: `ids`, and `values` float32 (n, d), memory-mapped."""

    def __init__(self, path: Path, cache: Cache) -> None:
        self.path, self.cache, self.ids = Path(path), cache, cache.ids

    @cached_property
    def values(self) -> np.ndarray:
        """All vectors, in the order of the cache."""
        return np.load(self.path, mmap_mode="r", allow_pickle=False)

    def rows(self, ids: Iterable[str]) -> np.ndarray:
        """Return the vectors of `ids`, float32 (m, d); raises TableError for an unknown id."""
        return np.asarray(self.values[self.cache.positions(ids)])


def extract(
    model: nn.Module,
    cache: Cache,
    *,
    normalise: data.Normalise,
    runtime: Runtime,
    folder: Path,
    weights_sha256: str | None,
    batch: int = 64,
) -> Features:
    """Return the model's outputs for every cached image, computing them where they are not kept.

    Kept under a key of weights, transform (normalisation, precision) and content (the cache's key),
    so a changed image, size or model never meets old vectors.

    Args:
        model: returns (n, d); `weights.create(name, 0)` gives pooled features.
        cache: the images; each is scored once, without augmentation.
        normalise: what the weights expect.
        runtime: device, precision and layout.
        folder: parent of all kept features (git-ignored).
        weights_sha256: of the model's weights.
        batch: images per forward pass.

    Raises:
        RunError: no hash is given, or the model's output is not one vector per image.
    """
    from filelock import FileLock

    if not weights_sha256:
        raise RunError(
            "features need the hash of the weights they come from",
            received="none",
            remedy="use pretrained weights, or pass the SHA-256 of your own",
        )
    transform = [type(model).__name__, normalise.mean, normalise.std, runtime.dtype]
    key = files.sha256_json([weights_sha256, transform, cache.key])[:16]
    path = Path(folder) / f"{key}.npy"
    path.parent.mkdir(parents=True, exist_ok=True)
    if parallel.world_size() > 1:  # every process takes part in the pass, so none may hold a lock
        return _computed(path, model, cache, normalise, runtime, batch)
    with FileLock(f"{path}.lock"):
        return _computed(path, model, cache, normalise, runtime, batch)


def _computed(
    path: Path,
    model: nn.Module,
    cache: Cache,
    normalise: data.Normalise,
    runtime: Runtime,
    batch: int,
) -> Features:
    accelerator = parallel.accelerator(runtime.device)
    there = path.is_file()
    accelerator.wait_for_everyone()  # all have looked before the first one writes
    if not there:
        examples = data.Examples(cache, cache.ids)
        values = predict.outputs(
            accelerator, runtime.place(model), examples, runtime, normalise, batch
        )
        if values.ndim != 2:
            raise RunError(
                "features must be one vector per image",
                expected="(n, d)",
                received=str(values.shape),
                remedy="pool them: weights.create(name, 0)",
            )
        if accelerator.is_main_process:
            _write(path, values)
        accelerator.wait_for_everyone()
    return Features(path, cache)


def _write(path: Path, values: np.ndarray) -> None:
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as stream:
            np.save(stream, values, allow_pickle=False)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
