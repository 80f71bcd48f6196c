"""How long somebody waits who guesses: longer each time, and never for ever."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class BackOff:
    """Some attempts are free; after each further one the wait doubles, up to a limit."""

    free: int
    wait_max: timedelta

    def wait(self, attempts: int) -> timedelta:
        """Return how long to wait after so many attempts without success."""
        if attempts < self.free:
            return timedelta()
        doublings = min(attempts - self.free, 30)  # a year in seconds; the limit is far below
        return min(timedelta(seconds=2**doublings), self.wait_max)


# A person mistypes a few times. Strangers can make an account wait, so the longest wait is short;
# a browser that the person signed in with before waits by its own count, and a passkey never.
ACCOUNT: Final = BackOff(free=5, wait_max=timedelta(minutes=5))
# Whoever sits behind one address may be a whole site office, or somebody with a long list.
ADDRESS: Final = BackOff(free=30, wait_max=timedelta(minutes=15))
# Three codes of a million are right at a time: with this wait half a chance takes 80 years.
SECOND_FACTOR: Final = BackOff(free=5, wait_max=timedelta(minutes=15))
# After a day of silence everything is forgotten.
FORGOTTEN_AFTER: Final = timedelta(days=1)
