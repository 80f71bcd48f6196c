"""Take in a bank's report: each record once, with its effect, in one transaction."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from hashlib import sha256
from typing import Final

from disburse import settling
from disburse.adapter import (
    Adapter,
    FileAnswer,
    PaymentAnswer,
    Quarantined,
    Record,
    UnreadableReport,
)
from disburse.answering import Answering, named_in
from disburse.domain.access import Act, Caller, Forbidden, OrganisationKind
from disburse.domain.refusal import Refusal
from disburse.door import admit, by
from disburse.storage import accounts, acts, connections, inbox, kept_bytes, parties
from disburse.storage.engine import Transaction
from disburse.storage.inbox import Anomaly
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
    touched = settling.lock_files(tx, project_id, records, written_by)
    answering = Answering(
        project_id=project_id,
        digest=digest,
        attempts=settling.lock_payments(tx, touched),
        files={file.id: file for file in touched},
        silence=adapter.capabilities.silence,
    )
    answering.take(records)
    settling.write(
        tx, answering, act=Act.INGEST, connection_id=account.connection_id, by=by(caller, now)
    )
    settling.post(tx, answering, at=now)
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
    connection_id: int | None = None,
    now: datetime,
) -> None:
    """Keep an answer that was not taken in, with the reason; call it in its own transaction.

    What the worker loop picked up on a connection nobody is told otherwise: that is an anomaly.
    """
    admit(tx, caller, Act.INGEST, project_id)
    kept = kept_bytes.keep(
        tx, project_id=project_id, media_type="application/octet-stream", content=content, at=now
    )
    digest = sha256(content).hexdigest()
    acts.record(
        tx,
        Act.INGEST,
        by=by(caller, now),
        subject="project",
        subject_id=project_id,
        project_id=project_id,
        facts={"refused": refusal.code, "sha256": digest, "bytes": kept},
    )
    if connection_id is not None:
        alarm = Anomaly(
            code="answer-not-taken",
            red=False,
            reference=refusal.code,
            detail=refusal.detail[:500].replace(NUL, "\N{REPLACEMENT CHARACTER}"),
            project_id=project_id,
        )
        inbox.add_anomalies(tx, connection_id=connection_id, digest=digest, rows=[alarm], at=now)


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
