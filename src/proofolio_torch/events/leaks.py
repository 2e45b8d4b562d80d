"""A check that features of events see no future: change it, and the past must not move."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd

from proofolio.contract import LeakageError, TableError
from proofolio_torch.events.arrays import seconds


def assert_no_future(
    features: Callable[[pd.DataFrame], Any],
    events: pd.DataFrame,
    *,
    delay: int,
    cuts: int | Sequence[int] = 5,
    seed: int = 0,
) -> None:
    """Refuse features of an event that depend on what was not known when it happened.

    At each cut the table is changed where it lies in the future of one event, and the features of
    this event and of those before it must stay the same. Two futures are tried. In one, labels
    not yet known at the event's second are exchanged for another class. In the other, also the
    events after it in the order (time, id) get other amounts, entities and labels.

    Args:
        features: gives one row of numbers per event, or (names, rows) as `windows.features`.
        events: the table, sorted by time and id, of at least two rows and two classes. Only leaks
            that show in it can be found: take a table with many events per entity.
        delay: seconds after which a label is known where the table has no `known_at`.
        cuts: how many cuts to try, or the positions of their last unchanged events.
        seed: of the cuts, the amounts and the exchanged entities.

    Raises:
        LeakageError: a feature moved; names the feature, the event and what had been changed.
        TableError: a table in which no future can be changed.
    """
    rng = np.random.default_rng(seed)
    classes = sorted(events["label"].dropna().unique())
    if len(events) < 2 or len(classes) < 2:
        raise TableError(
            "a table in which no future can be changed",
            expected="two events and two classes, or more",
            received=f"{len(events)} event(s), {len(classes)} class(es)",
            remedy="take a longer part of the table",
        )
    known = seconds(events["time"], "time") + delay
    if "known_at" in events:
        known = seconds(events["known_at"], "known_at", missing=True)
    base, names = _values(features, events)
    if isinstance(cuts, int):
        cuts = np.sort(rng.choice(len(events) - 1, min(cuts, len(events) - 1), replace=False))
    for last in cuts:
        unknown = known > seconds(events["time"], "time")[last]
        later = np.arange(len(events)) > last
        changed = events.copy()
        changed["label"] = _exchanged(events["label"], classes, unknown)
        _compare(features, changed, base, names, events, int(last), "labels not yet known")
        for name in ("unit", "unit2"):
            if name in events:
                changed[name] = _shuffled(events[name], later, rng)
        changed["label"] = _exchanged(events["label"], classes, unknown | later)
        if "amount" in events:
            more = events["amount"].to_numpy(np.float64) + rng.uniform(1, 1000, len(events))
            changed["amount"] = np.where(later, more, events["amount"])
        _compare(features, changed, base, names, events, int(last), "later events")


def _compare(
    features: Callable[[pd.DataFrame], Any],
    changed: pd.DataFrame,
    base: np.ndarray,
    names: list[str],
    events: pd.DataFrame,
    last: int,
    what: str,
) -> None:
    """Refuse features whose rows up to `last` moved when only the future was changed."""
    values = _values(features, changed)[0]
    rows = slice(0, last + 1)
    same = values.shape == base.shape and (
        (values[rows] == base[rows]) | (np.isnan(values[rows]) & np.isnan(base[rows]))
    )
    if np.all(same):
        return
    row, column = np.argwhere(~np.atleast_2d(same))[0] if values.shape == base.shape else (0, 0)
    raise LeakageError(
        f"feature {names[column]} sees the future",
        expected=f"the same value when {what} change, seen from {events['time'].iloc[last]}",
        received=f"event {events['id'].iloc[row]} at {events['time'].iloc[row]}: "
        f"{base[row, column]} became {values[row, column]}",
        remedy="use only events up to this one, and labels only from when they are known",
    )


def _values(
    features: Callable[[pd.DataFrame], Any], events: pd.DataFrame
) -> tuple[np.ndarray, list[str]]:
    """Return the features as (n, k) float64 and their names, numbers where they have none."""
    got = features(events)
    names, got = got if isinstance(got, tuple) else (getattr(got, "columns", None), got)
    values = np.asarray(got, dtype=np.float64)
    values = values.reshape(len(values), -1)
    if len(values) != len(events):
        raise TableError(
            "the features do not belong to the table",
            expected=f"{len(events)} rows, one per event",
            received=f"{len(values)} rows",
            remedy="derive features for every row of the table that is given",
        )
    return values, [str(n) for n in (range(values.shape[1]) if names is None else names)]


def _exchanged(label: pd.Series, classes: list[str], where: np.ndarray) -> pd.Series:
    """Give the rows in `where` the next class; rows without a label stay without."""
    after = dict(zip(classes, [*classes[1:], classes[0]], strict=True))
    return label.mask(where, label.map(after))


def _shuffled(values: pd.Series, where: np.ndarray, rng: np.random.Generator) -> pd.Series:
    """Give the rows in `where` entities drawn from the whole table."""
    drawn = values.take(rng.integers(0, len(values), len(values))).set_axis(values.index)
    return values.mask(where, drawn)
