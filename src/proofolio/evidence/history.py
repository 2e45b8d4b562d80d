"""The learning curve of a run, `history.csv`: one row per epoch, kept over a kill and a resume."""

import csv
import io
import math
from pathlib import Path
from typing import Any

from proofolio import files
from proofolio.contract import RunError


def columns(primary: str) -> list[str]:
    """Return the columns of `history.csv` for a primary metric."""
    return ["epoch", "train_loss", "val_loss", f"val_{primary}", "lr", "seconds"]


def record(path: Path, row: dict[str, Any], primary: str) -> None:
    """Write one epoch's row; rows of this and later epochs (before a resume) are dropped.

    Missing values stay empty. Raises RunError on a missing epoch or an unknown column.
    """
    names = columns(primary)
    if "epoch" not in row or not set(row) <= set(names):
        raise RunError(
            "a row of the history has other columns than the contract",
            expected=", ".join(names) + " (all but epoch may be missing)",
            received=", ".join(map(str, row)),
            remedy="keep other curves in the project's own files under work/",
        )
    epoch = int(row["epoch"])
    kept = [r for r in read(path) if int(r["epoch"]) < epoch]
    write(path, [*kept, row | {"epoch": epoch}], primary)


def read(path: Path) -> list[dict[str, Any]]:
    """Return the rows as text by column; none where the file is missing."""
    if not path.is_file():
        return []
    with open(path, encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def write(path: Path, rows: list[dict[str, Any]], primary: str) -> None:
    """Write all rows atomically, header included."""
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, columns(primary), lineterminator="\n")
    writer.writeheader()
    for row in rows:
        writer.writerow({key: _text(value) for key, value in files.plain(row).items()})
    files.write_text(path, buffer.getvalue())


def _text(value: Any) -> Any:
    if isinstance(value, float):
        return "" if math.isnan(value) else repr(value)
    return "" if value is None else value
