"""One process per project, so that a hostile or endless one costs its own grade and no other."""

import gc
import multiprocessing
import sys
import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from multiprocessing import connection
from pathlib import Path
from typing import Any

from proofolio.rubric import cache, limits
from proofolio.rubric.grade import Examined, examine, unreadable

QUICK_SECONDS, FULL_SECONDS = 900.0, 7_200.0  # of one project
MEMORY = 6 * 2**30  # bytes of one project; a study of 1.5 million events takes 4 GB


@dataclass(frozen=True)
class Asked:
    """How projects are graded: as `grade.examine`, with a cache, limits of time and memory."""

    full: bool = False
    shipped: bool = True
    cache: Path | None = None
    seconds: float | None = None
    memory: int = MEMORY

    @property
    def limit(self) -> float:
        """Seconds that one project may take."""
        return self.seconds or (FULL_SECONDS if self.full else QUICK_SECONDS)


def one(path: str, asked: Asked) -> Examined:
    """Return what is found in one project, from the cache where nothing changed."""
    options: dict[str, Any] = {"full": asked.full, "shipped": asked.shipped}
    if asked.cache is None or not Path(path).is_dir():
        return examine(path, **options)
    name = cache.key(Path(path), **options)
    kept = cache.read(asked.cache, name)
    if kept is not None:
        kept.path = path
        return kept
    found = examine(path, **options)
    cache.write(asked.cache, name, found)
    return found


def many(
    paths: Sequence[str],
    asked: Asked,
    *,
    jobs: int = 1,
    done: Callable[[str], None] = lambda path: None,
) -> list[Examined]:
    """Return what is found in each project, in order; `done` is called as each one ends."""
    forks = "fork" in multiprocessing.get_all_start_methods() and sys.platform == "linux"
    context = multiprocessing.get_context("fork" if forks else "spawn")
    if forks:
        _preload()
    waiting, running = list(enumerate(paths))[::-1], {}
    found: dict[int, Examined] = {}
    while waiting or running:
        while waiting and len(running) < max(1, jobs):
            index, path = waiting.pop()
            ours, theirs = context.Pipe(duplex=False)
            process = context.Process(target=_work, args=(theirs, path, asked), daemon=True)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", DeprecationWarning)  # fork beside idle threads
                process.start()
            theirs.close()
            running[ours] = (index, path, process, time.monotonic() + asked.limit)
        soonest = min(deadline for *_, deadline in running.values())
        connection.wait(list(running), timeout=max(0.0, soonest - time.monotonic()))
        for pipe, (index, path, process, deadline) in list(running.items()):
            if not pipe.poll() and time.monotonic() < deadline:
                continue
            found[index] = _received(pipe, path, process, asked.limit)
            del running[pipe]
            done(path)
    gc.unfreeze()
    return [found[index] for index in range(len(paths))]


def _work(pipe: Any, path: str, asked: Asked) -> None:
    try:
        limits.bound(asked.memory)
        answer = one(path, asked)
    except BaseException as error:  # whatever a stranger's project does, it is one line
        answer = unreadable(path, f"{type(error).__name__}: {error}")
    pipe.send(answer.as_json())
    pipe.close()


def _received(pipe: Any, path: str, process: Any, limit: float) -> Examined:
    """Return a worker's answer; one that died or took too long is ended and told of."""
    try:
        answer = Examined.of_json(pipe.recv()) if pipe.poll() else None
        why = f"it took over {limit:.0f} s"
    except (EOFError, OSError):
        answer, why = None, "its grading ended without an answer (killed, or out of memory)"
    if answer is None:
        process.kill()
    process.join(timeout=10)
    pipe.close()
    return answer or unreadable(path, why)


def _preload() -> None:
    """Import once what every worker needs, before they are forked."""
    import pyarrow.dataset
    import pyarrow.pandas_compat  # noqa: F401
    import scipy.optimize  # noqa: F401

    from proofolio import claims, verify
    from proofolio.cards import questions
    from proofolio.rubric import originals
    from proofolio.rubric.criteria import rubric
    from proofolio.verify import load

    assert claims and verify and questions and load
    rubric()
    originals.shipped()
    cache.program()
    for events in (False, True):
        verify._checks(events=events)
    gc.collect()
    gc.freeze()  # what is imported stays in pages that the workers share
