"""The table of events: one row per event, checked column by column at once, sorted by time.

Columns: id, unit, label, time [, unit2, amount, known_at, category_<name>, slice_<name>]. Nothing
here loops over rows but the look at their ids: millions of events take seconds.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pandas as pd

from proofolio.table.schema import SLICE, demand_classes, demand_rows, is_text, told

CATEGORY = "category_"
ORDER = ["time", "id"]
_TEXT = ("id", "unit", "unit2", "label")
_TIMES = ("time", "known_at")
_NEEDED = ("id", "unit", "label", "time")
_KNOWN = (*_NEEDED, "unit2", "amount", "known_at")
_Fault = tuple[str, str, np.ndarray]  # column, rule, which rows break it


def check_events(
    frame: pd.DataFrame, *, classes: Sequence[str] | None = None, as_of: date | None = None
) -> tuple[pd.DataFrame, list[str]]:
    """Check a table of events and return it sorted by time and id, and what a reader should know.

    Times may be datetimes or ISO 8601 text; a time zone is turned into UTC, and fractions of a
    second are cut off. Units that come late in time, or only once, are events like any other. A
    label may become known after the last event: such an event is in no training window.

    Args:
        frame: The columns named above, in any order of rows.
        classes: The project's classes; with them, every label is one and every class has a row.
        as_of: Nothing happened, and nothing became known, after this day; None: after now.

    Returns:
        The table with times as datetime64[s], amount as float64 and `cluster` equal to `unit`; and
        one sentence per thing that was put in order, empty where there is none.

    Raises:
        TableError: Names each breach, its first rows by number and id, their count, the remedy.
    """
    demand_rows(frame)
    frame = frame.reset_index(drop=True)
    faults = list(_columns(frame))
    if not faults:
        moments = {c: _moments(frame[c]) for c in _TIMES if c in frame}
        faults = [*_texts(frame, classes), *_numbers(frame), *_times(moments, as_of)]
        faults += _repeated(frame.assign(**moments))
    faults = [f for f in faults if f[1].startswith("column_in") or f[2].any()]
    if faults:
        raise told(_cases(frame, faults), frame)
    demand_classes(frame, classes)
    text = {c: "str" for c in frame if c not in (*_TIMES, "amount")}
    typed = {**text, **({"amount": "float64"} if "amount" in frame else {})}
    table = frame.astype(typed).assign(**{c: m.astype("datetime64[s]") for c, m in moments.items()})
    table["cluster"] = table["unit"]
    in_order = table["time"].is_monotonic_increasing and table["id"].is_monotonic_increasing
    ordered = table if in_order else table.sort_values(ORDER, ignore_index=True)
    return ordered, list(_notes(table, ordered, moments))


def _columns(frame: pd.DataFrame) -> Iterator[_Fault]:
    """Yield columns that are missing or unknown; what else is wrong is asked only without them."""
    named = list(map(str, frame.columns))
    for column in (c for c in _NEEDED if c not in named):
        yield column, "column_in_dataframe", np.empty(0, dtype=np.int64)
    for column in named:
        if column not in _KNOWN and not column.startswith((CATEGORY, SLICE)):
            yield column, "column_in_schema", np.empty(0, dtype=np.int64)


def _texts(frame: pd.DataFrame, classes: Sequence[str] | None) -> Iterator[_Fault]:
    """Yield texts that are missing, blank or unfit for a line, ids used twice, unknown labels."""
    named = [c for c in frame if c in _TEXT or str(c).startswith((CATEGORY, SLICE))]
    for column in named:
        codes, distinct = pd.factorize(frame[column])
        bad = np.array([not is_text(v) for v in distinct] + [True])  # the last: no value at all
        yield column, "text", bad[codes]
        if column in ("id", "unit", "unit2"):
            comma = np.array([isinstance(v, str) and "," in v for v in distinct] + [False])
            yield column, "no comma", comma[codes]
        if column == "id" and len(distinct) < len(frame):
            yield "id", "field_uniqueness", frame["id"].duplicated().to_numpy()
        if column == "label" and classes:
            foreign = np.array([is_text(v) and v not in classes for v in distinct] + [False])
            yield "label", "known class", foreign[codes]


def _numbers(frame: pd.DataFrame) -> Iterator[_Fault]:
    if "amount" in frame:
        values = pd.to_numeric(frame["amount"], errors="coerce").to_numpy(dtype=np.float64)
        yield "amount", "amount", ~(np.isfinite(values) & (values >= 0))


def _moments(values: pd.Series) -> pd.Series:
    """Return naive UTC datetimes, NaT for what is none."""
    if not pd.api.types.is_datetime64_any_dtype(values.dtype):
        if pd.api.types.is_numeric_dtype(values.dtype):  # seconds since when? nobody can tell
            return pd.Series(pd.NaT, index=values.index, dtype="datetime64[s]")
        values = pd.to_datetime(values, errors="coerce", format="ISO8601", utc=True)
    zoned = isinstance(values.dtype, pd.DatetimeTZDtype)
    return values.dt.tz_convert("UTC").dt.tz_localize(None) if zoned else values


def _times(moments: dict[str, pd.Series], as_of: date | None) -> Iterator[_Fault]:
    """Yield times that are missing, unreadable or still to come, and labels before their event."""
    end = datetime.now(UTC).replace(tzinfo=None)
    if as_of is not None:
        end = datetime.combine(as_of, datetime.min.time()) + timedelta(days=1, microseconds=-1)
    for column, values in moments.items():
        yield column, "moment", values.isna().to_numpy()
        yield column, "past", (values > end).to_numpy()
    if "known_at" in moments:
        yield "known_at", "after the event", (moments["known_at"] < moments["time"]).to_numpy()


def _repeated(frame: pd.DataFrame) -> Iterator[_Fault]:
    """Yield events that stand in the table again under another id."""
    alike = np.flatnonzero(frame.duplicated(["time", "unit"], keep=False))
    broken = np.zeros(len(frame), dtype=bool)
    broken[alike] = frame.iloc[alike].duplicated([c for c in frame if c != "id"]).to_numpy()
    yield "time", "one row per event", broken


def _cases(frame: pd.DataFrame, faults: Sequence[_Fault]) -> pd.DataFrame:
    """Return the faults as failure cases, one per row that breaks a rule."""
    found = []
    for column, rule, broken in faults:
        if rule.startswith("column_in"):
            case = {"column": None, "check": rule, "index": np.nan, "failure_case": column}
            found.append(pd.DataFrame([case]))
        else:
            rows = np.flatnonzero(broken)
            values = frame[column].iloc[rows].astype(object).to_numpy()
            case = {"column": column, "check": rule, "index": rows, "failure_case": values}
            found.append(pd.DataFrame(case))
    return pd.concat(found, ignore_index=True)


def _notes(
    table: pd.DataFrame, ordered: pd.DataFrame, moments: dict[str, pd.Series]
) -> Iterator[str]:
    if not table["id"].equals(ordered["id"]):
        yield "events came unsorted and were sorted by time and id"
    for column, values in moments.items():
        cut = int((values != values.dt.floor("s")).sum())
        if cut:
            yield f"{cut:,} value(s) of {column} were cut to whole seconds"
    if "known_at" in table:
        late = int((table["known_at"] > table["time"].max()).sum())
        if late:
            yield f"{late:,} label(s) became known after the last event: none of them is trained on"
