"""Requests that come at once go through the network together."""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future

import numpy as np

Call = Callable[[Sequence[np.ndarray]], np.ndarray]


class Batches:
    """Gather the pictures of several threads and score them in one call.

    The first thread to come is the one that calls; while it works, those that come after wait and
    form the next batch. So a lone request waits for nobody, and a batch grows with the load.

    Args:
        call: pictures to rows, one for each.
        most: pictures in one call.

    Attributes:
        calls: how often it was called.
        pictures: in all calls together.
    """

    def __init__(self, call: Call, most: int = 32) -> None:
        self._call, self._most = call, most
        self._waiting: list[tuple[list[np.ndarray], Future]] = []
        self._list, self._turn = threading.Lock(), threading.Lock()
        self.calls = self.pictures = 0

    def __call__(self, pictures: Sequence[np.ndarray]) -> np.ndarray:
        """Return the rows of these pictures; raises what the call raised."""
        mine: Future = Future()
        with self._list:
            self._waiting.append((list(pictures), mine))
        while not mine.done():
            with self._turn:
                if not mine.done():
                    self._work(self._taken())
        return mine.result()

    def _taken(self) -> list[tuple[list[np.ndarray], Future]]:
        with self._list:
            taken, count = [], 0
            while self._waiting and (not taken or count + len(self._waiting[0][0]) <= self._most):
                taken.append(self._waiting.pop(0))
                count += len(taken[-1][0])
            return taken

    def _work(self, taken: list[tuple[list[np.ndarray], Future]]) -> None:
        together = [picture for pictures, _ in taken for picture in pictures]
        self.calls, self.pictures = self.calls + 1, self.pictures + len(together)
        try:
            rows = self._call(together)
        except BaseException as error:
            for _, future in taken:
                future.set_exception(error)
            return
        start = 0
        for pictures, future in taken:
            future.set_result(rows[start : start + len(pictures)])
            start += len(pictures)
