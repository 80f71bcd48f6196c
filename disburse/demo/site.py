"""The site while the story goes on: its clock, its people, its bank, and what was done so far."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any, Final, NamedTuple, TypeVar

from disburse import banks, signing
from disburse.adapter import Adapter
from disburse.demo.bank import Bank, BankOrder
from disburse.demo.telling import Teller
from disburse.domain.access import Caller
from disburse.storage import members
from disburse.storage.engine import Begin
from disburse.storage.files import BankFile

ADAPTER: Final = "delimited:small_chinese_bank"
ADMINISTRATOR: Final = "administrator"
LOCAL: Final = timezone(timedelta(hours=8))  # Asia/Shanghai has had no summer time since 1991
BEGINS: Final = datetime(2026, 8, 28, 9, 0, tzinfo=LOCAL).astimezone(UTC)

Result = TypeVar("Result")


@dataclass(slots=True)
class Clock:
    """The demo's own time: it moves when the story says so, a minute for every act."""

    now: datetime = BEGINS

    def to(self, month: int, day: int, hour: int = 10) -> date:
        """Go forward to an hour of a day in 2026 on the site, and return that day."""
        self.now = datetime(2026, month, day, hour, tzinfo=LOCAL).astimezone(UTC)
        return self.today

    def tick(self) -> datetime:
        """Let a minute pass and return the time."""
        self.now += timedelta(minutes=1)
        return self.now

    @property
    def today(self) -> date:
        """Return what day it is on the site."""
        return self.now.astimezone(LOCAL).date()


class Key(NamedTuple):
    """Which sheet: whose, and of which month."""

    letter: str
    month: date


@dataclass(slots=True)
class Site:
    """The site while the story goes on."""

    begin: Begin  # as the web service and the operator's commands sign in
    loop: Begin  # as the worker loop does
    teller: Teller
    keep: Callable[[str, bytes], None]  # a name below the folder, and its bytes
    clock: Clock = field(default_factory=Clock)
    banks: Mapping[str, Adapter] = field(default_factory=lambda: banks.load([ADAPTER]))
    bank: Bank = field(default_factory=Bank)
    callers: dict[str, Caller] = field(default_factory=dict)
    keys: dict[str, signing.PrivateKey] = field(default_factory=dict)
    project_id: int = 0
    sheets: dict[Key, int] = field(default_factory=dict)
    orders: dict[Key, BankOrder] = field(default_factory=dict)  # as the bank read them
    files: dict[Key, BankFile] = field(default_factory=dict)  # written, not handed over yet
    refused: list[dict[str, object]] = field(default_factory=list)  # for the summary
    noted: dict[str, object] = field(default_factory=dict)  # likewise: what was true on the way

    def do(self, step: Callable[..., Result], who: str, **facts: Any) -> Result:  # noqa: ANN401
        """Let somebody take one step on the project, in a transaction of its own."""
        return self.administer(step, who, project_id=self.project_id, **facts)

    def administer(
        self,
        step: Callable[..., Result],
        who: str = ADMINISTRATOR,
        **facts: Any,  # noqa: ANN401
    ) -> Result:
        """Let somebody take one step that needs no project yet."""
        with self.begin() as tx:
            return step(tx, caller=self.callers[who], now=self.clock.tick(), **facts)

    def know(self, login: str) -> None:
        """Remember somebody as a caller, with the roles of now."""
        with self.begin() as tx:
            self.callers[login] = members.caller_of_login(tx, login)
