"""A small world that wages can be paid in; a test names only what it is about."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import cache
from hashlib import sha256
from typing import TypeVar
from weakref import finalize

from disburse import banks, signing
from disburse.adapter import Adapter
from disburse.domain.access import ROLES, Caller, OrganisationKind, Role
from disburse.domain.policy import Policy
from disburse.domain.request_key import RequestKey
from disburse.domain.sheet import Line
from disburse.domain.signing_key import Algorithm, Purpose, SigningKey
from disburse.domain.statement import Entry, Statement
from disburse.lineup import particulars
from disburse.steps.bank.claim import claim
from disburse.steps.bank.hand_over import hand_over
from disburse.steps.bank.ingest import Ingested, ingest
from disburse.steps.money.book import book
from disburse.steps.payroll.approve import approve
from disburse.steps.payroll.export import export
from disburse.steps.payroll.fund import fund
from disburse.steps.payroll.receive import Received, receive
from disburse.steps.payroll.review import review
from disburse.storage import (
    confirmations,
    embedded,
    keys,
    ledger,
    members,
    parties,
    request_keys,
    tenancy,
    workers,
)
from disburse.storage.acts import By
from disburse.storage.engine import Begin, Connections, Transaction, connect
from disburse.storage.files import BankFile
from disburse.storage.parties import Delegation
from disburse.storage.workers import NewWorker
from tests.conftest import KEYCHAIN
from tests.sheets import TODAY, a_card, a_credit_code, a_sheet_json, lines

NOW = datetime(TODAY.year, TODAY.month, TODAY.day, 2, 0, tzinfo=UTC)  # 10:00 on the site
JSON = "application/vnd.disburse.sheet+json"
PAYER = "62000000000000000001"
ADAPTER = "delimited:small_chinese_bank"

T = TypeVar("T")

# One organisation of each kind; the first two are the ones that `tests.sheets` names.
PLACES = {
    OrganisationKind.GENERAL_CONTRACTOR: 1,
    OrganisationKind.SUBCONTRACTOR: 2,
    OrganisationKind.OWNER: 3,
    OrganisationKind.BANK: 4,
    OrganisationKind.LABOUR_AUTHORITY: 5,
    OrganisationKind.SECTOR_AUTHORITY: 6,
    OrganisationKind.OPERATOR: 7,
}


@cache
def a_key(name: str) -> signing.PrivateKey:
    """Return the private key of `name`: the same one for the whole test run."""
    return signing.generate(Algorithm.EDDSA)


def a_request_key(world: World, name: str, member: str, **changed: object) -> signing.PrivateKey:
    """Register `a_key(name)` for the requests of a member, and return it."""
    private = a_key(name)
    values = {
        "kid": private.kid,
        "member_id": world.caller(member).member_id,
        "algorithm": signing.request_algorithm(private.public),
        "public_jwk": private.public.jwk,
        "valid_from": world.now - timedelta(days=1),
        "valid_to": world.now + timedelta(days=30),
        "confirmed_at": world.now - timedelta(days=1),
    }
    with world.begin() as tx:
        tenancy.stand_as_operator(tx)
        request_keys.add(tx, RequestKey(**values | changed))
    return private


@cache
def loaded_banks(*names: str) -> Mapping[str, Adapter]:
    return banks.load(names or (ADAPTER, "iso20022"))


@dataclass(slots=True, weakref_slot=True)
class World:
    """One project with everybody on it, in a real database."""

    begin: Begin  # once set up: bound to the labour officer, where a test asks by itself
    adapter: str = ADAPTER
    account: Mapping[str, object] = field(default_factory=dict)  # what differs, of its row
    registrations: Mapping[OrganisationKind, str] = field(default_factory=dict)  # likewise
    workers: int = 8
    policy: Policy = field(default_factory=Policy)
    banks: Mapping[str, Adapter] = field(default_factory=loaded_banks)
    now: datetime = NOW
    organisations: dict[OrganisationKind, int] = field(default_factory=dict)
    members: dict[str, Caller] = field(default_factory=dict)
    project_id: int = 0
    account_id: int = 0
    unbound: Connections = field(init=False)  # what the web service has: nobody asks yet
    _loop: Connections | None = None
    _statements: int = 0
    _booked: int = 0

    def __post_init__(self) -> None:
        self.unbound = self.begin
        with self.begin() as tx:
            tenancy.stand_as_operator(tx)
            self._found(tx)
            self._start(tx)
            self.enrol(tx, lines(self.workers))
        self.begin = tenancy.bound(self.unbound, self.caller("labour_officer"))

    @contextmanager
    def operating(self) -> Iterator[Transaction]:
        """Begin a transaction that sees what the operator sets up."""
        with self.unbound() as tx:
            tenancy.stand_as_operator(tx)
            yield tx

    @contextmanager
    def owning(self) -> Iterator[Transaction]:
        """Begin a transaction of the tables' owner, who can change what never changes."""
        url = self.unbound.engine.url.render_as_string(hide_password=False)
        connections = connect(embedded.as_role(url, embedded.MIGRATE), KEYCHAIN)
        try:
            with connections() as tx:
                tx.exec_driver_sql(f"SET LOCAL ROLE {embedded.OWNER}")
                yield tx
        finally:
            connections.dispose()

    @property
    def loop(self) -> Connections:
        """What the worker loop and `disburse prove` begin their transactions by."""
        if self._loop is None:
            url = self.unbound.engine.url.render_as_string(hide_password=False)
            self._loop = connect(embedded.as_role(url, embedded.WORK), KEYCHAIN)
            finalize(self, self._loop.dispose)
        return self._loop

    def everything(self) -> AbstractContextManager[Transaction]:
        """Begin a transaction of the worker loop's, which sees every project."""
        return self.loop()

    # ------------------------------------------------------------ setting up
    def _found(self, tx: Transaction) -> None:
        for kind, place in PLACES.items():
            values = {
                "kind": kind,
                "registration": self.registrations.get(kind, a_credit_code(place)),
                "name": kind.replace("_", " ").title(),
                "region": "6202" if "authority" in kind else "",
                "sector": "housing" if kind is OrganisationKind.SECTOR_AUTHORITY else "",
            }
            self.organisations[kind] = parties.add_organisation(tx, values)
            for role in sorted(ROLES[kind]):
                self.add_member(tx, kind, role)
        self.add_member(tx, OrganisationKind.GENERAL_CONTRACTOR, Role.APPROVER, "second approver")
        self.add_member(tx, OrganisationKind.GENERAL_CONTRACTOR, Role.RELEASER, "second releaser")
        self.register(tx, OrganisationKind.SUBCONTRACTOR)

    def add_member(
        self, tx: Transaction, kind: OrganisationKind, *roles_then_name: str | Role
    ) -> Caller:
        """Add a person of an organisation; called by the first role, or by the name given last."""
        tenancy.stand_as_operator(tx)
        name = str(roles_then_name[-1])
        roles = [role for role in roles_then_name if isinstance(role, Role)]
        print_ = sha256(f"{kind} {name}".encode()).digest()
        person = workers.persons(tx, [print_])[print_]
        login = f"{name}@{kind}".replace(" ", "_")
        values = {
            "organisation_id": self.organisations[kind],
            "person_id": person,
            "name": name,
            "login": login,
        }
        number = members.add_member(tx, values)
        granted = By(member_id=None, person_id=None, at=self.now)
        members.grant(tx, member_id=number, roles=roles, project_id=None, by=granted)
        self.confirm(tx, number, roles)
        caller = Caller(
            member_id=number,
            person_id=person,
            organisation_id=self.organisations[kind],
            organisation_kind=kind,
            grants=frozenset((role, None) for role in roles),
        )
        self.members.setdefault(name, caller)
        self.members[login] = caller
        return caller

    def confirm(self, tx: Transaction, member_id: int, roles: list[Role]) -> None:
        """Let roles count by the word of an authority's person, whom nobody else is."""
        print_ = sha256(b"who confirms").digest()
        word = By(member_id=None, person_id=workers.persons(tx, [print_])[print_], at=self.now)
        confirmations.confirm_roles(tx, member_id=member_id, roles=roles, by=word)

    def register(
        self,
        tx: Transaction,
        kind: OrganisationKind,
        name: str = "subcontractor",
        **changed: object,
    ) -> SigningKey:
        """Register the public half of `a_key(name)` for an organisation."""
        tenancy.stand_as_operator(tx)
        public = a_key(name).public
        key = SigningKey(
            kid=public.kid,
            organisation_id=self.organisations[kind],
            algorithm=public.algorithm,
            public_jwk=public.jwk,
            purpose=Purpose.SHEET,
            **{
                "confirmed_by": self.caller(Role.APPROVER).person_id,
                "confirmed_at": self.now - timedelta(days=30),
                "valid_from": self.now - timedelta(days=30),
                "valid_to": self.now + timedelta(days=700),
            }
            | changed,
        )
        keys.add(tx, key)
        return key

    def _start(self, tx: Transaction) -> None:
        bank = self.organisations[OrganisationKind.BANK]
        connection = parties.add_connection(tx, bank_id=bank, adapter=self.adapter)
        account = {
            "connection_id": connection,
            "holder": "GC + project + 农民工工资专用账户",
            "number": "1017700000000001",
            "bank_code": "102826000016",
            "bank_name": "",
            "currency": "CNY",
            "statements": False,
        } | dict(self.account)
        self.account_id = parties.add_account(tx, account)
        project = {
            "code": "JYG-2026-001",
            "name": "A site in Jiayuguan",
            "owner_id": self.organisations[OrganisationKind.OWNER],
            "general_contractor_id": self.organisations[OrganisationKind.GENERAL_CONTRACTOR],
            "region": "620200",
            "sector": "housing",
            "government_funded": True,
            "currency": account["currency"],
            "contract_amount": 10**10,
            "labour_share_basis_points": 2500,
            "starts_on": date(2026, 3, 1),
            "ends_on": date(2027, 12, 31),
            "time_zone": "Asia/Shanghai",
            "payer_account": PAYER,
            "policy": self.policy.stored(),
        }
        self.project_id = parties.add_project(tx, project)
        parties.use_account(tx, project_id=self.project_id, account_id=self.account_id)
        ledger.open_row(tx, project_id=self.project_id, account_id=self.account_id)
        for kind in ("owner", "general_contractor", "subcontractor", "bank"):
            delegated = Delegation(digest="0" * 64, valid_from=date(2026, 1, 1), valid_to=None)
            parties.add_party(
                tx,
                project_id=self.project_id,
                organisation_id=self.organisations[OrganisationKind(kind)],
                capacity=kind,
                delegation=delegated if kind == "subcontractor" else None,
            )

    def enrol(
        self, tx: Transaction, given: list[Line], *, joined_on: date = date(2026, 3, 1)
    ) -> None:
        """Put the workers of these lines on the subcontractor's roster."""
        tenancy.stand(tx, self.caller("labour_officer"))
        index = workers.index(tx)
        prints = [index.of_identity(line.id_type, line.id_number) for line in given]
        numbers = workers.persons(tx, prints)
        workers.enrol(
            tx,
            project_id=self.project_id,
            employer_id=self.organisations[OrganisationKind.SUBCONTRACTOR],
            workers=[
                NewWorker(
                    person_id=numbers[print_],
                    joined_on=joined_on,
                    left_on=None,
                    account_index=index.of_account(line.account),
                    latin=False,
                    particulars=particulars(line, ""),
                )
                for print_, line in zip(prints, given, strict=True)
            ],
        )

    # ------------------------------------------------------------ a sheet's way
    @property
    def booked(self) -> int:
        """Return what the bank said last is on the account."""
        return self._booked

    @property
    def here(self) -> dict[str, object]:
        """What most steps need to know besides their caller."""
        return {"project_id": self.project_id, "now": self.now}

    def caller(self, name: str) -> Caller:
        """Return a person by role or name."""
        return self.members[name]

    def do(self, step: Callable[..., T], who: str | None, **facts: object) -> T:
        """Run one step as a person by role or name (None: the worker loop), and commit."""
        caller = self.caller(who) if who else None
        with (self.begin if caller else self.loop)() as tx:
            return step(tx, caller=caller, **self.here | facts)

    def receive(self, content: bytes | None = None, **changed: object) -> Received:
        """Submit a signed sheet as the subcontractor does."""
        content = content if content is not None else a_sheet_json(*lines(self.workers))
        given = {
            "caller": self.caller("signer"),
            "content": content,
            "media_type": JSON,
            "signature": signing.sign(content, a_key("subcontractor"), now=self.now),
            "banks": self.banks,
        }
        with self.begin() as tx:
            return receive(tx, **self.here | given | changed)

    def allocate(self, amount: int) -> None:
        """Let the owner's money arrive on the account, by a bank's statement."""
        self.book((amount, "", PAYER))

    def book(
        self,
        *entries: tuple[int, str, str] | tuple[int, str, str, int | None],
        said: str = "",
        count: int | None = None,
    ) -> Statement:
        """Book a statement of (amount, reference of ours that it names, counterparty)."""
        self._statements += 1
        told = [
            Entry(
                reference=f"B{self._statements}-{place}",
                amount=amount,
                booked_on=self.now.date(),
                names=names,
                counterparty=counterparty,
                text=said,
                count=many[0] if many else count,
            )
            for place, (amount, names, counterparty, *many) in enumerate(entries)
        ]
        statement = Statement(
            reference=f"S{self._statements}",
            closes_on=self.now.date(),
            opening=self._booked,
            closing=self._booked + sum(entry.amount for entry in told),
            entries=told,
        )
        with self.begin() as tx:
            book(
                tx,
                caller=self.caller("bank_operator"),
                statement=statement,
                digest=sha256(statement.reference.encode()).hexdigest(),
                **self.here,
            )
        self._booked = statement.closing
        return statement

    def funded(self, content: bytes | None = None) -> int:
        """Return the number of a sheet that was received, reviewed and funded."""
        got = self.receive(content)
        self.allocate(got.coverage.needed)
        sheet = {"sheet_id": got.sheet.id}
        with self.begin() as tx:
            review(tx, caller=self.caller("labour_officer"), **self.here | sheet)
        with self.loop() as tx:
            fund(tx, caller=None, **self.here | sheet)
        return got.sheet.id

    def exported(self, content: bytes | None = None) -> tuple[int, list[BankFile]]:
        """Return the number of an exported sheet, and its files."""
        sheet_id = self.funded(content)
        with self.begin() as tx:
            approve(tx, caller=self.caller("approver"), sheet_id=sheet_id, **self.here)
        with self.begin() as tx:
            _, files = export(
                tx,
                caller=self.caller("releaser"),
                sheet_id=sheet_id,
                banks=self.banks,
                **self.here,
            )
        return sheet_id, files

    def sent(self, content: bytes | None = None) -> tuple[int, list[BankFile], list[bytes]]:
        """Return the number of a sheet whose files were handed to the bank, files and bytes."""
        sheet_id, files = self.exported(content)
        return sheet_id, files, [self.give(file) for file in files]

    def give(self, file: BankFile) -> bytes:
        """Claim a file, hand it over, and return its bytes."""
        content = self.claim(file)
        with self.begin() as tx:
            hand_over(tx, caller=self.caller("releaser"), file_id=file.id, **self.here)
        return content

    def claim(self, file: BankFile) -> bytes:
        """Claim a file, and return its bytes."""
        with self.begin() as tx:
            _, content = claim(
                tx,
                caller=self.caller("releaser"),
                file_id=file.id,
                sha256=file.sha256,
                count=file.count,
                total=file.total,
                **self.here,
            )
        return content

    def ingest(self, content: bytes) -> Ingested:
        """Take in a bank's report."""
        with self.begin() as tx:
            return ingest(
                tx,
                caller=self.caller("bank_operator"),
                content=content,
                banks=self.banks,
                **self.here,
            )


__all__ = ["ADAPTER", "JSON", "NOW", "PAYER", "World", "a_card", "a_key", "loaded_banks"]
