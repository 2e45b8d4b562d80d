"""The application: score, what else the scorer takes, health, metrics and versions."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, Field, create_model
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

import proofolio
from proofolio.contract import ProofError
from proofolio_torch.service.capacity import Gate
from proofolio_torch.service.decisions import DecisionLog
from proofolio_torch.service.door import FREE, Door
from proofolio_torch.service.errors import Errors
from proofolio_torch.service.meters import TYPE, Meters
from proofolio_torch.service.runner import Runner
from proofolio_torch.service.scorer import Endpoint, Scorer
from proofolio_torch.service.settings import Settings

_STRICT = ConfigDict(extra="forbid")


class Service:
    """The parts of one service, and what its paths do."""

    def __init__(self, scorer: Scorer, settings: Settings, log: DecisionLog | None) -> None:
        self.scorer, self.settings, self.log = scorer, settings, log
        self.versions = {"proofolio": proofolio.__version__, "scorer": scorer.name}
        self.runner, self.meters = Runner(scorer, settings), Meters(scorer.counts)
        self.gate = Gate(settings.running, settings.waiting, settings.waiting_s)
        self.errors = Errors(self.versions)
        self.ready = False

    @asynccontextmanager
    async def lifespan(self, _: FastAPI) -> AsyncIterator[None]:
        """Load at the start; at the end refuse new requests, keep the state, anchor the log."""
        await self.runner.load()
        self.versions |= self.scorer.versions()
        self.meters.ready.set(self.runner.fault is None)
        self.ready = True
        try:
            yield
        finally:
            self.ready, self.gate.closed = False, True
            try:
                await self.runner.close()
            finally:
                if self.log is not None:
                    self.log.close()

    async def score(self, items: Sequence[BaseModel], caller: str) -> dict[str, Any]:
        """Take the items, score them by the model or the rules, log every decision, answer."""
        prepared = await self.runner.state(self.scorer.prepare, items)
        results, reason = await self.runner.score(prepared, len(items))
        by = "model" if reason is None else self.scorer.rules_name
        reply = {"results": results, "degraded": reason is not None, "reason": reason}
        reply |= {"scored_by": by, "versions": self.versions}
        if reason is not None:
            self.meters.degraded.labels(reason).inc()
        if self.log is not None:
            about = {"scored_by": by, "reason": reason, "caller": caller, "versions": self.versions}
            lines = [{"kind": "decision", **r.model_dump(mode="json"), **about} for r in results]
            reply["logged"] = (await self.runner.log(self.log.append, lines)).text
        for result in results:
            self.meters.items.labels(by, result.decision).inc()
        return reply

    def health(self) -> dict[str, Any]:
        """Return whether the service runs, takes requests, and why the rules answer, if so."""
        fault = self.runner.fault if self.ready else None
        return {"live": True, "ready": self.ready, "degraded": fault is not None, "reason": fault}


def create(scorer: Scorer, *, settings: Settings, log: DecisionLog | None = None) -> FastAPI:
    """Return the application; it can be served once, by one process.

    Paths: POST /score; POST to each of the scorer's endpoints; GET /health (also /health/live and
    /health/ready), which needs no key; GET /metrics, /version and /openapi.json. A request is
    `{"items": [...]}`; every answer carries the versions, errors too.

    Args:
        scorer: what is served.
        settings: keys and limits.
        log: takes a line per decision before the answer is given, and is closed at the end. No
            answer is given without its line.
    """
    service = Service(scorer, settings, log)
    app = FastAPI(
        title=scorer.name,
        version=proofolio.__version__,
        lifespan=service.lifespan,
        docs_url=None,  # its page would load scripts from elsewhere
        redoc_url=None,
    )
    app.state.service = service
    _errors(app, service.errors)
    _reports(app, service)
    _score(app, service)
    for endpoint in scorer.endpoints:
        _endpoint(app, service, endpoint)
    app.add_middleware(
        Door,
        settings=settings,
        gate=service.gate,
        meters=service.meters,
        errors=service.errors,
        paths=[route.path for route in app.routes],
    )
    return app


def _score(app: FastAPI, service: Service) -> None:
    body = _items("ScoreRequest", service.scorer.item, service.settings.items)
    answer = create_model(
        "ScoreAnswer",
        results=(list[service.scorer.answer], ...),
        degraded=(bool, Field(description="the rules answered instead of the model")),
        reason=(str | None, Field(description="why the rules answered")),
        scored_by=(str, ...),
        versions=(dict[str, str | None], ...),
        logged=(str | None, Field(None, description="head of the decision log: LINES:SHA256")),
    )

    @app.post("/score", response_model=answer)
    async def score(request: Request, body: body) -> Response:
        reply = await service.score(body.items, request.scope["caller"])
        return _json(answer.model_construct(**{"logged": None, **reply}))


def _endpoint(app: FastAPI, service: Service, endpoint: Endpoint) -> None:
    name = endpoint.path.strip("/").title()
    body = _items(f"{name}Request", endpoint.item, service.settings.items)
    answer = create_model(
        f"{name}Answer",
        results=(list[endpoint.answer], ...),
        versions=(dict[str, str | None], ...),
    )

    @app.post(endpoint.path, response_model=answer)
    async def take(body: body) -> Response:
        results = await service.runner.state(endpoint.call, body.items)
        return _json(answer.model_construct(results=results, versions=service.versions))


def _reports(app: FastAPI, service: Service) -> None:
    async def health() -> Response:
        found = service.health()
        text = {**found, "versions": service.versions}
        return JSONResponse(text, 200 if found["ready"] else 503)

    for path in FREE:
        if path != "/health/live":
            app.get(path)(health)

    @app.get("/health/live")
    async def live() -> dict[str, Any]:
        return {"live": True, "versions": service.versions}

    @app.get("/metrics")
    async def metrics() -> Response:
        return Response(service.meters.text(), media_type=TYPE)

    @app.get("/version")
    async def version() -> dict[str, Any]:
        return {"versions": service.versions}


def _errors(app: FastAPI, errors: Errors) -> None:
    app.exception_handler(ProofError)(_answering(errors.refusal))
    app.exception_handler(RequestValidationError)(_answering(errors.invalid))
    app.exception_handler(HTTPException)(
        _answering(lambda error: errors.plain(error.status_code, error.detail))
    )


def _answering(answer: Any) -> Any:
    async def handler(_: Request, error: Exception) -> Response:
        return answer(error)

    return handler


def _items(name: str, item: type[BaseModel], most: int) -> type[BaseModel]:
    """Return the schema of a request: a list of 1 to `most` items."""
    items = (list[item], Field(min_length=1, max_length=most))
    return create_model(name, __config__=_STRICT, items=items)


def _json(answer: BaseModel) -> Response:
    return Response(answer.model_dump_json(), media_type="application/json")
