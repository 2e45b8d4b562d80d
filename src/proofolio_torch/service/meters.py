"""What /metrics shows, in the text format of Prometheus; one registry per service."""

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
)

TYPE = CONTENT_TYPE_LATEST
_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)


class Meters:
    """Counters and times of one service. No label holds what a caller sent."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        register = {"registry": self._registry}
        self._requests = Counter(
            "proofolio_requests", "Requests answered", ["path", "status"], **register
        )
        self._seconds = Histogram(
            "proofolio_request_seconds",
            "Time from the first byte of a request to its answer",
            ["path"],
            buckets=_SECONDS,
            **register,
        )
        self.items = Counter("proofolio_items", "Items scored", ["by", "decision"], **register)
        self.degraded = Counter(
            "proofolio_degraded", "Requests answered by the rules", ["reason"], **register
        )
        self.refused = Counter("proofolio_refused", "Requests refused", ["reason"], **register)
        self.ready = Gauge("proofolio_model_ready", "1 where the model is loaded", **register)
        self.inside = Gauge("proofolio_requests_inside", "Requests at work or waiting", **register)

    def answered(self, path: str, status: int, seconds: float) -> None:
        """Count one answer."""
        self._requests.labels(path, str(status)).inc()
        self._seconds.labels(path).observe(seconds)

    def text(self) -> bytes:
        """Return all values as text."""
        return generate_latest(self._registry)
