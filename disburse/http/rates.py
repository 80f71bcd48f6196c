"""How many requests one caller and one address may send: beyond it they wait, briefly.

Counted in the memory of one process, so it starts anew with it, and several `serve` processes each
count for themselves: together they let through as many times more. Guesses at passwords and codes
are counted in the database instead, see `disburse.entrance`.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from threading import Lock
from typing import Final

from disburse.domain.refusal import Refusal

SECOND: Final = 10**9  # in the nanoseconds that `ticks` counts


class TooManyRequests(Refusal):
    """The caller or the address asks too fast; `facts["seconds"]` says how long to wait."""

    code = "too-many-requests"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """A bucket of tokens: so many at once, and then so many each second."""

    burst: int
    each_second: int


# A general contractor hands in the sheets of two hundred subcontractors on one day: ten requests
# each pass within two minutes. Nobody who types comes near it.
CALLER: Final = Rate(burst=600, each_second=20)
# A site office, or all systems of one company, may stand behind one address; it still leaves most
# of what one process can answer (some hundreds a second) to everybody else.
ADDRESS: Final = Rate(burst=1_500, each_second=50)
# Of each kind, 12 MiB at the most. Who owns more addresses than that is not stopped by counting
# them; the one that was silent for longest is forgotten, and its bucket has filled up meanwhile.
SUBJECTS_MAX: Final = 50_000


class Buckets:
    """One bucket for each subject of one kind; threads may share it."""

    def __init__(self, rate: Rate, ticks: Callable[[], int], *, most: int = SUBJECTS_MAX) -> None:
        self._rate, self._ticks, self._most = rate, ticks, most
        # When the bucket will be full again: that one number says how many tokens are in it.
        self._full_at: OrderedDict[Hashable, int] = OrderedDict()
        self._lock = Lock()

    def take(self, subject: Hashable) -> int:
        """Take a token and return 0, or take none and return in how many seconds there is one."""
        each = SECOND // self._rate.each_second
        with self._lock:
            now = self._ticks()
            full_at = max(self._full_at.get(subject, 0), now) + each
            missing = full_at - now - self._rate.burst * each
            if missing > 0:
                return -(-missing // SECOND)
            self._full_at[subject] = full_at
            self._full_at.move_to_end(subject)
            if len(self._full_at) > self._most:
                self._full_at.popitem(last=False)
        return 0

    def __len__(self) -> int:
        return len(self._full_at)


class Rates:
    """What one process counts."""

    def __init__(
        self, ticks: Callable[[], int], *, caller: Rate = CALLER, address: Rate = ADDRESS
    ) -> None:
        self._callers = Buckets(caller, ticks)
        self._addresses = Buckets(address, ticks)

    def of_address(self, address: str) -> None:
        """Count a request from an address, or raise `TooManyRequests`."""
        _wait(self._addresses.take(address), "your address sends")

    def of_caller(self, member_id: int) -> None:
        """Count a request of an account, or raise `TooManyRequests`."""
        _wait(self._callers.take(member_id), "this account sends")


def _wait(seconds: int, who: str) -> None:
    if seconds:
        raise TooManyRequests(
            f"{who} more requests than the service takes; wait {seconds} seconds and go on more "
            "slowly",
            seconds=seconds,
        )
