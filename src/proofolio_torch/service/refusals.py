"""The refusals of the service: when it cannot start, and when a request cannot be answered."""

from proofolio.contract import ProofError


class ServiceError(ProofError, RuntimeError):
    """A service cannot start, or its log or its state cannot be used, as asked."""


class RequestRefused(ProofError, ValueError):
    """A request is understood but cannot be served; a scorer raises it with an HTTP status.

    Args:
        status: the HTTP status of the answer; 409 where the state of the service is against it.
    """

    def __init__(self, what: str, *, status: int = 409, **parts: str) -> None:
        super().__init__(what, **parts)
        self.status = status
