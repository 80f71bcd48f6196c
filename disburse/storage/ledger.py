"""The ledger in the database: transfers are appended, the balance moves by one conditional UPDATE.

Take every other lock first: the balance row is the last that a transaction touches.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import text

from disburse.domain import ledger
from disburse.domain.ledger import COLUMNS, NOT_NEGATIVE, NOT_POSITIVE, Balance, Transfer
from disburse.domain.refusal import Refusal
from disburse.storage.engine import Transaction


class AlreadyPosted(Refusal):
    """A movement of money that was posted before; it is not posted twice."""

    code = "already-posted"


class NoSuchAccount(Refusal):
    """The project has no such special account."""

    code = "no-such-account"


def open_row(tx: Transaction, *, project_id: int, account_id: int) -> None:
    """Make the ledger row of a project on an account; one that is there stays as it is."""
    tx.execute(
        text("INSERT INTO balance (project_id, account_id) VALUES (:p, :a) ON CONFLICT DO NOTHING"),
        {"p": project_id, "a": account_id},
    )


def balance_of(tx: Transaction, *, project_id: int, account_id: int) -> Balance:
    """Return the nine columns as this transaction sees them."""
    row = tx.execute(_SELECT, {"p": project_id, "a": account_id}).one_or_none()
    if row is None:
        raise NoSuchAccount("the project has no ledger on this account; set it up first")
    return Balance(*row)


def lock(tx: Transaction, *, project_id: int, account_id: int) -> Balance:
    """Return the nine columns, locked: only for a transfer whose amount depends on them."""
    row = tx.execute(_LOCK, {"p": project_id, "a": account_id}).one_or_none()
    if row is None:
        raise NoSuchAccount("the project has no ledger on this account; set it up first")
    return Balance(*row)


def posted(tx: Transaction, *, project_id: int, reference: str) -> list[Transfer]:
    """Return what was posted on a project under one reference, in no order that matters."""
    rows = tx.execute(_POSTED, {"p": project_id, "reference": reference})
    return [Transfer(ledger.Kind(row.kind), row.reference, row.amount) for row in rows]


def post(
    tx: Transaction,
    *,
    project_id: int,
    account_id: int,
    transfers: Sequence[Transfer],
    at: datetime,
) -> Balance:
    """Append `transfers` and move the balance by their sum; return the balance after.

    Raises `ledger.Short` when a column lacks what is taken, `AlreadyPosted` when a reference is
    taken. Either leaves the transaction to be rolled back.
    """
    if not transfers:
        return balance_of(tx, project_id=project_id, account_id=account_id)
    _append(tx, project_id, account_id, transfers, at)
    change = dict.fromkeys(COLUMNS, 0) | ledger.deltas(transfers)
    row = tx.execute(_MOVE, change | {"p": project_id, "a": account_id}).one_or_none()
    if row is not None:
        return Balance(*row)
    ledger.post(balance_of(tx, project_id=project_id, account_id=account_id), *transfers)
    raise AssertionError("the database refused a movement that the domain allows")


def _append(
    tx: Transaction, project_id: int, account_id: int, transfers: Sequence[Transfer], at: datetime
) -> None:
    done = tx.execute(
        _APPEND,
        {
            "p": project_id,
            "a": account_id,
            "at": at,
            "kinds": [str(transfer.kind) for transfer in transfers],
            "references": [transfer.reference for transfer in transfers],
            "amounts": [transfer.amount for transfer in transfers],
        },
    )
    if done.rowcount != len(transfers):
        raise AlreadyPosted("a movement with this kind and reference is in the ledger already")


_SELECT: Final = text(f"""
    SELECT {", ".join(COLUMNS)} FROM balance WHERE project_id = :p AND account_id = :a
""")

_LOCK: Final = text(f"""
    SELECT {", ".join(COLUMNS)} FROM balance WHERE project_id = :p AND account_id = :a FOR UPDATE
""")

_MOVE: Final = text(f"""
    UPDATE balance SET {", ".join(f"{name} = {name} + :{name}" for name in COLUMNS)}
    WHERE project_id = :p AND account_id = :a
      AND {" AND ".join(f"({name} + :{name} >= 0 OR :{name} = 0)" for name in NOT_NEGATIVE)}
      AND {" AND ".join(f"({name} + :{name} <= 0 OR :{name} = 0)" for name in NOT_POSITIVE)}
    RETURNING {", ".join(COLUMNS)}
""")

_POSTED: Final = text("""
    SELECT kind, reference, amount FROM transfer WHERE project_id = :p AND reference = :reference
    ORDER BY kind
""")
_APPEND: Final = text("""
    INSERT INTO transfer (project_id, account_id, kind, reference, amount, at)
    SELECT :p, :a, kind, reference, amount, :at
    FROM unnest(CAST(:kinds AS text[]), CAST(:references AS text[]), CAST(:amounts AS bigint[]))
         AS t (kind, reference, amount)
    ON CONFLICT DO NOTHING
""")
