"""The table of events as checked arrays: whole seconds, codes of entities, exact amounts."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from proofolio.contract import TableError
from proofolio_torch.events.spec import Windows

NEVER = np.iinfo(np.int64).max  # a label that is not known
UNKNOWN = -1
LARGEST = 2**40  # amounts above it would leave too few bits for exact sums of long windows
BITS = 38


@dataclass(frozen=True)
class Events:
    """Columns of n events in the order (time, id).

    Attributes:
        time: seconds since 1970, int64.
        unit: code of the first entity, int64, from 0 on, or None.
        unit2: code of the second entity, or None.
        amount: float64, or None.
        positive: int8, 1 or 0, -1 where the label is missing or never becomes known.
        enters: second from which the label may be seen, int64; NEVER where it is not known.
    """

    time: np.ndarray
    unit: np.ndarray | None
    unit2: np.ndarray | None
    amount: np.ndarray | None
    positive: np.ndarray | None
    enters: np.ndarray | None

    def take(self, rows: np.ndarray) -> "Events":
        """Return the events at these positions."""
        columns = vars(self).values()
        return Events(*(None if column is None else column[rows] for column in columns))


def checked(events: pd.DataFrame, windows: Windows) -> Events:
    """Check a table of events and return the arrays that the windows need.

    Raises:
        TableError: a missing column or value, rows out of order, times that are not whole seconds,
            a negative or missing amount, a label known before its event.
    """
    needed = ["id", "unit", "time", *(["amount"] if windows.amounts else [])]
    needed += ["unit2", "label"] if windows.second else []
    absent = [name for name in needed if name not in events]
    if absent:
        raise TableError(
            f"the table of events lacks {', '.join(absent)}",
            expected=f"columns {', '.join(needed)}",
            received=", ".join(map(str, events.columns)),
            remedy="add them, or ask for fewer features: Windows(second=(), amounts=False)",
        )
    time = seconds(events["time"], "time")
    ordered(time, events["id"])
    positive, enters = _labels(events, time, windows)
    return Events(
        time=time,
        unit=codes_of(events["unit"]),
        unit2=codes_of(events["unit2"]) if windows.second else None,
        amount=amounts(events["amount"]) if windows.amounts else None,
        positive=positive,
        enters=enters,
    )


def seconds(values: pd.Series, name: str, *, missing: bool = False) -> np.ndarray:
    """Return naive UTC times as whole seconds since 1970; NEVER where missing ones are allowed."""
    dtype = values.dtype
    if not isinstance(dtype, np.dtype) or dtype.kind != "M":
        raise TableError(
            f"`{name}` cannot be put in order",
            expected="datetime64 values without a time zone, in UTC",
            received=str(dtype),
            remedy=f"pd.to_datetime(table['{name}'], utc=True).dt.tz_localize(None)",
        )
    raw = values.to_numpy()
    gone = np.isnat(raw)
    if gone.any() and not missing:
        raise _rows(f"`{name}` is missing", gone, "a time in every row", "drop these rows, or fill")
    whole = raw.astype("datetime64[s]")
    if raw.dtype != whole.dtype and (broken := (whole != raw) & ~gone).any():
        raise _rows(
            f"`{name}` has fractions of a second",
            broken,
            "whole seconds",
            f"table['{name}'].dt.floor('s'), then sort by time and id",
        )
    result = whole.view(np.int64)
    return np.where(gone, NEVER, result) if missing else result


def amounts(values: pd.Series) -> np.ndarray:
    """Return amounts as float64 after refusing missing, negative and huge ones."""
    if values.dtype.kind not in "iuf":
        raise TableError(
            "`amount` is not a number",
            expected="float64 values, 0 or more",
            received=str(values.dtype),
            remedy="convert with pd.to_numeric in data.py",
        )
    result = values.to_numpy(dtype=np.float64, na_value=np.nan)
    wrong = ~((result >= 0) & (result <= LARGEST))  # also true for NaN
    if wrong.any():
        raise _rows(
            "`amount` cannot be averaged",
            wrong,
            f"a number from 0 to {LARGEST}",
            "drop these rows or state refunds in a column of their own",
            result[wrong],
        )
    return result


def fixed(amount: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Split amounts into whole numbers and fractions of 2**-38, both int64, whose sums are exact.

    A sum is then the same whatever the order of its terms, which float sums are not. The split
    moves an amount by at most 2**-39 (2e-12).
    """
    whole = np.floor(amount)
    return whole.astype(np.int64), np.rint(np.ldexp(amount - whole, BITS)).astype(np.int64)


def mean(whole: np.ndarray, part: np.ndarray, count: np.ndarray) -> np.ndarray:
    """Return the mean of `count` amounts from the sums of their two parts."""
    return (whole + part * 2.0**-BITS) / count


def stable_order(codes: np.ndarray) -> np.ndarray:
    """Return the stable order of whole numbers from 0 on, in linear time: 16 bits at a time."""
    if not len(codes):
        return np.zeros(0, np.int64)
    order = np.argsort((codes & 0xFFFF).astype(np.uint16), kind="stable")
    shift = 16
    while codes.max() >> shift:
        digits = (codes >> shift & 0xFFFF).astype(np.uint16)
        order = order[np.argsort(digits[order], kind="stable")]
        shift += 16
    return order


def put(values: np.ndarray, rows: np.ndarray, first: int, columns: list[np.ndarray]) -> None:
    """Write columns (m,) side by side into float64 `values` (n, k), at `rows` (m,) from `first` on.

    A row's cells move as one item, in half the time of `values[rows, first:last] = ...`.
    """
    cells = np.stack(columns, axis=1, dtype=np.float64)
    item = np.dtype((np.void, cells.strides[0]))
    whole = np.ndarray(len(values), item, values, first * values.itemsize, values.strides[:1])
    whole[rows] = cells.view(item)[:, 0]


def _labels(
    events: pd.DataFrame, time: np.ndarray, windows: Windows
) -> tuple[np.ndarray, np.ndarray]:
    """Return 1, 0 or -1 per event, and the second from which its label may be seen."""
    if "label" not in events:
        return np.full(len(events), UNKNOWN, np.int8), np.full(len(events), NEVER)
    label = events["label"]
    positive = label.eq(windows.positive).to_numpy(dtype=bool, na_value=False)
    result = np.where(label.isna().to_numpy(), UNKNOWN, positive).astype(np.int8)
    enters = time + windows.lag
    if "known_at" in events:
        known = seconds(events["known_at"], "known_at", missing=True)
        early = known < time
        if early.any():
            raise _rows(
                "a label is known before its event",
                early,
                "known_at at or after time",
                "correct known_at in data.py",
            )
        enters = np.maximum(enters, known)
        result[known == NEVER] = UNKNOWN
    enters[result == UNKNOWN] = NEVER
    return result, enters


def ordered(time: np.ndarray, ids: pd.Series) -> None:
    """Refuse rows that are not in the order (time, id), and repeated ids at one second."""
    wrong = np.flatnonzero(time[1:] < time[:-1])
    if not len(wrong):
        ties = np.flatnonzero(time[1:] == time[:-1])
        before = ids.take(ties).to_numpy(dtype=object)
        after = ids.take(ties + 1).to_numpy(dtype=object)
        wrong = ties[np.asarray([not a < b for a, b in zip(before, after, strict=True)], bool)]
    if len(wrong):
        raise _rows(
            "the events are not in order",
            wrong + 1,
            "rows sorted by time and id, each id once",
            "table.drop_duplicates('id').sort_values(['time', 'id'], ignore_index=True)",
        )


def codes_of(values: pd.Series) -> np.ndarray:
    """Return a whole number from 0 on per entity; refuses rows without one."""
    codes, _ = pd.factorize(values)
    if (codes < 0).any():
        raise _rows(
            f"`{values.name}` is missing",
            codes < 0,
            "an entity in every row",
            "drop these rows, or name the unknown entity",
        )
    return codes.astype(np.int64, copy=False)


def _rows(
    what: str, where: np.ndarray, expected: str, remedy: str, values: np.ndarray | None = None
) -> TableError:
    """Return the refusal that names the first rows and how many there are."""
    rows = np.flatnonzero(where) if where.dtype == bool else where
    shown = ", ".join(str(r) for r in rows[:5]) + (", …" if len(rows) > 5 else "")
    named = "" if values is None else f" (values {', '.join(str(v) for v in values[:5])})"
    return TableError(
        what,
        expected=expected,
        received=f"{len(rows)} row(s) that are not, by position: {shown}{named}",
        remedy=remedy,
    )
