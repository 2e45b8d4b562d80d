"""Live features behind a lock: events as they arrive, late ones and labels, kept in a file."""

import io
import threading
import time
from collections.abc import Callable, Sequence
from datetime import UTC
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from proofolio import files
from proofolio.contract import TableError
from proofolio_torch.events.arrays import NEVER, seconds
from proofolio_torch.events.live import Live
from proofolio_torch.events.spec import Windows
from proofolio_torch.events.taken import Label, Learnt
from proofolio_torch.service.refusals import RequestRefused, ServiceError

_AHEAD_S = 300  # of the clock: a time further ahead is wrong, and would age the whole state


class Stream:
    """The state of a service of events; every method may be called from any thread.

    Args:
        windows: as in training.
        lateness: None takes events in the order (time, id) alone. A number of seconds takes them as
            they arrive: one that is up to so much older than the last counts as of its second.
        clock: seconds since 1970; an event more than five minutes after it is refused.
    """

    def __init__(
        self,
        windows: Windows,
        *,
        lateness: int | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.windows, self.lateness, self._clock = windows, lateness, clock
        self._lock = threading.Lock()
        self._live = Live(windows, arrival=lateness is not None)

    @property
    def held(self) -> int:
        """Number of events in the state."""
        return len(self._live)

    def warm(self, events: pd.DataFrame) -> int:
        """Take past events and the labels that were known at the end of them; return how many.

        Args:
            events: a table sorted by (time, id), such as all events before the service starts; what
                no window can reach any more is left out.
        """
        when = seconds(events["time"], "time")
        last = when[-1] if len(when) else 0
        known = when + self.windows.delay
        if "known_at" in events:
            known = seconds(events["known_at"], "known_at", missing=True)
        kept = when > last - self.windows.reach
        events, when, known = events[kept], when[kept], known[kept]
        told = events["label"].notna().to_numpy() & (known <= last) & (known != NEVER)
        columns = [events[n] if n in events else [None] * len(events) for n in ("amount", "unit2")]
        rows = zip(events["id"], events["unit"], when.tolist(), *columns, strict=True)
        labels = zip(events["label"], told.tolist(), known.tolist(), strict=True)
        with self._lock:
            for (id, unit, second, amount, unit2), (label, tell, at) in zip(
                rows, labels, strict=True
            ):
                self._live.put(id, unit, second, amount or 0.0, unit2)
                if tell:
                    self._live.learn(id, label, at)
        return int(kept.sum())

    def take(self, items: Sequence[Any]) -> tuple[list[int], np.ndarray]:
        """Take all events, or none; return the second each was counted at and features (n, k).

        Args:
            items: objects with id, unit, unit2, time (naive UTC datetime) and amount.

        Raises:
            RequestRefused: an event that is out of order, stood there before or is in the future.
        """
        with self._lock:
            try:
                moments = self._moments(items)
                rows = [
                    self._live.add(e.id, e.unit, second, e.amount, e.unit2)
                    for e, second in zip(items, moments, strict=True)
                ]
            except TableError as error:
                parts = {n: getattr(error, n) for n in ("expected", "received", "remedy")}
                raise RequestRefused(error.what, **parts) from None
        return moments, np.array(rows)

    def learn(self, labels: Sequence[Label]) -> list[Learnt]:
        """Take labels; without `known_at` they are known from the second after the last event."""
        with self._lock:
            return [self._learnt(label) for label in labels]

    def snapshot(self) -> dict[str, np.ndarray]:
        """Return the state as plain arrays."""
        with self._lock:
            return self._live.snapshot()

    def save(self, path: Path) -> None:
        """Write the state to a file, whole or not at all."""
        sink = io.BytesIO()
        np.savez_compressed(sink, **self.snapshot())
        files.write_bytes(path, sink.getvalue())

    def restore(self, path: Path) -> None:
        """Take the state of a file; raises ServiceError where it is not of these windows."""
        try:
            with np.load(io.BytesIO(Path(path).read_bytes()), allow_pickle=False) as arrays:
                live = Live.restore(arrays)
        except Exception as error:
            received = f"{Path(path).name}: {type(error).__name__}"
            raise _stateless(received) from error
        if live.windows != self.windows or live.arrival != (self.lateness is not None):
            raise _stateless(f"{Path(path).name}: other windows, or another order of events")
        with self._lock:
            self._live = live

    def _moments(self, items: Sequence[Any]) -> list[int]:
        """Return the second at which each event is counted, after checking that all can be."""
        last, before, limit = self._live.now, None, int(self._clock()) + _AHEAD_S
        ids, moments = set(), []
        for event in items:
            second = int(event.time.replace(tzinfo=UTC).timestamp())
            if second > limit:
                raise RequestRefused(
                    f"event {event.id} lies in the future",
                    status=422,
                    expected=f"a time up to {_AHEAD_S} s after the clock of the service",
                    received=str(event.time),
                    remedy="send the time at which it happened, in UTC",
                )
            if self.lateness is not None and last is not None and second >= last - self.lateness:
                second = max(second, last)
            self._live.check(event.id, event.unit, second, event.amount, event.unit2)
            here = (second, event.id) if self.lateness is None else (second,)
            if event.id in ids or (before and here < before):
                raise RequestRefused(
                    f"event {event.id} is out of order within its request",
                    expected="events sorted by time and id, each once",
                    received=f"second {second}, id {event.id}",
                    remedy="sort the items",
                )
            ids.add(event.id)
            moments.append(second)
            before, last = here, second
        return moments

    def _learnt(self, label: Label) -> Learnt:
        known = label.known_at
        if known is None and self._live.now is not None:
            known = self._live.now + 1
        try:
            taken = self._live.learn(label.id, label.label, known)
        except TableError as error:
            return Learnt(id=label.id, taken=False, why=f"{error.what}: {error.remedy}")
        return Learnt(id=label.id, taken=taken, why=None if taken else "not in any window")


def _stateless(received: str) -> ServiceError:
    return ServiceError(
        "the state of the service cannot be taken up",
        expected="a file that `save` wrote for the same windows and order of events",
        received=received,
        remedy="move it aside and warm the service from the table of events",
    )
