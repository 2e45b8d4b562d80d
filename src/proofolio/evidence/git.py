"""The few git commands the proof needs: find the repository, read commits, commit paths."""

import os
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path

from proofolio import memo
from proofolio.contract import Layout, SealError

# A hook or another git command may point these elsewhere; the project's own folder decides.
_FOREIGN = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_OBJECT_DIRECTORY")
_GENERATED = ("evidence", "MODEL_CARD.md", "DATA_CARD.md", "README.md", "docs")
_LOCK_RETRIES = 5
Version = tuple[str, Path]  # a commit and a file of the project
_within: ContextVar[tuple[dict[str, str], float | None, list[str]]] = ContextVar(
    "within", default=({}, None, [])
)


@contextmanager
def within(settings: dict[str, str], seconds: float | None = None) -> Iterator[list[str]]:
    """Run every git command of a block with these environment variables and within this time.

    A reader of a repository that it doesn't trust names another GIT_DIR here. Once a command took
    longer, none is run until the block ends; what is yielded then names that command.
    """
    slow: list[str] = []
    token = _within.set((settings, seconds, slow))
    try:
        yield slow
    finally:
        _within.reset(token)


def call(folder: Path, *arguments: str, given: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    """Run git in `folder`, with `given` as its input, and return the completed process.

    A missing git counts as exit 127, one that takes longer than `within` allows as exit 124.
    """
    settings, seconds, slow = _within.get()
    environment = {k: v for k, v in os.environ.items() if k not in _FOREIGN} | {"LC_ALL": "C"}
    environment |= settings
    command = ["git", "-c", "core.quotepath=false", *arguments]
    if slow:
        return subprocess.CompletedProcess(command, 124, b"", b"git took too long before")
    try:
        return subprocess.run(
            command, cwd=folder, env=environment, capture_output=True, timeout=seconds, input=given
        )
    except subprocess.TimeoutExpired:
        slow.append(arguments[0])
        return subprocess.CompletedProcess(command, 124, b"", b"git took too long")
    except FileNotFoundError:
        return subprocess.CompletedProcess(command, 127, b"", b"git is not installed")


def _read(folder: Path, *arguments: str, given: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    """Run a command that changes nothing: within `memo.kept` each one once."""
    key = ("git", folder, arguments, given)
    return memo.once(key, lambda: call(folder, *arguments, given=given))


def root_of(layout: Layout) -> Path | None:
    """Return the top folder of the repository that keeps this project's evidence, else None.

    A project may stand in a subfolder of a bigger repository; one that an outer repository
    ignores (a build folder) is in no repository.
    """
    if not layout.root.is_dir():
        return None
    found = _read(layout.root, "rev-parse", "--show-toplevel")
    if found.returncode != 0:
        return None
    top = Path(found.stdout.decode().strip()).resolve()
    if top != layout.root and _ignored(layout, layout.selection):
        return None
    return top


def init(layout: Layout) -> Path:
    """Return the project's repository, made in the project's root where there is none."""
    top = root_of(layout)
    if top is None:
        _demand(call(layout.root, "init", "-q", "-b", "main"), "git init failed")
        top = layout.root
    return top


def commit(layout: Layout, paths: Sequence[Path], message: str) -> str:
    """Commit only `paths` as they stand; return the commit that holds them.

    Nothing else that is staged is taken along; hooks run; an unchanged tree makes no commit. Where
    git knows no author, "proofolio" signs; signing by key is off, since it may ask for a password.
    """
    names = [p.relative_to(layout.root).as_posix() for p in paths if p.exists()]
    # Left-overs of a killed writer are hidden files: never part of the record.
    spec = [*names, ":(exclude,glob)evidence/**/.*"]
    _demand(_patient(layout.root, "add", "--", *spec), "git add failed")
    if call(layout.root, "status", "--porcelain", "--untracked-files=no", "--", *spec).stdout:
        options = [*_identity(layout.root), "-c", "commit.gpgsign=false"]
        done = _patient(layout.root, *options, "commit", "-q", "-m", message, "--", *spec)
        _demand(done, "git commit failed")
    return head(layout) or ""


def head(layout: Layout) -> str | None:
    """Return the current commit, or None."""
    found = call(layout.root, "rev-parse", "-q", "--verify", "HEAD^{commit}")
    return found.stdout.decode().strip() if found.returncode == 0 else None


def dirty(layout: Layout) -> bool:
    """Whether anything of the project but generated files differs from HEAD, new files included."""
    excludes = [f":(exclude){name}" for name in _GENERATED]
    found = call(layout.root, "status", "--porcelain", "--", ".", *excludes)
    return found.returncode != 0 or bool(found.stdout.strip())


def committed_blob(layout: Layout, commit: str, path: Path) -> bytes | None:
    """Return the bytes of a project's file in a commit, or None where it is not there."""
    return blobs(layout, [(commit, path)]).get((commit, path))


def committed_blobs(layout: Layout, commit: str, paths: Sequence[Path]) -> dict[Path, bytes]:
    """Return the bytes of those of a project's files that are in a commit, by one git process."""
    found = blobs(layout, [(commit, path) for path in paths])
    return {path: data for (_, path), data in found.items()}


def blobs(layout: Layout, asked: Sequence[Version]) -> dict[Version, bytes]:
    """Return the bytes of the project's files in the commits that have them, by one process."""
    named = {(c, p): f"{c}:./{p.relative_to(layout.root).as_posix()}" for c, p in asked}
    named = {version: name for version, name in named.items() if "\n" not in name}
    if not named:
        return {}
    lines = "".join(f"{name}\n" for name in named.values())
    rest, found = _read(layout.root, "cat-file", "--batch", given=lines.encode()).stdout, {}
    for version in named:
        head, _, rest = rest.partition(b"\n")
        kind, _, size = head.removesuffix(b" missing").rpartition(b" ")
        if head.endswith(b" missing") or not size.isdigit():
            continue
        if kind.endswith(b" blob"):
            found[version] = rest[: int(size)]
        rest = rest[int(size) + 1 :]
    return found


def committed_paths(layout: Layout, commit: str, folder: Path) -> list[Path] | None:
    """Return the files below a project's folder in a commit, or None for an unknown commit."""
    name = folder.relative_to(layout.root).as_posix()
    found = _read(layout.root, "ls-tree", "-r", "-z", "--name-only", commit, "--", name)
    if found.returncode != 0:
        return None
    return [layout.root / entry for entry in found.stdout.decode().split("\0") if entry]


def commits(layout: Layout, path: Path) -> list[str]:
    """Return the commits of the main line that changed a file, newest first."""
    name = path.relative_to(layout.root).as_posix()
    found = _read(layout.root, "log", "--first-parent", "--format=%H", "--", name)
    return found.stdout.decode().split() if found.returncode == 0 else []


def last_commit(layout: Layout, path: Path) -> str | None:
    """Return the commit that last changed a file, or None."""
    name = path.relative_to(layout.root).as_posix()
    found = _read(layout.root, "log", "-1", "--format=%H", "--", name)
    return found.stdout.decode().strip() or None if found.returncode == 0 else None


def commit_time(layout: Layout, commit: str) -> int | None:
    """Return when a commit was made, in seconds since 1970 UTC; None where it is not there."""
    found = _read(layout.root, "log", "-1", "--format=%ct", commit, "--")
    return int(found.stdout) if found.returncode == 0 and found.stdout.strip() else None


def _ignored(layout: Layout, path: Path) -> bool:
    name = path.relative_to(layout.root).as_posix()
    return call(layout.root, "check-ignore", "-q", "--", name).returncode == 0


def _identity(folder: Path) -> list[str]:
    """Return options that name an author where none is configured (never the machine's name)."""
    options = []
    for key, fallback in (("user.name", "proofolio"), ("user.email", "proofolio@localhost")):
        if not call(folder, "config", key).stdout.strip():
            options += ["-c", f"{key}={fallback}"]
    return options


def _patient(folder: Path, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    """Run git again for a while where another process holds the index."""
    done = call(folder, *arguments)
    for attempt in range(_LOCK_RETRIES):
        if done.returncode == 0 or b"index.lock" not in done.stderr:
            break
        time.sleep(0.2 * 2**attempt)
        done = call(folder, *arguments)
    return done


def _demand(done: subprocess.CompletedProcess[bytes], what: str) -> None:
    if done.returncode != 0:
        said = (done.stderr or done.stdout).decode(errors="replace").strip()
        raise SealError(
            what,
            expected="git to keep the evidence: it shows that the choice came before the test",
            received=said[-500:],
            remedy="install git, or mend what it names, and run the same command again",
        )
