"""What one life knows, and how something is tried in it by somebody who may be killed."""

from __future__ import annotations

import random
import shutil
from collections import Counter, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, Final

from disburse.courier.post import OutsideCount, Post
from disburse.domain.refusal import Refusal
from disburse.simulator.bank import SimulatedBank
from disburse.simulator.crash import Fuse, Killed, ShakyPost, Weather
from disburse.simulator.find import Find
from disburse.simulator.town import NOW, Town
from disburse.storage import simulated
from disburse.storage.engine import Begin, Transaction
from disburse.transports import BadTransport
from disburse.work import turn

ACTS_KEPT: Final = 15  # for whoever looks for the cause of a find
FUSE_PERCENT: Final = 25  # of acts that are begun in danger
FUSES: Final = (4, 12, 60)  # halves of a transaction: a step has 2, a round of the worker 50
FINE: Final = 100  # what the weather says when nothing breaks
WORKERS: Final = ("one", "two")
LEASE_OVER: Final = timedelta(minutes=11)


class Life:
    """One database, one pair of folders, one bank, one seed."""

    def __init__(self, town: Town, real: Begin, loop: Begin, seed: int) -> None:
        """Begin at the first morning; `loop`: transactions as the worker loop begins them."""
        self.town, self.seed = town, seed
        self.rng = random.Random(seed)  # noqa: S311  (faults, not secrets)
        self.trouble, self.now = True, NOW
        self.fuse = Fuse()
        self._states: dict[str, str] | None = None  # as of the last transaction
        self.real, self.calm, self._look = self._noticed(real), self._noticed(loop), loop
        self.begin, self.loop = self.fuse.begin(self.real), self.fuse.begin(self.calm)
        recognises = seed % 3 == 0  # a bank that promises to recognise a file may be sent it again
        self.banks = town.banks(deduplicates=recognises)
        # What the bank's statements had; None: they come only after everything was paid.
        self.stated: set[tuple[int, str]] | None = set() if reads_statements(seed) else None
        self._empty_folders()
        self.bank = SimulatedBank(town.outbox, town.inbox, self.rng, recognises=recognises)
        self.posts = {name: self._post(name) for name in WORKERS}
        self.sheets = self.statements = 0
        self.balance = 0  # of the account, as the bank's last statement said
        self.acts: deque[str] = deque(maxlen=ACTS_KEPT)
        self.did: Counter[str] = Counter()
        self._tell_day()

    def _empty_folders(self) -> None:
        for path in (self.town.outbox, self.town.inbox):
            shutil.rmtree(path)
            path.mkdir()
        (self.town.folder / "dispatched").unlink(missing_ok=True)

    def _post(self, name: str) -> Post:
        weather = Weather(
            percent=lambda: self.rng.randrange(FINE) if self.trouble else FINE,
            fuse=self.fuse,
            fetch=self.bank_takes,
            stall=self._stall,
        )
        return ShakyPost(weather=weather, begin=self.loop, **self._of_a_post(name))

    def _of_a_post(self, name: str) -> dict[str, Any]:
        return {
            "banks": self.banks,
            "clock": lambda: self.now,
            "name": name,
            "count": OutsideCount(self.town.folder / "dispatched"),
            "secret": _no_secret,
        }

    def bank_takes(self) -> None:
        """Let the bank fetch what lies there."""
        self.bank.take()

    def _stall(self) -> None:
        """Let a sender sleep until its lease is over, and another worker go on meanwhile."""
        self.did["a sender stalled"] += 1
        self.wait(LEASE_OVER)
        other = Post(begin=self.calm, **self._of_a_post("stand-in"))
        self.work(self.calm, other)

    def work(self, begin: Begin, post: Post) -> None:
        """Let the worker loop go round once; a defect in it is a find."""
        done = turn(begin, now=self.now, post=post)
        if done.failed:
            raise Find("the worker loop met a defect")

    def wait(self, time: timedelta) -> None:
        """Let time pass."""
        self.now += time
        self._tell_day()

    def _tell_day(self) -> None:
        self.bank.today = self.now.date()

    def trying(self, name: str, act: Callable[[Life], None]) -> None:
        """Do one thing, as somebody who may be killed at any commit."""
        danger = self.trouble and self.rng.randrange(100) < FUSE_PERCENT
        self.fuse.light(self.rng.randrange(self.rng.choice(FUSES)) if danger else None)
        how = ""
        try:
            act(self)
        except Killed:
            how = "killed"
        except Refusal as refusal:
            how = f"refused: {refusal.code}"
        finally:
            self.fuse.light(None)
        if how:
            self.did[how] += 1
        self.acts.append(f"{name} ({how})" if how else name)

    def take_step(self, step: Callable[..., Any], who: str, **facts: Any) -> Any:  # noqa: ANN401
        """Let a person take one step of the product, and commit."""
        with self.begin() as tx:
            return step(tx, caller=self.town.callers[who], project_id=self.town.project_id,
                        now=self.now, **facts)  # fmt: skip

    def offer(self, step: Callable[..., Any], who: str, **facts: Any) -> None:  # noqa: ANN401
        """Let a person take a step where a refusal stops nobody else."""
        try:
            self.take_step(step, who, **facts)
        except Refusal as refusal:
            self.did[f"refused: {refusal.code}"] += 1

    def see(self, query: Callable[..., Any], *facts: Any, **named: Any) -> Any:  # noqa: ANN401
        """Look at the whole database from outside."""
        with self._look() as tx:
            return query(tx, *facts, **named)

    def states(self) -> dict[str, str]:
        """Return the state of every attempt; asks only when something may have changed it."""
        if self._states is None:
            self._states = self.see(simulated.attempts)
        return self._states

    def _noticed(self, real: Begin) -> Begin:
        @contextmanager
        def begin_noticed() -> Iterator[Transaction]:
            self._states = None
            with real() as tx:
                yield tx

        return begin_noticed

    def some(self, among: list[Any], count: int) -> list[Any]:
        """Choose a few; all, where nothing is left to chance any more."""
        return self.rng.sample(among, min(count, len(among))) if self.trouble else among


def reads_statements(seed: int) -> bool:
    """Say whether the account's statements are booked in this life as they come."""
    return seed % 5 == 2  # noqa: PLR2004


def _no_secret(name: str) -> bytes:
    raise BadTransport(name)
