"""Reads of the payout history: payments by many conditions, and everything behind one of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from sqlalchemy import text

from disburse.domain.reference import AttemptKey, attempt_of
from disburse.storage import records
from disburse.storage.attempts import Place
from disburse.storage.engine import Transaction
from disburse.storage.records import Sealed
from disburse.storage.rows import AnyRow, as_dicts


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Which payments; None leaves a condition out, `project_ids` always confines."""

    project_ids: Sequence[int]
    own_employer_id: int | None = None  # what the caller is confined to
    employer_id: int | None = None  # what the caller asks for
    period_from: date | None = None
    period_to: date | None = None
    worker_id: int | None = None
    person: bytes | None = None  # keyed digest of the identity number
    state: str | None = None
    reference: str | None = None


def payouts(
    tx: Transaction,
    selection: Selection,
    *,
    after: Sequence[int | date] | None = None,
    limit: int | None = None,
) -> Iterator[AnyRow]:
    """Walk the selected payments in order of (project, month, sheet, line, attempt)."""
    conditions, values = _conditions(selection)
    if after is not None:
        conditions.append(_AFTER)
        values |= dict(zip(("ap", "am", "as", "al", "aa"), after, strict=True))
    query = f"{_PAYOUTS} WHERE {' AND '.join(conditions)} {_ORDER}"
    if limit is not None:
        query += " LIMIT :limit"
        values["limit"] = limit
    for page in records.in_pages(tx, text(query), values):
        yield from _with_people(tx, [row._asdict() for row in page])


def totals(tx: Transaction, selection: Selection) -> list[AnyRow]:
    """Return count and sum of the selected payments by currency and state."""
    conditions, values = _conditions(selection)
    query = f"{_TOTALS} WHERE {' AND '.join(conditions)} GROUP BY 1, 2 ORDER BY 1, 2"
    return as_dicts(tx.execute(text(query), values))


def place_of(
    tx: Transaction, *, project_id: int, key: AttemptKey, employer_id: int | None
) -> tuple[Place, int] | None:
    """Return where a payment's line is; None when it is none of this project or employer."""
    values = {"p": project_id, "s": key.sheet_id, "l": key.line, "a": key.attempt, "e": employer_id}
    period = tx.scalar(_PLACE_OF, values)
    return (Place(project_id, period, key.sheet_id), key.line) if period else None


def entitlement(tx: Transaction, at: tuple[Place, int]) -> AnyRow:
    """Return what the line entitles its worker to."""
    row = as_dicts(tx.execute(_ENTITLEMENT, _line(at)))[0]
    [told] = records.opened(tx, [_sealed_line(row)])
    return row | {name: told[name] for name in ("name", "id_number")}


def attempts(tx: Transaction, at: tuple[Place, int]) -> list[AnyRow]:
    """Return every attempt to pay the line, first to last."""
    rows = as_dicts(tx.execute(_ATTEMPTS, _line(at)))
    payees = records.opened(tx, [_sealed_payee(row, at[0].project_id) for row in rows])
    return [
        row | {name: payee[name] for name in _PAYEE}
        for row, payee in zip(rows, payees, strict=True)
    ]


def answers(tx: Transaction, at: tuple[Place, int]) -> list[AnyRow]:
    """Return the bank's records about the line's payments, in the order they came."""
    project_id = at[0].project_id
    rows = as_dicts(tx.execute(_ANSWERS, _line(at)))
    sealed = [
        Sealed(
            project_id,
            records.of_answer(project_id, row.pop("connection_id"), row["report"], row["record"]),
            row["text"],
        )
        for row in rows
    ]
    return [row | {"text": told} for row, told in zip(rows, records.words(tx, sealed), strict=True)]


def acts_behind(tx: Transaction, at: tuple[Place, int]) -> list[AnyRow]:
    """Return the acts on the line, its sheet as a whole, its payments and their files."""
    return _with_members(tx, as_dicts(tx.execute(_ACTS_BEHIND, _line(at))))


def acts(
    tx: Transaction,
    *,
    project_id: int,
    employer_id: int | None,
    sheet_id: int | None,
    after: int,
    limit: int,
) -> list[AnyRow]:
    """Return a project's acts by number; with `employer_id`, those on its own sheets only."""
    conditions = ["a.project_id = :p", "a.id > :after"]
    if sheet_id is not None:
        conditions.append("a.sheet_id = :s")
    if employer_id is not None:
        conditions.append(
            "EXISTS (SELECT FROM sheet s WHERE s.project_id = a.project_id"
            " AND s.id = a.sheet_id AND s.employer_id = :e)"
        )
    query = f"{_ACTS} WHERE {' AND '.join(conditions)} ORDER BY a.id LIMIT :limit"
    values = {"p": project_id, "after": after, "s": sheet_id, "e": employer_id, "limit": limit}
    return _with_members(tx, as_dicts(tx.execute(text(query), values)))


def _with_people(tx: Transaction, rows: list[AnyRow]) -> Iterator[AnyRow]:
    """Put name, account and identity number into rows of payments."""
    payees = records.opened(tx, [_sealed_payee(row, row["project_id"]) for row in rows])
    people = records.opened(tx, [_sealed_line(row) for row in rows])
    for row, payee, told in zip(rows, payees, people, strict=True):
        yield row | {name: payee[name] for name in _PAYEE} | {"id_number": told["id_number"]}


def _sealed_payee(row: AnyRow, project_id: int) -> Sealed:
    place = records.of_attempt(project_id, row["reference"])
    return Sealed(project_id, place, row.pop("payee"))


def _sealed_line(row: AnyRow) -> Sealed:
    place = records.of_line(row["project_id"], row["sheet_id"], row["line"])
    return Sealed(row["project_id"], place, row.pop("particulars"))


def _with_members(tx: Transaction, rows: list[AnyRow]) -> list[AnyRow]:
    """Put the names of those who acted into rows of acts."""
    sealed = {
        row[login]: row[name]
        for row in rows
        for login, name in _ACTING.items()
        if row[login] is not None
    }
    names = records.names(tx, sealed)
    return [
        row | {name: names.get(row.pop(login)) for login, name in _ACTING.items()} for row in rows
    ]


def _line(at: tuple[Place, int]) -> dict[str, Any]:
    place, line = at
    return {"p": place.project_id, "m": place.period, "s": place.sheet_id, "l": line}


def _conditions(selection: Selection) -> tuple[list[str], dict[str, Any]]:
    values = {name: getattr(selection, name) for name in Selection.__slots__}
    values["project_ids"] = list(selection.project_ids)
    given = [name for name, value in values.items() if value is not None and name != "reference"]
    conditions = [_CONDITIONS[name] for name in given]
    if selection.reference is not None:
        key = attempt_of(selection.reference)
        conditions.append(_OF_FILE if key is None else _OF_PAYMENT)
        values |= {} if key is None else {"rs": key.sheet_id, "rl": key.line, "ra": key.attempt}
    return conditions, values


_CONDITIONS: Final = {
    "project_ids": "a.project_id = ANY(CAST(:project_ids AS bigint[]))",
    "own_employer_id": "s.employer_id = :own_employer_id",
    "employer_id": "s.employer_id = :employer_id",
    "period_from": "a.period >= :period_from",
    "period_to": "a.period <= :period_to",
    "worker_id": """EXISTS (SELECT FROM line w
        WHERE w.project_id = a.project_id AND w.period = a.period AND w.sheet_id = a.sheet_id
          AND w.number = a.line AND w.worker_id = :worker_id)""",
    "person": """EXISTS (SELECT FROM entitlement e JOIN person h ON h.id = e.person_id
        WHERE e.project_id = a.project_id AND e.period = a.period AND e.sheet_id = a.sheet_id
          AND e.line = a.line AND h.fingerprint = :person)""",
    "state": "a.state = :state",
}
_ACTING: Final = {"login": "member", "for_login": "acting_for"}
_PAYEE: Final = ("name", "account", "bank_name")
_OF_PAYMENT: Final = "a.sheet_id = :rs AND a.line = :rl AND a.attempt = :ra"
_OF_FILE: Final = "a.file_id = (SELECT id FROM bank_file WHERE reference = :reference)"
_AFTER: Final = """(a.project_id, a.period, a.sheet_id, a.line, a.attempt)
    > (:ap, CAST(:am AS date), :as, :al, :aa)"""
_ORDER: Final = "ORDER BY a.project_id, a.period, a.sheet_id, a.line, a.attempt"

_PAYOUTS: Final = """
    SELECT a.project_id, p.code AS project, a.period, a.sheet_id, a.line, a.attempt, a.reference,
           s.employer_id AS subcontractor_id, o.name AS subcontractor, s.kind, l.worker_id,
           a.payee, l.particulars, a.amount, s.currency, a.state, f.reference AS file_reference,
           coalesce(f.pay_on, s.pay_on) AS pay_on, a.answered_on, a.reason
    FROM attempt a
    JOIN line l ON l.project_id = a.project_id AND l.period = a.period
               AND l.sheet_id = a.sheet_id AND l.number = a.line
    JOIN sheet s ON s.project_id = a.project_id AND s.id = a.sheet_id
    JOIN organisation o ON o.id = s.employer_id
    JOIN project p ON p.id = a.project_id
    LEFT JOIN bank_file f ON f.project_id = a.project_id AND f.id = a.file_id
"""
_TOTALS: Final = """
    SELECT s.currency, a.state, count(*) AS "count", sum(a.amount)::bigint AS amount
    FROM attempt a JOIN sheet s ON s.project_id = a.project_id AND s.id = a.sheet_id
"""
_PLACE_OF: Final = text("""
    SELECT a.period
    FROM sheet s JOIN attempt a
      ON a.project_id = s.project_id AND a.period = s.period AND a.sheet_id = s.id
    WHERE s.project_id = :p AND s.id = :s AND a.line = :l AND a.attempt = :a
      AND s.employer_id = coalesce(:e, s.employer_id)
""")
_ENTITLEMENT: Final = text("""
    SELECT e.project_id, p.code AS project, e.period, e.sheet_id, e.line, e.kind, e.number,
           e.employer_id AS subcontractor_id, o.name AS subcontractor, l.worker_id,
           l.particulars, s.currency, e.owed, e.funded, e.live, e.paid, e.set_aside, e.void,
           s.digest AS sheet_digest, s.state AS sheet_state
    FROM entitlement e
    JOIN line l ON l.project_id = e.project_id AND l.period = e.period
               AND l.sheet_id = e.sheet_id AND l.number = e.line
    JOIN sheet s ON s.project_id = e.project_id AND s.id = e.sheet_id
    JOIN organisation o ON o.id = e.employer_id
    JOIN project p ON p.id = e.project_id
    WHERE e.project_id = :p AND e.period = :m AND e.sheet_id = :s AND e.line = :l
""")
_ATTEMPTS: Final = text("""
    SELECT a.attempt, a.reference, a.amount, a.state, a.payee, a.evidence,
           a.reason, a.answered_on, a.file_id, f.reference AS file_reference,
           f.sha256 AS file_sha256, f.state AS file_state, r.reason AS reissue_reason
    FROM attempt a
    LEFT JOIN bank_file f ON f.project_id = a.project_id AND f.id = a.file_id
    LEFT JOIN reissue r ON r.project_id = a.project_id AND r.period = a.period
                       AND r.sheet_id = a.sheet_id AND r.line = a.line AND r.attempt = a.attempt
    WHERE a.project_id = :p AND a.period = :m AND a.sheet_id = :s AND a.line = :l
    ORDER BY a.attempt
""")
_ANSWERS: Final = text("""
    SELECT connection_id, at, digest AS report, record, attempt, result, amount, reason, text,
           evidence, happened_on, state_before, state_after, effect
    FROM inbox WHERE project_id = :p AND sheet_id = :s AND line = :l
    ORDER BY at, digest, record
""")
_ACTS: Final = """
    SELECT a.id, a.at, a.act, a.subject, a.subject_id, a.sheet_id, m.name AS member, m.login,
           w.name AS acting_for, w.login AS for_login, o.name AS organisation,
           a.state_before, a.state_after, a.facts
    FROM act a
    LEFT JOIN member m ON m.id = a.member_id
    LEFT JOIN member w ON w.id = a.for_member_id
    LEFT JOIN organisation o ON o.id = m.organisation_id
"""
# Acts on another line of the sheet, payment or file are left out.
_ACTS_BEHIND: Final = text(f"""
    WITH ours AS (
        SELECT reference, file_id::text AS file FROM attempt
        WHERE project_id = :p AND period = :m AND sheet_id = :s AND line = :l),
    reports AS (
        SELECT digest FROM inbox WHERE project_id = :p AND sheet_id = :s AND line = :l)
    {_ACTS}
    WHERE a.project_id = :p AND a.sheet_id = :s
      AND CASE a.subject
          WHEN 'payment' THEN a.subject_id IN (SELECT reference FROM ours)
          WHEN 'file' THEN a.subject_id IN (SELECT file FROM ours WHERE file IS NOT NULL)
          WHEN 'report' THEN a.subject_id IN (SELECT digest FROM reports)
          ELSE coalesce((a.facts ->> 'line')::integer, :l) = :l END
    ORDER BY a.id
""")
