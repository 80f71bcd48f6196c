"""The labour officer has looked at every line; the sheet now waits for money."""

from __future__ import annotations

from datetime import datetime

from disburse.domain.access import Act, Caller
from disburse.domain.approval import require_other_person
from disburse.domain.lifecycle.sheet import Action
from disburse.domain.refusal import Refusal
from disburse.door import admit, by
from disburse.storage import lines, sheets
from disburse.storage.engine import Transaction
from disburse.storage.sheets import Sheet


class LinesBlocked(Refusal):
    """Some lines have findings that nobody answered; `facts["lines"]` names them."""

    code = "lines-blocked"


class NothingPayable(Refusal):
    """Every line is set aside; reject the sheet instead."""

    code = "nothing-payable"


def review(
    tx: Transaction, *, caller: Caller, project_id: int, sheet_id: int, now: datetime
) -> Sheet:
    """Note the review, or raise while a line's findings are neither cleared nor set aside."""
    admit(tx, caller, Act.REVIEW, project_id)
    sheet = sheets.take(tx, project_id=project_id, sheet_id=sheet_id)
    require_other_person(caller.persons, *sheets.submitters(tx, sheet))
    payable = lines.payable(tx, sheet)
    moved = sheets.advance(
        tx,
        sheet,
        Action.REVIEW,
        by=by(caller, now),
        facts={"count": payable.count, "total": payable.amount},
    )
    if open_ := lines.unanswered(tx, sheet):
        blocked = [(found.line, found.code) for found in open_]
        raise LinesBlocked(
            f"{len({line for line, _ in blocked})} lines have findings that nobody answered; "
            "clear each with a reason, or set the line aside",
            lines=blocked,
        )
    if payable.count == 0:
        raise NothingPayable("no line of this sheet is left to be paid; reject it instead")
    return moved
