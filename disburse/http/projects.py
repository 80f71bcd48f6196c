"""Projects: who takes part, from which account wages are paid, who works there."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, Final

from marshmallow import Schema, fields, validate

from disburse.domain.access import Act
from disburse.domain.identity import normalise, normalise_account
from disburse.domain.roster import ENROLMENTS_MAX, Enrolment
from disburse.domain.sheet import IdType
from disburse.door import admit
from disburse.http.answers import page_of
from disburse.http.asks import (
    PageAsked,
    ReasonAsked,
    Truth,
    Whole,
    a_choice,
    a_digest,
    a_number,
    a_text,
    an_amount,
    exact,
)
from disburse.http.organisations import OrganisationTold, RevokedTold
from disburse.http.routes import Ask, Desk, Routes
from disburse.http.spread import Money
from disburse.queries.paging import number_after, page, rows_for
from disburse.queries.scope import scope_of
from disburse.steps.parties.enrol import enrol
from disburse.steps.parties.freeze_account import freeze_account
from disburse.steps.parties.join_project import join_project
from disburse.steps.parties.open_account import open_account
from disburse.steps.parties.reopen_account import reopen_account
from disburse.steps.parties.start_project import BASIS_POINTS, NewProject, start_project
from disburse.steps.parties.use_account import use_account
from disburse.storage import parties
from disburse.storage.parties import Delegation

ROSTER_BYTES_MAX: Final = 16 * 2**20  # 20,000 workers in JSON take 8 MB
NUMBER_MAX: Final = 40
ONE: Final = "/projects/<number:project_id>"


class AccountAsked(Schema):
    """A special account, and the format that its bank takes."""

    bank = a_text()
    adapter = a_text()
    currency = a_text(3)
    number = a_text(NUMBER_MAX)
    holder = a_text()
    bank_code = a_text(required=False, empty=True)
    bank_name = a_text(required=False, empty=True)
    statements = Truth(load_default=False)


class SpecialAccountTold(Schema):
    """A special account."""

    id = fields.Integer()
    connection_id = fields.Integer()
    adapter = fields.String()
    bank_id = fields.Integer()
    holder = fields.String()
    number = fields.String()
    bank_code = fields.String()
    bank_name = fields.String()
    currency = fields.String()
    statements = fields.Boolean()
    state = fields.String()


class ProjectAsked(Schema):
    """A project; organisations by registration number."""

    code = a_text()
    name = a_text()
    owner = a_text()
    general_contractor = a_text()
    region = a_text()
    sector = a_text()
    government_funded = Truth(required=True)
    currency = a_text(3)
    contract_amount = an_amount()
    labour_share_basis_points = Whole(
        required=True, validate=validate.Range(min=0, max=BASIS_POINTS)
    )
    starts_on = fields.Date(required=True)
    ends_on = fields.Date(required=True)
    time_zone = fields.String(load_default="Asia/Shanghai", validate=validate.Length(max=60))
    payer_account = a_text(required=False, empty=True)
    policy = fields.Dict(keys=fields.String(), load_default=dict)


class ProjectTold(Schema):
    """A project."""

    id = fields.Integer()
    code = fields.String()
    name = fields.String()
    owner_name = fields.String()
    general_contractor = fields.String()
    general_contractor_name = fields.String()
    account_id = fields.Integer(allow_none=True)
    region = fields.String()
    sector = fields.String()
    government_funded = fields.Boolean()
    currency = fields.String()
    contract_amount = Money()
    labour_share_basis_points = fields.Integer()
    starts_on = fields.Date()
    ends_on = fields.Date()
    time_zone = fields.String()
    policy_version = fields.Integer()


class PartyAsked(Schema):
    """Who joins; a subcontractor with its written order that the contractor pay for it."""

    registration = a_text()
    delegation_digest = a_digest(required=False)
    delegation_from = fields.Date(load_default=None)
    delegation_to = fields.Date(load_default=None)


class UseAccountAsked(Schema):
    """Which special account."""

    account_id = a_number()


class WorkerAsked(Schema):
    """One worker of the employer."""

    name = a_text()
    id_type = a_choice(IdType, required=True)
    id_number = a_text(NUMBER_MAX)
    joined_on = fields.Date(required=True)
    left_on = fields.Date(load_default=None)
    account = a_text(NUMBER_MAX)
    bank_code = a_text(required=False, empty=True)
    bank_name = a_text(required=False, empty=True)
    latin_name = a_text(required=False, empty=True)
    mobile = a_text(required=False, empty=True)
    team = a_text(required=False, empty=True)
    trade = a_text(required=False, empty=True)


class WorkersAsked(Schema):
    """The employer's registration number, and its workers."""

    registration = a_text()
    workers = fields.List(
        fields.Nested(WorkerAsked), required=True, validate=validate.Length(1, ENROLMENTS_MAX)
    )


class EnrolledTold(Schema):
    """How many workers are on the roster by this."""

    enrolled = fields.Integer()


def routes(desk: Desk) -> Routes:
    """Make the routes around what they need."""
    made = Routes("projects", desk)
    _accounts(made)
    _projects(made)
    _parties(made)
    _workers(made)
    return made


def _accounts(made: Routes) -> None:
    @made.changes("/accounts", SpecialAccountTold, asks=AccountAsked, status=HTTPStatus.CREATED)
    def _open_account(ask: Ask) -> object:
        """Make a special account known."""
        return open_account(
            ask.tx, caller=ask.caller, banks=made.desk.banks, now=ask.now, **ask.said
        )

    @made.changes("/accounts/<number:account_id>/freeze", SpecialAccountTold, asks=ReasonAsked)
    def _freeze_account(ask: Ask, account_id: int) -> object:
        """Let nothing leave the account that was not claimed yet."""
        return freeze_account(
            ask.tx, caller=ask.caller, account_id=account_id, now=ask.now, **ask.said
        )

    @made.changes("/accounts/<number:account_id>/reopen", SpecialAccountTold, asks=ReasonAsked)
    def _reopen_account(ask: Ask, account_id: int) -> object:
        """Let a frozen account pay again."""
        return reopen_account(
            ask.tx, caller=ask.caller, account_id=account_id, now=ask.now, **ask.said
        )


def _projects(made: Routes) -> None:
    @made.changes("/projects", ProjectTold, asks=ProjectAsked, status=HTTPStatus.CREATED)
    def _start_project(ask: Ask) -> object:
        """Set a project up, with its owner and general contractor."""
        said: dict[str, Any] = dict(ask.said)
        said["contract_amount"] = exact(said["contract_amount"], said["currency"])
        return start_project(ask.tx, caller=ask.caller, project=NewProject(**said), now=ask.now)

    @made.reads("/projects", page_of(ProjectTold), asks=PageAsked)
    def _projects(ask: Ask) -> object:
        """List the projects that the caller's organisation takes part in or watches."""
        readable = scope_of(ask.tx, ask.caller, Act.READ_PROJECT).project_ids
        limit, after = ask.said["limit"], number_after(ask.said["cursor"])
        numbers = [one for one in readable if one > after][: rows_for(limit)]
        rows = [parties.project(ask.tx, one) for one in numbers]
        return page(rows, limit, lambda row: (row.id,))

    @made.reads(ONE, ProjectTold)
    def _project(ask: Ask, project_id: int) -> object:
        """Tell one project."""
        return admit(ask.tx, ask.caller, Act.READ_PROJECT, project_id)


def _parties(made: Routes) -> None:
    @made.changes(f"{ONE}/parties", OrganisationTold, asks=PartyAsked)
    def _join_project(ask: Ask, project_id: int) -> object:
        """Let a subcontractor or a bank take part; again renews a delegation."""
        said = ask.said
        delegation = None
        if "delegation_digest" in said and said["delegation_from"] is not None:
            delegation = Delegation(
                digest=said["delegation_digest"],
                valid_from=said["delegation_from"],
                valid_to=said["delegation_to"],
            )
        return join_project(
            ask.tx,
            caller=ask.caller,
            project_id=project_id,
            registration=said["registration"],
            delegation=delegation,
            now=ask.now,
        )

    @made.changes(f"{ONE}/account", RevokedTold, asks=UseAccountAsked)
    def _use_account(ask: Ask, project_id: int) -> object:
        """Pay the project's wages from this special account on."""
        revoked = use_account(
            ask.tx, caller=ask.caller, project_id=project_id, now=ask.now, **ask.said
        )
        return {"sheets": [sheet.id for sheet in revoked]}


def _workers(made: Routes) -> None:
    @made.changes(f"{ONE}/workers", EnrolledTold, asks=WorkersAsked, bytes_max=ROSTER_BYTES_MAX)
    def _enrol(ask: Ask, project_id: int) -> object:
        """Put workers on the roster; who is there gets the new particulars."""
        enrolments = [
            Enrolment(
                **one | {"id_number": normalise(one["id_type"], one["id_number"]),
                         "account": normalise_account(one["account"])}
            )
            for one in ask.said["workers"]
        ]  # fmt: skip
        count = enrol(
            ask.tx,
            caller=ask.caller,
            project_id=project_id,
            registration=ask.said["registration"],
            enrolments=enrolments,
            now=ask.now,
        )
        return {"enrolled": count}
