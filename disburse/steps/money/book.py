"""Book a bank's statement of a special account, entry by entry."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from disburse import confirming, settling, stating
from disburse.adapter import Adapter
from disburse.booking import Booked, explained, home
from disburse.domain.access import Act, Caller, Forbidden
from disburse.domain.bookable import bookable
from disburse.domain.ledger import Kind, Transfer
from disburse.domain.statement import Entry, Statement
from disburse.door import admit, by
from disburse.storage import (
    acts,
    funding,
    inbox,
    kept_bytes,
    ledger,
    open_items,
    parties,
)
from disburse.storage.acts import By
from disburse.storage.engine import Transaction
from disburse.storage.funding import DuplicateStatement, NewEntry
from disburse.storage.inbox import Anomaly
from disburse.storage.ledger import NoSuchAccount
from disburse.storage.parties import Project, SpecialAccount

BYTES = "application/octet-stream"


def book(
    tx: Transaction,
    *,
    caller: Caller | None,
    project_id: int,
    statement: Statement,
    digest: str,
    connection_id: int | None = None,
    now: datetime,
) -> list[Booked]:
    """Post every entry of the statement of the project's account; only that account's bank may.

    Raises `StatementBroken` when it does not add up or leaves a gap, `DuplicateStatement` when it
    was booked before. What cannot be explained goes to suspense or missing, and to people.
    """
    project = admit(tx, caller, Act.BOOK, project_id)
    account = _account(tx, project, caller, connection_id)
    number, closing = funding.last_closing(tx, account.id)
    if number == 0 and statement.opening > 0:
        closing = statement.opening  # the account is older than its books here
    references = [entry.reference for entry in statement.entries]
    if funding.seen_entries(tx, account_id=account.id, references=references):
        raise DuplicateStatement("some of these entries were booked before; fetch it again")
    values = {
        "account_id": account.id,
        "number": number + 1,
        "reference": statement.reference,
        "digest": digest,
        "closes_on": statement.closes_on,
        "opening": statement.opening,
        "closing": statement.closing,
        "at": now,
    }
    funding.add_statement(tx, values)
    statement.require_sound(after=closing)
    booked = explained(tx, account.id, statement)
    _keep(tx, account, booked, number=number + 1, digest=digest, now=now, seen_by=project_id)
    who = by(caller, now)
    acts.record(
        tx,
        Act.BOOK,
        by=who,
        subject="statement",
        subject_id=f"{account.id}.{number + 1}",
        project_id=project_id,
        facts={"sha256": digest, "closing": statement.closing, "entries": len(booked)},
    )
    stating.end_silence(tx, account.id, statement.closes_on, digest=digest, by=who)
    if number == 0 and statement.opening > 0:
        _open(tx, account.id, statement.opening, who)
    moved = _transfers(account.id, booked)
    for site, transfers in _confirm_payments(tx, account, booked, digest=digest, who=who).items():
        moved[site] = [*transfers, *moved[site]]
    _post(tx, account.id, moved, who)
    return booked


@dataclass(frozen=True, slots=True, kw_only=True)
class BookedFile:
    """What became of a file of statements."""

    entries: Sequence[Booked]
    statements: int
    not_booked: int  # entries that are pending, informative, or of nothing
    passed_over: int  # statements of other accounts, interim reports and notices


def book_file(
    tx: Transaction,
    *,
    caller: Caller | None,
    project_id: int,
    content: bytes,
    banks: Mapping[str, Adapter],
    connection_id: int | None = None,
    now: datetime,
) -> BookedFile:
    """Book every statement of the project's account in a file of its bank's format, or none.

    `connection_id`: where the worker loop (`caller` None) picked the file up.

    Raises what `book` does, `UnreadableStatement` for what is no statement of that bank, and
    `NothingToBook` where none is this account's.
    """
    account = _account(tx, admit(tx, caller, Act.BOOK, project_id), caller, connection_id)
    records = banks[account.adapter].read_statement(content)
    found = bookable(records, account=account.number, currency=account.currency)
    kept_bytes.keep(tx, project_id=project_id, media_type=BYTES, content=content, at=now)
    digest = sha256(content).hexdigest()
    entries: list[Booked] = []
    for number, statement in enumerate(found.statements):
        entries += book(
            tx,
            caller=caller,
            project_id=project_id,
            statement=statement,
            digest=f"{digest}.{number}" if number else digest,
            connection_id=connection_id,
            now=now,
        )
    return BookedFile(
        entries=entries,
        statements=len(found.statements),
        not_booked=found.not_booked,
        passed_over=found.passed_over,
    )


def _account(
    tx: Transaction, project: Project, caller: Caller | None, connection_id: int | None
) -> SpecialAccount:
    """Return the project's account; only the bank that keeps it may state what is on it.

    What lies on its connection for the worker loop is that bank's word, too.
    """
    if project.account_id is None:
        raise NoSuchAccount("the project has no special account yet")
    account = parties.account(tx, project.account_id)
    told_by_its_bank = (
        account.connection_id == connection_id
        if caller is None
        else account.bank_id == caller.organisation_id
    )
    if not told_by_its_bank:
        raise Forbidden("only the bank that keeps the account can state what is on it")
    return account


def _open(tx: Transaction, account_id: int, balance: int, who: By) -> None:
    """Book what was on the account before its first statement here; people say what it is."""
    opening = Transfer(Kind.BOOK_UNKNOWN_CREDIT, f"opening:{account_id}", balance)
    _post(tx, account_id, {home(tx, account_id): [opening]}, who)


def _confirm_payments(
    tx: Transaction, account: SpecialAccount, booked: Sequence[Booked], *, digest: str, who: By
) -> dict[int, Sequence[Transfer]]:
    """Let payments be paid, or come back, by entries that name them; return the money's moves."""
    by_project: dict[int, list[tuple[int, Entry]]] = defaultdict(list)
    for position, one in enumerate(booked, start=1):
        if one.kind in confirming.OURS and one.matched_by == "reference":
            by_project[one.project_id].append((position, one.entry))
    return {
        project_id: settling.confirm(
            tx, account, project_id=project_id, entries=entries, digest=digest, by=who
        )
        for project_id, entries in sorted(by_project.items())
    }


def _transfers(account_id: int, booked: list[Booked]) -> dict[int, list[Transfer]]:
    by_project: dict[int, list[Transfer]] = defaultdict(list)
    for one in booked:
        reference = f"entry:{account_id}:{one.entry.reference}"
        by_project[one.project_id].append(Transfer(one.kind, reference, abs(one.entry.amount)))
    return by_project


def _post(
    tx: Transaction, account_id: int, by_project: Mapping[int, list[Transfer]], who: By
) -> None:
    for project_id in sorted(by_project):
        row = {"project_id": project_id, "account_id": account_id}
        transfers = by_project[project_id]
        open_items.open_for(tx, **row, transfers=transfers, by=who)
        ledger.open_row(tx, **row)
        ledger.post(tx, **row, transfers=transfers, at=who.at)


def _keep(
    tx: Transaction,
    account: SpecialAccount,
    booked: list[Booked],
    *,
    number: int,
    digest: str,
    now: datetime,
    seen_by: int,
) -> None:
    """Store the entries; what no project can be told for is shown to the people of `seen_by`."""
    entries = [
        NewEntry(
            reference=one.entry.reference,
            project_id=one.project_id,
            amount=one.entry.amount,
            booked_on=one.entry.booked_on,
            names=one.entry.names,
            text=one.entry.text,
            effect=one.kind,
            matched_by=one.matched_by,
        )
        for one in booked
    ]
    funding.add_entries(tx, account_id=account.id, number=number, entries=entries, at=now)
    anomalies = [
        Anomaly(
            code=one.anomaly,
            red=one.kind is Kind.BOOK_UNORDERED_DEBIT,
            reference=one.entry.reference,
            detail=f"{one.entry.amount} minor units on {one.entry.booked_on}",
            project_id=one.project_id or seen_by,
        )
        for one in booked
        if one.anomaly
    ]
    inbox.add_anomalies(
        tx, connection_id=account.connection_id, digest=digest, rows=anomalies, at=now
    )
