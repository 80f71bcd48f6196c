"""Proves the books: every invariant of the ledger, checked against the rows it follows from.

Differences are values, all of them reported, each with the parts that do not agree. Run it in a
read-only transaction of one snapshot (`storage.engine.read_only`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from disburse.domain.ledger import COLUMNS, Kind, Transfer, deltas
from disburse.storage import invariants, kept_bytes
from disburse.storage.engine import Transaction

KEPT: Final = "bytes-are-as-they-came"
REPLAY: Final = "transfers-replay-to-the-balance"  # 5
UNBOOKED: Final = "paid-and-drawn-is-explained"  # 4
WITHIN_FILE: Final = "booked-is-within-the-file"  # 6, where the bank books whole files
# What moves `drawn` and names a file or payment: counted with that file.
_BY_EXPLANATION: Final = {Kind.MATCH_CREDIT, Kind.MATCH_DEBIT, Kind.ELSEWHERE}
_BY_FILE: Final = {Kind.BOOK_PAYMENT, Kind.BOOK_RETURN} | _BY_EXPLANATION

Row = tuple[int, int]  # a row of the ledger: project and account


@dataclass(frozen=True, slots=True)
class Difference:
    """One place where two things that must agree do not."""

    invariant: str  # such as "balances-follow-lines"
    where: Mapping[str, Any]  # project_id, account_id, sheet_id, …
    parts: Mapping[str, int]  # the numbers that do not agree; amounts in minor units


@dataclass(frozen=True, slots=True, kw_only=True)
class Unbooked:
    """A part of `paid + drawn`: what a file's answers say was paid, less what was booked for it."""

    project_id: int
    account_id: int
    what: str  # the file's reference, or the kind of transfer that explains it otherwise
    reported: int
    booked: int
    since: date | None  # the oldest answer or entry: how long this has been so


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """What was checked, and every difference."""

    checked: tuple[str, ...]  # the invariants
    looked_at: Mapping[str, int]  # rows, by table
    differences: tuple[Difference, ...]
    unbooked: tuple[Unbooked, ...]  # no fault: each part of `paid + drawn`, named with its age

    @property
    def ok(self) -> bool:
        """Say whether every invariant holds."""
        return not self.differences


def prove(tx: Transaction, *, deep: bool = False) -> Proof:
    """Check every invariant on the whole database; `deep` also digests all kept bytes again.

    Each check is one pass over its tables, so the time grows as they do.
    """
    checks = invariants.INVARIANTS
    found = [
        Difference(check.name, where, parts)
        for check in checks
        for where, parts in invariants.broken(tx, check)
    ]
    found += _damaged(tx) if deep else ()
    balances = {
        (row["project_id"], row["account_id"]): {name: row[name] for name in COLUMNS}
        for row in invariants.balances(tx)
    }
    transfers = _transfers(tx)
    files = invariants.by_file(tx)
    parts = [*_of_files(files), *_otherwise(transfers)]
    found += _replayed(balances, transfers)
    found += _explained(balances, parts)
    found += _within_files(files)
    return Proof(
        checked=(
            *(check.name for check in checks),
            *((KEPT,) if deep else ()),
            REPLAY,
            UNBOOKED,
            WITHIN_FILE,
        ),
        looked_at=invariants.looked_at(tx),
        differences=tuple(found),
        unbooked=tuple(part for part in parts if part.reported != part.booked),
    )


def _damaged(tx: Transaction) -> Iterator[Difference]:
    for one in kept_bytes.damaged(tx):
        where = {"project_id": one.project_id, "bytes_id": one.bytes_id}
        parts = {"bytes": one.size, "changed": int(one.changed), "mislaid": int(one.mislaid)}
        yield Difference(KEPT, where, parts)


def _transfers(tx: Transaction) -> dict[Row, list[Transfer]]:
    """Return by ledger row one transfer for all of a kind."""
    rows: dict[Row, list[Transfer]] = defaultdict(list)
    for one in invariants.moved(tx):
        total = Transfer(Kind(one.kind), one.reverses, one.amount)
        rows[one.project_id, one.account_id].append(total)
    return rows


def _replayed(
    balances: Mapping[Row, Mapping[str, int]], transfers: Mapping[Row, list[Transfer]]
) -> Iterator[Difference]:
    nothing = dict.fromkeys(COLUMNS, 0)
    for row in sorted(balances.keys() | transfers.keys()):
        stored = balances.get(row, nothing)
        replayed = nothing | deltas(transfers.get(row, []))
        for name in COLUMNS:
            if stored[name] != replayed[name]:
                where = {"project_id": row[0], "account_id": row[1], "column": name}
                told = {"stored": stored[name], "replayed": replayed[name]}
                yield Difference(REPLAY, where, told)


def _of_files(files: Iterable[Mapping[str, Any]]) -> Iterator[Unbooked]:
    for row in files:
        yield Unbooked(**{name: value for name, value in row.items() if name != "total"})


def _otherwise(transfers: Mapping[Row, list[Transfer]]) -> Iterator[Unbooked]:
    """Name what moved `drawn` besides entries that name a file or payment of ours."""
    for (project_id, account_id), kinds in transfers.items():
        for transfer in kinds:
            moved = deltas([transfer]).get("drawn", 0)
            if moved and not _is_of_a_file(transfer):
                yield Unbooked(
                    project_id=project_id,
                    account_id=account_id,
                    what=" ".join(filter(None, (transfer.kind, transfer.reference))),
                    reported=0,
                    booked=-moved,
                    since=None,
                )


def _is_of_a_file(transfer: Transfer) -> bool:
    # A correction's reference begins with what it reverses. A retracted explanation no longer
    # counts with its file, nor does its correction; a booked entry still counts, so its would not.
    if transfer.kind is Kind.CORRECT:
        return Kind(transfer.reference) in _BY_EXPLANATION
    return transfer.kind in _BY_FILE


def _explained(
    balances: Mapping[Row, Mapping[str, int]], parts: Iterable[Unbooked]
) -> Iterator[Difference]:
    explained: dict[Row, int] = defaultdict(int)
    for part in parts:
        explained[part.project_id, part.account_id] += part.reported - part.booked
    for row in sorted(balances.keys() | explained.keys()):
        columns = balances.get(row, {"paid": 0, "drawn": 0})
        if columns["paid"] + columns["drawn"] != explained[row]:
            where = {"project_id": row[0], "account_id": row[1]}
            told = {"paid": columns["paid"], "drawn": columns["drawn"], "parts": explained[row]}
            yield Difference(UNBOOKED, where, told)


def _within_files(files: Iterable[Mapping[str, Any]]) -> Iterator[Difference]:
    for row in files:
        if row["booked"] > (row["total"] or 0):
            where = {name: row[name] for name in ("project_id", "account_id", "what")}
            yield Difference(
                WITHIN_FILE, where, {"total": row["total"] or 0, "booked": row["booked"]}
            )
