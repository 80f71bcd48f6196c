"""What Prometheus is told: requests by route, and money by state. No names, no callers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Final

from flask import Flask, Response, g, request
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from disburse.queries.figures import Figure, Figures, figures
from disburse.storage.engine import Transaction

NANOSECONDS: Final = 10**9
# A read takes milliseconds, a sheet of 100,000 lines a quarter of a minute.
BUCKETS: Final = ("0.005", "0.025", "0.1", "0.25", "0.5", "1", "2.5", "5", "15", "60")


class Metrics:
    """One service's counters, in a registry of its own."""

    def __init__(self, now: Callable[[], datetime], ticks: Callable[[], int]) -> None:
        self._now = now
        self._ticks = ticks
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "disburse_http_requests",
            "Requests by route and status",
            ["method", "route", "status"],
            registry=self._registry,
        )
        self._seconds = Histogram(
            "disburse_http_request_seconds",
            "Time from the first look at a request to its answer",
            ["method", "route"],
            buckets=BUCKETS,
            registry=self._registry,
        )

    def install(self, app: Flask) -> None:
        """Count every request of the app, whatever becomes of it."""

        @app.before_request
        def _begin() -> None:
            g.began = self._ticks()

        @app.after_request
        def _end(response: Response) -> Response:
            # the rule and never the address, which may name somebody
            route = request.url_rule.rule if request.url_rule else "none"
            method = request.method if request.url_rule else "any"
            self._requests.labels(method, route, response.status_code).inc()
            took = self._ticks() - g.get("began", self._ticks())
            self._seconds.labels(method, route).observe(took / NANOSECONDS)
            return response

    def page(self, tx: Transaction) -> tuple[bytes, str]:
        """Return what is measured now, in Prometheus' own form, with its media type."""
        about_money = CollectorRegistry()
        about_money.register(_Money(figures(tx), self._now()))
        return generate_latest(self._registry) + generate_latest(about_money), CONTENT_TYPE_LATEST


class _Money:
    """The figures of one moment as gauges; amounts in minor units, ages in seconds."""

    def __init__(self, found: Figures, now: datetime) -> None:
        self._found = found
        self._now = now

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Yield the gauges."""
        for name in ("sheets", "files", "payments"):
            yield from self._open(name, getattr(self._found, name))
        column = GaugeMetricFamily(
            "disburse_ledger_minor_units",
            "Ledger columns over all accounts",
            labels=["column", "currency"],
        )
        for one in self._found.columns:
            column.add_metric([one.name, one.currency], one.amount)
        yield column
        waiting_events = GaugeMetricFamily(
            "disburse_webhook_events", "Events that webhooks were not told", labels=["state"]
        )
        for one_state in self._found.deliveries:
            waiting_events.add_metric([one_state.state], one_state.count)
        yield waiting_events
        queue = GaugeMetricFamily("disburse_anomalies", "Open anomalies", labels=["red"])
        for waiting in self._found.anomalies:
            queue.add_metric([str(waiting.red).lower()], waiting.count)
        yield queue

    def _open(self, name: str, rows: tuple[Figure, ...]) -> Iterator[GaugeMetricFamily]:
        labels = ["state", "currency"]
        count = GaugeMetricFamily(f"disburse_{name}", f"Open {name}", labels=labels)
        amount = GaugeMetricFamily(
            f"disburse_{name}_minor_units", f"What open {name} add up to", labels=labels
        )
        age = GaugeMetricFamily(
            f"disburse_{name}_oldest_seconds", f"Age of the oldest of open {name}", labels=labels
        )
        for row in rows:
            count.add_metric([row.state, row.currency], row.count)
            amount.add_metric([row.state, row.currency], row.amount)
            if row.oldest is not None:
                seconds = (self._now - row.oldest).total_seconds()
                age.add_metric([row.state, row.currency], max(0, seconds))
        yield from (count, amount, age)
