"""What /metrics shows, in the text format of Prometheus; one registry per service."""

from collections.abc import Callable, Iterator, Mapping

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
)
from prometheus_client.metrics_core import CounterMetricFamily
from prometheus_client.registry import Collector

TYPE = CONTENT_TYPE_LATEST
_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)


class Meters:
    """Counters and times of one service. No label holds what a caller sent.

    Args:
        counts: counters that the scorer keeps, name to value.
    """

    def __init__(self, counts: Callable[[], Mapping[str, int]] = dict) -> None:
        self._registry = CollectorRegistry()
        self._registry.register(_Counts(counts))
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


class _Counts(Collector):
    """Counters that are kept elsewhere, read when asked for."""

    def __init__(self, counts: Callable[[], Mapping[str, int]]) -> None:
        self._counts = counts

    def collect(self) -> Iterator[CounterMetricFamily]:
        for name, value in self._counts().items():
            yield CounterMetricFamily(f"proofolio_{name}", name.replace("_", " "), value=value)
