"""Take in a bank's report: each record once, with its effect, in one transaction."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256

from disburse.adapter import Adapter, FileAnswer, PaymentAnswer, Record
from disburse.answering import Answering
from disburse.domain.access import Act, Caller
from disburse.domain.ledger import Transfer
from disburse.domain.reference import AttemptKey, attempt_of
from disburse.domain.refusal import Refusal
from disburse.door import admit, by
from disburse.storage import acts, answered, attempts, files, inbox, kept_bytes, ledger, parties
from disburse.storage.acts import By
from disburse.storage.answered import Attempt
from disburse.storage.attempts import Place
from disburse.storage.engine import Transaction
from disburse.storage.ledger import NoSuchAccount
from disburse.storage.parties import SpecialAccount


@dataclass(frozen=True, slots=True, kw_only=True)
class Ingested:
    """What a report did."""

    digest: str
    repeated: bool  # the very same bytes came before; nothing changed
    records: int = 0
    effects: Mapping[str, int] = field(default_factory=dict)  # moved, unchanged, anomaly, file
    anomalies: int = 0


def ingest(
    tx: Transaction,
    *,
    caller: Caller,
    project_id: int,
    content: bytes,
    banks: Mapping[str, Adapter],
    now: datetime,
) -> Ingested:
    """Read the report with the account's adapter and apply every record that is new.

    Raises `UnreadableReport` when nothing of it can be read. Locks sheets' files, then attempts,
    then entitlements, and the balance last.
    """
    project = admit(tx, caller, Act.INGEST, project_id)
    if project.account_id is None:
        raise NoSuchAccount("the project has no special account yet")
    account = parties.account(tx, project.account_id)
    digest = sha256(content).hexdigest()
    if inbox.was_read(tx, connection_id=account.connection_id, digest=digest):
        return Ingested(digest=digest, repeated=True)
    records = list(banks[account.adapter].read_report(content))
    kept = kept_bytes.keep(
        tx, project_id=project_id, media_type="application/octet-stream", content=content
    )
    if not inbox.add_report(
        tx,
        connection_id=account.connection_id,
        digest=digest,
        bytes_id=kept,
        by=by(caller, now),
    ):
        return Ingested(digest=digest, repeated=True)
    answering = _lock(tx, project_id, digest, records, banks[account.adapter])
    answering.take(records)
    _write(tx, answering, account, by(caller, now))
    effects = Counter(row.effect for row in answering.rows)
    return Ingested(
        digest=digest,
        repeated=False,
        records=len(records),
        effects=dict(effects),
        anomalies=len(answering.anomalies),
    )


def note_refusal(
    tx: Transaction,
    *,
    caller: Caller,
    project_id: int,
    content: bytes,
    refusal: Refusal,
    now: datetime,
) -> None:
    """Keep a report that could not be read, with the reason; call it in its own transaction."""
    admit(tx, caller, Act.INGEST, project_id)
    kept = kept_bytes.keep(
        tx, project_id=project_id, media_type="application/octet-stream", content=content
    )
    acts.record(
        tx,
        Act.INGEST,
        by=by(caller, now),
        subject="project",
        subject_id=project_id,
        project_id=project_id,
        facts={"refused": refusal.code, "sha256": sha256(content).hexdigest(), "bytes": kept},
    )


def _lock(
    tx: Transaction,
    project_id: int,
    digest: str,
    records: Sequence[Record],
    adapter: Adapter,
) -> Answering:
    """Lock every file and payment that the records may touch, in the one order."""
    by_sheet: dict[int, list[AttemptKey]] = defaultdict(list)
    for record in records:
        if isinstance(record, PaymentAnswer) and (key := attempt_of(record.reference)):
            by_sheet[key.sheet_id].append(key)
    places = attempts.places(tx, project_id=project_id, sheet_ids=sorted(by_sheet))
    inside = [
        file_id
        for place in places
        for file_id in answered.files_of(tx, place, by_sheet[place.sheet_id])
    ]
    named = [record.reference for record in records if isinstance(record, FileAnswer)]
    touched = files.take_answered(tx, project_id=project_id, references=named, file_ids=inside)
    by_place: dict[Place, list[int]] = defaultdict(list)
    for file in touched:
        by_place[Place(project_id, file.period, file.sheet_id)].append(file.id)
    known: dict[AttemptKey, Attempt] = {}
    for place in sorted(by_place):
        known |= {one.key: one for one in answered.take_files(tx, place, by_place[place])}
    return Answering(
        project_id=project_id,
        digest=digest,
        attempts=known,
        files={file.id: file for file in touched},
        silence=adapter.capabilities.silence,
    )


def _write(tx: Transaction, answering: Answering, account: SpecialAccount, by_: By) -> None:
    for file, action in answering.file_actions:
        files.advance(tx, file, action, by=by_, facts={"report": answering.digest})
    groups = answering.by_place()
    for (sheet_id, period), changes in sorted(groups.items()):
        place = Place(answering.project_id, period, sheet_id)
        answered.change(tx, place, changes)
        acts.record(
            tx,
            Act.INGEST,
            by=by_,
            subject="report",
            subject_id=answering.digest,
            project_id=answering.project_id,
            period=period,
            sheet_id=sheet_id,
            facts={"states": dict(Counter(str(change.state) for change in changes))},
        )
    inbox.add_rows(
        tx,
        connection_id=account.connection_id,
        digest=answering.digest,
        rows=answering.rows,
        at=by_.at,
    )
    inbox.add_anomalies(
        tx,
        connection_id=account.connection_id,
        digest=answering.digest,
        rows=answering.anomalies,
        at=by_.at,
    )
    _post(tx, answering, by_.at)


def _post(tx: Transaction, answering: Answering, at: datetime) -> None:
    by_account: dict[int, list[Transfer]] = defaultdict(list)
    for account_id, transfer in answering.transfers:
        by_account[account_id].append(transfer)
    for account_id in sorted(by_account):
        ledger.post(
            tx,
            project_id=answering.project_id,
            account_id=account_id,
            transfers=by_account[account_id],
            at=at,
        )
