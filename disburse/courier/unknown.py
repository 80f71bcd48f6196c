"""Files that nobody knows of: the sender died, the answer is overdue; and asking the bank."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Final

from disburse.courier.post import Post, Routes
from disburse.domain.lifecycle.edges import WrongState
from disburse.steps.bank.acknowledge import acknowledge
from disburse.steps.bank.lose import lose
from disburse.steps.bank.miss import miss
from disburse.storage import files, incarnations, kept_bytes, leases
from disburse.storage.files import BankFile
from disburse.storage.leases import StaleFence, Waiting
from disburse.transports import BadTransport, CannotReach, Parcel, Transport

ASKED_AGAIN_AFTER: Final = timedelta(minutes=5)

_log: Final = logging.getLogger(__name__)


def recognise(post: Post) -> None:
    """Note whether this is still the database that it was; if not, dispatch pauses by itself."""
    outside = post.count.read()  # before the transaction: the database is never behind it then
    with post.begin() as tx:
        here = incarnations.note(tx, outside=outside, at=post.clock())
    post.count.raise_to(here.dispatched)  # banks that fetch do so without a worker


def give_up_waiting(post: Post) -> int:
    """Make `unknown` what no live sender holds and what no answer came for; return how many."""
    at = post.clock()
    usual = {name: one.capabilities.answer_hours for name, one in post.banks.items()}
    with post.begin() as tx:
        dead = leases.over(tx, at=at)
        late = files.overdue(tx, usual=usual, at=at)
    lost = 0
    for one in dead:
        why = "whoever sent it ended, or took too long"
        lost += mark_unknown(post, (one.project_id, one.file_id), fence=one.fence, why=why)
    for place in late:
        lost += mark_unknown(post, place, fence=None, why="no answer came in time")
    return lost


def miss_answers(post: Post) -> int:
    """Tell people, once each, of files whose bank has them and says too little; return how many."""
    at = post.clock()
    usual = {name: one.capabilities.answer_hours for name, one in post.banks.items()}
    with post.begin() as tx:
        silent = files.unanswered(tx, usual=usual, at=at)
    told = 0
    for project_id, file_id in silent:
        with post.begin() as tx:
            told += miss(tx, caller=None, project_id=project_id, file_id=file_id, now=at)
    return told


def mark_unknown(post: Post, place: tuple[int, int], *, fence: int | None, why: str) -> bool:
    """Say whether the file (project and number) is unknown by this; something may be quicker."""
    where = {"project_id": place[0], "file_id": place[1]}
    try:
        with post.begin() as tx:
            lose(tx, caller=None, fence=fence, why=why, now=post.clock(), **where)
    except (WrongState, StaleFence):
        return False
    return True


def ask_about_unknown(post: Post, routes: Routes) -> int:
    """Ask the banks that answer such questions; return how many files they turned out to have.

    "Not there" changes nothing: not yet is not never.
    """
    asking = {number: how for number, (_, how) in routes.items() if how.abilities.asks}
    at = post.clock()
    with post.begin() as tx:
        open_ = leases.unknown(tx, connections=list(asking), before=at - ASKED_AGAIN_AFTER)
    return sum(_ask_about(post, one, asking[one.connection_id]) for one in open_)


def _ask_about(post: Post, unknown: Waiting, transport: Transport) -> bool:
    place = {"project_id": unknown.project_id, "file_id": unknown.file_id}
    with post.begin() as tx:
        file = files.take(tx, **place)
        content = kept_bytes.read(tx, project_id=file.project_id, bytes_id=file.bytes_id)
        leases.note_asked(tx, file, at=post.clock())
    try:
        there = transport.has(_parcel(file, content, unknown.fence))
    except (CannotReach, BadTransport) as why:
        _log.warning("the bank cannot be asked about file %s: %s", file.id, why.detail)
        return False
    if not there:
        return False
    try:
        with post.begin() as tx:
            acknowledge(tx, caller=None, sha256=file.sha256, now=post.clock(), **place)
    except WrongState:
        return False  # the bank was quicker to answer
    return True


def _parcel(file: BankFile, content: bytes, fence: int) -> Parcel:
    return Parcel(
        name=file.name,
        reference=file.reference,
        sha256=file.sha256,
        content=content,
        fence=fence,
    )
