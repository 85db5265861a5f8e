"""What is counted and measured of webhooks, for Prometheus."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Literal, TypeAlias

from prometheus_client import CollectorRegistry, Counter, Gauge

Outcome: TypeAlias = Literal["delivered", "failed"]


class Figures:
    """Counters and gauges by the name of the webhook. Thread-safe."""

    def __init__(
        self,
        registry: CollectorRegistry,
        names: Iterable[str],
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._now = now
        self._sent = Counter(
            "webhook_events",
            "Attempts to tell a webhook of an event",
            ("webhook", "outcome"),
            namespace="visavis",
            registry=registry,
        )
        self._lag = Gauge(
            "webhook_lag_seconds",
            "Age of the oldest event that a webhook was not told of",
            ("webhook",),
            namespace="visavis",
            registry=registry,
        )
        for name in names:
            self._lag.labels(name)
            for outcome in ("delivered", "failed"):
                self._sent.labels(name, outcome)

    def count(self, name: str, outcome: Outcome) -> None:
        """Counts an attempt."""
        self._sent.labels(name, outcome).inc()

    def watch(self, name: str, oldest: Callable[[], datetime | None]) -> None:
        """Has the time of the oldest event that waits read at each scrape; None where none does."""

        def lag() -> float:
            since = oldest()
            return 0.0 if since is None else max((self._now() - since).total_seconds(), 0.0)

        self._lag.labels(name).set_function(lag)
