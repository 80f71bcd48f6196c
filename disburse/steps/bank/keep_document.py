"""Keep a bank's letter, list or screen print exactly as it came; others name it by its SHA-256."""

from __future__ import annotations

from datetime import datetime
from hashlib import sha256

from disburse.domain.access import Act, Caller
from disburse.domain.approval import require_other_person
from disburse.door import admit, by
from disburse.storage import acts, kept_bytes
from disburse.storage.engine import Transaction


def keep_document(
    tx: Transaction,
    *,
    caller: Caller,
    project_id: int,
    content: bytes,
    now: datetime,
) -> str:
    """Keep the document, sealed, and return its SHA-256; the same bytes are kept once."""
    admit(tx, caller, Act.KEEP_DOCUMENT, project_id)
    require_other_person(caller.persons)
    digest = sha256(content).hexdigest()
    if kept_bytes.document(tx, project_id=project_id, digest=digest) is not None:
        return digest
    number = kept_bytes.keep(
        tx, project_id=project_id, media_type=kept_bytes.DOCUMENT, content=content, at=now
    )
    acts.record(
        tx,
        Act.KEEP_DOCUMENT,
        by=by(caller, now),
        subject="document",
        subject_id=digest,
        project_id=project_id,
        facts={"document": digest, "bytes": number},
    )
    return digest
