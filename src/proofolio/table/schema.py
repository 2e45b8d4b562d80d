"""What a table must look like, and how a breach of it is told."""

from collections.abc import Iterable, Sequence
from typing import Any

import pandas as pd

from proofolio.contract import TableError

COLUMNS = {
    "id": "name of the example, the same on every machine",
    "unit": "unit of independence: examples of one unit never stand in two parts",
    "unit2": "second unit of independence, crossed with the first",
    "label": "class of the example",
    "path": "file, relative to the folder of raw data",
    "time": "when the example was taken; events: when it happened, UTC, to the second",
    "amount": "monetary amount of the example",
    "known_at": "when the label of an event became known, UTC",
    "official": "part in the publisher's own split: train, test or excluded",
    "content": "SHA-256 of the file's bytes",
    "perceptual": "64-bit perceptual hash (pHash), hexadecimal",
    "bytes": "size of the file",
    "mtime_ns": "when the file last changed, in nanoseconds",
    "width": "width in pixels",
    "height": "height in pixels",
    "quality": "JPEG quality estimated from the quantisation table",
    "brightness": "mean grey level, 0-255",
    "contrast": "standard deviation of the grey level",
    "border": "mean grey level of the outer frame, 1/16 of each side wide",
    "cluster": "units joined by shared duplicates, named after the smallest",
}
AUTHORED = ("id", "unit", "unit2", "label", "path", "time", "amount", "official")
EVENT_ONLY = ("known_at",)
SLICE = "slice_"
SHOWN = 5  # offenders named in a message

# Error text of each check: (what was expected, the remedy).
_RULES = {
    "text": (
        "text without blanks at its ends and without line breaks",
        "drop rows without a value in data.py, then .astype(str).str.strip()",
    ),
    "no comma": ("no comma", "replace commas in data.py: hashed lines join columns by commas"),
    "relative": (
        "a path below the raw folder, written with '/'",
        "give Path(file).relative_to(raw).as_posix()",
    ),
    "known class": ("a class of project.yaml", "correct the labels, or `classes` in project.yaml"),
    "time": ("datetime64 values", "convert with pd.to_datetime in data.py"),
    "moment": (
        "datetime64 values, or ISO 8601 text such as 2018-04-01 00:00:31, in every row",
        "convert with pd.to_datetime in data.py; drop events whose time nobody knows",
    ),
    "past": (
        "no time after `as_of` (absent: after now)",
        "correct the clock or the time zone (times are UTC), or state as_of in project.yaml",
    ),
    "after the event": (
        "a label known at or after its event",
        "correct known_at; leave the column out where labels come with a fixed delay",
    ),
    "amount": (
        "finite numbers, none negative",
        "record refunds as a category; drop or repair rows without an amount",
    ),
    "one row per event": (
        "each event once, whatever its id",
        "drop repeated rows; tell two real events alike by a category_ column",
    ),
    "number": ("numbers", "convert with pd.to_numeric in data.py"),
    "official part": ("train, test or excluded", "rename the parts in data.py"),
    "not_nullable": ("a value in every row", "fill or drop these rows in data.py"),
    "field_uniqueness": (
        "each id once",
        "make ids from the file's path below the raw folder, and drop repeated rows",
    ),
    "column_in_dataframe": ("this column", "add it to the table in data.py"),
    "column_in_schema": (
        "only known columns",
        f"name it {SLICE}<name> to analyse it as a slice, or drop it in data.py",
    ),
}


def check(frame: pd.DataFrame, *, classes: Sequence[str] | None = None) -> pd.DataFrame:
    """Check a table of images and return it sorted by id, with text columns as text.

    Args:
        frame: id, unit, label, path [, unit2, time, amount, official, slice_<name>]; columns that
            `prepare` adds are let through.
        classes: the project's classes; with them, every label is one and every class has a row.

    Raises:
        TableError: names each breach, its first offenders, their count and the remedy.
    """
    demand_rows(frame)
    _validated(frame.reset_index(drop=True), classes)
    demand_classes(frame, classes)
    text = {c: "str" for c in frame if frame[c].dtype == object}
    return frame.astype(text).sort_values("id", ignore_index=True)


def demand_rows(frame: pd.DataFrame) -> None:
    """Raise TableError unless there is a frame with at least one row."""
    if not isinstance(frame, pd.DataFrame) or frame.empty:
        raise TableError(
            "the table has no rows",
            expected="a pandas frame with one row per example",
            received=f"{type(frame).__name__} of {len(frame) if hasattr(frame, '__len__') else 0}",
            remedy="look at the folder that data.py reads, and at how it filters",
        )


def demand_classes(frame: pd.DataFrame, classes: Sequence[str] | None) -> None:
    """Raise TableError where a class of the project has no row."""
    empty = sorted(set(classes or ()) - set(frame["label"]))
    if empty:
        raise TableError(
            f"{len(empty)} class(es) of project.yaml have no example",
            expected="at least one example of each class",
            received=f"none of {listed(empty)}",
            remedy="look for their files, or take them out of `classes` in project.yaml",
        )


def listed(values: Iterable[Any]) -> str:
    """Return the first few values in one line; an ellipsis says that there are more."""
    values = list(values)
    return ", ".join(map(str, values[:SHOWN])) + (", …" if len(values) > SHOWN else "")


def _validated(frame: pd.DataFrame, classes: Sequence[str] | None) -> None:
    import pandera.pandas as pa
    from pandera.errors import SchemaErrors

    try:
        _schema(pa, frame, classes).validate(frame, lazy=True)
    except SchemaErrors as errors:
        raise told(errors.failure_cases, frame) from None


def _schema(pa: Any, frame: pd.DataFrame, classes: Sequence[str] | None) -> Any:
    """Build the pandera schema; `pa` is passed because importing it takes a second."""

    def rule(name: str, holds: Any) -> Any:
        return pa.Check(holds, error=name)

    text = rule("text", _is_text)
    key = [text, rule("no comma", lambda s: ~s.astype(str).str.contains(",", regex=False))]
    relative = rule("relative", lambda s: s.map(_is_relative))
    known = [rule("known class", lambda s: s.isin(list(classes)))] if classes else []
    parts = rule("official part", lambda s: s.isin(["train", "test", "excluded"]))
    time = rule("time", lambda s: pd.api.types.is_datetime64_any_dtype(s.dtype))
    number = rule("number", lambda s: pd.api.types.is_numeric_dtype(s.dtype))
    columns = {
        "id": pa.Column(checks=key, unique=True),
        "unit": pa.Column(checks=key),
        "label": pa.Column(checks=[text, *known]),
        "path": pa.Column(checks=[text, relative], required=True),
        "unit2": pa.Column(checks=key, required=False),
        "official": pa.Column(checks=parts, required=False),
        "time": pa.Column(checks=time, required=False, nullable=True),
        "amount": pa.Column(checks=number, required=False),
    }
    slices = {c: pa.Column(checks=text) for c in map(str, frame) if c.startswith(SLICE)}
    made = [c for c in COLUMNS if c not in columns and c not in EVENT_ONLY]
    made = {c: pa.Column(required=False, nullable=True) for c in made}
    return pa.DataFrameSchema({**columns, **slices, **made}, strict=True)


def _is_text(values: pd.Series) -> pd.Series:
    """Whether each value is a non-empty string without blanks at its ends or line breaks."""
    return pd.Series([is_text(v) for v in values], index=values.index)


def is_text(value: Any) -> bool:
    """Whether a value is a non-empty string without blanks at its ends or line breaks."""
    return isinstance(value, str) and value != "" and value == value.strip() and value.isprintable()


def _is_relative(path: Any) -> bool:
    parts = str(path).split("/")
    return "\\" not in str(path) and ":" not in parts[0] and not {"", ".", ".."} & set(parts)


def told(cases: pd.DataFrame, frame: pd.DataFrame) -> TableError:
    """Turn failure cases (column, check, index, failure_case) into one refusal.

    A fault per column and rule, in the form of pandera's cases; `check` is a key of the rules.
    """
    faults, expected, remedies = [], [], []
    grouped = cases.groupby(["column", "check"], sort=False, dropna=False)
    for (column, rule), group in grouped:
        want, remedy = _RULES.get(rule, (str(rule), "correct it in data.py"))
        where = column if isinstance(column, str) else "table"
        faults.append(_fault(group, frame, where, rule))
        expected.append(f"{where}: {want}")
        remedies.append(remedy)
    return TableError(
        f"the table breaks {len(faults)} rule(s)",
        expected="; ".join(expected),
        received="; ".join(faults),
        remedy="; ".join(dict.fromkeys(remedies)),
    )


def _fault(group: pd.DataFrame, frame: pd.DataFrame, column: str, rule: str) -> str:
    """Say what offends: whole columns, a column's type, or the first rows and their count."""
    if rule == "column_in_dataframe":
        return f"missing column(s) {listed(group['failure_case'])}"
    if rule == "column_in_schema":
        return f"unknown column(s) {listed(group['failure_case'])}"
    rows = group["index"].dropna().astype(int)
    if rows.empty:
        return f"{column}: {frame[column].dtype} values"
    named = [_row(frame, row, column) for row in rows[:SHOWN]]
    more = ", …" if len(rows) > SHOWN else ""
    return f"{column}: {len(rows):,} row(s): {', '.join(named)}{more}"


def _row(frame: pd.DataFrame, row: int, column: str) -> str:
    """Name a row by its number and id, with the value that offends."""
    name = f"row {row}"
    if "id" in frame and column != "id":
        name += f" ({frame['id'].iloc[row]})"
    return f"{name} {frame[column].iloc[row]!r}"
