"""Where our own processes die, and the line to the bank that breaks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from disburse.courier.post import Post, Routes
from disburse.storage.engine import Begin, Transaction
from disburse.transports import Abilities, Answer, CannotReach, NothingSent, Parcel, Transport

# Percent of sendings that meet each fate; the rest go well.
CLOSED: Final = 5  # not one byte left
BROKE_OFF: Final = 10  # nobody knows; nothing arrived
DIED_BEFORE: Final = 13
STALLED: Final = 18  # it arrives long after its lease was over
UNCONFIRMED: Final = 32  # it arrived, and nobody said so
DIED_AFTER: Final = 50  # it arrived, and its sender is dead
QUICK: Final = 50  # percent: the bank has fetched a file before its sender goes on
DIED_READING: Final = 5  # percent: an answer is read and not taken in yet
DIED_ASIDE: Final = 10  # percent: an answer is taken in and still lies there


class Killed(BaseException):
    """As SIGKILL: no handler of the program runs."""


class Fuse:
    """Counts transactions; when it has burnt down, the process dies before or after its commit."""

    def __init__(self) -> None:
        """Begin without danger."""
        self.left: int | None = None
        self._dead = False

    def light(self, left: int | None) -> None:
        """Let a process live for so many halves of a transaction; None: it lives."""
        self.left, self._dead = left, False

    def begin(self, real: Begin) -> Begin:
        """Return a `Begin` of the process that burns the fuse."""

        @contextmanager
        def begin_burning() -> Iterator[Transaction]:
            self.die_if(dying=self._dead)
            with real() as tx:
                yield tx
                self._burn()
            self._burn()

        return begin_burning

    def die_if(self, *, dying: bool) -> None:
        """Die, and stay dead: whatever the process tries on its way out fails, too."""
        if dying:
            self._dead = True
            raise Killed

    def _burn(self) -> None:
        if self.left is not None:
            self.left -= 1
            self.die_if(dying=self.left < 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Weather:
    """What the line to the bank asks while it carries something."""

    percent: Callable[[], int]  # 0 to 99; 100 in fine weather
    fuse: Fuse
    fetch: Callable[[], None]  # the bank is quick
    stall: Callable[[], None]  # other people and processes go on meanwhile


@dataclass(frozen=True, slots=True)
class ShakyLine:
    """A real transport that breaks before, in the middle of, or after the file."""

    real: Transport
    weather: Weather

    @property
    def abilities(self) -> Abilities:
        """Return what the real one can do."""
        return self.real.abilities

    def submit(self, parcel: Parcel) -> None:
        """Hand the file over, or not."""
        how, fuse = self.weather.percent(), self.weather.fuse
        if how < CLOSED:
            raise NothingSent("the bank is closed")
        if how < BROKE_OFF:
            raise TimeoutError
        fuse.die_if(dying=how < DIED_BEFORE)
        if how < STALLED:
            self.weather.stall()
        self.real.submit(parcel)
        if self.weather.percent() < QUICK:
            self.weather.fetch()
        if how < STALLED:
            return
        if how < UNCONFIRMED:
            raise CannotReach("no acknowledgement")
        fuse.die_if(dying=how < DIED_AFTER)

    def has(self, parcel: Parcel) -> bool | None:
        """Ask the real one."""
        return self.real.has(parcel)

    def collect(self) -> Iterator[Answer]:
        """Pick the answers up as the real one does; die with one in the hand."""
        for answer in self.real.collect():
            self.weather.fuse.die_if(dying=self.weather.percent() < DIED_READING)
            yield answer

    def set_aside(self, answer: Answer, *, read: bool) -> None:
        """Die before the answer is out of the way, or move it."""
        self.weather.fuse.die_if(dying=self.weather.percent() < DIED_ASIDE)
        self.real.set_aside(answer, read=read)


@dataclass(frozen=True, slots=True, kw_only=True)
class ShakyPost(Post):
    """A worker process that carries files over a shaky line."""

    weather: Weather

    def routes(self) -> Routes:
        """Return how files travel, shakily."""
        found = super(ShakyPost, self).routes()
        return {
            number: (one, ShakyLine(real, self.weather)) for number, (one, real) in found.items()
        }
