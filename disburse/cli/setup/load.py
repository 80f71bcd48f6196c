"""Does what the rows of a set-up say, one step each; a row that is known already does nothing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any, Final

from disburse.adapter import Adapter
from disburse.cli import answer
from disburse.cli.installation import actor
from disburse.cli.setup import forms
from disburse.cli.setup.files import Setup, SetupRefused, named
from disburse.cli.setup.rows import AccountOf, Hired, Joining, NewOrganisation, NewPerson
from disburse.domain import particulars
from disburse.domain.access import Caller, Role
from disburse.domain.finding import Effect
from disburse.domain.refusal import Refusal
from disburse.steps.parties.add_member import add_member
from disburse.steps.parties.add_organisation import add_organisation
from disburse.steps.parties.enrol import enrol
from disburse.steps.parties.grant_roles import grant_roles
from disburse.steps.parties.join_project import join_project
from disburse.steps.parties.open_account import open_account
from disburse.steps.parties.start_project import NewProject, start_project
from disburse.steps.parties.use_account import use_account
from disburse.storage import accounts, members, parties, tenancy
from disburse.storage.engine import Transaction
from disburse.storage.parties import NoSuchParty, PartyTaken


@dataclass(slots=True)
class Loader:
    """Carries the rows out in one transaction."""

    tx: Transaction
    caller: Caller
    officer: str | None  # who enrols; None: the contractor's only labour officer
    banks: Mapping[str, Adapter]
    now: datetime
    done: dict[str, int] = field(default_factory=dict)  # new rows by table
    kept_back: int = 0  # workers whom no confirmed labour officer could enrol yet

    def load(self, setup: Setup) -> Mapping[str, int]:
        """Do everything, or raise `SetupRefused` with every fault of every row."""
        wrong = list(setup.wrong)
        for form in forms.ALL:
            rows = setup.rows.get(form.name, [])
            if form is forms.WORKERS:
                self._workers(rows, wrong)
                continue
            for number, row in answer.progress(rows, form.name):
                act: Callable[[Any], bool] = getattr(self, form.name)
                try:
                    with self.tx.begin_nested():
                        self._count(form.name, act(row))
                except Refusal as refusal:
                    wrong.append(_told(form.name, number, refusal))
        if any(one["effect"] != Effect.ADVISES for one in wrong):
            raise SetupRefused(
                f"the set-up has {len(wrong)} faults and nothing of it was done", findings=wrong
            )
        return self.done

    def organisations(self, row: NewOrganisation) -> bool:
        """Add an organisation; say whether it is new."""
        try:
            known = parties.organisation(self.tx, particulars.registration(row.registration))
        except NoSuchParty:
            add_organisation(self.tx, caller=self.caller, now=self.now, **asdict(row))
            return True
        if known.kind is not row.kind:
            raise PartyTaken(f"{known.registration} is here as {known.kind}")
        return False

    def projects(self, row: NewProject) -> bool:
        """Start a project; say whether it is new."""
        try:
            parties.project_by_code(self.tx, row.code)
        except NoSuchParty:
            start_project(self.tx, caller=self.caller, project=row, now=self.now)
            return True
        return False

    def accounts(self, row: AccountOf) -> bool:
        """Open a special account and let projects use it; say whether it is new."""
        bank = parties.organisation(self.tx, particulars.registration(row.account.bank))
        number = particulars.account_number(row.account.number)
        try:
            account_id = accounts.by_number(self.tx, bank_id=bank.id, number=number)
            new = False
        except NoSuchParty:
            opened = open_account(
                self.tx, caller=self.caller, banks=self.banks, now=self.now, **asdict(row.account)
            )
            account_id, new = opened.id, True
        for code in row.projects:
            project = parties.project_by_code(self.tx, code)
            use_account(
                self.tx,
                caller=self.caller,
                project_id=project.id,
                account_id=account_id,
                now=self.now,
            )
        return new

    def parties(self, row: Joining) -> bool:
        """Let an organisation join a project; say whether anything changed."""
        project = parties.project_by_code(self.tx, row.project)
        joining = parties.organisation(self.tx, particulars.registration(row.organisation))
        place = {"project_id": project.id, "organisation_id": joining.id}
        if (
            parties.takes_part(self.tx, **place)
            and parties.delegation(self.tx, **place) == row.delegation
        ):
            return False
        join_project(
            self.tx,
            caller=self.caller,
            project_id=project.id,
            registration=joining.registration,
            delegation=row.delegation,
            now=self.now,
        )
        return True

    def people(self, row: NewPerson) -> bool:
        """Add an account, and the roles that it lacks; say whether the account is new."""
        owner = parties.organisation(self.tx, particulars.registration(row.organisation))
        login = particulars.login(row.login)
        try:
            known = members.by_login(self.tx, login)
            if known.organisation_id != owner.id:
                raise PartyTaken(f"{login} is an account of another organisation")
            new = False
        except NoSuchParty:
            add_member(
                self.tx,
                caller=self.caller,
                registration=owner.registration,
                login=login,
                name=row.name,
                identity=row.identity,
                now=self.now,
            )
            new = True
        self._grant(login, row)
        return new

    def _grant(self, login: str, row: NewPerson) -> None:
        known = members.caller_of_login(self.tx, login)
        has = known.grants | known.waiting
        sites: list[int | None] = [
            parties.project_by_code(self.tx, code).id for code in row.projects
        ]
        for site in sites or [None]:
            if lacking := [role for role in row.roles if (role, site) not in has]:
                grant_roles(
                    self.tx,
                    caller=self.caller,
                    login=login,
                    roles=lacking,
                    project_id=site,
                    now=self.now,
                )

    def _workers(self, rows: list[tuple[int, Hired]], wrong: list[Mapping[str, Any]]) -> None:
        by_employer: dict[tuple[str, str], list[tuple[int, Hired]]] = defaultdict(list)
        for number, row in rows:
            by_employer[row.project, row.employer].append((number, row))
        for (code, employer), hired in answer.progress(list(by_employer.items()), "workers"):
            try:
                with self.tx.begin_nested():
                    self._count(forms.WORKERS.name, self._enrol(code, employer, hired))
            except Refusal as refusal:
                found = answer.findings_of(getattr(refusal, "findings", ()))
                wrong += [named(forms.WORKERS.name, one) for one in found]
                if not found:
                    wrong.append(_told(forms.WORKERS.name, hired[0][0], refusal))

    def _enrol(self, code: str, employer: str, hired: list[tuple[int, Hired]]) -> int:
        tenancy.stand(self.tx, self.caller)  # to look the contractor up
        site = parties.project_by_code(self.tx, code)
        contractor = site.general_contractor_id
        officers = members.logins_with(self.tx, Role.LABOUR_OFFICER, organisation_id=contractor)
        if self.officer is None and not officers:
            self.kept_back += len(hired)
            return 0
        officer = actor(self.tx, self.officer, Role.LABOUR_OFFICER, organisation_id=contractor)
        return enrol(
            self.tx,
            caller=officer,
            project_id=site.id,
            registration=employer,
            enrolments=[row.enrolment for _, row in hired],
            rows=[number for number, _ in hired],
            now=self.now,
        )

    def _count(self, name: str, new: int) -> None:
        self.done[name] = self.done.get(name, 0) + new


_REFUSES: Final = Effect.REFUSES_SHEET


def _told(form: str, row: int, refusal: Refusal) -> Mapping[str, Any]:
    """Return a step's refusal as a finding on a row."""
    finding = {
        "code": refusal.code,
        "effect": _REFUSES,
        "line": row,
        "row": row,
        "column": str(refusal.facts.get("field", "")),
        "value": "",
        "clearable": False,
        "en": refusal.detail,
        "zh": refusal.detail,
    }
    return named(form, finding)
