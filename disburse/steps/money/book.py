"""Book a bank's statement of a special account, entry by entry."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256

from disburse.adapter import Adapter
from disburse.domain.access import Act, Caller, Forbidden
from disburse.domain.bookable import bookable
from disburse.domain.ledger import Kind, Transfer
from disburse.domain.reference import attempt_of
from disburse.domain.statement import Entry, Statement, meaning
from disburse.door import admit, by
from disburse.storage import (
    acts,
    attempts,
    files,
    funding,
    inbox,
    kept_bytes,
    ledger,
    open_items,
    parties,
)
from disburse.storage.acts import By
from disburse.storage.engine import Transaction
from disburse.storage.funding import Declaration, DuplicateStatement, NewEntry
from disburse.storage.inbox import Anomaly
from disburse.storage.ledger import NoSuchAccount
from disburse.storage.matching import Match, Unbooked, by_amount
from disburse.storage.parties import Project, SpecialAccount

BYTES = "application/octet-stream"
UNASSIGNED = 0  # the ledger row of entries that no single project can be told for


@dataclass(frozen=True, slots=True)
class Booked:
    """What became of one entry."""

    entry: Entry
    project_id: int
    kind: Kind
    anomaly: str
    matched_by: str = "reference"


def book(
    tx: Transaction,
    *,
    caller: Caller,
    project_id: int,
    statement: Statement,
    digest: str,
    now: datetime,
) -> list[Booked]:
    """Post every entry of the statement of the project's account; only that account's bank may.

    Raises `StatementBroken` when it does not add up or leaves a gap, `DuplicateStatement` when it
    was booked before. What cannot be explained goes to suspense or missing, and to people.
    """
    project = admit(tx, caller, Act.BOOK, project_id)
    account = _account(tx, project, caller)
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
    booked = _explain(tx, project, account.id, statement)
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
    if number == 0 and statement.opening > 0:
        _open(tx, account.id, statement.opening, who)
    _post(tx, account.id, _transfers(account.id, booked), who)
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
    caller: Caller,
    project_id: int,
    content: bytes,
    banks: Mapping[str, Adapter],
    now: datetime,
) -> BookedFile:
    """Book every statement of the project's account in a file of its bank's format, or none.

    Raises what `book` does, `UnreadableStatement` for what is no statement of that bank, and
    `NothingToBook` where none is this account's.
    """
    account = _account(tx, admit(tx, caller, Act.BOOK, project_id), caller)
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
            now=now,
        )
    return BookedFile(
        entries=entries,
        statements=len(found.statements),
        not_booked=found.not_booked,
        passed_over=found.passed_over,
    )


def _account(tx: Transaction, project: Project, caller: Caller) -> SpecialAccount:
    """Return the project's account; only the bank that keeps it may state what is on it."""
    if project.account_id is None:
        raise NoSuchAccount("the project has no special account yet")
    account = parties.account(tx, project.account_id)
    if account.bank_id != caller.organisation_id:
        raise Forbidden("only the bank that keeps the account can state what is on it")
    return account


def _open(tx: Transaction, account_id: int, balance: int, who: By) -> None:
    """Book what was on the account before its first statement here; people say what it is."""
    opening = Transfer(Kind.BOOK_UNKNOWN_CREDIT, f"opening:{account_id}", balance)
    _post(tx, account_id, {_home(tx, account_id): [opening]}, who)


def _home(tx: Transaction, account_id: int) -> int:
    """Return the project that an account's money is, where it can only be one's."""
    sharing = parties.sharing(tx, account_id)
    return sharing[0] if len(sharing) == 1 else UNASSIGNED


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What the books know already, looked up once for all entries of a statement."""

    account_id: int
    payer: str  # the account that the owner allocates from
    alone: int  # the project that has the account to itself, or `UNASSIGNED`
    ours: Mapping[str, int]  # by reference of a file or payment: its project
    unbooked: Unbooked
    alike: Mapping[str, Match]  # by the bank's reference: what an entry without ours can be


def _explain(
    tx: Transaction, project: Project, account_id: int, statement: Statement
) -> list[Booked]:
    named = [entry.names for entry in statement.entries if entry.names]
    ours = files.named(tx, account_id=account_id, references=named)
    keys = {name: key for name in named if (key := attempt_of(name)) is not None}
    ours |= attempts.projects_of(tx, account_id=account_id, keys=keys)
    untold = [one for one in statement.entries if not _told(one, ours, project.payer_account)]
    known = Known(
        account_id=account_id,
        payer=project.payer_account,
        alone=_home(tx, account_id),
        ours=ours,
        unbooked=Unbooked(tx, account_id=account_id, names=list(ours)),
        alike=by_amount(tx, account_id=account_id, entries=untold, named=list(ours)),
    )
    return [_explain_one(tx, known, entry) for entry in statement.entries]


def _explain_one(tx: Transaction, known: Known, entry: Entry) -> Booked:
    found = known.alike.get(entry.reference)
    told, home = entry, known.ours.get(entry.names, known.alone)
    if found is not None and found.certain:
        told, home = replace(entry, names=found.names), found.project_id
    waiting = funding.expecting(tx, account_id=known.account_id, amount=entry.amount)
    what = meaning(
        told,
        ours=entry.names in known.ours or told is not entry,
        payer=known.payer,
        declared=len(waiting),
        alike=found.alike if found else 0,
        again=not known.unbooked.takes(told.names, entry.amount),
    )
    if what.kind is Kind.CONFIRM:
        home = _confirm(tx, waiting[0])
    matched = "reference" if told is entry else "amount"
    return Booked(told, home, what.kind, what.anomaly, matched)


def _told(entry: Entry, ours: Mapping[str, int], payer: str) -> bool:
    """Say whether the entry itself tells what it is: our reference, or the payer's account."""
    return entry.names in ours or (bool(payer) and entry.counterparty == payer)


def _confirm(tx: Transaction, declared: Declaration) -> int:
    funding.move(tx, declared, "confirmed", confirmed=declared.amount)
    return declared.project_id


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
