"""The envelope that a bank file leaves in: kept before its first sending, and never another."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from sqlalchemy import text

from disburse.storage import kept_bytes
from disburse.storage.engine import Transaction
from disburse.storage.files import BankFile

MEDIA_TYPE: Final = "application/pkcs7-mime"


def kept_as(tx: Transaction, *, project_id: int, file_id: int) -> int | None:
    """Return the number of the kept envelope of a file; None: none was made."""
    number: int | None = tx.scalar(_OF, {"p": project_id, "f": file_id})
    return number


def of(tx: Transaction, file: BankFile) -> bytes | None:
    """Return the envelope's bytes; None: none was made."""
    number = kept_as(tx, project_id=file.project_id, file_id=file.id)
    if number is None:
        return None
    return kept_bytes.read(tx, project_id=file.project_id, bytes_id=number)


def wanting(tx: Transaction, connection_id: int) -> list[tuple[int, int]]:
    """Return project and number of released files that nobody had yet, in no envelope."""
    rows = tx.execute(_WANTING, {"c": connection_id})
    return [(row.project_id, row.id) for row in rows]


def keep(tx: Transaction, file: BankFile, content: bytes, *, at: datetime) -> bytes:
    """Keep the envelope, and return the one that counts: the first that anybody kept."""
    number = kept_bytes.keep(
        tx, project_id=file.project_id, media_type=MEDIA_TYPE, content=content, at=at
    )
    values = {"p": file.project_id, "f": file.id, "b": number}
    if tx.execute(_KEEP, values).rowcount == 1:
        return content
    first = of(tx, file)
    assert first is not None  # noqa: S101  (the line above found it taken)
    return first


_OF: Final = text("SELECT outer_bytes_id FROM bank_file WHERE project_id = :p AND id = :f")
_WANTING: Final = text("""
    SELECT f.project_id, f.id FROM bank_file f
    WHERE f.connection_id = :c AND f.state = 'dispatching' AND f.outer_bytes_id IS NULL
      AND NOT EXISTS (SELECT FROM transmission t
                      WHERE t.project_id = f.project_id AND t.file_id = f.id)
    ORDER BY f.id
""")
_KEEP: Final = text("""
    UPDATE bank_file SET outer_bytes_id = :b
    WHERE project_id = :p AND id = :f AND outer_bytes_id IS NULL
""")
