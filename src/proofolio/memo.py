"""What is read or computed once within a block, however many ask for it.

Verification recomputes dozens of results from the same few predictions. Within `kept()` whoever
asks `once` for the same key gets the same value, which nobody may change. Elsewhere nothing is
kept.
"""

from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TypeVar

_Value = TypeVar("_Value")
_store: ContextVar[dict[Hashable, object] | None] = ContextVar("store", default=None)


@contextmanager
def kept() -> Iterator[None]:
    """Keep what `once` makes until the block ends; files must not change in it."""
    token = _store.set({})
    try:
        yield
    finally:
        _store.reset(token)


def once(key: Hashable, make: Callable[[], _Value]) -> _Value:
    """Return `make()`, or within `kept` what it returned for the same key before."""
    store = _store.get()
    if store is None:
        return make()
    if key not in store:
        store[key] = make()
    return store[key]


def token(value: object) -> int:
    """Return a key for an object that nobody changes, good until the `kept` block ends.

    The block holds the object, so that no other one can get its key in it.
    """
    store = _store.get()
    if store is not None:
        store.setdefault(("token", id(value)), value)
    return id(value)
