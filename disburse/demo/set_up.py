"""The site before its first pay day: who takes part, who may do what, and who works there."""

from __future__ import annotations

import secrets
from datetime import date, timedelta
from hashlib import sha256
from typing import Final, NamedTuple

from disburse import signing
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
from disburse.demo.people import WORKERS, a_credit_code, an_identity_number
from disburse.demo.site import ADAPTER, ADMINISTRATOR, Site
from disburse.demo.wages import PROJECT, SUBCONTRACTORS, Subcontractor
from disburse.domain.access import OrganisationKind, Role
from disburse.domain.particulars import Identity
from disburse.domain.policy import Policy
from disburse.domain.sheet import IdType
from disburse.domain.signing_key import Algorithm, Purpose
from disburse.steps.parties.add_member import add_member
from disburse.steps.parties.add_organisation import add_organisation
from disburse.steps.parties.confirm import confirm
from disburse.steps.parties.enrol import enrol
from disburse.steps.parties.found import found
from disburse.steps.parties.grant_roles import grant_roles
from disburse.steps.parties.join_project import join_project
from disburse.steps.parties.open_account import open_account
from disburse.steps.parties.register_key import Offered, register_key
from disburse.steps.parties.start_project import start_project
from disburse.steps.parties.use_account import use_account
from disburse.storage.parties import Delegation

SECTOR: Final = a_credit_code(52)
ABSENT: Final = 62  # the worker whom nobody registered in time: line 17 of B
KEYS: Final = {"A": Algorithm.EDDSA, "B": Algorithm.ES256, "C": Algorithm.PS256}

Kinds = OrganisationKind


class Party(NamedTuple):
    """An organisation to be added."""

    kind: OrganisationKind
    registration: str
    name: str
    region: str = ""
    sector: str = ""


PARTIES: Final = (
    Party(Kinds.OWNER, OWNER, "示例市政建设管理处"),
    Party(Kinds.GENERAL_CONTRACTOR, GENERAL_CONTRACTOR, "示例建筑总承包有限公司"),
    *(Party(Kinds.SUBCONTRACTOR, one.registration, one.name) for one in SUBCONTRACTORS),
    Party(Kinds.BANK, BANK, "示例村镇银行"),
    Party(Kinds.LABOUR_AUTHORITY, LABOUR, "示例人力资源和社会保障局", "6202"),
    Party(Kinds.SECTOR_AUTHORITY, SECTOR, "示例住房和城乡建设局", "6202", "housing"),
)
# Login, organisation, role. Two approvers, because large sheets take two people.
PEOPLE: Final = (
    ("funder", OWNER, Role.FUNDER),
    ("labour_officer", GENERAL_CONTRACTOR, Role.LABOUR_OFFICER),
    ("approver", GENERAL_CONTRACTOR, Role.APPROVER),
    ("second_approver", GENERAL_CONTRACTOR, Role.APPROVER),
    ("releaser", GENERAL_CONTRACTOR, Role.RELEASER),
    ("finance_viewer", GENERAL_CONTRACTOR, Role.FINANCE_VIEWER),
    *((f"signer_{one.letter.lower()}", one.registration, Role.SIGNER) for one in SUBCONTRACTORS),
    ("bank_operator", BANK, Role.BANK_OPERATOR),
    ("inspector", LABOUR, Role.INSPECTOR),
    ("supervisor", SECTOR, Role.SUPERVISOR),
)
POLICY: Final = Policy(
    approvers=((0, 1), (30_000_000, 2)),
    cooling_days=3,
    note="工资 {period}",
    statement_days=31,  # the story's bank states only what moves
).stored()


def set_up(site: Site) -> None:
    """Found the installation, and add everybody and everything that the first pay day needs."""
    site.teller.chapter("setup")
    _found(site)
    for party in PARTIES:
        site.administer(add_organisation, **party._asdict())
    for at, (login, registration, role) in enumerate(PEOPLE):
        _add_person(site, at, login, registration, role)
    site.teller.say("parties", organisations=len(PARTIES) + 1, people=len(PEOPLE) + 1)
    _start_project(site)
    for subcontractor in SUBCONTRACTORS:
        _join(site, subcontractor)
    site.teller.say("project", project=PROJECT)
    _confirm(site)
    count = sum(_enrol(site, subcontractor) for subcontractor in SUBCONTRACTORS)
    site.teller.say("roster", count=count)
    _show(site)


def _found(site: Site) -> None:
    with site.begin() as tx:
        found(
            tx,
            registration=OPERATOR,
            name="示例平台运营单位",
            login=ADMINISTRATOR,
            person="平台管理员",
            identity=_identity(0),
            now=site.clock.tick(),
        )
    site.know(ADMINISTRATOR)


def _add_person(site: Site, at: int, login: str, registration: str, role: Role) -> None:
    site.administer(
        add_member,
        registration=registration,
        login=login,
        name=f"{role} {at + 1}",
        identity=_identity(at + 1),
    )
    site.administer(grant_roles, login=login, roles=[role])


def _confirm(site: Site) -> None:
    """Let the inspector know the contractor's approver, and the approver everybody on the site.

    Until then nobody can do anything but the administrator, who moves no money.
    """
    own = {GENERAL_CONTRACTOR, *(one.registration for one in SUBCONTRACTORS)}
    by_approver = {
        login: [role] for login, registration, role in PEOPLE
        if registration in own and login != "approver"
    }  # fmt: skip
    by_inspector = {
        login: [role] for login, _, role in PEOPLE if login not in {"inspector", *by_approver}
    }
    kids = [key.kid for key in site.keys.values()]
    site.know("inspector")
    site.administer(confirm, "inspector", people=by_inspector, keys=())
    site.know("approver")
    site.administer(confirm, "approver", people=by_approver, keys=kids)
    for login, _, _ in PEOPLE:
        site.know(login)
    site.teller.say("confirmed", people=len(by_inspector) + len(by_approver), keys=len(kids))


def _identity(at: int) -> Identity:
    return Identity(IdType.RESIDENT_CARD, an_identity_number(WORKERS + 1 + at))  # no worker's


def _start_project(site: Site) -> None:
    project = a_project(PROJECT, "嘉峪关市某安置住房项目（演示）", policy=POLICY)
    site.project_id = site.administer(start_project, project=project).id
    account = site.administer(
        open_account,
        banks=site.banks,
        bank=BANK,
        adapter=ADAPTER,
        currency=CURRENCY,
        number=SPECIAL_ACCOUNT,
        holder="示例建筑总承包有限公司嘉峪关安置住房项目农民工工资专用账户",
        statements=True,
    )
    site.administer(use_account, project_id=site.project_id, account_id=account.id)


def _join(site: Site, subcontractor: Subcontractor) -> None:
    order = f"{subcontractor.name} 委托总包代发农民工工资"
    delegation = Delegation(
        digest=sha256(order.encode()).hexdigest(), valid_from=date(2026, 3, 1), valid_to=None
    )
    registration = subcontractor.registration
    site.administer(
        join_project, project_id=site.project_id, registration=registration, delegation=delegation
    )
    key = signing.generate(KEYS[subcontractor.letter])
    challenge = secrets.token_urlsafe()
    proof = signing.prove_possession(
        key,
        organisation=registration,
        purpose=Purpose.SHEET,
        challenge=challenge,
        now=site.clock.now,
    )
    site.administer(
        register_key,
        registration=registration,
        purpose=Purpose.SHEET,
        offered=Offered(public_jwk=key.public.jwk, challenge=challenge, proof=proof),
        valid_for=timedelta(days=730),
    )
    site.keys[subcontractor.letter] = key


def _enrol(site: Site, subcontractor: Subcontractor) -> int:
    return site.do(
        enrol,
        "labour_officer",
        registration=subcontractor.registration,
        enrolments=[one.enrolment() for one in subcontractor.workers if one.place != ABSENT],
    )


def _show(site: Site) -> None:
    word = site.teller.word
    rows = [(word(f"kind.{party.kind}"), party.name) for party in PARTIES]
    site.teller.table("parties.table", "kind name", rows)
