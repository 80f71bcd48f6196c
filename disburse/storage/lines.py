"""Lines, what they entitle to, and what keeps some of them from being paid; in bulk."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any, Final, NamedTuple

from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from disburse.domain.refusal import Refusal
from disburse.sealing import Key
from disburse.storage import records, seals
from disburse.storage.acts import By
from disburse.storage.engine import Transaction, add_rows, copy_rows
from disburse.storage.plans import count_anew, in_bulk
from disburse.storage.records import Sealed
from disburse.storage.sheets import DuplicateSheet, Sheet


class NoSuchLine(Refusal):
    """The sheet has no line by that number."""

    code = "no-such-line"


class LineFixed(Refusal):
    """The line is not in a state where this can be done to it."""

    code = "line-fixed"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewLine:
    """One line as it is stored, with what it entitles its worker to."""

    number: int
    worker_id: int | None
    person_id: int
    account_index: bytes
    gross: int
    deductions: int
    net: int
    particulars: Mapping[str, object]  # everything else that the line says


@dataclass(frozen=True, slots=True, kw_only=True)
class Blocker:
    """A finding that keeps one line from being paid, until set aside or, if clearable, cleared."""

    line: int
    code: str
    field: str
    shown: str  # the value, masked
    facts: Mapping[str, object]
    clearable: bool
    reason: str | None = None


class PayableLine(NamedTuple):
    """A line whose money is funded: what approvers attest and banks are told."""

    number: int
    owed: int
    name: str
    account: str
    bank_code: str
    bank_name: str
    latin_name: str
    told: Mapping[str, Any] | None  # all particulars, where the bank wants to know the wage


@dataclass(frozen=True, slots=True)
class Total:
    """How many lines, and what they add up to."""

    count: int
    amount: int


def add(tx: Transaction, sheet: Sheet, lines: Iterable[NewLine]) -> None:
    """Store every line and claim its entitlement, or raise `DuplicateSheet`.

    An entitlement is unique by (project, period, employer, person, kind, number) while not void.
    """
    tx.execute(_STAGE)
    count = 0
    for page in records.pages(lines):
        keys = seals.of_persons(tx, sheet.project_id, (line.person_id for line in page))
        rows = (_row(sheet, line, keys[line.person_id]) for line in page)
        count += copy_rows(tx, "new_line", NewLine.__slots__, rows)
    key = _key(sheet)
    tx.execute(_ADD_LINES, key)
    try:
        tx.execute(
            _ADD_ENTITLEMENTS,
            key | {"employer": sheet.employer_id, "kind": sheet.kind, "n": sheet.number},
        )
    except IntegrityError as error:
        raise DuplicateSheet(
            "a worker of this sheet is already entitled for the same month, employer, kind and "
            "number; was the sheet submitted before?",
            digest=sheet.digest,
        ) from error
    tx.execute(text("DROP TABLE new_line"))
    count_anew(tx, sheet.period, "line", "entitlement", lines=count)


def add_blockers(tx: Transaction, sheet: Sheet, blockers: Iterable[Blocker]) -> None:
    """Store what keeps lines from being paid."""
    rows = [
        (
            sheet.project_id,
            sheet.id,
            found.line,
            found.code,
            found.field,
            found.shown,
            json.dumps(found.facts, default=str),
            found.clearable,
        )
        for found in blockers
    ]
    columns = ("project_id", "sheet_id", "line", "code", "field", "shown", "facts", "clearable")
    add_rows(tx, "blocker", columns, rows)


def clear(tx: Transaction, sheet: Sheet, *, line: int, code: str, by: By, reason: str) -> None:
    """Note that an officer answered a clearable finding, or raise `LineFixed`."""
    done = tx.execute(
        _CLEAR,
        {"p": sheet.project_id, "s": sheet.id, "l": line, "code": code, "by": by.person_id,
         "for": by.for_person, "reason": reason},
    )  # fmt: skip
    if done.rowcount == 0:
        raise LineFixed(
            f"line {line} has no open finding {code!r} that an officer may clear; "
            "set the line aside instead",
        )


def unanswered(tx: Transaction, sheet: Sheet) -> list[Blocker]:
    """Return the blockers that nobody cleared, on lines that are not set aside."""
    return [
        Blocker(
            line=row.line,
            code=row.code,
            field=row.field,
            shown=row.shown,
            facts=row.facts,
            clearable=row.clearable,
        )
        for row in tx.execute(_UNANSWERED, _key(sheet))
    ]


def set_aside(tx: Transaction, sheet: Sheet, *, line: int, aside: bool) -> int:
    """Keep one line from being paid, or take it back in; return its new version."""
    version = tx.scalar(_SET_ASIDE, _key(sheet) | {"l": line, "aside": aside})
    if isinstance(version, int):
        return version
    exists = tx.scalar(_HAS_LINE, _key(sheet) | {"l": line})
    if not exists:
        raise NoSuchLine(f"sheet {sheet.id} has no line {line}")
    raise LineFixed(f"line {line} is {'set aside already' if aside else 'not set aside'}, or held")


def fund(tx: Transaction, sheet: Sheet) -> Total:
    """Mark every payable line as funded and return what they add up to."""
    return _total(tx, _FUND, sheet)


def unfund(tx: Transaction, sheet: Sheet) -> Total:
    """Take the funding of every line back and return what it added up to."""
    return _total(tx, _UNFUND, sheet)


def make_void(tx: Transaction, sheet: Sheet) -> None:
    """Give every entitlement of a rejected or withdrawn sheet back."""
    tx.execute(_VOID, _key(sheet))


def payable(tx: Transaction, sheet: Sheet) -> Total:
    """Count what is not set aside and more than nothing: what the sheet needs."""
    return _total(tx, _PAYABLE, sheet)


def funded(tx: Transaction, sheet: Sheet, *, wages: bool = False) -> Iterator[PayableLine]:
    """Walk the funded lines in order; memory stays flat. `wages`: with what each is made of."""
    with in_bulk(tx):
        pages = records.in_pages(tx, _FUNDED, _key(sheet))
    for page in pages:
        for row, told in zip(page, _particulars(tx, sheet, page), strict=True):
            yield PayableLine(
                number=row.number,
                owed=row.owed,
                name=told["name"],
                account=told["account"],
                bank_code=told["bank_code"],
                bank_name=told["bank_name"],
                latin_name=told["latin_name"],
                told=told if wages else None,
            )


def _row(sheet: Sheet, line: NewLine, key: Key) -> tuple[object, ...]:
    place = records.of_line(sheet.project_id, sheet.id, line.number)
    return (*_PLAIN(line), records.seal(key, place, line.particulars))


def _particulars(tx: Transaction, sheet: Sheet, rows: Sequence[Any]) -> list[Mapping[str, Any]]:
    of = sheet.project_id, sheet.id
    sealed = [Sealed(of[0], records.of_line(*of, row.number), row.particulars) for row in rows]
    return records.known(tx, sealed)


def _key(sheet: Sheet) -> dict[str, object]:
    return {"p": sheet.project_id, "m": sheet.period, "s": sheet.id}


def _total(tx: Transaction, statement: Any, sheet: Sheet) -> Total:  # noqa: ANN401  (SQLAlchemy's)
    row = tx.execute(statement, _key(sheet)).one()
    return Total(int(row.lines), int(row.amount))


_PLAIN: Final = attrgetter(*NewLine.__slots__[:-1])
# Row-level security refuses COPY into the tables themselves (design §9): stage, then insert.
_STAGE: Final = text("""
    CREATE TEMP TABLE new_line (number integer, worker_id bigint, person_id bigint,
        account_index bytea, gross bigint, deductions bigint, net bigint, particulars bytea)
    ON COMMIT DROP
""")
_ADD_LINES: Final = text("""
    INSERT INTO line (project_id, period, sheet_id, number, worker_id, gross, deductions, net,
                      particulars)
    SELECT :p, CAST(:m AS date), :s, number, worker_id, gross, deductions, net, particulars
    FROM new_line
""")
_ADD_ENTITLEMENTS: Final = text("""
    INSERT INTO entitlement (project_id, period, sheet_id, line, employer_id, person_id, kind,
                             number, account_index, owed)
    SELECT :p, CAST(:m AS date), :s, number, :employer, person_id, :kind, :n, account_index, net
    FROM new_line
""")
_OF_SHEET: Final = "project_id = :p AND period = :m AND sheet_id = :s"
_CLEAR: Final = text("""
    UPDATE blocker SET cleared_by = :by, cleared_for = :for, reason = :reason
    WHERE project_id = :p AND sheet_id = :s AND line = :l AND code = :code
      AND clearable AND cleared_by IS NULL
""")
_UNANSWERED: Final = text("""
    SELECT b.line, b.code, b.field, b.shown, b.facts, b.clearable
    FROM blocker b JOIN entitlement e
      ON e.project_id = b.project_id AND e.sheet_id = b.sheet_id AND e.line = b.line
    WHERE b.project_id = :p AND b.sheet_id = :s AND e.period = :m
      AND b.cleared_by IS NULL AND NOT e.set_aside
    ORDER BY b.line, b.code, b.field
""")
_SET_ASIDE: Final = text(f"""
    UPDATE entitlement SET set_aside = :aside, version = version + 1
    WHERE {_OF_SHEET} AND line = :l AND set_aside <> :aside AND funded = 0 AND NOT void
    RETURNING version
""")
_HAS_LINE: Final = text(f"SELECT EXISTS (SELECT FROM entitlement WHERE {_OF_SHEET} AND line = :l)")
_FUND: Final = text(f"""
    WITH moved AS (
        UPDATE entitlement SET funded = owed, version = version + 1
        WHERE {_OF_SHEET} AND NOT set_aside AND NOT void AND funded = 0 AND owed > 0
        RETURNING owed)
    SELECT count(*) AS lines, coalesce(sum(owed), 0) AS amount FROM moved
""")
_UNFUND: Final = text(f"""
    WITH moved AS (
        UPDATE entitlement SET funded = 0, version = version + 1
        WHERE {_OF_SHEET} AND funded > 0
        RETURNING owed)
    SELECT count(*) AS lines, coalesce(sum(owed), 0) AS amount FROM moved
""")
_VOID: Final = text(f"""
    UPDATE entitlement SET void = true, version = version + 1 WHERE {_OF_SHEET} AND NOT void
""")
_PAYABLE: Final = text(f"""
    SELECT count(*) AS lines, coalesce(sum(owed), 0) AS amount FROM entitlement
    WHERE {_OF_SHEET} AND NOT set_aside AND NOT void AND owed > 0
""")
_FUNDED: Final = text("""
    SELECT l.number, e.owed, l.particulars
    FROM line l
    JOIN entitlement e ON e.project_id = l.project_id AND e.period = l.period
                      AND e.sheet_id = l.sheet_id AND e.line = l.number
    WHERE l.project_id = :p AND l.period = :m AND l.sheet_id = :s AND e.period = :m AND e.funded > 0
    ORDER BY l.number
""")
