"""A bounded number of requests at work, a bounded number waiting, and the rest refused at once."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Full(Exception):
    """No place is left, or none came free in time; the text is the reason, one of three words."""


class Gate:
    """Let `running` requests through at once and `waiting` more wait up to `waiting_s` seconds."""

    def __init__(self, running: int, waiting: int, waiting_s: float) -> None:
        self._places = asyncio.Semaphore(running)
        self._most, self._waiting_s = running + waiting, waiting_s
        self.inside = 0  # at work or waiting
        self.closed = False

    @asynccontextmanager
    async def enter(self) -> AsyncIterator[None]:
        """Hold a place; raises Full at once where the queue is full or the gate is closed."""
        if self.closed:
            raise Full("closing")
        if self.inside >= self._most:
            raise Full("full")
        self.inside += 1
        try:
            try:
                async with asyncio.timeout(self._waiting_s):
                    await self._places.acquire()
            except TimeoutError:
                raise Full("waited") from None
            try:
                yield
            finally:
                self._places.release()
        finally:
            self.inside -= 1
