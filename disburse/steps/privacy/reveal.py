"""One line of a sheet is shown in full, for a reason, to a person; the history tells."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from disburse.domain import particulars
from disburse.domain.access import Act, Caller
from disburse.domain.approval import require_other_person
from disburse.domain.refusal import Refusal
from disburse.door import admit, by
from disburse.storage import acts, revealing, views
from disburse.storage.engine import Transaction
from disburse.storage.sheets import NoSuchSheet

# An officer who compares a sheet with passports needs some dozens; whoever copies a roster needs
# thousands.
REVEALS_MAX: Final = 50
WITHIN: Final = timedelta(days=1)


class TooManyReveals(Refusal):
    """The caller saw as many people in full as one may in a day; tomorrow again."""

    code = "too-many-reveals"


@dataclass(frozen=True, slots=True, kw_only=True)
class Revealed:
    """What a line says of its worker, unmasked."""

    name: str
    latin_name: str
    id_type: str
    id_number: str
    mobile: str
    account: str
    bank_code: str
    bank_name: str


def reveal(
    tx: Transaction,
    *,
    caller: Caller,
    project_id: int,
    sheet_id: int,
    line: int,
    reason: str,
    now: datetime,
) -> Revealed:
    """Return one line's particulars, and say in the history who saw them and why.

    A machine is nobody who could be asked why: it takes a person. Raises `NoSuchSheet`,
    `NoSuchLine`, `TooManyReveals`, and `Forgotten` when retention ended.
    """
    admit(tx, caller, Act.REVEAL, project_id)
    require_other_person(caller.persons)
    sheet = views.sheet(tx, project_id=project_id, sheet_id=sheet_id)
    if sheet is None:
        raise NoSuchSheet(f"there is no sheet {sheet_id} on this project")
    seen = revealing.count(tx, member_id=caller.member_id, since=now - WITHIN)
    if seen >= REVEALS_MAX:
        raise TooManyReveals(
            f"you have seen {seen} people in full within a day; ask again tomorrow, or let a "
            "colleague look",
            seconds=int(WITHIN.total_seconds()),
        )
    told = revealing.particulars(tx, sheet, line)
    acts.record(
        tx,
        Act.REVEAL,
        by=by(caller, now),
        subject="line",
        subject_id=f"{sheet_id}.{line}",
        project_id=project_id,
        sheet_id=sheet_id,
        facts={"line": line, "reason": particulars.reason(reason)},
    )
    return Revealed(**{name: told[name] for name in Revealed.__slots__})
