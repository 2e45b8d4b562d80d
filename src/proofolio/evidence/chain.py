"""A chain of JSON lines: each carries the SHA-256 of the line before it, null on the first."""

import json
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from proofolio import files

FIELD = "previous"


class Link(NamedTuple):
    """One line of a chain that is read back.

    Attributes:
        number: of the line, from 1.
        text: the line without its line feed.
        entry: its JSON object; None where the line is no JSON object.
        intact: whether it carries the hash of the line before it.
    """

    number: int
    text: str
    entry: dict[str, Any] | None
    intact: bool


def head(line: str | None) -> str | None:
    """Return the hash that the line after `line` must carry; None before the first line."""
    return None if line is None else files.sha256_text(line)


def linked(entry: dict[str, Any], last: str | None) -> str:
    """Return the next line, without its line feed, where a line of the hash `last` stands before.

    Args:
        entry: what the line says; any `previous` in it is replaced.
        last: the `head` of the line before.
    """
    return files.json_line({**entry, FIELD: last}).rstrip("\n")


def follow(lines: Iterable[str]) -> Iterator[Link]:
    """Yield every line with what it says and whether it continues the line before it."""
    last = None
    for number, text in enumerate(lines, 1):
        entry = _object(text)
        yield Link(number, text, entry, entry is not None and entry.get(FIELD) == last)
        last = head(text)


def _object(text: str) -> dict[str, Any] | None:
    try:
        entry = json.loads(text)
    except ValueError:
        return None
    return entry if isinstance(entry, dict) else None
