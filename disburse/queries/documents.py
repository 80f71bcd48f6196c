"""What banks gave people on paper, exactly as it was kept."""

from __future__ import annotations

from disburse.domain.access import Act, Caller
from disburse.queries.scope import scope_of
from disburse.storage import kept_bytes
from disburse.storage.engine import Transaction


def document(tx: Transaction, caller: Caller, *, project_id: int, digest: str) -> bytes:
    """Return the document with this SHA-256, or raise `NoSuchDocument`."""
    scope_of(tx, caller, Act.READ_DOCUMENTS, project_id)
    number = kept_bytes.require_document(tx, project_id=project_id, digest=digest)
    return kept_bytes.read(tx, project_id=project_id, bytes_id=number)
