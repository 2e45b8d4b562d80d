"""Any photograph to the square of bytes that the exported network takes. The page does the same.

A picture is turned as its EXIF says, laid on white where it is transparent, read without its colour
profile as the training pictures were, and stretched to a square. `stretch` is written out in
docs/try/picture.js as well, so that page and Python differ by how they decode and no more.
"""

import warnings
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps
from proofolio.contract import ProofError

LIMIT = 50_000_000  # pixels: 150 MB decoded; a small file can claim far more


class PictureError(ProofError, ValueError):
    """A file is no picture that can be answered."""


def read(path: Path, size: int) -> np.ndarray:
    """Return a file's picture, uint8 (size, size, 3).

    Raises:
        PictureError: the file is missing, empty, no picture, damaged or larger than `LIMIT`.
    """
    try:
        if path.is_dir():
            raise PictureError(f"{path} is a folder", remedy="name the photographs in it")
        if path.stat().st_size == 0:
            raise PictureError(f"{path} is empty", remedy="copy the photograph again")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow's limit: `_whole` has one of its own
            with Image.open(path) as opened:
                return stretch(_whole(opened, path), size)
    except PictureError:
        raise
    except FileNotFoundError:
        raise PictureError(f"{path} is not there", remedy="check the path") from None
    except Image.DecompressionBombError:
        raise _too_large(path, "more") from None
    except Image.UnidentifiedImageError:
        expected = "a picture, for example JPEG, PNG, WebP or GIF"
        raise PictureError(f"{path} is no picture", expected=expected) from None
    except (OSError, ValueError, SyntaxError) as error:
        what = f"{path} cannot be read as a picture"
        raise PictureError(what, received=str(error), remedy="copy or save it again") from error


def _whole(opened: Image.Image, path: Path) -> np.ndarray:
    if opened.width * opened.height > LIMIT:
        raise _too_large(path, f"{opened.width} x {opened.height}")
    return rgb(ImageOps.exif_transpose(opened))


def _too_large(path: Path, received: str) -> PictureError:
    return PictureError(
        f"{path} has too many pixels",
        expected=f"at most {LIMIT:,}",
        received=received,
        remedy="save it smaller",
    )


def rgb(picture: Image.Image) -> np.ndarray:
    """Return a picture of any of Pillow's modes as uint8 (height, width, 3), laid on white."""
    if picture.mode.startswith(("I", "F")):  # grey in 16 bits or more: Pillow would clip it
        grey = np.asarray(picture, np.float64)
        grey = grey / 257 if picture.mode != "F" and grey.max(initial=0) > 255 else grey
        picture = Image.fromarray(np.clip(np.rint(grey), 0, 255).astype(np.uint8))
    if picture.has_transparency_data:
        shown = picture.convert("RGBA")
        picture = Image.alpha_composite(Image.new("RGBA", shown.size, "white"), shown)
    return np.asarray(picture.convert("RGB"))


def stretch(picture: np.ndarray, size: int) -> np.ndarray:
    """Return uint8 (height, width, 3) as (size, size, 3): area means to shrink, linear to enlarge.

    Per axis, so as the image cache of the runtime does where both axes shrink or both grow.
    """
    down, across = (_weights(n, size) for n in picture.shape[:2])
    rows = np.stack([np.tensordot(w, picture[a : a + len(w)], 1) for a, w in down])
    both = np.stack([np.tensordot(rows[:, a : a + len(w)], w, ((1,), (0,))) for a, w in across], 1)
    return np.floor(both + 0.5).astype(np.uint8)


def _weights(n: int, size: int) -> list[tuple[int, np.ndarray]]:
    """Return for each of `size` places the first of `n` pixels it takes, and their shares."""
    step, found = n / size, []
    for place in range(size):
        if n > size:
            first, last = int(place * step), min(n, int(np.ceil((place + 1) * step - 1e-9)))
            edges = np.arange(first, last + 1, dtype=np.float64)
            shares = np.diff(np.clip(edges, place * step, (place + 1) * step))
        else:
            centre = min(max((place + 0.5) * step - 0.5, 0), n - 1)
            first = min(int(centre), max(n - 2, 0))
            shares = np.array([1 - (centre - first), centre - first])[: n - first]
        found.append((first, shares / shares.sum()))
    return found
