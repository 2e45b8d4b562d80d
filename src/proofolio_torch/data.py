"""Examples from the cache: uint8 until the device, augmented the same whoever loads them."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import torch
from torch.utils.data import DataLoader, Dataset

from proofolio.contract import TableError
from proofolio_torch.cache import Cache

if TYPE_CHECKING:
    from proofolio_torch.weights import WeightsInfo

Augment = Callable[[np.ndarray, np.random.Generator], np.ndarray]
NO_LABEL = -1


class Part(Protocol):
    """What is trained on or scored: `Examples` of images, or `events.sequences.Sequences`.

    A batch is (row numbers, inputs, codes); inputs are a tensor or a named tuple of tensors. A part
    with a method `__getitems__(items)` makes a whole batch in one call, in the training process,
    for a small network; it may set `eval_batch`, the examples of a forward pass without gradients.
    """

    ids: np.ndarray
    labels: np.ndarray

    @property
    def key(self) -> str:
        """Names the content behind the ids."""

    def __len__(self) -> int: ...


def makes_batches(part: Part) -> bool:
    """Whether a part makes whole batches: then workers and compiling cost more than they save."""
    return hasattr(part, "__getitems__")


class Examples(Dataset):
    """Rows of a cache in the order of `ids`, with integer class codes.

    An item is (row, image uint8 height x width x channels, code). Training asks for
    (epoch, place, row): the generator of the augmentation is a pure function of seed, epoch and
    place in that epoch's order, so neither the number of workers nor a resume changes a pixel.
    """

    def __init__(
        self,
        cache: Cache,
        ids: Iterable[str],
        labels: Iterable[int] | None = None,
        *,
        augment: Augment | None = None,
        seed: int = 0,
    ) -> None:
        self.cache = cache
        self.ids = np.asarray(list(ids), dtype=object)
        self.rows = cache.positions(self.ids)
        given = labels is not None
        codes = np.asarray(list(labels)) if given else np.full(len(self.ids), NO_LABEL)
        if codes.shape != self.ids.shape or not np.issubdtype(codes.dtype, np.integer):
            raise TableError(
                "labels do not fit the ids",
                expected=f"{len(self.ids)} integer class codes",
                received=f"{codes.dtype} of shape {codes.shape}",
                remedy="pass the code of each id in the same order",
            )
        if given and len(codes) and codes.min() < 0:
            raise TableError("a class code is negative", received=str(codes.min()))
        self.labels = codes.astype(np.int64)
        self.augment = augment
        self.seed = seed

    @property
    def key(self) -> str:
        """Names the pixels: the cache's key."""
        return self.cache.key

    def __len__(self) -> int:
        return len(self.ids)

    def __getitem__(self, item: int | tuple[int, int, int]) -> tuple[int, np.ndarray, int]:
        epoch, place, row = item if isinstance(item, tuple) else (None, item, item)
        image = np.array(self.cache.array[self.rows[row]])  # a copy: the map is read-only
        if self.augment is not None and epoch is not None:
            rng = np.random.default_rng([self.seed, epoch, place])
            image = _checked(self.augment(image, rng), image.shape)
        return int(row), image, int(self.labels[row])


def _checked(image: Any, shape: tuple[int, ...]) -> np.ndarray:
    if not isinstance(image, np.ndarray) or image.dtype != np.uint8 or image.shape != shape:
        raise TableError(
            "the augmentation returned another kind of image",
            expected=f"uint8 of shape {shape}",
            received=f"{getattr(image, 'dtype', type(image).__name__)} of shape "
            f"{getattr(image, 'shape', '?')}",
            remedy="no Normalize, no ToTensor (the device does both); crop to the cache size",
        )
    return np.ascontiguousarray(image)


def from_albumentations(compose: Any) -> Augment:
    """Wrap an albumentations `Compose` of image transforms as `augment(image, rng)`.

    The pipeline keeps a generator of its own; it is set from ours before every image (0.3 ms).
    """

    def augment(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        compose.set_random_seed(int(rng.integers(2**31)))
        return compose(image=image)["image"]

    return augment


@dataclass(frozen=True)
class Normalise:
    """Turn uint8 images (b, h, w, c) into floats (b, c, h, w), on the device they lie on.

    `mean` and `std` are in units of 0..1. One grey channel becomes as many as `mean` has.
    """

    mean: tuple[float, ...]
    std: tuple[float, ...]

    @classmethod
    def of(cls, info: "WeightsInfo") -> "Normalise":
        """Return what the weights were trained with."""
        return cls(info.mean, info.std)

    def __call__(self, images: torch.Tensor) -> torch.Tensor:
        """Return (x / 255 - mean) / std as float32; raises TableError for another input."""
        if images.dtype != torch.uint8 or images.ndim != 4:
            raise TableError(
                "images must arrive as bytes",
                expected="uint8 (batch, height, width, channels)",
                received=f"{images.dtype} {tuple(images.shape)}",
            )
        channels, wanted = images.shape[-1], len(self.mean)
        if channels not in (1, wanted) and wanted != 1:
            raise TableError(
                "cache and weights differ in channels",
                expected=f"1 or {wanted}",
                received=str(channels),
                remedy="build the cache with that many channels",
            )
        mean = images.new_tensor(self.mean, dtype=torch.float32) * 255
        std = images.new_tensor(self.std, dtype=torch.float32) * 255
        # the permuted view is already channels_last: no copy beyond the conversion to float
        return ((images.float() - mean) / std).permute(0, 3, 1, 2)


class EpochBatches:
    """The order of training: batches of (epoch, place, row), a pure function of seed and epoch.

    Every epoch has n // batch steps of exactly `batch` examples (the rest of the shuffle waits for
    the next epoch; with n < batch examples repeat), so one process and many take the same steps and
    gradient accumulation never meets a short batch. With `weights`, rows are drawn with replacement
    in proportion to them.
    """

    drop_last = True  # accelerate asks for this and for batch_size

    def __init__(
        self, n: int, batch: int, micro: int, seed: int, weights: np.ndarray | None = None
    ) -> None:
        self.n, self.batch, self.batch_size, self.seed = n, batch, micro, seed
        self.steps = max(1, n // batch)
        self.weights = None if weights is None else np.asarray(weights, float) / np.sum(weights)
        self.epoch = self.step = 0

    def at(self, epoch: int, step: int = 0) -> None:
        """Start the next iteration at optimizer step `step` of `epoch`."""
        self.epoch, self.step = epoch, step

    def order(self, epoch: int) -> np.ndarray:
        """Return the rows of one epoch, int64[steps * batch]."""
        rng, total = np.random.default_rng([self.seed, epoch, 1]), self.steps * self.batch
        if self.weights is not None:
            return rng.choice(self.n, total, p=self.weights)
        repeats = -(-total // self.n)
        return np.concatenate([rng.permutation(self.n) for _ in range(repeats)])[:total]

    def __len__(self) -> int:
        return (self.steps - self.step) * (self.batch // self.batch_size)

    def __iter__(self) -> Iterator[list[tuple[int, int, int]]]:
        epoch, order = self.epoch, self.order(self.epoch)
        for start in range(self.step * self.batch, len(order), self.batch_size):
            places = range(start, start + self.batch_size)
            yield [(epoch, place, int(order[place])) for place in places]


def loader(
    examples: Part,
    *,
    batches: EpochBatches | None = None,
    batch: int = 64,
    workers: int = 0,
    pin_memory: bool = False,
) -> DataLoader:
    """Return a loader: of `batches` for training, else of every row once, in order.

    Workers stay alive between epochs and leave Ctrl-C to the training process. The loader owns its
    generator, so that starting it draws nothing from the global one.
    """
    common = {
        "num_workers": workers,
        "pin_memory": pin_memory,
        "persistent_workers": workers > 0,
        "worker_init_fn": _start_worker,
        "generator": torch.Generator().manual_seed(0),
    }
    if makes_batches(examples):
        common["collate_fn"] = _whole
    if batches is not None:
        return DataLoader(examples, batch_sampler=batches, **common)
    return DataLoader(examples, batch_size=batch, **common)


def _whole(batch: Any) -> Any:
    return batch


def _start_worker(_: int) -> None:
    import signal

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    torch.set_num_threads(1)
    try:
        import cv2
    except ImportError:  # a project of events reads no pictures
        return
    cv2.setNumThreads(0)
