"""The bank's own client takes a released file; committed before it gets the first byte."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from disburse import transports
from disburse.adapter import Adapter
from disburse.domain.access import Act, Caller, Forbidden
from disburse.domain.lifecycle.edges import WrongState
from disburse.door import admit, by
from disburse.leaving import leave
from disburse.storage import connections, files, incarnations, outer_bytes
from disburse.storage.engine import Transaction
from disburse.storage.files import BankFile
from disburse.storage.leases import Holder
from disburse.transports.envelope import split

# Until the bank has to say that it has the file whole; then nobody knows.
FETCH_HOLDS: Final = timedelta(hours=1)


def fetch(
    tx: Transaction,
    *,
    caller: Caller,
    project_id: int,
    file_id: int,
    banks: Mapping[str, Adapter],
    now: datetime,
) -> BankFile:
    """Let the bank download the file, in its envelope if it has one, and acknowledge it afterwards.

    Raises `Forbidden` for another bank's file, `WrongState` where this bank does not fetch.
    """
    admit(tx, caller, Act.FETCH, project_id)
    file = files.take(tx, project_id=project_id, file_id=file_id)
    how = connections.one(tx, file.connection_id)
    if how.bank_id != caller.organisation_id:
        raise Forbidden("another bank's file")
    if how.kind is None or transports.abilities(how.kind, how.settings).submits:
        raise WrongState("this bank connection's files are not fetched; see its transport")
    sealed = outer_bytes.kept_as(tx, project_id=project_id, file_id=file_id) is not None
    if split(how.settings)[1] is not None and not sealed:
        raise WrongState("the file's envelope is not made yet; ask again in a moment")
    incarnations.note(tx, outside=0, at=now)
    holder = Holder(name=f"member:{caller.member_id}", until=now + FETCH_HOLDS)
    return leave(
        tx,
        file,
        act=Act.FETCH,
        adapter=banks[file.adapter],
        holder=holder,
        by=by(caller, now),
    ).file
