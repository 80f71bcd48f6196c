"""Picks the banks' answers up: each is taken in first, and only then moved out of the way."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import Final

from disburse.adapter import Quarantined, Record, UnreadableReport
from disburse.answering import named_in
from disburse.courier.booking import book_all
from disburse.courier.envelopes import opened
from disburse.courier.post import Post, Routes
from disburse.domain.refusal import Refusal
from disburse.steps.bank.ingest import ingest, note_refusal
from disburse.storage import connections, leases
from disburse.storage.connections import Connection
from disburse.transports import Answer, BadTransport, CannotReach

_log: Final = logging.getLogger(__name__)


def collect_all(post: Post, routes: Routes) -> tuple[int, int]:
    """Take in what lies ready at every bank; return how many answers, and how many failed.

    A defect that one answer meets is raised only when all others are taken.
    """
    taken = failed = 0
    defects: list[Exception] = []
    for connection, transport in routes.values():
        if not transport.abilities.collects:
            continue
        holder = post.holder()
        with post.begin() as tx:
            mine = leases.take_answers(
                tx, connection_id=connection.id, holder=holder, at=post.clock()
            )
        if not mine:
            continue
        try:
            for answer in transport.collect():
                try:
                    read = _take_in(post, connection, answer)
                except BadTransport:
                    raise
                except Exception as defect:  # noqa: BLE001  (it is raised below)
                    defects.append(defect)
                    continue  # it stays where it lies
                transport.set_aside(answer, read=read)
                taken += 1
        except (CannotReach, BadTransport) as why:
            _log.warning("no answers from bank connection %s: %s", connection.id, why.detail)
            failed += 1
        finally:
            with post.begin() as tx:
                leases.leave_answers(tx, connection_id=connection.id, holder=holder)
    if defects:
        raise defects[0]
    return taken, failed


def _take_in(post: Post, connection: Connection, answer: Answer) -> bool:
    """Take an answer in; say whether that could be done: if not, it is kept with the reason."""
    try:
        _apply(post, connection, answer.content)
    except BadTransport:
        raise  # it can be taken once somebody mended the settings
    except Refusal as why:
        _note(post, connection, answer, why)
        return False
    return True


def _apply(post: Post, connection: Connection, content: bytes) -> None:
    """Let every project that a report is about take its part in, or book a statement; or refuse."""
    content = opened(post, connection, content)
    try:
        records = list(post.banks[connection.adapter].read_report(content))
    except UnreadableReport:
        if book_all(post, connection, content):
            return
        raise
    nothing = all(isinstance(record, Quarantined) for record in records)
    if nothing and book_all(post, connection, content):
        return
    for place, project_id in enumerate(_projects(post, connection, records)):
        with post.begin() as tx:
            ingest(
                tx,
                caller=None,
                project_id=project_id,
                content=content,
                banks=post.banks,
                connection_id=connection.id,
                strays=place == 0,
                now=post.clock(),
            )


def _projects(post: Post, connection: Connection, records: Iterable[Record]) -> list[int]:
    """Return the projects that the records name; without any, the connection's oldest."""
    keys, names = named_in(records)
    with post.begin() as tx:
        sheets, files = connections.projects_of(
            tx,
            connection.id,
            sheet_ids=[key.sheet_id for key in keys.values()],
            references=names,
        )
        named = sorted({*sheets.values(), *files.values()})
        first = connections.first_project(tx, connection.id)
    return named or ([first] if first is not None else [])


def _note(post: Post, connection: Connection, answer: Answer, refusal: Refusal) -> None:
    """Keep what nobody can read, with an alarm on the connection's oldest project."""
    _log.error("an answer of bank connection %s is not taken: %s", connection.id, refusal.code)
    with post.begin() as tx:
        project_id = connections.first_project(tx, connection.id)
        if project_id is not None:
            note_refusal(
                tx,
                caller=None,
                project_id=project_id,
                content=answer.content,
                refusal=refusal,
                connection_id=connection.id,
                now=post.clock(),
            )
