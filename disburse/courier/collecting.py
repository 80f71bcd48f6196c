"""Picks the banks' answers up: each is taken in first, and only then moved out of the way."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import Final

from disburse.adapter import Record, UnreadableReport
from disburse.answering import named_in
from disburse.courier.post import Post, Routes
from disburse.domain.refusal import Refusal
from disburse.steps.bank.ingest import ingest, note_refusal
from disburse.storage import connections, leases
from disburse.storage.connections import Connection
from disburse.transports import Answer, BadTransport, CannotReach

_log: Final = logging.getLogger(__name__)


def collect_all(post: Post, routes: Routes) -> tuple[int, int]:
    """Take in what lies ready at every bank; return how many answers, and how many failed."""
    taken = failed = 0
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
                read = _take_in(post, connection, answer)
                transport.set_aside(answer, read=read)
                taken += 1
        except (CannotReach, BadTransport) as why:
            _log.warning("no answers from bank connection %s: %s", connection.id, why.detail)
            failed += 1
        finally:
            with post.begin() as tx:
                leases.leave_answers(tx, connection_id=connection.id, holder=holder)
    return taken, failed


def _take_in(post: Post, connection: Connection, answer: Answer) -> bool:
    """Let every project that an answer is about take its part in; say whether it could be read."""
    try:
        records = list(post.banks[connection.adapter].read_report(answer.content))
    except UnreadableReport as refusal:
        _note(post, connection, answer, refusal)
        return False
    for place, project_id in enumerate(_projects(post, connection, records)):
        with post.begin() as tx:
            ingest(
                tx,
                caller=None,
                project_id=project_id,
                content=answer.content,
                banks=post.banks,
                connection_id=connection.id,
                strays=place == 0,
                now=post.clock(),
            )
    return True


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
    _log.error("an answer of bank connection %s cannot be read", connection.id)
    with post.begin() as tx:
        project_id = connections.first_project(tx, connection.id)
        if project_id is not None:
            note_refusal(
                tx,
                caller=None,
                project_id=project_id,
                content=answer.content,
                refusal=refusal,
                now=post.clock(),
            )
