"""Grades kept by content in the user's cache folder: an unchanged project is not graded again.

Nothing is ever written into a graded repository.
"""

import hashlib
import json
import os
import sys
from functools import lru_cache
from pathlib import Path

from proofolio import files
from proofolio.rubric.grade import Examined
from proofolio.rubric.history import History
from proofolio.rubric.originals import is_home
from proofolio.rubric.tree import Tree

MOST_KEPT = 2_000  # projects; the older half goes when there are more


def folder() -> Path:
    """Return the folder of kept grades: PROOFOLIO_CACHE, or the system's place for caches."""
    if given := os.environ.get("PROOFOLIO_CACHE"):
        return Path(given) / "grades"
    home = Path.home()
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA") or home / "AppData" / "Local")
    elif sys.platform == "darwin":
        base = home / "Library" / "Caches"
    else:
        base = Path(os.environ.get("XDG_CACHE_HOME") or home / ".cache")
    return base / "proofolio" / "grades"


def key(root: Path, *, full: bool, shipped: bool) -> str:
    """Return what a grade stands for: content, history, this program, and how it was asked."""
    tree = Tree(root)
    history = History(tree.root)
    parts = [tree.fingerprint(), history.head, history.why, *sorted(tree.links), program()]
    parts += sorted(tree.notes)
    parts += [full, shipped, is_home(tree.root)]
    return hashlib.sha256(repr(parts).encode()).hexdigest()


@lru_cache
def program() -> str:
    """Return a hash over the package's own files: another version grades anew."""
    package, digest = Path(__file__).parents[1], hashlib.sha256()
    for path in sorted(
        [*package.rglob("*.py"), *package.rglob("*.yaml"), *package.rglob("*.json")]
    ):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def read(place: Path, name: str) -> Examined | None:
    """Return a kept grade, or None; a file that does not fit counts as absent."""
    try:
        return Examined.of_json(json.loads((place / f"{name}.json").read_text(encoding="utf-8")))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def write(place: Path, name: str, examined: Examined) -> None:
    """Keep a grade; a folder that cannot be written is no reason to stop."""
    try:
        files.write_json(place / f"{name}.json", examined.as_json())
        kept = sorted(place.glob("*.json"), key=lambda p: p.stat().st_mtime)
        for path in kept[: len(kept) // 2] if len(kept) > MOST_KEPT else ():
            path.unlink(missing_ok=True)
    except OSError:
        return
