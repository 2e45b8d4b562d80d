"""Histories: the last k events of an entity up to and including each event, batch by batch."""

from collections.abc import Iterable
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from proofolio import files
from proofolio.contract import TableError
from proofolio_torch.events import arrays

FORMAT = 1  # part of the key: raise it when the columns of a step change
DAY = 86_400  # seconds


class Batch(NamedTuple):
    """What a network sees of b events: their histories and their own features.

    Attributes:
        steps: float32 (b, k, f), oldest first: the event itself is step `length - 1`, and zeros
            follow. A causal network never sees the zeros, so nothing has to be masked or packed.
        length: int64 (b,), 1 to k.
        own: float32 (b, m), features of the event itself; m may be 0.
    """

    steps: Any
    length: Any
    own: Any

    @property
    def mask(self) -> Any:
        """Return bool (b, k): true for events, false for padding."""
        k = self.steps.shape[1]
        if isinstance(self.length, np.ndarray):
            return np.arange(k) < self.length[:, None]
        return self.length.new_tensor(range(k)) < self.length[:, None]


def columns(
    time: np.ndarray, gap: np.ndarray, amount: np.ndarray | None
) -> tuple[tuple[str, ...], np.ndarray]:
    """Return names and float32 (n, f) of the columns of a step; live scoring calls it too.

    Args:
        time: seconds since 1970 (UTC), int64 (n,).
        gap: seconds since the entity's event before, (n,); below 0 for its first event.
        amount: (n,), at least 0, or None.
    """
    first = gap < 0
    hour = 2 * np.pi * (time % DAY) / DAY
    weekday = 2 * np.pi * ((time // DAY + 3) % 7) / 7  # 1970 began on a Thursday; Monday is 0
    found = {"gap": np.log1p(np.where(first, 0, gap)), "first": first}
    # the logarithm tells small amounts apart, the amount itself keeps a limit such as 220 sharp
    found |= {} if amount is None else {"amount": amount, "amount_log": np.log1p(amount)}
    found |= {"hour_sin": np.sin(hour), "hour_cos": np.cos(hour)}
    found |= {"weekday_sin": np.sin(weekday), "weekday_cos": np.cos(weekday)}
    return tuple(found), np.column_stack(list(found.values())).astype(np.float32)


class Histories:
    """Every event's history, over the whole table: one sort now, one gather per batch later.

    Nothing of shape (n, k, f) is ever made. Ties follow the rule of the windows: an event sees
    itself and what stands before it in (time, id) order. No label enters.

    Attributes:
        k: events per history, the event itself included.
        names: columns of a step.
        own: float32 (n, m), features of each event, in the order of the table.
    """

    def __init__(
        self,
        events: pd.DataFrame,
        k: int,
        *,
        own: np.ndarray | None = None,
        entity: str = "unit",
    ) -> None:
        """Sort a table once.

        Args:
            events: id, `entity`, time[, amount], sorted by (time, id); training rows are chosen
                afterwards, so histories reach back before the training window.
            k: at least 1.
            own: (n, m) features in the order of the table, such as the windows'; no NaN.
            entity: whose history: "unit", or "unit2".

        Raises:
            TableError: unsorted, a value that is missing, infinite or negative, or a wrong shape.
        """
        time, amount = _checked(events, k, entity)
        own = np.empty((len(time), 0)) if own is None else np.asarray(own)
        if own.ndim != 2 or len(own) != len(time) or not np.isfinite(own).all():
            raise TableError(
                "own features do not fit the events",
                expected=f"finite numbers of shape ({len(time)}, m)",
                received=f"shape {own.shape}, {(~np.isfinite(own)).sum()} not finite",
                remedy="pass one row per event, in the order of the table",
            )
        self.k, self.entity = k, entity
        self.own = np.ascontiguousarray(own, np.float32)
        self.ids = events["id"].to_numpy(dtype=object)
        codes = arrays.codes_of(events[entity])
        order = arrays.stable_order(codes)  # the table is sorted by time already
        counts = np.bincount(codes)
        self._position = np.empty(len(order), np.int64)
        self._position[order] = np.arange(len(order))
        self._before = self._position - (np.cumsum(counts) - counts)[codes]
        gap = np.diff(time[order], prepend=0)
        gap[self._position[self._before == 0]] = -1
        self.names, self._columns = columns(
            time[order], gap, None if amount is None else amount[order]
        )

    def __len__(self) -> int:
        return len(self.ids)

    def batch(self, rows: np.ndarray) -> Batch:
        """Return the histories of some rows of the table, as numpy arrays."""
        rows = np.asarray(rows)
        last = self._position[rows]
        length = np.minimum(self._before[rows] + 1, self.k)
        place = np.arange(self.k)
        wanted = np.minimum((last - length + 1)[:, None] + place, last[:, None])
        steps = self._columns.take(wanted, axis=0)
        if (length < self.k).any():
            steps[place >= length[:, None]] = 0
        return Batch(steps, length, self.own.take(rows, axis=0))

    def last(self, rows: np.ndarray) -> np.ndarray:
        """Return the column values of the events themselves, float32 (n, f)."""
        return self._columns[self._position[rows]]

    def rows(self, ids: Iterable[str]) -> np.ndarray:
        """Return the row of each id, int64; raises TableError for one that is not there."""
        wanted = np.asarray(list(ids), dtype=object)
        found = self._index.get_indexer(wanted)
        if (found < 0).any():
            missing = wanted[found < 0]
            raise TableError(
                f"{len(missing)} ids are not in the table of events",
                received=", ".join(map(str, missing[:3])),
                remedy="build the histories from the whole table, not from a part of it",
            )
        return found

    @cached_property
    def _index(self) -> pd.Index:
        return pd.Index(self.ids)

    @cached_property
    def key(self) -> str:
        """A hash of everything a batch depends on, for the fingerprint of a training."""
        arrays = (self._columns, self._position, self._before, self.own)
        parts = [[list(a.shape), files.sha256_bytes(a.tobytes())] for a in arrays]
        return files.sha256_json([FORMAT, self.k, self.entity, list(self.names), parts])


def _checked(events: pd.DataFrame, k: int, entity: str) -> tuple[np.ndarray, np.ndarray | None]:
    """Return time as int64 seconds and the amount; raise TableError where the table is not fit."""
    missing = [c for c in ("id", entity, "time") if c not in events]
    if missing or not len(events) or k < 1:
        raise TableError(
            "there is nothing to make sequences of",
            expected=f"columns id, {entity}, time, at least one event, and k of at least 1",
            received=f"{len(events)} events without {', '.join(missing) or 'a gap'}, k={k}",
        )
    time = arrays.seconds(events["time"], "time")
    arrays.ordered(time, events["id"])
    return time, arrays.amounts(events["amount"]) if "amount" in events else None
