"""Sequences: rows of the histories with labels, for the training loop, and their scale."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from proofolio.contract import TableError
from proofolio_torch.events.histories import Batch, Histories, columns

if TYPE_CHECKING:
    import torch

__all__ = ["Batch", "Histories", "Scale", "Sequences", "columns"]

NO_LABEL = -1
SCALED = ("gap", "amount", "amount_log")  # the other columns of a step lie within -1..1


class Sequences:
    """Some rows of the histories with integer class codes: a part for `loop.fit` and `predict`.

    A batch is (row numbers, `Batch`, codes), made whole in one call. Rows keep the order of `ids`.
    """

    eval_batch = 4096  # a forward pass of so many takes milliseconds

    def __init__(
        self, histories: Histories, ids: Iterable[str], labels: Iterable[int] | None = None
    ) -> None:
        self.histories = histories
        self.ids = np.asarray(list(ids), dtype=object)
        self.rows = histories.rows(self.ids)
        given = labels is not None
        codes = np.asarray(list(labels)) if given else np.full(len(self.ids), NO_LABEL)
        if codes.shape != self.ids.shape or not np.issubdtype(codes.dtype, np.integer):
            raise TableError(
                "labels do not fit the ids",
                expected=f"{len(self.ids)} integer class codes",
                received=f"{codes.dtype} of shape {codes.shape}",
                remedy="pass the code of each id in the same order",
            )
        self.labels = codes.astype(np.int64)

    @property
    def key(self) -> str:
        """Names the content behind the ids."""
        return self.histories.key

    def __len__(self) -> int:
        return len(self.ids)

    def __getitems__(self, items: list) -> "tuple[torch.Tensor, Batch, torch.Tensor]":
        """Return one batch: numbers of rows, or (epoch, place, row) as in training."""
        import torch

        rows = np.asarray([i[2] if isinstance(i, tuple) else i for i in items], np.int64)
        batch = self.histories.batch(self.rows[rows])
        inputs = Batch(*(torch.from_numpy(a) for a in batch))
        return torch.from_numpy(rows), inputs, torch.from_numpy(self.labels[rows])


@dataclass(frozen=True)
class Scale:
    """Standardise a batch on the device it lies on: what `data.Normalise` is for images.

    `mean` and `std` have a value per column of a step, `own_mean` and `own_std` per own feature.
    Values beyond `limit` standard deviations are cut off there, against a single absurd amount. The
    limit is wide, since rare and large values are what gives fraud away.
    """

    mean: tuple[float, ...]
    std: tuple[float, ...]
    own_mean: tuple[float, ...] = ()
    own_std: tuple[float, ...] = ()
    limit: float = 100.0

    @classmethod
    def of(cls, histories: Histories, rows: np.ndarray) -> "Scale":
        """Return the scale of some rows of the table (train's); constant columns keep theirs."""
        steps = histories.last(rows).astype(np.float64)
        keep = np.array([name not in SCALED for name in histories.names])
        mean, std = _moments(steps)
        mean, std = np.where(keep, 0, mean), np.where(keep, 1, std)
        own_mean, own_std = _moments(histories.own[rows].astype(np.float64))
        return cls(*(tuple(v.tolist()) for v in (mean, std, own_mean, own_std)))

    def __call__(self, batch: Batch) -> Batch:
        """Return (x - mean) / std of steps and own features."""
        steps = _scaled(batch.steps, self.mean, self.std, self.limit)
        own = _scaled(batch.own, self.own_mean, self.own_std, self.limit)
        return Batch(steps, batch.length, own)


def _moments(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    std = values.std(axis=0)
    return values.mean(axis=0), np.where(std > 0, std, 1)


def _scaled(
    values: "torch.Tensor", mean: tuple[float, ...], std: tuple[float, ...], limit: float
) -> "torch.Tensor":
    if values.shape[-1] != len(mean):
        raise TableError(
            "scale and batch differ in columns",
            expected=str(len(mean)),
            received=str(values.shape[-1]),
            remedy="make the scale from the same histories",
        )
    return ((values - values.new_tensor(mean)) / values.new_tensor(std)).clamp(-limit, limit)
