"""Serve a scorer with uvicorn until the process is told to stop."""

import logging
import os

import uvicorn

from proofolio_torch.service.app import create
from proofolio_torch.service.decisions import DecisionLog
from proofolio_torch.service.scorer import Scorer
from proofolio_torch.service.settings import Settings


def serve(
    scorer: Scorer,
    *,
    settings: Settings,
    log: DecisionLog | None = None,
    host: str = "127.0.0.1",
    port: int = 8000,
) -> None:
    """Serve in this process until SIGTERM or SIGINT, which lets open requests end.

    One process: the state lives in it. Behind a proxy that ends TLS, give its address as `host`.

    Args:
        scorer: what is served.
        settings: keys and limits.
        log: the decision log, closed at the end.
        host: address to listen on; this machine alone by default.
        port: port to listen on.
    """
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
    app = create(scorer, settings=settings, log=log)
    limit = settings.running + settings.waiting
    uvicorn.run(
        app,
        host=host,
        port=port,
        http="h11",  # refuses headers above 64 KiB, which the other parser does not
        log_config=None,
        access_log=False,  # the service writes its own lines, without what callers sent
        server_header=False,
        limit_concurrency=limit * 4 + 16,  # connections; the gate counts requests
        timeout_graceful_shutdown=max(1, round(settings.shutdown_s)),
    )
    if app.state.service.runner.hanging:
        logging.getLogger("proofolio.service").error("left a model call that hangs")
        logging.shutdown()
        os._exit(1)  # state and log are kept; the interpreter would wait for that thread for ever
