"""The worker loop: what happens by itself, because time went on or money came in.

Any number of processes may run it: each act is a compare-and-set in a transaction of its own, and
whoever comes second is told so and goes on.
"""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from threading import Event
from typing import Final

from disburse import stating
from disburse.courier.carrying import Carried, carry
from disburse.courier.post import Post
from disburse.courier.telling import Herald
from disburse.domain.lifecycle.edges import WrongState
from disburse.steps.money.miss_statement import miss_statement
from disburse.steps.payroll.expire import expire
from disburse.steps.payroll.fund import ShortOfFunds, fund
from disburse.storage import company, guessing, migrate, passkeys, request_keys, sessions, sheets
from disburse.storage.engine import Begin, Transaction

PAUSE_SECONDS: Final = 2  # between rounds; money that came in waits no longer than that
FUNDED_AT_ONCE_MAX: Final = 10_000  # then other work of the round gets its turn

_log: Final = logging.getLogger(__name__)
Key = tuple[int, int]  # project and sheet
Act = Callable[[Transaction, Key], object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """What one round did."""

    expired: int = 0  # sheets whose approvals were too old
    unstated: int = 0  # accounts whose statements stopped coming, told of since now
    funded: int = 0  # sheets that got their money
    short: tuple[Key, ...] = ()  # sheets whose project lacks the money
    months: int = 0  # partitions made ahead
    carried: Carried = field(default_factory=Carried)  # files to banks, answers from them
    events: int = 0  # put into order, to be told
    failed: int = 0  # defects, each in the log; they hold up nobody else

    @property
    def moved(self) -> bool:
        """Say whether anything changed."""
        return bool(
            self.expired
            or self.unstated
            or self.funded
            or self.months
            or self.events
            or self.carried != Carried()
        )


def turn(
    begin: Begin, *, now: datetime, post: Post | None = None, herald: Herald | None = None
) -> Turn:
    """Do one round at `now`: void old approvals, fund what waits, make months, forget.

    With a `post`, also carry files to banks and pick their answers up; with a `herald`, begin to
    tell webhooks what happened, and wait for none of them.
    """
    failed: list[object] = []
    months = migrate.add_months_ahead(begin, today=now.date())
    expired = _expire(begin, now, failed)
    funded, short = _fund(begin, now, failed)
    with begin() as tx:
        silent = [one.project_id for one in stating.silent(tx, now=now)]
        request_keys.forget_nonces(tx, at=now)
        guessing.forget_old(tx, at=now)
        sessions.forget_browsers(tx, at=now)
        passkeys.forget_questions(tx, at=now)
        company.forget_visits(tx, at=now)
    unstated = sum(_miss_statement(begin, number, now, failed) for number in silent)
    carried = _carry(post, failed) if post else Carried()
    told = _announce(herald, failed) if herald else 0
    return Turn(
        expired=expired,
        unstated=unstated,
        funded=funded,
        short=tuple(short),
        months=months,
        carried=carried,
        events=told,
        failed=len(failed),
    )


def run(
    begin: Begin,
    *,
    clock: Callable[[], datetime],
    stop: Event,
    post: Post | None = None,
    herald: Herald | None = None,
    tell: Callable[[Turn], None] = lambda _: None,
    pause_seconds: int = PAUSE_SECONDS,
) -> None:
    """Do rounds until `stop` is set; `tell` hears of each. A lost database is waited for."""
    while not stop.is_set():
        try:
            tell(turn(begin, now=clock(), post=post, herald=herald))
        except Exception as error:  # noqa: BLE001  (the next round asks afresh)
            _log.error("a round of the worker loop failed: %s", _where(error))
        stop.wait(pause_seconds)


def _expire(begin: Begin, now: datetime, failed: list[object]) -> int:
    with begin() as tx:
        old = sheets.with_expired_approval(tx, at=now)

    def act(tx: Transaction, key: Key) -> object:
        return expire(tx, caller=None, project_id=key[0], sheet_id=key[1], now=now)

    return sum(_try(begin, act, key, failed) for key in old)


def _fund(begin: Begin, now: datetime, failed: list[object]) -> tuple[int, list[Key]]:
    """Fund the first waiting sheet of each project until none is left that can be.

    One transaction each (all at once deadlocked when tried). A project whose first sheet finds no
    money has had its turn: later sheets never overtake it.
    """
    short: list[Key] = []
    stopped: set[int] = set()  # projects
    funded = 0

    def act(tx: Transaction, key: Key) -> object:
        return fund(tx, caller=None, project_id=key[0], sheet_id=key[1], now=now)

    while funded < FUNDED_AT_ONCE_MAX:
        with begin() as tx:
            first = [key for key in sheets.waiting(tx) if key[0] not in stopped]
        if not first:
            break
        for key in first:
            before = len(failed)
            try:
                funded += _try(begin, act, key, failed)
            except ShortOfFunds:
                short.append(key)
                stopped.add(key[0])
            if len(failed) > before:
                stopped.add(key[0])
    return funded, short


def _miss_statement(begin: Begin, project_id: int, now: datetime, failed: list[object]) -> bool:
    try:
        with begin() as tx:
            return miss_statement(tx, caller=None, project_id=project_id, now=now)
    except Exception as error:  # noqa: BLE001  (one account holds up no other)
        _log.error("project %s: statements cannot be missed: %s", project_id, _where(error))
        failed.append(project_id)
        return False


def _carry(post: Post, failed: list[object]) -> Carried:
    try:
        return carry(post)
    except Exception as error:  # noqa: BLE001  (funding and expiry go on; leases say what to do)
        _log.error("carrying files failed: %s", _where(error))
        failed.append(post)
        return Carried()


def _announce(herald: Herald, failed: list[object]) -> int:
    try:
        return herald.tell()
    except Exception as error:  # noqa: BLE001  (events wait in their table for the next round)
        _log.error("events cannot be told: %s", _where(error))
        failed.append(herald)
        return 0


def _try(begin: Begin, act: Act, key: Key, failed: list[object]) -> bool:
    """Say whether `act` was done to the sheet; False when another process was first."""
    try:
        with begin() as tx:
            act(tx, key)
    except WrongState:
        return False
    except ShortOfFunds:
        raise
    except Exception as error:  # noqa: BLE001  (one sheet is no reason to hold up the others)
        _log.error("project %s, sheet %s: could not go on: %s", *key, _where(error))
        failed.append(key)
        return False
    return True


def _where(error: BaseException) -> str:
    """Say what broke and where, without the message: it may repeat a worker's name or account."""
    frames = reversed(traceback.extract_tb(error.__traceback__))
    places = (f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames)
    return " < ".join((type(error).__qualname__, *places))
