"""The history of one entity for live scoring: events, and the sums inside each of its windows."""

import heapq
import math
from collections.abc import Iterator, Sequence

from proofolio_torch.events.arrays import BITS, NEVER, UNKNOWN

_TRIM = 32  # events outside all windows before the list is cut: cutting costs a copy


class Event:
    """One event that is held; `positive` and `enters` are set when its label is learnt."""

    __slots__ = (
        "amount", "counted", "enters", "id", "part", "positive", "time", "unit", "unit2", "whole"
    )  # fmt: skip

    def __init__(self, id: str, unit: str, unit2: str, time: int, amount: float) -> None:
        self.id, self.unit, self.unit2, self.time, self.amount = id, unit, unit2, time, amount
        self.whole = math.floor(amount)
        self.part = round(math.ldexp(amount - self.whole, BITS))  # as arrays.fixed
        self.positive, self.enters, self.counted = UNKNOWN, NEVER, False


class Lane:
    """The events of one entity, oldest first, and what lies in (now - lag - window, now - lag].

    Args:
        windows: lengths in seconds.
        lag: seconds after which an event enters the windows; 0 shows an event itself.
    """

    __slots__ = ("_entered", "_lag", "_left", "_sums", "_waiting", "_windows", "events")

    def __init__(self, windows: Sequence[int], lag: int) -> None:
        self.events: list[Event] = []
        self._windows, self._lag = windows, lag
        self._entered = 0
        self._left = [0] * len(windows)
        self._sums = [[0, 0, 0, 0, 0] for _ in windows]
        self._waiting: list[tuple[int, int, str, Event]] = []

    @property
    def last(self) -> int:
        """Second at which this entity was last seen, so its windows last given out."""
        return self.events[-1].time

    def append(self, event: Event) -> None:
        """Take the entity's next event."""
        self.events.append(event)

    def wait(self, event: Event) -> None:
        """Take a label, to be counted from `event.enters` on."""
        heapq.heappush(self._waiting, (event.enters, event.time, event.id, event))

    def at(self, now: int) -> Iterator[Sequence[int]]:
        """Move to a second and yield per window: count, whole, part, labelled, positive.

        `whole` and `part` are the two sums of the amounts; see `arrays.fixed`.
        """
        edge, events, sums = now - self._lag, self.events, self._sums
        while self._entered < len(events) and events[self._entered].time <= edge:
            event = events[self._entered]
            for held in sums:
                held[0] += 1
                held[1] += event.whole
                held[2] += event.part
            self._entered += 1
        for number, (window, held) in enumerate(zip(self._windows, sums, strict=True)):
            first = self._left[number]
            while first < self._entered and events[first].time <= edge - window:
                event = events[first]
                held[0] -= 1
                held[1] -= event.whole
                held[2] -= event.part
                if event.counted:
                    held[3] -= 1
                    held[4] -= event.positive
                first += 1
            self._left[number] = first
        while self._waiting and self._waiting[0][0] <= now:
            event = heapq.heappop(self._waiting)[3]
            event.counted = True
            for window, held in zip(self._windows, sums, strict=True):
                if event.time > edge - window:  # else it left before its label was known
                    held[3] += 1
                    held[4] += event.positive
        self._trim()
        return iter(sums)

    def _trim(self) -> None:
        """Drop the events that have left every window."""
        gone = min(self._left, default=self._entered)
        if gone >= _TRIM and gone * 2 >= len(self.events):
            del self.events[:gone]
            self._entered -= gone
            self._left = [first - gone for first in self._left]
