"""The window features one event at a time, for scoring: the same values as `windows.features`.

`add` an event and get its features; `learn` its label when it becomes known. The sums are sums of
whole numbers, as in the batch form, so the values are the same to the last bit. An event is
forgotten once it is older than every window that could show it.
"""

import json
from collections import deque
from typing import Any

import numpy as np

from proofolio.contract import TableError
from proofolio_torch.events import arrays
from proofolio_torch.events.lanes import Event, Lane
from proofolio_torch.events.spec import Windows
from proofolio_torch.events.windows import flags

_COLUMNS = ("id", "unit", "unit2", "time", "amount", "positive", "enters")


class Live:
    """Features of events that arrive in the order (time, id).

    Args:
        windows: the same lengths, delay and flags as in training.
        arrival: of two events in one second, take them as they come rather than the smaller id
            first. The batch form gives the same values where the ids sort as the events arrived.

    Memory grows with the events of the last `windows.reach` seconds, and up to as many again of
    entities that were silent since.
    """

    def __init__(self, windows: Windows | None = None, *, arrival: bool = False) -> None:
        self.windows, self.arrival = windows or Windows(), arrival
        self._units: dict[str, Lane] = {}
        self._seconds: dict[str, Lane] = {}
        self._held: dict[str, Event] = {}
        self._order: deque[Event] = deque()
        self._last: tuple[int, str] | None = None

    def __len__(self) -> int:
        """Return the number of events that are held."""
        return len(self._held)

    @property
    def now(self) -> int | None:
        """Second of the last event, since 1970; None before the first."""
        return self._last[0] if self._last else None

    def check(
        self, id: str, unit: str, time: Any, amount: float = 0.0, unit2: str | None = None
    ) -> int:
        """Return an event's second, and change nothing; raises TableError where `add` would."""
        return self._checked(id, unit, time, amount, unit2).time

    def add(
        self, id: str, unit: str, time: Any, amount: float = 0.0, unit2: str | None = None
    ) -> np.ndarray:
        """Take the next event and return its features, float64 (k,), as `windows.names`.

        Args:
            id: name of the event; of two in one second, the smaller comes first.
            unit: first entity.
            time: naive UTC time, np.datetime64 or datetime in whole seconds, or seconds since 1970.
            amount: 0 or more.
            unit2: second entity; needed where the windows have one.

        Raises:
            TableError: an event that is not after the last one, a missing entity, a wrong amount.
        """
        event = self.put(id, unit, time, amount, unit2)
        values: list[float] = []
        if self.windows.flags:
            values += flags(event.time, self.windows)
        for count, whole, part, _, _ in self._units[unit].at(event.time):
            values.append(count)
            if self.windows.amounts:
                values.append(arrays.mean(whole, part, count))
        if self.windows.second:
            for count, _, _, labelled, found in self._seconds[unit2].at(event.time):
                values += [count, found / labelled if labelled else 0.0]
        return np.array(values, dtype=np.float64)

    def put(
        self, id: str, unit: str, time: Any, amount: float = 0.0, unit2: str | None = None
    ) -> Event:
        """Take the next event without deriving its features, which past events do not need."""
        event = self._checked(id, unit, time, amount, unit2)
        self._last = (event.time, id)
        self._forget(event.time)
        self._keep(event)
        return event

    def learn(self, id: str, label: str, known_at: Any = None) -> bool:
        """Take the label of an event; it enters the risk at `known_at`, or when the delay is up.

        Args:
            id: an event that was added.
            label: its class.
            known_at: when the label became known; None means the event's time + delay.

        Returns:
            False where the event is not held any more: its label could change no feature.

        Raises:
            TableError: a second label for an event, a label known before its event, or one that
                features already given out would have had to see.
        """
        event = self._held.get(id)
        if event is None:
            return False
        known = event.time if known_at is None else _seconds(known_at)
        if event.positive != arrays.UNKNOWN or known < event.time:
            raise TableError(
                f"the label of event {id} cannot be taken",
                expected="one label per event, known at or after the event",
                received="a second label" if known >= event.time else "one known before the event",
                remedy="tell each label once, with the time at which it became known",
            )
        if not self.windows.second:
            return True
        lane, enters = self._seconds[event.unit2], max(event.time + self.windows.lag, known)
        if enters <= lane.last:
            raise TableError(
                f"the label of event {id} comes too late to be seen from second {enters} on",
                expected=f"labels of {event.unit2} before its event at second {lane.last} is added",
                received=f"a label that was to be seen from second {enters}",
                remedy="give the time it arrived here: learn(id, label, known_at=now)",
            )
        event.positive, event.enters = int(label == self.windows.positive), enters
        lane.wait(event)
        return True

    def snapshot(self) -> dict[str, np.ndarray]:
        """Return the state as plain arrays: `np.savez(file, **live.snapshot())` keeps it."""
        state = {
            name: np.array([getattr(event, name) for event in self._order])
            if self._order
            else np.array([], dtype="U1" if name in ("id", "unit", "unit2") else np.int64)
            for name in _COLUMNS
        }
        about = {"windows": self.windows.to_dict(), "last": self._last, "arrival": self.arrival}
        return state | {"about": np.array(json.dumps(about))}

    @classmethod
    def restore(cls, state: Any) -> "Live":
        """Return the scorer that `snapshot` described, from its arrays or from np.load(file)."""
        about = json.loads(str(state["about"]))
        live = cls(Windows(**about["windows"]), arrival=about.get("arrival", False))
        rows = zip(*(state[name].tolist() for name in _COLUMNS), strict=True)
        for id, unit, unit2, time, amount, positive, enters in rows:
            event = Event(id, unit, unit2, time, amount)
            live._keep(event)
            if positive != arrays.UNKNOWN and live.windows.second:
                event.positive, event.enters = positive, enters
                live._seconds[unit2].wait(event)
        live._last = tuple(about["last"]) if about["last"] else None
        return live

    def _checked(self, id: str, unit: str, time: Any, amount: float, unit2: str | None) -> Event:
        now = _seconds(time)
        tie = self.arrival or self._last is None or id > self._last[1]
        if self._last is not None and (now < self._last[0] or (now == self._last[0] and not tie)):
            raise TableError(
                f"event {id} is out of order",
                expected=f"an event after second {self._last[0]}, id {self._last[1]}",
                received=f"second {now}, id {id}",
                remedy="sort events by time and id before they are added, or score it in a batch",
            )
        if id in self._held:
            raise TableError(
                f"event {id} was added before",
                expected="each id once",
                received=f"a second event {id} at second {now}",
                remedy="give each event an id of its own",
            )
        if not unit or (self.windows.second and not unit2):
            raise TableError(
                f"event {id} lacks an entity",
                expected="unit" + (" and unit2" if self.windows.second else ""),
                received=f"unit {unit!r}, unit2 {unit2!r}",
                remedy="name the entity, or leave its windows out: Windows(second=())",
            )
        if not 0 <= amount <= arrays.LARGEST:
            raise TableError(
                f"event {id} has an amount that cannot be averaged",
                expected=f"a number from 0 to {arrays.LARGEST}",
                received=str(amount),
                remedy="refuse the event, or state refunds in a field of their own",
            )
        return Event(id, unit, unit2 or "", now, float(amount))

    def _keep(self, event: Event) -> None:
        """Put an event where its entities look for it."""
        windows = self.windows
        self._held[event.id] = event
        self._order.append(event)
        if event.unit not in self._units:
            self._units[event.unit] = Lane(windows.entity, 0)
        self._units[event.unit].append(event)
        if windows.second:
            if event.unit2 not in self._seconds:
                self._seconds[event.unit2] = Lane(windows.second, windows.lag)
            self._seconds[event.unit2].append(event)

    def _forget(self, now: int) -> None:
        """Drop the events, and the silent entities, that no window can show any more."""
        while self._order and self._order[0].time <= now - self.windows.reach:
            event = self._order.popleft()
            del self._held[event.id]
            for lanes, name in ((self._units, event.unit), (self._seconds, event.unit2)):
                if name in lanes and lanes[name].events[-1] is event:
                    del lanes[name]


def _seconds(time: Any) -> int:
    """Return a time as whole seconds since 1970."""
    if isinstance(time, int | np.integer):
        return int(time)
    try:
        exact = np.datetime64(time)
        whole = exact.astype("datetime64[s]")
        if not np.isnat(whole) and whole == exact:
            return int(whole.astype(np.int64))
    except (ValueError, TypeError):
        pass
    raise TableError(
        "the time of an event cannot be used",
        expected="whole seconds, as np.datetime64 or datetime in UTC without a time zone",
        received=repr(time),
        remedy="convert to UTC, drop the zone and the fraction of a second",
    )
