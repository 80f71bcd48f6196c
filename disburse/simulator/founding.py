"""Sets the installation up by the real steps, once, on a throwaway server."""

from __future__ import annotations

import secrets
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from shutil import disk_usage
from typing import Any

from disburse import banks, signing
from disburse.demo.contract import (
    BANK,
    CURRENCY,
    GENERAL_CONTRACTOR,
    LABOUR,
    OPERATOR,
    OWNER,
    SPECIAL_ACCOUNT,
    a_project,
)
from disburse.demo.people import WORKERS, a_credit_code, a_worker, an_identity_number
from disburse.domain.access import OrganisationKind
from disburse.domain.particulars import Identity
from disburse.domain.policy import Policy
from disburse.domain.sheet import IdType
from disburse.domain.signing_key import Algorithm, Purpose
from disburse.sealing import Keychain, LocalMaster, new_secret
from disburse.simulator.town import (
    ADAPTER,
    ADMINISTRATOR,
    EMPLOYERS,
    HASTE,
    MEMORY,
    MEMORY_BYTES_MIN,
    NOW,
    PEOPLE,
    PROJECT,
    TEMPLATES,
    WORKERS_OF_ONE,
    Employer,
    Town,
)
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
from disburse.steps.parties.start_project import start_project
from disburse.steps.parties.use_account import use_account
from disburse.storage import embedded, members
from disburse.storage.engine import Begin, connect
from disburse.storage.migrate import migrate
from disburse.storage.parties import Delegation


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
    made = Town(
        folder=folder,
        server=server,
        keychain=Keychain(LocalMaster([new_secret()])),
        callers={},
        employers=[],
        adapter=banks.load([ADAPTER])[ADAPTER],
    )
    for path in (made.outbox, made.inbox):
        path.mkdir()
    for statements, name in TEMPLATES.items():
        url = embedded.create_database(server, name)
        migrate(embedded.as_role(url, embedded.MIGRATE), today=NOW.date())
        begin = connect(url, made.keychain)
        try:
            _Founding(made, begin, statements).everything()
        finally:
            begin.dispose()
    return made


@dataclass(frozen=True, slots=True)
class _Founding:
    town: Town
    begin: Begin
    statements: bool
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
            (kinds.GENERAL_CONTRACTOR, GENERAL_CONTRACTOR),
            (kinds.BANK, BANK),
            (kinds.LABOUR_AUTHORITY, LABOUR),
            *((kinds.SUBCONTRACTOR, a_credit_code(21 + at)) for at in range(EMPLOYERS)),
        ):
            region = "6202" if kind is kinds.LABOUR_AUTHORITY else ""
            self._act(add_organisation, kind=kind, registration=registration,
                      name=f"示例单位{registration[-4:]}", region=region, sector="")  # fmt: skip

    def _project(self) -> None:
        project = a_project(PROJECT, "模拟项目", policy=Policy().stored())
        self.town.project_id = self._act(start_project, project=project).id
        account = self._act(
            open_account,
            banks=self.town.banks(deduplicates=False),
            bank=BANK,
            adapter=ADAPTER,
            currency=CURRENCY,
            number=SPECIAL_ACCOUNT,
            holder="示例单位农民工工资专用账户",
            statements=self.statements,
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
        known = self.town.employers[at : at + 1]  # from the other database: the same key in both
        key = known[0].key if known else signing.generate(Algorithm.EDDSA)
        challenge = secrets.token_urlsafe()
        proof = signing.prove_possession(key, organisation=registration, purpose=Purpose.SHEET,
                                         challenge=challenge, now=self.at)  # fmt: skip
        offered = Offered(public_jwk=key.public.jwk, challenge=challenge, proof=proof)
        self._act(register_key, registration=registration, purpose=Purpose.SHEET, offered=offered,
                  valid_for=timedelta(days=730))  # fmt: skip
        if known:
            return
        first = at * WORKERS_OF_ONE + 1
        workers = tuple(a_worker(first + place) for place in range(WORKERS_OF_ONE))
        self.town.employers.append(
            Employer(registration=registration, signer=f"signer_{at}", key=key, workers=workers)
        )

    def _confirm(self) -> None:
        """Let the inspector know the contractor's approver, and the approver the rest."""
        own = {GENERAL_CONTRACTOR, *(one.registration for one in self.town.employers)}
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
