"""The way in: key, turn, body, time limit; counts every answer, and lets no exception out."""

import asyncio
import logging
import time
from collections.abc import Collection

from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from proofolio_torch.service.capacity import Full, Gate
from proofolio_torch.service.errors import Errors
from proofolio_torch.service.meters import Meters
from proofolio_torch.service.runner import place
from proofolio_torch.service.settings import Settings

logger = logging.getLogger("proofolio.service")
FREE = ("/health", "/health/live", "/health/ready")  # say nothing that needs a key
_FULL = {
    "full": "the service is at its limit",
    "waited": "no turn came in time",
    "closing": "the service is shutting down",
}


class Door:
    """ASGI middleware round the whole application.

    The log has a line per answer with method, path, status, time and the name of the key; never a
    key, a body or a path that is none of ours.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        settings: Settings,
        gate: Gate,
        meters: Meters,
        errors: Errors,
        paths: Collection[str],
    ) -> None:
        self._app, self._settings, self._gate = app, settings, gate
        self._meters, self._errors, self._paths = meters, errors, frozenset(paths)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started, status = time.perf_counter(), 0

        async def noted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            refused = await self._through(scope, receive, noted)
        except Exception as error:
            logger.error("%s at %s", type(error).__name__, place(error))
            refused = None if status else self._failed()
        if refused is not None:
            await refused(scope, receive, noted)
        path = scope["path"] if scope["path"] in self._paths else "other"
        took = time.perf_counter() - started
        self._meters.answered(path, status, took)
        name = scope.get("caller", "-")
        logger.info("%s %s %d %.1f ms %s", scope["method"], path, status, took * 1e3, name)

    async def _through(self, scope: Scope, receive: Receive, send: Send) -> Response | None:
        """Pass a request on, or return why not."""
        if scope["path"] not in FREE and not self._known(scope):
            return self._no("key", 401)
        if scope["method"] != "POST":
            await self._app(scope, receive, send)
            return None
        if _told(scope) > self._settings.body_bytes:
            return self._no("large body", 413)  # before it waits for a turn
        try:
            async with self._gate.enter():
                self._meters.inside.set(self._gate.inside)
                return await self._worked(scope, receive, send)
        except Full as full:
            return self._no(str(full), 503)
        finally:
            self._meters.inside.set(self._gate.inside)

    async def _worked(self, scope: Scope, receive: Receive, send: Send) -> Response | None:
        """Read the body within its limits and pass the request on within its time."""
        try:
            async with asyncio.timeout(self._settings.body_s):
                body = await _body(scope, receive, self._settings.body_bytes)
        except TimeoutError:
            return self._no("slow body", 408)
        if body is None:
            return self._no("large body", 413)
        sent = False

        async def again() -> Message:
            nonlocal sent
            if sent:
                return await receive()
            sent = True
            return {"type": "http.request", "body": body, "more_body": False}

        limit = asyncio.timeout(self._settings.request_s)
        try:
            async with limit:
                await self._app(scope, again, send)
        except TimeoutError:
            if not limit.expired():
                raise
            return self._no("slow", 504)
        return None

    def _known(self, scope: Scope) -> bool:
        """Note the name of the caller; X-API-Key or Authorization: Bearer."""
        scope["caller"] = "-"
        if self._settings.open:
            return True
        for name, value in scope["headers"]:
            if name == b"authorization" and value[:7].lower() == b"bearer ":
                name, value = b"x-api-key", value[7:].strip()
            if name == b"x-api-key":
                caller = self._settings.keys.name_of(value)
                scope["caller"] = caller or "-"
                return caller is not None
        return False

    def _failed(self) -> Response:
        """Return what a caller sees of an unforeseen exception."""
        return self._errors.answer(
            500,
            "the service failed at this request",
            remedy="ask again; if it stays so, tell who runs the service when it was",
        )

    def _no(self, reason: str, status: int) -> Response:
        """Count and return a refusal of the door."""
        self._meters.refused.labels(reason).inc()
        limits = self._settings
        if reason in _FULL:
            return self._errors.answer(
                status,
                _FULL[reason],
                expected=f"{limits.running} requests at work and {limits.waiting} waiting at most",
                remedy=f"come back after {limits.retry_after_s} s; nothing was taken",
                headers={"Retry-After": str(limits.retry_after_s)},
            )
        what, expected, remedy = {
            "key": ("no valid key", "a key in X-API-Key or as Bearer token", "ask for a key"),
            "large body": (
                "the body is too large",
                f"{limits.body_bytes} bytes at most",
                f"send fewer items at a time, {limits.items} at most",
            ),
            "slow body": (
                "the body did not arrive in time",
                f"the whole body within {limits.body_s:g} s",
                "send it again",
            ),
            "slow": (
                "the request took too long",
                f"an answer within {limits.request_s:g} s",
                "send fewer items; these may have been taken: a second copy is then refused",
            ),
        }[reason]
        headers = {"WWW-Authenticate": "Bearer"} if status == 401 else None
        return self._errors.answer(status, what, expected=expected, remedy=remedy, headers=headers)


def _told(scope: Scope) -> int:
    """Return how long the body is, as the request says, or 0."""
    told = dict(scope["headers"]).get(b"content-length", b"0")
    return int(told) if told.isdigit() else 0


async def _body(scope: Scope, receive: Receive, most: int) -> bytes | None:
    """Return the body, or None as soon as it is longer than `most` bytes."""
    parts, size, more = [], 0, True
    while more:
        message = await receive()
        if message["type"] != "http.request":
            break  # the caller is gone; what is there fails the schema
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if size > most:
            return None
        more = message.get("more_body", False)
    return b"".join(parts)
