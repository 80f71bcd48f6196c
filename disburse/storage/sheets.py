"""Sheets in and out of the database; the only place that writes a sheet's state."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Final

from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from disburse.domain.lifecycle import sheet as lifecycle
from disburse.domain.lifecycle.sheet import Action, State, WrongState
from disburse.domain.refusal import Refusal
from disburse.storage import acts
from disburse.storage.acts import By
from disburse.storage.engine import Transaction


class NoSuchSheet(Refusal):
    """There is no sheet by that number here."""

    code = "no-such-sheet"


class DuplicateSheet(Refusal):
    """The same bytes, or another sheet for the same month, kind and number, are here already."""

    code = "duplicate-sheet"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """A sheet's row."""

    project_id: int
    id: int
    period: date
    employer_id: int
    kind: str
    number: int
    account_id: int
    currency: str
    pay_on: date
    head_count: int
    total_net: int
    digest: str
    salt: bytes
    state: State
    version: int
    round: int
    received_at: datetime
    reviewed_by: int | None
    reviewed_for: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewSheet:
    """What is stored of a sheet that was received, besides its lines."""

    project_id: int
    period: date
    employer_id: int
    kind: str
    number: int
    predecessor: str | None
    account_id: int
    currency: str
    pay_on: date
    head_count: int
    total_net: int
    digest: str
    signature: str
    kid: str
    salt: bytes
    bytes_id: int
    received_by: int


_COLUMNS: Final = """
    project_id, id, period, employer_id, kind, number, account_id, currency, pay_on, head_count,
    total_net, digest, salt, state, version, round, received_at, reviewed_by,
    reviewed_for
"""


def add(tx: Transaction, new: NewSheet, *, by: By) -> Sheet:
    """Store a sheet that is new here, or raise `DuplicateSheet`."""
    values = {name: getattr(new, name) for name in new.__slots__}
    values |= {"at": by.at, "submitted_for": by.for_person}
    try:
        row = tx.execute(_INSERT, values).one()
    except IntegrityError as error:
        raise DuplicateSheet(
            "these very bytes, or another sheet of this subcontractor with the same pay month, "
            "kind and number, were received before; a further sheet takes the next number",
            digest=new.digest,
        ) from error
    return _sheet(row)


def take(tx: Transaction, *, project_id: int, sheet_id: int) -> Sheet:
    """Return the sheet, locked until the transaction ends. Sheets are locked before all else."""
    row = tx.execute(_TAKE, {"p": project_id, "s": sheet_id}).one_or_none()
    if row is None:
        raise NoSuchSheet(f"there is no sheet {sheet_id} on this project")
    return _sheet(row)


def employer(tx: Transaction, sheet: Sheet) -> str:
    """Return the registration number of who owes the sheet's wages."""
    query = text("SELECT registration FROM organisation WHERE id = :o")
    return str(tx.scalar(query, {"o": sheet.employer_id}))


def advance(
    tx: Transaction,
    sheet: Sheet,
    action: Action,
    *,
    by: By,
    stay: bool = False,
    new_round: bool = False,
    facts: dict[str, object] | None = None,
) -> Sheet:
    """Move `sheet` on by compare-and-set and append the act. The only place that writes a state.

    `stay`: the act counts, but the state waits for more of the kind (an approval of several).
    `new_round`: approvals given so far are void.
    """
    after = lifecycle.move(sheet.state, action)
    moved = replace(
        sheet,
        state=sheet.state if stay else after,
        version=sheet.version + 1,
        round=sheet.round + new_round,
        reviewed_by=by.person_id if action is Action.REVIEW else sheet.reviewed_by,
        reviewed_for=by.for_person if action is Action.REVIEW else sheet.reviewed_for,
    )
    done = tx.execute(
        _ADVANCE,
        {
            "p": sheet.project_id,
            "s": sheet.id,
            "before": sheet.state,
            "version": sheet.version,
            "after": moved.state,
            "round": moved.round,
            "reviewed_by": moved.reviewed_by,
            "reviewed_for": moved.reviewed_for,
        },
    )
    if done.rowcount != 1:
        raise WrongState(f"sheet {sheet.id} is no longer {sheet.state}; read it again")
    acts.record(
        tx,
        action,
        by=by,
        subject="sheet",
        subject_id=sheet.id,
        project_id=sheet.project_id,
        period=sheet.period,
        sheet_id=sheet.id,
        states=(sheet.state, moved.state),
        facts=facts,
    )
    return moved


def predecessor_is_here(tx: Transaction, new: NewSheet) -> bool:
    """Say whether the sheet that `new` names as the one before it stands here."""
    return bool(tx.scalar(_PREDECESSOR, {name: getattr(new, name) for name in _KEY}))


def makers(tx: Transaction, sheet: Sheet) -> list[int]:
    """Return the persons who submitted the sheet or cleared findings, or were stood in for."""
    return [row.person for row in tx.execute(_MAKERS, {"p": sheet.project_id, "s": sheet.id})]


def submitters(tx: Transaction, sheet: Sheet) -> list[int]:
    """Return who submitted the sheet, and whom that person stood in for; a machine is nobody."""
    return [row.person for row in tx.execute(_SUBMITTERS, {"p": sheet.project_id, "s": sheet.id})]


def waiting(tx: Transaction) -> list[tuple[int, int]]:
    """Return (project, sheet) of the first reviewed sheet of every project, oldest due first."""
    return [(row.project_id, row.id) for row in tx.execute(_WAITING)]


def with_expired_approval(tx: Transaction, *, at: datetime) -> list[tuple[int, int]]:
    """Return (project, sheet) of sheets whose current approvals are older than allowed at `at`."""
    return [(row.project_id, row.id) for row in tx.execute(_EXPIRED, {"at": at})]


def _sheet(row: object) -> Sheet:
    values = {name: getattr(row, name) for name in Sheet.__slots__}
    return Sheet(**values | {"state": State(values["state"]), "salt": bytes(values["salt"])})


_KEY: Final = ("project_id", "period", "employer_id", "kind", "number", "predecessor")

_INSERT: Final = text(f"""
    INSERT INTO sheet (project_id, period, employer_id, kind, number, predecessor, account_id,
        currency, pay_on, head_count, total_net, digest, signature, kid, salt, bytes_id, state,
        received_at, received_by, submitted_by, submitted_for)
    VALUES (:project_id, :period, :employer_id, :kind, :number, :predecessor, :account_id,
        :currency, :pay_on, :head_count, :total_net, :digest, :signature, :kid, :salt, :bytes_id,
        'received', :at, :received_by, (SELECT person_id FROM member WHERE id = :received_by),
        :submitted_for)
    RETURNING {_COLUMNS}
""")

_TAKE: Final = text(f"""
    SELECT {_COLUMNS} FROM sheet WHERE project_id = :p AND id = :s FOR UPDATE
""")

_ADVANCE: Final = text("""
    UPDATE sheet
    SET state = :after, version = version + 1, round = :round, reviewed_by = :reviewed_by,
        reviewed_for = :reviewed_for
    WHERE project_id = :p AND id = :s AND state = :before AND version = :version
""")

_PREDECESSOR: Final = text("""
    SELECT EXISTS (
        SELECT FROM sheet
        WHERE project_id = :project_id AND period = :period AND employer_id = :employer_id
          AND kind = :kind AND number = :number - 1 AND digest = :predecessor
          AND state NOT IN ('rejected', 'withdrawn'))
""")

# Found whoever asks: a maker who is out of sight is a maker all the same.
_SUBMITTED: Final = """
    SELECT t.person FROM sheet s CROSS JOIN LATERAL member_by_number(s.received_by) m
    CROSS JOIN LATERAL (VALUES (m.person_id), (s.submitted_for)) AS t (person)
    WHERE s.project_id = :p AND s.id = :s AND t.person IS NOT NULL
"""
_SUBMITTERS: Final = text(_SUBMITTED)
_MAKERS: Final = text(f"""{_SUBMITTED}
    UNION
    SELECT t.person FROM blocker b
    CROSS JOIN LATERAL (VALUES (b.cleared_by), (b.cleared_for)) AS t (person)
    WHERE b.project_id = :p AND b.sheet_id = :s AND t.person IS NOT NULL
""")

# By due date, then receipt; nobody overtakes: where the first does not fit, the others wait.
_WAITING: Final = text("""
    SELECT DISTINCT ON (project_id) project_id, id FROM sheet
    WHERE state = 'reviewed' ORDER BY project_id, pay_on, received_at, id
""")

_EXPIRED: Final = text("""
    SELECT DISTINCT s.project_id, s.id
    FROM sheet s JOIN approval a
      ON a.project_id = s.project_id AND a.sheet_id = s.id AND a.round = s.round
    WHERE s.state IN ('funded', 'approved') AND a.expires_at <= :at
""")
