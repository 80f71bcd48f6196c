"""Take in a bank's report: each record once, with its effect, in one transaction."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from hashlib import sha256
from typing import Final

from disburse.adapter import (
    Adapter,
    FileAnswer,
    PaymentAnswer,
    Quarantined,
    Record,
    UnreadableReport,
)
from disburse.answering import Answering, came_back, named_in
from disburse.domain.access import Act, Caller, Forbidden, OrganisationKind
from disburse.domain.ledger import Transfer
from disburse.domain.reference import AttemptKey, attempt_of
from disburse.domain.refusal import Refusal
from disburse.door import admit, by
from disburse.storage import (
    accounts,
    acts,
    answered,
    attempts,
    connections,
    events,
    files,
    inbox,
    kept_bytes,
    ledger,
    parties,
)
from disburse.storage.acts import By
from disburse.storage.answered import Attempt
from disburse.storage.attempts import Place
from disburse.storage.engine import Transaction
from disburse.storage.files import BankFile
from disburse.storage.ledger import NoSuchAccount
from disburse.storage.parties import Project, SpecialAccount

NUL: Final = "\0"  # the one character that PostgreSQL cannot store


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
    caller: Caller | None,
    project_id: int,
    content: bytes,
    banks: Mapping[str, Adapter],
    connection_id: int | None = None,
    strays: bool = True,
    now: datetime,
) -> Ingested:
    """Read the report with the account's adapter and apply every record that is new.

    `connection_id`: where the worker loop picked the report up. It may answer several projects:
    each takes its own records, and one of them the `strays`, which are about nobody's.

    Raises `UnreadableReport` when nothing of it can be read, `Forbidden` for a bank that keeps no
    account of the project. Locks sheets' files, then attempts, then entitlements, and the balance
    last.
    """
    project = admit(tx, caller, Act.INGEST, project_id)
    if project.account_id is None:
        raise NoSuchAccount("the project has no special account yet")
    here = _accounts(tx, project, caller, connection_id)
    account, records = _read(here, content, banks)
    if connection_id is not None:
        records = _own(tx, project_id, connection_id, records, strays=strays)
    source = {"project_id": project_id, "connection_id": account.connection_id}
    digest = sha256(content).hexdigest()
    if inbox.was_read(tx, **source, digest=digest):
        return Ingested(digest=digest, repeated=True)
    kept = kept_bytes.keep(
        tx, project_id=project_id, media_type="application/octet-stream", content=content, at=now
    )
    if not inbox.add_report(tx, **source, digest=digest, bytes_id=kept, by=by(caller, now)):
        return Ingested(digest=digest, repeated=True)
    adapter = banks[account.adapter]
    written_by = {one.connection_id for one in here if one.adapter == account.adapter}
    touched = _lock_files(tx, project_id, records, written_by)
    answering = Answering(
        project_id=project_id,
        digest=digest,
        attempts=_lock_payments(tx, touched),
        files={file.id: file for file in touched},
        silence=adapter.capabilities.silence,
    )
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
    caller: Caller | None,
    project_id: int,
    content: bytes,
    refusal: Refusal,
    now: datetime,
) -> None:
    """Keep a report that could not be read, with the reason; call it in its own transaction."""
    admit(tx, caller, Act.INGEST, project_id)
    kept = kept_bytes.keep(
        tx, project_id=project_id, media_type="application/octet-stream", content=content, at=now
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


def _accounts(
    tx: Transaction, project: Project, caller: Caller | None, connection_id: int | None
) -> list[SpecialAccount]:
    """Return the accounts that the caller may answer for: the present one, then earlier ones."""
    numbers = accounts.of_project(tx, project.id)
    here = [parties.account(tx, number) for number in numbers]
    if caller is None:
        here = [one for one in here if one.connection_id == connection_id]
    elif caller.organisation_kind is OrganisationKind.BANK:
        here = [one for one in here if one.bank_id == caller.organisation_id]
    if not here:
        raise Forbidden("only the bank that keeps the account can say what became of payments")
    return here


def _read(
    here: Sequence[SpecialAccount], content: bytes, banks: Mapping[str, Adapter]
) -> tuple[SpecialAccount, list[Record]]:
    """Return the records, with the first account whose bank writes its reports like this."""
    first: UnreadableReport | None = None
    for account in here:
        try:
            return account, [_storable(one) for one in banks[account.adapter].read_report(content)]
        except UnreadableReport as why:
            first = first or why
    assert first is not None  # noqa: S101  (there is at least one account)
    raise first


def _own(
    tx: Transaction,
    project_id: int,
    connection_id: int,
    records: Sequence[Record],
    *,
    strays: bool,
) -> list[Record]:
    """Leave out what the bank says of other projects, and what is nobody's unless `strays`."""
    keys, names = named_in(records)
    sheets, files_ = connections.projects_of(
        tx, connection_id, sheet_ids=[key.sheet_id for key in keys.values()], references=names
    )

    def of_whom(record: Record) -> int | None:
        if isinstance(record, FileAnswer):
            return files_.get(record.reference)
        key = keys.get(record.reference) if isinstance(record, PaymentAnswer) else None
        return sheets.get(key.sheet_id) if key else None

    wanted = {project_id, None} if strays else {project_id}
    return [record for record in records if of_whom(record) in wanted]


def _storable(record: Record) -> Record:
    """Put a visible sign in place of what cannot be stored: one odd record blocks no other."""
    if isinstance(record, Quarantined):
        return replace(record, reason=record.reason.replace(NUL, "\N{REPLACEMENT CHARACTER}"))
    said = {
        name: text.replace(NUL, "\N{REPLACEMENT CHARACTER}")
        for name in ("reference", "reason", "text", "evidence")
        if NUL in (text := getattr(record, name))
    }
    return replace(record, **said) if said else record


def _lock_files(
    tx: Transaction, project_id: int, records: Sequence[Record], connections: Collection[int]
) -> list[BankFile]:
    """Lock every file that the records may touch, in order; files of other banks are left out."""
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
    return [file for file in touched if file.connection_id in connections]


def _lock_payments(tx: Transaction, touched: Sequence[BankFile]) -> dict[AttemptKey, Attempt]:
    """Lock every payment in these files, in order."""
    by_place: dict[Place, list[int]] = defaultdict(list)
    for file in touched:
        by_place[Place(file.project_id, file.period, file.sheet_id)].append(file.id)
    known: dict[AttemptKey, Attempt] = {}
    for place in sorted(by_place):
        known |= {one.key: one for one in answered.take_files(tx, place, by_place[place])}
    return known


def _write(tx: Transaction, answering: Answering, account: SpecialAccount, by_: By) -> None:
    for file, action in answering.file_actions:
        files.advance(tx, file, action, by=by_, facts={"report": answering.digest})
    groups = answering.by_place()
    for (sheet_id, period), changes in sorted(groups.items()):
        place = Place(answering.project_id, period, sheet_id)
        answered.change(tx, place, changes)
        events.note(tx, *came_back(changes, at=by_.at))
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
