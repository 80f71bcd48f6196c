"""One line in full, and how many of them somebody saw lately."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from sqlalchemy import text

from disburse.storage import records
from disburse.storage.engine import Transaction
from disburse.storage.lines import NoSuchLine
from disburse.storage.records import Sealed
from disburse.storage.sheets import Sheet


def count(tx: Transaction, *, member_id: int, since: datetime) -> int:
    """Return how many lines an account's person saw since then, by whichever account.

    The person's other requests of this kind wait until this transaction ends, so that none slips
    through beside another.
    """
    person = tx.scalar(_LOCK, {"member": member_id})
    return int(tx.scalar(_COUNT, {"person": person, "since": since}) or 0)


def particulars(tx: Transaction, sheet: Sheet, line: int) -> Mapping[str, Any]:
    """Return what one line says of its worker; raises `NoSuchLine`, `Forgotten`."""
    values = {"p": sheet.project_id, "m": sheet.period, "s": sheet.id, "l": line}
    value = tx.scalar(_PARTICULARS, values)
    if value is None:
        raise NoSuchLine(f"sheet {sheet.id} has no line {line}")
    place = records.of_line(sheet.project_id, sheet.id, line)
    [told] = records.known(tx, [Sealed(sheet.project_id, place, value)])
    return told


_PARTICULARS: Final = text("""
    SELECT particulars FROM line
    WHERE project_id = :p AND period = :m AND sheet_id = :s AND number = :l
""")
_LOCK: Final = text("""
    SELECT id FROM person WHERE id = (SELECT person_id FROM member WHERE id = :member)
    FOR NO KEY UPDATE
""")
# On projects that this account does not see, too: by a function of the tables' owner.
_COUNT: Final = text("SELECT reveals_of(:person, :since)")
