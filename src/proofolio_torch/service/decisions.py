"""The decision log: JSON lines that are only appended, chained by hash, with anchors elsewhere.

    python -m proofolio_torch.service verify-log decisions.jsonl

Each line carries the SHA-256 of the line before it, so an edited, removed or reordered line shows.
A line cut off at the end, or a chain that was computed anew from an edit on, shows against an
anchor alone: number of lines and hash of the last, appended to a second file every so many lines
and on closing. Keep that file where who can write the log cannot, and hand `Head.text` to a
colleague or a git commit now and then. Lines after the last anchor are as safe as the disk.
"""

import os
import threading
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from proofolio import files
from proofolio.evidence import chain
from proofolio_torch.service.anchored import Head, Verdict, anchors_of, verify
from proofolio_torch.service.refusals import ServiceError

EVERY = 100  # lines between two anchors


class DecisionLog:
    """One process appends; a second one is refused while the first lives.

    A line is flushed to the disk (fsync) before `append` returns, one flush for all lines that wait
    for it. With `sync=False` the system flushes when it likes: a killed process still loses
    nothing, a power failure may lose the last seconds; anchors are written after a flush always.

    A kill in the middle of a line leaves a torn one. The next start cuts it off, appends a line of
    kind `recovered` that says so, and goes on; nobody was given that decision.

    Args:
        path: the log; made where it is missing.
        anchors: file of the anchors; `<path>.anchors` by default, better on another disk.
        every: lines between two anchors.
        sync: whether each line is flushed before it counts as written.

    Raises:
        ServiceError: another process writes the log, or it does not verify.
    """

    def __init__(
        self, path: Path, *, anchors: Path | None = None, every: int = EVERY, sync: bool = True
    ) -> None:
        self.path, self.anchors = Path(path), anchors_of(path, anchors)
        self._every, self._sync = every, sync
        self._write_lock, self._sync_lock = threading.Lock(), threading.Lock()
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.anchors.parent.mkdir(parents=True, exist_ok=True)
        self._owner = _owned(self.path)
        try:
            new = not self.path.exists() and not self.anchors.exists()
            verdict = Verdict(Head(0, None), 0, [])
            if not new:
                verdict = verify(self.path, self.anchors, torn=True)
            if verdict.problems:
                raise _broken(self.path, verdict)
            torn = _mend(self.path)
            _mend(self.anchors)
            self._file = _opened(self.path)
        except BaseException:
            self._owner.release()
            raise
        self._head, self._flushed = verdict.head, verdict.head.lines
        if new:
            self._anchor()
        if torn:
            dropped = {"dropped_bytes": len(torn), "dropped_sha256": files.sha256_bytes(torn)}
            self.append([{"kind": "recovered", **dropped}])

    @property
    def head(self) -> Head:
        """Number of lines and hash of the last."""
        return self._head

    def append(self, entries: Sequence[dict[str, Any]]) -> Head:
        """Append one line per entry, all or none, and return the head; safe from many threads.

        Each line gets `line` (from 1), `at` (UTC) and `previous` beside its entry.

        Raises:
            ServiceError: the lines could not be written; the log is as it was before.
        """
        with self._write_lock:
            lines, text, last, now = self._head.lines, [], self._head.sha256, _now()
            for entry in entries:
                lines += 1
                text.append(chain.linked({**entry, "line": lines, "at": now}, last))
                last = chain.head(text[-1])
            if text:
                self._write("".join(f"{line}\n" for line in text).encode())
            head = self._head = Head(lines, last)
        if self._sync:
            self._flush(head.lines)
        if head.lines // self._every > (head.lines - len(text)) // self._every:
            self.anchor()
        return head

    def anchor(self) -> Head:
        """Write the head to the anchors, flushed, and return it."""
        with self._write_lock:
            self._flush(self._head.lines)
            return self._anchor()

    def close(self) -> None:
        """Anchor and let another process in."""
        if self._file is None:
            return
        self.anchor()
        os.close(self._file)
        self._file = None
        self._owner.release()

    def __enter__(self) -> "DecisionLog":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _anchor(self) -> Head:
        entry = {"at": _now(), "lines": self._head.lines, "head": self._head.sha256}
        handle = _opened(self.anchors)
        try:
            os.write(handle, files.json_line(entry).encode())
            os.fsync(handle)
        finally:
            os.close(handle)
        return self._head

    def _write(self, data: bytes) -> None:
        """Write all or, where the disk refuses, nothing."""
        if self._file is None:
            raise ServiceError(f"{self.path.name} is closed", remedy="open the log again")
        size = os.fstat(self._file).st_size
        try:
            written = 0
            while written < len(data):
                written += os.write(self._file, data[written:])
        except OSError as error:
            os.ftruncate(self._file, size)
            raise ServiceError(
                f"{self.path.name} cannot be written",
                received=error.strerror or type(error).__name__,
                remedy="make room on its disk; no decision is given without a line in the log",
            ) from error

    def _flush(self, lines: int) -> None:
        """Flush up to a line; threads that waited for a flush which covered theirs skip it."""
        with self._sync_lock:
            if self._flushed < lines and self._file is not None:
                covered = self._head.lines
                os.fsync(self._file)
                self._flushed = covered


def _mend(path: Path) -> bytes:
    """Cut off a last line without line feed, which a killed writer left, and return its bytes."""
    if not path.is_file():
        return b""
    with open(path, "r+b") as stream:
        size = stream.seek(0, os.SEEK_END)
        block = min(size, 1 << 16)
        while True:
            stream.seek(size - block)
            tail = stream.read(block)
            if b"\n" in tail or block == size:
                break
            block = min(size, block * 2)
        torn = tail[tail.rfind(b"\n") + 1 :]
        if torn:
            stream.truncate(size - len(torn))
            os.fsync(stream.fileno())
    return torn


def _opened(path: Path) -> int:
    """Return a handle that appends; the name of a new file is flushed too."""
    new = not path.exists()
    handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    if new:
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    return handle


def _owned(path: Path) -> FileLock:
    lock = FileLock(path.with_name(f"{path.name}.lock"), thread_local=False)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise ServiceError(
            f"{path.name} is being written by another process",
            expected="one service per log",
            remedy="give each service a log of its own, or stop the other one",
        ) from None
    return lock


def _broken(path: Path, verdict: Verdict) -> ServiceError:
    return ServiceError(
        f"{path.name} does not verify and is not continued",
        expected="an unbroken chain that fits its anchors",
        received="; ".join(verdict.problems[:3]),
        remedy="keep log and anchors as they are, find out what happened, start a new log",
    )


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
