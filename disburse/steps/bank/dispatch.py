"""The worker loop takes a released file to send it; committed before the first byte leaves."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from disburse.adapter import Adapter
from disburse.domain.access import Act, Caller
from disburse.door import admit, by
from disburse.leaving import Sending, leave
from disburse.storage import files
from disburse.storage.engine import Transaction
from disburse.storage.leases import Holder


def dispatch(
    tx: Transaction,
    *,
    caller: Caller | None,
    project_id: int,
    file_id: int,
    holder: Holder,
    banks: Mapping[str, Adapter],
    now: datetime,
) -> Sending:
    """Take the file's lease for `holder`; see `leave` for what stands in the way."""
    admit(tx, caller, Act.DISPATCH, project_id)
    file = files.take(tx, project_id=project_id, file_id=file_id)
    return leave(
        tx,
        file,
        act=Act.DISPATCH,
        adapter=banks[file.adapter],
        holder=holder,
        by=by(caller, now),
    )
