"""Atomic files, canonical JSON and hashes: what every room writes and reads with."""

import hashlib
import json
import math
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np


def plain(value: Any) -> Any:
    """Return `value` as JSON-ready Python: numpy unboxed, NaN and infinities as None, str keys."""
    if isinstance(value, dict):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [plain(v) for v in value]
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, np.ndarray):
        return plain(value.tolist())
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def _dumps(value: Any, indent: int | None) -> str:
    text = json.dumps(
        plain(value), sort_keys=True, ensure_ascii=False, allow_nan=False, indent=indent
    )
    return text + "\n"


def canonical_json(value: Any) -> str:
    """Return the one text form of `value`: sorted keys, UTF-8, two-space indent, last newline."""
    return _dumps(value, indent=2)


def json_line(value: Any) -> str:
    """Return `value` as one line of sorted-key JSON (for `.jsonl` logs), newline included."""
    return _dumps(value, indent=None)


def sha256_bytes(data: bytes) -> str:
    """Return the hexadecimal SHA-256 of `data`."""
    return hashlib.sha256(data).hexdigest()


def sha256_text(text: str) -> str:
    """Return the hexadecimal SHA-256 of `text` as UTF-8."""
    return sha256_bytes(text.encode())


def sha256_file(path: Path) -> str:
    """Return the hexadecimal SHA-256 of a file's bytes, read in blocks."""
    with open(path, "rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def sha256_json(value: Any) -> str:
    """Return the SHA-256 of `value` in canonical JSON: independent of key order."""
    return sha256_text(canonical_json(value))


def write_bytes(path: Path, data: bytes) -> bool:
    """Write `data` atomically; return False and touch nothing where the file already holds it.

    A killed process leaves the old file or the new one, never a part: the bytes go to a temporary
    file in the same folder, are flushed to disk, and replace the old file in one step.
    """
    path = Path(path)
    if path.is_file() and path.stat().st_size == len(data) and path.read_bytes() == data:
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        Path(name).chmod(0o644)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    return True


def write_text(path: Path, text: str) -> bool:
    """Write `text` atomically as UTF-8 with LF; return whether the file changed."""
    return write_bytes(path, text.replace("\r\n", "\n").encode())


def write_json(path: Path, value: Any) -> bool:
    """Write `value` atomically as canonical JSON; return whether the file changed."""
    return write_text(path, canonical_json(value))


def read_json(path: Path) -> Any:
    """Return the JSON value in a file."""
    return json.loads(Path(path).read_text(encoding="utf-8"))


def read_yaml(path: Path) -> Any:
    """Return the value in a YAML file of plain types, by libyaml where PyYAML was built with it.

    Raises:
        yaml.YAMLError: the text is not valid YAML.
    """
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return yaml.load(Path(path).read_text(encoding="utf-8"), Loader=loader)


def write_parquet(
    path: Path, frame: Any, scores: Sequence[str] = (), sorted_ids: Sequence[str] = ()
) -> bool:
    """Write a pandas frame atomically as zstd Parquet without its index; return if it changed.

    Strings with few distinct values are dictionary-coded by the writer. Columns named in `scores`
    (float, hardly a value twice) are stored byte by byte, which nearly halves them; those named in
    `sorted_ids` (text, each value once) by their differences, which leaves a third of many, and so
    are times beside them.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    sink = pa.BufferOutputStream()
    table = pa.Table.from_pandas(frame, preserve_index=False).replace_schema_metadata(None)
    coded: dict[str, Any] = {"compression_level": 9}
    if scores or sorted_ids:  # written once and kept for good
        times = [f.name for f in table.schema if sorted_ids and pa.types.is_timestamp(f.type)]
        others = [n for n in table.column_names if n not in (*scores, *sorted_ids, *times)]
        coded = {
            "compression_level": 19,
            "use_dictionary": others,
            "use_byte_stream_split": list(scores),
            "column_encoding": dict.fromkeys(sorted_ids, "DELTA_BYTE_ARRAY")
            | dict.fromkeys(times, "DELTA_BINARY_PACKED"),
        }
    pq.write_table(table, sink, compression="zstd", **coded)
    return write_bytes(path, sink.getvalue().to_pybytes())
