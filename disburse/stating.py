"""Whether a bank's statements of an account keep coming, and what ends the alarm when they do."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime

from disburse.domain.access import Act
from disburse.storage import acts, calendars, stated
from disburse.storage.acts import By
from disburse.storage.engine import Transaction
from disburse.storage.stated import Behind


def silent(
    tx: Transaction, *, now: datetime, project_id: int | None = None
) -> Mapping[Behind, date]:
    """Return accounts whose statements stopped coming, with the last day that has to have one.

    Only days count on which the bank works, so that nobody is alarmed by a holiday.
    """
    found = stated.behind(tx, at=now, project_id=project_id)
    zones = {zone: calendars.of_zone(tx, zone) for zone in {one.time_zone for one in found}}
    wanted = {one: zones[one.time_zone].worked_before(one.today, one.days) for one in found}
    return {one: missing for one, missing in wanted.items() if one.covered < missing}


def end_silence(tx: Transaction, account_id: int, closes_on: date, *, digest: str, by: By) -> None:
    """Resolve the alarms that a booked statement answers, and say so in the history."""
    for project_id, number in stated.answer(
        tx, account_id=account_id, closes_on=closes_on, at=by.at
    ):
        acts.record(
            tx,
            Act.BOOK,
            by=by,
            subject="anomaly",
            subject_id=number,
            project_id=project_id,
            facts={"resolution": stated.CAME, "digest": digest},
        )
