"""Locks what a bank's answer is about, and writes what `answering` made of it; money comes last."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime

from disburse import confirming
from disburse.adapter import FileAnswer, PaymentAnswer, Record
from disburse.answering import Answering, came_back
from disburse.domain.access import Act
from disburse.domain.ledger import Transfer
from disburse.domain.promise import Silence
from disburse.domain.reference import AttemptKey, attempt_of
from disburse.domain.statement import Entry
from disburse.storage import acts, answered, attempts, events, files, inbox, ledger
from disburse.storage.acts import By
from disburse.storage.answered import Attempt
from disburse.storage.attempts import Place
from disburse.storage.engine import Transaction
from disburse.storage.files import BankFile
from disburse.storage.parties import SpecialAccount


def lock_files(
    tx: Transaction, project_id: int, records: Iterable[Record], connections: Collection[int]
) -> list[BankFile]:
    """Lock every file that the records may touch, in order; files of other banks are left out."""
    by_sheet: dict[int, list[AttemptKey]] = defaultdict(list)
    named: list[str] = []
    for record in records:
        if isinstance(record, PaymentAnswer) and (key := attempt_of(record.reference)):
            by_sheet[key.sheet_id].append(key)
        elif isinstance(record, FileAnswer):
            named.append(record.reference)
    places = attempts.places(tx, project_id=project_id, sheet_ids=sorted(by_sheet))
    inside = [
        file_id
        for place in places
        for file_id in answered.files_of(tx, place, by_sheet[place.sheet_id])
    ]
    touched = files.take_answered(tx, project_id=project_id, references=named, file_ids=inside)
    return [file for file in touched if file.connection_id in connections]


def lock_payments(tx: Transaction, touched: Sequence[BankFile]) -> dict[AttemptKey, Attempt]:
    """Lock every payment in these files, in order."""
    by_place: dict[Place, list[int]] = defaultdict(list)
    for file in touched:
        by_place[Place(file.project_id, file.period, file.sheet_id)].append(file.id)
    known: dict[AttemptKey, Attempt] = {}
    for place in sorted(by_place):
        known |= {one.key: one for one in answered.take_files(tx, place, by_place[place])}
    return known


def write(tx: Transaction, answering: Answering, *, act: Act, connection_id: int, by: By) -> None:
    """Write new states, the inbox and the anomalies; `post` moves the money afterwards."""
    for file, action in answering.file_actions:
        files.advance(tx, file, action, by=by, facts={"report": answering.digest})
    for (sheet_id, period), changes in sorted(answering.by_place().items()):
        answered.change(tx, Place(answering.project_id, period, sheet_id), changes)
        events.note(tx, *came_back(changes, at=by.at))
        acts.record(
            tx,
            act,
            by=by,
            subject="report",
            subject_id=answering.digest,
            project_id=answering.project_id,
            period=period,
            sheet_id=sheet_id,
            facts={"states": dict(Counter(str(change.state) for change in changes))},
        )
    digest, at = answering.digest, by.at
    inbox.add_rows(tx, connection_id=connection_id, digest=digest, rows=answering.rows, at=at)
    inbox.add_anomalies(
        tx, connection_id=connection_id, digest=digest, rows=answering.anomalies, at=at
    )
    _end_waiting(tx, answering, act=act, by=by)


def _end_waiting(tx: Transaction, answering: Answering, *, act: Act, by: By) -> None:
    """Resolve that answers were missing, where they came now; the history says by which act."""
    ended = inbox.answer_files(
        tx, project_id=answering.project_id, file_ids=sorted(answering.files), at=by.at
    )
    for number in ended:
        acts.record(
            tx,
            act,
            by=by,
            subject="anomaly",
            subject_id=number,
            project_id=answering.project_id,
            facts={"resolution": inbox.ANSWERED, "digest": answering.digest},
        )


def confirm(
    tx: Transaction,
    account: SpecialAccount,
    *,
    project_id: int,
    entries: Sequence[tuple[int, Entry]],
    digest: str,
    by: By,
) -> Sequence[Transfer]:
    """Let a project's payments follow the entries (with positions) that name them or their files.

    Returns what is to be posted on the account: the statement's own movements go with it.
    """
    told = confirming.named(entries)
    touched = lock_files(tx, project_id, confirming.asked(told), {account.connection_id})
    answering = Answering(
        project_id=project_id,
        digest=digest,
        attempts=lock_payments(tx, touched),
        files={file.id: file for file in touched},
        silence=Silence.NOTHING,
    )
    answering.take(confirming.records(told, attempts=answering.attempts, files=touched))
    write(tx, answering, act=Act.BOOK, connection_id=account.connection_id, by=by)
    return by_account(answering).get(account.id, [])


def by_account(answering: Answering) -> Mapping[int, list[Transfer]]:
    """Return what the answer moves, by account."""
    moved: dict[int, list[Transfer]] = defaultdict(list)
    for account_id, transfer in answering.transfers:
        moved[account_id].append(transfer)
    return moved


def post(tx: Transaction, answering: Answering, *, at: datetime) -> None:
    """Move the money, account by account: the last that a transaction does."""
    moved = by_account(answering)
    for account_id in sorted(moved):
        ledger.post(
            tx,
            project_id=answering.project_id,
            account_id=account_id,
            transfers=moved[account_id],
            at=at,
        )
