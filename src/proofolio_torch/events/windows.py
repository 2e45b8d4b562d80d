"""Features of all events at once: what each entity did in the time before, without a look ahead.

Each feature of an event depends on this event and on events before it in the order (time, id):

- first entity: count and mean amount of its events in (t - window, t], the event itself included;
- second entity: count of its events in (t - delay - window, t - delay], and risk, the share of
  positives among those of them whose label is known at t; 0 where there are none;
- a label is known at `known_at` where the table has it, else at time + delay. One that is known
  later than the delay enters later, one that is known earlier waits for the delay, and one that is
  never known (missing label, or `known_at` given and missing) is not counted in the risk;
- with a delay of 0 the second entity sees events up to the second before (see `Windows.lag`).

Ties: of two events of one entity in one second, the one with the smaller id does not see the other.
The Fraud Detection Handbook has the same windows, but sorts each card's events by an unstable sort:
on its data 20 rows of 1,754,155 (ten pairs of one card in one second) have the pair swapped there.
"""

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pandas as pd

from proofolio.contract import TableError
from proofolio_torch.events import arrays
from proofolio_torch.events.spec import DAY, Windows

__all__ = ["DAY", "Windows", "features"]
_THURSDAY = 3  # 1970-01-01, counted from Monday
_BLOCK = 1 << 16  # events handled at a time
_THREADS = 4  # numpy works outside the interpreter's lock; more threads wait for memory


def features(events: pd.DataFrame, windows: Windows | None = None) -> tuple[list[str], np.ndarray]:
    """Derive the window features of every event.

    Args:
        events: columns id, unit, time [, unit2, amount, label, known_at], sorted by time and id.
        windows: lengths, delay and flags; the Handbook's 14 features by default.

    Returns:
        The k names and float64 values (n, k), row for row with the table. Counts are exact, means
        within 1e-11 of the exact mean.

    Raises:
        TableError: see `arrays.checked`; also a table of too many entities over too long a time.
    """
    windows = windows or Windows()
    table = arrays.checked(events, windows)
    values = np.empty((len(events), len(windows.names)))
    first = 0
    if windows.flags:
        values[:, 0], values[:, 1] = flags(table.time, windows)
        first = 2
    # Each entity sees only the columns it reads: copying the others costs as much as counting.
    entity = replace(table, unit2=None, positive=None, enters=None)
    second = replace(table, unit=None, amount=None)
    derived = ((_entity, table.unit, windows.entity, entity),)
    derived += ((_second, table.unit2, windows.second, second),)
    with ThreadPoolExecutor(min(_THREADS, os.cpu_count() or 1)) as pool:
        for derive, codes, lengths, columns in derived:
            if not lengths or codes is None or not len(values):
                continue

            def fill(rows: np.ndarray, first=first, derive=derive, columns=columns) -> int:
                block = derive(columns.take(rows), windows)
                arrays.put(values, rows, first, block)
                return len(block)

            blocks = np.split(arrays.stable_order(codes), _edges(codes))
            widths = list(pool.map(fill, blocks))  # all of them: a failure is raised here
            first += widths[0]
    return windows.names, values


def flags(time: np.ndarray, windows: Windows) -> tuple[np.ndarray, np.ndarray]:
    """Return whether each second (int64, UTC) lies on a weekend and in the night."""
    weekend = (time // DAY + _THURSDAY) % 7 >= 5
    hour = time % DAY // 3600
    start, end = windows.night
    inside = (hour >= start, hour < end)
    return weekend, (inside[0] & inside[1]) if start <= end else (inside[0] | inside[1])


def _entity(table: arrays.Events, windows: Windows) -> list[np.ndarray]:
    """Return count and mean amount per window of events that are sorted by entity, then time."""
    key, _ = _keys(table.time, table.unit, windows.reach)
    end = np.arange(1, len(key) + 1)
    if windows.amounts:
        whole, part = map(_sums, arrays.fixed(table.amount))
    result = []
    for window in windows.entity:
        start = np.searchsorted(key, key - window, side="right")
        count = end - start
        result.append(count)
        if windows.amounts:
            result.append(arrays.mean(whole[1:] - whole[start], part[1:] - part[start], count))
    return result


def _second(table: arrays.Events, windows: Windows) -> list[np.ndarray]:
    """Return count and risk per window of events that are sorted by entity, then time.

    A label in time is counted with its event, by cumulative sums between the ends of the window. A
    late one is counted from the second it enters until its event leaves the window.
    """
    time, positive, enters = table.time, table.positive, table.enters
    key, span = _keys(time, table.unit2, windows.reach)
    known = positive >= 0
    in_time = known & (enters <= time + windows.lag)
    late = np.flatnonzero(known & ~in_time)
    all_known = _sums(in_time) if not in_time.all() else None
    all_positive = _sums(in_time & (positive == 1))
    end = np.searchsorted(key, key - windows.lag, side="right")
    result = []
    for window in windows.second:
        start = np.searchsorted(key, key - windows.lag - window, side="right")
        count = end - start
        labelled = count if all_known is None else all_known[end] - all_known[start]
        found = all_positive[end] - all_positive[start]
        if len(late):
            leaves = np.maximum(enters[late], time[late] + windows.lag + window)
            base = key[late] // span * span - time.min()  # of the entity's seconds since 1970
            more, ones = _between(key, span, base, enters[late], leaves, positive[late], time.max())
            labelled, found = labelled + more, found + ones
        result += [count, np.divide(found, labelled, out=np.zeros(len(key)), where=labelled > 0)]
    return result


def _between(
    key: np.ndarray,
    span: int,
    base: np.ndarray,
    enters: np.ndarray,
    leaves: np.ndarray,
    one: np.ndarray,
    last: int,
) -> tuple[np.ndarray, np.ndarray]:
    """Count the late labels, and the positive ones, that are inside a window at each key.

    A label counts at t with enters <= t < leaves: those that have entered less those that have
    left, both counted from the start of the entity.
    """
    number, ones = np.zeros(len(key), np.int64), np.zeros(len(key), np.int64)
    for sign, moment in ((1, enters), (-1, leaves)):
        seen = moment <= last  # a later one would pass for an event of the next entity
        at = base[seen] + moment[seen]
        order = np.argsort(at, kind="stable")
        at, total = at[order], _sums(one[seen][order])
        now = np.searchsorted(at, key, side="right")
        before = np.searchsorted(at, key // span * span, side="left")
        number += sign * (now - before)
        ones += sign * (total[now] - total[before])
    return number, ones


def _keys(time: np.ndarray, codes: np.ndarray, reach: int) -> tuple[np.ndarray, int]:
    """Return sorted keys of events sorted by entity, then time, and the distance of two entities.

    A key is code * span + time, both from 0; the span leaves room for the longest look back, so
    that a search for the start of a window never ends in the entity before.
    """
    span = int(time.max() - time.min()) + reach + 1
    if int(codes[-1] - codes[0] + 2) * span >= 2**62:
        raise TableError(
            "the events span too long a time",
            expected=f"entities x seconds below 2**62, in blocks of {_BLOCK} events",
            received=f"{codes[-1] - codes[0] + 1} entities x {span} seconds",
            remedy="look for wrong times, or shorten the windows",
        )
    return (codes - codes[0]) * span + (time - time.min()), span


def _edges(codes: np.ndarray) -> np.ndarray:
    """Return where to cut events sorted by entity: blocks that fit a cache, of whole entities.

    Without blocks the time per event doubles from one to ten million events.
    """
    ends = np.cumsum(np.bincount(codes))
    edges = np.unique(ends[np.searchsorted(ends, np.arange(_BLOCK, len(codes), _BLOCK))])
    return edges[edges < len(codes)]


def _sums(values: np.ndarray) -> np.ndarray:
    """Return the cumulative sums with a 0 before them, so that two ends give a sum between.

    Sums of int64 that wrap round still give exact differences.
    """
    result = np.zeros(len(values) + 1, np.int64)
    np.cumsum(values, out=result[1:])
    return result
