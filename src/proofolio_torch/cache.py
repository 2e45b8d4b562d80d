"""The image cache: every picture decoded and resized once into one memory-mapped uint8 array.

A grey picture stays one channel here and becomes three on the device (`data.Normalise`): a third of
the disk, of the page cache and of the transfer, for the same numbers.
"""

import tempfile
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from proofolio import files
from proofolio.contract import TableError
from proofolio_torch import parallel
from proofolio_torch.decoding import decode

FORMAT = 1  # part of the key: raise it when decoding or resizing changes
BLOCK = 256  # images in flight: bounds memory whatever the size of the data set


class Cache:
    """A finished cache folder, opened read-only on first use and again in every worker process.

    Attributes:
        ids: n names, in the order of the rows of `array`.
        array: uint8, n x height x width x channels, memory-mapped.
        key: names content, size, mode and channels together.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = Path(folder)
        self.key = self.folder.name

    def __getstate__(self) -> dict[str, Any]:  # a worker gets the path, never the pixels
        return {"folder": self.folder, "key": self.key}

    def __len__(self) -> int:
        return len(self.ids)

    @cached_property
    def ids(self) -> np.ndarray:
        """Names of the rows."""
        return pd.read_parquet(self.folder / "ids.parquet")["id"].to_numpy(dtype=object)

    @cached_property
    def array(self) -> np.ndarray:
        """The pixels; numpy computes offsets with 64 bits, so more than 2 GiB is fine."""
        return np.load(self.folder / "images.npy", mmap_mode="r", allow_pickle=False)

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """Images, height, width, channels."""
        return self.array.shape

    @cached_property
    def _index(self) -> pd.Index:
        return pd.Index(self.ids)

    def positions(self, ids: Iterable[str]) -> np.ndarray:
        """Return the row of each id, int64[m]; raises TableError where one is not cached."""
        wanted = np.asarray(list(ids), dtype=object)
        rows = self._index.get_indexer(wanted).astype(np.int64)
        if (rows < 0).any():
            missing = wanted[rows < 0]
            raise TableError(
                f"{len(missing)} ids are not in the image cache",
                received=", ".join(map(str, missing[:5])),
                remedy="build the cache from the table these ids come from",
            )
        return rows


def key_of(table: pd.DataFrame, size: tuple[int, int], mode: str, channels: int) -> str:
    """Return the folder name of a cache: changed pixels, size, mode or channels give another."""
    lines = sorted(table["id"].astype(str) + "," + table["content"].astype(str))
    content = files.sha256_text("".join(f"{line}\n" for line in lines))
    digest = files.sha256_json([FORMAT, content, list(size), mode, channels])
    return f"{size[0]}x{size[1]}x{channels}-{mode}-{digest[:12]}"


def build(
    root: Path,
    table: pd.DataFrame,
    *,
    size: int | tuple[int, int],
    folder: Path,
    mode: str = "stretch",
    channels: int = 3,
    workers: int | None = None,
    progress: bool = True,
) -> Cache:
    """Return the cache of a table's images, building it where it does not exist yet.

    Args:
        root: folder that the column `path` is relative to.
        table: columns id, path and content (the SHA-256 that `prepare` computed).
        size: pixels of the square, or (height, width).
        folder: parent of all caches (git-ignored).
        mode: "stretch" ignores the aspect ratio; "pad" keeps it and fills with black.
        channels: 1 (grey) or 3 (red, green, blue).
        workers: decoding threads, one per core unless given.
        progress: show a bar on a terminal.

    Raises:
        TableError: an unknown mode or channel count, a column is missing, or files do not decode
            (the first offenders and the count are named).
    """
    from filelock import FileLock

    size = (size, size) if isinstance(size, int) else (int(size[0]), int(size[1]))
    _check(table, mode, channels)
    cache = Cache(Path(folder) / key_of(table, size, mode, channels))
    cache.folder.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(f"{cache.folder}.lock"):  # the second process waits, then finds it done
        if not cache.folder.is_dir():
            table = table.sort_values("id", kind="stable")
            _write(cache.folder, Path(root), table, (*size, channels), mode, workers, progress)
    return cache


def _check(table: pd.DataFrame, mode: str, channels: int) -> None:
    if mode not in ("stretch", "pad"):
        raise TableError("unknown cache mode", expected="stretch or pad", received=str(mode))
    if channels not in (1, 3):
        raise TableError("wrong channel count", expected="1 or 3", received=str(channels))
    missing = [c for c in ("id", "path", "content") if c not in table]
    if missing or not len(table):
        raise TableError(
            "the cache needs a prepared table",
            expected="rows with id, path and content",
            received=f"{len(table)} rows, missing {', '.join(missing) or 'nothing'}",
            remedy="run the step prepare first",
        )


def _write(
    folder: Path,
    root: Path,
    table: pd.DataFrame,
    shape: tuple[int, int, int],
    mode: str,
    workers: int | None,
    progress: bool,
) -> None:
    """Fill a temporary folder, close it, and move it to its name in one step."""
    with tempfile.TemporaryDirectory(
        prefix=f".{folder.name}.", dir=folder.parent, ignore_cleanup_errors=True
    ) as name:
        building = Path(name) / "cache"
        building.mkdir()
        array = np.lib.format.open_memmap(
            building / "images.npy", mode="w+", dtype=np.uint8, shape=(len(table), *shape)
        )
        _fill(array, root, table["path"].tolist(), mode, workers, progress)
        array.flush()
        del array  # closed before it is moved: Windows refuses to rename an open file
        files.write_parquet(building / "ids.parquet", table[["id"]].reset_index(drop=True))
        building.replace(folder)


def _fill(
    array: np.ndarray,
    root: Path,
    paths: Sequence[str],
    mode: str,
    workers: int | None,
    progress: bool,
) -> None:
    import cv2

    threads = cv2.getNumThreads()
    cv2.setNumThreads(1)  # the pool already uses every core
    failed: list[str] = []

    def one(row: int) -> None:
        image = decode(root / paths[row], array.shape[1:], mode)
        if image is None:
            failed.append(paths[row])
        else:
            array[row] = image

    try:
        with ThreadPoolExecutor(workers or parallel.cores()) as pool:
            for start in _shown(range(0, len(paths), BLOCK), progress):
                list(pool.map(one, range(start, min(start + BLOCK, len(paths)))))
    finally:
        cv2.setNumThreads(threads)
    if failed:
        raise TableError(
            f"{len(failed)} images cannot be decoded",
            received=", ".join(sorted(failed)[:5]),
            remedy="run prepare, which lists unreadable files; replace or exclude them",
        )


def _shown(blocks: range, progress: bool) -> Iterable[int] | Iterator[int]:
    from rich.console import Console
    from rich.progress import track

    console = Console(stderr=True)
    hidden = not (progress and console.is_terminal and parallel.is_main())
    return track(blocks, "decoding images", console=console, disable=hidden, transient=True)
