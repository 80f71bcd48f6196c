"""Open items of special accounts, and their explanations by two people."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import text

from disburse.domain.ledger import Kind, Transfer
from disburse.domain.lifecycle.edges import WrongState
from disburse.domain.open_item import Change, Explained, ExplanationRefused, OpenItem, Side
from disburse.domain.refusal import Refusal
from disburse.storage import records
from disburse.storage.acts import By
from disburse.storage.engine import Transaction
from disburse.storage.records import Sealed
from disburse.storage.rows import AnyRow, as_dicts

# The transfers that leave something to be explained, and where it stands then.
OPENING: Final = {
    Kind.BOOK_UNKNOWN_CREDIT: Side.CREDIT,
    Kind.BOOK_UNORDERED_DEBIT: Side.DEBIT,
    Kind.REVOKE_SHORT: Side.DEBIT,
    Kind.ELSEWHERE: Side.DEBIT,
}


class NoSuchOpenItem(Refusal):
    """There is no open item by that number on this project."""

    code = "no-such-open-item"


class NoSuchExplanation(Refusal):
    """There is no explanation by that number on this project."""

    code = "no-such-explanation"


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """What somebody says an open item was; money moves when another person endorses it."""

    project_id: int
    id: int
    account_id: int
    kind: Explained
    item_id: int | None
    fills_id: int | None
    names: str
    amount: int
    reason: str
    state: str
    explained_by: int
    explained_for: int | None


def _item(row: Any) -> OpenItem:  # noqa: ANN401  (a row of SQLAlchemy's)
    return OpenItem(**{**row._mapping, "side": Side(row.side)})  # noqa: SLF001  (public name)


_ITEM: Final = ", ".join(OpenItem.__slots__)
_EXPLANATION: Final = ", ".join(Explanation.__slots__)


def open_for(
    tx: Transaction, *, project_id: int, account_id: int, transfers: Sequence[Transfer], by: By
) -> None:
    """Open an item for every one of `transfers` that leaves something to be explained."""
    opening = [one for one in transfers if one.kind in OPENING]
    if opening:
        tx.execute(
            _OPEN,
            {
                "p": project_id,
                "a": account_id,
                "at": by.at,
                "sides": [str(OPENING[one.kind]) for one in opening],
                "causes": [one.reference for one in opening],
                "amounts": [one.amount for one in opening],
            },
        )


def take(tx: Transaction, *, project_id: int, item_id: int) -> OpenItem:
    """Return an open item, locked; or raise `NoSuchOpenItem`."""
    row = tx.execute(_TAKE, {"p": project_id, "i": item_id}).one_or_none()
    if row is None:
        raise NoSuchOpenItem(f"there is no open item {item_id} on this project")
    return _item(row)


def assign(tx: Transaction, item: OpenItem, project_id: int) -> None:
    """Make nobody's item a project's; it is locked, and nobody explained any of it."""
    tx.execute(_ASSIGN, {"i": item.id, "p": project_id})


def reduce(tx: Transaction, item: OpenItem, by: Change) -> int:
    """Take off an item what was explained; return what remains. The CHECK refuses more."""
    values = {"p": item.project_id, "i": item.id, "r": by.remaining, "b": by.absorbed}
    remaining = tx.scalar(_REDUCE, values)
    if not isinstance(remaining, int):
        raise ExplanationRefused(f"open item {item.id} is explained already; read it again")
    return remaining


def explain(tx: Transaction, given: Explanation, *, evidence_digest: str, by: By) -> int:
    """Keep one person's explanation and return its number; no money moves yet."""
    values = {name: getattr(given, name) for name in Explanation.__slots__ if name != "id"}
    number = tx.scalar(_EXPLAIN, values | {"digest": evidence_digest, "at": by.at})
    assert isinstance(number, int)  # noqa: S101  (RETURNING from an insert that worked)
    return number


def take_opened(tx: Transaction, *, project_id: int, cause: str) -> OpenItem:
    """Return the item that one transfer opened, locked; it is a defect when there is none."""
    row = tx.execute(_TAKE_OPENED, {"p": project_id, "cause": cause}).one()
    return _item(row)


def take_explanation(
    tx: Transaction, *, project_id: int, explanation_id: int, state: str = "proposed"
) -> Explanation:
    """Return an explanation in `state` (usually it waits for a second person), locked; or raise."""
    values = {"p": project_id, "e": explanation_id}
    row = tx.execute(_TAKE_EXPLANATION, values).one_or_none()
    if row is None:
        raise NoSuchExplanation(f"there is no explanation {explanation_id} on this project")
    if row.state != state:
        raise WrongState(f"explanation {explanation_id} is {row.state} already")
    return Explanation(**{**row._mapping, "kind": Explained(row.kind)})  # noqa: SLF001


def end(tx: Transaction, given: Explanation, state: str, *, by: By) -> None:
    """Write what became of an explanation; it is locked. The CHECK refuses one person for both."""
    values = {"p": given.project_id, "e": given.id, "state": state, "at": by.at,
              "by": by.person_id if state == "endorsed" else None,
              "for": by.for_person if state == "endorsed" else None}  # fmt: skip
    tx.execute(_END, values)


def booked_for(tx: Transaction, *, project_id: int, account_id: int, names: str) -> tuple[int, int]:
    """Return what a payment or file of ours comes to, and how much of it the bank booked.

    (0, 0) where the account knows no such payment or file. What came back counts against it.
    """
    row = tx.execute(_BOOKED_FOR, {"p": project_id, "a": account_id, "names": names}).one()
    return int(row.total), int(row.booked)


def retract(tx: Transaction, given: Explanation, *, at: datetime) -> None:
    """Write that two people took an endorsed explanation back; it is locked."""
    tx.execute(_RETRACT, {"p": given.project_id, "e": given.id, "at": at})


def page(
    tx: Transaction,
    *,
    project_id: int,
    account_ids: Sequence[int] | None = None,
    only_open: bool,
    after: int,
    limit: int,
) -> list[AnyRow]:
    """Return open items by number, each with its explanations; `account_ids` None: all."""
    values: dict[str, Any] = {
        "p": project_id,
        "open": only_open,
        "after": after,
        "limit": limit,
        "accounts": None if account_ids is None else list(account_ids),
    }
    rows = as_dicts(tx.execute(_PAGE, values))
    sealed = [
        Sealed(
            site := row.pop("entry_project") or 0,
            records.of_entry(site, row["account_id"], row.pop("entry") or ""),
            row["text"] or b"",
        )
        for row in rows
    ]
    told = records.words(tx, sealed)
    for row, words in zip(rows, told, strict=True):
        del row["account_id"]
        row["text"] = words
    return rows


_OPEN: Final = text("""
    INSERT INTO open_item (project_id, account_id, side, cause, amount, remaining, since)
    SELECT :p, :a, side, cause, amount, amount, :at
    FROM unnest(CAST(:sides AS text[]), CAST(:causes AS text[]), CAST(:amounts AS bigint[]))
         AS t (side, cause, amount)
""")
_TAKE: Final = text(f"""
    SELECT {_ITEM} FROM open_item WHERE project_id = :p AND id = :i FOR UPDATE
""")
_ASSIGN: Final = text("""
    UPDATE open_item SET project_id = :p WHERE project_id = 0 AND id = :i AND remaining = amount
""")
_TAKE_OPENED: Final = text(f"""
    SELECT {_ITEM} FROM open_item WHERE project_id = :p AND cause = :cause FOR UPDATE
""")
_REDUCE: Final = text("""
    UPDATE open_item SET remaining = remaining + :r, absorbed = absorbed + :b
    WHERE project_id = :p AND id = :i AND remaining + :r >= 0 AND absorbed + :b >= 0
    RETURNING remaining
""")
_EXPLAIN: Final = text("""
    INSERT INTO explanation (project_id, account_id, kind, item_id, fills_id, names, amount,
                             reason, evidence_digest, state, explained_by, explained_for,
                             explained_at)
    VALUES (:project_id, :account_id, :kind, :item_id, :fills_id, :names, :amount, :reason,
            :digest, :state, :explained_by, :explained_for, :at)
    RETURNING id
""")
_TAKE_EXPLANATION: Final = text(f"""
    SELECT {_EXPLANATION} FROM explanation WHERE project_id = :p AND id = :e FOR UPDATE
""")
_END: Final = text("""
    UPDATE explanation SET state = :state, endorsed_by = :by, endorsed_for = :for, ended_at = :at
    WHERE project_id = :p AND id = :e
""")
_RETRACT: Final = text("""
    UPDATE explanation SET state = 'retracted', retracted_at = :at
    WHERE project_id = :p AND id = :e
""")
# A file is booked as one or payment by payment, and some of it by an explanation. Where the file
# was booked as one, each of its payments was.
_BOOKED_FOR: Final = text("""
    WITH named AS (
        SELECT reference, id AS file_id, total, NULL AS part_of FROM bank_file
        WHERE project_id = :p AND account_id = :a AND reference = :names AND state <> 'void'
        UNION ALL
        SELECT a.reference, NULL, a.amount, f.reference
        FROM attempt a JOIN bank_file f ON f.project_id = a.project_id AND f.id = a.file_id
        WHERE a.project_id = :p AND f.account_id = :a AND a.reference = :names
          AND a.state <> 'void'),
    booked AS (
        SELECT names, sum(amount) AS amount FROM (
            SELECT names, -amount AS amount FROM statement_entry
            WHERE project_id = :p AND account_id = :a
              AND effect IN ('book_payment', 'book_return')
            UNION ALL
            SELECT names, CASE kind WHEN 'own_payment' THEN amount ELSE -amount END
            FROM explanation
            WHERE project_id = :p AND account_id = :a AND state = 'endorsed') b
        WHERE names IN (SELECT reference FROM named UNION SELECT part_of FROM named
                        UNION SELECT a.reference FROM named n JOIN attempt a
                              ON a.project_id = :p AND a.file_id = n.file_id)
        GROUP BY names)
    SELECT coalesce((SELECT sum(total) FROM named), 0) AS total,
           coalesce((SELECT sum(b.amount) FROM booked b
                     WHERE b.names NOT IN (SELECT part_of FROM named WHERE part_of <> '')), 0)
         + coalesce((SELECT sum(n.total) FROM named n JOIN booked b ON b.names = n.part_of
                     WHERE b.amount > 0), 0) AS booked
""")
_PAGE: Final = text("""
    SELECT i.id, i.account_id, i.side, i.cause, i.amount, i.remaining, i.absorbed, i.since,
           e.booked_on, e.text, e.project_id AS entry_project, e.reference AS entry,
           coalesce((SELECT jsonb_agg(jsonb_build_object(
                        'id', x.id, 'kind', x.kind, 'names', x.names, 'amount', x.amount,
                        'reason', x.reason, 'state', x.state, 'explained_by', x.explained_by,
                        'endorsed_by', x.endorsed_by) ORDER BY x.id)
                     FROM explanation x
                     WHERE x.project_id = i.project_id
                       AND (x.item_id = i.id OR x.fills_id = i.id)), '[]') AS explanations
    FROM open_item i
    LEFT JOIN statement_entry e ON e.account_id = i.account_id
     AND i.cause = format('entry:%s:%s', e.account_id, e.reference)
    WHERE i.project_id = :p AND i.id > :after AND (i.remaining > 0 OR NOT :open)
      AND (CAST(:accounts AS bigint[]) IS NULL
           OR i.account_id = ANY(CAST(:accounts AS bigint[])))
    ORDER BY i.id LIMIT :limit
""")
