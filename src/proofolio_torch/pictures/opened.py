"""A stranger's file to pixels, within limits, and what can be said of it without a model.

Decoded as the training pictures were (`decoding`), so that the same file gives the same pixels.
"""

import io
import warnings
from typing import NamedTuple

import numpy as np
from PIL import Image

from proofolio_torch import decoding
from proofolio_torch.service.refusals import RequestRefused

FORMATS = ("JPEG", "PNG", "WEBP")
MOST_BYTES = 10_000_000
MOST_PIXELS = 40_000_000  # 120 MB decoded; a file of some kilobytes can claim far more
MOST_SCANS = 16  # of a JPEG of so many pixels: each scan of 65 bytes costs a pass over all of them
_SCAN = b"\xff\xda"  # never inside the data of a scan, where 0xff is followed by 0 or a restart
STATISTICS = ("brightness", "contrast", "sharpness", "dark", "bright", "aspect", "megapixels")


class Opened(NamedTuple):
    """A picture as the network takes it, uint8 (size, size, channels), and its statistics."""

    pixels: np.ndarray
    statistics: dict[str, float]


def read(
    data: bytes,
    size: int,
    channels: int,
    *,
    name: str = "the picture",
    most_bytes: int = MOST_BYTES,
    most_pixels: int = MOST_PIXELS,
) -> Opened:
    """Return a file's picture.

    Of an animation the first picture counts, of one that is to be turned the turned one.

    Args:
        data: the file.
        size: pixels a side that the network takes; stretched, as in training.
        channels: 1 or 3.
        name: for the error.
        most_bytes: of the file.
        most_pixels: width times height, read from the header before anything is decoded.

    Raises:
        RequestRefused: 413 for a file or a picture that is too large, 415 for another format, 422
            for one that does not decode.
    """
    claimed(data, name=name, most_bytes=most_bytes, most_pixels=most_pixels)
    picture = decoding.pixels(np.frombuffer(data, np.uint8), channels)
    if picture is None:
        raise _refused(422, f"{name} does not decode", "a whole file", "a damaged one")
    made = decoding.fitted(picture, (size, size, channels), "stretch")
    height, width = picture.shape[:2]
    return Opened(made, statistics(made, width, height))


def claimed(
    data: bytes,
    *,
    name: str = "the picture",
    most_bytes: int = MOST_BYTES,
    most_pixels: int = MOST_PIXELS,
) -> int:
    """Return how many pixels a file claims to have; nothing is decoded.

    Raises:
        RequestRefused: 413 for a file or a claim that is too large, 415 for another format.
    """
    if len(data) > most_bytes:
        raise _refused(413, f"{name} is too large", f"{most_bytes:,} bytes", f"{len(data):,}")
    width, height = _claimed(data, name)
    pixels, scans = width * height, data.count(_SCAN)
    if pixels > most_pixels:
        told = f"{width:,} x {height:,}"
        raise _refused(413, f"{name} has too many pixels", f"{most_pixels:,} in all", told)
    if data[:2] == b"\xff\xd8" and pixels * scans > MOST_SCANS * most_pixels:
        most = f"{MOST_SCANS * most_pixels // pixels:,} scans at {pixels:,} pixels"
        raise _refused(413, f"{name} takes too long to decode", most, f"{scans:,}")
    return pixels


def statistics(pixels: np.ndarray, width: int, height: int) -> dict[str, float]:
    """Return what describes a picture, by the names of `STATISTICS`.

    Args:
        pixels: uint8 (size, size, channels), as the network gets it.
        width: as decoded, in pixels.
        height: as decoded, in pixels.
    """
    grey = pixels.mean(axis=2)
    across, down = np.diff(grey, axis=1), np.diff(grey, axis=0)
    return {
        "brightness": float(grey.mean()),
        "contrast": float(grey.std()),
        "sharpness": float((np.abs(across).mean() + np.abs(down).mean()) / 2),
        "dark": float((grey <= 5).mean()),
        "bright": float((grey >= 250).mean()),
        "aspect": width / height,
        "megapixels": width * height / 1e6,
    }


def _claimed(data: bytes, name: str) -> tuple[int, int]:
    """Return width and height as the header claims them; nothing is decoded."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow's own limit: the caller's is stricter
            with Image.open(io.BytesIO(data), formats=FORMATS) as opened:
                return opened.size
    except Image.DecompressionBombError:
        raise _refused(413, f"{name} has too many pixels", "fewer", "a claim of far more") from None
    except (OSError, ValueError, SyntaxError, EOFError):
        received = "another kind of file" if data else "an empty file"
        raise _refused(415, f"{name} is no picture", ", ".join(FORMATS), received) from None


def _refused(status: int, what: str, expected: str, received: str) -> RequestRefused:
    remedy = "send the picture as a whole JPEG, PNG or WebP file, smaller where it is too large"
    return RequestRefused(what, status=status, expected=expected, received=received, remedy=remedy)
