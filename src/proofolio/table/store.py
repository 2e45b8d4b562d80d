"""Hashes of the table, and reading it back only where it is still the recorded one."""

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from proofolio import files, memo
from proofolio.contract import Layout, StaleError, TableError

_known: dict[tuple[str, bool], pd.DataFrame] = {}
_AGAIN = "run the prepare step again: python -m <package> prepare"


def membership_sha256(frame: pd.DataFrame) -> str:
    """Return the SHA-256 over the sorted lines "id,unit,label": the same for every copy of data."""
    return _lines_sha256(frame, ["id", "unit", "label"])


def content_sha256(frame: pd.DataFrame) -> str:
    """Return the SHA-256 of this variant's very bytes.

    Images: over the sorted lines "id,content". Events: over the columns in the order of their
    names, each its name and its values in the order of the rows as Arrow stores them (text as
    offsets and UTF-8, times as seconds, numbers as 64-bit floats, all little-endian).
    """
    if "content" in frame:
        return _lines_sha256(frame, ["id", "content"])
    digest = hashlib.sha256()
    for name in sorted(frame.columns):
        digest.update(f"{name}\n".encode())
        for buffer in column_bytes(frame[name]):
            digest.update(buffer)
    return digest.hexdigest()


def read(layout: Layout) -> pd.DataFrame:
    """Return the prepared table, sorted by id (events: by time and id).

    Raises:
        TableError: it was not prepared here.
        StaleError: its members or contents are not those that `dataset.json` records.
    """
    frame = _in_seconds(_parquet(layout.table, "the prepared table", _AGAIN))
    if not layout.dataset.is_file():
        raise StaleError(
            "dataset.json is missing beside a prepared table",
            expected=layout.dataset.relative_to(layout.root).as_posix(),
            remedy=_AGAIN,
        )
    recorded = files.read_json(layout.dataset)
    for name, hashed in (
        ("membership_sha256", membership_sha256(frame)),
        ("content_sha256", content_sha256(frame)),
    ):
        if recorded.get(name) != hashed:
            raise StaleError(
                f"the prepared table is not the one that dataset.json records ({name})",
                expected=str(recorded.get(name)),
                received=hashed,
                remedy=f"{_AGAIN}; or restore evidence/dataset.json from git",
            )
    return frame


def read_examples(layout: Layout) -> pd.DataFrame:
    """Return `evidence/examples.parquet`: id, unit, cluster, label and more, without the data.

    Of events these are the scored ones; they carry their day too, see `with_days`.

    Raises:
        TableError: the file is missing or unreadable.
    """
    return memo.once(("examples", layout.root), lambda: _examples(layout))


def keep_examples(layout: Layout, examples: pd.DataFrame) -> None:
    """Let `read_examples` return what was read of them already, within `memo.kept`."""
    memo.once(("examples", layout.root), lambda: examples)


def _examples(layout: Layout) -> pd.DataFrame:
    again = f"{_AGAIN}, then the split step; or restore it"
    if not layout.examples.is_file():
        return _parquet(layout.examples, "evidence/examples.parquet", again)
    recorded = files.read_json(layout.contract) if layout.contract.is_file() else {}
    key = (files.sha256_file(layout.examples), recorded.get("kind") == "events")
    if key not in _known:  # every result reads them; the last file read is kept, by its content
        frame = _parquet(layout.examples, "evidence/examples.parquet", again)
        _known.clear()
        _known[key] = with_days(frame) if key[1] else frame
    return _known[key].copy(deep=False)


def with_days(events: pd.DataFrame) -> pd.DataFrame:
    """Return examples of events with `day`, the UTC day of each as a date.

    No author's column has that name: it is how scoring knows that rows are events, which are
    judged fold by fold and day by day.
    """
    events = _in_seconds(events)
    return events.assign(day=events["time"].to_numpy().astype("datetime64[D]").astype(str))


def _in_seconds(frame: pd.DataFrame) -> pd.DataFrame:
    """Return events with times in seconds again: Parquet stores none coarser than milliseconds."""
    if "cluster" not in frame or "time" not in frame or "content" in frame:
        return frame
    times = [c for c in ("time", "known_at") if c in frame]
    return frame.astype(dict.fromkeys(times, "datetime64[s]"))


def _lines_sha256(frame: pd.DataFrame, columns: list[str]) -> str:
    """Return the SHA-256 over the sorted lines of these columns, each joined by commas."""
    import pyarrow as pa
    import pyarrow.compute as pc

    texts = [pa.array(frame[c].astype(str), pa.large_string()) for c in columns]
    comma, empty, end = (pa.scalar(t, pa.large_string()) for t in (",", "", "\n"))
    lines = pc.binary_join_element_wise(pc.binary_join_element_wise(*texts, comma), empty, end)
    ordered = lines.take(pc.array_sort_indices(lines))  # by bytes, which is by code points
    return files.sha256_bytes(bytes(_text_buffers(ordered)[1]))


def column_bytes(values: pd.Series) -> list[memoryview]:
    """Return the content of a column (n,) as bytes to hash: times, numbers or text."""
    import pyarrow as pa

    if pd.api.types.is_datetime64_any_dtype(values.dtype):
        return [memoryview(values.to_numpy().astype("datetime64[s]").astype("<i8"))]
    if pd.api.types.is_numeric_dtype(values.dtype):
        return [memoryview(values.to_numpy().astype("<f8"))]
    return _text_buffers(pa.array(values.astype(str), pa.large_string()))


def _text_buffers(texts: Any) -> list[memoryview]:
    """Return offsets from 0 and UTF-8 bytes of an Arrow array of large strings."""
    import pyarrow as pa

    if isinstance(texts, pa.ChunkedArray):
        texts = texts.combine_chunks()
    _, offsets, data = texts.buffers()
    places = np.frombuffer(offsets, dtype="<i8")[texts.offset : texts.offset + len(texts) + 1]
    return [memoryview(places - places[0]), memoryview(data)[places[0] : places[-1]]]


def _parquet(path: Path, what: str, remedy: str) -> pd.DataFrame:
    if not path.is_file():
        raise TableError(f"{what} is missing", expected=path.name, remedy=remedy)
    try:
        return pd.read_parquet(path)
    except (OSError, ValueError) as error:  # Arrow's errors are of these kinds
        raise TableError(f"{what} cannot be read", received=str(error), remedy=remedy) from None
