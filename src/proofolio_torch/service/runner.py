"""Call a scorer from threads: its state from one, its model with a time limit, else its rules."""

import asyncio
import logging
import threading
import traceback
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from proofolio_torch.service.scorer import Scored, Scorer
from proofolio_torch.service.settings import Settings

logger = logging.getLogger("proofolio.service")
_WRITERS = 4  # threads that wait for the log's flush together


class Runner:
    """The threads of one service.

    A thread cannot be ended from outside: a model call past its limit is left to itself. While so
    many hang that no thread is left, the rules answer at once instead of after the time limit.

    Attributes:
        fault: why the model does not answer at all, or None.
    """

    def __init__(self, scorer: Scorer, settings: Settings) -> None:
        self._scorer, self._settings = scorer, settings
        self._state = ThreadPoolExecutor(1, "state")
        self._model = ThreadPoolExecutor(settings.running, "model")
        self._rules = ThreadPoolExecutor(1, "rules")
        self._log = ThreadPoolExecutor(_WRITERS, "log")
        self._hanging, self._lock = 0, threading.Lock()
        self.fault: str | None = "the model is not loaded yet"

    @property
    def hanging(self) -> int:
        """Model calls that passed their limit and still run."""
        return self._hanging

    async def load(self) -> None:
        """Start the scorer, whose failure is raised, and load the model, whose failure is kept."""
        await self.state(self._scorer.start)
        try:
            await self._limited(self._settings.load_s, self._scorer.load)
            self.fault = None
        except TimeoutError:
            self.fault = f"the model did not load within {self._settings.load_s:g} s"
        except Exception as error:
            self.fault = f"the model did not load: {type(error).__name__}"
            logger.error("%s at %s", self.fault, place(error))

    async def state(self, call: Callable, *given: Any) -> Any:
        """Call what reads or changes the state, one call after the other."""
        return await asyncio.wrap_future(self._state.submit(call, *given))

    async def log(self, call: Callable, *given: Any) -> Any:
        """Call what writes the log."""
        return await asyncio.wrap_future(self._log.submit(call, *given))

    async def score(self, prepared: Any, number: int) -> tuple[Sequence[Scored], str | None]:
        """Return one answer per item, and why the rules gave them, or None for the model."""
        reason = self.fault
        if reason is None and self._hanging >= self._settings.running:
            reason = "every thread of the model hangs"
        if reason is None:
            try:
                results = await self._limited(self._settings.model_s, self._scorer.model, prepared)
                if len(results) == number and all(isinstance(r, Scored) for r in results):
                    return results, None
                reason = "the model did not give one answer per item"
            except TimeoutError:
                reason = f"the model took longer than {self._settings.model_s:g} s"
            except Exception as error:
                reason = f"the model raised {type(error).__name__}"
                logger.error("%s at %s", reason, place(error))
        future = self._rules.submit(self._scorer.rules, prepared)
        return await asyncio.wrap_future(future), reason

    async def close(self) -> None:
        """Close the scorer, and let go of all threads that do not hang."""
        await self.state(self._scorer.close)
        for pool in (self._state, self._model, self._rules, self._log):
            pool.shutdown(wait=False, cancel_futures=True)

    async def _limited(self, limit: float, call: Callable, *given: Any) -> Any:
        """Call in a model thread; raises TimeoutError and counts the call where it goes on."""
        future = self._model.submit(call, *given)
        # wait, unlike wait_for, tells a limit that has passed from a TimeoutError of the model
        waited = asyncio.wrap_future(future)
        done, _ = await asyncio.wait([waited], timeout=limit)
        if done:
            try:
                return waited.result()
            except TimeoutError as error:
                raise RuntimeError("a time-out inside the model") from error
        if not future.cancel():
            with self._lock:
                self._hanging += 1
            future.add_done_callback(self._over)
        waited.cancel()
        raise TimeoutError

    def _over(self, _: Future) -> None:
        with self._lock:
            self._hanging -= 1


def place(error: BaseException) -> str:
    """Return file and line of an exception: its text could hold what a caller sent."""
    frames = traceback.extract_tb(error.__traceback__)
    return f"{frames[-1].filename.rsplit('/', 1)[-1]}:{frames[-1].lineno}" if frames else "?"
