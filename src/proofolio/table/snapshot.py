"""From the author's rows to a prepared table and the data set's evidence."""

from pathlib import Path

import pandas as pd

from proofolio import duplicates, files, images
from proofolio.contract import Contract, Dataset, Layout, TableError
from proofolio.project import Project
from proofolio.table.events import CATEGORY, check_events
from proofolio.table.schema import AUTHORED, COLUMNS, SLICE, check, listed
from proofolio.table.store import content_sha256, membership_sha256

_UNCHANGED = ["path", "bytes", "mtime_ns"]  # a file alike in these is not read again


def prepare(
    frame: pd.DataFrame, layout: Layout, project: Project, *, progress: bool = True
) -> pd.DataFrame:
    """Check the table, scan its files, find duplicates, and write the data set's evidence.

    Files whose path, size and modification time are unchanged since the last time are not read
    again. A second call on unchanged input changes no file. Events have no files: what was put in
    order is printed, and `split` writes which of them are scored.

    Args:
        frame: the author's columns, see `check`.
        layout: paths of the project.
        project: names the raw folder, the classes and the data set.
        progress: show bars on a terminal, lines elsewhere.

    Returns:
        The full table, sorted by id (events: by time and id): what `data/table.parquet` holds.

    Raises:
        TableError: a rule is broken, a file is missing or cannot be read.
    """
    if project.kind == "events":
        table, notes = check_events(frame, classes=project.classes, as_of=project.as_of)
        for note in notes if progress else ():
            print(f"prepare: {note}")
        files.write_parquet(layout.table, table)
        _record(table, layout, project)
        return table
    frame = check(frame, classes=project.classes)
    frame = frame[[c for c in frame if c in AUTHORED or c.startswith(SLICE)]]
    raw = layout.root / project.data.raw
    table = _scanned(_present(frame, raw), raw, layout, progress)
    pairs = duplicates.find(table, raw, progress=progress)
    table["cluster"] = duplicates.clusters(table, pairs)
    _write(table, pairs, layout, project)
    return table


def _present(frame: pd.DataFrame, raw: Path) -> pd.DataFrame:
    """Return the table with each file's size and modification time."""
    stats, missing = [], []
    for path in frame["path"]:
        file = raw / path
        if file.is_file():
            stat = file.stat()
            stats.append((stat.st_size, stat.st_mtime_ns))
        else:
            missing.append(path)
    if missing:
        raise TableError(
            f"{len(missing):,} of {len(frame):,} files are missing",
            expected=f"files below {raw.name}/",
            received=listed(missing),
            remedy="fetch the data as data.how_to_get in project.yaml says, or correct data.raw",
        )
    return frame.assign(bytes=[s for s, _ in stats], mtime_ns=[t for _, t in stats])


def _scanned(table: pd.DataFrame, raw: Path, layout: Layout, progress: bool) -> pd.DataFrame:
    """Return the table with every column of `images.scan`, reading only files that changed."""
    measured = {c: kind for c, kind in images.SCANNED.items() if c != "bytes"}
    before = _previous(layout, list(measured))
    known = table[_UNCHANGED].merge(before, on=_UNCHANGED, how="left")[list(measured)]
    fresh = known["content"].isna().to_numpy()
    paths = table["path"][fresh].tolist()
    if paths:
        scan = images.scan(raw, paths, progress=progress)
        kept = known[~fresh].set_axis(table.index[~fresh])
        known = pd.concat([kept, scan[list(measured)].set_axis(table.index[fresh])]).sort_index()
    return pd.concat([table, known.astype(measured)], axis=1)


def _previous(layout: Layout, measured: list[str]) -> pd.DataFrame:
    """Return what the last scan measured; nothing where there was none or it cannot be read."""
    columns = [*_UNCHANGED, *measured]
    try:
        return pd.read_parquet(layout.table, columns=columns).drop_duplicates(_UNCHANGED)
    except (OSError, ValueError, KeyError):
        empty = pd.DataFrame({c: pd.Series(dtype="str") for c in columns})
        return empty.astype({"bytes": "int64", "mtime_ns": "int64"})


def _write(table: pd.DataFrame, pairs: pd.DataFrame, layout: Layout, project: Project) -> None:
    """Write table and evidence of images."""
    first = ["id", "unit", "unit2", "cluster", "label", "time", "amount"]
    slices = sorted(c for c in table if c.startswith(SLICE))
    files.write_parquet(layout.table, table)
    files.write_parquet(layout.examples, table[[c for c in first if c in table] + slices])
    files.write_parquet(layout.hashes, table[["id", "content", "perceptual"]])
    files.write_text(layout.duplicates, pairs.to_csv(index=False, lineterminator="\n"))
    _record(table, layout, project)


def _record(table: pd.DataFrame, layout: Layout, project: Project) -> None:
    """Write what the data set is; `dataset.json`, which vouches for the others, comes last."""
    contract = Contract(kind=project.kind, project=project.name, demo_data=project.demo_data)
    files.write_json(layout.contract, contract.model_dump())
    files.write_json(layout.dataset, _dataset(table, project).model_dump())


def _about(column: str) -> str:
    kind, named = ("category", CATEGORY) if column.startswith(CATEGORY) else ("slice", SLICE)
    return COLUMNS.get(column, f"{kind}: {column.removeprefix(named)}")


def _dataset(table: pd.DataFrame, project: Project) -> Dataset:
    data = project.data
    about = {c: _about(c) for c in table}
    counts = table["label"].value_counts()
    return Dataset(
        **{name: value for name, value in data.model_dump().items() if name != "raw"},
        n_examples=len(table),
        n_units=table["unit"].nunique(),
        n_clusters=table["cluster"].nunique(),
        unit=project.unit,
        label_counts={str(label): int(n) for label, n in counts.sort_index().items()},
        columns=about,
        membership_sha256=membership_sha256(table),
        content_sha256=content_sha256(table),
    )
