"""Sends what people released, each file once: committed before the first byte, and after the last.

Nothing here tries again. A transport that is certain that nothing left lets the file wait; after
any other failure the file is `unknown`, and only evidence or two people lead out of that.
"""

from __future__ import annotations

import logging
from collections.abc import Collection
from datetime import timedelta
from typing import Final

from disburse.courier.envelopes import parcel_of
from disburse.courier.post import Post, Routes
from disburse.courier.unknown import mark_unknown
from disburse.domain.lifecycle.edges import WrongState
from disburse.domain.refusal import Refusal
from disburse.leaving import Sending
from disburse.steps.bank.deliver import deliver
from disburse.steps.bank.dispatch import dispatch
from disburse.storage import files, leases
from disburse.storage.connections import Connection
from disburse.storage.leases import StaleFence, Waiting
from disburse.transports import BadTransport, NothingSent, Transport

SENT_AT_ONCE_MAX: Final = 1_000  # then answers and other work get their turn
WAIT_MINUTES_MAX: Final = 64  # before a file is taken again whose bank could not be reached

_log: Final = logging.getLogger(__name__)


def send_all(post: Post, routes: Routes) -> tuple[int, int]:
    """Send every file that may leave; return how many were sent, and how many are unsure."""
    submitting = {number: way for number, way in routes.items() if way[1].abilities.submits}
    sent = unsure = 0
    odd: list[int] = []  # files that cannot be taken: they hold up no other
    for _ in range(SENT_AT_ONCE_MAX):
        found = len(odd)
        sending = _take(post, sorted(submitting), odd)
        if sending is None and len(odd) == found:
            break
        if sending is None:
            continue
        outcome = _send(post, sending, submitting[sending.file.connection_id])
        sent += outcome == "sent"
        unsure += outcome == "unknown"
    return sent, unsure


def _take(post: Post, among: Collection[int], odd: list[int]) -> Sending | None:
    """Take the next file that may leave by one of these connections; None: there is none.

    One that cannot be taken joins the `odd`.
    """
    at = post.clock()
    taken: Waiting | None = None
    try:
        with post.begin() as tx:
            taken = leases.next_waiting(tx, connections=among, without=odd, at=at)
            if taken is None:
                return None
            place = {"project_id": taken.project_id, "file_id": taken.file_id}
            return dispatch(
                tx, caller=None, holder=post.holder(), banks=post.banks, now=at, **place
            )
    except WrongState:
        if taken is None:
            raise
        odd.append(taken.file_id)  # it is not its turn yet
        return None
    except (Refusal, AssertionError) as error:
        if taken is None:
            raise
        _log.error("bank file %s cannot be sent: %s", taken.file_id, type(error).__qualname__)
        odd.append(taken.file_id)
        return None


def _send(post: Post, sending: Sending, way: tuple[Connection, Transport]) -> str:
    """Carry one file, and write down what is known of it; return the outcome.

    What breaks before the transport is asked at all broke before the first byte.
    """
    file, (connection, transport) = sending.file, way
    try:
        post.count.raise_to(sending.count)
        parcel = parcel_of(post, connection, sending)
    except Exception as error:  # noqa: BLE001  (whatever it was, nothing left)
        told = error.detail if isinstance(error, BadTransport) else type(error).__qualname__
        _log.error("bank file %s could not be made ready and waits: %s", file.id, told)
        _wait(post, sending, told)
        return "nothing-sent"
    try:
        transport.submit(parcel)
    except (NothingSent, BadTransport) as refusal:
        _log.warning("bank file %s was not sent and waits: %s", file.id, refusal.detail)
        _wait(post, sending, refusal.detail)
        return "nothing-sent"
    except Exception as error:  # noqa: BLE001  (whatever it was, the bank may have the file)
        why = f"the sending broke off: {type(error).__qualname__}"
        _log.error("bank file %s is unknown: %s", file.id, why)
        mark_unknown(post, (file.project_id, file.id), fence=sending.fence, why=why)
        return "unknown"
    return _delivered(post, sending)


def _delivered(post: Post, sending: Sending) -> str:
    place = {"project_id": sending.file.project_id, "file_id": sending.file.id}
    try:
        with post.begin() as tx:
            deliver(tx, caller=None, fence=sending.fence, now=post.clock(), **place)
    except StaleFence:
        _log.warning("bank file %s left, but its lease was over", sending.file.id)
        return "late"
    return "sent"


def _wait(post: Post, sending: Sending, why: str) -> None:
    """Let a file of which not one byte left wait for another try."""
    at = post.clock()
    minutes = min(2 ** min(sending.fence, WAIT_MINUTES_MAX.bit_length()), WAIT_MINUTES_MAX)
    with post.begin() as tx:
        file = files.take(tx, project_id=sending.file.project_id, file_id=sending.file.id)
        leases.require_held(tx, file, sending.fence)
        leases.end_transmission(
            tx, file, fence=sending.fence, outcome="nothing-sent", detail=why, at=at
        )
        leases.put_back(tx, file, not_before=at + timedelta(minutes=minutes))
