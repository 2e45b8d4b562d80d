"""A repository of a stranger, read within limits: no link is followed, nothing is run.

Files are listed once, by name, without following symbolic links or leaving the root; what is
skipped is a note in the report. Contents are read on demand, as text with replacement characters.
"""

import hashlib
import os
import stat
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO

from proofolio.rubric import parsing
from proofolio.rubric.parsing import Refused, one_line

MOST_FILES = 20_000
MOST_TEXT = 5_000_000  # bytes of one text file
MOST_HASHED = 30_000_000  # bytes of one file of evidence; a bigger one is refused
MOST_READ = 60_000_000  # bytes of text in all
MOST_KEPT = 20_000_000  # bytes of text kept for a second look
DEEPEST = 20  # folders
LISTING_SECONDS = 5.0
# Built, downloaded or git-ignored by every template: no part of what an author hands in.
SKIPPED = {
    ".git", ".hg", ".svn", ".venv", "venv", "node_modules", "__pycache__", ".pytest_cache",
    ".ruff_cache", ".mypy_cache", ".tox", ".ipynb_checkpoints", ".eggs", "site-packages",
    "work", "wandb", "mlruns", "lightning_logs", ".cache",
}  # fmt: skip
DATA = {"data", "datasets", "raw"}  # folders of data at the top: listed, not read


@dataclass
class Tree:
    """The files of one repository by POSIX path, and what was left out and why."""

    root: Path
    notes: list[str] = field(default_factory=list)
    whole: bool = True  # False: some of it could not be listed
    _links: list[str] = field(default_factory=list)
    _read: int = 0
    _kept: int = 0
    _texts: dict[str, str] = field(default_factory=dict)
    _values: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.root = self.root.resolve()  # the root itself may be reached by a link

    @cached_property
    def sizes(self) -> dict[str, int]:
        """Size in bytes of each plain file, sorted by path."""
        found: dict[str, int] = {}
        deadline = time.monotonic() + LISTING_SECONDS
        for name, size in self._walk(self.root, "", 0):
            found[name] = size
            if len(found) >= MOST_FILES:
                self._cut(f"more than {MOST_FILES:,} files: the rest is not looked at")
                break
            if time.monotonic() > deadline:
                self._cut(f"listing took over {LISTING_SECONDS:.0f} s: the rest is not looked at")
                break
        return dict(sorted(found.items()))

    def _walk(self, folder: Path, prefix: str, level: int) -> Iterator[tuple[str, int]]:
        if level > DEEPEST:
            self._cut(f"{prefix}: folders deeper than {DEEPEST} levels are not looked at")
            return
        folders = []
        try:
            with os.scandir(folder) as entries:
                for entry in entries:  # not sorted yet: a folder may hold more than is wanted
                    name = prefix + _decodable(entry.name)
                    if entry.is_symlink():
                        self._links.append(name)
                        self.note(f"{name}: a symbolic link, not followed")
                    elif entry.is_dir(follow_symlinks=False):
                        if entry.name not in SKIPPED or name.startswith("evidence/"):
                            folders.append((name + "/", folder / entry.name))
                    elif stat.S_ISREG(entry.stat(follow_symlinks=False).st_mode):
                        yield name, entry.stat(follow_symlinks=False).st_size
                    else:
                        self.note(f"{name}: no plain file, not read")
        except OSError as error:
            self._cut(f"{prefix or '.'}: cannot be listed ({error.strerror})")
        for name, path in sorted(folders):
            yield from self._walk(path, name, level + 1)

    def _cut(self, why: str) -> None:
        self.whole = False
        self.note(why)

    @property
    def links(self) -> list[str]:
        """Symbolic links, of which none is followed."""
        assert self.sizes is not None  # listed by now
        return self._links

    def note(self, text: str) -> None:
        """Add a line to what the report says of the reading; the first fifty are kept."""
        text = one_line(text)
        if text not in self.notes and len(self.notes) < 50:
            self.notes.append(text)

    def __contains__(self, name: str) -> bool:
        return name in self.sizes

    def match(self, *patterns: str) -> list[str]:
        """Return the files whose path fits one of the patterns (`*` spans folders), any case."""
        lowered = [p.lower() for p in patterns]
        return [n for n in self.sizes if any(fnmatchcase(n.lower(), p) for p in lowered)]

    def first(self, *patterns: str) -> str | None:
        """Return the first file that fits, patterns in order of preference."""
        return next((n for pattern in patterns for n in self.match(pattern)), None)

    def data(self, name: str, most: int = MOST_TEXT) -> bytes:
        """Return a file's bytes; raises Refused where it is missing, too big or no plain file."""
        size = self.sizes.get(name)
        if size is None:
            raise Refused(f"{one_line(name)} is missing")
        if size > most:
            raise Refused(f"{one_line(name)} has {size:,} bytes, the limit is {most:,}")
        if self._read + size > MOST_READ:
            raise Refused(f"{one_line(name)} is not read: over {MOST_READ:,} bytes were read")
        try:
            with self.opened(name) as stream:
                found = stream.read(most + 1)
        except OSError as error:
            raise Refused(f"{one_line(name)} cannot be read ({error.strerror})") from None
        self._read += len(found)
        if len(found) > most:
            raise Refused(f"{one_line(name)} has over {most:,} bytes")
        return found

    def opened(self, name: str) -> BinaryIO:
        """Return a file opened for reading, never a link or a pipe; raises OSError."""
        flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
        handle = os.open(self.root / name, flags | getattr(os, "O_BINARY", 0))
        return os.fdopen(handle, "rb")

    def text(self, name: str) -> str:
        """Return a file as text, invalid bytes replaced; empty (with a note) where refused."""
        if name not in self._texts:
            try:
                found = self.data(name).decode("utf-8", errors="replace")
            except Refused as error:
                found = ""
                if name in self.sizes:
                    self.note(str(error))
            found = found.replace("\r\n", "\n")
            self._kept += len(found)
            if self._kept > MOST_KEPT and len(found) > MOST_KEPT // 1000:
                return found  # read again rather than held
            self._texts[name] = found
        return self._texts[name]

    def yaml(self, name: str) -> Any:
        """Return the value of a YAML file, or None with a note."""
        return self._value(name, parsing.read_yaml)

    def json(self, name: str) -> Any:
        """Return the value of a JSON file, or None with a note."""
        return self._value(name, parsing.read_json)

    def _value(self, name: str, read: Any) -> Any:
        if name not in self.sizes:
            return None
        if name not in self._values:
            try:
                self._values[name] = read(self.text(name))
            except Refused as error:
                self.note(f"{name}: {error}")
                self._values[name] = None
        return self._values[name]

    def fingerprint(self) -> str:
        """Return a hash over names, sizes, times and text: what a cached grade stands for.

        Evidence and small files count by content, big ones by size and time of change.
        """
        digest, left = hashlib.sha256(), 2 * MOST_READ  # evidence, and text
        for name, size in self.sizes.items():
            digest.update(f"{name}\0{size}\0".encode())
            try:
                top = PurePosixPath(name).parts[0]
                most = MOST_HASHED if top == "evidence" else MOST_TEXT
                if size <= min(most, left) and top not in DATA:
                    left -= size
                    with self.opened(name) as stream:
                        digest.update(hashlib.sha256(stream.read(size + 1)).digest())
                else:
                    digest.update(str((self.root / name).lstat().st_mtime_ns).encode())
            except OSError:
                digest.update(b"unreadable")
        return digest.hexdigest()


def _decodable(name: str) -> str:
    """Return a file name that can be printed and hashed; undecodable bytes cannot be opened."""
    return name.encode("utf-8", errors="surrogateescape").decode("utf-8", errors="replace")
