"""Grades kept by content in the user's cache folder: an unchanged project is not graded again.

Nothing is ever written into a graded repository.
"""

import hashlib
import json
import math
import os
import shutil
import stat
import sys
from functools import lru_cache
from pathlib import Path

from pydantic import TypeAdapter

from proofolio import files
from proofolio.rubric import parsing
from proofolio.rubric.grade import Examined
from proofolio.rubric.history import History
from proofolio.rubric.originals import is_home
from proofolio.rubric.outcome import CHECKS
from proofolio.rubric.tree import Tree

MOST_BYTES = 2_000_000  # of one kept grade
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
    parts += [full, shipped, is_home(tree.root), shutil.which("git") is not None]
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
    """Return a kept grade, or None; a file that is not wholly as `write` left it counts as absent.

    Others may be able to write into the folder: no link is followed, what is too big or too deep
    is not read, and every value is of the kind that grading makes.
    """
    path = place / f"{name}.json"
    try:
        if not stat.S_ISREG(path.lstat().st_mode) or path.stat().st_size > MOST_BYTES:
            return None
        value = parsing.read_json(path.read_text(encoding="utf-8"))
        if not isinstance(value, dict) or value.get("key") != name:
            return None
        found = TypeAdapter(Examined).validate_python(value["examined"])
    except (OSError, ValueError, KeyError):  # pydantic's and the parser's errors are ValueErrors
        return None
    return found if found.as_json() == value["examined"] and _ours(found) else None


def _ours(found: Examined) -> bool:
    """Whether a kept grade says one printable thing of each automatic criterion."""
    outcomes = found.outcomes.values()
    told = [t for o in outcomes for t in (o.message, *o.evidence, o.gate or "")]
    return (
        set(found.outcomes) == set(CHECKS)
        and all(o.share is None or 0 <= o.share <= 1 for o in outcomes)
        and all(text.isprintable() for text in (*told, *found.notes))
        and set(found.marks) == {"log", "predictions"}
        and math.isfinite(found.seconds)
    )


def write(place: Path, name: str, examined: Examined) -> None:
    """Keep a grade; a folder that cannot be written is no reason to stop."""
    try:
        kept = {"key": name, "examined": examined.as_json()}
        files.write_text(place / f"{name}.json", json.dumps(kept))
        kept = sorted(place.glob("*.json"), key=lambda p: p.stat().st_mtime)
        for path in kept[: len(kept) // 2] if len(kept) > MOST_KEPT else ():
            path.unlink(missing_ok=True)
    except OSError:
        return
