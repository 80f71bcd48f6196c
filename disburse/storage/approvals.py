"""Approvals of sheets and of single reissued payments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final, NamedTuple

from sqlalchemy import text

from disburse.domain.approval import Terms, canonical
from disburse.domain.reference import AttemptKey, of_attempt
from disburse.domain.refusal import Refusal
from disburse.storage import records, seals
from disburse.storage.acts import By
from disburse.storage.engine import Transaction
from disburse.storage.files import BankFile
from disburse.storage.records import Sealed
from disburse.storage.sheets import Sheet


class NoSuchReissue(Refusal):
    """There is no reissue that waits for a countersignature by that reference."""

    code = "no-such-reissue"


class ReissueAsked(Refusal):
    """Somebody asked for this reissue before."""

    code = "reissue-asked"


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """One person's attested approval."""

    approver: int
    approver_for: int | None  # the person whose role the approver was lent
    root: str
    document: str
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Reissue:
    """A further attempt that somebody asked for."""

    project_id: int
    period: date
    sheet_id: int
    line: int
    attempt: int
    requested_by: int
    requested_for: int | None
    requested_at: datetime
    reason: str
    payee: Mapping[str, Any]
    order_bytes_id: int | None
    not_before: datetime

    @property
    def reference(self) -> str:
        """Return the reference that the new payment will have at the bank."""
        return of_attempt(AttemptKey(self.sheet_id, self.line, self.attempt))


class Ready(NamedTuple):
    """A reissue that may be paid."""

    line: int
    attempt: int
    amount: int
    payee: Mapping[str, Any]


def add(tx: Transaction, sheet: Sheet, terms: Terms, *, by: By) -> None:
    """Store one approval of the sheet's current round; CHECKs refuse a reviewer's or maker's."""
    tx.execute(
        _ADD,
        {
            "p": sheet.project_id,
            "s": sheet.id,
            "round": sheet.round,
            "approver": by.person_id,
            "approver_for": by.for_person,
            "reviewer": sheet.reviewed_by,
            "reviewer_for": sheet.reviewed_for,
            "document": canonical(terms),
            "root": terms.root.digest,
            "nonce": terms.nonce,
            "at": by.at,
            "expires_at": terms.expires_at,
        },
    )


def current(tx: Transaction, sheet: Sheet) -> list[Approval]:
    """Return the approvals of the sheet's current round, oldest first."""
    rows = tx.execute(_CURRENT, {"p": sheet.project_id, "s": sheet.id, "round": sheet.round})
    return [Approval(**row._mapping) for row in rows]  # noqa: SLF001  (SQLAlchemy's public name)


def of_file(tx: Transaction, file: BankFile) -> list[int]:
    """Return who approved what is in a bank file, its sheet or its reissues, and for whom."""
    values = {"p": file.project_id, "m": file.period, "s": file.sheet_id, "f": file.id}
    rows = tx.execute(_OF_FILE, values)
    return [one for row in rows for one in (row.approver, row.approver_for) if one is not None]


def add_reissue(tx: Transaction, reissue: Reissue) -> None:
    """Store the request for a further attempt, or raise `ReissueAsked`."""
    values = {name: getattr(reissue, name) for name in Reissue.__slots__}
    persons = records.persons_of(
        tx,
        project_id=reissue.project_id,
        period=reissue.period,
        sheet_id=reissue.sheet_id,
        lines=[reissue.line],
    )
    [key] = seals.of_persons(tx, reissue.project_id, persons.values()).values()
    place = records.of_reissue(reissue.project_id, reissue.reference)
    told = values | {"payee": records.seal(key, place, reissue.payee)}
    if tx.execute(_ADD_REISSUE, told).rowcount != 1:
        raise ReissueAsked("a reissue of this payment waits for a countersignature")


def take_reissue(
    tx: Transaction, *, project_id: int, sheet_id: int, line: int, attempt: int, at: datetime
) -> Reissue:
    """Return a reissue that waits for a countersignature, locked; or raise `NoSuchReissue`."""
    row = tx.execute(
        _TAKE_REISSUE, {"p": project_id, "s": sheet_id, "l": line, "a": attempt, "at": at}
    ).one_or_none()
    if row is None:
        raise NoSuchReissue("no reissue of this payment waits for a countersignature")
    [payee] = _payees(tx, project_id, sheet_id, [row])
    return Reissue(**{**row._mapping, "payee": payee})  # noqa: SLF001


def countersigned(tx: Transaction, *, project_id: int, sheet_id: int, at: datetime) -> list[Ready]:
    """Return the approved reissues of a sheet that are in no file yet, by line; locked.

    Left out: what was given up meanwhile, what the bank contradicted since and nobody explained,
    and approvals past their time, which may be given anew.
    """
    rows = tx.execute(_COUNTERSIGNED, {"p": project_id, "s": sheet_id, "at": at}).all()
    payees = _payees(tx, project_id, sheet_id, rows)
    return [
        Ready(row.line, row.attempt, row.owed, payee)
        for row, payee in zip(rows, payees, strict=True)
    ]


def countersign(
    tx: Transaction, reissue: Reissue, *, by: By, document: str, expires_at: datetime
) -> None:
    """Store the one-line approval; the CHECK refuses the requester's own."""
    tx.execute(
        _COUNTERSIGN,
        {"p": reissue.project_id, "m": reissue.period, "s": reissue.sheet_id, "l": reissue.line,
         "a": reissue.attempt, "approver": by.person_id, "approver_for": by.for_person,
         "document": document, "expires_at": expires_at},
    )  # fmt: skip


def decline(
    tx: Transaction, *, project_id: int, sheet_id: int, key: AttemptKey, at: datetime
) -> None:
    """Turn a reissue down that is in no file yet, or raise `NoSuchReissue`; the row stays."""
    values = {"p": project_id, "s": sheet_id, "l": key.line, "a": key.attempt, "at": at}
    if tx.execute(_DECLINE, values).rowcount != 1:
        raise NoSuchReissue("no reissue of this payment waits; it may be in a bank file already")


def _payees(
    tx: Transaction, project_id: int, sheet_id: int, rows: Sequence[Any]
) -> list[Mapping[str, Any]]:
    references = [of_attempt(AttemptKey(sheet_id, row.line, row.attempt)) for row in rows]
    sealed = [
        Sealed(project_id, records.of_reissue(project_id, reference), row.payee)
        for reference, row in zip(references, rows, strict=True)
    ]
    return records.known(tx, sealed)


_ADD: Final = text("""
    INSERT INTO approval (project_id, sheet_id, round, approver, approver_for, reviewer,
                          reviewer_for, document, root, nonce, at, expires_at, makers)
    VALUES (:p, :s, :round, :approver, :approver_for, :reviewer, :reviewer_for, :document, :root,
        :nonce, :at, :expires_at,
        ARRAY(SELECT t.person FROM sheet
              CROSS JOIN LATERAL (VALUES (submitted_by), (submitted_for)) AS t (person)
              WHERE project_id = :p AND id = :s AND t.person IS NOT NULL
              UNION
              SELECT t.person FROM blocker
              CROSS JOIN LATERAL (VALUES (cleared_by), (cleared_for)) AS t (person)
              WHERE project_id = :p AND sheet_id = :s AND t.person IS NOT NULL))
""")
_CURRENT: Final = text("""
    SELECT approver, approver_for, root, document, expires_at FROM approval
    WHERE project_id = :p AND sheet_id = :s AND round = :round ORDER BY at
""")
_OF_FILE: Final = text("""
    SELECT v.approver, v.approver_for FROM approval v
    JOIN sheet s ON s.project_id = v.project_id AND s.id = v.sheet_id AND s.round = v.round
    WHERE v.project_id = :p AND v.sheet_id = :s
    UNION
    SELECT r.approver, r.approver_for FROM reissue r
    JOIN attempt a ON a.project_id = r.project_id AND a.period = r.period
                  AND a.sheet_id = r.sheet_id AND a.line = r.line AND a.attempt = r.attempt
    WHERE a.project_id = :p AND a.period = :m AND a.file_id = :f AND r.approver IS NOT NULL
""")
_ADD_REISSUE: Final = text(f"""
    INSERT INTO reissue ({", ".join(Reissue.__slots__)})
    VALUES ({", ".join(f":{name}" for name in Reissue.__slots__)})
    ON CONFLICT (project_id, period, sheet_id, line, attempt) DO UPDATE
    SET {", ".join(f"{name} = excluded.{name}" for name in Reissue.__slots__)}, declined_at = NULL
    WHERE reissue.declined_at IS NOT NULL
""")
_TAKE_REISSUE: Final = text(f"""
    SELECT {", ".join(Reissue.__slots__)} FROM reissue
    WHERE project_id = :p AND sheet_id = :s AND line = :l AND attempt = :a
      AND (approver IS NULL OR expires_at <= :at) AND declined_at IS NULL
    FOR UPDATE
""")
_COUNTERSIGNED: Final = text("""
    SELECT r.line, r.attempt, r.payee, e.owed
    FROM reissue r
    JOIN entitlement e ON e.project_id = r.project_id AND e.period = r.period
                      AND e.sheet_id = r.sheet_id AND e.line = r.line
    WHERE r.project_id = :p AND r.sheet_id = :s AND r.approver IS NOT NULL
      AND r.expires_at > :at AND e.funded > 0 AND e.live = 0 AND e.paid = 0
      AND NOT EXISTS (SELECT FROM attempt a
                      JOIN bank_file f ON f.project_id = a.project_id AND f.id = a.file_id
                      JOIN anomaly n ON n.project_id = a.project_id
                                    AND n.reference IN (a.reference, f.reference)
                      WHERE a.project_id = r.project_id AND a.period = r.period
                        AND a.sheet_id = r.sheet_id AND a.line = r.line
                        AND n.resolved_at IS NULL)
      AND NOT EXISTS (SELECT FROM attempt a
                      WHERE a.project_id = r.project_id AND a.period = r.period
                        AND a.sheet_id = r.sheet_id AND a.line = r.line
                        AND a.attempt >= r.attempt)
    ORDER BY r.line FOR UPDATE OF r, e
""")
_COUNTERSIGN: Final = text("""
    UPDATE reissue SET approver = :approver, approver_for = :approver_for, document = :document,
        expires_at = :expires_at
    WHERE project_id = :p AND period = :m AND sheet_id = :s AND line = :l AND attempt = :a
""")
_DECLINE: Final = text("""
    UPDATE reissue r SET declined_at = :at, approver = NULL, approver_for = NULL, document = NULL,
        expires_at = NULL
    WHERE project_id = :p AND sheet_id = :s AND line = :l AND attempt = :a AND declined_at IS NULL
      AND NOT EXISTS (SELECT FROM attempt a
                      WHERE a.project_id = r.project_id AND a.period = r.period
                        AND a.sheet_id = r.sheet_id AND a.line = r.line
                        AND a.attempt >= r.attempt)
""")
