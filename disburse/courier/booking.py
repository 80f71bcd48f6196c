"""Statements that lie among a bank's answers are booked, each on the accounts that it is about."""

from __future__ import annotations

import logging
from hashlib import sha256
from typing import Final

from disburse.adapter import NoStatements, UnreadableStatement
from disburse.courier.post import Post
from disburse.domain.bookable import NothingToBook
from disburse.domain.refusal import Refusal
from disburse.steps.money.book import book_file
from disburse.storage import connections, funding
from disburse.storage.connections import Connection

_log: Final = logging.getLogger(__name__)


def book_all(post: Post, connection: Connection, content: bytes) -> bool:
    """Book what the file has of the connection's accounts; False: it is no file of statements.

    One that was booked before changes nothing. What is about none of the accounts, a notice or an
    interim report is passed over: its entries stand in a statement, too. What cannot be booked is
    raised, once the other accounts have theirs.
    """
    with post.begin() as tx:
        sites = connections.accounts(tx, connection.id)
    digest, passed_over = sha256(content).hexdigest(), 0
    refused: Refusal | None = None
    for project_id, account_id in sites:
        try:
            with post.begin() as tx:
                if funding.was_booked(tx, account_id=account_id, digest=digest):
                    continue
                book_file(
                    tx,
                    caller=None,
                    project_id=project_id,
                    content=content,
                    banks=post.banks,
                    connection_id=connection.id,
                    now=post.clock(),
                )
        except (NoStatements, UnreadableStatement):
            return False
        except NothingToBook:
            passed_over += 1
        except Refusal as why:
            refused = why
    if sites and passed_over == len(sites):
        _log.warning("a file of connection %s has nothing to book on its accounts", connection.id)
    if refused is not None:
        raise refused
    return bool(sites)
