"""Text of a graded repository, made harmless: it is untrusted and ends in terminals and pages."""

import re
import unicodedata
from collections.abc import Mapping
from typing import Any

LONGEST = 600  # characters of one text in a report; the JSON keeps them all
_LITERAL = {"path", "name", "evidence"}  # file names: white space in them is shown, not folded
_JOINERS = "\u200c\u200d"  # format characters that Persian, Indic scripts and emoji need
_HIDDEN = {"Cc", "Cf", "Cs", "Zl", "Zp"}


def visible(text: object) -> str:
    """Return `text` with each control, format or surrogate character as its escape, cut if long.

    No newline, terminal escape or change of writing direction is left, and the text encodes as
    UTF-8 even where a file name did not decode.
    """
    head = str(text)[: LONGEST + 1]
    shown = head if head.isprintable() else "".join(map(_visible, head))
    return shown if len(shown) <= LONGEST else shown[: LONGEST - 1] + "…"


def line(text: object) -> str:
    """Return prose as one line: white space folded, then as `visible`."""
    return visible(" ".join(str(text)[: 4 * LONGEST].split()))


def harmless(value: Any, key: str = "") -> Any:
    """Return a result with every text made visible on one line; other values as they are."""
    if isinstance(value, Mapping):
        return {visible(k): harmless(v, str(k)) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [harmless(v, key) for v in value]
    if isinstance(value, str):
        return visible(value) if key in _LITERAL else line(value)
    return value


def number(value: float | int | None) -> str:
    """Return points to one decimal, without a trailing zero: "7.5", "12"."""
    return "" if value is None else f"{value:.1f}".removesuffix(".0")


def address(url: object) -> str:
    """Return `url` if a page may link to it (http, https or a relative address), else ""."""
    text = str(url or "").strip()
    scheme = re.match(r"[^/?#]*:", text)
    allowed = re.match(r"https?://[^\s]", text, re.IGNORECASE) or (
        text and not scheme and not text.startswith(("//", "\\"))
    )
    return text if allowed and visible(text) == text else ""


def _visible(character: str) -> str:
    if unicodedata.category(character) not in _HIDDEN or character in _JOINERS:
        return character
    return character.encode("unicode_escape").decode()
