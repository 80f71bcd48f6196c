"""Money that comes in: declarations by two people, and the bank's statements entry by entry."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from disburse.domain.refusal import Refusal
from disburse.storage import records, seals
from disburse.storage.acts import By
from disburse.storage.answered import Attempt
from disburse.storage.booked import BY_NAME
from disburse.storage.engine import Transaction


class NoSuchDeclaration(Refusal):
    """There is no declaration by that number on this project."""

    code = "no-such-declaration"


class DuplicateStatement(Refusal):
    """The statement is in the books already."""

    code = "duplicate-statement"


@dataclass(frozen=True, slots=True, kw_only=True)
class Declaration:
    """Money that somebody says is on its way."""

    project_id: int
    id: int
    account_id: int
    amount: int
    confirmed: int
    expected_on: date
    state: str
    declared_by: int
    declared_for: int | None
    vouched_by: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewEntry:
    """One booked entry of a statement, and what became of it."""

    reference: str
    project_id: int
    amount: int
    booked_on: date
    names: str
    text: str
    effect: str
    matched_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Stated:
    """What the bank's books say of a payment until a day."""

    covered: bool  # there is a statement of that day, or a later one
    out: int  # booked out for it and not back, in minor units
    alike: bool  # a debit of its amount is on the account, and nobody explained it


_COLUMNS: Final = ", ".join(Declaration.__slots__)


def declare(
    tx: Transaction,
    *,
    project_id: int,
    account_id: int,
    amount: int,
    voucher_digest: str,
    expected_on: date,
    by: By,
) -> int:
    """Store one person's declaration and return its number; no money counts before the second."""
    number = tx.scalar(
        _DECLARE,
        {"p": project_id, "a": account_id, "amount": amount, "voucher": voucher_digest,
         "expected": expected_on, "by": by.person_id, "for": by.for_person, "at": by.at},
    )  # fmt: skip
    assert isinstance(number, int)  # noqa: S101  (RETURNING from an insert that worked)
    return number


def take(tx: Transaction, *, project_id: int, declaration_id: int) -> Declaration:
    """Return a declaration, locked; or raise `NoSuchDeclaration`."""
    row = tx.execute(_TAKE, {"p": project_id, "d": declaration_id}).one_or_none()
    if row is None:
        raise NoSuchDeclaration(f"there is no declaration {declaration_id} on this project")
    return Declaration(**row._mapping)  # noqa: SLF001  (SQLAlchemy's public name)


def expecting(tx: Transaction, *, account_id: int, amount: int) -> list[Declaration]:
    """Return the vouched declarations on an account that wait for exactly `amount`, locked."""
    rows = tx.execute(_EXPECTING, {"a": account_id, "amount": amount})
    return [Declaration(**row._mapping) for row in rows]  # noqa: SLF001


def move(
    tx: Transaction,
    declaration: Declaration,
    state: str,
    *,
    vouched_by: By | None = None,
    confirmed: int = 0,
) -> None:
    """Write a declaration's new state; it is locked. The CHECK refuses one person for both."""
    tx.execute(
        _MOVE,
        {"p": declaration.project_id, "d": declaration.id, "state": state,
         "vouched_by": vouched_by.person_id if vouched_by else None,
         "vouched_for": vouched_by.for_person if vouched_by else None, "confirmed": confirmed},
    )  # fmt: skip


def last_closing(tx: Transaction, account_id: int) -> tuple[int, int]:
    """Return number and closing balance of the account's last statement; (0, 0) before any."""
    row = tx.execute(_LAST, {"a": account_id}).one_or_none()
    return (row.number, row.closing) if row else (0, 0)


def add_statement(tx: Transaction, values: dict[str, Any]) -> None:
    """Store a statement, or raise `DuplicateStatement`."""
    try:
        tx.execute(_ADD_STATEMENT, values)
    except IntegrityError as error:
        raise DuplicateStatement(
            f"statement {values['reference']!r} of this account was booked before"
        ) from error


def was_booked(tx: Transaction, *, account_id: int, digest: str) -> bool:
    """Say whether a file of these very bytes was booked on the account before."""
    return bool(tx.scalar(_WAS_BOOKED, {"a": account_id, "digest": digest}))


def seen_entries(tx: Transaction, *, account_id: int, references: Sequence[str]) -> set[str]:
    """Return which of the bank's entry references are booked already."""
    rows = tx.execute(_SEEN, {"a": account_id, "references": list(references)})
    return {row.reference for row in rows}


def stated_of(tx: Transaction, attempt: Attempt, *, account_id: int, until: date) -> Stated:
    """Return what the account's statements say of a payment, by itself and with its whole file."""
    values = {
        "p": attempt.project_id,
        "a": account_id,
        "f": attempt.file_id,
        "names": attempt.reference,
        "amount": attempt.amount,
        "until": until,
    }
    row = tx.execute(_STATED_OF, values).one()
    return Stated(covered=bool(row.covered), out=int(row.out), alike=bool(row.alike))


def add_entries(
    tx: Transaction, *, account_id: int, number: int, entries: Sequence[NewEntry], at: datetime
) -> None:
    """Store the entries of a statement; the bank's words may name people, so they are sealed."""
    for entry in entries:
        values = {name: getattr(entry, name) for name in NewEntry.__slots__}
        place = records.of_entry(entry.project_id, account_id, entry.reference)
        key = seals.of_month(tx, entry.project_id, at)
        words = records.seal_words(key, place, entry.text)
        tx.execute(_ADD_ENTRY, values | {"a": account_id, "n": number, "text": words})


_DECLARE: Final = text("""
    INSERT INTO declaration (project_id, account_id, amount, voucher_digest, expected_on, state,
                             declared_by, declared_for, at)
    VALUES (:p, :a, :amount, :voucher, :expected, 'declared', :by, :for, :at)
    RETURNING id
""")
_TAKE: Final = text(f"""
    SELECT {_COLUMNS} FROM declaration WHERE project_id = :p AND id = :d FOR UPDATE
""")
_EXPECTING: Final = text(f"""
    SELECT {_COLUMNS} FROM declaration
    WHERE account_id = :a AND state = 'vouched' AND amount - confirmed = :amount
    ORDER BY project_id, id FOR UPDATE
""")
_MOVE: Final = text("""
    UPDATE declaration
    SET state = :state, vouched_by = coalesce(:vouched_by, vouched_by),
        vouched_for = coalesce(:vouched_for, vouched_for),
        confirmed = confirmed + :confirmed
    WHERE project_id = :p AND id = :d
""")
_LAST: Final = text("""
    SELECT number, closing FROM statement WHERE account_id = :a ORDER BY number DESC LIMIT 1
""")
_ADD_STATEMENT: Final = text("""
    INSERT INTO statement (account_id, number, reference, digest, closes_on, opening, closing,
                           received_at)
    VALUES (:account_id, :number, :reference, :digest, :closes_on, :opening, :closing, :at)
""")
_WAS_BOOKED: Final = text(
    "SELECT EXISTS (SELECT FROM statement WHERE account_id = :a AND digest = :digest)"
)
_SEEN: Final = text("""
    SELECT reference FROM statement_entry
    WHERE account_id = :a AND reference = ANY(CAST(:references AS text[]))
""")
_STATED_OF: Final = text(f"""
    WITH booked AS ({BY_NAME})
    SELECT EXISTS (SELECT FROM open_item
                   WHERE account_id = :a AND project_id IN (0, :p) AND side = 'debit'
                     AND remaining = CAST(:amount AS bigint)) AS alike,
           EXISTS (SELECT FROM statement WHERE account_id = :a AND closes_on >= :until) AS covered,
           coalesce((SELECT amount FROM booked WHERE names = :names), 0)
         + coalesce((SELECT CAST(:amount AS bigint) FROM bank_file f
                     JOIN booked b ON b.names = f.reference AND b.amount >= f.total
                     WHERE f.project_id = :p AND f.id = :f), 0) AS out
""")
_ADD_ENTRY: Final = text("""
    INSERT INTO statement_entry (account_id, reference, statement_number, project_id, amount,
                                 booked_on, names, text, effect, matched_by)
    VALUES (:a, :reference, :n, :project_id, :amount, :booked_on, :names, :text, :effect,
            :matched_by)
""")
