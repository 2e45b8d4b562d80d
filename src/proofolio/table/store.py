"""Hashes of the table, and reading it back only where it is still the recorded one."""

from pathlib import Path

import pandas as pd

from proofolio import files
from proofolio.contract import Layout, StaleError, TableError

_AGAIN = "run the prepare step again: python -m <package> prepare"


def membership_sha256(frame: pd.DataFrame) -> str:
    """Return the SHA-256 over the sorted lines "id,unit,label": the same for every copy of data."""
    return _lines_sha256(frame, ["id", "unit", "label"])


def content_sha256(frame: pd.DataFrame) -> str:
    """Return the SHA-256 over the sorted lines "id,content": of this variant's very bytes."""
    return _lines_sha256(frame, ["id", "content"])


def read(layout: Layout) -> pd.DataFrame:
    """Return the prepared table, sorted by id.

    Raises:
        TableError: it was not prepared here.
        StaleError: its members or contents are not those that `dataset.json` records.
    """
    frame = _parquet(layout.table, "the prepared table", _AGAIN)
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

    Raises:
        TableError: the file is missing or unreadable.
    """
    return _parquet(layout.examples, "evidence/examples.parquet", f"{_AGAIN}, or restore it")


def _lines_sha256(frame: pd.DataFrame, columns: list[str]) -> str:
    rows = zip(*(frame[c].astype(object).tolist() for c in columns), strict=True)
    return files.sha256_text("".join(sorted(",".join(map(str, row)) + "\n" for row in rows)))


def _parquet(path: Path, what: str, remedy: str) -> pd.DataFrame:
    if not path.is_file():
        raise TableError(f"{what} is missing", expected=path.name, remedy=remedy)
    try:
        return pd.read_parquet(path)
    except (OSError, ValueError) as error:  # Arrow's errors are of these kinds
        raise TableError(f"{what} cannot be read", received=str(error), remedy=remedy) from None
