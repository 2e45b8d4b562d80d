"""A scorer without images or events, whose model can be told to fail, and clients of it."""

import threading
import time
from contextlib import contextmanager

from fastapi.testclient import TestClient
from pydantic import BaseModel, ConfigDict, Field

from proofolio_torch import service

KEY, OTHER = "a-key-for-the-tests-only-0001", "a-key-for-the-tests-only-0002"
HEADERS = {"X-API-Key": KEY}
PAYLOAD = "sent-by-a-caller"


class Item(BaseModel):
    """One item: a name and a number."""

    model_config = ConfigDict(extra="forbid")
    id: str = Field(min_length=1, max_length=20)
    value: float = Field(ge=0, le=1)


class Kept(BaseModel):
    """What `/keep` answers."""

    id: str


class Plain(service.Scorer):
    """Scores an item by its value; `fail` is an exception or a function called before scoring."""

    name, item = "plain", Item

    def __init__(self, *, fail=None, load_fails=None, rules_fail=None):
        self.fail, self.load_fails, self.rules_fail = fail, load_fails, rules_fail
        self.seen, self.threads, self.closed = [], set(), False
        self.release = threading.Event()
        self.endpoints = (service.Endpoint("/keep", Item, Kept, self.keep),)

    def load(self):
        if self.load_fails:
            raise self.load_fails

    def prepare(self, items):
        if any(item.id == "old" for item in items):
            raise service.RequestRefused("old came too late", expected="new", received="old")
        self.threads.add(threading.current_thread().name)
        self.seen += [item.id for item in items]
        return items

    def model(self, prepared):
        if isinstance(self.fail, Exception):
            raise self.fail
        if self.fail:
            self.fail()
        return [self.scored(item, item.value) for item in prepared]

    def rules(self, prepared):
        if self.rules_fail:
            raise self.rules_fail
        return [self.scored(item, 1.0) for item in prepared]

    def scored(self, item, score):
        decision = "alert" if score >= 0.5 else "pass"
        return service.Scored(id=item.id, score=score, threshold=0.5, decision=decision)

    def keep(self, items):
        return [Kept(id=item.id) for item in items]

    def versions(self):
        return {"run": "a-run", "weights_sha256": "0" * 64, "rules": "1"}

    def close(self):
        self.closed = True


def settings(**changes) -> service.Settings:
    return service.Settings(**{"keys": service.Keys([f"shop:{KEY}", OTHER]), **changes})


@contextmanager
def client(scorer=None, *, log=None, headers=HEADERS, **changes):
    app = service.create(scorer or Plain(), settings=settings(**changes), log=log)
    with TestClient(app, headers=headers) as found:
        yield found


def ask(found, *values, **given):
    items = [{"id": f"i{n}", "value": value} for n, value in enumerate(values or (0.7,))]
    return found.post("/score", json={"items": items}, **given)


def hang(scorer):
    """Let the model wait until `scorer.release` is set."""
    scorer.fail = lambda: scorer.release.wait(10)
    return scorer


def until(true, limit=5.0):
    """Wait until a condition holds."""
    end = time.monotonic() + limit
    while not true():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.005)
