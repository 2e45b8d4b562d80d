"""Errors as JSON: what, expected, received and remedy, whatever went wrong."""

import json
from collections.abc import Mapping
from typing import Any

from fastapi.exceptions import RequestValidationError
from starlette.responses import Response

from proofolio.contract import ProofError
from proofolio_torch.service.refusals import RequestRefused, ServiceError

_SHOWN = 80  # characters of a received value
_REMEDY = "see /openapi.json for the schema of a request"


class Errors:
    """Answers to what cannot be answered.

    Args:
        versions: goes into each of them.
    """

    def __init__(self, versions: Mapping[str, str | None]) -> None:
        self._versions = versions

    def answer(
        self,
        status: int,
        what: str,
        *,
        expected: str = "",
        received: str = "",
        remedy: str = "",
        headers: Mapping[str, str] | None = None,
    ) -> Response:
        """Return one error."""
        error = {"what": what, "expected": expected, "received": received, "remedy": remedy}
        text = json.dumps({"error": error, "versions": dict(self._versions)})
        return Response(text, status, headers, media_type="application/json")

    def refusal(self, error: ProofError) -> Response:
        """Return a refusal of the scorer or of the log: 503 where the service is at fault."""
        status = 503 if isinstance(error, ServiceError) else 422
        status = error.status if isinstance(error, RequestRefused) else status
        parts = {name: getattr(error, name) for name in ("expected", "received", "remedy")}
        return self.answer(status, error.what, **parts)

    def invalid(self, error: RequestValidationError) -> Response:
        """Return the first fault of a body that does not fit its schema, and how many there are."""
        faults = error.errors()
        first = faults[0]
        place = ".".join(str(part) for part in first["loc"] if part != "body") or "the body"
        more = f" ({len(faults) - 1} more)" if len(faults) > 1 else ""
        return self.answer(
            422,
            f"{place} does not fit{more}",
            expected=first["msg"],
            received=_shown(first.get("input")),
            remedy=_REMEDY,
        )

    def plain(self, status: int, detail: Any) -> Response:
        """Return an error of the framework, such as 404 and 405."""
        return self.answer(status, str(detail), remedy="see /openapi.json for paths and methods")


def _shown(value: Any) -> str:
    if isinstance(value, list | dict):
        return f"{'a list' if isinstance(value, list) else 'an object'} of {len(value)}"
    text = repr(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."
