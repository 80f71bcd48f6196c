"""The installation before its first life: everybody is there, nothing was paid yet.

It is set up once by the real steps, in a database that every life gets a copy of.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from disburse import signing
from disburse.adapter import Adapter
from disburse.demo.contract import BANK, GENERAL_CONTRACTOR, LABOUR
from disburse.demo.people import Worker, a_credit_code
from disburse.domain.access import Caller, Role
from disburse.domain.capabilities import Capabilities
from disburse.sealing import Keychain
from disburse.storage import embedded
from disburse.storage.engine import Connections, connect

NOW: Final = datetime(2026, 8, 5, 2, 0, tzinfo=UTC)  # 10:00 on the site
PROJECT: Final = "SIM-2026-001"
ADAPTER: Final = "delimited:small_chinese_bank"
PAYMENTS_IN_A_FILE: Final = 2  # so that one sheet has several files
EMPLOYERS: Final = 4
WORKERS_OF_ONE: Final = 6
# What a crash would lose, nobody misses: the server lives as long as the simulator does.
HASTE: Final = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
MEMORY: Final = Path("/dev/shm")  # noqa: S108  (only as a parent, where it is large enough)
MEMORY_BYTES_MIN: Final = 2**30

PEOPLE: Final = (
    ("labour_officer", GENERAL_CONTRACTOR, Role.LABOUR_OFFICER),
    ("approver", GENERAL_CONTRACTOR, Role.APPROVER),
    ("second_approver", GENERAL_CONTRACTOR, Role.APPROVER),
    ("releaser", GENERAL_CONTRACTOR, Role.RELEASER),
    ("second_releaser", GENERAL_CONTRACTOR, Role.RELEASER),
    ("bank_operator", BANK, Role.BANK_OPERATOR),
    ("inspector", LABOUR, Role.INSPECTOR),
    *((f"signer_{at}", a_credit_code(21 + at), Role.SIGNER) for at in range(EMPLOYERS)),
)
TEMPLATES: Final = {False: "template_life", True: "template_life_stated"}  # are statements booked?
ADMINISTRATOR: Final = "administrator"


class Small:
    """The real adapter of a bank that takes few payments in one file."""

    def __init__(self, adapter: Adapter, *, deduplicates: bool = False) -> None:
        """Take over the adapter; `deduplicates`: its bank promises to recognise a file."""
        self._adapter = adapter
        self.capabilities: Capabilities = replace(
            adapter.capabilities, payments_max=PAYMENTS_IN_A_FILE, deduplicates=deduplicates
        )

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401  (whatever the real one has)
        return getattr(self._adapter, name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Employer:
    """A subcontractor, its workers and its key."""

    registration: str
    signer: str
    key: signing.PrivateKey
    workers: tuple[Worker, ...]


@dataclass(slots=True)
class Town:
    """Who is there, and where."""

    folder: Path
    server: str  # the URL of any database on it
    keychain: Keychain
    callers: dict[str, Caller]
    employers: list[Employer]
    adapter: Adapter
    project_id: int = 0
    lives: int = 0

    @property
    def outbox(self) -> Path:
        """Return where files for the bank are put."""
        return self.folder / "outbox"

    @property
    def inbox(self) -> Path:
        """Return where the bank puts its answers."""
        return self.folder / "inbox"

    def banks(self, *, deduplicates: bool) -> Mapping[str, Adapter]:
        """Return the one adapter."""
        small: Any = Small(self.adapter, deduplicates=deduplicates)
        return {ADAPTER: small}

    @contextmanager
    def copy(self, *, statements: bool) -> Iterator[tuple[Connections, Connections]]:
        """Give a life a database of its own, as the web service and as the worker loop see it."""
        self.lives += 1
        url = embedded.create_database(self.server, f"life_{self.lives}", TEMPLATES[statements])
        begin, loop = (
            connect(embedded.as_role(url, role), self.keychain, ping=False)
            for role in (embedded.APP, embedded.WORK)
        )
        try:
            yield begin, loop
        finally:
            begin.dispose()
            loop.dispose()
            embedded.drop_database(url)
