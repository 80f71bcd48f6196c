"""What each entry of a statement is, by what the books know; decides nothing by guessing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from disburse.domain.ledger import Kind
from disburse.domain.reference import attempt_of
from disburse.domain.statement import Entry, Statement, meaning
from disburse.storage import attempts, files, funding, parties
from disburse.storage.engine import Transaction
from disburse.storage.funding import Declaration
from disburse.storage.matching import Match, Unbooked, by_amount
from disburse.storage.parties import Project

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
    payer: str  # the account that the owner allocates from
    alone: int  # the project that has the account to itself, or `UNASSIGNED`
    ours: Mapping[str, int]  # by reference of a file or payment: its project
    unbooked: Unbooked
    alike: Mapping[str, Match]  # by the bank's reference: what an entry without ours can be


def explained(
    tx: Transaction, project: Project, account_id: int, statement: Statement
) -> list[Booked]:
    """Return what every entry is; `project` is the one through which the bank states them."""
    named = [entry.names for entry in statement.entries if entry.names]
    ours = files.named(tx, account_id=account_id, references=named)
    keys = {name: key for name in named if (key := attempt_of(name)) is not None}
    ours |= attempts.projects_of(tx, account_id=account_id, keys=keys)
    untold = [one for one in statement.entries if not _told(one, ours, project.payer_account)]
    known = Known(
        account_id=account_id,
        payer=project.payer_account,
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
