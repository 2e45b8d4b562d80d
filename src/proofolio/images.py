"""Read picture files: content hash, perceptual hash and the statistics a shortcut could use.

Scope: one pass over each file, in threads (Pillow and hashlib release the lock). Every file is
decoded to its last byte, so a truncated one is found here and not in the middle of a training run.
"""

import io
import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from proofolio import files
from proofolio.contract import TableError

SCANNED = {  # column: how pandas stores it
    "content": "str",
    "perceptual": "str",
    "bytes": "int64",
    "width": "int64",
    "height": "int64",
    "quality": "float64",
    "brightness": "float64",
    "contrast": "float64",
    "border": "float64",
}
THUMBNAIL = 32  # side in pixels; the confirming comparison of `duplicates` was tuned at this size
FRAME = 16  # the border statistic looks at a frame 1/16 of each side wide
# Luminance table of the JPEG standard, ITU-T T.81 (1992), annex K, table K.1, row by row.
_STANDARD = (
    "16 11 10 16 24 40 51 61 12 12 14 19 26 58 60 55 14 13 16 24 40 57 69 56 14 17 22 29 51 87 80 "
    "62 18 22 37 56 68 109 103 77 24 35 55 64 81 104 113 92 49 64 78 87 103 121 120 101 72 92 95 "
    "98 112 100 103 99"
)


def scan(
    root: Path, paths: Sequence[str], *, workers: int | None = None, progress: bool = True
) -> pd.DataFrame:
    """Hash and fully decode every file.

    Args:
        root: folder that `paths` are relative to.
        paths: n file paths with `/`.
        workers: threads; None takes one per processor at hand.
        progress: show a bar on a terminal, one line elsewhere.

    Returns:
        n rows in the order of `paths`: content (SHA-256 of the bytes), perceptual (64-bit pHash,
        16 hexadecimal digits), bytes, width, height (pixels), quality (JPEG quality estimate,
        NaN for other formats), brightness, contrast (mean and standard deviation of the grey
        level, 0-255), border (mean grey level of the outer frame).

    Raises:
        TableError: lists the first unreadable files, the reason of each, and their count.
    """
    read = each(lambda p: _scanned(Path(root) / p), paths, "scan", workers, progress)
    faults = [f"{p} ({row})" for p, row in zip(paths, read, strict=True) if isinstance(row, str)]
    if faults:
        raise TableError(
            f"{len(faults):,} of {len(paths):,} pictures cannot be read",
            expected="files that decode to their last byte",
            received="; ".join(faults[:5]) + ("; …" if len(faults) > 5 else ""),
            remedy="fetch these files again, or leave their rows out in data.py and say so in "
            "the data card",
        )
    return pd.DataFrame(read, columns=list(SCANNED)).astype(SCANNED)


def thumbnails(
    root: Path, paths: Sequence[str], *, workers: int | None = None, progress: bool = True
) -> np.ndarray:
    """Return small grey pictures, uint8 of shape (n, THUMBNAIL, THUMBNAIL), in order of `paths`."""
    read = each(lambda p: _thumbnail(Path(root) / p), paths, "compare", workers, progress)
    return np.array(read, dtype=np.uint8).reshape(-1, THUMBNAIL, THUMBNAIL)


def jpeg_quality(table: Sequence[int]) -> float:
    """Return the quality (1-100) whose luminance table lies nearest, in the sum of differences.

    Exact for files of libjpeg, which scales the standard's table; an estimate for other encoders.

    Args:
        table: the 64 luminance steps, row by row.
    """
    return float(1 + np.abs(_tables() - np.asarray(table)).sum(axis=1).argmin())


def each(
    work: Callable[[Any], Any],
    items: Sequence[Any],
    doing: str,
    workers: int | None = None,
    progress: bool = True,
) -> list[Any]:
    """Return `work` of every item, in order, computed in threads; Ctrl-C drops what has not begun.

    On a terminal a rich bar shows the way; elsewhere one line says what was done.
    """
    if not items:
        return []
    began = time.perf_counter()
    pool = ThreadPoolExecutor(workers or _processors())
    try:
        with _whole_files_only():
            done = list(_shown(pool.map(work, items), len(items), doing, progress))
    finally:
        pool.shutdown(cancel_futures=True)
    if progress and not sys.stderr.isatty():
        print(f"{doing}: {len(items):,} files in {time.perf_counter() - began:.1f} s")
    return done


def _shown(results: Iterator[Any], total: int, doing: str, progress: bool) -> Iterator[Any]:
    if not (progress and sys.stderr.isatty()):
        return results
    from rich.console import Console
    from rich.progress import track

    console = Console(stderr=True)
    return iter(track(results, description=doing, total=total, console=console, transient=True))


def _processors() -> int:
    """Return how many processors this process may use (a container's share, not the host's)."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@contextmanager
def _whole_files_only() -> Iterator[None]:
    """Undo a tolerance some libraries switch on globally: a truncated file must be an error."""
    from PIL import ImageFile

    before = ImageFile.LOAD_TRUNCATED_IMAGES
    ImageFile.LOAD_TRUNCATED_IMAGES = False
    try:
        yield
    finally:
        ImageFile.LOAD_TRUNCATED_IMAGES = before


def _scanned(path: Path) -> tuple | str:
    """Return one row of `scan`, or the reason why the file cannot be read."""
    try:
        data = path.read_bytes()
        return (files.sha256_bytes(data), *_statistics(data))
    except Exception as error:  # decoders raise a dozen kinds; each only means "cannot be read"
        text = str(error).replace(str(path), path.name).splitlines() or [""]
        return f"{type(error).__name__}: {text[0]}" if text[0] else type(error).__name__


def _statistics(data: bytes) -> tuple:
    import imagehash
    from PIL import Image

    with Image.open(io.BytesIO(data)) as image:
        image.load()
        tables = getattr(image, "quantization", None)
        quality = jpeg_quality(tables[0]) if tables and 0 in tables else np.nan
        grey = _grey(image)
    level = np.asarray(grey, dtype=np.float32)
    perceptual = str(imagehash.phash(grey))
    rest = (float(level.mean()), float(level.std()), _border(level))
    return perceptual, len(data), grey.width, grey.height, quality, *rest


def _grey(image: Any) -> Any:
    """Return the picture in 8-bit grey; 16-bit levels are scaled, where Pillow would clip them."""
    from PIL import Image

    if image.mode.startswith("I;16"):
        return Image.fromarray((np.asarray(image) >> 8).astype(np.uint8))
    if image.mode in ("I", "F"):
        level = np.asarray(image, dtype=np.float64)
        top = 65535 if image.mode == "I" else max(float(level.max()), 1e-12)
        return Image.fromarray((np.clip(level / top, 0, 1) * 255).astype(np.uint8))
    # A palette with transparent entries makes Pillow warn unless it goes by way of RGBA.
    return (image.convert("RGBA") if image.mode == "P" else image).convert("L")


def _border(level: np.ndarray) -> float:
    """Return the mean grey level of the frame, at least one pixel wide."""
    rows, columns = (max(1, side // FRAME) for side in level.shape)
    inside = np.zeros(level.shape, dtype=bool)
    inside[rows:-rows, columns:-columns] = True
    return float(level[~inside].mean())


def _thumbnail(path: Path) -> np.ndarray:
    from PIL import Image

    with Image.open(path) as image:
        # Large JPEGs are decoded at a fraction of their size: eight times faster at 2,000 px.
        image.draft(None, (4 * THUMBNAIL, 4 * THUMBNAIL))
        small = _grey(image).resize((THUMBNAIL, THUMBNAIL), Image.Resampling.LANCZOS)
    return np.asarray(small)


@cache
def _tables() -> np.ndarray:
    """Return libjpeg's luminance table at every quality 1-100, shape (100, 64)."""
    quality = np.arange(1, 101)[:, None]
    scale = np.where(quality < 50, 5000 // quality, 200 - 2 * quality)
    standard = np.array(_STANDARD.split(), dtype=int)
    return np.clip((standard * scale + 50) // 100, 1, 255)
