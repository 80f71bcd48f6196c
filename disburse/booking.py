"""What each entry of a statement is, by what the books know; decides nothing by guessing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from disburse.domain.ledger import Kind
from disburse.domain.reference import attempt_of
from disburse.domain.statement import Entry, Statement, meaning
from disburse.storage import accounts, attempts, files, funding, parties
from disburse.storage.engine import Transaction
from disburse.storage.funding import Declaration
from disburse.storage.matching import Match, Unbooked, by_amount

UNASSIGNED: Final = 0  # the ledger row of entries that no single project can be told for


@dataclass(frozen=True, slots=True)
class Booked:
    """What became of one entry."""

    entry: Entry
    project_id: int
    kind: Kind
    anomaly: str
    matched_by: str = "reference"


def home(tx: Transaction, account_id: int) -> int:
    """Return the project that an account's money is, where it can only be one's."""
    sharing = parties.sharing(tx, account_id)
    return sharing[0] if len(sharing) == 1 else UNASSIGNED


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What the books know already, looked up once for all entries of a statement."""

    account_id: int
    payers: Mapping[int, str]  # by project: the account that its owner allocates from
    alone: int  # the project that has the account to itself, or `UNASSIGNED`
    ours: Mapping[str, int]  # by reference of a file or payment: its project
    unbooked: Unbooked
    alike: Mapping[str, Match]  # by the bank's reference: what an entry without ours can be


def explained(tx: Transaction, account_id: int, statement: Statement) -> list[Booked]:
    """Return what every entry is, in the statement's order."""
    named = [entry.names for entry in statement.entries if entry.names]
    ours = files.named(tx, account_id=account_id, references=named)
    keys = {name: key for name in named if (key := attempt_of(name)) is not None}
    ours |= attempts.projects_of(tx, account_id=account_id, keys=keys)
    payers = accounts.payers(tx, account_id)
    if payers.keys() != set(parties.sharing(tx, account_id)):
        payers = {}  # of a project that the bank does not see: nobody can tell whose it is
    untold = [one for one in statement.entries if not _told(one, ours, payers)]
    known = Known(
        account_id=account_id,
        payers=payers,
        alone=home(tx, account_id),
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
    senders = _senders(entry, known.payers)
    waiting = (
        [
            one
            for one in funding.expecting(tx, account_id=known.account_id, amount=entry.amount)
            if one.project_id in senders
        ]
        if senders
        else []
    )
    what = meaning(
        told,
        ours=entry.names in known.ours or told is not entry,
        payers=len(senders),
        declared=len(waiting),
        alike=found.alike if found else 0,
        again=not known.unbooked.takes(told.names, entry.amount),
    )
    if what.kind is Kind.CONFIRM:
        home = _confirm(tx, waiting[0])
    elif what.kind is Kind.ALLOCATE:
        [home] = senders
    matched = found.how if found is not None and told is not entry else "reference"
    return Booked(told, home, what.kind, what.anomaly, matched)


def _told(entry: Entry, ours: Mapping[str, int], payers: Mapping[int, str]) -> bool:
    """Say whether the entry itself tells what it is: our reference, or a payer's account."""
    return entry.names in ours or bool(_senders(entry, payers))


def _senders(entry: Entry, payers: Mapping[int, str]) -> list[int]:
    """Return the projects whose owner allocates from the account that the entry came from."""
    return [site for site, payer in payers.items() if payer and payer == entry.counterparty]


def _confirm(tx: Transaction, declared: Declaration) -> int:
    funding.move(tx, declared, "confirmed", confirmed=declared.amount)
    return declared.project_id
