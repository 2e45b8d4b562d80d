"""The git history of a graded repository, read without its configuration.

A repository's own `.git/config` can name programs that git runs (hooks, filters, file monitors,
textconv, signature checks, remote helpers). So git is started with an empty folder of our own as
its repository, which borrows the objects alone; no setting of the graded repository, of the user
or of the system is read.
"""

import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from proofolio.evidence import git
from proofolio.rubric.parsing import one_line

SECONDS = 3.0  # of one git command; after the first that takes longer none is run
MOST_COMMITS = 2_000
_SHA = re.compile(r"[0-9a-f]{40}")
_NULL = "/dev/null" if os.name != "nt" else "NUL"
_SAFE = {
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_SYSTEM": _NULL,
    "GIT_CONFIG_GLOBAL": _NULL,
    "GIT_ATTR_NOSYSTEM": "1",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_PAGER": "cat",
    "GIT_PROTOCOL_FROM_USER": "0",
    "GIT_ALLOW_PROTOCOL": "none",
}
_CONFIG = """[core]
\trepositoryformatversion = 0
\tbare = false
\tfsmonitor = false
\thooksPath = /dev/null
\tcommitGraph = false
"""


@dataclass(frozen=True)
class Commit:
    """One commit: hash, seconds since 1970 UTC, subject line, names of changed files."""

    sha: str
    time: int
    subject: str
    files: tuple[str, ...]


class History:
    """Commits of the repository that holds `root`; without one, or unreadable, `why` says so."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.why = ""
        self.top = self._top()
        self.head = self._head() if self.top else None

    def _top(self) -> Path | None:
        for folder in (self.root, *self.root.parents):
            place = folder / ".git"
            if not os.path.lexists(place):
                continue
            if place.is_symlink() or not place.is_dir():
                self.why = ".git is a link or points elsewhere, so the history is not read"
                return None
            if not _own(place / "objects"):
                self.why = "its git objects lie elsewhere, so the history is not read"
                return None
            return folder
        self.why = "there is no git history"
        return None

    def _head(self) -> str | None:
        """Return the commit that HEAD names, by reading three small files."""
        found = _small(self.top / ".git" / "HEAD").strip()
        for _ in range(5):
            if _SHA.fullmatch(found):
                return found
            name = found.removeprefix("ref:").strip()
            if not re.fullmatch(r"refs/[\w./-]+", name) or ".." in name:
                break
            found = _small(self.top / ".git" / name).strip() or self._packed(name)
        self.why = self.why or "the history has no commit yet, or HEAD cannot be read"
        return None

    def _packed(self, name: str) -> str:
        for line in _small(self.top / ".git" / "packed-refs", 1_000_000).splitlines():
            sha, _, ref = line.partition(" ")
            if ref == name:
                return sha
        return ""

    @contextmanager
    def borrowed(self) -> Iterator[bool]:
        """Let `proofolio.evidence.git` read this history, and only in the safe way, in a block.

        Where there is none to read, git finds no repository at all in the block.
        """
        with tempfile.TemporaryDirectory(prefix="proofolio-git-") as name:
            place, settings = Path(name), dict(_SAFE)
            settings["GIT_DIR"] = str(place)
            if self.head is not None:
                for folder in ("objects", "refs/heads"):
                    (place / folder).mkdir(parents=True)
                (place / "config").write_text(_CONFIG, encoding="utf-8")
                (place / "HEAD").write_text(self.head + "\n", encoding="utf-8")
                settings["GIT_OBJECT_DIRECTORY"] = str(self.top / ".git" / "objects")
                settings["GIT_WORK_TREE"] = str(self.top)
            with git.within(settings, seconds=SECONDS) as slow:
                yield self.head is not None
            if slow:
                self.head, self.why = None, f"git took over {SECONDS:.0f} s to read the history"

    @cached_property
    def commits(self) -> list[Commit]:
        """Commits that touch the project, newest first; empty where they cannot be read."""
        if self.head is None:
            return []
        form = "%x01%H%x02%ct%x02%s"
        options = ["--no-color", "--no-ext-diff", "--no-textconv", "--no-show-signature"]
        listing = [f"--format={form}", "--name-only", "--no-renames", f"-{MOST_COMMITS}"]
        with self.borrowed():
            done = git.call(self.root, "log", *options, *listing, "HEAD", "--", ".")
        if done.returncode != 0:
            self.why = self.why or "git cannot read the history: " + one_line(
                done.stderr.decode(errors="replace"), 120
            )
            return []
        if not done.stdout:
            self.why = "no commit of the repository around it holds this folder"
        found = []
        for record in done.stdout.decode(errors="replace").split("\x01")[1:]:
            head, _, names = record.partition("\n")
            sha, when, subject = [*head.split("\x02"), "", ""][:3]
            kept = tuple(n for n in names.split("\n") if n)
            found.append(Commit(sha, int(when or 0), one_line(subject, 120), kept))
        return found

    @cached_property
    def tracked(self) -> set[str] | None:
        """Files of the project in the newest commit; None where there is no history to read."""
        if self.head is None:
            return None
        with self.borrowed():
            done = git.call(self.root, "ls-tree", "-r", "-z", "--name-only", "HEAD", ".")
        names = {n for n in done.stdout.decode(errors="replace").split("\0") if n}
        return names or None  # none: an outer repository ignores this folder


def _own(objects: Path) -> bool:
    """Whether every object lies in this folder: no link, no pipe, no other store."""
    if objects.is_symlink() or os.path.lexists(objects / "info" / "alternates"):
        return False
    plain = {objects: Path.is_dir, objects / "pack": Path.is_file, objects / "info": Path.is_file}
    for folder, fits in plain.items():
        if folder.is_dir():
            with os.scandir(folder) as entries:
                if any(entry.is_symlink() or not fits(Path(entry.path)) for entry in entries):
                    return False
    return True


def _small(path: Path, most: int = 4_000) -> str:
    if path.is_symlink() or not path.is_file() or path.stat().st_size > most:
        return ""
    return path.read_text(encoding="utf-8", errors="replace")
