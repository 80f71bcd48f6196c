"""Holds a sheet's lines against the roster, the bank and what is owed already, all at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from disburse.adapter import Adapter, Payment, Wage
from disburse.domain.finding import Code, Finding
from disburse.domain.identity import mask_account, mask_name, normalise, normalise_account
from disburse.domain.sheet import Header, Line
from disburse.storage import workers
from disburse.storage.engine import Transaction
from disburse.storage.lines import NewLine
from disburse.storage.parties import Project
from disburse.storage.workers import Claim, Enrolled

# As long as the longest reference we give; preflight measures with it before the real one exists.
SAMPLE_REFERENCE = "0" * 13


@dataclass(frozen=True, slots=True)
class Lineup:
    """A sheet's lines, and who they are about; three lists in the sheet's order."""

    lines: Sequence[Line]
    person_ids: Sequence[int]
    account_indexes: Sequence[bytes]
    roster: dict[int, Enrolled]

    @classmethod
    def of(
        cls, tx: Transaction, project: Project, lines: Sequence[Line], *, employer_id: int
    ) -> Lineup:
        """Find out who everybody is; persons never seen before are made known."""
        index = workers.index(tx)
        prints = [
            index.of_identity(line.id_type, normalise(line.id_type, line.id_number))
            for line in lines
        ]
        numbers = workers.persons(tx, prints)
        person_ids = [numbers[print_] for print_ in prints]
        return cls(
            lines=lines,
            person_ids=person_ids,
            account_indexes=[index.of_account(normalise_account(line.account)) for line in lines],
            roster=workers.roster(
                tx, project_id=project.id, employer_id=employer_id, person_ids=person_ids
            ),
        )

    def as_stored(self, header: Header) -> Iterator[NewLine]:
        """Yield the rows, one at a time."""
        for line, person, account in zip(
            self.lines, self.person_ids, self.account_indexes, strict=True
        ):
            enrolled = self.roster.get(person)
            yield NewLine(
                number=line.number,
                worker_id=enrolled.worker_id if enrolled else None,
                person_id=person,
                account_index=account,
                gross=line.gross,
                deductions=line.total_deductions,
                net=line.net,
                particulars=particulars(line, enrolled.latin_name if enrolled else "", header),
            )

    def against_roster(
        self, tx: Transaction, project: Project, header: Header
    ) -> Iterator[Finding]:
        """Find workers who are not on the project, and accounts that are not the known ones."""
        differing = {
            enrolled.worker_id
            for person, account in zip(self.person_ids, self.account_indexes, strict=True)
            if (enrolled := self.roster.get(person)) and account != enrolled.account_index
        }
        known = workers.particulars(tx, project.id, sorted(differing))
        for line, person in zip(self.lines, self.person_ids, strict=True):
            enrolled = self.roster.get(person)
            if enrolled is None or not _at_work(enrolled, header):
                yield Finding(
                    Code.NOT_ON_ROSTER, line=line.number, value=mask_name(line.name), column="name"
                )
            elif enrolled.worker_id in differing:
                yield Finding(
                    Code.ACCOUNT_DIFFERS,
                    line=line.number,
                    column="account",
                    value=mask_account(line.account),
                    facts={"known": mask_account(known[enrolled.worker_id]["account"])},
                )

    def against_bank(self, adapter: Adapter, header: Header, note: str) -> Iterator[Finding]:
        """Find what this bank would refuse, so that one bad line never spoils a file."""
        tells_wages = "wage" in adapter.capabilities.needs
        for line, person in zip(self.lines, self.person_ids, strict=True):
            if line.net == 0:
                continue
            enrolled = self.roster.get(person)
            payment = Payment(
                reference=SAMPLE_REFERENCE,
                name=line.name,
                account=normalise_account(line.account),
                bank_code=line.bank_code,
                bank_name=line.bank_name,
                amount=line.net,
                note=note,
                latin_name=enrolled.latin_name if enrolled else "",
                wage=_wage(line, header) if tells_wages else None,
            )
            for fault in adapter.preflight(payment, header.currency):
                yield Finding(
                    Code.UNPAYABLE,
                    line=line.number,
                    column=fault.field.rpartition(".")[2],
                    facts={"field": fault.field, "fault": fault.code, "detail": fault.detail},
                )

    def against_owed(self, tx: Transaction, project: Project, header: Header) -> Iterator[Finding]:
        """Find lines that repeat what a person is owed already for the same month."""
        owed = workers.owed_already(
            tx,
            project_id=project.id,
            period=header.period,
            kind=header.kind,
            claims=[
                Claim(person, line.net, account)
                for line, person, account in zip(
                    self.lines, self.person_ids, self.account_indexes, strict=True
                )
            ],
        )
        for other in owed:
            line = self.lines[other.place]
            yield Finding(
                Code.REPEATS if other.kind == header.kind else Code.SAME_AMOUNT,
                line=line.number,
                column="name",
                value=mask_name(line.name),
                facts={"number": other.number, "kind": other.kind},
            )


def _at_work(enrolled: Enrolled, header: Header) -> bool:
    """Say whether the roster has the worker on the site during some of the sheet's days."""
    left = enrolled.left_on
    return enrolled.joined_on <= header.worked_to and (left is None or left >= header.worked_from)


def _wage(line: Line, header: Header) -> Wage:
    return Wage(
        id_type=line.id_type,
        id_number=normalise(line.id_type, line.id_number),
        worked_from=header.worked_from,
        worked_to=header.worked_to,
        days=line.days,
        items=line.gross_items,
        deductions=line.deductions,
    )


def particulars(line: Line, latin_name: str, header: Header | None = None) -> dict[str, object]:
    """Write everything the line says besides its amounts, as one joined record.

    With the days that its sheet's `header` says are paid; a roster has none.
    """
    paid = (header.worked_from.isoformat(), header.worked_to.isoformat()) if header else ("", "")
    return {
        "name": line.name,
        "latin_name": latin_name,
        "id_type": line.id_type,
        "id_number": normalise(line.id_type, line.id_number),
        "mobile": line.mobile,
        "team": line.team,
        "trade": line.trade,
        "worked_from": paid[0],
        "worked_to": paid[1],
        "days": line.days,
        "hours": line.hours,
        "quantity": line.quantity,
        "unit_price": line.unit_price,
        "gross_items": dict(line.gross_items),
        "deductions": dict(line.deductions),
        "account": normalise_account(line.account),
        "bank_code": line.bank_code,
        "bank_name": line.bank_name,
        "back_pay": line.back_pay,
        "confirmed_by": line.confirmed_by,
        "confirmed_at": line.confirmed_at.isoformat() if line.confirmed_at else None,
        "confirmation_digest": line.confirmation_digest,
    }
