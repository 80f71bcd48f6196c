"""Set the payable total of a reviewed sheet aside on the special account."""

from __future__ import annotations

from datetime import datetime

from disburse.domain.access import Act, Caller
from disburse.domain.coverage import cover
from disburse.domain.ledger import Kind, Short, Transfer
from disburse.domain.lifecycle.sheet import Action
from disburse.domain.money import write
from disburse.door import admit, by, day
from disburse.storage import ledger, lines, sheets
from disburse.storage.engine import Transaction
from disburse.storage.sheets import Sheet


class ShortOfFunds(Short):
    """The free money does not cover the sheet; `facts["coverage"]` has the figures."""

    code = "short-of-funds"


def fund(
    tx: Transaction, *, caller: Caller | None, project_id: int, sheet_id: int, now: datetime
) -> Sheet:
    """Hold all of it, or raise `ShortOfFunds` and change nothing; the worker loop is no caller."""
    project = admit(tx, caller, Act.FUND, project_id)
    sheet = sheets.take(tx, project_id=project_id, sheet_id=sheet_id)
    needed = lines.payable(tx, sheet)
    moved = sheets.advance(
        tx,
        sheet,
        Action.FUND,
        by=by(caller, now),
        facts={"count": needed.count, "total": needed.amount},
    )
    lines.fund(tx, sheet)
    account = {"project_id": project_id, "account_id": sheet.account_id}
    hold = Transfer(Kind.FUND, f"sheet:{sheet.id}.{moved.version}", needed.amount)
    try:
        ledger.post(tx, **account, transfers=[hold], at=now)
    except Short:
        coverage = cover(
            ledger.balance_of(tx, **account),
            needed=needed.amount,
            due_on=sheet.pay_on,
            payer=project.owner_name,
            today=day(project, now),
        )
        raise ShortOfFunds(
            f"the special account lacks {write(coverage.shortage, sheet.currency)} "
            f"{sheet.currency} for this sheet; {coverage.payer} must pay it in",
            coverage=coverage,
            currency=sheet.currency,
        ) from None
    return moved
