"""Files to pictures of one size, the same for training and for serving; needs no torch."""

from pathlib import Path

import numpy as np


def decode(path: Path, shape: tuple[int, int, int], mode: str) -> np.ndarray | None:
    """Return one picture as uint8 height x width x channels, or None where it does not decode."""
    try:
        image = pixels(np.fromfile(path, dtype=np.uint8), shape[2])  # any file name on Windows
    except OSError:
        return None
    return None if image is None else fitted(image, shape, mode)


def pixels(data: np.ndarray, channels: int) -> np.ndarray | None:
    """Return the bytes of a file, uint8 (n,), as a picture in its own size, or None."""
    import cv2

    try:
        return cv2.imdecode(data, cv2.IMREAD_GRAYSCALE if channels == 1 else cv2.IMREAD_COLOR_RGB)
    except cv2.error:
        return None


def fitted(image: np.ndarray, shape: tuple[int, int, int], mode: str) -> np.ndarray:
    """Return a picture as uint8 of `shape`, height x width x channels.

    Area averaging for shrinking (no aliasing), bilinear for enlarging. One in the right size is
    taken untouched.
    """
    import cv2

    height, width, channels = shape
    inner = (width, height)
    if mode == "pad":
        scale = min(height / image.shape[0], width / image.shape[1])
        inner = tuple(max(1, round(s * scale)) for s in (image.shape[1], image.shape[0]))
    if inner != (image.shape[1], image.shape[0]):
        shrinks = inner[0] * inner[1] < image.shape[0] * image.shape[1]
        image = cv2.resize(
            image, inner, interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
        )
    out = np.zeros(shape, np.uint8)
    top, left = (height - inner[1]) // 2, (width - inner[0]) // 2
    out[top : top + inner[1], left : left + inner[0]] = image.reshape(inner[1], inner[0], channels)
    return out
