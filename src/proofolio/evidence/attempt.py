"""One attempt of a run: its id, the lock that keeps a second writer out, its clock."""

import os
import time
from pathlib import Path
from typing import Any, Self

from filelock import FileLock, Timeout

from proofolio import files
from proofolio.contract import Layout, RunError
from proofolio.evidence import log, provenance, store


class Attempt:
    """The attempt that is now being written, held under a lock until `release`.

    Attributes:
        id: The run id, `<base>` or `<base>-<number>` after failed attempts.
        resumed: Whether an earlier process opened this attempt and did not end it.
        started: UTC time of the first opening.
        work: Git-ignored folder for weights and state to resume from.
    """

    def __init__(self, layout: Layout, run_id: str, lock: FileLock) -> None:
        self.id = run_id
        self.work = layout.run_work(run_id)
        self._lock = lock
        self._clock = self.work / "clock.json"
        self._layout = layout
        opened = [e for e in log.entries(layout) if e.get("id") == run_id]
        self.resumed = bool(opened)
        self.started = opened[0]["time"] if opened else provenance.utc_now()
        before: dict[str, Any] = files.read_json(self._clock) if self._clock.is_file() else {}
        self._seconds_before = float(before.get("seconds", 0.0)) if opened else 0.0
        self._since = time.monotonic()

    @classmethod
    def open(cls, layout: Layout, base: str, *, again: bool) -> Self:
        """Lock `base` and return the attempt to write: a new one, or the one to resume.

        Raises:
            RunError: Another process writes this run, or it is finished and `again` is False.
        """
        lock = acquire(layout, base)
        try:
            return cls(layout, _next_id(layout, base, again=again), lock)
        except BaseException:
            lock.release()
            raise

    def seconds(self) -> float:
        """Return the time spent so far in seconds, over all processes that worked on it."""
        return self._seconds_before + time.monotonic() - self._since

    def tick(self) -> None:
        """Keep the time spent on disk, so that a kill loses at most one epoch of it."""
        files.write_json(self._clock, {"seconds": round(self.seconds(), 3)})

    def sweep(self) -> None:
        """Remove temporary files that a killed process left in this run's folders."""
        for folder in (self._layout.run(self.id), self.work):
            for name in ("run.json", "predictions.parquet", "history.csv", "clock.json"):
                for left in folder.glob(f".{name}.*"):
                    left.unlink(missing_ok=True)

    def release(self) -> None:
        """Let the next process in."""
        self._lock.release()


def acquire(layout: Layout, base: str) -> FileLock:
    """Return the held lock of a run; raises RunError that names the process holding it.

    The system frees the lock of a killed process by itself.
    """
    folder = layout.work / "runs"
    folder.mkdir(parents=True, exist_ok=True)
    holder = folder / f"{base}.pid"
    lock = FileLock(folder / f"{base}.lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise RunError(
            f"run {base} is being written by another process",
            expected="one writer per run",
            received=f"process {_pid(holder)} holds its lock",
            remedy=f"wait for process {_pid(holder)} or end it; the run can then be resumed",
        ) from None
    files.write_text(holder, f"{os.getpid()}\n")
    return lock


def _next_id(layout: Layout, base: str, *, again: bool) -> str:
    """Return the id of the last open attempt, or of a new one after the last that ended."""
    entries = log.entries(layout)
    known = store.attempts({e["id"] for e in entries}, base)
    if not known:
        return base
    last = known[-1]
    if (layout.run(last) / "run.json").is_file():
        store.heal(layout, store.run(layout, last))
    ended = log.closing(layout, last)
    if ended is None:
        return last
    if ended["status"] == "finished" and not again:
        raise RunError(
            f"run {last} is finished",
            received="the same configuration, seed, table and split",
            remedy="change one key of config for a new experiment, or record it again on purpose "
            "(train --again)",
        )
    return f"{base}-{len(known) + 1}"


def _pid(holder: Path) -> str:
    return holder.read_text().strip() if holder.is_file() else "unknown"
