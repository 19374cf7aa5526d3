"""What Prometheus reads: requests, durations, jobs, and workers that had to be replaced."""

import time

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.platform_collector import PlatformCollector
from prometheus_client.process_collector import ProcessCollector
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from xlperf.server.pool import Pool

_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120)
_GONE = 499
"""The status that is counted for a request whose client went away before its answer."""


class Metrics:
    """The figures of one service."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)
        PlatformCollector(registry=self._registry)
        self._requests = Counter(
            "xlperf_requests", "Requests", ("endpoint", "status"), registry=self._registry
        )
        self._seconds = Histogram(
            "xlperf_request_seconds",
            "From the head of a request to the end of its answer",
            ("endpoint",),
            buckets=_BUCKETS,
            registry=self._registry,
        )
        self._replaced = Counter(
            "xlperf_workers_replaced", "Workers replaced", ("reason",), registry=self._registry
        )

    def watch(self, pool: Pool) -> None:
        for name, told, value in (
            ("xlperf_jobs_under_way", "Jobs that a worker is doing", lambda: pool.busy),
            ("xlperf_requests_waiting", "Requests on their way to a worker", lambda: pool.waiting),
        ):
            Gauge(name, told, registry=self._registry).set_function(value)

    def replaced(self, reason: str) -> None:
        self._replaced.labels(reason).inc()

    def count(self, endpoint: str, status: int, seconds: float) -> None:
        self._requests.labels(endpoint, str(status)).inc()
        self._seconds.labels(endpoint).observe(seconds)

    def text(self) -> bytes:
        return generate_latest(self._registry)


class Counted:
    """An application whose requests are counted. Addresses that there are not go by `other`."""

    def __init__(self, app: ASGIApp, metrics: Metrics, endpoints: frozenset[str]) -> None:
        self._app = app
        self._metrics = metrics
        self._endpoints = endpoints

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        status, start = _GONE, time.monotonic()

        async def watched(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, watched)
        finally:
            path = scope["path"]
            endpoint = path if path in self._endpoints else "other"
            self._metrics.count(endpoint, status, time.monotonic() - start)
