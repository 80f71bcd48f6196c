"""A bank connection's files travel by themselves, or people carry them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from disburse import transports
from disburse.domain import particulars
from disburse.domain.access import Act, Caller
from disburse.domain.lifecycle.edges import WrongState
from disburse.door import by, enter
from disburse.storage import acts, connections, leases
from disburse.storage.connections import BY_HAND, Connection
from disburse.storage.engine import Transaction
from disburse.transports import BadTransport

ANSWER_HOURS_MAX: Final = 24 * 31


def connect(
    tx: Transaction,
    *,
    caller: Caller,
    bank: str,
    adapter: str,
    transport: str,
    settings: Mapping[str, object],
    answer_hours: int | None = None,
    now: datetime,
) -> Connection:
    """Let the files of a bank (registration number) in one format travel by `transport`.

    `by_hand`: people carry them. A file without an answer after `answer_hours` is `unknown`; None:
    after as many as the adapter says.
    Raises `BadTransport` with all that is wrong; `WrongState` while released files wait.
    """
    enter(tx, caller, Act.CONNECT)
    found = connections.take(tx, bank=particulars.registration(bank), adapter=adapter)
    if answer_hours is not None and not 1 <= answer_hours <= ANSWER_HOURS_MAX:
        raise BadTransport(f"answer_hours must be from 1 to {ANSWER_HOURS_MAX}")
    if leases.wait_on(tx, found.id) and transport != found.kind:
        raise WrongState("released files wait on this connection; let them be sent first")
    if transport == BY_HAND:
        connections.disconnect(tx, connection_id=found.id)
    else:
        transports.abilities(transport, settings)
        connections.connect(
            tx,
            connection_id=found.id,
            kind=transport,
            settings=settings,
            answer_hours=answer_hours,
            at=now,
        )
    acts.record(
        tx,
        Act.CONNECT,
        by=by(caller, now),
        subject="connection",
        subject_id=found.id,
        facts={"transport": transport, "settings": dict(settings), "answer_hours": answer_hours},
    )
    return connections.one(tx, found.id)
