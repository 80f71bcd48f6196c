"""The one place that reads the clock; everything else is handed `now`."""

from __future__ import annotations

from datetime import UTC, datetime
from time import perf_counter_ns


def system_clock() -> datetime:
    """Return the time, in UTC."""
    return datetime.now(UTC)  # noqa: TID251  (here, and nowhere else)


def ticks() -> int:
    """Return nanoseconds that only ever grow, to measure how long something took."""
    return perf_counter_ns()
