"""The installation before its first life: everybody is there, nothing was paid yet.

It is set up once by the real steps, in a database that every life gets a copy of.
"""

from __future__ import annotations

import secrets
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from shutil import disk_usage
from typing import Any, Final

from disburse import banks, signing
from disburse.adapter import Adapter
from disburse.demo.people import WORKERS, Worker, a_credit_code, a_worker, an_identity_number
from disburse.domain.access import Caller, OrganisationKind, Role
from disburse.domain.capabilities import Capabilities
from disburse.domain.particulars import Identity
from disburse.domain.policy import Policy
from disburse.domain.sheet import IdType
from disburse.domain.signing_key import Algorithm, Purpose
from disburse.sealing import Keychain, LocalMaster, new_secret
from disburse.steps.parties.add_member import add_member
from disburse.steps.parties.add_organisation import add_organisation
from disburse.steps.parties.confirm import confirm
from disburse.steps.parties.connect import connect as connect_bank
from disburse.steps.parties.enrol import enrol
from disburse.steps.parties.found import found
from disburse.steps.parties.grant_roles import grant_roles
from disburse.steps.parties.join_project import join_project
from disburse.steps.parties.open_account import open_account
from disburse.steps.parties.register_key import Offered, register_key
from disburse.steps.parties.start_project import NewProject, start_project
from disburse.steps.parties.use_account import use_account
from disburse.storage import embedded, members
from disburse.storage.engine import Begin, Connections, connect
from disburse.storage.migrate import migrate
from disburse.storage.parties import Delegation

NOW: Final = datetime(2026, 8, 5, 2, 0, tzinfo=UTC)  # 10:00 on the site
PROJECT: Final = "SIM-2026-001"
CURRENCY: Final = "CNY"
ADAPTER: Final = "delimited:small_chinese_bank"
PAYMENTS_IN_A_FILE: Final = 2  # so that one sheet has several files
EMPLOYERS: Final = 4
WORKERS_OF_ONE: Final = 6
PAYER: Final = "62029900000000000001"
OWNER, CONTRACTOR, BANK = a_credit_code(1), a_credit_code(11), a_credit_code(31)
LABOUR, OPERATOR = a_credit_code(51), a_credit_code(41)
# What a crash would lose, nobody misses: the server lives as long as the simulator does.
HASTE: Final = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
MEMORY: Final = Path("/dev/shm")  # noqa: S108  (only as a parent, where it is large enough)
MEMORY_BYTES_MIN: Final = 2**30

PEOPLE: Final = (
    ("labour_officer", CONTRACTOR, Role.LABOUR_OFFICER),
    ("approver", CONTRACTOR, Role.APPROVER),
    ("second_approver", CONTRACTOR, Role.APPROVER),
    ("releaser", CONTRACTOR, Role.RELEASER),
    ("second_releaser", CONTRACTOR, Role.RELEASER),
    ("bank_operator", BANK, Role.BANK_OPERATOR),
    ("inspector", LABOUR, Role.INSPECTOR),
    *((f"signer_{at}", a_credit_code(21 + at), Role.SIGNER) for at in range(EMPLOYERS)),
)
TEMPLATE: Final = "template_life"
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
    server: str  # the URL of the template
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
    def copy(self) -> Iterator[tuple[Connections, Connections]]:
        """Give a life a database of its own, as the web service and as the worker loop see it."""
        self.lives += 1
        url = embedded.create_database(self.server, f"life_{self.lives}", TEMPLATE)
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


@contextmanager
def town() -> Iterator[Town]:
    """Start a throwaway server, set the installation up, and remove everything in the end."""
    memory = MEMORY.is_dir() and disk_usage(MEMORY).free > MEMORY_BYTES_MIN
    parent = MEMORY if memory else None
    with tempfile.TemporaryDirectory(prefix="disburse-simulate-", dir=parent) as name:
        folder = Path(name)
        try:
            yield found_town(folder, embedded.ensure(folder / "postgres", options=HASTE))
        finally:
            embedded.stop(folder / "postgres")


def found_town(folder: Path, server: str) -> Town:
    """Set the installation up in a new database on a server, which nobody else may use."""
    url = embedded.create_database(server, TEMPLATE)
    migrate(embedded.as_role(url, embedded.MIGRATE), today=NOW.date())
    made = Town(
        folder=folder,
        server=url,
        keychain=Keychain(LocalMaster([new_secret()])),
        callers={},
        employers=[],
        adapter=banks.load([ADAPTER])[ADAPTER],
    )
    for path in (made.outbox, made.inbox):
        path.mkdir()
    begin = connect(url, made.keychain)
    try:
        _Founding(made, begin).everything()
    finally:
        begin.dispose()
    return made


@dataclass(frozen=True, slots=True)
class _Founding:
    town: Town
    begin: Begin
    at: datetime = NOW - timedelta(days=30)

    def everything(self) -> None:
        with self.begin() as tx:
            found(tx, registration=OPERATOR, name="示例平台运营单位", login=ADMINISTRATOR,
                  person="平台管理员", identity=_identity(0), now=self.at)  # fmt: skip
        self._know(ADMINISTRATOR)
        self._organisations()
        for at, (login, registration, role) in enumerate(PEOPLE, start=1):
            self._act(add_member, registration=registration, login=login, name=f"{role} {at}",
                      identity=_identity(at))  # fmt: skip
            self._act(grant_roles, login=login, roles=[role])
        self._project()
        for at in range(EMPLOYERS):
            self._employer(at)
        self._confirm()
        for one in self.town.employers:
            enrolments = [worker.enrolment() for worker in one.workers]
            self._act(enrol, "labour_officer", project_id=self.town.project_id,
                      registration=one.registration, enrolments=enrolments)  # fmt: skip

    def _act(self, step: Any, who: str = ADMINISTRATOR, **facts: Any) -> Any:  # noqa: ANN401
        with self.begin() as tx:
            return step(tx, caller=self.town.callers[who], now=self.at, **facts)

    def _know(self, login: str) -> None:
        with self.begin() as tx:
            self.town.callers[login] = members.caller_of_login(tx, login)

    def _organisations(self) -> None:
        kinds = OrganisationKind
        for kind, registration in (
            (kinds.OWNER, OWNER),
            (kinds.GENERAL_CONTRACTOR, CONTRACTOR),
            (kinds.BANK, BANK),
            (kinds.LABOUR_AUTHORITY, LABOUR),
            *((kinds.SUBCONTRACTOR, a_credit_code(21 + at)) for at in range(EMPLOYERS)),
        ):
            region = "6202" if kind is kinds.LABOUR_AUTHORITY else ""
            self._act(add_organisation, kind=kind, registration=registration,
                      name=f"示例单位{registration[-4:]}", region=region, sector="")  # fmt: skip

    def _project(self) -> None:
        project = NewProject(
            code=PROJECT,
            name="模拟项目",
            owner=OWNER,
            general_contractor=CONTRACTOR,
            region="620200",
            sector="housing",
            government_funded=True,
            currency=CURRENCY,
            contract_amount=8_600_000_000,
            labour_share_basis_points=2_500,
            starts_on=date(2026, 3, 1),
            ends_on=date(2027, 12, 31),
            payer_account=PAYER,
            policy=Policy().stored(),
        )
        self.town.project_id = self._act(start_project, project=project).id
        account = self._act(
            open_account,
            banks=self.town.banks(deduplicates=False),
            bank=BANK,
            adapter=ADAPTER,
            currency=CURRENCY,
            number="6202990000000017",
            holder="示例单位农民工工资专用账户",
            statements=False,
        )
        self._act(use_account, project_id=self.town.project_id, account_id=account.id)
        folders = {"outbox": str(self.town.outbox), "inbox": str(self.town.inbox)}
        self._act(connect_bank, bank=BANK, adapter=ADAPTER, transport="directory",
                  settings=folders)  # fmt: skip

    def _employer(self, at: int) -> None:
        registration = a_credit_code(21 + at)
        delegation = Delegation(
            digest=sha256(registration.encode()).hexdigest(),
            valid_from=date(2026, 3, 1),
            valid_to=None,
        )
        self._act(join_project, project_id=self.town.project_id, registration=registration,
                  delegation=delegation)  # fmt: skip
        key = signing.generate(Algorithm.EDDSA)
        challenge = secrets.token_urlsafe()
        proof = signing.prove_possession(key, organisation=registration, purpose=Purpose.SHEET,
                                         challenge=challenge, now=self.at)  # fmt: skip
        offered = Offered(public_jwk=key.public.jwk, challenge=challenge, proof=proof)
        self._act(register_key, registration=registration, purpose=Purpose.SHEET, offered=offered,
                  valid_for=timedelta(days=730))  # fmt: skip
        first = at * WORKERS_OF_ONE + 1
        workers = tuple(a_worker(first + place) for place in range(WORKERS_OF_ONE))
        self.town.employers.append(
            Employer(registration=registration, signer=f"signer_{at}", key=key, workers=workers)
        )

    def _confirm(self) -> None:
        """Let the inspector know the contractor's approver, and the approver the rest."""
        own = {CONTRACTOR, *(one.registration for one in self.town.employers)}
        by_approver = {
            login: [role] for login, place, role in PEOPLE if place in own and login != "approver"
        }
        by_inspector = {
            login: [role] for login, _, role in PEOPLE if login not in {"inspector", *by_approver}
        }
        self._know("inspector")
        self._act(confirm, "inspector", people=by_inspector, keys=())
        self._know("approver")
        kids = [one.key.kid for one in self.town.employers]
        self._act(confirm, "approver", people=by_approver, keys=kids)
        for login, _, _ in PEOPLE:
            self._know(login)


def _identity(at: int) -> Identity:
    return Identity(IdType.RESIDENT_CARD, an_identity_number(WORKERS + 1 + at))  # no worker's
